//! From the paths of a command line to Spaces.
//!
//! Only where no card settles it is a folder walked, and then by one thread: most runs are about
//! one small Space, and a walk by several would cost them more than the rest of the check.

use std::collections::BTreeMap;
use std::path::PathBuf;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use crate::card::Card;
use crate::files::{Files, Kind, ReadErrorReason, words};
use crate::ignored::Ignored;

/// The names under which an app is looked for where no card names it, the platform's default first.
pub(crate) const APP_FILES: &[&str] = &["app.py", "gradio_app.py", "demo.py", "main.py"];

/// The folders in which repositories that are more than a Space keep one.
const USUAL_FOLDERS: &[&str] =
    &["app", "demo", "gradio_demo", "hf_demo", "hf_space", "huggingface", "space", "web_demo"];

/// Folders in which nobody writes a Space, and many files are.
pub(crate) const NEVER: &[&str] = &["__pycache__", "node_modules", "site-packages", "venv"];

/// The packages whose import makes an app that of a Space.
const TELLING: &[&str] = &["gradio", "spaces"];

/// What the paths of a command line lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The folders of Spaces, sorted, each once, relative where the path was.
    pub spaces: Vec<Utf8PathBuf>,
    /// What led nowhere, in the order of the paths.
    pub errors: Vec<DiscoverError>,
}

/// A path that leads to no Space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscoverError {
    /// Nothing is there.
    Missing {
        /// The path as given.
        path: Utf8PathBuf,
    },
    /// It is there, and no Space is.
    NoSpace {
        /// The path as given.
        path: Utf8PathBuf,
        /// What was looked for, each a noun phrase.
        looked_for: Vec<String>,
    },
    /// It cannot be read.
    Unreadable {
        /// The path.
        path: Utf8PathBuf,
        /// The system's words.
        message: String,
    },
}

impl std::fmt::Display for DiscoverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "`{path}` does not exist"),
            Self::NoSpace { path, looked_for } => {
                write!(f, "no Space at `{path}`; looked for {}", looked_for.join(", "))
            }
            Self::Unreadable { path, message } => write!(f, "cannot read `{path}`: {message}"),
        }
    }
}

impl std::error::Error for DiscoverError {}

/// Finds the Spaces that `paths` lead to. A folder with a card is one Space, whatever is in it; one
/// without a card is searched for those that have one; and if there is none, an app that imports
/// `gradio` or `spaces` makes it a Space all the same. A file stands for the Space around it.
pub fn discover(paths: &[Utf8PathBuf]) -> Discovery {
    // By real path, so that a Space that two paths lead to is one.
    let mut found: BTreeMap<PathBuf, Utf8PathBuf> = BTreeMap::new();
    let mut errors = Vec::new();
    let mut searched = FxHashSet::default();
    for path in paths.iter().filter(|path| searched.insert(*path)) {
        let clean = clean(path);
        let result = match std::fs::metadata(&clean) {
            Ok(metadata) if metadata.is_dir() => in_folder(&clean),
            Ok(_) => around(&clean, Files::disk).map(|space| vec![space]),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(DiscoverError::Missing { path: clean.clone() })
            }
            Err(error) => {
                Err(DiscoverError::Unreadable { path: clean.clone(), message: words(&error) })
            }
        };
        match result {
            Ok(spaces) => {
                for space in spaces {
                    let real = std::fs::canonicalize(&space);
                    let real = real.unwrap_or_else(|_| space.clone().into_std_path_buf());
                    let name = found.entry(real).or_insert_with(|| space.clone());
                    // One name whatever the order of the paths.
                    if (space.as_str().len(), &space) < (name.as_str().len(), name) {
                        *name = space;
                    }
                }
            }
            Err(DiscoverError::NoSpace { looked_for, .. }) => {
                errors.push(DiscoverError::NoSpace { path: path.clone(), looked_for });
            }
            Err(DiscoverError::Missing { .. }) => {
                errors.push(DiscoverError::Missing { path: path.clone() });
            }
            Err(error) => errors.push(error),
        }
    }
    let mut spaces: Vec<_> = found.into_values().collect();
    spaces.sort();
    Discovery { spaces, errors }
}

