//! From the calls of a recording to the duration that each GPU function should declare.
//!
//! Pure functions of what was recorded: nothing is read, asked or printed here. Whether seconds of this machine hold
//! on the platform is not asked either: the profile says what it was measured on, and who reads it decides. Where it is told
//! by what they are multiplied there, it is done first, and what follows is of the platform.
//!
//! - Only calls that ended well tell what a call needs. One that was stopped needed more than it was allowed, how
//!   much more nobody knows: it counts as longer than all others. Of the rest nothing is concluded.
//! - What a fresh worker adds is budgeted apart and always ([`cold`]).
//! - Where the arguments drive the time, a function of them is recommended ([`fit`], [`callable`]) if it books
//!   clearly less than one number; a number otherwise.
//! - Below which seconds nearly all calls stay is told without supposing any distribution as soon as there are
//!   enough calls for that ([`tolerance`]).

mod callable;
mod cold;
mod fit;
mod outlook;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod tolerance;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use spacelint_knowledge::platform::{Backing, Size, duration};
use spacelint_knowledge::quota;
use spacelint_space::identity::{self, Identified};
use spacelint_space::profile::{
    Advice, Evidence, FunctionIdentity, Parameter, ProfiledFunction, Translation,
};

pub(crate) use cold::quantile;
pub(crate) use outlook::{Outlook, Risk};
pub(crate) use tolerance::CONFIDENCE;

use crate::recording::{Call, FunctionName, Outcome, Record};

/// What every need is multiplied by: from when to when the platform counts is not known to some tenths of a second, and
/// its machines are not all equally busy. Neither shows in the spread of one run.
const MARGIN: f64 = 1.03;

/// What the Space's text tells of a GPU function.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// Which one it is.
    pub(crate) identity: FunctionIdentity,
    /// Its parameters. Without them those that the calls show are taken, each as one that may be left out.
    pub(crate) parameters: Option<Vec<Parameter>>,
}

impl Known {
    /// What `functions`, those of the text, tell of one that Python names; where none of them is it, what its name does.
    pub(crate) fn of(functions: &[Identified], function: &FunctionName) -> Self {
        let FunctionName { module, name, path, line } = function;
        if let Some(found) = identity::find(functions, Utf8Path::new(path), *line, name) {
            let Identified { identity, parameters, .. } = found.clone();
            return Self { identity, parameters: Some(parameters) };
        }
        let identity = FunctionIdentity {
            module: module.clone(),
            name: name.clone(),
            path: path.clone(),
            hash: String::new(),
            declaration: String::new(),
        };
        Self { identity, parameters: None }
    }
}

/// What is recommended for a GPU function at one size.
#[derive(Clone, Debug)]
pub(crate) struct Recommendation {
    /// As the recording names it.
    pub(crate) function: FunctionName,
    /// All names that the recording has for it.
    pub(crate) names: BTreeSet<FunctionName>,
    /// For the profile.
    pub(crate) profile: ProfiledFunction,
    /// What its calls as they were declared mean for visitors; none if no call ended well.
    pub(crate) declared: Option<Outlook>,
    /// What they mean as recommended.
    pub(crate) recommended: Option<Outlook>,
}

impl Recommendation {
    /// What is declared for this call if the advice is followed; none where there is none.
    pub(crate) fn declares(&self, call: &Call) -> Option<i64> {
        match &self.profile.advice {
            Advice::Seconds { target, .. } => Some(*target),
            Advice::Callable { callable, .. } => {
                Some(callable.seconds(|it| fit::measure(call, it)))
            }
            Advice::NotEnoughCalls { .. } | Advice::Stopped { .. } => None,
        }
    }
}

