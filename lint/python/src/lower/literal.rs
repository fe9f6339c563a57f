//! What literals mean: prefixes, escapes and digits.

use std::borrow::Cow;

use crate::syntax::ExprKind;

/// How a string literal begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) is_raw: bool,
    pub(super) is_bytes: bool,
    /// An f-string or a t-string.
    pub(super) is_format: bool,
    /// The length of the prefix.
    prefix: usize,
    /// One quote or three.
    pub(super) quotes: usize,
}

impl Opening {
    /// Reads the prefix and the quotes with which `literal` begins.
    pub(super) fn of(literal: &str) -> Self {
        let bytes = literal.as_bytes();
        let prefix = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let has =
            |letter: u8| bytes[..prefix].iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
        let quotes = match &bytes[prefix..] {
            [a, b, c, ..] if a == b && b == c => 3,
            _ => 1,
        };
        Self {
            is_raw: has(b'r'),
            is_bytes: has(b'b'),
            is_format: has(b'f') || has(b't'),
            prefix,
            quotes,
        }
    }

    /// What stands between the quotes of `literal`.
    pub(super) fn content(self, literal: &str) -> &str {
        let start = self.prefix + self.quotes;
        let end = literal.len().saturating_sub(self.quotes);
        literal.get(start..end).unwrap_or_default()
    }

    /// The text that `content` stands for.
    pub(super) fn decode(self, content: &str) -> Cow<'_, str> {
        let bytes = content.as_bytes();
        let is_plain = if self.is_format {
            !bytes.iter().any(|byte| matches!(byte, b'\\' | b'\r' | b'{' | b'}'))
        } else {
            memchr::memchr2(b'\\', b'\r', bytes).is_none()
        };
        if is_plain { Cow::Borrowed(content) } else { Cow::Owned(self.decode_slowly(content)) }
    }

    fn decode_slowly(self, content: &str) -> String {
        let mut out = String::with_capacity(content.len());
        let mut rest = content;
        while let Some(at) = rest.find(['\\', '\r', '{', '}']) {
            out.push_str(&rest[..at]);
            let special = rest.as_bytes()[at];
            rest = &rest[at + 1..];
            match special {
                b'\\' if !self.is_raw => rest = escape(rest, &mut out),
                b'\r' => {
                    // Python reads its sources with universal newlines.
                    out.push('\n');
                    rest = rest.strip_prefix('\n').unwrap_or(rest);
                }
                brace => {
                    let brace = char::from(brace);
                    out.push(brace);
                    if self.is_format && brace != '\\' {
                        rest = rest.strip_prefix(brace).unwrap_or(rest);
                    }
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// Decodes the escape whose backslash stands before `rest`; gives back what follows it.
fn escape<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let mut chars = rest.chars();
    let digits = match chars.next() {
        Some('\n') => return chars.as_str(),
        Some('\r') => return chars.as_str().strip_prefix('\n').unwrap_or(chars.as_str()),
        Some('a') => return push(out, '\x07', chars.as_str()),
        Some('b') => return push(out, '\x08', chars.as_str()),
        Some('f') => return push(out, '\x0c', chars.as_str()),
        Some('n') => return push(out, '\n', chars.as_str()),
        Some('r') => return push(out, '\r', chars.as_str()),
        Some('t') => return push(out, '\t', chars.as_str()),
        Some('v') => return push(out, '\x0b', chars.as_str()),
        Some(quote @ ('\\' | '\'' | '"')) => return push(out, quote, chars.as_str()),
        Some('0'..='7') => {
            let count = rest.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let code = u32::from_str_radix(&rest[..count], 8).unwrap_or_default();
            return push(out, character(code), &rest[count..]);
        }
        Some('N') => {
            if let Some((_, after)) = rest.strip_prefix("N{").and_then(|name| name.split_once('}'))
            {
                // The table of names is larger than this program: one character stands for all.
                return push(out, char::REPLACEMENT_CHARACTER, after);
            }
            0
        }
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        _ => 0,
    };
    let is_hex = |code: &&str| digits > 0 && code.bytes().all(|b| b.is_ascii_hexdigit());
    let code = rest.get(1..=digits).filter(is_hex);
    if let Some(code) = code.and_then(|code| u32::from_str_radix(code, 16).ok()) {
        return push(out, character(code), &rest[1 + digits..]);
    }
    // Python keeps the backslash of an escape that it does not know.
    push(out, '\\', rest)
}

fn push<'a>(out: &mut String, c: char, rest: &'a str) -> &'a str {
    out.push(c);
    rest
}

/// A surrogate has no place in a `str` here, nor has anything past the last code point.
fn character(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// What the number `literal` is worth; an imaginary one is unknown.
pub(super) fn number(literal: &str) -> ExprKind {
    let digits: Cow<'_, str> =
        if literal.contains('_') { literal.replace('_', "").into() } else { literal.into() };
    let (radix, body) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        _ => (10, &*digits),
    };
    let body = body.trim_end_matches(['l', 'L']);
    if let Ok(value) = i64::from_str_radix(body, radix) {
        return ExprKind::Int(value);
    }
    if radix == 10 {
        return body.parse().map_or(ExprKind::Unknown, ExprKind::Float);
    }
    let base = f64::from(radix);
    body.chars()
        .map(|digit| digit.to_digit(radix))
        .try_fold(0.0, |sum, digit| Some(sum * base + f64::from(digit?)))
        .map_or(ExprKind::Unknown, ExprKind::Float)
}
