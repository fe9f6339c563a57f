//! Pins: from what an installation held to requirements and a card with which a duplicate, built later, gets
//! the same.
//!
//! What the builder's own command names is left to it, so that no pin can contradict what it names then.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8PathBuf;
use spacelint_knowledge::packages;
use spacelint_knowledge::platform::{self, Spaces};
use spacelint_space::frozen::{Frozen, Origin, minor};
use spacelint_space::requirements::{Environment, normalize};
use spacelint_space::{Allowed, Files, Problem, ReadError, SourceFile, Space};

use crate::check::{Selection, check};
use crate::finding::{Edit, Finding, Fix, Location, Severity};
use crate::fix::{FixedFile, made};

mod card;
mod requirements;
#[cfg(test)]
mod tests;

/// What came of pinning.
#[derive(Debug)]
pub struct Locked {
    /// The files that change.
    pub files: Vec<FixedFile>,
    /// How many requirements got another version.
    pub pinned: usize,
    /// How many packages are named that no requirement asks for.
    pub added: usize,
    /// What the card then says: keys and values that change.
    pub card: Vec<(&'static str, String)>,
    /// What is asked for and not pinned.
    pub left: Vec<Left>,
    /// What the requirements bring that came from a folder or file of the machine, which nobody else has.
    pub local: Vec<String>,
}

/// A requirement that is asked for and not pinned.
#[derive(Clone, Debug)]
pub struct Left {
    /// Where it stands.
    pub location: Location,
    /// Why, as a clause.
    pub why: &'static str,
}

/// Why nothing is pinned.
#[derive(Debug)]
pub enum Refusal {
    /// What was installed is not what the text asks for.
    Stale {
        /// What asks for something else.
        location: Location,
        /// What was installed, as `numpy 2.1.0`.
        installed: String,
    },
    /// ZeroGPU has not the Python that was installed for.
    Python {
        /// That Python.
        installed: String,
        /// Those that it has.
        supported: Vec<String>,
    },
    /// A file that decides what is installed cannot be read.
    Unread(ReadError),
    /// The card or the requirements are too broken to be edited.
    Broken(Utf8PathBuf),
    /// With these pins the Space would not build.
    Unbuildable(Vec<Finding>),
}

/// Pins, for the Space in `files`, what `frozen` holds: all of it, or only what the requirements name. What is
/// on disk stays as it is until [`write`](crate::fix::write).
pub fn lock(files: Files, frozen: &Frozen, only_named: bool) -> Result<Locked, Refusal> {
    let space = Space::read(&files);
    // The program's own modules decide nothing here.
    let unread = space.problems.iter().find_map(|problem| match problem {
        Problem::Unreadable(error) if error.path.extension() != Some("py") => Some(error),
        _ => None,
    });
    if let Some(error) = unread {
        return Err(Refusal::Unread(error.clone()));
    }
    let job = Job::new(&space, frozen)?;
    let mut edits = Edits::default();
    card::pin(&job, &mut edits)?;
    requirements::pin(&job, only_named, &mut edits)?;
    let Edits { all, new, pinned, added, card, left, local } = edits;
    let mut changed = Vec::new();
    if let Some(first) = all.first() {
        let path = first.location.file.path.clone();
        let fix = Fix::needs_review("pin what was installed", all);
        changed = made(&fix).ok_or(Refusal::Broken(path))?;
    }
    changed.extend(new);
    let after = changed.iter().fold(files, |files, file| {
        files.with_buffer(file.before.path.clone(), file.before.encode(&file.after))
    });
    let broken = broken(&space, &Space::read(&after), &changed);
    if !broken.is_empty() {
        return Err(Refusal::Unbuildable(broken));
    }
    Ok(Locked { files: changed, pinned, added, card, left, local })
}

/// The errors in the files that change that were not there before.
fn broken(before: &Space, after: &Space, changed: &[FixedFile]) -> Vec<Finding> {
    let errors = |space: &Space| -> Vec<Finding> {
        let findings = check(space, &Selection::default()).findings.into_iter();
        let is_changed = |finding: &Finding| {
            changed.iter().any(|file| file.before.path == finding.location.file.path)
        };
        findings.filter(|it| it.rule.severity == Severity::Error && is_changed(it)).collect()
    };
    let key = |finding: &Finding| (finding.rule.name, finding.location.file.path.clone());
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for finding in errors(before) {
        *known.entry(key(&finding)).or_default() += 1;
    }
    let mut new = errors(after);
    new.retain(|finding| {
        let left = known.entry(key(finding)).or_default();
        let is_known = *left > 0;
        *left = left.saturating_sub(1);
        !is_known
    });
    new
}

/// What is to be pinned, and what is known of where.
struct Job<'a> {
    space: &'a Space,
    frozen: &'a Frozen,
    environment: Environment,
    /// What the builder's command names and decides: packages, with the extras that it asks for.
    builder: Vec<(&'static str, Vec<&'static str>)>,
}

