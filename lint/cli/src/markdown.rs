//! Markdown for a terminal: as much of it as the rules' pages use. Without colour it stays readable
//! as plain text, and code can be copied out of it either way.

use std::iter::Peekable;

use unicode_width::UnicodeWidthStr;

use crate::escape;
use crate::terminal::{Style, Terminal};

/// How far code stands in.
const INDENT: &str = "    ";

/// `page` laid out for `terminal`, each block followed by an empty line but the last.
pub(crate) fn render(page: &str, terminal: Terminal) -> String {
    let mut blocks = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            continue;
        }
        if let Some(fence) = fence(trimmed) {
            let code: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != fence).collect();
            blocks.push(code_block(&trimmed[fence.len()..], &code, terminal));
        } else if trimmed.starts_with("<!--") {
            // Said to the harness, not to the reader.
            if !trimmed.contains("-->") {
                lines.by_ref().find(|line| line.contains("-->"));
            }
        } else if let Some(text) = heading(trimmed) {
            let text = wrap(&inline(text, terminal), "", "", terminal);
            blocks.push(text.lines().map(|l| terminal.paint(Style::STRONG, l) + "\n").collect());
        } else if trimmed.starts_with('|') {
            let mut rows = vec![trimmed];
            while let Some(row) = lines.next_if(|line| line.trim_start().starts_with('|')) {
                rows.push(row.trim());
            }
            blocks.push(table(&rows, terminal));
        } else if bullet(line).is_some() {
            blocks.push(list(line, &mut lines, terminal));
        } else {
            let quoted = trimmed.starts_with('>');
            let strip = |line: &str| {
                line.trim().trim_start_matches(if quoted { '>' } else { '\0' }).to_owned()
            };
            let mut text = strip(line);
            while let Some(next) = lines.next_if(|line| is_prose(line)) {
                text.push(' ');
                text.push_str(&strip(next));
            }
            let indent = if quoted { INDENT } else { "" };
            blocks.push(wrap(&inline(&text, terminal), indent, indent, terminal));
        }
    }
    blocks.join("\n")
}

/// The marks that open (and close) a code block, if `line` opens one.
fn fence(line: &str) -> Option<&str> {
    let end = line.find(|c| c != '`').unwrap_or(line.len());
    (end >= 3).then(|| &line[..end])
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len() && text.starts_with(' ')).then(|| text.trim())
}

/// The mark of a list's entry with its indent, and the entry's text.
fn bullet(line: &str) -> Option<(String, &str)> {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mark = match text.as_bytes() {
        [b'-' | b'*' | b'+', b' ', ..] => "-",
        _ if digits > 0 && text[digits..].starts_with(". ") => &text[..=digits],
        _ => return None,
    };
    Some((format!("{indent}{mark} "), text[mark.len()..].trim()))
}

/// Whether `line` goes on with the paragraph before it.
fn is_prose(line: &str) -> bool {
    let text = line.trim_start();
    !(text.is_empty()
        || text.starts_with('|')
        || text.starts_with("<!--")
        || fence(text).is_some()
        || heading(text).is_some()
        || bullet(line).is_some())
}

fn list<'a>(
    first: &'a str,
    lines: &mut Peekable<impl Iterator<Item = &'a str>>,
    terminal: Terminal,
) -> String {
    let mut out = String::new();
    let mut next = Some(first);
    while let Some((mark, text)) = next.and_then(bullet) {
        let mut text = text.to_owned();
        while let Some(more) = lines.next_if(|line| is_prose(line)) {
            text.push(' ');
            text.push_str(more.trim());
        }
        let (lead, rest) = (format!("  {mark}"), " ".repeat(mark.len() + 2));
        out.push_str(&wrap(&inline(&text, terminal), &lead, &rest, terminal));
        next = lines.next_if(|line| bullet(line).is_some());
    }
    out
}

