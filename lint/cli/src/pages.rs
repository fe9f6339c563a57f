//! Where the page of a failure is on the web: on the site that `site` writes.

use spacelint_knowledge::failures;
use spacelint_rules::registry;

/// The page of the failure `name`, which is its rule's if it has one.
pub(crate) fn url(name: &str) -> String {
    format!("{}/{}", env!("CARGO_PKG_HOMEPAGE"), path(name))
}

/// The same, from the site's first folder.
pub(crate) fn path(name: &str) -> String {
    match registry::find(name) {
        Some(entry) => format!("rules/{}.html", entry.info.name),
        None if failures::failure(name).is_some() => format!("failures/{name}.html"),
        None => "index.html".to_owned(),
    }
}
