use pep440_rs::Version;
use spacelint_knowledge::packages;
use spacelint_knowledge::platform;
use spacelint_space::{Card, Entry, Space};

use super::python;
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// The card of a ZeroGPU Space names a Python that ZeroGPU is not documented to run.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0", strict)]
#[rule(source = "hub-docs spaces-zerogpu.md 2026-07-21: the supported versions of Python")]
pub(crate) struct UndocumentedPython<'a> {
    card: &'a Card,
    entry: &'a Entry,
    python: &'a Version,
}

impl<'a> Check<'a> for UndocumentedPython<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let named = python::named(space).filter(|(.., python)| {
            let minor =
                |text: &str| text.split('.').take(2).map(str::to_owned).collect::<Vec<String>>();
            let asked = minor(&python.to_string());
            let is_documented = platform::supported().python.iter().any(|it| minor(it) == asked);
            // What cannot be built at all is said by another rule.
            let builds = packages::needs_python()
                .iter()
                .filter(|needs| needs.package != "gradio")
                .all(|needs| python::lies_in(python, needs.python));
            space.is_zerogpu() && builds && !is_documented
        });
        named.map(|(card, entry, python)| Self { card, entry, python }).into_iter()
    }

    fn finding(&self) -> Finding {
        let supported = platform::supported();
        let message = format!(
            "ZeroGPU's documentation names Python {} (as of {}), and the card asks for {}: whether that \
             runs, and for how long, nobody promises",
            supported.python.join(" and "),
            supported.as_of,
            self.python
        );
        Self::at(Location::new(&self.card.file, self.entry.value_span), message)
            .help(format!("Ask for Python {}.", python::advised()))
    }
}
