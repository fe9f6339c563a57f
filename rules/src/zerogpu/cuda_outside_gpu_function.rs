use std::collections::BTreeSet;

use spacelint_knowledge::effects::{self, Emulated};
use spacelint_python::{Certainty, Place, Root};
use spacelint_space::effect::{CudaTouch, Effect};
use spacelint_space::{Moment, Phase, Role, Space};

use super::is_expected;
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A handler or a thread of the web process uses CUDA, which works in GPU functions alone.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/torch/patching.py: the modes that emulate CUDA are thread-local; moves and factories reproduced in another thread, torch 2.8"
)]
pub(crate) struct CudaOutsideGpuFunction<'a> {
    moment: Moment<'a>,
    touch: &'a CudaTouch,
    /// What leads there after start-up.
    root: &'a Root<Role>,
}

impl<'a> Check<'a> for CudaOutsideGpuFunction<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        // Then every handler is a GPU function.
        let wrapped = space.moments().any(|it| matches!(it.event.effect, Effect::WrapHandlers(_)));
        let moments = space.moments().filter(move |moment| !wrapped && moment.spaces().is_some());
        moments.filter_map(move |moment| {
            let Effect::TouchCuda(touch) = &moment.event.effect else { return None };
            let root = &moment.trace().roots()[moment.event.root?];
            // One who catches everything only tells the visitor that it failed.
            let raises = matches!(touch.emulated?, Emulated::OneThread | Emulated::Nowhere)
                && moment.phase == Phase::Request
                && is_elsewhere(root)
                && !is_expected(&moment, "RuntimeError");
            // A function ends where it raises first.
            (raises && seen.insert(place_of(root))).then_some(Self { moment, touch, root })
        })
    }

    fn finding(&self) -> Finding {
        let CudaTouch { what, says, sure, .. } = self.touch;
        let name = match self.root.function() {
            Some(function) => format!("`{}`", function.qualname),
            None => "what is handed over".to_owned(),
        };
        let is_thread = matches!(
            self.root.role,
            Role::Request(effects::Role::Thread | effects::Role::ThreadInContext)
        );
        let (who, help) = if is_thread {
            (
                "runs in a thread of its own, and `spaces` emulates CUDA only in the one that imported \
                 it: this thread ends with a `RuntimeError`",
                "Place models at start-up, in the main thread, and leave the rest to a GPU function.",
            )
        } else {
            (
                "runs in a thread of the web process, where there is no GPU and `spaces` emulates none: \
                 each visitor who gets there meets a `RuntimeError`",
                "Move what uses CUDA into a function under `@spaces.GPU(duration=…)` and call that, or \
                 decorate this one.",
            )
        };
        let trace = self.moment.trace();
        let place = Location::of(trace, place_of(self.root));
        Self::at(place, format!("{name} uses CUDA outside a GPU function: it {who}"))
            .certainty(if *sure { self.moment.certainty() } else { Certainty::Sometimes })
            .related(Location::of(trace, self.root.place), format!("{name} is handed over here"))
            .chain(&self.moment)
            .related(&self.moment, format!("`{what}` {says}"))
            .help(help)
    }
}

/// Where the function stands, or else where it is handed over.
fn place_of(root: &Root<Role>) -> Place {
    root.function().map_or(root.place, |function| function.place())
}

/// Whether that runs in another thread than the one that imported `spaces`.
fn is_elsewhere(root: &Root<Role>) -> bool {
    use effects::Role::{
        Callback, Event, Example, Process, Render, Route, Thread, ThreadInContext,
    };
    match root.role {
        Role::Request(Event | Example | Render | Thread | ThreadInContext) => true,
        // One that is `async` runs in the server's loop, which may be in the main thread.
        Role::Request(Route) => root.function().is_some_and(|function| !function.def.is_async),
        // A duration is computed wherever its GPU function is called.
        Role::Request(Callback | Process) | Role::Duration | Role::Gpu => false,
    }
}
