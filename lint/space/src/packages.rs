//! `packages.txt`: the Debian packages that the builder installs. Knows no package by name.

use std::sync::Arc;

use spacelint_python::{BOM, Span};

use crate::files::SourceFile;

/// A `packages.txt`.
#[derive(Clone, Debug)]
pub struct Packages {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The packages in order.
    pub names: Vec<Package>,
    /// From each `#` to the end of its line.
    pub comments: Vec<Span>,
}

/// A Debian package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name, with whatever version or architecture stands at it.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

impl Packages {
    /// Reads `file`: words, as many as a line has.
    pub fn parse(file: &Arc<SourceFile>) -> Self {
        let text = file.text.as_str();
        let mut names = Vec::new();
        let mut comments = Vec::new();
        let mut at = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        for line in text[at..].split_inclusive('\n') {
            let mut from = at;
            for word in line.split_inclusive(char::is_whitespace) {
                let name = word.trim_end();
                if name.starts_with('#') {
                    let end = at + line.trim_end().len();
                    comments.push(Span::new(from, end));
                    break;
                }
                if !name.is_empty() {
                    let span = Span::new(from, from + name.len());
                    names.push(Package { name: name.to_owned(), span });
                }
                from += word.len();
            }
            at += line.len();
        }
        Self { file: Arc::clone(file), names, comments }
    }

    /// The package of this name, if it is asked for.
    pub fn get(&self, name: &str) -> Option<&Package> {
        self.names.iter().find(|package| package.name == name)
    }
}
