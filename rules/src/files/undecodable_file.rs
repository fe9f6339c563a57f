use spacelint_python::Span;
use spacelint_space::{Problem, Space};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A file holds bytes that its encoding does not know.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "Python reference, lexical analysis: a source file that cannot be decoded is a SyntaxError"
)]
pub(crate) struct UndecodableFile {
    at: Location,
}

impl<'a> Check<'a> for UndecodableFile {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.problems.iter().filter_map(|problem| match problem {
            Problem::Undecodable(file) => {
                let at = file.text.as_str().find(char::REPLACEMENT_CHARACTER).unwrap_or(0);
                Some(Self { at: Location::new(file, Span::empty(at)) })
            }
            Problem::Unreadable(_) => None,
        })
    }

    fn finding(&self) -> Finding {
        Self::at(
            self.at.clone(),
            "this file is not UTF-8: Python refuses to load such a module, and other readers see \
             other text than you wrote",
        )
        .help("Save the file as UTF-8. spacelint reads it with replacements and will not edit it.")
    }
}
