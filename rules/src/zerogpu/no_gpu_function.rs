use spacelint_knowledge::platform;
use spacelint_space::effect::Effect;
use spacelint_space::{Space, SpaceTrace};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A ZeroGPU Space declares no GPU function, and ZeroGPU stops it at start-up.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/__init__.py:29-41: no start-up report without a decorated function; reproduced against a stand-in device API"
)]
pub(crate) struct NoGpuFunction {
    at: Location,
    imports_spaces: bool,
}

impl<'a> Check<'a> for NoGpuFunction {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let import = space.trace().and_then(SpaceTrace::spaces);
        let suggestion = space.card.as_ref().and_then(|card| {
            let entry = card.get("suggested_hardware")?;
            Some(Location::new(&card.file, entry.value_span))
        });
        let told = space.settings.as_ref().and_then(|settings| {
            let hardware = settings.hardware.as_ref()?;
            Some(Location::new(&settings.file, hardware.span))
        });
        let at = import.as_ref().map(Location::from).or(told).or(suggestion);
        at.filter(|_| space.is_zerogpu() && declares_none(space))
            .map(|at| Self { at, imports_spaces: import.is_some() })
            .into_iter()
    }

    fn finding(&self) -> Finding {
        let what = if self.imports_spaces {
            "`spaces` is imported, but no function is ever a GPU function"
        } else {
            "this says ZeroGPU, but nothing imports `spaces` or declares a GPU function"
        };
        Self::at(
            self.at.clone(),
            format!(
                "{what}: ZeroGPU stops the Space at start-up with \"{}\"",
                platform::no_gpu_function().text
            ),
        )
        .help(
            "Decorate what needs the GPU with `@spaces.GPU(duration=…)` before `launch()`. If \
             nothing does, run the Space on other hardware.",
        )
    }
}

/// Whether the whole program was followed and declares no GPU function: not by the trace, and not
/// in the words of any file that it reached, which may use a form that the trace does not know.
fn declares_none(space: &Space) -> bool {
    let Some(trace) = space.trace() else { return false };
    let declared = trace.moments().any(|moment| {
        use Effect::{DeclareGpu, RunCommand, WrapHandlers};
        matches!(moment.event.effect, DeclareGpu(_) | RunCommand(_) | WrapHandlers(_))
    });
    let spoken_of = || {
        trace.files().any(|file| {
            let code =
                file.text.as_str().lines().filter(|line| !line.trim_start().starts_with('#'));
            code.into_iter().any(|line| line.contains(".GPU") || line.contains("import GPU"))
        })
    };
    !declared && trace.exhausted().is_empty() && !spoken_of()
}
