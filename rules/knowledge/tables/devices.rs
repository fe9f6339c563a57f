//! `devices.toml`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;
use toml::value::Datetime;

use super::{origin, read, sorted};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Devices {
    figure: Vec<Figure>,
    slice: Vec<Slice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    gpu: String,
    part: String,
    basis: Basis,
    per_second: f64,
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Basis {
    Datasheet,
    Measured,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slice {
    gpu: String,
    size: Size,
    name: String,
    compute: [u32; 2],
    memory: [u32; 2],
    source: String,
    as_of: Datetime,
    confidence: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Size {
    Large,
    Xlarge,
}

/// Rust for `src/devices.rs`.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let table: Devices = read(text)?;
    let mut out = String::from("static FIGURES: &[Figure] = &[\n");
    let names: Vec<String> =
        table.figure.iter().map(|it| format!("{} {} {:?}", it.gpu, it.part, it.basis)).collect();
    sorted("[[figure]]", names.iter().map(String::as_str))?;
    for (figure, name) in table.figure.iter().zip(&names) {
        let what = format!("[[figure]] {name}");
        if !(figure.per_second.is_finite() && figure.per_second > 0.0) {
            return Err(format!("{what}: `per_second` is no rate"));
        }
        // Of which share a slice has of it is only known for these.
        let of_memory = figure.part == "memory";
        if !of_memory && !figure.part.starts_with("matmul-") {
            return Err(format!("{what}: which share of it a slice has is not known"));
        }
        let other = |it: &&Figure| it.gpu == figure.gpu && it.part == figure.part;
        let peak = table.figure.iter().filter(other).find(|it| it.basis == Basis::Datasheet);
        if figure.basis == Basis::Measured
            && peak.is_some_and(|peak| peak.per_second < figure.per_second)
        {
            return Err(format!("{what}: more was measured than the data sheet's peak"));
        }
        let _ = writeln!(
            out,
            "Figure {{ gpu: {:?}, part: {:?}, of_memory: {of_memory}, basis: Basis::{:?}, per_second: {:e}, {} }},",
            figure.gpu,
            figure.part,
            figure.basis,
            figure.per_second,
            origin(&what, &figure.source, figure.as_of, &figure.confidence)?,
        );
    }
    out.push_str("];\nstatic SLICES: &[Slice] = &[\n");
    let names: Vec<String> =
        table.slice.iter().map(|it| format!("{} {:?}", it.gpu, it.size)).collect();
    sorted("[[slice]]", names.iter().map(String::as_str))?;
    for (slice, name) in table.slice.iter().zip(&names) {
        let what = format!("[[slice]] {name}");
        for [part, whole] in [slice.compute, slice.memory] {
            if part == 0 || part > whole {
                return Err(format!("{what}: {part} of {whole} is no share"));
            }
        }
        let _ = writeln!(
            out,
            "Slice {{ gpu: {:?}, size: Size::{:?}, name: {:?}, compute: {:?}, memory: {:?}, {} }},",
            slice.gpu,
            slice.size,
            slice.name,
            slice.compute,
            slice.memory,
            origin(&what, &slice.source, slice.as_of, &slice.confidence)?,
        );
    }
    out.push_str("];\n");
    let of = |gpus: Vec<&str>| gpus.into_iter().map(ToOwned::to_owned).collect::<BTreeSet<_>>();
    let figures = of(table.figure.iter().map(|it| &*it.gpu).collect());
    let slices = of(table.slice.iter().map(|it| &*it.gpu).collect());
    if let Some(gpu) = figures.symmetric_difference(&slices).next() {
        return Err(format!("{gpu}: a GPU needs figures and slices"));
    }
    Ok(out)
}
