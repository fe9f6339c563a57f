use std::collections::BTreeSet;

use spacelint_python::{Certainty, Function, Place, Value};
use spacelint_space::effect::{Effect, GpuDeclaration};
use spacelint_space::{Moment, Space};

use super::{declarations, worker};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A function is made a GPU function twice, and what the second time declares is dropped.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/decorator.py:105-107: the first wrapper is returned again; reproduced"
)]
pub(crate) struct SecondGpuDecorator<'a> {
    moment: Moment<'a>,
    function: &'a Function,
    /// Where it is declared first.
    first: Place,
}

impl<'a> Check<'a> for SecondGpuDecorator<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut known: Vec<(&'a Function, &'a GpuDeclaration)> = Vec::new();
        let mut seen = BTreeSet::new();
        let sure = |moment: &Moment<'_>| moment.certainty() == Certainty::Always;
        declarations(space).filter(move |moment| sure(moment)).filter_map(move |moment| {
            let Effect::DeclareGpu(gpu) = &moment.event.effect else { return None };
            // A partial of it is another thing.
            let target = match &gpu.callable {
                Value::Wrapped(wrapped) => &wrapped.inner,
                target => target,
            };
            let Value::Function(function) = target else { return None };
            let function = &**function;
            let Some((_, first)) = known.iter().find(|(other, _)| *other == function) else {
                known.push((function, gpu));
                return None;
            };
            let value = |argument: &'a Option<spacelint_python::Argument>| -> Option<&'a Value> {
                argument.as_ref().map(|argument| &argument.value)
            };
            let differs = |of: fn(&'a GpuDeclaration) -> &'a Option<spacelint_python::Argument>| {
                let second = value(of(gpu));
                second.is_some() && second != value(of(first))
            };
            let drops = differs(|gpu| &gpu.duration) || differs(|gpu| &gpu.size);
            let first = first.declared_at;
            (drops && seen.insert(gpu.declared_at)).then_some(Self { moment, function, first })
        })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let message = format!(
            "`{name}` is a GPU function already: `spaces` returns that one, and what is declared here is \
             dropped without a word"
        );
        Self::at(&self.moment, message)
            .chain(&self.moment)
            .related(Location::of(self.moment.trace(), self.first), "this is what counts")
            .help("Declare it once.")
    }
}
