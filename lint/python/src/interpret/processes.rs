//! Processes: the one that the entry point runs in, and those that the program starts to run another
//! of its scripts. Each begins with nothing imported.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::heap::Content;
use super::{Entry, Interpreter, Process};
use crate::syntax::Name;
use crate::trace::Step;
use crate::value::{ObjectId, Place};
use crate::world::World;

/// How many processes a trace follows: a script that starts itself ends here.
const MAX_PROCESSES: usize = 32;

impl<W: World> Interpreter<'_, W> {
    /// Runs the entry point.
    pub(super) fn start(&mut self, entry: &Entry) {
        self.process.search = vec![Arc::clone(&entry.folder)];
        let name: Name = "__main__".into();
        let found = (entry.file, &entry.text, false, &entry.path);
        // An exception that nobody catches ends start-up and nothing else.
        let _ = self.run_module(&name, found);
    }

    /// Runs a script in a process of its own, which inherits the environment.
    pub(super) fn start_process(&mut self, entry: &Entry, place: Place) {
        let running = self.frames.iter().filter(|frame| frame.module.file == entry.file).count();
        // What it does changes nothing here, so there is nothing to find out in silence.
        if self.quiet > 0 || self.out.processes.len() >= MAX_PROCESSES || running > 1 {
            return;
        }
        let maybe = self.maybe;
        let environ = self.copy_of(self.process.environ);
        let process = Process {
            modules: self.heap.allocate(Content::Names),
            environ,
            search: vec![Arc::clone(&entry.folder)],
            found: FxHashMap::default(),
            imported: FxHashSet::default(),
            imported_order: Vec::new(),
            perhaps_imported: FxHashSet::default(),
        };
        let index = self.out.processes.len();
        self.out.processes.push(Some(place));
        self.processes.push(Some(process));
        let around = self.enter_process(index);
        let (raising, pending) = (std::mem::take(&mut self.raising), self.pending);
        let catchers = std::mem::take(&mut self.catchers);
        let guards = std::mem::take(&mut self.guards);
        let step = Step::Process(Arc::clone(&entry.path));
        let name: Name = "__main__".into();
        self.step_into(step, place, |this| {
            // `python -m package.module` imports the package first.
            if let Some((package, _)) =
                entry.module.as_deref().and_then(|name| name.rsplit_once('.'))
            {
                if this.import_module(package, place).is_err() {
                    return;
                }
                this.package = Some(package.into());
            }
            let found = (entry.file, &entry.text, false, &entry.path);
            // What another process raises nobody here sees.
            let _ = this.run_module(&name, found);
        });
        (self.raising, self.pending, self.catchers, self.guards) =
            (raising, pending, catchers, guards);
        self.maybe = maybe;
        self.enter_process(around);
    }

    /// Goes on in another process; returns the one that was left.
    pub(super) fn enter_process(&mut self, index: usize) -> usize {
        let left = self.current;
        if index != left
            && let Some(process) = self.processes[index].take()
        {
            self.processes[left] = Some(std::mem::replace(&mut self.process, process));
            self.current = index;
        }
        left
    }

    fn copy_of(&mut self, object: ObjectId) -> ObjectId {
        let copy = self.heap.allocate(Content::Names);
        for name in self.heap.names(object) {
            let slot = self.heap.get(object, &name).cloned();
            self.heap.put(copy, &name, slot);
        }
        copy
    }
}
