use spacelint_knowledge::platform::Tier;
use spacelint_knowledge::quota;
use spacelint_space::Space;

use super::declared::{self, Cost, Duration, INFERRED, Site};
use super::illegal_duration::is_illegal;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A signed-in free visitor cannot make the call, or it books over half their day.
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

impl<'a> Check<'a> for LongDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let sites = declared::sites(space, |declaration, reading| {
            let Duration::Seconds(_) = reading.duration else { return None };
            let booked = reading.cost()?.booked;
            let long = booked * 2 > Tier::Free.quota_seconds();
            (long && !declaration.readings.iter().any(is_illegal)).then_some(booked)
        });
        sites.into_iter().filter_map(|site| Some(Self { cost: site.reading.cost()?, site }))
    }

    fn finding(&self) -> Finding {
        let Cost { booked, size, .. } = self.cost;
        let free = Tier::Free.quota_seconds();
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
                    "{call} books {booked} s, over half of a signed-in free visitor's {free} s a day: \
                     {} call a day, more if it ends early{others}",
                    self.cost.calls(Tier::Free)
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
