//! `spacelint lock`: writes into a Space the versions that a build or an environment held.
//!
//! Which those are is for `spacelint_space` to read, what becomes of the files for `spacelint_rules` to say.
//! Here it is asked for, shown or written, and told.

use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_rules::fix;
use spacelint_rules::lock::{self, Left, Locked, Refusal};
use spacelint_space::frozen::{self, Frozen};
use spacelint_space::{Files, ReadError, ReadErrorReason, SourceFile};

use crate::args::Lock;
use crate::diff;
use crate::escape::{self, escape};
use crate::frame;
use crate::input;
use crate::output::Output;
use crate::panics;
use crate::paths::Place;
use crate::report;
use crate::summary::Status;
use crate::targets;
use crate::terminal::Terminal;

/// Pins what was installed.
pub(crate) fn run(asked: &Lock, terminal: Terminal, output: &mut Output) -> Status {
    let prepared = targets::working_directory()
        .and_then(|working| Ok((working, targets::one(&asked.path)?, frozen(asked)?)));
    let (working, root, frozen) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let place = Place::new(&root, &working);
    let locked = panics::catch(|| lock::lock(Files::disk(root.clone()), &frozen, asked.direct));
    match locked {
        Ok(Ok(locked)) if asked.diff => show(&locked, &place, terminal, output),
        Ok(Ok(locked)) => write(&locked, &root, &place, terminal, output),
        Ok(Err(refusal)) => {
            if let Refusal::Unbuildable(findings) = &refusal {
                for finding in findings {
                    output.print(&report::finding(finding, &place, terminal));
                }
            }
            output.error(&format!("{}; nothing was changed", describe(&refusal, &place)));
            Status::Incomplete
        }
        Err(message) => {
            let doing = format!("pinning in `{}`", place.folder());
            output.error(&panics::describe(&doing, &message));
            Status::Incomplete
        }
    }
}

/// What was installed.
fn frozen(asked: &Lock) -> Result<Frozen, String> {
    if let Some(folder) = &asked.environment {
        let from = format!("`{}`", folder.display());
        let folder = Utf8PathBuf::from_path_buf(folder.clone());
        let folder = folder.map_err(|_| format!("cannot read {from}: its name is not Unicode"))?;
        if !folder.is_dir() {
            return Err(format!("cannot read {from}: there is no such folder"));
        }
        return frozen::read_environment(&Files::disk(folder))
            .map_err(|why| format!("cannot pin from {from}: {why}"));
    }
    let Some(log) = &asked.log else { return Err("name a log or an environment".to_owned()) };
    let from = input::name(log);
    let bytes = input::read(log).map_err(|error| format!("cannot read {from}: {error}"))?;
    // It is decoded as a file of a Space is: some shells write UTF-16.
    let log = SourceFile::new("log.txt", bytes);
    frozen::read_log(log.text.as_str()).map_err(|why| format!("cannot pin from {from}: {why}"))
}

/// Shows what would change.
fn show(locked: &Locked, place: &Place, terminal: Terminal, output: &mut Output) -> Status {
    for file in &locked.files {
        let path = place.relative(&file.before.path);
        output.print(&diff::unified(&path, file.before.text.as_str(), &file.after, terminal));
    }
    // A diff stands alone, so that it can be handed on; what is said about it goes aside.
    output.aside(&told(locked, place, terminal, "Nothing was changed. There would be"));
    let is_same = locked.files.is_empty() && locked.left.is_empty();
    if is_same { Status::Clean } else { Status::Found }
}

/// Writes what changes.
fn write(
    locked: &Locked,
    root: &Utf8Path,
    place: &Place,
    terminal: Terminal,
    output: &mut Output,
) -> Status {
    if let Err(error) = fix::write(&locked.files, root) {
        output.error(&place.refused(error).to_string());
        return Status::Incomplete;
    }
    output.print(&told(locked, place, terminal, "Written:"));
    if locked.left.is_empty() { Status::Clean } else { Status::Found }
}

/// What changes, and what is left, after these words.
fn told(locked: &Locked, place: &Place, terminal: Terminal, words: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (count, what) in [(locked.pinned, "requirement"), (locked.added, "package that they bring")]
    {
        match (count, what) {
            (0, _) => {}
            (1, what) => parts.push(format!("a pin of 1 {what}")),
            (count, "requirement") => parts.push(format!("pins of {count} requirements")),
            (count, _) => parts.push(format!("pins of {count} packages that they bring")),
        }
    }
    parts.extend(locked.card.iter().map(|(key, value)| format!("{key} {value} in the card")));
    let mut says = match &*parts {
        [] if locked.files.is_empty() => "Nothing to change.".to_owned(),
        [] => format!("{words} fewer packages that the requirements bring."),
        parts => format!("{words} {}.", parts.join(", ")),
    };
    says = textwrap::fill(&says, terminal.prose_width());
    says.push('\n');
    for Left { location, why } in &locked.left {
        let path = place.shown(&location.file.path);
        let at = frame::place(&path, &location.file.text, location.span);
        let text = escape(location.file.text.slice(location.span));
        // Writing to a String cannot fail.
        let _ = writeln!(says, "{at}: left as it stands: `{text}`: {why}");
    }
    if !locked.local.is_empty() {
        let names: Vec<_> = locked.local.iter().map(|name| escape(name)).collect();
        let names = names.join(", ");
        let left = format!("Left out, as they came from a folder or file of a machine: {names}.");
        says.push_str(&textwrap::fill(&left, terminal.prose_width()));
        says.push('\n');
    }
    escape::guard_lines(&says).into_owned()
}

/// Why nothing is pinned, as a clause.
fn describe(refusal: &Refusal, place: &Place) -> String {
    match refusal {
        Refusal::Stale { location, installed } => {
            let path = place.shown(&location.file.path);
            let at = frame::place(&path, &location.file.text, location.span);
            let asked = location.file.text.slice(location.span);
            format!(
                "{at}: `{asked}` does not allow {installed}, which was installed: take what was installed \
                 for the present state of this Space"
            )
        }
        Refusal::Python { installed, supported } => format!(
            "ZeroGPU runs Python {}, and this was installed for {installed}: what is pinned from it need \
             not install there",
            supported.join(" and ")
        ),
        Refusal::Unread(error) if matches!(error.reason, ReadErrorReason::Outside) => format!(
            "`{}` lies outside the Space, or is a link that leads out of it",
            place.shown(&error.path)
        ),
        Refusal::Unread(error) => {
            ReadError { path: place.shown(&error.path), ..error.clone() }.to_string()
        }
        Refusal::Broken(path) => {
            format!(
                "`{}` is too broken to be changed, as `spacelint check` tells",
                place.shown(path)
            )
        }
        Refusal::Unbuildable(_) => "with these pins the Space would not build".to_owned(),
    }
}
