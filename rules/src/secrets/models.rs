//! Which gated models a Space loads: the Hub hands them out to those alone who have accepted their terms.

use spacelint_knowledge::models;
use spacelint_space::Space;
use spacelint_space::effect::{Effect, Token};

use super::list::{Need, Thing, add};
use super::wanted::{What, need};
use crate::finding::Location;

/// The gated models that `space` loads or downloads, each once.
pub(super) fn gated(space: &Space) -> Vec<Thing> {
    let mut found = Vec::new();
    for moment in space.moments() {
        let (ids, token) = match &moment.event.effect {
            Effect::LoadModel(load) => (&load.ids, &load.token),
            Effect::Download(download) => (&download.ids, &download.token),
            _ => continue,
        };
        if *token == Token::Refused {
            continue;
        }
        for id in ids {
            let Some(gate) = models::gate(id) else { continue };
            let need = need(&[], &What::Load(id, gate), &moment);
            let fails = match need {
                Need::Hard => "the Space fails",
                Need::Soft => "what uses it fails",
            };
            let reason = format!(
                "it is gated (as of {}): without an account that has accepted its terms {fails}",
                gate.as_of
            );
            let places = vec![Location::from(&moment)];
            add(&mut found, Thing { name: id.clone(), need, reason, places });
        }
    }
    found
}
