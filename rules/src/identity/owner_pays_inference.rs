use std::collections::BTreeSet;

use spacelint_knowledge::{gradio, platform};
use spacelint_python::Place;
use spacelint_space::effect::{Client, Effect, Token};
use spacelint_space::{Moment, Space};

use super::is_elsewhere;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::versions;

/// What visitors ask of Inference Providers is paid for by whoever's token the Space has.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0", strict)]
#[rule(
    source = "hub-docs docs/inference-providers/pricing.md at 242f4a1: a request is billed to the account whose token it carries, and a free account's monthly credits are not to be extended; spaces-oauth.md: a visitor's token with `inference-api`"
)]
pub(crate) struct OwnerPaysInference<'a> {
    moment: Moment<'a>,
    client: &'a Client,
    /// What a visitor's own token needs for it.
    scope: &'static str,
}

impl<'a> Check<'a> for OwnerPaysInference<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let clients = gradio::oauth().scopes;
        let moments = space.moments().filter(|_| versions::gradio_card(space).is_some());
        moments.filter_map(move |moment| {
            let Effect::Client(client) = &moment.event.effect else { return None };
            let (_, scope) = clients.iter().find(|(name, _)| *name == &*client.called.name)?;
            let is_owners = matches!(client.token, Token::Implicit | Token::Env(_)) && !client.open;
            let found = Self { moment, client, scope };
            (is_owners && !is_elsewhere(client) && seen.insert(moment.place())).then_some(found)
        })
    }

    fn finding(&self) -> Finding {
        let whose = match &self.client.token {
            Token::Env(names) => {
                format!("the account whose token is in `{}`", names.join("` or `"))
            }
            _ => "the account whose token the Space has as a secret".to_owned(),
        };
        let message = format!(
            "whatever visitors ask of this client is billed to {whose}: once its credits of the month are \
             spent, each call ends with {}, for everyone",
            platform::inference().spent
        );
        let help = format!(
            "Let visitors sign in, and make the client with theirs: `token=oauth_token.token`, with \
             `{}: [{}]` in the card.",
            gradio::oauth().list,
            self.scope
        );
        Self::at(&self.moment, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help(help)
    }
}
