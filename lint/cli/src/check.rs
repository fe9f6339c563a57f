//! `spacelint check`: finds the Spaces, checks each by itself, prints what came of it.
//!
//! A Space is read, checked, rendered and forgotten; only its blocks and counts are kept, until those
//! of the Spaces before it are printed. Standard output and each file of `--output` get blocks of
//! their own, made in the same pass.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_rules::check::{self, Report, Selection};
use spacelint_rules::finding::Applicability;
use spacelint_rules::fingerprint::{Fingerprint, fingerprints};
use spacelint_rules::fix::{self, Fixed, FixedFile};
use spacelint_rules::rule::RuleInfo;
use spacelint_space::{Files, Problem, ReadError, Settings, Space};

use crate::args::{Check, ReportFormat, Threshold};
use crate::baseline::{Baseline, Known};
use crate::diff;
use crate::formats::{LeftOut, Reported, Section, Total};
use crate::output::{FileOutput, Output};
use crate::panics;
use crate::paths::Place;
use crate::report;
use crate::select;
use crate::stdin::Stdin;
use crate::summary::{Status, Summary};
use crate::targets::{self, Targets};
use crate::terminal::Terminal;

/// What to do with each Space.
struct Job<'a> {
    selection: Selection,
    /// What to change, if anything.
    change: Option<Change>,
    args: &'a Check,
    /// The text on standard input, if that is what is checked.
    stdin: Option<Stdin>,
    working: Utf8PathBuf,
    baseline: Option<Baseline>,
    terminal: Terminal,
}

