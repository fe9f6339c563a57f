//! A calibration for people.

use std::fmt::Write as _;
use std::path::Path;

use spacelint_knowledge::devices::Slice;
use spacelint_knowledge::platform::{Backing, Size};
use spacelint_space::escape::escape;

use super::{Calibration, Measured};
use crate::device::Kind;
use crate::parts::{Interval, Part};
use crate::translate::Translation;

/// The widest line.
const WIDTH: usize = 80;

/// The whole of it, and where it is kept.
pub(super) fn text(of: &Calibration, path: Option<&Path>) -> String {
    let device = &of.device;
    let threads = device.threads.map_or_else(String::new, |threads| match threads {
        1 => ", 1 thread".to_owned(),
        threads => format!(", {threads} threads"),
    });
    let memory = device.memory_bytes.saturating_add(1 << 29) >> 30;
    let driver = device.driver.as_ref().map_or_else(String::new, |it| format!(", CUDA {it}"));
    let day = of.made.split('T').next().unwrap_or_default();
    let head = format!("{}{threads}{driver}, {memory} GiB, measured {day}", device.name);
    let mut text = wrapped(&escape(&head), "");
    text.push('\n');
    let mut before = None;
    for part in Part::ALL {
        for it in of.measured.iter().filter(|it| it.part == part) {
            let label = if before == Some(part) { "" } else { part.label() };
            before = Some(part);
            let per_second = part.per_second(it.amount / it.seconds.median);
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{label:<22}  {:<14}  {:<18}  {per_second:>12}  {:>5}",
                escape(&it.case),
                escape(&it.shape),
                spread(it),
            );
        }
    }
    let notes = of
        .measured
        .iter()
        .filter_map(|it| Some(format!("{}, {}: {}", it.part.label(), it.case, it.note.as_ref()?)));
    let notes: Vec<String> = notes.collect();
    for note in notes {
        text += &wrapped(&escape(&format!("note: {note}")), "  ");
    }
    if !of.left_out.is_empty() {
        text += "left out:\n";
    }
    for it in &of.left_out {
        let line = format!("  {}, {}: {}", it.part.label(), it.case, it.why);
        text += &wrapped(&escape(&line), "    ");
    }
    if device.kind == Kind::Cuda {
        for size in Size::ALL {
            text += &wrapped(&escape(&on_platform(of, size)), "  ");
        }
    }
    if let Some(path) = path {
        let path = path.display().to_string();
        let _ = writeln!(text, "kept in {}; --again measures anew", escape(&path));
    }
    text
}

/// Half the distance of the quartiles.
fn spread(it: &Measured) -> String {
    let half = (it.seconds.high - it.seconds.low) / it.seconds.median / 2.0;
    if half < 0.995 { format!("±{:.0} %", 100.0 * half) } else { ">99 %".to_owned() }
}

/// What a time of this device is on the platform.
fn on_platform(of: &Calibration, size: Size) -> String {
    let (slice, found) = match of.on_platform(size, None) {
        Ok(found) => found,
        Err(why) => return format!("on the platform's GPU of {}: {why}", size.name()),
    };
    let words = |Interval { low, high }: Interval| format!("{low:.2} to {high:.2}");
    let parts: Vec<String> = found
        .parts
        .iter()
        .map(|(part, ratio)| format!("{} {}", part.label(), words(*ratio)))
        .collect();
    let mut line = format!(
        "on {} ({}), what takes a second here takes {} s: {}; the host's own work as long as here",
        slice.name,
        size.name(),
        words(found.factor),
        parts.join(", ")
    );
    if !found.unknown.is_empty() {
        let unknown: Vec<&str> = found.unknown.iter().map(|part| part.label()).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            line,
            "; of {} nothing is known there: they are taken to lie between these",
            unknown.join(", ")
        );
    }
    if let Some(warning) = memory_warning(slice, &found, size) {
        line += ". ";
        line += &warning;
    }
    line
}

/// What is bound by memory loses more than the platform's time factor gives back.
pub(super) fn memory_warning(slice: &Slice, found: &Translation, size: Size) -> Option<String> {
    let allowed = Backing::current().time_factor(size);
    let Interval { low, high } = found.memory_loses(allowed)?;
    Some(format!(
        "What is bound by memory takes {low:.2} to {high:.2} times as long on {}, more than the {allowed} times the \
         declared seconds that a call is allowed there.",
        slice.name
    ))
}

/// Lines that fit; all but the first behind `indent`.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let start = text.len() - text.trim_start().len();
    let mut line = text[..start].to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{line}");
            indent.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines + &line + "\n"
}
