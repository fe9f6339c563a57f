use std::collections::BTreeSet;

use spacelint_python::syntax::{Stmt, StmtKind};
use spacelint_python::{Global, Place, Root};
use spacelint_space::{Phase, Role, Space, SpaceTrace};

use super::worker;
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A GPU function sets a global that another process reads, which never learns of it.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py:59-103: a worker is a fork of the main process; reproduced against a stand-in device API: the main process reads 0, a warm worker its own count"
)]
pub(crate) struct StateLostInWorker<'a> {
    trace: &'a SpaceTrace,
    global: &'a Global,
    set: Place,
    setter: &'a Root<Role>,
    read: Place,
    reader: &'a Root<Role>,
}

impl<'a> Check<'a> for StateLostInWorker<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        let trace = space.trace().filter(|_| space.is_zerogpu());
        let workers = trace.into_iter().flat_map(move |trace| {
            roots(trace, Phase::Gpu).flat_map(move |setter| {
                setter.globals.sets.iter().map(move |(global, set)| (trace, setter, global, *set))
            })
        });
        workers.filter_map(move |(trace, setter, global, set)| {
            // What the main process sets by itself as well is no message from a worker.
            let is_set = roots(trace, Phase::Request).any(|root| sets(root, global));
            let readers = roots(trace, Phase::Request).chain(roots(trace, Phase::Gpu));
            let (reader, read) = readers.filter(|root| !sets(root, global)).find_map(|root| {
                let reads = &root.globals.reads;
                reads.iter().find(|(other, _)| other == global).map(|(_, place)| (root, *place))
            })?;
            let is_new = !is_set && seen.insert(set);
            is_new.then_some(Self { trace, global, set, setter, read, reader })
        })
    }

    fn finding(&self) -> Finding {
        let name = &self.global.name;
        let who = |root: &Root<Role>| match root.function() {
            Some(function) => format!("`{}`", worker::name(function)),
            None => "a handler".to_owned(),
        };
        let lost = if self.reader.role == Role::Gpu {
            format!(
                "{}, which reads it, may run in another worker, and that has what start-up has set",
                who(self.reader)
            )
        } else {
            format!(
                "the main process, where {} reads it, never learns of that and has what start-up has set",
                who(self.reader)
            )
        };
        let message = format!("`{name}` is set in a worker, by {}: {lost}", who(self.setter));
        let finding = Self::at(Location::of(self.trace, self.set), message)
            .related(Location::of(self.trace, self.read), format!("{} reads it here", who(self.reader)))
            .help(
                "Return the value from the GPU function, and let the handler that called it keep it: in a \
                 `gr.State` if it is the visitor's, in the global if it is everybody's.",
            );
        let Some(function) = self.setter.function() else { return finding };
        let finding = finding.related(
            Location::of(self.trace, function.place()),
            format!("{} is a GPU function", who(self.setter)),
        );
        let says_so = |statement: &&Stmt| matches!(&statement.kind, StmtKind::Global(names) if names.contains(name));
        match function.def.body.iter().find(says_so) {
            Some(statement) => {
                let place = Place { file: function.file, span: statement.span };
                finding.related(Location::of(self.trace, place), "it is the module's by this")
            }
            None => finding,
        }
    }
}

fn sets(root: &Root<Role>, global: &Global) -> bool {
    root.globals.sets.iter().any(|(other, _)| other == global)
}

fn roots(trace: &SpaceTrace, phase: Phase) -> impl Iterator<Item = &Root<Role>> {
    let roots = trace.roots().iter().enumerate();
    roots.filter(move |(index, _)| trace.phase_of(*index) == phase).map(|(_, root)| root)
}
