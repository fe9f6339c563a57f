//! Below which value nearly all calls of the same kind stay, told from the calls that were seen.
//!
//! It knows numbers alone: what they count, and what is made of them, is for others.

use spacelint_space::profile::Method;
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};
use statrs::function::gamma::ln_gamma;

use super::float;

/// The share of calls that must stay below. A stopped call costs its visitor the wait and the quota, a second more
/// of booking keeps out the one in some hundreds whose quota ends just there: a few stopped calls in a hundred are
/// never worth it.
pub(super) const CONTENT: f64 = 0.99;
/// In which share of all profiles that holds.
pub(crate) const CONFIDENCE: f64 = 0.95;
/// With fewer calls nothing is said: the spread of the times is itself hardly known.
pub(super) const FEWEST: usize = 10;
/// Calls never spread less than this, as logarithms: a few that happen to be alike say little.
const LEAST_SPREAD: f64 = 0.02;
/// What is more than enough, as content and confidence: a tenth of the risk, and nearly surely.
const AMPLE: (f64, f64) = (1.0 - (1.0 - CONTENT) / 10.0, 0.99);
/// The least that is more than enough, over what is enough.
const AMPLE_RATIO: f64 = 1.25;

/// What nearly all calls stay below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limit {
    /// That value.
    pub(super) value: f64,
    /// What is more than enough.
    pub(super) ample: f64,
    /// How it was drawn.
    pub(super) method: Method,
}

/// The limit that `sorted` values of calls give, beside which there are `unbounded` others, of which no more is known
/// than that they are larger. None if there are too few, or if the limit lies among the unbounded.
pub(super) fn limit(sorted: &[f64], unbounded: usize) -> Option<Limit> {
    limit_of_ratios(sorted, unbounded, 0)
}

/// [`limit`] of what is left of calls when something was fitted to them that has so many numbers of its own.
pub(super) fn limit_of_ratios(sorted: &[f64], unbounded: usize, fitted: usize) -> Option<Limit> {
    let all = sorted.len() + unbounded;
    if let Some(rank) = rank(all) {
        let value = *sorted.get(rank - 1)?;
        return Some(Limit { value, ample: value * AMPLE_RATIO, method: Method::OrderStatistic });
    }
    // What is normal is not known of values that nobody saw.
    if all < FEWEST || unbounded > 0 {
        return None;
    }
    let longest = *sorted.last()?;
    let logarithms = sorted.iter().map(|value| value.ln());
    let mean = logarithms.clone().sum::<f64>() / float(all);
    let squares = logarithms.map(|value| (value - mean).powi(2)).sum::<f64>();
    let spread = (squares / float(all - 1)).sqrt().max(LEAST_SPREAD);
    // The fit differs from the truth as well. A call for each of its numbers tells of nothing else, and one more
    // makes good for what the fit misses between the calls: found by simulation.
    let telling = all.checked_sub(2 * fitted).filter(|telling| *telling > 2)?;
    let at =
        |content, confidence| (mean + normal_factor(telling, content, confidence) * spread).exp();
    let value = at(CONTENT, CONFIDENCE).max(longest);
    let ample = at(AMPLE.0, AMPLE.1).max(value * AMPLE_RATIO);
    Some(Limit { value, ample, method: Method::LogNormal })
}

/// The rank, from 1, of the least value of `calls` that is a limit whatever the distribution; none if not even the
/// largest is.
pub(super) fn rank(calls: usize) -> Option<usize> {
    let below = Binomial::new(CONTENT, calls as u64).ok()?;
    let holds = |rank: usize| below.cdf(rank as u64 - 1) >= CONFIDENCE;
    (calls > 0 && holds(calls)).then(|| first(1, calls, holds))
}

/// With how many calls the largest of them is a limit whatever the distribution.
pub(super) fn fewest_for_rank() -> usize {
    #[expect(clippy::cast_sign_loss, reason = "both logarithms are negative")]
    let fewest = ((1.0 - CONFIDENCE).ln() / CONTENT.ln()).ceil() as usize;
    fewest
}

/// The rank, from 1, of the largest value of `calls` that is, as surely, no more than what nearly all stay below.
pub(super) fn lower_rank(calls: usize) -> Option<usize> {
    let below = Binomial::new(CONTENT, calls as u64).ok()?;
    let fails = |rank: usize| 1.0 - below.cdf(rank as u64 - 1) < CONFIDENCE;
    let first_too_high = first(1, calls + 1, |rank| rank > calls || fails(rank));
    (first_too_high > 1).then(|| first_too_high - 1)
}

