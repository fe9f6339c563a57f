use std::collections::BTreeSet;

use spacelint_knowledge::platform::{Size, duration};
use spacelint_python::{Argument, Value};
use spacelint_space::effect::{Effect, GpuDeclaration};
use spacelint_space::{Moment, Space};

use super::declarations;
use super::decorator::Written;
use crate::finding::{Finding, Fix};
use crate::rule::{Check, Rule};
use crate::spelling;

/// An argument of `spaces.GPU` is none that it knows, and is ignored without a word.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/decorator.py:41-46, 81-82: `**kwargs` is taken and not looked at; reproduced against a stand-in device API"
)]
pub(crate) struct UnknownGpuArgument<'a> {
    moment: Moment<'a>,
    gpu: &'a GpuDeclaration,
    argument: &'a Argument,
    name: &'a str,
}

impl<'a> Check<'a> for UnknownGpuArgument<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        declarations(space)
            .flat_map(|moment| {
                let gpu = match &moment.event.effect {
                    Effect::DeclareGpu(gpu) => Some(&**gpu),
                    _ => None,
                };
                let others =
                    gpu.into_iter().flat_map(|gpu| gpu.unknown.iter().map(move |it| (gpu, it)));
                others.map(move |(gpu, argument)| (moment, gpu, argument))
            })
            .filter_map(move |(moment, gpu, argument)| {
                let name = argument.name.as_deref()?;
                seen.insert(argument.place).then_some(Self { moment, gpu, argument, name })
            })
    }

    fn finding(&self) -> Finding {
        let place = Written::location(self.gpu, self.argument, self.moment.trace());
        let so = match (self.meant(), &self.gpu.duration, &self.gpu.size) {
            (Some(Meant::Duration), None, _) => {
                format!(", and each call asks for the default of {} s", duration().default_seconds)
            }
            (Some(Meant::Size), _, None) => {
                format!(", and each call asks for the default size, `{}`", Size::DEFAULT.name())
            }
            _ => String::new(),
        };
        let help = match self.meant() {
            Some(meant) => format!("Write `{}=`, or leave it out.", meant.name()),
            None => "Leave it out: it knows `duration` and `size`.".to_owned(),
        };
        let message = format!(
            "`{}=` is none of the arguments of `spaces.GPU`, which ignores it without a word{so}",
            self.name
        );
        Self::at(place, message).certainty(self.moment.certainty()).chain(&self.moment).help(help)
    }

    fn fix(&self) -> Option<Fix> {
        let file = self.moment.trace().file(self.gpu.declared_at.file);
        let written = Written::keyword(self.gpu, self.name)?;
        let rename = self.meant().filter(|meant| {
            let given = match meant {
                Meant::Duration => self.gpu.duration.is_some(),
                Meant::Size => self.gpu.size.is_some(),
            };
            !given && meant.takes(&self.argument.value)
        });
        Some(match rename {
            Some(meant) => {
                let edit = written.renaming(file, meant.name());
                Fix::needs_review(format!("write `{}=`", meant.name()), vec![edit])
            }
            None => {
                Fix::needs_review(format!("remove `{}=`", self.name), vec![written.removal(file)])
            }
        })
    }
}

/// What an unknown argument is meant to be.
#[derive(Clone, Copy)]
enum Meant {
    Duration,
    Size,
}

impl Meant {
    fn name(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::Size => "size",
        }
    }

    /// Whether that can be what the argument of this name takes.
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Duration => matches!(value, Value::Int(_) | Value::Float(_)),
            Self::Size => value.as_str().is_some_and(|name| Size::from_name(name).is_some()),
        }
    }
}

impl UnknownGpuArgument<'_> {
    fn meant(&self) -> Option<Meant> {
        [(Meant::Duration, &["duration", "time", "seconds"][..]), (Meant::Size, &["size"][..])]
            .into_iter()
            .find(|(meant, words)| {
                let is_near = spelling::distance(self.name, meant.name()) <= 2;
                is_near || words.iter().any(|word| self.name.contains(word))
            })
            .map(|(meant, _)| meant)
    }
}
