//! `spacelint trace`: what the program of a Space does, event by event, as every rule sees it.
//!
//! What happens is for `spacelint_space` to say. Here it is only put into words: the kind of an event
//! and what it is about in [`told`], for programs in [`json`](mod@json), for people in [`text`].

mod json;
mod text;
mod told;

use camino::Utf8Path;
use spacelint_space::{Files, Problem, ReadError, Space};

use crate::args::Format;
use crate::formats::json as formats;
use crate::output::Output;
use crate::panics;
use crate::paths::Place;
use crate::summary::Status;
use crate::targets;
use crate::terminal::Terminal;

/// What came of one Space.
struct Told {
    /// What to print; none where the Space could not be read at all.
    block: Option<String>,
    /// What went wrong.
    errors: Vec<String>,
}

/// Prints the traces of the Spaces at `path`.
pub(crate) fn run(
    path: &std::path::Path,
    format: Format,
    terminal: Terminal,
    output: &mut Output,
) -> Status {
    let working = match targets::working_directory() {
        Ok(working) => working,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let targets = targets::find(&[path.to_owned()]);
    let mut status = Status::Clean;
    for error in &targets.errors {
        output.error(error);
        status = Status::Incomplete;
    }
    if format == Format::Json {
        output.print(&formats::open_list("traces"));
    }
    let mut first = true;
    targets::each(
        &targets.roots,
        |root| tell(root, &Place::new(root, &working), format, terminal),
        |told| {
            if let Some(block) = told.block {
                output.print(match format {
                    Format::Json => formats::separator(first),
                    Format::Human if first => "",
                    Format::Human => "\n",
                });
                output.print(&block);
                first = false;
            }
            for error in &told.errors {
                output.error(error);
                status = Status::Incomplete;
            }
        },
    );
    if format == Format::Json {
        output.print(formats::CLOSE_LIST);
    }
    status
}

/// Reads the Space at `root`. A panic is an error of this Space alone.
fn tell(root: &Utf8Path, place: &Place, format: Format, terminal: Terminal) -> Told {
    let read = panics::catch(|| {
        let space = Space::read(&Files::disk(root));
        let errors = space.problems.iter().filter_map(|problem| match problem {
            Problem::Unreadable(error) => {
                let path = place.shown(&error.path);
                let error = ReadError { path, ..error.clone() };
                Some(format!("{error}; what it does is not in the trace"))
            }
            Problem::Undecodable(_) => None,
        });
        let block = match format {
            Format::Json => json::trace(&space, place),
            Format::Human => text::trace(&space, place, terminal),
        };
        Told { block: Some(block), errors: errors.collect() }
    });
    read.unwrap_or_else(|message| {
        let doing = format!("tracing `{}`", place.folder());
        Told { block: None, errors: vec![panics::describe(&doing, &message)] }
    })
}
