//! What the editor offers to do about a finding: mend it, silence it, read about it, and mend all of
//! the file that is safe to mend.

use std::collections::{BTreeMap, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use gen_lsp_types::{
    CodeAction, CodeActionKind, Command, DocumentChange, OptionalVersionedTextDocumentIdentifier,
    Range, TextDocumentEdit, TextDocumentIdentifier, TextEdit, WorkspaceEdit,
};
use serde_json::{Value, json};
use spacelint_python::Span;
use spacelint_rules::diff::Diff;
use spacelint_rules::finding::{Applicability, Edit, Finding, Fix, Location};
use spacelint_rules::fix::{self, FixedFile};
use spacelint_rules::ignoring;

use super::checker::Checked;
use super::diagnostics::{View, diagnostic};
use super::documents::{range, span};

/// The command that opens a rule's page in a browser.
pub(super) const EXPLAIN: &str = "spacelint.explain";
/// The kind of the action that applies every safe fix of a file.
pub(super) const FIX_ALL: CodeActionKind =
    CodeActionKind::Custom(std::borrow::Cow::Borrowed("source.fixAll.spacelint"));

/// The findings that `span` of the file at `path` (from the Space's folder) touches.
pub(super) fn found_at<'a>(
    checked: &'a Checked,
    path: &'a Utf8Path,
    span: Span,
) -> impl Iterator<Item = &'a Finding> {
    checked.report.findings.iter().filter(move |finding| {
        let own = finding.location.span;
        finding.location.file.path == path && own.start <= span.end && span.start <= own.end
    })
}

/// What can be done about what is found in `range` of the file at `path`, from the Space's folder.
pub(super) fn quick_fixes(
    checked: &Checked,
    path: &Utf8Path,
    range: Range,
    view: View<'_>,
) -> Vec<CodeAction> {
    let Ok(Some(file)) = checked.files.read(path) else { return Vec::new() };
    let span = span(&file.text, range, view.client.unit);
    let found: Vec<&Finding> = found_at(checked, path, span).collect();
    let mut actions: Vec<CodeAction> = Vec::new();
    // Mending comes before silencing, and that before reading.
    let fixes = found.iter().filter_map(|finding| mend(finding, view));
    let ignores = found.iter().filter_map(|finding| silence(checked, finding, view));
    let links = found.iter().filter(|_| view.client.shows_documents).map(|f| explain(f, view));
    for action in fixes.chain(ignores).chain(links) {
        let same = |other: &CodeAction| {
            other.title == action.title
                && other.edit == action.edit
                && other.command == action.command
        };
        if !actions.iter().any(same) {
            actions.push(action);
        }
    }
    actions
}

fn quick_fix(title: String, finding: &Finding, view: View<'_>) -> CodeAction {
    CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic(finding, view)]),
        ..CodeAction::default()
    }
}

/// The finding's own fix.
fn mend(finding: &Finding, view: View<'_>) -> Option<CodeAction> {
    let fix = finding.fix.as_ref()?;
    let edits = fix::edits(fix)?;
    let is_safe = fix.applicability == Applicability::Safe;
    let mut title = crate::escape::escape(&fix.message).into_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !is_safe {
        title.push_str(" (unsafe: look at it)");
    }
    Some(CodeAction {
        is_preferred: is_safe.then_some(true),
        edit: Some(workspace_edit(&edits, view)),
        ..quick_fix(title, finding, view)
    })
}

/// The comment that silences the finding.
fn silence(checked: &Checked, finding: &Finding, view: View<'_>) -> Option<CodeAction> {
    let edit = ignoring(&checked.space, finding)?;
    let edits = fix::edits(&Fix::safe("", vec![edit]))?;
    let title = format!("Ignore `{}` here", finding.rule.name);
    let edit = Some(workspace_edit(&edits, view));
    Some(CodeAction { edit, ..quick_fix(title, finding, view) })
}

/// The way to the rule's page.
fn explain(finding: &Finding, view: View<'_>) -> CodeAction {
    let name = finding.rule.name;
    let title = format!("Read about `{name}`");
    let command = Some(Command {
        title: title.clone(),
        command: EXPLAIN.to_owned(),
        arguments: Some(vec![json!(name)]),
        ..Command::default()
    });
    CodeAction { command, ..quick_fix(title, finding, view) }
}

