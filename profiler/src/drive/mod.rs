//! Calls a running Space the way its visitors would, and says how each call ended.
//!
//! It speaks to Gradio alone and knows nothing of ZeroGPU: whose quota a call is charged to is in the headers that it
//! is given, and what the GPU did is told elsewhere.
//!
//! - [`Gradio`] reads what the page and the API of a Space offer.
//! - [`Plan`] says which calls are to be made: of the [`Examples`], of a sweep, or of a [`Replay`].
//! - [`Gradio::drive`] makes them.
//! - [`Script`] hands a client to a script of the author's instead, and [`Doorway`] lets them in by hand.
//!
//! What the Space says (a message, a name) is passed on as it is: whoever prints it escapes it.

mod calls;
mod doorway;
mod examples;
mod gradio;
mod http;
mod plan;
mod replay;
mod script;
mod sweep;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use calls::{Driven, End, How, Progress};
pub(crate) use doorway::Doorway;
pub(crate) use examples::Examples;
pub(crate) use gradio::Gradio;
pub(crate) use plan::Plan;
pub(crate) use replay::Replay;
pub(crate) use script::{Script, ScriptEnd};

/// Why a Space cannot be driven: what happened, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error(String);

impl Error {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
