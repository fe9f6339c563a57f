//! `spacelint check` through the real command, in folders made for each case.

use std::process::Stdio;

use crate::support::{APP, CARD, CHECK, check, command, folder, run, write};

const SUMMARY_KEYS: [&str; 6] = ["errors", "files", "fixable", "infos", "spaces", "warnings"];

#[test]
fn a_clean_space_ends_with_one_friendly_line() {
    let space = folder(&[("README.md", CARD), ("app.py", "import gradio\n")]);
    let ran = check(space.path(), &[]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("No problems found in 1 Space ("), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 1);
    assert_eq!(check(space.path(), &["--quiet"]).stdout, "");
}

#[test]
fn the_status_does_not_depend_on_the_format() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    for (arguments, status) in
        [(&[][..], 1), (&["--ignore", "unused-ignore"], 0), (&[".", "nowhere"], 2)]
    {
        for format in ["human", "json"] {
            let ran = check(space.path(), &[arguments, &["--format", format]].concat());
            assert_eq!(ran.status, status, "{arguments:?} {format}: {}{}", ran.stdout, ran.stderr);
        }
    }
    let ran = run(space.path(), &["check", "--select", "unused-ignore"]);
    assert_eq!(ran.status, 0, "what is worth knowing never fails a run: {}", ran.stdout);
}

#[test]
fn json_has_the_shape_that_programs_were_promised() {
    let space = folder(&[("demo/README.md", CARD), ("demo/app.py", APP)]);
    let ran = check(space.path(), &["demo", "--format", "json"]);
    let json = ran.json();
    assert_eq!(json["schema"], 1);
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let object = value.as_object().expect("an object");
        let mut keys: Vec<String> = object.keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&json), ["diagnostics", "schema", "summary"]);
    assert_eq!(keys(&json["summary"]), SUMMARY_KEYS);
    let one = &json["diagnostics"][0];
    assert_eq!(
        keys(one),
        [
            "certainty",
            "end",
            "fix",
            "help",
            "message",
            "path",
            "related",
            "rule",
            "severity",
            "start",
            "url"
        ]
    );
    assert_eq!(one["rule"], "unused-ignore");
    assert_eq!(one["path"], "demo/app.py");
    assert_eq!(one["start"]["line"], 1);
    assert_eq!(keys(&one["start"]), ["column", "line", "offset"]);
    let url = one["url"].as_str().expect("a link");
    assert!(url.ends_with("/rules/unused-ignore.html"), "{url}");
}

#[test]
fn an_incomplete_run_still_checks_and_prints_the_rest() {
    let spaces = folder(&[("demo/README.md", CARD), ("demo/app.py", APP)]);
    let ran = check(spaces.path(), &["nowhere", "demo", "--format", "json"]);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.rules(), ["unused-ignore"]);
    assert!(ran.stderr.contains("`nowhere` does not exist"), "{}", ran.stderr);
}

