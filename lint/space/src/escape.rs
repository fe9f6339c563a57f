//! What a repository says is not to be trusted with a terminal or a runner's log. Everything that
//! comes from a file, a file's name or a value in it passes through here before it is printed.
//!
//! Three harms are kept out: characters that steer a terminal (control characters, ANSI), ones
//! that make text read other than it is (bidirectional marks, invisible ones, line separators),
//! and workflow commands, which a CI runner executes when a log line carries them. So is a fourth,
//! which is the reader's: tokens are masked, because a report ends up in logs that many can read.

use std::borrow::Cow;
use std::fmt::Write;

use crate::tokens::masked;

/// The old form of a workflow command, which a runner obeys anywhere in a line: GitHub's and
/// Azure's. The new form, `::`, is obeyed at the start of a line only; see [`guard_lines`].
const COMMAND_PREFIXES: [&str; 2] = ["##[", "##vso["];

/// `text` on one line, with no token in it and nothing that a terminal or a runner would act on.
pub fn escape(text: &str) -> Cow<'_, str> {
    match masked(text) {
        Cow::Borrowed(text) => escape_characters(text),
        Cow::Owned(text) => Cow::Owned(escape_characters(&text).into_owned()),
    }
}

fn escape_characters(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b'#') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        push(&mut out, c, &text[at..]);
    }
    Cow::Owned(out)
}

/// Like [`escape`], but lines stay lines: for prose of several paragraphs.
pub fn escape_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&escape(line));
    }
    out
}

/// Appends what stands for `c`, the first character of `rest`.
pub fn push(out: &mut String, c: char, rest: &str) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '#' if COMMAND_PREFIXES.iter().any(|prefix| rest.starts_with(prefix)) => {
            out.push_str("\\x23");
        }
        c if !is_plain(c) => {
            let code = u32::from(c);
            // Writing to a String cannot fail.
            let _ = if code < 0x100 {
                write!(out, "\\x{code:02x}")
            } else {
                write!(out, "\\u{{{code:x}}}")
            };
        }
        c => out.push(c),
    }
}

/// Whether `c` shows as itself: it moves nothing, hides nothing and turns nothing round.
pub fn is_plain(c: char) -> bool {
    match c {
        // The joiners stay: many scripts, and emoji, are unreadable without them.
        '\u{200c}' | '\u{200d}' => true,
        // Soft hyphen, Arabic letter mark, zero-width space and direction marks, line and
        // paragraph separators, embeddings and overrides, word joiner to deprecated format
        // characters (with the isolates), byte order mark, interlinear annotation, tags.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => false,
        c => !c.is_control(),
    }
}

/// `text`, one line that is [escaped](escape), as Markdown that shows it. What stands between two single
/// backticks stays code; else no mark of Markdown or HTML in it is one.
pub fn markdown(text: &str) -> String {
    let keeps_code = !text.contains("``") && text.matches('`').count().is_multiple_of(2);
    let mut out = String::with_capacity(text.len() + 8);
    let mut in_code = false;
    for c in text.chars() {
        let is_mark = matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '!');
        match c {
            '`' if keeps_code => in_code = !in_code,
            // In a cell of a table, a bar ends even code.
            '`' | '|' => out.push('\\'),
            _ if is_mark && !in_code => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// `text`, one line that is [escaped](escape), as code in Markdown.
pub fn code_span(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // In a cell of a table, a bar ends even code.
    format!("{fence}{room}{}{room}{fence}", text.replace('|', "\\|"))
}

/// A whole report, with no line that a runner would take for a command. Wrapping may put any word
/// at the start of a line, so this comes last, after all layout. Our own ANSI is looked through.
pub fn guard_lines(report: &str) -> Cow<'_, str> {
    if !report.contains("::") {
        return Cow::Borrowed(report);
    }
    let mut out = String::with_capacity(report.len() + 8);
    for line in report.split_inclusive('\n') {
        let start = line.len() - skip_blank(line).len();
        if line[start..].starts_with("::") {
            out.push_str(&line[..start]);
            out.push_str("\\x3a");
            out.push_str(&line[start + 1..]);
        } else {
            out.push_str(line);
        }
    }
    Cow::Owned(out)
}

/// `line` from its first character that shows.
fn skip_blank(mut line: &str) -> &str {
    loop {
        let trimmed = line.trim_start();
        let rest = if let Some(sequence) = trimmed.strip_prefix("\u{1b}[") {
            sequence.split_once(|c: char| ('@'..='~').contains(&c)).map(|(_, rest)| rest)
        } else if let Some(sequence) = trimmed.strip_prefix("\u{1b}]") {
            sequence.split_once("\u{1b}\\").map(|(_, rest)| rest)
        } else {
            return trimmed;
        };
        match rest {
            Some(rest) => line = rest,
            None => return trimmed,
        }
    }
}

/// A `serde_json` formatter whose strings hold, besides what JSON asks for, no character that
/// [`is_plain`] refuses and no workflow command: those are `\u` escapes, so the value is unchanged, but for a
/// token, which is masked.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonFormatter;

impl serde_json::ser::Formatter for JsonFormatter {
    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        let fragment = &*masked(fragment);
        let mut written = 0;
        for (at, c) in fragment.char_indices() {
            let command = c == '#'
                && COMMAND_PREFIXES.iter().any(|prefix| fragment[at..].starts_with(prefix));
            if is_plain(c) && !command {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[written..at])?;
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_or_misleads_is_spelled_out() {
        assert_eq!(escape("app.py"), "app.py");
        assert_eq!(escape("é 漢 👩‍🚀"), "é 漢 👩‍🚀");
        assert_eq!(escape("a\n::error::b"), "a\\n::error::b");
        assert_eq!(escape("\u{1b}[31m"), "\\x1b[31m");
        assert_eq!(escape("a\u{202e}b\u{9b}\u{2028}"), "a\\u{202e}b\\x9b\\u{2028}");
        assert_eq!(escape("x ##[add-mask]y ##vso[z"), "x \\x23#[add-mask]y \\x23#vso[z");
        assert_eq!(escape_lines("a\r\nb\u{7}"), "a\nb\\x07");
    }

    #[test]
    fn markdown_shows_what_it_is_given() {
        assert_eq!(markdown("`f()` raises"), "`f()` raises");
        assert_eq!(markdown("a <b> [x](y) *z*|"), "a \\<b\\> \\[x\\](y) \\*z\\*\\|");
        assert_eq!(markdown("`a` `<img>"), "\\`a\\` \\`\\<img\\>");
        assert_eq!(markdown("``<x>``"), "\\`\\`\\<x\\>\\`\\`");
        assert_eq!(code_span("A|B"), "`A\\|B`");
        assert_eq!(code_span("`x``"), "``` `x`` ```");
    }

    #[test]
    fn no_line_starts_a_workflow_command() {
        assert_eq!(guard_lines("a\n  ::error::x\n"), "a\n  \\x3a:error::x\n");
        assert_eq!(guard_lines("\u{1b}[31m ::e"), "\u{1b}[31m \\x3a:e");
        assert_eq!(
            guard_lines("\u{1b}]8;;u\u{1b}\\::e\u{1b}]8;;\u{1b}\\"),
            "\u{1b}]8;;u\u{1b}\\\\x3a:e\u{1b}]8;;\u{1b}\\"
        );
        assert_eq!(guard_lines("x[::2]\na::b"), "x[::2]\na::b");
    }
}
