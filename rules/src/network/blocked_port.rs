use std::collections::BTreeSet;

use spacelint_knowledge::platform;
use spacelint_python::{Place, Value};
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
            let host = connection.host.as_ref()?.as_str()?;
            let port = port(connection)?;
            let is_elsewhere =
                host.contains('.') && !platform::listening().unreachable.contains(&host);
            let is_open = platform::outbound_ports().iter().any(|open| i64::from(*open) == port);
            (is_elsewhere && !is_open && seen.insert(moment.place())).then_some(Self {
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

/// The port that it is for sure.
fn port(connection: &Connection) -> Option<i64> {
    match &connection.port {
        _ if connection.open => None,
        None => Some(i64::from(connection.usual)),
        Some(named) => match named.value {
            // smtplib takes 0 for the usual one.
            Value::Int(0) | Value::None => Some(i64::from(connection.usual)),
            Value::Int(port) => Some(port),
            _ => None,
        },
    }
}
