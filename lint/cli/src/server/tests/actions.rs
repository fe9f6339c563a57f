//! What can be done about a finding, and what the texts then are.

use serde_json::{Value, json};

use super::editor::{APP, CARD, CUDA, Editor, HELPER, edited, everything, titled};

/// An editor with `app.py` open, in which `text` stands.
fn editor(text: &str) -> Editor {
    let editor = Editor::over(&[("README.md", CARD), ("app.py", ""), ("helper.py", HELPER)]);
    editor.open("app.py", text);
    editor
}

#[test]
fn a_safe_fix_is_preferred_and_mends() {
    let files = [("README.md", CARD), ("app.py", CUDA), ("helper.py", HELPER)];
    let mut editor = Editor::over(&files);
    editor.open("helper.py", HELPER);
    assert_eq!(editor.rules("helper.py", Some(1)), ["cuda-before-spaces"]);
    let actions = editor.actions("helper.py", (1, 12), None);
    let fix = titled(&actions, "Move `import spaces` to the top");
    assert_eq!((&fix["kind"], &fix["isPreferred"]), (&json!("quickfix"), &json!(true)));
    assert_eq!(fix["diagnostics"][0]["code"], "cuda-before-spaces");
    // It changes a file that is not open.
    let change = &fix["edit"]["documentChanges"][0]["textDocument"];
    assert_eq!(*change, json!({ "uri": editor.uri("app.py"), "version": null }));
    let mended = edited(CUDA, fix, &editor.uri("app.py"));
    assert!(mended.starts_with("import spaces\nimport helper\n"), "{mended}");
    editor.open("app.py", &mended);
    assert_eq!(editor.rules("helper.py", Some(1)), [""; 0]);
    assert_eq!(editor.actions("helper.py", (1, 12), None), [Value::Null; 0]);
}

#[test]
fn a_fix_to_look_at_says_so_and_is_not_preferred() {
    let text = "import spaces, gradio\n\n@spaces.GPU(durations=30)\ndef f(x):\n    return x\n\ngradio.Interface(f, 'text', 'text').launch()\n";
    let mut editor = editor(text);
    let actions = editor.actions("app.py", (2, 14), Some("quickfix"));
    let fix = actions.iter().find(|action| {
        action["diagnostics"][0]["code"] == "unknown-gpu-argument"
            && action["title"]
                .as_str()
                .is_some_and(|title| title.ends_with(" (unsafe: look at it)"))
    });
    let fix = fix.unwrap_or_else(|| panic!("{actions:#?}"));
    assert!(fix.get("isPreferred").is_none());
}

#[test]
fn ignoring_adds_a_comment_or_a_name_to_it() {
    let text = "import gradio\nx = (\n  1)  # spacelint: ignore[nothing]\n";
    let mut editor = editor(text);
    let uri = editor.uri("app.py");
    let actions = editor.actions("app.py", (2, 28), Some("quickfix"));
    let ignore = titled(&actions, "Ignore `unused-ignore` here");
    assert_eq!(ignore["edit"]["documentChanges"][0]["textDocument"]["version"], 1);
    let silenced = edited(text, ignore, &uri);
    assert_eq!(silenced, text.replace("nothing", "nothing, unused-ignore"));
    editor.replace("app.py", 2, &silenced);
    assert_eq!(editor.rules("app.py", Some(2)), [""; 0]);

    let (app, helper) = (editor.uri("app.py"), editor.uri("helper.py"));
    editor.replace("app.py", 3, CUDA);
    let helper_text = HELPER.replace('\n', "\r\n");
    editor.open("helper.py", &helper_text);
    let actions = editor.actions("helper.py", (1, 12), Some("quickfix"));
    let silenced =
        edited(&helper_text, titled(&actions, "Ignore `cuda-before-spaces` here"), &helper);
    assert_eq!(silenced, helper_text.replace("()", "()  # spacelint: ignore[cuda-before-spaces]"));
    editor.replace("helper.py", 2, &silenced);
    assert_eq!(editor.rules("helper.py", Some(2)), [""; 0]);
    assert_ne!(app, helper);
}

