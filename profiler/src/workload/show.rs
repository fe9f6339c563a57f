//! An estimate, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use spacelint_knowledge::platform::Size;

use super::cost;
use super::model::Number;
use super::plan::Plan;
use super::run::{self, Estimate, Line, Seconds};
use crate::device::{Kind, Machine};

/// What the numbers are and are not.
const WORD: &str = "An estimate, of random weights on this device: it becomes no `duration`. Recorded calls do (`spacelint-profile run`).";

/// The plan and estimate of one set of options.
pub(super) type Case = (Plan, Estimate);

/// What a person reads: no line is wider than 80 columns.
pub(super) fn table(
    cases: &[Case],
    swept: Option<&str>,
    fit: Option<&Line>,
    machine: &Machine,
    number: Number,
) -> String {
    let mut text = String::new();
    let Some((plan, estimate)) = cases.first() else { return text };
    wrapped(
        &mut text,
        "",
        &format!("{}, {}, on {}", plan.class, plan.number.name(), machine.identity.name),
    );
    text.push('\n');
    match swept {
        Some(name) => sweep(&mut text, cases, name, fit),
        None => stages(&mut text, plan, estimate),
    }
    text.push('\n');
    let largest = cases.iter().map(|(plan, _)| plan);
    let largest = largest.max_by(|a, b| a.memory().peak().total_cmp(&b.memory().peak()));
    if let Some(largest) = largest {
        memory(&mut text, largest);
    }
    text.push('\n');
    if machine.identity.kind == Kind::Cpu && plan.number != number {
        let from = plan.number.name();
        wrapped(
            &mut text,
            "timed in f32",
            &format!("candle's {from} on a processor is no measure"),
        );
    }
    if estimate.shared.0 > 0 {
        let (shared, all) = estimate.shared;
        let of = format!("of {shared} of {all} blocks, and counted as if the rest took as long");
        wrapped(&mut text, "a part timed", &of);
    }
    if !plan.assumed.is_empty() {
        wrapped(&mut text, "assumed", &plan.assumed.join(", "));
    }
    for missing in &plan.missing {
        wrapped(
            &mut text,
            "not counted",
            &format!("{missing}: not understood, and more than this is needed"),
        );
    }
    for note in &plan.notes {
        wrapped(&mut text, "note", note);
    }
    let beside = |(low, high): (f64, f64)| format!("{low:.2} to {high:.2}");
    let beside = format!(
        "quartiles of each block, times what PyTorch may take for what candle takes: {} where arithmetic counts, {} where \
         starting operations does, {} where attention does, {} where a processor's convolutions do",
        beside(run::ARITHMETIC),
        beside(run::OVERHEAD),
        beside(run::ATTENTION),
        beside(run::CONVOLUTION)
    );
    wrapped(&mut text, "from, to", &beside);
    text.push('\n');
    wrapped(&mut text, "", WORD);
    text
}

fn stages(text: &mut String, plan: &Plan, estimate: &Estimate) {
    let _ = writeln!(
        text,
        "{:<13} {:<22} {:>9} {:>9} {:>9} {:>9}",
        "stage", "network", "TFLOP", "seconds", "from", "to"
    );
    for (stage, seconds) in plan.stages.iter().zip(&estimate.stages) {
        let flops: f64 = stage.runs.iter().map(|(block, times)| cost::flops(block) * times).sum();
        row(text, stage.name, &stage.part, flops, *seconds);
    }
    row(text, "all", "", flops(plan), estimate.all);
}

fn flops(plan: &Plan) -> f64 {
    let runs = plan.stages.iter().flat_map(|stage| &stage.runs);
    runs.map(|(block, times)| cost::flops(block) * times).sum()
}

fn row(text: &mut String, stage: &str, part: &str, flops: f64, seconds: Seconds) {
    let part: String = part.chars().take(22).collect();
    let _ = writeln!(
        text,
        "{stage:<13} {part:<22} {:>9} {:>9} {:>9} {:>9}",
        digits(flops / 1e12),
        digits(seconds.middle),
        digits(seconds.low),
        digits(seconds.high)
    );
}

fn sweep(text: &mut String, cases: &[Case], name: &str, fit: Option<&Line>) {
    let _ = writeln!(text, "{name:<14} {:>9} {:>9} {:>9} {:>9}", "TFLOP", "seconds", "from", "to");
    for (plan, estimate) in cases {
        let value = plan.settings.get(name).copied().unwrap_or_default();
        let Seconds { middle, low, high } = estimate.all;
        let _ = writeln!(
            text,
            "{value:<14} {:>9} {:>9} {:>9} {:>9}",
            digits(flops(plan) / 1e12),
            digits(middle),
            digits(low),
            digits(high)
        );
    }
    if let Some(line) = fit {
        let text_of = format!(
            "seconds = {} + {} × {name}, at most {:.0} % away from it",
            digits(line.first),
            digits(line.slope),
            100.0 * line.worst
        );
        wrapped(text, "", &text_of);
    }
}

