use std::collections::BTreeSet;

use spacelint_space::effect::{Effect, GpuDeclaration};
use spacelint_space::{Moment, Space};

use super::declarations;
use super::decorator::Written;
use crate::finding::{Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// `enable_queue` is left over from an old `spaces`: this one ignores it and says so.
#[derive(Rule)]
#[rule(severity = info, fix = safe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/decorator.py:81-82: `enable_queue` parameter is now ignored and always set to `True`"
)]
pub(crate) struct NeedlessEnableQueue<'a> {
    moment: Moment<'a>,
    gpu: &'a GpuDeclaration,
    name: &'a str,
    location: Location,
}

impl<'a> Check<'a> for NeedlessEnableQueue<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        declarations(space).filter_map(move |moment| {
            let Effect::DeclareGpu(gpu) = &moment.event.effect else { return None };
            let ignored = gpu.ignored.as_ref()?;
            let name = ignored.name.as_deref()?;
            let location = Written::location(gpu, ignored, moment.trace());
            seen.insert(ignored.place).then_some(Self { moment, gpu, name, location })
        })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "`{}` does nothing: calls are always queued, and `spaces` warns at each start-up that it \
             ignores it",
            self.name
        );
        Self::at(self.location.clone(), message)
            .certainty(self.moment.certainty())
            .help("Leave it out.")
    }

    fn fix(&self) -> Option<Fix> {
        let edit = Written::keyword(self.gpu, self.name)?.removal(&self.location.file);
        Some(Fix::safe(format!("remove `{}`", self.name), vec![edit]))
    }
}