/// The least of `low..=high` for which `holds`, as it does for all above; `high` if it holds for none below.
fn first(mut low: usize, mut high: usize, holds: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The content that the longest of so many calls promises with [`CONFIDENCE`], whatever the distribution.
pub(super) fn content_of_longest(calls: usize) -> f64 {
    if calls == 0 { 0.0 } else { (1.0 - CONFIDENCE).powf(1.0 / float(calls)) }
}

/// How many standard deviations above their mean the limit of so many normal values lies: the quantile of the
/// noncentral t distribution over the root of their number.
fn normal_factor(calls: usize, content: f64, confidence: f64) -> f64 {
    let normal = Normal::standard();
    let (high, sure) = (normal.inverse_cdf(content), normal.inverse_cdf(confidence));
    let (count, freedom) = (float(calls), float(calls - 1));
    // Natrella's closed form is within some hundredths; from there it is a few steps to where it is exact.
    let slope = 1.0 - sure * sure / (2.0 * freedom);
    let root = high * high - slope * (high * high - sure * sure / count);
    let mut at = (high + root.max(0.0).sqrt()) / slope.max(0.1);
    let miss = |factor: f64| {
        noncentral_t(factor * count.sqrt(), freedom, high * count.sqrt()) - confidence
    };
    let mut before = (at * 1.01, miss(at * 1.01));
    for _ in 0..20 {
        let here = miss(at);
        if here.abs() < 1e-9 || (here - before.1).abs() < f64::EPSILON {
            break;
        }
        let next = at - here * (at - before.0) / (here - before.1);
        before = (at, here);
        at = next;
    }
    at
}

/// The distribution function of the noncentral t: the chance that a normal value around `shift` is at most `t`
/// times the root mean square of `freedom` others, summed over that root by Simpson's rule.
fn noncentral_t(t: f64, freedom: f64, shift: f64) -> f64 {
    const STEPS: usize = 200;
    // Beyond this many standard deviations of the root there is nothing.
    const REACH: f64 = 8.0;
    let normal = Normal::standard();
    let reach = REACH / (2.0 * freedom).sqrt();
    let (low, high) = ((1.0 - reach).max(0.0), 1.0 + reach);
    let step = (high - low) / float(STEPS);
    let half = freedom / 2.0;
    let scale = 2.0_f64.ln() + half * half.ln() - ln_gamma(half);
    let sum: f64 = (0..=STEPS)
        .map(|index| {
            let root = low + step * float(index);
            let weight = match index {
                0 | STEPS => 1.0,
                _ if index % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let density = if root > 0.0 {
                (scale + (freedom - 1.0) * root.ln() - half * root * root).exp()
            } else {
                0.0
            };
            weight * density * normal.cdf(t * root - shift)
        })
        .sum();
    sum * step / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_tables() {
        // by hand: 1 - 0.99^299 = 0.9505, 1 - 0.99^298 = 0.94998
        assert_eq!(rank(298), None);
        assert_eq!(rank(299), Some(299));
        assert_eq!(fewest_for_rank(), 299);
        // evidence: scipy 1.17.1, binom.cdf(r - 1, n, 0.99) >= 0.95
        for (calls, expected) in [(472, 472), (473, 472), (1000, 996), (5000, 4962)] {
            assert_eq!(rank(calls), Some(expected), "{calls}");
        }
        assert_eq!([0, 1, 10].map(rank), [None; 3]);
    }

    #[test]
    fn lower_ranks_are_those_of_the_tables() {
        // by hand: of ten calls all stay below with 0.904, nine with 0.996
        assert_eq!(lower_rank(0), None);
        // evidence: scipy 1.17.1, 1 - binom.cdf(r - 1, n, 0.99) >= 0.95
        for (calls, expected) in
            [(1, 1), (5, 5), (6, 5), (10, 9), (100, 97), (299, 293), (1000, 985)]
        {
            assert_eq!(lower_rank(calls), Some(expected), "{calls}");
        }
        for calls in 1..600 {
            let lower = lower_rank(calls).expect("one call is enough");
            assert!(rank(calls).is_none_or(|upper| lower < upper), "{calls}");
        }
    }

    #[test]
    fn the_longest_alone_promises_little() {
        for (calls, content) in [(1, 0.05), (10, 0.741), (30, 0.905), (299, 0.990)] {
            assert!((content_of_longest(calls) - content).abs() < 5e-4, "{calls}");
        }
    }

    #[test]
    fn factors_are_those_of_the_noncentral_t() {
        // evidence: scipy 1.17.1, nct.ppf(confidence, n - 1, norm.ppf(content) * sqrt(n)) / sqrt(n)
        for (calls, content, confidence, factor) in [
            (10, 0.99, 0.95, 3.981_118),
            (10, 0.999, 0.99, 6.605_399),
            (11, 0.99, 0.95, 3.852_336),
            (20, 0.99, 0.95, 3.295_157),
            (50, 0.99, 0.95, 2.862_449),
            (100, 0.999, 0.99, 3.748_217),
            (298, 0.99, 0.95, 2.522_583),
        ] {
            let found = normal_factor(calls, content, confidence);
            assert!((found / factor - 1.0).abs() < 1e-4, "{calls}: {found} and not {factor}");
        }
    }

    #[test]
    fn few_calls_are_normal_many_are_not_supposed_to_be() {
        let sorted: Vec<f64> = (0..299).map(|index| 5.0 + f64::from(index) / 100.0).collect();
        assert_eq!(limit(&sorted[..9], 0), None);
        let few = limit(&sorted[..10], 0).expect("ten are enough");
        assert_eq!(few.method, Method::LogNormal);
        assert!(few.value > sorted[9] && few.ample > few.value);
        let many = limit(&sorted, 0).expect("many are enough");
        assert_eq!((many.method, many.value), (Method::OrderStatistic, sorted[298]));
    }

    #[test]
    fn equal_calls_still_leave_room() {
        let found = limit(&[4.0; 10], 0).expect("ten are enough");
        assert!(found.value > 4.3 && found.value < 4.5, "{found:?}");
    }

    #[test]
    fn what_nobody_saw_the_end_of_is_longer_than_all() {
        let sorted: Vec<f64> = (1..=1000).map(f64::from).collect();
        // Of a thousand the 996th is the limit: four may be unknown.
        assert_eq!(limit(&sorted[..996], 4).map(|found| found.value), Some(996.0));
        assert_eq!(limit(&sorted[..995], 5), None);
        assert_eq!(limit(&sorted[..298], 1), None);
        assert_eq!(limit(&sorted[..100], 1), None);
    }
}