impl<'a> Job<'a> {
    fn new(space: &'a Space, frozen: &'a Frozen) -> Result<Self, Refusal> {
        let python = frozen.python.as_deref().and_then(|version| version.parse().ok());
        let python = python.or_else(|| space.pins().environment().python.clone());
        let job =
            Self { space, frozen, environment: Environment { python }, builder: builder(space) };
        if let Some(installed) = &frozen.python
            && space.is_zerogpu()
        {
            let supported: Vec<String> = platform::supported()
                .python
                .iter()
                .filter_map(|version| minor(version))
                .map(str::to_owned)
                .collect();
            if !supported.contains(installed) {
                return Err(Refusal::Python { installed: installed.clone(), supported });
            }
        }
        Ok(job)
    }

    /// Whether the builder's command decides the version of this package.
    fn is_built(&self, name: &str) -> bool {
        self.builder.iter().any(|(built, _)| *built == name)
    }

    /// Whether what is asked for under this name is no pin's business: what installs, what the builder
    /// decides, and what another package brings.
    fn is_left_out(&self, name: &str) -> bool {
        let brings = |it: &packages::Brought| {
            self.frozen.packages.contains_key(it.package) && it.names.binary_search(&name).is_ok()
        };
        packages::is_installer(name)
            || self.is_built(name)
            || packages::brought().iter().any(brings)
    }

    /// What of the installation the Space brings about: where it is told what each package asks for, what
    /// `named` and the builder lead to; else all of it.
    fn wanted(&self, named: &[(String, Vec<String>)]) -> BTreeSet<&'a str> {
        let all = self.frozen.packages.keys().map(String::as_str);
        if !self.frozen.has_requires {
            return all.collect();
        }
        let built = self.builder.iter().map(|(name, extras)| {
            ((*name).to_owned(), extras.iter().map(|extra| (*extra).to_owned()).collect())
        });
        let mut open: Vec<(String, Vec<String>)> = named.iter().cloned().chain(built).collect();
        let mut seen: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
        let mut wanted = BTreeSet::new();
        while let Some((name, extras)) = open.pop() {
            let Some((name, package)) = self.frozen.packages.get_key_value(&name) else { continue };
            if !seen.insert((name.clone(), extras.clone())) {
                continue;
            }
            wanted.insert(name.as_str());
            for required in &package.requires {
                let is_asked = required.marker.as_ref().is_none_or(|marker| {
                    let extras = extras.iter().map(|extra| normalize(extra));
                    let of_extra = |extra: String| quoted(&marker.text).any(|it| it == extra);
                    marker.holds(&self.environment) != Allowed::Never
                        || extras.into_iter().any(of_extra)
                });
                if is_asked {
                    open.push((required.name.clone(), required.extras.clone()));
                }
            }
        }
        wanted
    }
}

/// What stands in quotes in a marker, as names are compared (PEP 685).
fn quoted(marker: &str) -> impl Iterator<Item = String> {
    marker.split(['\'', '"']).skip(1).step_by(2).map(normalize)
}

