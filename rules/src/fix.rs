//! Applying fixes: in memory to a fixed point, and then to the disk, whole or not at all.
//!
//! Which of two fixes that touch the same place wins is decided by what is written here and never
//! by chance: the heavier severity, then the path, the place and the rule's name. The loser is not
//! lost: the Space is read and checked again until nothing is left to apply. A fix that others rest
//! on ([`Fix::first`]) goes before them all.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_python::{BOM, Span};
use spacelint_space::requirements::LineKind;
use spacelint_space::{Card, Files, Requirements, SourceFile, Space};

use crate::check::{Report, Selection, check};
use crate::diff::Diff;
use crate::finding::{Applicability, Edit, Finding, Fix, Location};
use crate::rule::RuleInfo;
use crate::suppression::ignoring;

mod write;

pub use write::{TEMPORARY, WriteError, WriteErrorReason, remove_left, temporary, write};

/// How often the Space is read again after fixes. A fix that makes room for another is rare, and
/// two that undo each other would never end.
pub const MAX_ROUNDS: usize = 32;

/// What came of fixing.
#[derive(Debug)]
pub struct Fixed {
    /// The files that changed, by path.
    pub files: Vec<FixedFile>,
    /// The fixes, in the order in which they were applied.
    pub applied: Vec<Applied>,
    /// What is found in the Space as it is after them.
    pub report: Report,
    /// The Space after them.
    pub space: Space,
    /// Whether fixes were left when [`MAX_ROUNDS`] was reached or they began to undo each other: a
    /// bug of spacelint. What was reached is still sound.
    pub unsettled: bool,
}

/// A file before and after.
#[derive(Debug)]
pub struct FixedFile {
    /// As it was read; empty where there was none.
    pub before: Arc<SourceFile>,
    /// The text after the fixes, in the file's own line endings.
    pub after: String,
    /// Whether there was none before.
    pub is_new: bool,
}

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rule whose finding it mends.
    pub rule: &'static RuleInfo,
    /// The file in which that finding stands.
    pub path: Utf8PathBuf,
    /// What the fix does.
    pub message: String,
}

/// Applies every fix up to `limit` that the rules of `selection` offer for the Space in `files`, in
/// memory: `files` on disk stay as they are until [`Fixed::write`].
pub fn fix(files: Files, selection: &Selection, limit: Applicability) -> Fixed {
    fix_with(files, limit, |space| check(space, selection))
}

/// Like [`fix`], with the fixes alone that change the file at `path` and no other.
pub fn fix_file(
    files: Files,
    selection: &Selection,
    limit: Applicability,
    path: &Utf8Path,
) -> Fixed {
    fix_with(files, limit, |space| {
        let mut report = check(space, selection);
        for finding in &mut report.findings {
            finding.fix.take_if(|fix| !fix.is_of(path));
        }
        report
    })
}

/// Adds, in memory, a comment that silences each finding of `selection` that `is_meant`, where the file
/// takes comments.
pub fn ignore(
    files: Files,
    selection: &Selection,
    is_meant: impl Fn(&Space, &Finding) -> bool,
) -> Fixed {
    let left = Cell::new(usize::MAX);
    let mut fixed = fix_with(files, Applicability::Safe, |space| {
        let mut report = check(space, selection);
        let meant = report.findings.iter().filter(|finding| is_meant(space, finding)).count();
        // A comment that silences nothing is found in its turn, and so on.
        let is_fewer = meant < left.replace(meant);
        for finding in &mut report.findings {
            let is_offered = is_fewer && is_meant(space, finding);
            let comment = is_offered.then(|| ignoring(space, finding)).flatten();
            finding.fix = comment.map(|edit| Fix::safe("ignore it", vec![edit]));
        }
        report
    });
    fixed.report = check(&fixed.space, selection);
    fixed
}

/// The edits of `fix` as they would be made, in the line endings of the files: none where they
/// would leave a file that is more broken than before.
pub fn edits(fix: &Fix) -> Option<Vec<Edit>> {
    let fitted = |edit: &Edit| {
        let Location { file, span } = &edit.location;
        let text = file.text.as_str();
        let (start, end, content) = fitted(text, dominant_ending(text), *span, &edit.content);
        Edit { location: Location::new(file, Span::new(start, end)), content: content.into_owned() }
    };
    is_sound(fix).then(|| fix.edits.iter().map(fitted).collect())
}

