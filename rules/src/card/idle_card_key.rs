use spacelint_knowledge::card::{self, Key};
use spacelint_space::{Card, Entry, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// The card sets something that nobody reads.
#[derive(Rule)]
#[rule(severity = info, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-config-reference.md: which SDK reads which key, and which are read no more"
)]
pub(crate) struct IdleCardKey<'a> {
    card: &'a Card,
    entry: &'a Entry,
    key: &'static Key,
    sdk: Option<&'a str>,
}

impl<'a> Check<'a> for IdleCardKey<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.card.iter().flat_map(|card| {
            let is_known =
                |sdk: &&str| card::key("sdk").is_some_and(|key| key.allowed.contains(sdk));
            let sdk = card.str("sdk").filter(is_known);
            card.entries.iter().filter_map(move |entry| {
                let key = card::key(&entry.key)?;
                let other = sdk.is_some_and(|sdk| !key.sdks.is_empty() && !key.sdks.contains(&sdk));
                (other || key.idle.is_some()).then_some(Self { card, entry, key, sdk })
            })
        })
    }

    fn finding(&self) -> Finding {
        let name = self.key.name;
        let message = match (self.key.idle, self.sdk) {
            (Some(why), _) => format!("nothing reads `{name}`: {why}"),
            (None, sdk) => format!(
                "nothing reads `{name}` in a Space with `sdk: {}`: it is a setting of `sdk: {}`",
                sdk.unwrap_or_default(),
                self.key.sdks.join("` or `sdk: ")
            ),
        };
        let span = self.entry.key_span.to(self.entry.value_span);
        Self::at(Location::new(&self.card.file, span), message).help("Take the line out.")
    }

    fn fix(&self) -> Option<Fix> {
        let span = self.entry.key_span.to(self.entry.value_span);
        let edit = Edit::delete_lines(&self.card.file, span);
        Some(Fix::needs_review("take the line out", vec![edit]))
    }
}
