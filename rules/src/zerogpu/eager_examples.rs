use std::collections::BTreeSet;

use spacelint_python::{Place, Value};
use spacelint_space::effect::{self, Effect};
use spacelint_space::{Moment, Phase, Space};

use super::gpu_roots;
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// Examples are computed on the GPU each time the app starts, with no visitor whose quota pays.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "gradio 6.31.0 helpers.py:180-193 (`cache_mode` wins over the platform's GRADIO_CACHE_MODE=lazy), 581-594, routes.py:2128-2135, blocks.py:3559-3567"
)]
#[rule(source = "spaces 0.51.3 zero/client.py:174: what a call without a visitor's token is told")]
pub(crate) struct EagerExamples<'a> {
    moment: Moment<'a>,
    examples: &'a effect::EagerExamples,
}

impl<'a> Check<'a> for EagerExamples<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let on_gpu = gpu_roots(space);
        space.moments().filter(|moment| moment.spaces().is_some()).filter_map(move |moment| {
            let Effect::CacheExamples(examples) = &moment.event.effect else { return None };
            let function = &examples.function;
            let needs_gpu = matches!(function, Value::Wrapped(_))
                || function.function().is_some_and(|function| on_gpu.contains(&function.place()));
            let is_new = moment.phase == Phase::Startup && seen.insert(moment.place());
            (needs_gpu && is_new).then_some(Self { moment, examples })
        })
    }

    fn finding(&self) -> Finding {
        let count = match self.examples.count {
            Some(1) => "its example".to_owned(),
            Some(count) => format!("all {count} examples"),
            None => "all examples".to_owned(),
        };
        let message = format!(
            "each start computes {count} on the GPU before anybody sees the page, with no visitor whose \
             quota pays for it: where ZeroGPU refuses one such call, `launch()` raises and the Space does \
             not start"
        );
        Self::at(Location::of(self.moment.trace(), self.examples.mode), message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help(
                "Leave `cache_mode` out: on ZeroGPU an example is computed when the first visitor clicks \
                 it, and kept.",
            )
    }
}
