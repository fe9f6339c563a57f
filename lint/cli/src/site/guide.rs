//! The guide, which is the README.

use super::html::{self, Context};
use super::layout::{Entry, Page};

const README: &str = include_str!("../../../../README.md");

const HERE: Context = Context { root: "", own: None, failure: None };

/// The guide.
pub(crate) fn page() -> String {
    let body = format!("<article>\n<h1>Guide</h1>\n{}</article>\n", html::blocks(&text(), HERE));
    Page {
        title: "Guide - spacelint",
        description: "How to install spacelint, run it, fix what it finds and silence it",
        root: HERE.root,
        entry: Entry::Guide,
        body: &body,
    }
    .html()
}

/// What spacelint is.
pub(crate) fn first_paragraph() -> &'static str {
    README.split("\n\n").nth(1).unwrap_or_default()
}

/// One finding of the report that the README shows.
pub(crate) fn example() -> String {
    let (_, report) = README.split_once("<!-- report -->").unwrap_or_default();
    let finding =
        report.split("\n\n").find(|block| block.starts_with("error[")).unwrap_or_default();
    html::blocks(&format!("```text\n{}\n```\n", finding.trim_end_matches("```")), HERE)
}

/// The README without its title, and with a link in the place of the table of rules.
fn text() -> String {
    let (_, text) = README.split_once('\n').unwrap_or_default();
    let is_row = |line: &&str| !line.starts_with('|');
    match text.split_once("<!-- rules -->\n") {
        Some((before, table)) => {
            let rest: String =
                table.split_inclusive('\n').skip_while(|line| !is_row(line)).collect();
            format!("{before}{TABLE}{rest}")
        }
        None => text.to_owned(),
    }
}

/// What stands there instead.
const TABLE: &str = "The [list of rules](index.html#rules) has a page for each of them; what has a `*` below is marked \
                     strict there.\n";
