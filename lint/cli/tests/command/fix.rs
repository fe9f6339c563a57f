//! `--fix`, `--unsafe-fixes` and `--diff` through the real command.

use crate::support::{APP, CARD, check, folder};

#[test]
fn fixing_changes_the_file_and_what_remains_decides() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    assert_eq!(check(space.path(), &[]).status, 1);
    let ran = check(space.path(), &["--fix"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert!(ran.stdout.starts_with("1 fix made. No problems left"), "{}", ran.stdout);
    let text = std::fs::read_to_string(space.path().join("app.py")).expect("it is there");
    assert_eq!(text, "import gradio\n");
    assert_eq!(check(space.path(), &[]).status, 0);
}

#[test]
fn a_diff_changes_nothing() {
    let space = folder(&[("demo/README.md", CARD), ("demo/app.py", APP)]);
    let ran = check(space.path(), &["--diff"]);
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.stdout,
        "--- a/demo/app.py\n+++ b/demo/app.py\n@@ -1 +1 @@\n-import gradio  # spacelint: ignore[no-such-rule]\n+import gradio\n"
    );
    assert_eq!(ran.stderr, "1 fix would be made for 1 finding; nothing was changed.\n");
    let text = std::fs::read_to_string(space.path().join("demo/app.py")).expect("it is there");
    assert_eq!(text, APP);
}
