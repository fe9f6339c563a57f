//! What a run came to: the counts, and from them the exit status. No format has a say in either.

use clap::ValueEnum;
use serde::Serialize;
use spacelint_rules::finding::{Applicability, Finding, Severity};

use crate::args::Threshold;

/// The counts of a run, or of one Space of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    /// Spaces checked.
    pub(crate) spaces: usize,
    /// Files read.
    pub(crate) files: usize,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) infos: usize,
    /// Findings with a safe fix.
    pub(crate) fixable: usize,
    /// Findings with a fix that a person should look at.
    #[serde(skip)]
    pub(crate) unsafely_fixable: usize,
    /// Findings that were fixed, and are counted nowhere else.
    #[serde(skip)]
    pub(crate) fixed: usize,
    /// Findings that a comment was added for, and are counted nowhere else.
    #[serde(skip)]
    pub(crate) ignored: usize,
    /// Findings that the baseline knows, and that are counted nowhere else.
    #[serde(skip)]
    pub(crate) known: usize,
    /// Findings that fail the run.
    #[serde(skip)]
    pub(crate) failing: usize,
    /// Whether something that was asked for could not be done.
    #[serde(skip)]
    pub(crate) incomplete: bool,
}

impl Summary {
    /// Counts `finding`, which fails the run if it is as heavy as `fail_on`.
    pub(crate) fn add(&mut self, finding: &Finding, fail_on: Threshold) {
        self.failing += usize::from(fail_on.is_met_by(finding.rule.severity));
        match finding.rule.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Info => self.infos += 1,
        }
        match finding.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => self.fixable += 1,
            Some(Applicability::Unsafe) => self.unsafely_fixable += 1,
            None => {}
        }
    }

    /// Counts what `other` counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.spaces += other.spaces;
        self.files += other.files;
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.infos += other.infos;
        self.fixable += other.fixable;
        self.unsafely_fixable += other.unsafely_fixable;
        self.fixed += other.fixed;
        self.ignored += other.ignored;
        self.known += other.known;
        self.failing += other.failing;
        self.incomplete |= other.incomplete;
    }

    /// The exit status. An incomplete run outweighs what it found.
    pub(crate) fn status(&self) -> Status {
        match (self.incomplete, self.failing) {
            (true, _) => Status::Incomplete,
            (false, 0) => Status::Clean,
            (false, _) => Status::Found,
        }
    }
}

impl Threshold {
    /// What `spacelint.toml` means by `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// Whether a finding of this severity fails a run.
    pub(crate) fn is_met_by(self, severity: Severity) -> bool {
        severity
            >= match self {
                Self::Error => Severity::Error,
                Self::Warning => Severity::Warning,
                Self::Info => Severity::Info,
            }
    }
}

/// How a run ended. The order is by weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Nothing found that fails a run.
    Clean,
    /// Something found that does.
    Found,
    /// Something asked for was not done.
    Incomplete,
}

impl From<Status> for std::process::ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Clean => 0,
            Status::Found => 1,
            Status::Incomplete => 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MILD, at, file, finding};

    #[test]
    fn the_threshold_moves_and_incomplete_wins() {
        let app = file("app.py", "x");
        let warning = Finding { rule: &MILD, ..finding(at(&app, "x"), "") };
        for (fail_on, status) in [
            (Threshold::Info, Status::Found),
            (Threshold::Warning, Status::Found),
            (Threshold::Error, Status::Clean),
        ] {
            let mut summary = Summary::default();
            summary.add(&warning, fail_on);
            assert_eq!(summary.status(), status, "{fail_on:?}");
            summary.incomplete = true;
            assert_eq!(summary.status(), Status::Incomplete);
        }
        let names = spacelint_space::settings::SEVERITIES;
        assert!(names.iter().all(|name| Threshold::named(name).is_some()));
    }
}
