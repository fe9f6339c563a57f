//! The conversation: what each message means, and who is answered when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use crossbeam_channel::{Sender, at, never, select};
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use spacelint_python::Unit;
use spacelint_rules::fix::FixedFile;
use spacelint_rules::registry;
use spacelint_space::{Problem, TEXTS};

use super::actions::{self, EXPLAIN, FIX_ALL};
use super::checker::{Check, Checked, Checker, Done, Job};
use super::client::Client;
use super::diagnostics::{self, View};
use super::documents::Documents;
use super::spaces::{Known, PAUSE, Spaces};
use super::{hover, uri};
use crate::{pages, panics};

/// The files whose changes on disk the editor is asked to tell of: all that a Space is read from.
fn watched() -> String {
    let endings = TEXTS.iter().map(|ending| format!("*.{ending}"));
    let all: Vec<String> = endings
        .chain(["Dockerfile", ".env*", ".gitattributes", ".gitignore"].map(str::to_owned))
        .collect();
    format!("**/{{{}}}", all.join(","))
}

/// One editor.
struct Session {
    sender: Sender<Message>,
    client: Client,
    documents: Documents,
    spaces: Spaces,
    /// The folders that are open in the editor.
    folders: BTreeSet<Utf8PathBuf>,
    checker: Checker,
    /// Whether a check is under way.
    is_checking: bool,
    /// Questions that wait for a check.
    waiting: Vec<Waiting>,
    /// Questions that wait for fixes to be tried.
    fixing: BTreeMap<RequestId, Fixing>,
    /// How many requests were sent.
    asked: i32,
    /// Whether the editor has asked for the end.
    is_over: bool,
}

/// A question about the text at `path`.
struct Waiting {
    id: RequestId,
    path: Utf8PathBuf,
    question: Question,
}

enum Question {
    Hover(lsp::Position),
    Actions(lsp::Range, Option<Vec<lsp::CodeActionKind>>),
}

/// An action whose edit is being made.
struct Fixing {
    path: Utf8PathBuf,
    action: Value,
    /// The actions that go with it; none where the editor has chosen this one.
    others: Option<Vec<lsp::CodeAction>>,
}

/// What is read of a request for code actions: not the diagnostics that come with it, which may be
/// anybody's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionsAsked {
    text_document: lsp::TextDocumentIdentifier,
    range: lsp::Range,
    context: ActionContext,
}

#[derive(Deserialize)]
struct ActionContext {
    only: Option<Vec<lsp::CodeActionKind>>,
}

/// Serves `connection` to its end: whether that was as it should be, `shutdown` before `exit`.
pub(super) fn serve(connection: Connection, check: Check) -> Result<bool, String> {
    let (id, params) = connection.initialize_start().map_err(|error| error.to_string())?;
    let client = Client::read(&params);
    let result = json!({
        "capabilities": capabilities(&client),
        "serverInfo": { "name": "spacelint", "version": env!("CARGO_PKG_VERSION") },
    });
    let Connection { sender, receiver } = connection;
    let checker = Checker::start(check).map_err(|error| error.to_string())?;
    let mut session = Session {
        sender,
        folders: client.folders.iter().cloned().collect(),
        client,
        documents: Documents::default(),
        spaces: Spaces::default(),
        checker,
        is_checking: false,
        waiting: Vec::new(),
        fixing: BTreeMap::new(),
        asked: 0,
        is_over: false,
    };
    session.send(Response::new_ok(id, result));
    loop {
        session.guarded("starting a check", Session::start_check);
        let timer = session.next_check().map_or_else(never, at);
        select! {
            recv(receiver) -> message => match message {
                Ok(Message::Notification(told)) if told.method == "exit" => {
                    return Ok(session.is_over);
                }
                Ok(message) => session.take(message),
                Err(_) => return Ok(session.is_over),
            },
            recv(session.checker.done) -> done => match done {
                Ok(done) => session.guarded("taking a check in", |session| session.done(done)),
                Err(_) => return Err("the checks have ended".to_owned()),
            },
            recv(timer) -> _ => {}
        }
    }
}

