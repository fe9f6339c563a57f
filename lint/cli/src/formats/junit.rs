//! The XML of `JUnit`, which most build servers show: a suite is a Space, a case a finding.
//! <https://github.com/testmoapp/junitxml>

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::BytesText;
use spacelint_rules::finding::Finding;

use super::{Section, paragraphs};
use crate::escape;

/// What comes before the suites.
pub(crate) const OPEN: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"spacelint\">\n";
/// What comes after them.
pub(crate) const CLOSE: &str = "</testsuites>\n";

/// The suite of a Space. A Space in which nothing was found has one case, which passes; a finding below
/// what fails the run passes too, with what it says as output.
pub(crate) fn suite(section: &Section<'_>) -> String {
    let place = section.place;
    let fails = |finding: &Finding| section.fail_on.is_met_by(finding.rule.severity);
    let findings = || section.findings.iter().map(|reported| reported.finding);
    let failures = findings().filter(|finding| fails(finding)).count();
    let tests = (section.findings.len() + section.errors.len()).max(1);
    let folder = place.relative_folder();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let suite = writer
        .create_element("testsuite")
        .with_attribute(("name", &*plain(folder.as_str())))
        .with_attribute(("tests", &*tests.to_string()))
        .with_attribute(("failures", &*failures.to_string()))
        .with_attribute(("errors", &*section.errors.len().to_string()));
    // Writing to memory cannot fail.
    let _ = suite.write_inner_content(|writer| {
        if section.findings.is_empty() && section.errors.is_empty() {
            let case = writer.create_element("testcase").with_attribute(("name", "spacelint"));
            case.with_attribute(("classname", &*plain(folder.as_str()))).write_empty()?;
        }
        for finding in findings() {
            let location = &finding.location;
            let position = location.file.text.position(location.span.start);
            let path = place.relative(&location.file.path);
            let name =
                format!("{} at {path}:{}:{}", finding.rule.name, position.line, position.column);
            let text = format!("{name}\n{}", paragraphs(finding).join("\n"));
            let case = writer
                .create_element("testcase")
                .with_attribute(("name", &*plain(&name)))
                .with_attribute(("classname", &*plain(path.as_str())))
                .with_attribute(("file", &*plain(path.as_str())))
                .with_attribute(("line", &*position.line.to_string()));
            case.write_inner_content(|writer| {
                let body = if fails(finding) {
                    writer
                        .create_element("failure")
                        .with_attribute(("type", finding.rule.name))
                        .with_attribute(("message", &*plain(&finding.message)))
                } else {
                    writer.create_element("system-out")
                };
                body.write_text_content(BytesText::new(&escape::escape_lines(&text)))?;
                Ok(())
            })?;
        }
        for error in section.errors {
            let case = writer.create_element("testcase").with_attribute(("name", "spacelint"));
            let case = case.with_attribute(("classname", &*plain(folder.as_str())));
            case.write_inner_content(|writer| {
                let body = writer.create_element("error");
                body.with_attribute(("message", &*plain(error))).write_empty()?;
                Ok(())
            })?;
        }
        Ok(())
    });
    let text = String::from_utf8(writer.into_inner()).unwrap_or_default() + "\n";
    escape::guard_lines(&text).into_owned()
}

fn plain(text: &str) -> Cow<'_, str> {
    escape::escape(text)
}
