use std::collections::BTreeSet;

use spacelint_python::{Certainty, Function, Root, Value};
use spacelint_space::{Role, Space, SpaceTrace};

use super::pickle::{self, Fault};
use super::worker;
use crate::duration::{Caller, callers};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A GPU function returns something that cannot be handed back from the worker.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py: `res_queue.put`; reproduced against a stand-in device API: \"'PicklingError'\" for a lambda and an open file; zero/decorator.py: a generator only where the function itself yields"
)]
pub(crate) struct UnpicklableResult<'a> {
    trace: &'a SpaceTrace,
    root: &'a Root<Role>,
    function: &'a Function,
    fault: Fault,
}

impl<'a> Check<'a> for UnpicklableResult<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        let callers = callers(space);
        let trace = space.trace().filter(|_| space.is_zerogpu());
        let roots =
            trace.into_iter().flat_map(|trace| trace.roots().iter().map(move |it| (trace, it)));
        roots.filter(|(_, root)| root.role == Role::Gpu).filter_map(move |(trace, root)| {
            let function = root.function().map(|function| &**function)?;
            let only_in_worker = callers.get(&function.place()) == Some(&Caller::Worker);
            let fault = pickle::fault(trace, result(root, function)?)?;
            let is_new = !only_in_worker && seen.insert(function.place());
            is_new.then_some(Self { trace, root, function, fault })
        })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let (gives, ends) = if self.function.def.is_generator {
            ("yields", "the call ends")
        } else {
            ("returns", "each call ends")
        };
        let sure = self.fault.sure && self.root.certainty == Certainty::Always;
        let message = format!(
            "`{name}` {gives} {}, which cannot be pickled on the way back from the worker: {ends} with \
             an error that reads \"PicklingError\"",
            self.fault.says()
        );
        let help = if self.fault.what == "a generator" {
            "Let the GPU function itself yield: `yield from` what it returns now."
        } else {
            "Return plain data: text, numbers, arrays, images, paths of files."
        };
        Self::at(Location::of(self.trace, self.function.place()), message)
            .certainty(if sure { Certainty::Always } else { Certainty::Sometimes })
            .related(Location::of(self.trace, self.root.place), "it is made a GPU function here")
            .help(help)
    }
}

/// What a call gives back.
fn result<'a>(root: &'a Root<Role>, function: &Function) -> Option<&'a Value> {
    if function.def.is_async {
        return None;
    }
    // What a generator returns in the end is dropped.
    if function.def.is_generator {
        root.gives.yielded.as_ref()
    } else {
        root.gives.returned.as_ref()
    }
}
