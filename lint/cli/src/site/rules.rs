//! The list of rules, a page for each, and what the search looks in.

use std::fmt::Write;

use spacelint_rules::finding::{Applicability, Severity};
use spacelint_rules::registry::{self, Category, RuleEntry};

use super::failures;
use super::guide;
use super::html::{self, Context, escape};
use super::layout::{Entry, Page};
use crate::formats::json;

/// The class of a rule's severity, which is the word for it.
pub(crate) fn severity(entry: &RuleEntry) -> &'static str {
    json::severity(entry.info.severity)
}

/// The first page: what spacelint is, and every rule by category.
pub(crate) fn index() -> String {
    let here = Context { root: "", own: None, failure: None };
    let mut body = format!(
        "<div class=\"hero\">\n<h1>spacelint</h1>\n<p class=\"lead\">{}</p>\n\
         <p class=\"actions\"><a class=\"button\" href=\"guide.html#install\">Install</a>\
         <a href=\"guide.html\">Read the guide</a></p>\n</div>\n",
        html::inline(guide::first_paragraph(), here)
    );
    let _ = writeln!(body, "<section aria-label=\"Example\">{}</section>", guide::example());
    let count = registry::all().count();
    let _ = writeln!(
        body,
        "<h2 id=\"rules\">{count} rules</h2>\n<form role=\"search\" class=\"find\">\
         <label for=\"search\">Search the rules and their pages</label>\
         <input id=\"search\" type=\"search\" name=\"q\" autocomplete=\"off\" \
         placeholder=\"duration, torch.compile, HF_TOKEN\" />\
         <p id=\"found\" role=\"status\"></p></form>"
    );
    for category in Category::ALL {
        let _ = writeln!(
            body,
            "<section class=\"category\" aria-labelledby=\"{category}\">\n\
             <h3 id=\"{category}\">{category}: <span>{}</span></h3>\n<ul class=\"rules\">",
            escape(category.about())
        );
        for entry in registry::all().filter(|entry| entry.category == category) {
            let name = entry.info.name;
            let _ = writeln!(
                body,
                "<li data-rule=\"{name}\"><a href=\"rules/{name}.html\"><code>{name}</code></a>\
                 <span class=\"badges\">{}</span><p>{}</p></li>",
                badges(entry),
                html::inline(
                    entry.info.summary,
                    Context { root: "", own: Some(entry), failure: None }
                ),
            );
        }
        body.push_str("</ul>\n</section>\n");
    }
    Page {
        title: "spacelint: what will break a Hugging Face Space",
        description: env!("CARGO_PKG_DESCRIPTION"),
        root: "",
        entry: Entry::Rules,
        body: &body,
    }
    .html()
}

/// What can be told of a rule in a word or two.
fn badges(entry: &RuleEntry) -> String {
    let info = entry.info;
    let mut out = format!("<span class=\"badge {0}\">{0}</span>", severity(entry));
    if let Some(fix) = info.fix {
        let _ = write!(out, "<span class=\"badge fix\">{} fix</span>", json::applicability(fix));
    }
    if info.strict {
        out.push_str("<span class=\"badge\">strict</span>");
    }
    out
}

/// A page for each rule, by its path.
pub(crate) fn pages() -> Vec<(String, String)> {
    let all: Vec<&'static RuleEntry> = registry::all().collect();
    let page = |(at, entry): (usize, &&'static RuleEntry)| {
        let before = at.checked_sub(1).and_then(|at| all.get(at)).copied();
        let after = all.get(at + 1).copied();
        (format!("rules/{}.html", entry.info.name), page(entry, before, after))
    };
    all.iter().enumerate().map(page).collect()
}

fn page(
    entry: &'static RuleEntry,
    before: Option<&RuleEntry>,
    after: Option<&RuleEntry>,
) -> String {
    let info = entry.info;
    let (name, category) = (info.name, entry.category);
    let context = Context { root: "../", own: Some(entry), failure: None };
    let mut body = format!(
        "<article>\n<nav aria-label=\"Way here\" class=\"way\"><a href=\"../index.html#rules\">Rules</a> \
         / <a href=\"../index.html#{category}\">{category}</a></nav>\n<h1><code>{name}</code></h1>\n\
         <p class=\"lead\">{}</p>\n{}",
        html::inline(info.summary, context),
        facts(entry)
    );
    body.push_str(&html::blocks(text(entry), context));
    body.push_str(&failures::of_rule(entry, context));
    let _ = write!(
        body,
        "<h2 id=\"silence\">To silence it</h2>\n<p>End the line with <code># spacelint: \
         ignore[{name}]</code> where the file takes comments, or leave the rule out with <code>--ignore \
         {name}</code> or in the settings.</p>\n\
         <h2 id=\"sources\">What makes it true</h2>\n<ul>"
    );
    for source in info.source {
        let _ = write!(body, "<li>{}</li>", html::inline(source, context));
    }
    body.push_str("</ul>\n</article>\n<nav aria-label=\"Other rules\" class=\"others\">");
    for (rel, word, other) in [("prev", "Before", before), ("next", "After", after)] {
        if let Some(other) = other {
            let name = other.info.name;
            let _ = write!(
                body,
                "<a rel=\"{rel}\" href=\"{name}.html\"><span>{word}</span> <code>{name}</code></a>"
            );
        }
    }
    body.push_str("</nav>\n");
    Page {
        title: &format!("{name} - spacelint"),
        description: info.summary,
        root: context.root,
        entry: Entry::Rule,
        body: &body,
    }
    .html()
}

/// A rule's page without its first line, which is its name.
fn text(entry: &RuleEntry) -> &'static str {
    let page = entry.info.page.trim_start();
    page.split_once('\n').map_or(page, |(_, rest)| rest)
}

fn facts(entry: &RuleEntry) -> String {
    let info = entry.info;
    let (word, what) = match info.severity {
        Severity::Error => ("error", "the Space will not build, start or serve"),
        Severity::Warning => ("warning", "visitors lose quota, time or identity"),
        Severity::Info => ("info", "worth knowing; never fails a run by default"),
    };
    let fix = match info.fix {
        Some(Applicability::Safe) => "safe: <code>--fix</code> applies it",
        Some(Applicability::Unsafe) => {
            "for a person to look at: <code>--unsafe-fixes</code> applies it"
        }
        None => "none",
    };
    let runs = if info.strict { "with <code>--strict</code> or by name" } else { "by default" };
    format!(
        "<dl class=\"facts\">\n<div><dt>Severity</dt><dd><span class=\"badge {word}\">{word}</span> {what}</dd></div>\n\
         <div><dt>Fix</dt><dd>{fix}</dd></div>\n<div><dt>Runs</dt><dd>{runs}</dd></div>\n\
         <div><dt>Since</dt><dd>{}</dd></div>\n</dl>\n",
        escape(info.since)
    )
}

/// The words of each rule's page, each once, for the search.
pub(crate) fn search_index() -> String {
    let mut out = String::from("// The words of each rule's page.\nself.spacelintWords = {\n");
    for entry in registry::all() {
        let page = text(entry).to_lowercase();
        let words = failures::words(&page).into_iter().collect::<Vec<_>>().join(" ");
        let _ =
            writeln!(out, "  {}: {},", json::to_string(&entry.info.name), json::to_string(&words));
    }
    out.push_str("};\n");
    out
}