/// What to change in a Space.
#[derive(Clone, Copy)]
enum Change {
    /// Apply the fixes up to this.
    Fix(Applicability),
    /// Ignore by comments what fails the run.
    Ignore,
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
    /// The text of standard input after its fixes.
    text: Option<Vec<u8>>,
    /// The rules that found something.
    rules: BTreeMap<&'static str, &'static RuleInfo>,
    /// What the baseline knows these findings by, if there is one.
    named: Vec<Known>,
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
    let baseline = args.baseline.as_deref();
    let baseline = baseline.map(|path| Baseline::read(path, &working, args.update_baseline));
    let baseline = match baseline.transpose() {
        Ok(baseline) => baseline,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let change = match (args.add_ignore, args.unsafe_fixes, args.fix || args.diff) {
        (true, ..) => Some(Change::Ignore),
        (_, true, _) => Some(Change::Fix(Applicability::Unsafe)),
        (_, _, true) => Some(Change::Fix(Applicability::Safe)),
        _ => None,
    };
    let mut total = Total::default();
    let stdin = match Stdin::read(args, &working) {
        Ok(stdin) => stdin,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let targets = match &stdin {
        Some(stdin) => Targets { roots: vec![stdin.root.clone()], errors: Vec::new() },
        None => targets::find(&args.paths),
    };
    for error in &targets.errors {
        output.error(error);
        total.summary.incomplete = true;
    }
    let job = Job { selection, change, args, stdin, working, baseline, terminal };
    let mut printer = Printer::new(output, &job);
    printer.open();
    // Two Spaces may share a file, so fixes are made one Space after the other.
    if change.is_some() && !args.diff {
        for root in &targets.roots {
            printer.print(job.check(root), &mut total);
        }
    } else {
        targets::each(
            &targets.roots,
            |root| job.check(root),
            |checked| printer.print(checked, &mut total),
        );
    }
    printer.close(&mut total, &targets.roots);
    total.summary.status()
}

impl Job<'_> {
    /// Checks the Space at `root`. A panic is an error of this Space alone.
    fn check(&self, root: &Utf8Path) -> Checked {
        let place = Place::new(root, &self.working);
        panics::catch(|| self.check_space(root, &place)).unwrap_or_else(|message| {
            let doing = format!("checking `{}`", place.folder());
            // Whoever puts what is printed in the place of the text must not lose it.
            let text = self.stdin.as_ref().map(|stdin| stdin.bytes.clone());
            let mut checked = Checked { text, ..Checked::default() };
            checked.summary.spaces = 1;
            checked.fail(panics::describe(&doing, &message));
            self.render(&mut checked, &Report::default(), &place, self.fail_on(None));
            checked
        })
    }

    fn check_space(&self, root: &Utf8Path, place: &Place) -> Checked {
        let files = match &self.stdin {
            Some(stdin) => stdin.files(),
            None => Files::disk(root),
        };
        let mut checked = Checked::default();
        let space = Space::read(&files);
        checked.summary.spaces = 1;
        checked.summary.files = files.read_count();
        match self.change {
            Some(change) if self.args.diff => {
                // Nothing is written, so what counts is what is found as it stands.
                self.add(&mut checked, &space, self.found(&space), place);
                let fixed = self.changed(files, change);
                checked.count(change, &fixed);
                checked.blocks[STDOUT] =
                    fixed.files.iter().map(|file| self.diff(file, place)).collect();
            }
            Some(change) => {
                drop(space);
                let fixed = self.changed(files, change);
                checked.count(change, &fixed);
                self.write(&mut checked, root, fixed, place);
            }
            None => {
                self.add(&mut checked, &space, self.found(&space), place);
            }
        }
        checked
    }

    fn found(&self, space: &Space) -> Report {
        check::check(space, &self.selection)
    }

    fn changed(&self, files: Files, change: Change) -> Fixed {
        match (change, &self.stdin) {
            (Change::Fix(limit), Some(stdin)) => {
                fix::fix_file(files, &self.selection, limit, &stdin.path)
            }
            (Change::Fix(limit), None) => fix::fix(files, &self.selection, limit),
            (Change::Ignore, _) => fix::ignore(files, &self.selection, |space, finding| {
                self.fail_on(space.settings.as_ref()).is_met_by(finding.rule.severity)
            }),
        }
    }

    fn diff(&self, file: &FixedFile, place: &Place) -> String {
        let path = place.relative(&file.before.path);
        diff::unified(&path, file.before.text.as_str(), &file.after, self.terminal)
    }

    /// Whether the text of standard input is printed, so that the report stands aside.
    fn prints_text(&self) -> bool {
        self.stdin.is_some() && self.change.is_some() && !self.args.diff
    }

    /// Writes what was fixed, and reports what is left.
    fn write(&self, checked: &mut Checked, root: &Utf8Path, fixed: Fixed, place: &Place) {
        let written = match &self.stdin {
            Some(stdin) => {
                checked.text = Some(match fixed.files.first() {
                    Some(file) => file.before.encode(&file.after),
                    None => stdin.bytes.clone(),
                });
                Ok(())
            }
            None => fixed.write(root),
        };
        match written {
            Ok(()) => {
                if fixed.unsettled {
                    checked.fail(format!(
                        "fixes of `{}` undo each other: this is a bug of spacelint; what was \
                         written is sound, but not all is fixed: please report it at {}/issues",
                        place.folder(),
                        env!("CARGO_PKG_REPOSITORY")
                    ));
                }
                self.add(checked, &fixed.space, fixed.report, place);
            }
            Err(error) => {
                (checked.summary.fixed, checked.summary.ignored) = (0, 0);
                checked.fail(place.refused(error).to_string());
                let space = Space::read(&Files::disk(root));
                self.add(checked, &space, self.found(&space), place);
            }
        }
    }

    /// Adds what was found in `space` and what stood in the way.
    fn add(&self, checked: &mut Checked, space: &Space, mut report: Report, place: &Place) {
        if let Some(stdin) = &self.stdin {
            stdin.keep_own(&mut report);
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
        self.render(checked, &report, place, self.fail_on(space.settings.as_ref()));
    }

    /// What fails the run in a Space with these settings.
    fn fail_on(&self, settings: Option<&Settings>) -> Threshold {
        let set = || Threshold::named(&settings?.fail_on.as_ref()?.text);
        self.args.fail_on.or_else(set).unwrap_or(Threshold::Warning)
    }

    /// Counts and renders what was found for each report, when all that went wrong is known.
    fn render(&self, checked: &mut Checked, report: &Report, place: &Place, fail_on: Threshold) {
        // Few runs ask what a finding is called.
        let (found, suppressed) =
            if self.baseline.is_some() || self.formats().any(ReportFormat::is_fingerprinted) {
                fingerprints(report)
            } else {
                let unnamed = |count| vec![Fingerprint::default(); count];
                (unnamed(report.findings.len()), unnamed(report.suppressed.len()))
            };
        let reported = |(finding, fingerprint)| Reported { finding, fingerprint };
        let silenced = report.suppressed.iter().map(|suppressed| &suppressed.finding);
        let mut section = Section {
            place,
            findings: Vec::new(),
            left_out: silenced
                .zip(&suppressed)
                .map(reported)
                .zip(&report.suppressed)
                .map(|(reported, by)| LeftOut { reported, comment: Some(&by.by) })
                .collect(),
            errors: &checked.errors,
            fail_on,
        };
        for reported in report.findings.iter().zip(&found).map(reported) {
            let Reported { finding, fingerprint } = reported;
            let baseline = self.baseline.as_ref();
            let known = baseline.map(|baseline| baseline.name(finding, fingerprint, place));
            if known.as_ref().zip(baseline).is_some_and(|(known, baseline)| baseline.knows(known)) {
                checked.summary.known += 1;
                section.left_out.push(LeftOut { reported, comment: None });
            } else {
                checked.summary.add(finding, fail_on);
                section.findings.push(reported);
            }
            checked.named.extend(known);
        }
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
    /// Counts what was changed.
    fn count(&mut self, change: Change, fixed: &Fixed) {
        match change {
            Change::Fix(_) => self.summary.fixed = fixed.applied.len(),
            Change::Ignore => self.summary.ignored = fixed.applied.len(),
        }
    }

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
    /// What the baseline knows all findings by, if there is one.
    named: BTreeSet<Known>,
}

impl<'a> Printer<'a> {
    fn new(output: &'a mut Output, job: &'a Job<'a>) -> Self {
        let files: Vec<FileOutput> =
            job.args.output.iter().map(|file| FileOutput::create(&file.path)).collect();
        let first = vec![true; 1 + files.len()];
        Self { output, files, job, first, named: BTreeSet::new() }
    }

    fn open(&mut self) {
        for (report, format) in self.job.formats().enumerate() {
            if report != STDOUT || !self.job.args.diff {
                self.write(report, &format.open());
            }
        }
    }

    fn print(&mut self, mut checked: Checked, total: &mut Total) {
        self.named.extend(std::mem::take(&mut checked.named));
        for (report, format) in self.job.formats().enumerate() {
            for block in checked.blocks.get(report).into_iter().flatten() {
                let separator = format.separator(self.first[report]);
                self.write(report, separator);
                self.write(report, block);
                self.first[report] = false;
            }
        }
        if let Some(text) = checked.text.as_ref().filter(|_| self.job.prints_text()) {
            self.output.print_raw(text);
        }
        for error in &checked.errors {
            self.output.error(error);
        }
        total.summary.merge(&checked.summary);
        total.rules.extend(&checked.rules);
    }

    fn close(mut self, total: &mut Total, roots: &[Utf8PathBuf]) {
        let quiet = self.job.args.quiet;
        for (report, format) in self.job.formats().enumerate() {
            if report == STDOUT && self.job.args.diff {
                // A diff stands alone, so that it can be handed on; what is said about it goes aside.
                if !quiet && total.summary.spaces > 0 {
                    self.output
                        .aside(&report::closing_diff(&total.summary, self.job.args.add_ignore));
                }
            } else {
                let terminal = self.job.terminal_of(report);
                self.write(report, &format.close(total, quiet, terminal));
            }
        }
        if let Some(baseline) = &self.job.baseline {
            self.close_baseline(baseline, total, roots);
        }
        for file in self.files {
            if let Err(message) = file.finish() {
                self.output.error(&message);
                total.summary.incomplete = true;
            }
        }
    }

    /// Takes out of the baseline what is found no more, or says that it can be.
    fn close_baseline(&mut self, baseline: &Baseline, total: &mut Total, roots: &[Utf8PathBuf]) {
        let selection = &self.job.selection;
        if !self.job.args.update_baseline {
            // What was not looked at is not gone.
            let is_whole = self.job.stdin.is_none() && !total.summary.incomplete;
            let stale = baseline.stale(&self.named, roots, selection);
            if stale > 0 && is_whole && !self.job.args.quiet {
                let gone = if stale == 1 { "is gone" } else { "are gone" };
                self.output.aside(&format!(
                    "{} in the baseline {gone}: `--update-baseline` shrinks it.\n",
                    report::count(stale, "finding")
                ));
            }
        } else if total.summary.incomplete {
            self.output.error("the run is incomplete, so the baseline stays as it is");
        } else {
            match baseline.update(&self.named, roots, selection) {
                Ok((before, now)) => self.output.aside(&format!(
                    "The baseline had {} and has {}.\n",
                    report::count(before, "finding"),
                    report::count(now, "finding")
                )),
                Err(message) => {
                    self.output.error(&message);
                    total.summary.incomplete = true;
                }
            }
        }
    }

    fn write(&mut self, report: usize, text: &str) {
        match report.checked_sub(1) {
            None if self.job.prints_text() => self.output.aside(text),
            None => self.output.print(text),
            Some(file) => self.files[file].write(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use spacelint_rules::check::InternalError;

    use super::*;
    use crate::args::{Cli, Command};
    use crate::testing::{MILD, RULE, at, file, finding};

    /// In `spacelint_rules` a rule that panics costs its own findings alone; here that is said, what the others found is
    /// shown, and the run is incomplete.
    #[test]
    fn a_rule_that_panicked_is_said_and_the_rest_is_shown() {
        let cli = Cli::try_parse_from(["spacelint", "check"]).expect("it is a command");
        let Command::Check(args) = &cli.command else { panic!("it is no check") };
        let job = Job {
            selection: Selection::default(),
            change: None,
            args,
            stdin: None,
            working: "/home/ann".into(),
            baseline: None,
            terminal: Terminal { color: false, links: false, unicode: true, width: 80 },
        };
        let app = file("app.py", "import torch\n");
        let report = Report {
            findings: vec![finding(at(&app, "torch"), "it will fail")],
            internal_errors: vec![InternalError { rule: &MILD, message: "3 lines".to_owned() }],
            ..Report::default()
        };
        let mut checked = Checked::default();
        let space = Space::read(&Files::memory([("app.py".into(), b"import torch\n".to_vec())]));
        let place = Place::new(Utf8Path::new("demo"), &job.working);
        job.add(&mut checked, &space, report, &place);
        let status = std::process::ExitCode::from(checked.summary.status());
        assert_eq!(status, std::process::ExitCode::from(2));
        let [said] = &checked.errors[..] else { panic!("{:?}", checked.errors) };
        let expected =
            format!("internal error while running the rule `{}` on `demo`: 3 lines", MILD.name);
        assert!(said.starts_with(&expected), "{said}");
        assert!(checked.blocks[STDOUT].concat().contains(RULE.name), "{:?}", checked.blocks);
    }
}
