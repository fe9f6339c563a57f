//! `architectures.toml`.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted, strings, whole};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Architectures {
    decoder: Vec<Decoder>,
    denoiser: Vec<Denoiser>,
    speech: Vec<Speech>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Speech {
    r#type: String,
    window_seconds: u64,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decoder {
    types: Vec<String>,
    norm: Norm,
    norms: u64,
    gated: bool,
    bias: Bias,
    bias_key: Option<String>,
    feed_forward_bias_key: Option<String>,
    query_norm: QueryNorm,
    tied: bool,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Norm {
    Rms,
    Layer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Bias {
    None,
    Qkv,
    All,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum QueryNorm {
    None,
    Head,
    Full,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Denoiser {
    class: String,
    text_tokens: u64,
    passes: u64,
    steps: u64,
    width: u64,
    height: u64,
    frames: u64,
    spatial: u64,
    temporal: u64,
    source: String,
    as_of: Datetime,
    confidence: String,
}

/// Rust for `src/architectures.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Architectures = read(text)?;
    let mut out = String::from("static DECODERS: &[Decoder] = &[\n");
    let types = table.decoder.iter().flat_map(|decoder| &decoder.types);
    sorted_once(types.map(String::as_str))?;
    for decoder in &table.decoder {
        let name = decoder.types.first().ok_or("[[decoder]]: `types` is empty")?;
        sorted(name, decoder.types.iter().map(String::as_str))?;
        let _ = writeln!(
            out,
            "Decoder {{ types: {}, norm: Norm::{:?}, norms: {}, gated: {}, bias: Bias::{:?}, bias_key: {:?}, \
             feed_forward_bias_key: {:?}, query_norm: QueryNorm::{:?}, tied: {}, {} }},",
            strings(&decoder.types),
            decoder.norm,
            decoder.norms,
            decoder.gated,
            decoder.bias,
            decoder.bias_key,
            decoder.feed_forward_bias_key,
            decoder.query_norm,
            decoder.tied,
            origin(name, &decoder.source, decoder.as_of, &decoder.confidence)?,
        );
    }
    out.push_str("];\nstatic DENOISERS: &[Denoiser] = &[\n");
    sorted("[[denoiser]]", table.denoiser.iter().map(|denoiser| denoiser.class.as_str()))?;
    for denoiser in &table.denoiser {
        let Denoiser {
            class,
            text_tokens,
            passes,
            steps,
            width,
            height,
            frames,
            spatial,
            temporal,
            ..
        } = denoiser;
        if [text_tokens, passes, steps, width, height, frames, spatial, temporal].contains(&&0) {
            return Err(format!("[[denoiser]] {class}: a number is 0"));
        }
        let _ = writeln!(
            out,
            "Denoiser {{ class: {class:?}, text_tokens: {}, passes: {passes}, steps: {}, width: {}, height: {}, frames: {}, \
             spatial: {spatial}, temporal: {temporal}, {} }},",
            whole(*text_tokens),
            whole(*steps),
            whole(*width),
            whole(*height),
            whole(*frames),
            origin(class, &denoiser.source, denoiser.as_of, &denoiser.confidence)?,
        );
    }
    out.push_str("];\nstatic SPEECH: &[Speech] = &[\n");
    sorted("[[speech]]", table.speech.iter().map(|speech| speech.r#type.as_str()))?;
    for speech in &table.speech {
        let Speech { r#type: name, window_seconds, .. } = speech;
        let origin = origin(name, &speech.source, speech.as_of, &speech.confidence)?;
        let _ = writeln!(
            out,
            "Speech {{ model_type: {name:?}, window_seconds: {window_seconds}, {origin} }},"
        );
    }
    out.push_str("];\n");
    Ok(out)
}

/// Refuses a type that two entries name.
fn sorted_once<'a>(types: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut types: Vec<&str> = types.collect();
    types.sort_unstable();
    sorted("[[decoder]]", types)
}
