use std::collections::BTreeSet;

use spacelint_knowledge::platform::{Size, Tier};
use spacelint_knowledge::quota;
use spacelint_python::{Place, Value};
use spacelint_space::Space;

use super::bounds::Bounds;
use super::declared::{self, Cost, Declaration};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// The `duration` grows with what a visitor enters, and nothing limits it.
#[derive(Rule)]
#[rule(severity = warning, strict, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py:165-168, zero/client.py:162-173: the duration is computed from the call's arguments, and one that is too large is refused"
)]
pub(crate) struct UnlimitedDuration<'a> {
    declaration: Declaration<'a>,
    returned: &'a Value,
    bounds: Bounds,
    size: Size,
}

impl<'a> Check<'a> for UnlimitedDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let found = declared::declarations(space).into_iter().filter_map(|declaration| {
            let reading = declaration.readings.iter().find(|reading| reading.computed.is_some())?;
            let returned = reading.computed?.gives.returned.as_ref()?;
            let bounds = Bounds::of(returned);
            let size = reading.size.filter(|_| reading.visited && !bounds.grows.is_empty())?;
            Some(Self { declaration, returned, bounds, size })
        });
        found.filter(move |it| seen.insert(it.declaration.place)).collect::<Vec<_>>().into_iter()
    }

    fn finding(&self) -> Finding {
        let names: Vec<String> = self.bounds.grows.iter().map(|name| format!("`{name}`")).collect();
        let free = Tier::Free.quota_seconds();
        let until = match (&*names, self.refused_from()) {
            ([name], Some(least)) => {
                format!("with {name} of {least} or more, a call books more than the {free} s a day")
            }
            _ => format!("where that is large enough, a call books more than the {free} s a day"),
        };
        let message = format!(
            "the duration grows with {} and nothing limits it: {until} of a signed-in free visitor and is \
             refused",
            names.join(" and ")
        );
        let most = quota::largest_declared(Tier::Free, self.size);
        let finding =
            Self::at(Location::of(self.declaration.trace, self.declaration.place), message);
        let finding = finding.certainty(self.declaration.certainty).help(format!(
            "Limit what the function returns, such as by `min(…, {most})`, which a free visitor can still \
             book, or limit the input, as a slider does."
        ));
        let computer = self.declaration.readings.iter().find_map(|reading| reading.computed);
        match computer.and_then(|root| root.function()) {
            Some(function) => {
                let Declaration { trace, place, .. } = self.declaration;
                declared::computed_by(finding, trace, place, function)
            }
            None => finding,
        }
    }
}

impl UnlimitedDuration<'_> {
    /// From which number on, as the one argument that it grows with, a free visitor is refused.
    fn refused_from(&self) -> Option<u32> {
        const MOST: u32 = 1_000_000;
        let refused = |number: u32| {
            let declared = Bounds::at(self.returned, f64::from(number)).least;
            let cost = Cost::of(declared, self.size).filter(|_| declared.is_finite());
            cost.is_some_and(|cost| {
                cost.booked > Tier::Free.quota_seconds() || declared::drops_days(declared)
            })
        };
        if refused(0) || !refused(MOST) {
            return None;
        }
        let (mut fits, mut refused_at) = (0, MOST);
        while refused_at - fits > 1 {
            let middle = fits + (refused_at - fits) / 2;
            if refused(middle) {
                refused_at = middle;
            } else {
                fits = middle;
            }
        }
        Some(refused_at)
    }
}
