//! Baselines, settings and reports in files, through the real command.

use crate::support::{APP, CARD, Ran, check, folder, run, write};

/// Two comments that silence nothing, each a finding.
const TWO: &str =
    "import gradio  # spacelint: ignore[no-such-rule]\nx = 1  # spacelint: ignore[no-such-rule]\n";

const BASELINE: [&str; 2] = ["--baseline", "known.json"];
const UPDATE: [&str; 3] = ["--baseline", "known.json", "--update-baseline"];

fn entries(ran: &Ran, folder: &std::path::Path) -> usize {
    assert_ne!(ran.status, 2, "{}", ran.stderr);
    let text = std::fs::read_to_string(folder.join("known.json")).expect("it was written");
    let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    value["findings"].as_array().expect("a list").len()
}

#[test]
fn a_baseline_leaves_out_what_it_knows_and_only_shrinks() {
    let space = folder(&[("README.md", CARD), ("app.py", TWO)]);
    let path = space.path();
    let ran = check(path, &BASELINE);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("--update-baseline"), "{}", ran.stderr);

    let ran = check(path, &UPDATE);
    assert_eq!((ran.status, entries(&ran, path)), (0, 2), "{}", ran.stdout);

    // What is known stays known when it moves; what is new is reported and never let in.
    write(path, "app.py", &format!("import os\n\n{TWO}y = 2  # spacelint: ignore[no-such-rule]\n"));
    let ran = check(path, &[&BASELINE[..], &["--format", "concise"]].concat());
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.starts_with("app.py:5:"), "{}", ran.stdout);
    let ran = check(path, &UPDATE);
    assert_eq!((ran.status, entries(&ran, path)), (1, 2), "{}", ran.stdout);

    // What is gone is told, and taken out when asked.
    write(path, "app.py", "import gradio  # spacelint: ignore[no-such-rule]\n");
    let ran = check(path, &BASELINE);
    assert_eq!((ran.status, entries(&ran, path)), (0, 2));
    assert!(ran.stderr.contains("1 finding in the baseline is gone"), "{}", ran.stderr);
    let ran = check(path, &UPDATE);
    assert_eq!((ran.status, entries(&ran, path)), (0, 1));
    write(path, "app.py", TWO);
    assert_eq!(check(path, &BASELINE).status, 1);
}

#[test]
fn a_baseline_of_many_spaces_judges_only_those_that_were_checked() {
    let spaces = folder(&[
        ("one/README.md", CARD),
        ("one/app.py", APP),
        ("two/README.md", CARD),
        ("two/app.py", APP),
    ]);
    let path = spaces.path();
    let ran = check(path, &UPDATE);
    assert_eq!(entries(&ran, path), 2);
    write(path, "one/app.py", "import gradio\n");
    let ran = check(path, &[&["two"], &UPDATE[..]].concat());
    assert_eq!(entries(&ran, path), 2);
    let ran = check(path, &[&["one"], &UPDATE[..]].concat());
    assert_eq!(entries(&ran, path), 1);
    // Wherever one stands, the paths in it are from its own folder.
    let ran = check(&path.join("two"), &["--baseline", "../known.json"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}

#[test]
fn what_is_no_baseline_is_refused_and_left_alone() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    for text in ["", "{}", "[]", "{\"schema\": 9, \"findings\": []}"] {
        write(space.path(), "known.json", text);
        let ran = check(space.path(), &UPDATE);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("known.json"), "{}", ran.stderr);
        let after = std::fs::read_to_string(space.path().join("known.json")).expect("it is there");
        assert_eq!(after, text);
    }
    std::fs::remove_file(space.path().join("known.json")).expect("it was there");
    let ran = check(space.path(), &[&[".", "nowhere"], &UPDATE[..]].concat());
    assert_eq!(ran.status, 2);
    assert!(!space.path().join("known.json").exists(), "an incomplete run begins no baseline");
}