#[test]
fn a_file_over_the_limit_is_not_read_and_the_rest_is() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    // A sparse file takes no room.
    let file = std::fs::File::create(space.path().join("requirements.txt")).expect("made");
    file.set_len(spacelint_space::MAX_FILE_BYTES + 1).expect("a sparse file can be made");
    let ran = check(space.path(), &["--format", "json"]);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.rules(), ["unused-ignore"]);
    assert!(ran.stderr.contains("requirements.txt"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_named_and_the_rest_is_checked() {
    let space = folder(&[("demo/README.md", CARD), ("demo/app.py", APP)]);
    // A link to itself cannot be read by anybody, root included.
    let link = space.path().join("demo/requirements.txt");
    std::os::unix::fs::symlink("requirements.txt", link).expect("linked");
    let ran = check(space.path(), &["demo", "--format", "json"]);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.rules(), ["unused-ignore"]);
    assert!(ran.stderr.contains("`demo/requirements.txt`"), "{}", ran.stderr);
}

#[test]
fn an_empty_file_is_an_answer_and_not_an_accident() {
    let space = folder(&[("README.md", CARD), ("app.py", ""), ("requirements.txt", "")]);
    let ran = check(space.path(), &[]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let space = folder(&[("README.md", ""), ("app.py", APP)]);
    let ran = check(space.path(), &["--format", "json"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
    assert_eq!(ran.rules(), ["unused-ignore"]);
}

#[test]
fn many_spaces_are_reported_in_order() {
    let spaces = folder(&[]);
    // More than are checked one after the other, and more than one batch.
    for index in 0..150 {
        write(spaces.path(), &format!("s{index:03}/README.md"), CARD);
        write(spaces.path(), &format!("s{index:03}/app.py"), APP);
    }
    let ran = check(spaces.path(), &["--format", "json"]);
    let json = ran.json();
    assert_eq!(json["summary"]["spaces"], 150);
    let diagnostics = json["diagnostics"].as_array().expect("a list");
    let paths: Vec<&str> = diagnostics.iter().filter_map(|one| one["path"].as_str()).collect();
    assert_eq!(paths.len(), 150);
    assert!(paths.is_sorted());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let mut child = command(space.path(), &CHECK)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_an_incomplete_run() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("there is one");
    let output = command(space.path(), &CHECK).stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("cannot write to standard output"), "{stderr}");
}

#[test]
fn colour_comes_when_it_is_asked_for() {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let colored = |arguments: &[&str], env: &[(&str, &str)]| {
        let mut command = command(space.path(), &[&CHECK[..], arguments].concat());
        let output = command.envs(env.iter().copied()).output().expect("it runs");
        output.stdout.contains(&0x1b)
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(colored(&[], &[("FORCE_COLOR", "1")]));
    assert!(!colored(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&["--format", "json", "--color", "always"], &[]));
}

#[cfg(unix)]
#[test]
fn a_name_made_to_be_obeyed_is_spelled_out() {
    let name = "a\n::error::b\u{1b}[31m";
    let (card, app) = (format!("{name}/README.md"), format!("{name}/app.py"));
    let space = folder(&[(&card, CARD), (&app, APP)]);
    for arguments in [
        &[][..],
        &["--format", "json"],
        &["--diff"],
        &["gone\n::error::x"],
        &["--fail-on", "x\n::error::y\u{1b}[31m"],
        &["--x\n::error::y"],
    ] {
        let ran = check(space.path(), arguments);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains('\u{1b}'), "{text}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        }
        assert_ne!(ran.status, 0);
    }
}

/// Whatever is asked, of whatever Space.
#[test]
fn no_command_prints_a_token() {
    // In pieces, so that no scanner takes this file for one that leaks.
    let secret = "QzXwVbNmKjHgFdSaPoIuYtReWqLkJhGfDs";
    let app = "import os, gradio as gr\nfrom gradio_client import Client\n\
               client = Client('a/b', hf_token='T!')\nos.system('pip install --token T! x')\n\
               key = os.environ.get('KEY', 'T!') # spacelint: ignore[T!]\nimport spaces\n\
               @spaces.GPU(duration=900, enable_queue=True, T!='T!')\ndef f(x='T!'): ...\n\
               gr.Interface(f, 'text', 'T!').launch()\n";
    let requirements = "git+https://u:T!@github.com/a/b # T!\ngradio==4.0 # T!\nT!\n";
    let card = "---\nsdk: gradio\nsdk_version: 5.0.0\nT!: T!\ntitle: T!\nhf_oauht: T!\n---\nT!\n";
    let with = |text: &str| text.replace("T!", &format!("hf_{secret}"));
    let space = folder(&[
        ("README.md", &with(card)),
        ("app.py", &with(app)),
        ("requirements.txt", &with(requirements)),
        (".env", &with("A=T!\n")),
        (
            "log.txt",
            &with(
                "$ pip freeze\ngradio==4.0\nb @ git+https://u:T!@github.com/a/b\n\
                 c @ https://T!@example.org/c.zip\nd @ https://example.org/T!/d.zip\n",
            ),
        ),
        ("stale.txt", &with("ERROR: T!\n")),
    ]);
    for arguments in [
        &["check"][..],
        &["check", "--strict"],
        &["check", "--strict", "--format", "json"],
        &["check", "--strict", "--format", "jsonl"],
        &["check", "--strict", "--format", "concise"],
        &["check", "--strict", "--format", "sarif"],
        &["check", "--strict", "--format", "github"],
        &["check", "--strict", "--format", "gitlab"],
        &["check", "--strict", "--format", "junit"],
        &["check", "--strict", "--format", "rdjson"],
        &["check", "--strict", "--format", "markdown"],
        &["check", "--add-ignore", "--diff"],
        &["check", "--unsafe-fixes", "--diff"],
        &["trace"],
        &["trace", "--format", "json"],
        &["secrets"],
        &["secrets", "--format", "json"],
        &["secrets", "--format", "markdown"],
        &["secrets", "--format", "env"],
        &["lock", "--log", "log.txt", "--diff"],
        &["lock", "--log", "stale.txt", "--diff"],
        &["quota"],
        &["quota", "--format", "json"],
    ] {
        let ran = run(space.path(), arguments);
        for shown in [&ran.stdout, &ran.stderr] {
            let part = (0..secret.len() - 7).map(|at| &secret[at..at + 8]);
            let leaks = part.filter(|part| shown.contains(part)).count();
            assert_eq!(leaks, 0, "{arguments:?}: {shown}");
        }
    }
    let found = run(space.path(), &["check", "--select", "hard-coded-token", "--format", "json"]);
    assert!(found.rules().len() > 10, "{}", found.stdout);
}
