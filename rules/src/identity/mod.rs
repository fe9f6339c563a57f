//! Whom a call is made for.

use spacelint_knowledge::{effects, platform};
use spacelint_python::Value;
use spacelint_space::effect::Client;
use spacelint_space::{Moment, Role, SpaceTrace};

crate::registry::rules! { Identity:
    missing_handshake::MissingHandshake,
    gpu_call_without_visitor::GpuCallWithoutVisitor,
    missing_x_ip_token::MissingXIpToken,
    client_at_startup::ClientAtStartup,
    renamed_token::RenamedToken,
    direct_space_link::DirectSpaceLink,
    missing_login_button::MissingLoginButton,
    missing_oauth_scope::MissingOauthScope,
    owner_pays_inference::OwnerPaysInference,
}

/// Gradio's Python client of a Space.
const CLIENT: &str = "gradio_client.Client";
/// What makes an app of another Space.
const LOAD: &str = "gradio.load";

/// Where a visitor's call runs that Gradio has lost sight of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// In a thread, which knows nothing of what started it.
    Thread,
    /// In a route of the server, which Gradio has no part in.
    Route,
}

impl Lost {
    /// What happens to a visitor's call at `moment`, as far as that is sure.
    fn at(moment: &Moment<'_>) -> Option<Self> {
        let trace = moment.trace();
        let mut next = moment.event.root;
        loop {
            let root = &trace.roots()[next?];
            return match root.role {
                Role::Request(effects::Role::ThreadInContext) => {
                    next = root.parent;
                    continue;
                }
                Role::Request(effects::Role::Route) => Some(Self::Route),
                Role::Request(effects::Role::Thread) if has_visitor(trace, root.parent) => {
                    Some(Self::Thread)
                }
                _ => None,
            };
        }
    }

    /// Where that is.
    fn place(self) -> &'static str {
        match self {
            Self::Thread => "a thread of its own",
            Self::Route => "a route of the server",
        }
    }
}

/// Whether somebody visits whose call led to this root.
fn has_visitor(trace: &SpaceTrace, root: Option<usize>) -> bool {
    use effects::Role::{Event, Route};
    std::iter::successors(root, |root| trace.roots()[*root].parent)
        .any(|root| matches!(trace.roots()[root].role, Role::Request(Event | Route)))
}

/// Another Space, as it is named to what calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target<'a> {
    /// `owner/name`
    Id(&'a str),
    /// The host of its own address.
    Address(&'a str),
}

impl<'a> Target<'a> {
    /// The one Space that `client` calls, where that is written out.
    fn of(client: &'a Client) -> Option<Self> {
        let [id] = &*client.ids else { return None };
        let loads = || {
            let from = client.arguments.get(1, "src").and_then(|from| from.value.as_str());
            id.strip_prefix("spaces/").or_else(|| (from == Some("spaces")).then_some(&**id))
        };
        let target = match &*client.called.name {
            CLIENT if id.starts_with("https://") || id.starts_with("http://") => {
                Self::Address(host(id).filter(|host| is_direct(host))?)
            }
            CLIENT => Self::Id(id),
            LOAD => Self::Id(loads()?),
            _ => return None,
        };
        let is_whole = match target {
            Self::Id(id) => id.split('/').filter(|part| !part.is_empty()).count() == 2,
            Self::Address(_) => true,
        };
        (client.settled && is_whole).then_some(target)
    }

    /// How it is named.
    fn name(self) -> &'a str {
        match self {
            Self::Id(name) | Self::Address(name) => name,
        }
    }
}

/// The host of an address.
fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split(['/', '?', '#', ':']).next()
}

/// Whether a Space's app is served there by itself, and may run something.
fn is_direct(host: &str) -> bool {
    let below = |domain| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    below(platform::direct().domain) && !below(platform::direct().static_domain)
}

/// Whether a client of a model asks a server at an address, which the Hub bills nobody for and asks no scope for.
fn is_elsewhere(client: &Client) -> bool {
    let address = client.arguments.keyword("base_url");
    address.is_some_and(|address| address.value != Value::None)
        || client.ids.iter().any(|id| id.contains("://"))
}
