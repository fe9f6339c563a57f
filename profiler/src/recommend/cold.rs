//! What a fresh worker adds to a call, apart from what the call itself takes.
//!
//! A worker is kept only where the platform says that it is idle, which nobody can count on: so a recommendation
//! is for a call that starts cold, though most calls of a run do not.

use super::{fit, float};
use crate::recording::Call;

/// The seconds of calls, parted.
#[derive(Debug)]
pub(super) struct Apart {
    /// What each would have taken with a worker that was up, in the order of the calls.
    pub(super) seconds: Vec<f64>,
    /// What a cold start adds at most: with it, none of these calls took longer.
    pub(super) cold_seconds: f64,
}

/// No call takes less, so that every one has a logarithm.
const LEAST_SECONDS: f64 = 1e-3;

/// Parts the seconds of `calls`, which ended well, given what of them could drive their time. The start of a worker
/// is also seen in calls that ended otherwise: `all` are asked for that.
pub(super) fn apart(calls: &[&Call], quantities: &[fit::Quantity], all: &[&Call]) -> Apart {
    let mut seconds: Vec<f64> =
        calls.iter().map(|call| (call.used_seconds - start(call)).max(LEAST_SECONDS)).collect();
    let longest_start = all.iter().map(|call| start(call)).fold(0.0, f64::max);

    // The first call of a worker compiles and loads what later ones find there.
    let lag = first_call_lag(calls, quantities, &seconds);
    // It is the largest lag that was seen: less than any warm call is left of none, or chance would make a small one
    // an outlier of the logarithms.
    let warm = calls.iter().zip(&seconds).filter(|(call, _)| !call.cold);
    let least = warm.map(|(_, seconds)| *seconds).fold(f64::INFINITY, f64::min);
    for (seconds, _) in seconds.iter_mut().zip(calls).filter(|(_, call)| call.cold) {
        *seconds = (*seconds - lag).max(least.min(*seconds));
    }
    Apart { seconds, cold_seconds: longest_start + lag }
}

/// The start of the worker and the move of the weights, as far as they were seen.
fn start(call: &Call) -> f64 {
    let parts = [call.start_seconds, call.transfer_seconds];
    parts.into_iter().flatten().filter(|seconds| seconds.is_finite()).sum::<f64>().max(0.0)
}

/// By how much cold calls lag behind warm ones of the same rank, at most; of a single one, behind the middle. What
/// follows from the arguments is taken off first: the first call is often the smallest.
fn first_call_lag(calls: &[&Call], quantities: &[fit::Quantity], seconds: &[f64]) -> f64 {
    let (cold, warm): (Vec<usize>, Vec<usize>) = (0..calls.len()).partition(|&it| calls[it].cold);
    if cold.is_empty() || warm.is_empty() {
        // Without warm calls it is part of every call, and need not be told apart.
        return 0.0;
    }
    let fit = fit::typical(quantities, seconds, &warm);
    let beyond = |of: &[usize]| {
        let typical = |call| fit.as_ref().map_or(0.0, |fit| fit.at(quantities, call));
        let mut found: Vec<f64> = of.iter().map(|&call| seconds[call] - typical(call)).collect();
        found.sort_by(f64::total_cmp);
        found
    };
    let (cold, warm) = (beyond(&cold), beyond(&warm));
    let lags = cold.iter().enumerate().map(|(index, seconds)| {
        let place = (float(index) + 0.5) / float(cold.len());
        seconds - quantile(&warm, place)
    });
    lags.fold(0.0, f64::max)
}

/// The value below which this share of sorted ones lies; 0 of none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
    let below = (share * float(last)) as usize;
    let above = (below + 1).min(last);
    let part = share * float(last) - float(below);
    sorted[below] + part * (sorted[above] - sorted[below])
}
