//! What the paths of the command line mean, and what to say of those that mean nothing.

use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use spacelint_space::{DiscoverError, Discovery, discover};

/// The Spaces to look at.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// Their folders, sorted.
    pub(crate) roots: Vec<Utf8PathBuf>,
    /// What to say of the paths that lead to none.
    pub(crate) errors: Vec<String>,
}

/// Finds the Spaces that `paths` lead to.
pub(crate) fn find(paths: &[PathBuf]) -> Targets {
    let mut errors = Vec::new();
    let mut named = Vec::new();
    for path in paths {
        match unicode(path) {
            Ok(path) if path.as_str().is_empty() => {
                errors.push("a path is empty; write `.` for the working directory".to_owned());
            }
            Ok(path) => named.push(path),
            Err(error) => errors.push(error),
        }
    }
    let Discovery { spaces, errors: unfound } = discover(&named);
    errors.extend(unfound.iter().map(describe));
    if spaces.is_empty() && errors.is_empty() {
        // However it came about: a run that checked nothing must not look clean.
        errors.push(
            "nothing to check; name a Space, a file of one, or a folder of Spaces".to_owned(),
        );
    }
    Targets { roots: spaces, errors }
}

/// The one Space that `path` leads to.
pub(crate) fn one(path: &Path) -> Result<Utf8PathBuf, String> {
    let targets = find(&[path.to_owned()]);
    if let Some(error) = targets.errors.into_iter().next() {
        return Err(error);
    }
    match <[_; 1]>::try_from(targets.roots) {
        Ok([root]) => Ok(root),
        Err(roots) => Err(format!(
            "there are {} Spaces at `{}`; name the one that is meant",
            roots.len(),
            path.display()
        )),
    }
}

/// Up to so many Spaces are read one after the other: starting threads costs more.
const A_HANDFUL: usize = 8;
/// So many are read at once before the first of them is printed.
const BATCH: usize = 64;

/// Reads each Space with `read` and hands what came of it to `show`, in order. Only a batch is held at
/// a time, so memory does not grow with the number of Spaces.
pub(crate) fn each<T: Send>(
    roots: &[Utf8PathBuf],
    read: impl Fn(&Utf8Path) -> T + Sync,
    mut show: impl FnMut(T),
) {
    if roots.len() <= A_HANDFUL {
        roots.iter().map(|root| read(root)).for_each(show);
        return;
    }
    for batch in roots.chunks(BATCH) {
        let came: Vec<T> = batch.par_iter().map(|root| read(root)).collect();
        came.into_iter().for_each(&mut show);
    }
}

/// Where the user stands.
pub(crate) fn working_directory() -> Result<Utf8PathBuf, String> {
    let path = std::env::current_dir().map_err(|error| {
        format!("cannot tell the working directory: {error}; change to one that exists")
    })?;
    unicode(&path)
}

/// `path`, which must be Unicode to be named in a report.
pub(crate) fn unicode(path: &Path) -> Result<Utf8PathBuf, String> {
    Utf8PathBuf::from_path_buf(path.to_owned()).map_err(|path| not_unicode(&path))
}

fn not_unicode(path: &Path) -> String {
    format!(
        "cannot name `{}` in a report: it is not Unicode; rename it, or start in a folder below it",
        path.display()
    )
}

/// What to say of a path that leads to no Space.
pub(crate) fn describe(error: &DiscoverError) -> String {
    match error {
        DiscoverError::Missing { path } => {
            format!("`{path}` does not exist; name a Space, a file of one, or a folder of Spaces")
        }
        DiscoverError::NoSpace { path, looked_for } => {
            let looked_for = looked_for.join(", and for ");
            format!("no Space at `{path}`; looked for {looked_for}")
        }
        DiscoverError::Unreadable { path, message } => {
            format!("cannot read `{path}`: {message}; what else was named is checked")
        }
    }
}
