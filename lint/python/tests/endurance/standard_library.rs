//! Every module of CPython's own library, as an entry point.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use spacelint_python::syntax::{Stmt, StmtKind};
use spacelint_python::{Budget, Limits, Text, parse};

use crate::chance::{Chance, seed};
use crate::world::{Imports, Library, Traced, follow, standard_library};

/// The module with its functions and methods handed to somebody who calls them: what start-up alone
/// leaves unvisited is most of a library.
fn whole(text: &Text) -> Text {
    let mut calls = String::new();
    for stmt in parse(text.as_str()).body {
        hand_over(&stmt, "", &mut calls);
    }
    Text::new(format!("{}\n{calls}", text.as_str()))
}

fn hand_over(stmt: &Stmt, owner: &str, calls: &mut String) {
    match &stmt.kind {
        StmtKind::Function(function) => {
            writeln!(calls, "visit({owner}{})", function.name).expect("a string takes all");
        }
        StmtKind::Class(class) => {
            for stmt in &class.body {
                hand_over(stmt, &format!("{owner}{}.", class.name), calls);
            }
        }
        _ => {}
    }
}

/// What became of tracing some modules.
#[derive(Default)]
struct Report {
    budgets: BTreeMap<Budget, Vec<String>>,
    panicked: Vec<String>,
    /// The longest, and the most steps.
    slowest: (Duration, String),
    steps: (u64, String),
}

impl Report {
    fn add(&mut self, name: &str, took: Duration, trace: Option<&Traced>) {
        let Some(trace) = trace else {
            self.panicked.push(name.to_owned());
            return;
        };
        for budget in &trace.exhausted {
            self.budgets.entry(*budget).or_default().push(name.to_owned());
        }
        if took > self.slowest.0 {
            self.slowest = (took, name.to_owned());
        }
        if trace.steps > self.steps.0 {
            self.steps = (trace.steps, name.to_owned());
        }
    }

    /// Says what ran out, and for which modules.
    #[track_caller]
    fn say(&mut self, what: &str, count: usize) {
        println!("{what}: {count} modules, seed {}", seed());
        for (budget, names) in &mut self.budgets {
            names.sort();
            println!("  {budget:?} ran out in {}: {}", names.len(), names.join(" "));
        }
        println!("  slowest: {:?} {}", self.slowest.0, self.slowest.1);
        println!("  most steps: {} {}", self.steps.0, self.steps.1);
        assert!(self.panicked.is_empty(), "panics: {}", self.panicked.join(" "));
    }
}

/// Traces each of `names` on some threads.
fn each(names: &[String], traced: impl Fn(&str) -> Traced + Sync) -> Report {
    let (next, report) = (AtomicUsize::new(0), Mutex::new(Report::default()));
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().min(4));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let trace = catch_unwind(AssertUnwindSafe(|| traced(name)));
                    let took = start.elapsed();
                    let mut report = report.lock().expect("nothing panics while it is held");
                    report.add(name, took, trace.as_ref().ok());
                }
            });
        }
    });
    report.into_inner().expect("nothing panics while it is held")
}

/// The modules to trace: those that `SPACELINT_MODULES` names, or else all.
fn names(library: &Library) -> Vec<String> {
    let wanted = std::env::var("SPACELINT_MODULES").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|name| !name.is_empty()).collect();
    let names = library.modules.keys();
    names.filter(|name| wanted.is_empty() || wanted.contains(&name.as_str())).cloned().collect()
}

/// Start-up alone, of which no budget may run out; then every function besides.
fn alone(library: &Library, names: &[String]) {
    let text = |name: &str| &library.modules[name].text;
    let mut report =
        each(names, |name| follow(library, Imports::Installed, text(name), Limits::default()));
    report.say("alone", names.len());
    assert!(report.budgets.is_empty(), "a budget ran out: {:?}", report.budgets);
    each(names, |name| follow(library, Imports::Installed, &whole(text(name)), Limits::default()))
        .say("alone, with every function", names.len());
}

fn followed(library: &Library, names: &[String]) {
    each(names, |name| {
        let text = &library.modules[name].text;
        follow(library, Imports::Followed, text, Limits::default())
    })
    .say("followed", names.len());
}

#[test]
fn some_modules_end_within_their_budgets() {
    let Some(library) = standard_library() else { return };
    let mut chance = Chance::new(1);
    alone(library, &chance.sample(&names(library), 80));
    followed(library, &chance.sample(&names(library), 8));
}

#[test]
#[ignore = "minutes"]
fn all_modules_end_within_their_budgets() {
    let Some(library) = standard_library() else { return };
    alone(library, &names(library));
    followed(library, &names(library));
}
