use spacelint_knowledge::gradio::{self, Advisory};
use spacelint_space::Space;
use spacelint_space::requirements::Requirement;

use crate::dependencies::OldGradio;
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// Gradio has published vulnerabilities that reach a Space.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0", strict)]
#[rule(
    source = "GitHub advisories for gradio; no fix of 2026 went back to the 5.x line (gradio CHANGELOG.md)"
)]
pub(crate) struct VulnerableGradio<'a> {
    space: &'a Space,
    requirement: &'a Requirement,
    all: Vec<&'a Requirement>,
    /// From oldest to newest fix; never empty.
    flaws: Vec<&'static Advisory>,
}

impl<'a> Check<'a> for VulnerableGradio<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        // Where `old-gradio` says the same, once is enough.
        let deciding = versions::deciding(space).filter(|_| !OldGradio::tells_flaws(space));
        deciding.into_iter().filter_map(move |requirement| {
            let flaws = versions::flaws(requirement);
            let all = space.pins().all("gradio").collect();
            (!flaws.is_empty()).then_some(Self { space, requirement, all, flaws })
        })
    }

    fn finding(&self) -> Finding {
        let asked = versions::asked(self.requirement);
        let refusing = self.step().err().flatten();
        let place = Location::new(&self.requirement.file, self.requirement.span);
        Self::at(place, format!("Gradio {asked} has {}", versions::describe(&self.flaws)))
            .help(versions::without_step(floor(), refusing))
    }

    fn fix(&self) -> Option<Fix> {
        let step = self.step().ok()?;
        let edits = self
            .all
            .iter()
            .filter(|requirement| requirement.exact() == self.requirement.exact())
            .map(|requirement| Some(Edit::replace(versions::version_place(requirement)?, step)))
            .collect::<Option<Vec<_>>>()?;
        Some(Fix::needs_review(format!("move to Gradio {step}"), edits).first())
    }
}

impl VulnerableGradio<'_> {
    fn step(&self) -> Result<&'static str, Option<&Requirement>> {
        versions::smallest_step(self.space, self.requirement, floor())
    }
}

fn floor() -> &'static str {
    gradio::releases().minimum_secure
}
