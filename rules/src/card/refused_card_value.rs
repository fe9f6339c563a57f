use spacelint_space::Space;

use super::values::{Fault, Wrong, wrong};
use crate::finding::{Edit, Finding, Fix};
use crate::rule::{Check, Rule};

/// The Hub refuses a push with this value in the card.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "Hub: the answers to a push, word for word in card.toml; huggingface_hub 2.4.0 repocard.py:189-222 asks the same validator"
)]
#[rule(source = "hub-docs spaces-config-reference.md: colorFrom, colorTo, short_description")]
pub(crate) struct RefusedCardValue<'a> {
    wrong: Wrong<'a>,
    answer: &'static str,
}

impl<'a> Check<'a> for RefusedCardValue<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.card.iter().flat_map(wrong).filter_map(|wrong| {
            let answer = wrong.key.refused.filter(|_| !matches!(wrong.fault, Fault::Form))?;
            Some(Self { wrong, answer })
        })
    }

    fn finding(&self) -> Finding {
        let Wrong { key, text, .. } = self.wrong;
        let message = match self.wrong.fault {
            Fault::TooLong(length) => {
                format!("`{}` has {length} characters", key.name)
            }
            _ => format!("`{}` cannot be `{text}`", key.name),
        };
        let finding = Self::at(
            self.wrong.location(),
            format!("{message}: the Hub refuses the push and says: {}", self.answer),
        );
        match (self.wrong.fault, key.longest) {
            (Fault::Unknown(Some(near)), _) => finding.help(format!("Write `{near}`.")),
            (Fault::TooLong(_), Some(longest)) => finding.help(format!(
                "Say it in {longest} characters; what is longer belongs below the card."
            )),
            _ => finding.help(format!("Choose one of {}.", key.allowed.join(", "))),
        }
    }

    fn fix(&self) -> Option<Fix> {
        let Fault::Unknown(Some(near)) = self.wrong.fault else { return None };
        let edit = Edit::replace(self.wrong.inner(), near);
        Some(Fix::safe(format!("write `{near}`"), vec![edit]))
    }
}
