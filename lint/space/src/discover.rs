//! From the paths of a command line to Spaces.

use camino::Utf8PathBuf;

/// The names under which an app is looked for where no card names it, the platform's default first.
pub(crate) const APP_FILES: &[&str] = &["app.py", "gradio_app.py", "demo.py", "main.py"];

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

/// Finds the Spaces that `paths` lead to.
pub fn discover(paths: &[Utf8PathBuf]) -> Discovery {
    let _ = paths;
    Discovery::default()
}
