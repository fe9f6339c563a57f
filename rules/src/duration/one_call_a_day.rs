use spacelint_knowledge::platform::Tier;
use spacelint_space::Space;

use super::declared::{self, Cost, INFERRED, Site};
use super::long_duration::{booked_if, is_long};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A call books over half of a signed-in free visitor's day, so that they are sure of one.
#[derive(Rule)]
#[rule(severity = info, strict, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/client.py:105-173: what is asked for, the declared duration by the size's factor, must be left of the quota"
)]
#[rule(source = "hub-docs docs/hub/spaces-zerogpu.md at 34ee0f0: the quotas")]
pub(crate) struct OneCallADay<'a> {
    site: Site<'a>,
    cost: Cost,
}

impl<'a> Check<'a> for OneCallADay<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let sites = declared::sites(space, |declaration, reading| {
            booked_if(declaration, reading, |booked| {
                booked * 2 > Tier::Free.quota_seconds() && !is_long(booked)
            })
        });
        sites.into_iter().filter_map(|site| Some(Self { cost: site.reading.cost()?, site }))
    }

    fn finding(&self) -> Finding {
        let others = self.cost.excluded().map(|excluded| format!("; {excluded}"));
        let message = format!(
            "{} books {} s, over half of a signed-in free visitor's {} s a day: {} call a day, more if it \
             ends early{}",
            self.site.each_call(),
            self.cost.booked,
            Tier::Free.quota_seconds(),
            self.cost.calls(Tier::Free),
            others.unwrap_or_default()
        );
        let help = format!(
            "Declare what a call really needs, or a function of its arguments. {} {} {INFERRED}",
            self.cost.steps(),
            self.cost.calls_a_day()
        );
        let finding = Self::at(self.site.location.clone(), message).help(help);
        self.site.related(finding.certainty(self.site.certainty))
    }
}
