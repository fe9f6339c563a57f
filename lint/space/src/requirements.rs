//! Requirements files, line by line, as pip reads them.
//!
//! Own parser: the common one panics on lines that people write. Knows pip's syntax (options, URLs,
//! paths, continuation, environment variables) and PEP 508, and no package by name.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::{Version, VersionSpecifier, VersionSpecifiers};
use spacelint_python::Span;

use crate::files::{SourceFile, normal};

mod line;
mod marker;
#[cfg(test)]
mod tests;

pub use marker::{Environment, Marker};

/// A requirements file.
#[derive(Clone, Debug)]
pub struct Requirements {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Its logical lines in order, blank ones left out.
    pub lines: Vec<RequirementLine>,
    /// The files that its `-r` options name and that are in the Space, in order. A file that is
    /// named again is not followed again.
    pub included: Vec<Requirements>,
}

/// A logical line: what backslashes join is one.
#[derive(Clone, Debug)]
pub struct RequirementLine {
    /// Without comment, surrounding space and line ending.
    pub span: Span,
    /// The comment behind it, from its `#`.
    pub comment: Option<Span>,
    /// What it says.
    pub kind: LineKind,
}

/// What a line says.
#[derive(Clone, Debug)]
pub enum LineKind {
    /// A package, by name; with `@` also by URL.
    Requirement(Requirement),
    /// A bare URL: a wheel, an archive, a repository. The package is guessed from it where it says.
    Url {
        /// Where it leads.
        url: Url,
        /// The package.
        requirement: Option<Requirement>,
        /// Whether `-e` stands before it.
        editable: bool,
    },
    /// A file or folder, also behind `-e`.
    Path {
        /// As it stands, extras left out.
        path: String,
        /// Where it stands.
        path_span: Span,
        /// Whether `-e` stands before it.
        editable: bool,
    },
    /// Nothing but a comment.
    Comment,
    /// Options of the whole file.
    Options(Vec<LineOption>),
    /// Something that pip first replaces by a value of its own environment, `${NAME}`, so that the
    /// text does not settle what it says.
    Variable,
    /// Something that pip refuses.
    Invalid {
        /// Why, as a clause: "`==` wants a version behind it".
        message: String,
    },
}

/// An option of a requirements file or line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineOption {
    /// Its name with dashes, the long form where pip knows two: `--requirement`.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Its value, unquoted, and where it stands.
    pub value: Option<(String, Span)>,
}

/// A package that somebody asks for.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The file that asks.
    pub file: Arc<SourceFile>,
    /// The name as pip compares it: lower case, `-` for any run of `-`, `_` and `.`.
    pub name: String,
    /// The name as it stands.
    pub raw_name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The extras, compared as names are.
    pub extras: Vec<String>,
    /// The versions asked for; none for any.
    pub specifiers: Option<VersionSpecifiers>,
    /// From the first operator to the last version.
    pub specifier_span: Option<Span>,
    /// Each clause of `specifiers`, in the order of the text.
    pub clauses: Vec<Clause>,
    /// When it is asked for; none for always.
    pub marker: Option<Marker>,
    /// Whence, if not from an index.
    pub url: Option<Url>,
    /// Options of this requirement alone, such as `--hash`.
    pub options: Vec<LineOption>,
    /// All of it, without options and comment.
    pub span: Span,
}

/// One operator and its version.
#[derive(Clone, Debug)]
pub struct Clause {
    /// What it asks for.
    pub specifier: VersionSpecifier,
    /// Operator and version.
    pub span: Span,
    /// The version alone.
    pub version_span: Span,
}

/// Where a package comes from, if not from an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// As it stands.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// The version, where a wheel's name tells.
    pub version: Option<Version>,
}

/// A package's name as pip compares it (PEP 503).
pub fn normalize(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !normal.is_empty() {
            normal.push('-');
        }
        normal.push_str(&part.to_ascii_lowercase());
    }
    normal
}

impl Requirements {
    /// Reads `file`. `read` gives the text of a file that it includes, by its path from the Space's
    /// root.
    pub fn parse(
        file: &Arc<SourceFile>,
        read: &mut dyn FnMut(&Utf8Path) -> Option<Arc<SourceFile>>,
    ) -> Self {
        let mut seen = vec![file.path.clone()];
        Self::follow(file, read, &mut seen)
    }

    fn follow(
        file: &Arc<SourceFile>,
        read: &mut dyn FnMut(&Utf8Path) -> Option<Arc<SourceFile>>,
        seen: &mut Vec<Utf8PathBuf>,
    ) -> Self {
        let lines = line::parse(file);
        let mut included = Vec::new();
        for path in lines.iter().filter_map(RequirementLine::includes) {
            // pip reads the path from the including file's folder.
            let path = file.path.parent().unwrap_or(Utf8Path::new("")).join(path);
            let Some(path) = normal(&path) else { continue };
            if seen.contains(&path) || seen.len() >= MAX_INCLUDED {
                continue;
            }
            seen.push(path.clone());
            if let Some(file) = read(&path) {
                included.push(Self::follow(&file, read, seen));
            }
        }
        Self { file: Arc::clone(file), lines, included }
    }

    /// Every requirement of this file and of those that it includes, bare URLs that tell their
    /// package among them.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        let mut found: Vec<&Requirement> =
            self.lines.iter().filter_map(RequirementLine::requirement).collect();
        found.extend(self.included.iter().flat_map(|file| {
            let found: Box<dyn Iterator<Item = &Requirement>> = Box::new(file.requirements());
            found
        }));
        found.into_iter()
    }
}

/// How many requirements files one may lead to.
const MAX_INCLUDED: usize = 64;

impl Requirement {
    /// Where each operator stands with its version.
    pub fn version_spans(&self) -> impl Iterator<Item = Span> {
        self.clauses.iter().map(|clause| clause.span)
    }
}

impl RequirementLine {
    /// Reads the part of `file` under `span` as one line; none if it is blank.
    pub(crate) fn parse_part(file: &Arc<SourceFile>, span: Span) -> Option<Self> {
        line::parse_part(file, span)
    }

    /// The requirement on this line, if there is one.
    pub fn requirement(&self) -> Option<&Requirement> {
        match &self.kind {
            LineKind::Requirement(requirement) => Some(requirement),
            LineKind::Url { requirement, .. } => requirement.as_ref(),
            _ => None,
        }
    }

    fn includes(&self) -> Option<&str> {
        let LineKind::Options(options) = &self.kind else { return None };
        let option = options.iter().find(|option| option.name == "--requirement")?;
        option.value.as_ref().map(|(path, _)| path.as_str())
    }
}
