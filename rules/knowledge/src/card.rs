//! The keys of a Space's card.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/card.rs"));

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A scalar that is read as text.
    Text,
    /// `true` or `false`.
    Switch,
    /// A whole number above zero.
    Number,
    /// A list of texts.
    Texts,
    /// A text, or a list of texts.
    TextOrTexts,
    /// A mapping of names to texts.
    Names,
}

/// What a text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// A path that begins with a slash.
    Path,
    /// The address of a page or a picture.
    Address,
    /// Nothing but emoji.
    Emoji,
    /// A span of time: `30m`, `1h`.
    Span,
    /// A repository of the Hub, then perhaps files, then perhaps a commit.
    Preload,
}

/// A key of the card.
#[derive(Debug)]
pub struct Key {
    /// As it must be written.
    pub name: &'static str,
    /// What its value must be.
    pub form: Form,
    /// The values there are, sorted; for a list its elements, for a mapping its names. Empty: any.
    pub allowed: &'static [&'static str],
    /// Values there once were, each with what became of it, as a sentence without its full stop.
    pub gone: &'static [(&'static str, &'static str)],
    /// Whether there may be more values than `allowed` and `gone` have.
    pub open: bool,
    /// The most characters that it may have.
    pub longest: Option<u32>,
    /// The largest number that it may be.
    pub most: Option<i64>,
    /// What its texts must look like.
    pub looks: Option<Looks>,
    /// The SDKs that read it, sorted. Empty: all.
    pub sdks: &'static [&'static str],
    /// What the Hub answers to a push with a value that is not allowed, word for word.
    pub refused: Option<&'static str>,
    /// Why nothing reads it, as a clause without its full stop.
    pub idle: Option<&'static str>,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// All keys that are known, sorted by name.
pub fn keys() -> &'static [Key] {
    KEYS
}

/// The key of this name.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.binary_search_by(|key| key.name.cmp(name)).ok().map(|at| &KEYS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_name() {
        for known in keys() {
            assert_eq!(key(known.name).map(|key| key.name), Some(known.name));
        }
        assert!(key("colorfrom").is_none());
    }

    /// What the Hub answers names the very values and limits of the table.
    #[test]
    fn the_answers_agree_with_the_table() {
        for key in keys() {
            let Some(refused) = key.refused else { continue };
            assert!(refused.contains(key.name));
            assert!(key.allowed.iter().all(|value| refused.contains(value)));
            assert!(key.longest.is_none_or(|longest| refused.contains(&longest.to_string())));
        }
    }
}
