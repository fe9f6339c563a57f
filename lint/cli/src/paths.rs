//! Names of files as a user reads them. A Space's files are named from its root; a report names
//! them from the working directory.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use spacelint_rules::fix::WriteError;

/// Where a Space stands, as seen from the working directory.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// From the working directory.
    relative: Utf8PathBuf,
    /// As people are shown it: absolute only if it was named so and lies elsewhere.
    shown: Utf8PathBuf,
}

impl Place {
    /// The Space at `root`, which is as the user named it, seen from `working` (absolute).
    pub(crate) fn new(root: &Utf8Path, working: &Utf8Path) -> Self {
        let relative = relative(root, working);
        let elsewhere = root.is_absolute() && relative.starts_with("..");
        let shown = if elsewhere { tidy(root) } else { relative.clone() };
        Self { relative, shown }
    }

    /// The file at `path` (from the Space's root), from the working directory.
    pub(crate) fn relative(&self, path: &Utf8Path) -> Utf8PathBuf {
        forward(tidy(&self.relative.join(path)))
    }

    /// The file at `path` (from the Space's root), as people are shown it.
    pub(crate) fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        forward(tidy(&self.shown.join(path)))
    }

    /// The Space's folder, as people are shown it; `.` for the working directory.
    pub(crate) fn folder(&self) -> Utf8PathBuf {
        or_dot(self.shown.clone())
    }

    /// Why something was not written, with its files as people are shown them.
    pub(crate) fn refused(&self, error: WriteError) -> WriteError {
        let shown = |path: &Utf8PathBuf| self.shown(path);
        let (path, written) = (shown(&error.path), error.written.iter().map(shown).collect());
        WriteError { path, written, reason: error.reason }
    }

    /// The Space's folder from the working directory; `.` for the working directory itself.
    pub(crate) fn relative_folder(&self) -> Utf8PathBuf {
        or_dot(forward(self.relative.clone()))
    }
}

/// `path` from `working`, by their text alone: links are not followed.
pub(crate) fn relative(path: &Utf8Path, working: &Utf8Path) -> Utf8PathBuf {
    let path = tidy(&working.join(path));
    let working = tidy(working);
    let shared = path.components().zip(working.components()).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        // Another drive.
        return path;
    }
    let up = working.components().skip(shared).map(|_| Utf8Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

/// `path` without `.`, and without `..` where a name stands before it.
pub(crate) fn tidy(path: &Utf8Path) -> Utf8PathBuf {
    let mut tidy = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}

fn or_dot(path: Utf8PathBuf) -> Utf8PathBuf {
    if path.as_str().is_empty() { Utf8PathBuf::from(".") } else { path }
}

/// With `/` between names on every system, so that reports are the same.
fn forward(path: Utf8PathBuf) -> Utf8PathBuf {
    if cfg!(windows) { path.as_str().replace('\\', "/").into() } else { path }
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_working_directory() {
        let names = |root: &str| {
            let place = Place::new(Utf8Path::new(root), Utf8Path::new("/home/ann/work"));
            let path = Utf8Path::new("app.py");
            (place.relative(path).into_string(), place.shown(path).into_string())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(names("."), pair("app.py", "app.py"));
        assert_eq!(names("./demo/"), pair("demo/app.py", "demo/app.py"));
        assert_eq!(names("../play"), pair("../play/app.py", "../play/app.py"));
        assert_eq!(names("/home/ann/work/demo"), pair("demo/app.py", "demo/app.py"));
        assert_eq!(names("/srv/demo"), pair("../../../srv/demo/app.py", "/srv/demo/app.py"));
        assert_eq!(names("demo/../.."), pair("../app.py", "../app.py"));
    }

    #[test]
    fn the_working_directory_is_a_dot() {
        let place = Place::new(Utf8Path::new("."), Utf8Path::new("/w"));
        assert_eq!((place.folder(), place.relative_folder()), (".".into(), ".".into()));
    }
}
