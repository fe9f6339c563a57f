//! The result: what happens, in order, with where, how surely, and by which way.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::syntax::Name;
use crate::text::Span;
use crate::value::{FileId, Function, ObjectId, Place, Value};
use crate::world::Guard;

/// Whether something happens on every start-up (for a root: on every call).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It depends on something the text does not settle.
    Sometimes,
    /// Every run reaches it in which nothing outside the program fails.
    Always,
}

/// What a program does.
#[derive(Clone, Debug)]
pub struct Trace<E, R> {
    /// What happens: first start-up in CPython's order, then each root.
    pub events: Vec<Event<E>>,
    /// Each time that a module of the program is run because it is imported, in order: which file.
    pub imports: Vec<Event<FileId>>,
    /// The functions called after start-up, in the order in which they were handed over.
    pub roots: Vec<Root<R>>,
    /// The processes that run scripts of the program, in the order in which they were started; the
    /// first is the one that the entry point runs in, which nobody here starts. The events of a
    /// process stand where it is started.
    pub processes: Vec<Option<Place>>,
    /// The files that were read, in the order in which they were reached.
    pub files: Vec<FileId>,
    /// The entry point's statements, without a docstring and `from __future__` imports, which must
    /// stay where they are.
    pub entry: Vec<Span>,
    /// What it took, of [`Limits::steps`](crate::Limits).
    pub steps: u64,
    /// Whether a folder is added to `sys.path` that the text does not settle.
    pub unsettled_search: bool,
    /// The budgets that ran out; where there is one, the trace is not whole.
    pub exhausted: Vec<Budget>,
    pub(crate) links: Vec<Link>,
    pub(crate) guards: Vec<(Option<u32>, Guard)>,
    /// What the instances have that roots give and wrapped functions are given.
    pub(crate) attributes: FxHashMap<ObjectId, Vec<(Name, Value)>>,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub struct Event<E> {
    /// What it means.
    pub effect: E,
    /// Where.
    pub place: Place,
    /// How surely.
    pub certainty: Certainty,
    /// The root it happens in, an index into [`Trace::roots`]; `None` during start-up.
    pub root: Option<usize>,
    /// The process it happens in, an index into [`Trace::processes`].
    pub process: usize,
    /// Whether a second call of the root, in the same process, does not do this again, or only where it
    /// depends on more: the first left something behind. Known of roots that [last](crate::World::lasts).
    pub kept: bool,
    pub(crate) link: Option<u32>,
    pub(crate) guard: Option<u32>,
}

/// A callable that somebody else calls after start-up.
#[derive(Clone, Debug)]
pub struct Root<R> {
    /// In which role.
    pub role: R,
    /// The callable as it was handed over: a function, a method, a partial, a wrapper.
    pub callable: Value,
    /// Where it was handed over.
    pub place: Place,
    /// How surely it was handed over.
    pub certainty: Certainty,
    /// The process in which it was handed over, an index into [`Trace::processes`].
    pub process: usize,
    /// The root in which it was handed over, an index into [`Trace::roots`]; `None` during start-up.
    pub parent: Option<usize>,
    /// What a call gives back.
    pub gives: Gives,
    /// The names that a call sets by a `global` statement, and reads of those that some function sets so.
    pub globals: Globals,
    /// Whose things a call gets hold of.
    pub uses: Uses,
    /// The functions of the program that a call enters, each text once, in the order in which that happens; its
    /// own is the first. What it hands over in its turn is a root of its own.
    pub enters: Vec<Arc<Function>>,
}

/// Whose things a call gets hold of, besides Python's own, the program's and what it is called with. Known of
/// roots that [last](crate::World::lasts).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    /// The outermost packages, sorted.
    pub packages: BTreeSet<Name>,
    /// Whether some of it is not known.
    pub unknown: bool,
}

/// What a call does to the globals of the program's modules that functions set by a `global` statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Globals {
    /// Those that it sets, with where it does so first.
    pub sets: Vec<(Global, Place)>,
    /// Those that it reads, with where it does so first.
    pub reads: Vec<(Global, Place)>,
}

/// A name of a module of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// The module's file.
    pub file: FileId,
    /// The name.
    pub name: Name,
}

/// What a call gives back, as far as the text settles it. A generator or a coroutine in it is
/// [`Value::Suspended`]; what instances have, [`Trace::attributes`] tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Gives {
    /// What it returns; none where it never does, because it raises or goes on for ever. What a
    /// generator function returns is a generator, and what an `async` one returns is what comes of
    /// awaiting it.
    pub returned: Option<Value>,
    /// What a generator yields, one of several; none where nothing is yielded.
    pub yielded: Option<Value>,
}

/// A step on the way to an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub(crate) parent: Option<u32>,
    /// What is entered.
    pub step: Step,
    /// Where: the import or the call.
    pub place: Place,
}

/// What a step enters.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A module of the program, by its dotted name.
    Import(Name),
    /// A function of the program, by its qualified name.
    Call(Name),
    /// A script of the program in a process of its own, by its path.
    Process(Name),
}

/// What ended a trace early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Budget {
    /// More statements and expressions were walked than [`Limits::steps`](crate::Limits).
    Steps,
    /// More events happened than [`Limits::events`](crate::Limits).
    Events,
    /// The program nests deeper than [`Limits::nesting`](crate::Limits), or its calls and imports
    /// alone deeper than [`Limits::calls`](crate::Limits).
    Depth,
    /// More source text was reached than [`Limits::bytes`](crate::Limits).
    Bytes,
}

impl<R> Root<R> {
    /// The function of the program that runs in the end.
    pub fn function(&self) -> Option<&Arc<Function>> {
        self.callable.function()
    }
}

impl<E, R> Trace<E, R> {
    /// The attributes that an instance of a class of the program has of its own, sorted by name, where a
    /// root gives it or a wrapped function is given it: as they were when that was last seen.
    pub fn attributes(&self, instance: &Value) -> &[(Name, Value)] {
        let Value::Instance(_, object) = instance else { return &[] };
        self.attributes.get(object).map_or(&[], Vec::as_slice)
    }

    /// The steps that lead to `event`, the entry point's first.
    pub fn chain<'a, What>(&'a self, event: &Event<What>) -> Vec<&'a Link> {
        let mut chain: Vec<&Link> =
            std::iter::successors(event.link.map(|link| &self.links[link as usize]), |link| {
                link.parent.map(|parent| &self.links[parent as usize])
            })
            .collect();
        chain.reverse();
        chain
    }

    /// What `event` depends on, innermost first.
    pub fn guards<'a, What>(
        &'a self,
        event: &Event<What>,
    ) -> impl Iterator<Item = &'a Guard> + use<'a, E, R, What> {
        std::iter::successors(
            event.guard.map(|guard| &self.guards[guard as usize]),
            |(parent, _)| parent.map(|parent| &self.guards[parent as usize]),
        )
        .map(|(_, guard)| guard)
    }
}
