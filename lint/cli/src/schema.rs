//! The JSON Schema of the settings, for editors. It is kept beside this crate's manifest, so that a file of
//! settings can point at it, and held by a test to the list of settings and the names of the rules.

/// Where the schema stands on the web.
pub(crate) const URL: &str =
    concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/lint/cli/spacelint.schema.json");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Map, Value, json};
    use spacelint_rules::registry::{self, Category};
    use spacelint_space::settings::{SETTINGS, Shape, hardware};

    use super::URL;

    /// The schema, as it is written.
    fn text() -> String {
        let names: Vec<&str> = Category::ALL
            .map(Category::name)
            .into_iter()
            .chain(registry::all().map(|entry| entry.info.name))
            .collect();
        let properties: Map<String, Value> = SETTINGS
            .iter()
            .map(|setting| {
                let mut shape = match setting.shape {
                    Shape::Rules => {
                        json!({"type": "array", "items": {"type": "string", "enum": names}})
                    }
                    Shape::Switch => json!({"type": "boolean"}),
                    Shape::OneOf(choices) => json!({"type": "string", "enum": choices}),
                    Shape::Hardware => json!({"type": "string", "enum": hardware()}),
                };
                shape["description"] = setting.meaning.into();
                (setting.name.to_owned(), shape)
            })
            .collect();
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": URL,
            "title": "The settings of spacelint",
            "description": "spacelint.toml, or [tool.spacelint] of pyproject.toml",
            "type": "object",
            "additionalProperties": false,
            "properties": properties,
        });
        format!("{schema:#}\n")
    }

    /// Rewrites the file if `SPACELINT_BLESS` is set.
    #[test]
    fn the_schema_is_the_one_beside_the_manifest() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("spacelint.schema.json");
        if std::env::var_os("SPACELINT_BLESS").is_some() {
            std::fs::write(&path, text()).expect("it can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        // Not both in full: they are long.
        assert!(written == text(), "the schema is another; run this again with SPACELINT_BLESS=1");
    }
}
