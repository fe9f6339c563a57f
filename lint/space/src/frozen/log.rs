//! A build's log: the last `pip freeze` in it, or, as the builder prints none, what pip says that it
//! installed and found installed.
//!
//! A log may show other lists that look like one: a requirements file, what a tool's own environment holds. So
//! a list that nobody asked for counts only where it holds all that was installed before it; where nothing
//! was, and what follows does not settle it, the log is refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use spacelint_knowledge::packages::installers;

use super::{Frozen, Origin, Package, Untold, minor};
use crate::requirements::normalize;

/// What the log of a build says that was installed.
pub fn read(text: &str) -> Result<Frozen, Untold> {
    let text = strip_ansi(text);
    let lines = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).map(bare);
    let mut reader = Reader::default();
    let mut list = List::default();
    // Whether nothing but one list was read.
    let mut is_whole = true;
    for line in lines {
        match frozen(line.trim()) {
            Some(package) => {
                // No list names a package twice: the next one begins.
                if let Err(package) = list.add(package) {
                    reader.list(std::mem::take(&mut list), false);
                    is_whole = false;
                    let _ = list.add(package);
                }
            }
            None if line.starts_with('#')
                && (reader.after_command || !list.packages.is_empty()) => {}
            None => {
                reader.list(std::mem::take(&mut list), false);
                is_whole = is_whole && line.starts_with('#');
                reader.line(&line);
            }
        }
    }
    reader.list(list, is_whole);
    reader.finish()
}

/// Packages as `pip freeze` prints them, line by line.
#[derive(Default)]
struct List {
    packages: BTreeMap<String, Package>,
    /// The last one's name, as pip sorts by it and as uv does.
    last: [String; 2],
    /// By which of the two they do not stand in order.
    is_unsorted: [bool; 2],
}

impl List {
    /// Adds a package, or gives it back where there is one of its name.
    fn add(&mut self, package: Package) -> Result<(), Package> {
        let name = normalize(&package.name);
        if self.packages.contains_key(&name) {
            return Err(package);
        }
        let names = [package.name.to_lowercase(), name.clone()];
        for (way, last) in self.last.iter().enumerate() {
            self.is_unsorted[way] |= names[way] < *last;
        }
        self.last = names;
        self.packages.insert(name, package);
        Ok(())
    }

    /// Whether it looks like what `pip freeze` prints, which sorts; a requirements file hardly is.
    fn is_like_a_freeze(&self) -> bool {
        self.packages.len() >= FEWEST && self.is_unsorted != [true; 2]
    }
}

/// So many lines are taken for what `pip freeze` prints where nothing says so.
const FEWEST: usize = 3;

#[derive(Default)]
struct Reader {
    frozen: Frozen,
    /// Whether all that was installed is known: there was a freeze.
    is_complete: bool,
    /// What looks like a freeze before anything was said to be installed.
    early: Option<BTreeMap<String, Package>>,
    /// What all such lists name.
    early_names: BTreeSet<String>,
    /// Whether they differ.
    is_divided: bool,
    /// The command of the builder's step that is being read.
    step: String,
    /// Whether the line before runs `pip freeze`.
    after_command: bool,
    /// The first step that installs requirements and came from the builder's cache.
    cached: Option<String>,
    /// What pip or the builder says of a failure, where nothing was installed after it.
    failure: Option<String>,
    /// How often a Python is named, by version.
    pythons: BTreeMap<String, usize>,
}

impl Reader {
    /// Takes a list that has ended. `is_whole`: there is nothing else in the log.
    fn list(&mut self, list: List, is_whole: bool) {
        if list.packages.is_empty() {
            return;
        }
        let is_asked = std::mem::take(&mut self.after_command);
        if is_asked || is_whole || (list.is_like_a_freeze() && self.is_borne_out(&list.packages)) {
            self.frozen.packages = list.packages;
            self.is_complete = true;
            self.failure = None;
        } else if list.is_like_a_freeze() && self.frozen.packages.is_empty() {
            self.early_names.extend(list.packages.keys().cloned());
            self.is_divided |=
                self.early.as_ref().is_some_and(|early| !is_same(early, &list.packages));
            self.early.get_or_insert(list.packages);
        }
    }

