//! The GitHub Action and the workflows that we offer: every script in them is run under plain bash, as a
//! runner would, with the runner's variables made up here. What comes from outside is hostile.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;
use tempfile::TempDir;

use crate::support::{APP, CARD, folder, write};

/// A step with a script.
struct Step {
    run: String,
    env: BTreeMap<String, String>,
}

/// What a step did.
struct Ran {
    status: i32,
    log: String,
    outputs: BTreeMap<String, String>,
}

/// A runner's job.
struct Job {
    home: TempDir,
    /// What stands behind `${{ … }}`.
    values: BTreeMap<String, String>,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn yaml(path: &str) -> Value {
    let text = std::fs::read_to_string(repository().join(path)).expect(path);
    serde_yaml::from_str(&text).expect(path)
}

/// The step `id` of `steps`.
fn step(steps: &Value, id: &str) -> Step {
    let steps = steps.as_sequence().expect("a list of steps");
    let step = steps.iter().find(|step| step["id"] == id).expect(id);
    let run = step["run"].as_str().expect("it has a script").to_owned();
    let env = step["env"].as_mapping().into_iter().flatten();
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    Step { run, env: env.map(|(name, value)| (text(name), text(value))).collect() }
}

fn action() -> Value {
    yaml("action.yml")
}

/// The action in a Space, with its inputs as they are by default, installed already.
fn job(files: &[(&str, &str)]) -> Job {
    let home = folder(&[]);
    for (path, text) in files {
        write(home.path(), &format!("work/{path}"), text);
    }
    std::fs::create_dir_all(home.path().join("work")).expect("made");
    std::fs::create_dir_all(home.path().join("temp/installed")).expect("made");
    let mut values = BTreeMap::new();
    for (name, input) in action()["inputs"].as_mapping().expect("inputs") {
        let (name, default) = (name.as_str().expect("a name"), &input["default"]);
        values.insert(format!("inputs.{name}"), default.as_str().expect("a default").to_owned());
    }
    let installed = home.path().join("temp/installed");
    values.insert("steps.install.outputs.home".into(), installed.display().to_string());
    let command = env!("CARGO_BIN_EXE_spacelint").to_owned();
    values.insert("steps.install.outputs.command".into(), command);
    Job { home, values }
}

impl Job {
    fn set(mut self, name: &str, value: &str) -> Self {
        self.values.insert(name.to_owned(), value.to_owned());
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// A program that a step finds before any other of its name.
    fn program(&self, name: &str, script: &str) {
        write(self.home.path(), &format!("bin/{name}"), script);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(&format!("bin/{name}")), mode).expect("set");
    }

    fn run(&self, step: &Step) -> Ran {
        assert!(!step.run.contains("${{"), "a value is written into a script: {}", step.run);
        let script = self.path("temp/script.sh");
        std::fs::write(&script, &step.run).expect("written");
        for file in ["output", "summary"] {
            std::fs::write(self.path(&format!("temp/{file}")), "").expect("written");
        }
        let path = std::env::var("PATH").expect("there is one");
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&script)
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.home.path())
            .env("LC_ALL", "C.UTF-8")
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_ACTION_PATH", repository())
            .env("GITHUB_OUTPUT", self.path("temp/output"))
            .env("GITHUB_STEP_SUMMARY", self.path("temp/summary"));
        for (name, value) in &step.env {
            command.env(name, self.value(value));
        }
        let output = command.output().expect("bash runs");
        let outputs = self.read("temp/output");
        let outputs = outputs.lines().map(|line| line.split_once('=').expect("name=value"));
        Ran {
            status: output.status.code().expect("it ends by itself"),
            log: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
            outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }

    /// A value of a step's `env`, which is one expression or none.
    fn value(&self, text: &str) -> String {
        match text.strip_prefix("${{ ").and_then(|text| text.strip_suffix(" }}")) {
            Some(name) => self.values.get(name).unwrap_or_else(|| panic!("{name}")).clone(),
            None => text.to_owned(),
        }
    }

    fn check(&self) -> Ran {
        self.run(&step(&action()["runs"]["steps"], "check"))
    }
}

/// A Space in which something is found that fails a run.
const FOUND: [(&str, &str); 2] =
    [("README.md", "---\ntitle: A Space\nsdk: gradio\n---\n"), ("app.py", "import gradio\n")];

