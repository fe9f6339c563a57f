//! The list of failures, a page for each that no rule has one of, and what the search looks in.

use std::collections::BTreeSet;
use std::fmt::Write;

use spacelint_knowledge::failures::{self, Failure, Kind, Page as Text};
use spacelint_rules::registry::{self, RuleEntry};

use super::html::{self, Context, escape};
use super::layout::{Entry, Page};
use crate::explain;
use crate::formats::json;
use crate::pages;

/// What kinds there are, with a word for each and what it means.
const KINDS: [(Kind, &str, &str); 4] = [
    (Kind::Cause, "causes", "what can be mended in the Space, or by who calls it"),
    (Kind::Platform, "platform", "nothing in the repository mends it"),
    (Kind::Wrapper, "symptoms", "the dress of another failure"),
    (Kind::Noise, "noise", "it looks bad and is harmless"),
];

/// Every failure by its kind.
pub(crate) fn index() -> String {
    let here = Context { root: "", own: None, failure: None };
    let mut body = String::from(
        "<h1>Failures</h1>\n<p class=\"lead\">How a Space fails, and how that shows in a log. \
         <code>spacelint diagnose</code> tells them apart.</p>\n\
         <form role=\"search\" class=\"find\">\
         <label for=\"search\">Search the failures, their pages and what logs say</label>\
         <input id=\"search\" type=\"search\" name=\"q\" autocomplete=\"off\" \
         placeholder=\"exit code 137, quota, No module named\" />\
         <p id=\"found\" role=\"status\"></p></form>\n",
    );
    for (kind, word, about) in KINDS {
        let of_kind = failures::failures().iter().filter(|failure| failure.kind == kind);
        let _ = writeln!(
            body,
            "<section class=\"category\" aria-labelledby=\"{word}\">\n\
             <h2 id=\"{word}\">{word}: <span>{about}</span></h2>\n<ul class=\"rules\">"
        );
        for failure in of_kind {
            let name = failure.name;
            let _ = writeln!(
                body,
                "<li data-rule=\"{name}\"><a href=\"{}\"><code>{name}</code></a>\
                 <span class=\"badges\">{}</span><p>{}</p></li>",
                pages::path(name),
                badges(failure),
                html::inline(failure.title, here),
            );
        }
        body.push_str("</ul>\n</section>\n");
    }
    Page {
        title: "Failures - spacelint",
        description: "How a Hugging Face Space fails, how that shows in a log, and what to do",
        root: "",
        entry: Entry::Failures,
        body: &body,
    }
    .html()
}

fn badges(failure: &Failure) -> String {
    let mut out = String::new();
    if failure.page.is_none() {
        out.push_str("<span class=\"badge fix\">rule</span>");
    }
    if failure.unverified {
        out.push_str("<span class=\"badge\">not proven</span>");
    }
    out
}

/// A page for each failure without a rule, by its path.
pub(crate) fn pages() -> Vec<(String, String)> {
    let with_page = failures::failures().iter().filter_map(|it| Some((it, it.page.as_ref()?)));
    let all: Vec<(&'static Failure, &'static Text)> = with_page.collect();
    let page = |(at, (failure, text)): (usize, &(&'static Failure, &'static Text))| {
        let name = |at: Option<usize>| Some(all.get(at?)?.0.name);
        let others = [name(at.checked_sub(1)), name(Some(at + 1))];
        (pages::path(failure.name), page(failure, text, others))
    };
    all.iter().enumerate().map(page).collect()
}

