use spacelint_knowledge::platform::Tier;
use spacelint_space::Space;

use super::declared::{self, Duration, Site};
use super::measured::Measures;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// No `duration` is given, so that each call books the default.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(source = "spaces 0.51.3 zero/client.py:30: DEFAULT_SCHEDULE_DURATION")]
pub(crate) struct DefaultDuration<'a>(Site<'a>);

impl<'a> Check<'a> for DefaultDuration<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let measures = Measures::of(space);
        let sites = declared::sites(space, |declaration, reading| {
            let Duration::Default = reading.duration else { return None };
            // Where it was measured, the default is held against that.
            if measures.as_ref().is_some_and(|measures| measures.judge(declaration).is_some()) {
                return None;
            }
            reading.visited.then(|| reading.cost().map_or(0, |cost| cost.booked))
        });
        sites.into_iter().map(Self)
    }

    fn finding(&self) -> Finding {
        let call = self.0.each_call();
        let needs = "Declare what a call really needs: with less, visitors can call more often, and a \
                     call that needs more is stopped.";
        let (books, help) = match self.0.reading.cost() {
            Some(cost) => (
                format!(
                    "books {} s of a signed-in free visitor's {} s a day; calls a day: {}, more if they \
                     end early",
                    cost.booked,
                    Tier::Free.quota_seconds(),
                    cost.calls(Tier::Free)
                ),
                format!("{needs} By default, {} {}", cost.steps(), cost.calls_a_day()),
            ),
            None => ("declares the default".to_owned(), needs.to_owned()),
        };
        let message = format!("no duration is given, so {call} {books}");
        let finding = Self::at(self.0.location.clone(), message).help(help);
        self.0.related(finding.certainty(self.0.certainty))
    }
}
