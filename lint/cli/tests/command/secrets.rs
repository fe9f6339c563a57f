//! `spacelint secrets`.

use std::io::Write;
use std::process::Stdio;

use crate::support::{CARD, Ran, command, folder, run};

/// A program that reads a secret and a variable, and could do with another secret.
const APP: &str = "import os\nTOKEN = os.environ['API_TOKEN']\nBASE = os.environ['BASE']\n\
                   OTHER = os.getenv('OTHER_TOKEN')\n";

/// What the Hub's API answers about a duplicate that has all of it, with values that nobody may see.
const SECRETS: &str =
    "{\"API_TOKEN\": {\"description\": null, \"updatedAt\": \"2026-11-01T10:00:00Z\"}}";
const VARIABLES: &str =
    "{\"BASE\": {\"value\": \"geheim\", \"updatedAt\": \"2026-11-01T10:00:00Z\"}}";

/// What `secrets --have -` makes of that on its standard input.
fn have(input: &str, arguments: &[&str]) -> Ran {
    let space = folder(&[("README.md", CARD), ("app.py", APP)]);
    let mut child = command(space.path(), &[&["secrets", "--have", "-"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut stdin = child.stdin.take().expect("it has a standard input");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    Ran {
        status: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("it prints UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("it prints UTF-8"),
    }
}

/// The state of each name, from JSON.
fn states(ran: &Ran) -> Vec<(String, String)> {
    let names = ran.json()["spaces"][0]["names"].as_array().expect("names are a list").clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("null").to_owned();
    names.iter().map(|name| (text(&name["name"]), text(&name["have"]))).collect()
}

#[test]
fn what_the_duplicate_has_is_compared_and_no_value_is_shown() {
    let both = format!("{SECRETS}\n{VARIABLES}");
    for format in ["table", "markdown", "env", "json"] {
        let all = have(&both, &["--format", format]);
        assert_eq!((all.status, all.stderr.as_str()), (0, ""), "{format}");
        let some = have(VARIABLES, &["--format", format]);
        assert_eq!(some.status, 1, "{format}");
        for ran in [all, some] {
            assert!(!ran.stdout.contains("geheim") && ran.stdout.contains("API_TOKEN"), "{format}");
        }
    }
    let pairs = |states: [&str; 3]| -> Vec<(String, String)> {
        let names = ["API_TOKEN", "BASE", "OTHER_TOKEN"];
        names.iter().zip(states).map(|(a, b)| ((*a).to_owned(), b.to_owned())).collect()
    };
    let json = ["--format", "json"];
    assert_eq!(states(&have(&both, &json)), pairs(["set", "set", "missing"]));
    assert_eq!(states(&have("[\"BASE\"]", &json)), pairs(["missing", "set", "missing"]));
    let public = "{\"secrets\": [\"OTHER_TOKEN\"], \"variables\": [\"API_TOKEN\", \"BASE\"]}";
    assert_eq!(states(&have(public, &json)), pairs(["public", "set", "set"]));
    let shown = have(public, &[]);
    assert!(shown.stdout.contains("public  "), "{}", shown.stdout);
}

#[test]
fn several_files_are_one() {
    let space =
        folder(&[("README.md", CARD), ("app.py", APP), ("s.json", SECRETS), ("v.json", VARIABLES)]);
    let ran = run(space.path(), &["secrets", "--have", "s.json", "--have", "v.json"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let ran = run(space.path(), &["secrets", "--have", "s.json", "--have", "none.json"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("spacelint: cannot read `none.json`: "), "{}", ran.stderr);
}

#[test]
fn what_is_no_answer_of_the_api_is_refused() {
    for input in
        ["", "API_TOKEN=geheim", "{\"error\": \"geheim\"}", "{\"API_TOKEN\": \"geheim\"}", "[1]"]
    {
        let ran = have(input, &[]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{input}");
        assert!(ran.stderr.starts_with("spacelint: standard input: "), "{}", ran.stderr);
        assert!(!ran.stderr.contains("geheim"), "{}", ran.stderr);
    }
}

#[test]
fn a_file_to_fill_in_holds_no_value() {
    let token = &format!("hf_{}", "QwErTyUiOpAsDfGhJkLzXcVbNmPlOkIjUh");
    let app = format!("{APP}os.environ['{token}']\nos.environ['A B\\n::error::x']\n");
    let space = folder(&[("README.md", CARD), ("app.py", &app)]);
    let ran = run(space.path(), &["secrets", "--format", "env"]);
    assert_eq!(ran.status, 0);
    for line in ran.stdout.lines() {
        assert!(line.is_empty() || line.starts_with('#') || line.ends_with('='), "{line:?}");
    }
    for format in ["table", "markdown", "env", "json"] {
        let ran = run(space.path(), &["secrets", "--format", format]);
        assert!(!ran.stdout.contains(token) && ran.stdout.contains("hf_***"), "{format}");
        assert!(!ran.stdout.contains("\n::error"), "{format}");
    }
}

#[test]
fn each_of_several_spaces_is_told() {
    let spaces = folder(&[
        ("one/README.md", CARD),
        ("one/app.py", APP),
        ("two/README.md", CARD),
        ("two/app.py", "x = 1\n"),
    ]);
    let ran = run(spaces.path(), &["secrets"]);
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.starts_with("one\nSecrets, "), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n\ntwo\nNothing is needed"), "{}", ran.stdout);
    let json = run(spaces.path(), &["secrets", "--format", "json"]).json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["spaces"][1]["space"], "two");
}
