use spacelint_knowledge::platform;
use spacelint_python::Certainty;
use spacelint_space::effect::{Effect, Served};
use spacelint_space::{Moment, Space};

use super::{declarations, reports_at_launch};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// Every GPU function is declared after `launch()`, too late for ZeroGPU to learn of it.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/__init__.py:29-41: `launch` reports what is declared by then; reproduced against a stand-in device API"
)]
pub(crate) struct LateGpuFunction<'a> {
    declared: Moment<'a>,
    launch: Moment<'a>,
}

impl<'a> Check<'a> for LateGpuFunction<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let first = declarations(space).next().filter(|_| reports_at_launch(space));
        let moments: Vec<_> = first.iter().flat_map(|_| space.moments()).collect();
        let launched = |moment: &Moment<'_>| match &moment.event.effect {
            Effect::Serve(serve) => serve.how == Served::Launched && moment.event.root.is_none(),
            _ => false,
        };
        let at = moments.iter().position(launched);
        let is_late = |at: &usize| {
            moments[*at].certainty() == Certainty::Always
                && !moments[..*at].iter().any(|moment| {
                    use Effect::{DeclareGpu, RunCommand, WrapHandlers};
                    matches!(moment.event.effect, DeclareGpu(_) | RunCommand(_) | WrapHandlers(_))
                })
        };
        at.filter(is_late)
            .and_then(|at| Some(Self { declared: first?, launch: moments[at] }))
            .into_iter()
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "no GPU function is declared before `launch()`, which is where `spaces` reports them: \
             ZeroGPU stops the Space at start-up with \"{}\"",
            platform::no_gpu_function().text
        );
        Self::at(&self.declared, message)
            .chain(&self.declared)
            .related(&self.launch, "the app is launched here")
            .help("Move `launch()` to the end of the program, or the GPU functions before it.")
    }
}