/// What the builder's command names for `space`. A mere upper limit decides nothing: a pin may lie below it.
fn builder(space: &Space) -> Vec<(&'static str, Vec<&'static str>)> {
    let sdk = space.card.as_ref().and_then(|card| card.str("sdk"));
    if sdk.is_some_and(|sdk| sdk != platform::supported().sdk) {
        return Vec::new();
    }
    let other = if space.is_zerogpu() { Spaces::Other } else { Spaces::ZeroGpu };
    let lines = platform::builder().iter().filter(|line| line.on != other);
    lines
        .filter_map(|line| {
            let rest = line.requirement.strip_prefix(line.package)?;
            let (extras, versions) = match rest.strip_prefix('[') {
                Some(rest) => rest.split_once(']')?,
                None => ("", rest),
            };
            let extras = extras.split(',').filter(|extra| !extra.is_empty()).collect();
            (!versions.starts_with('<')).then_some((line.package, extras))
        })
        .collect()
}

/// What is to change, and what is said of it.
#[derive(Default)]
struct Edits {
    all: Vec<Edit>,
    new: Vec<FixedFile>,
    pinned: usize,
    added: usize,
    card: Vec<(&'static str, String)>,
    left: Vec<Left>,
    local: Vec<String>,
}

impl Edits {
    /// Adds an edit. One that goes on where another ends is made one with it.
    fn add(&mut self, edit: Edit) {
        let (file, at) = (&edit.location.file.path, edit.location.span.start);
        let before = self
            .all
            .iter_mut()
            .find(|other| other.location.file.path == *file && other.location.span.end == at);
        match before {
            Some(before) => {
                before.location.span.end = edit.location.span.end;
                before.content.push_str(&edit.content);
            }
            None => self.all.push(edit),
        }
    }

    fn create(&mut self, path: &str, text: String) {
        let before = Arc::new(SourceFile::new(path, Vec::new()));
        self.new.push(FixedFile { before, after: text, is_new: true });
    }
}

/// The address without what opens it to whoever knows it: a password, a token in the place of a name. The
/// name alone stays where it is none, as in `ssh://git@…`.
fn without_secret(address: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = address.split_once("://") else { return address.into() };
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let Some((user, _)) = host.rsplit_once('@') else { return address.into() };
    let behind = &rest[user.len() + 1..];
    match user.split_once(':') {
        _ if scheme.ends_with("http") || scheme.ends_with("https") => {
            format!("{scheme}://{behind}").into()
        }
        Some((name, _)) => format!("{scheme}://{name}@{behind}").into(),
        None => address.into(),
    }
}

/// The address without what may change in it: scheme of the repository, revision, fragment, `.git`.
fn repository(address: &str) -> &str {
    let address = address.strip_prefix("git+").unwrap_or(address);
    let address = address.split('#').next().unwrap_or_default();
    let address = revision(address).map_or(address, |(repository, _)| repository);
    address.trim_end_matches('/').trim_end_matches(".git")
}

/// An address and the revision behind its last `@`, which is no part of a host.
fn revision(address: &str) -> Option<(&str, &str)> {
    let path = address.find("://")? + 3;
    let path = path + address[path..].find('/')?;
    let at = path + address[path..].rfind('@')?;
    Some((&address[..at], &address[at + 1..]))
}

/// The commit that the repository of this requirement stood at.
fn commit<'a>(frozen: &'a Frozen, name: Option<&str>, address: &str) -> Option<&'a str> {
    let of_package = name.and_then(|name| frozen.packages.get(&normalize(name)));
    let of_package = of_package.and_then(|package| match package.origin.as_ref()? {
        Origin::Address(address) => {
            revision(address.split('#').next()?).map(|(_, revision)| revision)
        }
        Origin::Local => None,
    });
    let resolved = || {
        let mut commits = frozen.commits.iter();
        commits
            .find(|(at, _)| {
                // pip shows stars for a password.
                let (at, address) = (without_secret(at), without_secret(address));
                repository(&at) == repository(&address)
            })
            .map(|(_, commit)| commit.as_str())
    };
    of_package.or_else(resolved).filter(|commit| is_commit(commit, FULL_COMMIT))
}

/// The digits of a commit written out.
const FULL_COMMIT: usize = 40;

/// Whether `text` is the name of a commit with so many digits at least.
fn is_commit(text: &str, least: usize) -> bool {
    text.len() >= least && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
