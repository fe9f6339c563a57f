//! A text on standard input, as an editor's plugin hands it over.

use crate::support::{APP, CARD, CHECK, Ran, command, folder, run_with};

fn check(folder: &std::path::Path, arguments: &[&str], text: &str) -> Ran {
    run_with(folder, &[&CHECK[..], arguments].concat(), text.as_bytes())
}

#[test]
fn the_text_counts_and_the_rest_is_read_from_disk() {
    let space = folder(&[("README.md", CARD), ("app.py", "import gradio\n"), ("other.py", APP)]);
    let path = space.path().join("app.py");
    let path = path.to_str().expect("Unicode");
    // What is found in another file is not said.
    let text = "import other\nimport gradio  # spacelint: ignore[nothing]\n";
    for name in ["app.py", "./app.py", "nowhere/../app.py", path] {
        let ran = check(space.path(), &["-", "--stdin-filename", name, "--format", "json"], text);
        assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{name}");
        let found = &ran.json()["diagnostics"];
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!((&found[0]["path"], &found[0]["start"]["line"]), (&"app.py".into(), &2.into()));
    }
    let ran = check(space.path(), &["-", "--stdin-filename", "app.py"], "import other\n");
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    assert!(ran.stdout.starts_with("No problems found"), "{}", ran.stdout);
}

#[test]
fn it_may_stand_for_any_file_that_a_space_is_read_from_and_for_a_new_one() {
    let spaces = folder(&[("a/README.md", CARD), ("a/app.py", "import gradio\n"), ("b/x", "")]);
    let card = CARD.replace("A Space", "A Space  # spacelint: ignore[nothing]");
    let requirements = "gradio  # spacelint: ignore[nothing]\n";
    for (name, text) in [
        ("a/README.md", card.as_str()),
        ("a/requirements.txt", requirements),
        ("b/README.md", card.as_str()),
        ("b/app.py", APP),
    ] {
        let ran = check(spaces.path(), &["-", "--stdin-filename", name, "--format", "json"], text);
        assert_eq!(ran.rules(), ["unused-ignore"], "{name}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.json()["diagnostics"][0]["path"], name);
    }
}

#[test]
fn fixing_prints_the_text_and_changes_nothing() {
    let space = folder(&[("README.md", CARD), ("app.py", "import other\n"), ("other.py", APP)]);
    let arguments = ["-", "--stdin-filename", "app.py", "--fix"];
    let text = format!("\u{feff}import other\r\n{}\r", APP.trim_end()) + "\n";
    let ran = check(space.path(), &arguments, &text);
    assert_eq!(ran.stdout, "\u{feff}import other\r\nimport gradio\r\n");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("1 fix made. No problems left"), "{}", ran.stderr);
    for (path, text) in [("app.py", "import other\n"), ("other.py", APP)] {
        assert_eq!(std::fs::read_to_string(space.path().join(path)).expect("it is there"), text);
    }
    // What cannot be mended comes out as it went in, and is reported aside.
    let bytes = b"x = '\xff'  # spacelint: ignore[nothing]\n\x1b[0m";
    let arguments = [&CHECK[..], &["-", "--stdin-filename", "other.py", "--fix"]].concat();
    let mut command = command(space.path(), &arguments);
    let file = space.path().join("input");
    std::fs::write(&file, bytes).expect("written");
    command.stdin(std::fs::File::open(&file).expect("it is there"));
    let output = command.output().expect("it runs");
    assert_eq!(output.stdout, bytes);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("unused-ignore"), "{stderr}");
}

#[test]
fn a_diff_shows_what_would_change_in_the_text() {
    let space = folder(&[("README.md", CARD), ("app.py", "import other\n"), ("other.py", APP)]);
    let ran = check(space.path(), &["-", "--stdin-filename", "app.py", "--diff"], APP);
    assert_eq!(
        ran.stdout,
        "--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-import gradio  # spacelint: ignore[no-such-rule]\n+import gradio\n"
    );
    assert_eq!(ran.status, 1);
    assert_eq!(ran.stderr, "1 fix would be made for 1 finding; nothing was changed.\n");
}

#[test]
fn what_cannot_be_understood_says_what_would_be_right() {
    let spaces = folder(&[("a/README.md", CARD), ("a/app.py", APP), ("notes/x.py", "")]);
    for (arguments, said) in [
        (&["-"][..], "`-` is standard input; say with `--stdin-filename PATH` which file"),
        (&["a", "--stdin-filename", "a/app.py"], "name `-` as the path"),
        (&["--stdin-filename", "a/app.py"], "name `-` as the path"),
        (&["-", "a", "--stdin-filename", "a/app.py"], "name no other path beside it"),
        (&["-", "--stdin-filename", "notes/x.py"], "no Space at `"),
        (&["-", "--stdin-filename", "a"], "`a` is a folder"),
    ] {
        let ran = check(spaces.path(), arguments, APP);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}
