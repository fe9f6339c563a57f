//! What a declared duration means for visitors: how many calls a day, and how many of them are stopped.

use spacelint_knowledge::platform::{Size, Tier};
use spacelint_knowledge::quota::{self, Calls};
use statrs::distribution::{Beta, ContinuousCDF};

use super::{float, float_of, tolerance};

/// What the calls that were driven mean, each with what it declares.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outlook {
    /// Seconds that a call books, on average.
    pub(crate) booked_seconds: f64,
    /// How many such calls a visitor of each tier can make a day.
    pub(crate) calls_a_day: [(Tier, Calls); 4],
    /// How many are stopped if each starts cold.
    pub(crate) stopped: Risk,
}

/// A share of calls, from those that were seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Risk {
    /// So many of them.
    pub(crate) seen: usize,
    /// Of so many.
    pub(crate) calls: usize,
    /// The share of all calls that is not exceeded in 95 of 100 such runs, whatever the distribution.
    pub(crate) at_most: f64,
}

/// The outlook for calls that each declare so many seconds and need so many, and hold the GPU for `used` on average.
pub(super) fn outlook(size: Size, calls: &[(i64, f64)], used: f64) -> Outlook {
    let booked = calls.iter().map(|(declared, _)| float_of(quota::booked(*declared, size)));
    let booked = booked.sum::<f64>() / float(calls.len().max(1));
    let late = calls
        .iter()
        .filter(|(declared, need)| float_of(quota::allowed(*declared, size)) < *need)
        .count();
    // Up, so that no call is promised that is not there.
    let up = |seconds: f64| seconds.ceil() as i64;
    let a_day = |tier| quota::calls(tier, up(booked), Some(quota::charged(up(used), size)));
    Outlook {
        booked_seconds: booked,
        calls_a_day: Tier::ALL.map(|tier| (tier, a_day(tier))),
        stopped: Risk { seen: late, calls: calls.len(), at_most: share_at_most(late, calls.len()) },
    }
}

/// The upper limit of Clopper and Pearson for a share of which `seen` of `calls` were seen.
fn share_at_most(seen: usize, calls: usize) -> f64 {
    if seen >= calls {
        return 1.0;
    }
    Beta::new(float(seen + 1), float(calls - seen))
        .map_or(1.0, |beta| beta.inverse_cdf(tolerance::CONFIDENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_surer_than_the_calls() {
        // by hand: 1 - 0.05^(1/n); evidence: scipy 1.17.1, beta.ppf(0.95, k + 1, n - k)
        for (seen, calls, most) in
            [(0, 10, 0.2589), (0, 299, 0.009_969), (1, 100, 0.046_56), (5, 1000, 0.010_485)]
        {
            let found = share_at_most(seen, calls);
            assert!((found / most - 1.0).abs() < 1e-3, "{seen} of {calls}: {found}");
        }
        assert!((share_at_most(3, 3) - 1.0).abs() < 1e-12);
        assert!((share_at_most(0, 0) - 1.0).abs() < 1e-12);
    }
}
