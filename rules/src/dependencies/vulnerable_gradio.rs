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
    requirement: &'a Requirement,
    all: Vec<&'a Requirement>,
    /// From oldest to newest fix; never empty.
    flaws: Vec<&'static Advisory>,
}

impl<'a> Check<'a> for VulnerableGradio<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        // Where `old-gradio` says the same, once is enough.
        let deciding = versions::deciding(space).filter(|_| !OldGradio::tells_flaws(space));
        deciding.into_iter().filter_map(|requirement| {
            let flaws = versions::flaws(requirement);
            let all = space.pins().all("gradio").collect();
            (!flaws.is_empty()).then_some(Self { requirement, all, flaws })
        })
    }

    fn finding(&self) -> Finding {
        let asked = versions::asked(self.requirement);
        let floor = gradio::releases().minimum_secure;
        let place = Location::new(&self.requirement.file, self.requirement.span);
        Self::at(place, format!("Gradio {asked} has {}", versions::describe(&self.flaws)))
            .help(format!("Use Gradio {floor} or later."))
    }

    fn fix(&self) -> Option<Fix> {
        let step = versions::smallest_step(self.requirement, gradio::releases().minimum_secure)?;
        let edits = self
            .all
            .iter()
            .filter(|requirement| requirement.exact() == self.requirement.exact())
            .map(|requirement| Some(Edit::replace(versions::version_place(requirement)?, step)))
            .collect::<Option<Vec<_>>>()?;
        Some(Fix::needs_review(format!("move to Gradio {step}"), edits))
    }
}
