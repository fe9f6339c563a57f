//! From a log to what went wrong: `spacelint diagnose`.
//!
//! A log is read once, in pieces, whatever its size. Lines in which no known text stands are never looked at one by one;
//! tracebacks are. What is found is ranked when all is read: the first real cause before what came of it, and a failure
//! before the dress that it wears.
//!
//! It never guesses: what no signature tells is shown as it stands.

mod answer;
mod envelope;
mod scan;
#[cfg(test)]
mod tests;
mod told;
mod traceback;

use std::collections::BTreeMap;
use std::io::{self, Read};

use spacelint_knowledge::failures::{self, Failure, Kind};
use spacelint_space::Space;

use self::scan::{Hit, Scan};
pub use self::told::Subject;
pub use self::traceback::{Frame, Raised};
use crate::check::{Selection, check};
use crate::finding::{Applicability, Finding, Fix};
use crate::registry;

/// What a log tells.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// What went wrong, the first real cause first. The others are independent of it as far as the log tells.
    pub causes: Vec<Cause>,
    /// Where there is no cause: what only says that something went wrong.
    pub wrappers: Vec<Cause>,
    /// What looks like a failure and is none.
    pub noise: Vec<Cause>,
    /// Tracebacks of which nothing is known, in the order of the log; the first few of them.
    pub unknown: Vec<Unknown>,
    /// How many there are in all.
    pub unknown_count: u64,
    /// Versions of packages that the log names, by name.
    pub versions: BTreeMap<String, String>,
    /// Lines in all.
    pub lines: u64,
}

/// A failure as a log shows it.
#[derive(Debug)]
pub struct Cause {
    /// Which one.
    pub failure: &'static Failure,
    /// The line of the log, from 1.
    pub line: u64,
    /// That line, without what the log puts before it; a long one is cut.
    pub text: String,
    /// What the line says, by name.
    pub facts: BTreeMap<String, String>,
    /// What the exception is about, where it tells.
    pub subject: Option<Subject>,
    /// The innermost place in the Space's own code that led to it.
    pub frame: Option<Frame>,
    /// How often it is in the log.
    pub times: u64,
}

/// A traceback of which nothing is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was raised.
    pub raised: Raised,
    /// The innermost place in the Space's own code.
    pub frame: Option<Frame>,
}

/// What the repository shows of a cause.
#[derive(Debug, Default)]
pub struct Here {
    /// What the rules find that could cause it, the likeliest first.
    pub findings: Vec<Finding>,
    /// The rules that were asked.
    pub asked: Vec<&'static str>,
}

/// Reads a log to its end.
///
/// # Errors
///
/// What reading gives; what was read before is lost with it.
pub fn diagnose(log: impl Read) -> io::Result<Diagnosis> {
    let mut scan = Scan::new();
    envelope::read(log, &mut scan)?;
    Ok(Diagnosis::of(scan.finish()))
}

impl Diagnosis {
    fn of(read: scan::Read) -> Self {
        let scan::Read { mut hits, unknown, unknown_count, versions, lines } = read;
        hits.sort_by_key(|hit| (hit.line, std::cmp::Reverse(hit.weight)));
        let names: Vec<&str> = hits.iter().map(|hit| hit.failure.name).collect();
        let yields = |hit: &Hit| hit.failure.yields_to.iter().any(|other| names.contains(other));
        let mut diagnosis = Self { unknown, unknown_count, versions, lines, ..Self::default() };
        let mut explained: Vec<usize> = Vec::new();
        for hit in &hits {
            if yields(hit) {
                continue;
            }
            let list = match hit.failure.kind {
                Kind::Cause | Kind::Platform => {
                    // One cause to a chain of tracebacks: its root, which stands first; and one to a line.
                    let known = list_has(&mut diagnosis.causes, hit);
                    if known || hit.group.is_some_and(|group| explained.contains(&group)) {
                        continue;
                    }
                    explained.extend(hit.group);
                    &mut diagnosis.causes
                }
                Kind::Wrapper => &mut diagnosis.wrappers,
                Kind::Noise => &mut diagnosis.noise,
            };
            if !list_has(list, hit) {
                list.push(Cause::of(hit));
            }
        }
        if !diagnosis.causes.is_empty() {
            diagnosis.wrappers.clear();
        }
        diagnosis
    }

    /// Whether something failed, known or not.
    pub fn is_failure(&self) -> bool {
        !(self.causes.is_empty() && self.wrappers.is_empty() && self.unknown.is_empty())
    }
}

