//! Suppression: one law for Python, the card, requirements, TOML and other files with `#` comments.
//!
//! - `# spacelint: ignore[name, other]` covers the logical line it stands in or ends; alone on a
//!   line, the next one.
//! - `# spacelint: ignore-file[name]` above the first logical line covers the file.
//! - A finding is covered where its primary span begins on what is covered.
//!
//! What a logical line is, the language says (see [`Lines`]); the law knows no language. It must
//! never look at how a rule chose its span beyond where it begins.

pub(crate) mod directive;
mod lines;
mod script;

use std::cell::Cell;
use std::sync::Arc;

use spacelint_python::{BOM, Lines, Span};
use spacelint_space::{SourceFile, Space};

use self::directive::{Directive, MARKER, Malformed, Name, Scope};
use self::lines::Source;
use crate::finding::{Edit, Finding, Location};

/// The directives of one file.
#[derive(Debug)]
pub(crate) struct Suppressions {
    pub(crate) file: Arc<SourceFile>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    directive: Directive,
    comment: Span,
    covers: Covers,
    /// Which of the names silenced something.
    used: Vec<Cell<bool>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Covers {
    File,
    Line(Span),
    /// No logical line follows.
    Nothing,
    /// `ignore-file` below the first logical line.
    Misplaced,
}

/// What is wrong with a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed(Malformed),
    Misplaced,
    /// A name that is no rule's.
    Unknown(String),
    /// A name that silences nothing.
    Unused(String),
}

/// A faulty directive, or one faulty name of it.
#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    pub(crate) fault: Fault,
    pub(crate) location: Location,
    /// What removes it, and nothing else.
    pub(crate) removal: Edit,
}

/// The directives of every file that has one: those of `space`, and the files of `findings`.
pub(crate) fn of_space(space: &Space, findings: &[Finding]) -> Vec<Suppressions> {
    let mut sources = lines::sources(space);
    for finding in findings {
        let file = &finding.location.file;
        if sources.iter().all(|source| source.file.path != file.path) {
            sources.extend(Source::by_name(file));
        }
    }
    sources
        .iter()
        .filter(|source| source.file.text.as_str().contains(MARKER))
        .map(|source| Suppressions::read(&source.file, &source.lines()))
        .collect()
}

/// What silences `finding`, where the file has comments: one more name in the comment that covers its
/// line already, or a comment, which stands behind the logical line, or above it where behind it
/// would be text.
pub fn ignoring(space: &Space, finding: &Finding) -> Option<Edit> {
    let Location { file, span } = &finding.location;
    let source = source_of(space, file)?;
    let text = &file.text;
    let name = finding.rule.name;
    let lines = source.lines();
    if let Some(last) = Suppressions::read(file, &lines).last_name_at(span.start) {
        return Some(Edit::insert(file, last.span.end, format!(", {name}")));
    }
    let words = format!("# spacelint: ignore[{name}]");
    let above = |number: u32| {
        let line = text.slice(text.line_span(number)).trim_start_matches(BOM);
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        Edit::insert_line(file, number, &format!("{indent}{words}"))
    };
    let line = lines.logical.iter().find(|line| line.start <= span.start && span.start <= line.end);
    let Some(line) = line else {
        // It covers the line that follows, if one does.
        let covers = lines.logical.iter().any(|line| line.start >= span.start);
        return (covers && source.holds_comments_at(span.start))
            .then(|| above(text.line_of(span.start)));
    };
    let last = text.line_of(line.end);
    if source.is_text_behind(*line) {
        return Some(above(text.line_of(line.start)));
    }
    let physical = text.line_span(last);
    let end = physical.start + text.slice(physical).trim_end().len() as u32;
    Some(Edit::insert(file, end, format!("  {words}")))
}

/// The name at `offset` of `file`, and where it stands, where that is a name in a comment that speaks
/// to spacelint.
pub fn ignored_at(space: &Space, file: &Arc<SourceFile>, offset: u32) -> Option<(String, Span)> {
    if !file.text.as_str().contains(MARKER) {
        return None;
    }
    let suppressions = Suppressions::read(file, &source_of(space, file)?.lines());
    let mut names = suppressions.entries.iter().flat_map(Entry::names);
    let name = names.find(|name| name.span.start <= offset && offset <= name.span.end)?;
    Some((name.text.clone(), name.span))
}

fn source_of<'a>(space: &'a Space, file: &Arc<SourceFile>) -> Option<Source<'a>> {
    lines::sources(space)
        .into_iter()
        .find(|source| source.file.path == file.path)
        .or_else(|| Source::by_name(file))
}

impl Suppressions {
    pub(crate) fn read(file: &Arc<SourceFile>, lines: &Lines) -> Self {
        let text = file.text.as_str();
        let mut entries = Vec::new();
        for comment in &lines.comments {
            for directive in directive::read(&text[comment.range()], comment.start as usize) {
                let names = directive.request.as_ref().map_or(0, |request| request.names.len());
                let covers = match &directive.request {
                    Ok(request) => covers(file, lines, *comment, request.scope),
                    Err(_) => Covers::Nothing,
                };
                let used = vec![Cell::new(false); names];
                entries.push(Entry { directive, comment: *comment, covers, used });
            }
        }
        Self { file: Arc::clone(file), entries }
    }