#[test]
fn a_finding_is_an_annotation_a_row_of_the_summary_and_a_failure() {
    let job = job(&FOUND);
    let ran = job.check();
    assert_eq!(ran.status, 1, "{}", ran.log);
    assert!(ran.log.starts_with("::warning file=README.md,line=3"), "{}", ran.log);
    assert!(job.read("temp/summary").contains("missing-sdk-version"));
    let sarif = job.read("temp/installed/spacelint.sarif");
    assert!(sarif.contains("missing-sdk-version"), "{sarif}");
    let path = job.path("temp/installed/spacelint.sarif").display().to_string();
    let outputs = [("sarif".to_owned(), path), ("status".to_owned(), "1".to_owned())];
    assert_eq!(ran.outputs, outputs.into());
}

#[test]
fn inputs_are_heard() {
    let quiet = job(&FOUND).set("inputs.annotations", "false").set("inputs.summary", "false");
    let ran = quiet.check();
    assert_eq!((ran.status, ran.log.contains("::warning")), (1, false), "{}", ran.log);
    assert_eq!(quiet.read("temp/summary"), "");
    for (name, value) in
        [("fail-on", "error"), ("ignore", "missing-sdk-version"), ("select", "files,card/no")]
    {
        let ran = job(&FOUND).set(&format!("inputs.{name}"), value).check();
        // The last names no rule, so that nothing can be said.
        let status = if name == "select" { 2 } else { 0 };
        assert_eq!(ran.status, status, "{name}: {}", ran.log);
    }
    let spaces =
        [("a/README.md", CARD), ("a/app.py", APP), ("b c/README.md", CARD), ("b c/app.py", "")];
    let ran = job(&spaces).set("inputs.path", "a\n\nb c\n").set("inputs.fail-on", "info").check();
    assert_eq!(ran.status, 1, "{}", ran.log);
    // Without the input the Space's own settings count.
    let settings = [&FOUND[..], &[("spacelint.toml", "fail-on = \"error\"\n")]].concat();
    let ran = job(&settings).check();
    assert_eq!(ran.status, 0, "{}", ran.log);
    let strict = job(&FOUND).set("inputs.strict", "true").check();
    assert_eq!(strict.status, 1, "{}", strict.log);
}

#[test]
fn what_cannot_be_checked_fails() {
    for (files, name, value) in [
        (&[][..], "inputs.path", "."),
        (&FOUND[..], "inputs.path", "\n"),
        (&FOUND[..], "inputs.path", "nowhere"),
        (&FOUND[..], "inputs.strict", "yes"),
        (&FOUND[..], "inputs.annotations", "1"),
        (&FOUND[..], "inputs.fail-on", "never"),
    ] {
        let ran = job(files).set(name, value).check();
        assert_eq!(ran.status, 2, "{name}: {value}: {}", ran.log);
    }
    // A tool that says that all is well and leaves no report, and one that crashes.
    for (script, status) in [("exit 0", 2), ("exit 101", 101), ("kill -9 $$", 137)] {
        let job = job(&FOUND);
        job.program("tool", &format!("#!/bin/bash\n{script}\n"));
        let tool = job.path("bin/tool").display().to_string();
        let ran = job.set("steps.install.outputs.command", &tool).check();
        assert_eq!(ran.status, status, "{script}: {}", ran.log);
        assert!(!ran.outputs.contains_key("sarif"), "{script}");
    }
}

#[test]
fn hostile_inputs_are_text() {
    let hostile = [
        "\"; touch pwned; \"",
        "$(touch pwned)",
        "`touch pwned`",
        "'; touch pwned; '",
        "--fix",
        "--output=human:pwned",
        "x\n::error::y\nstatus=0\nsarif=/etc/passwd",
        "x\r::set-output name=status::0",
        "${{ github.token }}",
        "\u{1b}[31m\u{202e}",
    ];
    for name in ["path", "select", "ignore", "strict", "fail-on", "annotations", "summary"] {
        for value in hostile {
            let job = job(&FOUND).set(&format!("inputs.{name}"), value);
            let ran = job.check();
            assert_eq!(ran.status, 2, "{name}: {value:?}: {}", ran.log);
            assert!(!job.path("work/pwned").exists(), "{name}: {value:?}");
            assert_eq!(job.read("work/README.md"), FOUND[0].1, "{name}: {value:?}");
            assert!(
                ran.outputs.get("status").is_none_or(|status| status == "2"),
                "{name}: {value:?}"
            );
            let ours = |line: &str| {
                line.starts_with("::error title=spacelint::")
                    || line.starts_with("::warning file=README.md,")
            };
            let commands =
                ran.log.split(['\n', '\r']).filter(|line| line.trim_start().starts_with("::"));
            assert!(commands.into_iter().all(ours), "{name}: {value:?}: {}", ran.log);
        }
    }
}

