//! Where the page of a failure is on the web: on the site that `site` writes.

use spacelint_knowledge::failures;
use spacelint_rules::registry;

/// The page of the failure `name`, which is its rule's if it has one.
pub(crate) fn url(name: &str) -> String {
    let site = env!("CARGO_PKG_HOMEPAGE");
    match registry::find(name) {
        Some(entry) => format!("{site}/rules/{}.html", entry.info.name),
        None if failures::failure(name).is_some() => format!("{site}/failures/{name}.html"),
        None => site.to_owned(),
    }
}
