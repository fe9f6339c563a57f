//! `platform.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, range, read, sorted, strings, version, whole};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Platform {
    tier: Tiers,
    size: Sizes,
    backing: BTreeMap<String, Backing>,
    duration: Duration,
    promotion: Promotion,
    startup_report: StartupReport,
    messages: Messages,
    home: Home,
    system: System,
    direct: Direct,
    listening: Listening,
    docker: Docker,
    push: Push,
    outbound: Outbound,
    inference: Inference,
    gone_address: Vec<GoneAddress>,
    supported: Supported,
    python: Python,
    builder: Vec<Builder>,
    hardware: Hardware,
    duplicate: Duplicate,
    storage: Storage,
    environment: Vec<Environment>,
    hub_token: HubToken,
    secret_words: SecretWords,
    symptom: Vec<Symptom>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tiers {
    anonymous: Tier,
    free: Tier,
    pro: Tier,
    enterprise: Tier,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    label: String,
    quota_seconds: u32,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sizes {
    large: Size,
    xlarge: Size,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    default: bool,
    gpu: String,
    vram_gb: u32,
    time_factor: f64,
    quota_factor: u32,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Backing {
    gpu: String,
    time_factor: Option<TimeFactors>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeFactors {
    large: f64,
    xlarge: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Duration {
    default_seconds: u32,
    day_seconds: u32,
    factor_since_spaces: String,
    size_since_spaces: String,
    positional_since_spaces: String,
    callable_since_spaces: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartupReport {
    sent_by_launch: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Promotion {
    bytes: u64,
    since_spaces: String,
    says: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Messages {
    no_gpu_function: Message,
    old_bitsandbytes: Message,
    no_card: Message,
    invalid_card: Message,
    port_taken: Message,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    text: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    name: String,
    machine: String,
    wheels: Vec<String>,
    other_wheels: Vec<String>,
    python: PythonTags,
    markers: BTreeMap<String, String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PythonTags {
    implementation: String,
    any: String,
    others: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Home {
    folder: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Direct {
    page: String,
    domain: String,
    #[serde(rename = "static")]
    static_domain: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listening {
    port: u16,
    host: String,
    unreachable: Vec<String>,
    minutes: u32,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inference {
    spent: String,
    refused: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Docker {
    sdk: String,
    file: String,
    port_key: String,
    secrets: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    bytes: u64,
    binary_bytes: u64,
    refuses: String,
    refuses_binary: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outbound {
    ports: Vec<u16>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Symptom {
    text: String,
    rule: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GoneAddress {
    address: String,
    answer: String,
    moved: BTreeMap<String, String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Python {
    defaults: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Supported {
    sdk: String,
    gradio_minimum: String,
    python: Vec<String>,
    torch: Vec<String>,
    torch_cap: String,
    bitsandbytes_minimum: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Builder {
    package: String,
    requirement: String,
    on: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hardware {
    zerogpu: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Duplicate {
    hardware: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Storage {
    folder: String,
    bucket: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    names: Vec<String>,
    value: Option<String>,
    #[serde(default)]
    set: bool,
    #[serde(default)]
    zerogpu: bool,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HubToken {
    read: Vec<String>,
    not_read: Vec<String>,
    disabled_by: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretWords {
    secret: Vec<String>,
    pairs: Vec<String>,
    counts: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// Rust for `src/platform.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Platform = read(text)?;
    let mut out = String::new();
    tiers(&mut out, &table.tier)?;
    sizes(&mut out, &table.size)?;
    backings(&mut out, &table)?;
    duration(&mut out, &table)?;
    network(&mut out, &table)?;
    supported(&mut out, &table)?;
    python(&mut out, &table.python)?;
    builder(&mut out, &table.builder)?;
    duplicate(&mut out, &table)?;
    environment(&mut out, &table.environment)?;
    names(&mut out, &table)?;
    Ok(out)
}

fn tiers(out: &mut String, tiers: &Tiers) -> Result<(), String> {
    out.push_str("static TIERS: [TierFacts; 4] = [\n");
    let mut before = 0;
    for (name, tier) in [
        ("anonymous", &tiers.anonymous),
        ("free", &tiers.free),
        ("pro", &tiers.pro),
        ("enterprise", &tiers.enterprise),
    ] {
        let what = format!("[tier.{name}]");
        if tier.quota_seconds <= before {
            return Err(format!("{what}: the tiers' quotas must rise"));
        }
        before = tier.quota_seconds;
        let _ = writeln!(
            out,
            "TierFacts {{ label: {:?}, quota_seconds: {}, {} }},",
            tier.label,
            whole(tier.quota_seconds.into()),
            origin(&what, &tier.source, tier.as_of, &tier.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

fn sizes(out: &mut String, sizes: &Sizes) -> Result<(), String> {
    if sizes.large.default == sizes.xlarge.default {
        return Err("[size]: one size, and only one, is the default".to_owned());
    }
    let default = if sizes.large.default { "Large" } else { "Xlarge" };
    let _ = writeln!(out, "const DEFAULT_SIZE: Size = Size::{default};");
    out.push_str("static SIZES: [SizeFacts; 2] = [\n");
    for (name, size) in [("large", &sizes.large), ("xlarge", &sizes.xlarge)] {
        let what = format!("[size.{name}]");
        if !(size.time_factor.is_finite() && size.time_factor >= 1.0) || size.quota_factor == 0 {
            return Err(format!("{what}: a factor is at least 1"));
        }
        let _ = writeln!(
            out,
            "SizeFacts {{ name: {name:?}, gpu: {:?}, vram_gb: {}, time_factor: {:?}, quota_factor: {}, {} }},",
            size.gpu,
            size.vram_gb,
            size.time_factor,
            size.quota_factor,
            origin(&what, &size.source, size.as_of, &size.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

/// The one that Spaces run on now comes first.
fn backings(out: &mut String, table: &Platform) -> Result<(), String> {
    let (current, others): (Vec<_>, Vec<_>) =
        table.backing.iter().partition(|(_, backing)| backing.time_factor.is_none());
    if current.len() != 1 {
        return Err("[backing]: one, and only one, has no factors of its own".to_owned());
    }
    let sizes = [table.size.large.time_factor, table.size.xlarge.time_factor];
    let factors = |backing: &Backing| {
        backing.time_factor.as_ref().map_or(sizes, |own| [own.large, own.xlarge])
    };
    out.push_str("static BACKINGS: &[Backing] = &[\n");
    for (name, backing) in current.into_iter().chain(others) {
        let what = format!("[backing.{name}]");
        if factors(backing).iter().any(|factor| !(factor.is_finite() && *factor >= 1.0)) {
            return Err(format!("{what}: a factor is at least 1"));
        }
        let _ = writeln!(
            out,
            "Backing {{ name: {name:?}, gpu: {:?}, time_factors: {:?}, {} }},",
            backing.gpu,
            factors(backing),
            origin(&what, &backing.source, backing.as_of, &backing.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

fn duration(out: &mut String, table: &Platform) -> Result<(), String> {
    let duration = &table.duration;
    for text in [
        &duration.factor_since_spaces,
        &duration.size_since_spaces,
        &duration.positional_since_spaces,
        &duration.callable_since_spaces,
        &table.promotion.since_spaces,
    ] {
        version("[duration]", text)?;
    }
    let _ = writeln!(
        out,
        "static DURATION: DurationFacts = DurationFacts {{ default_seconds: {}, day_seconds: {}, \
         factor_since_spaces: {:?}, size_since_spaces: {:?}, positional_since_spaces: {:?}, \
         callable_since_spaces: {:?}, {} }};",
        whole(duration.default_seconds.into()),
        whole(duration.day_seconds.into()),
        duration.factor_since_spaces,
        duration.size_since_spaces,
        duration.positional_since_spaces,
        duration.callable_since_spaces,
        origin("[duration]", &duration.source, duration.as_of, &duration.confidence)?,
    );
    let report = &table.startup_report;
    range("[startup_report]", &report.sent_by_launch)?;
    let _ = writeln!(
        out,
        "static STARTUP_REPORT: StartupReport = StartupReport {{ sent_by_launch: {:?}, {} }};",
        report.sent_by_launch,
        origin("[startup_report]", &report.source, report.as_of, &report.confidence)?,
    );
    let promotion = &table.promotion;
    let _ = writeln!(
        out,
        "static PROMOTION: Promotion = Promotion {{ bytes: {}, since_spaces: {:?}, says: {:?}, {} }};",
        whole(promotion.bytes),
        promotion.since_spaces,
        promotion.says,
        origin("[promotion]", &promotion.source, promotion.as_of, &promotion.confidence)?,
    );
    let messages = &table.messages;
    for (name, message) in [
        ("no_gpu_function", &messages.no_gpu_function),
        ("old_bitsandbytes", &messages.old_bitsandbytes),
        ("no_card", &messages.no_card),
        ("invalid_card", &messages.invalid_card),
        ("port_taken", &messages.port_taken),
    ] {
        let what = format!("[messages.{name}]");
        let _ = writeln!(
            out,
            "static {}: Message = Message {{ text: {:?}, {} }};",
            name.to_uppercase(),
            message.text,
            origin(&what, &message.source, message.as_of, &message.confidence)?,
        );
    }
    let home = &table.home;
    let _ = writeln!(
        out,
        "static HOME: Home = Home {{ folder: {:?}, {} }};",
        home.folder,
        origin("[home]", &home.source, home.as_of, &home.confidence)?,
    );
    system(out, &table.system)?;
    let direct = &table.direct;
    let _ = writeln!(
        out,
        "static DIRECT: Direct = Direct {{ page: {:?}, domain: {:?}, static_domain: {:?}, {} }};",
        direct.page,
        direct.domain,
        direct.static_domain,
        origin("[direct]", &direct.source, direct.as_of, &direct.confidence)?,
    );
    Ok(())
}

/// What a Space listens on, and whom it reaches.
fn network(out: &mut String, table: &Platform) -> Result<(), String> {
    let listening = &table.listening;
    sorted("[listening]", listening.unreachable.iter().map(String::as_str))?;
    let _ = writeln!(
        out,
        "static LISTENING: Listening = Listening {{ port: {}, host: {:?}, unreachable: {}, minutes: {}, \
         {} }};",
        listening.port,
        listening.host,
        strings(&listening.unreachable),
        listening.minutes,
        origin("[listening]", &listening.source, listening.as_of, &listening.confidence)?,
    );
    let docker = &table.docker;
    let _ = writeln!(
        out,
        "static DOCKER: Docker = Docker {{ sdk: {:?}, file: {:?}, port_key: {:?}, secrets: {:?}, {} }};",
        docker.sdk,
        docker.file,
        docker.port_key,
        docker.secrets,
        origin("[docker]", &docker.source, docker.as_of, &docker.confidence)?,
    );
    let push = &table.push;
    if push.bytes < push.binary_bytes {
        return Err("[push]: what is binary may be larger than what is text".to_owned());
    }
    let _ = writeln!(
        out,
        "static PUSH: Push = Push {{ bytes: {}, binary_bytes: {}, refuses: {:?}, refuses_binary: {:?}, {} }};",
        whole(push.bytes),
        whole(push.binary_bytes),
        push.refuses,
        push.refuses_binary,
        origin("[push]", &push.source, push.as_of, &push.confidence)?,
    );
    let outbound = &table.outbound;
    origin("[outbound]", &outbound.source, outbound.as_of, &outbound.confidence)?;
    let _ = writeln!(out, "static OUTBOUND_PORTS: &[u16] = &{:?};", outbound.ports);
    let Inference { spent, refused, source, as_of, confidence } = &table.inference;
    let _ = writeln!(
        out,
        "static INFERENCE: Inference = Inference {{ spent: {spent:?}, refused: {refused:?}, {} }};",
        origin("[inference]", source, *as_of, confidence)?,
    );
    out.push_str("static GONE_ADDRESSES: &[GoneAddress] = &[\n");
    for gone in &table.gone_address {
        let what = format!("[[gone_address]] {}", gone.address);
        let _ = writeln!(
            out,
            "GoneAddress {{ address: {:?}, answer: {:?}, moved: &{:?}, {} }},",
            gone.address,
            gone.answer,
            gone.moved.iter().collect::<Vec<_>>(),
            origin(&what, &gone.source, gone.as_of, &gone.confidence)?,
        );
    }
    out.push_str("];\n");
    out.push_str("static SYMPTOMS: &[Symptom] = &[\n");
    for symptom in &table.symptom {
        let what = format!("[[symptom]] {}", symptom.text);
        let _ = writeln!(
            out,
            "Symptom {{ text: {:?}, rule: {:?}, {} }},",
            symptom.text,
            symptom.rule,
            origin(&what, &symptom.source, symptom.as_of, &symptom.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

fn python(out: &mut String, python: &Python) -> Result<(), String> {
    for text in &python.defaults {
        version("[python]", text)?;
    }
    origin("[python]", &python.source, python.as_of, &python.confidence)?;
    let _ = writeln!(out, "static PYTHON_DEFAULTS: &[&str] = {};", strings(&python.defaults));
    Ok(())
}

fn supported(out: &mut String, table: &Platform) -> Result<(), String> {
    let supported = &table.supported;
    for text in supported
        .python
        .iter()
        .chain(&supported.torch)
        .chain([&supported.torch_cap, &supported.gradio_minimum])
    {
        version("[supported]", text)?;
    }
    let _ = writeln!(
        out,
        "static SUPPORTED: Supported = Supported {{ sdk: {:?}, gradio_minimum: {:?}, python: {}, torch: {}, \
         torch_cap: {:?}, bitsandbytes_minimum: {:?}, {} }};",
        supported.sdk,
        supported.gradio_minimum,
        strings(&supported.python),
        strings(&supported.torch),
        supported.torch_cap,
        supported.bitsandbytes_minimum,
        origin("[supported]", &supported.source, supported.as_of, &supported.confidence)?,
    );
    Ok(())
}

fn builder(out: &mut String, lines: &[Builder]) -> Result<(), String> {
    sorted("[[builder]]", lines.iter().map(|line| line.requirement.as_str()))?;
    out.push_str("static BUILDER: &[BuilderLine] = &[\n");
    for line in lines {
        let what = format!("[[builder]] {}", line.requirement);
        if !line.requirement.starts_with(&line.package) {
            return Err(format!("{what}: does not install {:?}", line.package));
        }
        let on = match line.on.as_str() {
            "every" => "Every",
            "zerogpu" => "ZeroGpu",
            "other" => "Other",
            other => return Err(format!("{what}: no kind of Space is called {other:?}")),
        };
        let _ = writeln!(
            out,
            "BuilderLine {{ package: {:?}, requirement: {:?}, on: Spaces::{on}, {} }},",
            line.package,
            line.requirement,
            origin(&what, &line.source, line.as_of, &line.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

fn environment(out: &mut String, groups: &[Environment]) -> Result<(), String> {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for group in groups {
        let first = group.names.first().map_or("", String::as_str);
        let what = format!("[[environment]] {first}");
        sorted(&what, group.names.iter().map(String::as_str))?;
        let value = match (&group.value, group.set) {
            (Some(_), true) => return Err(format!("{what}: `value` says that it is set already")),
            (Some(value), false) => format!("Some(EnvValue::Known({value:?}))"),
            (None, true) => "Some(EnvValue::SetButUnknown)".to_owned(),
            (None, false) => "None".to_owned(),
        };
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        for name in &group.names {
            entries.push((
                name,
                format!(
                    "Env {{ name: {name:?}, value: {value}, zerogpu_only: {}, {origin} }},\n",
                    group.zerogpu
                ),
            ));
        }
    }
    entries.sort();
    sorted("[[environment]]", entries.iter().map(|(name, _)| *name))?;
    out.push_str("static ENVIRONMENT: &[Env] = &[\n");
    out.extend(entries.into_iter().map(|(_, code)| code));
    out.push_str("];\n");
    Ok(())
}

fn duplicate(out: &mut String, table: &Platform) -> Result<(), String> {
    let duplicate = &table.duplicate;
    let _ = writeln!(
        out,
        "static DUPLICATE: Duplicate = Duplicate {{ hardware: {:?}, {} }};",
        duplicate.hardware,
        origin("[duplicate]", &duplicate.source, duplicate.as_of, &duplicate.confidence)?,
    );
    let storage = &table.storage;
    if !storage.folder.starts_with('/') || storage.folder.ends_with('/') {
        return Err("[storage]: `folder` is not absolute, or ends with a slash".to_owned());
    }
    let _ = writeln!(
        out,
        "static STORAGE: Storage = Storage {{ folder: {:?}, bucket: {:?}, {} }};",
        storage.folder,
        storage.bucket,
        origin("[storage]", &storage.source, storage.as_of, &storage.confidence)?,
    );
    Ok(())
}

fn names(out: &mut String, table: &Platform) -> Result<(), String> {
    let hardware = &table.hardware;
    sorted("[hardware]", hardware.zerogpu.iter().map(String::as_str))?;
    origin("[hardware]", &hardware.source, hardware.as_of, &hardware.confidence)?;
    let _ = writeln!(out, "static ZEROGPU_HARDWARE: &[&str] = {};", strings(&hardware.zerogpu));

    let token = &table.hub_token;
    sorted("[hub_token] not_read", token.not_read.iter().map(String::as_str))?;
    let _ = writeln!(
        out,
        "static HUB_TOKEN: HubToken = HubToken {{ read: {}, not_read: {}, disabled_by: {:?}, {} }};",
        strings(&token.read),
        strings(&token.not_read),
        token.disabled_by,
        origin("[hub_token]", &token.source, token.as_of, &token.confidence)?,
    );

    let words = &table.secret_words;
    origin("[secret_words]", &words.source, words.as_of, &words.confidence)?;
    for (name, list) in [
        ("SECRET_WORDS", &words.secret),
        ("SECRET_PAIRS", &words.pairs),
        ("COUNT_WORDS", &words.counts),
    ] {
        sorted("[secret_words]", list.iter().map(String::as_str))?;
        if name == "SECRET_PAIRS" {
            let _ = writeln!(out, "static {name}: &[(&str, &str)] = &[");
            for pair in list {
                let (first, second) = pair
                    .split_once(' ')
                    .ok_or_else(|| format!("[secret_words]: {pair:?} is not two words"))?;
                let _ = writeln!(out, "({first:?}, {second:?}),");
            }
            out.push_str("];\n");
        } else {
            let _ = writeln!(out, "static {name}: &[&str] = {};", strings(list));
        }
    }
    Ok(())
}

fn system(out: &mut String, system: &System) -> Result<(), String> {
    let System { name, machine, wheels, other_wheels, python, markers, .. } = system;
    for tags in [wheels, other_wheels, &python.others] {
        sorted("[system]", tags.iter().map(String::as_str))?;
    }
    let mut pairs = String::new();
    for (marker, value) in markers {
        let _ = write!(pairs, "({marker:?}, {value:?}), ");
    }
    let _ = writeln!(
        out,
        "static SYSTEM: System = System {{ name: {name:?}, machine: {machine:?}, wheels: {}, \
         other_wheels: {}, implementation: {:?}, any_python: {:?}, other_pythons: {}, \
         markers: &[{pairs}], {} }};",
        strings(wheels),
        strings(other_wheels),
        python.implementation,
        python.any,
        strings(&python.others),
        origin("[system]", &system.source, system.as_of, &system.confidence)?,
    );
    Ok(())
}
