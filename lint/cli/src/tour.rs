//! From a path to what is told of each Space that it leads to: the way of every command that reads
//! Spaces and changes none. A Space that cannot be read in full, or makes spacelint panic, is told as far as
//! that goes; the rest of the tour goes on, and its status says that something is missing.

use std::path::Path;

use camino::Utf8Path;
use spacelint_space::{Files, Problem, ReadError, Space};

use crate::formats::json;
use crate::output::Output;
use crate::panics;
use crate::paths::Place;
use crate::summary::Status;
use crate::targets;

/// What a command goes through Spaces for.
pub(crate) struct Tour<'a> {
    /// Where the Spaces are.
    pub(crate) path: &'a Path,
    /// What it does with a Space, as in "while tracing `demo`".
    pub(crate) doing: &'static str,
    /// What is missing where a file cannot be read, as a clause.
    pub(crate) missing: &'static str,
    /// The name of the list, where programs read it; people read paragraphs.
    pub(crate) list: Option<&'static str>,
}

/// What is told of one Space.
pub(crate) struct Block {
    /// What to print.
    pub(crate) text: String,
    /// What it means for the run.
    pub(crate) status: Status,
}

impl From<String> for Block {
    fn from(text: String) -> Self {
        Self { text, status: Status::Clean }
    }
}

/// What a tour came to.
pub(crate) struct Toured {
    /// How many Spaces something was told of.
    pub(crate) told: usize,
    /// The worst that any of them means.
    pub(crate) status: Status,
}

/// What came of one Space.
struct Told {
    /// None where the Space could not be read at all.
    block: Option<Block>,
    /// What went wrong.
    errors: Vec<String>,
}

impl Tour<'_> {
    /// Reads each Space and prints what `tell` says of it, in order. `tell` also learns whether there
    /// are several.
    pub(crate) fn print<B: Into<Block>>(
        &self,
        output: &mut Output,
        tell: impl Fn(&Space, &Place, bool) -> B + Sync,
    ) -> Toured {
        let mut toured = Toured { told: 0, status: Status::Clean };
        let working = match targets::working_directory() {
            Ok(working) => working,
            Err(message) => {
                output.error(&message);
                return Toured { status: Status::Incomplete, ..toured };
            }
        };
        let targets = targets::find(&[self.path.to_owned()]);
        for error in &targets.errors {
            output.error(error);
            toured.status = Status::Incomplete;
        }
        if let Some(list) = self.list {
            output.print(&json::open_list(list));
        }
        let several = targets.roots.len() > 1;
        targets::each(
            &targets.roots,
            |root| {
                let place = Place::new(root, &working);
                self.visit(root, &place, |space| tell(space, &place, several).into())
            },
            |told| self.show(told, &mut toured, output),
        );
        if self.list.is_some() {
            output.print(json::CLOSE_LIST);
        }
        toured
    }

    /// Reads the Space at `root`. A panic is an error of this Space alone.
    fn visit(&self, root: &Utf8Path, place: &Place, tell: impl FnOnce(&Space) -> Block) -> Told {
        let read = panics::catch(|| {
            let space = Space::read(&Files::disk(root));
            let errors = space.problems.iter().filter_map(|problem| match problem {
                Problem::Unreadable(error) => {
                    let path = place.shown(&error.path);
                    let error = ReadError { path, ..error.clone() };
                    Some(format!("{error}; {}", self.missing))
                }
                Problem::Undecodable(_) => None,
            });
            Told { block: Some(tell(&space)), errors: errors.collect() }
        });
        read.unwrap_or_else(|message| {
            let doing = format!("{} `{}`", self.doing, place.folder());
            Told { block: None, errors: vec![panics::describe(&doing, &message)] }
        })
    }

    fn show(&self, told: Told, toured: &mut Toured, output: &mut Output) {
        if let Some(block) = told.block {
            let first = toured.told == 0;
            output.print(match self.list {
                Some(_) => json::separator(first),
                None if first => "",
                None => "\n",
            });
            output.print(&block.text);
            toured.told += 1;
            toured.status = toured.status.max(block.status);
        }
        for error in &told.errors {
            output.error(error);
            toured.status = Status::Incomplete;
        }
    }
}
