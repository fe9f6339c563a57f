//! What a call costs: from declared to allowed, booked and charged seconds, and how many calls a
//! visitor's day holds. Whole seconds throughout, rounded as the `spaces` client rounds them.

use crate::platform::{Backing, Size, Tier, duration};

/// What `timedelta(seconds=declared).seconds` makes of a declared duration: the seconds of a day, so that
/// fractions are cut off, a day or more starts again from 0, and a negative number ends up just below a
/// day. None where `timedelta` itself raises: not a number, or more than it can hold.
pub fn effective_seconds(declared: f64) -> Option<i64> {
    // `timedelta` holds microseconds, rounded half to even, and at most this many days either way.
    const MICROSECONDS: f64 = 1e6;
    const DAYS: f64 = 999_999_999.0;
    let day = as_float(duration().day_seconds);
    if !declared.is_finite() || declared.abs() >= (DAYS + 1.0) * day {
        return None;
    }
    // Whole and fractional seconds apart, as `timedelta` does it: the product would lose the fraction.
    let whole = declared.trunc();
    let micros = ((declared - whole) * MICROSECONDS).round_ties_even();
    let seconds = whole + (micros / MICROSECONDS).floor();
    Some(as_whole(seconds.rem_euclid(day)))
}

/// Allowed seconds: how long one call may hold the GPU that declares `seconds` of
/// [`effective_seconds`].
pub fn allowed(seconds: i64, size: Size) -> i64 {
    allowed_on(Backing::current(), seconds, size)
}

/// [`allowed`] on another GPU than Spaces run on now.
pub fn allowed_on(backing: &Backing, seconds: i64, size: Size) -> i64 {
    // The client's own expression is `round(seconds * factor)`, and Python rounds half to even.
    as_whole((as_float(seconds) * backing.time_factor(size)).round_ties_even())
}

/// Booked seconds: what must be left of the visitor's daily quota for that call to start.
pub fn booked(seconds: i64, size: Size) -> i64 {
    booked_on(Backing::current(), seconds, size)
}

/// [`booked`] on another GPU than Spaces run on now.
pub fn booked_on(backing: &Backing, seconds: i64, size: Size) -> i64 {
    allowed_on(backing, seconds, size).saturating_mul(size.facts().quota_factor)
}

/// Charged seconds: what a call costs the visitor that held the GPU for `used` seconds.
pub fn charged(used: i64, size: Size) -> i64 {
    used.saturating_mul(size.facts().quota_factor)
}

