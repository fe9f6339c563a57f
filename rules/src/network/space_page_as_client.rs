use std::collections::BTreeSet;

use spacelint_knowledge::platform;
use spacelint_python::{Argument, Place};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::installed;
use crate::rule::{Check, Rule};

/// A client is given the page of a Space on the Hub, where no app answers.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "gradio_client 2.7.2 client.py:138-147 and 1059-1112: whatever begins with https:// is taken for the app's own address, and raises where no configuration of Gradio is found; called with one (2026-11-29)"
)]
pub(crate) struct SpacePageAsClient<'a> {
    moment: Moment<'a>,
    given: &'a Argument,
    /// The Space that is meant.
    id: &'a str,
}

impl<'a> Check<'a> for SpacePageAsClient<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter_map(move |moment| {
            let Effect::Client(client) = &moment.event.effect else { return None };
            let [address] = &*client.ids else { return None };
            let id = address.strip_prefix(platform::direct().page)?.trim_end_matches('/');
            let is_id = id.split('/').count() == 2 && !id.contains(['?', '#']);
            let given = client.arguments.get(0, "src")?;
            let applies = *client.called.name == *CLIENT && client.settled && is_id;
            let is_met = installed::is_met(&moment, "ValueError");
            (applies && !is_met && seen.insert(given.place)).then_some(Self { moment, given, id })
        })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "this is the page on which the Hub shows {}, and not the app: `Client()` finds no Gradio there \
             and raises a ValueError, and {}",
            self.id,
            installed::so(&self.moment)
        );
        Self::at(self.place(), message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help(format!("Name the Space: `Client(\"{}\")`.", self.id))
    }

    fn fix(&self) -> Option<Fix> {
        let place = self.place();
        let is_literal = place.file.text.slice(place.span).starts_with(['"', '\'']);
        let edit = Edit::replace(place, format!("\"{}\"", self.id));
        is_literal.then(|| Fix::safe("name the Space", vec![edit]))
    }
}

impl SpacePageAsClient<'_> {
    fn place(&self) -> Location {
        Location::of(self.moment.trace(), self.given.place)
    }
}

/// Gradio's Python client of a Space.
const CLIENT: &str = "gradio_client.Client";
