//! What `spacelint secrets` lists: what a duplicate of a Space must be given, as far as its text tells.

use std::sync::Arc;

use spacelint_space::Space;

use super::wanted::{self, Wanted};
use super::{hardware, models, storage};
use crate::finding::Location;

/// How badly a Space wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The Space fails without it.
    Hard,
    /// The Space goes on without it, or fails only where it is not sure ever to come.
    Soft,
}

/// As what an environment variable belongs into a Space's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Its value is nobody's business, and is not copied with the Space.
    Secret,
    /// Its value may be read by everybody, and is copied with the Space where it is public.
    Variable,
}

/// An environment variable that a Space wants its owner to set.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its name.
    pub name: Arc<str>,
    /// Other variables, any of which is as good.
    pub alternatives: Vec<Arc<str>>,
    /// As what it is to be set.
    pub kind: Kind,
    /// How badly it is wanted.
    pub need: Need,
    /// What happens where it is not set, as a clause: "`openai.OpenAI()` raises without a key".
    pub reason: String,
    /// Whether the README names it, or one of its alternatives.
    pub named_in_readme: bool,
    /// Where it is read or needed, each place once, in the order of the trace; at least one.
    pub places: Vec<Location>,
}

/// Something else that a duplicate must be given.
#[derive(Clone, Debug)]
pub struct Thing {
    /// What: a model's repository, hardware by its name, a folder or a bucket.
    pub name: Arc<str>,
    /// How badly it is wanted.
    pub need: Need,
    /// Why, as a clause.
    pub reason: String,
    /// Where the text says so, each place once; at least one.
    pub places: Vec<Location>,
}

/// What a duplicate of a Space must be given.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Environment variables: those that the Space fails without, and, of those that it can do without,
    /// the secrets. In the order of the trace.
    pub names: Vec<Secret>,
    /// Models whose terms the owner must have accepted, in the order of the trace.
    pub models: Vec<Thing>,
    /// Hardware other than a duplicate gets where nobody chooses.
    pub hardware: Option<Thing>,
    /// Folders that outlast a restart, and buckets.
    pub storage: Vec<Thing>,
}

/// What a duplicate of `space` must be given.
pub fn needs(space: &Space) -> Needs {
    Needs {
        names: wanted::wanted(space).into_iter().map(Secret::from).collect(),
        models: models::gated(space),
        hardware: hardware::hardware(space),
        storage: storage::storage(space),
    }
}

impl From<Wanted<'_>> for Secret {
    fn from(wanted: Wanted<'_>) -> Self {
        Self {
            reason: wanted.reason(),
            kind: if wanted.is_secret { Kind::Secret } else { Kind::Variable },
            need: wanted.need,
            named_in_readme: wanted.named_in_readme,
            places: wanted.places.iter().map(|place| Location::from(&place.moment)).collect(),
            name: wanted.name,
            alternatives: wanted.alternatives,
        }
    }
}

/// Adds a place to the thing of that name, which is made where there is none yet.
pub(super) fn add(things: &mut Vec<Thing>, thing: Thing) {
    let Some(known) = things.iter_mut().find(|known| known.name == thing.name) else {
        things.push(thing);
        return;
    };
    if thing.need < known.need {
        (known.need, known.reason) = (thing.need, thing.reason);
    }
    for place in thing.places {
        let is_known = |at: &Location| at.file.path == place.file.path && at.span == place.span;
        if !known.places.iter().any(is_known) {
            known.places.push(place);
        }
    }
}