/// What the server can. It is written out: the type of all that a server might be able to do would be
/// weight in the binary, for these few lines.
fn capabilities(client: &Client) -> Value {
    let encoding = match client.unit {
        Unit::Utf8 => "utf-8",
        Unit::Utf16 => "utf-16",
        Unit::Utf32 => "utf-32",
    };
    let mut capabilities = json!({
        "positionEncoding": encoding,
        "textDocumentSync": {
            "openClose": true,
            "change": lsp::TextDocumentSyncKind::Incremental,
            "save": true,
        },
        "hoverProvider": true,
        "codeActionProvider": {
            "codeActionKinds": [lsp::CodeActionKind::QuickFix, FIX_ALL],
            "resolveProvider": client.resolves_edits,
        },
        "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
    });
    if client.shows_documents {
        capabilities["executeCommandProvider"] = json!({ "commands": [EXPLAIN] });
    }
    capabilities
}

impl Session {
    /// Nobody is left to tell where this fails; the other side of the connection then ends the session.
    fn send(&self, message: impl Into<Message>) {
        let _ = self.sender.send(message.into());
    }

    fn tell(&self, method: &str, params: impl serde::Serialize) {
        self.send(Notification::new(method.to_owned(), params));
    }

    fn ask(&mut self, method: &str, params: impl serde::Serialize) {
        self.asked += 1;
        self.send(Request::new(self.asked.into(), method.to_owned(), params));
    }

    fn log(&self, kind: lsp::MessageType, message: &str) {
        let message = crate::escape::escape_lines(message);
        self.tell("window/logMessage", lsp::LogMessageParams { kind, message });
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, why: &str) {
        self.send(Response::new_err(id, code as i32, why.to_owned()));
    }

    /// Does `work`. A panic is told, and never the end.
    fn guarded(&mut self, doing: &str, work: impl FnOnce(&mut Self)) {
        if let Err(message) = panics::catch(|| work(self)) {
            self.log(lsp::MessageType::Error, &panics::describe(doing, &message));
        }
    }

    /// Takes one message. A panic is an answer to it, and never the end.
    fn take(&mut self, message: Message) {
        let (id, doing) = match &message {
            Message::Request(request) => (Some(request.id.clone()), request.method.clone()),
            Message::Notification(told) => (None, told.method.clone()),
            // Nothing that is asked of the editor needs an answer.
            Message::Response(_) => return,
        };
        let taken = panics::catch(|| match message {
            Message::Request(request) => self.request(request),
            Message::Notification(told) if !self.is_over => self.notification(told),
            Message::Notification(_) | Message::Response(_) => {}
        });
        if let Err(message) = taken {
            let message = panics::describe(&format!("answering `{doing}`"), &message);
            self.log(lsp::MessageType::Error, &message);
            if let Some(id) = id {
                self.refuse(id, ErrorCode::InternalError, &message);
            }
        }
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        if self.is_over {
            return self.refuse(id, ErrorCode::InvalidRequest, "the server was shut down");
        }
        match method.as_str() {
            "shutdown" => {
                self.is_over = true;
                let unanswered = self.waiting.drain(..).map(|waiting| waiting.id);
                let unanswered: Vec<_> =
                    unanswered.chain(std::mem::take(&mut self.fixing).into_keys()).collect();
                for id in unanswered {
                    self.refuse(id, ErrorCode::RequestCanceled, "the server was shut down");
                }
                self.send(Response::new_ok(id, Value::Null));
            }
            "textDocument/hover" => {
                let Some(asked) = self.read::<lsp::HoverParams>(&id, params) else { return };
                let asked = asked.text_document_position_params;
                self.question(id, &asked.text_document.uri, Question::Hover(asked.position));
            }
            "textDocument/codeAction" => {
                let Some(asked) = self.read::<ActionsAsked>(&id, params) else { return };
                let question = Question::Actions(asked.range, asked.context.only);
                self.question(id, &asked.text_document.uri, question);
            }
            "codeAction/resolve" => {
                match actions::file_of(&params).and_then(uri::to_path) {
                    Some(path) => self.fix_all(id, Fixing { path, action: params, others: None }),
                    // It was whole already.
                    None => self.send(Response::new_ok(id, params)),
                }
            }
            "workspace/executeCommand" => {
                let Some(asked) = self.read::<lsp::ExecuteCommandParams>(&id, params) else {
                    return;
                };
                self.command(id, &asked);
            }
            method => {
                let why = format!("`{method}` is nothing that this server does");
                self.refuse(id, ErrorCode::MethodNotFound, &why);
            }
        }
    }

