//! What is found, where, and when it is gone.

use serde_json::json;

use super::editor::{APP, CARD, CUDA, Editor, HELPER, everything};
use crate::server::checker;

#[test]
fn a_finding_is_a_diagnostic_with_all_that_is_known_of_it() {
    let mut editor = Editor::over(&[("README.md", CARD), ("app.py", CUDA), ("helper.py", HELPER)]);
    editor.open("app.py", CUDA);
    assert_eq!(editor.rules("app.py", Some(1)), [""; 0]);
    // It stands in a file that is not open.
    let [found] = &editor.diagnostics("helper.py", None)[..] else { panic!("one finding") };
    assert_eq!(found["code"], "cuda-before-spaces");
    assert_eq!((&found["severity"], &found["source"]), (&json!(1), &json!("spacelint")));
    let href = found["codeDescription"]["href"].as_str().expect("a link");
    assert!(href.ends_with("/rules/cuda-before-spaces.html"), "{href}");
    let place = |line, start, end| json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } });
    assert_eq!(found["range"], place(1, 9, 34));
    let message = found["message"].as_str().expect("words");
    assert!(message.contains("counts CUDA devices") && message.contains("\nImport `spaces`"));
    let related = found["relatedInformation"].as_array().expect("the way there");
    let said: Vec<_> = related.iter().map(|one| &one["message"]).collect();
    assert_eq!(said, ["imports `helper`", "`spaces` is imported here, too late"]);
    assert_eq!(
        related[0]["location"],
        json!({ "uri": editor.uri("app.py"), "range": place(0, 0, 13) })
    );
    assert_eq!(editor.end(), Ok(true));
}

#[test]
fn what_could_be_left_out_is_faded() {
    let mut editor = Editor::over(&[("README.md", CARD), ("app.py", APP)]);
    editor.open("app.py", APP);
    let found = editor.diagnostics("app.py", Some(1));
    assert_eq!((&found[0]["severity"], &found[0]["tags"]), (&json!(3), &json!([1])));
}

