//! `servers.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted, strings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Servers {
    server: Vec<Server>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    program: String,
    command: Option<String>,
    #[serde(default)]
    port: Vec<String>,
    #[serde(default)]
    host: Vec<String>,
    #[serde(default)]
    bind: Vec<String>,
    #[serde(default)]
    elsewhere: Vec<String>,
    #[serde(default)]
    bare_port: bool,
    listens: Listens,
    #[serde(default)]
    variables: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listens {
    host: String,
    port: u16,
}

/// Rust for `src/servers.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Servers = read(text)?;
    let name = |server: &Server| match &server.command {
        Some(command) => format!("{} {command}", server.program),
        None => server.program.clone(),
    };
    let names: Vec<String> = table.server.iter().map(name).collect();
    sorted("[[server]]", names.iter().map(String::as_str))?;
    let mut out = String::from("static SERVERS: &[Facts] = &[\n");
    for (server, name) in table.server.iter().zip(&names) {
        let what = format!("[[server]] {name}");
        for list in [
            &server.port,
            &server.host,
            &server.bind,
            &server.elsewhere,
            &server.variables,
            &server.files,
        ] {
            sorted(&what, list.iter().map(String::as_str))?;
        }
        if server.bind.is_empty() == server.port.is_empty() && !server.bare_port {
            return Err(format!("{what}: it is told a port or an address"));
        }
        let _ = writeln!(
            out,
            "Facts {{ name: {name:?}, program: {:?}, command: {:?}, port_options: {}, host_options: {}, \
             bind_options: {}, elsewhere: {}, bare_port: {}, host: {:?}, port: {}, variables: {}, files: {}, \
             {} }},",
            server.program,
            server.command,
            strings(&server.port),
            strings(&server.host),
            strings(&server.bind),
            strings(&server.elsewhere),
            server.bare_port,
            server.listens.host,
            server.listens.port,
            strings(&server.variables),
            strings(&server.files),
            origin(&what, &server.source, server.as_of, &server.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(out)
}