    /// The directive that silences `finding`, which counts as used from now on. Where several do, it
    /// is the first of those that cover least.
    pub(crate) fn silence(&self, finding: &Finding) -> Option<Location> {
        if finding.location.file.path != self.file.path {
            return None;
        }
        let start = finding.location.span.start;
        let is_covered = |covers: Covers| match covers {
            Covers::Line(line) => line.start <= start && start <= line.end,
            Covers::File => true,
            Covers::Nothing | Covers::Misplaced => false,
        };
        let mut matches: Vec<(bool, &Entry, usize)> = Vec::new();
        for entry in self.entries.iter().filter(|entry| is_covered(entry.covers)) {
            let named = entry.names().position(|name| name.text == finding.rule.name);
            if let Some(index) = named {
                matches.push((entry.covers == Covers::File, entry, index));
            }
        }
        let (_, entry, index) = matches.into_iter().min_by_key(|(is_file, ..)| *is_file)?;
        entry.used[index].set(true);
        Some(Location::new(&self.file, entry.directive.span))
    }

    /// The last name of a comment that covers the logical line at `offset` and stands in it.
    fn last_name_at(&self, offset: u32) -> Option<&Name> {
        let covers = |entry: &&Entry| matches!(entry.covers, Covers::Line(line) if line.start <= offset && offset <= line.end);
        self.entries.iter().filter(covers).find_map(|entry| entry.names().last())
    }

    /// What is wrong whatever the rules find. `is_known` says whether a name is a rule's.
    pub(crate) fn faults(&self, is_known: impl Fn(&str) -> bool) -> Vec<Faulty> {
        let mut faults = Vec::new();
        for entry in &self.entries {
            match &entry.directive.request {
                Err(malformed) => faults.push(self.whole(entry, Fault::Malformed(*malformed))),
                Ok(_) if entry.covers == Covers::Misplaced => {
                    faults.push(self.whole(entry, Fault::Misplaced));
                }
                Ok(_) => {
                    for (index, name) in entry.names().enumerate() {
                        if !is_known(&name.text) {
                            let fault = Fault::Unknown(name.text.clone());
                            faults.push(self.name(entry, index, fault));
                        }
                    }
                }
            }
        }
        faults
    }

    /// The names that silenced nothing, of those that `is_judged` says could have.
    pub(crate) fn unused(&self, is_judged: impl Fn(&str) -> bool) -> Vec<Faulty> {
        let mut faults = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.covers != Covers::Misplaced) {
            for (index, name) in entry.names().enumerate() {
                if !entry.used[index].get() && is_judged(&name.text) {
                    faults.push(self.name(entry, index, Fault::Unused(name.text.clone())));
                }
            }
        }
        faults
    }

    fn whole(&self, entry: &Entry, fault: Fault) -> Faulty {
        Faulty {
            fault,
            location: Location::new(&self.file, entry.directive.span),
            removal: self.without(entry),
        }
    }

    fn name(&self, entry: &Entry, index: usize, fault: Fault) -> Faulty {
        let names: Vec<&Name> = entry.names().collect();
        let span = names[index].span;
        let removal = match (names.get(index + 1), index.checked_sub(1)) {
            (Some(next), _) => Some(Span { start: span.start, end: next.span.start }),
            (None, Some(before)) => Some(Span { start: names[before].span.end, end: span.end }),
            (None, None) => None,
        };
        Faulty {
            fault,
            location: Location::new(&self.file, span),
            removal: removal.map_or_else(
                || self.without(entry),
                |span| Edit::delete(Location::new(&self.file, span)),
            ),
        }
    }

    /// Removes a directive: with its line where nothing else stands there, with its comment where
    /// that says nothing else, and else alone.
    fn without(&self, entry: &Entry) -> Edit {
        let text = self.file.text.as_str();
        let (comment, directive) = (entry.comment.range(), entry.directive.span.range());
        let before = &text[comment.start..directive.start];
        let after = &text[directive.end..comment.end];
        let mut span = entry.directive.span;
        if !after.trim().is_empty() {
            // Another tool's words follow: they move to where the directive began.
            span.end += (after.len() - after.trim_start().len()) as u32;
        } else if before.trim().is_empty() {
            let line = self.file.text.line_span(self.file.text.line_of(entry.comment.start));
            let code = text[line.start as usize..comment.start].trim_start_matches('\u{feff}');
            if code.trim().is_empty() {
                return Edit::delete_lines(&self.file, entry.comment);
            }
            span = Span::new(comment.start - (code.len() - code.trim_end().len()), comment.end);
        } else {
            span.start -= (before.len() - before.trim_end().len()) as u32;
        }
        Edit::delete(Location::new(&self.file, span))
    }
}

impl Entry {
    fn names(&self) -> impl Iterator<Item = &Name> {
        self.directive.request.iter().flat_map(|request| &request.names)
    }
}

fn covers(file: &SourceFile, lines: &Lines, comment: Span, scope: Scope) -> Covers {
    // The logical lines that begin before the comment.
    let begun = lines.logical.partition_point(|line| line.start < comment.start);
    match scope {
        Scope::File if begun == 0 => return Covers::File,
        Scope::File => return Covers::Misplaced,
        Scope::Line => {}
    }
    if let Some(last) = begun.checked_sub(1).map(|index| lines.logical[index]) {
        let same_line = || file.text.line_of(last.end) == file.text.line_of(comment.start);
        if comment.start < last.end || same_line() {
            // What stands in the comment itself belongs to the line too.
            return Covers::Line(last.to(comment));
        }
    }
    lines.logical.get(begun).map_or(Covers::Nothing, |next| {
        // Up to the end of the physical line, so that a comment there is covered with it.
        let end = file.text.line_span(file.text.line_of(next.end)).end.saturating_sub(1);
        Covers::Line(Span { start: comment.end, end: end.max(next.end) })
    })
}

#[cfg(test)]
mod tests;
