//! The formats of a report. Each is a module of its own that turns a Space's findings into text; what is a
//! finding, and how the run ends, is decided before.
//!
//! A report is streamed: an opening, then the blocks of each Space once it is checked, with what stands
//! between any two, then a closing that knows the counts. So no format keeps the findings of a run.

mod concise;
mod github;
mod gitlab;
pub(crate) mod json;
mod junit;
mod markdown;
mod rdjson;
mod sarif;

use std::collections::BTreeMap;

use spacelint_python::Certainty;
use spacelint_rules::finding::{Edit, Finding, Fix, Location};
use spacelint_rules::fingerprint::Fingerprint;
use spacelint_rules::rule::RuleInfo;
use spacelint_space::tokens::masked;

use crate::args::{ReportFormat, Threshold};
use crate::paths::Place;
use crate::report;
use crate::summary::Summary;
use crate::terminal::Terminal;

/// What one Space came to.
pub(crate) struct Section<'a> {
    /// Where the Space stands.
    pub(crate) place: &'a Place,
    /// What was found.
    pub(crate) findings: Vec<Reported<'a>>,
    /// What was found and is left out.
    pub(crate) left_out: Vec<LeftOut<'a>>,
    /// What could not be done, in the words in which it is printed.
    pub(crate) errors: &'a [String],
    /// The least severity that fails the run.
    pub(crate) fail_on: Threshold,
}

/// A finding to report.
#[derive(Clone, Copy)]
pub(crate) struct Reported<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) fingerprint: &'a Fingerprint,
}

/// A finding that is left out.
pub(crate) struct LeftOut<'a> {
    pub(crate) reported: Reported<'a>,
    /// The comment that silences it; none where the baseline knows it.
    pub(crate) comment: Option<&'a Location>,
}

/// What a run came to.
#[derive(Default)]
pub(crate) struct Total {
    pub(crate) summary: Summary,
    /// The rules that found something, left out or not, by name.
    pub(crate) rules: BTreeMap<&'static str, &'static RuleInfo>,
}

impl ReportFormat {
    /// Whether it says what a finding is called from run to run.
    pub(crate) fn is_fingerprinted(self) -> bool {
        matches!(self, Self::Gitlab | Self::Sarif)
    }

    /// What comes first.
    pub(crate) fn open(self) -> String {
        match self {
            Self::Json => json::open(),
            Self::Sarif => sarif::OPEN.to_owned(),
            Self::Gitlab => "[".to_owned(),
            Self::Junit => junit::OPEN.to_owned(),
            Self::Rdjson => rdjson::open(),
            Self::Markdown => markdown::OPEN.to_owned(),
            Self::Human | Self::Concise | Self::Jsonl | Self::Github => String::new(),
        }
    }

    /// The blocks of one Space.
    pub(crate) fn blocks(self, section: &Section<'_>, terminal: Terminal) -> Vec<String> {
        let place = section.place;
        let each = |block: &dyn Fn(&Reported<'_>) -> String| {
            section.findings.iter().map(block).collect::<Vec<_>>()
        };
        match self {
            Self::Human => each(&|found| report::finding(found.finding, place, terminal)),
            Self::Concise => each(&|found| concise::line(found.finding, place, terminal)),
            Self::Json => each(&|found| json::diagnostic(found.finding, place)),
            Self::Jsonl => each(&|found| json::line(found.finding, place)),
            Self::Sarif => sarif::results(section),
            Self::Github => each(&|found| github::command(found.finding, place)),
            Self::Gitlab => each(&|found| gitlab::issue(found, place)),
            Self::Junit => vec![junit::suite(section)],
            Self::Rdjson => each(&|found| rdjson::diagnostic(found.finding, place)),
            Self::Markdown => each(&|found| markdown::row(found.finding, place)),
        }
    }

    /// What comes before a block; `first` if it is the run's first.
    pub(crate) fn separator(self, first: bool) -> &'static str {
        match self {
            Self::Json | Self::Sarif | Self::Gitlab | Self::Rdjson => json::separator(first),
            Self::Markdown if first => markdown::HEAD,
            _ => "",
        }
    }

    /// What comes last. `quiet` leaves out what is neither a finding nor needed by a program.
    pub(crate) fn close(self, total: &Total, quiet: bool, terminal: Terminal) -> String {
        let summary = &total.summary;
        match self {
            Self::Human | Self::Concise if quiet || summary.spaces == 0 => String::new(),
            Self::Human | Self::Concise => report::closing(summary, terminal),
            Self::Json => json::close(summary),
            Self::Jsonl => json::last_line(summary),
            Self::Sarif => sarif::close(total),
            Self::Github => String::new(),
            Self::Gitlab => "]\n".to_owned(),
            Self::Junit => junit::CLOSE.to_owned(),
            Self::Rdjson => "]}\n".to_owned(),
            Self::Markdown => markdown::close(summary),
        }
    }
}

/// What stands behind a message that is not sure.
pub(crate) fn note(finding: &Finding) -> Option<&'static str> {
    const ON_SOME_RUNS: &str = "This happens on some runs only: the code decides it while it runs.";
    let is_sure = finding.certainty == Certainty::Always;
    (!is_sure).then(|| finding.doubt.unwrap_or(ON_SOME_RUNS))
}

/// Message, note and help, a paragraph each.
pub(crate) fn paragraphs(finding: &Finding) -> Vec<&str> {
    let all = std::iter::once(finding.message.as_str()).chain(note(finding));
    all.chain(finding.help.as_deref()).collect()
}

/// The fix that a report tells of a finding. One that would write a token is left out: the report masks it,
/// and without it the edit would do harm.
fn fix_to_tell(finding: &Finding) -> Option<&Fix> {
    let holds_token = |edit: &Edit| *masked(&edit.content) != *edit.content;
    finding.fix.as_ref().filter(|fix| !fix.edits.iter().any(holds_token))
}

#[cfg(test)]
mod tests;