    /// The parameters of a request; one that cannot be read is refused.
    fn read<T: DeserializeOwned>(&self, id: &RequestId, params: Value) -> Option<T> {
        serde_json::from_value(params)
            .map_err(|error| {
                self.refuse(id.clone(), ErrorCode::InvalidParams, &error.to_string());
            })
            .ok()
    }

    fn command(&mut self, id: RequestId, asked: &lsp::ExecuteCommandParams) {
        let name = asked.arguments.iter().flatten().next().and_then(Value::as_str);
        let rule = name.and_then(registry::find).filter(|_| asked.command == EXPLAIN);
        let Some(rule) = rule else {
            return self.refuse(id, ErrorCode::InvalidParams, "no such command, or no such rule");
        };
        let page = lsp::ShowDocumentParams {
            uri: pages::url(rule.info.name).into(),
            external: Some(true),
            take_focus: None,
            selection: None,
        };
        self.ask("window/showDocument", page);
        self.send(Response::new_ok(id, Value::Null));
    }

    fn notification(&mut self, told: Notification) {
        let Notification { method, params } = told;
        let read = match method.as_str() {
            "initialized" => {
                self.watch();
                self.settle_homes();
                Ok(())
            }
            "textDocument/didOpen" => serde_json::from_value(params).map(|it| self.opened(it)),
            "textDocument/didChange" => serde_json::from_value(params).map(|it| self.changed(it)),
            "textDocument/didClose" => {
                serde_json::from_value(params).map(|it: lsp::DidCloseTextDocumentParams| {
                    self.closed(&it.text_document.uri);
                })
            }
            "textDocument/didSave" => {
                // What else changed on disk meanwhile, not every editor tells.
                serde_json::from_value(params).map(|it: lsp::DidSaveTextDocumentParams| {
                    self.changed_on_disk(&[it.text_document.uri]);
                })
            }
            "workspace/didChangeWatchedFiles" => {
                serde_json::from_value(params).map(|it: lsp::DidChangeWatchedFilesParams| {
                    let files: Vec<_> = it.changes.into_iter().map(|change| change.uri).collect();
                    self.changed_on_disk(&files);
                })
            }
            "workspace/didChangeWorkspaceFolders" => {
                serde_json::from_value(params).map(|it| self.folders_changed(it))
            }
            "$/cancelRequest" => serde_json::from_value(params).map(|it| self.cancel(it)),
            _ => Ok(()),
        };
        if let Err(error) = read {
            self.log(lsp::MessageType::Warning, &format!("`{method}` cannot be read: {error}"));
        }
    }

    /// Asks the editor to tell of files that change on disk.
    fn watch(&mut self) {
        if self.client.watches {
            let registration = json!({
                "id": "files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": { "watchers": [{ "globPattern": watched() }] },
            });
            self.ask("client/registerCapability", json!({ "registrations": [registration] }));
        }
    }

    fn opened(&mut self, told: lsp::DidOpenTextDocumentParams) {
        let lsp::TextDocumentItem { uri, version, text, .. } = told.text_document;
        let Some(path) = uri::to_path(uri.as_ref()) else { return };
        self.documents.open(&path, uri, version, text);
        self.text_changed(&path, Duration::ZERO);
    }

    fn changed(&mut self, told: lsp::DidChangeTextDocumentParams) {
        let lsp::VersionedTextDocumentIdentifier { version, text_document_identifier: named } =
            told.text_document;
        let Some(path) = uri::to_path(named.uri.as_ref()) else { return };
        if self.documents.change(&path, version, told.content_changes, self.client.unit) {
            self.give_back(&path);
            self.text_changed(&path, PAUSE);
        }
    }

