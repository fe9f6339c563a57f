//! What a file of recorded inputs says.

use camino::Utf8PathBuf;
use serde_json::json;

use crate::drive::Replay;
use crate::drive::gradio::Page;

/// What is wrong with a recording, for a Space with `/draw`.
fn wrong_with(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().join("in.jsonl")).expect("in UTF-8");
    std::fs::write(&path, text).expect("writable");
    let page = json!({
        "protocol": "sse_v3",
        "components": [{ "id": 1, "type": "textbox" }, { "id": 2, "type": "state" }],
        "dependencies": [{ "id": 0, "api_name": "draw", "inputs": [1, 2] }],
    });
    let page = Page::read(&page, None).expect("it is a page");
    let read = Replay::read(&path).and_then(|replay| replay.fits(&page));
    read.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn each_line_must_be_a_call_of_the_space() {
    assert_eq!(wrong_with("{\"endpoint\": \"/draw\", \"data\": [\"a cat\"]}\n\n"), "");
    let cases = [
        ("", "holds no calls"),
        ("\n{\"endpoint\": 1}", "in.jsonl:2 is not a recorded call"),
        ("{\"endpoint\": \"/draw\", \"data\": [1], \"note\": 1}", "unknown field `note`"),
        ("{\"endpoint\": \"/drew\", \"data\": []}", "no endpoint `/drew`; it has /draw"),
        ("{\"endpoint\": \"/draw\", \"data\": []}", "takes 1 inputs (textbox), and 0 are given"),
    ];
    for (text, why) in cases {
        assert!(wrong_with(text).contains(why), "{}", wrong_with(text));
    }
}
