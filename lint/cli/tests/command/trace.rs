//! `spacelint trace`.

use crate::support::{APP, CARD, folder, run};

#[test]
fn a_space_a_file_of_one_and_a_folder_of_many() {
    let folder = folder(&[
        ("one/README.md", CARD),
        ("one/app.py", APP),
        ("two/README.md", CARD),
        ("two/app.py", "import os\nos.getenv('NAME')\n"),
    ]);
    let one = run(folder.path(), &["trace", "one/app.py"]);
    assert_eq!((one.status, one.stderr.as_str()), (0, ""));
    assert!(one.stdout.starts_with("one\nFrom app.py: 1 file, 0 events"), "{}", one.stdout);
    let both = run(folder.path(), &["trace"]);
    assert_eq!(both.status, 0);
    assert!(both.stdout.contains("\n\ntwo\nFrom app.py: 1 file, 1 event,"), "{}", both.stdout);
    let json = run(folder.path(), &["trace", "--format", "json"]).json();
    assert_eq!(json["schema"], 1);
    let spaces = json["traces"].as_array().expect("traces are a list");
    let names: Vec<_> = spaces.iter().filter_map(|space| space["space"].as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(spaces[1]["events"][0]["path"], "two/app.py");
}

#[test]
fn many_spaces_come_in_order() {
    let names: Vec<String> = (0..200).map(|index| format!("space-{index:03}")).collect();
    let files: Vec<(String, &str)> = names
        .iter()
        .flat_map(|name| [(format!("{name}/README.md"), CARD), (format!("{name}/app.py"), APP)])
        .collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let folder = folder(&files);
    let json = run(folder.path(), &["trace", "--format", "json"]).json();
    let traces = json["traces"].as_array().expect("traces are a list");
    let spaces: Vec<_> = traces.iter().filter_map(|trace| trace["space"].as_str()).collect();
    assert_eq!(spaces, names);
}

#[test]
fn what_is_no_space_is_an_incomplete_run() {
    let folder = folder(&[("notes.txt", "")]);
    for format in ["human", "json"] {
        let ran = run(folder.path(), &["trace", "nowhere", "--format", format]);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("`nowhere` does not exist"), "{}", ran.stderr);
        let ran = run(folder.path(), &["trace", ".", "--format", format]);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("no Space at `.`"), "{}", ran.stderr);
    }
}

#[test]
fn a_program_that_is_not_there_is_said_and_is_no_failure() {
    let folder = folder(&[("README.md", CARD)]);
    let ran = run(folder.path(), &["trace"]);
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.contains("looked for `app.py`"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_makes_the_run_incomplete() {
    let folder = folder(&[("README.md", CARD), ("app.py", "import models\n")]);
    std::fs::create_dir(folder.path().join("outside")).expect("it can be made");
    std::os::unix::fs::symlink("/etc/hosts", folder.path().join("models.py")).expect("it can");
    let ran = run(folder.path(), &["trace"]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(
        ran.stderr.contains("models.py") && ran.stdout.contains("From app.py"),
        "{}",
        ran.stderr
    );
}
