//! From the calls of a recording to the duration that each GPU function should declare.
//!
//! Pure functions of what was recorded: nothing is read, asked or printed here. Whether seconds of this machine hold
//! on the platform is not asked either: the profile says what it was measured on, and who reads it decides. Where it is told
//! by what they are multiplied there, it is done first, and what follows is of the platform: that of a function by what its
//! time is made of, where one of its calls was looked into.
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

use crate::parts::Interval;
use crate::recording::{Call, FunctionName, Outcome, Record};
use crate::shares::Shares;
use crate::translate::OnPlatform;

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
    /// What its time is made of, of each call that was looked into.
    pub(crate) shares: Vec<Shares>,
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
/// tells by what the seconds of a size are multiplied, if they are, given what they are made of.
pub(crate) fn recommend(
    records: &[Record],
    known: impl Fn(&FunctionName) -> Known,
    translated: impl Fn(Size, &[Shares]) -> Option<OnPlatform>,
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
        let is_this = |other: &FunctionName| {
            asked.get(other).is_some_and(|other| other.identity.is_of_same(&known.identity))
        };
        let looked_into = records.iter().filter_map(|record| match record {
            Record::Parts(parts) if is_this(&parts.function) => Some(parts),
            _ => None,
        });
        let shares: Vec<Shares> = looked_into.map(|parts| Shares::of(parts, &calls)).collect();
        let there = translated(size, &shares);
        let mut recommendation = of_function(function, size, &calls, known, there.as_ref());
        recommendation.shares = shares;
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
    there: Option<&OnPlatform>,
) -> Recommendation {
    let here = Ended::of(measured);
    let translated: Vec<Call> = measured.iter().map(|call| at_most(call, there)).collect();
    let translated: Vec<&Call> = translated.iter().collect();
    let ended = Ended::of(&translated);
    let study = Study::new(&ended, size, here.at_least(there));
    let advice = study.advice(function, known);
    let recommended = match &advice {
        Advice::Seconds { target, .. } => Some(study.outlook(|_| *target)),
        Advice::Callable { callable, .. } => {
            Some(study.outlook(|call| callable.seconds(|it| fit::measure(call, it))))
        }
        Advice::NotEnoughCalls { .. } | Advice::Stopped { .. } => None,
    };
    let (done, stopped) = (here.done.len(), here.stopped.len());
    let as_measured = Study::new(&here, size, here.at_least(None));
    let profile = ProfiledFunction {
        function: known.identity.clone(),
        size: size.name().to_owned(),
        calls: counted(done),
        cold_calls: counted(here.done.iter().filter(|call| call.cold).count()),
        stopped_calls: counted(stopped),
        failed_calls: counted(measured.len() - done - stopped),
        declared_seconds: measured.iter().map(|call| call.declared_seconds).max().unwrap_or(0),
        median_seconds: cold::quantile(&as_measured.used, 0.5),
        longest_seconds: as_measured.used.last().copied().unwrap_or(0.0),
        cold_seconds: as_measured.cold_seconds,
        translation: there.map(|OnPlatform { gpu, function: Interval { low, high }, .. }| {
            Translation { gpu: gpu.clone(), low: *low, high: *high }
        }),
        advice,
    };
    Recommendation {
        function: function.clone(),
        names: measured.iter().filter_map(|call| call.function.clone()).collect(),
        profile,
        declared: (done > 0).then(|| study.outlook(|call| call.declared_seconds)),
        recommended,
        shares: Vec::new(),
    }
}

/// The call, as long as it is there at most.
fn at_most(call: &Call, there: Option<&OnPlatform>) -> Call {
    let Some(OnPlatform { function, rest, .. }) = there else { return call.clone() };
    let times = |seconds: Option<f64>, factor: f64| seconds.map(|it| it * factor);
    Call {
        used_seconds: seconds_of(call, function.high, rest.high),
        start_seconds: times(call.start_seconds, rest.high),
        transfer_seconds: times(call.transfer_seconds, rest.high),
        run_seconds: times(call.run_seconds, function.high),
        ..call.clone()
    }
}

/// What it holds the GPU for if its function takes so many times as long, and all else so many times.
fn seconds_of(call: &Call, function: f64, rest: f64) -> f64 {
    // Of a call of which the hook told nothing all is the rest.
    let run = call.run_seconds.unwrap_or(0.0).clamp(0.0, call.used_seconds.max(0.0));
    run * function + (call.used_seconds - run) * rest
}

/// The calls of one function at one size, by how they ended.
struct Ended<'a> {
    /// Those that ended well.
    done: Vec<&'a Call>,
    stopped: Vec<&'a Call>,
    all: &'a [&'a Call],
}

impl<'a> Ended<'a> {
    fn of(all: &'a [&'a Call]) -> Self {
        let with = |outcome: &Outcome| -> Vec<&Call> {
            all.iter().filter(|call| call.outcome == *outcome).copied().collect()
        };
        Self { done: with(&Outcome::Done), stopped: with(&Outcome::Stopped), all }
    }

    /// What they take there at least.
    fn at_least(&self, there: Option<&OnPlatform>) -> AtLeast {
        let (function, rest) = there.map_or((1.0, 1.0), |it| (it.function.low, it.rest.low));
        let mut done: Vec<f64> =
            self.done.iter().map(|call| seconds_of(call, function, rest).max(0.0)).collect();
        done.sort_by(f64::total_cmp);
        let held = |call: &&Call| {
            call.used_seconds.max(float_of(call.allowed_seconds)) * function.min(rest)
        };
        AtLeast { done, stopped: self.stopped.iter().map(held).fold(0.0, f64::max) }
    }
}

/// What calls take where they are to run, at least.
struct AtLeast {
    /// Those that ended well, in rising order.
    done: Vec<f64>,
    /// The longest of those that were stopped.
    stopped: f64,
}

/// The calls of one function at one size, and what they take where they are to run: at most, if that is not known to the
/// point.
struct Study<'a> {
    size: Size,
    /// Those that ended well.
    done: &'a [&'a Call],
    stopped: &'a [&'a Call],
    quantities: Vec<fit::Quantity>,
    at_least: AtLeast,
    /// The seconds of those that ended well, in rising order.
    used: Vec<f64>,
    /// Of each call that ended well, as if its worker had been up.
    seconds: Vec<f64>,
    cold_seconds: f64,
}

impl<'a> Study<'a> {
    fn new(ended: &'a Ended<'a>, size: Size, at_least: AtLeast) -> Self {
        let Ended { done, stopped, all } = ended;
        let mut used: Vec<f64> = done.iter().map(|call| call.used_seconds.max(0.0)).collect();
        let quantities = fit::quantities(done, &used);
        let cold::Apart { seconds, cold_seconds } = cold::apart(done, &quantities, all);
        used.sort_by(f64::total_cmp);
        Self { size, done, stopped, quantities, at_least, used, seconds, cold_seconds }
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
        let surely = tolerance::lower_rank(calls).and_then(|rank| self.at_least.done.get(rank - 1));
        let lower = surely.map_or(1, |seconds| literal(*seconds, self.size));
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
        Advice::Stopped {
            calls: counted(self.stopped.len()),
            at_least: (literal(self.at_least.stopped, self.size) + 1).min(most_declared()),
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
