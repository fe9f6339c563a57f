//! What a log tells, to paste into a thread: short, and with nothing in it that steers a page.

use std::fmt::Write;

use spacelint_rules::diagnosis::{Cause, Frame, Here};

use super::{MAX_CAUSES, Told, caveat, word};
use crate::escape::{self, code_span, escape};
use crate::pages;

pub(super) fn log(told: &Told<'_>) -> String {
    let mut out = String::new();
    let diagnosis = told.diagnosis;
    let _ = writeln!(out, "### What {} says\n", code_span(&escape(told.log)));
    for (cause, here) in told.causes().take(MAX_CAUSES) {
        push_cause(&mut out, told, cause, here);
    }
    for (cause, _) in told.causes().skip(MAX_CAUSES) {
        let _ = writeln!(out, "And {}: line {}\n", cause.failure.name, cause.line);
    }
    if diagnosis.causes.is_empty() {
        for wrapper in &diagnosis.wrappers {
            push_cause(&mut out, told, wrapper, &Here::default());
        }
    }
    if !diagnosis.unknown.is_empty() {
        let _ = writeln!(out, "Not known:\n");
        for unknown in &diagnosis.unknown {
            let from = unknown.frame.as_ref().map(|frame| format!(", from {}", frame_of(frame)));
            let raised = code_span(&escape(&unknown.raised.text));
            let _ = writeln!(
                out,
                "- line {}: {raised}{}",
                unknown.raised.line,
                from.unwrap_or_default()
            );
        }
        out.push('\n');
    }
    for noise in &diagnosis.noise {
        let _ = writeln!(
            out,
            "Looks bad and is harmless: {} (line {}, {})\n",
            escape::markdown(noise.failure.title),
            noise.line,
            noise.failure.name
        );
    }
    if !diagnosis.is_failure() {
        let _ = writeln!(
            out,
            "Nothing that is known to be a failure, and no traceback, in its {} lines.\n",
            diagnosis.lines
        );
    }
    let named = |(name, version): (&str, &str)| code_span(&format!("{name}=={}", escape(version)));
    let named: Vec<String> = told.versions().into_iter().map(named).collect();
    if !named.is_empty() {
        let _ = writeln!(out, "Installed: {}\n", named.join(", "));
    }
    let _ = writeln!(out, "<sub>spacelint {} diagnose</sub>", env!("CARGO_PKG_VERSION"));
    escape::guard_lines(&out).into_owned()
}

fn push_cause(out: &mut String, told: &Told<'_>, cause: &Cause, here: &Here) {
    let failure = cause.failure;
    let url = pages::url(failure.name);
    let title = escape::markdown(failure.title);
    let _ = writeln!(out, "**{}: [{}]({url})**: {title}\n", word(failure), failure.name);
    let from = cause.frame.as_ref().map(|frame| format!(", from {}", frame_of(frame)));
    let line = code_span(&escape(&cause.text));
    let _ = writeln!(out, "line {}{}: {line}\n", cause.line, from.unwrap_or_default());
    if let Some(text) = caveat(failure) {
        let _ = writeln!(out, "{text}\n");
    }
    if !here.tells(cause) {
        for paragraph in cause.answer() {
            let _ = writeln!(out, "{}\n", escape::escape_lines(&paragraph));
        }
    }
    if here.findings.is_empty()
        && let Some(text) = told.what_to_do(cause)
    {
        let _ = writeln!(out, "{text}\n");
    }
    let Some(place) = told.place else { return };
    for finding in &here.findings {
        let path = place.shown(&finding.location.file.path);
        let line = finding.location.file.text.line_of(finding.location.span.start);
        let message = escape::markdown(&escape(&finding.message));
        let _ = writeln!(out, "- {}: {message}", code_span(&escape(&format!("{path}:{line}"))));
    }
    if !here.findings.is_empty() {
        out.push('\n');
    }
    if let Some((command, fix)) = here.mended_by(&escape(place.folder().as_str())) {
        let message = escape::markdown(&escape(&fix.message));
        let _ = writeln!(out, "{} does it: {message}.\n", code_span(&command));
    }
}

fn frame_of(frame: &Frame) -> String {
    code_span(&escape(&format!("{}:{}", frame.path, frame.line)))
}
