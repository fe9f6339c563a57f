//! What the page shows of the whole recording: calls over time, and memory.

use std::collections::BTreeMap;

use maud::{Markup, html};
use spacelint_knowledge::platform::Size;
use spacelint_space::escape::escape;
use spacelint_space::profile::Basis;

use super::super::Report;
use super::super::charts::{Bars, Group, Ink, MOST_DRAWN, Numbers, Span, Timeline, figure};
use super::words::{bytes, gigabytes, held, percent, seconds, shortened};
use super::{Section, Timed};
use crate::recording::{Call, Outcome};

pub(super) fn over_the_run(calls: &[Timed<'_>]) -> Markup {
    if calls.is_empty() {
        return html! {};
    }
    let mut calls: Vec<&Timed<'_>> = calls.iter().collect();
    calls.sort_by(|one, other| one.at.total_cmp(&other.at));
    let mut totals: BTreeMap<Ink, f64> = BTreeMap::new();
    let mut spans = Vec::new();
    let mut failed = 0;
    for Timed { call, at } in &calls {
        let span = span(call, *at);
        for (ink, seconds) in &span.parts {
            *totals.entry(*ink).or_default() += seconds;
        }
        failed += usize::from(span.has_failed);
        spans.push(span);
    }
    spans.truncate(MOST_DRAWN);
    let end = spans.iter().map(Span::to).fold(0.0, f64::max);
    let all: f64 = totals.values().sum();
    let parts = [
        (Ink::Queued, "waiting for a GPU"),
        (Ink::Start, "start of the worker"),
        (Ink::Transfer, "move of the weights"),
        (Ink::Run, "in the function"),
        (Ink::Rest, "else on the GPU"),
    ];
    let there = || parts.iter().filter_map(|(ink, name)| Some((ink, *name, totals.get(ink)?)));
    let rows = there().filter(|(.., total)| **total > 0.0).map(|(_, name, total)| {
        vec![name.to_owned(), seconds(*total), percent(*total / all.max(1e-9))]
    });
    let numbers =
        Numbers { head: vec!["all calls together", "time", "share"], rows: rows.collect() };
    let mut legend: Vec<(Ink, String)> = there()
        .filter(|(.., total)| **total > 0.0)
        .map(|(ink, name, _)| (*ink, name.to_owned()))
        .collect();
    if failed > 0 {
        legend.push((Ink::Failed, format!("× did not end well: {failed}")));
    }
    html! {
        section {
            h2 { "The run" }
            @if calls.len() > MOST_DRAWN {
                p { "The first " (MOST_DRAWN) " of " (calls.len()) " calls are drawn." }
            }
            (figure("timeline", &Timeline { spans, end, numbers, legend }, true))
        }
    }
}

/// A call on the timeline.
fn span(call: &Call, at: f64) -> Span {
    let used = held(call.used_seconds);
    let mut left = used;
    let mut take = |seconds: Option<f64>| {
        let taken = held(seconds.unwrap_or(0.0)).min(left);
        left -= taken;
        taken
    };
    let start = take(call.start_seconds);
    let transfer = take(call.transfer_seconds);
    let run = take(call.run_seconds);
    Span {
        from: at,
        parts: vec![
            (Ink::Queued, held(call.queued_seconds)),
            (Ink::Start, start),
            (Ink::Transfer, transfer),
            (Ink::Run, run),
            (Ink::Rest, left),
        ],
        has_failed: !matches!(call.outcome, Outcome::Done | Outcome::Left),
    }
}

/// The peaks against what the sizes have.
pub(super) fn memory(report: &Report<'_>, sections: &[Section<'_>]) -> Markup {
    if report.recording.run.basis == Basis::Cpu {
        return html! {};
    }
    let peaks = sections.iter().filter_map(|section| {
        let peak = section.calls.iter().filter_map(|call| call.peak_bytes).max()?;
        Some((section, peak))
    });
    let peaks: Vec<(&Section<'_>, u64)> = peaks.collect();
    if peaks.is_empty() {
        return html! {};
    }
    let words = |size: Size| format!("{} {} GB", size.name(), size.facts().vram_gb);
    let rows = peaks.iter().map(|(section, peak)| {
        let name = format!("{} ({})", section.name, escape(section.size));
        let mut row = vec![name, gigabytes(*peak)];
        row.extend(Size::ALL.map(|size| percent(bytes(*peak) / room(size))));
        row
    });
    let numbers = Numbers {
        head: vec!["GPU function", "peak", "of large", "of xlarge"],
        rows: rows.collect(),
    };
    let group = |(section, peak): &(&Section<'_>, u64)| Group {
        label: shortened(&format!("{} ({})", section.name, escape(section.size))),
        bars: vec![(bytes(*peak), Ink::Run, gigabytes(*peak))],
    };
    let said: Vec<String> = numbers.rows.iter().map(|row| row[..2].join(": ")).collect();
    let chart = Bars {
        title: "The most GPU memory that was allocated".to_owned(),
        description: format!("{}. {}.", said.join("; "), Size::ALL.map(words).join(", ")),
        groups: peaks.iter().map(group).collect(),
        is_one_scale: true,
        lines: Size::ALL.map(|size| (room(size), words(size))).to_vec(),
        legend: vec![(Ink::Declared, "what a size has".to_owned())],
        numbers,
    };
    html! { section { h2 { "Memory" } (figure("memory", &chart, true)) } }
}

/// Bytes of a size's memory.
fn room(size: Size) -> f64 {
    f64::from(size.facts().vram_gb) * 1e9
}