/// One recommendation for each GPU function and size that was called, in the order of their names. A call of which
/// it is not known what was called belongs to none, nor does one of a size that the platform does not have. `translated`
/// tells by what the seconds of a size are multiplied, if they are.
pub(crate) fn recommend(
    records: &[Record],
    known: impl Fn(&FunctionName) -> Known,
    translated: impl Fn(Size) -> Option<Translation>,
) -> Vec<Recommendation> {
    let calls = records.iter().filter_map(|record| match record {
        Record::Call(call) => Some((call.function.as_ref()?, Size::from_name(&call.size)?, call)),
        _ => None,
    });
    // What Python names differently, as where a function is defined again, may be one and the same in the text.
    let mut asked: BTreeMap<&FunctionName, Known> = BTreeMap::new();
    let mut groups: BTreeMap<_, (&FunctionName, Vec<&Call>)> = BTreeMap::new();
    for (function, size, call) in calls {
        let FunctionIdentity { module, name, path, .. } =
            &asked.entry(function).or_insert_with(|| known(function)).identity;
        let key = (path.clone(), module.clone(), name.clone(), size);
        groups.entry(key).or_insert_with(|| (function, Vec::new())).1.push(call);
    }
    // Two functions of one file, or two sizes of one function, define two names. Those that the module has already are
    // seen to by who writes into it.
    let mut defined: BTreeSet<(String, String)> = BTreeSet::new();
    let mut found = Vec::new();
    for ((path, _, _, size), (function, calls)) in groups {
        let Some(known) = asked.get(function) else { continue };
        let mut recommendation = of_function(function, size, &calls, known, translated(size));
        if let Advice::Callable { callable, .. } = &mut recommendation.profile.advice {
            let numbered = (2..).map(|number| format!("{}_{number}", callable.name));
            let mut names = std::iter::once(callable.name.clone()).chain(numbered);
            let name = names.find(|name| defined.insert((path.clone(), name.clone())));
            callable.name = name.unwrap_or_default();
        }
        found.push(recommendation);
    }
    found
}

fn of_function(
    function: &FunctionName,
    size: Size,
    measured: &[&Call],
    known: &Known,
    translation: Option<Translation>,
) -> Recommendation {
    let Factor { low, high } = Factor::of(translation.as_ref());
    let calls: Vec<Call> = measured.iter().map(|call| longer(call, high)).collect();
    let calls: Vec<&Call> = calls.iter().collect();
    let ended = |outcome: &Outcome| -> Vec<&Call> {
        calls.iter().filter(|call| call.outcome == *outcome).copied().collect()
    };
    let (done, stopped) = (ended(&Outcome::Done), ended(&Outcome::Stopped));
    let study = Study::new(&done, &stopped, &calls, size, Factor { low, high });
    let advice = study.advice(function, known);
    let recommended = match &advice {
        Advice::Seconds { target, .. } => Some(study.outlook(|_| *target)),
        Advice::Callable { callable, .. } => {
            Some(study.outlook(|call| callable.seconds(|it| fit::measure(call, it))))
        }
        Advice::NotEnoughCalls { .. } | Advice::Stopped { .. } => None,
    };
    let profile = ProfiledFunction {
        function: known.identity.clone(),
        size: size.name().to_owned(),
        calls: counted(done.len()),
        cold_calls: counted(done.iter().filter(|call| call.cold).count()),
        stopped_calls: counted(stopped.len()),
        failed_calls: counted(calls.len() - done.len() - stopped.len()),
        declared_seconds: calls.iter().map(|call| call.declared_seconds).max().unwrap_or(0),
        median_seconds: cold::quantile(&study.used, 0.5) / high,
        longest_seconds: study.used.last().copied().unwrap_or(0.0) / high,
        cold_seconds: study.cold_seconds / high,
        translation,
        advice,
    };
    Recommendation {
        function: function.clone(),
        names: calls.iter().filter_map(|call| call.function.clone()).collect(),
        profile,
        declared: (!done.is_empty()).then(|| study.outlook(|call| call.declared_seconds)),
        recommended,
    }
}

/// Between what seconds of this machine lie on the platform, of each second.
#[derive(Clone, Copy, Debug)]
struct Factor {
    low: f64,
    high: f64,
}

impl Factor {
    fn of(translation: Option<&Translation>) -> Self {
        translation.map_or(Self { low: 1.0, high: 1.0 }, |it| Self { low: it.low, high: it.high })
    }
}

/// The call, as if all of it took `factor` times as long.
fn longer(call: &Call, factor: f64) -> Call {
    let longer = |seconds: Option<f64>| seconds.map(|it| it * factor);
    Call {
        used_seconds: call.used_seconds * factor,
        start_seconds: longer(call.start_seconds),
        transfer_seconds: longer(call.transfer_seconds),
        run_seconds: longer(call.run_seconds),
        ..call.clone()
    }
}

/// The calls of one function at one size, and what they take where they are to run: at most, if that is not known to the
/// point.
struct Study<'a> {
    size: Size,
    factor: Factor,
    /// Those that ended well.
    done: &'a [&'a Call],
    stopped: &'a [&'a Call],
    quantities: Vec<fit::Quantity>,
    /// The seconds of those that ended well, in rising order.
    used: Vec<f64>,
    /// Of each call that ended well, as if its worker had been up.
    seconds: Vec<f64>,
    cold_seconds: f64,
}

