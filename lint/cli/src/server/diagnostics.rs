//! Findings as an editor shows them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gen_lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    Location as Place, Uri,
};
use spacelint_rules::finding::{Finding, Location, Severity};

use super::checker::Checked;
use super::client::Client;
use super::documents::{Documents, range};
use crate::{escape, formats, pages};

/// The rules whose findings are of what could as well be left out.
const UNNECESSARY: [&str; 3] = ["idle-card-key", "needless-enable-queue", "unused-ignore"];

/// From a Space's files to what the editor calls them.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// The Space's folder.
    pub(super) root: &'a Utf8Path,
    pub(super) documents: &'a Documents,
    pub(super) client: &'a Client,
}

/// What was found, by path.
pub(super) fn by_path(checked: &Checked, view: View<'_>) -> BTreeMap<Utf8PathBuf, Vec<Diagnostic>> {
    let mut found: BTreeMap<Utf8PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for finding in &checked.report.findings {
        let path = view.root.join(&finding.location.file.path);
        found.entry(path).or_default().push(diagnostic(finding, view));
    }
    found
}

/// One finding.
pub(super) fn diagnostic(finding: &Finding, view: View<'_>) -> Diagnostic {
    let rule = finding.rule;
    let Location { file, span } = &finding.location;
    let related = finding.related.iter().map(|related| DiagnosticRelatedInformation {
        location: view.place(&related.location),
        message: escape::escape(&related.message).into_owned(),
    });
    let mut related: Vec<_> = related.collect();
    if !view.client.related {
        related.clear();
    }
    let is_faded = view.client.tags && UNNECESSARY.contains(&rule.name);
    Diagnostic {
        range: range(&file.text, *span, view.client.unit),
        severity: Some(match rule.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
            Severity::Info => DiagnosticSeverity::Information,
        }),
        code: Some(rule.name.to_owned().into()),
        code_description: Some(CodeDescription { href: Uri::from(pages::url(rule.name)) }),
        source: Some("spacelint".to_owned()),
        message: message(finding).into(),
        tags: is_faded.then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    }
}

/// What will happen, and what to do.
fn message(finding: &Finding) -> String {
    let paragraphs = formats::paragraphs(finding);
    paragraphs.into_iter().map(escape::escape_lines).collect::<Vec<_>>().join("\n")
}

impl View<'_> {
    fn place(self, location: &Location) -> Place {
        Place {
            uri: self.documents.uri(&self.root.join(&location.file.path)),
            range: range(&location.file.text, location.span, self.client.unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unnecessary_is_a_rule() {
        assert!(UNNECESSARY.iter().all(|name| spacelint_rules::find(name).is_some()));
    }
}
