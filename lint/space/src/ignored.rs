//! What git leaves out, by the files in which people tell it so. They are the repository's like any other: read
//! through [`Files`], never followed out of it, and heard only up to a size, so that none of them can keep or fill
//! up whoever looks at them.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use spacelint_python::BOM;

use crate::files::Files;

/// The longest file of such rules that is heard, in bytes: each of its lines becomes an automaton.
pub(crate) const MAX_RULES_BYTES: usize = 1 << 16;

/// The text of the rules at `path`; none where there are none that are heard.
pub(crate) fn text(files: &Files, path: &Utf8Path) -> Option<String> {
    let file = files.read(path).ok()??;
    let text = file.text.as_str();
    (text.len() <= MAX_RULES_BYTES).then(|| text.trim_start_matches(BOM).to_owned())
}

/// What matches `rules`, for paths from the folder in which they stand.
pub(crate) fn matcher<'a>(rules: impl IntoIterator<Item = &'a str>) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    for line in rules {
        // A line that git cannot read it passes over, too.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|matcher| !matcher.is_empty())
}

/// The files in a folder whose rules count there and below, the weightiest first.
const NAMES: [&str; 3] = [".ignore", ".gitignore", ".git/info/exclude"];

/// What is left out in a folder that is walked, with the rules of the folders above.
pub(crate) struct Ignored {
    above: Option<Arc<Ignored>>,
    /// This folder from where the walk began; for a folder above that, the way down to there.
    folder: Way,
    rules: [Option<Gitignore>; NAMES.len()],
}

enum Way {
    To(Utf8PathBuf),
    Down(Utf8PathBuf),
}

impl Ignored {
    /// What the folders above `root`, within its repository, say of what is in it, and what the user tells git of
    /// every repository.
    pub(crate) fn above(root: &Utf8Path) -> Option<Arc<Self>> {
        let everywhere = GitignoreBuilder::new("").build_global().0;
        let everywhere = (!everywhere.is_empty()).then(|| {
            let folder = Way::To(Utf8PathBuf::new());
            Arc::new(Self { above: None, folder, rules: [None, None, Some(everywhere)] })
        });
        let Ok(real) = root.canonicalize_utf8() else { return everywhere };
        let repository = real.ancestors().position(|folder| folder.join(".git").exists());
        let folders: Vec<_> = real.ancestors().take(repository.map_or(0, |at| at + 1)).collect();
        folders.into_iter().skip(1).rev().fold(everywhere, |above, folder| {
            let way = real.strip_prefix(folder).unwrap_or(Utf8Path::new("")).to_owned();
            Self::with(above, Way::Down(way), &Files::disk(folder), Utf8Path::new(""))
        })
    }

    /// The same in the folder at `path` of `files`.
    pub(crate) fn within(
        above: Option<&Arc<Self>>,
        files: &Files,
        path: &Utf8Path,
    ) -> Option<Arc<Self>> {
        Self::with(above.cloned(), Way::To(path.to_owned()), files, path)
    }

    fn with(
        above: Option<Arc<Self>>,
        folder: Way,
        files: &Files,
        path: &Utf8Path,
    ) -> Option<Arc<Self>> {
        let rules = NAMES.map(|name| matcher(text(files, &path.join(name))?.lines()));
        if rules.iter().all(Option::is_none) {
            return above;
        }
        Some(Arc::new(Self { above, folder, rules }))
    }

    /// Whether what stands at `path`, from where the walk began, is left out.
    pub(crate) fn has(&self, path: &Utf8Path, is_folder: bool) -> bool {
        let verdict = (0..NAMES.len()).find_map(|kind| {
            let mut next = Some(self);
            while let Some(level) = next {
                let matched = level.matched(kind, path, is_folder);
                if !matched.is_none() {
                    return Some(matched.is_ignore());
                }
                next = level.above.as_deref();
            }
            None
        });
        verdict.unwrap_or(false)
    }

    fn matched(&self, kind: usize, path: &Utf8Path, is_folder: bool) -> Match<()> {
        let Some(rules) = &self.rules[kind] else { return Match::None };
        let path = match &self.folder {
            Way::To(folder) => path.strip_prefix(folder).unwrap_or(path).to_owned(),
            Way::Down(way) => way.join(path),
        };
        rules.matched(path.as_std_path(), is_folder).map(|_| ())
    }
}
