//! What `spacelint secrets` lists.

use std::sync::Arc;

use spacelint_space::Space;

use super::wanted::{self, Wanted};
use crate::finding::Location;

/// How badly a Space wants an environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The Space fails without it.
    Hard,
    /// The Space goes on without it, or fails only where it is not sure ever to come.
    Soft,
}

/// An environment variable that a Space wants its owner to set.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its name.
    pub name: Arc<str>,
    /// Other variables, any of which is as good.
    pub alternatives: Vec<Arc<str>>,
    /// How badly it is wanted.
    pub need: Need,
    /// What happens where it is not set, as a clause: "`openai.OpenAI()` raises without a key".
    pub reason: String,
    /// Whether the README names it, or one of its alternatives.
    pub named_in_readme: bool,
    /// Where it is read or needed, each place once, in the order of the trace; at least one.
    pub places: Vec<Location>,
}

/// The environment variables that `space` wants its owner to set: those that it fails without, and,
/// of those that it can do without, the ones whose names sound secret. In the order of the trace.
pub fn list(space: &Space) -> Vec<Secret> {
    wanted::wanted(space).into_iter().map(Secret::from).collect()
}

impl From<Wanted<'_>> for Secret {
    fn from(wanted: Wanted<'_>) -> Self {
        Self {
            reason: wanted.reason(),
            need: wanted.need,
            named_in_readme: wanted.named_in_readme,
            places: wanted.places.iter().map(|place| Location::from(&place.moment)).collect(),
            name: wanted.name,
            alternatives: wanted.alternatives,
        }
    }
}