#[test]
fn a_summary_ends_where_a_runner_would_refuse_it() {
    let job = job(&FOUND);
    let report = "sarif=$(sed -n 's/.*sarif:\\([^ ]*\\) .*/\\1/p' <<< \"$*\")\necho 1 > \"$sarif\"\n\
                  yes 'a row of a table' | head -n 100000 > \"${sarif%.sarif}.md\"\nexit 1\n";
    job.program("tool", &format!("#!/bin/bash\n{report}"));
    let tool = job.path("bin/tool").display().to_string();
    let job = job.set("steps.install.outputs.command", &tool);
    let ran = job.check();
    assert_eq!(ran.status, 1, "{}", ran.log);
    let summary = job.read("temp/summary");
    assert!((900_000..1 << 20).contains(&summary.len()), "{}", summary.len());
    assert!(summary.ends_with("a row of a table\n\nThe rest is in the log.\n"));
}

/// A Python that writes down what it is asked for.
const PYTHON: &str = r#"#!/bin/bash
echo "$*" >> "$HOME/asked"
case "$*" in
  *"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  *" install "*) [ ! -e "$HOME/refuse" ] && printf '#!/bin/bash\necho spacelint 0\n' > "${0%python}spacelint" && chmod +x "${0%python}spacelint" ;;
esac
"#;

#[test]
fn what_is_installed_is_the_wheel_of_this_version_or_this_source() {
    let install = step(&action()["runs"]["steps"], "install");
    for (input, asked, status) in [
        (
            "wheel",
            concat!("--only-binary=spacelint spacelint==", env!("CARGO_PKG_VERSION"), "\n"),
            0,
        ),
        ("source", "install --quiet ", 0),
        ("$(touch pwned)", "", 2),
        ("wheel --index-url=https://example.org", "", 2),
    ] {
        let job = job(&[]).set("inputs.install", input);
        job.program("python3", PYTHON);
        let ran = job.run(&install);
        assert_eq!(ran.status, status, "{input}: {}", ran.log);
        assert!(job.read("asked").contains(asked), "{input}: {}", job.read("asked"));
        assert!(!job.path("work/pwned").exists());
        if status == 0 {
            assert!(Path::new(&ran.outputs["command"]).is_file(), "{input}");
            assert!(ran.outputs["command"].starts_with(&ran.outputs["home"]), "{input}");
        }
    }
    let job = job(&[]);
    job.program("python3", PYTHON);
    write(job.home.path(), "refuse", "");
    let ran = job.run(&install);
    assert_eq!(ran.status, 2, "{}", ran.log);
    assert!(ran.log.contains("install: source builds it"), "{}", ran.log);
}

const CHECK_WORKFLOW: &str = ".github/examples/spacelint.yml";
const COMMENT_WORKFLOW: &str = ".github/examples/spacelint-comment.yml";

/// What the comment's workflow makes of what the check's workflow uploads.
fn comment(changes: &str) -> (Ran, String) {
    let job = job(&[]);
    write(job.home.path(), "temp/changes/changes.json", changes);
    let ran = job.run(&step(&yaml(COMMENT_WORKFLOW)["jobs"]["comment"]["steps"], "words"));
    let comment = job.read("temp/comment.md");
    (ran, comment)
}

#[test]
fn a_pull_request_is_told_what_it_changes() {
    let before = job(&FOUND);
    before.check();
    let card = "---\ntitle: A Space\nsdk: gradio\nsdk_version: 6.10\napp_file: app.py\n---\n";
    let after = job(&[("README.md", card), ("app.py", "import gradio\n")]);
    after.check();
    let changes = |before: &str, after: &str| {
        let job = job(&[])
            .set("steps.before.outputs.sarif", before)
            .set("steps.check.outputs.sarif", after);
        let ran = job.run(&step(&yaml(CHECK_WORKFLOW)["jobs"]["check"]["steps"], "changes"));
        assert_eq!(ran.status, 0, "{}", ran.log);
        job.read("temp/changes/changes.json")
    };
    let sarif = |job: &Job| job.path("temp/installed/spacelint.sarif").display().to_string();
    let told = changes(&sarif(&before), &sarif(&after));
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(json["new"][0]["rule"], "unquoted-version", "{told}");
    assert_eq!(json["gone"][0]["rule"], "missing-sdk-version", "{told}");
    assert_eq!(json["gone"].as_array().map(Vec::len), Some(1), "{told}");
    let (ran, comment) = comment(&told);
    assert_eq!(ran.status, 0, "{}", ran.log);
    assert!(comment.starts_with("<!-- spacelint -->\n**spacelint**: 1 new, 1 gone, 1 in all.\n"));
    assert!(comment.contains("| error | `unquoted-version` | `README.md:4` |"), "{comment}");
    // The same is no change, and all of a Space that was none is new.
    let same = changes(&sarif(&after), &sarif(&after));
    assert!(same.contains("\"new\": [], \"gone\": []"), "{same}");
    assert!(changes("", &sarif(&after)).contains("\"gone\": []"));
}

