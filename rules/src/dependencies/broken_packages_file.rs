use std::sync::Arc;

use spacelint_python::{BOM, Span};
use spacelint_space::attributes::CarriageReturns;
use spacelint_space::{Packages, SourceFile, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// `packages.txt` holds what apt takes for the names of packages.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "build logs: xargs -r -a /tmp/packages.txt apt-get install -y; GNU xargs 4.9 parts words at blanks and line feeds alone, and knows no comments: tried with apt 2.6"
)]
pub(crate) struct BrokenPackagesFile<'a> {
    packages: &'a Packages,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// A comment.
    Comment(Span),
    /// The first of the file's carriage returns.
    CarriageReturn(Span),
    /// A byte order mark.
    Mark,
}

impl<'a> Check<'a> for BrokenPackagesFile<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let packages = space.packages.as_ref().filter(|_| versions::gradio_card(space).is_some());
        packages.into_iter().flat_map(|packages| {
            let text = packages.file.text.as_str();
            let comments = packages.comments.iter().copied().map(What::Comment);
            let ending = text
                .find("\r\n")
                .filter(|_| packages.carriage_returns != CarriageReturns::Dropped)
                .map(|at| What::CarriageReturn(Span::new(at, at + 1)));
            let mark = text.starts_with(BOM).then_some(What::Mark);
            comments.chain(ending).chain(mark).map(move |what| Self { packages, what })
        })
    }

    fn finding(&self) -> Finding {
        let at =
            |span, message: String| Self::at(Location::new(&self.packages.file, span), message);
        match self.what {
            What::Comment(span) => at(
                span,
                "apt gets every word of this comment as the name of a package, and finds none of them: the \
                 build fails"
                    .to_owned(),
            )
            .help("Take it out: this file has no comments."),
            What::CarriageReturn(span) if self.packages.carriage_returns == CarriageReturns::Kept => at(
                span,
                "lines end in CR LF here, and `.gitattributes` keeps git from changing that: the CR becomes \
                 part of each name, apt finds no such packages, and the build fails"
                    .to_owned(),
            )
            .help("Save the file with LF."),
            What::CarriageReturn(span) => at(
                span,
                "lines end in CR LF here: pushed so, the CR becomes part of each name, apt finds no such \
                 packages, and the build fails"
                    .to_owned(),
            )
            .doubtful(
                "This depends on git's `core.autocrlf`, which may turn CR LF into LF where it commits.",
            )
            .help("Save the file with LF, or write `packages.txt text` into `.gitattributes`."),
            What::Mark => at(
                Span::empty(0),
                "the byte order mark here becomes part of the first name: apt finds no such package, and the \
                 build fails"
                    .to_owned(),
            )
            .help("Save the file as UTF-8 without a byte order mark."),
        }
    }

    fn fix(&self) -> Option<Fix> {
        let file = &self.packages.file;
        match self.what {
            What::Comment(span) => {
                Some(Fix::safe("take the comment out", vec![without_comment(file, span)]))
            }
            What::CarriageReturn(_) => {
                let text = file.text.as_str();
                let edits = text
                    .match_indices("\r\n")
                    .map(|(at, _)| Edit::delete(Location::new(file, Span::new(at, at + 1))));
                Some(Fix::safe("end the lines in LF", edits.collect()))
            }
            What::Mark => None,
        }
    }
}

/// Removes a comment: with its line, where nothing else stands there.
fn without_comment(file: &Arc<SourceFile>, comment: Span) -> Edit {
    let line = file.text.line_span(file.text.line_of(comment.start));
    let before = &file.text.as_str()[line.start as usize..comment.start as usize];
    let names = before.trim_start_matches(BOM).trim_end();
    if names.is_empty() {
        return Edit::delete_lines(file, comment);
    }
    let blank = (before.len() - before.trim_end().len()) as u32;
    Edit::delete(Location::new(file, Span { start: comment.start - blank, end: comment.end }))
}

#[cfg(test)]
mod tests {
    use spacelint_python::Certainty;

    use super::*;
    use crate::finding::Applicability;
    use crate::fix::fix;
    use crate::testing::memory;
    use crate::{Selection, registry};

    /// What a page cannot show: how the lines end, and what stands before the first.
    #[test]
    fn line_endings_and_a_mark_are_part_of_a_name() {
        let card = ("README.md", "---\nsdk: gradio\n---\n");
        let files = |text| memory(&[card, ("packages.txt", text)]);
        let found = |text| registry::run::<BrokenPackagesFile>(&Space::read(&files(text))).len();
        assert_eq!(found("ffmpeg\nlibgl1 libsm6"), 0);
        assert_eq!(found("ffmpeg\r\nlibgl1\r\n"), 1);
        assert_eq!(found("\u{feff}ffmpeg\n"), 1);
        let certainty = |attributes: &str| {
            let files =
                memory(&[card, ("packages.txt", "ffmpeg\r\n"), (".gitattributes", attributes)]);
            let found = registry::run::<BrokenPackagesFile>(&Space::read(&files));
            found.first().map(|finding| finding.certainty)
        };
        // Whether git changes them on the way is not known, known not to be, and known to be so.
        assert_eq!(certainty("*.bin -text\n"), Some(Certainty::Sometimes));
        assert_eq!(certainty("*.txt -text\n"), Some(Certainty::Always));
        assert_eq!(certainty("* text=auto\n"), None);
        let selection = Selection {
            select: vec![BrokenPackagesFile::INFO.name.to_owned()],
            ..Selection::default()
        };
        let fixed = fix(files("ffmpeg # a\r\n# b\r\nlibgl1\n"), &selection, Applicability::Safe);
        assert_eq!(fixed.files[0].after, "ffmpeg\nlibgl1\n");
        assert!(!fixed.unsettled && fixed.report.findings.is_empty());
    }
}
