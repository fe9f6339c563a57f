//! `packages.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, range, read, sorted, strings, version};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Packages {
    absent: Vec<Absent>,
    brought: Vec<Brought>,
    installer: Installer,
    source: Vec<Unbuilt>,
    pair: Vec<Pair>,
    python: Vec<NeedsPython>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Absent {
    names: Vec<String>,
    instead: Option<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    package: String,
    names: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Installer {
    names: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unbuilt {
    package: String,
    error: String,
    instead: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    package: String,
    torch: Vec<(String, String)>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NeedsPython {
    package: String,
    range: String,
    python: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// Rust for `src/packages.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Packages = read(text)?;
    let mut out = String::from("static ABSENT: &[Absent] = &[\n");
    for absent in &table.absent {
        let what = format!("[[absent]] {}", absent.names.join(", "));
        sorted(&what, absent.names.iter().map(String::as_str))?;
        let _ = writeln!(
            out,
            "Absent {{ names: {}, instead: {:?}, {} }},",
            strings(&absent.names),
            absent.instead,
            origin(&what, &absent.source, absent.as_of, &absent.confidence)?,
        );
    }
    out.push_str("];\nstatic BROUGHT: &[Brought] = &[\n");
    sorted("[[brought]]", table.brought.iter().map(|brought| brought.package.as_str()))?;
    for brought in &table.brought {
        let what = format!("[[brought]] {}", brought.package);
        sorted(&what, brought.names.iter().map(String::as_str))?;
        let _ = writeln!(
            out,
            "Brought {{ package: {:?}, names: {}, {} }},",
            brought.package,
            strings(&brought.names),
            origin(&what, &brought.source, brought.as_of, &brought.confidence)?,
        );
    }
    let installer = &table.installer;
    sorted("[installer]", installer.names.iter().map(String::as_str))?;
    origin("[installer]", &installer.source, installer.as_of, &installer.confidence)?;
    let _ = writeln!(out, "];\nstatic INSTALLER: &[&str] = {};", strings(&installer.names));
    out.push_str("static SOURCES: &[SourceOnly] = &[\n");
    sorted("[[source]]", table.source.iter().map(|source| source.package.as_str()))?;
    for source in &table.source {
        let what = format!("[[source]] {}", source.package);
        let _ = writeln!(
            out,
            "SourceOnly {{ package: {:?}, error: {:?}, instead: {:?}, {} }},",
            source.package,
            source.error,
            source.instead,
            origin(&what, &source.source, source.as_of, &source.confidence)?,
        );
    }
    out.push_str("];\nstatic NEED_PYTHON: &[NeedsPython] = &[\n");
    for needs in &table.python {
        let what = format!("[[python]] {}", needs.package);
        range(&what, &needs.range)?;
        range(&what, &needs.python)?;
        let _ = writeln!(
            out,
            "NeedsPython {{ package: {:?}, range: {:?}, python: {:?}, {} }},",
            needs.package,
            needs.range,
            needs.python,
            origin(&what, &needs.source, needs.as_of, &needs.confidence)?,
        );
    }
    out.push_str("];\nstatic PAIRS: &[Pair] = &[\n");
    sorted("[[pair]]", table.pair.iter().map(|pair| pair.package.as_str()))?;
    for pair in &table.pair {
        let what = format!("[[pair]] {}", pair.package);
        let mut before = Vec::new();
        for (own, torch) in &pair.torch {
            let own = version(&what, own)?;
            version(&what, torch)?;
            if own <= before {
                return Err(format!("{what}: the versions do not rise"));
            }
            before = own;
        }
        let torch: Vec<String> =
            pair.torch.iter().map(|(own, torch)| format!("({own:?}, {torch:?})")).collect();
        let _ = writeln!(
            out,
            "Pair {{ package: {:?}, torch: &[{}], {} }},",
            pair.package,
            torch.join(", "),
            origin(&what, &pair.source, pair.as_of, &pair.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(out)
}
