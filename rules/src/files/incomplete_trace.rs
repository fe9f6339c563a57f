use spacelint_python::{Budget, Certainty, Span};
use spacelint_space::{Space, SpaceTrace};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// The program is too large or too deep to be followed to its end.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(source = "spacelint itself: a trace ends when one of its budgets does")]
pub(crate) struct IncompleteTrace {
    at: Location,
    budget: Budget,
}

impl<'a> Check<'a> for IncompleteTrace {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.trace().into_iter().flat_map(SpaceTrace::exhausted).filter_map(|budget| {
            let entry = space.entry.as_ref()?;
            Some(Self { at: Location::new(entry, Span::empty(0)), budget: *budget })
        })
    }

    fn finding(&self) -> Finding {
        let what = match self.budget {
            Budget::Steps => "it does more than spacelint follows",
            Budget::Events => "more happens in it than spacelint keeps",
            Budget::Depth => "its calls or expressions nest deeper than spacelint follows",
            Budget::Bytes => "it is longer than spacelint reads",
        };
        Self::at(self.at.clone(), format!("the program was not followed to its end: {what}"))
            .certainty(Certainty::Always)
            .help("What was seen is reported; what comes after may have failures that are not.")
    }
}
