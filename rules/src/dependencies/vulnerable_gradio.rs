use spacelint_knowledge::gradio::{self, Advisory};
use spacelint_space::Space;
use spacelint_space::requirements::Requirement;

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
    advisories: Vec<&'static Advisory>,
}

impl<'a> Check<'a> for VulnerableGradio<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        versions::deciding(space).into_iter().filter_map(|requirement| {
            let advisories: Vec<&Advisory> = gradio::advisories()
                .iter()
                .filter(|advisory| advisory.on_spaces)
                .filter(|advisory| versions::is_below(requirement, advisory.fixed))
                .collect();
            let all = space.pins().all("gradio").collect();
            (!advisories.is_empty()).then_some(Self { requirement, all, advisories })
        })
    }

    fn finding(&self) -> Finding {
        let asked = versions::asked(self.requirement);
        let floor = gradio::releases().minimum_secure;
        let flaws = self.advisories.len();
        let plural =
            if flaws == 1 { "vulnerability that reaches" } else { "vulnerabilities that reach" };
        let newest: Vec<String> = self
            .advisories
            .iter()
            .rev()
            .take(SHOWN)
            .map(|advisory| format!("{} ({})", advisory.note, advisory.ids.join(", ")))
            .collect();
        let among = if flaws > SHOWN { "among them" } else { "namely" };
        Self::at(
            Location::new(&self.requirement.file, self.requirement.span),
            format!(
                "Gradio {asked} has {flaws} published {plural} a Space, {among}: {}",
                newest.join("; ")
            ),
        )
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

/// How many flaws a message names.
const SHOWN: usize = 2;
