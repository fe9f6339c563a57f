use std::collections::BTreeSet;

use spacelint_knowledge::drift::{self, Mend};
use spacelint_python::Place;
use spacelint_space::effect::{ArgumentUse, Effect};
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::installed::{self, Installed};
use crate::keyword::Keyword;
use crate::rule::{Check, Rule};

/// A call passes an argument that the version it gets refuses.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "rules/knowledge/drift.toml: each argument with its source, and with the versions by which its error was seen"
)]
pub(crate) struct RemovedArgument<'a> {
    moment: Moment<'a>,
    used: &'a ArgumentUse,
    installed: Installed<'a>,
}

impl<'a> Check<'a> for RemovedArgument<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<(Place, &str)> = BTreeSet::new();
        space.moments().filter_map(move |moment| {
            let Effect::PassArgument(used) = &moment.event.effect else { return None };
            let argument = used.argument;
            let installed = installed::installs(space, argument.package, argument.range, false)?;
            let fails = !installed::is_met(&moment, argument.error)
                && seen.insert((used.passed.place, argument.argument));
            fails.then_some(Self { moment, used, installed })
        })
    }

    fn finding(&self) -> Finding {
        let argument = self.used.argument;
        let place = Location::of(self.moment.trace(), self.used.passed.place);
        let what = match argument.value {
            Some(value) => format!("{}={value:?}", argument.argument),
            None => argument.argument.to_owned(),
        };
        let message = format!(
            "`{}` takes no `{what}` in {}: this raises {}, and {}",
            self.used.called.name,
            self.installed.said(),
            drift::quoted(argument.error),
            installed::so(&self.moment)
        );
        let finding = Self::at(place, message)
            .certainty_with(&self.moment, &self.installed)
            .chain(&self.moment)
            .help(argument.instead);
        match self.installed.requirement {
            Some(asked) => finding.related(
                Location::new(&asked.file, asked.span),
                "this is what decides the version",
            ),
            None => finding,
        }
    }

    fn fix(&self) -> Option<Fix> {
        let argument = self.used.argument;
        let keyword = Keyword::of(&self.moment, &self.used.passed, argument.argument)?;
        match argument.mend {
            Mend::ByHand => None,
            Mend::Rename(to) => {
                Some(Fix::safe(format!("say `{to}`"), vec![Edit::replace(keyword.name(), to)]))
            }
            Mend::Delete { safe } => {
                let message = format!("leave `{}` out", argument.argument);
                let make = if safe { Fix::safe } else { Fix::needs_review };
                Some(make(message, vec![keyword.removal()?]))
            }
        }
    }
}
