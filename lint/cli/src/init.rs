//! `spacelint init`: the files with which a Space is checked from now on, without a question. What a
//! repository needs of them it tells itself: a hook where git keeps it, a workflow where GitHub does.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_knowledge::platform;
use spacelint_rules::check::{self, Selection};
use spacelint_space::settings::SETTINGS_FILE;
use spacelint_space::{Files, Problem, Space};

use crate::output::{self, Output};
use crate::panics;
use crate::paths::Place;
use crate::report;
use crate::schema;
use crate::summary::Status;
use crate::targets;

const HOOKS: &str = ".pre-commit-config.yaml";
const WORKFLOW: &str = ".github/workflows/spacelint.yml";

/// A file to write, and why it is or is not.
struct Part {
    path: &'static str,
    /// What it is to hold; none where this repository has no use for it.
    text: Option<String>,
    /// What it does, or why it is of no use.
    why: &'static str,
    /// What to add by hand to one that is there already.
    by_hand: String,
}

/// Writes what is not there yet into the Space at `path`.
pub(crate) fn run(path: &Path, output: &mut Output) -> Status {
    let working = match targets::working_directory() {
        Ok(working) => working,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let targets = targets::find(&[path.to_owned()]);
    for error in &targets.errors {
        output.error(error);
    }
    let [root] = targets.roots.as_slice() else {
        if targets.errors.is_empty() {
            output.error("more than one Space is there; name the one to write the files for");
        }
        return Status::Incomplete;
    };
    let place = Place::new(root, &working);
    let mut status = Status::Clean;
    for part in parts(root) {
        let shown = place.shown(Utf8Path::new(part.path));
        let Some(text) = &part.text else {
            output.print(&format!("no {shown}: {}\n", part.why));
            continue;
        };
        match create(root, part.path, text) {
            Ok(()) => output.print(&format!("wrote {shown}: {}\n", part.why)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                output.print(&format!("kept {shown}, which was there{}\n", part.by_hand));
            }
            Err(error) => {
                output.error(&format!("cannot write `{shown}`: {error}"));
                status = Status::Incomplete;
            }
        }
    }
    match panics::catch(|| next(root)) {
        Ok(Ok(next)) => output.print(&next),
        Ok(Err(message)) => {
            output.error(&message);
            status = Status::Incomplete;
        }
        Err(message) => {
            output.error(&panics::describe(&format!("checking `{}`", place.folder()), &message));
            status = Status::Incomplete;
        }
    }
    status
}

/// What is to be written below `root`.
fn parts(root: &Utf8Path) -> [Part; 3] {
    let repository = git_folder(root);
    let config = repository.as_ref().and_then(|git| {
        let git = Files::disk(git.clone());
        git.read(Utf8Path::new("config")).ok().flatten()
    });
    let is_on_github = config.is_some_and(|config| config.text.as_str().contains("github.com"));
    let is_top = repository.as_ref().and_then(|git| git.parent()) == Some(root);
    let hook = format!(
        "  - repo: {}\n    rev: v{}\n    hooks:\n      - id: spacelint\n",
        env!("CARGO_PKG_REPOSITORY"),
        env!("CARGO_PKG_VERSION")
    );
    [
        Part {
            path: SETTINGS_FILE,
            text: Some(settings()),
            why: "what is checked",
            by_hand: String::new(),
        },
        Part {
            path: HOOKS,
            text: is_top.then(|| format!("repos:\n{hook}")),
            why: if is_top {
                "`pre-commit install` checks each commit from then on"
            } else {
                "pre-commit reads it at the top of a git repository, which this folder is not"
            },
            by_hand: format!("; to check each commit, add to its `repos`:\n\n{hook}"),
        },
        Part {
            path: WORKFLOW,
            text: (is_top && is_on_github)
                .then(|| include_str!("../../../.github/examples/spacelint.yml").to_owned()),
            why: if is_top && is_on_github {
                "each push and pull request is checked; pin the Action to the commit of a release"
            } else {
                "no remote of a git repository here is on GitHub"
            },
            by_hand: String::new(),
        },
    ]
}

/// Settings that change nothing, to be changed.
fn settings() -> String {
    let mut text = format!("#:schema {}\n\n", schema::URL);
    let hardware = format!("hardware = \"{}\"", platform::zerogpu_hardware()[0]);
    for (line, meaning) in [
        ("select = [\"zerogpu\"]", "these rules and categories, and no others"),
        ("ignore = [\"default-duration\"]", "not these"),
        ("strict = true", "also the rules that are sometimes wrong"),
        ("fail-on = \"error\"", "the least severity that makes the exit status 1"),
        (&hardware, "where the Space runs, if it is not what the card suggests"),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {line:33} # {meaning}");
    }
    text
}

/// The `.git` of the repository that `root` lies in: a folder, or a file that leads to one.
fn git_folder(root: &Utf8Path) -> Option<Utf8PathBuf> {
    let full = root.canonicalize_utf8().ok()?;
    let found = full.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    // As the caller names it, where it is the Space's own.
    Some(if found.parent() == Some(&full) { root.join(".git") } else { found })
}

/// Writes a file of the Space that is not there, whole, with the folders above it, and never through a link that
/// leads out of the Space.
fn create(root: &Utf8Path, path: &str, text: &str) -> std::io::Result<()> {
    let root = root.canonicalize_utf8()?;
    let path = root.join(path);
    let folders = path.ancestors().skip(1);
    let there = folders.map(Utf8Path::canonicalize_utf8).find(Result::is_ok).transpose()?;
    if !there.is_some_and(|folder| folder.starts_with(&root)) {
        return Err(std::io::Error::other("a link there leads out of the Space"));
    }
    fs::create_dir_all(path.parent().unwrap_or(&root))?;
    let mut file = output::beside(path.as_std_path())?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// What to do now.
fn next(root: &Utf8Path) -> Result<String, String> {
    let space = Space::read(&Files::disk(root));
    if let Some(error) = space.problems.iter().find_map(|problem| match problem {
        Problem::Unreadable(error) => Some(error),
        Problem::Undecodable(_) => None,
    }) {
        return Err(format!("{error}; `spacelint check` says more"));
    }
    let found = check::check(&space, &Selection::default()).findings.len();
    Ok(match found {
        0 => "\nNothing is found in this Space today.\n".to_owned(),
        found => format!(
            "\n{} in this Space today. `spacelint check` shows them; if they are too many to mend now,\n\
             `spacelint check --baseline known.json --update-baseline` lets only new ones fail.\n",
            report::count(found, "finding")
        ),
    })
}
