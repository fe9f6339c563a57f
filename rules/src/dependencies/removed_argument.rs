use std::collections::BTreeSet;

use spacelint_knowledge::drift::Mend;
use spacelint_python::{Place, Span};
use spacelint_space::effect::{ArgumentUse, Effect};
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::installed::{self, Installed};
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
            "`{}` takes no `{what}` in {}: this raises \"{}\", and {}",
            self.used.called.name,
            self.installed.said(),
            argument.error,
            installed::so(&self.moment)
        );
        let finding = Self::at(place, message)
            .certainty(installed::certainty(&self.moment, &self.installed))
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
        let keyword = self.keyword()?;
        match argument.mend {
            Mend::ByHand => None,
            Mend::Rename(to) => {
                let edit = Edit::replace(self.within(keyword), to);
                Some(Fix::safe(format!("say `{to}`"), vec![edit]))
            }
            Mend::Delete { safe } => {
                let edit = Edit::delete(self.within(self.with_comma(keyword.start)?));
                let message = format!("leave `{}` out", argument.argument);
                let make = if safe { Fix::safe } else { Fix::needs_review };
                Some(make(message, vec![edit]))
            }
        }
    }
}

impl RemovedArgument<'_> {
    fn text(&self) -> &str {
        self.moment.trace().file(self.used.passed.place.file).text.as_str()
    }

    fn within(&self, span: Span) -> Location {
        Location::new(self.moment.trace().file(self.used.passed.place.file), span)
    }

    /// Where the keyword stands, if it stands right before the value: one that is passed on, or
    /// comes out of a dict, does not.
    fn keyword(&self) -> Option<Span> {
        let name = self.used.argument.argument;
        let before = &self.text()[..self.used.passed.place.span.start as usize];
        let before = before.trim_end().strip_suffix('=')?.trim_end();
        let start = before.strip_suffix(name)?.len();
        Some(Span::new(start, start + name.len()))
    }

    /// From `start`, the keyword, over the value to what is left when both are gone: a comma with
    /// it, and the whole line where nothing else stands there.
    fn with_comma(&self, start: u32) -> Option<Span> {
        let text = self.text();
        let (start, end) = (start as usize, self.used.passed.place.span.end as usize);
        let behind = text[end..].trim_start_matches([' ', '\t']);
        if let Some(rest) = behind.strip_prefix(',') {
            let from = text[..start].trim_end_matches([' ', '\t']);
            let rest = rest.trim_start_matches([' ', '\t']);
            let alone = from.ends_with('\n');
            return Some(match rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
                Some(next) if alone => Span::new(from.len(), text.len() - next.len()),
                Some(_) => Span::new(self.after_comma(start)?, end),
                None => Span::new(start, text.len() - rest.len()),
            });
        }
        // The last one: what stands before it loses its comma, and a comment stays its author's.
        let closes = behind.trim_start().starts_with(')');
        closes.then(|| {
            Some(Span::new(self.after_comma(start).unwrap_or(start as u32 as usize), end))
        })?
    }

    /// Where the comma before `start` stands, or the bracket's end.
    fn after_comma(&self, start: usize) -> Option<usize> {
        let before = self.text()[..start].trim_end();
        before
            .strip_suffix(',')
            .map(str::len)
            .or_else(|| before.ends_with('(').then_some(before.len()))
    }
}
