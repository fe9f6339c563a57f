//! Servers that a command starts, and where they listen.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/servers.rs"));

/// What is known of a server.
#[derive(Debug)]
pub struct Facts {
    /// Its name in a message: the program, with its command.
    pub name: &'static str,
    /// The first word of what starts it, or the module behind `python -m`.
    pub program: &'static str,
    /// A word that must follow.
    pub command: Option<&'static str>,
    /// The options that name the port.
    pub port_options: &'static [&'static str],
    /// The options that name the host.
    pub host_options: &'static [&'static str],
    /// The options that name both, as `host:port`.
    pub bind_options: &'static [&'static str],
    /// The options by which it listens on something else, or is told by a file.
    pub elsewhere: &'static [&'static str],
    /// Whether a number by itself is the port.
    pub bare_port: bool,
    /// The address on which it listens when nobody says otherwise; empty for every one.
    pub host: &'static str,
    /// The port on which it listens when nobody says otherwise.
    pub port: u16,
    /// Variables that may say otherwise.
    pub variables: &'static [&'static str],
    /// Files that may say otherwise, by the ends of their paths.
    pub files: &'static [&'static str],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Every server that is known, by name.
pub fn all() -> &'static [Facts] {
    SERVERS
}