    fn closed(&mut self, uri: &lsp::Uri) {
        let Some(path) = uri::to_path(uri.as_ref()) else { return };
        self.documents.close(&path);
        self.give_back(&path);
        self.spaces.changed_at(&path, PAUSE);
        self.settle_homes();
    }

    /// What to do when the text at `path` is another than it was.
    fn text_changed(&mut self, path: &Utf8Path, pause: Duration) {
        if path.file_name() == Some("README.md") {
            // A card makes a Space of a folder, or no longer does.
            self.settle_homes();
        } else {
            self.settle_home(path);
        }
        self.spaces.changed_at(path, pause);
    }

    fn changed_on_disk(&mut self, files: &[lsp::Uri]) {
        self.settle_homes();
        for path in files.iter().filter_map(|uri| uri::to_path(uri.as_ref())) {
            self.spaces.changed_at(&path, PAUSE);
        }
    }

    fn folders_changed(&mut self, told: lsp::DidChangeWorkspaceFoldersParams) {
        for folder in told.event.removed {
            if let Some(path) = uri::to_path(folder.uri.as_ref()) {
                self.folders.remove(&path);
            }
        }
        let added = told.event.added.iter();
        self.folders.extend(added.filter_map(|folder| uri::to_path(folder.uri.as_ref())));
        self.settle_homes();
    }

    /// Looks anew for the Space that each text and each folder is part of.
    fn settle_homes(&mut self) {
        let paths: Vec<_> = self.documents.iter().map(|(path, _)| path.clone()).collect();
        for path in paths {
            let home = self.documents.space_around(&path);
            self.move_home(&path, home);
        }
        self.keep_spaces();
    }

    fn settle_home(&mut self, path: &Utf8Path) {
        let home = self.documents.space_around(path);
        if self.move_home(path, home) {
            self.keep_spaces();
        }
    }

    /// Says where the text at `path` is at home; true if it was elsewhere.
    fn move_home(&mut self, path: &Utf8Path, home: Option<Utf8PathBuf>) -> bool {
        let Some(document) = self.documents.get_mut(path) else { return false };
        if document.home == home {
            return false;
        }
        if let Some(old) = std::mem::replace(&mut document.home, home) {
            self.spaces.changed(&old, PAUSE);
        }
        true
    }

    /// Forgets the Spaces in which nothing is open, and begins with those that are new.
    fn keep_spaces(&mut self) {
        let homes = self.documents.iter().filter_map(|(_, document)| document.home.clone());
        let around = |folder: &Utf8PathBuf| self.documents.space_around(&folder.join("README.md"));
        let roots = homes.chain(self.folders.iter().filter_map(around)).collect();
        for Known { shown, .. } in self.spaces.keep(&roots) {
            for path in shown.into_keys() {
                self.publish(&path);
            }
        }
        self.answer_waiting();
    }

    /// When to give a Space to the checker; never while that is busy.
    fn next_check(&self) -> Option<Instant> {
        self.spaces.next_due().filter(|_| !self.is_checking && !self.is_over)
    }

    /// Gives the next Space that is due to the checker, if that is free.
    fn start_check(&mut self) {
        if self.next_check().is_none() {
            return;
        }
        if let Some((root, generation)) = self.spaces.take_due() {
            let files = self.documents.files(&root);
            self.is_checking =
                self.checker.jobs.send(Job::Check { root, generation, files }).is_ok();
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Checked { root, generation, result } => {
                self.is_checking = false;
                match result {
                    Ok(checked) => self.checked(&root, generation, checked),
                    Err(message) => {
                        // What is shown stays: it may well still be so.
                        self.spaces.came(&root, generation, None);
                        self.say(&root, &[message]);
                    }
                }
                self.answer_waiting();
            }
            Done::FixedAll { id, result } => self.fixed(id, result),
        }
    }

