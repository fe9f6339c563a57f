//! `tokens.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted, strings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    placeholders: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
    token: Vec<Token>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    prefix: String,
    of: String,
    alphabet: Alphabet,
    least: usize,
    most: usize,
    holds: Option<String>,
    #[serde(default)]
    public_in: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Alphabet {
    Letters,
    Upper,
    Alnum,
    Word,
}

/// Rust for `src/tokens.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Tokens = read(text)?;
    origin("tokens.toml", &table.source, table.as_of, &table.confidence)?;
    sorted("placeholders", table.placeholders.iter().map(String::as_str))?;
    sorted("[[token]]", table.token.iter().map(|token| token.prefix.as_str()))?;
    let mut out = format!(
        "static PLACEHOLDERS: &[&str] = {};\nstatic FORMS: &[Form] = &[\n",
        strings(&table.placeholders)
    );
    for token in &table.token {
        let Token { prefix, of, alphabet, least, most, holds, public_in } = token;
        sorted(prefix, public_in.iter().map(String::as_str))?;
        if *least < 16 || most < least {
            return Err(format!("[[token]] {prefix}: too short to be told from other text"));
        }
        let _ = writeln!(
            out,
            "Form {{ prefix: {prefix:?}, of: {of:?}, alphabet: Alphabet::{alphabet:?}, \
             length: {least}..={most}, holds: {holds:?}, public_in: {} }},",
            strings(public_in)
        );
    }
    out.push_str("];\n");
    Ok(out)
}
