//! How much memory the models of a Space take, as far as its text and knowledge tell.
//!
//! A size follows from a repository's parameters and the type they are read into. Either may be known
//! in bounds only, and a rule asks for the bound that makes it silent: [`all`] says what the weights
//! take at the most and nothing where one of them is not known, [`placed`] what start-up puts on CUDA
//! at the least. What a call needs beside weights is left to [`models::estimate`].

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use spacelint_knowledge::models::{self, Dtype, Model};
use spacelint_python::{Certainty, External, Value};
use spacelint_space::effect::{Effect, ModelLoad};
use spacelint_space::{Allowed, Moment, Phase, Space};

/// The weights that one load reads.
pub(super) struct Weights<'a> {
    /// The load.
    pub(super) moment: Moment<'a>,
    id: &'a str,
    /// Parameters, in billions. None are read where all is handed to the load.
    billions: f64,
    /// Whether that is only what the repository's name tells.
    from_name: bool,
    /// Bytes per parameter, at the least and at the most.
    bytes: (f64, f64),
}

/// All weights that a Space reads at some time.
pub(super) struct Estimate<'a> {
    pub(super) weights: Vec<Weights<'a>>,
    adapters: usize,
}

impl Weights<'_> {
    /// What they take, in GB, by the numbers that [`says`](Self::says) shows.
    pub(super) fn gb(&self) -> f64 {
        self.billions * self.bytes.1
    }

    /// What they take at the least, in GB.
    pub(super) fn at_least(&self) -> f64 {
        let told = if self.from_name { models::estimate().name_least } else { 1.0 };
        self.billions * told * self.bytes.0
    }

    fn at_most(&self) -> f64 {
        let estimate = models::estimate();
        let more = (self.billions * estimate.name_most).min(self.billions + estimate.name_more);
        self.bytes.1 * if self.from_name { more } else { self.billions }
    }

    /// The estimate, in words.
    pub(super) fn says(&self) -> String {
        let Self { id, billions, bytes: (_, bytes), .. } = self;
        let basis = if self.from_name { " (by its name)" } else { "" };
        let (bytes, gb) = ((bytes * 100.0).round() / 100.0, self.gb());
        format!("`{id}`: {billions:.1} billion parameters{basis} × {bytes} bytes = {gb:.1} GB")
    }
}

impl Estimate<'_> {
    /// What the weights take, in GB.
    pub(super) fn gb(&self) -> f64 {
        self.weights.iter().map(Weights::gb).sum()
    }

    /// What weights and adapters take at the most, in GB.
    pub(super) fn at_most(&self) -> f64 {
        let adapters: f64 = (0..self.adapters).map(|_| models::estimate().adapter_gb).sum();
        self.weights.iter().map(Weights::at_most).sum::<f64>() + adapters
    }
}

/// All that the Space ever loads, at start-up and in calls; none if something is loaded, or moved to
/// CUDA at start-up, of which the size is not known.
pub(super) fn all(space: &Space) -> Option<Estimate<'_>> {
    let whole = space.trace().is_some_and(|trace| trace.exhausted().is_empty());
    let loads = Loads::of(space);
    let is_known = |moment: &Moment<'_>| match &moment.event.effect {
        Effect::TouchCuda(touch) if moment.event.root.is_none() => {
            touch.moved.as_ref().is_none_or(|it| loads.made(it).is_some())
        }
        // What is downloaded is there to be loaded in some way.
        Effect::Download(_) => false,
        _ => true,
    };
    if !whole || !space.moments().all(|moment| is_known(&moment)) {
        return None;
    }
    let mut estimate = Estimate { weights: Vec::new(), adapters: 0 };
    let mut seen = BTreeSet::new();
    for (moment, load) in &loads.all {
        // A function that several handlers call loads once, as far as one call is concerned.
        let again = !seen.insert((moment.place(), load.ids.first()));
        if again && moment.event.root.is_some() && load.part.is_none() {
            continue;
        }
        estimate.adapters += usize::from(load.adapter);
        if load.weights {
            estimate.weights.push(loads.weigh(space, *moment, load)?);
        }
    }
    estimate.weights.retain(|weights| weights.billions > 0.0);
    (!estimate.weights.is_empty()).then_some(estimate)
}

