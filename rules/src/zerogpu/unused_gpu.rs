use std::collections::BTreeSet;
use std::sync::Arc;

use spacelint_knowledge::effects;
use spacelint_python::{Function, Root};
use spacelint_space::effect::Effect;
use spacelint_space::{Phase, Role, Space, SpaceTrace};

use super::{declarations, worker};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A visitor waits for a GPU, and the function that gets it does nothing with it.
#[derive(Rule)]
#[rule(severity = warning, strict, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-zerogpu.md: a GPU is allocated for each call of a decorated function; spaces 0.51.3 zero/wrappers.py:173-186"
)]
pub(crate) struct UnusedGpu<'a> {
    trace: &'a SpaceTrace,
    function: &'a Arc<Function>,
    /// Where `spaces.GPU` is applied.
    declared: Option<Location>,
    uses: Vec<&'a str>,
}

impl<'a> Check<'a> for UnusedGpu<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        let trace =
            space.trace().filter(|trace| space.is_zerogpu() && trace.exhausted().is_empty());
        trace.into_iter().flat_map(move |trace| {
            let roots = trace.roots().iter().enumerate();
            let workers = roots.filter(|(index, _)| trace.phase_of(*index) == Phase::Gpu);
            let found = workers.filter_map(|(_, root)| {
                let function = root.callable.function()?;
                let found = is_idle(root, function) && serves(space, trace, function);
                (found && seen.insert(function.place())).then(|| Self {
                    trace,
                    function,
                    declared: declared(space, function),
                    uses: root.uses.packages.iter().map(AsRef::as_ref).collect(),
                })
            });
            found.collect::<Vec<_>>()
        })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let with = match &*self.uses {
            [] => "Python alone".to_owned(),
            uses => uses.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "),
        };
        let message = format!(
            "`{name}` is a GPU function and works with {with}: each call waits for a GPU and books a \
             visitor's quota for nothing"
        );
        let mut finding = Self::at(Location::of(self.trace, self.function.place()), message);
        if let Some(declared) = &self.declared {
            finding = finding.related(declared.clone(), "`spaces.GPU` is applied here");
        }
        finding.help(
            "Take the decorator off. A Space none of whose functions needs a GPU can run on a CPU.",
        )
    }
}

/// Whether nothing that it gets hold of can be on a GPU.
fn is_idle(root: &Root<Role>, function: &Function) -> bool {
    // What an instance brings with it may lie there.
    let first = function.def.params.first();
    let is_method = first.is_some_and(|param| matches!(&*param.name, "self" | "cls"));
    // What handlers set may lead elsewhere than what start-up has set.
    let is_stateless = root.globals.reads.is_empty();
    let packages = &root.uses.packages;
    !is_method
        && is_stateless
        && !root.uses.unknown
        && packages.iter().all(|package| effects::is_for_cpu(package))
}

fn declared(space: &Space, function: &Arc<Function>) -> Option<Location> {
    declarations(space).find_map(|moment| match &moment.event.effect {
        Effect::DeclareGpu(gpu) if gpu.function.as_ref() == Some(function) => {
            Some(Location::from(&moment))
        }
        _ => None,
    })
}

/// Whether visitors call it: one that nobody calls is there so that the platform finds one.
fn serves(space: &Space, trace: &SpaceTrace, function: &Arc<Function>) -> bool {
    let mut roots = trace.roots().iter().enumerate();
    let is_handler = roots.any(|(index, root)| {
        trace.phase_of(index) == Phase::Request && root.callable.function() == Some(function)
    });
    is_handler
        || space.moments().any(|moment| match &moment.event.effect {
            Effect::CallGpu(call) => {
                moment.phase == Phase::Request && call.function() == Some(function)
            }
            _ => false,
        })
}
