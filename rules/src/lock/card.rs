//! The card's versions.

use spacelint_space::{Card, CardFault};

use super::{Edits, Job, Refusal};
use crate::finding::{Edit, Location};
use crate::versions;

/// Writes the installed Gradio and Python into the card.
pub(super) fn pin(job: &Job<'_>, edits: &mut Edits) -> Result<(), Refusal> {
    let Some(card) = versions::gradio_card(job.space) else { return Ok(()) };
    let gradio = job.frozen.packages.get("gradio").and_then(|gradio| gradio.version.as_ref());
    let gradio = gradio.map(|version| version.clone().without_local().to_string());
    let wanted = [("sdk_version", gradio), ("python_version", job.frozen.python.clone())];
    let mut lines = Vec::new();
    for (key, version) in wanted {
        let Some(version) = version else { continue };
        let Some(entry) = card.get(key) else {
            lines.push(line(key, &version));
            edits.card.push((key, version));
            continue;
        };
        if is_same(key, &entry.text, &version) {
            continue;
        }
        let place = Location::new(&card.file, entry.value_span);
        // Right behind the colon there is no space yet.
        let space = if entry.value_span.start == entry.value_span.end { " " } else { "" };
        edits.add(Edit::replace(place, format!("{space}\"{version}\"")));
        edits.card.push((key, version));
    }
    let sdk = card.get("sdk").filter(|_| !lines.is_empty());
    if let Some(sdk) = sdk {
        let Some(next) = card.line_behind(sdk) else {
            return Err(Refusal::Broken(card.file.path.clone()));
        };
        edits.add(Edit::insert_line(&card.file, next, &lines.join("\n")));
    }
    if edits.all.is_empty() || is_sound(card) {
        Ok(())
    } else {
        Err(Refusal::Broken(card.file.path.clone()))
    }
}

fn line(key: &str, version: &str) -> String {
    format!("{key}: \"{version}\"")
}

/// Whether the card says this version. A Python of three numbers is one of those that two name.
fn is_same(key: &str, text: &str, version: &str) -> bool {
    let text = text.trim();
    let is_patch = || text.strip_prefix(version).is_some_and(|rest| rest.starts_with('.'));
    text == version || (key == "python_version" && is_patch())
}

fn is_sound(card: &Card) -> bool {
    !card
        .faults
        .iter()
        .any(|fault| matches!(fault, CardFault::Unclosed { .. } | CardFault::Syntax { .. }))
}
