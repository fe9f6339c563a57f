use std::collections::BTreeSet;

use spacelint_python::Place;
use spacelint_space::Space;
use spacelint_space::effect::{Called, Effect};

use super::is_survived;
use super::worker::{self, Deed};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A GPU function starts Python processes, which a worker may not.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py: `Process(daemon=True)`; reproduced against a stand-in device API for `multiprocessing.Pool` and `DataLoader(num_workers=1)`: \"'AssertionError'\""
)]
pub(crate) struct ChildProcessInGpuFunction<'a> {
    deed: Deed<'a, &'a Called>,
}

impl<'a> Check<'a> for ChildProcessInGpuFunction<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let deeds = worker::deeds(space, |moment| match &moment.event.effect {
            Effect::StartProcess(called) if !is_survived(moment, "AssertionError") => Some(called),
            _ => None,
        });
        // A function ends where it raises first.
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        deeds
            .into_iter()
            .filter(move |deed| seen.insert(deed.first_function().place()))
            .map(|deed| Self { deed })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "`{}()` starts processes, and a worker may have none: each call of {} that gets here ends \
             with an error that reads \"AssertionError\"",
            worker::short(&self.deed.what.name),
            self.deed.functions()
        );
        let help = "Use threads, `num_workers=0`, or a program of its own (`subprocess.run`); or start \
                    the processes outside the GPU function.";
        self.deed.related(Self::at(self.deed.moment(), message).help(help))
    }
}
