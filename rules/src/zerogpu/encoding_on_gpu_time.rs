use spacelint_space::Space;
use spacelint_space::effect::{Called, Effect};

use super::worker::{self, Deed};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A GPU function encodes a video or a sound on the CPU while its call holds the GPU.
#[derive(Rule)]
#[rule(severity = warning, strict, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py: the GPU is held from before the function is called until it returns; hub-docs docs/hub/spaces-zerogpu.md at 34ee0f0: quota is GPU time"
)]
pub(crate) struct EncodingOnGpuTime<'a> {
    deed: Deed<'a, &'a Called>,
}

impl<'a> Check<'a> for EncodingOnGpuTime<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let deeds = worker::deeds(space, |moment| match &moment.event.effect {
            Effect::Encode(called) => Some(called),
            _ => None,
        });
        deeds.into_iter().map(|deed| Self { deed })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "{} encodes on the CPU while the GPU is held and does nothing (`{}()`), on the visitor's GPU \
             time",
            self.deed.each(),
            worker::short(&self.deed.what.name)
        );
        let help = "Return the frames as an array of bytes, and encode them in the handler without \
                    `@spaces.GPU` that calls the GPU function.";
        self.deed.related(Self::at(self.deed.moment(), message).help(help))
    }
}
