//! One pass over a log: known texts are found by one automaton, and only the lines that hold one are read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, Input};
use memchr::{memchr, memchr_iter, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use spacelint_knowledge::drift;
use spacelint_knowledge::failures::{self, Failure, Signature};

use super::envelope::{self, ENVELOPE};
use super::told::{self, Subject, TELLING};
use super::traceback::{Frame, Group, HEADER, Raised, Traceback};
use super::{Unknown, failure};

/// How many bytes of a line are read.
const MAX_LINE: usize = 16 * 1024;
/// How many characters of a line are kept.
const MAX_SHOWN: usize = 500;
/// How many bytes before a line are searched for what stands beside a signature.
const NEARBY: usize = 4 * 1024;
/// How many tracebacks of which nothing is known are kept.
const MAX_UNKNOWN: usize = 8;
/// How many subjects of one failure are kept: whoever mends so many reads the log anew.
const MAX_SUBJECTS: usize = 16;
/// How many lines of a chain of tracebacks are looked at, of its code and of what it raises.
const MAX_INSIDE: usize = 64;
/// How many packages' versions are kept.
const MAX_VERSIONS: usize = 2048;
/// How many bytes a package's name with its version may have.
const MAX_VERSION: usize = 100;

/// A place where something known stands.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) failure: &'static Failure,
    pub(super) line: u64,
    pub(super) text: String,
    pub(super) facts: BTreeMap<String, String>,
    pub(super) subject: Option<Subject>,
    pub(super) frame: Option<Frame>,
    /// The chain of tracebacks in which it stands.
    pub(super) group: Option<usize>,
    /// The last one in which it stands.
    last_group: Option<usize>,
    /// How much of the line the signature says: more is surer.
    pub(super) weight: usize,
    pub(super) times: u64,
}

/// What was read.
pub(super) struct Read {
    pub(super) hits: Vec<Hit>,
    pub(super) unknown: Vec<Unknown>,
    pub(super) unknown_count: u64,
    pub(super) versions: BTreeMap<String, String>,
    pub(super) lines: u64,
}

/// What a known text is.
#[derive(Clone, Copy)]
enum Meaning {
    Signature(&'static Failure, &'static Signature),
    /// Python's own words, or a pair's error.
    Telling,
    Header,
    Envelope,
    Installed,
}

/// The known texts.
struct Known {
    texts: AhoCorasick,
    /// What each of them means, in the automaton's order.
    meanings: Vec<Vec<Meaning>>,
}

pub(super) struct Scan {
    known: &'static Known,
    regexes: HashMap<&'static str, Option<Regex>>,
    group: Option<(Group, Inside)>,
    groups: usize,
    /// Its `lines` are the line feeds so far.
    read: Read,
    /// The last bytes of what was taken before.
    tail: Vec<u8>,
    /// Whether the last line has not ended.
    is_open: bool,
    /// Bytes that were searched or compared, each time that they were: what a test holds against the log's size.
    #[cfg(test)]
    pub(super) work: usize,
}

/// The lines of a chain of tracebacks in which something known stands, with their numbers.
#[derive(Default)]
struct Inside {
    code: Vec<(u64, String)>,
    /// What is raised, which tells more than the code that raises it.
    raised: Vec<(u64, String)>,
}

impl Inside {
    fn push(&mut self, number: u64, line: &str) {
        let lines = if line.starts_with([' ', '\t']) { &mut self.code } else { &mut self.raised };
        // A recursion repeats its lines.
        if lines.len() < MAX_INSIDE && lines.iter().all(|(_, known)| known != line) {
            lines.push((number, line.to_owned()));
        }
    }
}

/// The text of pip's line that names what it installed.
const INSTALLED: &str = "Successfully installed ";

impl Known {
    /// All of them, made when the first log is read.
    fn get() -> &'static Self {
        static KNOWN: OnceLock<Known> = OnceLock::new();
        KNOWN.get_or_init(Self::new)
    }

    fn new() -> Self {
        let mut known: BTreeMap<&'static str, Vec<Meaning>> = BTreeMap::new();
        for failure in failures::failures() {
            for signature in failure.signatures {
                known
                    .entry(signature.text)
                    .or_default()
                    .push(Meaning::Signature(failure, signature));
            }
        }
        for pair in drift::pairs() {
            let longest = pair.error.split('…').max_by_key(|part| part.len()).unwrap_or(pair.error);
            known.entry(longest).or_default().push(Meaning::Telling);
        }
        for text in TELLING {
            known.entry(text).or_default().push(Meaning::Telling);
        }
        known.entry(HEADER).or_default().push(Meaning::Header);
        known.entry(ENVELOPE).or_default().push(Meaning::Envelope);
        known.entry(INSTALLED).or_default().push(Meaning::Installed);
        let texts = AhoCorasick::builder()
            .build(known.keys())
            .expect("the tables' texts are few and short");
        Self { texts, meanings: known.into_values().collect() }
    }
}