/// What every start-up puts on CUDA, of the weights whose size is known; nothing where they may be made
/// smaller before.
pub(super) fn placed(space: &Space) -> Vec<Weights<'_>> {
    if models::estimate().quantisers.iter().any(|package| space.pins().contains(package)) {
        return Vec::new();
    }
    let loads = Loads::of(space);
    let is_sure = |moment: &Moment<'_>| {
        moment.phase == Phase::Startup && moment.certainty() == Certainty::Always
    };
    let mut reached = Vec::new();
    for moment in space.moments().filter(is_sure) {
        match &moment.event.effect {
            Effect::TouchCuda(touch) if touch.sure => match &touch.moved {
                Some(moved) => reached.extend(loads.made(moved)),
                // The load itself puts it there.
                None => reached.extend(
                    (0..loads.all.len())
                        .filter(|index| loads.all[*index].0.place() == moment.place()),
                ),
            },
            _ => {}
        }
    }
    // What a load was handed moves with what it returned.
    let mut on_cuda = BTreeSet::new();
    while let Some(index) = reached.pop() {
        if on_cuda.insert(index) {
            let handed = &loads.all[index].1.arguments.items;
            reached.extend(handed.iter().filter_map(|argument| loads.source(&argument.value)));
        }
    }
    on_cuda
        .into_iter()
        .map(|index| &loads.all[index])
        .filter(|(moment, load)| load.weights && is_sure(moment))
        .filter_map(|(moment, load)| loads.weigh(space, *moment, load))
        .filter(|weights| weights.at_least() > 0.0)
        .collect()
}

/// Every load of a Space, in order.
struct Loads<'a> {
    all: Vec<(Moment<'a>, &'a ModelLoad)>,
}

impl<'a> Loads<'a> {
    fn of(space: &'a Space) -> Self {
        let load = |moment: Moment<'a>| match &moment.event.effect {
            Effect::LoadModel(load) => Some((moment, &**load)),
            _ => None,
        };
        Self { all: space.moments().filter_map(load).collect() }
    }

    /// The load that made a thing, or that of which it is an attribute, an item or a result.
    fn made(&self, thing: &External) -> Option<usize> {
        let mut thing = thing;
        loop {
            thing = match thing {
                External::Call { callee, arguments, .. } => {
                    let made = |(_, load): &(_, &ModelLoad)| {
                        std::sync::Arc::ptr_eq(&load.arguments, arguments)
                    };
                    if let Some(index) = self.all.iter().position(made) {
                        return Some(index);
                    }
                    callee
                }
                External::Attribute { of, .. }
                | External::Item { of, .. }
                | External::Present(of) => of,
                _ => return None,
            };
        }
    }

    fn source(&self, value: &Value) -> Option<usize> {
        value.as_external().and_then(|external| self.made(external))
    }

    /// What a load reads, if that is known.
    fn weigh(&self, space: &Space, moment: Moment<'a>, load: &'a ModelLoad) -> Option<Weights<'a>> {
        let weights = |id, billions, from_name, bytes| {
            Some(Weights { moment, id, billions, from_name, bytes })
        };
        if load.ids.is_empty()
            && load.arguments.items.iter().any(|argument| self.source(&argument.value).is_some())
        {
            // `pipeline("text-generation", model=model)` wraps what is there.
            return weights("", 0.0, false, (0.0, 0.0));
        }
        let [id] = &*load.ids else { return None };
        if load.open || !load.settled {
            return None;
        }
        if let Some(model) = models::model(id) {
            let bytes = bytes(space, load, id, Some(model));
            return weights(id, self.parts(load, model)?, false, bytes);
        }
        let package = package(load);
        let whole = matches!(load.part, None | Some(Value::None))
            && models::estimate().name_packages.binary_search(&package).is_ok();
        let billions = models::parameters_in_name(id).filter(|_| whole && is_repository(id))?;
        weights(id, billions, true, bytes(space, load, id, None))
    }

    /// Billions of parameters of the parts that are read: one that is handed to the load, or refused
    /// with `None`, is not.
    fn parts(&self, load: &ModelLoad, model: &Model) -> Option<f64> {
        match &load.part {
            None | Some(Value::None) => {}
            Some(part) => return model.part(part.as_str()?),
        }
        let read = model.parts.iter().map(|part| match load.arguments.keyword(part.name) {
            None => Some(part.billions),
            Some(given) if given.value == Value::None => Some(0.0),
            Some(given) => self.source(&given.value).map(|_| 0.0),
        });
        read.sum()
    }
}

