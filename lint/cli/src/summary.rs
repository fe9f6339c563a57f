//! What a run came to: the counts, and from them the exit status. No format has a say in either.

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
    /// Whether something that was asked for could not be done.
    #[serde(skip)]
    pub(crate) incomplete: bool,
}

impl Summary {
    /// Counts `finding`.
    pub(crate) fn add(&mut self, finding: &Finding) {
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
        self.incomplete |= other.incomplete;
    }

    /// The exit status. An incomplete run outweighs what it found.
    pub(crate) fn status(&self, fail_on: Threshold) -> Status {
        let failing = match fail_on {
            Threshold::Error => self.errors,
            Threshold::Warning => self.errors + self.warnings,
            Threshold::Info => self.errors + self.warnings + self.infos,
        };
        match (self.incomplete, failing) {
            (true, _) => Status::Incomplete,
            (false, 0) => Status::Clean,
            (false, _) => Status::Found,
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

    #[test]
    fn the_threshold_moves_and_incomplete_wins() {
        let info = Summary { infos: 1, ..Summary::default() };
        let warning = Summary { warnings: 1, ..Summary::default() };
        assert_eq!(info.status(Threshold::Warning), Status::Clean);
        assert_eq!(info.status(Threshold::Info), Status::Found);
        assert_eq!(warning.status(Threshold::Warning), Status::Found);
        assert_eq!(warning.status(Threshold::Error), Status::Clean);
        let broken = Summary { incomplete: true, errors: 1, ..Summary::default() };
        assert_eq!(broken.status(Threshold::Error), Status::Incomplete);
    }
}
