//! `modules.toml`, and `brings.toml`, which is made from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted, strings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Modules {
    source: String,
    as_of: Datetime,
    confidence: String,
    preinstalled: Preinstalled,
    module: Vec<Module>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preinstalled {
    packages: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    import: String,
    package: String,
    #[serde(default)]
    also: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brings {
    source: String,
    as_of: Datetime,
    confidence: String,
    #[serde(rename = "brings")]
    by: BTreeMap<String, Vec<String>>,
}

/// Rust for the modules of `src/modules.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Modules = read(text)?;
    origin("modules.toml", &table.source, table.as_of, &table.confidence)?;
    let Preinstalled { packages, source, as_of, confidence } = &table.preinstalled;
    origin("[preinstalled]", source, *as_of, confidence)?;
    sorted("[preinstalled]", packages.iter().map(String::as_str))?;
    sorted("[[module]]", table.module.iter().map(|module| module.import.as_str()))?;
    let mut out = format!(
        "static PREINSTALLED: &[&str] = {};\nstatic MODULES: &[Module] = &[\n",
        strings(packages)
    );
    for module in &table.module {
        let Module { import, package, also } = module;
        sorted(&format!("[[module]] {import}"), also.iter().map(String::as_str))?;
        let also = strings(also);
        let _ =
            writeln!(out, "Module {{ import: {import:?}, package: {package:?}, also: {also} }},");
    }
    out.push_str("];\n");
    Ok(out)
}

/// Rust for the rest of it.
pub(crate) fn generate_brings(text: &str) -> Result<String, String> {
    let table: Brings = read(text)?;
    origin("brings.toml", &table.source, table.as_of, &table.confidence)?;
    let mut out = String::from("static BRINGS: &[(&str, &[&str])] = &[\n");
    for (package, brings) in &table.by {
        sorted(package, brings.iter().map(String::as_str))?;
        let _ = writeln!(out, "({package:?}, {}),", strings(brings));
    }
    out.push_str("];\n");
    Ok(out)
}
