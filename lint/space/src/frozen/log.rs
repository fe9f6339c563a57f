//! A build's log: the last `pip freeze` in it, or, as the builder prints none, what pip says that it
//! installed and found installed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Frozen, Origin, Package, Untold};
use crate::requirements::normalize;

/// What the log of a build says that was installed.
pub fn read(text: &str) -> Result<Frozen, Untold> {
    let text = strip_ansi(text);
    let lines: Vec<Cow<'_, str>> =
        text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).map(bare).collect();
    let mut reader = Reader::default();
    let mut at = 0;
    while at < lines.len() {
        if let Some((block, end)) = freeze(&lines, at, reader.after_command) {
            reader.frozen.packages.clear();
            for package in block {
                reader.frozen.add(package);
            }
            reader.is_complete = true;
            reader.failure = None;
            reader.after_command = false;
            at = end;
        } else {
            reader.line(&lines[at]);
            at += 1;
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    frozen: Frozen,
    /// Whether all that was installed is known: there was a freeze.
    is_complete: bool,
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
    fn line(&mut self, line: &str) {
        let line = line.trim();
        self.after_command = line.ends_with("pip freeze") || line.ends_with("uv pip freeze");
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
                    count(version, weight);
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

/// `3.12` at the start of `text`, whatever follows.
fn minor(text: &str) -> Option<String> {
    let (major, rest) = text.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(&minor)).then(|| format!("{major}.{minor}"))
}

/// `numpy<2 in /usr/…/site-packages (from …) (1.26.4)`
fn satisfied(text: &str) -> Option<Package> {
    let version = text.trim_end().strip_suffix(')')?.rsplit_once('(')?.1;
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))?;
    Package::of_version(&text[..end], version)
}

/// So many lines are taken for what `pip freeze` prints where nothing says so.
const FEWEST: usize = 3;

/// What `pip freeze` printed from the line `at` on, and where that ends. Its lines are sorted, which a
/// requirements file that somebody prints hardly is; a text that is nothing else needs no more.
fn freeze(lines: &[Cow<'_, str>], at: usize, is_asked: bool) -> Option<(Vec<Package>, usize)> {
    let mut packages = Vec::new();
    let mut end = at;
    while let Some(line) = lines.get(end) {
        if let Some(package) = frozen(line.trim()) {
            packages.push(package);
        } else if !line.starts_with('#') {
            break;
        }
        end += 1;
    }
    let is_whole = at == 0 && end == lines.len();
    let key = |package: &Package| normalize(&package.name);
    let is_sorted = packages.is_sorted_by_key(key);
    let is_freeze = is_whole || is_asked || (packages.len() >= FEWEST && is_sorted);
    (is_freeze && !packages.is_empty()).then_some((packages, end))
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
    let rest = object.split_once("\"data\"")?.1.trim_start().strip_prefix(':')?.trim_start();
    let mut chars = rest.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => match chars.next()? {
                'n' | 'r' => text.push('\n'),
                't' => text.push('\t'),
                'u' => {
                    let code: String = chars.by_ref().take(4).collect();
                    text.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?).unwrap_or(' '));
                }
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
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
                sequence.split_once(|c: char| ('@'..='~').contains(&c)).map_or("", |(_, rest)| rest)
            }
            None => after,
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}
