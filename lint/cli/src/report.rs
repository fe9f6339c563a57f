//! The report for a person: one block per finding, a sentence at the end. It alone draws; it never
//! decides what is a finding or what the exit status is.

use std::fmt::Write;

use camino::Utf8PathBuf;
use spacelint_rules::finding::{Applicability, Finding, Severity};
use unicode_width::UnicodeWidthStr;

use crate::escape;
use crate::formats;
use crate::frame::{Frame, Mark, NOTE_INDENT, Note};
use crate::pages;
use crate::paths::Place;
use crate::summary::Summary;
use crate::terminal::{Style, Terminal, wrapping};

/// The block of one finding, with an empty line after it.
pub(crate) fn finding(finding: &Finding, place: &Place, terminal: Terminal) -> String {
    let mut out = header(finding, terminal);
    let locations = std::iter::once((&finding.location, None)).chain(
        finding.related.iter().map(|related| (&related.location, Some(related.message.as_str()))),
    );
    let (locations, paths): (Vec<_>, Vec<Utf8PathBuf>) = locations
        .map(|(location, message)| ((location, message), place.shown(&location.file.path)))
        .unzip();
    let marks: Vec<Mark<'_>> = locations
        .iter()
        .zip(&paths)
        .map(|((location, message), path)| Mark {
            path,
            text: &location.file.text,
            span: location.span,
            message: *message,
        })
        .collect();
    let severity = match finding.rule.severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
        Severity::Info => miette::Severity::Advice,
    };
    let frame = Frame::new(&finding.message, severity, &marks, terminal);
    frame.render(&mut out, terminal);
    for note in &frame.notes {
        push_note(&mut out, note, terminal);
    }
    if let Some(note) = formats::note(finding) {
        push_field(&mut out, "note", note, terminal);
    }
    if let Some(help) = &finding.help {
        push_field(&mut out, "help", help, terminal);
    }
    if let Some(fix) = &finding.fix {
        let how = match fix.applicability {
            Applicability::Safe => "`--fix` does this",
            Applicability::Unsafe => "look at it first; `--unsafe-fixes` does this",
        };
        push_field(&mut out, "fix", &format!("{} ({how})", fix.message), terminal);
    }
    out.push('\n');
    escape::guard_lines(&out).into_owned()
}

/// `error[name]`, the name leading to the rule's page.
fn header(finding: &Finding, terminal: Terminal) -> String {
    let (word, style) = severity_word(finding.rule.severity);
    let name = terminal.link(&pages::url(finding.rule.name), finding.rule.name);
    format!(
        "{}{}\n",
        terminal.paint(style, word),
        terminal.paint(Style::STRONG, &format!("[{name}]"))
    )
}

/// The word and the style of a severity.
pub(crate) fn severity_word(severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Error => ("error", Style::ERROR),
        Severity::Warning => ("warning", Style::WARNING),
        Severity::Info => ("info", Style::INFO),
    }
}

/// A further place, what happens there, and its line of code. The place stays whole, so that a
/// terminal can make a link of it.
fn push_note(out: &mut String, note: &Note, terminal: Terminal) {
    let Note { place, message, code } = note;
    match message {
        None => push_field(out, "at", place, terminal),
        Some(message)
            if NOTE_INDENT + place.width() + 2 + message.width() <= terminal.prose_width() =>
        {
            push_field(out, "also", &format!("{place}: {message}"), terminal);
        }
        Some(message) => {
            let lead = terminal.paint(Style::INFO, "  also: ");
            let indent = " ".repeat(NOTE_INDENT);
            let message = textwrap::fill(message, wrapping(terminal.prose_width(), &indent));
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{lead}{place}:\n{message}");
        }
    }
    if let Some(code) = code {
        let bar = if terminal.unicode { '│' } else { '|' };
        let _ = writeln!(out, "        {bar} {}", terminal.paint(Style::CODE, code));
    }
}

/// `  name: text`, wrapped under itself.
fn push_field(out: &mut String, name: &str, text: &str, terminal: Terminal) {
    let lead = format!("{name:>6}: ");
    let indent = " ".repeat(lead.len());
    let options = wrapping(terminal.prose_width(), &indent);
    let filled = textwrap::fill(&escape::escape_lines(text), options);
    let filled = filled.strip_prefix(&indent).unwrap_or(&filled);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}{filled}", terminal.paint(Style::INFO, &lead));
}