fn page(failure: &'static Failure, text: &Text, [before, after]: [Option<&str>; 2]) -> String {
    let context = Context { root: "../", own: None, failure: Some(failure.name) };
    let (_, word, about) =
        KINDS.into_iter().find(|kind| kind.0 == failure.kind).unwrap_or(KINDS[0]);
    let name = failure.name;
    let mut body = format!(
        "<article>\n<nav aria-label=\"Way here\" class=\"way\"><a href=\"../failures.html\">Failures</a> \
         / <a href=\"../failures.html#{word}\">{word}</a></nav>\n<h1><code>{name}</code></h1>\n\
         <p class=\"lead\">{}</p>\n<dl class=\"facts\">\n<div><dt>Kind</dt><dd>{about}</dd></div>\n",
        html::inline(failure.title, context)
    );
    if failure.unverified {
        body.push_str("<div><dt>Proof</dt><dd>told by others, and not proven</dd></div>\n");
    }
    if !failure.suspects.is_empty() {
        let _ = writeln!(
            body,
            "<div><dt>Rules</dt><dd>{}</dd></div>",
            html::inline(&listed(failure.suspects), context)
        );
    }
    body.push_str("</dl>\n");
    let blocks = format!(
        "## What happens\n\n{}\n\n## Why\n\n{}\n\n## What to do\n\n{}\n",
        text.happens, text.why, text.mend
    );
    body.push_str(&html::blocks(&blocks, context));
    push_shows(&mut body, failure);
    body.push_str("<h2 id=\"sources\">What makes it true</h2>\n<ul>");
    for source in failure.sources {
        let _ = write!(body, "<li>{}</li>", html::inline(source, context));
    }
    body.push_str("</ul>\n</article>\n<nav aria-label=\"Other failures\" class=\"others\">");
    for (rel, word, other) in [("prev", "Before", before), ("next", "After", after)] {
        if let Some(name) = other {
            let _ = write!(
                body,
                "<a rel=\"{rel}\" href=\"{name}.html\"><span>{word}</span> <code>{name}</code></a>"
            );
        }
    }
    body.push_str("</nav>\n");
    Page {
        title: &format!("{name} - spacelint"),
        description: failure.title,
        root: context.root,
        entry: Entry::Failure,
        body: &body,
    }
    .html()
}

/// What a rule's page says of logs: how its failure shows there, and of what else it may be the reason.
pub(crate) fn of_rule(entry: &'static RuleEntry, context: Context) -> String {
    let name = entry.info.name;
    let mut out = String::new();
    if let Some(failure) = failures::failure(name) {
        push_shows(&mut out, failure);
    }
    let behind: Vec<&str> = failures::failures()
        .iter()
        .filter(|failure| failure.suspects.contains(&name))
        .map(|failure| failure.name)
        .collect();
    if !behind.is_empty() {
        let text = format!("It is also looked for where a log shows {}.", listed(&behind));
        let _ = writeln!(out, "<p>{}</p>", html::inline(&text, context));
    }
    if out.is_empty() { out } else { format!("<h2 id=\"log\">In a log</h2>\n{out}") }
}

fn push_shows(out: &mut String, failure: &Failure) {
    let shows = explain::shows_as(failure);
    if shows.is_empty() {
        return;
    }
    if failure.page.is_some() {
        out.push_str("<h2 id=\"log\">In a log</h2>\n");
    }
    out.push_str("<p>It shows in a log as:</p>\n<ul>");
    for text in shows {
        let _ = write!(out, "<li><code>{}</code></li>", escape(text));
    }
    out.push_str("</ul>\n");
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The words of each failure: of its page and of what logs say, each once, for the search.
pub(crate) fn search_index() -> String {
    let mut out =
        String::from("// The words of each failure's page and logs.\nself.spacelintWords = {\n");
    for failure in failures::failures() {
        let mut text: String = match (&failure.page, registry::find(failure.name)) {
            (Some(page), _) => [page.happens, page.why, page.mend].join(" "),
            (None, Some(entry)) => entry.info.page.to_owned(),
            (None, None) => String::new(),
        };
        for signature in failure.signatures {
            text.extend([" ", signature.text]);
        }
        let words = words(&text.to_lowercase()).into_iter().collect::<Vec<_>>().join(" ");
        let name = json::to_string(&failure.name);
        let _ = writeln!(out, "  {name}: {},", json::to_string(&words));
    }
    out.push_str("};\n");
    out
}

/// The words of a text, which is in small letters.
pub(crate) fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-')))
        .map(|word| word.trim_matches(['.', '-']))
        .filter(|word| word.len() > 1)
        .collect()
}
