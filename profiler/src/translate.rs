//! From seconds on one device to seconds on another: each part of a time takes as much longer there as the device is slower
//! at it. Pure: rates go in, an interval comes out, and never a bare number.
//!
//! - Of a part that only one of the devices is known for, and of a time whose parts are not known, nothing is known but the
//!   bounds: it takes as much longer as the part that suffers most, or as that which gains most, or, where it is no work of
//!   the device at all, as long as before.
//! - What of a time belongs to no part, the host's own work, takes as long as before.

use std::collections::BTreeMap;
use std::fmt;

use crate::parts::{Bands, Interval, Part};
use crate::shares::Shares;

/// Between what seconds of this machine's GPU lie on the platform's, of each second.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OnPlatform {
    /// That GPU, for people.
    pub(crate) gpu: String,
    /// Of what the function itself takes.
    pub(crate) function: Interval,
    /// Of all else: the start of a worker, the move of the weights.
    pub(crate) rest: Interval,
}

/// By what seconds are multiplied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Translation {
    /// A whole time.
    pub(crate) factor: Interval,
    /// Each part for which both devices are known.
    pub(crate) parts: BTreeMap<Part, Interval>,
    /// The parts that count, and for which only the first device is known.
    pub(crate) unknown: Vec<Part>,
}

/// Why there is no translation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Untranslatable {
    /// No part is known of both devices.
    NothingInCommon,
    /// A rate is no number above nothing.
    Rate(Part),
    /// A share is none.
    Share(Part),
    /// The shares are more than the whole.
    Shares(f64),
}

impl fmt::Display for Untranslatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingInCommon => f.write_str("no part is known of both devices"),
            Self::Rate(part) => write!(f, "the rate of {} is no rate", part.label()),
            Self::Share(part) => write!(f, "the share of {} is no share", part.label()),
            Self::Shares(sum) => write!(f, "the shares of the parts make {sum:.2} of the whole"),
        }
    }
}

impl std::error::Error for Untranslatable {}

/// What rounding may add to shares that make a whole.
const ROUNDING: f64 = 1e-3;

/// By what seconds on a device with the rates `from` are multiplied to be those on one with the rates `to`, given which
/// `shares` of them belong to which part, if that is known.
pub(crate) fn translate(
    from: &Bands,
    to: &Bands,
    shares: Option<&Shares>,
) -> Result<Translation, Untranslatable> {
    for (part, band) in from.iter().chain(to) {
        if !band.is_positive() {
            return Err(Untranslatable::Rate(*part));
        }
    }
    let parts: BTreeMap<Part, Interval> = from
        .iter()
        .filter_map(|(part, from)| {
            let to = to.get(part)?;
            Some((*part, Interval { low: from.low / to.high, high: from.high / to.low }))
        })
        .collect();
    let known = parts.values().copied().reduce(Interval::with);
    let Some(known) = known.filter(|known| known.is_positive()) else {
        return Err(Untranslatable::NothingInCommon);
    };
    let unchanged = Interval { low: 1.0, high: 1.0 };
    let bounds = known.with(unchanged);
    let Some(shares) = shares else {
        let unknown = from.keys().filter(|part| !parts.contains_key(part)).copied().collect();
        return Ok(Translation { factor: bounds, parts, unknown });
    };
    let mut factor = Interval { low: 0.0, high: 0.0 };
    let mut rest = 1.0;
    let mut unknown = Vec::new();
    let is_share = |share: f64| (0.0..=1.0 + ROUNDING).contains(&share);
    if !is_share(shares.unknown) {
        return Err(Untranslatable::Shares(shares.unknown));
    }
    rest -= shares.unknown;
    factor.low += shares.unknown * bounds.low;
    factor.high += shares.unknown * bounds.high;
    for (part, share) in &shares.parts {
        if !is_share(*share) {
            return Err(Untranslatable::Share(*part));
        }
        rest -= share;
        let ratio = parts.get(part).copied().unwrap_or(bounds);
        if *share > 0.0 && !parts.contains_key(part) {
            unknown.push(*part);
        }
        factor.low += share * ratio.low;
        factor.high += share * ratio.high;
    }
    if rest < -ROUNDING {
        return Err(Untranslatable::Shares(1.0 - rest));
    }
    factor.low += rest.max(0.0);
    factor.high += rest.max(0.0);
    Ok(Translation { factor, parts, unknown })
}

