use std::collections::BTreeSet;

use spacelint_python::{Certainty, Function, Place, Value};
use spacelint_space::effect::{Effect, GpuCall};
use spacelint_space::{Moment, Phase, Space};

use super::pickle::{self, Fault};
use super::{declarations, is_survived, worker};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A GPU function is called with something that cannot be handed to the worker.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py: `arg_queue.put((args, kwargs))`; reproduced against a stand-in device API: `PicklingError` in the main process for a lambda, a lock and a method of an object with a lock"
)]
pub(crate) struct UnpicklableArgument<'a> {
    moment: Moment<'a>,
    function: &'a Function,
    place: Place,
    fault: Fault,
    /// Whether it is what a method is bound to.
    is_self: bool,
}

impl<'a> Check<'a> for UnpicklableArgument<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        let outside = space.moments().filter(|moment| moment.phase != Phase::Gpu);
        outside.filter_map(move |moment| {
            let Effect::CallGpu(call) = &moment.event.effect else { return None };
            let function = call.function().map(|function| &**function)?;
            let (place, fault, is_self) = in_arguments(&moment, call)
                .or_else(|| in_receiver(space, &moment, call))
                .filter(|_| !is_survived(&moment, "PicklingError"))?;
            seen.insert(place).then_some(Self { moment, function, place, fault, is_self })
        })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let (with, help) = if self.is_self {
            (
                format!(
                    "`{name}` is a method, and its `self` goes with each call: {}",
                    self.fault.says()
                ),
                "Make the GPU function a plain function that finds the object in a global, and call it \
                 from the method.",
            )
        } else {
            (
                format!("`{name}` is called with {}", self.fault.says()),
                "Hand over plain data. What the worker needs besides it finds in globals that start-up \
                 has set: it is a copy of this process.",
            )
        };
        let message = format!(
            "{with}, which cannot be pickled on the way to the worker: each call that gets here raises a \
             `PicklingError`"
        );
        let sure = self.fault.sure && self.moment.certainty() == Certainty::Always;
        Self::at(Location::of(self.moment.trace(), self.place), message)
            .certainty(if sure { Certainty::Always } else { Certainty::Sometimes })
            .chain(&self.moment)
            .related(
                Location::of(self.moment.trace(), self.function.place()),
                format!("`{name}` is a GPU function"),
            )
            .help(help)
    }
}

fn in_arguments(moment: &Moment<'_>, call: &GpuCall) -> Option<(Place, Fault, bool)> {
    call.arguments.items.iter().find_map(|argument| {
        let fault = pickle::fault(moment.trace(), &argument.value)?;
        Some((argument.place, fault, false))
    })
}

/// What a method is bound to, where the method was made a GPU function before it was bound.
fn in_receiver(space: &Space, moment: &Moment<'_>, call: &GpuCall) -> Option<(Place, Fault, bool)> {
    let Value::Method(function, receiver) = &call.callable else { return None };
    let is_bound_later = declarations(space).any(|declared| match &declared.event.effect {
        Effect::DeclareGpu(gpu) => gpu.callable == Value::Function(function.clone()),
        _ => false,
    });
    let fault = pickle::fault(moment.trace(), receiver).filter(|_| is_bound_later)?;
    Some((moment.place(), fault, true))
}
