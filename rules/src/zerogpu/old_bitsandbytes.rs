use spacelint_knowledge::platform;
use spacelint_space::Space;
use spacelint_space::requirements::Requirement;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The requirements want a bitsandbytes with which `import spaces` raises on ZeroGPU.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/torch/bitsandbytes_legacy.py:33-34, from zero/torch/patching.py:328"
)]
pub(crate) struct OldBitsandbytes<'a> {
    requirement: &'a Requirement,
}

impl<'a> Check<'a> for OldBitsandbytes<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let is_old = |requirement: &&Requirement| {
            requirement.url.is_none()
                && requirement.marker.is_none()
                && versions::is_below(requirement, platform::supported().bitsandbytes_minimum)
        };
        let imports = space.trace().is_some_and(|trace| trace.spaces().is_some());
        let asked = space.pins().all("bitsandbytes").filter(move |_| imports);
        asked.filter(is_old).map(|requirement| Self { requirement })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "`import spaces` raises \"{}\" with {}, and the Space does not start",
            platform::old_bitsandbytes().text,
            versions::asked(self.requirement)
        );
        let place = Location::new(&self.requirement.file, self.requirement.span);
        Self::at(place, message).help("Ask for a newer one, or leave the version out.")
    }

    fn fix(&self) -> Option<Fix> {
        let edit = Edit::delete(versions::specifiers_place(self.requirement)?);
        Some(Fix::needs_review("leave the version of bitsandbytes out", vec![edit]))
    }
}
