//! Where a rule's page is on the web.

use spacelint_rules::registry;

/// The page of the rule `name`.
pub(crate) fn url(name: &str) -> String {
    let repository = env!("CARGO_PKG_REPOSITORY");
    match registry::find(name) {
        Some(entry) => {
            // The page stands beside the rule's module and is named like it.
            let (category, file) = (entry.category.name(), name.replace('-', "_"));
            format!("{repository}/blob/main/rules/src/{category}/{file}.md")
        }
        None => repository.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_rule_links_to_its_page() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for entry in registry::all() {
            let url = url(entry.info.name);
            let (_, path) = url.split_once("/blob/main/").expect("a link into the repository");
            let page = std::fs::read_to_string(repository.join(path)).expect(path);
            assert_eq!(page.replace("\r\n", "\n"), entry.info.page.replace("\r\n", "\n"), "{path}");
        }
    }
}
