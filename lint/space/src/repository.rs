//! What stands in the repository besides what the Space's program reaches, as a push takes it along: its texts,
//! searched for tokens, and the files that git itself would have to carry though they are large. Within budgets,
//! the files nearest to the root first, because that is where people write settings, and without decoding a file
//! in which nothing is found.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::Match;
use ignore::gitignore::{Gitignore, Glob};
use rustc_hash::{FxHashMap, FxHashSet};
use spacelint_knowledge::platform;
use spacelint_knowledge::tokens::Form;
use spacelint_python::Span;

use crate::discover::NEVER;
use crate::files::{Files, SourceFile};
use crate::ignored;
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

/// How much of a file git looks at to tell whether it is text.
const MAX_HEAD: u64 = 8000;

/// A file that is larger than the Hub takes it from git itself, and neither in LFS nor left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LargeFile {
    /// Its path.
    pub path: Utf8PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Whether it is no text, of which the Hub takes less.
    pub is_binary: bool,
}

/// The files of a repository, as far as they were looked at.
pub(crate) struct Repository<'a> {
    files: &'a Files,
    paths: Vec<Utf8PathBuf>,
    /// The rules that were asked for, by the path of their file: many may ask for the same.
    rules: RefCell<FxHashMap<Utf8PathBuf, Option<Gitignore>>>,
}

/// The endings of texts that people write.
pub const TEXTS: &[&str] = &[
    "cfg", "conf", "env", "html", "ini", "ipynb", "js", "json", "jsx", "md", "mjs", "py", "sh",
    "toml", "ts", "tsx", "txt", "yaml", "yml",
];

impl<'a> Repository<'a> {
    pub(crate) fn new(files: &'a Files) -> Self {
        let paths = files.walk(MAX_NAMES, |name| OWN.contains(&name) || NEVER.contains(&name));
        Self { files, paths, rules: RefCell::default() }
    }

    /// Whether there is a file whose path ends so.
    pub(crate) fn has(&self, end: &str) -> bool {
        self.paths.iter().any(|path| path.ends_with(end))
    }

    /// Every token that is found: in `read`, and in the other texts of the repository.
    pub(crate) fn tokens(&self, read: &[Arc<SourceFile>]) -> Vec<Token> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        for file in read {
            if seen.insert(&file.path) {
                let mut inside = in_file(file).peekable();
                if inside.peek().is_some() && !self.is_ignored(&file.path) {
                    found.extend(inside);
                }
            }
        }
        let unread = self.paths.iter().filter(|path| is_text(path) && !seen.contains(path));
        for path in unread.take(MAX_FILES) {
            let Some(bytes) = self.files.peek(path, MAX_TEXT) else { continue };
            if secrets(path, &bytes).next().is_some()
                && !self.is_ignored(path)
                && let Ok(Some(file)) = self.files.read(path)
            {
                found.extend(in_file(&file));
            }
        }
        found
    }

    /// What git itself would have to carry, and is too large for that.
    pub(crate) fn large_files(&self) -> Vec<LargeFile> {
        let push = platform::push();
        let sized = self.paths.iter().filter_map(|path| Some((path, self.files.size(path)?)));
        sized
            .filter(|(_, bytes)| *bytes > push.binary_bytes)
            .filter_map(|(path, bytes)| {
                let head = self.files.head(path, MAX_HEAD)?;
                let is_binary = memchr::memchr(0, &head).is_some();
                let limit = if is_binary { push.binary_bytes } else { push.bytes };
                let is_carried = bytes > limit && !self.is_ignored(path) && !self.is_in_lfs(path);
                is_carried.then(|| LargeFile { path: path.clone(), bytes, is_binary })
            })
            .collect()
    }

    /// Whether git leaves the file out, so that no push takes it along.
    fn is_ignored(&self, path: &Utf8Path) -> bool {
        self.verdict(path, ".gitignore", |rules, path| {
            rules.matched_path_or_any_parents(path, false)
        })
    }

    /// Whether git keeps a pointer in the place of the file, by `git lfs track` or `git xet track`.
    fn is_in_lfs(&self, path: &Utf8Path) -> bool {
        // A pattern that names a folder says nothing of what is in it.
        self.verdict(path, ".gitattributes", |rules, path| rules.matched(path, false))
    }

    /// What the innermost file `named` says of `path`, as a `.gitignore` would.
    fn verdict(
        &self,
        path: &Utf8Path,
        named: &str,
        ask: impl for<'r> Fn(&'r Gitignore, &Path) -> Match<&'r Glob>,
    ) -> bool {
        let mut rules = self.rules.borrow_mut();
        let said = path.ancestors().skip(1).find_map(|folder| {
            let file = folder.join(named);
            let rules = rules.entry(file).or_insert_with_key(|file| self.rules(file)).as_ref()?;
            let verdict = ask(rules, path.strip_prefix(folder).ok()?.as_std_path());
            (!verdict.is_none()).then(|| verdict.is_ignore())
        });
        said == Some(true)
    }

    fn rules(&self, file: &Utf8Path) -> Option<Gitignore> {
        let text = ignored::text(self.files, file)?;
        if file.file_name() == Some(".gitattributes") {
            let rules: Vec<String> = text.lines().filter_map(lfs_rule).collect();
            return ignored::matcher(rules.iter().map(String::as_str));
        }
        ignored::matcher(text.lines())
    }
}

