//! `--fix`, `--unsafe-fixes` and `--diff` through the real command.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{APP, CARD, check, folder, run};

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

/// With every rule, on every Space of testdata, as it is and with CRLF and a byte order mark.
#[test]
fn what_is_fixed_parses_keeps_its_lines_ends_and_is_fixed_once() {
    let spaces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/spaces");
    let work = tempfile::tempdir().expect("a temporary folder can be made");
    let mut fixed = 0;
    for (name, is_crlf) in ["lf", "crlf"].iter().zip([false, true]) {
        let root = work.path().join(name);
        for path in files(&spaces).iter().filter(|path| path.parent() != Some(&spaces)) {
            let bytes = std::fs::read(path).expect("it can be read");
            let bytes = if is_crlf { with_crlf(bytes) } else { bytes };
            let to = root.join(path.strip_prefix(&spaces).expect("it is below"));
            std::fs::create_dir_all(to.parent().expect("a file has a folder")).expect("it can be");
            std::fs::write(to, bytes).expect("it can be written");
        }
        let before = texts(&root);
        let arguments = ["check", "--strict", "--fix", "--unsafe-fixes", "."];
        let ran = run(&root, &arguments);
        assert!(ran.stderr.is_empty() && ran.status == 1, "{}", ran.stderr);
        let after = texts(&root);
        run(&root, &arguments);
        assert!(texts(&root) == after, "a second run changes something");
        for ((path, old), (_, new)) in before.iter().zip(&after).filter(|(old, new)| old != new) {
            fixed += 1;
            let lone = |text: &[u8]| text.windows(2).any(|two| two[1] == b'\n' && two[0] != b'\r');
            assert_eq!(lone(old), lone(new), "{}", path.display());
            assert_eq!(old.starts_with(MARK), new.starts_with(MARK), "{}", path.display());
        }
    }
    assert!(fixed > 20, "{fixed} files were fixed");
    let parse = "import ast, pathlib, sys\n\
                 for path in pathlib.Path(sys.argv[1]).rglob('*.py'): ast.parse(path.read_bytes(), path)";
    let parsed = Command::new("python3.11").args(["-c", parse]).arg(work.path()).output();
    let parsed = parsed.expect("Python 3.11 is installed");
    assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
}

const MARK: &[u8] = b"\xef\xbb\xbf";

fn with_crlf(bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            [MARK, text.replace('\n', "\r\n").as_bytes()].concat()
        }
        Err(other) => other.into_bytes(),
    }
}

/// All files below, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut all: Vec<PathBuf> = entries
        .flat_map(|entry| {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .collect();
    all.sort();
    all
}

fn texts(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("it can be read");
        (path, bytes)
    };
    files(folder).into_iter().map(read).collect()
}
