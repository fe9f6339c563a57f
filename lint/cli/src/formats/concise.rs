//! A line a finding, as compilers write them: editors and `grep` know the form.

use spacelint_rules::finding::Finding;

use crate::escape;
use crate::paths::Place;
use crate::report;
use crate::terminal::{Style, Terminal};

/// `app.py:3:9: error[name] message`.
pub(crate) fn line(finding: &Finding, place: &Place, terminal: Terminal) -> String {
    let location = &finding.location;
    let position = location.file.text.position(location.span.start);
    let path = place.shown(&location.file.path);
    let path = terminal.paint(Style::STRONG, &escape::escape(path.as_str()));
    let (word, style) = report::severity_word(finding.rule.severity);
    let name = terminal.link(&crate::pages::url(finding.rule.name), finding.rule.name);
    let word = terminal.paint(style, &format!("{word}[{name}]"));
    let message = escape::escape(&finding.message);
    let line = format!("{path}:{}:{}: {word} {message}\n", position.line, position.column);
    escape::guard_lines(&line).into_owned()
}
