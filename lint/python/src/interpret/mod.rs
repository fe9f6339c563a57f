//! The abstract interpreter: it does what CPython would, in CPython's order, on values that may be
//! unknown, and asks a [`World`] about everything that is not Python.
//!
//! Certainty is a counter: what runs while [`Interpreter::maybe`] is above zero depends on
//! something the text does not settle. Budgets, not stack depth, end a trace: everything that
//! recurses goes through [`Interpreter::deeper`].

mod attributes;
mod builtins;
mod calls;
mod classes;
mod collections;
mod comprehensions;
mod containers;
mod conversions;
mod definitions;
mod exceptions;
mod expressions;
mod fold;
mod frozen;
mod generators;
mod heap;
mod imports;
mod instances;
mod items;
mod iteration;
mod keys;
mod loops;
mod paths;
mod patterns;
mod processes;
mod standard;
mod statements;
mod ways;

use std::cell::Cell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::syntax::{FunctionDef, Module, Name};
use crate::text::{Span, Text};
use crate::trace::{
    Budget, Certainty, Event, Gives, Global, Globals, Link, Root, Step, Trace, Uses,
};
use crate::value::{External, FileId, Function, ObjectId, Place, Scope, Value};
use crate::world::{Found, Guard, Now, World};
pub(crate) use heap::Slot;
use heap::{Content, Heap};
pub(crate) use ways::Flow;
use ways::{Branch, Eval, Stop};

/// How much a trace may do before it ends early and says so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Statements and expressions walked.
    pub steps: u64,
    /// Events recorded.
    pub events: usize,
    /// How deep statements, expressions, calls and imports may nest together.
    pub nesting: u32,
    /// How deep calls alone may nest.
    pub calls: usize,
    /// Bytes of source text parsed.
    pub bytes: usize,
    /// Turns of a loop whose end is settled, each time that it is reached; what a loop does after
    /// that is taken to be what any turn of it does.
    pub turns: usize,
    /// Turns of a loop that may have been left in each of those before: how it goes on says less and less, and each has to be
    /// joined with all that may not have come to it.
    pub open_turns: usize,
    /// How often a function is entered, or a turn of a loop taken, in start-up and in each root: what
    /// was followed so often holds no news. Where it is not settled that it is reached at all, a
    /// function is entered [`turns`](Self::turns) times.
    pub visits: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 2_000_000,
            events: 50_000,
            nesting: 3_000,
            calls: 80,
            // What is kept of a byte takes some eighteen: so 200 MB of memory suffice for whatever a program imports.
            bytes: 10 << 20,
            turns: 256,
            open_turns: 16,
            visits: 2048,
        }
    }
}

/// How many roots deep one hands over the next, before that is taken for a function that hands itself
/// over again.
const MAX_ROOT_DEPTH: usize = 8;

/// How many roots are one function in the text: those that a loop makes, or one that hands over others of its kind, each with
/// names of its own. What was followed so often holds no news.
const MAX_ROOTS_OF_ONE: u32 = 256;

/// Native stack that a level of nesting, and all that does not count as one, leaves untouched at
/// least; where there is less, more is made. A thread for each trace, with a stack for all levels that
/// there may be, would cost more than to trace a small Space.
const STACK_LEFT: usize = if cfg!(debug_assertions) { 1 << 20 } else { 256 << 10 };

/// How much stack is made at a time.
const STACK_MORE: usize = 8 * STACK_LEFT;

/// How often something is recorded of one place, in start-up and in each root. A recursion comes by
/// the same place by a thousand ways, all of which a person needs not see.
const MAX_REPEATS: u32 = 512;

/// How deep what a root gives, or a wrapped function is given, is looked into for instances.
const MAX_TOLD_DEPTH: u32 = 4;

/// How many elements of lists, dicts and tuples a value has at most that the world sees.
const MAX_FROZEN: usize = 4096;

/// For how many elements one counts that is copied for the world, which may keep it.
const FROZEN_ELEMENT: usize = 16;

