use spacelint_knowledge::gradio::{self, NoHandshake};
use spacelint_knowledge::platform::Tier;
use spacelint_python::Value;
use spacelint_space::effect::Effect;
use spacelint_space::requirements::Requirement;
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// This Gradio, served this way, does not tell ZeroGPU who the visitor is.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "gradio 5.12.0, 5.16.0 and 5.16.1 templates/frontend and templates/node; CHANGELOG.md, #10270 and #10608"
)]
pub(crate) struct MissingHandshake<'a> {
    space: &'a Space,
    gap: &'static NoHandshake,
    /// What decides the version.
    requirement: &'a Requirement,
    all: Vec<&'a Requirement>,
    /// Where the app is served.
    served: Moment<'a>,
}

impl<'a> Check<'a> for MissingHandshake<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let requirement = versions::deciding(space).filter(|_| space.is_zerogpu());
        requirement.into_iter().flat_map(move |requirement| {
            let gaps = gradio::no_handshake();
            let known = gaps.iter().filter(|gap| {
                versions::lies_in(requirement, &format!(">={},<{}", gap.since, gap.fixed))
            });
            known.filter_map(move |gap| {
                let served = space.moments().find(|moment| match &moment.event.effect {
                    // Where nothing is said, a variable of the platform decides.
                    Effect::Serve(serve) => serve.ssr == Some(Value::Bool(gap.ssr)),
                    _ => false,
                })?;
                let all = space.pins().all("gradio").collect();
                Some(Self { space, gap, requirement, all, served })
            })
        })
    }

    fn finding(&self) -> Finding {
        let (anonymous, free) = (Tier::Anonymous.quota_seconds(), Tier::Free.quota_seconds());
        let message = format!(
            "with Gradio {} {}: ZeroGPU takes each visitor for one who is not signed in, with \
             {anonymous} s a day instead of {free} s",
            versions::asked(self.requirement),
            self.gap.what
        );
        let place = Location::new(&self.requirement.file, self.requirement.span);
        Self::at(place, message)
            .certainty(self.served.certainty())
            .related(&self.served, "the app is served here")
            .help(versions::without_step(self.gap.fixed, self.step().err().flatten()))
    }

    fn fix(&self) -> Option<Fix> {
        let step = self.step().ok()?;
        // All that name the version change together, or the Space would no longer build.
        let edits = self
            .all
            .iter()
            .filter(|requirement| requirement.exact() == self.requirement.exact())
            .map(|requirement| Some(Edit::replace(versions::version_place(requirement)?, step)))
            .collect::<Option<Vec<_>>>()?;
        Some(Fix::needs_review(format!("move to Gradio {step}"), edits).first())
    }
}

impl MissingHandshake<'_> {
    fn step(&self) -> Result<&'static str, Option<&Requirement>> {
        versions::smallest_step(self.space, self.requirement, self.gap.fixed)
    }
}
