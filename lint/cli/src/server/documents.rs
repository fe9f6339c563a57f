//! The texts that are open in the editor. They stand over the disk: whoever reads a Space in a session
//! gets its files from here.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gen_lsp_types::{Position, Range, TextDocumentContentChangeEvent as Change, Uri};
use spacelint_python::{Span, Text, Unit};
use spacelint_space::{Files, around};

use super::uri;

/// A text that is open.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) version: i32,
    pub(super) text: Text,
    /// The folder of the Space that it is part of.
    pub(super) home: Option<Utf8PathBuf>,
}

/// Every text that is open, by path.
#[derive(Debug, Default)]
pub(super) struct Documents {
    open: BTreeMap<Utf8PathBuf, Document>,
    /// How the editor spells what is or was open.
    spelled: BTreeMap<Utf8PathBuf, Uri>,
}

impl Documents {
    pub(super) fn open(&mut self, path: &Utf8Path, uri: Uri, version: i32, text: String) {
        self.spelled.insert(path.to_owned(), uri);
        let document = Document { version, text: Text::new(text), home: None };
        self.open.insert(path.to_owned(), document);
    }

    /// Makes `changes`, one after the other; false if the text is not open.
    pub(super) fn change(
        &mut self,
        path: &Utf8Path,
        version: i32,
        changes: Vec<Change>,
        unit: Unit,
    ) -> bool {
        let Some(document) = self.open.get_mut(path) else { return false };
        document.version = version;
        for change in changes {
            document.text = Text::new(match change {
                Change::TextDocumentContentChangeWholeDocument(whole) => whole.text,
                Change::TextDocumentContentChangePartial(part) => {
                    let span = span(&document.text, part.range, unit);
                    let mut text = document.text.as_str().to_owned();
                    text.replace_range(span.range(), &part.text);
                    text
                }
            });
        }
        true
    }

    pub(super) fn close(&mut self, path: &Utf8Path) {
        self.open.remove(path);
    }

    pub(super) fn get(&self, path: &Utf8Path) -> Option<&Document> {
        self.open.get(path)
    }

    pub(super) fn get_mut(&mut self, path: &Utf8Path) -> Option<&mut Document> {
        self.open.get_mut(path)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Utf8PathBuf, &Document)> {
        self.open.iter()
    }

    /// The URI of the file at `path`, as the editor spells it if it ever did.
    pub(super) fn uri(&self, path: &Utf8Path) -> Uri {
        self.spelled.get(path).cloned().unwrap_or_else(|| Uri::from(uri::of(path)))
    }

    /// What stands in `folder`: the disk under the texts that are open.
    pub(super) fn files(&self, folder: &Utf8Path) -> Files {
        self.open.iter().fold(Files::disk(folder), |files, (path, document)| {
            match path.strip_prefix(folder) {
                Ok(path) => files.with_text(path, &document.text),
                Err(_) => files,
            }
        })
    }

    /// The folder of the Space that the file at `path` is part of.
    pub(super) fn space_around(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        around(path, |folder| self.files(&folder)).ok()
    }
}

/// The bytes of `range`.
pub(super) fn span(text: &Text, range: Range, unit: Unit) -> Span {
    let start = offset(text, range.start, unit);
    Span { start, end: offset(text, range.end, unit).max(start) }
}

/// The byte at `position`.
pub(super) fn offset(text: &Text, position: Position, unit: Unit) -> u32 {
    text.offset(position.line.saturating_add(1), position.character, unit)
}

/// The range of `span`.
pub(super) fn range(text: &Text, span: Span, unit: Unit) -> Range {
    let position = |offset| {
        let position = text.position(offset);
        Position { line: position.line - 1, character: position.column_in(unit) }
    };
    Range { start: position(span.start), end: position(span.end) }
}
