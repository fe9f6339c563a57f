//! From a fit to the function that is declared: the limit of a call with such arguments.

use spacelint_knowledge::platform::Backing;
use spacelint_knowledge::quota;
use spacelint_space::profile::{Callable, DefaultValue, Method, Parameter, ParameterKind};

use super::{Known, MARGIN, Study, fit, float_of, tolerance};
use crate::recording::FunctionName;

/// It is worth its lines if the calls that were driven book no more than this with it, over what they book with one
/// number: a fifth less.
const WORTH: f64 = 0.8;

/// A callable, and what is said of it.
pub(super) struct Built {
    pub(super) callable: Callable,
    /// For the most expensive call.
    pub(super) target: i64,
    /// More than enough for that call.
    pub(super) upper: i64,
    /// How many calls the limit rests on: all, or those that were not fitted to.
    pub(super) calls: usize,
    pub(super) method: Method,
}

/// The callable for these calls, if the arguments drive their time and it is worth while beside `number`, which
/// could be declared for all. Not with a call that was stopped: where its time would have led is not known.
pub(super) fn build(
    study: &Study,
    function: &FunctionName,
    known: &Known,
    number: i64,
) -> Option<Built> {
    if study.quantities.is_empty() || !study.stopped.is_empty() {
        return None;
    }
    let fit::Judged { fit, ratios } =
        fit::judge(&study.quantities, &study.seconds, tolerance::fewest_for_rank())?;
    let limit = tolerance::limit_of_ratios(&ratios, 0, fit.numbers())?;
    let factor = Backing::current().time_factor(study.size);
    // The client rounds what is declared times the factor, which may take half a second away.
    let rounding = if factor.fract() == 0.0 { 0.0 } else { 0.5 / MARGIN };
    let (measured, mut terms) = fit.terms(&study.quantities);
    for term in &mut terms {
        term.coefficient = up(term.coefficient);
    }
    let callable = Callable {
        name: name(function),
        parameters: match &known.parameters {
            Some(parameters) => parameters.clone(),
            None => seen_parameters(study),
        },
        measured,
        terms,
        fixed: up(fit.fixed + (study.cold_seconds + rounding) / limit.value),
        multiplier: up(limit.value * MARGIN / factor),
    };
    callable.verify().ok()?;

    let declared = |call: usize| callable.seconds(|it| fit::measure(study.done[call], it));
    let booked = |declared| float_of(quota::booked(declared, study.size));
    let all = 0..study.done.len();
    let with_it: f64 = all.clone().map(|call| booked(declared(call))).sum();
    let with_number = booked(number) * super::float(study.done.len());
    if with_it > WORTH * with_number {
        return None;
    }
    let target = all.clone().map(declared).max()?;
    let largest = all.map(|call| fit.at(&study.quantities, call)).fold(0.0, f64::max);
    let upper = study.upper(target, largest * limit.ample);
    let method = match limit.method {
        Method::OrderStatistic => Method::Conformal,
        other => other,
    };
    Some(Built { callable, target, upper, calls: ratios.len(), method })
}

/// Four digits of a number, never less than it: an author is to read them.
fn up(value: f64) -> f64 {
    if !value.is_normal() || value < 0.0 {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the exponent of a float")]
    let scale = 10_f64.powi(value.log10().floor() as i32 - 3);
    // A power of ten below one is no float; its reciprocal is.
    if scale < 1.0 {
        (value * scale.recip().round()).ceil() / scale.recip().round()
    } else {
        (value / scale).ceil() * scale
    }
}

/// What the callable is called.
fn name(function: &FunctionName) -> String {
    let own = function.name.rsplit('.').next().unwrap_or_default();
    // A lambda is called `<lambda>`.
    let own: String = own.chars().filter(|it| it.is_alphanumeric() || *it == '_').collect();
    format!("{own}_duration")
}

/// The parameters that the calls show. Which may be left out they do not, so all of them may; and whatever else
/// there is, is taken and not looked at.
fn seen_parameters(study: &Study) -> Vec<Parameter> {
    let mut kind = ParameterKind::Normal;
    let mut parameters = Vec::new();
    for (name, _) in study.done.first().into_iter().flat_map(|call| &call.arguments) {
        let (stars, bare) = match (name.strip_prefix("**"), name.strip_prefix('*')) {
            (Some(bare), _) => (2, bare),
            (None, Some(bare)) => (1, bare),
            (None, None) => (0, name.as_str()),
        };
        let own = match stars {
            0 => kind,
            1 => ParameterKind::VarPositional,
            _ => ParameterKind::VarKeyword,
        };
        if own == ParameterKind::VarPositional {
            kind = ParameterKind::KeywordOnly;
        }
        let default = (stars == 0).then_some(DefaultValue::Other);
        parameters.push(Parameter { name: bare.to_owned(), kind: own, default });
    }
    for (kind, name) in
        [(ParameterKind::VarPositional, "args"), (ParameterKind::VarKeyword, "kwargs")]
    {
        if parameters.iter().any(|it| it.kind == kind) {
            continue;
        }
        let mut name = name.to_owned();
        while parameters.iter().any(|it| it.name == name) {
            name.push('_');
        }
        // In the order that Python asks for.
        let place = parameters.iter().position(|it| it.kind > kind).unwrap_or(parameters.len());
        parameters.insert(place, Parameter { name, kind, default: None });
    }
    parameters
}
