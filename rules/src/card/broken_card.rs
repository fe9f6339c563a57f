use spacelint_knowledge::platform;
use spacelint_space::{Card, CardFault, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// The card cannot be read as it was meant, so the push is refused or the Space not configured.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "Hub: a push is refused with \"Invalid YAML in README.md\"; huggingface_hub 2.4.0 repocard.py:189-222 asks the same validator"
)]
#[rule(
    source = "Hub: a README without a whole YAML block gives CONFIG_ERROR, \"Missing configuration in README\""
)]
pub(crate) struct BrokenCard<'a> {
    card: &'a Card,
    fault: &'a CardFault,
}

impl<'a> Check<'a> for BrokenCard<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.card.iter().flat_map(|card| card.faults.iter().map(move |fault| Self { card, fault }))
    }

    fn finding(&self) -> Finding {
        let place = Location::new(&self.card.file, self.fault.span());
        let refused = format!("the Hub refuses the push, \"{}\"", platform::invalid_card().text);
        match self.fault {
            CardFault::Unclosed { .. } => Self::at(
                place,
                format!(
                    "this `---` is never closed, so the Hub sees no card: CONFIG_ERROR, \"{}\"",
                    platform::no_card().text
                ),
            )
            .help("Put a line of `---` behind the last line of the card."),
            CardFault::Syntax { message, .. } => {
                Self::at(place, format!("the card is not YAML ({message}): {refused}"))
                    .help("Quote a value that holds `: `, ` #` or a leading special character.")
            }
            CardFault::Tab { .. } => Self::at(place, format!("YAML takes no tab here: {refused}"))
                .help("Indent with spaces."),
            CardFault::DuplicateKey { key, first, .. } => {
                Self::at(place, format!("`{key}` is given twice: {refused}"))
                    .help("Keep one of them.")
                    .related(Location::new(&self.card.file, *first), "it is given here first")
            }
            CardFault::NotAMapping { .. } => {
                Self::at(place, format!("the card is not a list of `key: value`: {refused}"))
                    .help("Write each setting on a line of its own, as `key: value`.")
            }
            CardFault::Disagreement { message, .. } => Self::at(
                place,
                format!("two readers of YAML understand this differently ({message})"),
            )
            .doubtful("This depends on which of them reads the card.")
            .help("Quote the value."),
        }
    }

    fn fix(&self) -> Option<Fix> {
        let CardFault::Unclosed { .. } = self.fault else { return None };
        let text = self.card.file.text.as_str();
        let end = self.card.block.end;
        let is_ended = text[..end as usize].ends_with('\n');
        let fence = if is_ended { "---\n" } else { "\n---\n" };
        let edit = Edit::insert(&self.card.file, end, fence);
        Some(Fix::needs_review("close the card where its last key seems to stand", vec![edit]))
    }
}
