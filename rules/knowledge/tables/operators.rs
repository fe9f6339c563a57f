//! `operators.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted, strings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operators {
    operator: Vec<Operator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operator {
    work: Work,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    starts: String,
    #[serde(default)]
    contains: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Work {
    Attention,
    Convolution,
    DeviceToHost,
    HostToDevice,
    Memory,
    Product,
    Unknown,
}

/// Rust for `src/operators.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Operators = read(text)?;
    let mut out = String::from("static OPERATORS: &[Operator] = &[\n");
    for operator in &table.operator {
        let Operator { work, names, starts, contains, .. } = operator;
        let what = format!("[[operator]] {work:?} {starts} {}", names.concat());
        sorted(&what, names.iter().map(String::as_str))?;
        sorted(&what, contains.iter().map(String::as_str))?;
        if names.is_empty() == (starts.is_empty() && contains.is_empty()) {
            return Err(format!("{what}: it has names, or a piece of them"));
        }
        let origin = origin(&what, &operator.source, operator.as_of, &operator.confidence)?;
        let _ = writeln!(
            out,
            "Operator {{ work: Work::{work:?}, names: {}, starts: {starts:?}, contains: {}, {origin} }},",
            strings(names),
            strings(contains),
        );
    }
    out.push_str("];");
    Ok(out)
}
