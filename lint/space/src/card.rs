//! The card: the front matter of `README.md`.
//!
//! What a value means is `serde_yaml`'s to say, where it stands tree-sitter's. Two readings of one
//! text can disagree; where they do, that is a [`CardFault::Disagreement`], never a silent choice.
//! This module knows YAML and no key of any card.

use std::sync::Arc;

use serde_yaml::Value;
use spacelint_python::Span;

use crate::files::SourceFile;

/// The front matter of a `README.md`.
#[derive(Clone, Debug)]
pub struct Card {
    /// The `README.md`.
    pub file: Arc<SourceFile>,
    /// What stands between the fences. Where the closing fence is missing, the lines that look as
    /// if they belonged to the card.
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
    /// All of the value, quotes and tags included; empty, where it would stand, if there is none.
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

impl Card {
    /// The card of `file`; none where the text does not begin with a fence.
    pub fn parse(file: &Arc<SourceFile>) -> Option<Self> {
        let _ = file;
        None
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
