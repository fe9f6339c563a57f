use std::collections::BTreeSet;

use spacelint_python::Certainty;
use spacelint_space::effect::{Compilation, Effect};
use spacelint_space::{Moment, Phase, Space};

use super::declarations;
use super::worker::{self, Deed};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A model is compiled in each fresh worker, on a visitor's GPU time.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "hub-docs docs/hub/spaces-zerogpu.md at 34ee0f0: ZeroGPU does not support `torch.compile`, but compilation ahead of time; spaces 0.51.3 zero/wrappers.py:59-103: a worker is a fork of the main process"
)]
pub(crate) struct CompilePerWorker<'a>(When<'a>);

/// When it is compiled.
enum When<'a> {
    /// In the worker itself.
    There(Deed<'a, &'a Compilation>),
    /// At start-up, to be done at the first call.
    Later(Moment<'a>, &'a Compilation),
}

impl<'a> Check<'a> for CompilePerWorker<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        // What is compiled on a condition is often compiled never: of a switch that is off by default.
        let sure = |moment: &Moment<'_>| moment.certainty() == Certainty::Always;
        let there = worker::deeds(space, |moment| compilation(moment).filter(|_| sure(moment)));
        let mut seen = BTreeSet::new();
        let has_worker = declarations(space).next().is_some();
        let later = space.moments().filter(move |moment| {
            let at_startup = matches!(moment.phase, Phase::BeforeSpaces | Phase::Startup);
            has_worker && at_startup && sure(moment)
        });
        let later = later.filter_map(move |moment| {
            let compilation = compilation(&moment).filter(|compilation| compilation.lazily)?;
            seen.insert(moment.place()).then_some(When::Later(moment, compilation))
        });
        there.into_iter().map(When::There).chain(later).map(Self)
    }

    fn finding(&self) -> Finding {
        let help = "ZeroGPU has compilation ahead of time instead: `spaces.aoti_capture`, \
                    `torch.export.export`, `spaces.aoti_compile` and `spaces.aoti_apply` in a GPU \
                    function that start-up calls once.";
        match &self.0 {
            When::There(deed) => {
                let message = format!(
                    "{} compiles (`{}()`), on the visitor's GPU time: what is compiled goes with the \
                     worker",
                    deed.each(),
                    worker::short(&deed.what.called.name)
                );
                deed.related(Self::at(deed.moment(), message).help(help))
            }
            When::Later(moment, compilation) => {
                let message = format!(
                    "`{}()` compiles at the first call, which is in a worker: each fresh worker compiles \
                     anew, on the GPU time of the visitor whose call it serves",
                    worker::short(&compilation.called.name)
                );
                Self::at(moment, message).chain(moment).help(help)
            }
        }
    }
}

fn compilation<'a>(moment: &Moment<'a>) -> Option<&'a Compilation> {
    match &moment.event.effect {
        Effect::Compile(compilation) => Some(compilation),
        _ => None,
    }
}
