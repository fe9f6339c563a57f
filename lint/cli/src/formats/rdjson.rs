//! reviewdog's format.
//! <https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto>

use serde::Serialize;
use spacelint_python::Text;
use spacelint_rules::finding::{Finding, Location, Severity};

use super::{fix_to_tell, json, paragraphs};
use crate::pages;
use crate::paths::Place;

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: RdLocation,
    severity: &'static str,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion<'a>>,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    url: String,
}

#[derive(Serialize)]
struct RdLocation {
    path: String,
    range: Range,
}

#[derive(Serialize)]
struct Suggestion<'a> {
    range: Range,
    text: &'a str,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

/// Line and column from 1; the column counts bytes.
#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

/// What comes before the diagnostics.
pub(crate) fn open() -> String {
    let url = json::to_string(&env!("CARGO_PKG_REPOSITORY"));
    format!("{{\"source\": {{\"name\": \"spacelint\", \"url\": {url}}},\n \"diagnostics\": [")
}

/// One finding, on one line.
pub(crate) fn diagnostic(finding: &Finding, place: &Place) -> String {
    let file = &finding.location.file;
    let edits = fix_to_tell(finding).into_iter().flat_map(|fix| &fix.edits);
    // A suggestion has no path of its own: a fix that reaches further cannot be told.
    let is_local = edits.clone().all(|edit| edit.location.file.path == file.path);
    json::to_string(&Diagnostic {
        message: paragraphs(finding).join("\n"),
        location: RdLocation {
            path: place.relative(&file.path).into_string(),
            range: range(&finding.location),
        },
        severity: match finding.rule.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        code: Code { value: finding.rule.name, url: pages::url(finding.rule.name) },
        suggestions: edits
            .filter(|_| is_local)
            .map(|edit| Suggestion { range: range(&edit.location), text: &edit.content })
            .collect(),
    })
}

fn range(location: &Location) -> Range {
    let text = &location.file.text;
    Range { start: position(text, location.span.start), end: position(text, location.span.end) }
}

fn position(text: &Text, offset: u32) -> Position {
    let line = text.line_of(offset);
    Position { line, column: offset - text.line_span(line).start + 1 }
}