/// The action that applies the safe fixes of the file at `path` (from the Space's folder), its edit yet
/// to be made; none where there are none.
pub(super) fn fix_all(checked: &Checked, path: &Utf8Path, view: View<'_>) -> Option<CodeAction> {
    let is_one = |finding: &Finding| {
        let fix = finding.fix.as_ref();
        fix.is_some_and(|fix| fix.applicability == Applicability::Safe && fix.is_of(path))
    };
    checked.report.findings.iter().any(is_one).then(|| CodeAction {
        title: "Apply every safe fix of spacelint in this file".to_owned(),
        kind: Some(FIX_ALL),
        data: Some(json!({ "uri": view.documents.uri(&view.root.join(path)) })),
        ..CodeAction::default()
    })
}

/// The URI of the file that an action of [`fix_all`] is for.
pub(super) fn file_of(action: &Value) -> Option<&str> {
    action.pointer("/data/uri").and_then(Value::as_str)
}

/// Whether an editor that asks for actions of the kinds `only`, or of any, asks for `kind`.
pub(super) fn is_asked_for(only: Option<&[CodeActionKind]>, kind: &CodeActionKind) -> bool {
    let kind = kind.to_string();
    only.is_none_or(|only| {
        only.iter().map(ToString::to_string).any(|asked| {
            let rest = kind.strip_prefix(&asked);
            rest.is_some_and(|rest| asked.is_empty() || rest.is_empty() || rest.starts_with('.'))
        })
    })
}

/// `edits` of files of the Space.
fn workspace_edit(edits: &[Edit], view: View<'_>) -> WorkspaceEdit {
    let mut files: BTreeMap<Utf8PathBuf, Vec<TextEdit>> = BTreeMap::new();
    for Edit { location: Location { file, span }, content } in edits {
        files.entry(view.root.join(&file.path)).or_default().push(TextEdit {
            range: range(&file.text, *span, view.client.unit),
            new_text: content.clone(),
        });
    }
    of_files(files, view)
}

/// What makes `fixed` of what it was, line by line, so that the editor keeps what it knows of the rest.
pub(super) fn rewrite(fixed: &FixedFile, view: View<'_>) -> WorkspaceEdit {
    let text = &fixed.before.text;
    let diff = Diff::new(text.as_str(), &fixed.after);
    let edits = diff.changes().map(|(before, after)| TextEdit {
        range: range(text, Span::new(before.start, before.end), view.client.unit),
        new_text: fixed.after[after].to_owned(),
    });
    of_files(BTreeMap::from([(view.root.join(&fixed.before.path), edits.collect())]), view)
}

fn of_files(files: BTreeMap<Utf8PathBuf, Vec<TextEdit>>, view: View<'_>) -> WorkspaceEdit {
    if !view.client.document_changes {
        let changes: HashMap<_, _> =
            files.into_iter().map(|(path, edits)| (view.documents.uri(&path), edits)).collect();
        return WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() };
    }
    let changes = files.into_iter().map(|(path, edits)| {
        DocumentChange::TextDocumentEdit(TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier {
                version: view.documents.get(&path).map(|document| document.version),
                text_document_identifier: TextDocumentIdentifier { uri: view.documents.uri(&path) },
            },
            edits: edits.into_iter().map(Into::into).collect(),
        })
    });
    WorkspaceEdit { document_changes: Some(changes.collect()), ..WorkspaceEdit::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_asked_for_by_itself_or_by_what_it_is_a_kind_of() {
        let kind = |name: &str| CodeActionKind::from(name.to_owned());
        let asked = |name: &str| is_asked_for(Some(&[kind(name)]), &FIX_ALL);
        assert!(asked("source") && asked("source.fixAll") && asked("source.fixAll.spacelint"));
        assert!(asked("") && is_asked_for(None, &FIX_ALL));
        assert!(!asked("source.fix") && !asked("quickfix") && !asked("source.fixAll.spacelint.x"));
        assert!(!is_asked_for(Some(&[]), &FIX_ALL));
    }
}
