use spacelint_knowledge::platform;
use spacelint_space::{Card, Entry, Problem, Space};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A Docker Space has no Dockerfile, so there is nothing to build.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "hub-docs docs/hub/spaces-sdks-docker.md and spaces-sdks-docker-first-demo.md at 242f4a1: a Docker Space is built from the repository's `Dockerfile`, \"the main step for a Docker Space\""
)]
pub(crate) struct MissingDockerfile<'a> {
    space: &'a Space,
    card: &'a Card,
    /// The card's `sdk: docker`.
    sdk: &'a Entry,
}

impl<'a> Check<'a> for MissingDockerfile<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let docker = platform::docker();
        let is_unreadable = space.problems.iter().any(
            |problem| matches!(problem, Problem::Unreadable(error) if error.path == docker.file),
        );
        // Docker itself takes a name in small letters, too; whether the Hub does is not known.
        let is_small = space
            .dockerfile_misspelt
            .as_ref()
            .is_some_and(|name| name.as_str().chars().all(char::is_lowercase));
        let card = space.card.as_ref().filter(|card| card.str("sdk") == Some(docker.sdk));
        card.filter(|_| space.dockerfile.is_none() && !is_unreadable && !is_small)
            .into_iter()
            .filter_map(move |card| Some(Self { space, card, sdk: card.get("sdk")? }))
    }

    fn finding(&self) -> Finding {
        let file = platform::docker().file;
        let place = Location::new(&self.card.file, self.sdk.key_span.to(self.sdk.value_span));
        let message = format!(
            "a Docker Space is built from `{file}` in the repository's root, which is not there: it is never \
             built"
        );
        Self::at(place, message).help(match &self.space.dockerfile_misspelt {
            Some(there) => {
                format!("Rename `{there}`: small and capital letters differ on the Hub.")
            }
            None => format!("Add a `{file}`, or name the SDK that the app is made with."),
        })
    }
}
