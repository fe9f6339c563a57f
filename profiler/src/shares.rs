//! What the time of a GPU function is made of: the share of each kind of work in it, from a call that was looked into with
//! PyTorch's profiler. Pure.
//!
//! How long the device worked for something, the profiler leaves as it is; the time between, in which the host works, it
//! makes longer. So the whole is taken from a call with the same arguments that was timed, if there is one.

use std::collections::BTreeMap;

use crate::parts::Part;
use crate::recording::{Call, Outcome, Parts};

/// Which share of a time belongs to each part. What belongs to none is the host's own work.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shares {
    /// Of each part.
    pub(crate) parts: BTreeMap<Part, f64>,
    /// What the device does of which nothing more is known.
    pub(crate) unknown: f64,
}

impl Shares {
    /// Those of the call that was looked into, given the calls of its function that were timed.
    pub(crate) fn of(looked_into: &Parts, calls: &[&Call]) -> Self {
        let worked = looked_into.seconds.values().chain(looked_into.other_seconds.values());
        let worked: f64 = worked.sum();
        let same = calls.iter().filter(|call| {
            call.outcome == Outcome::Done && call.arguments == looked_into.arguments
        });
        let undisturbed = same.filter_map(|call| call.run_seconds);
        let whole = undisturbed.fold(looked_into.run_seconds, f64::min).max(worked);
        if whole <= 0.0 {
            return Self::default();
        }
        Self {
            parts: looked_into.seconds.iter().map(|(part, it)| (*part, it / whole)).collect(),
            unknown: looked_into.other_seconds.values().sum::<f64>() / whole,
        }
    }

    /// The middle of several.
    pub(crate) fn mean(all: &[Self]) -> Self {
        let mut mean = Self::default();
        let count = crate::parts::float(all.len().max(1));
        for one in all {
            for (part, share) in &one.parts {
                *mean.parts.entry(*part).or_default() += share / count;
            }
            mean.unknown += one.unknown / count;
        }
        mean
    }

    /// What is no work of the device.
    pub(crate) fn host(&self) -> f64 {
        (1.0 - self.unknown - self.parts.values().sum::<f64>()).max(0.0)
    }

    /// Each share with what it is of, the largest first.
    pub(crate) fn named(&self) -> Vec<(&'static str, f64)> {
        let parts = self.parts.iter().map(|(part, share)| (part.label(), *share));
        let others = [("other work of the device", self.unknown), ("the host", self.host())];
        let mut named: Vec<_> = parts.chain(others).filter(|(_, share)| *share > 0.0).collect();
        named.sort_by(|one, other| other.1.total_cmp(&one.1));
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Argument, FunctionName};

    fn function() -> FunctionName {
        let [module, name, path] = ["__main__", "draw", "app.py"].map(str::to_owned);
        FunctionName { module, name, path, line: 7 }
    }

    fn call(seconds: f64, steps: f64, outcome: Outcome) -> Call {
        Call {
            number: 1,
            at_seconds: 0.0,
            function: Some(function()),
            endpoint: None,
            size: "large".to_owned(),
            declared_seconds: 60,
            allowed_seconds: 60,
            booked_seconds: 60,
            arguments: vec![("steps".to_owned(), Argument::Number(steps))],
            queued_seconds: 0.0,
            used_seconds: seconds,
            start_seconds: None,
            transfer_seconds: None,
            run_seconds: Some(seconds),
            wall_seconds: None,
            cold: false,
            peak_bytes: None,
            outcome,
        }
    }

    #[test]
    fn the_whole_is_that_of_a_call_that_was_timed() {
        let found = Parts {
            function: function(),
            arguments: vec![("steps".to_owned(), Argument::Number(4.0))],
            run_seconds: 10.0,
            seconds: BTreeMap::from([(Part::MatmulF32, 3.0)]),
            other_seconds: BTreeMap::from([("strange".to_owned(), 1.0)]),
        };
        let calls = [
            call(5.0, 4.0, Outcome::Done),
            call(8.0, 4.0, Outcome::Done),
            call(1.0, 2.0, Outcome::Done),
            call(1.0, 4.0, Outcome::Stopped),
        ];
        let shares = |calls: &[&Call]| Shares::of(&found, calls);
        let of = |product, unknown| Shares {
            parts: BTreeMap::from([(Part::MatmulF32, product)]),
            unknown,
        };
        assert_eq!(shares(&calls.each_ref()), of(0.6, 0.2));
        assert_eq!(shares(&[]), of(0.3, 0.1));
        // Nor is the device busy for longer than the whole.
        assert_eq!(shares(&[&call(3.0, 4.0, Outcome::Done)]), of(0.75, 0.25));
        let nothing = Parts { run_seconds: 0.0, seconds: BTreeMap::new(), ..found.clone() };
        let nothing = Parts { other_seconds: BTreeMap::new(), ..nothing };
        assert_eq!(Shares::of(&nothing, &[]), Shares::default());
    }

    #[test]
    fn shares_are_named_from_the_largest() {
        let one = Shares { parts: BTreeMap::from([(Part::Memory, 0.25)]), unknown: 0.25 };
        let named = one.named();
        assert_eq!(named[0], ("the host", 0.5));
        assert_eq!(named.len(), 3);
        let both = Shares::mean(&[one, Shares::default()]);
        assert_eq!(both.parts, BTreeMap::from([(Part::Memory, 0.125)]));
        assert_eq!(both.named()[0], ("the host", 0.75));
        assert_eq!(Shares::mean(&[]), Shares::default());
    }
}
