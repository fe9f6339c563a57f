use std::collections::BTreeSet;

use spacelint_python::Place;
use spacelint_space::effect::{Effect, ModelRun};
use spacelint_space::{Moment, Phase, Space};

use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A model that finds CUDA by itself at start-up computes in a handler, where its weights are zeros.
#[derive(Rule)]
#[rule(severity = warning, strict, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/torch/patching.py: tensors of the emulation hold nothing in other threads; sentence-transformers 6.2.0 util/environment.py:56; reproduced: `encode` returns zeros, torch 2.8"
)]
pub(crate) struct ZeroEmbeddings<'a> {
    moment: Moment<'a>,
    run: &'a ModelRun,
    loaded: Moment<'a>,
}

impl<'a> Check<'a> for ZeroEmbeddings<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter(|moment| moment.phase == Phase::Request).filter_map(move |moment| {
            let Effect::RunModel(run) = &moment.event.effect else { return None };
            let loaded = space.moments().find(|load| {
                Some(load.place()) == run.loaded_at
                    && load.phase == Phase::Startup
                    && load.spaces().is_some()
                    && matches!(load.event.effect, Effect::LoadModel(_))
            });
            let is_new = run.on_cuda && seen.insert(moment.place());
            loaded.filter(|_| is_new).map(|loaded| Self { moment, run, loaded })
        })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "`{}()` runs outside a GPU function, and its model was put on the CUDA that `spaces` emulates \
             at start-up: in a handler its weights are zeros there, so every visitor gets zeros, without \
             an error",
            self.run.called.name
        );
        Self::at(&self.moment, message)
            .certainty(self.moment.certainty())
            .related(&self.loaded, "the model finds CUDA and is put there")
            .chain(&self.moment)
            .help("Load the model with `device=\"cpu\"`, or call it in a GPU function.")
    }
}
