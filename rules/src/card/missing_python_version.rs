use spacelint_knowledge::platform;
use spacelint_space::{Card, Entry, Space};

use super::python;
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The card names no Python, so a rebuild may bring another.
#[derive(Rule)]
#[rule(severity = info, fix = unsafe, since = "0.1.0", strict)]
#[rule(
    source = "hub-docs spaces-config-reference.md at e2ea087: `python_version` defaults to 3.10; build logs of Spaces without it, 2026-06: Python 3.13"
)]
pub(crate) struct MissingPythonVersion<'a> {
    card: &'a Card,
    /// The card's `sdk: gradio`.
    sdk: &'a Entry,
}

impl<'a> Check<'a> for MissingPythonVersion<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let card = versions::gradio_card(space)
            .filter(|card| card.get(python::KEY).is_none() && !card.is_unclear(python::KEY));
        card.into_iter().filter_map(|card| Some(Self { card, sdk: card.get("sdk")? }))
    }

    fn finding(&self) -> Finding {
        let place = Location::new(&self.card.file, self.sdk.key_span.to(self.sdk.value_span));
        let message = format!(
            "the card names no `{}`: Spaces without one have been built with Python {}, and a rebuild or \
             a duplicate may get another than this app was tested with",
            python::KEY,
            platform::python_defaults().join(" and with ")
        );
        Self::at(place, message)
            .help(format!("Add the one that the app was tested with, such as `{}`.", line()))
    }

    fn fix(&self) -> Option<Fix> {
        let file = &self.card.file;
        let beside = self.card.get("sdk_version").unwrap_or(self.sdk);
        let next = self.card.line_behind(beside)?;
        let message = format!("name Python {} in the card", python::advised());
        Some(Fix::needs_review(message, vec![Edit::insert_line(file, next, &line())]))
    }
}

fn line() -> String {
    format!("{}: \"{}\"", python::KEY, python::advised())
}
