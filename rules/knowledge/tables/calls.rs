//! `calls.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    method: Vec<Method>,
    argument: Vec<Argument>,
    longer: Longer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    name: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Argument {
    name: String,
    sets: Setting,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Setting {
    Batch,
    Frames,
    Height,
    NewTokens,
    Steps,
    Width,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Longer {
    most: f64,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// Rust for `src/calls.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Calls = read(text)?;
    sorted("[[method]]", table.method.iter().map(|it| &*it.name))?;
    sorted("[[argument]]", table.argument.iter().map(|it| &*it.name))?;
    let mut out = String::from("static METHODS: &[Method] = &[\n");
    for method in &table.method {
        let what = format!("[[method]] {}", method.name);
        let origin = origin(&what, &method.source, method.as_of, &method.confidence)?;
        let _ = writeln!(out, "Method {{ name: {:?}, {origin} }},", method.name);
    }
    out.push_str("];\nstatic ARGUMENTS: &[Argument] = &[\n");
    for argument in &table.argument {
        let what = format!("[[argument]] {}", argument.name);
        let origin = origin(&what, &argument.source, argument.as_of, &argument.confidence)?;
        let (name, sets) = (&argument.name, argument.sets);
        let _ = writeln!(out, "Argument {{ name: {name:?}, sets: Setting::{sets:?}, {origin} }},");
    }
    let longer = &table.longer;
    if !(longer.most.is_finite() && longer.most >= 1.0) {
        return Err("[longer]: `most` is less than once".to_owned());
    }
    let origin = origin("[longer]", &longer.source, longer.as_of, &longer.confidence)?;
    let _ = writeln!(
        out,
        "];\nstatic LONGER: Longer = Longer {{ most: {:?}, {origin} }};",
        longer.most
    );
    Ok(out)
}
