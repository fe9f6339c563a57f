//! An editor: it opens texts, types, asks, and remembers what it was told. It counts columns by code
//! of its own.

use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::checker::{self, Check};
use crate::server::session;

/// Long enough for a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(1);

/// A card.
pub(super) const CARD: &str =
    "---\ntitle: A Space\nsdk: gradio\nsdk_version: 6.31.0\napp_file: app.py\n---\n";
/// A program in which one thing is found, on its first line.
pub(super) const APP: &str = "import gradio  # spacelint: ignore[no-such-rule]\n";
/// A program that fails by a chain of imports, and mends itself by a move.
pub(super) const CUDA: &str = "import helper\nimport spaces\n\n@spaces.GPU(duration=30)\ndef f(x):\n    return x\n\nimport gradio\ngradio.Interface(f, 'text', 'text').launch()\n";
/// What it imports.
pub(super) const HELPER: &str = "import torch\nDEVICE = torch.cuda.device_count()\n";

/// An editor that can all that the server makes use of.
pub(super) fn everything() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "publishDiagnostics": {
                "relatedInformation": true,
                "versionSupport": true,
                "tagSupport": { "valueSet": [1, 2] },
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "codeAction": { "resolveSupport": { "properties": ["edit"] } },
        },
        "workspace": {
            "workspaceEdit": { "documentChanges": true },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
        },
        "window": { "showDocument": { "support": true } },
    })
}

pub(super) struct Editor {
    connection: Connection,
    server: Option<JoinHandle<Result<bool, String>>>,
    /// What the server answered to `initialize`.
    pub(super) initialized: Value,
    asked: i32,
    /// What the server told and asked, and nobody has looked at yet.
    told: Vec<(String, Value)>,
    pub(super) folder: TempDir,
}

impl Editor {
    /// An editor that can everything, in a folder with these files.
    pub(super) fn over(files: &[(&str, &str)]) -> Self {
        Self::with(&everything(), files)
    }

    pub(super) fn with(capabilities: &Value, files: &[(&str, &str)]) -> Self {
        Self::start(capabilities, files, &[], checker::check)
    }

    /// An editor with these folders open in it, by their names in the folder of the files.
    pub(super) fn start(
        capabilities: &Value,
        files: &[(&str, &str)],
        folders: &[&str],
        check: Check,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (server, connection) = Connection::memory();
        let mut editor = Self {
            connection,
            server: Some(std::thread::spawn(move || session::serve(server, check))),
            initialized: Value::Null,
            asked: 0,
            told: Vec::new(),
            folder,
        };
        for (path, text) in files {
            editor.write(path, text);
        }
        let folders: Vec<_> = folders.iter().map(|name| editor.workspace_folder(name)).collect();
        let params = json!({
            "processId": null, "rootUri": null,
            "workspaceFolders": folders, "capabilities": capabilities,
        });
        editor.initialized = editor.ask("initialize", params);
        editor.tell("initialized", json!({}));
        editor
    }

    pub(super) fn workspace_folder(&self, name: &str) -> Value {
        json!({ "uri": self.uri(name), "name": name })
    }

