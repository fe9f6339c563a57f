//! `gradio.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted, strings, version};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gradio {
    meta: Meta,
    forwarding: Forwarding,
    share: Share,
    oauth: OAuth,
    zerogpu_queue: ZeroGpuQueue,
    renamed: Vec<Renamed>,
    no_handshake: Vec<NoHandshake>,
    injected: Vec<Injected>,
    select_data: SelectData,
    floor: Vec<Floor>,
    advisory: Vec<Advisory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    latest: String,
    last_of_major: Vec<String>,
    recommended: String,
    minimum_secure: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forwarding {
    header: String,
    client: String,
    loaded: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    ignored_since: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuth {
    switch: String,
    list: String,
    variable: String,
    error: String,
    signed_out: String,
    scopes: BTreeMap<String, String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZeroGpuQueue {
    waiting: i64,
    refusal: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renamed {
    calls: Vec<String>,
    old: String,
    new: String,
    package: String,
    since: String,
    gradio: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoHandshake {
    since: String,
    fixed: String,
    ssr: bool,
    what: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectData {
    names: Vec<String>,
    pickled_since: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injected {
    what: String,
    by: String,
    names: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    version: String,
    scope: String,
    hard: bool,
    reason: String,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advisory {
    fixed: String,
    ids: Vec<String>,
    note: String,
    on_spaces: bool,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// Rust for `src/gradio.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Gradio = read(text)?;
    let mut out = String::new();
    let meta = &table.meta;
    for text in
        meta.last_of_major.iter().chain([&meta.latest, &meta.recommended, &meta.minimum_secure])
    {
        version("[meta]", text)?;
    }
    rising("[meta] last_of_major", &meta.last_of_major, false)?;
    let _ = writeln!(
        out,
        "static RELEASES: Releases = Releases {{ latest: {:?}, last_of_major: {}, recommended: {:?}, \
         minimum_secure: {:?}, {} }};",
        meta.latest,
        strings(&meta.last_of_major),
        meta.recommended,
        meta.minimum_secure,
        origin("[meta]", &meta.source, meta.as_of, &meta.confidence)?,
    );

    identity(&table, &mut out)?;
    injected(&table.injected, &mut out)?;
    let select = &table.select_data;
    origin("[select_data]", &select.source, select.as_of, &select.confidence)?;
    version("[select_data]", &select.pickled_since)?;
    let names = strings(&select.names);
    let _ = writeln!(
        out,
        "static SELECT_DATA: SelectData = SelectData {{ names: {names}, pickled_since: {:?} }};",
        select.pickled_since
    );
    rising(
        "[[floor]]",
        &table.floor.iter().map(|floor| floor.version.clone()).collect::<Vec<_>>(),
        true,
    )?;
    out.push_str("static FLOORS: &[Floor] = &[\n");
    for floor in &table.floor {
        let what = format!("[[floor]] {}", floor.version);
        let scope = match floor.scope.as_str() {
            "zerogpu" => "ZeroGpu",
            "identity" => "Identity",
            "identity-server" => "IdentityOfServer",
            "security" => "Security",
            other => return Err(format!("{what}: no scope is called {other:?}")),
        };
        let _ = writeln!(
            out,
            "Floor {{ version: {:?}, scope: Scope::{scope}, hard: {}, reason: {:?}, {} }},",
            floor.version,
            floor.hard,
            floor.reason,
            origin(&what, &floor.source, floor.as_of, &floor.confidence)?,
        );
    }
    out.push_str("];\n");

    rising(
        "[[advisory]]",
        &table.advisory.iter().map(|one| one.fixed.clone()).collect::<Vec<_>>(),
        false,
    )?;
    out.push_str("static ADVISORIES: &[Advisory] = &[\n");
    for advisory in &table.advisory {
        let what = format!("[[advisory]] {}", advisory.fixed);
        sorted(&what, advisory.ids.iter().map(String::as_str))?;
        let _ = writeln!(
            out,
            "Advisory {{ fixed: {:?}, ids: {}, note: {:?}, on_spaces: {}, {} }},",
            advisory.fixed,
            strings(&advisory.ids),
            advisory.note,
            advisory.on_spaces,
            origin(&what, &advisory.source, advisory.as_of, &advisory.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(out)
}

/// What is known of how a visitor's identity travels.
fn identity(table: &Gradio, out: &mut String) -> Result<(), String> {
    let Forwarding { header, client, loaded, source, as_of, confidence } = &table.forwarding;
    for text in [client, loaded] {
        version("[forwarding]", text)?;
    }
    let _ = writeln!(
        out,
        "static FORWARDING: Forwarding = Forwarding {{ header: {header:?}, client: {client:?}, loaded: \
         {loaded:?}, {} }};",
        origin("[forwarding]", source, *as_of, confidence)?,
    );

    apps(table, out)?;
    out.push_str("static RENAMED: &[Renamed] = &[\n");
    for renamed in &table.renamed {
        let what = format!("[[renamed]] {}", renamed.old);
        sorted(&what, renamed.calls.iter().map(String::as_str))?;
        for text in [&renamed.since, &renamed.gradio] {
            version(&what, text)?;
        }
        let _ = writeln!(
            out,
            "Renamed {{ calls: {}, old: {:?}, new: {:?}, package: {:?}, since: {:?}, gradio: {:?}, {} }},",
            strings(&renamed.calls),
            renamed.old,
            renamed.new,
            renamed.package,
            renamed.since,
            renamed.gradio,
            origin(&what, &renamed.source, renamed.as_of, &renamed.confidence)?,
        );
    }
    out.push_str("];\n");

    out.push_str("static NO_HANDSHAKE: &[NoHandshake] = &[\n");
    for gap in &table.no_handshake {
        let what = format!("[[no_handshake]] {}", gap.fixed);
        rising(&what, &[gap.since.clone(), gap.fixed.clone()], false)?;
        let _ = writeln!(
            out,
            "NoHandshake {{ since: {:?}, fixed: {:?}, ssr: {}, what: {:?}, {} }},",
            gap.since,
            gap.fixed,
            gap.ssr,
            gap.what,
            origin(&what, &gap.source, gap.as_of, &gap.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

fn injected(table: &[Injected], out: &mut String) -> Result<(), String> {
    out.push_str("static INJECTED: &[Injected] = &[\n");
    for one in table {
        let what = format!("[[injected]] {}", one.what);
        let meant = match one.what.as_str() {
            "progress" => "Progress",
            "cache" => "Cache",
            "request" => "Request",
            "profile" => "Profile",
            "token" => "Token",
            "header" => "Header",
            "event" => "Event",
            other => return Err(format!("{what}: nothing that is passed is called {other:?}")),
        };
        let by_default = match one.by.as_str() {
            "default" => true,
            "annotation" => false,
            other => return Err(format!("{what}: nothing asks by {other:?}")),
        };
        sorted(&what, one.names.iter().map(String::as_str))?;
        let _ = writeln!(
            out,
            "Injected {{ what: Passed::{meant}, by_default: {by_default}, names: {}, {} }},",
            strings(&one.names),
            origin(&what, &one.source, one.as_of, &one.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

/// Refuses versions that do not rise from one to the next.
fn rising(what: &str, versions: &[String], equal: bool) -> Result<(), String> {
    let mut before: Option<(Vec<u64>, &String)> = None;
    for text in versions {
        let now = version(what, text)?;
        if let Some((before, text_before)) = &before
            && (now < *before || (now == *before && !equal))
        {
            return Err(format!("{what}: {text} does not come after {text_before}"));
        }
        before = Some((now, text));
    }
    Ok(())
}

/// What an app is told of a Space.
fn apps(table: &Gradio, out: &mut String) -> Result<(), String> {
    let Share { ignored_since, source, as_of, confidence } = &table.share;
    version("[share]", ignored_since)?;
    let _ = writeln!(
        out,
        "static SHARE: Share = Share {{ ignored_since: {ignored_since:?}, {} }};",
        origin("[share]", source, *as_of, confidence)?,
    );

    let OAuth { switch, list, variable, error, signed_out, scopes, source, as_of, confidence } =
        &table.oauth;
    let _ = writeln!(
        out,
        "static OAUTH: OAuth = OAuth {{ switch: {switch:?}, list: {list:?}, variable: {variable:?}, error: \
         {error:?}, signed_out: {signed_out:?}, scopes: &{:?}, {} }};",
        scopes.iter().collect::<Vec<_>>(),
        origin("[oauth]", source, *as_of, confidence)?,
    );

    let ZeroGpuQueue { waiting, refusal, source, as_of, confidence } = &table.zerogpu_queue;
    let _ = writeln!(
        out,
        "static ZEROGPU_QUEUE: ZeroGpuQueue = ZeroGpuQueue {{ waiting: {waiting}, refusal: {refusal:?}, {} }};",
        origin("[zerogpu_queue]", source, *as_of, confidence)?,
    );
    Ok(())
}
