//! `spacelint secrets`: what a duplicate of a Space must be given, and where the text says so.
//!
//! What counts as a need is for `spacelint_rules` to say. Here it is compared with what the duplicate has
//! ([`have`]) and shown: to people in a terminal ([`table`]), in a README ([`markdown`]), as a file to fill
//! in ([`env`](mod@env)), and to programs ([`json`](mod@json)).

mod env;
mod have;
mod json;
mod markdown;
mod table;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use spacelint_knowledge::platform;
use spacelint_rules::finding::Location;
use spacelint_rules::secrets::{self, Kind, Need, Needs, Secret};
use spacelint_space::tokens;

use self::have::{Have, Kept};
use crate::args::{NeedsFormat, Secrets};
use crate::escape;
use crate::output::Output;
use crate::paths::Place;
use crate::summary::Status;
use crate::terminal::Terminal;
use crate::tour::{Block, Tour};

/// What a Space needs, and what there is of it.
struct Told<'a> {
    needs: &'a Needs,
    have: Option<&'a Have>,
    place: &'a Place,
    /// Whether it is one of several Spaces.
    several: bool,
}

/// What a duplicate has of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Had {
    /// Nothing.
    Missing,
    /// What it needs.
    Set,
    /// A secret, where everybody can read it.
    Public,
}

/// Tells what the Spaces that are asked about need.
pub(crate) fn run(asked: &Secrets, terminal: Terminal, output: &mut Output) -> Status {
    let have = match Have::read(&asked.have) {
        Ok(have) => have,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let tour = Tour {
        path: &asked.path,
        doing: "reading",
        missing: "what it needs is not listed",
        list: (asked.format == NeedsFormat::Json).then_some("spaces"),
    };
    let toured = tour.print(output, |space, place, several| {
        let needs = &secrets::needs(space);
        let told = Told { needs, have: have.as_ref(), place, several };
        let text = match asked.format {
            NeedsFormat::Table => table::space(&told, terminal),
            NeedsFormat::Markdown => markdown::space(&told),
            NeedsFormat::Env => env::space(&told),
            NeedsFormat::Json => json::space(&told),
        };
        Block { text, status: told.status() }
    });
    if asked.format == NeedsFormat::Table && toured.told > 0 {
        output.print(&table::legend(terminal));
    }
    toured.status
}

/// What each format makes of `needs`.
#[cfg(test)]
pub(crate) fn every_format(needs: &Needs, place: &Place, terminal: Terminal) -> [String; 4] {
    let told = Told { needs, have: None, place, several: true };
    [table::space(&told, terminal), markdown::space(&told), env::space(&told), json::space(&told)]
}

impl<'a> Told<'a> {
    fn is_empty(&self) -> bool {
        let Needs { names, models, hardware, storage } = self.needs;
        names.is_empty() && models.is_empty() && hardware.is_none() && storage.is_empty()
    }

    /// The names of that kind, those first that the Space cannot do without.
    fn names(&self, kind: Kind) -> Vec<&'a Secret> {
        let mut names: Vec<_> = self.needs.names.iter().filter(|name| name.kind == kind).collect();
        names.sort_by_key(|name| name.need);
        names
    }

    /// What there is of a name; none where nobody said.
    fn had(&self, secret: &Secret) -> Option<Had> {
        let have = self.have?;
        let names = std::iter::once(&secret.name).chain(&secret.alternatives);
        let kept = names.filter_map(|name| have.get(name)).min();
        Some(match (kept, secret.kind) {
            (None, _) => Had::Missing,
            (Some(Kept::Variable), Kind::Secret) => Had::Public,
            (Some(_), _) => Had::Set,
        })
    }

    /// Whether something is missing that the Space cannot do without.
    fn status(&self) -> Status {
        let is_missing =
            |secret: &Secret| secret.need == Need::Hard && self.had(secret) == Some(Had::Missing);
        if self.needs.names.iter().any(is_missing) { Status::Found } else { Status::Clean }
    }
}

/// How badly something is wanted, in a word.
fn word(need: Need) -> &'static str {
    match need {
        Need::Hard => "hard",
        Need::Soft => "soft",
    }
}

/// Why a variable is wanted, and what else would do, escaped.
fn why(secret: &Secret) -> String {
    if tokens::may_hold(&secret.name) {
        return "a token is written where the name of a variable belongs: take it out, and revoke it"
            .to_owned();
    }
    let mut why = escape::escape(&secret.reason).into_owned();
    if !secret.alternatives.is_empty() {
        let others: Vec<_> = secret.alternatives.iter().map(|name| escape::escape(name)).collect();
        // Writing to a String cannot fail.
        let _ = write!(why, " ({} would do as well)", others.join(" or "));
    }
    why
}

/// What a duplicate gets and does not get, as a paragraph.
fn copied() -> String {
    let duplicate = platform::duplicate();
    format!(
        "A duplicate is private, runs on {} where nobody chooses, and gets the public variables of the \
         Space and none of its secrets (as of {}).",
        duplicate.hardware, duplicate.as_of
    )
}

/// `app.py:16` for each of the first places, from the Space's root, escaped: for files of the Space.
fn lines(places: &[Location]) -> Vec<String> {
    const SHOWN: usize = 3;
    let mut lines: Vec<String> = Vec::new();
    for Location { file, span } in places {
        let line = file.text.line_of(span.start);
        let line = format!("{}:{line}", escape::escape(file.path.as_str()));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(SHOWN);
    lines
}
