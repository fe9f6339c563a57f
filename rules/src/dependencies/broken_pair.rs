use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use spacelint_knowledge::drift::{self, At, Pair};
use spacelint_space::effect::{Effect, Served, Way};
use spacelint_space::pins::Allowed;
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::installed::{self, Installed};
use crate::rule::{Check, Rule};

/// Two of the versions that are installed break each other.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "rules/knowledge/drift.toml: each pair with its source, and with the program and the versions by which its error was seen"
)]
pub(crate) struct BrokenPair<'a> {
    space: &'a Space,
    package: Installed<'a>,
    /// What decides the version, or where it fails.
    place: Location,
    /// All that breaks the package, what fails first first; never empty.
    broken: Vec<Broken<'a>>,
    /// The requirements with which it works, if there are any.
    mends: Vec<&'static str>,
}

struct Broken<'a> {
    pair: &'static Pair,
    beside: Installed<'a>,
    /// Where it fails; none where pip fails already.
    moment: Option<Moment<'a>>,
}

impl<'a> Check<'a> for BrokenPair<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut found: Vec<Self> = Vec::new();
        for pair in drift::pairs() {
            let Some(package) = installed::installs(space, pair.package, pair.range, false) else {
                continue;
            };
            let Some(broken) = Broken::of(space, pair) else { continue };
            // What is not pinned pip takes older, rather than give up.
            let is_open = package.today.is_some() || broken.beside.today.is_some();
            if is_open && pair.at == At::Build {
                continue;
            }
            let same = |other: &&mut Self| other.broken[0].pair.package == pair.package;
            if let Some(other) = found.iter_mut().find(same) {
                other.broken.push(broken);
                continue;
            }
            let asked = package.requirement.or(broken.beside.requirement);
            let asked = asked.map(|asked| Location::new(&asked.file, asked.span));
            let place = asked.or_else(|| broken.moment.as_ref().map(Location::from));
            let (broken, mends) = (vec![broken], Vec::new());
            found.extend(place.map(|place| Self { space, package, place, broken, mends }));
        }
        let all: Vec<&Pair> = found.iter().flat_map(|it| &it.broken).map(|it| it.pair).collect();
        for it in &mut found {
            let with_mend = it.broken.iter().map(|it| it.pair).filter(|it| !it.mend.is_empty());
            // Some without the rest would mend nothing.
            let mends: Option<Vec<_>> = with_mend.map(|pair| mend(space, pair, &all)).collect();
            it.mends = mends.unwrap_or_default();
        }
        found.into_iter()
    }

    fn finding(&self) -> Finding {
        let Broken { pair, beside, moment } = &self.broken[0];
        let message = format!(
            "{} does not work with {}: {} {}",
            self.package.said(),
            beside.said(),
            pair.happens,
            drift::quoted(pair.error)
        );
        let finding = Self::at(self.place.clone(), message);
        let is_open = self.package.today.is_some() || beside.today.is_some();
        let finding = match moment {
            _ if is_open => finding.doubtful(installed::UNPINNED),
            Some(moment) => finding.certainty(moment.certainty()),
            None => finding,
        };
        finding.help(self.help())
    }

    fn fix(&self) -> Option<Fix> {
        let requirements = self.space.requirements.iter();
        let file = &requirements.rev().find(|file| file.file.path == "requirements.txt")?.file;
        // What is asked for already is its author's to change.
        let is_free = self.broken.iter().all(|it| !self.space.pins().contains(it.pair.beside));
        let last = file.text.line_of(file.text.as_str().len() as u32);
        let edit = Edit::insert_line(file, last + 1, &self.mends.join("\n"));
        (is_free && !self.mends.is_empty())
            .then(|| Fix::needs_review(format!("ask for {}", listed(&self.mends)), vec![edit]))
    }
}

impl BrokenPair<'_> {
    fn help(&self) -> String {
        let mut help: Vec<String> = Vec::new();
        if !self.mends.is_empty() {
            help.push(format!("Ask for {} in the requirements.", listed(&self.mends)));
        }
        for Broken { pair, .. } in &self.broken {
            let instead = match pair.instead.strip_prefix("Or ") {
                Some(alone) if self.mends.is_empty() => {
                    let (first, rest) = alone.split_at(alone.len().min(1));
                    first.to_ascii_uppercase() + rest
                }
                _ => pair.instead.to_owned(),
            };
            if !instead.is_empty() && !help.contains(&instead) {
                help.push(instead);
            }
        }
        help.join(" ")
    }
}

impl<'a> Broken<'a> {
    fn of(space: &'a Space, pair: &'static Pair) -> Option<Self> {
        let beside = installed::installs(space, pair.beside, pair.beside_range, pair.brought)?;
        if pair.mended_by.iter().any(|name| installed::is_set(space, name)) {
            return None;
        }
        let moment = match pair.at {
            At::Build => None,
            At::Import(module) => {
                Some(fails_at(space, pair, |effect| uses(effect, module, Way::Imported))?)
            }
            At::Call(calls) => Some(fails_at(space, pair, |effect| calls_one(effect, calls))?),
            At::Launch { calls } => {
                let has = calls.is_empty()
                    || space.moments().any(|it| calls_one(&it.event.effect, calls));
                let launched = |effect: &Effect| matches!(effect, Effect::Serve(serve) if serve.how == Served::Launched);
                Some(fails_at(space, pair, launched).filter(|_| has)?)
            }
        };
        Some(Self { pair, beside, moment })
    }
}

/// The requirement that mends `pair` and whatever else in `broken` fails beside the same package; none where
/// pip gives up over it, beside what else the text asks for.
fn mend(space: &Space, pair: &Pair, broken: &[&'static Pair]) -> Option<&'static str> {
    let mended = || {
        let same = broken.iter().filter(|it| it.beside == pair.beside);
        same.filter(|it| !it.mend.is_empty())
    };
    let mend = mended()
        .map(|it| it.mend)
        .find(|mend| mended().all(|it| !lets_in(mend, it.beside_range)))?;
    let is_refused = drift::pairs().iter().any(|it| {
        let is_built = it.at == At::Build && it.beside == pair.beside;
        is_built
            && lets_in(mend, it.beside_range)
            && installed::installs(space, it.package, it.range, false)
                .is_some_and(|installed| installed.today.is_none())
    });
    (!is_refused).then_some(mend)
}

/// Whether pip takes a version in `range` where `requirement` is asked for.
fn lets_in(requirement: &str, range: &str) -> bool {
    let asked = requirement.trim_start_matches(|sign: char| !"<>=!~".contains(sign));
    match (VersionSpecifiers::from_str(asked), VersionSpecifiers::from_str(range)) {
        (Ok(asked), Ok(range)) => Allowed::newest_of(&asked, &range) != Allowed::Never,
        _ => true,
    }
}

/// The first moment that fails because of `pair`.
fn fails_at<'a>(space: &'a Space, pair: &Pair, is: impl Fn(&Effect) -> bool) -> Option<Moment<'a>> {
    space.moments().find(|it| is(&it.event.effect) && !installed::is_met(it, pair.error))
}

fn uses(effect: &Effect, name: &str, way: Way) -> bool {
    matches!(effect, Effect::UseName(it) if it.name == name && it.way == way)
}

fn calls_one(effect: &Effect, calls: &[&str]) -> bool {
    calls.iter().any(|call| uses(effect, call, Way::Called))
}

/// `a`, `b` and `c`, in quotes.
fn listed(items: &[&str]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("`{item}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