fn in_file(file: &Arc<SourceFile>) -> impl Iterator<Item = Token> {
    secrets(&file.path, file.text.as_str().as_bytes()).map(|(range, form)| Token {
        file: Arc::clone(file),
        span: Span::new(range.start, range.end),
        of: form.of,
    })
}

/// The tokens in the text of `path`, but for what everybody may see in such a file.
fn secrets<'t>(
    path: &'t Utf8Path,
    text: &'t [u8],
) -> impl Iterator<Item = (Range<usize>, &'static Form)> + 't {
    let is_public = |form: &Form| path.extension().is_some_and(|it| form.public_in.contains(&it));
    tokens::find(text).filter(move |(_, form)| !is_public(form))
}

fn is_text(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name == "Dockerfile"
        || name.starts_with(".env")
        || path.extension().is_some_and(|extension| TEXTS.contains(&extension))
}

/// A line of `.gitattributes` that decides whether a file is in LFS, as a line that says so by leaving out or by
/// `!`: of both the last one that fits counts.
fn lfs_rule(line: &str) -> Option<String> {
    let line = line.trim();
    // Git knows no `!` here; `[attr]` names others.
    if line.starts_with(['#', '!']) || line.starts_with("[attr]") {
        return None;
    }
    let (pattern, attributes) = match line.strip_prefix('"') {
        Some(rest) => rest.split_once('"')?,
        None => line.split_once([' ', '\t'])?,
    };
    let filter = attributes.split_whitespace().rfind(|attribute| {
        let name = attribute.trim_start_matches(['-', '!']);
        name.split('=').next() == Some("filter")
    })?;
    // So `git lfs track` writes a space.
    let pattern = pattern.replace("[[:space:]]", "?");
    Some(if filter == "filter=lfs" { pattern } else { format!("!{pattern}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    // In pieces, so that no other scanner takes this file for one that leaks.
    const SECRET: &str = concat!("hf_", "QzXwVbNmKjHgFdSaPoIuYtReWqLkJhGfDs");
    const WEB: &str = concat!("AIza", "SyQzXwVbNmKjHgFdSaPoIuYtReWqLkJhGfD");

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        let files = Files::memory(
            files.iter().map(|(path, text)| ((*path).into(), text.replace("T!", SECRET).into())),
        );
        said(&Repository::new(&files).tokens(&[]))
    }

    fn said(found: &[Token]) -> Vec<String> {
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
        let read = Arc::new(SourceFile::new("own.py", format!("T='{SECRET}'").into()));
        let rules = Files::memory([(".gitignore".into(), b"own.py\n".to_vec())]);
        assert_eq!(said(&Repository::new(&rules).tokens(&[Arc::clone(&read)])), [""; 0]);
        assert_eq!(said(&Repository::new(&Files::memory([])).tokens(&[read])), ["own.py:3"]);
        let nested = places(&[("a/.env", "T!"), ("a/.gitignore", "!.env"), (".gitignore", ".env")]);
        assert_eq!(nested, ["a/.env:0"]);
    }

    #[test]
    fn what_a_web_page_must_tell_is_no_secret() {
        let found = places(&[("a.py", WEB), ("b.html", WEB), ("c.ts", WEB), ("d.js", "T!")]);
        assert_eq!(found, ["a.py:0", "d.js:0"]);
    }

    /// Those of `files`, each with its size, that git would have to carry. A size that ends in 0 is a text's.
    fn large(sizes: &[(&str, u64)], attributes: &[(&str, &str)]) -> Vec<String> {
        let heavy = sizes.iter().map(|(path, bytes)| {
            let filler = if bytes % 10 == 0 { b'x' } else { 0 };
            (Utf8PathBuf::from(*path), vec![filler; *bytes as usize])
        });
        let told = attributes.iter().map(|(path, text)| ((*path).into(), (*text).into()));
        let files = Files::memory(heavy.chain(told));
        let found = Repository::new(&files).large_files();
        found.into_iter().map(|file| file.path.into_string()).collect()
    }

    #[test]
    fn what_git_would_have_to_carry_is_found_by_size() {
        let push = platform::push();
        let text = push.bytes / 10 * 10;
        let sizes = [
            ("a.bin", push.binary_bytes / 10 * 10 + 11),
            ("b.bin", push.binary_bytes / 10 * 10 - 9),
            ("c.csv", text + 10),
            ("d.csv", text),
        ];
        assert_eq!(large(&sizes, &[]), ["a.bin", "c.csv"]);
        assert_eq!(large(&sizes, &[(".gitignore", "*.bin\n")]), ["c.csv"]);
        assert_eq!(large(&sizes, &[(".gitattributes", "*.bin filter=lfs -text\n")]), ["c.csv"]);
    }

    #[test]
    fn attributes_are_read_as_git_reads_them() {
        let size = platform::push().binary_bytes / 10 * 10 + 11;
        let is_found = |path: &str, attributes: &[(&str, &str)]| {
            !large(&[(path, size)], attributes).is_empty()
        };
        let root = |text: &'static str| [(".gitattributes", text)];
        for lfs in [
            "*.bin filter=lfs",
            "\u{feff}*.bin\tdiff=lfs filter=lfs merge=lfs -text\r\n",
            "m/** filter=lfs",
            "/m/a[[:space:]]b.bin filter=lfs",
            "\"m/a b.bin\" filter=lfs",
            "*.bin -filter\n*.bin filter=lfs",
            "!*.bin -filter\n*.bin filter=lfs",
            "*.bin filter=lfs\n*.bin text\n*.pt !filter",
        ] {
            assert!(!is_found("m/a b.bin", &root(lfs)), "{lfs}");
        }
        for git in [
            "",
            "*.pt filter=lfs",
            "# *.bin filter=lfs",
            "a*.bin diff=lfs merge=lfs",
            "m filter=lfs",
            "m/ filter=lfs",
            "/*.bin filter=lfs",
            "*.bin filter=other",
            "*.bin filter=lfs\nm/*.bin !filter",
            "*.bin filter=lfs\n*.bin -filter",
        ] {
            assert!(is_found("m/a b.bin", &root(git)), "{git}");
        }
        let inner = [(".gitattributes", "*.bin filter=lfs"), ("m/.gitattributes", "a* -filter")];
        assert!(is_found("m/a.bin", &inner) && !is_found("m/b.bin", &inner));
    }
}
