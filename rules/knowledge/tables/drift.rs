//! `drift.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{Facts, origin, range, read, sorted, strings, version};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drift {
    latest: Latest,
    open: Open,
    held: Vec<Held>,
    name: Vec<Name>,
    argument: Vec<Argument>,
    pair: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latest {
    python: String,
    versions: BTreeMap<String, String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    packages: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    package: String,
    #[serde(default)]
    range: String,
    to: BTreeMap<String, String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// How an entry is shown to be true. What the fields mean stands at the head of the table; only the
/// proofs read them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    install: Vec<Vec<String>>,
    python: Option<String>,
    program: Option<String>,
    #[serde(default)]
    pip: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    package: String,
    range: String,
    #[serde(default)]
    of: Vec<String>,
    names: Vec<String>,
    #[serde(default)]
    module: bool,
    ways: Option<Vec<String>>,
    import_error: Option<String>,
    read_error: Option<String>,
    #[serde(default)]
    remains: bool,
    instead: String,
    rename: Option<String>,
    #[serde(default)]
    unless: Vec<String>,
    proof: Proof,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Argument {
    package: String,
    range: String,
    calls: Vec<String>,
    arguments: Vec<String>,
    value: Option<String>,
    error: Option<String>,
    instead: String,
    rename: Option<String>,
    delete: Option<String>,
    proof: Proof,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    package: String,
    range: String,
    beside: String,
    beside_range: String,
    #[serde(default)]
    brought: bool,
    at: String,
    imports: Option<String>,
    #[serde(default)]
    calls: Vec<String>,
    #[serde(default)]
    mended_by: Vec<String>,
    error: String,
    happens: String,
    mend: String,
    #[serde(default)]
    instead: String,
    proof: Proof,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// Names of the language, of which no package is asked for.
const PYTHON: &str = "python";

/// Rust for `src/drift.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Drift = read(text)?;
    let mut out = String::new();
    let known = latest(&mut out, &table)?;
    held(&mut out, &table.held, &known)?;
    let mut mentioned = BTreeSet::new();
    names(&mut out, &table.name, &known, &mut mentioned)?;
    arguments(&mut out, &table.argument, &known)?;
    let mut met = BTreeSet::new();
    pairs(&mut out, &table.pair, &known, &mut mentioned, &mut met)?;
    let mentioned: Vec<String> = mentioned.into_iter().collect();
    let met: Vec<String> = met.into_iter().collect();
    let _ = writeln!(out, "static USED: &[&str] = {};", strings(&mentioned));
    let _ = writeln!(out, "static MET: &[&str] = {};", strings(&met));
    Ok(out)
}

/// The packages that the table speaks of.
fn latest(out: &mut String, table: &Drift) -> Result<BTreeSet<String>, String> {
    let Latest { python, versions, source, as_of, confidence } = &table.latest;
    version("[latest]", python)?;
    for of in versions.values() {
        version("[latest]", of)?;
    }
    let origin_of = origin("[latest]", source, *as_of, confidence)?;
    let mut pairs = String::new();
    for (package, version) in versions {
        let _ = write!(pairs, "({package:?}, {version:?}), ");
    }
    let _ = writeln!(
        out,
        "static LATEST: Latest = Latest {{ python: {python:?}, versions: &[{pairs}], {origin_of} }};"
    );
    let Open { packages, source, as_of, confidence } = &table.open;
    origin("[open]", source, *as_of, confidence)?;
    sorted("[open]", packages.iter().map(String::as_str))?;
    for package in packages.iter().chain(versions.keys()) {
        normal("[open]", package)?;
    }
    let _ = writeln!(out, "static OPEN: &[&str] = {};", strings(packages));
    Ok(versions.keys().cloned().chain([PYTHON.to_owned()]).collect())
}

fn held(out: &mut String, groups: &[Held], known: &BTreeSet<String>) -> Result<(), String> {
    sorted_by_package("[[held]]", groups.iter().map(|held| held.package.as_str()))?;
    out.push_str("static HELD: &[Held] = &[\n");
    for Held { package, range: of, to, source, as_of, confidence } in groups {
        let what = format!("[[held]] {package}");
        normal(&what, package)?;
        range(&what, of)?;
        let origin = origin(&what, source, *as_of, confidence)?;
        for (other, within) in to {
            is_known(&what, other, known)?;
            range(&what, within)?;
            let _ = writeln!(
                out,
                "Held {{ package: {package:?}, range: {of:?}, other: {other:?}, within: {within:?}, \
                 {origin} }},"
            );
        }
    }
    out.push_str("];\n");
    Ok(())
}

fn names(
    out: &mut String,
    groups: &[Name],
    known: &BTreeSet<String>,
    mentioned: &mut BTreeSet<String>,
) -> Result<(), String> {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut facts = Facts::new("NAME_FACTS", "NameFact");
    for group in groups {
        let what = format!("[[name]] {}", group.names.first().map_or("", String::as_str));
        sorted(&what, group.names.iter().map(String::as_str))?;
        sorted(&what, group.of.iter().map(String::as_str))?;
        is_known(&what, &group.package, known)?;
        range(&what, &group.range)?;
        proven(&what, &group.proof)?;
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        let ways = ways(&what, group)?;
        let fact = facts.refer(&format!(
            "package: {:?}, range: {:?}, module: {}, remains: {}, unless: {}, {origin}",
            group.package,
            group.range,
            group.module,
            group.remains,
            strings(&group.unless),
        ));
        for name in full_names(group) {
            let Some((parent, last)) =
                name.rsplit_once('.').or(group.module.then_some(("", &*name)))
            else {
                return Err(format!("{what}: {name:?} is not a full name"));
            };
            let fill = |text: &str| {
                let class = parent.rsplit('.').next().unwrap_or(parent);
                text.replace("{name}", &name)
                    .replace("{last}", last)
                    .replace("{parent}", parent)
                    .replace("{class}", class)
            };
            let import = group.import_error.as_deref().unwrap_or(if group.module {
                "ModuleNotFoundError: No module named '{name}'"
            } else {
                "ImportError: cannot import name '{last}' from '{parent}'"
            });
            let read = group
                .read_error
                .as_deref()
                .unwrap_or("AttributeError: module '{parent}' has no attribute '{last}'");
            let error = |on: bool, text: &str| {
                if on { format!("Some({:?})", fill(text)) } else { "None".to_owned() }
            };
            let rename = group.rename.as_deref().map(fill);
            let row = format!(
                "Name {{ name: {name:?}, import_error: {}, read_error: {}, instead: {:?}, \
                 rename: {rename:?}, fact: {fact} }},",
                error(ways.0, import),
                error(ways.1, read),
                fill(&group.instead),
            );
            mentioned.insert(name.clone());
            rows.push((name, row));
        }
    }
    write_rows(out, "NAMES", "Name", rows);
    facts.write(out);
    Ok(())
}

/// The full names of a group: each of `names`, on each of `of` if there is any.
fn full_names(group: &Name) -> Vec<String> {
    if group.of.is_empty() {
        return group.names.clone();
    }
    let mut full = Vec::new();
    for of in &group.of {
        full.extend(group.names.iter().map(|name| format!("{of}.{name}")));
    }
    full
}

/// Whether a name fails where it is imported, and where it is read off what it belongs to.
fn ways(what: &str, group: &Name) -> Result<(bool, bool), String> {
    let Some(ways) = &group.ways else { return Ok((true, !group.module)) };
    sorted(what, ways.iter().map(String::as_str))?;
    if let Some(other) = ways.iter().find(|way| !["import", "read"].contains(&way.as_str())) {
        return Err(format!("{what}: no way is called {other:?}"));
    }
    let has = |way: &str| ways.iter().any(|it| it == way);
    Ok((has("import"), has("read")))
}

fn arguments(
    out: &mut String,
    groups: &[Argument],
    known: &BTreeSet<String>,
) -> Result<(), String> {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut facts = Facts::new("ARGUMENT_FACTS", "ArgumentFact");
    for group in groups {
        let what = format!("[[argument]] {}", group.arguments.first().map_or("", String::as_str));
        sorted(&what, group.arguments.iter().map(String::as_str))?;
        sorted(&what, group.calls.iter().map(String::as_str))?;
        is_known(&what, &group.package, known)?;
        range(&what, &group.range)?;
        proven(&what, &group.proof)?;
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        let mend = match (&group.rename, group.delete.as_deref()) {
            (None, None) => "Mend::ByHand".to_owned(),
            (Some(to), None) => format!("Mend::Rename({to:?})"),
            (None, Some("safe")) => "Mend::Delete { safe: true }".to_owned(),
            (None, Some("unsafe")) => "Mend::Delete { safe: false }".to_owned(),
            _ => {
                return Err(format!("{what}: `delete` is \"safe\" or \"unsafe\", and no `rename`"));
            }
        };
        let fact = facts.refer(&format!(
            "value: {:?}, package: {:?}, range: {:?}, mend: {mend}, {origin}",
            group.value, group.package, group.range,
        ));
        for call in &group.calls {
            let last = call.rsplit('.').next().unwrap_or(call);
            for argument in &group.arguments {
                let fill = |text: &str| text.replace("{argument}", argument);
                let error = group
                    .error
                    .as_deref()
                    .unwrap_or("TypeError: … got an unexpected keyword argument '{argument}'");
                let row = format!(
                    "Argument {{ call: {call:?}, argument: {argument:?}, error: {:?}, instead: {:?}, \
                     fact: {fact} }},",
                    fill(error),
                    fill(&group.instead),
                );
                rows.push((format!("{last} {argument} {call}"), row));
            }
        }
    }
    write_rows(out, "ARGUMENTS", "Argument", rows);
    facts.write(out);
    Ok(())
}

fn pairs(
    out: &mut String,
    groups: &[Pair],
    known: &BTreeSet<String>,
    mentioned: &mut BTreeSet<String>,
    met: &mut BTreeSet<String>,
) -> Result<(), String> {
    out.push_str("static PAIRS: &[Pair] = &[\n");
    for pair in groups {
        let what = format!("[[pair]] {} and {}", pair.package, pair.beside);
        for package in [&pair.package, &pair.beside] {
            is_known(&what, package, known)?;
        }
        range(&what, &pair.range)?;
        range(&what, &pair.beside_range)?;
        proven(&what, &pair.proof)?;
        sorted(&what, pair.calls.iter().map(String::as_str))?;
        let origin = origin(&what, &pair.source, pair.as_of, &pair.confidence)?;
        let at = match (pair.at.as_str(), &pair.imports, pair.calls.is_empty()) {
            ("build", None, true) => "At::Build".to_owned(),
            ("import", Some(module), true) => {
                met.insert(module.clone());
                format!("At::Import({module:?})")
            }
            ("call", None, false) => {
                met.extend(pair.calls.iter().cloned());
                format!("At::Call({})", strings(&pair.calls))
            }
            ("launch", None, _) => {
                met.extend(pair.calls.iter().cloned());
                format!("At::Launch {{ calls: {} }}", strings(&pair.calls))
            }
            _ => {
                return Err(format!(
                    "{what}: `at` is \"build\", \"import\" with `imports`, \"call\" with `calls`, or \
                     \"launch\""
                ));
            }
        };
        mentioned.extend(pair.mended_by.iter().cloned());
        let _ = writeln!(
            out,
            "Pair {{ package: {:?}, range: {:?}, beside: {:?}, beside_range: {:?}, brought: {}, at: {at}, \
             mended_by: {}, error: {:?}, happens: {:?}, mend: {:?}, instead: {:?}, {origin} }},",
            pair.package,
            pair.range,
            pair.beside,
            pair.beside_range,
            pair.brought,
            strings(&pair.mended_by),
            pair.error,
            pair.happens,
            pair.mend,
            pair.instead,
        );
    }
    out.push_str("];\n");
    Ok(())
}

/// Refuses a proof of which nothing would come.
fn proven(what: &str, proof: &Proof) -> Result<(), String> {
    let Proof { install, python, program, pip } = proof;
    if install.is_empty() && python.is_none() {
        return Err(format!("{what}: its proof installs nothing"));
    }
    if *pip && program.is_some() {
        return Err(format!("{what}: pip itself is the proof, or a program is"));
    }
    match python {
        Some(python) => version(what, python).map(drop),
        None => Ok(()),
    }
}

fn is_known(what: &str, package: &str, known: &BTreeSet<String>) -> Result<(), String> {
    if known.contains(package) || package == "gradio" {
        return Ok(());
    }
    Err(format!("{what}: [latest] does not know {package:?}"))
}

/// Refuses what is not a name as pip compares it.
fn normal(what: &str, package: &str) -> Result<(), String> {
    if package.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Ok(());
    }
    Err(format!("{what}: pip compares {package:?} in another form"))
}

/// Refuses packages that are out of order; one may be there more than once.
fn sorted_by_package<'a>(
    what: &str,
    packages: impl IntoIterator<Item = &'a str>,
) -> Result<(), String> {
    let mut names: Vec<&str> = packages.into_iter().collect();
    names.dedup();
    sorted(what, names)
}

fn write_rows(out: &mut String, name: &str, of: &str, mut rows: Vec<(String, String)>) {
    rows.sort();
    let _ = writeln!(out, "static {name}: &[{of}] = &[");
    for (_, row) in rows {
        out.push_str(&row);
        out.push('\n');
    }
    out.push_str("];\n");
}
