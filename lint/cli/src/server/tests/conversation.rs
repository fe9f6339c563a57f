//! Beginning, waiting, cancelling, failing and ending.

use std::time::Duration;

use lsp_server::{Message, Notification};
use serde_json::{Value, json};
use spacelint_rules::Report;
use spacelint_space::{Files, Space};

use super::editor::{APP, CARD, Editor, everything};
use crate::server::checker;

const FILES: [(&str, &str); 2] = [("README.md", CARD), ("app.py", APP)];

/// As ever, unless the program says that it panics, or that it waits for a file `go`.
fn odd(files: &Files) -> (Space, Report) {
    let text = files.read("app.py".into()).ok().flatten();
    let says = |what: &str| text.as_ref().is_some_and(|file| file.text.as_str().contains(what));
    assert!(!says("panic"), "nobody expects it");
    while says("wait") && !files.root().join("go").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    checker::check(files)
}

fn odd_editor() -> Editor {
    Editor::start(&everything(), &FILES, &[], odd)
}

fn hover(editor: &Editor) -> Value {
    let position = json!({ "line": 0, "character": 40 });
    json!({ "textDocument": { "uri": editor.uri("app.py") }, "position": position })
}

#[test]
fn it_says_what_it_can_and_nothing_unasked() {
    let mut editor = Editor::over(&FILES);
    let can = &editor.initialized["capabilities"];
    assert_eq!(can["textDocumentSync"], json!({ "openClose": true, "change": 2, "save": true }));
    assert_eq!(can["hoverProvider"], true);
    let kinds = json!(["quickfix", "source.fixAll.spacelint"]);
    assert_eq!(can["codeActionProvider"]["codeActionKinds"], kinds);
    assert_eq!(editor.initialized["serverInfo"]["name"], "spacelint");
    assert_eq!(editor.unheard(), ["client/registerCapability"]);
    assert_eq!(editor.end(), Ok(true));
}

#[test]
fn a_question_waits_for_the_check_of_what_was_typed() {
    let mut editor = odd_editor();
    editor.open("app.py", "wait = 1\n");
    editor.replace("app.py", 2, APP);
    let params = hover(&editor);
    let shown = editor.begin("textDocument/hover", params);
    editor.write("go", "");
    let shown = editor.answer(&shown).expect("an answer");
    assert!(shown["contents"]["value"].as_str().is_some_and(|page| page.contains("unused-ignore")));
}

#[test]
fn a_question_that_waits_can_be_cancelled_and_is_given_back_if_its_text_changes() {
    let mut editor = odd_editor();
    editor.open("app.py", "wait = 1\n");
    let params = hover(&editor);
    let cancelled = editor.begin("textDocument/hover", params.clone());
    editor.tell("$/cancelRequest", json!({ "id": 2 }));
    assert_eq!(editor.answer(&cancelled).map_err(|(code, _)| code), Err(-32800));
    let outdated = editor.begin("textDocument/hover", params);
    editor.replace("app.py", 2, APP);
    editor.write("go", "");
    assert_eq!(editor.answer(&outdated).map_err(|(code, _)| code), Err(-32801));
    assert_eq!(editor.rules("app.py", Some(2)), ["unused-ignore"]);
    // To cancel what was answered, or never asked, is no mistake.
    editor.tell("$/cancelRequest", json!({ "id": 2 }));
    editor.tell("$/cancelRequest", json!({ "id": "x" }));
    assert_eq!(editor.end(), Ok(true));
}

#[test]
fn of_quick_changes_the_last_is_shown() {
    let mut editor = odd_editor();
    editor.open("app.py", "wait = 1\n");
    for version in 2..60 {
        editor.replace("app.py", version, APP);
    }
    editor.write("go", "");
    assert_eq!(editor.rules("app.py", Some(59)), ["unused-ignore"]);
}

#[test]
fn a_panic_is_said_once_and_is_not_the_end() {
    let mut editor = odd_editor();
    editor.open("app.py", APP);
    assert_eq!(editor.rules("app.py", Some(1)), ["unused-ignore"]);
    for version in 2..4 {
        editor.replace("app.py", version, "panic = 1\n");
        let params = hover(&editor);
        assert_eq!(editor.ask("textDocument/hover", params), Value::Null);
    }
    let log = editor.told("window/logMessage", |_| true);
    assert_eq!(log["type"], 1);
    let message = log["message"].as_str().expect("words");
    assert!(message.contains("nobody expects it") && message.ends_with("/issues"), "{message}");
    editor.replace("app.py", 4, APP);
    assert_eq!(editor.rules("app.py", Some(4)), ["unused-ignore"]);
    assert!(!editor.unheard().contains(&"window/logMessage".to_owned()));
    assert_eq!(editor.end(), Ok(true));
}

#[test]
fn a_message_that_cannot_be_read_is_refused_or_said() {
    let mut editor = Editor::over(&FILES);
    let id = editor.begin("textDocument/hover", json!({ "position": 3 }));
    assert_eq!(editor.answer(&id).map_err(|(code, _)| code), Err(-32602));
    editor.tell("textDocument/didOpen", json!([]));
    let log = editor.told("window/logMessage", |_| true);
    assert!(log["message"].as_str().is_some_and(|it| it.contains("textDocument/didOpen")), "{log}");
    // Nothing is known of it, and nothing is to be known.
    editor.replace("app.py", 2, APP);
    editor.close("app.py");
    editor.tell("$/setTrace", json!({ "value": "off" }));
    assert_eq!(editor.unheard(), ["client/registerCapability"]);
}

#[test]
fn after_shutdown_nothing_is_done_and_exit_is_as_it_should_be() {
    let mut editor = odd_editor();
    editor.open("app.py", "wait = 1\n");
    let params = hover(&editor);
    let waiting = editor.begin("textDocument/hover", params.clone());
    let over = editor.begin("shutdown", Value::Null);
    assert_eq!(editor.answer(&waiting).map_err(|(code, _)| code), Err(-32800));
    assert_eq!(editor.answer(&over), Ok(Value::Null));
    let late = editor.begin("textDocument/hover", params);
    assert_eq!(editor.answer(&late).map_err(|(code, _)| code), Err(-32600));
    editor.tell("exit", Value::Null);
    assert_eq!(editor.ended(), Ok(true));
    editor.write("go", "");
}

#[test]
fn an_exit_without_shutdown_is_a_failure() {
    let mut editor = Editor::over(&FILES);
    editor.send(Message::Notification(Notification::new("exit".to_owned(), ())));
    assert_eq!(editor.ended(), Ok(false));
}
