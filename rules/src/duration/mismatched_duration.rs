use std::collections::BTreeSet;
use std::sync::Arc;

use spacelint_knowledge::effects;
use spacelint_python::syntax::{Name, ParamKind};
use spacelint_python::{Certainty, Function, Place, Root, Span, Value};
use spacelint_space::effect::Effect;
use spacelint_space::{Phase, Role, Space, injected};

use super::declared::{self, Declaration, Duration};
use super::illegal_duration::kind;
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// The function that computes the `duration` cannot take what a call is given, or returns no number.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py:159-168: `duration(*args, **kwargs)` in the main process, with exactly the call's arguments, then `timedelta(seconds=…)`; reproduced with a call by Gradio"
)]
#[rule(
    source = "gradio 6.31.0 and 4.44.1 helpers.py special_args: a function is passed every positional parameter by position, `gr.Progress` and `gr.Request` among them"
)]
pub(crate) struct MismatchedDuration<'a> {
    declaration: Declaration<'a>,
    computer: &'a Arc<Function>,
    fault: Fault<'a>,
    certainty: Certainty,
}

enum Fault<'a> {
    /// What a call is given does not fit the parameters.
    Misfit(Misfit, Caller),
    /// This is returned.
    Returns(&'a Value),
}

enum Misfit {
    TooMany { takes: usize, given: usize },
    Missing(Name),
    Unexpected(Name),
    Twice(Name),
}

/// Who calls the GPU function.
enum Caller {
    /// Gradio, which is told so here.
    Gradio(Place),
    /// The program itself, here.
    Program(Place),
}

/// What a call gives.
struct Given {
    positional: usize,
    keywords: Vec<Name>,
    /// Whether there may be more.
    open: bool,
}

/// A function with what it has been given already.
struct Bound<'a> {
    function: &'a Arc<Function>,
    positional: usize,
    keywords: Vec<Name>,
}

impl<'a> Check<'a> for MismatchedDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let found = declared::declarations(space).into_iter().filter_map(|declaration| {
            let value = &declaration.gpu.duration.as_ref()?.value;
            let computer = bound(value)?;
            let misfit =
                calls(space, &declaration).into_iter().find_map(|(given, caller, sure)| {
                    Some((Fault::Misfit(misfit(&computer, &given)?, caller), sure))
                });
            let (fault, certainty) = misfit.or_else(|| returns(&declaration))?;
            let certainty = certainty.min(declaration.certainty);
            let computer = computer.function;
            Some(Self { declaration, computer, fault, certainty })
        });
        found.filter(move |it| seen.insert(it.declaration.place)).collect::<Vec<_>>().into_iter()
    }

    fn finding(&self) -> Finding {
        let name = self.declaration.function.and_then(|function| declared::name(function));
        let of = name.map_or(String::new(), |name| format!(" of `{name}`"));
        let name = declared::name(self.computer);
        let computer = name.map_or("the function".to_owned(), |name| format!("`{name}`"));
        let (message, help) = match &self.fault {
            Fault::Misfit(misfit, caller) => {
                let by = match caller {
                    Caller::Gradio(_) => self.of_gradio(misfit),
                    Caller::Program(_) => String::new(),
                };
                (
                    format!(
                        "each call{of} raises a `TypeError` before it starts: {computer}, which computes \
                         its duration, {}{by}",
                        misfit.says()
                    ),
                    format!(
                        "It is called with exactly what the GPU function is: give {computer} the same \
                         parameters, defaults included, or let it take `*args, **kwargs` as well."
                    ),
                )
            }
            Fault::Returns(value) => {
                let (call, so) = match self.certainty {
                    Certainty::Always => ("each call", ":"),
                    Certainty::Sometimes => ("a call", " where"),
                };
                (
                    format!(
                        "{call}{of} raises a `TypeError` before it starts{so} {computer}, which computes \
                         its duration, returns {}, not a number",
                        kind(value)
                    ),
                    "Return a number of seconds, or a `timedelta`.".to_owned(),
                )
            }
        };
        let trace = self.declaration.trace;
        let mut finding = Self::at(Location::of(trace, self.declaration.place), message);
        if let Fault::Misfit(_, Caller::Gradio(place) | Caller::Program(place)) = &self.fault {
            let words = match self.fault {
                Fault::Misfit(_, Caller::Gradio(_)) => "Gradio is told to call it here",
                _ => "it is called here",
            };
            finding = finding.related(Location::of(trace, *place), words);
        }
        let finding = declared::computed_by(finding, trace, self.declaration.place, self.computer);
        finding.certainty(self.certainty).help(help)
    }

    fn fix(&self) -> Option<Fix> {
        let Fault::Misfit(Misfit::TooMany { .. } | Misfit::Unexpected(_), _) = &self.fault else {
            return None;
        };
        // What it takes already must be what it is given there.
        let params = &self.computer.def.params;
        let own = &self.declaration.function?.def.params;
        let own = own.iter().skip(usize::from(is_method(&self.declaration.gpu.callable)));
        let same = params.len() <= own.len()
            && params.iter().zip(own).all(|(param, own)| {
                param.kind == ParamKind::Normal
                    && param.name == own.name
                    && !matches!(&*param.name, "args" | "kwargs")
            });
        let value = &self.declaration.gpu.duration.as_ref()?.value;
        if !same || !matches!(value, Value::Function(_)) {
            return None;
        }
        let file = self.declaration.trace.file(self.computer.file);
        let (at, before) = match params.last() {
            Some(last) => (last.span.end, ", "),
            None if &*self.computer.def.name == "<lambda>" => {
                (self.computer.def.span.start + "lambda".len() as u32, " ")
            }
            None => {
                let name = self.computer.def.name_span.end;
                let after = Span { start: name, end: name + 1 };
                (file.text.slice(after) == "(").then_some((name + 1, ""))?
            }
        };
        let edit = Edit::insert(file, at, format!("{before}*args, **kwargs"));
        Some(Fix::safe("take whatever else a call is given", vec![edit]))
    }
}

