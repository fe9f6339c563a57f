//! `spacelint diagnose`: from logs to causes, and from a cause through the line to the mended Space.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{CARD, command, folder, run, run_with, write};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A failure, from its log to the mended Space.
struct Way {
    /// Its name, which is that of `testdata/logs/diagnosed/<name>.log`.
    failure: &'static str,
    space: Files,
    /// What the log is about in the Space: the rule that finds it, its file and line.
    rule: &'static str,
    place: (&'static str, u64),
    mended_by: &'static str,
}

/// The files of a Space.
enum Files {
    /// Those of `testdata/spaces/<name>`.
    Of(&'static str),
    /// These.
    These(&'static [(&'static str, &'static str)]),
}

const CARD_FILE: (&str, &str) = ("README.md", CARD);

const SHOUT: &str = "import gradio as gr


def shout(text):
    return text.upper()


gr.Interface(shout, \"text\", \"text\").launch()
";

const WAYS: &[Way] = &[
    Way {
        failure: "cuda-before-spaces",
        space: Files::Of("cuda-chain"),
        rule: "cuda-before-spaces",
        place: ("upscaler/hardware.py", 11),
        mended_by: "--fix",
    },
    Way {
        failure: "async-gpu-function",
        space: Files::Of("gpu-async"),
        rule: "async-gpu-function",
        place: ("app.py", 16),
        mended_by: "--fix",
    },
    Way {
        failure: "gradio-pin-conflict",
        space: Files::Of("gradio-4"),
        rule: "gradio-pin-conflict",
        place: ("requirements.txt", 9),
        mended_by: "--fix",
    },
    Way {
        failure: "launch-timeout",
        space: Files::Of("docker-server"),
        rule: "unreachable-app",
        place: ("Dockerfile", 33),
        mended_by: "--fix",
    },
    Way {
        failure: "missing-secret",
        space: Files::Of("duplicated"),
        rule: "missing-secret",
        place: ("app.py", 11),
        mended_by: "--unsafe-fixes",
    },
    Way {
        failure: "missing-requirement",
        space: Files::These(&[
            CARD_FILE,
            (
                "app.py",
                "import cv2
import gradio as gr


def grey(image):
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


gr.Interface(grey, \"image\", \"image\").launch()
",
            ),
            ("requirements.txt", "numpy\n"),
        ]),
        rule: "missing-requirement",
        place: ("app.py", 1),
        mended_by: "--unsafe-fixes",
    },
    Way {
        failure: "removed-argument",
        space: Files::These(&[
            CARD_FILE,
            (
                "app.py",
                "import gradio as gr


def shout(text):
    return text.upper()


with gr.Blocks() as demo:
    text = gr.Textbox(label=\"Text\")
    answer = gr.Textbox(label=\"Answer\")
    text.submit(shout, text, answer, show_api=False)

demo.launch()
",
            ),
        ]),
        rule: "removed-argument",
        place: ("app.py", 11),
        mended_by: "--unsafe-fixes",
    },
    Way {
        failure: "wrong-spaces-import",
        space: Files::These(&[
            CARD_FILE,
            (
                "app.py",
                "import gradio as gr
from huggingface_hub import spaces


@spaces.GPU(duration=20)
def double(number):
    return number * 2


gr.Interface(double, \"number\", \"number\").launch()
",
            ),
        ]),
        rule: "wrong-spaces-import",
        place: ("app.py", 2),
        mended_by: "--fix",
    },
    Way {
        failure: "wrong-package-name",
        space: Files::These(&[CARD_FILE, ("app.py", SHOUT), ("requirements.txt", "numpy\nPIL\n")]),
        rule: "wrong-package-name",
        place: ("requirements.txt", 2),
        mended_by: "--fix",
    },
    Way {
        failure: "broken-packages-file",
        space: Files::These(&[
            CARD_FILE,
            ("app.py", SHOUT),
            ("packages.txt", "ffmpeg\n# sound\nlibsndfile1\n"),
        ]),
        rule: "broken-packages-file",
        place: ("packages.txt", 2),
        mended_by: "--fix",
    },
    Way {
        failure: "gone-debian-package",
        space: Files::These(&[
            CARD_FILE,
            ("app.py", SHOUT),
            ("packages.txt", "ffmpeg\nlibgl1-mesa-glx\n"),
        ]),
        rule: "gone-debian-package",
        place: ("packages.txt", 2),
        mended_by: "--fix",
    },
    Way {
        failure: "missing-oauth",
        space: Files::These(&[
            CARD_FILE,
            (
                "app.py",
                "import gradio as gr


def greet(profile: gr.OAuthProfile | None):
    return \"Hello\" if profile is None else f\"Hello {profile.name}\"


with gr.Blocks() as demo:
    gr.LoginButton()
    greeting = gr.Textbox(label=\"Greeting\")
    demo.load(greet, None, greeting)

demo.launch()
",
            ),
        ]),
        rule: "missing-oauth",
        place: ("app.py", 9),
        mended_by: "--fix",
    },
    Way {
        failure: "mismatched-duration",
        space: Files::These(&[
            CARD_FILE,
            (
                "app.py",
                "import gradio as gr
import spaces


def seconds(prompt, steps):
    return 2 * steps


@spaces.GPU(duration=seconds)
def draw(prompt, steps, request: gr.Request):
    return f\"{prompt} in {steps} steps\"


gr.Interface(draw, [\"text\", \"number\"], \"text\").launch()
",
            ),
        ]),
        rule: "mismatched-duration",
        place: ("app.py", 9),
        mended_by: "--fix",
    },
    Way {
        failure: "renamed-token",
        space: Files::These(&[
            CARD_FILE,
            (
                "app.py",
                "import os

import gradio as gr
from gradio_client import Client

client = Client(\"someone/upscaler\", hf_token=os.getenv(\"HF_TOKEN\"))


def upscale(text):
    return client.predict(text, api_name=\"/predict\")


gr.Interface(upscale, \"text\", \"text\").launch()
",
            ),
        ]),
        rule: "renamed-token",
        place: ("app.py", 6),
        mended_by: "--fix",
    },
    Way {
        failure: "refused-card-value",
        space: Files::These(&[
            (
                "README.md",
                "---\ntitle: A Space\ncolorFrom: grey\nsdk: gradio\nsdk_version: 6.31.0\n---\n",
            ),
            ("app.py", SHOUT),
        ]),
        rule: "refused-card-value",
        place: ("README.md", 3),
        mended_by: "--fix",
    },
];

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("it can be made");
    for entry in std::fs::read_dir(from).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("it can be copied");
        }
    }
}

#[test]
fn from_a_log_to_the_line_to_the_fix_to_the_clean_check() {
    assert!(WAYS.len() >= 10);
    for way in WAYS {
        let Way { failure, rule, place: (path, line), mended_by, .. } = way;
        let home = folder(&[]);
        let space = home.path().join("space");
        match way.space {
            Files::Of(name) => copy(&repository().join("testdata/spaces").join(name), &space),
            Files::These(files) => files.iter().for_each(|(path, text)| write(&space, path, text)),
        }
        let log = repository().join(format!("testdata/logs/diagnosed/{failure}.log"));
        let log = log.to_str().expect("it is UTF-8");
        let diagnose = || run(&space, &["diagnose", log, "--format", "json"]);

        let ran = diagnose();
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{failure}");
        let told = &ran.json()["logs"][0];
        let causes = told["causes"].as_array().expect("a list");
        assert_eq!(causes.len(), 1, "{failure}: {}", ran.stdout);
        assert_eq!(causes[0]["failure"], *failure);
        let first = &causes[0]["findings"][0];
        assert_eq!(first["rule"], *rule, "{failure}: {}", ran.stdout);
        assert_eq!(
            (first["path"].as_str(), first["start"]["line"].as_u64()),
            (Some(*path), Some(*line))
        );

        // What a person is told to type.
        let human = run(&space, &["diagnose", log]);
        let typed = format!("\n    spacelint check . --select {rule} {mended_by}\n");
        assert!(human.stdout.contains(&typed), "{failure}: {}", human.stdout);
        let place = format!("{path}:{line}");
        assert!(human.stdout.contains(&place), "{failure}: {}", human.stdout);

        let mended = run(&space, &["check", ".", "--select", rule, mended_by]);
        assert_eq!(
            (mended.status, mended.stderr.as_str()),
            (0, ""),
            "{failure}: {}",
            mended.stdout
        );
        let clean = run(&space, &["check", ".", "--select", rule, "--format", "json"]);
        assert_eq!((clean.status, clean.rules().len()), (0, 0), "{failure}: {}", clean.stdout);
        let ran = diagnose();
        let again = &ran.json()["logs"][0]["causes"][0];
        assert_eq!(again["failure"], *failure);
        assert_eq!(
            again["findings"].as_array().map(Vec::len),
            Some(0),
            "{failure}: {}",
            ran.stdout
        );
        // It is said that the text no longer shows it.
        let human = run(&space, &["diagnose", log]);
        let flowing = human.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains("found nothing"), "{failure}: {}", human.stdout);
    }
}

#[test]
fn every_log_there_is_of_a_way() {
    let logs = repository().join("testdata/logs/diagnosed");
    for entry in std::fs::read_dir(logs).expect("it can be listed") {
        let name = entry.expect("it can be listed").file_name().into_string().expect("UTF-8");
        let failure = name.strip_suffix(".log").expect("it is a log");
        assert!(WAYS.iter().any(|way| way.failure == failure), "{failure}");
    }
}

const CV2: &str = "Traceback (most recent call last):
  File \"/home/user/app/app.py\", line 1, in <module>
    import cv2
ModuleNotFoundError: No module named 'cv2'
";
const UNKNOWN: &str = "Traceback (most recent call last):
  File \"/home/user/app/app.py\", line 3, in <module>
    run()
  File \"/home/user/app/engine.py\", line 9, in run
    raise Oddity(\"no\")
engine.Oddity: no
";
const HEALTHY: &str = "* Running on local URL:  http://0.0.0.0:7860\n";

/// A folder with these logs and no Space.
fn logs() -> tempfile::TempDir {
    folder(&[("cv2.log", CV2), ("unknown.log", UNKNOWN), ("healthy.log", HEALTHY)])
}

#[test]
fn the_status_says_whether_another_must_go_on() {
    let home = logs();
    for (arguments, status) in [
        (&["cv2.log"][..], 0),
        (&["healthy.log"], 0),
        (&["unknown.log"], 1),
        (&["cv2.log", "unknown.log", "healthy.log"], 1),
        (&["unknown.log", "missing.log"], 2),
        (&["."], 2),
        (&["cv2.log", "--space", "nowhere"], 2),
        (&["cv2.log", "--format", "sarif"], 2),
    ] {
        let ran = run(home.path(), &[&["diagnose"], arguments].concat());
        assert_eq!(ran.status, status, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stderr.is_empty(), status < 2, "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn several_logs_are_told_one_after_the_other_and_one_that_cannot_be_read_does_not_end_it() {
    let home = logs();
    let ran = run(home.path(), &["diagnose", "cv2.log", "missing.log", ".", "unknown.log"]);
    assert_eq!(ran.status, 2);
    let at = |text: &str| ran.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", ran.stdout));
    assert!(at("cv2.log, 4 lines: 1 cause.") < at("cause[missing-requirement]"));
    assert!(at("cause[missing-requirement]") < at("unknown.log, 6 lines: 1 traceback"));
    assert!(ran.stderr.starts_with("spacelint: cannot read `missing.log`: "), "{}", ran.stderr);
    let folder = "spacelint: cannot read `.`: it is a folder; name the log in it\n";
    assert!(ran.stderr.ends_with(folder), "{}", ran.stderr);
    // The list is whole all the same.
    let ran = run(home.path(), &["diagnose", "cv2.log", "missing.log", "--format", "json"]);
    assert_eq!(ran.json()["logs"].as_array().map(Vec::len), Some(1));
    let ran = run(home.path(), &["diagnose", "missing.log", "--format", "json"]);
    assert_eq!((ran.status, ran.json()["logs"].as_array().map(Vec::len)), (2, Some(0)));
}

#[test]
fn a_log_is_read_from_a_pipe_named_or_not() {
    let home = logs();
    for arguments in [&["diagnose"][..], &["diagnose", "-"]] {
        let ran = run_with(home.path(), arguments, CV2.as_bytes());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert!(ran.stdout.contains("\n  line 4, from app.py:1\n"), "{}", ran.stdout);
        let ran = run_with(home.path(), arguments, b"");
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.starts_with("standard input, 0 lines: nothing"), "{}", ran.stdout);
    }
}

/// A terminal is stood for by util-linux's `script`.
#[cfg(target_os = "linux")]
#[test]
fn without_a_log_on_a_terminal_it_says_what_to_type() {
    let home = logs();
    let typed = format!("{} diagnose", env!("CARGO_BIN_EXE_spacelint"));
    let mut script = std::process::Command::new("script");
    script.args(["--quiet", "--return", "--command", &typed, "/dev/null"]);
    let Ok(ran) = script.current_dir(home.path()).stdin(Stdio::null()).output() else { return };
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(2), "{shown}");
    assert!(
        shown.contains("name a log, or pipe one in: `spacelint diagnose build.log`"),
        "{shown}"
    );
}

#[test]
fn what_the_api_says_of_a_space_is_a_log_too() {
    let home = logs();
    let answer = serde_json::json!({
        "id": "someone/space",
        "runtime": {
            "stage": "RUNTIME_ERROR",
            "hardware": {"current": null, "requested": "zero-a10g"},
            "errorMessage": format!("Exit code: 1. Reason: {CV2}"),
        },
    });
    let ran =
        run_with(home.path(), &["diagnose", "--format", "json"], answer.to_string().as_bytes());
    let told = &ran.json()["logs"][0];
    assert_eq!(told["causes"][0]["failure"], "missing-requirement", "{told}");
    assert_eq!(told["causes"].as_array().map(Vec::len), Some(1));
    let down = br#"{"runtime":{"stage":"BUILD_ERROR"}}"#;
    let ran = run_with(home.path(), &["diagnose", "--format", "json"], down);
    let told = &ran.json()["logs"][0];
    assert_eq!(told["symptoms"][0]["failure"], "build-failed", "{told}");
    assert_eq!((&told["failed"], ran.status), (&Value::Bool(true), 1));
}

#[test]
fn the_json_has_the_fields_that_the_readme_names() {
    let home = folder(&[
        ("README.md", CARD),
        ("app.py", "import cv2\n"),
        ("requirements.txt", "numpy\n"),
        ("a.log", CV2),
        ("b.log", UNKNOWN),
    ]);
    let ran = run(home.path(), &["diagnose", "a.log", "b.log", "--format", "json"]);
    let json = ran.json();
    let fields = |value: &Value| -> Vec<String> {
        let fields = value.as_object().expect("an object");
        fields.keys().cloned().collect()
    };
    assert_eq!(json["schema"], 1);
    assert_eq!(fields(&json), ["logs", "schema"]);
    let log = &json["logs"][0];
    let of_log = [
        "causes",
        "failed",
        "lines",
        "log",
        "noise",
        "symptoms",
        "unknown",
        "unknown_count",
        "versions",
    ];
    assert_eq!(fields(log), of_log);
    let of_cause = [
        "answer", "facts", "failure", "findings", "frame", "kind", "line", "rules", "text",
        "times", "title", "url",
    ];
    assert_eq!(fields(&log["causes"][0]), of_cause);
    assert_eq!(fields(&log["causes"][0]["frame"]), ["function", "line", "path"]);
    assert_eq!(fields(&json["logs"][1]["unknown"][0]), ["frame", "line", "text"]);
    // A finding is what `check` calls one.
    let check = run(home.path(), &["check", "--select", "missing-requirement", "--format", "json"]);
    assert_eq!(log["causes"][0]["findings"], check.json()["diagnostics"]);
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("it is there");
    let (_, section) = readme.split_once("\n## From a log to the cause\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("another one");
    for field in of_log.iter().chain(&of_cause).chain(&["function", "path"]) {
        assert!(section.contains(&format!("`{field}`")), "the README does not name `{field}`");
    }
}

#[test]
fn markdown_is_for_a_thread() {
    let home = folder(&[
        ("README.md", CARD),
        ("app.py", "import cv2\n"),
        ("requirements.txt", "numpy\n"),
        ("a.log", CV2),
    ]);
    let ran = run(home.path(), &["diagnose", "a.log", "--format", "markdown"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("### What `a.log` says\n"), "{}", ran.stdout);
    for part in [
        "**cause: [missing-requirement](https://",
        "line 4, from `app.py:1`: `ModuleNotFoundError: No module named 'cv2'`",
        "- `app.py:1`: ",
        "`spacelint check . --select missing-requirement --unsafe-fixes` does it: ",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = logs();
    let many = ["unknown.log"; 300];
    let mut command = command(home.path(), &[&["diagnose"], &many[..]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut first = [0; 16];
    let mut reader = child.stdout.take().expect("it is piped");
    reader.read_exact(&mut first).expect("something is printed");
    drop(reader);
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn no_bytes_in_a_log_do_harm() {
    let home = logs();
    let mut hostile = b"\xff\xfe\0\x1b]0;x\x07\n::error::x\n##[error]x\n".to_vec();
    hostile.extend(b"Traceback (most recent call last):\n  File \"\x1b[2J\xff.py\", line 99999999999999, in \x9b\n");
    hostile.extend(
        "KeyError: 'A_TOKEN\u{202e}'\nModuleNotFoundError: No module named '\u{1b}[31m'\n"
            .as_bytes(),
    );
    hostile.extend(b"You have exceeded your GPU quota (99999999999999999s requested vs. -9s left). Try again in 9:9");
    for format in ["human", "markdown", "json"] {
        let ran = run_with(home.path(), &["diagnose", "--format", format], &hostile);
        assert!(ran.status < 2 && ran.stderr.is_empty(), "{format}: {}", ran.stderr);
        let is_bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{9b}';
        assert!(!ran.stdout.contains(is_bad), "{format}: {:?}", ran.stdout);
        let obeyed = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
        assert!(!ran.stdout.lines().any(obeyed), "{format}: {}", ran.stdout);
    }
}