/// The largest whole number of declared seconds whose booking is within the tier's quota.
pub fn largest_declared(tier: Tier, size: Size) -> i64 {
    let quota = tier.quota_seconds();
    // Booking grows with the declared seconds and is never less than them, so the quota bounds it.
    let mut low = 0;
    let mut high = quota;
    while low < high {
        let middle = high - (high - low) / 2;
        if booked(middle, size) <= quota {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// How many calls of one kind a visitor can make a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// None: one call books more than the whole quota.
    Never,
    /// At least so many, more if they end early.
    AtLeast(i64),
    /// So many.
    Exactly(i64),
    /// As many as they like: a call books and costs nothing.
    Unlimited,
}

/// How many calls a day a visitor of this tier can make that each book `booked` seconds. `charged` is
/// what each costs in the end, if that was measured; without it only what is sure is said: a call never
/// costs more than it books.
pub fn calls(tier: Tier, booked: i64, charged: Option<i64>) -> Calls {
    let quota = tier.quota_seconds();
    if booked > quota {
        return Calls::Never;
    }
    match charged {
        Some(charged) if charged > 0 => {
            Calls::Exactly((quota.saturating_sub(booked) / charged).saturating_add(1))
        }
        None if booked > 0 => Calls::AtLeast(quota / booked),
        Some(_) | None => Calls::Unlimited,
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a few days are far below 2^53")]
fn as_float(seconds: i64) -> f64 {
    seconds as f64
}

fn as_whole(seconds: f64) -> i64 {
    // A float within a few days' seconds fits; `as` cuts nothing off a rounded one.
    seconds as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_what_timedelta_makes_of_them() {
        // evidence: the decorator called with each of these, against a stand-in device API
        let seen = [
            (45.7, 45),
            (0.5, 0),
            (0.0, 0),
            (-5.0, 86_395),
            (86_400.0, 0),
            (86_460.0, 60),
            (1.0, 1),
            (30.0, 30),
            (120.0, 120),
        ];
        for (declared, seconds) in seen {
            assert_eq!(effective_seconds(declared), Some(seconds), "{declared}");
        }
        // worked out from timedelta's rounding to microseconds
        assert_eq!(effective_seconds(-0.5), Some(86_399));
        assert_eq!(effective_seconds(59.999_999_9), Some(60));
        assert_eq!(effective_seconds(-1e-9), Some(0));
        assert_eq!(effective_seconds(f64::NAN), None);
        assert_eq!(effective_seconds(f64::INFINITY), None);
        assert_eq!(effective_seconds(1e15), None);
    }

    #[test]
    fn allowed_and_booked() {
        for (seconds, size, may, books) in [
            (60, Size::Large, 90, 90),
            (60, Size::Xlarge, 60, 120),
            (200, Size::Large, 300, 300),
            (150, Size::Xlarge, 150, 300),
            (1500, Size::Large, 2250, 2250),
            (45, Size::Large, 68, 68), // 67.5, to the even neighbour
            (47, Size::Large, 70, 70), // 70.5, to the even neighbour
            (0, Size::Large, 0, 0),
        ] {
            assert_eq!(allowed(seconds, size), may, "{seconds} {size:?}");
            assert_eq!(booked(seconds, size), books, "{seconds} {size:?}");
        }
        assert_eq!(charged(7, Size::Large), 7);
        assert_eq!(charged(7, Size::Xlarge), 14);
    }

    #[test]
    fn on_another_gpu_only_the_time_factor_differs() {
        let h200 =
            Backing::all().iter().find(|backing| backing.name == "h200").expect("it is there");
        assert_eq!(allowed_on(h200, 60, Size::Large), 60);
        assert_eq!(booked_on(h200, 60, Size::Large), 60);
        assert_eq!(booked_on(h200, 60, Size::Xlarge), 120);
        assert_eq!(booked_on(Backing::current(), 60, Size::Large), booked(60, Size::Large));
    }

    #[test]
    fn largest_declared_per_tier() {
        // quota over the product of the two factors
        let large = [80, 200, 1600, 2400];
        let xlarge = [60, 150, 1200, 1800];
        for (index, tier) in Tier::ALL.into_iter().enumerate() {
            for (size, most) in [(Size::Large, large[index]), (Size::Xlarge, xlarge[index])] {
                assert_eq!(largest_declared(tier, size), most, "{tier:?} {size:?}");
                assert!(booked(most, size) <= tier.quota_seconds());
                assert!(booked(most + 1, size) > tier.quota_seconds());
            }
        }
    }

    #[test]
    fn calls_of_a_day() {
        assert_eq!(calls(Tier::Free, 450, None), Calls::Never);
        assert_eq!(calls(Tier::Free, 450, Some(1)), Calls::Never);
        assert_eq!(calls(Tier::Free, 300, None), Calls::AtLeast(1));
        assert_eq!(calls(Tier::Free, 90, None), Calls::AtLeast(3));
        assert_eq!(calls(Tier::Anonymous, 90, None), Calls::AtLeast(1));
        // (300 - 90) / 20 = 10.5, and one more
        assert_eq!(calls(Tier::Free, 90, Some(20)), Calls::Exactly(11));
        assert_eq!(calls(Tier::Free, 300, Some(20)), Calls::Exactly(1));
        assert_eq!(calls(Tier::Free, 90, Some(0)), Calls::Unlimited);
        assert_eq!(calls(Tier::Free, 0, None), Calls::Unlimited);
    }

    #[test]
    fn what_is_sure_is_never_more_than_what_is_measured() {
        for booked in 1..=300 {
            for charged in 1..=booked {
                let Calls::AtLeast(sure) = calls(Tier::Free, booked, None) else {
                    panic!("{booked} fits the quota");
                };
                let Calls::Exactly(measured) = calls(Tier::Free, booked, Some(charged)) else {
                    panic!("{booked} fits the quota");
                };
                assert!(sure <= measured, "{booked} {charged}");
            }
        }
    }
}
