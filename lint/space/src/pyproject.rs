//! `pyproject.toml`, as far as it says what the Space needs.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::VersionSpecifiers;
use spacelint_python::{BOM, Span};
use toml_edit::{Document, Item, Value};

use crate::files::SourceFile;
use crate::requirements::{LineKind, Requirement, RequirementLine};

/// A `pyproject.toml`.
#[derive(Clone, Debug)]
pub struct Pyproject {
    /// The file.
    pub file: Arc<SourceFile>,
    /// `[project].dependencies`, those that can be read.
    pub dependencies: Vec<Requirement>,
    /// `[project].requires-python`.
    pub requires_python: Option<RequiresPython>,
    /// What is wrong with the text.
    pub faults: Vec<PyprojectFault>,
    document: Option<Document<String>>,
}

/// The versions of Python that a project says it runs on.
#[derive(Clone, Debug)]
pub struct RequiresPython {
    /// Which.
    pub specifiers: VersionSpecifiers,
    /// Where that stands, without quotes.
    pub span: Span,
}

/// Something wrong with the text of a `pyproject.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PyprojectFault {
    /// Where.
    pub span: Span,
    /// What.
    pub message: String,
}

impl Pyproject {
    /// Reads `file`. Text that is no TOML is a fault, and says nothing else.
    pub fn parse(file: &Arc<SourceFile>) -> Self {
        let mut pyproject = Self {
            file: Arc::clone(file),
            dependencies: Vec::new(),
            requires_python: None,
            faults: Vec::new(),
            document: None,
        };
        let text = file.text.as_str();
        // The reader of TOML counts from behind the mark.
        let skipped = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        match Document::parse(text[skipped..].to_owned()) {
            Ok(document) => {
                pyproject.project(&document, skipped);
                pyproject.document = Some(document);
            }
            Err(error) => {
                let at = error.span().unwrap_or_default();
                pyproject.fault(Span::new(at.start + skipped, at.end + skipped), error.message());
            }
        }
        pyproject
    }

    /// `[project].name`.
    pub fn name(&self) -> Option<&str> {
        self.document.as_ref()?.get("project")?.get("name")?.as_str()
    }

    /// The table `[tool.<name>]`. Its spans count from behind a byte order mark, if there is one.
    pub fn tool(&self, name: &str) -> Option<&Item> {
        self.document.as_ref()?.get("tool")?.get(name)
    }

    fn fault(&mut self, span: Span, message: &str) {
        let message = message.trim().replace('\n', ", ");
        self.faults.push(PyprojectFault { span, message });
    }

    fn project(&mut self, document: &Document<String>, skipped: usize) {
        let Some(project) = document.get("project") else { return };
        if let Some(array) = project.get("dependencies").and_then(Item::as_array) {
            for value in array {
                let Some(inner) = self.inner(value, skipped) else { continue };
                match RequirementLine::parse_part(&self.file, inner).map(|line| line.kind) {
                    Some(LineKind::Requirement(requirement)) => self.dependencies.push(requirement),
                    Some(LineKind::Invalid { message }) => self.fault(inner, &message),
                    _ => self.fault(inner, "this names no package"),
                }
            }
        }
        if let Some(value) = project.get("requires-python").and_then(Item::as_value)
            && let Some(span) = self.inner(value, skipped)
        {
            match VersionSpecifiers::from_str(self.file.text.slice(span)) {
                Ok(specifiers) => {
                    self.requires_python = Some(RequiresPython { specifiers, span });
                }
                Err(_) => self.fault(span, "this does not say which versions of Python"),
            }
        }
    }

    /// Where the text of a string stands, without its quotes. A string with escapes is passed over:
    /// no name or version needs one, and no place in it would be right.
    fn inner(&mut self, value: &Value, skipped: usize) -> Option<Span> {
        let at = value.span()?;
        let span = Span::new(at.start + skipped, at.end + skipped);
        let Some(text) = value.as_str() else {
            self.fault(span, "this is not a string");
            return None;
        };
        let start = self.file.text.slice(span).find(text)? + span.start as usize;
        Some(Span::new(start, start + text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Xorshift, mutate};

    fn parse(bytes: &[u8]) -> Pyproject {
        let file = Arc::new(SourceFile::new("pyproject.toml", bytes.to_vec()));
        let pyproject = Pyproject::parse(&file);
        let slice = |span: Span| file.text.as_str().get(span.range()).expect("a place in the text");
        for dependency in &pyproject.dependencies {
            assert_eq!(slice(dependency.name_span), dependency.raw_name);
            assert!(dependency.span.contains(dependency.name_span));
        }
        if let Some(python) = &pyproject.requires_python {
            assert_eq!(
                VersionSpecifiers::from_str(slice(python.span)).ok().as_ref(),
                Some(&python.specifiers)
            );
        }
        pyproject.faults.iter().for_each(|fault| {
            slice(fault.span);
        });
        pyproject
    }

    const USUAL: &str = "[project]\r\nname = \"x\"\r\nrequires-python = '>=3.10'\r\ndependencies = [\r\n  \
                         \"gradio[oauth]==5.0 ; os_name == 'posix'\", # c\r\n  'torch',\r\n]\r\n\
                         [tool.spacelint]\r\nselect = []\r\n";

    #[test]
    fn dependencies_and_python_have_their_places() {
        for text in [USUAL.to_owned(), format!("\u{feff}{USUAL}")] {
            let pyproject = parse(text.as_bytes());
            assert_eq!(pyproject.faults, []);
            let names: Vec<_> = pyproject.dependencies.iter().map(|d| d.name.as_str()).collect();
            assert_eq!(names, ["gradio", "torch"]);
            let gradio = &pyproject.dependencies[0];
            let text = &pyproject.file.text;
            assert_eq!(text.slice(gradio.clauses[0].version_span), "5.0");
            assert!(gradio.marker.is_some());
            assert!(pyproject.requires_python.is_some());
            assert!(pyproject.tool("spacelint").is_some_and(Item::is_table));
            assert!(pyproject.tool("ruff").is_none());
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_fault() {
        let broken = parse(b"[project\nname = 1\n");
        assert_eq!(broken.faults.len(), 1);
        assert_eq!(broken.file.text.position(broken.faults[0].span.start).line, 1);
        let odd = parse(
            b"[project]\nrequires-python = 'new'\ndependencies = ['a b', 3, '', './x', \"\\u0061\", 'ok']\n",
        );
        let faults: Vec<_> =
            odd.faults.iter().map(|fault| odd.file.text.slice(fault.span)).collect();
        assert_eq!(faults, ["a b", "3", "", "./x", "new"]);
        assert_eq!(odd.dependencies.len(), 1);
        assert!(parse(b"project = 3\n").dependencies.is_empty());
        assert!(parse(b"[project]\ndependencies = {a = 1}\n").dependencies.is_empty());
    }

    #[test]
    fn no_mutation_of_a_project_panics_or_shifts_a_span() {
        let mut random = Xorshift::new(9);
        for _ in 0..4000 {
            parse(&mutate(USUAL.as_bytes(), &mut random));
        }
        let deep = format!("a = {}1{}\n", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(parse(deep.as_bytes()).faults.len(), 1);
    }
}
