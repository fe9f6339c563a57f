//! A keyword argument as it stands in the text, for what takes it out or writes it otherwise.

use std::sync::Arc;

use spacelint_python::{Argument, Span};
use spacelint_space::{SourceFile, SpaceTrace};

use crate::finding::{Edit, Location};

/// A keyword argument.
pub(crate) struct Keyword<'a> {
    file: &'a Arc<SourceFile>,
    name: Span,
    value: Span,
}

impl<'a> Keyword<'a> {
    /// The keyword `name` of `argument`, if it stands right before the value: one that is passed on, or
    /// comes out of a dict, does not.
    pub(crate) fn of(trace: &'a SpaceTrace, argument: &Argument, name: &str) -> Option<Self> {
        let file = trace.file(argument.place.file);
        let value = argument.place.span;
        let before = &file.text.as_str()[..value.start as usize];
        let before = before.trim_end().strip_suffix('=')?.trim_end();
        let start = before.strip_suffix(name)?.len();
        Some(Self { file, name: Span::new(start, start + name.len()), value })
    }

    /// Where its name stands.
    pub(crate) fn name(&self) -> Location {
        Location::new(self.file, self.name)
    }

    /// Where all of it stands.
    pub(crate) fn whole(&self) -> Location {
        Location::new(self.file, self.name.to(self.value))
    }

    /// What is left when it is gone: a comma goes with it, and the whole line where nothing else stands
    /// there.
    pub(crate) fn removal(&self) -> Option<Edit> {
        let text = self.file.text.as_str();
        let (start, end) = (self.name.start as usize, self.value.end as usize);
        let behind = text[end..].trim_start_matches([' ', '\t']);
        let span = if let Some(rest) = behind.strip_prefix(',') {
            let from = text[..start].trim_end_matches([' ', '\t']);
            let rest = rest.trim_start_matches([' ', '\t']);
            let alone = from.ends_with('\n');
            match rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
                Some(next) if alone => Span::new(from.len(), text.len() - next.len()),
                Some(_) => Span::new(self.after_comma()?, end),
                None => Span::new(start, text.len() - rest.len()),
            }
        } else if behind.trim_start().starts_with(')') {
            // The last one: what stands before it loses its comma, and a comment stays its author's.
            Span::new(self.after_comma().unwrap_or(start), end)
        } else {
            return None;
        };
        Some(Edit::delete(Location::new(self.file, span)))
    }

    /// Where the comma before it stands, or the bracket's end.
    fn after_comma(&self) -> Option<usize> {
        let before = self.file.text.as_str()[..self.name.start as usize].trim_end();
        let comma = before.strip_suffix(',').map(str::len);
        comma.or_else(|| before.ends_with('(').then_some(before.len()))
    }
}
