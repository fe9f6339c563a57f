use spacelint_space::Space;
use spacelint_space::tokens::Token;

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A token stands in the repository.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-overview.md: what is secret belongs into the Space's secrets, not into its code; security-secrets.md: the Hub looks for tokens in every push"
)]
pub(crate) struct HardCodedToken<'a>(&'a Token);

impl<'a> Check<'a> for HardCodedToken<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.tokens.iter().map(Self)
    }

    /// Says what it is and never how it reads.
    fn finding(&self) -> Finding {
        let Token { file, span, of } = self.0;
        let article = if of.starts_with(['A', 'O']) { "an" } else { "a" };
        Self::at(
            Location::new(file, *span),
            format!(
                "{article} {of} stands here for everybody who can see the repository: whoever copies it acts \
                 in its owner's name and at their cost, and it stays in git's history"
            ),
        )
        .help(
            "Revoke it where it was issued. Keep a new one as a secret in the Space's settings, and read it \
             from the environment.",
        )
    }
}
