use std::collections::BTreeSet;

use spacelint_knowledge::platform::Size;
use spacelint_python::{Argument, Value};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use super::declarations;
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// The `size` is none that ZeroGPU has, and is sent to the scheduler as it stands.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/api.py:21 (the sizes), zero/client.py schedule(): any text is sent; reproduced against a stand-in device API"
)]
pub(crate) struct UnknownGpuSize<'a> {
    moment: Moment<'a>,
    size: &'a Argument,
    value: &'a Value,
}

impl<'a> Check<'a> for UnknownGpuSize<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        declarations(space).filter_map(move |moment| {
            let Effect::DeclareGpu(gpu) = &moment.event.effect else { return None };
            let size = gpu.size.as_ref()?;
            let value = &size.value;
            let is_wrong = match value {
                Value::Str(name) => Size::from_name(name).is_none(),
                Value::Int(_) | Value::Float(_) | Value::Bool(_) => true,
                _ => false,
            };
            (is_wrong && seen.insert(size.place)).then_some(Self { moment, size, value })
        })
    }

    fn finding(&self) -> Finding {
        let given = match self.value {
            Value::Str(name) => format!("{name:?}"),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            _ => "a truth value".to_owned(),
        };
        let sizes = Size::ALL.map(|size| {
            let facts = size.facts();
            format!("`\"{}\"` ({}, {} GB)", facts.name, facts.gpu, facts.vram_gb)
        });
        let message = format!(
            "{given} is no size of ZeroGPU: `spaces` sends it with each call as it stands, and what the \
             scheduler makes of it is not documented"
        );
        let place = Location::of(self.moment.trace(), self.size.place);
        Self::at(place, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help(format!("Write {}, or leave the size out.", sizes.join(" or ")))
    }
}
