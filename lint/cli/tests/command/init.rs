//! `spacelint init` and `spacelint check --add-ignore`: what they write, and what they leave alone.

use std::path::Path;

use crate::support::{CARD, folder, run, write};

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).expect("it was written")
}

#[test]
fn what_a_repository_has_use_for_is_written_once() {
    let space = folder(&[("README.md", CARD), ("app.py", "import gradio\n")]);
    let path = space.path();
    let ran = run(path, &["init"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(!path.join(".pre-commit-config.yaml").exists(), "no git repository, no hook");

    write(path, ".git/config", "[remote \"origin\"]\n\turl = https://github.com/a/b\n");
    write(path, "spacelint.toml", "strict = true\n");
    let ran = run(path, &["init"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_eq!(read(path, "spacelint.toml"), "strict = true\n", "what is there is kept");
    assert!(read(path, ".pre-commit-config.yaml").contains("- id: spacelint\n"));
    assert!(read(path, ".github/workflows/spacelint.yml").starts_with("# Checks a Space"));

    write(path, ".pre-commit-config.yaml", "repos: []\n");
    let ran = run(path, &["init"]);
    assert_eq!(read(path, ".pre-commit-config.yaml"), "repos: []\n");
    assert!(ran.stdout.contains("add to its `repos`"), "{}", ran.stdout);
}

#[test]
fn every_setting_that_is_offered_is_one() {
    let space = folder(&[("README.md", CARD), ("app.py", "import gradio\n")]);
    assert_eq!(run(space.path(), &["init"]).status, 0);
    let offered = read(space.path(), "spacelint.toml").replace("\n# ", "\n");
    assert_eq!(offered.matches(" = ").count(), 5);
    write(space.path(), "spacelint.toml", &offered);
    let ran = run(space.path(), &["check", "--select", "invalid-settings", "--format", "json"]);
    assert_eq!(ran.rules(), Vec::<String>::new());
}

#[test]
fn one_space_is_asked_for() {
    let spaces = folder(&[("a/README.md", CARD), ("b/README.md", CARD)]);
    let ran = run(spaces.path(), &["init"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("more than one Space"), "{}", ran.stderr);
    let nothing = folder(&[]);
    assert_eq!(run(nothing.path(), &["init"]).status, 2);
    assert_eq!(std::fs::read_dir(nothing.path()).expect("it is there").count(), 0);
}

/// Copies the files below `from`.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("it can be made");
    for entry in std::fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        if entry.file_type().expect("it has one").is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("it can be copied");
        }
    }
}

#[test]
fn what_is_ignored_is_found_no_more_in_any_space_of_testdata() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/spaces");
    let copies = folder(&[]);
    copy(&testdata, copies.path());
    let check = |more: &[&str]| {
        run(copies.path(), &[&["check", "--fail-on", "info", "--format", "json"], more].concat())
    };
    let before = check(&[]);
    let added = check(&["--add-ignore"]);
    assert_ne!(added.status, 2, "{}", added.stderr);
    let after = check(&[]);
    assert_eq!(after.rules(), added.rules());
    // What is left stands where no comment can: before a card, or in a card that is none.
    let no_place = ["missing-card", "broken-card", "undecodable-file"];
    assert!(after.rules().iter().all(|rule| no_place.contains(&rule.as_str())), "{}", after.stdout);
    assert!(before.rules().len() > after.rules().len() + 50);
    let diff = run(copies.path(), &["check", "--fail-on", "info", "--add-ignore", "--diff"]);
    assert_eq!(diff.stdout, "", "a second run changes nothing");
}
