use std::collections::BTreeSet;

use spacelint_knowledge::effects::{self, Constant};
use spacelint_python::Place;
use spacelint_space::effect::{CudaTouch, Effect};
use spacelint_space::{Moment, Phase, Space};

use super::is_survived;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A GPU function asks for a second GPU, and each call has one.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/torch/patching.py:416: the worker's CUDA_VISIBLE_DEVICES is the one device of the call"
)]
pub(crate) struct SecondGpu<'a> {
    moment: Moment<'a>,
    touch: &'a CudaTouch,
    index: i64,
}

impl<'a> Check<'a> for SecondGpu<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter(|moment| moment.phase == Phase::Gpu).filter_map(move |moment| {
            let Effect::TouchCuda(touch) = &moment.event.effect else { return None };
            let index = touch.index.filter(|index| *index >= devices() && touch.sure)?;
            let raises = !is_survived(&moment, "RuntimeError");
            (raises && seen.insert(moment.place())).then_some(Self { moment, touch, index })
        })
    }

    fn finding(&self) -> Finding {
        let (what, count) = (&self.touch.what, devices());
        let message = format!(
            "`{what}` names `{}`, and a call on ZeroGPU has {count} GPU, `{}`: every visitor's call that \
             gets here ends with an error of CUDA",
            effects::cuda_device(self.index),
            effects::cuda_device(0),
        );
        Self::at(&self.moment, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help("Write `\"cuda\"`.")
    }
}

/// How many GPUs a call has, which is what `spaces` answers in the main process.
fn devices() -> i64 {
    let counted = effects::call("torch.cuda.device_count").and_then(|call| call.value);
    match counted.map(|value| value.after_spaces) {
        Some([Constant::Int(count)]) => *count,
        _ => i64::MAX,
    }
}
