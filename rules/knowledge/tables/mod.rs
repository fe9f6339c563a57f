//! Reads a table and writes it as Rust. The build script and the tests share this, so that a test can
//! show what the build refuses. Nothing here knows what a fact means: only that it must have a source,
//! a date, an order and a form.

mod architectures;
mod calls;
mod card;
mod debian;
mod devices;
mod drift;
mod effects;
mod failures;
mod gradio;
mod models;
mod modules;
mod operators;
mod packages;
mod platform;
mod servers;
mod tokens;

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

/// A table: its file beside `Cargo.toml`, and what makes Rust of its text.
pub(crate) struct Table {
    /// The file's name.
    pub(crate) file: &'static str,
    /// From the file's text to Rust, or what is wrong with it.
    pub(crate) generate: fn(&str) -> Result<String, String>,
}

/// All tables.
pub(crate) const TABLES: &[Table] = &[
    Table { file: "architectures.toml", generate: architectures::generate },
    Table { file: "brings.toml", generate: modules::generate_brings },
    Table { file: "calls.toml", generate: calls::generate },
    Table { file: "card.toml", generate: card::generate },
    Table { file: "debian.toml", generate: debian::generate },
    Table { file: "devices.toml", generate: devices::generate },
    Table { file: "drift.toml", generate: drift::generate },
    Table { file: "effects.toml", generate: effects::generate },
    Table { file: "failures.toml", generate: failures::generate },
    Table { file: "gradio.toml", generate: gradio::generate },
    Table { file: "models.toml", generate: models::generate },
    Table { file: "modules.toml", generate: modules::generate },
    Table { file: "operators.toml", generate: operators::generate },
    Table { file: "packages.toml", generate: packages::generate },
    Table { file: "platform.toml", generate: platform::generate },
    Table { file: "servers.toml", generate: servers::generate },
    Table { file: "tokens.toml", generate: tokens::generate },
];

/// Reads a whole table. Fields that are missing or that nobody knows are refused with their line.
fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

/// What every entry ends with, in the order of the Rust fields.
fn origin(what: &str, source: &str, as_of: Datetime, confidence: &str) -> Result<String, String> {
    if source.trim().is_empty() {
        return Err(format!("{what}: `source` is empty"));
    }
    if as_of.date.is_none() || as_of.time.is_some() || as_of.offset.is_some() {
        return Err(format!("{what}: `as_of` is not a day"));
    }
    let confidence = match confidence {
        "H" => "High",
        "M" => "Medium",
        other => {
            return Err(format!(
                "{what}: confidence {other:?} is not \"H\" or \"M\": what is less sure than that has no \
                 place in a table"
            ));
        }
    };
    Ok(format!("source: {source:?}, as_of: \"{as_of}\", confidence: Confidence::{confidence}"))
}

/// Refuses names that are out of order or there twice.
fn sorted<'a>(what: &str, names: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let mut before: Option<&str> = None;
    for name in names {
        if let Some(before) = before {
            if before == name {
                return Err(format!("{what}: {name:?} is there twice"));
            }
            if before > name {
                return Err(format!("{what}: {name:?} must come before {before:?}"));
            }
        }
        before = Some(name);
    }
    Ok(())
}

/// Refuses what is not a version of digits and points.
fn version(what: &str, text: &str) -> Result<Vec<u64>, String> {
    text.split('.')
        .map(|part| part.parse::<u64>().map_err(|_| format!("{what}: {text:?} is not a version")))
        .collect()
}

/// Refuses what is not a list of PEP 440 comparisons; the empty list is any version.
fn range(what: &str, text: &str) -> Result<(), String> {
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let digits = part.trim_start_matches(['=', '<', '>', '!', '~']);
        let operator = &part[..part.len() - digits.len()];
        if !["==", "!=", ">=", "<=", ">", "<", "~="].contains(&operator) {
            return Err(format!("{what}: {part:?} does not compare a version"));
        }
        version(what, digits.strip_suffix(".*").unwrap_or(digits))?;
    }
    Ok(())
}

/// A slice of strings.
fn strings<S: AsRef<str>>(items: &[S]) -> String {
    let mut out = String::from("&[");
    for item in items {
        let _ = write!(out, "{:?}, ", item.as_ref());
    }
    out.push(']');
    out
}

/// What many entries of a table have in common, which stands in the program once: an entry refers to it.
struct Facts {
    /// The static that holds them, and the type of each.
    name: &'static str,
    of: &'static str,
    written: Vec<String>,
}

impl Facts {
    fn new(name: &'static str, of: &'static str) -> Self {
        Self { name, of, written: Vec::new() }
    }

    /// A reference to the fact with these fields.
    fn refer(&mut self, fields: &str) -> String {
        let known = self.written.iter().position(|written| written == fields);
        let index = known.unwrap_or_else(|| {
            self.written.push(fields.to_owned());
            self.written.len() - 1
        });
        format!("&{}[{}]", self.name, whole(index as u64))
    }

    fn write(&self, out: &mut String) {
        let Self { name, of, written } = self;
        let _ = writeln!(out, "static {name}: [{of}; {}] = [", whole(written.len() as u64));
        for fields in written {
            let _ = writeln!(out, "{of} {{ {fields} }},");
        }
        out.push_str("];\n");
    }
}

/// A whole number as a person would write it in Rust.
fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}
