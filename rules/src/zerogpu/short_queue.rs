use std::collections::BTreeSet;

use spacelint_knowledge::gradio;
use spacelint_python::{Argument, Place, Value};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// Few calls run at once, and on ZeroGPU only one more may wait: whoever comes next is sent away.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "gradio 6.31.0 and back to 3.44.4 blocks.py `queue`: on ZeroGPU `max_size = 1 if max_size is None`; queueing.py:284-300: \"Queue is full. Max size is 1 and size is 1.\""
)]
pub(crate) struct ShortQueue<'a> {
    moment: Moment<'a>,
    limit: &'a Argument,
    /// How many calls of a function run at once.
    at_once: i64,
}

impl<'a> Check<'a> for ShortQueue<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        // With a limit of its own an event may not wait in Gradio, whatever the others do.
        let own = space.moments().filter_map(|moment| match &moment.event.effect {
            Effect::LimitCalls(limit) => match limit.at_once {
                Value::Int(own) => Some(own),
                _ => Some(i64::MAX),
            },
            _ => None,
        });
        let highest = own.max();
        space.moments().filter(|_| space.is_zerogpu()).filter_map(move |moment| {
            let Effect::SetQueue(queue) = &moment.event.effect else { return None };
            let limit = queue.at_once.as_ref()?;
            let Value::Int(at_once) = limit.value else { return None };
            let is_silent = match &queue.waiting {
                None => !queue.open,
                Some(waiting) => waiting.value == Value::None,
            };
            let found = Self { moment, limit, at_once };
            let is_higher = highest.is_some_and(|own| own > at_once);
            (is_silent && !is_higher && seen.insert(moment.place())).then_some(found)
        })
    }

    fn finding(&self) -> Finding {
        let queue = gradio::zerogpu_queue();
        let calls = match self.at_once {
            1 => "1 call".to_owned(),
            more => format!("{more} calls"),
        };
        let message = format!(
            "{calls} of a function may run at a time, and without `max_size` ZeroGPU lets only {} more wait, \
             over all functions: the next visitor is sent away with \"{}\"",
            queue.waiting, queue.refusal
        );
        Self::at(Location::of(self.moment.trace(), self.limit.place), message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help("Say how many may wait, such as `max_size=20`.")
    }
}
