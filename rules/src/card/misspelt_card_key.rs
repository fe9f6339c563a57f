use spacelint_knowledge::card::{self, Form};
use spacelint_space::{Card, Entry, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::spelling;

/// The card has a key that nobody reads, and that looks like one that the Hub reads.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-config-reference.md: the keys there are; others are taken and not read"
)]
pub(crate) struct MisspeltCardKey<'a> {
    card: &'a Card,
    entry: &'a Entry,
    meant: &'static str,
}

impl<'a> Check<'a> for MisspeltCardKey<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.card.iter().flat_map(|card| {
            card.entries.iter().filter_map(move |entry| {
                let meant = meant(&entry.key).filter(|meant| card.get(meant).is_none())?;
                Some(Self { card, entry, meant })
            })
        })
    }

    fn finding(&self) -> Finding {
        let (key, meant) = (&self.entry.key, self.meant);
        Self::at(
            Location::new(&self.card.file, self.entry.key_span),
            format!(
                "nobody reads `{key}`: the Hub knows it as `{meant}`, which the card does not set"
            ),
        )
        .help(if self.is_fit() {
            format!("Write `{meant}`.")
        } else {
            format!("Write `{meant}`, with each element on a line of its own, behind `- `.")
        })
    }

    fn fix(&self) -> Option<Fix> {
        self.is_fit().then_some(())?;
        let place = Location::new(&self.card.file, self.entry.key_span);
        let message = format!("call it `{}`", self.meant);
        Some(Fix::needs_review(message, vec![Edit::replace(place, self.meant)]))
    }
}

impl MisspeltCardKey<'_> {
    /// Whether the value is no single one where the key takes a list: it would be refused by the right name.
    fn is_fit(&self) -> bool {
        let takes_list = card::key(self.meant).is_some_and(|key| key.form == Form::Texts);
        !takes_list || self.entry.text.is_empty()
    }
}

/// How many letters a key has at least in which a single other one is a slip.
const SHORTEST: usize = 5;

/// The key that `written` means, if it is none itself: the same letters but for case, hyphens and
/// underscores, or one letter apart.
fn meant(written: &str) -> Option<&'static str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let names = || card::keys().iter().map(|key| key.name);
    if card::key(written).is_some() {
        return None;
    }
    names().find(|name| plain(name) == plain(written)).or_else(|| {
        let long = names().filter(|name| name.len() >= SHORTEST && written.len() >= SHORTEST);
        spelling::nearest(written, long, usize::MAX)
    })
}
