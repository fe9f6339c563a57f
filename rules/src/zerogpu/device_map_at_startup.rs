use std::collections::BTreeSet;

use pep440_rs::VersionSpecifiers;
use spacelint_knowledge::effects::{self, Condition};
use spacelint_python::Place;
use spacelint_space::effect::{Effect, ModelLoad};
use spacelint_space::pins::Allowed;
use spacelint_space::{Moment, Phase, Space};

use super::is_survived;
use crate::finding::Finding;
use crate::installed;
use crate::rule::{Check, Rule};

/// Start-up loads a model with `device_map`, which new transformers do in threads without CUDA.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "transformers 5.23.0 core_model_loading.py:1725: a thread pool, unless HF_DEACTIVATE_ASYNC_LOAD is set; spaces 0.51.3: the emulation is thread-local; reproduced, torch 2.8"
)]
pub(crate) struct DeviceMapAtStartup<'a> {
    moment: Moment<'a>,
    load: &'a ModelLoad,
    /// Whether every version that the requirements allow does it.
    sure: bool,
}

impl<'a> Check<'a> for DeviceMapAtStartup<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let is_asked = |moment: Moment<'_>| match &moment.event.effect {
            Effect::LoadModel(load) => spreads(load),
            _ => false,
        };
        let version = space.moments().any(is_asked).then(|| version(space)).flatten();
        let version = version.filter(|_| !is_switched_off(space));
        let places = move |moment: &Moment<'_>| match &moment.event.effect {
            Effect::TouchCuda(touch) => {
                moment.phase == Phase::Startup && touch.sure && version.is_some()
            }
            _ => false,
        };
        // Where a load puts something on CUDA.
        let on_cuda: BTreeSet<Place> =
            space.moments().filter(places).map(|moment| moment.place()).collect();
        space.moments().filter(|moment| moment.spaces().is_some()).filter_map(move |moment| {
            let Effect::LoadModel(load) = &moment.event.effect else { return None };
            let sure = version? == Allowed::Always;
            let is_threaded = moment.phase == Phase::Startup
                && spreads(load)
                && on_cuda.contains(&moment.place())
                && !is_survived(&moment, "RuntimeError");
            (is_threaded && seen.insert(moment.place())).then_some(Self { moment, load, sure })
        })
    }

    fn finding(&self) -> Finding {
        let Condition { package, range, .. } = effects::async_loading().condition;
        let when = if self.sure {
            String::new()
        } else {
            format!(" in {package} {range}, which nothing here rules out")
        };
        let message = format!(
            "`{}` with `device_map` puts the weights on CUDA in threads of its own{when}: `spaces` \
             emulates CUDA only in the thread that imported it, so this raises a `RuntimeError`, and the \
             Space does not start",
            self.load.loader
        );
        let finding = Self::at(&self.moment, message);
        let finding = if self.sure {
            finding.certainty(self.moment.certainty())
        } else {
            finding.doubtful(installed::UNPINNED)
        };
        finding
            .chain(&self.moment)
            .help("Leave `device_map` out and write `.to(\"cuda\")` after the load.")
    }
}

/// Whether this is a load that new versions do in threads.
fn spreads(load: &ModelLoad) -> bool {
    load.weights
        && load.quantisation.is_empty()
        && load.arguments.keyword("device_map").is_some()
        && effects::async_loading().is_of(&load.loader)
}

/// How surely the Space gets a version that loads in threads.
fn version(space: &Space) -> Option<Allowed> {
    let Condition { package, range, .. } = effects::async_loading().condition;
    let range: VersionSpecifiers = range.parse().ok()?;
    match space.pins().newest_is(package, &range)? {
        Allowed::Always => space.pins().allows(package, &range),
        Allowed::Never | Allowed::Sometimes => None,
    }
}

/// Whether the program, in any way, sets the variable that makes it load in one thread.
fn is_switched_off(space: &Space) -> bool {
    space.moments().any(|moment| match &moment.event.effect {
        Effect::SetEnv(set) => {
            set.name.as_deref().is_none_or(|name| name == effects::async_loading().switch)
        }
        _ => false,
    })
}
