//! What stands in the repository besides what the Space's program reaches: the texts that a push takes along,
//! searched for tokens. Within budgets, the files nearest to the root first, because that is where people
//! write settings, and without decoding a file in which nothing is found.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::gitignore::GitignoreBuilder;
use rustc_hash::FxHashSet;
use spacelint_python::{BOM, Span};

use crate::discover::NEVER;
use crate::files::{Files, SourceFile};
use crate::tokens::{self, Token};

/// Folders that tools write and nobody else: git, and spacelint's profiler, whose recordings hold numbers and may
/// be long.
const OWN: &[&str] = &[".git", ".spacelint"];

/// How many names are looked at.
const MAX_NAMES: usize = 2048;
/// How many files are searched.
const MAX_FILES: usize = 256;
/// The largest file that is searched, in bytes: nobody writes a longer one.
const MAX_TEXT: u64 = 256 * 1024;

/// The endings of texts that people write.
pub const TEXTS: &[&str] = &[
    "cfg", "conf", "env", "html", "ini", "ipynb", "js", "json", "jsx", "md", "mjs", "py", "sh",
    "toml", "ts", "tsx", "txt", "yaml", "yml",
];

/// Every token that is found: in `read`, and in the other texts of the repository.
pub(crate) fn tokens(files: &Files, read: &[Arc<SourceFile>]) -> Vec<Token> {
    let mut found = Vec::new();
    let mut seen = FxHashSet::default();
    for file in read {
        if seen.insert(&file.path) {
            found.extend(in_file(file));
        }
    }
    let paths = files.walk(MAX_NAMES, |name| OWN.contains(&name) || NEVER.contains(&name));
    let unread = paths.iter().filter(|path| is_text(path) && !seen.contains(path));
    for path in unread.take(MAX_FILES) {
        let Some(bytes) = files.peek(path, MAX_TEXT) else { continue };
        if tokens::find(&bytes).next().is_some()
            && !is_ignored(files, path)
            && let Ok(Some(file)) = files.read(path)
        {
            found.extend(in_file(&file));
        }
    }
    found
}

fn in_file(file: &Arc<SourceFile>) -> impl Iterator<Item = Token> {
    tokens::find(file.text.as_str().as_bytes()).map(|(range, form)| Token {
        file: Arc::clone(file),
        span: Span::new(range.start, range.end),
        of: form.of,
    })
}

fn is_text(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name == "Dockerfile"
        || name.starts_with(".env")
        || path.extension().is_some_and(|extension| TEXTS.contains(&extension))
}

/// Whether git leaves the file out, so that no push takes it along.
fn is_ignored(files: &Files, path: &Utf8Path) -> bool {
    // The innermost folder's word counts.
    path.ancestors().skip(1).find_map(|folder| {
        let rules = files.read(&folder.join(".gitignore")).ok()??;
        let mut builder = GitignoreBuilder::new("");
        for line in rules.text.as_str().trim_start_matches(BOM).lines() {
            // A line that git cannot read it passes over, too.
            let _ = builder.add_line(None, line);
        }
        let matcher = builder.build().ok()?;
        let within: Utf8PathBuf = path.strip_prefix(folder).ok()?.into();
        let verdict = matcher.matched_path_or_any_parents(within.as_std_path(), false);
        (!verdict.is_none()).then(|| verdict.is_ignore())
    }) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        let secret = "hf_".to_owned() + "QzXwVbNmKjHgFdSaPoIuYtReWqLkJhGfDs";
        let files = Files::memory(
            files.iter().map(|(path, text)| ((*path).into(), text.replace("T!", &secret).into())),
        );
        let found = tokens(&files, &[]);
        found.iter().map(|token| format!("{}:{}", token.file.path, token.span.start)).collect()
    }

    #[test]
    fn what_a_push_takes_along_is_searched() {
        let found = places(&[
            (".env", "A=T!\n"),
            (".git/config", "T!"),
            (".spacelint/report.html", "T!"),
            ("a/b/notes.md", "é T! T!"),
            ("a/model.bin", "T!"),
            ("venv/x.py", "T!"),
            ("Dockerfile", "ENV A T!"),
        ]);
        assert_eq!(found, [".env:2", "Dockerfile:6", "a/b/notes.md:3", "a/b/notes.md:41"]);
    }

    #[test]
    fn what_git_ignores_is_left_out() {
        let ignoring = |rules: &str| {
            places(&[(".env", "A=T!\n"), ("a/.env.local", "T!"), (".gitignore", rules)])
        };
        assert_eq!(ignoring(".env\n"), ["a/.env.local:0"]);
        assert_eq!(ignoring(".env*\n"), [""; 0]);
        assert_eq!(ignoring(".env*\n!.env\na/\n"), [".env:2"]);
        assert_eq!(ignoring("other\n").len(), 2);
        let nested = places(&[("a/.env", "T!"), ("a/.gitignore", "!.env"), (".gitignore", ".env")]);
        assert_eq!(nested, ["a/.env:0"]);
    }
}