/// How often one function may be active at once where nothing settled drives the recursion.
const MAX_UNSETTLED_RECURSION: usize = 3;

/// Where a program starts.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its file.
    pub file: FileId,
    /// Its text.
    pub text: Text,
    /// Its path as the running program sees it (`__file__`).
    pub path: Arc<str>,
    /// The first folder that modules are looked for in (`sys.path[0]`), as the program sees it.
    pub folder: Arc<str>,
    /// The dotted name of the module that is run by that name (`python -m`), if it is.
    pub module: Option<Arc<str>>,
}

/// Follows a program from its entry point, run as `__main__`, through start-up and every callable
/// that was handed over on the way.
pub fn trace<W: World>(world: &W, entry: &Entry, limits: Limits) -> Trace<W::Effect, W::Role> {
    Interpreter::new(world, limits).follow(entry)
}

/// What a body of code runs in.
struct Frame {
    module: Arc<ModuleInfo>,
    function: Option<Arc<Function>>,
    /// Where assignments go: the function's, the class's or the module's names.
    names: ObjectId,
    /// Where names are looked up after `names`, innermost first, the module's last.
    scopes: Arc<[Scope]>,
    /// What follows the frame's own name in a qualified name: `f.<locals>.`, `C.`, or nothing.
    prefix: Arc<str>,
    is_class: bool,
    is_comprehension: bool,
    returned: Option<Value>,
    /// What is being done: where that is, of what Python itself does on the way.
    at: Span,
    /// For the frame of a generator: what it takes to leave it and come back.
    generator: Option<Box<generators::Pausing>>,
}

impl Frame {
    /// Where a function or class that is defined here looks names up. A class's own names are not
    /// seen from its methods.
    fn inner_scopes(&self) -> Arc<[Scope]> {
        if self.is_class {
            Arc::clone(&self.scopes)
        } else {
            let function = self.function.as_ref().map(|function| Arc::clone(&function.def));
            let own = Scope { names: self.names, function };
            std::iter::once(own).chain(self.scopes.iter().cloned()).collect()
        }
    }
}

/// A module of the program.
#[derive(Debug)]
pub(crate) struct ModuleInfo {
    pub(crate) name: Name,
    /// What a relative import starts from.
    package: Name,
    file: FileId,
    names: ObjectId,
    /// `from __future__ import annotations`
    lazy_annotations: bool,
}

/// What a process of its own has: the program starts in one, and may start others.
#[derive(Debug)]
struct Process {
    /// `sys.modules`, of the program's own modules.
    modules: ObjectId,
    /// What the program itself has put in `os.environ`.
    environ: ObjectId,
    /// What is on `sys.path` before the installed packages.
    search: Vec<Arc<str>>,
    /// Where imports lead as long as that stays the same.
    found: FxHashMap<Name, Found>,
    imported: FxHashSet<Name>,
    imported_order: Vec<Name>,
    /// What was imported on some way only.
    perhaps_imported: FxHashSet<Name>,
}

/// On how much it depends that something happens at a place for the first time, in each of two calls of
/// a root.
#[derive(Debug, Default)]
struct Calls {
    is_second: bool,
    first: FxHashMap<Place, u32>,
    second: FxHashMap<Place, u32>,
}

