use spacelint_space::{Card, Entry, Problem, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The file that the Space is to run is not there.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(source = "hub-docs spaces-config-reference.md: app_file, the path that the SDK runs")]
#[rule(
    source = "CPython: python: can't open file '/home/user/app/app.py': [Errno 2] No such file or directory"
)]
pub(crate) struct MissingAppFile<'a> {
    space: &'a Space,
    card: &'a Card,
    /// `app_file`, or `sdk` where the card leaves it to the platform.
    entry: &'a Entry,
}

impl<'a> Check<'a> for MissingAppFile<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let unreadable = space.problems.iter().any(|problem| match problem {
            Problem::Unreadable(error) => error.path == space.app_file,
            Problem::Undecodable(_) => false,
        });
        let card = versions::gradio_card(space)
            .filter(|card| space.entry.is_none() && !unreadable && !card.is_unclear("app_file"));
        card.into_iter().filter_map(move |card| {
            let named = card.get("app_file").filter(|entry| entry.text == space.app_file.as_str());
            Some(Self { space, card, entry: named.or_else(|| card.get("sdk"))? })
        })
    }

    fn finding(&self) -> Finding {
        let path = &self.space.app_file;
        let place = if self.entry.key == "app_file" {
            self.entry.value_span
        } else {
            self.entry.key_span.to(self.entry.value_span)
        };
        let finding = Self::at(
            Location::new(&self.card.file, place),
            format!("the Space runs `{path}`, which is not there: it never starts"),
        );
        match &self.space.app_file_misspelt {
            Some(there) => finding.help(format!(
                "The file is called `{there}`: small and capital letters differ on the Hub."
            )),
            None if self.entry.key == "app_file" => finding
                .help("Name the file that starts the app, by its path from the repository's root."),
            None => {
                finding.help("Add the file, or name the one that starts the app as `app_file`.")
            }
        }
    }

    fn fix(&self) -> Option<Fix> {
        let there =
            self.space.app_file_misspelt.as_ref().filter(|_| self.entry.key == "app_file")?;
        let place = Location::new(&self.card.file, self.entry.inner_span);
        Some(Fix::safe(format!("write `{there}`"), vec![Edit::replace(place, there.as_str())]))
    }
}
