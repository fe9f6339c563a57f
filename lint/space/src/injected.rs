//! What Gradio passes by itself to a function that it calls.

use std::sync::Arc;

use spacelint_knowledge::gradio::{self, Passed};
use spacelint_python::syntax::BinOp;
use spacelint_python::{External, Function, Operator, Value};

use crate::world::canonical;

/// What Gradio passes by itself for the parameter of a function that stands at `index`, from 0: because
/// of its default (`progress=gr.Progress()`) or of its annotation (`request: gr.Request`).
pub fn injected(function: &Function, index: usize) -> Option<Passed> {
    let default = function.default(index).and_then(made_of);
    if let Some(passed) = default.and_then(|class| gradio::passed(&class, true)) {
        return Some(passed);
    }
    annotated(function.annotation(index)?)
}

/// The class whose instance this is.
fn made_of(value: &Value) -> Option<String> {
    match &**value.as_external()? {
        External::Call { callee, .. } => canonical(callee),
        _ => None,
    }
}

/// What is passed for a class, which may be said to be optional.
fn annotated(annotation: &Value) -> Option<Passed> {
    let external = annotation.as_external()?;
    match &**external {
        External::Item { of, key } if of.name() == Some("typing.Optional") => annotated(key),
        External::Operation { operator: Operator::Binary(BinOp::BitOr), operands } => {
            operands.iter().find_map(annotated)
        }
        _ => gradio::passed(&canonical(&Arc::clone(external))?, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, Space};

    #[test]
    fn parameters_that_gradio_fills() {
        let app = "from __future__ import annotations\n\
                   import gradio as gr, spaces\n\
                   from typing import Optional\n\
                   from gradio import SelectData\n\
                   def plain(a: int, request: gr.Request, chosen: SelectData, p=gr.Progress()): ...\n\
                   gr.Interface(plain)\n";
        let now = app.split_once('\n').expect("there is a first line").1.replace(
            "a: int, request: gr.Request",
            "a: gr.OAuthToken | None, request: Optional[gr.Request]",
        );
        let passed = |app: &str| {
            let space = Space::read(&Files::memory([("app.py".into(), app.into())]));
            let trace = space.trace().expect("there is a program");
            let function = trace.roots()[0].function().expect("it is the program's");
            (0..5).map(|index| injected(function, index)).collect::<Vec<_>>()
        };
        let [request, event, progress] =
            [Passed::Request, Passed::Event, Passed::Progress].map(Some);
        assert_eq!(passed(app), [None, request, event, progress, None]);
        assert_eq!(passed(&now), [Some(Passed::Token), request, event, progress, None]);
    }
}
