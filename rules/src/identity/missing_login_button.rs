use std::collections::BTreeSet;

use spacelint_knowledge::effects;
use spacelint_knowledge::gradio::{self, Passed};
use spacelint_python::{External, Function, Place};
use spacelint_space::effect::{Effect, Served};
use spacelint_space::{Role, Space, SpaceTrace, injected};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A function asks who the visitor is, and the app has no button to sign in with.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "gradio 6.31.0 and back to 3.50.2: routes.py: only with a `LoginButton` are there routes to sign in by; helpers.py special_args: without a session the profile and the token are None, or the call raises"
)]
pub(crate) struct MissingLoginButton<'a> {
    trace: &'a SpaceTrace,
    function: &'a Function,
    /// The parameter, and where it stands.
    index: usize,
}

impl<'a> Check<'a> for MissingLoginButton<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let offers = space.moments().any(|moment| match &moment.event.effect {
            Effect::OfferLogin(_) | Effect::RunCommand(_) => true,
            // An app around it may have routes of its own.
            Effect::Serve(serve) => {
                serve.how != Served::Launched || *serve.called.name == *"gradio.Server.launch"
            }
            _ => false,
        });
        let trace = space.trace().filter(|trace| !offers && trace.exhausted().is_empty());
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        trace
            .into_iter()
            .flat_map(|trace| trace.roots().iter().map(move |it| (trace, it)))
            .filter_map(move |(trace, root)| {
                let event = root.role == Role::Request(effects::Role::Event);
                let function = root.function().filter(|_| event)?;
                let asks = |index: &usize| {
                    let passed = injected(function, *index);
                    matches!(passed, Some(Passed::Profile | Passed::Token))
                };
                let index = (0..function.def.params.len()).find(asks)?;
                let found = Self { trace, function, index };
                seen.insert(found.place()).then_some(found)
            })
    }

    fn finding(&self) -> Finding {
        let name = &self.function.def.params[self.index].name;
        let annotation = self.function.annotation(self.index).and_then(|it| it.as_external());
        let is_optional = !annotation.is_some_and(|it| matches!(**it, External::Name(_)));
        let then = if is_optional {
            format!("`{name}` is None for everyone")
        } else {
            format!("each call ends with \"{}\"", gradio::oauth().signed_out)
        };
        let message = format!(
            "`{}` asks who the visitor is, and without a `gr.LoginButton` nobody can sign in: {then}",
            self.function.qualname,
        );
        Self::at(Location::of(self.trace, self.place()), message).help(format!(
            "Add `gr.LoginButton()` to the page, and `{}: true` to the card.",
            gradio::oauth().switch
        ))
    }
}

impl MissingLoginButton<'_> {
    fn place(&self) -> Place {
        Place { file: self.function.file, span: self.function.def.params[self.index].span }
    }
}
