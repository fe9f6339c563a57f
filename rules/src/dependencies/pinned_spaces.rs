use pep440_rs::VersionSpecifiers;
use spacelint_knowledge::platform::{self, Spaces};
use spacelint_space::Space;
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::Requirement;
use std::str::FromStr;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The requirements ask for another `spaces` than the one that ZeroGPU installs with them.
#[derive(Rule)]
#[rule(severity = warning, fix = safe, since = "0.1.0")]
#[rule(
    source = "build logs of ZeroGPU Spaces, 2026-09 and 2026-10: pip install -r requirements.txt … spaces==0.51.3 in one call"
)]
pub(crate) struct PinnedSpaces<'a> {
    requirement: &'a Requirement,
    /// What the builder asks for, and the version in it.
    ours: (&'static str, &'static str),
}

impl<'a> Check<'a> for PinnedSpaces<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let line = platform::builder()
            .iter()
            .find(|line| line.package == "spaces" && line.on == Spaces::ZeroGpu);
        let ours =
            line.and_then(|line| Some((line.requirement, line.requirement.split_once("==")?.1)));
        let ours = ours.filter(|_| space.is_zerogpu());
        ours.into_iter().flat_map(|ours| {
            let asked = space.pins().all("spaces");
            asked
                .filter(move |asked| excludes(asked, ours.1))
                .map(move |requirement| Self { requirement, ours })
        })
    }

    fn finding(&self) -> Finding {
        let asked = match (&self.requirement.url, versions::asked(self.requirement)) {
            (Some(_), _) => "`spaces` from an address".to_owned(),
            (None, asked) => format!("`spaces` {asked}"),
        };
        let place = Location::new(&self.requirement.file, self.requirement.span);
        Self::at(
            place,
            format!(
                "this asks for {asked}, and ZeroGPU's builder for `{}` in the same call of pip: they cannot \
                 both be installed, and the build ends with \"ResolutionImpossible\"",
                self.ours.0
            ),
        )
        .help("Take the version out: every Gradio Space gets the `spaces` that its platform is made for.")
    }

    fn fix(&self) -> Option<Fix> {
        let edit = Edit::delete(versions::specifiers_place(self.requirement)?);
        Some(Fix::safe("leave the version of `spaces` to the platform", vec![edit]))
    }
}

/// Whether `asked` rules the `version` out that the builder asks for.
fn excludes(asked: &Requirement, version: &str) -> bool {
    if asked.marker.is_some() || versions::is_installed_before(&asked.file) {
        return false;
    }
    let ours = VersionSpecifiers::from_str(&format!("=={version}"));
    match (&asked.specifiers, ours) {
        _ if asked.url.is_some() => true,
        (Some(asked), Ok(ours)) => Allowed::of(asked, &ours) == Allowed::Never,
        _ => false,
    }
}
