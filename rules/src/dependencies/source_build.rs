use spacelint_knowledge::packages::{self, SourceOnly};
use spacelint_space::Space;
use spacelint_space::requirements::{LineKind, Requirement};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The requirements want a package that must be compiled, and the builder cannot.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "the package index has no wheel of it; PEP 517: a build sees no installed package; the builder has no CUDA compiler"
)]
pub(crate) struct SourceBuild<'a> {
    requirement: &'a Requirement,
    package: &'static SourceOnly,
}

impl<'a> Check<'a> for SourceBuild<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let is_built_so = versions::gradio_card(space).is_some();
        let files = space.requirements.iter().filter(move |file| {
            is_built_so
                && !versions::is_installed_before(&file.file)
                // A file that names other places, or turns isolation off, knows what it does.
                && !file.lines.iter().any(|line| has_options(&line.kind))
        });
        let asked = files.flat_map(spacelint_space::Requirements::requirements);
        asked.filter(|asked| asked.url.is_none() && asked.marker.is_none()).filter_map(
            |requirement| {
                Some(Self { requirement, package: packages::source_only(&requirement.name)? })
            },
        )
    }

    fn finding(&self) -> Finding {
        let name = &self.requirement.raw_name;
        Self::at(
            Location::new(&self.requirement.file, self.requirement.span),
            format!(
                "`{name}` has no wheel on the index, so pip compiles it where neither PyTorch nor a CUDA \
                 compiler is: the build ends with \"{}\"",
                self.package.error
            ),
        )
        .help(format!("Take the line out and {}.", self.package.instead))
    }
}

fn has_options(line: &LineKind) -> bool {
    matches!(line, LineKind::Options(options) if !options.is_empty())
}
