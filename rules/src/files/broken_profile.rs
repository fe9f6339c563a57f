use spacelint_space::Space;
use spacelint_space::profile::{ProfileFault, ProfileFile};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// The profile cannot be read, so that nothing that was measured counts.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(source = "spacelint-profile: what it writes")]
pub(crate) struct BrokenProfile<'a> {
    profile: &'a ProfileFile,
    fault: &'a ProfileFault,
}

impl<'a> Check<'a> for BrokenProfile<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let profile = space.profile.iter();
        profile.filter_map(|profile| Some(Self { profile, fault: profile.content.as_ref().err()? }))
    }

    fn finding(&self) -> Finding {
        let message = format!("nothing that was measured counts: {}", self.fault.kind);
        Self::at(Location::new(&self.profile.file, self.fault.span), message)
            .help("Measure again with `spacelint-profile run`, or delete the file.")
    }
}
