use spacelint_python::Span;
use spacelint_space::Space;
use spacelint_space::requirements::{LineKind, Requirements};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// The requirements have a line that pip does not understand, so nothing of them is installed.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(source = "pip 25: ERROR: Invalid requirement, before anything is installed; PEP 508")]
pub(crate) struct InvalidRequirement<'a> {
    file: &'a Requirements,
    span: Span,
    message: &'a str,
}

impl<'a> Check<'a> for InvalidRequirement<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.requirements.iter().flat_map(invalid)
    }

    fn finding(&self) -> Finding {
        Self::at(
            Location::new(&self.file.file, self.span),
            format!("pip stops at this line and installs nothing: {}", self.message),
        )
        .help("Write a package's name and perhaps versions, as in `numpy>=2,<3`.")
    }
}

fn invalid<'a>(file: &'a Requirements) -> Vec<InvalidRequirement<'a>> {
    let of_line = |line: &'a spacelint_space::requirements::RequirementLine| match &line.kind {
        LineKind::Invalid { message } => {
            Some(InvalidRequirement { file, span: line.span, message })
        }
        _ => None,
    };
    let own = file.lines.iter().filter_map(of_line);
    own.chain(file.included.iter().flat_map(invalid)).collect()
}
