//! `spacelint secrets`: every name that a Space needs from its environment, and where it asks.
//!
//! What counts as a need is for `spacelint_rules` to say; here it is only shown.

use std::fmt::Write;

use serde::Serialize;
use spacelint_rules::secrets::{self, Need, Secret};
use spacelint_space::{Files, Problem, ReadError, Space};
use textwrap::{WordSeparator, WordSplitter};

use crate::args::Format;
use crate::escape;
use crate::formats::json;
use crate::frame;
use crate::output::Output;
use crate::panics;
use crate::paths::Place;
use crate::report;
use crate::summary::Status;
use crate::targets;
use crate::terminal::{Style, Terminal};

/// A name, for programs.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    space: String,
    name: &'a str,
    alternatives: Vec<&'a str>,
    need: &'static str,
    reason: &'a str,
    named_in_readme: bool,
    places: Vec<json::Place>,
}

/// Lists the names that the Spaces at `path` need.
pub(crate) fn run(
    path: &std::path::Path,
    format: Format,
    terminal: Terminal,
    output: &mut Output,
) -> Status {
    let working = match targets::working_directory() {
        Ok(working) => working,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let targets = targets::find(&[path.to_owned()]);
    let mut status = Status::Clean;
    let mut entries = Vec::new();
    let mut text = String::new();
    for error in &targets.errors {
        output.error(error);
        status = Status::Incomplete;
    }
    for root in &targets.roots {
        let place = Place::new(root, &working);
        let read = panics::catch(|| {
            let space = Space::read(&Files::disk(root.clone()));
            (secrets::list(&space), space.problems)
        });
        let (secrets, problems) = match read {
            Ok(read) => read,
            Err(message) => {
                let doing = format!("reading `{}`", place.folder());
                output.error(&panics::describe(&doing, &message));
                status = Status::Incomplete;
                continue;
            }
        };
        for problem in &problems {
            if let Problem::Unreadable(error) = problem {
                let path = place.shown(&error.path);
                let error = ReadError { path, ..error.clone() };
                output.error(&format!("{error}; what it needs is not listed"));
                status = Status::Incomplete;
            }
        }
        match format {
            Format::Json => {
                entries
                    .extend(secrets.iter().map(|secret| json::to_string(&entry(secret, &place))));
            }
            Format::Human if secrets.is_empty() => {}
            Format::Human => {
                if targets.roots.len() > 1 {
                    let gap = if text.is_empty() { "" } else { "\n" };
                    let folder = place.folder();
                    let folder = terminal.paint(Style::STRONG, &escape::escape(folder.as_str()));
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "{gap}{folder}");
                }
                text.push_str(&table(&secrets, &place, terminal));
            }
        }
    }
    if text.is_empty() && !targets.roots.is_empty() {
        let spaces = report::count(targets.roots.len(), "Space");
        text = format!("Nothing is needed from the environment in {spaces}.\n");
    }
    output.print(&match format {
        Format::Json => json::list("secrets", entries.into_iter()),
        Format::Human => escape::guard_lines(&text).into_owned(),
    });
    status
}

fn word(need: Need) -> &'static str {
    match need {
        Need::Hard => "hard",
        Need::Soft => "soft",
    }
}

fn entry<'a>(secret: &'a Secret, place: &Place) -> Entry<'a> {
    Entry {
        space: place.relative_folder().into_string(),
        name: &secret.name,
        alternatives: secret.alternatives.iter().map(AsRef::as_ref).collect(),
        need: word(secret.need),
        reason: &secret.reason,
        named_in_readme: secret.named_in_readme,
        places: secret.places.iter().map(|location| json::Place::new(location, place)).collect(),
    }
}

/// Room for a reason and its places beside the other columns; with less they go below.
const NARROWEST_REASON: usize = 30;

/// A line or more for each name, those that the Space cannot do without first.
fn table(secrets: &[Secret], place: &Place, terminal: Terminal) -> String {
    let mut sorted: Vec<&Secret> = secrets.iter().collect();
    sorted.sort_by_key(|secret| secret.need == Need::Soft);
    let names: Vec<String> =
        sorted.iter().map(|secret| escape::escape(&secret.name).into_owned()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("name".len());
    // The columns before the reason: name, need, README, and what is between them.
    let lead = width + 2 + "need".len() + 2 + "README".len() + 2;
    let beside = lead + NARROWEST_REASON <= terminal.prose_width();
    let mut out = String::new();
    if beside {
        let head = format!("{:width$}  need  README  why and where", "name");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", terminal.paint(Style::FAINT, &head));
    }
    for (secret, name) in sorted.iter().zip(&names) {
        let pad = " ".repeat(width - name.chars().count());
        let strong = terminal.paint(Style::STRONG, name);
        let need = word(secret.need);
        let need = match secret.need {
            Need::Hard => terminal.paint(Style::WARNING, need),
            Need::Soft => need.to_owned(),
        };
        let places: Vec<String> = secret
            .places
            .iter()
            .map(|location| {
                let path = place.shown(&location.file.path);
                frame::place(&path, &location.file.text, location.span)
            })
            .collect();
        let mut why = escape::escape(&secret.reason).into_owned();
        if !secret.alternatives.is_empty() {
            let others: Vec<_> =
                secret.alternatives.iter().map(|name| escape::escape(name)).collect();
            // Writing to a String cannot fail.
            let _ = write!(why, " ({} would do as well)", others.join(" or "));
        }
        let indent = " ".repeat(if beside { lead } else { 4 });
        let options = textwrap::Options::new(terminal.prose_width())
            .initial_indent(&indent)
            .subsequent_indent(&indent)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        let mut why = textwrap::fill(&why, options);
        for place in places {
            let _ = write!(why, "\n{indent}  {place}");
        }
        let _ = if beside {
            let readme = if secret.named_in_readme { "named " } else { "-     " };
            writeln!(out, "{strong}{pad}  {need}  {readme}  {}", why.trim_start())
        } else {
            let readme = if secret.named_in_readme { ", named in README" } else { "" };
            writeln!(out, "{strong} ({need}{readme})\n{why}")
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::testing::{at, file};

    fn secrets() -> Vec<Secret> {
        let app = file(
            "app.py",
            "import os\nTOKEN = os.environ[\"HF_TOKEN\"]\nX = os.getenv(\"SENTRY\")\n",
        );
        vec![
            Secret {
                name: "SENTRY\u{1b}[1m".into(),
                alternatives: Vec::new(),
                need: Need::Soft,
                reason: "read, and left out if it is not set".to_owned(),
                named_in_readme: true,
                places: vec![at(&app, "os.getenv(\"SENTRY\")")],
            },
            Secret {
                name: "HF_TOKEN".into(),
                alternatives: vec!["HUGGING_FACE_HUB_TOKEN".into()],
                need: Need::Hard,
                reason: "`meta-llama/Llama-3.1-8B-Instruct` is gated".to_owned(),
                named_in_readme: false,
                places: vec![at(&app, "os.environ[\"HF_TOKEN\"]"), at(&app, "TOKEN")],
            },
        ]
    }

    #[test]
    fn the_table_at_several_widths() {
        let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
        for width in [40, 80, 120] {
            let terminal = Terminal { color: false, links: false, unicode: true, width };
            insta::assert_snapshot!(format!("table_{width}"), table(&secrets(), &place, terminal));
        }
    }

    #[test]
    fn programs_get_every_place() {
        let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
        let entries = secrets();
        let list =
            json::list("secrets", entries.iter().map(|s| json::to_string(&entry(s, &place))));
        insta::assert_snapshot!(list);
    }
}
