//! Which versions a Space gets when it is built today: what its text asks for and, where that leaves
//! it open, what knowledge says is newest. Where something that nobody knows might hold pip back,
//! there is no answer: a finding must not rest on a guess.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use spacelint_knowledge::drift::{self, Held};
use spacelint_python::Guard;
use spacelint_space::effect::{Effect, Way};
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::{LineKind, Requirement, Requirements};
use spacelint_space::{Moment, Space, is_of_version};

use crate::finding::Finding;
use crate::versions;
use crate::zerogpu::is_survived;

/// A version that is installed.
#[derive(Clone, Copy)]
pub(crate) struct Installed<'a> {
    /// What asks for it; none if nothing does by name.
    pub(crate) requirement: Option<&'a Requirement>,
    /// Today's version, where the text leaves it open.
    pub(crate) today: Option<&'static str>,
    package: &'static str,
    /// The card's Python, where that is what is asked about.
    python: Option<&'a Version>,
}

impl Installed<'_> {
    /// As a message says it: `Gradio 6.31.0`, `numpy as it comes unpinned today (…)`. What else is
    /// installed may ask for a version somewhat older than the newest.
    pub(crate) fn said(&self) -> String {
        let name = shown(self.package);
        match (self.today, self.requirement, self.python) {
            (Some(today), ..) => {
                let day = drift::latest().as_of;
                format!("{name} as it comes unpinned today ({today} or near it, {day})")
            }
            (None, Some(requirement), _) => format!("{name} {}", versions::asked(requirement)),
            (None, None, Some(python)) => format!("{name} {python}"),
            (None, None, None) => name.to_owned(),
        }
    }
}

/// A package by the name that people write.
pub(crate) fn shown(package: &str) -> &str {
    match package {
        "gradio" => "Gradio",
        drift::PYTHON => "Python",
        other => other,
    }
}

/// The version of `package` that the Space surely gets, if it lies in `range`. With `brought` it comes
/// with something else, asked for or not.
pub(crate) fn installs<'a>(
    space: &'a Space,
    package: &'static str,
    range: &str,
    brought: bool,
) -> Option<Installed<'a>> {
    // Most are asked for by nothing: then the range need not be read.
    let is_asked_for = brought || ["gradio", drift::PYTHON].contains(&package);
    if !is_asked_for && !space.pins().contains(package) {
        return None;
    }
    let range = VersionSpecifiers::from_str(range).ok()?;
    let sdk = space.card.as_ref().and_then(|card| card.str("sdk"));
    if sdk.is_some_and(|sdk| sdk != "gradio") {
        return None;
    }
    if package == drift::PYTHON {
        let python = space.pins().environment().python.as_ref()?;
        let python = range.contains(python).then_some(python)?;
        return Some(Installed { requirement: None, today: None, package, python: Some(python) });
    }
    if installs_at_runtime(space, Some(package)) {
        return None;
    }
    let requirement = match package {
        "gradio" => versions::deciding(space),
        other => space.pins().get(other),
    };
    let found = |today| Some(Installed { requirement, today, package, python: None });
    if let Some(card) = versions::of_card(space).filter(|_| package == "gradio") {
        let version = card.exact()?;
        // Where the requirements want another one there is no build, and no version.
        let agrees = |other: &Requirement| {
            other.specifiers.as_ref().is_none_or(|asked| asked.contains(version))
        };
        let is_settled = space.pins().all(package).all(agrees);
        return (is_settled && range.contains(version)).then(|| found(None)).flatten();
    }
    match space.pins().allows(package, &range) {
        Some(Allowed::Always) => return found(None),
        Some(Allowed::Sometimes) => {}
        None if brought || (package == "gradio" && sdk.is_some()) => {}
        Some(Allowed::Never) | None => return None,
    }
    let newest = space.pins().newest_is(package, &range);
    let latest = drift::latest_of(package)?;
    let version = Version::from_str(latest).ok()?;
    let open = newest != Some(Allowed::Never)
        && newest != Some(Allowed::Sometimes)
        && range.contains(&version)
        && is_modern(space)
        && !holds_back(space, package, &range);
    open.then(|| found(Some(latest))).flatten()
}

/// Whether the Python is not one that newer versions have left behind.
fn is_modern(space: &Space) -> bool {
    let oldest = Version::from_str(drift::latest().python);
    match (&space.pins().environment().python, oldest) {
        (Some(python), Ok(oldest)) => *python >= oldest,
        (None, _) => true,
        (_, Err(_)) => false,
    }
}

