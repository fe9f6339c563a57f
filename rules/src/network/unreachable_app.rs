use std::sync::Arc;

use spacelint_knowledge::platform;
use spacelint_python::{Argument, Certainty, Span, Value};
use spacelint_space::dockerfile::{Server, Setting};
use spacelint_space::effect::{Effect, Serve, Served};
use spacelint_space::{Card, Moment, SourceFile, Space};

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
    source = "hub-docs spaces-config-reference.md: `startup_duration_timeout`, 30 minutes by default; `app_port`, the port on which a Docker Space is asked, 7860 by default"
)]
pub(crate) struct UnreachableApp<'a> {
    app: App<'a>,
    /// The card's own time limit.
    limit: Option<&'a str>,
}

/// What listens.
enum App<'a> {
    /// What the program of a Gradio Space serves.
    Program(Program<'a>),
    /// What the container of a Docker Space starts.
    Container(Container<'a>),
}

struct Program<'a> {
    moment: Moment<'a>,
    wrong: Wrong<'a>,
    serve: &'a Serve,
}

struct Container<'a> {
    file: &'a Arc<SourceFile>,
    card: &'a Card,
    server: &'a Server,
    /// The port on which the platform asks.
    asked: u16,
    /// The port on which it listens, where that is another.
    port: Option<&'a Setting<u16>>,
    /// The address on which it listens, where only the container itself reaches it.
    host: Option<&'a Setting<String>>,
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
        let card = space.card.as_ref();
        let limit = card.and_then(|card| card.str("startup_duration_timeout"));
        let program = Program::of(space).map(App::Program);
        let app = program.or_else(|| Container::of(space).map(App::Container));
        app.map(|app| Self { app, limit }).into_iter()
    }

    fn finding(&self) -> Finding {
        let limit = match self.limit {
            Some(limit) => format!("`{limit}`"),
            None => format!("{} minutes", platform::listening().minutes),
        };
        match &self.app {
            App::Program(program) => program.finding(&limit),
            App::Container(container) => container.finding(&limit),
        }
    }

    fn fix(&self) -> Option<Fix> {
        match &self.app {
            App::Program(program) => program.fix(),
            App::Container(container) => container.fix(),
        }
    }
}

impl<'a> Program<'a> {
    fn of(space: &'a Space) -> Option<Self> {
        versions::gradio_card(space)?;
        let served = space.moments().filter_map(|moment| match &moment.event.effect {
            Effect::Serve(serve) if serve.how != Served::Mounted => Some((moment, &**serve)),
            _ => None,
        });
        let all: Vec<_> = served.map(|(moment, serve)| (moment, serve, wrong(serve))).collect();
        // What is run as a command may be what the platform hears.
        let other = space.moments().any(|it| matches!(it.event.effect, Effect::RunCommand(_)))
            || space.trace().is_none_or(|trace| !trace.exhausted().is_empty())
            || all.iter().any(|(.., wrong)| wrong.is_none());
        let (moment, serve, wrong) = all.into_iter().find(|(moment, ..)| {
            moment.certainty() == Certainty::Always && moment.event.root.is_none()
        })?;
        (!other).then_some(Self { moment, serve, wrong: wrong? })
    }

    fn finding(&self, limit: &str) -> Finding {
        let listening = platform::listening();
        let what = match self.wrong {
            Wrong::Port(port, _) => format!("on port {port}"),
            Wrong::Host(host, _) => format!("on `{host}`, which only the container itself reaches"),
        };
        let message = said("the app", &what, listening.port, limit);
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
        UnreachableApp::at(place, message).chain(&self.moment).help(help)
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

    fn place(&self, said: &Argument) -> Location {
        Location::of(self.moment.trace(), said.place)
    }
}

/// Ports below it a user other than root may not listen on, on many machines.
const FIRST_FREE_PORT: u16 = 1024;

impl<'a> Container<'a> {
    fn of(space: &'a Space) -> Option<Self> {
        let listening = platform::listening();
        let card = space.card.as_ref()?;
        let dockerfile = space.dockerfile.as_ref()?;
        let server = dockerfile.server.as_ref()?;
        let asked = match card.get(platform::docker().port_key) {
            None if card.is_unclear(platform::docker().port_key) => return None,
            None => listening.port,
            // What is no number, or none of a port, the Hub does not take.
            Some(entry) => entry.text.parse().ok()?,
        };
        let port = server.port.as_ref().filter(|port| port.value != asked && port.value != 0);
        let is_deaf = |host: &&Setting<String>| listening.unreachable.contains(&&*host.value);
        let host = server.host.as_ref().filter(is_deaf);
        (port.is_some() || host.is_some()).then_some(Self {
            file: &dockerfile.file,
            card,
            server,
            asked,
            port,
            host,
        })
    }