fn in_folder(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, DiscoverError> {
    if has_card(&Files::disk(folder)) {
        return Ok(vec![folder.to_owned()]);
    }
    if let Err(error) = std::fs::read_dir(folder) {
        return Err(DiscoverError::Unreadable { path: folder.to_owned(), message: words(&error) });
    }
    let nested = nested_cards(folder);
    if !nested.is_empty() {
        return Ok(nested);
    }
    let has_app = |folder: &Utf8Path| has_app(&Files::disk(folder));
    if has_app(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let usual: Vec<_> =
        USUAL_FOLDERS.iter().map(|name| join(folder, name)).filter(|path| has_app(path)).collect();
    if !usual.is_empty() {
        return Ok(usual);
    }
    let looked_for = vec![
        "a `README.md` whose front matter names an `sdk`, here or in a folder below".to_owned(),
        format!(
            "{} that imports `gradio` or `spaces`, here or in {}",
            alternatives(APP_FILES, ""),
            alternatives(USUAL_FOLDERS, "/")
        ),
    ];
    Err(DiscoverError::NoSpace { path: folder.to_owned(), looked_for })
}

fn alternatives(names: &[&str], ending: &str) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        let joint = match index {
            0 => "",
            _ if index + 1 == names.len() => " or ",
            _ => ", ",
        };
        text = format!("{text}{joint}`{name}{ending}`");
    }
    text
}

/// The Space that the file at `path`, which need not exist, is part of: the nearest folder above it
/// that has a card, or else an app. Folders above the repository do not count, and without a
/// repository only the file's own folder can be a Space by its app alone. `files` gives what stands in
/// a folder, so that a text that is not saved yet counts.
pub fn around(
    path: &Utf8Path,
    files: impl Fn(Utf8PathBuf) -> Files,
) -> Result<Utf8PathBuf, DiscoverError> {
    let own = parent(path);
    let mut folders = vec![own.clone()];
    let mut in_repository = is_repository(&own);
    while !in_repository && folders.len() < MAX_ABOVE {
        let Some(above) = folders.last().and_then(|folder| above(folder)) else { break };
        in_repository = is_repository(&above);
        folders.push(above);
    }
    if let Some(space) = folders.iter().find(|folder| has_card(&files(folder.to_path_buf()))) {
        return Ok(space.clone());
    }
    let apps = if in_repository { &folders[..] } else { &folders[..1] };
    if let Some(space) = apps.iter().find(|folder| has_app(&files(folder.to_path_buf()))) {
        return Ok(space.clone());
    }
    let looked_for = vec![
        "a `README.md` whose front matter names an `sdk`, beside it or above".to_owned(),
        format!("{} that imports `gradio` or `spaces`", alternatives(APP_FILES, "")),
    ];
    Err(DiscoverError::NoSpace { path: path.to_owned(), looked_for })
}

/// How many folders above a file are looked at.
const MAX_ABOVE: usize = 64;

fn is_repository(folder: &Utf8Path) -> bool {
    folder.join(".git").exists()
}

/// The Spaces below `folder` by their cards. What git ignores is left out, as are hidden folders, those of other
/// people's code, and what a link leads to.
fn nested_cards(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let files = Files::disk(folder);
    let mut found = Vec::new();
    let mut open = vec![(Utf8PathBuf::new(), Ignored::above(folder))];
    while let Some((path, above)) = open.pop() {
        let here = if path.as_str().is_empty() { folder.to_owned() } else { join(folder, &path) };
        let (folders, has_readme) = listed(&here);
        let ignored = Ignored::within(above.as_ref(), &files, &path);
        let is_left_out = |path: &Utf8Path, is_folder| {
            ignored.as_ref().is_some_and(|ignored| ignored.has(path, is_folder))
        };
        if has_readme
            && here != folder
            && !is_left_out(&path.join("README.md"), false)
            && has_card(&Files::disk(&here))
        {
            found.push(clean(&here));
        }
        for name in folders {
            let below = path.join(name);
            let is_environment = join(folder, &below).join("pyvenv.cfg").exists();
            if !is_environment && !is_left_out(&below, true) {
                open.push((below, ignored.clone()));
            }
        }
    }
    found
}

