//! The card: the front matter of `README.md`.
//!
//! What a value means is `serde_yaml`'s to say, where it stands tree-sitter's. Two readings of one
//! text can disagree; where they do, that is a [`CardFault::Disagreement`], never a silent choice.
//! This module knows fences and YAML, and no key of any card.

use std::sync::Arc;

use serde_yaml::Value;
use spacelint_python::{BOM, Span};

use crate::files::SourceFile;

mod reading;
#[cfg(test)]
mod tests;

/// The front matter of a `README.md`.
#[derive(Clone, Debug)]
pub struct Card {
    /// The `README.md`.
    pub file: Arc<SourceFile>,
    /// The opening fence, without its line ending.
    pub opening: Span,
    /// The closing fence, if there is one.
    pub closing: Option<Span>,
    /// What stands between the fences, so that its end is where a further line goes. Where the
    /// closing fence is missing, the lines that look as if they belonged to the card.
    pub block: Span,
    /// The pairs at the top level, in the order of the text, those that a merge key (`<<`) brings
    /// last. A pair that the text breaks is not among them.
    pub entries: Vec<Entry>,
    /// What is wrong with the text, in its order.
    pub faults: Vec<CardFault>,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, unquoted.
    pub key: String,
    /// The key as it stands, quotes included.
    pub key_span: Span,
    /// What the value means to a YAML reader: `3.10` is the number 3.1.
    pub value: Value,
    /// A scalar as its author wrote it, without quotes: `3.10` is `3.10`. Empty for a list or a
    /// mapping.
    pub text: String,
    /// All of the value, quotes and tags included. If there is none, nothing, right behind the
    /// colon, where a value needs a space before it.
    pub value_span: Span,
    /// What a fix replaces to change the value and nothing else on the line: a scalar without its
    /// quotes.
    pub inner_span: Span,
    /// The elements, if the value is a list.
    pub items: Vec<Item>,
    /// The pairs, if the value is a mapping.
    pub entries: Vec<Entry>,
}

/// An element of a list.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it means, as [`Entry::value`].
    pub value: Value,
    /// A scalar as its author wrote it, as [`Entry::text`].
    pub text: String,
    /// All of it, as [`Entry::value_span`].
    pub span: Span,
    /// What a fix replaces, as [`Entry::inner_span`].
    pub inner_span: Span,
    /// The elements, if it is a list itself.
    pub items: Vec<Item>,
    /// The pairs, if it is a mapping.
    pub entries: Vec<Entry>,
}

/// Something wrong with the text of a card.
#[derive(Clone, Debug, PartialEq)]
pub enum CardFault {
    /// No closing fence.
    Unclosed {
        /// The opening fence.
        span: Span,
    },
    /// Not YAML.
    Syntax {
        /// Where the reader gave up; may be empty.
        span: Span,
        /// The reader's words.
        message: String,
    },
    /// A tab where YAML wants spaces.
    Tab {
        /// The tabs.
        span: Span,
    },
    /// One key twice in one mapping.
    DuplicateKey {
        /// The key.
        key: String,
        /// Its first place.
        first: Span,
        /// Its next place.
        second: Span,
    },
    /// Front matter that is not a list of `key: value`.
    NotAMapping {
        /// The block.
        span: Span,
    },
    /// Two readers of this text understand different things.
    Disagreement {
        /// The text.
        span: Span,
        /// What each of them understood.
        message: String,
    },
}

impl CardFault {
    /// Where it is.
    pub fn span(&self) -> Span {
        match self {
            Self::Unclosed { span }
            | Self::Syntax { span, .. }
            | Self::Tab { span }
            | Self::NotAMapping { span }
            | Self::Disagreement { span, .. } => *span,
            Self::DuplicateKey { second, .. } => *second,
        }
    }
}

/// Whether a line of a card's block begins with `key` and a colon.
fn has_line(block: &str, key: &str) -> bool {
    lines(block, 0).any(|(_, line)| {
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'))
    })
}

impl Card {
    /// The card of `file`; none where the text does not begin with a fence, or where that fence is
    /// a line across the page with nothing like a card behind it.
    pub fn parse(file: &Arc<SourceFile>) -> Option<Self> {
        let text = file.text.as_str();
        let fences = Fences::find(text)?;
        let mut card = Self {
            file: Arc::clone(file),
            opening: fences.opening,
            closing: fences.closing,
            block: fences.block,
            entries: Vec::new(),
            faults: Vec::new(),
        };
        if card.closing.is_none() {
            card.faults.push(CardFault::Unclosed { span: fences.opening });
        }
        reading::read(&mut card);
        card.faults.sort_by_key(CardFault::span);
        Some(card)
    }