    /// Whether something was installed, and `list` holds it all in the same version. Of what installs the
    /// others, pip prints nothing.
    fn is_borne_out(&self, list: &BTreeMap<String, Package>) -> bool {
        let known = &self.frozen.packages;
        let hidden = installers().iter().filter(|name| known.contains_key(**name)).count();
        let printed = known.len() - hidden;
        // The numbers first, so that no list is compared with much more than it holds.
        (1..=list.len()).contains(&printed)
            && known.iter().filter(|(name, _)| !installers().contains(&name.as_str())).all(
                |(name, package)| {
                    list.get(name).is_some_and(|listed| {
                        listed.version.is_none()
                            || package.version.is_none()
                            || listed.version == package.version
                    })
                },
            )
    }

    fn line(&mut self, line: &str) {
        let line = line.trim();
        self.after_command = is_freeze_command(line);
        self.python(line);
        if line.starts_with("===== Build Queued at") {
            // Another build begins.
            *self = Self::default();
        } else if let Some(step) = line.strip_prefix("--> ") {
            step.clone_into(&mut self.step);
        } else if line == "CACHED" {
            let installs = self.step.contains("pip install")
                && self.step.contains("-r ")
                && !self.step.contains("pre-requirements.txt");
            if installs && self.cached.is_none() {
                self.cached = Some(self.step.clone());
            }
        } else if let Some(installed) = line.strip_prefix("Successfully installed ") {
            self.failure = None;
            let packages = installed.split_whitespace().filter_map(|word| {
                let (name, version) = word.rsplit_once('-')?;
                Package::of_version(name, version)
            });
            for package in packages {
                self.frozen.add(package);
            }
        } else if let Some(removed) = line.strip_prefix("Successfully uninstalled ") {
            if let Some((name, _)) = removed.rsplit_once('-') {
                self.frozen.packages.remove(&normalize(name));
            }
        } else if let Some(rest) = line.strip_prefix("Requirement already satisfied: ") {
            if let Some(package) = satisfied(rest) {
                let known = self.frozen.packages.entry(normalize(&package.name));
                known.or_insert(package);
            }
        } else if let Some(rest) = line.strip_prefix("Resolved ")
            && let Some((address, commit)) = rest.split_once(" to commit ")
        {
            self.frozen.commits.insert(address.to_owned(), commit.trim().to_owned());
        } else if line.starts_with("ERROR: ")
            || line.starts_with("error: ")
            || line.contains("Job failed with exit code")
        {
            self.failure.get_or_insert_with(|| line.to_owned());
        }
    }

    /// Counts what the line says of the Python.
    fn python(&mut self, line: &str) {
        let mut count = |version: String, weight: usize| {
            *self.pythons.entry(version).or_default() += weight;
        };
        for (mark, weight) in [("/library/python:", 1000), ("/python", 1000), ("-cp", 1)] {
            for (at, _) in line.match_indices(mark) {
                let rest = &line[at + mark.len()..];
                if mark == "-cp" {
                    // `-cp312-cp312-`: that of an `abi3` wheel is the oldest that it runs on.
                    let tag: String = rest.chars().take_while(char::is_ascii_digit).collect();
                    if tag.len() >= 2 && rest[tag.len()..].starts_with(&format!("-cp{tag}-")) {
                        count(format!("{}.{}", &tag[..1], &tag[1..]), weight);
                    }
                } else if let Some(version) = minor(rest)
                    && (mark != "/python" || rest[version.len()..].starts_with("/site-packages"))
                {
                    count(version.to_owned(), weight);
                }
            }
        }
    }