#[test]
fn nothing_that_a_fork_uploads_is_said_as_it_is() {
    let one = |rule: &str, level: &str, path: &str, line: &str| {
        format!(
            r#"{{"new": [{{"rule": {rule}, "level": {level}, "path": {path}, "line": {line}}}], "gone": [], "all": 1}}"#
        )
    };
    let path = r#""a`| <img src=x> @team ![](https://example.org)\n## b""#;
    let (ran, comment) = comment(&one("\"old-gradio\"", "\"error\"", path, "7"));
    assert_eq!(ran.status, 0, "{}", ran.log);
    let row = comment.lines().last().expect("a row");
    assert!(
        row.starts_with("| error | `old-gradio` | `a\u{fffd}\u{fffd} \u{fffd}img src"),
        "{comment}"
    );
    assert_eq!(row.matches(['|', '`']).count(), 8, "{comment}");
    let (_, said) = comment.split_once("-->").expect("a mark of whose comment it is");
    assert!(!said.contains(['@', '!', '(']), "{comment}");
    for hostile in [
        one("\"`@team`\"", "\"error\"", "\"a\"", "7"),
        one("\"old-gradio\"", "\"<b>\"", "\"a\"", "7"),
        one("\"old-gradio\"", "\"error\"", "\"a\"", "\"<b>\""),
        one("\"old-gradio\\n\"", "\"error\"", "\"a\"", "7"),
        one("[]", "\"error\"", "\"a\"", "7"),
        r#"{"new": [], "gone": [], "all": "@team"}"#.to_owned(),
        "not JSON".to_owned(),
        String::new(),
    ] {
        let (ran, _) = self::comment(&hostile);
        assert_ne!(ran.status, 0, "{hostile}");
    }
}

/// A GitHub that has one pull request, and writes down what is done to it.
const GH: &str = r#"#!/bin/bash
printf '%s\n' "$*" >> "$HOME/asked"
case "$*" in
  *"/pulls "*) cat "$HOME/pulls" ;;
  *"--paginate"*) cat "$HOME/own" ;;
esac
"#;

#[test]
fn the_comment_goes_to_the_pull_request_of_the_event_and_is_renewed() {
    let say = step(&yaml(COMMENT_WORKFLOW)["jobs"]["comment"]["steps"], "say");
    let pulls = r#"[{"number": 6, "head": {"sha": "0b"}}, {"number": 7, "head": {"sha": "0a"}}]"#;
    for (commit, own, done) in [
        ("0a", "", "--method POST repos/o/r/issues/7/comments -F body=@"),
        ("0a", "41\n42\n", "--method PATCH repos/o/r/issues/comments/41 -F body=@"),
        ("0c", "", ""),
    ] {
        let event = "github.event.workflow_run";
        let job = job(&[])
            .set("github.token", "t")
            .set("github.repository", "o/r")
            .set(&format!("{event}.head_repository.owner.login"), "fork")
            .set(&format!("{event}.head_branch"), "$(touch pwned) `x` \"")
            .set(&format!("{event}.head_sha"), commit);
        job.program("gh", GH);
        write(job.home.path(), "pulls", pulls);
        write(job.home.path(), "own", own);
        let ran = job.run(&say);
        assert_eq!(ran.status, 0, "{}", ran.log);
        let asked = job.read("asked");
        assert!(asked.contains("head=fork:$(touch pwned) `x` \"\n"), "{asked}");
        assert!(asked.contains(done), "{asked}");
        assert_eq!(asked.contains("body=@"), !done.is_empty(), "{asked}");
        assert!(!job.path("work/pwned").exists());
    }
}
