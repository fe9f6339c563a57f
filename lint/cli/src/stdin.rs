//! A text on standard input that stands for a file of a Space, as an editor or a hook hands it over.

use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_rules::check::Report;
use spacelint_space::{Files, around};

use crate::args::Check;
use crate::input;
use crate::paths::tidy;
use crate::targets;

/// The text, and where it belongs.
#[derive(Debug)]
pub(crate) struct Stdin {
    /// The folder of the Space.
    pub(crate) root: Utf8PathBuf,
    /// The file that it stands for, from there.
    pub(crate) path: Utf8PathBuf,
    /// The text as it came.
    pub(crate) bytes: Vec<u8>,
}

impl Stdin {
    /// Reads standard input, if the command line says so.
    pub(crate) fn read(args: &Check, working: &Utf8Path) -> Result<Option<Self>, String> {
        let is_named = args.paths.iter().any(|path| path.as_path() == Path::new("-"));
        let path = match (&args.stdin_filename, is_named) {
            (None, false) => return Ok(None),
            (None, true) => {
                let why = "`-` is standard input; say with `--stdin-filename PATH` which file of a \
                           Space it stands for";
                return Err(why.to_owned());
            }
            (Some(_), false) => {
                return Err(
                    "`--stdin-filename` says what `-` stands for; name `-` as the path".to_owned()
                );
            }
            (Some(_), true) if args.paths.len() > 1 => {
                return Err("`-` stands for one file; name no other path beside it".to_owned());
            }
            (Some(path), true) => targets::unicode(path)?,
        };
        let full = tidy(&working.join(&path));
        if full.is_dir() {
            return Err(format!("`{path}` is a folder; name the file that `-` stands for"));
        }
        let bytes =
            input::stdin().map_err(|error| format!("cannot read standard input: {error}"))?;
        let files = |folder: Utf8PathBuf| match full.strip_prefix(&folder) {
            Ok(own) => Files::disk(&folder).with_buffer(own.to_owned(), bytes.clone()),
            Err(_) => Files::disk(&folder),
        };
        let root = around(&full, files).map_err(|error| targets::describe(&error))?;
        let own = full.strip_prefix(&root).map(Utf8Path::to_owned).unwrap_or(full.clone());
        Ok(Some(Self { root, path: own, bytes }))
    }

    /// The Space's files, with the text in the place of its file.
    pub(crate) fn files(&self) -> Files {
        Files::disk(&self.root).with_buffer(self.path.clone(), self.bytes.clone())
    }

    /// Leaves in `report` what is found in the file.
    pub(crate) fn keep_own(&self, report: &mut Report) {
        report.findings.retain(|finding| finding.location.file.path == self.path);
        report.suppressed.retain(|suppressed| suppressed.finding.location.file.path == self.path);
    }
}