/// The lines as they are, under the file's name if the fence gives one.
fn code_block(info: &str, code: &[&str], terminal: Terminal) -> String {
    let mut caption: Vec<&str> = Vec::new();
    if let Some((_, rest)) = info.split_once("title=\"")
        && let Some((title, _)) = rest.split_once('"')
    {
        caption.push(title);
    }
    if info.split_whitespace().any(|word| word == "fixed") {
        caption.push("fixed");
    }
    let mut out = String::new();
    if !caption.is_empty() {
        out.push_str("  ");
        out.push_str(&terminal.paint(Style::FAINT, &escape::escape(&caption.join(", "))));
        out.push('\n');
    }
    for line in code {
        if !line.is_empty() {
            let (code, mark) = match line.rfind("# finding") {
                Some(at) => line.split_at(at),
                None => (*line, ""),
            };
            out.push_str(INDENT);
            out.push_str(
                &terminal.paint(Style::CODE, &escape::escape(&code.replace('\t', "    "))),
            );
            if !mark.is_empty() {
                out.push_str(&terminal.paint(Style::ERROR, &escape::escape(mark)));
            }
        }
        out.push('\n');
    }
    out
}

/// Columns beside each other where they fit, else each cell on a line.
fn table(rows: &[&str], terminal: Terminal) -> String {
    let is_rule = |row: &str| row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    let rows: Vec<Vec<Vec<Word>>> = rows
        .iter()
        .filter(|row| !is_rule(row))
        .map(|row| row.trim_matches('|').split('|').map(|c| inline(c.trim(), terminal)).collect())
        .collect();
    let width = |cell: &Vec<Word>| cell.iter().map(|word| word.width + 1).sum::<usize>();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(width).max().unwrap_or(0))
        .collect();
    let fits = widths.iter().map(|width| width + 1).sum::<usize>() <= terminal.prose_width();
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        let mut line = String::from("  ");
        for (cell, column) in row.iter().zip(&widths) {
            let text = cell.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            let text = if index == 0 { terminal.paint(Style::STRONG, &text) } else { text };
            line.push_str(&text);
            let gap = if fits { column + 1 - width(cell).min(*column) } else { 2 };
            line.push_str(&" ".repeat(gap));
        }
        if fits {
            out.push_str(line.trim_end());
            out.push('\n');
        } else if index > 0 {
            let words: Vec<Word> = row.iter().flatten().cloned().collect();
            out.push_str(&wrap(&words, "  - ", "    ", terminal));
        }
    }
    out
}

/// Text that is never broken, with its styles in it.
#[derive(Clone, Debug, Default)]
struct Word {
    text: String,
    width: usize,
}

/// The words of a paragraph.
fn inline(text: &str, terminal: Terminal) -> Vec<Word> {
    let mut words = Words { done: Vec::new(), open: false, terminal };
    words.push_markdown(text, None);
    words.done
}

struct Words {
    done: Vec<Word>,
    /// Whether what comes next belongs to the last word.
    open: bool,
    terminal: Terminal,
}

impl Words {
    fn push_markdown(&mut self, text: &str, style: Option<Style>) {
        let mut rest = text;
        while let Some(at) = rest.find(['`', '*', '_', '[', '<', '\\']) {
            let (before, from) = rest.split_at(at);
            self.push(before, style, None);
            let begins_word = before.is_empty() || !before.ends_with(char::is_alphanumeric);
            rest = if let Some((code, after)) = delimited(from, "`", "`") {
                let shown = if self.terminal.color { code.to_owned() } else { format!("`{code}`") };
                self.push(&shown, Some(Style::CODE), None);
                after
            } else if let Some((strong, after)) = delimited(from, "**", "**") {
                self.push_markdown(strong, Some(Style::STRONG));
                after
            } else if let Some((soft, after)) = delimited(from, "*", "*")
                .or_else(|| delimited(from, "_", "_"))
                .filter(|_| begins_word)
            {
                self.push_markdown(soft, Some(Style::EMPHASIS));
                after
            } else if let Some((shown, url, after)) = link(from) {
                self.push_link(shown, url);
                after
            } else if let Some((url, after)) =
                delimited(from, "<", ">").filter(|(url, _)| url.contains("://"))
            {
                self.push(url, Some(Style::LINK), Some(url));
                after
            } else if let Some(after) = from.strip_prefix('\\').filter(|after| !after.is_empty()) {
                let end = after.chars().next().map_or(0, char::len_utf8);
                self.push(&after[..end], style, None);
                &after[end..]
            } else {
                let end = from.chars().next().map_or(0, char::len_utf8);
                self.push(&from[..end], style, None);
                &from[end..]
            };
        }
        self.push(rest, style, None);
    }