fn fix_with(mut files: Files, limit: Applicability, check: impl Fn(&Space) -> Report) -> Fixed {
    let mut originals: BTreeMap<Utf8PathBuf, Arc<SourceFile>> = BTreeMap::new();
    let mut texts: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    let mut seen: BTreeSet<BTreeMap<Utf8PathBuf, String>> = BTreeSet::new();
    let mut applied = Vec::new();
    for round in 0.. {
        let space = Space::read(&files);
        let report = check(&space);
        let chosen = choose(&report, limit);
        let settled = chosen.is_empty();
        if settled || round == MAX_ROUNDS || !seen.insert(texts.clone()) {
            let files = originals
                .into_iter()
                .filter_map(|(path, before)| {
                    let after = texts.remove(&path)?;
                    (after != before.text.as_str()).then_some(FixedFile {
                        before,
                        after,
                        is_new: false,
                    })
                })
                .collect();
            return Fixed { files, applied, report, space, unsettled: !settled };
        }
        for (file, text) in apply(chosen.iter().map(|(_, fix)| *fix)) {
            files = files.with_file(file.edited(&text));
            texts.insert(file.path.clone(), text);
            originals.entry(file.path.clone()).or_insert(file);
        }
        applied.extend(chosen.iter().map(|(finding, fix)| Applied {
            rule: finding.rule,
            path: finding.location.file.path.clone(),
            message: fix.message.clone(),
        }));
    }
    unreachable!("the last round returns")
}

/// The fixes of one round: none touches another, and what they leave is no more broken than before.
fn choose(report: &Report, limit: Applicability) -> Vec<(&Finding, &Fix)> {
    let mut offered: Vec<(&Finding, &Fix)> = report
        .findings
        .iter()
        .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
        .filter(|(_, fix)| fix.applicability <= limit && !fix.edits.is_empty())
        .collect();
    // Findings come sorted by path, place and rule; sorting is stable.
    offered.sort_by_key(|(finding, fix)| Reverse((fix.is_first, finding.rule.severity)));
    let mut chosen: Vec<(&Finding, &Fix)> = Vec::new();
    for (finding, fix) in offered {
        if chosen.first().is_some_and(|(_, first)| first.is_first && !fix.is_first) {
            break;
        }
        let clashes = chosen.iter().any(|(_, other)| {
            let same = other.edits.len() == fix.edits.len()
                && other.edits.iter().zip(&fix.edits).all(|(a, b)| is_same(a, b));
            // Two findings may offer one and the same fix.
            !same && other.edits.iter().any(|a| fix.edits.iter().any(|b| touches(a, b)))
        });
        if !clashes && is_sound(fix) {
            chosen.push((finding, fix));
        }
    }
    // Each is sound alone; together they nearly always are. Where not, the heaviest goes first.
    if chosen.len() > 1 && !apply(chosen.iter().map(|(_, fix)| *fix)).iter().all(is_file_sound) {
        chosen.truncate(1);
    }
    chosen
}

fn is_same(a: &Edit, b: &Edit) -> bool {
    a.location.file.path == b.location.file.path
        && a.location.span == b.location.span
        && a.content == b.content
}

/// Whether two edits cannot both be made: they overlap, or one inserts where the other begins or
/// ends, so that their order would matter.
fn touches(a: &Edit, b: &Edit) -> bool {
    if a.location.file.path != b.location.file.path {
        return false;
    }
    let (a, b) = (a.location.span, b.location.span);
    if a.start == a.end || b.start == b.end {
        a.start <= b.end && b.start <= a.end
    } else {
        a.start < b.end && b.start < a.end
    }
}

fn is_sound(fix: &Fix) -> bool {
    let fits = |edit: &Edit| {
        let text = edit.location.file.text.as_str();
        text.get(edit.location.span.range()).is_some()
    };
    let disjoint = fix
        .edits
        .iter()
        .enumerate()
        .all(|(index, edit)| fix.edits[..index].iter().all(|other| !touches(edit, other)));
    disjoint
        && fix.edits.iter().all(fits)
        && !is_guesswork(fix)
        && apply([fix]).iter().all(is_file_sound)
}

