use std::collections::BTreeSet;
use std::sync::Arc;

use spacelint_python::{Function, Place};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Phase, Space, SpaceTrace};

use super::Lost;
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A GPU function is called where Gradio's request is lost, so that ZeroGPU does not know for whom.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py:189 and zero/client.py:306-330: whose quota it is stands in the request of Gradio's context; 174: what a call without it is told"
)]
#[rule(
    source = "spaces 0.51.3 with gradio 6.31.0 and a stand-in for ZeroGPU: asked for with the visitor's token from an event, `asyncio.to_thread` and `copy_context().run`, and without one from a thread and a route"
)]
pub(crate) struct GpuCallWithoutVisitor<'a> {
    moment: Moment<'a>,
    lost: Lost,
    function: Option<&'a Arc<Function>>,
}

/// What Gradio keeps the request in.
const CONTEXT: &str = "LocalContext";

impl<'a> Check<'a> for GpuCallWithoutVisitor<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        // Who names the context may put the request there.
        let sets = |trace: &SpaceTrace| trace.files().any(|it| it.text.as_str().contains(CONTEXT));
        let sets = space.trace().is_some_and(sets);
        let after = space.moments().filter(move |it| it.phase == Phase::Request && !sets);
        after.filter(|moment| moment.spaces().is_some()).filter_map(move |moment| {
            let Effect::CallGpu(call) = &moment.event.effect else { return None };
            let lost = Lost::at(&moment)?;
            let function = call.function();
            seen.insert(moment.place()).then_some(Self { moment, lost, function })
        })
    }

    fn finding(&self) -> Finding {
        let name = match self.function {
            Some(function) => format!("`{}`", function.qualname),
            None => "a GPU function".to_owned(),
        };
        let message = format!(
            "{name} is called in {}, where `spaces` does not learn who the visitor is: no call counts on \
             the visitor's own quota, and when what is left for such calls is used up, everybody reads \
             \"Space app has reached its GPU limit\"",
            self.lost.place()
        );
        let help = match self.lost {
            Lost::Thread => {
                "Call it in the handler itself, or start the thread with the handler's context: \
                 `Thread(target=contextvars.copy_context().run, args=(function,))`, \
                 `await asyncio.to_thread(function)`."
            }
            Lost::Route => {
                "Serve it as an event of Gradio (`gr.api`, or `@app.api` of a `gr.Server`), and call that \
                 from the page through `@gradio/client`."
            }
        };
        let root = self.moment.event.root.map(|root| &self.moment.trace().roots()[root]);
        let finding = Self::at(&self.moment, message).certainty(self.moment.certainty());
        let finding = match root {
            Some(root) if root.place != self.moment.place() => finding.related(
                Location::of(self.moment.trace(), root.place),
                "what calls it is handed over here",
            ),
            _ => finding,
        };
        finding.chain(&self.moment).help(help)
    }
}
