//! Logical lines and comments, for whoever reads what an author says to a tool in a comment.
//!
//! A lexer and not the tree: it must tell a comment from a `#` in a string in text that does not
//! parse as well, and it is all that a file needs whose trace nobody asks for.

use crate::text::{BOM, Span};

/// The logical lines and comments of a text, each in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// What stands between two of CPython's `NEWLINE` tokens: a simple statement (or several with
    /// `;`), the header of a compound one, a decorator. From its first to its last token.
    pub logical: Vec<Span>,
    /// From the `#` to the end of the physical line, its ending left out.
    pub comments: Vec<Span>,
    /// What stands between the quotes of each string that is closed, in the order of the quotes that
    /// close them.
    pub strings: Vec<Span>,
}

/// Statements that cannot stand inside brackets: where one begins a physical line, the brackets
/// above were never closed.
const NEVER_INSIDE: [&str; 7] = ["def", "class", "import", "return", "while", "try", "with"];

/// Reads the logical lines and comments of Python text, which may be broken.
pub fn lines(text: &str) -> Lines {
    Lexer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        open: Vec::new(),
        line: None,
        out: Lines::default(),
    }
    .run()
}

#[derive(Clone, Copy, PartialEq)]
enum Open {
    /// `(`, `[` or `{`.
    Bracket,
    /// The literal text of a string.
    Text { start: usize, quote: u8, triple: bool, raw: bool, format: bool },
    /// A replacement field of the string below it, read as code.
    Field,
    /// The format specification of the field below it, read as text.
    Spec,
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open>,
    /// The logical line being read: its start and the end of its last token so far.
    line: Option<(usize, usize)>,
    out: Lines,
}