    fn checked(&mut self, root: &Utf8Path, generation: u64, checked: Box<Checked>) {
        let view = View { root, documents: &self.documents, client: &self.client };
        let found = diagnostics::by_path(&checked, view);
        let unread = checked.space.problems.iter().filter_map(|problem| match problem {
            Problem::Unreadable(error) => {
                Some(format!("{error}; the rest of `{root}` was checked"))
            }
            Problem::Undecodable(_) => None,
        });
        let panicked = checked.report.internal_errors.iter().map(|error| {
            let doing = format!("running the rule `{}` on `{root}`", error.rule.name);
            panics::describe(&doing, &error.message)
        });
        let errors: Vec<_> = unread.chain(panicked).collect();
        if !self.spaces.came(root, generation, Some(checked)) {
            return;
        }
        self.say(root, &errors);
        let Some(known) = self.spaces.get_mut(root) else { return };
        let before = std::mem::replace(&mut known.shown, found.clone());
        let is_changed = |path: &&Utf8PathBuf| before.get(*path) != found.get(*path);
        let mut paths: BTreeSet<&Utf8PathBuf> =
            before.keys().chain(found.keys()).filter(is_changed).collect();
        // Of what is open the editor is told each time, so that it knows for which version that holds.
        let open =
            self.documents.iter().filter(|(_, document)| document.home.as_deref() == Some(root));
        paths.extend(open.map(|(path, _)| path));
        for path in paths {
            self.publish(path);
        }
    }

    /// Says in the editor's log what went wrong in the Space at `root`, once.
    fn say(&mut self, root: &Utf8Path, errors: &[String]) {
        let Some(known) = self.spaces.get_mut(root) else { return };
        let before = std::mem::replace(&mut known.errors, errors.to_vec());
        for error in errors.iter().filter(|error| !before.contains(error)) {
            self.log(lsp::MessageType::Error, error);
        }
    }

    /// Shows what every Space has to say of the file at `path`.
    fn publish(&self, path: &Utf8Path) {
        let mut all: Vec<&lsp::Diagnostic> = Vec::new();
        for (_, known) in self.spaces.iter() {
            for diagnostic in known.shown.get(path).into_iter().flatten() {
                if !all.contains(&diagnostic) {
                    all.push(diagnostic);
                }
            }
        }
        let version = self.documents.get(path).map(|document| document.version);
        let shown = lsp::PublishDiagnosticsParams {
            uri: self.documents.uri(path),
            version: version.filter(|_| self.client.versions),
            diagnostics: all.into_iter().cloned().collect(),
        };
        self.tell("textDocument/publishDiagnostics", shown);
    }

    /// Answers a question, or keeps it until its Space has been checked.
    fn question(&mut self, id: RequestId, uri: &lsp::Uri, question: Question) {
        let path = uri::to_path(uri.as_ref()).unwrap_or_default();
        let home = self.documents.get(&path).and_then(|document| document.home.clone());
        if let Some(home) = home {
            self.spaces.hurry(&home);
        }
        self.waiting.push(Waiting { id, path, question });
        self.answer_waiting();
    }

    /// Answers the questions whose Spaces have been checked.
    fn answer_waiting(&mut self) {
        let is_ready = |waiting: &mut Waiting| {
            let document = self.documents.get(&waiting.path);
            let home = document.and_then(|document| document.home.as_deref());
            home.is_none_or(|home| self.spaces.is_settled(home))
        };
        let ready: Vec<_> = self.waiting.extract_if(.., is_ready).collect();
        for Waiting { id, path, question } in ready {
            match question {
                Question::Hover(position) => {
                    let hover = self
                        .settled(&path)
                        .into_iter()
                        .find_map(|(checked, path, view)| hover::at(checked, path, position, view));
                    self.send(Response::new_ok(id, hover));
                }
                Question::Actions(range, only) => {
                    self.answer_actions(id, path, range, only.as_deref());
                }
            }
        }
    }

