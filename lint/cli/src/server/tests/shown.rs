//! Pages where the mouse rests.

use serde_json::{Value, json};

use super::editor::{APP, CARD, CUDA, Editor, HELPER};

#[test]
fn a_finding_shows_its_page() {
    let mut editor = Editor::over(&[("README.md", CARD), ("app.py", CUDA), ("helper.py", HELPER)]);
    editor.open("helper.py", HELPER);
    let hover = editor.hover("helper.py", 1, 12);
    assert_eq!(hover["contents"]["kind"], "markdown");
    let page = hover["contents"]["value"].as_str().expect("a page");
    assert!(page.starts_with("# [cuda-before-spaces](https://"), "{page}");
    assert!(page.contains("*error, zerogpu, safe fix, since 0.1.0*"), "{page}");
    assert!(page.contains("## What happens") && page.contains("`app.py`:\n\n```"), "{page}");
    assert_eq!(hover["range"]["start"], json!({ "line": 1, "character": 9 }));
    assert_eq!(editor.hover("helper.py", 0, 0), Value::Null);
}

#[test]
fn a_name_in_a_comment_shows_its_page() {
    let card = CARD.replace("title: A Space", "title: A Space  # spacelint: ignore[idle-card-key]");
    let mut editor = Editor::over(&[("README.md", &card), ("app.py", "")]);
    let app = "import gradio  # spacelint: ignore[long-duration, no-such-rule]\n";
    editor.open("app.py", app);
    editor.open("README.md", &card);
    let mut title = |path: &str, line, character| -> Option<String> {
        let hover = editor.hover(path, line, character);
        let page = hover["contents"]["value"].as_str()?.to_owned();
        Some(page.split(['[', ']']).nth(1).expect("a title").to_owned())
    };
    assert_eq!(title("app.py", 0, 40).as_deref(), Some("long-duration"));
    assert_eq!(title("README.md", 1, 48).as_deref(), Some("idle-card-key"));
    // What is no rule has no page, but that it is none has one.
    assert_eq!(title("app.py", 0, 55).as_deref(), Some("unused-ignore"));
    assert_eq!(title("app.py", 0, 3), None);
}

#[test]
fn an_editor_without_markdown_is_shown_text() {
    let mut editor = Editor::with(&json!({}), &[("README.md", CARD), ("app.py", APP)]);
    editor.open("app.py", APP);
    let hover = editor.hover("app.py", 0, 40);
    assert_eq!(hover["contents"]["kind"], "plaintext");
    let page = hover["contents"]["value"].as_str().expect("a page");
    assert!(page.starts_with("unused-ignore\n"), "{page}");
}
