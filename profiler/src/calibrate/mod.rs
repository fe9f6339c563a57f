//! `spacelint-profile calibrate`: how fast a device does each kind of work of which a model's time is made up.
//!
//! Every result is held against a reference of a higher precision before its time is believed, and what candle does much
//! slower than the device could is left out, and said: it would tell of candle. Nothing here knows a Space or a model.

mod bench;
mod cases;
mod check;
mod disk;
mod kept;
mod memory;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use spacelint_knowledge::devices::Slice;
use spacelint_knowledge::platform::{Backing, Size};

use crate::args;
use crate::device::{Identity, Machine};
use crate::measure::Timing;
use crate::parts::{Bands, Interval, Part};
use crate::shares::Shares;
use crate::translate::{OnPlatform, Translation, translate};

pub(crate) use kept::Store;

/// The version of the format of a kept calibration (`profiler/CALIBRATION.md`).
const SCHEMA: u32 = 1;
/// For how many seconds a device is measured where nobody says otherwise.
const USUAL_SECONDS: u32 = 20;

/// What was measured of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// [`SCHEMA`].
    schema: u32,
    /// The version of `spacelint-profile`.
    version: String,
    /// When, as RFC 3339 in UTC.
    made: String,
    /// Which device.
    device: Identity,
    /// How many seconds it was given.
    budget_seconds: u32,
    /// How much of each part it does in a second.
    rates: BTreeMap<Part, Rate>,
    /// What that rests on.
    measured: Vec<Measured>,
    /// What was not measured, and why.
    left_out: Vec<LeftOut>,
}

/// How much is done in a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Rate {
    /// The middle one of the cases that count, and of an even number the lower.
    per_second: f64,
    /// The least of all quartiles of those.
    low: f64,
    /// The most.
    high: f64,
}

/// A piece of work that was timed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Measured {
    part: Part,
    /// What it is: `feed-forward`, `copy`.
    case: String,
    /// How large it is.
    shape: String,
    /// How much of the part it is: operations, bytes or starts.
    amount: f64,
    seconds: Timing,
    /// By how much the result differs from the reference at most.
    error: f64,
    /// By how much it may.
    allowed: f64,
    /// Whether it makes the part's rate.
    counts: bool,
    /// What else is to be known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A piece of work of which no time is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LeftOut {
    part: Part,
    case: String,
    why: String,
}

impl Calibration {
    /// Between what the rate of each part lies.
    pub(crate) fn bands(&self) -> Bands {
        let band = |rate: &Rate| Interval { low: rate.low, high: rate.high };
        self.rates.iter().map(|(part, rate)| (*part, band(rate))).collect()
    }

    /// By what seconds of this device are multiplied to be those of a size of the platform, given what they are made of if
    /// that is known.
    fn on_platform(
        &self,
        size: Size,
        shares: Option<&Shares>,
    ) -> Result<(&'static Slice, Translation), String> {
        let slice = Slice::of(Backing::current(), size)
            .ok_or_else(|| format!("nothing is known of the GPU of {}", size.name()))?;
        let to = slice.rates().filter_map(|rate| {
            let part = Part::from_name(rate.part)?;
            Some((part, Interval { low: rate.low, high: rate.high }))
        });
        let found = translate(&self.bands(), &to.collect(), shares);
        found.map(|found| (slice, found)).map_err(|error| error.to_string())
    }

    /// The same for a function of which several calls may have been looked into: it may be made up like any of them.
    fn of_function(&self, size: Size, shares: &[Shares]) -> Option<OnPlatform> {
        let (slice, found) = self.on_platform(size, None).ok()?;
        let rest = found.factor;
        let made_up = |shares| Some(self.on_platform(size, Some(shares)).ok()?.1.factor);
        let all: Option<Vec<Interval>> = shares.iter().map(made_up).collect();
        let function = all.and_then(|all| all.into_iter().reduce(Interval::with)).unwrap_or(rest);
        Some(OnPlatform { gpu: slice.name.to_owned(), function, rest })
    }
}