    fn answer_actions(
        &mut self,
        id: RequestId,
        path: Utf8PathBuf,
        range: lsp::Range,
        only: Option<&[lsp::CodeActionKind]>,
    ) {
        let mut actions = Vec::new();
        let mut fix_all = None;
        for (checked, path, view) in self.settled(&path) {
            if actions::is_asked_for(only, &lsp::CodeActionKind::QuickFix) {
                actions.extend(actions::quick_fixes(checked, path, range, view));
            }
            if fix_all.is_none() && actions::is_asked_for(only, &FIX_ALL) {
                fix_all = actions::fix_all(checked, path, view);
            }
        }
        match fix_all {
            Some(action) if !self.client.resolves_edits => {
                let action = json!(action);
                self.fix_all(id, Fixing { path, action, others: Some(actions) });
            }
            fix_all => {
                actions.extend(fix_all);
                self.send(Response::new_ok(id, actions));
            }
        }
    }

    /// What is known of the file at `path`: by every Space that has it, with its path from there.
    fn settled<'a>(&'a self, path: &'a Utf8Path) -> Vec<(&'a Checked, &'a Utf8Path, View<'a>)> {
        let (documents, client) = (&self.documents, &self.client);
        self.spaces
            .settled()
            .filter_map(|(root, checked)| {
                let path = path.strip_prefix(root).ok()?;
                Some((checked, path, View { root, documents, client }))
            })
            .collect()
    }

    /// Begins to make the edit of an action that applies every safe fix of a file.
    fn fix_all(&mut self, id: RequestId, fixing: Fixing) {
        let home = self.documents.get(&fixing.path).and_then(|document| document.home.clone());
        let own = home.and_then(|home| {
            let path = fixing.path.strip_prefix(&home).ok()?.to_owned();
            Some((path, self.documents.files(&home)))
        });
        let Some((path, files)) = own else {
            return self.send(Response::new_ok(id, fixing.answer(None)));
        };
        self.fixing.insert(id.clone(), fixing);
        // The checker lives as long as this does.
        let _ = self.checker.jobs.send(Job::FixAll { id, files, path });
    }

    fn fixed(&mut self, id: RequestId, result: Result<Option<FixedFile>, String>) {
        let Some(fixing) = self.fixing.remove(&id) else { return };
        match result {
            Ok(fixed) => {
                let home = self.documents.get(&fixing.path).and_then(|it| it.home.as_deref());
                let edit = fixed.zip(home).map(|(fixed, root)| {
                    let view = View { root, documents: &self.documents, client: &self.client };
                    actions::rewrite(&fixed, view)
                });
                self.send(Response::new_ok(id, fixing.answer(edit)));
            }
            Err(message) => {
                self.log(lsp::MessageType::Error, &message);
                self.refuse(id, ErrorCode::InternalError, &message);
            }
        }
    }

    /// Gives back the questions about the text at `path`, which is no longer what they are about.
    fn give_back(&mut self, path: &Utf8Path) {
        let waiting = self.waiting.extract_if(.., |waiting| waiting.path == path);
        let mut ids: Vec<_> = waiting.map(|waiting| waiting.id).collect();
        ids.extend(self.fixing.extract_if(.., |_, fixing| fixing.path == path).map(|(id, _)| id));
        for id in ids {
            self.refuse(id, ErrorCode::ContentModified, "the text has changed");
        }
    }

    fn cancel(&mut self, told: lsp::CancelParams) {
        let id = match told.id {
            lsp::Id::Int(id) => RequestId::from(id),
            lsp::Id::String(id) => RequestId::from(id),
        };
        let waited = self.waiting.extract_if(.., |waiting| waiting.id == id).count() > 0;
        if waited | self.fixing.remove(&id).is_some() {
            self.refuse(id, ErrorCode::RequestCanceled, "cancelled");
        }
    }
}

impl Fixing {
    /// What to answer once its edit is made.
    fn answer(self, edit: Option<lsp::WorkspaceEdit>) -> Value {
        let mut action = self.action;
        let is_made = edit.is_some();
        if let Some(edit) = edit {
            action["edit"] = json!(edit);
        }
        match self.others {
            Some(others) => {
                let others = others.into_iter().map(|other| json!(other));
                // An action that does nothing is none.
                others.chain(is_made.then_some(action)).collect()
            }
            None => action,
        }
    }
}
