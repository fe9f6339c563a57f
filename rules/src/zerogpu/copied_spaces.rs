use spacelint_knowledge::platform;
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// The Space brings its own copy of the `spaces` package, which takes the place of the platform's.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "build logs of ZeroGPU Spaces: the platform installs the `spaces` that its device API is made for; Python puts the script's folder before the installed packages"
)]
pub(crate) struct CopiedSpaces<'a> {
    moment: Moment<'a>,
    /// The copy's folder.
    copy: &'a camino::Utf8Path,
}

impl<'a> Check<'a> for CopiedSpaces<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let found = space.moments().find_map(|moment| match &moment.event.effect {
            Effect::ImportSpaces(import) => Some((moment, import.copy.as_deref()?)),
            _ => None,
        });
        found.filter(|_| space.is_zerogpu()).map(|(moment, copy)| Self { moment, copy }).into_iter()
    }

    fn finding(&self) -> Finding {
        let ours = platform::builder()
            .iter()
            .find(|line| line.package == "spaces" && line.on == platform::Spaces::ZeroGpu);
        let ours = ours.map_or("spaces", |line| line.requirement);
        let message = format!(
            "this imports the copy of the package in `{}/`, not the `{ours}` that ZeroGPU installs: \
             what the Space does on the GPU, and what it books, is as old as the copy",
            self.copy
        );
        Self::at(&self.moment, message)
            .chain(&self.moment)
            .help(format!("Remove `{}/`: every Gradio Space has the package.", self.copy))
    }
}
