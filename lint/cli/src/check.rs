//! `spacelint check`: finds the Spaces, checks each by itself, prints what came of it.
//!
//! A Space is read, checked, rendered and forgotten; only its blocks and counts are kept, until those
//! of the Spaces before it are printed. Standard output and each file of `--output` get blocks of
//! their own, made in the same pass.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_rules::check::{self, Report, Selection};
use spacelint_rules::finding::Applicability;
use spacelint_rules::fingerprint::fingerprints;
use spacelint_rules::fix::{self, Fixed, FixedFile, WriteError};
use spacelint_rules::rule::RuleInfo;
use spacelint_space::{Files, Problem, ReadError, Space};

use crate::args::{Check, ReportFormat};
use crate::diff;
use crate::formats::{LeftOut, Reported, Section, Total};
use crate::output::{FileOutput, Output};
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

/// The report on standard output is the first, whatever is written to files.
const STDOUT: usize = 0;

/// What came of one Space.
#[derive(Default)]
struct Checked {
    /// What to print, for each report: a finding each, in its format, or a file's diff.
    blocks: Vec<Vec<String>>,
    /// What went wrong.
    errors: Vec<String>,
    summary: Summary,
    /// The rules that found something.
    rules: BTreeMap<&'static str, &'static RuleInfo>,
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
    let mut total = Total::default();
    let targets = targets::find(&args.paths);
    for error in &targets.errors {
        output.error(error);
        total.summary.incomplete = true;
    }
    let job = Job { selection, fixes, args, working, terminal };
    let mut printer = Printer::new(output, &job);
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
    printer.close(&mut total);
    total.summary.status(args.fail_on)
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
            self.render(&mut checked, &Report::default(), &place);
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
                checked.blocks[STDOUT] =
                    fixed.files.iter().map(|file| self.diff(file, place)).collect();
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
        self.render(checked, report, place);
    }

    /// Renders what was found for each report, when all that went wrong is known.
    fn render(&self, checked: &mut Checked, report: &Report, place: &Place) {
        let (found, suppressed) = fingerprints(report);
        let reported = |(finding, fingerprint)| Reported { finding, fingerprint };
        let silenced = report.suppressed.iter().map(|suppressed| &suppressed.finding);
        let section = Section {
            place,
            findings: report.findings.iter().zip(&found).map(reported).collect(),
            left_out: silenced
                .zip(&suppressed)
                .map(reported)
                .zip(&report.suppressed)
                .map(|(reported, by)| LeftOut { reported, comment: Some(&by.by) })
                .collect(),
            errors: &checked.errors,
            fail_on: self.args.fail_on,
        };
        let left_out = section.left_out.iter().map(|left_out| &left_out.reported);
        checked.rules = section
            .findings
            .iter()
            .chain(left_out)
            .map(|reported| (reported.finding.rule.name, reported.finding.rule))
            .collect();
        let blocks = self.formats().enumerate();
        let blocks =
            blocks.map(|(report, format)| format.blocks(&section, self.terminal_of(report)));
        checked.blocks = blocks.collect();
    }

    /// What shows a report: a file has no colour, whatever the terminal has.
    fn terminal_of(&self, report: usize) -> Terminal {
        match report {
            STDOUT => self.terminal,
            _ => Terminal { color: false, links: false, ..self.terminal },
        }
    }

    /// The format of each report, standard output's first.
    fn formats(&self) -> impl Iterator<Item = ReportFormat> {
        let files = self.args.output.iter().map(|file| file.format);
        std::iter::once(self.args.format).chain(files)
    }
}

impl Checked {
    fn fail(&mut self, message: String) {
        self.errors.push(message);
        self.summary.incomplete = true;
    }
}

/// Prints the parts of each report in order.
struct Printer<'a> {
    output: &'a mut Output,
    files: Vec<FileOutput>,
    job: &'a Job<'a>,
    /// Whether no block was printed yet, for each report.
    first: Vec<bool>,
}

impl<'a> Printer<'a> {
    fn new(output: &'a mut Output, job: &'a Job<'a>) -> Self {
        let files: Vec<FileOutput> =
            job.args.output.iter().map(|file| FileOutput::create(&file.path)).collect();
        let first = vec![true; 1 + files.len()];
        Self { output, files, job, first }
    }

    fn open(&mut self) {
        for (report, format) in self.job.formats().enumerate() {
            if report != STDOUT || !self.job.args.diff {
                self.write(report, &format.open());
            }
        }
    }

    fn print(&mut self, checked: &Checked, total: &mut Total) {
        for (report, format) in self.job.formats().enumerate() {
            for block in checked.blocks.get(report).into_iter().flatten() {
                let separator = format.separator(self.first[report]);
                self.write(report, separator);
                self.write(report, block);
                self.first[report] = false;
            }
        }
        for error in &checked.errors {
            self.output.error(error);
        }
        total.summary.merge(&checked.summary);
        total.rules.extend(&checked.rules);
    }

    fn close(mut self, total: &mut Total) {
        let quiet = self.job.args.quiet;
        for (report, format) in self.job.formats().enumerate() {
            if report == STDOUT && self.job.args.diff {
                // A diff stands alone, so that it can be handed on; what is said about it goes aside.
                if !quiet && total.summary.spaces > 0 {
                    self.output.aside(&report::closing_diff(&total.summary));
                }
            } else {
                let terminal = self.job.terminal_of(report);
                self.write(report, &format.close(total, quiet, terminal));
            }
        }
        for file in self.files {
            if let Err(message) = file.finish() {
                self.output.error(&message);
                total.summary.incomplete = true;
            }
        }
    }

    fn write(&mut self, report: usize, text: &str) {
        match report.checked_sub(1) {
            None => self.output.print(text),
            Some(file) => self.files[file].write(text),
        }
    }
}
