//! Where a rule's page is on the web: on the site that `site` writes.

use spacelint_rules::registry;

/// The page of the rule `name`.
pub(crate) fn url(name: &str) -> String {
    let site = env!("CARGO_PKG_HOMEPAGE");
    match registry::find(name) {
        Some(entry) => format!("{site}/rules/{}.html", entry.info.name),
        None => site.to_owned(),
    }
}
