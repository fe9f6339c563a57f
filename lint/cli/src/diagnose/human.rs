//! What a log tells, for a person in a terminal.

use std::fmt::Write;

use spacelint_knowledge::failures::Kind;
use spacelint_rules::diagnosis::{Cause, Frame, Here, Unknown};
use spacelint_rules::finding::Applicability;
use textwrap::fill;

use super::{MAX_CAUSES, Told, caveat, word};
use crate::escape::{self, escape};
use crate::markdown;
use crate::report;
use crate::terminal::{Style, Terminal, filled, wrapping};

/// How many findings of one cause are shown.
const MAX_FINDINGS: usize = 5;
/// How many rules that found nothing are named.
const MAX_NAMED: usize = 3;

pub(super) fn log(told: &Told<'_>, terminal: Terminal) -> String {
    let mut out = opening(told, terminal);
    for (index, (cause, here)) in told.causes().take(MAX_CAUSES).enumerate() {
        if index == 1 {
            let lead = "Independent of that, as far as the log tells:";
            push_painted(&mut out, Style::FAINT, lead, terminal);
            out.push('\n');
        }
        push_cause(&mut out, told, cause, here, terminal);
    }
    for (cause, _) in told.causes().skip(MAX_CAUSES) {
        let also = format!("And {}: {}", cause.failure.name, place(told, cause.line));
        out.push_str(&filled(&also, "", terminal));
    }
    let unknown = &told.diagnosis.unknown;
    let mut others = &unknown[..];
    if told.diagnosis.causes.is_empty() {
        for wrapper in &told.diagnosis.wrappers {
            push_cause(&mut out, told, wrapper, &Here::default(), terminal);
        }
        if let [first, rest @ ..] = others {
            push_unknown(&mut out, told, first, terminal);
            others = rest;
        }
    }
    for other in others {
        out.push_str(&filled(&format!("Not known: {}", line_of(told, other)), "", terminal));
    }
    push_hint(&mut out, told, terminal);
    // Each block ends with an empty line, the last one of all without.
    let out = format!("{}\n", out.trim_end_matches('\n'));
    escape::guard_lines(&out).into_owned()
}

/// What the log is, and what is in it in a sentence.
fn opening(told: &Told<'_>, terminal: Terminal) -> String {
    let diagnosis = told.diagnosis;
    let lines = report::count(usize::try_from(diagnosis.lines).unwrap_or(usize::MAX), "line");
    let mut parts = Vec::new();
    if !diagnosis.causes.is_empty() {
        parts.push(report::count(diagnosis.causes.len(), "cause"));
    } else if !diagnosis.wrappers.is_empty() && diagnosis.unknown.is_empty() {
        parts.push("only what came of a failure, and not the failure itself".to_owned());
    }
    if diagnosis.unknown_count > 0 {
        let count = usize::try_from(diagnosis.unknown_count).unwrap_or(usize::MAX);
        parts.push(format!("{} that nothing known explains", report::count(count, "traceback")));
    }
    if !diagnosis.is_failure() {
        parts.push("nothing that is known to be a failure, and no traceback".to_owned());
    }
    let text = format!("{}, {lines}: {}.", escape(told.log), parts.join(", "));
    let mut out = String::new();
    push_painted(&mut out, Style::STRONG, &text, terminal);
    if !diagnosis.noise.is_empty() {
        let noise = diagnosis.noise.iter().map(|it| (it.failure.name, it.failure.title, it.line));
        let shown: Vec<String> = if diagnosis.is_failure() {
            noise.map(|(name, _, line)| format!("{name} (line {line})")).collect()
        } else {
            noise.map(|(name, title, line)| format!("{title} (line {line}, {name})")).collect()
        };
        let text = format!("Looks bad and is harmless: {}", shown.join(", "));
        push_painted(&mut out, Style::FAINT, &text, terminal);
    }
    out.push('\n');
    out
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
    push_evidence(
        out,
        told,
        (cause.line, &cause.text),
        cause.frame.as_ref(),
        cause.times,
        terminal,
    );
    push(out, &format!("`spacelint explain {}` says why.", failure.name), terminal);
    if let Some(text) = caveat(failure) {
        push(out, text, terminal);
    }
    let answer = if here.tells(cause) { Vec::new() } else { cause.answer() };
    let push_answer = |out: &mut String| {
        for paragraph in &answer {
            push(out, &escape::escape_lines(paragraph), terminal);
        }
    };
    // What is to be done comes last.
    if cause.is_mended_in_settings() {
        push_here(out, told, here, terminal);
        push_answer(out);
    } else {
        push_answer(out);
        push_here(out, told, here, terminal);
    }
    if here.findings.is_empty()
        && let Some(text) = told.what_to_do(cause)
    {
        push(out, text, terminal);
    }
}