/// Whether something that is installed beside `package` keeps it out of `range`, or might.
fn holds_back(space: &Space, package: &str, range: &VersionSpecifiers) -> bool {
    let unclear = space.requirements.iter().any(is_unclear);
    unclear
        || installs_at_runtime(space, None)
        || space.pins().iter().any(|other| {
            other.name != package && {
                let held = drift::held_by(&other.name);
                held.is_none_or(|mut held| {
                    held.any(|held| held.other == package && excludes(space, other, held, range))
                })
            }
        })
}

/// Whether what `held` says of `other` keeps the package out of `range`.
fn excludes(space: &Space, other: &Requirement, held: &Held, range: &VersionSpecifiers) -> bool {
    let Ok(of) = VersionSpecifiers::from_str(held.range) else { return true };
    let applies = match (&other.url, held.range) {
        (_, "") => true,
        (Some(_), _) => return true,
        _ => space.pins().newest_is(&other.name, &of) != Some(Allowed::Never),
    };
    let Ok(within) = VersionSpecifiers::from_str(held.within) else { return true };
    applies && Allowed::newest_of(&within, range) != Allowed::Always
}

/// Whether one of `packages` is installed, asked for or brought by something of which nobody knows
/// what it brings.
pub(crate) fn may_come(space: &Space, packages: &[&str]) -> bool {
    let known = |other: &Requirement| drift::held_by(&other.name).is_some();
    packages.iter().any(|package| space.pins().contains(package))
        || (!packages.is_empty()
            && (space.requirements.iter().any(is_unclear)
                || installs_at_runtime(space, None)
                || !space.pins().iter().all(known)))
}

/// Whether the file asks for something that only pip knows.
pub(crate) fn is_unclear(file: &Requirements) -> bool {
    file.included.iter().any(is_unclear)
        || file.lines.iter().any(|line| match &line.kind {
            LineKind::Url { requirement, .. } => requirement.is_none(),
            LineKind::Path { .. } | LineKind::Variable | LineKind::Invalid { .. } => true,
            LineKind::Options(options) => options.iter().any(|option| {
                matches!(&*option.name, "--constraint" | "--index-url" | "--no-index")
            }),
            LineKind::Requirement(_) | LineKind::Comment => false,
        })
}

/// Whether the program itself installs `package` or, without one, anything. A command that is not
/// settled may.
pub(crate) fn installs_at_runtime(space: &Space, package: Option<&str>) -> bool {
    space.moments().any(|moment| match &moment.event.effect {
        Effect::RunCommand(command) => match (&command.command, package) {
            (None, package) => package.is_none(),
            (Some(command), package) => {
                let text = format!("{command:?}").replace('_', "-");
                text.contains("install") && package.is_none_or(|package| text.contains(package))
            }
        },
        _ => false,
    })
}

/// Whether the program itself sets `name`, to help an older or a newer version along.
pub(crate) fn is_set(space: &Space, name: &str) -> bool {
    space.moments().any(|moment| {
        matches!(&moment.event.effect, Effect::UseName(it) if it.name == name && it.way == Way::Set)
    })
}

/// Whether the program lives with what `error` (a class and its text) does here, or looks first which
/// version there is.
pub(crate) fn is_met(moment: &Moment<'_>, error: &str) -> bool {
    let class = error.split(':').next().unwrap_or(error);
    let asks = |guard: &Guard| match guard {
        Guard::Condition { test, .. } | Guard::Passed { test, .. } => is_of_version(test),
        _ => false,
    };
    let parent = if class == "ModuleNotFoundError" { "ImportError" } else { class };
    is_survived(moment, class) || is_survived(moment, parent) || moment.guards().any(asks)
}

/// What comes of a failure there.
pub(crate) fn so(moment: &Moment<'_>) -> &'static str {
    match moment.event.root {
        None => "the Space does not start",
        Some(_) => "whoever calls it gets an error",
    }
}

/// Why a version that nothing pins is not sure.
pub(crate) const UNPINNED: &str =
    "This depends on the versions that pip takes on the day of the build.";

impl Finding {
    /// Says how sure it is that this happens at `moment`, with the versions of `installed`.
    #[must_use]
    pub(crate) fn certainty_with(self, moment: &Moment<'_>, installed: &Installed<'_>) -> Self {
        match installed.today {
            Some(_) => self.doubtful(UNPINNED),
            None => self.certainty(moment.certainty()),
        }
    }
}
