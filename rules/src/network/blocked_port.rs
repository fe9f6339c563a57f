use std::collections::BTreeSet;
use std::net::IpAddr;

use spacelint_knowledge::platform;
use spacelint_python::{Guard, Place, Value};
use spacelint_space::effect::{Connection, Effect};
use spacelint_space::{Moment, Space};

use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// The program connects to another machine on a port on which a Space reaches nobody.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "hub-docs docs/hub/spaces-overview.md at 242f4a1, Networking: a Space reaches others on the ports 80, 443 and 8080, and no other"
)]
pub(crate) struct BlockedPort<'a> {
    moment: Moment<'a>,
    connection: &'a Connection,
    host: &'a str,
    port: i64,
}

impl<'a> Check<'a> for BlockedPort<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let moments = space.moments().filter(|_| space.card.is_some());
        moments.filter_map(move |moment| {
            let Effect::Connect(connection) = &moment.event.effect else { return None };
            let named = connection.host.as_ref()?.as_str()?;
            let (host, within) = match named.split_once(':') {
                Some((host, port)) => (host, Some(port.parse().ok()?)),
                None => (named, None),
            };
            let port = port(connection, within)?;
            let is_open = platform::outbound_ports().iter().any(|open| i64::from(*open) == port);
            // Who expects an error may live with this one.
            let is_met = moment.guards().any(|it| matches!(it, Guard::Try { .. } | Guard::Handler));
            let is_blocked = is_elsewhere(host) && !is_open && !is_met;
            (is_blocked && seen.insert(moment.place())).then_some(Self {
                moment,
                connection,
                host,
                port,
            })
        })
    }

    fn finding(&self) -> Finding {
        let ports = platform::outbound_ports();
        let open: Vec<String> = ports.iter().map(ToString::to_string).collect();
        let message = format!(
            "`{}` asks for {} on port {}, and a Space reaches other machines on the ports {} alone: this \
             waits in vain, and ends in an error",
            self.connection.called.name,
            self.host,
            self.port,
            open.join(", ")
        );
        Self::at(&self.moment, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help("Use an interface over HTTPS: mail services, databases and file stores have one.")
    }
}

/// The port that it is for sure; `within` is one that stands in the address.
fn port(connection: &Connection, within: Option<u16>) -> Option<i64> {
    let usual = i64::from(within.unwrap_or(connection.usual));
    match &connection.port {
        _ if connection.open => None,
        None => Some(usual),
        Some(named) => match named.value {
            // smtplib takes 0 for the usual one.
            Value::Int(0) | Value::None => Some(usual),
            Value::Int(port) => Some(port),
            _ => None,
        },
    }
}

/// Whether `host` is surely another machine, beyond those that only the Space's own network knows. A path is a
/// socket in the file system.
fn is_elsewhere(host: &str) -> bool {
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            !(address.is_unspecified()
                || address.is_loopback()
                || address.is_private()
                || address.is_link_local())
        }
        _ => host.contains('.') && !host.contains('/') && !host.ends_with(".localhost"),
    }
}