#[test]
fn settings_select_and_set_what_fails_and_the_command_line_outweighs_them() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let path = space.path();
    let status = |arguments: &[&str]| run(path, &[&["check"], arguments].concat()).status;
    let info = ["--select", "unused-ignore"];
    assert_eq!(status(&info), 0);
    for (file, lines) in [
        ("spacelint.toml", "fail-on = \"info\"\nselect = [\"unused-ignore\"]\n"),
        ("pyproject.toml", "[tool.spacelint]\nfail-on = \"info\"\nselect = [\"unused-ignore\"]\n"),
    ] {
        write(path, file, lines);
        assert_eq!(status(&[]), 1, "{file}");
        assert_eq!(status(&["--fail-on", "warning"]), 0, "{file}");
        assert_eq!(status(&["--ignore", "unused-ignore"]), 0, "{file}");
        std::fs::remove_file(path.join(file)).expect("it was written");
    }
    write(path, "spacelint.toml", "select = [\"files\"]\nhardware = \"a gpu\"\n");
    let ran = run(path, &["check", "--format", "json"]);
    assert_eq!(ran.rules(), ["unused-ignore", "invalid-settings"]);
}

#[test]
fn hardware_in_the_settings_outweighs_what_the_program_shows() {
    let app = "import torch\ntorch.cuda.is_available()\nimport spaces\n";
    let space = folder(&[("README.md", CARD), ("app.py", app)]);
    let check = || run(space.path(), &["check", "--select", "cuda-before-spaces"]).status;
    assert_eq!(check(), 1);
    write(space.path(), "spacelint.toml", "hardware = \"a10g-small\"\n");
    assert_eq!(check(), 0);
    write(space.path(), "spacelint.toml", "hardware = \"zero-a10g\"\n");
    assert_eq!(check(), 1);
}

#[test]
fn one_run_writes_several_reports() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let path = space.path();
    let sarif = ["--output", "sarif:a.sarif", "--output", "markdown:a.md", "--format", "github"];
    let ran = check(path, &sarif);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    assert!(ran.stdout.starts_with("::notice file=app.py,line=1"), "{}", ran.stdout);
    let read = |name: &str| std::fs::read_to_string(path.join(name)).expect("it was written");
    let value: serde_json::Value = serde_json::from_str(&read("a.sarif")).expect("it is JSON");
    assert_eq!(value["runs"][0]["results"][0]["ruleId"], "unused-ignore");
    assert_eq!(value["runs"][0]["tool"]["driver"]["rules"][0]["id"], "unused-ignore");
    assert!(read("a.md").contains("| info |"));

    let ran = check(path, &["--output", "sarif:nowhere/a.sarif", "--color", "always"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("cannot write the report to `nowhere/a.sarif`"), "{}", ran.stderr);
    assert!(ran.stdout.contains("unused-ignore"), "the rest is printed");
    check(path, &["--output", "human:a.txt", "--color", "always"]);
    assert!(!read("a.txt").contains('\u{1b}'), "a file has no colour");
}

/// A link in a stranger's repository leads where it likes.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let outside = folder(&[("kept.txt", "kept")]);
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let path = space.path();
    let kept = outside.path().join("kept.txt");
    for name in ["a.sarif", "known.json"] {
        symlink(&kept, path.join(name)).expect("linked");
    }
    let ran = check(path, &["--output", "sarif:a.sarif"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    std::fs::remove_file(path.join("known.json")).expect("it was there");
    check(path, &UPDATE);
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "kept");
    for name in ["a.sarif", "known.json"] {
        let found = std::fs::symlink_metadata(path.join(name)).expect("it was written");
        assert!(found.is_file());
        assert_eq!(found.permissions().mode() & 0o444, 0o444, "others may read it");
    }
    // What is no file is written where it stands.
    let ran = check(path, &["--output", "concise:/dev/stderr", "--quiet"]);
    assert!(ran.stderr.contains("unused-ignore"), "{}", ran.stderr);

    std::fs::create_dir(path.join(".git")).expect("made");
    write(path, ".git/config", "url = https://github.com/a/b\n");
    symlink(outside.path(), path.join(".github")).expect("linked");
    let ran = run(path, &["init"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("leads out of the Space"), "{}", ran.stderr);
    assert!(!outside.path().join("workflows").exists());
}

#[test]
fn what_was_not_looked_at_is_not_gone() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let path = space.path();
    check(path, &UPDATE);
    std::fs::File::create(path.join("app.py"))
        .and_then(|file| file.set_len(spacelint_space::MAX_FILE_BYTES + 1))
        .expect("a sparse file can be made");
    let ran = check(path, &BASELINE);
    assert_eq!(ran.status, 2);
    assert!(!ran.stderr.contains("gone"), "{}", ran.stderr);
}
