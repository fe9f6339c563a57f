//! `debian.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Debian {
    source: String,
    as_of: Datetime,
    confidence: String,
    gone: Vec<Gone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    name: String,
    instead: Option<String>,
    #[serde(default)]
    same: bool,
    kind: Option<String>,
    debian: Vec<u32>,
}

/// Rust for `src/debian.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Debian = read(text)?;
    origin("debian.toml", &table.source, table.as_of, &table.confidence)?;
    sorted("[[gone]]", table.gone.iter().map(|gone| gone.name.as_str()))?;
    let mut out = format!("static AS_OF: &str = \"{}\";\nstatic GONE: &[Gone] = &[\n", table.as_of);
    for gone in &table.gone {
        let Gone { name, instead, same, kind, debian } = gone;
        let kind = match kind.as_deref() {
            None => "Other",
            Some("compiler") => "Compiler",
            Some("headers") => "Headers",
            Some("python") => "Python",
            Some(other) => return Err(format!("[[gone]] {name}: no kind is called {other:?}")),
        };
        if debian.is_empty() || !debian.is_sorted() {
            return Err(format!("[[gone]] {name}: `debian` names the releases, rising"));
        }
        if *same && instead.is_none() {
            return Err(format!("[[gone]] {name}: `same` as what?"));
        }
        let _ = writeln!(
            out,
            "Gone {{ name: {name:?}, instead: {instead:?}, same: {same}, \
             kind: GoneKind::{kind}, debian: &{debian:?} }},"
        );
    }
    out.push_str("];\n");
    Ok(out)
}
