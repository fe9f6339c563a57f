//! The formats for programs. Stable: a field is added, never renamed or dropped, without another
//! `schema`. Each diagnostic is one line, written when its Space has been checked, so that a run
//! over many Spaces keeps none of them.

use serde::Serialize;
use spacelint_python::{Certainty, Text};
use spacelint_rules::finding::{Applicability, Finding, Location, Severity};

use super::fix_to_tell;
use crate::escape::JsonFormatter;
use crate::pages;
use crate::paths;
use crate::summary::Summary;

/// The version of every format here.
pub(crate) const SCHEMA: u32 = 1;

/// A finding.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnostic<'a> {
    rule: &'a str,
    severity: &'static str,
    certainty: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Place,
    related: Vec<Related<'a>>,
    fix: Option<Fix<'a>>,
    url: String,
}

/// A diagnostic where each line is read by itself.
#[derive(Debug, Serialize)]
struct Line<'a> {
    schema: u32,
    diagnostic: Diagnostic<'a>,
}

#[derive(Debug, Serialize)]
struct LastLine<'a> {
    schema: u32,
    summary: &'a Summary,
}

#[derive(Debug, Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place,
}

#[derive(Debug, Serialize)]
struct Fix<'a> {
    applicability: &'static str,
    edits: Vec<Edit<'a>>,
}

#[derive(Debug, Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place,
    content: &'a str,
}

/// A span of a file.
#[derive(Debug, Serialize)]
pub(crate) struct Place {
    /// From the working directory.
    path: String,
    start: Position,
    end: Position,
}

/// Line and column from 1, in code points; the offset in bytes of the decoded text.
#[derive(Debug, Serialize)]
struct Position {
    line: u32,
    column: u32,
    offset: u32,
}

impl Place {
    /// `location`, named from the working directory.
    pub(crate) fn new(location: &Location, space: &paths::Place) -> Self {
        let position = |offset| Position::new(&location.file.text, offset);
        Self {
            path: space.relative(&location.file.path).into_string(),
            start: position(location.span.start),
            end: position(location.span.end),
        }
    }
}

impl Position {
    fn new(text: &Text, offset: u32) -> Self {
        let position = text.position(offset);
        Self { line: position.line, column: position.column, offset: position.offset }
    }
}

/// What comes before the diagnostics.
pub(crate) fn open() -> String {
    open_list("diagnostics")
}

/// One finding, on one line.
pub(crate) fn diagnostic(finding: &Finding, space: &paths::Place) -> String {
    to_string(&Diagnostic::new(finding, space))
}

/// One finding, as a line that stands by itself.
pub(crate) fn line(finding: &Finding, space: &paths::Place) -> String {
    to_string(&Line { schema: SCHEMA, diagnostic: Diagnostic::new(finding, space) }) + "\n"
}

/// The counts, as the line after the last finding: a reader that meets it has the whole report.
pub(crate) fn last_line(summary: &Summary) -> String {
    to_string(&LastLine { schema: SCHEMA, summary }) + "\n"
}

impl<'a> Diagnostic<'a> {
    /// `finding`, its places named from the working directory.
    pub(crate) fn new(finding: &'a Finding, space: &paths::Place) -> Self {
        Self {
            rule: finding.rule.name,
            severity: severity(finding.rule.severity),
            certainty: match finding.certainty {
                Certainty::Always => "always",
                Certainty::Sometimes => "sometimes",
            },
            message: &finding.message,
            help: finding.help.as_deref(),
            place: Place::new(&finding.location, space),
            related: finding
                .related
                .iter()
                .map(|related| Related {
                    message: &related.message,
                    place: Place::new(&related.location, space),
                })
                .collect(),
            fix: fix_to_tell(finding).map(|fix| Fix {
                applicability: applicability(fix.applicability),
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| Edit {
                        place: Place::new(&edit.location, space),
                        content: &edit.content,
                    })
                    .collect(),
            }),
            url: pages::url(finding.rule.name),
        }
    }
}

/// What comes before a diagnostic; `first` if it is the run's first.
pub(crate) fn separator(first: bool) -> &'static str {
    if first { "\n  " } else { ",\n  " }
}

/// What comes after the diagnostics.
pub(crate) fn close(summary: &Summary) -> String {
    format!("],\n \"summary\": {}}}\n", to_string(summary))
}

/// The word for a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The word for an applicability.
pub(crate) fn applicability(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    }
}

/// `value` on one line, safe to print.
pub(crate) fn to_string(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    // Neither writing to memory nor our own types, which have string keys only, can fail.
    let _ = value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, JsonFormatter));
    String::from_utf8(out).unwrap_or_default()
}

/// What comes before the entries of a list under `name`.
pub(crate) fn open_list(name: &str) -> String {
    format!("{{\"schema\": {SCHEMA},\n \"{name}\": [")
}

/// What comes after the entries of a list.
pub(crate) const CLOSE_LIST: &str = "]}\n";

/// A list under `name`, an entry ([`to_string`]) a line.
pub(crate) fn list(name: &str, entries: impl Iterator<Item = String>) -> String {
    let mut out = open_list(name);
    for (index, entry) in entries.enumerate() {
        out.push_str(separator(index == 0));
        out.push_str(&entry);
    }
    out.push_str(CLOSE_LIST);
    out
}
