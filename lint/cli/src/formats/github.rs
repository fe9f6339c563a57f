//! GitHub's workflow commands: a runner that reads them puts each finding beside its line.
//!
//! A runner takes any line that begins with `::` for a command, so each is one line, and what stands in it
//! is escaped twice: for the eye, as everywhere, and for the runner.
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use spacelint_rules::finding::{Finding, Severity};

use super::paragraphs;
use crate::escape;
use crate::paths::Place;

/// `::error file=app.py,line=3,…::message`.
pub(crate) fn command(finding: &Finding, place: &Place) -> String {
    let location = &finding.location;
    let text = &location.file.text;
    let (start, end) = (text.position(location.span.start), text.position(location.span.end));
    let word = match finding.rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let path = property(place.relative(&location.file.path).as_str());
    // Columns are for spans within a line only.
    let columns = if start.line == end.line {
        format!(",col={},endColumn={}", start.column, end.column)
    } else {
        String::new()
    };
    let message: Vec<String> = paragraphs(finding).into_iter().map(data).collect();
    format!(
        "::{word} file={path},line={},endLine={}{columns},title={}::{}\n",
        start.line,
        end.line,
        property(finding.rule.name),
        message.join("%0A")
    )
}

/// `text` as a command's message.
fn data(text: &str) -> String {
    escape::escape(text).replace('%', "%25")
}

/// `text` as the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
