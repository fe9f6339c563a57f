use spacelint_space::requirements::Requirement;
use spacelint_space::{Card, Entry, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The card names no version of Gradio, so each rebuild may bring another.
#[derive(Rule)]
#[rule(severity = warning, fix = safe, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-config-reference.md: `sdk_version` selects the version of Gradio; the builder installs gradio[oauth,mcp]==<sdk_version>"
)]
pub(crate) struct MissingSdkVersion<'a> {
    card: &'a Card,
    /// The card's `sdk: gradio`.
    sdk: &'a Entry,
    /// The requirement that names one version, if there is one.
    pinned: Option<&'a Requirement>,
    /// The newest that fits whatever else is asked for.
    newest: Option<&'static str>,
}

impl<'a> Check<'a> for MissingSdkVersion<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let card = versions::gradio_card(space)
            .filter(|card| card.str("sdk_version").is_none() && !card.is_unclear("sdk_version"));
        card.into_iter().filter_map(|card| {
            let pinned = space
                .pins()
                .all("gradio")
                .find(|requirement| requirement.exact().is_some() && requirement.marker.is_none());
            let newest = versions::newest_beside(space);
            Some(Self { card, sdk: card.get("sdk")?, pinned, newest })
        })
    }

    fn finding(&self) -> Finding {
        let place = Location::new(&self.card.file, self.sdk.key_span.to(self.sdk.value_span));
        let finding = Self::at(
            place,
            "the card names no `sdk_version`: a rebuild installs whatever Gradio is newest that \
             day, and the next major version may not run this app",
        );
        let Some(pinned) = self.pinned else {
            let such = |newest| format!(", such as `{}`", line(newest));
            let such = self.newest.map_or(String::new(), such);
            return finding.help(format!("Add the version that the app was tested with{such}."));
        };
        finding.help(format!("Add `{}`.", line(&versions::asked(pinned)))).related(
            Location::new(&pinned.file, pinned.span),
            "the requirements want this version, which the newest may conflict with",
        )
    }

    fn fix(&self) -> Option<Fix> {
        let version = match self.pinned {
            Some(pinned) => versions::asked(pinned),
            None => self.newest?.to_owned(),
        };
        if self.card.get("sdk_version").is_some() {
            return None;
        }
        let file = &self.card.file;
        let next = self.card.line_behind(self.sdk)?;
        let edit = Edit::insert_line(file, next, &line(&version));
        let message = format!("name Gradio {version} in the card");
        Some(match self.pinned {
            Some(_) => Fix::safe(message, vec![edit]),
            // The newest is what a rebuild would install, as far as is known; the author decides.
            None => Fix::needs_review(message, vec![edit]),
        })
    }
}

fn line(version: &str) -> String {
    format!("sdk_version: \"{version}\"")
}
