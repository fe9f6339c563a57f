//! `card.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted, strings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    reference: Origin,
    key: Vec<Key>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    form: String,
    #[serde(default)]
    allowed: Vec<String>,
    #[serde(default)]
    gone: BTreeMap<String, String>,
    #[serde(default)]
    open: bool,
    longest: Option<u32>,
    most: Option<i64>,
    looks: Option<String>,
    #[serde(default)]
    sdks: Vec<String>,
    refused: Option<String>,
    idle: Option<String>,
    source: Option<String>,
    as_of: Option<Datetime>,
    confidence: Option<String>,
}

/// Rust for `src/card.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Card = read(text)?;
    sorted("[[key]]", table.key.iter().map(|key| key.name.as_str()))?;
    let mut out = String::from("static KEYS: &[Key] = &[\n");
    for key in &table.key {
        let what = format!("[[key]] {}", key.name);
        sorted(&format!("{what} allowed"), key.allowed.iter().map(String::as_str))?;
        sorted(&format!("{what} sdks"), key.sdks.iter().map(String::as_str))?;
        let missing = |field: &str| format!("{what}: missing field `{field}`");
        let origin = match (&key.source, key.as_of, &key.confidence) {
            (None, None, None) => {
                let Origin { source, as_of, confidence } = &table.reference;
                origin(&what, source, *as_of, confidence)?
            }
            (source, as_of, confidence) => origin(
                &what,
                source.as_ref().ok_or_else(|| missing("source"))?,
                as_of.ok_or_else(|| missing("as_of"))?,
                confidence.as_ref().ok_or_else(|| missing("confidence"))?,
            )?,
        };
        let gone: Vec<String> =
            key.gone.iter().map(|(value, fate)| format!("({value:?}, {fate:?})")).collect();
        let _ = writeln!(
            out,
            "Key {{ name: {:?}, form: Form::{}, allowed: {}, gone: &[{}], open: {}, longest: {:?}, \
             most: {:?}, looks: {}, sdks: {}, refused: {:?}, idle: {:?}, {origin} }},",
            key.name,
            form(&what, &key.form)?,
            strings(&key.allowed),
            gone.join(", "),
            key.open,
            key.longest,
            key.most,
            looks(&what, key.looks.as_deref())?,
            strings(&key.sdks),
            key.refused,
            key.idle,
        );
    }
    out.push_str("];\n");
    Ok(out)
}

fn form(what: &str, text: &str) -> Result<&'static str, String> {
    Ok(match text {
        "text" => "Text",
        "switch" => "Switch",
        "number" => "Number",
        "texts" => "Texts",
        "text-or-texts" => "TextOrTexts",
        "names" => "Names",
        other => return Err(format!("{what}: no form is called {other:?}")),
    })
}

fn looks(what: &str, text: Option<&str>) -> Result<&'static str, String> {
    Ok(match text {
        None => "None",
        Some("path") => "Some(Looks::Path)",
        Some("address") => "Some(Looks::Address)",
        Some("emoji") => "Some(Looks::Emoji)",
        Some("span") => "Some(Looks::Span)",
        Some("preload") => "Some(Looks::Preload)",
        Some(other) => return Err(format!("{what}: nothing looks like {other:?}")),
    })
}
