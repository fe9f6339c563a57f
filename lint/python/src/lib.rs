//! Python: text, syntax and trace.
//!
//! This crate knows the language and nothing else: no rule, no YAML, no file system, no library.
//! What stands around a program is a [`World`], which whoever wants a trace provides.

mod canonical;
mod interpret;
mod lines;
mod lower;
#[expect(missing_docs, reason = "fields of variants are named after Python's own grammar")]
pub mod syntax;
pub mod text;
mod trace;
mod value;
mod world;

pub use canonical::canonical;
pub use interpret::{Entry, Limits, trace};
pub use lines::{Lines, lines};
pub use lower::parse;
pub use text::{BOM, Position, Span, Text, Unit};
pub use trace::{Budget, Certainty, Event, Gives, Global, Globals, Link, Root, Step, Trace, Uses};
pub use value::{
    Argument, Arguments, Cached, Class, External, FileId, Function, MAX_ALTERNATIVES, ObjectId,
    Operator, Partial, Place, Value, Wrapped,
};
pub use world::{Found, Guard, Now, Outcome, World};