fn memory(text: &mut String, plan: &Plan) {
    let memory = plan.memory();
    let mut line = |what: &str, bytes: f64, more: &str| {
        let _ = writeln!(text, "{what:<36} {:>9} GB {more}", digits(bytes / 1e9));
        text.truncate(text.trim_end().len());
        text.push('\n');
    };
    let billions = plan.all_parameters() as f64 / 1e9;
    line("weights", memory.weights, &format!("({} billion parameters)", digits(billions)));
    if memory.cache > 0.0 {
        line("keys and values of the longest text", memory.cache, "");
    }
    line("what the largest block needs", memory.activations, "");
    line("all", memory.peak(), &fits(memory.peak()));
}

/// Into which sizes so much memory fits.
fn fits(bytes: f64) -> String {
    let word = |size: &Size| {
        let facts = size.facts();
        let verdict = if room(*size, bytes) { "fits" } else { "does not fit" };
        format!("{}: {verdict}", facts.name)
    };
    Size::ALL.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn room(size: Size, bytes: f64) -> bool {
    bytes <= f64::from(size.facts().vram_gb) * 1e9
}

/// A paragraph with a word before it.
fn wrapped(text: &mut String, word: &str, paragraph: &str) {
    const WIDE: usize = 80;
    let mut line = if word.is_empty() { String::new() } else { format!("{word}:") };
    for each in paragraph.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + each.chars().count() > WIDE {
            text.push_str(&line);
            text.push('\n');
            line = if word.is_empty() { String::new() } else { " ".to_owned() };
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(each);
    }
    text.push_str(&line);
    text.push('\n');
}

/// The same for a program.
pub(super) fn program(
    cases: &[Case],
    swept: Option<&str>,
    fit: Option<&Line>,
    machine: &Machine,
    number: Number,
) -> Value {
    let seconds = |it: Seconds| json!({"seconds": it.middle, "low": it.low, "high": it.high});
    let cases: Vec<Value> = cases
        .iter()
        .map(|(plan, estimate)| {
            let stages: Vec<Value> = plan
                .stages
                .iter()
                .zip(&estimate.stages)
                .map(|(stage, it)| {
                    let flops: f64 =
                        stage.runs.iter().map(|(block, times)| cost::flops(block) * times).sum();
                    json!({
                        "stage": stage.name,
                        "network": stage.part,
                        "flops": flops,
                        "seconds": it.middle,
                        "low": it.low,
                        "high": it.high,
                    })
                })
                .collect();
            let memory = plan.memory();
            let sizes: Value = Size::ALL
                .iter()
                .map(|size| (size.facts().name.to_owned(), json!(room(*size, memory.peak()))))
                .collect::<serde_json::Map<_, _>>()
                .into();
            json!({
                "settings": plan.settings,
                "assumed": plan.assumed,
                "not_counted": plan.missing,
                "notes": plan.notes,
                "stages": stages,
                "all": seconds(estimate.all),
                "amounts": plan.amounts(),
                "load": plan.load(),
                "memory": {
                    "weights": memory.weights,
                    "cache": memory.cache,
                    "activations": memory.activations,
                    "peak": memory.peak(),
                    "fits": sizes,
                },
                "networks": plan.parameters.iter().map(|(name, count)| {
                    // Counts of real models fit.
                    json!({"name": name, "parameters": u64::try_from(*count).unwrap_or(u64::MAX)})
                }).collect::<Vec<_>>(),
                "blocks": estimate.shared.1,
                "blocks_of_which_a_part_was_timed": estimate.shared.0,
            })
        })
        .collect();
    json!({
        "schema": 1,
        "basis": {"device": machine.identity, "timed_as": number, "weights": "random"},
        "becomes_a_duration": false,
        "swept": swept,
        "line": fit.map(|line| json!({"at_0": line.first, "slope": line.slope, "worst": line.worst})),
        "cases": cases,
    })
}

fn digits(value: f64) -> String {
    let magnitude = value.abs();
    match magnitude {
        _ if value == 0.0 => "0".to_owned(),
        _ if magnitude >= 1e7 => format!("{value:.2e}"),
        _ if magnitude >= 100.0 => format!("{value:.0}"),
        _ if magnitude >= 10.0 => format!("{value:.1}"),
        _ if magnitude >= 1.0 => format!("{value:.2}"),
        _ if magnitude >= 1e-3 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}
