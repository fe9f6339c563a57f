use std::sync::Arc;

use spacelint_python::{BOM, Certainty, Span};
use spacelint_space::{SourceFile, Space, SpaceTrace};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};
use crate::zerogpu::catches;

/// A line of a notebook, of Markdown or of an unfinished merge stands in a Python file.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "Python reference, lexical analysis: `!`, `?` and `` ` `` are no tokens, and no statement begins with `%`, `<<` or `>>`; CPython compiles a whole file before it runs its first line"
)]
pub(crate) struct NotPython<'a> {
    file: &'a Arc<SourceFile>,
    span: Span,
    kind: Kind,
    /// Whether start-up runs the file for sure, and ends with its error.
    is_sure: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    /// `!pip install x`.
    Shell,
    /// `%matplotlib inline`.
    Magic,
    /// `<<<<<<< HEAD`.
    Conflict,
    /// Three backquotes.
    Fence,
}

impl<'a> Check<'a> for NotPython<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let trace = space.trace();
        trace.into_iter().flat_map(SpaceTrace::files).flat_map(move |file| {
            let text = file.text.as_str();
            // Whether a statement begins there is asked only where it may be one of these.
            let lines = text
                .trim_start_matches(BOM)
                .lines()
                .any(|line| Kind::of(line.trim_start()).is_some());
            let statements = lines.then(|| spacelint_python::lines(text).logical);
            let is_sure = lines && trace.is_some_and(|trace| is_run(space, trace, file));
            statements.into_iter().flatten().filter_map(move |span| {
                let kind = Kind::of(file.text.slice(span))?;
                // What follows may be anything: the line counts, and not what it opens.
                let length = file.text.slice(span).lines().next().map_or(0, str::len) as u32;
                let span = Span { start: span.start, end: span.start + length };
                Some(Self { file, span, kind, is_sure })
            })
        })
    }

    fn finding(&self) -> Finding {
        let what = match self.kind {
            Kind::Shell => "a command of a notebook",
            Kind::Magic => "a magic of a notebook",
            Kind::Conflict => "left over from a merge",
            Kind::Fence => "a fence of Markdown",
        };
        let help = match self.kind {
            Kind::Shell => {
                "Take it out. What it installs belongs into `requirements.txt`, or into `packages.txt` if apt \
                 installs it."
            }
            Kind::Magic | Kind::Fence => "Take it out.",
            Kind::Conflict => "Keep one of the two versions, and take the marks out.",
        };
        let when =
            if self.is_sure { "the Space does not start" } else { "whoever imports it fails" };
        let finding = Self::at(
            Location::new(self.file, self.span),
            format!("this line is {what} and no Python: the file is a SyntaxError, and {when}"),
        )
        .help(help);
        if self.is_sure { finding } else { finding.certainty(Certainty::Sometimes) }
    }
}

/// Whether every start-up runs `file`, and nothing catches what comes of it.
fn is_run(space: &Space, trace: &SpaceTrace, file: &SourceFile) -> bool {
    let is_entry = space.entry.as_ref().is_some_and(|entry| entry.path == file.path);
    is_entry
        || trace.imports().any(|(import, mut guards)| {
            trace.file(import.effect).path == file.path
                && import.root.is_none()
                && import.certainty == Certainty::Always
                && !guards.any(|guard| catches(guard, "SyntaxError"))
        })
}

impl Kind {
    /// What a statement is that begins so, if it is none.
    fn of(text: &str) -> Option<Self> {
        let second = |is: fn(char) -> bool| text[1..].trim_start().starts_with(is);
        match text.as_bytes().first()? {
            b'!' if second(|c| c.is_ascii_alphabetic()) => Some(Self::Shell),
            b'%' if second(|c| c.is_ascii_alphabetic() || c == '%') => Some(Self::Magic),
            b'<' | b'>' | b'=' => {
                let line = text.lines().next().unwrap_or_default().trim_end();
                let is_mark = line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
                (is_mark || line == "=======").then_some(Self::Conflict)
            }
            b'`' if text.starts_with("```") => Some(Self::Fence),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::memory;

    #[test]
    fn it_is_as_sure_as_the_import() {
        let certainty = |app: &str| {
            let files = [("app.py", app), ("parts.py", "%time\n"), ("more.py", "import parts\n")];
            let space = Space::read(&memory(&files));
            let found: Vec<Finding> = NotPython::check(&space).map(|it| it.finding()).collect();
            assert_eq!(found.len(), 1, "{app}");
            (found[0].certainty, found[0].message.ends_with("the Space does not start"))
        };
        let (sure, unsure) = ((Certainty::Always, true), (Certainty::Sometimes, false));
        assert_eq!(certainty("import parts\n"), sure);
        assert_eq!(certainty("from more import x\n"), sure);
        assert_eq!(certainty("def f():\n    import parts\nf()\n"), sure);
        assert_eq!(certainty("try:\n    import parts\nexcept ImportError:\n    pass\n"), sure);
        for app in [
            "import os\nif os.getenv('X'):\n    import parts\n",
            "try:\n    import parts\nexcept SyntaxError:\n    pass\n",
            "try:\n    import more\nexcept Exception:\n    pass\n",
            "try:\n    import parts\nexcept:\n    pass\n",
            "import threading\ndef f():\n    import parts\nthreading.Thread(target=f).start()\n",
        ] {
            assert_eq!(certainty(app), unsure, "{app}");
        }
    }
}
