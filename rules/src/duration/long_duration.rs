use spacelint_knowledge::platform::Tier;
use spacelint_knowledge::quota;
use spacelint_space::Space;

use super::declared::{self, Cost, Declaration, Duration, INFERRED, Reading, Site};
use super::illegal_duration::is_illegal;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A signed-in free visitor cannot make the call, or has hardly any of the day left after one.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/client.py:105-173: what is asked for, the declared duration by the size's factor, must be left of the quota"
)]
#[rule(source = "hub-docs docs/hub/spaces-zerogpu.md at 34ee0f0: the quotas")]
pub(crate) struct LongDuration<'a> {
    site: Site<'a>,
    cost: Cost,
}

/// What is left of a signed-in free visitor's day after a call that takes all its time.
fn left(booked: i64) -> i64 {
    Tier::Free.quota_seconds() - booked
}

/// Whether that is less than an anonymous visitor begins with.
pub(super) fn is_long(booked: i64) -> bool {
    left(booked) < Tier::Anonymous.quota_seconds()
}

/// The booked seconds of a reading of which `says` holds. What a function computes counts only where all
/// that it may return does.
pub(super) fn booked_if(
    declaration: &Declaration<'_>,
    reading: &Reading<'_>,
    says: impl Fn(i64) -> bool,
) -> Option<i64> {
    let booked = |reading: &Reading<'_>| match reading.duration {
        Duration::Seconds(_) => reading.cost().map(|cost| cost.booked).filter(|it| says(*it)),
        _ => None,
    };
    let readings = &declaration.readings;
    let all = reading.computed.is_none() || readings.iter().all(|it| booked(it).is_some());
    booked(reading).filter(|_| all && !readings.iter().any(is_illegal))
}

impl<'a> Check<'a> for LongDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let sites =
            declared::sites(space, |declaration, reading| booked_if(declaration, reading, is_long));
        sites.into_iter().filter_map(|site| Some(Self { cost: site.reading.cost()?, site }))
    }

    fn finding(&self) -> Finding {
        let Cost { booked, size, .. } = self.cost;
        let (free, anonymous) = (Tier::Free.quota_seconds(), Tier::Anonymous.quota_seconds());
        let call = self.site.each_call();
        let excluded = self.cost.excluded();
        let (message, most) = if booked > free {
            let most = quota::largest_declared(Tier::Free, size);
            (
                format!("{call} books {booked} s: {}", excluded.unwrap_or_default()),
                format!(" A free visitor can run at most {most} s."),
            )
        } else {
            let others = excluded.map(|excluded| format!("; {excluded}")).unwrap_or_default();
            (
                format!(
                    "{call} books {booked} s of a signed-in free visitor's {free} s a day: one that takes \
                     its time leaves {} s, less than the {anonymous} s of somebody who is not even signed \
                     in{others}",
                    left(booked)
                ),
                String::new(),
            )
        };
        let help = format!(
            "Declare what a call really needs, or a function of its arguments. {} {}{most} {INFERRED}",
            self.cost.steps(),
            self.cost.calls_a_day()
        );
        let finding = Self::at(self.site.location.clone(), message).help(help);
        self.site.related(finding.certainty(self.site.certainty))
    }
}