impl MismatchedDuration<'_> {
    /// What Gradio has to do with it: it passes what no input stands for.
    fn of_gradio(&self, misfit: &Misfit) -> String {
        let (Misfit::TooMany { takes, .. }, Some(function)) = (misfit, self.declaration.function)
        else {
            return String::new();
        };
        let first = *takes + usize::from(is_method(&self.declaration.gpu.callable));
        let names = function.def.params.iter().enumerate().skip(first);
        let by_itself: Vec<String> = names
            .filter(|(index, _)| injected(function, *index).is_some())
            .map(|(_, param)| format!("`{}`", param.name))
            .collect();
        match &*by_itself {
            [] => String::new(),
            names => format!(": Gradio passes {} as well", names.join(" and ")),
        }
    }
}

impl Misfit {
    fn says(&self) -> String {
        match self {
            Self::TooMany { takes, given } => {
                let takes = match takes {
                    0 => "no argument".to_owned(),
                    1 => "1 argument".to_owned(),
                    more => format!("{more} arguments"),
                };
                format!("takes {takes} and is given {given}")
            }
            Self::Missing(name) => format!("is not given its parameter `{name}`"),
            Self::Unexpected(name) => format!("is given `{name}=`, which it does not take"),
            Self::Twice(name) => format!("is given its parameter `{name}` twice"),
        }
    }
}

/// What is called in the end when this is, and what that has already.
fn bound(value: &Value) -> Option<Bound<'_>> {
    match value {
        Value::Function(function) => Some(Bound { function, positional: 0, keywords: Vec::new() }),
        Value::Method(function, _) => Some(Bound { function, positional: 1, keywords: Vec::new() }),
        Value::Cached(cached) => bound(&cached.inner),
        Value::Partial(partial) if !partial.arguments.open => {
            let mut inner = bound(&partial.callee)?;
            for argument in &partial.arguments.items {
                match &argument.name {
                    Some(name) => inner.keywords.push(Arc::clone(name)),
                    None => inner.positional += 1,
                }
            }
            Some(inner)
        }
        _ => None,
    }
}

fn is_method(value: &Value) -> bool {
    matches!(value, Value::Method(..))
}

