//! What the rules about the worker of a GPU function share: which functions lead to what it does, and
//! how often that is done. It knows nothing of what is worth a finding.

use std::collections::BTreeMap;
use std::sync::Arc;

use spacelint_python::{Certainty, Function, Place, Root};
use spacelint_space::{Moment, Phase, Role, Space};

use crate::duration::{Caller, callers};
use crate::finding::{Finding, Location};

/// How many GPU functions are shown that lead to one place.
const MAX_FUNCTIONS: usize = 4;

/// Something that is done at one place while visitors' calls hold the GPU.
pub(super) struct Deed<'a, T> {
    /// What is done.
    pub(super) what: T,
    /// Whether a worker does it in one of its calls alone.
    pub(super) kept: bool,
    /// The first time in each GPU function that leads there, in order; at least one.
    times: Vec<(Moment<'a>, &'a Arc<Function>)>,
}

/// What visitors' calls do in a worker, as far as `pick` takes it, by place and in order.
pub(super) fn deeds<'a, T>(
    space: &'a Space,
    mut pick: impl FnMut(&Moment<'a>) -> Option<T>,
) -> Vec<Deed<'a, T>> {
    let callers = callers(space);
    let mut deeds: Vec<Deed<'a, T>> = Vec::new();
    let mut known: BTreeMap<Place, usize> = BTreeMap::new();
    for moment in space.moments().filter(|moment| moment.phase == Phase::Gpu) {
        let Some(function) = gpu_function(&moment) else { continue };
        if callers.get(&function.place()) == Some(&Caller::Startup) {
            continue;
        }
        let Some(what) = pick(&moment) else { continue };
        let index = *known.entry(moment.place()).or_insert(deeds.len());
        if index == deeds.len() {
            deeds.push(Deed { what, kept: false, times: Vec::new() });
        }
        let deed = &mut deeds[index];
        // A worker serves one GPU function after another.
        deed.kept |= moment.is_kept();
        if !deed.times.iter().any(|(_, other)| other.place() == function.place()) {
            deed.times.push((moment, function));
        }
    }
    deeds
}

impl<'a, T> Deed<'a, T> {
    /// The first time.
    pub(super) fn moment(&self) -> &Moment<'a> {
        &self.times[0].0
    }

    /// Whose calls or workers these are, as what follows "of": "`draw` and 2 more GPU functions".
    pub(super) fn functions(&self) -> String {
        let names: Vec<String> =
            self.times.iter().map(|(_, function)| format!("`{}`", name(function))).collect();
        match &*names {
            [] => String::new(),
            [one] => one.clone(),
            [one, two] => format!("{one} and {two}"),
            [one, more @ ..] => format!("{one} and {} more GPU functions", more.len()),
        }
    }

    /// The first of the GPU functions that lead there.
    pub(super) fn first_function(&self) -> &'a Arc<Function> {
        self.times[0].1
    }

    /// "each call of `draw` that gets here"
    pub(super) fn each_call(&self) -> String {
        let functions = self.functions();
        match self.moment().certainty() {
            Certainty::Always => format!("each call of {functions}"),
            Certainty::Sometimes => format!("each call of {functions} that gets here"),
        }
    }

    /// How often it is done: "each call of `draw` that gets here", "each fresh worker of `draw`".
    pub(super) fn each(&self) -> String {
        if self.kept {
            return format!("each fresh worker of {}", self.functions());
        }
        self.each_call()
    }

    /// Adds the GPU functions, and the calls that lead from each to where it is done.
    pub(super) fn related(&self, mut finding: Finding) -> Finding {
        for (index, (moment, function)) in self.times.iter().take(MAX_FUNCTIONS).enumerate() {
            let trace = moment.trace();
            let message = format!("`{}` is a GPU function", name(function));
            finding = finding.related(Location::of(trace, function.place()), message);
            if index == 0 {
                finding = finding.chain(moment);
            } else if let Some(stop) =
                moment.chain().into_iter().find(|stop| function.def.span.contains(stop.place.span))
            {
                finding = finding.related(Location::of(trace, stop.place), "leads there too");
            }
        }
        finding.certainty(self.moment().certainty())
    }
}

/// The GPU function in whose worker that happens.
pub(crate) fn gpu_function<'a>(moment: &Moment<'a>) -> Option<&'a Arc<Function>> {
    let roots = moment.trace().roots();
    let root = |index: usize| -> &'a Root<Role> { &roots[index] };
    let mut handed_over =
        std::iter::successors(moment.event.root, |index| root(*index).parent).map(root);
    handed_over.find(|root| root.role == Role::Gpu)?.function()
}

/// What a function is called within the one around it.
pub(super) fn name(function: &Function) -> &str {
    if &*function.def.name == "<lambda>" {
        return "lambda";
    }
    function.qualname.rsplit("<locals>.").next().unwrap_or(&function.qualname)
}

/// A dotted name without what comes before its class or before a method of something: `Image.open`,
/// `load_lora_weights`, and `transformers.pipeline`.
pub(super) fn short(path: &str) -> &str {
    let is_class = |part: &str| part.starts_with(char::is_uppercase);
    let Some((before, last)) = path.rsplit_once('.') else { return path };
    match before.rsplit_once('.') {
        None => path,
        Some((_, class)) if is_class(class) => &path[path.len() - class.len() - 1 - last.len()..],
        Some(_) => last,
    }
}