impl Lexer<'_> {
    fn run(mut self) -> Lines {
        if self.text.starts_with(BOM) {
            self.at = BOM.len_utf8();
        }
        while self.at < self.bytes.len() {
            match self.open.last().copied() {
                Some(Open::Text { start, quote, triple, raw, format }) => {
                    self.string_text(start, quote, triple, raw, format);
                }
                Some(Open::Spec) => self.spec(),
                Some(Open::Bracket | Open::Field) | None => self.code(),
            }
        }
        self.end_line();
        self.out
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Goes past `count` bytes that belong to the logical line.
    fn take(&mut self, count: usize) {
        let start = self.at;
        self.at = (self.at + count).min(self.bytes.len());
        self.line = Some((self.line.map_or(start, |(start, _)| start), self.at));
    }

    fn end_line(&mut self) {
        if let Some((start, end)) = self.line.take() {
            self.out.logical.push(Span::new(start, end));
        }
    }

    fn code(&mut self) {
        match self.byte(0) {
            b'\n' => {
                self.at += 1;
                if self.open.is_empty() {
                    self.end_line();
                } else if self.never_inside() {
                    self.open.clear();
                    self.end_line();
                }
            }
            b' ' | b'\t' | b'\r' | b'\x0c' => self.at += 1,
            b'#' => {
                let rest = &self.bytes[self.at..];
                let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                self.out.comments.push(Span::new(self.at, self.at + length));
                self.at += length;
            }
            b'\\' => {
                self.take(1);
                if self.byte(0) == b'\r' {
                    self.at += 1;
                }
                if self.byte(0) == b'\n' {
                    self.at += 1;
                }
            }
            b'(' | b'[' | b'{' => {
                self.open.push(Open::Bracket);
                self.take(1);
            }
            b')' | b']' => {
                if self.open.last() == Some(&Open::Bracket) {
                    self.open.pop();
                }
                self.take(1);
            }
            b'}' => {
                self.open.pop();
                self.take(1);
            }
            b':' if self.open.last() == Some(&Open::Field) => {
                self.open.push(Open::Spec);
                self.take(1);
            }
            quote @ (b'"' | b'\'') => self.string(quote, ""),
            byte if is_word(byte) => {
                let length =
                    self.bytes[self.at..].iter().take_while(|byte| is_word(**byte)).count();
                let word = &self.text[self.at..self.at + length];
                self.take(length);
                let quote = self.byte(0);
                let is_prefix = word.len() <= 2 && word.bytes().all(|b| b"rRbBuUfFtT".contains(&b));
                if is_prefix && matches!(quote, b'"' | b'\'') {
                    self.string(quote, word);
                }
            }
            _ => self.take(1),
        }
    }

    fn string(&mut self, quote: u8, prefix: &str) {
        let triple = self.byte(1) == quote && self.byte(2) == quote;
        let has = |letters: [char; 4]| prefix.contains(letters);
        let length = if triple { 3 } else { 1 };
        self.open.push(Open::Text {
            start: self.at + length,
            quote,
            triple,
            raw: prefix.contains(['r', 'R']),
            format: has(['f', 'F', 't', 'T']),
        });
        self.take(length);
    }

    fn string_text(&mut self, start: usize, quote: u8, triple: bool, raw: bool, format: bool) {
        match self.byte(0) {
            b'\\' if format && matches!(self.byte(1), b'{' | b'}') => self.take(1),
            b'\\' if format && !raw && self.byte(1) == b'N' && self.byte(2) == b'{' => {
                let rest = &self.bytes[self.at..];
                self.take(memchr::memchr2(b'}', b'\n', rest).unwrap_or(rest.len()));
            }
            // An escaped line ending continues the string, also where it is `\r\n`.
            b'\\' => self.take(
                if &self.bytes[self.at + 1..self.bytes.len().min(self.at + 3)] == b"\r\n" {
                    3
                } else {
                    2
                },
            ),
            byte if byte == quote && !triple => self.close(start, 1),
            byte if byte == quote && self.byte(1) == quote && self.byte(2) == quote => {
                self.close(start, 3);
            }
            // A string that is never closed ends with its line, and so does what is open inside it.
            b'\n' if !triple => {
                self.open.pop();
            }
            b'{' if format && self.byte(1) == b'{' => self.take(2),
            b'{' if format => {
                self.open.push(Open::Field);
                self.take(1);
            }
            _ => self.take(1),
        }
    }

    /// Goes past the quotes that close a string whose text began at `start`.
    fn close(&mut self, start: usize, quotes: usize) {
        self.out.strings.push(Span::new(start, self.at));
        self.open.pop();
        self.take(quotes);
    }

    fn spec(&mut self) {
        let triple =
            self.open.iter().rev().any(|open| matches!(open, Open::Text { triple: true, .. }));
        match self.byte(0) {
            b'}' => {
                self.open.truncate(self.open.len() - 2);
                self.take(1);
            }
            b'{' => {
                self.open.push(Open::Field);
                self.take(1);
            }
            b'\n' if !triple => while !matches!(self.open.pop(), None | Some(Open::Text { .. })) {},
            _ => self.take(1),
        }
    }

    /// Whether the physical line that begins here shows that the open brackets were never closed.
    fn never_inside(&self) -> bool {
        let rest = self.text[self.at..].trim_start_matches([' ', '\t']);
        let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        // A keyword argument or a key may not be named so either: these are reserved words.
        NEVER_INSIDE.contains(&&rest[..end])
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str, logical: &[&str], comments: &[&str]) {
        let lines = lines(text);
        let slice = |spans: &[Span]| -> Vec<String> {
            spans.iter().map(|span| text[span.range()].to_owned()).collect()
        };
        assert_eq!(slice(&lines.logical), logical);
        assert_eq!(slice(&lines.comments), comments);
    }

    #[test]
    fn brackets_backslashes_and_triple_quotes_join_lines() {
        read(
            "f(a,  # one\n  b)\nx = 1 + \\\n  2  # two\ny = '''\n# no\n'''; z\n",
            &["f(a,  # one\n  b)", "x = 1 + \\\n  2", "y = '''\n# no\n'''; z"],
            &["# one", "# two"],
        );
    }

    #[test]
    fn a_header_and_a_decorator_are_lines_of_their_own() {
        read("@gpu  # d\ndef f(): # h\n    pass\n", &["@gpu", "def f():", "pass"], &["# d", "# h"]);
    }

    #[test]
    fn a_hash_in_a_string_is_no_comment() {
        read("a = '#' \"\\\"#\"\nb = r'\\' # c'\n", &["a = '#' \"\\\"#\"", "b = r'\\' # c'"], &[]);
        read("b'#' # x", &["b'#'"], &["# x"]);
    }

    #[test]
    fn fields_of_format_strings_are_code_and_may_reuse_their_quote() {
        read("f\"{d[\"#\"]} # t\" # c\n", &["f\"{d[\"#\"]} # t\""], &["# c"]);
        read("f'{{#' # a\nf'{x:#>{n}}#' # b\n", &["f'{{#'", "f'{x:#>{n}}#'"], &["# a", "# b"]);
        read("f'''{\nx # in\n} # out'''\ny", &["f'''{\nx # in\n} # out'''", "y"], &["# in"]);
        read("f'\\N{NUMBER SIGN}#' # a\n", &["f'\\N{NUMBER SIGN}#'"], &["# a"]);
        read("rf'\\{x}#' # a\n", &["rf'\\{x}#'"], &["# a"]);
    }

    #[test]
    fn broken_text_ends_where_its_line_or_the_next_statement_does() {
        read("a = 'x\nb # c\n", &["a = 'x", "b"], &["# c"]);
        read("f(a, # o\nimport x # i\n", &["f(a,", "import x"], &["# o", "# i"]);
        read("f'{x:\nb # c\n", &["f'{x:", "b"], &["# c"]);
        read(")]} # a\n\\", &[")]}", "\\"], &["# a"]);
        read("'\\", &["'\\"], &[]);
    }

    #[test]
    fn the_texts_of_strings_are_found_without_prefix_and_quotes() {
        let strings = |text: &str| -> Vec<String> {
            lines(text).strings.iter().map(|span| text[span.range()].to_owned()).collect()
        };
        assert_eq!(strings("a = '/data' + rb\"x\"  # 'no'\n"), ["/data", "x"]);
        assert_eq!(
            strings("f'/d/{x[\"k\"]}'\n'''a\n'b''' ''"),
            ["k", "/d/{x[\"k\"]}", "a\n'b", ""]
        );
        assert_eq!(strings("a = 'x\nb = 'y'\n"), ["y"]);
    }

    #[test]
    fn a_byte_order_mark_and_crlf_belong_to_no_line() {
        read("\u{feff}x = 1 # é\r\ny = 'a\\\r\nb'\r\n", &["x = 1", "y = 'a\\\r\nb'"], &["# é"]);
    }
}
