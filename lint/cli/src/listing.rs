//! `spacelint rules`: every rule, by category.

use std::fmt::Write;

use serde::Serialize;
use spacelint_rules::registry::{self, Category, RuleEntry};

use crate::formats::json;
use crate::pages;
use crate::report;
use crate::terminal::{Style, Terminal, wrapping};

/// A rule, for programs.
#[derive(Debug, Serialize)]
struct Rule {
    name: &'static str,
    category: &'static str,
    severity: &'static str,
    fix: Option<&'static str>,
    strict: bool,
    since: &'static str,
    sources: &'static [&'static str],
    summary: &'static str,
    url: String,
}

/// All rules, for programs.
pub(crate) fn json() -> String {
    json::list(
        "rules",
        registry::all().map(|RuleEntry { info, category, .. }| {
            json::to_string(&Rule {
                name: info.name,
                category: category.name(),
                severity: json::severity(info.severity),
                fix: info.fix.map(json::applicability),
                strict: info.strict,
                since: info.since,
                sources: info.source,
                summary: info.summary,
                url: pages::url(info.name),
            })
        }),
    )
}

/// All rules, for people.
pub(crate) fn table(terminal: Terminal) -> String {
    let name_width = registry::all().map(|entry| entry.info.name.len()).max().unwrap_or(0);
    // The name, the severity and the fix, with what is between them.
    let lead = 2 + name_width + 2 + "warning".len() + 2 + "unsafe fix".len() + 2;
    // A summary needs some room beside them, or goes below.
    let beside = lead + 30 <= terminal.width;
    let mut out = String::new();
    for category in Category::ALL {
        let mut entries = registry::all().filter(|entry| entry.category == category).peekable();
        if entries.peek().is_none() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{}", terminal.paint(Style::STRONG, category.name()));
        for entry in entries {
            push_rule(&mut out, entry, name_width, beside.then_some(lead), terminal);
        }
    }
    let mut footer = String::from("`spacelint explain NAME` shows what a rule is about.");
    if registry::all().any(|entry| entry.info.strict) {
        footer.push_str(" One marked * runs with `--strict` or by its name.");
    }
    let _ = writeln!(out, "\n{}", textwrap::fill(&footer, terminal.width));
    out
}

fn push_rule(
    out: &mut String,
    entry: &RuleEntry,
    name_width: usize,
    beside: Option<usize>,
    terminal: Terminal,
) {
    let info = entry.info;
    let (word, style) = report::severity_word(info.severity);
    let name = terminal.link(&pages::url(info.name), info.name);
    let star = if info.strict { "*" } else { "" };
    let pad = " ".repeat(name_width + 2 - info.name.len() - star.len());
    let severity =
        format!("{}{}", terminal.paint(style, word), " ".repeat("warning".len() - word.len()));
    let fix = info.fix.map_or(String::new(), |fix| format!("{} fix", json::applicability(fix)));
    let indent = " ".repeat(beside.unwrap_or(4));
    let summary = textwrap::fill(info.summary, wrapping(terminal.width, &indent));
    // Writing to a String cannot fail.
    let _ = if beside.is_some() {
        let summary = summary.trim_start();
        writeln!(out, "  {name}{star}{pad}{severity}  {fix:10}  {summary}")
    } else if fix.is_empty() {
        writeln!(out, "  {name}{star} ({})\n{summary}", terminal.paint(style, word))
    } else {
        writeln!(out, "  {name}{star} ({}, {fix})\n{summary}", terminal.paint(style, word))
    };
}