struct Interpreter<'w, W: World> {
    world: &'w W,
    limits: Limits,
    heap: Heap,
    process: Process,
    /// The processes that are not the one being followed.
    processes: Vec<Option<Process>>,
    parsed: FxHashMap<FileId, Arc<Module>>,
    /// The functions that generator expressions are, by where they stand.
    expressions: FxHashMap<Place, Arc<FunctionDef>>,
    /// The names that functions declare global.
    declared: FxHashSet<Name>,
    /// What the program hangs on functions.
    attributes: FxHashMap<u32, ObjectId>,
    frames: Vec<Frame>,
    maybe: u32,
    /// Above zero while it is only found out what a piece of code changes: nothing is recorded.
    quiet: u32,
    /// How many `with` and `finally` are open that see what is raised within.
    catchers: u32,
    /// How many of them may swallow it.
    swallowers: u32,
    /// Ways out that the current statement's evaluation found possible, and what they raise.
    pending: Flow,
    raising: Vec<Value>,
    /// The exceptions whose handlers are running, innermost last.
    handling: Vec<Value>,
    /// How much outside the program could have raised so far; a `try` compares before and after.
    risks: u32,
    guards: Vec<Guard>,
    guard: Option<u32>,
    /// The conditions that the statement just followed can be passed on one branch of only.
    passed: Vec<Guard>,
    link: Option<u32>,
    root: Option<usize>,
    /// Whether the function that is entered next is told its arguments.
    tells_arguments: bool,
    /// The process being followed, an index into the trace's.
    current: usize,
    /// How often functions were entered and turns of loops taken since the start or since the root
    /// was entered, by where their text is; in silence apart.
    visits: FxHashMap<(usize, bool), u32>,
    /// How often something happened at a place since then.
    repeats: FxHashMap<Place, u32>,
    /// Whose things the present root gets hold of, where that is asked.
    uses: Uses,
    /// The functions that it has entered, by where their text is.
    entered: FxHashSet<usize>,
    /// What the two calls of a root did, where two are made.
    calls: Option<Calls>,
    /// The package of the module that is run next, where its name does not say it.
    package: Option<Name>,
    steps: u64,
    /// Elements copied for the world since the last step.
    copied: Cell<usize>,
    nesting: u32,
    bytes: usize,
    functions: u32,
    queue: Vec<Value>,
    /// By function, role, and the role of the root that it was handed over in.
    seen_roots: FxHashSet<(u32, usize, Option<usize>)>,
    /// How many roots there are of a function of the text.
    roots_of: FxHashMap<usize, u32>,
    roles: Vec<W::Role>,
    out: Trace<W::Effect, W::Role>,
}

impl<'w, W: World> Interpreter<'w, W> {
    fn new(world: &'w W, limits: Limits) -> Self {
        let mut heap = Heap::default();
        let process = Process {
            modules: heap.allocate(Content::Names),
            environ: heap.allocate(Content::Names),
            search: Vec::new(),
            found: FxHashMap::default(),
            imported: FxHashSet::default(),
            imported_order: Vec::new(),
            perhaps_imported: FxHashSet::default(),
        };
        Self {
            world,
            limits,
            heap,
            process,
            processes: vec![None],
            parsed: FxHashMap::default(),
            expressions: FxHashMap::default(),
            declared: FxHashSet::default(),
            attributes: FxHashMap::default(),
            frames: Vec::new(),
            maybe: 0,
            quiet: 0,
            catchers: 0,
            swallowers: 0,
            pending: Flow::NONE,
            raising: Vec::new(),
            handling: Vec::new(),
            risks: 0,
            guards: Vec::new(),
            guard: None,
            passed: Vec::new(),
            link: None,
            root: None,
            tells_arguments: false,
            current: 0,
            visits: FxHashMap::default(),
            repeats: FxHashMap::default(),
            uses: Uses::default(),
            entered: FxHashSet::default(),
            calls: None,
            package: None,
            steps: 0,
            copied: Cell::new(0),
            nesting: 0,
            bytes: 0,
            functions: 0,
            queue: Vec::new(),
            seen_roots: FxHashSet::default(),
            roots_of: FxHashMap::default(),
            roles: Vec::new(),
            out: Trace {
                events: Vec::new(),
                imports: Vec::new(),
                roots: Vec::new(),
                processes: vec![None],
                files: Vec::new(),
                entry: Vec::new(),
                steps: 0,
                unsettled_search: false,
                exhausted: Vec::new(),
                links: Vec::new(),
                guards: Vec::new(),
                attributes: FxHashMap::default(),
            },
        }
    }

