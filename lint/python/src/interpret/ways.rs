//! The ways that a program may take: how control leaves a piece of code, what is done on one way alone, and
//! what is true where several meet again.

use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Frame, Interpreter, heap};
use crate::syntax::Name;
use crate::value::Value;
use crate::world::{Guard, World};

/// The ways in which control may leave a piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow(u8);

impl Flow {
    pub(super) const NONE: Self = Self(0);
    /// To what follows.
    pub(super) const NEXT: Self = Self(1);
    pub(super) const RETURN: Self = Self(2);
    pub(super) const BREAK: Self = Self(4);
    pub(super) const CONTINUE: Self = Self(8);
    /// By an exception that the program itself raises.
    pub(super) const RAISE: Self = Self(16);
    /// Out of the process, or of the budget.
    pub(super) const EXIT: Self = Self(32);
    /// To whoever drives the generator, for the time being.
    pub(super) const PAUSE: Self = Self(64);
    /// Out of a loop and of what it stands in.
    pub(super) const OUT: Self = Self(Self::RETURN.0 | Self::RAISE.0 | Self::EXIT.0);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those of these ways that are among `ways`.
    pub(super) fn within(self, ways: Self) -> Self {
        Self(self.0 & ways.0)
    }

    /// Whether what follows is not reached.
    pub(super) fn ends(self) -> bool {
        !self.has(Self::NEXT)
    }

    /// Whether control may leave in no other ways than these.
    pub(super) fn only(self, ways: Self) -> bool {
        self.without(ways) == Self::NONE
    }
}

impl BitOr for Flow {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flow {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// Evaluation surely ends here, with [`Flow::RAISE`] (and the exception) or [`Flow::EXIT`].
#[derive(Clone, Debug)]
pub(super) enum Stop {
    Raise(Value),
    Exit,
}

impl Stop {
    pub(super) fn exception(self) -> Option<Value> {
        match self {
            Self::Raise(exception) => Some(exception),
            Self::Exit => None,
        }
    }
}

pub(super) type Eval<T> = Result<T, Stop>;

/// What one way through the program did.
#[derive(Clone, Default)]
pub(super) struct Branch {
    pub(super) delta: heap::Delta,
    pub(super) imported: Vec<Name>,
}

impl Branch {
    /// The branch leaves the function whose frame this is.
    pub(super) fn leaves(&mut self, frame: &Frame) {
        if frame.function.is_some() {
            self.delta.leaves(frame.names);
        }
    }
}

impl<W: World> Interpreter<'_, W> {
    pub(super) fn fork(&mut self) -> (usize, usize) {
        (self.heap.fork(), self.process.imported_order.len())
    }

    /// [`fork`](Self::fork) for a branch of which it matters what it did in between.
    pub(super) fn fork_watched(&mut self) -> (usize, usize) {
        (self.heap.fork_watched(), self.process.imported_order.len())
    }

    pub(super) fn take_back(&mut self, (mark, imported): (usize, usize)) -> Branch {
        let imported: Vec<Name> = self.process.imported_order.drain(imported..).collect();
        for name in &imported {
            self.process.imported.remove(name);
        }
        Branch { delta: self.heap.take_back(mark), imported }
    }

    pub(super) fn join(&mut self, branches: Vec<Branch>) {
        let count = branches.len();
        let mut deltas = Vec::with_capacity(branches.len());
        let mut names: FxHashMap<Name, usize> = FxHashMap::default();
        let mut order = Vec::new();
        for branch in branches {
            for name in branch.imported {
                let ways = names.entry(Arc::clone(&name)).or_insert(0);
                if *ways == 0 {
                    order.push(name);
                }
                *ways += 1;
            }
            deltas.push(branch.delta);
        }
        for name in order {
            if names[&name] == count {
                self.note_import(name);
            } else {
                self.process.perhaps_imported.insert(name);
            }
        }
        self.heap.join(&deltas);
    }

    pub(super) fn note_import(&mut self, name: Name) {
        if self.process.imported.insert(Arc::clone(&name)) {
            self.process.imported_order.push(name);
        }
    }

    /// Follows `work` as something that may or may not happen, under `guard`; the state afterwards
    /// allows for both.
    pub(super) fn perhaps<T>(
        &mut self,
        guard: Option<Guard>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mark = self.fork();
        let result = self.under(guard, work);
        let branch = self.take_back(mark);
        self.join(vec![branch, Branch::default()]);
        result
    }

    /// Follows `work` for each of `values`, of which the program has one. Only if all of them raise is it sure
    /// that something is raised.
    pub(super) fn any_of<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Value> + Clone,
        mut work: impl FnMut(&mut Self, &Value) -> Eval<Value>,
    ) -> Eval<Value> {
        let mut alone = values.clone();
        if let (Some(value), None) = (alone.next(), alone.next()) {
            return work(self, value);
        }
        let mut joined: Option<Value> = None;
        let mut stopped: Vec<Stop> = Vec::new();
        for value in values {
            match self.perhaps(None, |this| work(this, value)) {
                Ok(part) => joined = joined.into_iter().chain([part]).reduce(Value::or),
                Err(stop) => stopped.push(stop),
            }
        }
        match (joined, stopped.pop()) {
            (None, None) => Ok(Value::Unknown),
            (None, Some(last)) => {
                self.raising.extend(stopped.into_iter().filter_map(Stop::exception));
                Err(last)
            }
            (Some(joined), None) => Ok(joined),
            (Some(joined), Some(last)) => {
                let raised = stopped.into_iter().chain([last]).filter_map(Stop::exception);
                self.raising.extend(raised);
                self.may_leave(Flow::RAISE);
                Ok(joined)
            }
        }
    }

    /// Runs `work` uncertainly, under `guard`.
    pub(super) fn under<T>(
        &mut self,
        guard: Option<Guard>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.maybe;
        self.maybe += 1;
        let result = match guard {
            Some(guard) => self.guarded(guard, work),
            None => work(self),
        };
        self.maybe = before;
        result
    }

    /// Runs `work` under `guard`, no less certain than it was.
    pub(super) fn guarded<T>(&mut self, guard: Guard, work: impl FnOnce(&mut Self) -> T) -> T {
        let around = (self.guard, self.guards.len());
        self.guard_from_here(guard);
        let result = work(self);
        self.leave_guards(around);
        result
    }

    /// Puts all that follows under `guard`, until [`leave_guards`](Self::leave_guards).
    pub(super) fn guard_from_here(&mut self, guard: Guard) {
        self.out.guards.push((self.guard, guard.clone()));
        self.guard = Some(self.out.guards.len() as u32 - 1);
        self.guards.push(guard);
    }

    pub(super) fn leave_guards(&mut self, (guard, depth): (Option<u32>, usize)) {
        self.guards.truncate(depth);
        self.guard = guard;
    }

    /// From here on it is not sure that anything happens, because control may have left by `flow`.
    pub(super) fn may_leave(&mut self, flow: Flow) {
        self.pending |= flow;
        self.maybe += 1;
    }
}