impl Translation {
    /// What is bound by memory loses more than the platform's time factor gives back.
    pub(crate) fn memory_loses(&self, time_factor: f64) -> Option<Interval> {
        self.parts.get(&Part::Memory).copied().filter(|ratio| ratio.high > time_factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(of: &[(Part, f64, f64)]) -> Bands {
        of.iter().map(|(part, low, high)| (*part, Interval { low: *low, high: *high })).collect()
    }

    fn shares<const N: usize>(of: [(Part, f64); N]) -> Shares {
        Shares { parts: BTreeMap::from(of), unknown: 0.0 }
    }

    #[track_caller]
    fn near(found: Interval, low: f64, high: f64) {
        let is_near = |one: f64, other: f64| (one - other).abs() < 1e-9 * other;
        assert!(is_near(found.low, low) && is_near(found.high, high), "{found:?}");
    }

    /// 400 TFLOP/s and 2 TB/s, measured to a tenth.
    fn from() -> Bands {
        bands(&[
            (Part::MatmulBf16, 380e12, 400e12),
            (Part::Memory, 1.9e12, 2e12),
            (Part::Launch, 1e5, 2e5),
        ])
    }

    /// 200 to 250 TFLOP/s and 0.8 to 1 TB/s.
    fn to() -> Bands {
        bands(&[(Part::MatmulBf16, 200e12, 250e12), (Part::Memory, 0.8e12, 1e12)])
    }

    #[test]
    fn without_shares_it_is_the_bounds_of_the_parts_and_of_no_change() {
        let found = translate(&from(), &to(), None).expect("both are known");
        near(found.parts[&Part::MatmulBf16], 380.0 / 250.0, 2.0);
        near(found.parts[&Part::Memory], 1.9, 2.5);
        // Nothing says that the time is the device's at all.
        near(found.factor, 1.0, 2.5);
        assert_eq!(found.unknown, [Part::Launch]);
        // The other way round, what gains most gains, and the host's own work does not.
        let back = translate(&to(), &from(), None).expect("both are known");
        near(back.factor, 0.4, 1.0);
        assert_eq!(back.unknown, []);
    }

    #[test]
    fn with_shares_each_part_is_translated_by_itself() {
        let of = shares([(Part::MatmulBf16, 0.5), (Part::Memory, 0.3)]);
        let found = translate(&from(), &to(), Some(&of)).expect("both are known");
        // 0.5 of products, 0.3 of memory and 0.2 of the host, by hand.
        near(found.factor, 0.5 * 1.52 + 0.3 * 1.9 + 0.2, 0.5 * 2.0 + 0.3 * 2.5 + 0.2);
        assert_eq!(found.unknown, []);
        // Of launches only one device is known: they lie between the others and no change.
        let of = shares([(Part::Launch, 1.0), (Part::Disk, 0.0)]);
        let found = translate(&from(), &to(), Some(&of)).expect("both are known");
        near(found.factor, 1.0, 2.5);
        assert_eq!(found.unknown, [Part::Launch]);
        // So does what the device does of which nothing more is known.
        let of = Shares { unknown: 0.5, ..shares([(Part::Memory, 0.5)]) };
        let found = translate(&from(), &to(), Some(&of)).expect("both are known");
        near(found.factor, 0.5 * 1.0 + 0.5 * 1.9, 2.5);
        // All of it the host's.
        let found = translate(&from(), &to(), Some(&Shares::default())).expect("both are known");
        near(found.factor, 1.0, 1.0);
    }

    #[test]
    fn a_device_is_as_fast_as_itself() {
        let same = bands(&[(Part::MatmulF16, 1e12, 1e12), (Part::Memory, 1e11, 1e11)]);
        near(translate(&same, &same, None).expect("it is known").factor, 1.0, 1.0);
    }

    #[test]
    fn what_is_absurd_is_refused() {
        let nothing = translate(&from(), &bands(&[(Part::Disk, 1e9, 1e9)]), None);
        assert_eq!(nothing, Err(Untranslatable::NothingInCommon));
        assert_eq!(translate(&Bands::new(), &to(), None), Err(Untranslatable::NothingInCommon));
        for (low, high) in
            [(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY), (2.0, 1.0)]
        {
            let bad = bands(&[(Part::Memory, low, high)]);
            assert_eq!(translate(&bad, &to(), None), Err(Untranslatable::Rate(Part::Memory)));
            assert_eq!(translate(&from(), &bad, None), Err(Untranslatable::Rate(Part::Memory)));
        }
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let of = shares([(Part::Memory, share)]);
            let found = translate(&from(), &to(), Some(&of));
            assert_eq!(found, Err(Untranslatable::Share(Part::Memory)));
        }
        let of = shares([(Part::Memory, 0.7), (Part::MatmulBf16, 0.7)]);
        let found = translate(&from(), &to(), Some(&of));
        let Err(Untranslatable::Shares(sum)) = found else { panic!("{found:?}") };
        assert!((sum - 1.4).abs() < 1e-9);
    }

    #[test]
    fn what_memory_loses_is_held_against_the_time_factor() {
        let found = translate(&from(), &to(), None).expect("both are known");
        near(found.memory_loses(1.5).expect("1.9 to 2.5 is more"), 1.9, 2.5);
        assert_eq!(found.memory_loses(2.5), None);
    }
}
