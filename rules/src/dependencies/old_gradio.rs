use spacelint_knowledge::gradio::{self, Floor, Scope};
use spacelint_knowledge::platform::Tier;
use spacelint_space::Space;
use spacelint_space::requirements::Requirement;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// Gradio is too old for ZeroGPU, which then refuses the call or does not know the visitor.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(source = "spaces 0.51.3 zero/client.py:125-126: ZeroGPU is only compatible with Gradio 4+")]
#[rule(
    source = "gradio CHANGELOG.md: #10270 (5.12.0) and #10608 (5.16.1), the handshake that tells ZeroGPU who the visitor is"
)]
pub(crate) struct OldGradio<'a> {
    /// What decides the version.
    requirement: &'a Requirement,
    /// Everything that names a version of Gradio.
    all: Vec<&'a Requirement>,
    /// What the version is below.
    floor: &'static Floor,
}

/// What is not served below: the call itself, or the visitor's own quota.
fn floors() -> impl Iterator<Item = &'static Floor> {
    let hard = gradio::floors().iter().filter(|floor| floor.scope == Scope::ZeroGpu && floor.hard);
    hard.chain(gradio::floors().iter().find(|floor| floor.scope == Scope::Identity))
}

/// The version from which on the visitor's identity is whole.
fn target() -> Option<&'static str> {
    let mut identity = gradio::floors().iter().filter(|floor| floor.scope == Scope::Identity);
    identity.next_back().map(|floor| floor.version)
}

impl<'a> Check<'a> for OldGradio<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let deciding = versions::deciding(space).filter(|_| space.is_zerogpu());
        deciding.into_iter().filter_map(|requirement| {
            let floor = floors().find(|floor| versions::is_below(requirement, floor.version))?;
            Some(Self { requirement, all: space.pins().all("gradio").collect(), floor })
        })
    }

    fn finding(&self) -> Finding {
        let asked = versions::asked(self.requirement);
        let floor = self.floor;
        let quota = match floor.scope {
            Scope::Identity => {
                let (anonymous, free) =
                    (Tier::Anonymous.quota_seconds(), Tier::Free.quota_seconds());
                format!(" ({anonymous} s a day instead of {free} s)")
            }
            _ => String::new(),
        };
        let message = format!("Gradio {asked} is too old for ZeroGPU: {}{quota}", floor.reason);
        let mut finding =
            Self::at(Location::new(&self.requirement.file, self.requirement.span), message).help(
                match self.step() {
                    Some(step) => format!(
                        "Gradio {} and later are well; the nearest release to move to is {step}.",
                        target().unwrap_or(floor.version)
                    ),
                    None => format!("Use Gradio {} or later.", target().unwrap_or(floor.version)),
                },
            );
        for other in self.others() {
            finding = finding.related(
                Location::new(&other.file, other.span),
                "this asks for the old version too",
            );
        }
        finding
    }

    fn fix(&self) -> Option<Fix> {
        let step = self.step()?;
        // All that name the version change together, or the Space would no longer build.
        let edits = std::iter::once(self.requirement)
            .chain(self.others())
            .map(|requirement| Some(Edit::replace(versions::version_place(requirement)?, step)))
            .collect::<Option<Vec<_>>>()?;
        // An app may need changes for another version, above all for another major one.
        Some(Fix::needs_review(format!("move to Gradio {step}"), edits))
    }
}

impl OldGradio<'_> {
    fn step(&self) -> Option<&'static str> {
        versions::smallest_step(self.requirement, target()?)
    }

    /// What else asks for a version below the floor.
    fn others(&self) -> impl Iterator<Item = &Requirement> {
        self.all.iter().copied().filter(|other| {
            !std::ptr::eq(*other, self.requirement) && versions::is_below(other, self.floor.version)
        })
    }
}
