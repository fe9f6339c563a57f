//! How long a piece of work takes on a device: a median, with its spread.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::device::Machine;

/// The least number of timings: below it quartiles say nothing.
const LEAST: usize = 7;
/// The relative distance of the quartiles at which more timings would add nothing.
const STEADY: f64 = 0.02;

/// What a piece of work took, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timing {
    /// The median.
    pub(crate) median: f64,
    /// The first quartile.
    pub(crate) low: f64,
    /// The third quartile.
    pub(crate) high: f64,
    /// How many timings there were.
    pub(crate) count: usize,
}

impl Timing {
    /// Of some timings in seconds, at least one.
    pub(crate) fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "there are few, and a share is no less than nothing"
        )]
        let at = |share: f64| seconds[((seconds.len() - 1) as f64 * share).round() as usize];
        Self { median: at(0.5), low: at(0.25), high: at(0.75), count: seconds.len() }
    }
}

/// Times `work` until its quartiles are close, or until `budget` is spent, but [`LEAST`] times at least. The first two runs, in
/// which modules load and caches fill, do not count.
pub(crate) fn time(
    machine: &Machine,
    budget: Duration,
    mut work: impl FnMut() -> candle_core::Result<()>,
) -> candle_core::Result<Timing> {
    for _ in 0..2 {
        machine.time(&mut work)?;
    }
    let start = Instant::now();
    let mut seconds = Vec::new();
    loop {
        seconds.push(machine.time(&mut work)?.as_secs_f64());
        if seconds.len() >= LEAST {
            let timing = Timing::of(seconds.clone());
            if start.elapsed() >= budget || timing.high - timing.low <= STEADY * timing.median {
                return Ok(timing);
            }
        }
    }
}
