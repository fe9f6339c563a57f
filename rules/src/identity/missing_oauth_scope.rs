use std::collections::BTreeSet;

use serde_yaml::Value;
use spacelint_knowledge::gradio::{self, Passed};
use spacelint_knowledge::platform;
use spacelint_python::{Argument, Place};
use spacelint_space::effect::Effect;
use spacelint_space::{Card, Entry, Moment, Space, injected};

use super::is_elsewhere;
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// A visitor's token is used for what the card does not ask them to allow.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "hub-docs docs/hub/oauth.md at 242f4a1: `inference-api` lets an app make inference requests on the user's behalf; gradio 6.31.0 workflow.py:645-648 asks for it for that"
)]
#[rule(
    source = "hub-docs docs/hub/spaces-oauth.md: scopes beyond `openid` and `profile` are asked for in `hf_oauth_scopes`"
)]
pub(crate) struct MissingOauthScope<'a> {
    moment: Moment<'a>,
    /// The visitor's token, as it is given.
    token: &'a Argument,
    client: &'a str,
    scope: &'static str,
    card: &'a Card,
    /// The card's switch, and its list of scopes.
    switch: &'a Entry,
    scopes: Option<&'a Entry>,
}

impl<'a> Check<'a> for MissingOauthScope<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let card = versions::gradio_card(space).and_then(|card| {
            let switch = card.get(gradio::oauth().switch)?;
            let is_on = switch.value == Value::Bool(true);
            (is_on && !card.is_unclear(gradio::oauth().list)).then_some((card, switch))
        });
        space.moments().filter_map(move |moment| {
            let (card, switch) = card?;
            let Effect::Client(client) = &moment.event.effect else { return None };
            let name = &*client.called.name;
            let (_, scope) = gradio::oauth().scopes.iter().find(|(client, _)| *client == name)?;
            let token = client.arguments.items.iter().find(|it| is_visitors(&moment, it))?;
            let scopes = card.get(gradio::oauth().list);
            let has = scopes.is_some_and(|it| it.items.iter().any(|it| it.text == **scope));
            let found = Self { moment, token, client: name, scope, card, switch, scopes };
            (!has && !is_elsewhere(client) && seen.insert(token.place)).then_some(found)
        })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "visitors who sign in are not asked for `{}`, which their token needs for `{}`: the Hub \
             refuses each call with \"{}\"",
            self.scope,
            self.client,
            platform::inference().refused
        );
        let entry = self.scopes.unwrap_or(self.switch);
        let span = entry.key_span.to(entry.value_span);
        Self::at(Location::of(self.moment.trace(), self.token.place), message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .related(Location::new(&self.card.file, span), "this is what they are asked for")
            .help(format!("Add `{}` to `{}` in the card.", self.scope, gradio::oauth().list))
    }

    fn fix(&self) -> Option<Fix> {
        let file = &self.card.file;
        let message = format!("ask visitors for `{}`", self.scope);
        let edit = match self.scopes {
            None => {
                let lines = format!("{}:\n  - {}", gradio::oauth().list, self.scope);
                Edit::insert_line(file, self.card.line_behind(self.switch)?, &lines)
            }
            Some(scopes) => {
                let last = scopes.items.last()?.span;
                let line = file.text.line_of(last.start);
                let start = file.text.line_span(line).start;
                let before = &file.text.as_str()[start as usize..last.start as usize];
                // In brackets, or each on a line of its own.
                if before.trim() == "-" {
                    let next = self.card.line_after(last.start)?;
                    Edit::insert_line(file, next, &format!("{before}{}", self.scope))
                } else {
                    Edit::insert(file, last.end, format!(", {}", self.scope))
                }
            }
        };
        Some(Fix::needs_review(message, vec![edit]))
    }
}

/// Whether `argument` is the token of the visitor for whom Gradio calls the function that this is in.
fn is_visitors(moment: &Moment<'_>, argument: &Argument) -> bool {
    let trace = moment.trace();
    let Some(function) = moment.event.root.and_then(|root| trace.roots()[root].function()) else {
        return false;
    };
    let place = argument.place;
    let text = trace.file(place.file).text.slice(place.span);
    let mut params = function.def.params.iter().enumerate();
    place.file == function.file
        && function.def.span.start <= place.span.start
        && place.span.end <= function.def.span.end
        && params.any(|(index, param)| {
            text.strip_prefix(&*param.name) == Some(".token")
                && injected(function, index) == Some(Passed::Token)
        })
}
