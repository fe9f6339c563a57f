use spacelint_knowledge::gradio::{self, Advisory, Floor, Scope};
use spacelint_knowledge::platform::Tier;
use spacelint_space::Space;
use spacelint_space::requirements::Requirement;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// Gradio is too old for ZeroGPU, or elsewhere too old to be safe.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(source = "spaces 0.51.3 zero/client.py:125-126: ZeroGPU is only compatible with Gradio 4+")]
#[rule(
    source = "gradio CHANGELOG.md: #10270 (5.12.0) and #10608 (5.16.1), the handshake that tells ZeroGPU who the visitor is"
)]
#[rule(source = "GitHub advisories for gradio")]
pub(crate) struct OldGradio<'a> {
    space: &'a Space,
    /// What decides the version.
    requirement: &'a Requirement,
    /// What else asks for a version that is too old.
    others: Vec<&'a Requirement>,
    why: Why,
    /// The version from which on all is well.
    target: &'static str,
}

enum Why {
    /// What ZeroGPU does not do below this.
    ZeroGpu(&'static Floor),
    /// The hardware is not known; what a visitor can do is.
    Flaws(Vec<&'static Advisory>),
}

impl<'a> Check<'a> for OldGradio<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        versions::deciding(space).into_iter().filter_map(move |requirement| {
            let floor = floors().find(|floor| versions::is_below(requirement, floor.version))?;
            let (why, target) = if space.is_zerogpu() {
                (Why::ZeroGpu(floor), identity().next_back()?.version)
            } else {
                let flaws = versions::flaws(requirement);
                (!flaws.is_empty()).then_some(())?;
                (Why::Flaws(flaws), gradio::releases().minimum_secure)
            };
            let others = space
                .pins()
                .all("gradio")
                .filter(|other| !std::ptr::eq(*other, requirement))
                .filter(|other| versions::is_below(other, floor.version))
                .collect();
            Some(Self { space, requirement, others, why, target })
        })
    }

    fn finding(&self) -> Finding {
        let asked = versions::asked(self.requirement);
        let message = match &self.why {
            Why::Flaws(flaws) => format!("Gradio {asked} has {}", versions::describe(flaws)),
            Why::ZeroGpu(floor) => {
                format!("Gradio {asked} is too old for ZeroGPU: {}{}", floor.reason, quotas(floor))
            }
        };
        let help = match self.step() {
            Ok(step) => format!(
                "Gradio {} and later are well; the nearest release to move to is {step}.",
                self.target
            ),
            Err(refusing) => versions::without_step(self.target, refusing),
        };
        let place = Location::new(&self.requirement.file, self.requirement.span);
        self.others.iter().fold(Self::at(place, message).help(help), |finding, other| {
            let place = Location::new(&other.file, other.span);
            finding.related(place, "this asks for the old version too")
        })
    }

    fn fix(&self) -> Option<Fix> {
        let step = self.step().ok()?;
        // All that name the version change together, or the Space would no longer build.
        let edits = std::iter::once(&self.requirement)
            .chain(&self.others)
            .map(|requirement| Some(Edit::replace(versions::version_place(requirement)?, step)))
            .collect::<Option<Vec<_>>>()?;
        // An app may need changes for another version, above all for another major one.
        Some(Fix::needs_review(format!("move to Gradio {step}"), edits).first())
    }
}

impl OldGradio<'_> {
    /// Whether this rule tells of the vulnerabilities of the Space's Gradio.
    pub(crate) fn tells_flaws(space: &Space) -> bool {
        OldGradio::check(space).any(|old| matches!(old.why, Why::Flaws(_)))
    }

    fn step(&self) -> Result<&'static str, Option<&Requirement>> {
        versions::smallest_step(self.space, self.requirement, self.target)
    }
}

/// From where on a visitor of ZeroGPU is served at all, and then by their own quota. Elsewhere the
/// same versions count as old, so that one answer holds for every Space.
fn floors() -> impl Iterator<Item = &'static Floor> {
    let hard = gradio::floors().iter().filter(|floor| floor.scope == Scope::ZeroGpu && floor.hard);
    hard.chain(identity().next())
}

fn identity() -> impl DoubleEndedIterator<Item = &'static Floor> {
    gradio::floors().iter().filter(|floor| floor.scope == Scope::Identity)
}

/// What it costs a visitor not to be known.
fn quotas(floor: &Floor) -> String {
    if floor.scope != Scope::Identity {
        return String::new();
    }
    let (anonymous, free) = (Tier::Anonymous.quota_seconds(), Tier::Free.quota_seconds());
    format!(" ({anonymous} s a day instead of {free} s)")
}