/// The sentence at the end, about all Spaces together.
pub(crate) fn closing(summary: &Summary, terminal: Terminal) -> String {
    let (spaces, files) = (count(summary.spaces, "Space"), count(summary.files, "file"));
    let mut parts = Vec::new();
    for (number, word, style) in [
        (summary.errors, "error", Style::ERROR),
        (summary.warnings, "warning", Style::WARNING),
        (summary.infos, "info", Style::INFO),
    ] {
        if number > 0 {
            parts.push(terminal.paint(style, &count(number, word)));
        }
    }
    let mut lead = String::new();
    if summary.fixed > 0 {
        let fixed = format!("{} made", count_fixes(summary.fixed));
        lead = format!("{}. ", terminal.paint(Style::GOOD, &fixed));
    }
    if summary.ignored > 0 {
        let ignored = format!("{} ignored by a comment now", count(summary.ignored, "finding"));
        lead = format!("{}. ", terminal.paint(Style::GOOD, &ignored));
    }
    let known = match summary.known {
        0 => String::new(),
        known => format!(" {} in the baseline, left out.", count(known, "finding")),
    };
    let Some(last) = parts.pop() else {
        let left = match (summary.fixed + summary.ignored, summary.known) {
            (0, 0) => "No problems found",
            (0, _) => "No new problems found",
            _ => "No problems left",
        };
        let clean = terminal.paint(Style::GOOD, left);
        return format!("{lead}{clean} in {spaces} ({files}).{known}\n");
    };
    let mut out = lead;
    if !parts.is_empty() {
        out.extend([&parts.join(", "), " and "]);
    }
    out.push_str(&last);
    if summary.fixed + summary.ignored > 0 {
        out.push_str(" left");
    }
    // Writing to a String cannot fail.
    let _ = write!(out, " in {spaces}");
    let _ = match (summary.fixable, summary.unsafely_fixable) {
        (0, 0) => Ok(()),
        (safe, 0) => write!(out, "; {safe} fixable with `--fix`"),
        (0, other) => write!(out, "; {other} fixable with `--unsafe-fixes`"),
        (safe, other) => {
            write!(out, "; {safe} fixable with `--fix`, {other} more with `--unsafe-fixes`")
        }
    };
    // Writing to a String cannot fail.
    let _ = writeln!(out, ".{known}");
    out.push_str("`spacelint explain NAME` says more about a rule.\n");
    out
}

/// The sentence beside a diff.
pub(crate) fn closing_diff(summary: &Summary, adds_comments: bool) -> String {
    let findings = summary.errors + summary.warnings + summary.infos;
    let made = if adds_comments {
        format!("{} would be added", count(summary.ignored, "comment"))
    } else {
        format!("{} would be made", count_fixes(summary.fixed))
    };
    format!("{made} for {}; nothing was changed.\n", count(findings, "finding"))
}

fn count_fixes(number: usize) -> String {
    format!("{number} {}", if number == 1 { "fix" } else { "fixes" })
}

