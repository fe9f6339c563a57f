use std::collections::BTreeSet;
use std::sync::Arc;

use spacelint_knowledge::{effects, platform};
use spacelint_python::{Certainty, Place};
use spacelint_space::effect::{Effect, ModelLoad};
use spacelint_space::{Moment, Phase, Space};

use super::worker::{self, Deed};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A model is loaded while a call holds the GPU, and again for the next.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py:59-103: a worker is a fork of the main process, and what it sets stays in it; reproduced against a stand-in device API"
)]
pub(crate) struct ModelLoadInGpuFunction<'a> {
    deed: Deed<'a, &'a Arc<ModelLoad>>,
}

impl<'a> Check<'a> for ModelLoadInGpuFunction<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let in_main: BTreeSet<Place> = space
            .moments()
            .filter(|moment| moment.phase != Phase::Gpu && load(moment).is_some())
            .map(|moment| moment.place())
            .collect();
        let deeds = worker::deeds(space, |moment| {
            // What the main process loads by the same line is there by then, if that went well.
            let is_there =
                in_main.contains(&moment.place()) && moment.certainty() == Certainty::Sometimes;
            load(moment).filter(|_| !is_there)
        });
        deeds.into_iter().map(|deed| Self { deed })
    }

    fn finding(&self) -> Finding {
        let load = self.deed.what;
        let what = match &*load.ids {
            [id] if load.settled => format!("`{}` again", shown(id)),
            _ if load.adapter => format!("an adapter again (`{}()`)", worker::short(&load.loader)),
            _ => format!("a model again (`{}()`)", worker::short(&load.loader)),
        };
        let pays = if self.deed.kept {
            "on the GPU time of the visitor whose call it serves: no other worker has it then"
        } else {
            "on the visitor's GPU time"
        };
        let help = match (load.adapter, load.settled) {
            (false, true) => {
                "Load it when the Space starts, in the module itself, and place it there with \
                 `.to(\"cuda\")`: each worker begins as a copy of that process."
            }
            (false, false) => {
                "Load what visitors may choose when the Space starts, in the module itself, as far as \
                 it fits: each worker begins as a copy of that process."
            }
            (true, true) => {
                "Load it when the Space starts, with a name of its own (`adapter_name=`), and choose \
                 it in the call with `set_adapters`."
            }
            (true, false) => {
                "Load what is wanted most when the Space starts, each with a name of its own \
                 (`adapter_name=`), and choose in the call with `set_adapters`. Download the rest \
                 before the GPU function is called."
            }
        };
        let message = format!("{} loads {what}, {pays}", self.deed.each());
        self.deed.related(Self::at(self.deed.moment(), message).help(help))
    }
}

/// The load of a model or an adapter.
fn load<'a>(moment: &Moment<'a>) -> Option<&'a Arc<ModelLoad>> {
    let Effect::LoadModel(load) = &moment.event.effect else { return None };
    let is_model = load.weights && !effects::reads_any_tensors(&load.loader);
    (is_model || load.adapter).then_some(load)
}

/// An id as its author writes it: a folder of the Space without where the platform puts that.
fn shown(id: &str) -> &str {
    let below = id.strip_prefix(platform::home().folder).and_then(|below| below.strip_prefix('/'));
    below.unwrap_or(id)
}
