use spacelint_knowledge::platform;
use spacelint_python::{Argument, Certainty, Value};
use spacelint_space::effect::{Effect, Serve, Served};
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The app listens where the platform does not ask, so the Space never starts.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "haruka1105/SaliencyMapDemo 696e430: with a port other than 7860 the Space stays at Starting; xg-chu/ARTalk#39: so it does with 127.0.0.1"
)]
#[rule(
    source = "hub-docs spaces-config-reference.md: `startup_duration_timeout`, 30 minutes by default"
)]
pub(crate) struct UnreachableApp<'a> {
    moment: Moment<'a>,
    wrong: Wrong<'a>,
    serve: &'a Serve,
    /// The card's own time limit.
    limit: Option<&'a str>,
}

/// What keeps the platform from hearing the app.
#[derive(Clone, Copy)]
enum Wrong<'a> {
    /// It listens on a port of its own; the argument, where one says so.
    Port(i64, Option<&'a Argument>),
    /// It listens to the container alone.
    Host(&'a str, Option<&'a Argument>),
}

impl<'a> Check<'a> for UnreachableApp<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let card = versions::gradio_card(space);
        let served = space.moments().filter_map(|moment| match &moment.event.effect {
            Effect::Serve(serve) if serve.how != Served::Mounted => Some((moment, &**serve)),
            _ => None,
        });
        let all: Vec<_> = served.map(|(moment, serve)| (moment, serve, wrong(serve))).collect();
        // What is run as a command may be what the platform hears.
        let other = space.moments().any(|it| matches!(it.event.effect, Effect::RunCommand(_)))
            || space.trace().is_none_or(|trace| !trace.exhausted().is_empty())
            || all.iter().any(|(.., wrong)| wrong.is_none());
        let first = all.into_iter().find(|(moment, ..)| {
            moment.certainty() == Certainty::Always && moment.event.root.is_none()
        });
        let limit = card.and_then(|card| card.str("startup_duration_timeout"));
        first
            .filter(|_| card.is_some() && !other)
            .and_then(|(moment, serve, wrong)| Some(Self { moment, serve, wrong: wrong?, limit }))
            .into_iter()
    }

    fn finding(&self) -> Finding {
        let listening = platform::listening();
        let what = match self.wrong {
            Wrong::Port(port, _) => format!("on port {port}"),
            Wrong::Host(host, _) => format!("on `{host}`, which only the container itself reaches"),
        };
        let limit = match self.limit {
            Some(limit) => format!("`{limit}`"),
            None => format!("{} minutes", listening.minutes),
        };
        let message = format!(
            "the app listens {what}; the platform asks on port {} from outside, hears nothing, and gives \
             the Space up after {limit}",
            listening.port
        );
        let help = match (self.wrong, self.serve.how) {
            (Wrong::Port(..), Served::Launched) => {
                format!("Leave the port out, or make it {}.", listening.port)
            }
            (Wrong::Host(..), Served::Launched) => {
                format!("Leave the address out, or make it `{}`.", listening.host)
            }
            _ => format!("Listen on `{}` and port {}.", listening.host, listening.port),
        };
        let place = match self.wrong {
            Wrong::Port(_, Some(said)) | Wrong::Host(_, Some(said)) => self.place(said),
            _ => (&self.moment).into(),
        };
        Self::at(place, message).chain(&self.moment).help(help)
    }

    fn fix(&self) -> Option<Fix> {
        let listening = platform::listening();
        let (said, right) = match self.wrong {
            Wrong::Port(_, said) => (said?, listening.port.to_string()),
            Wrong::Host(_, said) => (said?, format!("\"{}\"", listening.host)),
        };
        let place = self.place(said);
        let text = place.file.text.slice(place.span);
        // A name may be used elsewhere too.
        let is_literal = text.starts_with(|c: char| c.is_ascii_digit() || c == '"' || c == '\'');
        let message = format!("listen on {right}");
        is_literal.then(|| Fix::safe(message, vec![Edit::replace(place, right)]))
    }
}

impl UnreachableApp<'_> {
    fn place(&self, said: &Argument) -> Location {
        Location::of(self.moment.trace(), said.place)
    }
}

/// What keeps the platform from hearing what is served so; none if nothing does, or that is not known.
fn wrong(serve: &Serve) -> Option<Wrong<'_>> {
    // Where the program goes on meanwhile, whatever comes next may be what the platform hears.
    let returns = serve.returns.as_ref().is_some_and(|returns| returns.truth() != Some(false));
    if serve.open || returns {
        return None;
    }
    let said = |argument: &Option<Argument>| {
        argument.as_ref().is_some_and(|argument| argument.value != Value::None)
    };
    let port = match &serve.port {
        Some(port) if said(&serve.port) => match port.value {
            Value::Int(number) => Some((number, Some(port))),
            _ => return None,
        },
        _ => serve.listens.map(|listens| (i64::from(listens.port), None)),
    };
    let host = match &serve.host {
        Some(host) if said(&serve.host) => Some((host.value.as_str()?, Some(host))),
        _ => serve.listens.map(|listens| (listens.host, None)),
    };
    let listening = platform::listening();
    let port = port.filter(|(port, _)| *port != i64::from(listening.port));
    let host = host.filter(|(host, _)| listening.unreachable.contains(host));
    port.map(|(port, said)| Wrong::Port(port, said))
        .or_else(|| host.map(|(host, said)| Wrong::Host(host, said)))
}
