//! `effects.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;
use toml::Value;
use toml::value::Datetime;

mod pieces;

use pieces::{Listens, Pieces};

use super::{Facts, origin, range, read, sorted, strings, version};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Effects {
    aliases: Aliases,
    no_weights: NoWeights,
    any_tensors: AnyTensors,
    cpu_commands: CpuCommands,
    cpu_packages: CpuPackages,
    device_map: DeviceMap,
    device: Device,
    emulation: Emulation,
    async_loading: AsyncLoading,
    eager_examples: EagerExamples,
    call: Vec<Call>,
    method: Vec<Method>,
    value: Vec<Attribute>,
    version: Vec<VersionOf>,
    missing: Vec<MissingName>,
    unpicklable: Vec<Unpicklable>,
    import: Vec<Import>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MissingName {
    module: String,
    name: String,
    instead: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unpicklable {
    names: Vec<String>,
    what: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Aliases {
    names: BTreeMap<String, Vec<String>>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoWeights {
    endings: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CpuPackages {
    names: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CpuCommands {
    programs: Vec<String>,
    unless: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyTensors {
    loaders: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceMap {
    spreads: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    r#type: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Emulation {
    condition: Condition,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AsyncLoading {
    condition: Condition,
    loaders: String,
    switch: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EagerExamples {
    cache_mode: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    names: Vec<String>,
    value: Settled,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionOf {
    names: Vec<String>,
    package: Option<String>,
    form: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    names: Vec<String>,
    also_in: Option<String>,
    passes: Option<String>,
    value: Option<Settled>,
    condition: Option<Condition>,
    kind: String,
    #[serde(default)]
    args: BTreeMap<String, Vec<String>>,
    role: Option<String>,
    decorator: Option<bool>,
    runs_now: Option<bool>,
    detects_cuda: Option<bool>,
    id_prefix: Option<String>,
    environment: Option<Vec<String>>,
    at: Option<String>,
    raises: Option<bool>,
    unless_set: Option<bool>,
    touches_cuda: Option<bool>,
    listens: Option<Listens>,
    port: Option<u16>,
    emulated: Option<String>,
    says: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    names: Vec<String>,
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    alone: bool,
    #[serde(default)]
    returns_receiver: bool,
    kind: String,
    #[serde(default)]
    args: BTreeMap<String, Vec<String>>,
    role: Option<String>,
    decorator: Option<bool>,
    detects_cuda: Option<bool>,
    touches_cuda: Option<bool>,
    emulated: Option<String>,
    condition: Option<Condition>,
    says: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    modules: Vec<String>,
    names: Names,
    poisons: bool,
    #[serde(default)]
    lazy: bool,
    condition: Option<Condition>,
    says: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Word(String),
    Listed(Listed),
    Like(Like),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    listed: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Like {
    starts: Vec<String>,
    endings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settled {
    before: Option<Value>,
    after: Option<Value>,
    always: Option<Value>,
    #[serde(default)]
    there: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    package: String,
    range: String,
    tested: Vec<String>,
    #[serde(default)]
    also: Vec<String>,
}

/// Rust for `src/effects.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Effects = read(text)?;
    let mut out = String::new();
    for (what, source, as_of, confidence) in [
        ("[aliases]", &table.aliases.source, table.aliases.as_of, &table.aliases.confidence),
        (
            "[no_weights]",
            &table.no_weights.source,
            table.no_weights.as_of,
            &table.no_weights.confidence,
        ),
        (
            "[any_tensors]",
            &table.any_tensors.source,
            table.any_tensors.as_of,
            &table.any_tensors.confidence,
        ),
        (
            "[device_map]",
            &table.device_map.source,
            table.device_map.as_of,
            &table.device_map.confidence,
        ),
    ] {
        origin(what, source, as_of, confidence)?;
    }
    sorted("[no_weights]", table.no_weights.endings.iter().map(String::as_str))?;
    sorted("[any_tensors]", table.any_tensors.loaders.iter().map(String::as_str))?;
    sorted("[device_map]", table.device_map.spreads.iter().map(String::as_str))?;
    let _ = writeln!(out, "static NO_WEIGHTS: &[&str] = {};", strings(&table.no_weights.endings));
    let loaders = strings(&table.any_tensors.loaders);
    let _ = writeln!(out, "static ANY_TENSORS: &[&str] = {loaders};");
    let _ = writeln!(out, "static SPREADS: &[&str] = {};", strings(&table.device_map.spreads));
    let commands = &table.cpu_commands;
    origin("[cpu_commands]", &commands.source, commands.as_of, &commands.confidence)?;
    sorted("[cpu_commands]", commands.programs.iter().map(String::as_str))?;
    let programs = strings(&commands.programs);
    let _ = writeln!(out, "static CPU_PROGRAMS: &[&str] = {programs};");
    let _ = writeln!(out, "static CPU_UNLESS: &[&str] = {};", strings(&commands.unless));
    let packages = &table.cpu_packages;
    origin("[cpu_packages]", &packages.source, packages.as_of, &packages.confidence)?;
    sorted("[cpu_packages]", packages.names.iter().map(String::as_str))?;
    let _ = writeln!(out, "static CPU_PACKAGES: &[&str] = {};", strings(&packages.names));
    let device = &table.device;
    origin("[device]", &device.source, device.as_of, &device.confidence)?;
    let _ = writeln!(out, "static DEVICE_TYPE: &str = {:?};", device.r#type);
    let Emulation { condition: of, source, as_of, confidence } = &table.emulation;
    origin("[emulation]", source, *as_of, confidence)?;
    let of = literal("[emulation]", of)?;
    let _ = writeln!(out, "static EMULATION: Condition = {of};");
    let eager = &table.eager_examples;
    origin("[eager_examples]", &eager.source, eager.as_of, &eager.confidence)?;
    let _ = writeln!(out, "static EAGER: &str = {:?};", eager.cache_mode);
    let loading = &table.async_loading;
    origin("[async_loading]", &loading.source, loading.as_of, &loading.confidence)?;
    let _ = writeln!(
        out,
        "static ASYNC_LOADING: AsyncLoading = AsyncLoading {{ condition: {}, loaders: {:?}, switch: {:?} }};",
        literal("[async_loading]", &loading.condition)?,
        loading.loaders,
        loading.switch,
    );
    attributes(&mut out, &table.value, &table.version)?;
    calls(&mut out, table.call, &table.aliases.names)?;
    methods(&mut out, table.method)?;
    imports(&mut out, &table.import)?;
    missing(&mut out, &table.missing)?;
    unpicklable(&mut out, &table.unpicklable)?;
    Ok(out)
}

fn calls(
    out: &mut String,
    groups: Vec<Call>,
    aliases: &BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    let mut names: Vec<(String, usize)> = Vec::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut count = 0;
    let mut facts = Facts::new("CALL_FACTS", "CallFact");
    out.push_str("static CALLS: &[CallEffect] = &[\n");
    for group in groups {
        let what = format!("[[call]] {}", group.names.first().map_or("", String::as_str));
        sorted(&what, group.names.iter().map(String::as_str))?;
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        let passes = passes(&what, group.passes.as_deref())?;
        let value = match &group.value {
            Some(value) => format!("Some({})", settled(&what, value)?),
            None => "None".to_owned(),
        };
        let condition = condition(&what, group.condition.as_ref())?;
        let emulated = emulated(&what, group.emulated.as_deref())?;
        let kind = Pieces {
            what: &what,
            args: group.args,
            role: group.role,
            decorator: group.decorator,
            runs_now: group.runs_now,
            detects_cuda: group.detects_cuda,
            id_prefix: group.id_prefix,
            environment: group.environment,
            at: group.at,
            raises: group.raises,
            unless_set: group.unless_set,
            touches_cuda: group.touches_cuda,
            listens: group.listens,
            port: group.port,
        }
        .kind(&group.kind)?;
        let says = says(&what, &group.says)?;
        let fact = facts.refer(&format!(
            "kind: {kind}, passes: {passes}, value: {value}, emulated: {emulated}, condition: {condition}, \
             says: {says:?}, {origin}"
        ));
        for name in &group.names {
            let _ = writeln!(out, "CallEffect {{ name: {name:?}, fact: {fact} }},");
            names.push((name.clone(), count));
            if let Some(package) = &group.also_in {
                let last = name.rsplit('.').next().unwrap_or(name);
                names.push((format!("{package}.{last}"), count));
            }
            for (canonical, others) in aliases {
                let Some(rest) = name.strip_prefix(canonical.as_str()) else { continue };
                if rest.is_empty() || rest.starts_with('.') {
                    used.insert(canonical);
                    names.extend(others.iter().map(|other| (format!("{other}{rest}"), count)));
                }
            }
            count += 1;
        }
    }
    out.push_str("];\n");
    facts.write(out);
    if let Some(alias) = aliases.keys().find(|alias| !used.contains(alias.as_str())) {
        return Err(format!("[aliases]: nothing is known of {alias:?}"));
    }
    names.sort();
    sorted("[[call]]", names.iter().map(|(name, _)| name.as_str()))?;
    out.push_str("static CALL_NAMES: &[(&str, u16)] = &[\n");
    for (name, index) in names {
        let _ = writeln!(out, "({name:?}, {}),", super::whole(index as u64));
    }
    out.push_str("];\n");
    Ok(())
}

fn methods(out: &mut String, groups: Vec<Method>) -> Result<(), String> {
    let mut entries: Vec<(String, String, String)> = Vec::new();
    let mut facts = Facts::new("METHOD_FACTS", "MethodFact");
    for group in groups {
        let what = format!("[[method]] {}", group.names.first().map_or("", String::as_str));
        sorted(&what, group.names.iter().map(String::as_str))?;
        sorted(&what, group.on.iter().map(String::as_str))?;
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        let kind = Pieces {
            what: &what,
            args: group.args,
            role: group.role,
            decorator: group.decorator,
            runs_now: None,
            detects_cuda: group.detects_cuda,
            id_prefix: None,
            environment: None,
            at: None,
            raises: None,
            unless_set: None,
            touches_cuda: group.touches_cuda,
            listens: None,
            port: None,
        }
        .kind(&group.kind)?;
        let says = says(&what, &group.says)?;
        let condition = condition(&what, group.condition.as_ref())?;
        let emulated = emulated(&what, group.emulated.as_deref())?;
        let on = strings(&group.on);
        let fact = facts.refer(&format!(
            "on: {on}, alone: {}, kind: {kind}, returns_receiver: {}, emulated: {emulated}, \
             condition: {condition}, says: {says:?}, {origin}",
            group.alone, group.returns_receiver,
        ));
        for name in group.names {
            let code = format!("MethodEffect {{ name: {name:?}, fact: {fact} }},\n");
            entries.push((name, on.clone(), code));
        }
    }
    entries.sort();
    let both: Vec<String> = entries.iter().map(|(name, on, _)| format!("{name} on {on}")).collect();
    sorted("[[method]]", both.iter().map(String::as_str))?;
    out.push_str("static METHODS: &[MethodEffect] = &[\n");
    out.extend(entries.into_iter().map(|(_, _, code)| code));
    out.push_str("];\n");
    facts.write(out);
    Ok(())
}

fn imports(out: &mut String, groups: &[Import]) -> Result<(), String> {
    let mut entries: Vec<(&str, usize, String)> = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let what = format!("[[import]] {}", group.modules.first().map_or("", String::as_str));
        sorted(&what, group.modules.iter().map(String::as_str))?;
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        let condition = condition(&what, group.condition.as_ref())?;
        let names = match &group.names {
            Names::Word(word) if word == "any" => "Names::Any".to_owned(),
            Names::Word(word) => return Err(format!("{what}: names are not called {word:?}")),
            Names::Listed(Listed { listed }) => {
                sorted(&what, listed.iter().map(String::as_str))?;
                format!("Names::Listed({})", strings(listed))
            }
            Names::Like(Like { starts, endings }) => {
                format!(
                    "Names::Like {{ starts: {}, endings: {} }}",
                    strings(starts),
                    strings(endings)
                )
            }
        };
        let says = says(&what, &group.says)?;
        for module in &group.modules {
            let code = format!(
                "ImportEffect {{ module: {module:?}, names: {names}, poisons: {}, lazy: {}, condition: \
                 {condition}, says: {says:?}, {origin} }},\n",
                group.poisons, group.lazy,
            );
            entries.push((module, place, code));
        }
    }
    entries.sort();
    out.push_str("static IMPORTS: &[ImportEffect] = &[\n");
    out.extend(entries.into_iter().map(|(_, _, code)| code));
    out.push_str("];\n");
    Ok(())
}

fn missing(out: &mut String, names: &[MissingName]) -> Result<(), String> {
    sorted("[[missing]]", names.iter().map(|name| name.module.as_str()))?;
    out.push_str("static MISSING: &[MissingName] = &[\n");
    for MissingName { module, name, instead, source, as_of, confidence } in names {
        let what = format!("[[missing]] {module}");
        let origin = origin(&what, source, *as_of, confidence)?;
        let _ = writeln!(
            out,
            "MissingName {{ module: {module:?}, name: {name:?}, instead: {instead:?}, {origin} }},"
        );
    }
    out.push_str("];\n");
    Ok(())
}

fn unpicklable(out: &mut String, groups: &[Unpicklable]) -> Result<(), String> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    for Unpicklable { names, what, source, as_of, confidence } in groups {
        let group = format!("[[unpicklable]] {what}");
        origin(&group, source, *as_of, confidence)?;
        sorted(&group, names.iter().map(String::as_str))?;
        all.extend(names.iter().map(|name| (name.as_str(), what.as_str())));
    }
    all.sort_unstable();
    sorted("[[unpicklable]]", all.iter().map(|(name, _)| *name))?;
    let _ = writeln!(out, "static UNPICKLABLE: &[(&str, &str)] = &{all:?};");
    Ok(())
}

fn says<'a>(what: &str, text: &'a str) -> Result<&'a str, String> {
    if text.is_empty() || text.ends_with('.') || text.starts_with(char::is_uppercase) {
        return Err(format!(
            "{what}: `says` is a predicate, with no capital before it and no stop after"
        ));
    }
    Ok(text)
}

fn passes(what: &str, text: Option<&str>) -> Result<String, String> {
    Ok(match text {
        None => "Passes::No".to_owned(),
        Some("decorator") => "Passes::Decorator".to_owned(),
        Some(text) => match text.split_once('|') {
            Some((one, "decorator")) => format!("Passes::Either({})", argument(what, one)?),
            Some(_) => return Err(format!("{what}: nothing passes {text:?}")),
            None => format!("Passes::Argument({})", argument(what, text)?),
        },
    })
}

/// `Settled { … }`
fn settled(what: &str, value: &Settled) -> Result<String, String> {
    let (before, after, zerogpu_only) = match value {
        Settled { before: None, after: None, always: Some(value), there: false } => {
            let value = constants(what, value)?;
            (value.clone(), value, false)
        }
        Settled { before: None, after: None, always: None, there: true } => {
            let there = "&[Constant::There]".to_owned();
            (there.clone(), there, false)
        }
        Settled { before, after: Some(after), always: None, there: false } => {
            let before = before.as_ref().map(|before| constants(what, before)).transpose()?;
            (before.unwrap_or_else(|| "&[]".to_owned()), constants(what, after)?, true)
        }
        _ => return Err(format!("{what}: when is it worth that?")),
    };
    Ok(format!(
        "Settled {{ before_spaces: {before}, after_spaces: {after}, zerogpu_only: {zerogpu_only} }}"
    ))
}

/// One constant, or one of several tuples.
fn constants(what: &str, value: &Value) -> Result<String, String> {
    let refused = || format!("{what}: {value:?} is not a value that can be settled");
    Ok(match value {
        Value::Boolean(value) => format!("&[Constant::Bool({value})]"),
        Value::Integer(value) => format!("&[Constant::Int({value})]"),
        Value::String(value) => format!("&[Constant::Str({value:?})]"),
        Value::Array(tuples) if !tuples.is_empty() => {
            let mut out = String::from("&[");
            for tuple in tuples {
                let numbers = tuple.as_array().ok_or_else(refused)?;
                let numbers: Option<Vec<i64>> = numbers.iter().map(Value::as_integer).collect();
                let _ = write!(out, "Constant::Tuple(&{:?}), ", numbers.ok_or_else(refused)?);
            }
            out.push(']');
            out
        }
        _ => return Err(refused()),
    })
}

/// `VALUES` and `VERSIONS`.
fn attributes(
    out: &mut String,
    values: &[Attribute],
    versions: &[VersionOf],
) -> Result<(), String> {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for group in values {
        let what = format!("[[value]] {}", group.names.first().map_or("", String::as_str));
        origin(&what, &group.source, group.as_of, &group.confidence)?;
        let value = settled(&what, &group.value)?;
        entries.extend(group.names.iter().map(|name| (name.as_str(), value.clone())));
    }
    listed(out, "VALUES", "Settled", entries)?;
    let mut entries: Vec<(&str, String)> = Vec::new();
    for group in versions {
        let what = format!("[[version]] {}", group.names.first().map_or("", String::as_str));
        origin(&what, &group.source, group.as_of, &group.confidence)?;
        let form = match &*group.form {
            "text" => "Text",
            "version" => "Version",
            "tuple" => "Tuple",
            other => return Err(format!("{what}: no form is called {other:?}")),
        };
        let of = match &group.package {
            Some(package) => format!("Versioned::Package({package:?})"),
            None => "Versioned::Python".to_owned(),
        };
        let code = format!("VersionOf {{ of: {of}, form: VersionForm::{form} }}");
        entries.extend(group.names.iter().map(|name| (name.as_str(), code.clone())));
    }
    listed(out, "VERSIONS", "VersionOf", entries)
}

/// A static list of names, each with something.
fn listed(
    out: &mut String,
    name: &str,
    of: &str,
    mut entries: Vec<(&str, String)>,
) -> Result<(), String> {
    entries.sort();
    sorted(name, entries.iter().map(|(name, _)| *name))?;
    let _ = writeln!(out, "static {name}: &[(&str, {of})] = &[");
    for (name, code) in entries {
        let _ = writeln!(out, "({name:?}, {code}),");
    }
    out.push_str("];\n");
    Ok(())
}

fn condition(what: &str, condition: Option<&Condition>) -> Result<String, String> {
    let Some(condition) = condition else { return Ok("None".to_owned()) };
    Ok(format!("Some({})", literal(what, condition)?))
}

/// `Condition { … }`
fn literal(what: &str, condition: &Condition) -> Result<String, String> {
    if condition.package.is_empty() || condition.tested.is_empty() {
        return Err(format!(
            "{what}: a condition is about a package, of which some version was tried"
        ));
    }
    range(what, &condition.range)?;
    let mut before = Vec::new();
    for text in &condition.tested {
        let now = version(what, text)?;
        if now <= before {
            return Err(format!("{what}: {text} was tried before an older version"));
        }
        before = now;
    }
    sorted(what, condition.also.iter().map(String::as_str))?;
    Ok(format!(
        "Condition {{ package: {:?}, range: {:?}, tested: {}, also: {} }}",
        condition.package,
        condition.range,
        strings(&condition.tested),
        strings(&condition.also)
    ))
}

fn emulated(what: &str, text: Option<&str>) -> Result<&'static str, String> {
    Ok(match text {
        None => "None",
        Some("everywhere") => "Some(Emulated::Everywhere)",
        Some("one-thread") => "Some(Emulated::OneThread)",
        Some("afterwards") => "Some(Emulated::Afterwards)",
        Some("nowhere") => "Some(Emulated::Nowhere)",
        Some(other) => return Err(format!("{what}: nothing is emulated {other:?}")),
    })
}

/// `position:keyword`, or either.
fn argument(what: &str, text: &str) -> Result<String, String> {
    let (position, keyword) = match text.split_once(':') {
        Some((position, keyword)) => (Some(position), Some(keyword)),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => (Some(text), None),
        None => (None, Some(text)),
    };
    let position = match position {
        None => "None".to_owned(),
        Some(text) => {
            let number: u8 =
                text.parse().map_err(|_| format!("{what}: {text:?} is not a position"))?;
            format!("Some({number})")
        }
    };
    let keyword = match keyword {
        None => "None".to_owned(),
        Some(word)
            if word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !word.is_empty() =>
        {
            format!("Some({word:?})")
        }
        Some(word) => return Err(format!("{what}: {word:?} is not a keyword")),
    };
    Ok(format!("Argument {{ position: {position}, keyword: {keyword} }}"))
}
