use serde_yaml::Value;
use spacelint_space::{Card, Entry, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// YAML reads an unquoted version as a number and drops its last zero.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(source = "YAML 1.2.2 section 10.2.1.4: a float; 3.10 and 3.1 are one number")]
#[rule(source = "hub-docs spaces-config-reference.md: python_version, sdk_version are texts")]
pub(crate) struct UnquotedVersion<'a> {
    card: &'a Card,
    entry: &'a Entry,
    /// The version that is left.
    read: String,
}

impl<'a> Check<'a> for UnquotedVersion<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.card.iter().flat_map(|card| {
            ["python_version", "sdk_version"].into_iter().filter_map(move |key| {
                let entry = card.get(key)?;
                let read = read_as(entry)?;
                Some(Self { card, entry, read })
            })
        })
    }

    fn finding(&self) -> Finding {
        let Self { entry, read, .. } = self;
        let (key, text) = (&entry.key, &entry.text);
        Self::at(
            Location::new(&self.card.file, entry.value_span),
            format!("YAML reads {text} as the number {read}, so the Space asks for {key} {read}"),
        )
        .help(format!("Quote it: `{key}: \"{text}\"`."))
    }

    fn fix(&self) -> Option<Fix> {
        let place = Location::new(&self.card.file, self.entry.value_span);
        let edit = Edit::replace(place, format!("\"{}\"", self.entry.text));
        Some(Fix::safe("quote the version", vec![edit]))
    }
}

/// The version that is left of one whose last zeros count: of 3.10, 3.1. Of 5.0 the 5 that is left is the
/// same version.
fn read_as(entry: &Entry) -> Option<String> {
    let Value::Number(number) = &entry.value else { return None };
    let (_, minor) = entry.text.split_once('.').filter(|_| number.is_f64())?;
    let left = minor.trim_end_matches('0');
    let is_lost =
        !left.is_empty() && left != minor && minor.bytes().all(|byte| byte.is_ascii_digit());
    is_lost.then(|| number.to_string())
}
