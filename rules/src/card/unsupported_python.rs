use pep440_rs::Version;
use spacelint_knowledge::packages::{self, NeedsPython};
use spacelint_knowledge::platform;
use spacelint_space::{Card, Entry, Space};

use super::python;
use crate::finding::{Edit, Finding, Fix, Location};
use crate::installed;
use crate::rule::{Check, Rule};
use crate::versions;

/// The card names a Python that the Space's own Gradio, or ZeroGPU's `spaces`, does not run on.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "Requires-Python of each Gradio and of spaces 0.51.3: pip installs no package on a Python that it excludes"
)]
#[rule(
    source = "build logs of Gradio Spaces: the builder asks for the card's Gradio, and on ZeroGPU for spaces==0.51.3"
)]
pub(crate) struct UnsupportedPython<'a> {
    card: &'a Card,
    entry: &'a Entry,
    python: &'a Version,
    needs: &'static NeedsPython,
    /// The version of that package, as the message says it.
    version: String,
}

impl<'a> Check<'a> for UnsupportedPython<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let named = python::named(space);
        let refused = named.and_then(|(card, entry, python)| {
            packages::needs_python().iter().find_map(|needs| {
                let version =
                    version(space, needs).filter(|_| !python::lies_in(python, needs.python))?;
                Some(Self { card, entry, python, needs, version })
            })
        });
        refused.into_iter()
    }

    fn finding(&self) -> Finding {
        let NeedsPython { package, python, .. } = self.needs;
        let message = format!(
            "{} {} needs Python {python}, and the card asks for {}: pip finds nothing that it may \
             install, and the Space does not build",
            installed::shown(package),
            self.version,
            self.python
        );
        Self::at(Location::new(&self.card.file, self.entry.value_span), message)
            .help(format!("Ask for Python {}.", python::advised()))
    }

    fn fix(&self) -> Option<Fix> {
        let place = Location::new(&self.card.file, self.entry.value_span);
        let edit = Edit::replace(place, format!("\"{}\"", python::advised()));
        Some(Fix::needs_review(format!("ask for Python {}", python::advised()), vec![edit]))
    }
}

/// The version of the package that the Space surely gets, where `needs` is about that.
fn version(space: &Space, needs: &NeedsPython) -> Option<String> {
    if needs.package == "gradio" {
        let deciding = versions::deciding(space)?;
        return versions::lies_in(deciding, needs.range).then(|| versions::asked(deciding));
    }
    let built = platform::builder().iter().find(|line| {
        line.package == needs.package && line.on == platform::Spaces::ZeroGpu && space.is_zerogpu()
    })?;
    let version = built.requirement.strip_prefix(needs.package)?;
    (version == needs.range).then(|| version.trim_start_matches('=').to_owned())
}
