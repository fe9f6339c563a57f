//! `models.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, range, read, sorted, strings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Models {
    bytes: Bytes,
    quantised: Quantised,
    default_dtype: Vec<DefaultDtype>,
    estimate: Estimate,
    gated: Vec<Gated>,
    model: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bytes {
    float32: f64,
    float16: f64,
    bfloat16: f64,
    float8: f64,
    int8: f64,
    int4: f64,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quantised {
    bytes: BTreeMap<String, f64>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultDtype {
    package: String,
    range: String,
    dtype: Option<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Estimate {
    name_packages: Vec<String>,
    name_least: f64,
    name_most: f64,
    name_more: f64,
    unquantised_share: f64,
    adapter_gb: f64,
    quantisers: Vec<String>,
    beside_share: f64,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gated {
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    prefixes: Vec<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    ids: Vec<String>,
    parts: BTreeMap<String, f64>,
    dtype: Option<String>,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// Rust for `src/models.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Models = read(text)?;
    let mut out = String::new();
    types(&mut out, &table)?;
    estimate(&mut out, &table.estimate)?;
    gates(&mut out, &table.gated)?;
    models(&mut out, &table.model)?;
    Ok(out)
}

fn types(out: &mut String, table: &Models) -> Result<(), String> {
    let bytes = &table.bytes;
    origin("[bytes]", &bytes.source, bytes.as_of, &bytes.confidence)?;
    let all = [bytes.float32, bytes.float16, bytes.bfloat16, bytes.float8, bytes.int8, bytes.int4];
    for one in all {
        positive("[bytes]", one)?;
    }
    let _ = writeln!(out, "static BYTES: [f64; 6] = {all:?};");

    let quantised = &table.quantised;
    origin("[quantised]", &quantised.source, quantised.as_of, &quantised.confidence)?;
    out.push_str("static QUANTISED: &[(&str, f64)] = &[\n");
    for (word, bytes) in &quantised.bytes {
        positive("[quantised]", *bytes)?;
        if word.chars().any(|c| !c.is_ascii_lowercase() && !c.is_ascii_digit()) {
            return Err(format!("[quantised]: {word:?} is not a word of small letters and digits"));
        }
        let _ = writeln!(out, "({word:?}, {bytes:?}),");
    }
    out.push_str("];\nstatic DEFAULT_DTYPES: &[DefaultDtype] = &[\n");
    for default in &table.default_dtype {
        let what = format!("[[default_dtype]] {}", default.package);
        range(&what, &default.range)?;
        let _ = writeln!(
            out,
            "DefaultDtype {{ package: {:?}, range: {:?}, dtype: {}, {} }},",
            default.package,
            default.range,
            dtype(&what, default.dtype.as_deref())?,
            origin(&what, &default.source, default.as_of, &default.confidence)?,
        );
    }
    out.push_str("];\n");
    Ok(())
}

fn estimate(out: &mut String, estimate: &Estimate) -> Result<(), String> {
    let what = "[estimate]";
    sorted(what, estimate.name_packages.iter().map(String::as_str))?;
    sorted(what, estimate.quantisers.iter().map(String::as_str))?;
    positive(what, estimate.name_least)?;
    positive(what, estimate.name_more)?;
    positive(what, estimate.adapter_gb)?;
    if estimate.name_least > 1.0 || !(estimate.name_most.is_finite() && estimate.name_most >= 1.0) {
        return Err(format!("{what}: `name_least` and `name_most` stand on either side of 1"));
    }
    for share in [estimate.unquantised_share, estimate.beside_share] {
        positive(what, share)?;
        if share >= 1.0 {
            return Err(format!("{what}: a share is less than 1"));
        }
    }
    let _ = writeln!(
        out,
        "static ESTIMATE: Estimate = Estimate {{ name_packages: {}, name_least: {:?}, name_most: {:?}, \
         name_more: {:?}, unquantised_share: {:?}, adapter_gb: {:?}, quantisers: {}, beside_share: {:?}, {} }};",
        strings(&estimate.name_packages),
        estimate.name_least,
        estimate.name_most,
        estimate.name_more,
        estimate.unquantised_share,
        estimate.adapter_gb,
        strings(&estimate.quantisers),
        estimate.beside_share,
        origin(what, &estimate.source, estimate.as_of, &estimate.confidence)?,
    );
    Ok(())
}

fn gates(out: &mut String, groups: &[Gated]) -> Result<(), String> {
    let mut ids: Vec<(String, String)> = Vec::new();
    let mut prefixes: Vec<(String, String)> = Vec::new();
    for group in groups {
        let first = group.ids.first().or(group.prefixes.first()).map_or("", String::as_str);
        let what = format!("[[gated]] {first}");
        if first.is_empty() {
            return Err(format!("{what}: says of nothing that it is gated"));
        }
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        for (names, entries) in [(&group.ids, &mut ids), (&group.prefixes, &mut prefixes)] {
            for name in names {
                if !name.contains('/') {
                    return Err(format!("{what}: {name:?} is not a repository"));
                }
                let key = name.to_ascii_lowercase();
                let code = format!("Gate {{ name: {key:?}, {origin} }},\n");
                entries.push((key, code));
            }
            let keys: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            sorted(&what, keys.iter().map(String::as_str))?;
        }
    }
    for (name, mut entries) in [("GATES", ids), ("GATED_PREFIXES", prefixes)] {
        entries.sort();
        sorted("[[gated]]", entries.iter().map(|(key, _)| key.as_str()))?;
        let _ = writeln!(out, "static {name}: &[Gate] = &[");
        out.extend(entries.into_iter().map(|(_, code)| code));
        out.push_str("];\n");
    }
    Ok(())
}

fn models(out: &mut String, groups: &[Model]) -> Result<(), String> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for group in groups {
        let what = format!("[[model]] {}", group.ids.first().map_or("", String::as_str));
        let origin = origin(&what, &group.source, group.as_of, &group.confidence)?;
        if group.parts.is_empty() {
            return Err(format!("{what}: has no parts"));
        }
        let mut parts = String::from("&[");
        for (name, billions) in &group.parts {
            positive(&what, *billions)?;
            let _ = write!(parts, "Part {{ name: {name:?}, billions: {billions:?} }}, ");
        }
        parts.push(']');
        let dtype = dtype(&what, group.dtype.as_deref())?;
        let keys: Vec<String> = group.ids.iter().map(|id| id.to_ascii_lowercase()).collect();
        sorted(&what, keys.iter().map(String::as_str))?;
        for (id, key) in group.ids.iter().zip(keys) {
            if id.split('/').count() != 2 {
                return Err(format!("{what}: {id:?} is not a repository"));
            }
            let code = format!(
                "Model {{ id: {id:?}, key: {key:?}, parts: {parts}, dtype: {dtype}, {origin} }},\n"
            );
            entries.push((key, code));
        }
    }
    entries.sort();
    sorted("[[model]]", entries.iter().map(|(key, _)| key.as_str()))?;
    out.push_str("static MODELS: &[Model] = &[\n");
    out.extend(entries.into_iter().map(|(_, code)| code));
    out.push_str("];\n");
    Ok(())
}

fn positive(what: &str, number: f64) -> Result<(), String> {
    if number.is_finite() && number > 0.0 {
        Ok(())
    } else {
        Err(format!("{what}: {number} is not more than nothing"))
    }
}

fn dtype(what: &str, name: Option<&str>) -> Result<String, String> {
    let variant = match name {
        None => return Ok("None".to_owned()),
        Some("float32") => "Float32",
        Some("float16") => "Float16",
        Some("bfloat16") => "Bfloat16",
        Some(other) => return Err(format!("{what}: no type of weights is called {other:?}")),
    };
    Ok(format!("Some(Dtype::{variant})"))
}