fn package(load: &ModelLoad) -> &str {
    load.loader.split('.').next().unwrap_or_default()
}

/// Whether it is a repository's name rather than a path or an address.
fn is_repository(id: &str) -> bool {
    id.split('/').count() == 2 && !id.starts_with(['.', '/', '~'])
}

/// Bytes per parameter, at the least and at the most.
fn bytes(space: &Space, load: &ModelLoad, id: &str, model: Option<&Model>) -> (f64, f64) {
    let widest = Dtype::Float32.bytes();
    let (mut least, mut most) = (widest, 0.0_f64);
    for dtype in types(space, load, model.and_then(|model| model.dtype)) {
        least = least.min(dtype.map_or(0.0, Dtype::bytes));
        most = most.max(dtype.map_or(widest, Dtype::bytes));
    }
    // A later `half()` is not in the load.
    least = least.min(Dtype::Float16.bytes());
    let mut quantised = models::quantised_bytes_in_name(id);
    for argument in &load.quantisation {
        match quantisation(argument.name.as_deref(), &argument.value) {
            Quantisation::None => {}
            Quantisation::Bytes(bytes) => quantised = Some(bytes),
            Quantisation::Unknown => (least, most) = (0.0, widest),
        }
    }
    match quantised.filter(|bytes| *bytes < most) {
        Some(bytes) => {
            let left = (most - bytes) * models::estimate().unquantised_share;
            (least.min(bytes), bytes + left)
        }
        None => (least, most),
    }
}

/// The types that the weights may be read into; none for one that is not known.
fn types(space: &Space, load: &ModelLoad, stored: Option<Dtype>) -> Vec<Option<Dtype>> {
    if let Some(given) = load.dtype.as_ref().filter(|given| **given != Value::None) {
        let given = given.alternatives().iter().map(|given| match given {
            Value::Str(name) if &**name == "auto" => stored,
            Value::Str(name) => Dtype::from_name(name),
            Value::External(external) => external.name().and_then(Dtype::from_name),
            _ => None,
        });
        return given.collect();
    }
    let of_package = models::default_dtypes().iter().filter(|it| it.package == package(load));
    let may_be = of_package.filter(|default| {
        default.range.is_empty()
            || VersionSpecifiers::from_str(default.range).is_ok_and(|range| {
                space.pins().newest_is(default.package, &range) != Some(Allowed::Never)
            })
    });
    let types: Vec<_> = may_be.map(|default| default.dtype.or(stored)).collect();
    if types.is_empty() { vec![None] } else { types }
}

enum Quantisation {
    None,
    Bytes(f64),
    Unknown,
}

/// What `load_in_4bit=True`, or a configuration made with it, says.
fn quantisation(name: Option<&str>, value: &Value) -> Quantisation {
    match (value, name.and_then(models::quantised_bytes_in_name)) {
        (Value::None | Value::Bool(false), _) => Quantisation::None,
        (Value::Bool(true), Some(bytes)) => Quantisation::Bytes(bytes),
        (Value::External(external), None) => match &**external {
            External::Call { arguments, .. } => arguments
                .items
                .iter()
                .filter(|argument| argument.value == Value::Bool(true))
                .find_map(|argument| models::quantised_bytes_in_name(argument.name.as_deref()?))
                .map_or(Quantisation::Unknown, Quantisation::Bytes),
            _ => Quantisation::Unknown,
        },
        _ => Quantisation::Unknown,
    }
}

#[cfg(test)]
mod tests;