/// The folders in `folder` that are walked, and whether there is a `README.md` in it. What cannot be listed, such as
/// a folder whose path is longer than the system takes, holds no Space that could be read.
fn listed(folder: &Utf8Path) -> (Vec<String>, bool) {
    let (mut folders, mut has_readme) = (Vec::new(), false);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name == "README.md" {
            has_readme = true;
        } else if !name.starts_with('.')
            && !NEVER.contains(&name.as_str())
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
        {
            folders.push(name);
        }
    }
    (folders, has_readme)
}

/// Whether there is a card that names an `sdk`, be it broken, or a `README.md` that nobody can
/// read: whoever reads the Space then says so.
fn has_card(files: &Files) -> bool {
    let readme = match files.read(Utf8Path::new("README.md")) {
        Ok(Some(readme)) => readme,
        Ok(None) => return false,
        // Many a folder has a link to the one of its repository.
        Err(error) => return error.reason != ReadErrorReason::Outside,
    };
    Card::names(&readme, "sdk")
}

/// Whether there is an app that imports what only a Space's app imports.
fn has_app(files: &Files) -> bool {
    APP_FILES.iter().map(Utf8Path::new).any(|name| {
        files.kind(name) == Some(Kind::File)
            && files
                .read(name)
                .is_ok_and(|file| file.is_some_and(|file| imports_telling(file.text.as_str())))
    })
}

/// Whether a line of `text` looks like the import of a telling package. No more than a look: what
/// the app really imports is the trace's to say.
fn imports_telling(text: &str) -> bool {
    let telling = |name: &str| {
        let name = name.trim_start();
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        TELLING.contains(&&name[..end])
    };
    text.lines().map(str::trim_start).any(|line| {
        if let Some(modules) = line.strip_prefix("import ") {
            modules.split(',').any(telling)
        } else {
            line.strip_prefix("from ").is_some_and(telling)
        }
    })
}

/// `path` without `./` and the like, `.` for nothing. What leads up stays: links may stand before
/// it.
fn clean(path: &Utf8Path) -> Utf8PathBuf {
    let clean: Utf8PathBuf =
        path.components().filter(|component| *component != Utf8Component::CurDir).collect();
    if clean.as_str().is_empty() { Utf8PathBuf::from(".") } else { clean }
}

fn join(folder: &Utf8Path, name: impl AsRef<Utf8Path>) -> Utf8PathBuf {
    if folder == "." { name.as_ref().to_owned() } else { folder.join(name) }
}

fn parent(path: &Utf8Path) -> Utf8PathBuf {
    clean(path.parent().unwrap_or(path))
}