/// How the GPU function is called, by whom, and how surely.
fn calls(space: &Space, declaration: &Declaration<'_>) -> Vec<(Given, Caller, Certainty)> {
    let Some(function) = declaration.function else { return Vec::new() };
    let callable = &declaration.gpu.callable;
    // A method gets what it is bound to by whoever calls it, unless it was bound before.
    let own = usize::from(!is_method(callable));
    let mut calls = Vec::new();
    for root in declaration.trace.roots() {
        let plain = matches!(callable, Value::Function(_) | Value::Method(..));
        if root.function() == Some(function) && plain && is_of_gradio(root) {
            let by_position = |kind| matches!(kind, ParamKind::PositionalOnly | ParamKind::Normal);
            let params = &function.def.params;
            let count = params.iter().filter(|param| by_position(param.kind)).count();
            let open = params.iter().any(|param| param.kind == ParamKind::VarPositional);
            let positional = count.saturating_sub(1 - own);
            let given = Given { positional, keywords: Vec::new(), open };
            calls.push((given, Caller::Gradio(root.place), root.certainty));
        }
    }
    for moment in space.moments() {
        let Effect::CallGpu(call) = &moment.event.effect else { continue };
        // In the worker it is merely run.
        let runs = moment.phase == Phase::Gpu || call.function() != Some(function);
        if runs || call.arguments.open {
            continue;
        }
        let items = &call.arguments.items;
        let positional = items.iter().filter(|argument| argument.name.is_none()).count();
        let receiver = usize::from(is_method(&call.callable)) * own;
        let keywords = items.iter().filter_map(|argument| argument.name.clone()).collect();
        let given = Given { positional: positional + receiver, keywords, open: false };
        calls.push((given, Caller::Program(moment.place()), moment.certainty()));
    }
    calls
}

/// Whether Gradio calls the GPU function itself, and not a function that it is made of.
fn is_of_gradio(root: &Root<Role>) -> bool {
    use effects::Role::{Event, Example, Render};
    let is_gpu = |mut value: &Value| loop {
        value = match value {
            Value::Cached(cached) => &cached.inner,
            value => return matches!(value, Value::Wrapped(_)),
        };
    };
    matches!(root.role, Role::Request(Event | Example | Render)) && is_gpu(&root.callable)
}

/// How a call's arguments do not fit, as CPython would find it.
fn misfit(computer: &Bound<'_>, given: &Given) -> Option<Misfit> {
    let params = &computer.function.def.params;
    let has = |kind| params.iter().any(|param| param.kind == kind);
    let by_position = params
        .iter()
        .filter(|param| matches!(param.kind, ParamKind::PositionalOnly | ParamKind::Normal))
        .count();
    let total = computer.positional + given.positional;
    if total > by_position && !has(ParamKind::VarPositional) {
        let takes = by_position.saturating_sub(computer.positional);
        return Some(Misfit::TooMany { takes, given: given.positional });
    }
    for keyword in &given.keywords {
        let param = params.iter().position(|param| {
            param.name == *keyword
                && matches!(param.kind, ParamKind::Normal | ParamKind::KeywordOnly)
        });
        match param {
            Some(index) if params[index].kind == ParamKind::Normal && index < total => {
                return Some(Misfit::Twice(Arc::clone(keyword)));
            }
            None if !has(ParamKind::VarKeyword) => {
                return Some(Misfit::Unexpected(Arc::clone(keyword)));
            }
            _ => {}
        }
    }
    let missing = params.iter().enumerate().find(|(index, param)| {
        let by_position = matches!(param.kind, ParamKind::PositionalOnly | ParamKind::Normal);
        let wanted =
            param.default.is_none() && (by_position || param.kind == ParamKind::KeywordOnly);
        let placed = by_position && (*index < total || given.open);
        let named = given.keywords.iter().chain(&computer.keywords).any(|name| *name == param.name);
        wanted && !placed && !named
    });
    missing.map(|(_, param)| Misfit::Missing(Arc::clone(&param.name)))
}

/// What is returned that is no number, and whether it always is.
fn returns<'a>(declaration: &Declaration<'a>) -> Option<(Fault<'a>, Certainty)> {
    let readings = || declaration.readings.iter().filter(|reading| reading.computed.is_some());
    let no_number = |duration| matches!(duration, Duration::NoNumber(_));
    let value = readings().find_map(|reading| match reading.duration {
        Duration::NoNumber(value) => Some(value),
        _ => None,
    })?;
    let always = declaration.readings.iter().all(|reading| no_number(reading.duration));
    let certainty = if always { Certainty::Always } else { Certainty::Sometimes };
    Some((Fault::Returns(value), certainty))
}
