//! What a log tells, for a person in a terminal.

use std::fmt::Write;

use spacelint_knowledge::failures::Kind;
use spacelint_rules::diagnosis::{Cause, Frame, Here, Unknown};

use super::{Told, what_to_do, word};
use crate::escape::{self, escape};
use crate::markdown;
use crate::report;
use crate::terminal::{Style, Terminal};

/// How many findings of one cause are shown.
const MAX_FINDINGS: usize = 5;

pub(super) fn log(told: &Told<'_>, terminal: Terminal) -> String {
    let mut out = String::new();
    if told.several {
        let _ = writeln!(
            out,
            "{}\n",
            terminal.paint(Style::STRONG, &format!("── {}", escape(told.log)))
        );
    }
    for (index, (cause, here)) in told.causes().enumerate() {
        if index == 1 {
            let _ = writeln!(
                out,
                "{}\n",
                terminal.paint(Style::FAINT, "Independent of that, as far as the log tells:")
            );
        }
        push_cause(&mut out, told, cause, here, terminal);
    }
    let unknown = &told.diagnosis.unknown;
    if told.diagnosis.causes.is_empty() {
        for wrapper in &told.diagnosis.wrappers {
            push_cause(&mut out, told, wrapper, &Here::default(), terminal);
        }
        if let [first, rest @ ..] = &unknown[..] {
            push_unknown(&mut out, told, first, terminal);
            for other in rest {
                let _ = writeln!(out, "also {}", line_of(told, other));
            }
            if !rest.is_empty() {
                out.push('\n');
            }
        }
    } else {
        for other in unknown {
            let _ = writeln!(out, "not known: {}", line_of(told, other));
        }
        if !unknown.is_empty() {
            out.push('\n');
        }
    }
    for noise in &told.diagnosis.noise {
        let _ = writeln!(
            out,
            "{} {}: {} ({})",
            terminal.paint(Style::FAINT, "no failure:"),
            noise.failure.name,
            noise.failure.title,
            place(told, noise.line)
        );
    }
    if !told.diagnosis.noise.is_empty() {
        out.push('\n');
    }
    out.push_str(&closing(told));
    escape::guard_lines(&out).into_owned()
}

fn push_cause(out: &mut String, told: &Told<'_>, cause: &Cause, here: &Here, terminal: Terminal) {
    let failure = cause.failure;
    let style = match failure.kind {
        Kind::Cause => Style::ERROR,
        Kind::Platform | Kind::Wrapper => Style::WARNING,
        Kind::Noise => Style::INFO,
    };
    let name = terminal.link(&crate::pages::url(failure.name), failure.name);
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{}{}",
        terminal.paint(style, word(failure)),
        terminal.paint(Style::STRONG, &format!("[{name}]"))
    );
    out.push_str(&markdown::render(&format!("**{}**", failure.title), terminal));
    let times = if cause.times > 1 { format!(" ({} times)", cause.times) } else { String::new() };
    let _ = writeln!(out, "  {}{times}:", place(told, cause.line));
    let _ = writeln!(out, "    {}", escape(&cause.text));
    if let Some(frame) = &cause.frame {
        let _ = writeln!(out, "  which came from {}", frame_of(told, frame));
    }
    out.push('\n');
    if failure.kind == Kind::Platform {
        out.push_str(&markdown::render(
            "This is the platform's fault and not your code's: nothing in the repository mends it.",
            terminal,
        ));
        out.push('\n');
    }
    if failure.unverified {
        out.push_str(&markdown::render(
            "Others have told of this; nobody has seen it proven. Take it for a possibility.",
            terminal,
        ));
        out.push('\n');
    }
    for paragraph in cause.answer() {
        out.push_str(&markdown::render(&escape::escape_lines(&paragraph), terminal));
        out.push('\n');
    }
    if here.findings.is_empty()
        && let Some(text) = what_to_do(failure)
    {
        out.push_str(&markdown::render(text, terminal));
        out.push('\n');
    }
    push_here(out, told, cause, here, terminal);
    let more = format!("`spacelint explain {}` tells more.", failure.name);
    out.push_str(&markdown::render(&more, terminal));
    out.push('\n');
}

