use std::collections::BTreeSet;

use spacelint_knowledge::platform::duration;
use spacelint_python::{External, Function, Value};
use spacelint_space::effect::{Effect, GpuDeclaration};
use spacelint_space::{Moment, Space};

use super::{declarations, worker};
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// `spaces.GPU` stands above `@classmethod`, and what that makes cannot be called.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/decorator.py:83-88: what is not callable is taken for the duration where `GPU` gets it, and wrapped where what `GPU(...)` returns does; reproduced against a stand-in device API"
)]
pub(crate) struct GpuOverClassmethod<'a> {
    moment: Moment<'a>,
    gpu: &'a GpuDeclaration,
    function: &'a Function,
}

impl<'a> Check<'a> for GpuOverClassmethod<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let positional = format!(">={}", duration().positional_since_spaces);
        let holds = space.pins().on_zerogpu("spaces", &positional);
        let mut seen = BTreeSet::new();
        declarations(space).filter(move |_| holds).filter_map(move |moment| {
            let Effect::DeclareGpu(gpu) = &moment.event.effect else { return None };
            let External::Call { callee, arguments, .. } = &**gpu.callable.as_external()? else {
                return None;
            };
            let is_classmethod = callee.name() == Some("builtins.classmethod");
            let function = arguments.positional(0).and_then(|first| match &first.value {
                Value::Function(function) => Some(&**function),
                _ => None,
            })?;
            let is_new = is_classmethod && seen.insert(function.place());
            is_new.then_some(Self { moment, gpu, function })
        })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let message = format!(
            "`spaces.GPU` stands above `@classmethod`, and what that makes cannot be called: no call of \
             `{name}` computes anything"
        );
        let place = Location::of(self.moment.trace(), self.gpu.declared_at);
        Self::at(place, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help("Write `@classmethod` first and `@spaces.GPU` below it.")
    }

    fn fix(&self) -> Option<Fix> {
        let file = self.moment.trace().file(self.function.file);
        let decorators = &self.function.def.decorators;
        let at = decorators.iter().position(|it| it.span == self.gpu.declared_at.span)?;
        let (gpu, below) = (decorators.get(at)?.span, decorators.get(at + 1)?.span);
        let edits = vec![
            Edit::replace(Location::new(file, gpu), file.text.slice(below)),
            Edit::replace(Location::new(file, below), file.text.slice(gpu)),
        ];
        Some(Fix::safe("swap the two decorators", edits))
    }
}