    fn follow(mut self, entry: &Entry) -> Trace<W::Effect, W::Role> {
        self.start(entry);
        // Start-up may have ended in an exception: what it had handed over by then is still
        // followed, so that a person sees all that is to be seen.
        let mut index = 0;
        while index < self.queue.len() {
            let callable = self.queue[index].clone();
            self.run_root(index, &callable);
            index += 1;
        }
        self.out.steps = self.steps;
        self.out
    }

    fn run_root(&mut self, index: usize, callable: &Value) {
        self.root = Some(index);
        let process = self.out.roots[index].process;
        let around = self.enter_process(process);
        self.maybe = 0;
        self.pending = Flow::NONE;
        self.link = None;
        self.guard = None;
        self.guards.clear();
        self.raising.clear();
        self.visits.clear();
        self.repeats.clear();
        self.nesting = 0;
        let mark = self.fork();
        let first = self.out.events.len();
        let Root { role, place, .. } = self.out.roots[index];
        self.tells_arguments = self.world.tells_arguments(role);
        self.calls = self.world.lasts(role).then(Calls::default);
        self.uses = Uses::default();
        self.entered.clear();
        let gives = self.call_unknown(callable, place);
        self.tells_arguments = false;
        // What it gives is read while the heap is as the call left it.
        self.out.roots[index].gives = Gives {
            returned: gives.returned.map(|value| self.told(&value)),
            yielded: gives.yielded.map(|value| self.told(&value)),
        };
        self.out.roots[index].uses = std::mem::take(&mut self.uses);
        self.call_twice(callable, place, first);
        let branch = self.take_back(mark);
        self.join(vec![branch, Branch::default()]);
        self.enter_process(around);
    }

    /// Calls a root once more, to see which of the events from `first` on do not come again.
    fn call_twice(&mut self, callable: &Value, place: Place, first: usize) {
        let Some(calls) = &mut self.calls else { return };
        calls.is_second = true;
        self.maybe = 0;
        self.pending = Flow::NONE;
        self.raising.clear();
        let marks = (self.out.links.len(), self.out.guards.len());
        self.quiet += 1;
        self.call_unknown(callable, place);
        self.quiet -= 1;
        self.out.links.truncate(marks.0);
        self.out.guards.truncate(marks.1);
        let Some(Calls { first: before, second: after, .. }) = self.calls.take() else { return };
        for event in &mut self.out.events[first..] {
            let after = after.get(&event.place);
            event.kept = before
                .get(&event.place)
                .is_some_and(|before| after.is_none_or(|after| after > before));
        }
    }

    /// Notes that a root sets a global of the module that the present code stands in, or reads one.
    fn note_global(&mut self, name: &Name, place: Place, sets: bool) {
        let Some(root) = self.root.filter(|_| self.quiet == 0) else { return };
        let global = Global { file: self.frame().module.file, name: Arc::clone(name) };
        let Globals { sets: set, reads } = &mut self.out.roots[root].globals;
        let known = if sets { set } else { reads };
        if !known.iter().any(|(other, _)| *other == global) {
            known.push((global, place));
        }
    }

    /// Notes whose things a root gets hold of with `value`. `given`: nothing that is not known of it is
    /// anything but what the root is called with.
    fn note_use(&mut self, value: &Value, given: bool) {
        if self.calls.is_none() {
            return;
        }
        match value {
            Value::External(external) => self.note_package(external, given),
            Value::Wrapped(wrapped) => {
                self.note_package(&wrapped.wrapper, given);
                self.note_use(&wrapped.inner, given);
            }
            Value::Class(class) | Value::Instance(class, _) => {
                if let Some(base) = class.base.clone() {
                    self.note_package(&base, given);
                }
            }
            Value::OneOf(values) => values.iter().for_each(|value| self.note_use(value, given)),
            Value::Method(_, receiver) => self.note_use(receiver, given),
            Value::Unknown => self.uses.unknown |= !given,
            _ => {}
        }
    }