/// By what seconds of the GPU of that name are multiplied to be those of the platform, if a calibration of it is kept,
/// given what a function is made of.
pub(crate) fn translation(gpu: &str) -> impl Fn(Size, &[Shares]) -> Option<OnPlatform> {
    let kept = Store::of_user().and_then(|store| store.newest_of_gpu(gpu));
    move |size, shares| kept.as_ref()?.of_function(size, shares)
}

/// What is to be known of Spaces that are bound by the memory of the GPU of that name, if a calibration of it is kept and
/// they lose more on the platform than its time factor gives back.
pub(crate) fn memory_warning(gpu: &str, size: Size) -> Option<String> {
    let kept = Store::of_user()?.newest_of_gpu(gpu)?;
    let (slice, found) = kept.on_platform(size, None).ok()?;
    table::memory_warning(slice, &found, size)
}

/// The kept calibration of a device, or a new one, which is kept. What could not be read or written is said to `note`.
pub(crate) fn of(
    machine: &Machine,
    asked: &args::Calibrate,
    store: Option<&Store>,
    note: &mut dyn FnMut(&str),
) -> Result<Calibration, String> {
    if !asked.again
        && let Some(store) = store
    {
        match store.read(&machine.identity) {
            Ok(Some(kept)) if asked.budget.is_none_or(|asked| kept.budget_seconds >= asked) => {
                return Ok(kept);
            }
            Ok(_) => {}
            Err(why) => note(&format!("{why}: it is measured anew")),
        }
    }
    let seconds = asked.budget.unwrap_or(USUAL_SECONDS);
    note(&format!("the device is measured for about {seconds} s"));
    let found = measure(machine, seconds, store)?;
    if let Some(store) = store
        && let Err(why) = store.write(&found)
    {
        note(&why);
    }
    Ok(found)
}

/// Measures a device.
fn measure(machine: &Machine, seconds: u32, store: Option<&Store>) -> Result<Calibration, String> {
    let bench = cases::all(machine, Duration::from_secs(seconds.into()), store.map(Store::folder));
    let (measured, left_out) = bench.done();
    let mut rates = BTreeMap::new();
    for part in Part::ALL {
        let cases = || measured.iter().filter(|it| it.part == part && it.counts);
        let mut middle: Vec<f64> = cases().map(|it| it.amount / it.seconds.median).collect();
        middle.sort_by(f64::total_cmp);
        let Some(per_second) = middle.get(middle.len().saturating_sub(1) / 2) else { continue };
        let low = cases().map(|it| it.amount / it.seconds.high).fold(f64::INFINITY, f64::min);
        let high = cases().map(|it| it.amount / it.seconds.low).fold(0.0, f64::max);
        rates.insert(part, Rate { per_second: *per_second, low, high });
    }
    let found = Calibration {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made: format!("{:.0}", jiff::Timestamp::now()),
        device: machine.identity.clone(),
        budget_seconds: seconds,
        rates,
        measured,
        left_out,
    };
    if found.rates.is_empty() {
        let why = found.left_out.first().map_or("nothing was tried", |it| &it.why);
        return Err(format!("nothing of {} could be measured: {why}", found.device.name));
    }
    found.verify().map_err(|what| format!("the calibration makes no sense: {what}"))?;
    Ok(found)
}

/// Runs the command.
pub(crate) fn command(asked: &args::Calibrate) -> ExitCode {
    match run(asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            crate::error(&why);
            ExitCode::from(2)
        }
    }
}

fn run(asked: &args::Calibrate) -> Result<(), String> {
    let machine = Machine::open(asked.device)?;
    let store = Store::of_user();
    let found = of(&machine, asked, store.as_ref(), &mut |line| {
        // Nobody is left to tell if standard error is gone.
        let line = spacelint_space::escape::escape_lines(line);
        let _ = writeln!(anstream::stderr(), "note: {line}");
    })?;
    let text = if asked.json {
        serde_json::to_string_pretty(&found).map_err(|error| error.to_string())? + "\n"
    } else {
        table::text(&found, store.as_ref().map(|store| store.path(&found.device)).as_deref())
    };
    // Nobody is left to tell if standard output is gone.
    let _ = anstream::stdout().write_all(text.as_bytes());
    Ok(())
}