    fn push_link(&mut self, shown: &str, url: &str) {
        let plain = shown.replace('`', "");
        self.push(&plain, Some(Style::LINK), Some(url));
        if !self.terminal.links && plain != url && url.contains("://") {
            self.push(&format!(" ({url})"), None, None);
        }
    }

    fn push(&mut self, text: &str, style: Option<Style>, url: Option<&str>) {
        let mut first = true;
        for part in text.split(char::is_whitespace) {
            // What is between two parts is a space.
            self.open &= first;
            first = false;
            if part.is_empty() {
                continue;
            }
            let part = escape::escape(part);
            let mut shown = match style {
                Some(style) => self.terminal.paint(style, &part),
                None => part.clone().into_owned(),
            };
            if let Some(url) = url {
                shown = self.terminal.link(&escape::escape(url), &shown);
            }
            if !self.open {
                self.done.push(Word::default());
            }
            if let Some(word) = self.done.last_mut() {
                word.text.push_str(&shown);
                word.width += part.width();
            }
            self.open = true;
        }
    }
}

/// What stands between `open`, with which `text` starts, and the next `close`; and what follows.
fn delimited<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let (inner, after) = text.strip_prefix(open)?.split_once(close)?;
    let is_marked = !inner.is_empty() && !inner.starts_with(' ') && !inner.ends_with(' ');
    is_marked.then_some((inner, after))
}

/// `[shown](url)` and what follows.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (shown, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (url, after) = rest.split_once(')')?;
    (!shown.contains('[')).then_some((shown, url, after))
}

/// `words` in lines, the first after `lead`, the others after `rest`.
fn wrap(words: &[Word], lead: &str, rest: &str, terminal: Terminal) -> String {
    let width = terminal.prose_width();
    let mut out = lead.to_owned();
    let mut column = lead.width();
    let mut begun = false;
    for word in words {
        if begun && column + 1 + word.width > width {
            out.push('\n');
            out.push_str(rest);
            column = rest.width();
        } else if begun {
            out.push(' ');
            column += 1;
        }
        out.push_str(&word.text);
        column += word.width;
        begun = true;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# old-gradio

ZeroGPU refuses **Gradio 3**; see [the `docs`](https://example.org/a) and <https://b.org>. A
snake_case_name stays, *this* leans, 2 * 3 * 4 does not.

- first, which is long enough to be broken into two lines at this width
  and goes on
- `second` one

1. one

> quoted

```yaml title=\"README.md\" fixed
sdk_version: 6.0  # finding

\u{1b}[31mnot a colour
```

<!-- for the
harness -->

| a | b |
|---|---|
| 1 | `two` |
";

    fn terminal(color: bool, links: bool) -> Terminal {
        Terminal { color, links, unicode: true, width: 44 }
    }

    #[test]
    fn without_colour_it_is_plain_text() {
        insta::assert_snapshot!(render(PAGE, terminal(false, false)));
    }

    #[test]
    fn with_colour_and_links() {
        let shown = render(PAGE, terminal(true, true)).replace('\u{1b}', "ESC");
        insta::assert_snapshot!(shown);
    }
}