impl Scan {
    pub(super) fn new() -> Self {
        let read = Read {
            hits: Vec::new(),
            unknown: Vec::new(),
            unknown_count: 0,
            versions: BTreeMap::new(),
            lines: 0,
        };
        Self {
            known: Known::get(),
            regexes: HashMap::new(),
            group: None,
            groups: 0,
            read,
            tail: Vec::new(),
            is_open: false,
            #[cfg(test)]
            work: 0,
        }
    }

    /// Takes whole lines.
    pub(super) fn take(&mut self, lines: &[u8]) {
        let mut at = 0;
        while at < lines.len() {
            let start = if self.group.is_some() {
                at
            } else {
                let Some(found) = self.known.texts.find(Input::new(lines).span(at..lines.len()))
                else {
                    break;
                };
                memrchr(b'\n', &lines[at..found.start()]).map_or(at, |newline| at + newline + 1)
            };
            let end = memchr(b'\n', &lines[start..]).map_or(lines.len(), |newline| start + newline);
            self.read.lines += count(&lines[at..start]);
            let mut before = Cow::from(&lines[start.saturating_sub(NEARBY)..start]);
            if start < NEARBY {
                let missing = (NEARBY - start).min(self.tail.len());
                let tail = &self.tail[self.tail.len() - missing..];
                before.to_mut().splice(..0, tail.iter().copied());
            }
            let line = String::from_utf8_lossy(&lines[start..end.min(start + MAX_LINE)]);
            self.worked(line.len() + before.len());
            self.line(&line, &String::from_utf8_lossy(&before));
            self.read.lines += u64::from(end < lines.len());
            at = end + 1;
        }
        self.read.lines += lines.get(at..).map_or(0, count);
        self.is_open = lines.last().map_or(self.is_open, |last| *last != b'\n');
        self.tail.extend_from_slice(&lines[lines.len().saturating_sub(NEARBY)..]);
        self.tail.drain(..self.tail.len().saturating_sub(NEARBY));
    }

    pub(super) fn finish(mut self) -> Read {
        self.end_group();
        self.read.lines += u64::from(self.is_open);
        self.read
    }

    /// Takes a line with what the log puts around it.
    fn line(&mut self, line: &str, before: &str) {
        for line in envelope::open(line).lines() {
            self.bare(&envelope::undress(line), before);
        }
    }

    fn bare(&mut self, line: &str, before: &str) {
        let number = self.read.lines + 1;
        if let Some((group, inside)) = &mut self.group {
            if group.take(line, number) {
                if self.known.texts.is_match(line) {
                    inside.push(number, line);
                }
                return;
            }
            self.end_group();
        }
        if line.trim_start().starts_with(HEADER) {
            let mut group = Group::default();
            group.take(line, number);
            // A page of the Hub shows a whole traceback in one line.
            let mut inside = Inside::default();
            if line.trim().len() > HEADER.len() + 1 {
                inside.push(number, line);
            }
            self.group = Some((group, inside));
            return;
        }
        self.look(line, number, before, None);
    }

    /// Looks for what is known in a line that stands in a chain of tracebacks, or in none; says whether there is any.
    fn look(&mut self, line: &str, number: u64, beside: &str, group: Option<&Group>) -> bool {
        let found: BTreeSet<usize> = self
            .known
            .texts
            .find_overlapping_iter(line)
            .map(|found| found.pattern().as_usize())
            .collect();
        self.worked(line.len());
        let (mut telling, mut known) = (false, false);
        for text in found {
            for meaning in &self.known.meanings[text] {
                match *meaning {
                    Meaning::Signature(failure, signature) => {
                        if let Some((facts, weight)) = self.matches(signature, line, beside) {
                            known = true;
                            self.hit(failure, (number, line), facts, weight, None, group);
                        }
                    }
                    Meaning::Telling => telling = true,
                    Meaning::Installed => self.installed(line),
                    Meaning::Header | Meaning::Envelope => {}
                }
            }
        }
        if telling {
            self.worked(line.len() + beside.len());
            let of_line = |it: &&Traceback| it.raised.as_ref().is_some_and(|it| it.line == number);
            let headless = if group.is_none() { Traceback::ending(beside) } else { None };
            let traceback = group.and_then(|group| group.tracebacks.iter().find(of_line));
            let traceback = traceback.or(headless.as_ref());
            if let Some(subject) = told::subject(line, traceback, beside)
                // A module that is named by a signature is none that somebody forgot to ask for.
                && !(known && matches!(subject, Subject::Module { .. }))
                && let Some(failure) = failure(subject.failure())
            {
                // Two packages are named only where nothing else can be meant.
                let weight = if let Subject::Pair(_) = subject { line.len() } else { 0 };
                self.hit(failure, (number, line), BTreeMap::new(), weight, Some(subject), group);
                return true;
            }
        }
        known
    }

