//! The forms of tokens that can be told from other text.

use std::ops::RangeInclusive;

include!(concat!(env!("OUT_DIR"), "/tokens.rs"));

/// How the tokens of one issuer look.
#[derive(Debug)]
pub struct Form {
    /// What each begins with.
    pub prefix: &'static str,
    /// What it is, as a message says it: "Hugging Face token".
    pub of: &'static str,
    /// What follows.
    pub alphabet: Alphabet,
    /// How many characters of that.
    pub length: RangeInclusive<usize>,
    /// What stands somewhere among them.
    pub holds: Option<&'static str>,
    /// The endings of files in which it is for everybody to see.
    pub public_in: &'static [&'static str],
}

/// Of which characters a token is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Letters.
    Letters,
    /// Capital letters and digits.
    Upper,
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `_` and `-`.
    Word,
}

impl Alphabet {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Letters, Self::Upper, Self::Alnum, Self::Word];

    /// Whether `byte` is one of them.
    pub fn has(self, byte: u8) -> bool {
        match self {
            Self::Letters => byte.is_ascii_alphabetic(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        }
    }
}

/// Every form, by prefix.
pub fn forms() -> &'static [Form] {
    FORMS
}

/// What a person writes in place of a token, in small letters.
pub fn placeholders() -> &'static [&'static str] {
    PLACEHOLDERS
}