    /// The URI of a file in the folder, spelled as VS Code spells it.
    pub(super) fn uri(&self, path: &str) -> String {
        let path = self.folder.path().join(path);
        let path = path.to_str().expect("Unicode").trim_end_matches('/');
        let mut uri = String::from("file://");
        for byte in path.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    uri.push(char::from(byte));
                }
                byte => uri.extend(["%", &format!("{byte:02X}")]),
            }
        }
        uri
    }

    /// Writes a file on disk, and says nothing.
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(super) fn tell(&self, method: &str, params: Value) {
        self.send(Notification { method: method.to_owned(), params }.into());
    }

    pub(super) fn send(&self, message: Message) {
        self.connection.sender.send(message).expect("the server listens");
    }

    /// Asks, and goes on before the answer.
    pub(super) fn begin(&mut self, method: &str, params: Value) -> RequestId {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        self.send(Request { id: id.clone(), method: method.to_owned(), params }.into());
        id
    }

    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(&id).unwrap_or_else(|(code, message)| panic!("{method}: {code} {message}"))
    }

    /// The answer, or the number and the words of an error.
    pub(super) fn answer(&mut self, id: &RequestId) -> Result<Value, (i32, String)> {
        loop {
            match self.receive() {
                Message::Response(response) if response.id == *id => {
                    return response.response_result.map_err(|error| (error.code, error.message));
                }
                Message::Response(other) => panic!("an answer to nothing: {other:?}"),
                message => self.keep(message),
            }
        }
    }

    /// The next thing that the server says by itself by this method and about which `is_it`.
    pub(super) fn told(&mut self, method: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let found = self.told.iter().position(|(told, it)| told == method && is_it(it));
            if let Some(found) = found {
                return self.told.remove(found).1;
            }
            let message = self.receive();
            self.keep(message);
        }
    }

    fn receive(&self) -> Message {
        self.connection.receiver.recv_timeout(PATIENCE).expect("the server says something")
    }

    fn keep(&mut self, message: Message) {
        match message {
            Message::Notification(told) => self.told.push((told.method, told.params)),
            Message::Request(request) => {
                self.told.push((request.method, request.params));
                self.send(Response::new_ok(request.id, ()).into());
            }
            Message::Response(response) => panic!("an answer to nothing: {response:?}"),
        }
    }

    /// What was said so far and nobody has looked at: each method.
    pub(super) fn unheard(&mut self) -> Vec<String> {
        // Whatever is under way has come when this is answered.
        let id = self.begin("spacelint/no-such-method", Value::Null);
        assert_eq!(self.answer(&id).expect_err("there is no such method").0, -32601);
        self.told.drain(..).map(|(method, _)| method).collect()
    }

    pub(super) fn open(&self, path: &str, text: &str) {
        let document =
            json!({ "uri": self.uri(path), "languageId": "python", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub(super) fn close(&self, path: &str) {
        let document = json!({ "uri": self.uri(path) });
        self.tell("textDocument/didClose", json!({ "textDocument": document }));
    }

    /// Makes a text another, whole.
    pub(super) fn replace(&self, path: &str, version: i32, text: &str) {
        self.change(path, version, &json!([{ "text": text }]));
    }

    pub(super) fn change(&self, path: &str, version: i32, changes: &Value) {
        let document = json!({ "uri": self.uri(path), "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.tell("textDocument/didChange", params);
    }

    /// The diagnostics of a file, of this version of it.
    pub(super) fn diagnostics(&mut self, path: &str, version: Option<i32>) -> Vec<Value> {
        let uri = self.uri(path);
        let told = self.told("textDocument/publishDiagnostics", |told| {
            told["uri"] == uri.as_str() && told["version"] == json!(version)
        });
        told["diagnostics"].as_array().expect("a list").clone()
    }

    /// The rules of the diagnostics of a file, of this version of it.
    pub(super) fn rules(&mut self, path: &str, version: Option<i32>) -> Vec<String> {
        let diagnostics = self.diagnostics(path, version);
        diagnostics.iter().map(|one| one["code"].as_str().expect("a name").to_owned()).collect()
    }

    pub(super) fn hover(&mut self, path: &str, line: u32, character: u32) -> Value {
        let params = json!({
            "textDocument": { "uri": self.uri(path) },
            "position": { "line": line, "character": character },
        });
        self.ask("textDocument/hover", params)
    }

    /// The actions at a place; of these kinds only, where some are named.
    pub(super) fn actions(&mut self, path: &str, at: (u32, u32), only: Option<&str>) -> Vec<Value> {
        let place = json!({ "line": at.0, "character": at.1 });
        let mut context = json!({ "diagnostics": [] });
        if let Some(only) = only {
            context["only"] = json!([only]);
        }
        let params = json!({
            "textDocument": { "uri": self.uri(path) },
            "range": { "start": place, "end": place },
            "context": context,
        });
        self.ask("textDocument/codeAction", params).as_array().expect("a list").clone()
    }

    /// Says goodbye: what the server ended with.
    pub(super) fn end(mut self) -> Result<bool, String> {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.ended()
    }

    /// What the server ended with.
    pub(super) fn ended(&mut self) -> Result<bool, String> {
        let server = self.server.take().expect("it is asked once");
        server.join().expect("the session does not panic")
    }
}

/// The action with this title.
#[track_caller]
pub(super) fn titled<'a>(actions: &'a [Value], title: &str) -> &'a Value {
    let titles: Vec<_> = actions.iter().map(|action| &action["title"]).collect();
    let found = titles.iter().position(|other| *other == title);
    &actions[found.unwrap_or_else(|| panic!("`{title}` is none of {titles:?}"))]
}

/// `text` after the edits of an action in the file at `uri`, in an editor that counts UTF-16.
pub(super) fn edited(text: &str, action: &Value, uri: &str) -> String {
    let edit = &action["edit"];
    let edits = match edit["documentChanges"].as_array() {
        Some(changes) => {
            let is_it = |change: &&Value| change["textDocument"]["uri"] == uri;
            changes.iter().find(is_it).expect("the file is changed")["edits"].clone()
        }
        None => edit["changes"][uri].clone(),
    };
    let at = |position: &Value| {
        let number = |name: &str| position[name].as_u64().expect("a number") as usize;
        let lines = text.split_inclusive('\n');
        let start: usize = lines.clone().take(number("line")).map(str::len).sum();
        let mut units = number("character");
        let mut offset = start;
        for c in text[start..].chars() {
            if units == 0 {
                break;
            }
            units -= c.len_utf16();
            offset += c.len_utf8();
        }
        offset
    };
    let mut edits: Vec<_> = edits
        .as_array()
        .expect("a list of edits")
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (at(&range["start"]), at(&range["end"]), edit["newText"].as_str().expect("text"))
        })
        .collect();
    edits.sort_by_key(|(start, ..)| *start);
    let mut text = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}