#[test]
fn a_rule_can_be_read_about() {
    let mut editor = editor(APP);
    let actions = editor.actions("app.py", (0, 40), Some("quickfix"));
    let command = titled(&actions, "Read about `unused-ignore`")["command"].clone();
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(editor.ask("workspace/executeCommand", params), Value::Null);
    let shown = editor.told("window/showDocument", |_| true);
    assert_eq!(shown["external"], true);
    assert!(
        shown["uri"].as_str().is_some_and(|uri| uri.ends_with("/unused-ignore.html")),
        "{shown}"
    );
    let id = editor.begin("workspace/executeCommand", json!({ "command": "rm" }));
    assert_eq!(editor.answer(&id).map_err(|(code, _)| code), Err(-32602));
}

#[test]
fn every_safe_fix_of_a_file_is_one_action_that_is_made_when_it_is_chosen() {
    let text =
        "import os  # spacelint: ignore[a]\r\nimport gradio\r\nx = 1  # spacelint: ignore[b]";
    let mut editor = editor(text);
    let uri = editor.uri("app.py");
    let actions = editor.actions("app.py", (1, 0), None);
    let [all] = &actions[..] else { panic!("{actions:#?}") };
    assert_eq!((&all["kind"], all.get("edit")), (&json!("source.fixAll.spacelint"), None));
    let all = editor.ask("codeAction/resolve", all.clone());
    let edits = all["edit"]["documentChanges"][0]["edits"].as_array().expect("edits").len();
    assert_eq!(edits, 2, "what is between stays untouched");
    assert_eq!(edited(text, &all, &uri), "import os\r\nimport gradio\r\nx = 1");
    for (only, count) in [("source.fixAll", 1), ("source.organizeImports", 0), ("quickfix", 0)] {
        assert_eq!(editor.actions("app.py", (1, 0), Some(only)).len(), count, "{only}");
    }
    editor.replace("app.py", 2, "import gradio\n");
    assert_eq!(editor.actions("app.py", (0, 0), None), [Value::Null; 0]);
}

#[test]
fn an_editor_that_does_not_ask_again_gets_every_safe_fix_at_once() {
    let mut capabilities = everything();
    capabilities["textDocument"]["codeAction"] = json!({});
    capabilities["workspace"]["workspaceEdit"] = json!({});
    capabilities["window"] = json!({});
    let mut editor = Editor::with(&capabilities, &[("README.md", CARD), ("app.py", "")]);
    editor.open("app.py", APP);
    let actions = editor.actions("app.py", (0, 40), None);
    let titles: Vec<_> = actions.iter().filter_map(|action| action["title"].as_str()).collect();
    assert_eq!(titles.len(), 3, "{titles:?}");
    let all = titled(&actions, "Apply every safe fix of spacelint in this file");
    assert_eq!(edited(APP, all, &editor.uri("app.py")), "import gradio\n");
}

#[test]
fn a_fix_of_another_file_is_no_fix_of_this_one() {
    let mut editor = editor(CUDA);
    editor.open("helper.py", HELPER);
    let actions = editor.actions("helper.py", (1, 12), None);
    assert!(actions.iter().all(|action| action["kind"] == "quickfix"), "{actions:#?}");
    // It is one of the file that it changes.
    let actions = editor.actions("app.py", (0, 0), Some("source.fixAll.spacelint"));
    let all = editor.ask("codeAction/resolve", actions[0].clone());
    let mended = edited(CUDA, &all, &editor.uri("app.py"));
    assert!(mended.starts_with("import spaces\nimport helper\n"), "{mended}");
}

/// An editor's text is decoded already: what it says of its own bytes counts for nothing.
#[test]
fn a_text_is_mended_whatever_it_says_of_its_encoding() {
    for first in ["\u{feff}", "# coding: latin-1\nname = 'é'\n"] {
        let text = format!("{first}x = 1  # spacelint: ignore[nothing]\n");
        let mut editor = editor(&text);
        let line = text.matches('\n').count() as u32 - 1;
        let actions = editor.actions("app.py", (line, 30), Some("quickfix"));
        assert!(!actions.is_empty(), "{first:?}");
        let actions = editor.actions("app.py", (line, 30), Some("source.fixAll"));
        assert_eq!(actions.len(), 1, "{first:?}: {actions:#?}");
    }
}