    fn note_package(&mut self, external: &External, given: bool) {
        let Some(name) = external.origin() else {
            self.uses.unknown |= !given;
            return;
        };
        let package = name.split('.').next().unwrap_or(name);
        if package != "builtins" && !self.uses.packages.contains(package) {
            self.uses.packages.insert(package.into());
        }
    }

    /// Notes that a root enters a function.
    fn note_entered(&mut self, function: &Arc<Function>) {
        let Some(root) = self.root.filter(|_| self.quiet == 0) else { return };
        if self.entered.insert(Arc::as_ptr(&function.def).addr()) {
            self.out.roots[root].enters.push(Arc::clone(function));
        }
    }

    /// Notes that something happens at a place in one of the two calls of a root.
    fn note_call(&mut self, place: Place) {
        let Some(calls) = &mut self.calls else { return };
        let seen = match (calls.is_second, self.quiet) {
            (true, _) => &mut calls.second,
            (false, 0) => &mut calls.first,
            // It is only being found out what a piece of code changes.
            (false, _) => return,
        };
        seen.entry(place).or_insert(self.maybe);
    }

    /// Hands `callable` over to be called later in `role`; once for each function and role.
    fn add_root(&mut self, callable: &Value, role: W::Role, place: Place) {
        if self.quiet > 0 {
            return;
        }
        for callable in callable.alternatives() {
            let Some(function) = callable.function() else { continue };
            let role_index =
                self.roles.iter().position(|known| *known == role).unwrap_or_else(|| {
                    self.roles.push(role);
                    self.roles.len() - 1
                });
            let within = self.root.map(|root| self.out.roots[root].role);
            let within = within.and_then(|role| self.roles.iter().position(|known| *known == role));
            if self.depth_of_root() > MAX_ROOT_DEPTH
                || !self.seen_roots.insert((function.id, role_index, within))
            {
                continue;
            }
            let made = self.roots_of.entry(Arc::as_ptr(&function.def).addr()).or_insert(0);
            *made += 1;
            if *made > MAX_ROOTS_OF_ONE {
                continue;
            }
            let callable = self.frozen(callable);
            self.queue.push(callable.clone());
            let certainty = self.certainty();
            let process = self.current;
            let parent = self.root;
            let gives = Gives { returned: Some(Value::Unknown), yielded: None };
            let (globals, uses) = (Globals::default(), Uses::default());
            self.out.roots.push(Root {
                role,
                callable,
                place,
                certainty,
                process,
                parent,
                gives,
                globals,
                uses,
                enters: Vec::new(),
            });
        }
    }

    /// How many roots led to the present one, each handing over the next.
    fn depth_of_root(&self) -> usize {
        std::iter::successors(self.root, |root| self.out.roots[*root].parent).count()
    }

    fn certainty(&self) -> Certainty {
        if self.maybe > 0 { Certainty::Sometimes } else { Certainty::Always }
    }

    fn record(&mut self, effects: Vec<W::Effect>, place: Place) {
        if effects.is_empty() {
            return;
        }
        self.note_call(place);
        if self.quiet > 0 {
            return;
        }
        let repeats = self.repeats.entry(place).or_insert(0);
        *repeats += 1;
        if *repeats > MAX_REPEATS {
            return;
        }
        for effect in effects {
            if self.out.events.len() >= self.limits.events {
                self.exhaust(Budget::Events);
                return;
            }
            let event = self.happens(effect, place);
            self.out.events.push(event);
        }
    }

    /// Something that happens at this moment.
    fn happens<T>(&self, effect: T, place: Place) -> Event<T> {
        Event {
            effect,
            place,
            certainty: self.certainty(),
            root: self.root,
            process: self.current,
            kept: false,
            link: self.link,
            guard: self.guard,
        }
    }

    fn exhaust(&mut self, budget: Budget) {
        if !self.out.exhausted.contains(&budget) {
            self.out.exhausted.push(budget);
        }
    }

