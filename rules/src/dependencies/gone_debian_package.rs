use spacelint_knowledge::debian::{self, Gone, GoneKind};
use spacelint_space::{Packages, Space, packages};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// `packages.txt` asks for a package that Debian no longer has.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "the package lists of Debian 12 and 13; hub-docs spaces-dependencies.md: each line of packages.txt is installed by apt-get install; apt: E: Package 'libgl1-mesa-glx' has no installation candidate"
)]
pub(crate) struct GoneDebianPackage<'a> {
    packages: &'a Packages,
    package: &'a packages::Package,
    gone: &'static Gone,
}

impl<'a> Check<'a> for GoneDebianPackage<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let packages = space.packages.as_ref().filter(|_| versions::gradio_card(space).is_some());
        packages.into_iter().flat_map(|packages| {
            packages.names.iter().filter_map(move |package| {
                Some(Self { packages, package, gone: debian::gone(&package.name)? })
            })
        })
    }

    fn finding(&self) -> Finding {
        let name = self.gone.name;
        let releases: Vec<String> = self.gone.debian.iter().map(ToString::to_string).collect();
        let have = if releases.len() == 1 { "has" } else { "have" };
        let releases = releases.join(" and ");
        let finding = Self::at(
            self.place(),
            format!(
                "Debian {releases} {have} no package `{name}` ({}): built on it, the Space fails where apt \
                 looks for it",
                debian::as_of()
            ),
        )
        .doubtful("This depends on the Debian that the Space is built on, which is not said anywhere.");
        finding.help(match self.gone {
            Gone { instead: Some(instead), same: true, .. } => {
                format!("Write `{instead}`, which is the same package under its present name.")
            }
            Gone { instead: Some(instead), kind: GoneKind::Compiler, .. } => {
                format!("`{instead}` brings the version that the release has.")
            }
            Gone { instead: Some(instead), .. } => {
                format!("`{instead}` is what Debian has in its place.")
            }
            Gone { kind: GoneKind::Python, .. } => {
                "Take it out: the Space's Python is the one that `python_version` in the card names, and not \
                 Debian's; what is made for it comes from `requirements.txt`."
                    .to_owned()
            }
            Gone { kind: GoneKind::Headers, .. } => {
                "Take it out, or ask for a version of what is built with it that needs it no longer: Debian has \
                 nothing in its place."
                    .to_owned()
            }
            Gone { instead: None, .. } => {
                "Take it out, or name what needs it: apt brings the library along.".to_owned()
            }
        })
    }

    fn fix(&self) -> Option<Fix> {
        let instead = self.gone.instead?;
        let edits = vec![Edit::replace(self.place(), instead)];
        let message = format!("write `{instead}`");
        Some(if self.gone.same {
            Fix::safe(message, edits)
        } else {
            // What was built for the old one may not run with the new one.
            Fix::needs_review(message, edits)
        })
    }
}

impl GoneDebianPackage<'_> {
    fn place(&self) -> Location {
        Location::new(&self.packages.file, self.package.span)
    }
}
