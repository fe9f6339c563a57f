use std::collections::BTreeSet;

use spacelint_knowledge::effects::Emulated;
use spacelint_python::{Certainty, Place};
use spacelint_space::effect::{CudaTouch, Effect};
use spacelint_space::{Moment, Phase, Space};

use super::is_survived;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// Start-up asks the GPU itself for something, and there is none in the main process.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/torch/patching.py:305-328: what is replaced; each call reproduced after `import spaces`, torch 2.8"
)]
pub(crate) struct UnemulatedCuda<'a> {
    moment: Moment<'a>,
    touch: &'a CudaTouch,
    /// What raises after it, where it does not raise itself.
    victim: Option<Moment<'a>>,
}

impl<'a> Check<'a> for UnemulatedCuda<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter(|moment| moment.spaces().is_some()).filter_map(move |moment| {
            let Effect::TouchCuda(touch) = &moment.event.effect else { return None };
            let at_startup = match moment.phase {
                Phase::Startup => true,
                // What poisons there is `cuda-before-spaces`.
                Phase::BeforeSpaces => !touch.poisons,
                Phase::Request | Phase::Gpu => false,
            };
            let victim = match touch.emulated? {
                Emulated::Nowhere => None,
                Emulated::Afterwards => Some(next_model(space, &moment)?),
                Emulated::Everywhere | Emulated::OneThread => return None,
            };
            let raises = at_startup && !is_survived(&moment, "RuntimeError");
            (raises && seen.insert(moment.place())).then_some(Self { moment, touch, victim })
        })
    }

    fn finding(&self) -> Finding {
        let CudaTouch { what, says, sure, .. } = self.touch;
        let raises = match self.victim {
            Some(_) => "what makes a tensor after it raises a `RuntimeError`",
            None => "it raises a `RuntimeError`",
        };
        let message = format!(
            "`{what}` {says}, and ZeroGPU's main process has no GPU: `spaces` does not emulate this, so \
             {raises}, and the Space does not start"
        );
        let finding = Self::at(&self.moment, message)
            .certainty(if *sure { self.moment.certainty() } else { Certainty::Sometimes })
            .chain(&self.moment)
            .help(
                "Leave it out, or do it inside a GPU function. To place a model with `.to(\"cuda\")` \
                 at start-up is right: that is emulated.",
            );
        match &self.victim {
            Some(victim) => finding.related(victim, "this raises"),
            None => finding,
        }
    }
}

/// The next load of weights after that, in the same process.
fn next_model<'a>(space: &'a Space, moment: &Moment<'a>) -> Option<Moment<'a>> {
    let later = space.moments().skip_while(|other| other.place() != moment.place());
    later.into_iter().find(|other| {
        let loads = matches!(&other.event.effect, Effect::LoadModel(load) if load.weights);
        loads && other.event.root.is_none() && other.event.process == moment.event.process
    })
}
