use std::collections::BTreeSet;

use spacelint_knowledge::platform::duration;
use spacelint_python::{Function, Value};
use spacelint_space::Space;
use spacelint_space::effect::{Effect, GpuDeclaration};

use super::declarations;
use super::worker::{self, Deed};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A GPU function calls another, whose own duration and size then do not count.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py:186: `if forked: return task(...)`; reproduced: one request for two functions"
)]
pub(crate) struct NestedGpuCall<'a> {
    deed: Deed<'a, &'a Function>,
    outer: Option<&'a GpuDeclaration>,
    inner: Option<&'a GpuDeclaration>,
}

impl<'a> Check<'a> for NestedGpuCall<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let deeds = worker::deeds(space, |moment| match &moment.event.effect {
            Effect::CallGpu(call) => {
                let inner = call.function().map(|function| &**function)?;
                let outer = worker::gpu_function(moment)?;
                (inner.place() != outer.place()).then_some(inner)
            }
            _ => None,
        });
        let mut seen = BTreeSet::new();
        let is_new = move |deed: &Deed<'a, &'a Function>| {
            seen.insert((deed.first_function().place(), deed.what.place()))
        };
        deeds.into_iter().filter(is_new).map(move |deed| {
            let outer = declared(space, deed.first_function());
            let inner = declared(space, deed.what);
            Self { deed, outer, inner }
        })
    }

    fn finding(&self) -> Finding {
        let inner = worker::name(self.deed.what);
        let outer = worker::name(self.deed.first_function());
        let (theirs, own) = (seconds(self.outer), seconds(self.inner));
        let message = format!(
            "{} runs `{inner}` in place: what `{outer}` declares{theirs} has to be enough for both, and \
             what `{inner}` declares{own} does not count",
            self.deed.each_call(),
        );
        let finding = Self::at(self.deed.moment(), message)
            .help(format!("Declare for `{outer}` what it needs together with `{inner}`."));
        let place = Location::of(self.deed.moment().trace(), self.deed.what.place());
        self.deed.related(finding).related(place, format!("`{inner}` is a GPU function too"))
    }
}

fn declared<'a>(space: &'a Space, function: &Function) -> Option<&'a GpuDeclaration> {
    declarations(space).find_map(|moment| match &moment.event.effect {
        Effect::DeclareGpu(gpu) => {
            let is_it = gpu.function.as_ref().is_some_and(|it| it.place() == function.place());
            is_it.then_some(&**gpu)
        }
        _ => None,
    })
}

/// " (30 s)", as far as it is a plain number.
fn seconds(gpu: Option<&GpuDeclaration>) -> String {
    match gpu.map(|gpu| gpu.duration.as_ref().map(|duration| &duration.value)) {
        Some(None) if gpu.is_some_and(|gpu| !gpu.open) => {
            format!(" ({} s by default)", duration().default_seconds)
        }
        Some(Some(Value::Int(seconds))) => format!(" ({seconds} s)"),
        _ => String::new(),
    }
}