    fn finish(mut self) -> Result<Frozen, Untold> {
        if let Some(failure) = self.failure.filter(|_| !self.is_complete) {
            return Err(format!("the build in it failed (`{failure}`)"));
        }
        if let Some(step) = self.cached.filter(|_| !self.is_complete) {
            return Err(format!(
                "it does not say what the builder's step `{step}` installed, which came from a cache; take \
                 the log of a factory rebuild, or what `pip freeze` prints in the running Space"
            ));
        }
        if let Some(early) = self.early.filter(|_| !self.is_complete) {
            let known = &self.frozen.packages;
            if known.is_empty() && !self.is_divided {
                self.frozen.packages = early;
            } else if !self.early_names.iter().all(|name| known.contains_key(name)) {
                return Err(
                    "there are several lists in it of what may have been installed, and nothing tells \
                     which is the Space's; take only what `pip freeze` prints in the running Space"
                        .to_owned(),
                );
            }
        }
        if self.frozen.packages.is_empty() {
            return Err(
                "there is neither what `pip freeze` prints in it nor `Successfully installed`"
                    .to_owned(),
            );
        }
        let python = self.pythons.into_iter().max_by_key(|(_, count)| *count);
        self.frozen.python = python.map(|(version, _)| version);
        Ok(self.frozen)
    }
}

/// `numpy<2 in /usr/…/site-packages (from …) (1.26.4)`
fn satisfied(text: &str) -> Option<Package> {
    let version = text.trim_end().strip_suffix(')')?.rsplit_once('(')?.1;
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))?;
    Package::of_version(&text[..end], version)
}

/// Whether two lists hold the same.
fn is_same(one: &BTreeMap<String, Package>, other: &BTreeMap<String, Package>) -> bool {
    let is_like = |one: &Package, other: &Package| {
        (&one.version, &one.origin) == (&other.version, &other.origin)
    };
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| one.0 == other.0 && is_like(one.1, other.1))
}

/// Whether the line runs `pip freeze` where the Space's own pip is found: behind a prompt, and nothing before
/// it that leads into another environment.
fn is_freeze_command(line: &str) -> bool {
    let is_sign = |word: &&str| ["$", "+", ">", "#", "%", "!", "-->", "RUN"].contains(word);
    let words: Vec<&str> = line.split_whitespace().skip_while(is_sign).collect();
    let is_named = |word: &str, name: &str| {
        let version = word.strip_prefix(name);
        version.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    };
    let rest = match &*words {
        [python, "-m", rest @ ..] if is_named(python, "python") => rest,
        ["uv", rest @ ..] | rest => rest,
    };
    matches!(rest, [pip, "freeze"] | [pip, "freeze", "--all"] if is_named(pip, "pip"))
}

/// A package as `pip freeze` prints it.
fn frozen(line: &str) -> Option<Package> {
    if let Some(address) = line.strip_prefix("-e ") {
        let (address, name) = address.split_once("#egg=")?;
        return Package::of_origin(name.split('&').next()?, origin(address));
    }
    if let Some((name, address)) = line.split_once(" @ ") {
        return Package::of_origin(name, origin(address));
    }
    let (name, version) = line.split_once("==")?;
    let version = version.strip_prefix('=').unwrap_or(version);
    Package::of_version(name, version)
}

fn origin(address: &str) -> Origin {
    if address.starts_with("file:") { Origin::Local } else { Origin::Address(address.to_owned()) }
}

/// `line` without what a logger, a builder or the Hub's API puts before it.
fn bare(line: &str) -> Cow<'_, str> {
    // The API sends each line as an event of JSON.
    if let Some(data) = line.strip_prefix("data: {").map(|_| &line["data: ".len()..])
        && let Some(text) = json_text(data)
    {
        return Cow::Owned(bare(text.trim_end()).into_owned());
    }
    let mut rest = line.trim_start();
    while let Some((word, after)) = rest.split_once([' ', '\t']) {
        if !is_prefix(word) {
            break;
        }
        rest = after.trim_start();
    }
    Cow::Borrowed(rest.trim_end())
}

/// Whether a word is a time or a number of a step: digits and signs, with `T` and `Z` of a timestamp.
fn is_prefix(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit() || byte == b'|')
        && word.bytes().all(|byte| byte.is_ascii_digit() || b"TZ:-+.,/[]()#|".contains(&byte))
}

/// The text under `data` of an object of JSON.
fn json_text(object: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(object).ok()?;
    object.get("data")?.as_str().map(str::to_owned)
}

/// `text` without escape sequences that style it.
fn strip_ansi(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = match after.strip_prefix('[') {
            Some(sequence) => {
                let rest = sequence.trim_start_matches(|c: char| (' '..='?').contains(&c));
                rest.strip_prefix(|c: char| ('@'..='~').contains(&c)).unwrap_or(rest)
            }
            None => after,
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}
