//! What a rule says: a [`Finding`] and perhaps a [`Fix`].

use std::sync::Arc;

use camino::Utf8Path;
use spacelint_python::{BOM, Certainty, Place, Span, Step};
use spacelint_space::{Moment, SourceFile, SpaceTrace};

use crate::rule::RuleInfo;

/// What happens to the user. The order is by weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Visitors lose quota, time or identity.
    Warning,
    /// The Space will not build, start or serve.
    Error,
}

/// Whether a person should look before a fix is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Behaviour is kept, or the failure removed.
    Safe,
    /// A person should look.
    Unsafe,
}

/// A span in a file of the Space.
#[derive(Clone, Debug)]
pub struct Location {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Where in it.
    pub span: Span,
}

impl Location {
    /// `span` of `file`.
    pub fn new(file: &Arc<SourceFile>, span: Span) -> Self {
        Self { file: Arc::clone(file), span }
    }

    /// A place of the trace.
    pub fn of(trace: &SpaceTrace, place: Place) -> Self {
        Self::new(trace.file(place.file), place.span)
    }
}

impl From<&Moment<'_>> for Location {
    fn from(moment: &Moment<'_>) -> Self {
        Self::new(moment.file(), moment.place().span)
    }
}

/// A further place, with its own words.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What happens there.
    pub message: String,
}

/// One place where a rule's failure will happen.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static RuleInfo,
    /// How surely the failure happens.
    pub certainty: Certainty,
    /// What it depends on, as a sentence, where that is not what the program does while it runs.
    pub doubt: Option<&'static str>,
    /// What will happen, and to whom.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub location: Location,
    /// What else is part of it, in the order in which it happens.
    pub related: Vec<Related>,
    /// What would mend it.
    pub fix: Option<Fix>,
}

impl Finding {
    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a further place, with its own words.
    #[must_use]
    pub fn related(mut self, location: impl Into<Location>, message: impl Into<String>) -> Self {
        self.related.push(Related { location: location.into(), message: message.into() });
        self
    }

    /// Adds the imports and calls that lead to `moment`, the entry point's first.
    #[must_use]
    pub fn chain(mut self, moment: &Moment<'_>) -> Self {
        for stop in moment.chain() {
            let message = match &stop.step {
                Step::Import(module) => format!("imports `{module}`"),
                Step::Call(function) => format!("calls `{function}`"),
                Step::Process(script) => format!("runs `{script}` in a process of its own"),
            };
            self = self.related(Location { file: stop.file, span: stop.place.span }, message);
        }
        self
    }

    /// Says that the failure happens sometimes, and on what that depends.
    #[must_use]
    pub fn doubtful(mut self, doubt: &'static str) -> Self {
        self.certainty = Certainty::Sometimes;
        self.doubt = Some(doubt);
        self
    }

    /// Says how surely the failure happens.
    #[must_use]
    pub fn certainty(mut self, certainty: Certainty) -> Self {
        self.certainty = certainty;
        self
    }
}

/// What would mend a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does, in the imperative: "move `import spaces` to the top".
    pub message: String,
    /// Whether a person should look.
    pub applicability: Applicability,
    /// The edits, none of which overlap.
    pub edits: Vec<Edit>,
    /// Whether others are offered anew after it: see [`Fix::first`].
    pub is_first: bool,
}

/// A span of a file and what stands there instead.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub location: Location,
    /// The new text, with `\n` as line ending: applying it adapts to the file's.
    pub content: String,
}

impl Fix {
    /// A fix that keeps behaviour or removes the failure.
    pub fn safe(message: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { message: message.into(), applicability: Applicability::Safe, edits, is_first: false }
    }

    /// A fix that a person should look at.
    pub fn needs_review(message: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self {
            message: message.into(),
            applicability: Applicability::Unsafe,
            edits,
            is_first: false,
        }
    }

    /// Has it applied before those that rest on what it changes, such as the version of a package: what
    /// fits the old one may be refused by the new one.
    #[must_use]
    pub fn first(self) -> Self {
        Self { is_first: true, ..self }
    }

    /// Whether it changes the file at `path` and no other.
    pub fn is_of(&self, path: &Utf8Path) -> bool {
        self.edits.iter().all(|edit| edit.location.file.path == path)
    }
}

impl Edit {
    /// Writes `content` in place of what stands there.
    pub fn replace(location: impl Into<Location>, content: impl Into<String>) -> Self {
        Self { location: location.into(), content: content.into() }
    }

    /// Removes what stands there.
    pub fn delete(location: impl Into<Location>) -> Self {
        Self::replace(location, "")
    }

    /// Writes `content` before the byte at `offset`.
    pub fn insert(file: &Arc<SourceFile>, offset: u32, content: impl Into<String>) -> Self {
        Self::replace(Location::new(file, Span::empty(offset as usize)), content)
    }

    /// Makes `line`, without a line ending, the line (from 1) of that number; what stood there
    /// follows. Past the last line it is added at the end, after a line feed where that lacks one.
    pub fn insert_line(file: &Arc<SourceFile>, number: u32, line: &str) -> Self {
        let text = file.text.as_str();
        let start = file.text.line_span(number).start;
        // Before the first line, but after a byte order mark.
        let start = if start == 0 && text.starts_with(BOM) { BOM.len_utf8() as u32 } else { start };
        let unended = start as usize == text.len() && !text.is_empty() && !text.ends_with('\n');
        let content = if unended { format!("\n{line}") } else { format!("{line}\n") };
        Self::insert(file, start, content)
    }

    /// Removes every line that `span` touches, line endings included.
    pub fn delete_lines(file: &Arc<SourceFile>, span: Span) -> Self {
        let text = &file.text;
        let last = span.end.saturating_sub(1).max(span.start);
        let first = text.line_span(text.line_of(span.start)).start;
        let end = text.line_span(text.line_of(last)).end;
        // The byte order mark is the file's, not the line's.
        let first = if first == 0 && text.as_str().starts_with(BOM) {
            BOM.len_utf8() as u32
        } else {
            first
        };
        Self::delete(Location::new(file, Span { start: first, end }))
    }
}