/// Whether it changes Python on a line of which a piece is not understood: what the rest of that line means is a guess, and so
/// is what an edit would make of it. A comment says nothing of the code.
fn is_guesswork(fix: &Fix) -> bool {
    let mut broken: BTreeMap<&Utf8PathBuf, Vec<Span>> = BTreeMap::new();
    fix.edits.iter().any(|edit| {
        let Location { file, span } = &edit.location;
        if file.path.extension() != Some("py") || edit.content.trim_start().starts_with('#') {
            return false;
        }
        let text = &file.text;
        let broken = broken
            .entry(&file.path)
            .or_insert_with(|| spacelint_python::parse(text.as_str()).broken);
        let start = text.line_span(text.line_of(span.start)).start;
        let end = text.line_span(text.line_of(span.end)).end;
        broken.iter().any(|it| it.start <= end && start <= it.end)
    })
}

/// Whether `after` can be written back exactly and reads no worse than the file it came from.
fn is_file_sound((before, after): &(Arc<SourceFile>, String)) -> bool {
    if !before.encoding.is_editable() {
        return false;
    }
    let read = Arc::new(before.edited(after));
    read.text.as_str() == after
        && read.encoding == before.encoding
        && faults(&read) <= faults(before)
}

/// How much of the file cannot be understood.
fn faults(file: &Arc<SourceFile>) -> usize {
    match (file.path.file_name(), file.path.extension()) {
        (Some("README.md"), _) => Card::parse(file).map_or(0, |card| card.faults.len()),
        (_, Some("py")) => spacelint_python::parse(file.text.as_str()).broken.len(),
        (_, Some("txt")) => {
            let requirements = Requirements::parse(file, &mut |_| None);
            let is_invalid = |kind: &LineKind| matches!(kind, LineKind::Invalid { .. });
            requirements.lines.iter().filter(|line| is_invalid(&line.kind)).count()
        }
        _ => 0,
    }
}

/// What `fix` makes of the files that it touches, if what it leaves is no more broken than before. A file
/// that it leaves as it was is not among them.
pub(crate) fn made(fix: &Fix) -> Option<Vec<FixedFile>> {
    is_sound(fix).then(|| {
        let made = apply([fix]).into_iter();
        made.filter(|(before, after)| before.text.as_str() != after)
            .map(|(before, after)| FixedFile { before, after, is_new: false })
            .collect()
    })
}

/// The text of each file that `fixes` touch, after them. No edit touches another.
fn apply<'a>(fixes: impl IntoIterator<Item = &'a Fix>) -> Vec<(Arc<SourceFile>, String)> {
    let mut by_file: BTreeMap<&Utf8PathBuf, Vec<&Edit>> = BTreeMap::new();
    for edit in fixes.into_iter().flat_map(|fix| &fix.edits) {
        by_file.entry(&edit.location.file.path).or_default().push(edit);
    }
    by_file
        .into_values()
        .map(|mut edits| {
            edits.sort_by_key(|edit| edit.location.span);
            edits.dedup_by(|a, b| is_same(a, b));
            let file = Arc::clone(&edits[0].location.file);
            let after = edited(file.text.as_str(), &edits);
            (file, after)
        })
        .collect()
}

fn edited(text: &str, edits: &[&Edit]) -> String {
    let ending = dominant_ending(text);
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in edits {
        let (start, end, content) = fitted(text, ending, edit.location.span, &edit.content);
        out.push_str(&text[at..start]);
        out.push_str(&content);
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// Where an edit of `text` begins and ends, and what it writes.
fn fitted<'a>(
    text: &str,
    ending: &str,
    span: Span,
    content: &'a str,
) -> (usize, usize, Cow<'a, str>) {
    // Nothing is ever written before a byte order mark, nor is the mark removed.
    let first = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    let content = match ending {
        "\n" => Cow::Borrowed(content),
        ending => Cow::Owned(content.replace('\n', ending)),
    };
    ((span.start as usize).max(first), (span.end as usize).max(first), content)
}

/// The line ending that most lines of `text` have.
fn dominant_ending(text: &str) -> &'static str {
    let all = text.matches('\n').count();
    if text.matches("\r\n").count() * 2 > all { "\r\n" } else { "\n" }
}

impl Fixed {
    /// What changed, as one unified diff with paths from the Space's root. File names stand in it
    /// as they are: whoever prints it escapes them.
    pub fn diff(&self) -> String {
        self.files.iter().map(FixedFile::diff).collect()
    }
}

impl FixedFile {
    /// What changed in this file, as a unified diff.
    pub fn diff(&self) -> String {
        let path = &self.before.path;
        let diff = Diff::new(self.before.text.as_str(), &self.after);
        format!("--- a/{path}\n+++ b/{path}\n{diff}")
    }
}

#[cfg(test)]
mod tests;
