use pep440_rs::{Operator, Version};
use spacelint_python::Certainty;
use spacelint_space::Space;
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::Requirement;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The requirements exclude the Gradio that the card names, so the Space does not build.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "build logs of Gradio Spaces: pip install -r requirements.txt gradio[oauth,mcp]==<sdk_version> … in one call"
)]
pub(crate) struct GradioPinConflict<'a> {
    requirement: &'a Requirement,
    /// What the card asks for, as if it were a requirement.
    card: &'a Requirement,
    version: &'a Version,
    certainty: Certainty,
}

impl<'a> Check<'a> for GradioPinConflict<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let card = versions::of_card(space)
            .and_then(|card| Some((card, card.exact()?, space.pins().environment())));
        card.into_iter().flat_map(move |(card, version, environment)| {
            space
                .requirements
                .iter()
                .filter(|file| !versions::is_installed_before(&file.file))
                .flat_map(spacelint_space::Requirements::requirements)
                .filter(|requirement| requirement.name == card.name)
                .filter_map(move |requirement| {
                    let asked = match &requirement.marker {
                        Some(marker) => marker.holds(environment),
                        None => Allowed::Always,
                    };
                    let excluded = excludes(requirement, version);
                    let certainty = match (asked, excluded) {
                        (Allowed::Never, _) | (_, Allowed::Never) => return None,
                        (Allowed::Always, Allowed::Always) => Certainty::Always,
                        _ => Certainty::Sometimes,
                    };
                    Some(Self { requirement, card, version, certainty })
                })
        })
    }

    fn finding(&self) -> Finding {
        let place = Location::new(&self.requirement.file, self.requirement.span);
        let version = self.version;
        let message = match (&self.requirement.url, self.requirement.exact()) {
            (Some(_), None) => format!(
                "Gradio comes from a URL here, and the card asks for {version}: pip installs both \
                 in one go, so the Space builds only if the URL holds just that version"
            ),
            _ => format!(
                "this asks for Gradio {} and the card for {version}: pip installs both in one go \
                 and gives up (ResolutionImpossible), so the Space does not build",
                versions::asked(self.requirement)
            ),
        };
        let finding = Self::at(place, message);
        let finding = match self.certainty {
            Certainty::Always => finding,
            Certainty::Sometimes => finding.doubtful(
                "This depends on what the URL holds, or on whether the marker holds where the Space is built.",
            ),
        };
        finding
            .help(format!(
                "Remove this line: the builder installs Gradio {version} anyway. Or make the two \
                 agree."
            ))
            .related(
                Location::new(&self.card.file, self.card.span),
                format!("the card asks for {version}"),
            )
    }

    fn fix(&self) -> Option<Fix> {
        let content = self.version.to_string();
        let edit = match versions::version_place(self.requirement) {
            Some(place) if is_equal(self.requirement) => Edit::replace(place, content),
            _ => {
                let place = versions::specifiers_place(self.requirement)?;
                Edit::replace(place, format!("=={content}"))
            }
        };
        let message = format!("ask for Gradio {}, as the card does", self.version);
        // From one major version to another the app may have been written for the one asked for here.
        let same_major = self
            .requirement
            .exact()
            .is_some_and(|exact| exact.release().first() == self.version.release().first());
        Some(if same_major {
            Fix::safe(message, vec![edit])
        } else {
            Fix::needs_review(message, vec![edit])
        })
    }
}

/// Whether `requirement` cannot be met by `version`.
fn excludes(requirement: &Requirement, version: &Version) -> Allowed {
    let allowed = match (&requirement.url, requirement.exact()) {
        (Some(_), Some(exact)) => exact == version,
        (Some(_), None) => return Allowed::Sometimes,
        (None, _) => requirement.specifiers.as_ref().is_none_or(|asked| asked.contains(version)),
    };
    if allowed { Allowed::Never } else { Allowed::Always }
}

fn is_equal(requirement: &Requirement) -> bool {
    matches!(
        requirement.clauses.first().map(|clause| clause.specifier.operator()),
        Some(Operator::Equal | Operator::ExactEqual)
    )
}
