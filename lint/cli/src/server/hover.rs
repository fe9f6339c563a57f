//! A rule's page, where the mouse rests on a finding or on the rule's name in a comment.

use gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind, Position};
use spacelint_python::Span;
use spacelint_rules::ignored_at;
use spacelint_rules::registry::{self, RuleEntry};

use super::actions::found_at;
use super::checker::Checked;
use super::diagnostics::View;
use super::documents::{offset, range};
use crate::formats::json;
use crate::terminal::Terminal;
use crate::{explain, pages, report};

/// What to show at `position` of the file at `path`, from the Space's folder, if anything.
pub(super) fn at(
    checked: &Checked,
    path: &camino::Utf8Path,
    position: Position,
    view: View<'_>,
) -> Option<Hover> {
    let file = checked.files.read(path).ok().flatten()?;
    let offset = offset(&file.text, position, view.client.unit);
    let found: Vec<_> = found_at(checked, path, Span::empty(offset as usize)).collect();
    let ignored = ignored_at(&checked.space, &file, offset);
    let span = match (&found[..], &ignored) {
        (_, Some((_, span))) => *span,
        ([first, ..], None) => first.location.span,
        ([], None) => return None,
    };
    let mut names: Vec<&str> = found.iter().map(|finding| finding.rule.name).collect();
    if let Some((name, _)) = &ignored {
        // What is looked at comes first.
        names.insert(0, name);
    }
    let mut entries: Vec<&RuleEntry> = Vec::new();
    for entry in names.into_iter().filter_map(registry::find) {
        if entries.iter().all(|other| other.info.name != entry.info.name) {
            entries.push(entry);
        }
    }
    let first = entries.first()?;
    let contents = if view.client.markdown {
        let pages: Vec<_> = entries.iter().map(|entry| markdown(entry)).collect();
        MarkupContent { kind: MarkupKind::Markdown, value: pages.join("\n\n---\n\n") }
    } else {
        let plain = Terminal { color: false, links: false, unicode: true, width: 80 };
        MarkupContent { kind: MarkupKind::PlainText, value: explain::page(first, plain) }
    };
    Some(Hover {
        contents: Contents::MarkupContent(contents),
        range: Some(range(&file.text, span, view.client.unit)),
    })
}

/// The page of `entry`, without what it says to the tests.
fn markdown(entry: &RuleEntry) -> String {
    let info = entry.info;
    let (severity, _) = report::severity_word(info.severity);
    let fix = match info.fix {
        Some(applicability) => format!("{} fix", json::applicability(applicability)),
        None => "no fix".to_owned(),
    };
    let url = pages::url(info.name);
    let mut out = format!(
        "# [{name}]({url})\n\n*{severity}, {category}, {fix}, since {since}*\n",
        name = info.name,
        category = entry.category.name(),
        since = info.since,
    );
    let mut in_comment = false;
    let mut in_code = false;
    for line in info.page.lines().skip(1) {
        in_comment |= !in_code && line.starts_with("<!--");
        if in_comment {
            in_comment = !line.contains("-->");
            continue;
        }
        if let Some(fence) = line.strip_prefix("```") {
            in_code = !in_code;
            let (language, words) = fence.split_once(' ').unwrap_or((fence, ""));
            if let Some((_, title)) = words.split_once("title=\"")
                && let Some((title, words)) = title.split_once('"')
            {
                let is_fixed = words.split_whitespace().any(|word| word.starts_with("fixed"));
                let fixed = if is_fixed { ", fixed" } else { "" };
                out.extend(["`", title, "`", fixed, ":\n\n"]);
            }
            out.extend(["```", language, "\n"]);
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_shown_without_what_it_says_to_the_tests() {
        for entry in registry::all() {
            let page = markdown(entry);
            let name = entry.info.name;
            assert!(page.starts_with(&format!("# [{name}](")), "{page}");
            assert_eq!(page.matches("\n# ").count(), entry.info.page.matches("\n# ").count());
            let mut fences = page.lines().filter(|line| line.starts_with("```"));
            assert!(fences.all(|line| !line.contains(' ')), "{page}");
            assert!(!page.contains("<!--"), "{page}");
        }
    }
}