/// Whether what was hit is in the list, where it is then counted.
fn list_has(list: &mut [Cause], hit: &Hit) -> bool {
    let same = |cause: &&mut Cause| {
        cause.failure.name == hit.failure.name
            && (hit.subject.is_none() || cause.subject == hit.subject)
            || cause.line == hit.line
    };
    let Some(cause) = list.iter_mut().find(same) else { return false };
    if cause.line != hit.line {
        cause.times += hit.times;
    }
    true
}

impl Cause {
    fn of(hit: &Hit) -> Self {
        Self {
            failure: hit.failure,
            line: hit.line,
            text: hit.text.clone(),
            facts: hit.facts.clone(),
            subject: hit.subject.clone(),
            frame: hit.frame.clone(),
            times: hit.times,
        }
    }

    /// What can be said of it beyond its page, from the facts in its line and the tables: Markdown, a paragraph each.
    pub fn answer(&self) -> Vec<String> {
        answer::of(self)
    }

    /// Whether a name in the Space's settings is what is missing, and nothing in its repository.
    pub fn is_mended_in_settings(&self) -> bool {
        self.subject.is_none() && self.facts.contains_key("name")
    }

    /// The rules that may see in a Space what led to it, the likeliest first.
    pub fn rules(&self) -> Vec<&'static str> {
        let names = std::iter::once(self.failure.name).chain(self.failure.suspects.iter().copied());
        names.filter(|name| registry::find(name).is_some()).collect()
    }

    /// What `space` shows of it.
    pub fn within(&self, space: &Space) -> Here {
        let asked = self.rules();
        if asked.is_empty() {
            return Here::default();
        }
        let select = asked.iter().map(|&name| name.to_owned()).collect();
        // What the settings leave out may be the cause all the same.
        let selection = Selection { select, strict: true, ..Selection::default() };
        let mut findings = check(space, &selection).findings;
        findings.retain(|finding| asked.contains(&finding.rule.name) && self.may_be(finding));
        findings.sort_by_key(|finding| {
            let own = asked.iter().position(|name| *name == finding.rule.name);
            (!self.is_at(finding), own)
        });
        Here { findings, asked }
    }

    /// Whether the finding is about what the log is about.
    fn may_be(&self, finding: &Finding) -> bool {
        let says = |part: &str| finding.message.contains(part);
        if let (None, Some(name)) = (&self.subject, self.facts.get("name"))
            && finding.rule.name == self.failure.name
        {
            return says(name);
        }
        match &self.subject {
            Some(Subject::Name(name)) => says(name.name),
            Some(Subject::Argument(argument)) => says(argument.argument),
            Some(Subject::Pair(pair)) => says(pair.beside) || says(pair.package),
            Some(Subject::Module { import, .. }) => says(import),
            Some(Subject::Library { library, package, .. }) => says(library) || says(package),
            Some(Subject::Absent { name, .. }) => {
                finding.message.to_ascii_lowercase().contains(name)
            }
            Some(Subject::Conflict(_)) | None => true,
        }
    }

    /// Whether the finding stands where the traceback leads.
    fn is_at(&self, finding: &Finding) -> bool {
        let place = &finding.location;
        self.frame.as_ref().is_some_and(|frame| {
            let from = place.file.text.position(place.span.start).line;
            let to = place.file.text.position(place.span.end).line;
            place.file.path == *frame.path && (from..=to).contains(&frame.line)
        })
    }
}

impl Here {
    /// Whether a finding says all that there is to say of the cause: it is about the same, in the same words.
    pub fn tells(&self, cause: &Cause) -> bool {
        cause.subject.is_some()
            && self.findings.iter().any(|finding| finding.rule.name == cause.failure.name)
    }

    /// What to type for `folder` so that the likeliest finding with a fix is mended, and that fix.
    pub fn mended_by(&self, folder: &str) -> Option<(String, &Fix)> {
        let fixable = |finding: &'_ Finding| finding.fix.is_some();
        let finding = self.findings.iter().find(|finding| fixable(finding))?;
        let fix = finding.fix.as_ref()?;
        let flag = match fix.applicability {
            Applicability::Safe => "--fix",
            Applicability::Unsafe => "--unsafe-fixes",
        };
        let is_plain = |c: char| c.is_alphanumeric() || "._-/~:\\".contains(c);
        let folder = if folder.chars().all(is_plain) {
            folder.to_owned()
        } else {
            format!("'{}'", folder.replace('\'', r"'\''"))
        };
        Some((format!("spacelint check {folder} --select {} {flag}", finding.rule.name), fix))
    }
}

/// The failure of that name. The tables hold each one that this module names.
fn failure(name: &str) -> Option<&'static Failure> {
    failures::failure(name)
}
