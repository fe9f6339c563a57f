use spacelint_knowledge::platform;
use spacelint_python::Certainty;
use spacelint_space::effect::{Effect, Serve, Served};
use spacelint_space::{Moment, Space};

use super::{declarations, reports_at_launch};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// The app is served without `launch()`, which is what tells ZeroGPU of its GPU functions.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/__init__.py:29-41 and zero/gradio.py:157-163: `startup` runs in `gr.Blocks.launch`; a mounted app reproduced against a stand-in device API"
)]
pub(crate) struct MissingLaunch<'a> {
    serve: &'a Serve,
    moment: Moment<'a>,
    /// The first GPU function.
    declared: Moment<'a>,
}

impl<'a> Check<'a> for MissingLaunch<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let declared = declarations(space).next().filter(|_| reports_at_launch(space));
        let all: Vec<_> = space
            .moments()
            .filter_map(|moment| match &moment.event.effect {
                Effect::Serve(serve) => Some((moment, serve)),
                _ => None,
            })
            .collect();
        // What is run as a command may launch as well.
        let launched = all.iter().any(|(_, serve)| serve.how == Served::Launched)
            || space.moments().any(|it| matches!(it.event.effect, Effect::RunCommand(_)))
            || space.trace().is_none_or(|trace| !trace.exhausted().is_empty());
        let first = all.into_iter().find(|(moment, _)| {
            moment.certainty() == Certainty::Always && moment.event.root.is_none()
        });
        first
            .filter(|_| !launched)
            .and_then(|(moment, serve)| Some(Self { serve, moment, declared: declared? }))
            .into_iter()
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "`{}()` serves the app, and nothing calls `launch()`, which is where `spaces` reports the \
             GPU functions: ZeroGPU stops the Space at start-up with \"{}\"",
            self.serve.called.name,
            platform::no_gpu_function().text
        );
        Self::at(&self.moment, message)
            .chain(&self.moment)
            .related(&self.declared, "this GPU function is not reported")
            .help(
                "Serve with `demo.launch()`. Where the app has routes of its own, `gr.Server()` of a \
                 current Gradio is a FastAPI app that has a `launch()`.",
            )
    }
}
