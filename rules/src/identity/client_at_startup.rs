use std::collections::BTreeSet;

use spacelint_python::{Certainty, Guard, Place};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use super::{CLIENT, Target};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// The app starts only while another Space runs, and all visitors call that through one client.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(
    source = "gradio_client 2.7.2 client.py:137-163 and 1.14.0: the constructor asks the Space for its state and configuration, and raises without them; 860-879: a visitor's token stays in the client"
)]
pub(crate) struct ClientAtStartup<'a> {
    moment: Moment<'a>,
    target: Target<'a>,
}

impl<'a> Check<'a> for ClientAtStartup<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter_map(move |moment| {
            let Effect::Client(client) = &moment.event.effect else { return None };
            let target = Target::of(client).filter(|_| *client.called.name == *CLIENT)?;
            let survives =
                moment.guards().any(|it| matches!(it, Guard::Try { .. } | Guard::Handler));
            let always = moment.event.root.is_none() && moment.certainty() == Certainty::Always;
            (always && !survives && seen.insert(moment.place())).then_some(Self { moment, target })
        })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "the app starts only while {} answers: where that is paused, broken or gone, `Client()` \
             raises, and this Space does not start",
            self.target.name()
        );
        Self::at(&self.moment, message).chain(&self.moment).help(
            "Make the client in the handler, where a failure is one visitor's and the client is theirs \
             alone.",
        )
    }
}
