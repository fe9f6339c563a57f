//! What a fix would change, as a unified diff. It is for reading: what a terminal or a runner would
//! act on is spelled out, as everywhere, so in odd files it is not a patch. `--fix` applies fixes.

use std::fmt::Write;

use camino::Utf8Path;
use similar::TextDiff;

use crate::escape;
use crate::terminal::{Style, Terminal};

/// Lines shown before and after a change.
const CONTEXT: usize = 3;

/// The changes from `before` to `after` in the file at `path`.
pub(crate) fn unified(path: &Utf8Path, before: &str, after: &str, terminal: Terminal) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut out = String::new();
    let path = escape::escape(path.as_str());
    push(&mut out, Style::STRONG, &format!("--- a/{path}"), terminal);
    push(&mut out, Style::STRONG, &format!("+++ b/{path}"), terminal);
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        push(&mut out, Style::CODE, &hunk.header().to_string(), terminal);
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                similar::ChangeTag::Equal => (' ', None),
                similar::ChangeTag::Delete => ('-', Some(Style::REMOVED)),
                similar::ChangeTag::Insert => ('+', Some(Style::ADDED)),
            };
            // A carriage return belongs to the line's end, and a tab is just code.
            let line = change.value().trim_end_matches(['\n', '\r']);
            let line = line.split('\t').map(escape::escape).collect::<Vec<_>>().join("\t");
            let line = format!("{sign}{line}");
            if let Some(style) = style {
                push(&mut out, style, &line, terminal);
            } else {
                out.push_str(&line);
                out.push('\n');
            }
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    escape::guard_lines(&out).into_owned()
}

fn push(out: &mut String, style: Style, line: &str, terminal: Terminal) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", terminal.paint(style, line));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Terminal = Terminal { color: false, links: false, unicode: true, width: 80 };

    #[test]
    fn a_plain_change_is_a_patch() {
        let shown = unified(Utf8Path::new("d/app.py"), "a\n\tb\nc", "a\n\tx\nc", PLAIN);
        assert_eq!(
            shown,
            "--- a/d/app.py\n+++ b/d/app.py\n@@ -1,3 +1,3 @@\n a\n-\tb\n+\tx\n c\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn nothing_in_it_is_obeyed() {
        let shown = unified(Utf8Path::new("a\nb"), "::x\r\n\u{1b}[1m\n", "::x\r\ny\n", PLAIN);
        assert_eq!(shown, "--- a/a\\nb\n+++ b/a\\nb\n@@ -1,2 +1,2 @@\n \\x3a:x\n-\\x1b[1m\n+y\n");
    }
}
