//! A baseline: the findings that a Space had when it began to be checked, so that only new ones fail. It
//! may shrink and never grows: what it does not know is for mending or for an ignore comment.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use spacelint_rules::check::Selection;
use spacelint_rules::finding::Finding;
use spacelint_rules::fingerprint::Fingerprint;
use spacelint_rules::registry;

use crate::formats::json;
use crate::input;
use crate::output;
use crate::paths::{self, Place};

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Known {
    /// From the baseline's folder.
    path: String,
    rule: String,
    fingerprint: String,
}

/// A baseline file as it was read.
pub(crate) struct Baseline {
    path: PathBuf,
    /// Its folder, absolute.
    folder: Utf8PathBuf,
    working: Utf8PathBuf,
    known: BTreeSet<Known>,
    /// Whether there is no file yet.
    is_new: bool,
}

#[derive(Deserialize)]
struct Document {
    schema: u32,
    findings: Vec<Known>,
}

impl Baseline {
    /// Reads the file at `path`. If it is not there and `may_begin`, the baseline begins with this run.
    pub(crate) fn read(path: &Path, working: &Utf8Path, may_begin: bool) -> Result<Self, String> {
        let shown = path.display();
        let absolute = Utf8PathBuf::from_path_buf(working.as_std_path().join(path))
            .map_err(|_| format!("cannot use `{shown}` as a baseline: its path is not Unicode"))?;
        let folder = absolute.parent().unwrap_or(working).to_owned();
        let text = input::file(path)
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
        let (known, is_new) = match text {
            Ok(text) => (read(&text, path)?, false),
            Err(error) if error.kind() == ErrorKind::NotFound && may_begin => {
                (BTreeSet::new(), true)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(format!(
                    "there is no baseline at `{shown}`; `--update-baseline` begins one with what is \
                     found now"
                ));
            }
            Err(error) => return Err(format!("cannot read the baseline `{shown}`: {error}")),
        };
        Ok(Self { path: path.to_owned(), folder, working: working.to_owned(), known, is_new })
    }

    /// The name of a finding here.
    pub(crate) fn name(
        &self,
        finding: &Finding,
        fingerprint: &Fingerprint,
        place: &Place,
    ) -> Known {
        let path = self.working.join(place.relative(&finding.location.file.path));
        Known {
            path: paths::relative(&path, &self.folder).into_string(),
            rule: finding.rule.name.to_owned(),
            fingerprint: fingerprint.as_str().to_owned(),
        }
    }

    /// Whether the finding is left out.
    pub(crate) fn knows(&self, known: &Known) -> bool {
        self.is_new || self.known.contains(known)
    }

    /// What is known and not among `found`, although its Space (one of `roots`) was checked for it.
    pub(crate) fn stale(
        &self,
        found: &BTreeSet<Known>,
        roots: &[Utf8PathBuf],
        selection: &Selection,
    ) -> usize {
        self.known.len() - self.kept(found, roots, selection).len()
    }

    /// Writes what is still found. Returns how many there were before and are now.
    pub(crate) fn update(
        &self,
        found: &BTreeSet<Known>,
        roots: &[Utf8PathBuf],
        selection: &Selection,
    ) -> Result<(usize, usize), String> {
        let kept =
            if self.is_new { found.iter().collect() } else { self.kept(found, roots, selection) };
        let mut text = format!("{{\"schema\": {},\n \"findings\": [", json::SCHEMA);
        for (index, known) in kept.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{}", json::separator(index == 0), json::to_string(known));
        }
        text.push_str("\n ]}\n");
        self.write(&text).map_err(|error| {
            format!("cannot write the baseline `{}`: {error}", self.path.display())
        })?;
        Ok((self.known.len(), kept.len()))
    }

    fn kept(
        &self,
        found: &BTreeSet<Known>,
        roots: &[Utf8PathBuf],
        selection: &Selection,
    ) -> Vec<&Known> {
        let roots: Vec<Utf8PathBuf> = roots
            .iter()
            .map(|root| paths::relative(&self.working.join(root), &self.folder))
            .collect();
        let is_judged = |known: &Known| {
            let runs = registry::find(&known.rule).is_none_or(|entry| selection.includes(entry));
            runs && roots.iter().any(|root| Utf8Path::new(&known.path).starts_with(root))
        };
        self.known.iter().filter(|known| found.contains(known) || !is_judged(known)).collect()
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut file = output::beside(&self.path)?;
        file.write_all(text.as_bytes())?;
        output::put(file, &self.path)
    }
}

fn read(text: &str, path: &Path) -> Result<BTreeSet<Known>, String> {
    let shown = path.display();
    let document: Document = serde_json::from_str(text)
        .map_err(|error| format!("`{shown}` is no baseline of spacelint: {error}"))?;
    if document.schema != json::SCHEMA {
        return Err(format!(
            "the baseline `{shown}` is of schema {}, and this spacelint reads {}: use the one that \
             wrote it",
            document.schema,
            json::SCHEMA
        ));
    }
    Ok(document.findings.into_iter().collect())
}
