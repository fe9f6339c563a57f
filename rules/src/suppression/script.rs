//! The logical lines and comments of shell scripts and Dockerfiles: what a continuation, a quotation or a
//! here-document joins is one, and a `#` in its text begins no comment.
//!
//! It knows of the shell what tells the two apart and nothing else; a script that it misreads loses a
//! suppression, and nothing worse.

use spacelint_python::{BOM, Lines, Span};

/// Reads a shell script.
pub(super) fn shell(text: &str) -> Lines {
    Shell { text, at: text.len() - text.trim_start_matches(BOM).len(), ..Shell::default() }.run()
}

#[derive(Clone, Copy, PartialEq)]
enum Open {
    /// `"`
    Quote,
    /// `(`
    Bracket,
}

#[derive(Default)]
struct Shell<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open>,
    documents: Documents,
    /// The logical line that is being read: its start and its end so far.
    line: Option<(usize, usize)>,
    lines: Lines,
}

impl Shell<'_> {
    fn run(mut self) -> Lines {
        let mut begins_word = true;
        while let Some(c) = self.text[self.at..].chars().next() {
            let start = self.at;
            self.at += c.len_utf8();
            let is_quoted = self.open.last() == Some(&Open::Quote);
            let was_beginning = std::mem::replace(&mut begins_word, false);
            match c {
                '\\' if self.continues() => begins_word = was_beginning,
                '\\' => self.skip_character(),
                '"' if is_quoted => {
                    self.open.pop();
                }
                '(' if !is_quoted || self.text[..start].ends_with('$') => {
                    self.open.push(Open::Bracket);
                    begins_word = true;
                }
                '\n' if !is_quoted => {
                    self.at = self.documents.skip(self.text, self.at, &mut self.line);
                    if self.open.is_empty() {
                        self.lines.logical.extend(span(self.line.take()));
                    }
                    begins_word = true;
                    continue;
                }
                _ if is_quoted => {}
                '"' => self.open.push(Open::Quote),
                '\'' => self.skip_literal(self.text[..start].ends_with('$')),
                ')' => {
                    if self.open.last() == Some(&Open::Bracket) {
                        self.open.pop();
                    }
                    begins_word = true;
                }
                '#' if was_beginning => {
                    self.at = end_of_physical(self.text, start);
                    let comment = self.text[start..self.at].trim_end().len();
                    self.lines.comments.push(Span::new(start, start + comment));
                    continue;
                }
                '<' if self.text[self.at..].starts_with('<') => {
                    self.at += 1;
                    self.at = self.documents.begin(self.text, self.at);
                }
                ';' | '&' | '|' | '<' | '>' => begins_word = true,
                c if c.is_whitespace() => {
                    begins_word = true;
                    continue;
                }
                _ => {}
            }
            let (from, _) = self.line.unwrap_or((start, start));
            self.line = Some((from, self.at));
        }
        self.lines.logical.extend(span(self.line));
        self.lines
    }

    /// Whether the line goes on behind a backslash; then it is read to the next one's start.
    fn continues(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let ending = ["\n", "\r\n"].into_iter().find(|ending| rest.starts_with(ending));
        self.at += ending.map_or(0, str::len);
        ending.is_some()
    }

    fn skip_character(&mut self) {
        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
    }

    /// Reads what stands between `'`, which only `$'` lets a backslash continue.
    fn skip_literal(&mut self, knows_backslash: bool) {
        while let Some(c) = self.text[self.at..].chars().next() {
            self.at += c.len_utf8();
            match c {
                '\'' => break,
                '\\' if knows_backslash => self.skip_character(),
                _ => {}
            }
        }
    }
}

/// The here-documents that begin behind a line: what ends each, and whether tabs may stand before that.
#[derive(Default)]
struct Documents(Vec<(String, bool)>);

impl Documents {
    /// Reads behind a `<<` what ends the here-document, if one begins there, and says where that ends.
    fn begin(&mut self, text: &str, at: usize) -> usize {
        let rest = &text[at..];
        let has_tabs = rest.starts_with('-');
        let word = rest[usize::from(has_tabs)..].trim_start_matches([' ', '\t']);
        let length =
            word.find(|c: char| c.is_whitespace() || ";&|<>()".contains(c)).unwrap_or(word.len());
        let end: String = word[..length].chars().filter(|c| !"'\"\\".contains(*c)).collect();
        // `1 << 2` begins none, nor does `<<< "$text"`.
        if !end.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return at;
        }
        self.0.push((end, has_tabs));
        text.len() - word.len() + length
    }

    /// Skips those that have begun, from the start of a physical line on: they belong to `line`.
    fn skip(&mut self, text: &str, mut at: usize, line: &mut Option<(usize, usize)>) -> usize {
        for (end, has_tabs) in std::mem::take(&mut self.0) {
            while at < text.len() {
                let stop = end_of_physical(text, at);
                let physical = text[at..stop].trim_end_matches('\r');
                *line = line.map(|(from, _)| (from, at + physical.len()));
                at = (stop + 1).min(text.len());
                if end == if has_tabs { physical.trim_start_matches('\t') } else { physical } {
                    break;
                }
            }
        }
        at
    }
}

/// Reads a Dockerfile, in which a comment has a line of its own, be it within an instruction.
pub(super) fn dockerfile(text: &str) -> Lines {
    let mut lines = Lines::default();
    let mut documents = Documents::default();
    let mut line: Option<(usize, usize)> = None;
    let mut at = text.len() - text.trim_start_matches(BOM).len();
    while at < text.len() {
        let stop = end_of_physical(text, at);
        let physical = text[at..stop].trim_end();
        let start = at + (physical.len() - physical.trim_start().len());
        let end = at + physical.len();
        at = (stop + 1).min(text.len());
        if text[start..end].starts_with('#') {
            lines.comments.push(Span::new(start, end));
        } else if start < end {
            line = Some((line.map_or(start, |(from, _)| from), end));
            for (sign, _) in text[start..end].match_indices("<<") {
                documents.begin(text, start + sign + "<<".len());
            }
            if !text[start..end].ends_with('\\') {
                at = documents.skip(text, at, &mut line);
                lines.logical.extend(span(line.take()));
            }
        }
    }
    lines.logical.extend(span(line));
    lines
}

fn end_of_physical(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length)
}

fn span(line: Option<(usize, usize)>) -> Option<Span> {
    line.map(|(start, end)| Span::new(start, end))
}
