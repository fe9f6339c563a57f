use serde_yaml::Value;
use spacelint_knowledge::gradio;
use spacelint_python::Certainty;
use spacelint_space::effect::Effect;
use spacelint_space::{Card, Entry, Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The app has a sign-in button and the card does not ask for OAuth, so the Space does not start.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "gradio 6.31.0 and back to 3.50.2: blocks.py `expects_oauth`, routes.py and oauth.py:69-81: an app with a `LoginButton` raises where it is served on a Space without OAUTH_CLIENT_ID"
)]
#[rule(source = "hub-docs docs/hub/spaces-oauth.md: `hf_oauth: true` sets OAUTH_CLIENT_ID")]
pub(crate) struct MissingOauth<'a> {
    /// The sign-in button.
    moment: Moment<'a>,
    card: &'a Card,
    /// The switch, where it is off.
    entry: Option<&'a Entry>,
}

impl<'a> Check<'a> for MissingOauth<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let card =
            versions::gradio_card(space).filter(|card| !card.is_unclear(gradio::oauth().switch));
        let entry = card.and_then(|card| card.get(gradio::oauth().switch));
        // What is no switch at all is said by another rule.
        let is_off = entry.is_none_or(|it| matches!(it.value, Value::Null | Value::Bool(false)));
        let (mut first, mut is_set) = (None, false);
        for moment in space.moments().filter(|_| card.is_some() && is_off) {
            match &moment.event.effect {
                Effect::SetEnv(set) => {
                    is_set |= set.name.as_deref().is_none_or(|it| it == gradio::oauth().variable);
                }
                Effect::OfferLogin(offer) if offer.render.is_none() => {
                    let always =
                        moment.certainty() == Certainty::Always && moment.event.root.is_none();
                    first = first.or(always.then_some(moment));
                }
                _ => {}
            }
        }
        first
            .filter(|_| !is_set)
            .and_then(|moment| Some(Self { moment, card: card?, entry }))
            .into_iter()
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "with this button the app needs OAuth, which the card does not ask for: on the Hub, and only \
             there, Gradio raises \"{}\", and the Space does not start",
            gradio::oauth().error
        );
        let finding = Self::at(&self.moment, message)
            .chain(&self.moment)
            .help(format!("Add `{}` to the card.", line()));
        match self.entry {
            Some(entry) => {
                let span = entry.key_span.to(entry.value_span);
                finding.related(Location::new(&self.card.file, span), "the card turns it off here")
            }
            None => finding,
        }
    }

    fn fix(&self) -> Option<Fix> {
        let file = &self.card.file;
        let edit = if let Some(entry) = self.entry {
            Edit::replace(Location::new(file, entry.key_span.to(entry.value_span)), line())
        } else {
            let last = self.card.entries.iter().max_by_key(|entry| entry.value_span.end)?;
            Edit::insert_line(file, self.card.line_behind(last)?, &line())
        };
        Some(Fix::safe("ask for OAuth in the card", vec![edit]))
    }
}

fn line() -> String {
    format!("{}: true", gradio::oauth().switch)
}
