//! What a duplicate needs, for programs.

use serde::Serialize;
use spacelint_rules::secrets::{Kind, Secret, Thing};

use super::{Had, Told, word};
use crate::formats::json;

/// What one Space needs.
#[derive(Serialize)]
struct Needed<'a> {
    space: String,
    names: Vec<Variable<'a>>,
    models: Vec<Other<'a>>,
    hardware: Option<Other<'a>>,
    storage: Vec<Other<'a>>,
}

/// An environment variable.
#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    alternatives: Vec<&'a str>,
    kind: &'static str,
    need: &'static str,
    reason: &'a str,
    named_in_readme: bool,
    /// Null where nothing was compared.
    have: Option<&'static str>,
    places: Vec<json::Place>,
}

/// A model, hardware, a folder, a bucket.
#[derive(Serialize)]
struct Other<'a> {
    name: &'a str,
    need: &'static str,
    reason: &'a str,
    places: Vec<json::Place>,
}

/// What one Space needs, on one line.
pub(super) fn space(told: &Told<'_>) -> String {
    let other = |thing| other(thing, told);
    json::to_string(&Needed {
        space: told.place.relative_folder().into_string(),
        names: told.needs.names.iter().map(|secret| name(secret, told)).collect(),
        models: told.needs.models.iter().map(other).collect(),
        hardware: told.needs.hardware.as_ref().map(other),
        storage: told.needs.storage.iter().map(other).collect(),
    })
}

fn name<'a>(secret: &'a Secret, told: &Told<'_>) -> Variable<'a> {
    Variable {
        name: &secret.name,
        alternatives: secret.alternatives.iter().map(AsRef::as_ref).collect(),
        kind: match secret.kind {
            Kind::Secret => "secret",
            Kind::Variable => "variable",
        },
        need: word(secret.need),
        reason: &secret.reason,
        named_in_readme: secret.named_in_readme,
        have: told.had(secret).map(|had| match had {
            Had::Missing => "missing",
            Had::Set => "set",
            Had::Public => "public",
        }),
        places: secret.places.iter().map(|at| json::Place::new(at, told.place)).collect(),
    }
}

fn other<'a>(thing: &'a Thing, told: &Told<'_>) -> Other<'a> {
    Other {
        name: &thing.name,
        need: word(thing.need),
        reason: &thing.reason,
        places: thing.places.iter().map(|at| json::Place::new(at, told.place)).collect(),
    }
}