    fn finding(&self, limit: &str) -> Finding {
        let alone = "which only the container itself reaches";
        let what = match (self.port, self.host) {
            (Some(port), Some(host)) => {
                format!("on port {} of `{}`, {alone}", port.value, host.value)
            }
            (Some(port), None) => format!("on port {}", port.value),
            (None, Some(host)) => format!("on `{}`, {alone}", host.value),
            (None, None) => String::new(),
        };
        let place = self
            .port
            .and_then(|port| port.span)
            .or_else(|| self.host.and_then(|host| host.span))
            .unwrap_or(self.server.span);
        let message = said(&format!("`{}`", self.server.facts.name), &what, self.asked, limit);
        let finding = UnreachableApp::at(Location::new(self.file, place), message);
        let own = self.port.is_some_and(|port| port.span.is_none())
            || self.host.is_some_and(|host| host.span.is_none());
        let finding = if own && !self.server.facts.variables.is_empty() {
            finding.doubtful(
                "This depends on whether the settings of the Space hold a variable that says otherwise.",
            )
        } else {
            finding
        };
        let mut help = Vec::new();
        if self.host.is_some() {
            help.push(format!("Let it listen on `{}`.", platform::listening().host));
        }
        if let Some(port) = self.port {
            help.push(format!(
                "Let it listen on port {}, or write `{}: {}` in the card.",
                self.asked,
                platform::docker().port_key,
                port.value
            ));
        }
        finding.help(help.join(" "))
    }

    /// The card names the port, so that whatever else in the container asks there still does.
    fn fix(&self) -> Option<Fix> {
        let mut edits = Vec::new();
        let host = platform::listening().host;
        match self.host {
            Some(Setting { value, span: Some(span) }) => {
                let text = self.file.text.slice(*span);
                let inner = text.trim_matches(['"', '\'']);
                let start = span.start as usize + text.find(inner)?;
                let inner_span = Span::new(start, start + inner.len());
                (inner == value).then_some(())?;
                edits.push(Edit::replace(Location::new(self.file, inner_span), host));
            }
            Some(Setting { span: None, .. }) => edits.push(self.told(host)?),
            None => {}
        }
        if let Some(port) = self.port {
            (port.value >= FIRST_FREE_PORT).then_some(())?;
            let key = platform::docker().port_key;
            let file = &self.card.file;
            edits.push(if let Some(entry) = self.card.get(key) {
                Edit::replace(Location::new(file, entry.inner_span), port.value.to_string())
            } else {
                let next = self.card.line_behind(self.card.get("sdk")?)?;
                Edit::insert_line(file, next, &format!("{key}: {}", port.value))
            });
        }
        let message = match (self.port, self.host) {
            (Some(port), Some(_)) => {
                format!("listen on `{host}`, and be asked on port {}", port.value)
            }
            (Some(port), None) => format!("be asked on port {}", port.value),
            _ => format!("listen on `{host}`"),
        };
        Some(Fix::safe(message, edits))
    }

    /// What tells the server the address, which it has by itself so far.
    fn told(&self, host: &str) -> Option<Edit> {
        let facts = self.server.facts;
        let long = |options: &[&'static str]| {
            options.iter().copied().find(|option| option.starts_with("--"))
        };
        let words = if let Some(option) = long(facts.host_options) {
            [option.to_owned(), host.to_owned()]
        } else {
            let port = self.server.port.as_ref()?.value;
            [long(facts.bind_options)?.to_owned(), format!("{host}:{port}")]
        };
        let end = self.server.last.end;
        Some(if self.server.is_exec {
            let [option, value] = words;
            Edit::insert(self.file, end + 1, format!(", \"{option}\", \"{value}\""))
        } else {
            Edit::insert(self.file, end, format!(" {}", words.join(" ")))
        })
    }
}

/// What happens when `who` listens so.
fn said(who: &str, what: &str, port: u16, limit: &str) -> String {
    format!(
        "{who} listens {what}; the platform asks on port {port} from outside, hears nothing, and gives the \
         Space up after {limit}"
    )
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
