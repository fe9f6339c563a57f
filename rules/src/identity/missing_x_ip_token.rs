use std::collections::BTreeSet;

use spacelint_knowledge::effects;
use spacelint_knowledge::gradio;
use spacelint_knowledge::platform::{self, Tier};
use spacelint_python::{Place, Value};
use spacelint_space::effect::{Client, Effect, Token};
use spacelint_space::pins::Allowed;
use spacelint_space::{Moment, Phase, Role, SourceFile, Space};

use super::{LOAD, Lost, Target};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// A visitor's call of another Space does not say who the visitor is.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(
    source = "gradio_client 1.14.0 client.py:579 and 758-777, 2.7.2 client.py:671 and 860-879; gradio CHANGELOG.md, #10352 and #12243; reproduced with gradio 5.13.0, 5.50.0, 6.0.0 and 6.31.0"
)]
#[rule(source = "gradio guide: Using ZeroGPU Spaces with the Clients")]
pub(crate) struct MissingXIpToken<'a> {
    moment: Moment<'a>,
    client: &'a Client,
    made_at: Place,
    target: Target<'a>,
    why: Why,
}

/// Why the client does not pass on who the visitor is.
enum Why {
    /// It is of a Gradio that never does.
    Old(String),
    /// It knows only an address.
    Address,
    /// It cannot see the visitor.
    Lost(Lost),
}

impl<'a> Check<'a> for MissingXIpToken<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        // Who writes the header somewhere knows of it.
        let knows =
            space.trace().is_some_and(|trace| trace.files().any(|file| writes_header(file)));
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter(move |_| !knows).filter_map(move |moment| {
            let (client, made_at) = match &moment.event.effect {
                Effect::CallSpace(call) => (&call.client, call.made_at),
                Effect::Client(client) if *client.called.name == *LOAD => {
                    (&**client, moment.place())
                }
                _ => return None,
            };
            let target = Target::of(client).filter(|_| is_silent(client))?;
            let why = if *client.called.name == *LOAD {
                old(space, gradio::forwarding().loaded)?
            } else {
                why(space, &moment, target)?
            };
            seen.insert(made_at).then_some(Self { moment, client, made_at, target, why })
        })
    }

    fn finding(&self) -> Finding {
        let why = match &self.why {
            Why::Old(version) => {
                format!("what Gradio {version} sends there does not say who the visitor is")
            }
            Why::Address => {
                "the client says who the visitor is only to a Space that it knows by its id, \
                             not by its address"
                    .to_owned()
            }
            Why::Lost(lost) => {
                format!(
                    "it is called in {}, where the client does not know the visitor",
                    lost.place()
                )
            }
        };
        let message = format!(
            "if {} runs on ZeroGPU, what visitors do there counts on {}: {why}",
            self.target.name(),
            self.whose()
        );
        let trace = self.moment.trace();
        let finding = Self::at(Location::of(trace, self.made_at), message)
            .certainty(self.moment.certainty())
            .chain(&self.moment);
        let finding = match self.moment.place() {
            place if place == self.made_at => finding,
            place => finding.related(Location::of(trace, place), "a visitor's call is sent here"),
        };
        finding.help(self.advice())
    }
}

impl MissingXIpToken<'_> {
    /// Whose quota pays.
    fn whose(&self) -> String {
        let anonymous = Tier::Anonymous.quota_seconds();
        let nobody = format!(
            "the {anonymous} s a day of callers who are not signed in, which all visitors share"
        );
        match &self.client.token {
            Token::Env(names) => format!("the quota of the account that `{}` is of", names[0]),
            Token::Implicit => format!(
                "{nobody}, or where the Space has a secret `{}`, on the quota of that account",
                platform::hub_token().read[0]
            ),
            Token::Refused | Token::Other => nobody,
        }
    }

    fn advice(&self) -> String {
        let forwarding = gradio::forwarding();
        let header = forwarding.header;
        let by_hand = format!(
            "take `request: gr.Request` in the handler and make the client there with \
             `headers={{\"{header}\": request.headers[\"{header}\"]}}`"
        );
        match self.why {
            Why::Old(_) if *self.client.called.name == *LOAD => {
                format!("Move to Gradio {} or later, which says it.", forwarding.loaded)
            }
            Why::Old(_) => format!(
                "Move to Gradio {} or later, whose client says it by itself, or {by_hand}.",
                forwarding.client
            ),
            Why::Address => format!("Name the Space by its id, `owner/name`, or {by_hand}."),
            Why::Lost(_) => format!("Call it in a handler of Gradio, or {by_hand}."),
        }
    }
}

/// Whether the header stands in `file` as a text.
fn writes_header(file: &SourceFile) -> bool {
    let text = file.text.as_str().to_ascii_lowercase();
    let header = gradio::forwarding().header;
    let is_quote = |c: char| c == '"' || c == '\'';
    text.match_indices(header).any(|(at, _)| {
        text[..at].ends_with(is_quote) && text[at + header.len()..].starts_with(is_quote)
    })
}

/// Whether the call itself says nothing of the visitor.
fn is_silent(client: &Client) -> bool {
    // Another token may be the visitor's own.
    let token = client.token != Token::Other;
    let headers = match &client.headers {
        None | Some(Value::None) => true,
        Some(Value::Dict(pairs)) => pairs.iter().all(|(name, _)| name.as_str().is_some()),
        Some(_) => false,
    };
    token && headers && !client.open
}

/// Why the visitor's call at `moment` does not say whose it is.
fn why(space: &Space, moment: &Moment<'_>, target: Target<'_>) -> Option<Why> {
    if moment.phase != Phase::Request {
        return None;
    }
    if let Some(lost) = Lost::at(moment) {
        return Some(Why::Lost(lost));
    }
    let of_gradio = moment.role() == Some(Role::Request(effects::Role::Event));
    match target {
        _ if !of_gradio => None,
        Target::Address(_) => Some(Why::Address),
        Target::Id(_) => old(space, gradio::forwarding().client),
    }
}

/// Whether the Space's Gradio is surely older than `since`, and which one it is.
fn old(space: &Space, since: &str) -> Option<Why> {
    let is_old = versions::reaches(space, "gradio", since)? == Allowed::Never;
    is_old.then(|| space.pins().get("gradio").map(|it| Why::Old(versions::asked(it))))?
}