    /// Asks the world something about this moment.
    fn ask<T>(&self, place: Place, question: impl FnOnce(&W, &Now<'_>) -> T) -> T {
        let now = Now {
            place,
            imported: &self.process.imported,
            perhaps_imported: &self.process.perhaps_imported,
            guards: &self.guards,
            function: self.frames.last().and_then(|frame| frame.function.as_ref()),
            in_root: self.root.is_some(),
        };
        question(self.world, &now)
    }

    /// Counts that something is followed once more, by where its text is; how often it was.
    fn visit<T>(&mut self, text: *const T) -> u32 {
        let visits = self.visits.entry((text.addr(), self.quiet > 0)).or_insert(0);
        *visits += 1;
        *visits
    }

    /// Whether another turn of a loop with this body is followed, which had so many.
    fn may_turn<T>(&mut self, body: *const T, turns: usize) -> bool {
        turns < self.limits.turns && self.visit(body) <= self.limits.visits
    }

    /// Whether a function is entered once more.
    fn may_enter(&mut self, function: &Arc<Function>) -> bool {
        self.note_entered(function);
        let visits = self.visit(Arc::as_ptr(&function.def));
        if self.maybe > 0 {
            let active = self.frames.iter().filter_map(|frame| frame.function.as_ref());
            let active = active.filter(|active| *active == function).count();
            return active < MAX_UNSETTLED_RECURSION && visits as usize <= self.limits.turns;
        }
        visits <= self.limits.visits
    }

    /// Counts a step, and goes one level deeper if the budgets allow it.
    fn deeper<T>(&mut self, otherwise: T, work: impl FnOnce(&mut Self) -> T) -> T {
        self.heap.count(self.copied.take() * FROZEN_ELEMENT);
        self.steps += 1 + self.heap.steps();
        if self.steps > self.limits.steps {
            self.exhaust(Budget::Steps);
            return otherwise;
        }
        if self.nesting >= self.limits.nesting {
            self.exhaust(Budget::Depth);
            return otherwise;
        }
        self.nesting += 1;
        let result = stacker::maybe_grow(STACK_LEFT, STACK_MORE, || work(self));
        self.nesting -= 1;
        result
    }

    fn frame(&self) -> &Frame {
        self.frames.last().expect("code runs in a frame")
    }

    fn frame_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("code runs in a frame")
    }

    fn place(&self, span: Span) -> Place {
        Place { file: self.frame().module.file, span }
    }

    /// The place of what is being done.
    fn here(&self) -> Place {
        self.place(self.frame().at)
    }

    fn step_into<T>(&mut self, step: Step, place: Place, work: impl FnOnce(&mut Self) -> T) -> T {
        let parent = self.link;
        self.out.links.push(Link { parent, step, place });
        self.link = Some(self.out.links.len() as u32 - 1);
        let result = work(self);
        self.link = parent;
        result
    }

    // Values

    /// A new list.
    fn list(&mut self, items: Vec<Value>, open: bool) -> Value {
        let content = Content::Items { items: Arc::new(items), open, is_set: false };
        Value::Object(self.heap.allocate(content))
    }

    /// A new set: of what is surely the same only one is kept.
    fn set(&mut self, items: Vec<Value>, open: bool) -> Value {
        let items = Arc::new(keys::unique(items));
        let content = Content::Items { items, open, is_set: true };
        Value::Object(self.heap.allocate(content))
    }

    fn dict(&mut self, pairs: Vec<(Value, Slot)>, open: bool) -> Value {
        Value::Object(self.heap.allocate(Content::Pairs { pairs: Arc::new(pairs), open }))
    }

    /// Where an import leads. A program asks for the same few modules again and again.
    fn find(&mut self, name: &str) -> Found {
        if let Some(found) = self.process.found.get(name) {
            return found.clone();
        }
        let found = match self.world.find(name, &self.process.search) {
            Found::Unsure if imports::is_standard(name) => Found::Installed,
            found => found,
        };
        self.process.found.insert(name.into(), found.clone());
        found
    }
}
