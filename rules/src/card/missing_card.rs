use spacelint_knowledge::platform;
use spacelint_python::{BOM, Span};
use spacelint_space::Space;

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// There is no card, without which the Hub does not know how to run the Space.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(
    source = "Hub: a Space whose README has no YAML block stops at CONFIG_ERROR, \"Missing configuration in README\""
)]
pub(crate) struct MissingCard {
    /// The first line of the README, or else of the app.
    place: Location,
    is_readme: bool,
}

impl<'a> Check<'a> for MissingCard {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let file = space.readme.as_ref().or(space.entry.as_ref());
        file.filter(|_| space.is_card_missing()).into_iter().map(|file| {
            let line = file.text.slice(file.text.line_span(1));
            let start = line.len() - line.trim_start_matches(BOM).len();
            let place = Location::new(file, Span::new(start, line.trim_end().len().max(start)));
            Self { place, is_readme: space.readme.is_some() }
        })
    }

    fn finding(&self) -> Finding {
        let what = if self.is_readme {
            "this README has no card"
        } else {
            "this app has no README.md with a card"
        };
        Self::at(
            self.place.clone(),
            format!(
                "{what}: pushed like this, the Space stops at CONFIG_ERROR, \"{}\"",
                platform::no_card().text
            ),
        )
        .help(
            "Begin README.md with a block between two lines of `---` that names at least `sdk`, \
             `sdk_version` and `app_file`.",
        )
    }
}
