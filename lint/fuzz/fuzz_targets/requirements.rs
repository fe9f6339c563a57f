//! What pip and apt are told to install.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelint_fuzz::{file, files, fits};
use spacelint_space::attributes::CarriageReturns;
use spacelint_space::requirements::{LineKind, LineOption, Requirement};
use spacelint_space::{Packages, Pins, Requirements};

fuzz_target!(|bytes: &[u8]| {
    let given = files(bytes);
    let Some((_, first)) = given.first() else { return };
    let first = file("requirements.txt", first);
    let mut read = 0;
    let requirements = Requirements::parse(&first, &mut |path| {
        read += 1;
        given
            .iter()
            .find(|(other, _)| other == path)
            .map(|(path, bytes)| file(path.as_str(), bytes))
    });
    assert!(read < 64, "{read} files were included");
    lines(&requirements);
    for found in requirements.requirements() {
        requirement(found);
    }
    let pins = Pins::new(None, &[requirements], None);
    for found in pins.iter() {
        requirement(found);
        assert!(pins.contains(&found.name));
        let _ = (pins.exact(&found.name), pins.on_zerogpu(&found.name, ">=1"));
        if let Some(marker) = &found.marker {
            let _ = marker.holds(pins.environment());
        }
    }
    for returns in [CarriageReturns::Kept, CarriageReturns::Dropped, CarriageReturns::Unsettled] {
        let packages = Packages::parse(&first, returns);
        for package in &packages.names {
            fits(first.text.as_str(), package.span);
        }
    }
});

fn lines(requirements: &Requirements) {
    let text = requirements.file.text.as_str();
    let mut end = 0;
    for line in &requirements.lines {
        fits(text, line.span);
        assert!(end <= line.span.start, "lines out of order");
        end = line.span.end;
        line.comment.iter().for_each(|span| fits(text, *span));
        match &line.kind {
            LineKind::Url { url, .. } => fits(text, url.span),
            LineKind::Path { path_span, .. } => fits(text, *path_span),
            LineKind::Options(found) => options(text, found),
            LineKind::Invalid { message } => assert!(!message.is_empty()),
            LineKind::Requirement(_) | LineKind::Comment | LineKind::Variable => {}
        }
    }
    requirements.included.iter().for_each(lines);
}

fn options(text: &str, found: &[LineOption]) {
    for option in found {
        fits(text, option.name_span);
        option.value.iter().for_each(|(_, span)| fits(text, *span));
    }
}

fn requirement(found: &Requirement) {
    let text = found.file.text.as_str();
    fits(text, found.span);
    fits(text, found.name_span);
    found.version_spans().for_each(|span| fits(text, span));
    found.specifier_span.iter().for_each(|span| fits(text, *span));
    found.url.iter().for_each(|url| fits(text, url.span));
    options(text, &found.options);
    for clause in &found.clauses {
        fits(text, clause.span);
        fits(text, clause.version_span);
        assert!(clause.span.contains(clause.version_span));
    }
}
