use spacelint_knowledge::platform::Tier;
use spacelint_knowledge::quota;
use spacelint_python::Value;
use spacelint_space::Space;

use super::declared::{self, Cost, Duration, INFERRED, Reading, Site};
use crate::finding::{Edit, Finding, Fix};
use crate::rule::{Check, Rule};

/// The `duration` is misread, or no visitor has that much quota.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py:159-168, zero/client.py:105-114: `timedelta(seconds=duration).seconds`; reproduced against a stand-in device API"
)]
#[rule(source = "spaces 0.51.3 zero/client.py:162-173: larger than the maximum allowed")]
pub(crate) struct IllegalDuration<'a> {
    site: Site<'a>,
    fault: Fault<'a>,
}

enum Fault<'a> {
    /// It is no duration.
    NoNumber(&'a Value),
    /// These seconds are read as those, or not at all.
    Misread(f64, Option<i64>),
    /// No visitor has that much.
    TooMuch(Cost),
}

impl<'a> Fault<'a> {
    fn of(reading: &Reading<'a>) -> Option<Self> {
        if let Duration::NoNumber(value) = reading.duration {
            // What a function returns is another rule's.
            return reading.computed.is_none().then_some(Self::NoNumber(value));
        }
        if let Duration::Seconds(declared) = reading.duration {
            let seconds = quota::effective_seconds(declared);
            // What a call gets that asks for nothing is not known; a function may well mean it, for
            // a call that needs no GPU.
            let meant = declared == 0.0 && reading.computed.is_some();
            let kept = seconds
                .is_some_and(|seconds| meant || seconds > 0 && !declared::drops_days(declared));
            if !kept {
                return Some(Self::Misread(declared, seconds));
            }
        }
        let cost = reading.cost()?;
        let too_much = Tier::ALL.iter().all(|tier| cost.booked > tier.quota_seconds());
        too_much.then_some(Self::TooMuch(cost))
    }
}

/// Whether that fails for everybody.
pub(super) fn is_illegal(reading: &Reading<'_>) -> bool {
    Fault::of(reading).is_some()
}

impl<'a> Check<'a> for IllegalDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let sites = declared::sites(space, |_, reading| is_illegal(reading).then_some(0));
        sites.into_iter().filter_map(|site| Some(Self { fault: Fault::of(&site.reading)?, site }))
    }

    fn finding(&self) -> Finding {
        let call = match (self.site.reading.computer(), self.site.reading.duration) {
            (Some(computer), Duration::Seconds(seconds)) => {
                format!("where {computer} returns {seconds} s, {}", self.site.each_call())
            }
            _ => self.site.each_call(),
        };
        let (message, help) = match &self.fault {
            Fault::NoNumber(value) => (
                format!("{call} raises a `TypeError`: the duration is {}, not a number", kind(value)),
                "Write seconds, a `timedelta` or a function of the arguments. Nothing shows before \
                 the first call, nor anywhere but on ZeroGPU."
                    .to_owned(),
            ),
            Fault::Misread(declared, seconds) => {
                let asks = match seconds {
                    Some(seconds) if seconds.to_string() == declared.to_string() => {
                        format!("asks for {seconds} s")
                    }
                    Some(seconds) => format!("asks for {seconds} s, not for {declared} s"),
                    None => format!("raises: no `timedelta` holds {declared} s"),
                };
                (
                    format!("{call} {asks}"),
                    "`spaces` reads `timedelta.seconds`, which is what is left after whole days, without \
                     fractions; negative time counts back from a day. Write whole seconds, 1 or more."
                        .to_owned(),
                )
            }
            Fault::TooMuch(cost) => {
                let most = Tier::ALL.into_iter().max_by_key(|tier| tier.quota_seconds());
                let most = most.map_or(String::new(), |tier| {
                    format!(": no visitor has more than {} s a day ({})", tier.quota_seconds(), tier.label())
                });
                (
                    format!("{call} books {} s, and nobody can run it{most}", cost.booked),
                    format!("Declare what a call really needs. {} {INFERRED}", cost.steps()),
                )
            }
        };
        let finding = Self::at(self.site.location.clone(), message).help(help);
        self.site.related(finding.certainty(self.site.certainty))
    }

    fn fix(&self) -> Option<Fix> {
        let Fault::NoNumber(Value::Str(text)) = &self.fault else { return None };
        let seconds: u32 = text.trim().parse().ok().filter(|seconds| *seconds > 0)?;
        let location = &self.site.location;
        // A constant is its author's to change, where it is defined.
        let written = location.file.text.slice(location.span);
        let literal = ['"', '\''].iter().any(|quote| written == format!("{quote}{text}{quote}"));
        let edit = Edit::replace(location.clone(), seconds.to_string());
        literal.then(|| Fix::needs_review("write the number of seconds", vec![edit]))
    }
}

/// What a value is that is no number.
pub(super) fn kind(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("a string, {text:?}"),
        Value::Tuple(_) => "a tuple".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Dict(_) => "a dict".to_owned(),
        Value::External(_) => "a string".to_owned(),
        Value::Suspended(_) => "a generator".to_owned(),
        value if value.function().is_some_and(|function| function.def.is_async) => {
            "a coroutine".to_owned()
        }
        _ => "a function".to_owned(),
    }
}
