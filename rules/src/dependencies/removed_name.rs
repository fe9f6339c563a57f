use std::collections::BTreeSet;

use spacelint_knowledge::drift::{self, Name};
use spacelint_python::{Place, Span};
use spacelint_space::effect::{Effect, Way};
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::installed::{self, Installed};
use crate::rule::{Check, Rule};

/// The program uses a name that the version it gets no longer has.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "rules/knowledge/drift.toml: each name with its source, and with the program and the versions by which its error was seen"
)]
pub(crate) struct RemovedName<'a> {
    moment: Moment<'a>,
    name: &'static Name,
    way: Way,
    error: &'static str,
    installed: Installed<'a>,
}

impl<'a> Check<'a> for RemovedName<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<(Place, &str)> = BTreeSet::new();
        space
            .moments()
            .filter_map(|moment| match &moment.event.effect {
                Effect::UseName(used) => Some((moment, *used)),
                _ => None,
            })
            .flat_map(|(moment, used)| {
                drift::names(used.name).map(move |name| (moment, name, used.way))
            })
            .filter_map(move |(moment, name, way)| {
                let error = match way {
                    Way::Imported => name.import_error?,
                    Way::Read => name.read_error?,
                    Way::Called | Way::Set => return None,
                };
                // An import reads what it imports, and `getattr` may have a default.
                let is_written = way == Way::Imported
                    || written(&moment)
                        .strip_suffix(last_of(name))
                        .is_some_and(|before| before.ends_with('.'));
                let installed = installed::installs(space, name.package, name.range, false)?;
                let helped =
                    installed::may_come(space, name.unless) || installed::is_set(space, name.name);
                let fails = is_written && !helped && !installed::is_met(&moment, error);
                (fails && seen.insert((moment.place(), name.name))).then_some(Self {
                    moment,
                    name,
                    way,
                    error,
                    installed,
                })
            })
    }

    fn finding(&self) -> Finding {
        let Name { name, instead, .. } = self.name;
        let what = if self.name.remains { "no longer works" } else { "is gone" };
        let message = format!(
            "`{name}` {what} in {}: this raises {}, and {}",
            self.installed.said(),
            drift::quoted(self.error),
            installed::so(&self.moment)
        );
        let finding = Self::at(&self.moment, message)
            .certainty_with(&self.moment, &self.installed)
            .chain(&self.moment)
            .help(*instead);
        match self.installed.requirement {
            Some(asked) => finding.related(
                Location::new(&asked.file, asked.span),
                "this is what decides the version",
            ),
            None => finding,
        }
    }

    fn fix(&self) -> Option<Fix> {
        let rename = self.name.rename?;
        let text = written(&self.moment);
        let last = last_of(self.name);
        let new = last_after(rename);
        let edit = match self.way {
            Way::Imported if self.name.module => {
                self.replace(Self::only(text, self.name.name)?, rename)
            }
            Way::Imported => {
                let at = Self::only(text, last)?;
                let alias = text[at.1..].trim_start().starts_with("as ");
                let content = if alias { new.to_owned() } else { format!("{new} as {last}") };
                self.replace(at, content)
            }
            // What is no attribute of anything stands alone: `float`.
            _ if !rename.contains('.') => self.replace((0, text.len()), rename),
            _ => self.replace((text.len() - last.len(), text.len()), new),
        };
        Some(Fix::safe(format!("use `{rename}`"), vec![edit]))
    }
}

impl RemovedName<'_> {
    /// The one place in `text` where `word` stands as a word.
    fn only(text: &str, word: &str) -> Option<(usize, usize)> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut all = text.match_indices(word).filter(|(at, _)| {
            !text[..*at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
        });
        let (at, _) = all.next()?;
        // A module or another name that is spelled alike is its author's to tell apart.
        all.next().is_none().then_some((at, at + word.len()))
    }

    fn replace(&self, (start, end): (usize, usize), content: impl Into<String>) -> Edit {
        let from = self.moment.place().span.start as usize;
        let span = Span::new(from + start, from + end);
        Edit::replace(Location::new(self.moment.file(), span), content)
    }
}

fn written<'a>(moment: &Moment<'a>) -> &'a str {
    moment.file().text.slice(moment.place().span)
}

fn last_of(name: &Name) -> &'static str {
    last_after(name.name)
}

fn last_after(name: &'static str) -> &'static str {
    name.rsplit('.').next().unwrap_or(name)
}