/// How what comes from a log is wrapped: no place and no address is broken.
fn words(terminal: Terminal, indent: &str) -> textwrap::Options<'_> {
    wrapping(terminal.prose_width(), indent).break_words(false)
}

/// A sentence in one style.
fn push_painted(out: &mut String, style: Style, text: &str, terminal: Terminal) {
    for line in fill(text, words(terminal, "")).lines() {
        let _ = writeln!(out, "{}", terminal.paint(style, line));
    }
}

/// A paragraph, or more.
fn push(out: &mut String, text: &str, terminal: Terminal) {
    out.push_str(&markdown::render(text, terminal));
    out.push('\n');
}

/// Where it stands in the log, where that came from, and what it says.
fn push_evidence(
    out: &mut String,
    told: &Told<'_>,
    (line, text): (u64, &str),
    frame: Option<&Frame>,
    times: u64,
    terminal: Terminal,
) {
    let times = if times > 1 { format!(", {times} times") } else { String::new() };
    let from = frame.map_or(String::new(), |it| format!(", from {}", frame_of(told, it)));
    let place = format!("{}{from}{times}", place(told, line));
    let _ = writeln!(out, "{}", fill(&place, words(terminal, "  ")));
    for line in fill(&escape(text), words(terminal, "    ")).lines() {
        let _ = writeln!(out, "{}", terminal.paint(Style::CODE, line));
    }
    out.push('\n');
}

/// What the Space shows of a cause.
fn push_here(out: &mut String, told: &Told<'_>, here: &Here, terminal: Terminal) {
    let Some(place) = told.place else { return };
    if here.asked.is_empty() {
        return;
    }
    let folder = escape(place.folder().as_str()).into_owned();
    if here.findings.is_empty() {
        let asked = match &here.asked[..] {
            few if few.len() <= MAX_NAMED => {
                few.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            }
            many => format!("{} that could tell", report::count(many.len(), "rule")),
        };
        let here = if folder == "." { "this folder".to_owned() } else { format!("`{folder}`") };
        let text = format!(
            "The text in {here} does not show it: {asked} found nothing. Was another \
             text pushed, or were other versions installed?"
        );
        push(out, &text, terminal);
        return;
    }
    let lead = match &*folder {
        "." => "In this folder:".to_owned(),
        folder => format!("In {folder}:"),
    };
    let _ = writeln!(out, "{}\n", terminal.paint(Style::STRONG, &lead));
    for finding in here.findings.iter().take(MAX_FINDINGS) {
        out.push_str(&report::finding(finding, place, terminal));
    }
    let more = here.findings.len().saturating_sub(MAX_FINDINGS);
    if more > 0 {
        let _ =
            writeln!(out, "{} and {}\n", terminal.ellipsis(), report::count(more, "more finding"));
    }
    let Some((command, fix)) = here.mended_by(&folder) else { return };
    let lead = match fix.applicability {
        Applicability::Safe => format!("To {}:", fix.message),
        Applicability::Unsafe => format!("To {} (look at the change):", fix.message),
    };
    out.push_str(&markdown::render(&escape::escape_lines(&lead), terminal));
    let _ = writeln!(out, "\n    {}\n", terminal.paint(Style::CODE, &command));
}

fn push_unknown(out: &mut String, told: &Told<'_>, unknown: &Unknown, terminal: Terminal) {
    let _ = writeln!(out, "{}", terminal.paint(Style::WARNING, "not known"));
    let title = "**Nothing that is known fits; this is what the log shows first**";
    out.push_str(&markdown::render(title, terminal));
    let raised = (unknown.raised.line, &*unknown.raised.text);
    push_evidence(out, told, raised, unknown.frame.as_ref(), 1, terminal);
    let versions = told.versions();
    if !versions.is_empty() {
        let named = |(name, version): &(&str, &str)| format!("{name} {}", escape(version));
        let text = format!("With {}.", versions.iter().map(named).collect::<Vec<_>>().join(", "));
        push(out, &text, terminal);
    }
}

/// What to do where the answer stops short.
fn push_hint(out: &mut String, told: &Told<'_>, terminal: Terminal) {
    let diagnosis = told.diagnosis;
    let could_look = |cause: &Cause| !cause.rules().is_empty();
    let text = if !diagnosis.is_failure() {
        "If the Space fails all the same, give the other log too: *Logs* on its page has one of the build and one of \
         the container."
    } else if diagnosis.causes.is_empty() && !diagnosis.unknown.is_empty() {
        "Nothing is guessed. `--format markdown` prints this as a text to paste into a thread, with tokens masked."
    } else if told.place.is_none() && diagnosis.causes.iter().any(could_look) {
        "Name the Space with `--space FOLDER`, and the line that led to it is looked for there."
    } else {
        return;
    };
    push(out, text, terminal);
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
