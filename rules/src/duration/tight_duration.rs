use spacelint_space::Space;

use super::measured::{self, MeasuredSite, Verdict, tenths};
use crate::finding::{Finding, Fix};
use crate::rule::{Check, Rule};

/// The declared duration is less than calls need that were measured: those are stopped.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/client.py:162-173, zero/wrappers.py:228: a call asks for the declared duration by the size's factor, and one that is stopped raises `GPU task aborted`"
)]
pub(crate) struct TightDuration<'a>(MeasuredSite<'a>);

impl<'a> Check<'a> for TightDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        measured::sites(space, Verdict::Tight).into_iter().map(Self)
    }

    fn finding(&self) -> Finding {
        let Self(MeasuredSite { site, judged, .. }) = self;
        let (measured, calls) = (judged.entry.longest_seconds, judged.entry.calls);
        let longest = judged.entry.on_platform(measured);
        let (call, lower) = (site.each_call(), judged.recommended.lower);
        let message = match self.0.costs() {
            Some((now, _)) => {
                #[expect(clippy::cast_precision_loss, reason = "a day is far below 2^53 seconds")]
                let is_over = longest > now.allowed as f64;
                let so = if is_over {
                    "visitors whose calls take as long see an error".to_owned()
                } else {
                    format!(
                        "with less than {lower} s declared, too many that take longer are stopped"
                    )
                };
                let there = match &judged.entry.translation {
                    Some(_) => format!(", up to {} s there", tenths(longest)),
                    None => String::new(),
                };
                format!(
                    "{call} is stopped after {} s on the GPU, and the longest of {calls} measured calls took {} \
                     s{there}: {so}",
                    now.allowed,
                    tenths(measured)
                )
            }
            None => format!("{call} declares less than the {lower} s that it needs"),
        };
        let finding = Self::at(site.location.clone(), message).help(self.0.help());
        site.related(finding.certainty(site.certainty))
    }

    fn fix(&self) -> Option<Fix> {
        self.0.fix()
    }
}
