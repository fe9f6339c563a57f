//! What a duplicate has: the names of its secrets and variables, as the Hub's API lists them. Values may
//! come with them; they are passed over, and nothing here keeps or prints one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::input;

/// As what a name is kept in the settings of a Space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kept {
    /// As a secret.
    Secret,
    /// As one or the other: a list of names does not say.
    Either,
    /// As a variable, which everybody can read.
    Variable,
}

/// The names that a duplicate has.
#[derive(Debug, Default)]
pub(super) struct Have {
    names: BTreeMap<String, Kept>,
}

impl Have {
    /// Reads all of `paths`, `-` for standard input; none where there are none.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Option<Self>, String> {
        let mut have = Self::default();
        for path in paths {
            let from = input::name(path);
            let bytes =
                input::read(path).map_err(|error| format!("cannot read {from}: {error}"))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| format!("{from} is not UTF-8, which JSON must be"))?;
            have.add(&text).map_err(|message| format!("{from}: {message}"))?;
        }
        Ok((!paths.is_empty()).then_some(have))
    }

    /// As what that name is kept, if it is.
    pub(super) fn get(&self, name: &str) -> Option<Kept> {
        self.names.get(name).copied()
    }

    /// Adds what `text` says: one JSON document, or several in a row.
    fn add(&mut self, text: &str) -> Result<(), String> {
        let text = text.trim_start_matches('\u{feff}');
        let mut any = false;
        for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            any = true;
            // What serde_json says of bad JSON names a place and no text.
            let document = document.map_err(|error| format!("this is not JSON: {error}"))?;
            match &document {
                Value::Object(map) if is_both(map) => {
                    for (part, names) in map {
                        let kept = if part == "secrets" { Kept::Secret } else { Kept::Variable };
                        self.names(names, Some(kept))?;
                    }
                }
                other => self.names(other, None)?,
            }
        }
        if any { Ok(()) } else { Err(format!("there is nothing in it; {EXPECTED}")) }
    }

    /// Adds the names of one answer of the API, or of a list.
    fn names(&mut self, names: &Value, kept: Option<Kept>) -> Result<(), String> {
        match names {
            Value::Object(map) => {
                for (name, about) in map {
                    // The API describes a variable with its value, and a secret without.
                    let Value::Object(about) = about else { return Err(EXPECTED.to_owned()) };
                    let is_variable = about.contains_key("value");
                    let seen = if is_variable { Kept::Variable } else { Kept::Secret };
                    self.keep(name, kept.unwrap_or(seen));
                }
            }
            Value::Array(list) => {
                for entry in list {
                    let name = match entry {
                        Value::String(name) => Some(name.as_str()),
                        Value::Object(about) => {
                            let name = about.get("key").or_else(|| about.get("name"));
                            name.and_then(Value::as_str)
                        }
                        _ => None,
                    };
                    let is_variable = entry.get("value").is_some_and(|value| !value.is_null());
                    let seen = if is_variable { Kept::Variable } else { Kept::Either };
                    let name = name.ok_or_else(|| EXPECTED.to_owned())?;
                    self.keep(name, kept.unwrap_or(seen));
                }
            }
            _ => return Err(EXPECTED.to_owned()),
        }
        Ok(())
    }

    fn keep(&mut self, name: &str, kept: Kept) {
        let known = self.names.entry(name.to_owned()).or_insert(kept);
        *known = kept.min(*known);
    }
}

/// What is right, said wherever something else is met.
const EXPECTED: &str = "what is expected is what the Hub answers to `GET /api/spaces/{id}/secrets` or \
                        `/variables` (`{\"NAME\": {\"updatedAt\": ...}}`), a list of names, or \
                        `{\"secrets\": ..., \"variables\": ...}`";

/// Whether this holds secrets and variables side by side.
fn is_both(map: &Map<String, Value>) -> bool {
    let is_part = |(name, value): (&String, &Value)| {
        matches!(name.as_str(), "secrets" | "variables")
            && match value {
                Value::Array(_) => true,
                // Otherwise a secret that somebody called so.
                Value::Object(names) => names.values().all(Value::is_object),
                _ => false,
            }
    };
    !map.is_empty() && map.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Result<Vec<(String, Kept)>, String> {
        let mut have = Have::default();
        have.add(text)?;
        Ok(have.names.into_iter().collect())
    }

    #[track_caller]
    fn gives(text: &str, names: &[(&str, Kept)]) {
        let names: Vec<_> = names.iter().map(|(name, kept)| ((*name).to_owned(), *kept)).collect();
        assert_eq!(kept(text), Ok(names), "{text}");
    }

    #[test]
    fn every_form_in_which_names_come() {
        use Kept::{Either, Secret, Variable};
        let secrets = r#"{"B": {"description": null, "updatedAt": "2026-01-01"}}"#;
        let variables = r#"{"A": {"value": "x", "description": "", "updatedAt": "2026-01-01"}}"#;
        gives(secrets, &[("B", Secret)]);
        gives(variables, &[("A", Variable)]);
        gives(&format!("\u{feff}{secrets}\n{variables}"), &[("A", Variable), ("B", Secret)]);
        let both = format!(r#"{{"secrets": {secrets}, "variables": {variables}}}"#);
        gives(&both, &[("A", Variable), ("B", Secret)]);
        gives(
            r#"{"secrets": ["B"], "variables": [{"key": "A"}]}"#,
            &[("A", Variable), ("B", Secret)],
        );
        gives(
            r#"["A", {"name": "B"}, {"key": "C", "value": "x"}]"#,
            &[("A", Either), ("B", Either), ("C", Variable)],
        );
        gives(&format!("[\"B\"] {secrets}"), &[("B", Secret)]);
        gives(r#"{"secrets": {"description": null}}"#, &[("secrets", Secret)]);
        gives("{}", &[]);
        gives("[]", &[]);
    }

    #[test]
    fn what_is_none_is_refused_without_a_word_of_it() {
        for text in [
            "",
            " \n",
            "null",
            "3",
            "\"hf_geheim\"",
            "{",
            "{} x",
            "HF_TOKEN=hf_geheim",
            r#"{"error": "Invalid username or password. hf_geheim"}"#,
            r#"{"A": "hf_geheim"}"#,
            r#"[["hf_geheim"]]"#,
            r#"[{"value": "hf_geheim"}]"#,
            r#"{"secrets": "hf_geheim"}"#,
        ] {
            let message = kept(text).expect_err(text);
            assert!(!message.contains("geheim"), "{message}");
        }
        assert!(kept(&"[".repeat(100_000)).is_err());
    }
}