/// `1 error`, `2 errors`.
pub(crate) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use spacelint_python::Span;
    use spacelint_rules::finding::Location;

    use spacelint_python::Certainty;

    use super::*;
    use crate::testing::{MILD, at, file, finding as found, fix, related};

    fn show(finding: &Finding, width: usize) -> String {
        let terminal = Terminal { color: false, links: false, unicode: true, width };
        let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
        super::finding(finding, &place, terminal)
    }

    /// A touch two files away, as most of them are.
    fn chain() -> Finding {
        let app = file(
            "app.py",
            "import gradio as gr\nimport models\nimport spaces\n\n\ndef f():\n    pass\n",
        );
        let models = file(
            "models.py",
            "import torch\n\n\ndef pick():\n    if torch.cuda.is_available():\n        return \"cuda\"\n    return \"cpu\"\n\n\nDEVICE = pick()\n",
        );
        Finding {
            related: vec![
                related(at(&app, "import models"), "start-up imports `models` here"),
                related(at(&models, "pick()\n"), "which calls `pick` here"),
                related(at(&app, "import spaces"), "`spaces` refuses to load here"),
            ],
            help: Some("Import `spaces` before anything that asks for a GPU.".to_owned()),
            fix: Some(fix(at(&app, "import spaces\n"), "move `import spaces` to the top", "")),
            certainty: Certainty::Sometimes,
            ..found(
                at(&models, "torch.cuda.is_available()"),
                "`torch.cuda.is_available()` initialises CUDA before `spaces` is imported; on ZeroGPU `import spaces` then raises and the Space does not start",
            )
        }
    }

    #[test]
    fn a_chain_at_80_columns() {
        insta::assert_snapshot!(show(&chain(), 80));
    }

    #[test]
    fn a_chain_at_120_columns() {
        insta::assert_snapshot!(show(&chain(), 120));
    }

    #[test]
    fn a_chain_at_40_columns() {
        insta::assert_snapshot!(show(&chain(), 40));
    }

    #[test]
    fn a_chain_in_ascii() {
        let terminal = Terminal { color: false, links: false, unicode: false, width: 80 };
        let place = Place::new(Utf8Path::new("."), Utf8Path::new("/home/ann"));
        let shown = super::finding(&chain(), &place, terminal);
        assert!(shown.is_ascii());
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn colour_and_links() {
        let terminal = Terminal { color: true, links: true, unicode: true, width: 80 };
        let place = Place::new(Utf8Path::new("."), Utf8Path::new("/home/ann"));
        let shown = super::finding(&chain(), &place, terminal).replace('\u{1b}', "ESC");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_long_chain_is_told_in_lines() {
        let touch = file("deep.py", "import torch\ntorch.cuda.init()\n");
        let related = ["app.py", "a.py", "b.py", "a/rather/long/path/to/a/module/of/the/space.py"]
            .map(|path| {
                let text = format!("import os\n{}\n", "import x; ".repeat(20));
                related(at(&file(path, &text), "import x"), "imports `x`")
            });
        let finding = Finding {
            related: related.to_vec(),
            ..found(at(&touch, "torch.cuda.init()"), "`torch.cuda.init()` initialises CUDA")
        };
        insta::assert_snapshot!(show(&finding, 60));
    }

    #[test]
    fn a_long_line_is_clipped_around_the_place() {
        let line = format!(
            "x = [{}, spaces.GPU(duration=999), {}]\n",
            "1, ".repeat(20_000),
            "2, ".repeat(20_000)
        );
        let app = file("app.py", &format!("import spaces\n{line}# end\n"));
        let finding =
            Finding { rule: &MILD, ..found(at(&app, "duration=999"), "each call books 1498 s") };
        insta::assert_snapshot!(show(&finding, 60));
    }

    #[test]
    fn a_place_of_several_lines() {
        let app = file(
            "app.py",
            "import spaces\n\n@spaces.GPU(\n    duration=300,\n)\ndef f():\n    pass\n",
        );
        let finding = Finding {
            rule: &MILD,
            related: vec![related(at(&app, "def f()"), "the GPU function")],
            ..found(at(&app, "@spaces.GPU(\n    duration=300,\n)"), "each call books 450 s")
        };
        insta::assert_snapshot!(show(&finding, 60));
    }

    #[test]
    fn tabs_wide_and_dangerous_characters() {
        let app = file(
            "a\n::error::.py",
            "if x:\n\tlog(\"漢字 \u{202e}evil\u{1b}[31m\", torch.cuda.init())\n",
        );
        let finding =
            found(at(&app, "torch.cuda.init()"), "says\n::warning::this\tand \u{1b}[1mthat");
        insta::assert_snapshot!(show(&finding, 80));
    }

    #[test]
    fn an_empty_file_and_the_end_of_a_file() {
        let empty = file("README.md", "");
        let location = Location { file: empty, span: Span::empty(0) };
        insta::assert_snapshot!(show(&found(location, "there is no card"), 60));
        let file = file("README.md", "---\ntitle: x\n---\n");
        let location = Location { span: Span::empty(file.text.as_str().len()), file };
        insta::assert_snapshot!(show(&found(location, "something is missing here"), 60));
    }

    #[test]
    fn the_last_sentence() {
        let terminal = Terminal { color: false, links: false, unicode: true, width: 80 };
        let clean = Summary { spaces: 1, files: 4, ..Summary::default() };
        assert_eq!(closing(&clean, terminal), "No problems found in 1 Space (4 files).\n");
        let some = Summary {
            spaces: 2,
            files: 9,
            errors: 3,
            warnings: 1,
            infos: 2,
            fixable: 2,
            unsafely_fixable: 1,
            ..Summary::default()
        };
        assert_eq!(
            closing(&some, terminal),
            "3 errors, 1 warning and 2 infos in 2 Spaces; 2 fixable with `--fix`, 1 more with `--unsafe-fixes`.\n`spacelint explain NAME` says more about a rule.\n"
        );
    }
}
