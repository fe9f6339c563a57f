//! What a fix would change, as a unified diff. It is for reading: what a terminal or a runner would
//! act on is spelled out, as everywhere, so in odd files it is not a patch. `--fix` applies fixes.

use std::fmt::Write;

use camino::Utf8Path;
use spacelint_rules::diff::{Diff, NO_END, Sign};

use crate::escape;
use crate::terminal::{Style, Terminal};

/// The changes from `before` to `after` in the file at `path`.
pub(crate) fn unified(path: &Utf8Path, before: &str, after: &str, terminal: Terminal) -> String {
    let mut out = String::new();
    let path = escape::escape(path.as_str());
    push(&mut out, Style::STRONG, &format!("--- a/{path}"), terminal);
    push(&mut out, Style::STRONG, &format!("+++ b/{path}"), terminal);
    for hunk in Diff::new(before, after).hunks() {
        push(&mut out, Style::CODE, &hunk.header, terminal);
        for changed in hunk.lines {
            let style = match changed.sign {
                Sign::Kept => None,
                Sign::Removed => Some(Style::REMOVED),
                Sign::Added => Some(Style::ADDED),
            };
            // A carriage return belongs to the line's end, and a tab is just code.
            let line = changed.text.trim_end_matches(['\n', '\r']);
            let line = line.split('\t').map(escape::escape).collect::<Vec<_>>().join("\t");
            let line = format!("{}{line}", changed.sign.mark());
            if let Some(style) = style {
                push(&mut out, style, &line, terminal);
            } else {
                out.push_str(&line);
                out.push('\n');
            }
            if changed.has_no_end() {
                out.push_str(NO_END);
                out.push('\n');
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
