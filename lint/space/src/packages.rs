//! `packages.txt`: the Debian packages that the builder installs. Knows no package by name.

use std::sync::Arc;

use spacelint_python::{BOM, Span};

use crate::attributes::CarriageReturns;
use crate::files::SourceFile;

/// A `packages.txt`.
#[derive(Clone, Debug)]
pub struct Packages {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The packages in order.
    pub names: Vec<Package>,
    /// From each `#` to the end of its line: what is meant as a comment, which apt does not know.
    pub comments: Vec<Span>,
    /// What a commit makes of CR LF in it.
    pub carriage_returns: CarriageReturns,
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
    pub fn parse(file: &Arc<SourceFile>, carriage_returns: CarriageReturns) -> Self {
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
        Self { file: Arc::clone(file), names, comments, carriage_returns }
    }

    /// The package of this name, if it is asked for.
    pub fn get(&self, name: &str) -> Option<&Package> {
        self.names.iter().find(|package| package.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Xorshift, mutate};

    fn parse(bytes: &[u8]) -> Packages {
        let file = Arc::new(SourceFile::new("packages.txt", bytes.to_vec()));
        let packages = Packages::parse(&file, CarriageReturns::Unsettled);
        for package in &packages.names {
            assert_eq!(packages.file.text.slice(package.span), package.name);
            assert!(!package.name.is_empty() && !package.name.contains(char::is_whitespace));
        }
        for comment in &packages.comments {
            assert!(packages.file.text.slice(*comment).starts_with('#'));
        }
        packages
    }

    #[test]
    fn words_are_packages_and_comments_are_apart() {
        let text = "\u{feff}ffmpeg\r\n# more # and more\r\n\r\n  libgl1 libsm6\t# why\r\ngit=1:2.3";
        let packages = parse(text.as_bytes());
        let names: Vec<_> = packages.names.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["ffmpeg", "libgl1", "libsm6", "git=1:2.3"]);
        let comments: Vec<_> =
            packages.comments.iter().map(|span| packages.file.text.slice(*span)).collect();
        assert_eq!(comments, ["# more # and more", "# why"]);
        assert!(packages.get("libsm6").is_some() && packages.get("lib").is_none());
        assert!(parse(b"").names.is_empty());
    }

    #[test]
    fn no_mutation_of_packages_panics_or_shifts_a_span() {
        let mut random = Xorshift::new(5);
        for _ in 0..5000 {
            parse(&mutate("ffmpeg\n# é\nlibgl1 a\u{2003}b\r\n".as_bytes(), &mut random));
        }
    }
}
