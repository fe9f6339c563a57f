use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use spacelint_knowledge::platform;
use spacelint_space::Space;
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::Requirement;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The requirements ask for a PyTorch that ZeroGPU does not run.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(source = "hub-docs spaces-zerogpu.md 2026-07-21: the supported versions of PyTorch")]
#[rule(
    source = "Hub, CONFIG_ERROR: torch version in requirements.txt is not compatible with ZeroGPU; build logs of ZeroGPU Spaces: torch<=2.13.0"
)]
#[rule(source = "spaces 0.51.3 zero/torch/static.py:31: raises where torch.version.cuda is None")]
pub(crate) struct UnsupportedTorch<'a> {
    requirement: &'a Requirement,
    /// Whether it is a build without CUDA.
    is_for_cpu: bool,
}

impl<'a> Check<'a> for UnsupportedTorch<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let asked = space.pins().all("torch").filter(|_| space.is_zerogpu());
        asked.filter(|asked| asked.url.is_none() && asked.marker.is_none()).filter_map(
            |requirement| {
                let exact = requirement.exact();
                let is_for_cpu = exact.is_some_and(|exact| exact.to_string().ends_with("+cpu"));
                let supported = platform::supported();
                let oldest = supported.torch.first()?;
                let is_new = VersionSpecifiers::from_str(&format!(">{}", supported.torch_cap));
                let too_new = match (&requirement.specifiers, is_new) {
                    (Some(asked), Ok(newer)) => Allowed::of(asked, &newer) == Allowed::Always,
                    _ => false,
                };
                let found = is_for_cpu || too_new || versions::is_below(requirement, oldest);
                found.then_some(Self { requirement, is_for_cpu })
            },
        )
    }

    fn finding(&self) -> Finding {
        let asked = versions::asked(self.requirement);
        let supported = platform::supported();
        let message = if self.is_for_cpu {
            format!(
                "torch {asked} is built without CUDA: `import spaces` raises an AttributeError on ZeroGPU"
            )
        } else {
            format!(
                "ZeroGPU runs PyTorch {} to {} (as of {}), and this asks for {asked}: the Space stops at \
                 CONFIG_ERROR",
                supported.torch.first().unwrap_or(&""),
                supported.torch.last().unwrap_or(&""),
                supported.as_of,
            )
        };
        Self::at(Location::new(&self.requirement.file, self.requirement.span), message).help(
            format!("Leave the version out, or ask for one of {}.", supported.torch.join(", ")),
        )
    }

    fn fix(&self) -> Option<Fix> {
        let edit = Edit::delete(versions::specifiers_place(self.requirement)?);
        Some(Fix::needs_review("leave the version of torch out", vec![edit]))
    }
}
