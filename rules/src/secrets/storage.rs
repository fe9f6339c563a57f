//! Where a Space keeps what is to outlast a restart: a duplicate has no volume until its owner mounts one.

use std::sync::Arc;

use spacelint_knowledge::platform::{self, Storage};
use spacelint_python::Span;
use spacelint_space::{SourceFile, Space, SpaceTrace};

use super::list::{Need, Thing, add};
use crate::finding::Location;

/// The folder for volumes, where the program names a path in it, and the buckets that it names.
pub(super) fn storage(space: &Space) -> Vec<Thing> {
    let storage = platform::storage();
    let mut found = Vec::new();
    if let Some(card) = &space.card
        && let Some(entry) = card.get("suggested_storage")
    {
        let reason = format!(
            "the card asks for storage as there was before; now a volume is mounted at `{}`",
            storage.folder
        );
        let places = vec![Location::new(&card.file, entry.key_span.to(entry.value_span))];
        add(&mut found, Thing { name: storage.folder.into(), need: Need::Soft, reason, places });
    }
    for file in space.trace().into_iter().flat_map(SpaceTrace::files) {
        for span in written(file) {
            let text = file.text.slice(span);
            if let Some((name, reason)) = kept(storage, text) {
                let places = vec![Location::new(file, span)];
                add(&mut found, Thing { name, need: Need::Soft, reason, places });
            }
        }
    }
    found
}

/// The strings of `file` that are no lines of their own, as a docstring is.
fn written(file: &SourceFile) -> impl Iterator<Item = Span> + '_ {
    let text = file.text.as_str();
    let speaks = [platform::storage().folder, platform::storage().bucket];
    let lines = if speaks.iter().any(|word| text.contains(word)) {
        spacelint_python::lines(text)
    } else {
        spacelint_python::Lines::default()
    };
    let logical = lines.logical;
    // A docstring: nothing but a prefix and quotes stands beside it on its line.
    let is_alone = move |span: &Span| {
        let at = logical.partition_point(|line| line.end < span.end);
        let Some(line) = logical.get(at).filter(|line| line.contains(*span)) else { return false };
        let before = &text[line.start as usize..span.start as usize];
        let after = &text[span.end as usize..line.end as usize];
        before
            .trim_start_matches(|c: char| c.is_ascii_alphabetic())
            .trim_matches(['"', '\''])
            .is_empty()
            && after.trim_matches(['"', '\'']).is_empty()
    };
    lines.strings.into_iter().filter(move |span| !is_alone(span))
}

/// What a text that is written in the program says is kept where, and what becomes of it.
fn kept(storage: &Storage, text: &str) -> Option<(Arc<str>, String)> {
    if let Some(rest) = text.strip_prefix(storage.bucket) {
        let name: Vec<&str> = rest.split('/').take(2).collect();
        let [owner, bucket] = *name else { return None };
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        if !is_name(owner) || !is_name(bucket) {
            return None;
        }
        let name = format!("{}{owner}/{bucket}", storage.bucket).into();
        return Some((
            name,
            "it is another account's bucket until you name one of yours".to_owned(),
        ));
    }
    let rest = text.strip_prefix(storage.folder)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| {
        let reason = "until a volume is mounted there, what is written is lost with a restart, or \
                      cannot be written";
        (storage.folder.into(), reason.to_owned())
    })
}
