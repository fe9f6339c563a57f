//! `spacelint check`: finds the Spaces, checks each by itself, prints what came of it.
//!
//! A Space is read, checked, rendered and forgotten; only its lines and counts are kept, until those
//! of the Spaces before it are printed.

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_rules::check::{self, Report, Selection};
use spacelint_rules::finding::{Applicability, Finding};
use spacelint_rules::fix::{self, Fixed, FixedFile, WriteError};
use spacelint_space::{Files, Problem, ReadError, Space};

use crate::args::{Check, Format};
use crate::diff;
use crate::json;
use crate::output::Output;
use crate::panics;
use crate::paths::Place;
use crate::report;
use crate::select;
use crate::summary::{Status, Summary};
use crate::targets;
use crate::terminal::Terminal;

/// What to do with each Space.
struct Job<'a> {
    selection: Selection,
    /// The fixes to apply, if any.
    fixes: Option<Applicability>,
    args: &'a Check,
    working: Utf8PathBuf,
    terminal: Terminal,
}

/// What came of one Space.
#[derive(Default)]
struct Checked {
    /// What to print: a finding each, in the format asked for, or a file's diff.
    blocks: Vec<String>,
    /// What went wrong.
    errors: Vec<String>,
    summary: Summary,
}

/// Runs the check.
pub(crate) fn run(args: &Check, terminal: Terminal, output: &mut Output) -> Status {
    let selection = match select::selection(args) {
        Ok(selection) => selection,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let working = match targets::working_directory() {
        Ok(working) => working,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let fixes = match (args.unsafe_fixes, args.fix || args.diff) {
        (true, _) => Some(Applicability::Unsafe),
        (false, true) => Some(Applicability::Safe),
        (false, false) => None,
    };
    let mut total = Summary::default();
    let targets = targets::find(&args.paths);
    for error in &targets.errors {
        output.error(error);
        total.incomplete = true;
    }
    let job = Job { selection, fixes, args, working, terminal };
    let mut printer = Printer { output, job: &job, first: true };
    printer.open();
    // Two Spaces may share a file, so fixes are made one Space after the other.
    if fixes.is_some() && !args.diff {
        for root in &targets.roots {
            printer.print(&job.check(root), &mut total);
        }
    } else {
        targets::each(
            &targets.roots,
            |root| job.check(root),
            |checked| printer.print(&checked, &mut total),
        );
    }
    printer.close(&total);
    total.status(args.fail_on)
}

impl Job<'_> {
    /// Checks the Space at `root`. A panic is an error of this Space alone.
    fn check(&self, root: &Utf8Path) -> Checked {
        let place = Place::new(root, &self.working);
        panics::catch(|| self.check_space(root, &place)).unwrap_or_else(|message| {
            let doing = format!("checking `{}`", place.folder());
            let mut checked = Checked::default();
            checked.summary.spaces = 1;
            checked.fail(panics::describe(&doing, &message));
            checked
        })
    }

    fn check_space(&self, root: &Utf8Path, place: &Place) -> Checked {
        let files = Files::disk(root);
        let mut checked = Checked::default();
        let space = Space::read(&files);
        checked.summary.spaces = 1;
        checked.summary.files = files.read_count();
        match self.fixes {
            Some(limit) if self.args.diff => {
                // Nothing is written, so what counts is what is found as it stands.
                let report = check::check(&space, &self.selection);
                self.add(&mut checked, &space, &report, place);
                let fixed = fix::fix(files, &self.selection, limit);
                checked.summary.fixed = fixed.applied.len();
                checked.blocks = fixed.files.iter().map(|file| self.diff(file, place)).collect();
            }
            Some(limit) => {
                drop(space);
                let fixed = fix::fix(files, &self.selection, limit);
                self.write(&mut checked, root, &fixed, place);
            }
            None => {
                let report = check::check(&space, &self.selection);
                self.add(&mut checked, &space, &report, place);
            }
        }
        checked
    }

    fn diff(&self, file: &FixedFile, place: &Place) -> String {
        let path = place.relative(&file.before.path);
        diff::unified(&path, file.before.text.as_str(), &file.after, self.terminal)
    }

    /// Writes what was fixed, and reports what is left.
    fn write(&self, checked: &mut Checked, root: &Utf8Path, fixed: &Fixed, place: &Place) {
        match fixed.write(root) {
            Ok(()) => {
                if fixed.unsettled {
                    checked.fail(format!(
                        "fixes of `{}` undo each other: this is a bug of spacelint; what was \
                         written is sound, but not all is fixed: please report it at {}/issues",
                        place.folder(),
                        env!("CARGO_PKG_REPOSITORY")
                    ));
                }
                checked.summary.fixed = fixed.applied.len();
                self.add(checked, &fixed.space, &fixed.report, place);
            }
            Err(error) => {
                let path = place.shown(&error.path);
                checked.fail(format!(
                    "{}; nothing in this Space was changed",
                    WriteError { path, ..error }
                ));
                let space = Space::read(&Files::disk(root));
                let report = check::check(&space, &self.selection);
                self.add(checked, &space, &report, place);
            }
        }
    }

    /// Adds what was found in `space` and what stood in the way.
    fn add(&self, checked: &mut Checked, space: &Space, report: &Report, place: &Place) {
        for finding in &report.findings {
            checked.summary.add(finding);
            checked.blocks.push(self.render(finding, place));
        }
        for problem in &space.problems {
            if let Problem::Unreadable(error) = problem {
                let path = place.shown(&error.path);
                let error = ReadError { path, ..error.clone() };
                checked.fail(format!("{error}; the rest of the Space was checked"));
            }
        }
        for error in &report.internal_errors {
            let doing = format!("running the rule `{}` on `{}`", error.rule.name, place.folder());
            checked.fail(panics::describe(&doing, &error.message));
        }
    }

    fn render(&self, finding: &Finding, place: &Place) -> String {
        match self.args.format {
            Format::Human => report::finding(finding, place, self.terminal),
            Format::Json => json::diagnostic(finding, place),
        }
    }
}

impl Checked {
    fn fail(&mut self, message: String) {
        self.errors.push(message);
        self.summary.incomplete = true;
    }
}

/// Prints the parts of a report in order.
struct Printer<'a> {
    output: &'a mut Output,
    job: &'a Job<'a>,
    /// Whether no finding was printed yet.
    first: bool,
}

impl Printer<'_> {
    fn open(&mut self) {
        if self.job.args.format == Format::Json {
            self.output.print(&json::open());
        }
    }

    fn print(&mut self, checked: &Checked, total: &mut Summary) {
        for block in &checked.blocks {
            if self.job.args.format == Format::Json {
                self.output.print(json::separator(self.first));
            }
            self.output.print(block);
            self.first = false;
        }
        for error in &checked.errors {
            self.output.error(error);
        }
        total.merge(&checked.summary);
    }

    fn close(&mut self, total: &Summary) {
        match self.job.args.format {
            Format::Json => self.output.print(&json::close(total)),
            Format::Human if self.job.args.quiet || total.spaces == 0 => {}
            // A diff stands alone, so that it can be handed on; what is said about it goes aside.
            Format::Human if self.job.args.diff => {
                self.output.aside(&report::closing_diff(total));
            }
            Format::Human => self.output.print(&report::closing(total, self.job.terminal)),
        }
    }
}
