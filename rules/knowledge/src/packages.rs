//! What the package index has, as far as requirements are often wrong about it. Names are as pip compares
//! them; versions are text: whoever compares them does so by PEP 440, which this crate does not know.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/packages.rs"));

/// Names under which nothing can be installed.
#[derive(Debug)]
pub struct Absent {
    /// The names, sorted.
    pub names: &'static [&'static str],
    /// The package that is meant; none where the module is part of Python.
    pub instead: Option<&'static str>,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A package without a wheel, whose build needs what the builder does not have.
#[derive(Debug)]
pub struct SourceOnly {
    /// The package.
    pub package: &'static str,
    /// What its build ends with, word for word.
    pub error: &'static str,
    /// What to do, as a clause without its full stop.
    pub instead: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a package brings with it on Linux alone, in versions that it names itself.
#[derive(Debug)]
pub struct Brought {
    /// The package.
    pub package: &'static str,
    /// What it brings, sorted.
    pub names: &'static [&'static str],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A package each of whose versions asks for one version of PyTorch.
#[derive(Debug)]
pub struct Pair {
    /// The package.
    pub package: &'static str,
    /// A version of it, and the PyTorch that it asks for, rising.
    pub torch: &'static [(&'static str, &'static str)],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Which Python a range of a package's versions asks for.
#[derive(Debug)]
pub struct NeedsPython {
    /// The package.
    pub package: &'static str,
    /// The range, as PEP 440 specifiers.
    pub range: &'static str,
    /// The Python, as PEP 440 specifiers.
    pub python: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What is known of `name` if nothing can be installed under it.
pub fn absent(name: &str) -> Option<&'static Absent> {
    ABSENT.iter().find(|absent| absent.names.binary_search(&name).is_ok())
}

/// What is known of `package` if it has no wheel and cannot be built.
pub fn source_only(package: &str) -> Option<&'static SourceOnly> {
    SOURCES.iter().find(|source| source.package == package)
}

/// The packages that ask for some Python.
pub fn needs_python() -> &'static [NeedsPython] {
    NEED_PYTHON
}

/// The packages that go with one version of PyTorch.
pub fn pairs() -> &'static [Pair] {
    PAIRS
}

/// The packages that bring others on Linux alone.
pub fn brought() -> &'static [Brought] {
    BROUGHT
}

/// Those that install the others.
pub fn installers() -> &'static [&'static str] {
    INSTALLER
}

/// Whether `name` is one of those that install the others.
pub fn is_installer(name: &str) -> bool {
    INSTALLER.contains(&name)
}
