//! The trace of a Space: its program followed in the Space's own world, each event with the phase
//! in which it happens.

use std::sync::Arc;

use camino::Utf8Path;
use spacelint_knowledge::platform;
use spacelint_python::{
    Budget, Certainty, Entry, Event, FileId, Guard, Limits, Place, Root, Span, Step, Trace, Value,
};

use crate::effect::Effect;
use crate::files::{Files, ReadError, SourceFile};
use crate::pins::Pins;
use crate::world::{Reached, Role, SpaceWorld};

/// When an event happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Start-up, before an `import spaces` that start-up does reach.
    BeforeSpaces,
    /// The rest of start-up; all of it where `spaces` is never reached.
    Startup,
    /// A handler, in the web process.
    Request,
    /// Inside a GPU function, in the worker.
    Gpu,
}

/// What a Space's program does.
#[derive(Debug)]
pub struct SpaceTrace {
    trace: Trace<Effect, Role>,
    sources: Vec<Arc<SourceFile>>,
    /// Where in the events each process imports `spaces` first.
    spaces: Vec<Option<usize>>,
    /// The phase of each root.
    phases: Vec<Phase>,
    /// The module of the Space that is imported as `spaces`.
    shadow: Option<FileId>,
    /// Whether modules may be found that the Space's text does not show.
    searches_elsewhere: bool,
}

/// An event with the phase it happens in.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The event.
    pub event: &'a Event<Effect>,
    /// When it happens.
    pub phase: Phase,
    trace: &'a SpaceTrace,
}

/// A step on the way to an event, in a file of the Space.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The import or the call.
    pub place: Place,
    /// What is entered there.
    pub step: Step,
}

impl SpaceTrace {
    /// Follows the program that starts in `entry`. What could not be read comes back beside it.
    pub(crate) fn of(
        files: &Files,
        pins: &Pins,
        entry: &Arc<SourceFile>,
        zerogpu: bool,
    ) -> (Self, Vec<ReadError>) {
        let world = SpaceWorld::new(files, pins, entry, zerogpu);
        let start = Entry {
            file: FileId(0),
            text: entry.text.clone(),
            path: SpaceWorld::seen_as(&entry.path),
            folder: SpaceWorld::seen_as(entry.path.parent().unwrap_or(Utf8Path::new(""))),
            module: None,
        };
        let trace = spacelint_python::trace(&world, &start, Limits::default());
        let reached = world.into_reached();
        // On other hardware what the package does is of no consequence.
        let spaces = (0..trace.processes.len())
            .map(|process| {
                trace.events.iter().position(|event| {
                    zerogpu
                        && event.root.is_none()
                        && event.process == process
                        && matches!(event.effect, Effect::ImportSpaces(_))
                })
            })
            .collect();
        let phases = (0..trace.roots.len()).map(|root| phase_of(&trace.roots, root)).collect();
        let Reached { sources, errors, shadow, searches_elsewhere, .. } = reached;
        let searches_elsewhere = searches_elsewhere || trace.unsettled_search;
        (Self { trace, sources, spaces, phases, shadow, searches_elsewhere }, errors)
    }

