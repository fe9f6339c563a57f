//! A table in Markdown, for a job's summary or a comment.
//!
//! Markdown has no way to switch itself off, so nothing of the repository gets into it but as code, in
//! HTML, with every character that Markdown, HTML or a table might take for its own spelled as an entity.

use std::fmt::Write;

use spacelint_rules::finding::{Finding, Severity};

use crate::escape;
use crate::pages;
use crate::paths::Place;
use crate::report;
use crate::summary::Summary;
use crate::terminal::Terminal;

/// What comes first.
pub(crate) const OPEN: &str = "## spacelint\n\n";
/// The head of the table, before its first row.
pub(crate) const HEAD: &str = "| | rule | where | what happens |\n|---|---|---|---|\n";

/// A row of the table.
pub(crate) fn row(finding: &Finding, place: &Place) -> String {
    let location = &finding.location;
    let position = location.file.text.position(location.span.start);
    let word = match finding.rule.severity {
        Severity::Error => "**error**",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let mut cell = inline(&finding.message);
    if let Some(help) = &finding.help {
        // Writing to a String cannot fail.
        let _ = write!(cell, "<br><sub>{}</sub>", inline(help));
    }
    let name = finding.rule.name;
    let path = place.relative(&location.file.path);
    format!(
        "| {word} | [{}]({}) | {}:{} | {cell} |\n",
        text(name),
        pages::url(name),
        code(path.as_str()),
        position.line
    )
}

/// The sentence at the end.
pub(crate) fn close(summary: &Summary) -> String {
    let terminal = Terminal { color: false, links: false, unicode: true, width: usize::MAX };
    let closing = report::closing(summary, terminal);
    let sentence = closing.lines().next().unwrap_or_default();
    let gap = if summary.errors + summary.warnings + summary.infos > 0 { "\n" } else { "" };
    let incomplete = if summary.incomplete {
        "\n**The run is incomplete**: not all could be checked. Its log says what and why.\n"
    } else {
        ""
    };
    format!("{gap}{}\n{incomplete}", inline(sentence))
}

/// A message, whose code stands in back quotes.
fn inline(message: &str) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    // A quote without its second is one that the repository brought in.
    let last = parts.len() - 1;
    let mut out = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index % 2 == 1 && (index < last || last.is_multiple_of(2)) {
            out.push_str(&code(part));
        } else {
            out.push_str(&text(part));
        }
    }
    out
}

fn code(code: &str) -> String {
    format!("<code>{}</code>", text(code))
}

/// `text` with nothing in it that Markdown, HTML or a table would act on.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape::escape(text).chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ';' | '?' | '\'' | '-' | '/' | '%')
        {
            // Writing to a String cannot fail.
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