    /// Whether the card of `file`, if there is one, has `key` at its top level, be it on a broken
    /// line. Mostly for the price of looking at the lines.
    pub(crate) fn names(file: &Arc<SourceFile>, key: &str) -> bool {
        let text = file.text.as_str();
        let Some(Fences { block, .. }) = Fences::find(text) else { return false };
        has_line(&text[block.range()], key)
            || Self::parse(file).is_some_and(|card| card.get(key).is_some())
    }

    /// Whether a line begins with `key` of which nothing could be made: what it was to be is not known, and neither that
    /// it is not there.
    pub fn is_unclear(&self, key: &str) -> bool {
        self.get(key).is_none() && has_line(&self.file.text.as_str()[self.block.range()], key)
    }

    /// The line behind `entry`, where another pair of the top level can be written. None where that would be no pair: where the
    /// card is in braces or indented, or where the next line of the file is none of the card's, which a lone carriage
    /// return ends as well.
    pub fn line_behind(&self, entry: &Entry) -> Option<u32> {
        let text = self.file.text.as_str();
        let before = &text[self.block.start as usize..entry.key_span.start as usize];
        let is_at_margin = before.is_empty() || before.ends_with(['\n', '\r']);
        self.line_after(entry.value_span.end).filter(|_| is_at_margin)
    }

    /// The line behind that of `offset`, if the card reaches so far.
    pub fn line_after(&self, offset: u32) -> Option<u32> {
        let next = self.file.text.line_of(offset) + 1;
        (self.file.text.line_span(next).start <= self.block.end).then_some(next)
    }

    /// What stands behind the card: the page that visitors see.
    pub fn body(&self) -> Span {
        let start = self.closing.map_or(self.block.end, |fence| fence.end);
        Span { start, end: self.file.text.as_str().len() as u32 }
    }

    /// The entry that `key` names; of several the last, which is the one that YAML readers keep
    /// if they accept a key twice at all.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    /// The scalar that `key` names, as its author wrote it; none for a list, a mapping or nothing.
    pub fn str(&self, key: &str) -> Option<&str> {
        let entry = self.get(key)?;
        let is_scalar =
            entry.items.is_empty() && entry.entries.is_empty() && !entry.value.is_null();
        is_scalar.then_some(entry.text.as_str())
    }
}

struct Fences {
    opening: Span,
    closing: Option<Span>,
    block: Span,
}

impl Fences {
    fn find(text: &str) -> Option<Self> {
        let mut lines = lines(text, if text.starts_with(BOM) { BOM.len_utf8() } else { 0 });
        let (start, opening) = lines.find(|(_, line)| !line.trim().is_empty())?;
        let opening = fence(start, opening)?;
        // From here the lines again, since the closing fence may be missing.
        let (mut at, mut end) = (None, text.len());
        let mut closing = None;
        for (start, line) in lines.clone() {
            at.get_or_insert(start);
            if let Some(span) = fence(start, line) {
                closing = Some(span);
                end = start;
                break;
            }
        }
        let start = at.unwrap_or(text.len());
        if closing.is_none() {
            let mut keys = false;
            let last = lines
                .take_while(|(_, line)| {
                    keys |= begins_with_key(line);
                    belongs(line)
                })
                .last();
            if !keys {
                return None;
            }
            end = last.map_or(start, |(start, line)| start + line.len());
        }
        Some(Self { opening, closing, block: Span::new(start, end) })
    }
}

/// The lines of `text` from `at` on, with their starts and their endings. A lone carriage return
/// ends one too.
fn lines(text: &str, at: usize) -> impl Iterator<Item = (usize, &str)> + Clone {
    let mut at = at;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes())
            .map_or(rest.len(), |end| end + if rest[end..].starts_with("\r\n") { 2 } else { 1 });
        let start = at;
        at += end;
        Some((start, &rest[..end]))
    })
}

/// The place of the fence that `line`, which begins at `start`, is.
fn fence(start: usize, line: &str) -> Option<Span> {
    let fence = line.trim_end();
    (fence == "---").then(|| Span::new(start, start + fence.len()))
}

/// Whether an unclosed card may go on with this line.
fn belongs(line: &str) -> bool {
    begins_with_key(line)
        || line.starts_with([' ', '\t', '#']) && !line.trim().is_empty()
        || line.starts_with("- ")
}

fn begins_with_key(line: &str) -> bool {
    let Some((key, rest)) = line.split_once(':') else { return false };
    let key = key.trim_matches(['"', '\'']);
    !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && rest.starts_with(char::is_whitespace)
}
