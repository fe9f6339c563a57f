//! What the targets share: how bytes become a Space, and what must hold of whatever was read.
//!
//! A target that finds nothing wrong is silent; a promise that is broken is a panic, as is one anywhere below.

use std::sync::Arc;

use camino::Utf8PathBuf;
use spacelint_python::Span;
use spacelint_rules::{Edit, Finding, Location, Report, Selection};
use spacelint_space::{Files, SourceFile};

pub mod syntax;

/// What begins the next file in the bytes of a whole Space: a line with its path follows.
const FILE: &[u8] = b"\n=== ";

/// The files that `bytes` stand for: each begins with a line `=== path`; what stands before the first such line is
/// the entry point. So an input can be read, written by hand, and kept as a test.
pub fn files(bytes: &[u8]) -> Vec<(Utf8PathBuf, Vec<u8>)> {
    let mut found: Vec<(Utf8PathBuf, Vec<u8>)> = Vec::new();
    let mut add = |path: &[u8], content: &[u8]| {
        if let Ok(path) = std::str::from_utf8(path)
            && found.iter().all(|(other, _)| other != path)
        {
            found.push((path.into(), content.to_vec()));
        }
    };
    let mut rest = bytes;
    let mut path: &[u8] = b"app.py";
    if let Some(named) = bytes.strip_prefix(&FILE[1..]) {
        (path, rest) = line(named);
    }
    while let Some(at) = rest.windows(FILE.len()).position(|window| window == FILE) {
        // The line feed belongs to the text before it.
        add(path, &rest[..=at]);
        (path, rest) = line(&rest[at + FILE.len()..]);
    }
    add(path, rest);
    found
}

/// The first line without its ending, and what follows.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

/// The same in memory.
pub fn memory(bytes: &[u8]) -> Files {
    Files::memory(files(bytes))
}

/// `bytes` as the file at `path`.
pub fn file(path: &str, bytes: &[u8]) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(path, bytes.to_vec()))
}

/// Every rule.
pub fn all() -> Selection {
    Selection { strict: true, ..Selection::default() }
}

/// A span lies in its text, and cuts no character.
#[track_caller]
pub fn fits(text: &str, span: Span) {
    assert!(span.start <= span.end, "{span:?} ends before it begins");
    assert!(text.get(span.range()).is_some(), "{span:?} does not fit a text of {}", text.len());
}

/// A place fits its file, and is somewhere for a person.
#[track_caller]
pub fn location(location: &Location) {
    let text = &location.file.text;
    fits(text.as_str(), location.span);
    let (start, end) = (text.position(location.span.start), text.position(location.span.end));
    assert!(start <= end && end.line <= text.line_count());
}

/// The edits fit, and none overlaps another of the same file.
#[track_caller]
pub fn edits(edits: &[Edit]) {
    for (index, edit) in edits.iter().enumerate() {
        location(&edit.location);
        for other in &edits[..index] {
            let (a, b) = (edit.location.span, other.location.span);
            assert!(
                edit.location.file.path != other.location.file.path
                    || a.end <= b.start
                    || b.end <= a.start,
                "{a:?} overlaps {b:?}"
            );
        }
    }
}

/// Everything that a finding says can be shown and made.
#[track_caller]
pub fn finding(finding: &Finding) {
    location(&finding.location);
    finding.related.iter().for_each(|related| location(&related.location));
    assert!(!finding.message.is_empty());
    if let Some(fix) = &finding.fix {
        edits(&fix.edits);
        if let Some(made) = spacelint_rules::fix::edits(fix) {
            edits(&made);
        }
    }
}

/// No rule panicked, and what was found can be shown.
#[track_caller]
pub fn report(report: &Report) {
    assert!(report.internal_errors.is_empty(), "{:?}", report.internal_errors);
    report.findings.iter().for_each(finding);
    for suppressed in &report.suppressed {
        finding(&suppressed.finding);
        location(&suppressed.by);
    }
    let (found, silenced) = spacelint_rules::fingerprints(report);
    assert_eq!((found.len(), silenced.len()), (report.findings.len(), report.suppressed.len()));
}

/// What a report says, so that two can be compared.
pub fn told(report: &Report) -> Vec<String> {
    let silenced = report.suppressed.iter().map(|suppressed| &suppressed.finding);
    let tell = |finding: &Finding| {
        let Finding { rule, certainty, message, help, location, related, fix, .. } = finding;
        let related: Vec<_> = related
            .iter()
            .map(|it| (&it.location.file.path, it.location.span, &it.message))
            .collect();
        let edits: Vec<_> = fix.iter().flat_map(|fix| &fix.edits).collect();
        let edits: Vec<_> = edits
            .iter()
            .map(|it| (&it.location.file.path, it.location.span, &it.content))
            .collect();
        format!(
            "{} {certainty:?} {message} {help:?} {} {:?} {related:?} {edits:?}",
            rule.name, location.file.path, location.span
        )
    };
    report.findings.iter().chain(silenced).map(tell).collect()
}