#[test]
fn an_editor_that_can_little_is_told_little() {
    let mut editor =
        Editor::with(&json!({}), &[("README.md", CARD), ("app.py", CUDA), ("helper.py", HELPER)]);
    editor.open("helper.py", HELPER);
    let found = editor.diagnostics("helper.py", None);
    assert!(found[0].get("relatedInformation").is_none() && found[0].get("tags").is_none());
    assert_eq!(editor.initialized["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(editor.initialized["capabilities"]["executeCommandProvider"], json!(null));
}

#[test]
fn what_is_typed_counts_and_not_what_is_on_disk() {
    let mut editor = Editor::over(&[("README.md", CARD), ("app.py", "import gradio\n")]);
    editor.open("app.py", "import gradio\n");
    assert_eq!(editor.rules("app.py", Some(1)), [""; 0]);
    // Two changes, each where the one before has left the text.
    let end = json!({ "line": 0, "character": 13 });
    let start = json!({ "line": 0, "character": 0 });
    editor.change(
        "app.py",
        2,
        &json!([
            { "range": { "start": end, "end": end }, "text": "  # spacelint: ignore[nothing]" },
            { "range": { "start": start, "end": start }, "text": "import os\n" },
        ]),
    );
    let found = editor.diagnostics("app.py", Some(2));
    assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": 35 }));
    editor.replace("app.py", 3, "import gradio\n");
    assert_eq!(editor.rules("app.py", Some(3)), [""; 0]);
    // What was typed is gone with the buffer that held it.
    editor.replace("app.py", 4, APP);
    editor.open("README.md", CARD);
    assert_eq!(editor.rules("app.py", Some(4)), ["unused-ignore"]);
    editor.close("app.py");
    assert_eq!(editor.rules("app.py", None), [""; 0]);
}

#[test]
fn columns_are_counted_as_was_agreed() {
    // The column of the name: the emoji is four bytes, a pair or one code point, and so on.
    for (offered, agreed, column) in [
        (json!(null), "utf-16", 47),
        (json!(["utf-16"]), "utf-16", 47),
        (json!(["utf-8", "utf-16"]), "utf-8", 52),
        (json!(["utf-32", "utf-8"]), "utf-32", 46),
        (json!(["utf-7", "utf-32"]), "utf-32", 46),
    ] {
        let mut capabilities = everything();
        capabilities["general"]["positionEncodings"] = offered;
        let mut editor = Editor::with(&capabilities, &[("README.md", CARD), ("app.py", "")]);
        assert_eq!(editor.initialized["capabilities"]["positionEncoding"], agreed);
        editor.open("app.py", "x = '😀é漢'; import gradio\n");
        assert_eq!(editor.rules("app.py", Some(1)), [""; 0]);
        let end = json!({ "line": 0, "character": column - 22 });
        let insert = "  # spacelint: ignore[no-such-rule]";
        let change = json!([{ "range": { "start": end, "end": end }, "text": insert }]);
        editor.change("app.py", 2, &change);
        let found = editor.diagnostics("app.py", Some(2));
        let expected = json!({
            "start": { "line": 0, "character": column },
            "end": { "line": 0, "character": column + 12 },
        });
        assert_eq!(found[0]["range"], expected, "{agreed}");
        let hover = editor.hover("app.py", 0, column);
        assert_eq!(hover["range"], expected, "{agreed}");
    }
}

#[test]
fn the_card_and_the_requirements_are_read_with_the_program() {
    let card = "---\nsdk: gradio\nsdk_version: 6.30\napp_file: app.py\n---\n";
    let requirements = "gradio==6.31.0  # spacelint: ignore[nothing]\n";
    let files = [("README.md", CARD), ("app.py", "import gradio\n"), ("requirements.txt", "")];
    let mut editor = Editor::over(&files);
    editor.open("README.md", card);
    assert!(editor.rules("README.md", Some(1)).contains(&"unquoted-version".to_owned()));
    editor.open("requirements.txt", requirements);
    assert!(editor.rules("requirements.txt", Some(1)).contains(&"unused-ignore".to_owned()));
    // Mended in one file, gone from the other.
    let pin = "gradio==5.0.0\n";
    editor.replace("README.md", 2, CARD);
    editor.replace("requirements.txt", 2, pin);
    let found = [editor.rules("README.md", Some(2)), editor.rules("requirements.txt", Some(2))];
    assert!(found.concat().contains(&"gradio-pin-conflict".to_owned()), "{found:?}");
    editor.replace("requirements.txt", 3, "gradio==6.31.0\n");
    assert_eq!(editor.rules("requirements.txt", Some(3)), [""; 0]);
    assert_eq!(editor.rules("README.md", Some(2)), [""; 0]);
}

#[test]
fn settings_count_saved_or_not() {
    let mut editor = Editor::over(&[("README.md", CARD), ("app.py", APP)]);
    editor.open("app.py", APP);
    assert_eq!(editor.rules("app.py", Some(1)), ["unused-ignore"]);
    editor.open("spacelint.toml", "ignore = ['unused-ignore']\n");
    assert_eq!(editor.rules("app.py", Some(1)), [""; 0]);
    // What they say wrongly is a finding of its own, with the page at hand.
    editor.replace("spacelint.toml", 2, "ignore = ['unused-ignor']\n");
    assert_eq!(editor.rules("app.py", Some(1)), ["unused-ignore"]);
    assert_eq!(editor.rules("spacelint.toml", Some(2)).len(), 1);
    assert_ne!(editor.hover("spacelint.toml", 0, 14), json!(null));
}

#[test]
fn a_text_in_no_space_is_never_spoken_of() {
    let mut editor = Editor::over(&[("notes/app.py", "")]);
    editor.open("notes/app.py", "x = 1  # spacelint: ignore[nothing]\n");
    editor.replace("notes/app.py", 2, "x = 2  # spacelint: ignore[nothing]\n");
    assert_eq!(editor.hover("notes/app.py", 0, 30), json!(null));
    assert_eq!(editor.actions("notes/app.py", (0, 30), None), [json!(null); 0]);
    let text =
        json!({ "uri": "untitled:app.py", "languageId": "python", "version": 1, "text": APP });
    editor.tell("textDocument/didOpen", json!({ "textDocument": text }));
    assert_eq!(editor.unheard(), ["client/registerCapability"]);
    // A card that is typed makes a Space of it, and one that goes takes all with it.
    editor.open("notes/README.md", CARD);
    assert_eq!(editor.rules("notes/app.py", Some(2)), ["unused-ignore"]);
    editor.replace("notes/README.md", 2, "# Notes\n");
    assert_eq!(editor.rules("notes/app.py", Some(2)), [""; 0]);
}

#[test]
fn folders_that_are_open_are_checked_and_forgotten_when_they_go() {
    let files = [
        ("a/README.md", CARD),
        ("a/app.py", APP),
        ("b/README.md", CARD),
        ("b/app.py", APP),
        ("c/notes.py", APP),
    ];
    let mut editor = Editor::start(&everything(), &files, &["a", "c"], checker::check);
    assert_eq!(editor.rules("a/app.py", None), ["unused-ignore"]);
    let event = json!({
        "added": [editor.workspace_folder("b")],
        "removed": [editor.workspace_folder("a")],
    });
    editor.tell("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
    assert_eq!(editor.rules("a/app.py", None), [""; 0]);
    assert_eq!(editor.rules("b/app.py", None), ["unused-ignore"]);
    // A text of another Space is at home there.
    editor.open("a/app.py", "import gradio  # spacelint: ignore[a, b]\n");
    assert_eq!(editor.rules("a/app.py", Some(1)), ["unused-ignore", "unused-ignore"]);
    editor.close("a/app.py");
    assert_eq!(editor.rules("a/app.py", None), [""; 0]);
}

#[test]
fn files_that_change_on_disk_are_read_again() {
    let mut editor = Editor::over(&[("README.md", CARD), ("app.py", CUDA), ("helper.py", "")]);
    let asked = editor.told("client/registerCapability", |_| true);
    let registration = &asked["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    editor.open("app.py", CUDA);
    assert_eq!(editor.rules("app.py", Some(1)), [""; 0]);
    editor.write("helper.py", HELPER);
    let change = json!({ "uri": editor.uri("helper.py"), "type": 2 });
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [change] }));
    assert_eq!(editor.rules("helper.py", None), ["cuda-before-spaces"]);
    // An editor that tells of nothing saves, at least.
    editor.write("helper.py", "");
    let saved = json!({ "textDocument": { "uri": editor.uri("app.py") } });
    editor.tell("textDocument/didSave", saved);
    assert_eq!(editor.rules("helper.py", None), [""; 0]);
}

#[test]
fn a_name_with_anything_in_it_goes_both_ways() {
    let folder = "a b/100%/%41 é漢😀 #?&+[x]";
    let (card, app, helper) =
        (format!("{folder}/README.md"), format!("{folder}/app.py"), format!("{folder}/helper.py"));
    let mut editor = Editor::over(&[(&card, CARD), (&app, CUDA), (&helper, HELPER)]);
    editor.open(&app, CUDA);
    assert_eq!(editor.rules(&app, Some(1)), [""; 0]);
    assert_eq!(editor.rules(&helper, None), ["cuda-before-spaces"]);
    // An editor's own spelling is kept.
    let uri = editor.uri(&helper).replace("%20", " ");
    let text = json!({ "uri": uri, "languageId": "python", "version": 7, "text": HELPER });
    editor.tell("textDocument/didOpen", json!({ "textDocument": text }));
    let told = editor.told("textDocument/publishDiagnostics", |told| told["uri"] == uri.as_str());
    assert_eq!(
        (&told["version"], &told["diagnostics"][0]["code"]),
        (&json!(7), &json!("cuda-before-spaces"))
    );
}

#[test]
fn a_text_that_is_open_is_decoded_already() {
    let mut editor = Editor::over(&[("README.md", CARD), ("app.py", "")]);
    editor.open("app.py", "# coding: latin-1\nx = 'é'; import gradio  # spacelint: ignore[a]\n");
    let found = editor.diagnostics("app.py", Some(1));
    assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": 44 }));
}

#[test]
fn a_space_within_a_space_is_spoken_of_by_both() {
    let files = [
        ("README.md", CARD),
        ("app.py", "import demo.app\n"),
        ("demo/README.md", CARD),
        ("demo/app.py", APP),
    ];
    let mut editor = Editor::over(&files);
    editor.open("app.py", "import demo.app\n");
    assert_eq!(editor.rules("demo/app.py", None), ["unused-ignore"]);
    // Both find the same, which is shown once, and stays while one of them has it.
    editor.open("demo/app.py", APP);
    assert_eq!(editor.rules("demo/app.py", Some(1)), ["unused-ignore"]);
    editor.replace("demo/app.py", 2, "import gradio\n");
    while !editor.rules("demo/app.py", Some(2)).is_empty() {}
    editor.replace("demo/app.py", 3, APP);
    editor.close("app.py");
    assert_eq!(editor.rules("demo/app.py", Some(3)), ["unused-ignore"]);
}
