//! Where a Space keeps what is to outlast a restart: a duplicate has no volume until its owner mounts one.

use std::sync::Arc;

use spacelint_knowledge::platform::{self, Storage};
use spacelint_space::{Space, SpaceTrace};

use super::list::{Need, Thing, add};
use crate::finding::Location;
use crate::written;

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
        for span in written::strings(file, &[storage.folder, storage.bucket]) {
            let text = file.text.slice(span);
            if let Some((name, reason)) = kept(storage, text) {
                let places = vec![Location::new(file, span)];
                add(&mut found, Thing { name, need: Need::Soft, reason, places });
            }
        }
    }
    found
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