/// What the Space shows of a cause.
fn push_here(out: &mut String, told: &Told<'_>, cause: &Cause, here: &Here, terminal: Terminal) {
    let Some(place) = told.place else { return };
    if here.asked.is_empty() {
        return;
    }
    let folder = escape(place.folder().as_str()).into_owned();
    if here.findings.is_empty() {
        let asked: Vec<String> = here.asked.iter().map(|name| format!("`{name}`")).collect();
        let text = format!(
            "In `{folder}` the text does not show it: {} found nothing. Is it what was pushed?",
            asked.join(", ")
        );
        out.push_str(&markdown::render(&text, terminal));
        out.push('\n');
        return;
    }
    let _ = writeln!(out, "{}\n", terminal.paint(Style::STRONG, &format!("In {folder}:")));
    for finding in here.findings.iter().take(MAX_FINDINGS) {
        out.push_str(&report::finding(finding, place, terminal));
    }
    let more = here.findings.len().saturating_sub(MAX_FINDINGS);
    if more > 0 {
        let _ = writeln!(out, "… and {}\n", report::count(more, "more finding"));
    }
    let fixable =
        here.findings.iter().find_map(|finding| Some((finding.rule.name, finding.fix.as_ref()?)));
    if let Some((rule, fix)) = fixable {
        let flag = match fix.applicability {
            spacelint_rules::finding::Applicability::Safe => "--fix",
            spacelint_rules::finding::Applicability::Unsafe => "--unsafe-fixes",
        };
        let text = format!("`spacelint check {folder} --select {rule} {flag}` mends it.");
        out.push_str(&markdown::render(&text, terminal));
        out.push('\n');
    }
    let _ = cause;
}

fn push_unknown(out: &mut String, told: &Told<'_>, unknown: &Unknown, terminal: Terminal) {
    let _ = writeln!(out, "{}", terminal.paint(Style::WARNING, "not known"));
    out.push_str(&markdown::render(
        "**Nothing that is known fits; this is what the log shows first**",
        terminal,
    ));
    let _ = writeln!(out, "  {}:", place(told, unknown.raised.line));
    let _ = writeln!(out, "    {}", escape(&unknown.raised.text));
    if let Some(frame) = &unknown.frame {
        let _ = writeln!(out, "  which came from {}", frame_of(told, frame));
    }
    if !told.diagnosis.versions.is_empty() {
        let named = |name: &&str| told.diagnosis.versions.contains_key(*name);
        let known =
            ["gradio", "spaces", "torch", "transformers", "diffusers", "huggingface_hub", "numpy"];
        let versions: Vec<String> = known
            .iter()
            .filter(|name| named(name))
            .map(|name| format!("{name} {}", escape(&told.diagnosis.versions[*name])))
            .collect();
        if !versions.is_empty() {
            let _ = writeln!(out, "  with {}", versions.join(", "));
        }
    }
    out.push('\n');
}

fn line_of(told: &Told<'_>, unknown: &Unknown) -> String {
    let from = unknown.frame.as_ref().map(|frame| format!(", from {}", frame_of(told, frame)));
    format!(
        "{}: {}{}",
        place(told, unknown.raised.line),
        escape(&unknown.raised.text),
        from.unwrap_or_default()
    )
}

/// `build.log:12`, or the line alone where there is one log.
fn place(told: &Told<'_>, line: u64) -> String {
    match told.log {
        "standard input" => format!("line {line}"),
        log => format!("{}:{line}", escape(log)),
    }
}

/// `app.py:3 in main`, the path as from where the user stands.
fn frame_of(told: &Told<'_>, frame: &Frame) -> String {
    let path = match told.place {
        Some(place) if !frame.path.starts_with('/') => {
            place.shown((&*frame.path).into()).into_string()
        }
        _ => frame.path.clone(),
    };
    let function = match &*frame.function {
        "" | "<module>" => String::new(),
        function => format!(" in {}", escape(function)),
    };
    format!("{}:{}{function}", escape(&path), frame.line)
}

fn closing(told: &Told<'_>) -> String {
    let diagnosis = told.diagnosis;
    let lines = report::count(usize::try_from(diagnosis.lines).unwrap_or(usize::MAX), "line");
    let log = escape(told.log);
    if !diagnosis.is_failure() {
        return format!("No failure in the {lines} of {log}.\n");
    }
    let mut parts = Vec::new();
    if !diagnosis.causes.is_empty() {
        parts.push(report::count(diagnosis.causes.len(), "cause"));
    } else if !diagnosis.wrappers.is_empty() && diagnosis.unknown.is_empty() {
        parts.push("only what came of it".to_owned());
    }
    if diagnosis.unknown_count > 0 {
        let count = usize::try_from(diagnosis.unknown_count).unwrap_or(usize::MAX);
        parts.push(format!("{} that nothing known explains", report::count(count, "traceback")));
    }
    format!("Found in the {lines} of {log}: {}.\n", parts.join(", "))
}
