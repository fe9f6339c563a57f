//! `failures.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{read, sorted, strings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failures {
    failure: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    name: String,
    title: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    signature: Vec<Signature>,
    #[serde(default)]
    samples: Vec<String>,
    #[serde(default)]
    yields_to: Vec<String>,
    #[serde(default)]
    suspects: Vec<String>,
    page: Option<Page>,
    sources: Vec<String>,
    as_of: Datetime,
    #[serde(default)]
    unverified: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Cause,
    Wrapper,
    Noise,
    Platform,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    text: String,
    regex: Option<String>,
    #[serde(default)]
    with: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    happens: String,
    why: String,
    #[serde(rename = "do")]
    mend: String,
}

/// The fewest bytes of a signature's text: a shorter one would stop the search at every other line.
const LEAST_TEXT: usize = 6;

/// Rust for `src/failures.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Failures = read(text)?;
    let names = || table.failure.iter().map(|failure| failure.name.as_str());
    sorted("[[failure]]", names())?;
    let mut out = String::from("static FAILURES: &[Failure] = &[\n");
    for failure in &table.failure {
        let name = &failure.name;
        check(failure)?;
        if let Some(other) = failure.yields_to.iter().find(|other| !names().any(|it| it == *other))
        {
            return Err(format!("{name}: it yields to {other:?}, which is not in the table"));
        }
        let _ = write!(
            out,
            "Failure {{ name: {name:?}, title: {:?}, kind: Kind::{:?}, signatures: &[",
            failure.title, failure.kind
        );
        for Signature { text, regex, with } in &failure.signature {
            let with = strings(with);
            let _ = write!(out, "Signature {{ text: {text:?}, regex: {regex:?}, with: {with} }}, ");
        }
        let page = match &failure.page {
            Some(Page { happens, why, mend }) => {
                let [happens, why, mend] = [happens, why, mend].map(|it| it.trim());
                format!("Some(Page {{ happens: {happens:?}, why: {why:?}, mend: {mend:?} }})")
            }
            None => "None".to_owned(),
        };
        let _ = writeln!(
            out,
            "], yields_to: {}, suspects: {}, page: {page}, sources: {}, as_of: \"{}\", unverified: {} }},",
            strings(&failure.yields_to),
            strings(&failure.suspects),
            strings(&failure.sources),
            failure.as_of,
            failure.unverified,
        );
    }
    out.push_str("];\n");
    Ok(out)
}

fn check(failure: &Failure) -> Result<(), String> {
    let name = &failure.name;
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        return Err(format!("{name:?} is not a name in kebab-case"));
    }
    if failure.title.is_empty() || failure.title.ends_with('.') {
        return Err(format!("{name}: a title is a line without a full stop"));
    }
    if failure.sources.iter().all(|source| source.trim().is_empty()) {
        return Err(format!("{name}: `sources` is empty"));
    }
    if failure.as_of.date.is_none() || failure.as_of.time.is_some() {
        return Err(format!("{name}: `as_of` is not a day"));
    }
    for signature in &failure.signature {
        let text = &signature.text;
        if text.len() < LEAST_TEXT || text.contains('\n') {
            return Err(format!(
                "{name}: {text:?} is too short to be searched for, or more than a line"
            ));
        }
    }
    if !failure.signature.is_empty() && failure.samples.is_empty() {
        return Err(format!("{name}: it has a signature and no sample that shows it"));
    }
    Ok(())
}
