use spacelint_knowledge::platform;
use spacelint_python::Span;
use spacelint_space::{Space, SpaceTrace};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A module of the Space takes the place of the `spaces` package, so ZeroGPU learns of no GPU function.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "Python puts the script's folder before the installed packages; spaces 0.51.3 zero/__init__.py:29-41: no start-up report without the package; gradio 6.31.0 block_function.py:125-130, on a Space"
)]
pub(crate) struct ShadowedSpaces {
    /// The first line of the module.
    place: Location,
}

impl<'a> Check<'a> for ShadowedSpaces {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let package = space.trace().filter(|trace| space.is_zerogpu() && trace.spaces().is_none());
        package.and_then(SpaceTrace::shadow).into_iter().map(|file| {
            let line = file.text.line_span(1);
            let end = line.start + file.text.slice(line).trim_end().len() as u32;
            Self { place: Location::new(file, Span { start: line.start, end }) }
        })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "`import spaces` finds this module and not the package, in Gradio too: Gradio raises for \
             want of `spaces.gradio_auto_wrap`, or else ZeroGPU stops the Space with \"{}\"",
            platform::no_gpu_function().text
        );
        Self::at(self.place.clone(), message).help(
            "Give the module another name. Where `spaces` is not installed, \
             `try: import spaces` with a stand-in after `except ImportError` does the same.",
        )
    }
}
