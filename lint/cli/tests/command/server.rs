//! `spacelint server` through its real streams.

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdout, Stdio};

use lsp_server::{Message, Notification, Request};
use serde_json::{Value, json};

use crate::support::{APP, CARD, command, folder};

struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = folder(&[("README.md", CARD), ("app.py", APP)]);
        let mut command = command(folder.path(), &["server", "--stdio"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, output, folder }
    }

    fn send(&mut self, message: impl Into<Message>) {
        let input = self.child.stdin.as_mut().expect("it is piped");
        message.into().write(input).expect("it reads");
    }

    fn ask(&mut self, method: &str, params: Value) {
        self.send(Request { id: 1.into(), method: method.to_owned(), params });
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(Notification { method: method.to_owned(), params });
    }

    fn receive(&mut self) -> Message {
        Message::read(&mut self.output).expect("it is a message").expect("there is one more")
    }

    /// The status, and what else was printed on both streams.
    fn end(mut self) -> (Option<i32>, String, String) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("UTF-8");
        let output = self.child.wait_with_output().expect("it ends");
        (output.status.code(), rest, String::from_utf8(output.stderr).expect("UTF-8"))
    }
}

#[test]
fn an_editor_is_served_over_both_streams() {
    let mut server = Server::start();
    server.ask("initialize", json!({ "capabilities": {} }));
    assert!(matches!(server.receive(), Message::Response(_)));
    server.tell("initialized", json!({}));
    let path = server.folder.path().join("app.py");
    let uri = format!("file://{}", path.to_str().expect("Unicode"));
    let text = json!({ "uri": uri, "languageId": "python", "version": 1, "text": APP });
    server.tell("textDocument/didOpen", json!({ "textDocument": text }));
    let Message::Notification(told) = server.receive() else { panic!("diagnostics come") };
    assert_eq!(told.method, "textDocument/publishDiagnostics");
    assert_eq!(told.params["diagnostics"][0]["code"], "unused-ignore");
    server.ask("shutdown", Value::Null);
    assert!(matches!(server.receive(), Message::Response(_)));
    server.tell("exit", Value::Null);
    assert_eq!(server.end(), (Some(0), String::new(), String::new()));
}

#[test]
fn an_editor_that_goes_without_a_word_ends_it() {
    let mut server = Server::start();
    server.ask("initialize", json!({ "capabilities": {} }));
    assert!(matches!(server.receive(), Message::Response(_)));
    assert_eq!(server.end(), (Some(1), String::new(), String::new()));
    let mut server = Server::start();
    server.tell("exit", Value::Null);
    assert_eq!(server.end().0, Some(1));
}

#[test]
fn what_is_no_message_ends_it_with_a_word() {
    let mut server = Server::start();
    let input = server.child.stdin.as_mut().expect("it is piped");
    input.write_all(b"hello\n").expect("it reads");
    let (status, rest, stderr) = server.end();
    assert_eq!((status, rest.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("spacelint: the connection broke: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