    /// Everything that happens, in order: start-up, then each root.
    pub fn moments(&self) -> impl Iterator<Item = Moment<'_>> {
        self.trace.events.iter().enumerate().map(|(index, event)| Moment {
            event,
            phase: match event.root {
                Some(root) => self.phases[root],
                None if self.spaces[event.process].is_some_and(|spaces| index < spaces) => {
                    Phase::BeforeSpaces
                }
                None => Phase::Startup,
            },
            trace: self,
        })
    }

    /// The first `import spaces` of start-up, in whichever process; none where the Space cannot be on
    /// ZeroGPU.
    pub fn spaces(&self) -> Option<Moment<'_>> {
        self.spaces_at(self.spaces.iter().copied().flatten().min())
    }

    fn spaces_at(&self, index: Option<usize>) -> Option<Moment<'_>> {
        let event = &self.trace.events[index?];
        Some(Moment { event, phase: Phase::Startup, trace: self })
    }

    /// The module of the Space that `import spaces` finds in place of the package, which it is no copy
    /// of.
    pub fn shadow(&self) -> Option<&Arc<SourceFile>> {
        self.shadow.map(|file| self.file(file))
    }

    /// Whether modules may be found that the Space's text does not show: the program has them looked for
    /// in a folder that is not here or that the text does not settle, or puts them there itself.
    pub fn searches_elsewhere(&self) -> bool {
        self.searches_elsewhere
    }

    /// The functions that are called after start-up.
    pub fn roots(&self) -> &[Root<Role>] {
        &self.trace.roots
    }

    /// The attributes that an instance of a class of the program has of its own, where a root gives it or
    /// a GPU function is given it.
    pub fn attributes(&self, instance: &Value) -> &[(Arc<str>, Value)] {
        self.trace.attributes(instance)
    }

    /// The phase in which the function is called that stands at this place among the roots: a thread or
    /// a callback that a GPU function hands over runs in the worker too.
    pub fn phase_of(&self, root: usize) -> Phase {
        self.phases[root]
    }

    /// The file that a place is in.
    pub fn file(&self, file: FileId) -> &Arc<SourceFile> {
        &self.sources[file.0 as usize]
    }

    /// The files that the program reached, in that order.
    pub fn files(&self) -> impl Iterator<Item = &Arc<SourceFile>> {
        self.trace.files.iter().map(|file| self.file(*file))
    }

    /// The imports by which modules of the Space are run, in order: which file, and what each depends on,
    /// innermost first.
    pub fn imports(&self) -> impl Iterator<Item = (&Event<FileId>, impl Iterator<Item = &Guard>)> {
        self.trace.imports.iter().map(|import| (import, self.trace.guards(import)))
    }

    /// The entry point's statements, without a docstring and `from __future__` imports, which must
    /// stay where they are.
    pub fn entry(&self) -> &[Span] {
        &self.trace.entry
    }

    /// What it took: statements and expressions walked, and what counts as such.
    pub fn steps(&self) -> u64 {
        self.trace.steps
    }

    /// The budgets that ran out.
    pub fn exhausted(&self) -> &[Budget] {
        &self.trace.exhausted
    }
}

impl<'a> Moment<'a> {
    /// The trace it is part of.
    pub fn trace(&self) -> &'a SpaceTrace {
        self.trace
    }

    /// The first `import spaces` of the process in which it happens.
    pub fn spaces(&self) -> Option<Self> {
        self.trace.spaces_at(self.trace.spaces[self.event.process])
    }

    /// The file in which it happens.
    pub fn file(&self) -> &'a Arc<SourceFile> {
        self.trace.file(self.event.place.file)
    }

    /// In which role the function is called after start-up that leads there; none at start-up.
    pub fn role(&self) -> Option<Role> {
        Some(self.trace.trace.roots[self.event.root?].role)
    }

    /// Where.
    pub fn place(&self) -> Place {
        self.event.place
    }

    /// How surely, of all runs that get that far.
    pub fn certainty(&self) -> Certainty {
        self.event.certainty
    }

    /// Whether a worker that has done this once, in one call, does not do it in the next, or only where
    /// it depends on more.
    pub fn is_kept(&self) -> bool {
        self.event.kept
    }

    /// What it depends on, innermost first.
    pub fn guards(&self) -> impl Iterator<Item = &'a Guard> + use<'a> {
        self.trace.trace.guards(self.event)
    }

    /// The imports and calls that lead there, the entry point's first.
    pub fn chain(&self) -> Vec<Stop> {
        self.trace
            .trace
            .chain(self.event)
            .into_iter()
            .map(|link| Stop {
                file: Arc::clone(self.trace.file(link.place.file)),
                place: link.place,
                step: match &link.step {
                    Step::Process(path) => Step::Process(within(path)),
                    step => step.clone(),
                },
            })
            .collect()
    }
}

fn phase_of(roots: &[Root<Role>], root: usize) -> Phase {
    let mut handed_over = std::iter::successors(Some(root), |root| roots[*root].parent);
    let is_gpu = handed_over.any(|root| roots[root].role == Role::Gpu);
    if is_gpu { Phase::Gpu } else { Phase::Request }
}

/// The path of a file of the Space, which the running program sees in its home.
fn within(path: &Arc<str>) -> Arc<str> {
    let home = platform::home().folder;
    path.strip_prefix(home)
        .map_or_else(|| Arc::clone(path), |path| path.trim_start_matches('/').into())
}
