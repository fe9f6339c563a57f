use std::collections::BTreeSet;

use spacelint_python::syntax::{Stmt, StmtKind};
use spacelint_python::{Function, Span};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Phase, Space};

use super::worker;
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A handler calls a GPU function once for each turn of a loop.
#[derive(Rule)]
#[rule(severity = warning, strict, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py: each call from the main process asks the scheduler; reproduced against a stand-in device API: three requests for three calls"
)]
pub(crate) struct GpuCallInLoop<'a> {
    moment: Moment<'a>,
    function: &'a Function,
}

impl<'a> Check<'a> for GpuCallInLoop<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        let requests = space.moments().filter(|moment| moment.phase == Phase::Request);
        requests.filter_map(move |moment| {
            let Effect::CallGpu(call) = &moment.event.effect else { return None };
            let root = moment.trace().roots()[moment.event.root?].function()?;
            let place = moment.place();
            let is_own = root.file == place.file && turns(&root.def.body, place.span);
            let function = call.function().map(|function| &**function)?;
            (is_own && seen.insert(place)).then_some(Self { moment, function })
        })
    }

    fn finding(&self) -> Finding {
        let name = worker::name(self.function);
        let message = format!(
            "each turn of this loop calls `{name}` anew: each waits in ZeroGPU's queue, and must find all \
             that it books in what is left of the visitor's quota"
        );
        let place = Location::of(self.moment.trace(), self.function.place());
        Self::at(&self.moment, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .related(place, format!("`{name}` is a GPU function"))
            .help(
                "Put the loop into a GPU function, with a duration that grows with the number of turns, \
                 where all of it fits into one call.",
            )
    }
}

/// Whether what stands there is done again and again by a loop of these statements.
fn turns(body: &[Stmt], span: Span) -> bool {
    body.iter().filter(|statement| statement.span.contains(span)).any(|statement| {
        let blocks: Vec<&[Stmt]> = match &statement.kind {
            StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                if body.iter().any(|inner| inner.span.contains(span)) {
                    return true;
                }
                vec![orelse]
            }
            StmtKind::If { arms, orelse } => {
                arms.iter().map(|(_, arm)| &**arm).chain([&**orelse]).collect()
            }
            StmtKind::With { body, .. } => vec![body],
            StmtKind::Try { body, handlers, orelse, finally } => {
                let handlers = handlers.iter().map(|handler| &*handler.body);
                handlers.chain([&**body, &**orelse, &**finally]).collect()
            }
            _ => Vec::new(),
        };
        blocks.into_iter().any(|block| turns(block, span))
    })
}
