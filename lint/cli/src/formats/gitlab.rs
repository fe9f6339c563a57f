//! GitLab's code quality report. <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use serde::Serialize;
use spacelint_rules::finding::Severity;

use super::{Reported, json, paragraphs};
use crate::paths::Place;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: IssueLocation,
}

#[derive(Serialize)]
struct IssueLocation {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// One finding, on one line.
pub(crate) fn issue(reported: &Reported<'_>, place: &Place) -> String {
    let finding = reported.finding;
    let location = &finding.location;
    let text = &location.file.text;
    let path = place.relative(&location.file.path).into_string();
    // A report has one line for it.
    let sentences: Vec<&str> =
        paragraphs(finding).into_iter().map(|text| text.trim_end_matches('.')).collect();
    json::to_string(&Issue {
        description: sentences.join(". "),
        check_name: finding.rule.name,
        // GitLab asks for a name that no other finding of the project has.
        fingerprint: reported.fingerprint.at(&path).as_str().to_owned(),
        severity: match finding.rule.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Info => "info",
        },
        location: IssueLocation {
            path,
            lines: Lines {
                begin: text.line_of(location.span.start),
                end: text.line_of(location.span.end),
            },
        },
    })
}
