//! `spacelint trace`: what the program of a Space does, event by event, as every rule sees it.
//!
//! What happens is for `spacelint_space` to say. Here it is only put into words: the kind of an event
//! and what it is about in [`told`], for programs in [`json`](mod@json), for people in [`text`].

mod json;
mod text;
mod told;

use std::path::Path;

use crate::args::Format;
use crate::output::Output;
use crate::summary::Status;
use crate::terminal::Terminal;
use crate::tour::Tour;

/// Prints the traces of the Spaces at `path`.
pub(crate) fn run(path: &Path, format: Format, terminal: Terminal, output: &mut Output) -> Status {
    let tour = Tour {
        path,
        doing: "tracing",
        missing: "what it does is not in the trace",
        list: (format == Format::Json).then_some("traces"),
    };
    let toured = tour.print(output, |space, place, _| match format {
        Format::Json => json::trace(space, place),
        Format::Human => text::trace(space, place, terminal),
    });
    toured.status
}