    /// What the line says as this signature, and how much of it that is.
    fn matches(
        &mut self,
        signature: &'static Signature,
        line: &str,
        beside: &str,
    ) -> Option<(BTreeMap<String, String>, usize)> {
        self.worked(signature.with.len() * beside.len() + line.len());
        let is_there = |part: &&&str| line.contains(**part) || beside.contains(**part);
        if signature.with.iter().filter(is_there).count() < signature.with.len() {
            return None;
        }
        let with: usize = signature.with.iter().map(|part| part.len()).sum();
        let weight = signature.text.len() + with;
        let Some(pattern) = signature.regex else { return Some((BTreeMap::new(), weight)) };
        let regex = self.regexes.entry(pattern).or_insert_with(|| compile(pattern).ok());
        let captures = regex.as_ref()?.captures(line.as_bytes())?;
        let names = regex.as_ref()?.capture_names().flatten();
        let fact = |name: &str| {
            let text = String::from_utf8_lossy(captures.name(name)?.as_bytes()).into_owned();
            Some((name.to_owned(), text))
        };
        let whole = captures.get(0).map_or(0, |whole| whole.len());
        Some((names.filter_map(fact).collect(), weight.max(whole + with)))
    }

    fn hit(
        &mut self,
        failure: &'static Failure,
        (line, text): (u64, &str),
        facts: BTreeMap<String, String>,
        weight: usize,
        subject: Option<Subject>,
        group: Option<&Group>,
    ) {
        let known = |hit: &&mut Hit| {
            hit.failure.name == failure.name
                && hit.subject == subject
                && hit.group.is_none() == group.is_none()
        };
        self.worked(self.read.hits.len());
        // Only the first of its kind is kept: it is the one that is told.
        if let Some(hit) = self.read.hits.iter_mut().find(known) {
            // A chain of tracebacks fails once, in however many lines it says so.
            let again = group.is_none() || hit.last_group != Some(self.groups);
            hit.times += u64::from(again && hit.line != line);
            hit.last_group = group.map(|_| self.groups);
            return;
        }
        let of_same = self.read.hits.iter().filter(|hit| hit.failure.name == failure.name);
        if of_same.count() >= MAX_SUBJECTS {
            return;
        }
        self.read.hits.push(Hit {
            failure,
            line,
            text: shown(text),
            facts,
            subject,
            frame: group.and_then(|group| group.local(line)).cloned(),
            group: group.map(|_| self.groups),
            last_group: group.map(|_| self.groups),
            weight,
            times: 1,
        });
    }

    fn end_group(&mut self) {
        let Some((group, inside)) = self.group.take() else { return };
        self.groups += 1;
        let mut known = false;
        for (number, line) in inside.raised.into_iter().chain(inside.code) {
            known |= self.look(&line, number, &group.text, Some(&group));
        }
        if known {
            return;
        }
        // What began it is what is to be looked for.
        let Some(raised) = group.tracebacks.iter().find_map(|it| it.raised.clone()) else { return };
        self.read.unknown_count += 1;
        let frame = group.local(raised.line).cloned();
        let raised = Raised { text: shown(&raised.text), ..raised };
        let known =
            self.read.unknown.iter().any(|it| it.raised.text == raised.text && it.frame == frame);
        if self.read.unknown.len() < MAX_UNKNOWN && !known {
            self.read.unknown.push(Unknown { raised, frame });
        }
    }

    /// pip's own list of what it installed.
    fn installed(&mut self, line: &str) {
        let Some((_, packages)) = line.split_once(INSTALLED) else { return };
        for (name, version) in packages.split_whitespace().filter_map(|word| word.rsplit_once('-'))
        {
            let fits = name.len() + version.len() <= MAX_VERSION;
            if fits && self.read.versions.len() < MAX_VERSIONS {
                self.read.versions.insert(name.to_owned(), version.to_owned());
            }
        }
    }

    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "only the tests count"))]
    fn worked(&mut self, bytes: usize) {
        #[cfg(test)]
        {
            self.work += bytes;
        }
        #[cfg(not(test))]
        let _ = bytes;
    }
}

/// As much of a line as is shown.
fn shown(line: &str) -> String {
    line.trim().chars().take(MAX_SHOWN).collect()
}

/// A signature's regex: on bytes, so that its classes may be ASCII's, which are cheap.
pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).size_limit(1 << 20).build()
}

fn count(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
