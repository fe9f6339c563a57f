use spacelint_knowledge::platform::Tier;
use spacelint_space::Space;

use super::measured::{self, MeasuredSite, Verdict};
use crate::finding::{Finding, Fix};
use crate::rule::{Check, Rule};

/// The declared duration is more than any call needs that was measured, and books it of each visitor's day.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/client.py:105-173: what is asked for, the declared duration by the size's factor, must be left of the quota"
)]
pub(crate) struct LooseDuration<'a>(MeasuredSite<'a>);

impl<'a> Check<'a> for LooseDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        measured::sites(space, Verdict::Loose).into_iter().map(Self)
    }

    fn finding(&self) -> Finding {
        let Self(MeasuredSite { site, judged, .. }) = self;
        let call = site.each_call();
        let message = match self.0.costs() {
            Some((now, then)) => format!(
                "{call} books {} s of a visitor's day, and {} s are enough for what was measured: with {} s \
                 declared instead of {}, a signed-in free visitor can make {} calls a day, now {}",
                now.booked,
                then.booked,
                then.declared,
                now.declared,
                judged.calls(Tier::Free, &then),
                judged.calls(Tier::Free, &now)
            ),
            None => {
                format!(
                    "{call} declares more than the {} s that are enough",
                    judged.recommended.target
                )
            }
        };
        let finding = Self::at(site.location.clone(), message).help(self.0.help());
        site.related(finding.certainty(site.certainty))
    }

    fn fix(&self) -> Option<Fix> {
        self.0.fix()
    }
}