/// The folder above `folder`, by a name that stays relative if the folder's is; none above the
/// topmost.
fn above(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let above = match folder.components().next_back()? {
        Utf8Component::Normal(_) => parent(folder),
        Utf8Component::CurDir => Utf8PathBuf::from(".."),
        Utf8Component::ParentDir => folder.join(".."),
        Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
    };
    let same = std::fs::canonicalize(&above).ok()? == std::fs::canonicalize(folder).ok()?;
    (!same).then_some(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, and the Spaces and errors that `paths` in it lead to.
    fn found(files: &[(&str, &str)], paths: &[&str]) -> (Vec<String>, Vec<DiscoverError>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(folder.path()).expect("a Unicode path").to_owned();
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(parent(&path)).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let paths: Vec<_> = paths.iter().map(|path| root.join(path)).collect();
        let Discovery { spaces, errors } = discover(&paths);
        let relative =
            |path: &Utf8PathBuf| path.strip_prefix(&root).expect("below the folder").to_string();
        (spaces.iter().map(relative).collect(), errors)
    }

    const CARD: &str = "---\nsdk: gradio\n---\n";
    const APP: &str = "import os, gradio as gr\n";

    #[test]
    fn a_folder_with_a_card_is_one_space() {
        let files = [("README.md", CARD), ("demo/README.md", CARD), ("app.py", APP)];
        assert_eq!(found(&files, &[""]), (vec![String::new()], vec![]));
        assert_eq!(found(&files, &["demo"]).0, ["demo"]);
        assert_eq!(found(&files, &["", "demo", "", "demo/../demo"]).0, ["", "demo"]);
        for card in [
            "---\n'sdk': x\n---\n",
            "---\nsdk: a: b\n---\n",
            "---\nsdk: gradio\n",
            "\u{feff}---\r\nsdk: x\r\n---\r\n",
        ] {
            assert_eq!(found(&[("README.md", card)], &[""]).0, [""], "{card:?}");
        }
    }

    #[test]
    fn a_folder_of_many_spaces_means_each() {
        let files = [
            ("README.md", "# A library\n"),
            ("hf_space/README.md", CARD),
            ("examples/b/README.md", CARD),
            ("examples/a/README.md", CARD),
            ("examples/a/deep/README.md", CARD),
            ("examples/model/README.md", "---\nlicense: mit\n---\n"),
            ("app.py", APP),
            ("node_modules/x/README.md", CARD),
            (".hidden/README.md", CARD),
            ("env/pyvenv.cfg", ""),
            ("env/x/README.md", CARD),
            (".gitignore", "/build\n"),
            ("build/x/README.md", CARD),
        ];
        let expected = ["examples/a", "examples/a/deep", "examples/b", "hf_space"];
        assert_eq!(found(&files, &[""]).0, expected);
        // What is asked for by name is not ignored.
        assert_eq!(found(&files, &["build"]).0, ["build/x"]);
    }

    #[test]
    fn what_git_ignores_is_no_space() {
        let files = [
            (".git/info/exclude", "/private/\n"),
            (".gitignore", "drafts/\n*.old\n!kept.old\n"),
            (".ignore", "!drafts/\n"),
            ("private/README.md", CARD),
            ("many/.gitignore", "\u{feff}/a\nREADME.md\n!/c/README.md\n"),
            ("many/a/README.md", CARD),
            ("many/b/README.md", CARD),
            ("many/c/README.md", CARD),
            ("many/x.old/README.md", CARD),
            ("many/kept.old/more/README.md", CARD),
            ("drafts/d/README.md", CARD),
        ];
        assert_eq!(found(&files, &[""]).0, ["drafts/d", "many/c"]);
        assert_eq!(found(&files, &["many"]).0, ["many/c"], "the rules above count");
        let outside = [(".gitignore", "*\n"), ("a/.git/HEAD", ""), ("a/b/README.md", CARD)];
        assert_eq!(found(&outside, &["a"]).0, ["a/b"], "but not those above the repository");
    }

    #[cfg(unix)]
    #[test]
    fn rules_that_never_end_are_not_heard() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(folder.path()).expect("a Unicode path");
        std::fs::create_dir_all(root.join("a/deep")).expect("a folder");
        std::fs::write(root.join("a/README.md"), CARD).expect("a file");
        symlink("/dev/zero", root.join(".gitignore")).expect("a link");
        symlink("/dev/zero", root.join("a/.ignore")).expect("a link");
        let _socket = std::os::unix::net::UnixListener::bind(root.join(".ignore"));
        symlink("..", root.join("a/deep/loop")).expect("a link");
        let long = "*.x\n".repeat(crate::ignored::MAX_RULES_BYTES);
        std::fs::write(root.join("a/.gitignore"), format!("{long}README.md\n")).expect("a file");
        assert_eq!(discover(&[root.to_owned()]).spaces, [root.join("a")]);
    }

    #[test]
    fn an_app_makes_a_space_without_a_card() {
        assert_eq!(found(&[("app.py", APP)], &[""]).0, [""]);
        assert_eq!(found(&[("main.py", "  from spaces import GPU\n")], &[""]).0, [""]);
        assert_eq!(found(&[("demo/app.py", APP), ("setup.py", "")], &[""]).0, ["demo"]);
        let both =
            [("demo/app.py", APP), ("README.md", "---\nlicense: mit\n---\n"), ("app.py", APP)];
        assert_eq!(found(&both, &[""]).0, [""]);
        for app in ["import flask\n", "from gym import spaces\n", "import gradio_client\n", ""] {
            let (spaces, errors) = found(&[("app.py", app)], &[""]);
            assert!(spaces.is_empty(), "{app:?}");
            let [DiscoverError::NoSpace { looked_for, .. }] = &errors[..] else {
                panic!("{errors:?}")
            };
            assert!(looked_for.iter().any(|what| what.contains("`app.py`")));
        }
    }

    #[test]
    fn a_file_means_the_space_around_it() {
        let files = [
            (".git/HEAD", ""),
            ("README.md", "# Many\n"),
            ("a/README.md", CARD),
            ("a/src/models/m.py", ""),
            ("b/app.py", APP),
            ("b/lib/x.py", ""),
            ("c/x.py", ""),
        ];
        assert_eq!(found(&files, &["a/src/models/m.py", "a/README.md"]).0, ["a"]);
        assert_eq!(found(&files, &["b/lib/x.py"]).0, ["b"]);
        let (spaces, errors) = found(&files, &["c/x.py", "a/src/models/m.py", "nowhere.py"]);
        assert_eq!(spaces, ["a"]);
        assert!(matches!(
            &errors[..],
            [DiscoverError::NoSpace { .. }, DiscoverError::Missing { .. }]
        ));
        // The card of a repository's own root, from a folder below another.
        let files = [(".git/HEAD", ""), ("README.md", CARD), ("x/y/z.py", "")];
        assert_eq!(found(&files, &["x/y/z.py"]).0, [""]);
        // Nothing above the repository counts.
        let files = [("README.md", CARD), ("inner/.git/HEAD", ""), ("inner/z.py", "")];
        assert!(found(&files, &["inner/z.py"]).0.is_empty());
    }

    #[test]
    fn a_text_that_is_not_saved_counts_and_its_file_need_not_exist() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(folder.path()).expect("a Unicode path");
        let found = |path: &str, unsaved: &str| {
            let files = |folder: Utf8PathBuf| {
                let is_own = folder == root;
                let files = Files::disk(folder);
                if is_own { files.with_buffer(path.into(), unsaved.into()) } else { files }
            };
            around(&root.join(path), files).ok()
        };
        assert_eq!(found("README.md", CARD).as_deref(), Some(root));
        assert_eq!(found("app.py", APP).as_deref(), Some(root));
        assert_eq!(found("app.py", ""), None);
    }

    #[test]
    fn names_stay_relative_and_short() {
        assert_eq!(clean(Utf8Path::new("./a/./b/")), "a/b");
        assert_eq!(clean(Utf8Path::new("")), ".");
        assert_eq!(above(Utf8Path::new("a/b")), None, "there is no such folder");
        assert_eq!(parent(Utf8Path::new("app.py")), ".");
        assert_eq!(above(Utf8Path::new(".")).as_deref(), Some(Utf8Path::new("..")));
        assert_eq!(above(Utf8Path::new("..")).as_deref(), Some(Utf8Path::new("../..")));
        assert_eq!(above(Utf8Path::new("/")), None);
    }

    #[test]
    fn an_import_is_seen_by_its_first_name() {
        assert!(imports_telling("try:\n    import spaces\nexcept ImportError:\n    pass\n"));
        assert!(imports_telling("import gradio.themes as t"));
        assert!(imports_telling("import torch, spaces # x"));
        assert!(!imports_telling("# import gradio\nimport gradio_app\nfrom .gradio import x\n"));
    }
}
