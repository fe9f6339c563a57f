//! Text and places in it. Every span in the project is a byte range into one [`Text`]; every line
//! and column that a person, a format or an editor sees is derived here, and nowhere else.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A byte range in a [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// Nothing, at `offset`.
    pub fn empty(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// The same range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies within this span.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place as people and editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in code points, from 1.
    pub column: u32,
    /// The column in UTF-16 units, from 0, as the language server protocol counts.
    pub utf16: u32,
    /// The column in bytes, from 0.
    pub utf8: u32,
    /// The byte offset in the text, from 0.
    pub offset: u32,
}

/// What an editor counts columns in, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of UTF-8.
    Utf8,
    /// Units of UTF-16.
    Utf16,
    /// Code points.
    Utf32,
}

impl Unit {
    fn length(self, c: char) -> u32 {
        match self {
            Self::Utf8 => c.len_utf8() as u32,
            Self::Utf16 => c.len_utf16() as u32,
            Self::Utf32 => 1,
        }
    }
}

impl Position {
    /// The column in `unit`, from 0.
    pub fn column_in(&self, unit: Unit) -> u32 {
        match unit {
            Unit::Utf8 => self.utf8,
            Unit::Utf16 => self.utf16,
            Unit::Utf32 => self.column - 1,
        }
    }
}

/// A decoded source text with its line index, which is built on first use. Cloning shares both.
#[derive(Clone, Debug)]
pub struct Text(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    content: Box<str>,
    line_starts: OnceLock<Vec<u32>>,
}

impl Text {
    /// Wraps `content`. A byte order mark at its start stays: it has an offset but no column.
    pub fn new(content: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner { content: content.into(), line_starts: OnceLock::new() }))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0.content
    }

    /// The text under `span`, empty where the span does not fit the text.
    pub fn slice(&self, span: Span) -> &str {
        self.as_str().get(span.range()).unwrap_or_default()
    }

    /// The number of lines; a last line without a line feed counts.
    pub fn line_count(&self) -> u32 {
        self.line_starts().len() as u32
    }

    /// The bytes of `line` (from 1), its line ending included; empty past the end.
    pub fn line_span(&self, line: u32) -> Span {
        let starts = self.line_starts();
        let index = line.saturating_sub(1) as usize;
        let end = self.as_str().len();
        let start = starts.get(index).map_or(end, |start| *start as usize);
        Span::new(start, starts.get(index + 1).map_or(end, |next| *next as usize))
    }

    /// The line (from 1) that holds `offset`.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.line_starts().partition_point(|start| *start <= offset).max(1) as u32
    }

    /// `offset` as line and columns. An offset inside a code point counts as its start, one past
    /// the end as the end.
    pub fn position(&self, offset: u32) -> Position {
        let text = self.as_str();
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset as u32);
        let start = self.line_span(line).start as usize;
        let before = &text[start..offset];
        let before = if start == 0 { before.strip_prefix(BOM).unwrap_or(before) } else { before };
        Position {
            line,
            column: before.chars().count() as u32 + 1,
            utf16: before.chars().map(|c| c.len_utf16() as u32).sum(),
            utf8: before.len() as u32,
            offset: offset as u32,
        }
    }

    /// The offset of `column`, from 0 and in `unit`, of `line`, from 1. A column within a code point
    /// counts as its start, one past the line's end as that end, a line past the last as the text's end.
    pub fn offset(&self, line: u32, column: u32, unit: Unit) -> u32 {
        let span = self.line_span(line);
        let whole = self.slice(span);
        let content = whole.strip_suffix('\n').unwrap_or(whole);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let mut offset = span.start;
        let mut chars = content.chars().peekable();
        if offset == 0 && chars.next_if_eq(&BOM).is_some() {
            offset += BOM.len_utf8() as u32;
        }
        let mut left = column;
        for c in chars {
            let length = unit.length(c);
            if left < length {
                break;
            }
            left -= length;
            offset += c.len_utf8() as u32;
        }
        offset
    }

    fn line_starts(&self) -> &[u32] {
        self.0.line_starts.get_or_init(|| {
            let bytes = self.as_str().as_bytes();
            std::iter::once(0)
                .chain(memchr::memchr_iter(b'\n', bytes).map(|i| i as u32 + 1))
                .collect()
        })
    }
}

/// The byte order mark.
pub const BOM: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points_and_utf16_units_apart() {
        let text = Text::new("a\né😀x\r\n");
        let x = text.as_str().find('x').expect("there is an x") as u32;
        let position = text.position(x);
        assert_eq!((position.line, position.column, position.utf16), (2, 3, 3));
        assert_eq!(position.utf8, 6);
        assert_eq!(text.line_span(2), Span::new(2, 11));
        assert_eq!(text.position(99).line, 3);
    }

    #[test]
    fn offsets_and_positions_are_each_others_inverse() {
        let text = Text::new("\u{feff}aé\r\n\n😀x漢\nend");
        for unit in [Unit::Utf8, Unit::Utf16, Unit::Utf32] {
            for (at, _) in
                text.as_str().char_indices().filter(|(_, c)| !"\r\n\u{feff}".contains(*c))
            {
                let position = text.position(at as u32);
                let back = text.offset(position.line, position.column_in(unit), unit);
                assert_eq!(back, at as u32, "{unit:?}");
            }
        }
    }

    #[test]
    fn a_place_that_is_none_is_the_nearest_before_it() {
        let text = Text::new("ab\r\n😀x\n");
        let offset = |line, column| text.offset(line, column, Unit::Utf16);
        assert_eq!(offset(1, 99), 2, "before the line's ending");
        assert_eq!(offset(2, 1), 4, "within a pair");
        assert_eq!(offset(2, 2), 8);
        assert_eq!((offset(3, 0), offset(9, 9)), (10, 10));
    }

    #[test]
    fn what_begins_a_line_has_a_column_whatever_it_is() {
        let text = Text::new("\u{feff}\u{feff}x\n\0\0y\n\u{feff}z");
        for (at, c) in text.as_str().char_indices().skip(1).filter(|(_, c)| *c != '\n') {
            let position = text.position(at as u32);
            let back = text.offset(position.line, position.utf16, Unit::Utf16);
            assert_eq!(back, at as u32, "{c:?}");
        }
        assert_eq!(text.position(10).column, 3, "y");
    }

    #[test]
    fn a_byte_order_mark_has_no_column() {
        let text = Text::new("\u{feff}import x");
        assert_eq!(text.position(3).column, 1);
        assert_eq!(text.position(3).offset, 3);
    }
}
