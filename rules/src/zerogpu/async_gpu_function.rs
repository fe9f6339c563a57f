use std::collections::BTreeSet;

use spacelint_python::{Function, Span};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use super::{declarations, is_expected, worker};
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// A GPU function is `async`, which `spaces` refuses.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/decorator.py:109-110: `raise NotImplementedError` for a coroutine function, the same since 0.16.0; reproduced, and the `PicklingError` of an asynchronous generator too"
)]
pub(crate) struct AsyncGpuFunction<'a> {
    moment: Moment<'a>,
    function: &'a Function,
    /// Whether the program itself calls it, and so may await it.
    called: bool,
}

impl<'a> Check<'a> for AsyncGpuFunction<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        declarations(space).filter_map(move |moment| {
            let Effect::DeclareGpu(gpu) = &moment.event.effect else { return None };
            let function = gpu.function.as_deref().filter(|function| function.def.is_async)?;
            if is_expected(&moment, "NotImplementedError") || !seen.insert(function.place()) {
                return None;
            }
            // Gradio's own call of a handler does not count.
            let called = space.moments().any(|moment| match &moment.event.effect {
                Effect::CallGpu(call) => {
                    let root = moment.event.root.map(|root| moment.trace().roots()[root].place);
                    let is_it = call.function().is_some_and(|it| it.place() == function.place());
                    is_it && root != Some(moment.place())
                }
                _ => false,
            });
            Some(Self { moment, function, called })
        })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let message = if self.function.def.is_generator {
            format!(
                "`{name}` is an asynchronous generator: it cannot be handed from the worker to the main \
                 process, so every call ends with \"PicklingError\""
            )
        } else if self.moment.event.root.is_none() {
            format!(
                "`{name}` is `async`, and `spaces.GPU` raises a `NotImplementedError` without a word \
                 where it is applied: the Space does not start"
            )
        } else {
            format!(
                "`{name}` is `async`, and `spaces.GPU` raises a `NotImplementedError` without a word \
                 where it is applied: every call that gets here fails"
            )
        };
        let place = Location::of(self.moment.trace(), self.function.place());
        Self::at(place, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .related(&self.moment, "`spaces.GPU` is applied here")
            .help(
                "Write a plain `def`: Gradio runs it in a thread. What must be awaited goes into an \
                 `async` handler that calls the GPU function.",
            )
    }

    fn fix(&self) -> Option<Fix> {
        let file = self.moment.trace().file(self.function.file);
        let span = self.function.def.span;
        let text = file.text.slice(span);
        let rest = text.strip_prefix("async")?;
        // Wherever the words stand, in a string too: one who looks knows better.
        let is_plain = !rest.contains("await") && !rest.contains("async");
        let length = text.len() - rest.trim_start().len();
        let removed = Span { start: span.start, end: span.start + length as u32 };
        let edit = Edit::delete(Location::new(file, removed));
        (is_plain && !self.called).then(|| Fix::safe("make it a plain function", vec![edit]))
    }
}
