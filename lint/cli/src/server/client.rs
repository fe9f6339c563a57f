//! What the editor said of itself when it began. Only what is used here is read, and a field that is
//! odd counts as one that is missing: no editor is turned away for what it says of other things.

use camino::Utf8PathBuf;
use serde_json::Value;
use spacelint_python::Unit;

use super::uri;

/// The editor.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that it can do by itself")]
pub(super) struct Client {
    /// What it counts columns in.
    pub(super) unit: Unit,
    /// Shows further places of a diagnostic.
    pub(super) related: bool,
    /// Fades what is unnecessary.
    pub(super) tags: bool,
    /// Knows for which version of a text diagnostics are.
    pub(super) versions: bool,
    /// Shows Markdown in a hover.
    pub(super) markdown: bool,
    /// Takes edits that say for which version of a text they are.
    pub(super) document_changes: bool,
    /// Asks for the edit of a code action when that is chosen.
    pub(super) resolves_edits: bool,
    /// Opens a page in a browser.
    pub(super) shows_documents: bool,
    /// Tells of files that change on disk if it is asked to.
    pub(super) watches: bool,
    /// The folders that are open in it.
    pub(super) folders: Vec<Utf8PathBuf>,
}

impl Client {
    /// Reads the parameters of `initialize`.
    pub(super) fn read(params: &Value) -> Self {
        let at = |path: &str| params.pointer(path).unwrap_or(&Value::Null);
        let is = |path: &str| at(path).as_bool().unwrap_or(false);
        let list = |path: &str| at(path).as_array().map_or(&[][..], Vec::as_slice);
        let has = |path: &str, what: &str| list(path).iter().any(|one| *one == what);
        let units = list("/capabilities/general/positionEncodings");
        let folders = list("/workspaceFolders").iter().filter_map(|folder| folder["uri"].as_str());
        let mut folders: Vec<_> = folders.filter_map(uri::to_path).collect();
        if folders.is_empty() {
            folders.extend(at("/rootUri").as_str().and_then(uri::to_path));
        }
        Self {
            // It names the one that it likes best first.
            unit: units.iter().find_map(|name| unit(name.as_str()?)).unwrap_or(Unit::Utf16),
            related: is("/capabilities/textDocument/publishDiagnostics/relatedInformation"),
            tags: list("/capabilities/textDocument/publishDiagnostics/tagSupport/valueSet")
                .iter()
                .any(|tag| *tag == 1),
            versions: is("/capabilities/textDocument/publishDiagnostics/versionSupport"),
            markdown: has("/capabilities/textDocument/hover/contentFormat", "markdown"),
            document_changes: is("/capabilities/workspace/workspaceEdit/documentChanges"),
            resolves_edits: has(
                "/capabilities/textDocument/codeAction/resolveSupport/properties",
                "edit",
            ),
            shows_documents: is("/capabilities/window/showDocument/support"),
            watches: is("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
            folders,
        }
    }
}

fn unit(name: &str) -> Option<Unit> {
    match name {
        "utf-8" => Some(Unit::Utf8),
        "utf-16" => Some(Unit::Utf16),
        "utf-32" => Some(Unit::Utf32),
        _ => None,
    }
}
