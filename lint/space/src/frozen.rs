//! What an installation held, package by package: from the log of the build, or from the folder in which it
//! was made. Nothing of it is run.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::Version;

use crate::files::SourceFile;
use crate::requirements::{
    LineKind, Marker, Requirement, RequirementLine, Requirements, normalize,
};

mod environment;
mod log;
#[cfg(test)]
mod tests;

pub use environment::read as read_environment;
pub use log::read as read_log;

/// What an installation held.
#[derive(Clone, Debug, Default)]
pub struct Frozen {
    /// Its packages, by the name as pip compares it.
    pub packages: BTreeMap<String, Package>,
    /// Its Python, as `3.12`, if that is told.
    pub python: Option<String>,
    /// The commits that repositories stood at, by the address as pip shows it.
    pub commits: BTreeMap<String, String>,
    /// Whether it is told what each package asks for.
    pub has_requires: bool,
}

/// A package that was installed.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name as it stands.
    pub name: String,
    /// Its version, if that is told.
    pub version: Option<Version>,
    /// Whence it came, if not from an index.
    pub origin: Option<Origin>,
    /// What it asks for.
    pub requires: Vec<Required>,
}

/// Whence a package came that came from no index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From an address that always gives the same: a commit of a repository, an archive.
    Address(String),
    /// From a folder or file of the machine, or from somewhere that is not told.
    Local,
}

/// Something that a package asks for.
#[derive(Clone, Debug)]
pub struct Required {
    /// The package, as pip compares it.
    pub name: String,
    /// Its extras.
    pub extras: Vec<String>,
    /// When.
    pub marker: Option<Marker>,
}

/// Why nothing can be told of an installation, as a clause.
pub type Untold = String;

impl Frozen {
    fn add(&mut self, package: Package) {
        self.packages.insert(normalize(&package.name), package);
    }
}

impl Package {
    fn of_version(name: &str, version: &str) -> Option<Self> {
        let version = Version::from_str(version).ok()?;
        let package = Self::of_origin(name, Origin::Local)?;
        Some(Self { version: Some(version), origin: None, ..package })
    }

    /// None where `name` is none that a package can have.
    fn of_origin(name: &str, origin: Origin) -> Option<Self> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.ends_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(is_part);
        is_name.then(|| Self {
            name: name.to_owned(),
            version: None,
            origin: Some(origin),
            requires: Vec::new(),
        })
    }
}

/// The `3.12` at the start of a version, whatever follows.
pub fn minor(version: &str) -> Option<&str> {
    let digits = |from: usize| {
        let count = version[from..].bytes().take_while(u8::is_ascii_digit).count();
        (count > 0).then_some(from + count)
    };
    let point = digits(0).filter(|at| version[*at..].starts_with('.'))?;
    Some(&version[..digits(point + 1)?])
}

/// The one requirement that `text` is.
fn requirement(text: &str) -> Option<Requirement> {
    let file = Arc::new(SourceFile::new("requirements.txt", text.as_bytes().to_vec()));
    let mut lines = Requirements::parse(&file, &mut |_| None).lines.into_iter();
    match (lines.next(), lines.next()) {
        (Some(RequirementLine { kind: LineKind::Requirement(requirement), .. }), None) => {
            Some(requirement)
        }
        _ => None,
    }
}