impl<'a> Study<'a> {
    fn new(
        done: &'a [&'a Call],
        stopped: &'a [&'a Call],
        all: &[&Call],
        size: Size,
        factor: Factor,
    ) -> Self {
        let mut used: Vec<f64> = done.iter().map(|call| call.used_seconds.max(0.0)).collect();
        let quantities = fit::quantities(done, &used);
        let cold::Apart { seconds, cold_seconds } = cold::apart(done, &quantities, all);
        used.sort_by(f64::total_cmp);
        Self { size, factor, done, stopped, quantities, used, seconds, cold_seconds }
    }

    /// Which duration is recommended.
    fn advice(&self, function: &FunctionName, known: &Known) -> Advice {
        let calls = self.done.len() + self.stopped.len();
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(limit) = tolerance::limit(&sorted, self.stopped.len()) else {
            return self.without_limit(calls);
        };
        let evidence = |calls, method| Evidence {
            content: tolerance::CONTENT,
            confidence: tolerance::CONFIDENCE,
            calls: counted(calls),
            method,
            content_of_longest: tolerance::content_of_longest(calls),
        };
        // What was used, without any cold start that was not, is surely no more than is needed.
        let surely = tolerance::lower_rank(calls).and_then(|rank| self.used.get(rank - 1));
        let least =
            |seconds: &f64| literal(seconds / self.factor.high * self.factor.low, self.size);
        let lower = surely.map_or(1, least);
        let target = literal(self.need(limit.value), self.size);
        let upper = self.upper(target, limit.ample);

        if let Some(found) = callable::build(self, function, known, target) {
            let evidence = evidence(found.calls, found.method);
            let lower = lower.min(found.target);
            let callable::Built { callable, target, upper, .. } = found;
            return Advice::Callable { callable, lower, target, upper, evidence };
        }
        Advice::Seconds {
            lower: lower.min(target),
            target,
            upper,
            evidence: evidence(calls, limit.method),
        }
    }

    fn without_limit(&self, calls: usize) -> Advice {
        if self.stopped.is_empty() {
            return Advice::NotEnoughCalls {
                missing: counted(tolerance::FEWEST.saturating_sub(calls)),
            };
        }
        let Factor { low, high } = self.factor;
        let held = self
            .stopped
            .iter()
            .map(|call| (call.used_seconds / high).max(float_of(call.allowed_seconds)) * low);
        Advice::Stopped {
            calls: counted(self.stopped.len()),
            at_least: (literal(held.fold(0.0, f64::max), self.size) + 1).min(most_declared()),
        }
    }

    /// What is more than enough, where so much is `ample`, and surely more than the target.
    fn upper(&self, target: i64, ample: f64) -> i64 {
        literal(self.need(ample), self.size).max(target + 1).min(most_declared())
    }

    /// What a call that takes so many seconds once its worker is up needs in all.
    fn need(&self, seconds: f64) -> f64 {
        (seconds + self.cold_seconds) * MARGIN
    }

    /// What it means for visitors if each call declares so much.
    fn outlook(&self, declared: impl Fn(&Call) -> i64) -> Outlook {
        let done = self.done.iter().zip(&self.seconds);
        let ended = done.map(|(call, seconds)| (*call, seconds + self.cold_seconds));
        let stopped = self.stopped.iter().map(|call| (*call, f64::INFINITY));
        let needs: Vec<(i64, f64)> =
            ended.chain(stopped).map(|(call, need)| (declared(call), need)).collect();
        let used = self.used.iter().sum::<f64>() / float(self.used.len().max(1));
        outlook::outlook(self.size, &needs, used)
    }
}

/// The least that can be declared to be allowed `need` seconds; what `spaces` takes at most if nothing is enough.
fn literal(need: f64, size: Size) -> i64 {
    let most = most_declared();
    let factor = Backing::current().time_factor(size);
    // The client rounds, half to even: the quotient alone may be allowed less than the need.
    let mut declared = ((need / factor) as i64).clamp(1, most);
    while declared < most && float_of(quota::allowed(declared, size)) < need {
        declared += 1;
    }
    declared
}

/// The most that can be declared: `spaces` looks at the seconds of a day.
fn most_declared() -> i64 {
    duration().day_seconds - 1
}

#[expect(clippy::cast_precision_loss, reason = "nobody makes 2^53 calls")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a day are far below 2^53")]
fn float_of(seconds: i64) -> f64 {
    seconds as f64
}

fn counted(calls: usize) -> u32 {
    u32::try_from(calls).unwrap_or(u32::MAX)
}
