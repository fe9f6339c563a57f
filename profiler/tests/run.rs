//! `spacelint-profile run` on Spaces under the real `spaces` and Gradio: what it records, and what it does when
//! something is wrong. After each run no process of it is left.

#![cfg(target_os = "linux")]

#[path = "../../rules/tests/pages/zerogpu/install.rs"]
mod install;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

const CARD: &str = "---\nsdk: gradio\n---\n";

/// A variable that all processes of a run inherit, by which they are found.
const MARK: &str = "SPACELINT_TEST_RUN";

fn python() -> PathBuf {
    let pins = "../rules/tests/pages/zerogpu/spaces.txt";
    install::python(&Path::new(env!("CARGO_MANIFEST_DIR")).join(pins))
}

/// A Space in a folder of its own, and a way to run it.
struct Run {
    folder: tempfile::TempDir,
    mark: String,
}

/// What came of a run.
struct Came {
    status: Option<i32>,
    stdout: String,
    stderr: String,
    records: Vec<Value>,
}

impl Run {
    fn of(app: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("README.md"), CARD).expect("writable");
        fs::write(folder.path().join("app.py"), app).expect("writable");
        fs::create_dir(folder.path().join("scratch")).expect("writable");
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { folder, mark }
    }

    fn of_testdata(name: &str) -> Self {
        let spaces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/spaces");
        let app = fs::read_to_string(spaces.join(name).join("app.py"));
        Self::of(&app.expect("it is there"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.start_with(arguments, &[])
    }

    fn start_with(&self, arguments: &[&str], environment: &[(&str, &OsStr)]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spacelint-profile"));
        command.args(["run", "--cpu", "--scratch"]).arg(self.path("scratch")).args(arguments);
        if !arguments.contains(&"--python") {
            command.arg("--python").arg(python());
        }
        if !arguments.contains(&"--record") {
            command.arg("--record").arg(self.path("record.jsonl"));
        }
        command.arg(self.folder.path()).env(MARK, &self.mark);
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    }

    fn run(&self, arguments: &[&str]) -> Came {
        self.wait(self.start(arguments))
    }

    fn wait(&self, child: Child) -> Came {
        let came = self.outcome(child);
        self.nothing_is_left(&came.all());
        came
    }

    fn outcome(&self, child: Child) -> Came {
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
        Came {
            status: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            records: self.records(),
        }
    }

    fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("record.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    /// The processes of the run.
    fn processes(&self) -> Vec<i32> {
        let wanted = format!("{MARK}={}", self.mark);
        let entries = fs::read_dir("/proc").expect("there are processes").flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
            })
            .collect()
    }

    /// Neither a process, and with it a port, nor the private folder.
    fn nothing_is_left(&self, said: &str) {
        let left = self.processes();
        assert!(left.is_empty(), "{left:?} are left\n{said}");
        let left: Vec<_> =
            fs::read_dir(self.path("scratch")).expect("it is there").flatten().collect();
        assert!(left.is_empty(), "{left:?} are left\n{said}");
    }

    /// Waits until there is a file of that name below the Space.
    fn wait_for(&self, name: &str) {
        let end = Instant::now() + Duration::from_mins(4);
        while !self.path(name).exists() {
            assert!(Instant::now() < end, "`{name}` does not come");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Came {
    fn all(&self) -> String {
        format!("{:?}\n{}\n{}", self.status, self.stdout, self.stderr)
    }

    #[track_caller]
    fn is(&self, status: i32, says: &[&str]) {
        assert_eq!(self.status, Some(status), "{}", self.all());
        for text in says {
            assert!(self.all().contains(text), "it does not say `{text}`:\n{}", self.all());
        }
    }

    fn of(&self, kind: &str) -> Vec<&Value> {
        self.records.iter().filter(|record| record["kind"] == kind).collect()
    }

    #[track_caller]
    fn last_call(&self) -> &Value {
        self.of("call").pop().unwrap_or_else(|| panic!("it was not called:\n{}", self.all()))
    }
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-s", "INT"]).arg(child.id().to_string()).status();
    assert!(sent.is_ok_and(|status| status.success()));
}

#[test]
fn a_space_is_run_and_its_calls_are_recorded() {
    let run = Run::of_testdata("timed");
    let came = run.run(&["--as", "pro"]);
    came.is(0, &["render", "recorded in"]);
    assert_eq!(came.records[0]["kind"], "run");
    assert_eq!(came.records[0]["visitor"], "pro");
    assert_eq!(came.records[0]["versions"]["gradio"], "6.31.0");
    assert_eq!(came.of("ready").len(), 1);
    let call = came.last_call();
    assert_eq!(call["function"]["name"], "render");
    assert_eq!(call["function"]["path"], "app.py");
    assert_eq!((&call["declared_seconds"], &call["allowed_seconds"]), (&120.into(), &180.into()));
    assert_eq!(call["outcome"], "done");
    let steps = call["arguments"]["steps"]["number"].as_f64().expect("it is a number");
    let ran = call["run_seconds"].as_f64().expect("the hook tells");
    assert!(ran >= 0.05 + 0.01 * steps && ran < 5.0, "{call}");
    assert!(call["used_seconds"].as_f64() >= Some(ran));
    assert_eq!(came.records.last().expect("it has an end")["kind"], "end");
    // The same without the hook, and outside ZeroGPU.
    let came = run.run(&["--no-hook"]);
    came.is(0, &["/render"]);
    let call = came.last_call();
    assert!(call.get("function").is_none() && call.get("run_seconds").is_none());
    assert_eq!((&call["declared_seconds"], &call["allowed_seconds"]), (&120.into(), &180.into()));
    let came = run.run(&["--plain"]);
    came.is(0, &["render", "are not known"]);
    let call = came.last_call();
    assert_eq!(call["function"]["name"], "render");
    assert_eq!((&call["declared_seconds"], &call["allowed_seconds"]), (&120.into(), &180.into()));
    assert_eq!(came.of("run").len(), 3);
}

#[test]
fn each_failure_of_a_call_has_its_name() {
    let run = Run::of(
        r#"
import os
import threading
import time

import gradio as gr
import spaces


class Refused(gr.Error):
    def __init__(self, code, reason):
        super().__init__(f"{code} {reason}")


@spaces.GPU(duration=2)
def hang(text):
    time.sleep(600)


@spaces.GPU(duration=30)
def hand_back(text):
    return threading.Lock()


@spaces.GPU(duration=7200)
def ask_for_too_much(text):
    return text


@spaces.GPU(duration=30)
def take(lock):
    return "never"


def hand_over(text):
    return take(threading.Lock())


@spaces.GPU(duration=30)
def fail(text):
    raise ValueError("no such thing")


@spaces.GPU(duration=30)
def say(text):
    raise gr.Error("please write something")


@spaces.GPU(duration=2)
def refuse(text):
    raise Refused(7, "no")


@spaces.GPU(duration=30)
def die(text):
    os._exit(3)


@spaces.GPU(duration=30)
def count(text):
    for number in range(3):
        time.sleep(0.1)
        yield str(number)


with gr.Blocks() as demo:
    box = gr.Textbox("x")
    for function in (hang, hand_back, ask_for_too_much, hand_over, fail, say, refuse, die, count):
        gr.Button(function.__name__).click(function, box, gr.Textbox(), api_name=function.__name__)
demo.launch()
"#,
    );
    let came = run.run(&[]);
    came.is(
        1,
        &[
            "tight-duration: `hang`",
            "unpicklable-result: `hand_back`",
            "illegal-duration: `ask_for_too_much`",
            "unpicklable-argument: `take`",
            "worker-error: `fail` (app.py:39) raised ValueError: no such thing",
            "lost-release: `refuse`",
            "worker-died: the worker of `die`",
            "See `spacelint explain unpicklable-result`.",
        ],
    );
    assert!(!came.stdout.contains(": `say`"), "{}", came.all());
    let calls = came.of("call");
    let of = |name: &str| {
        let call = calls.iter().find(|call| call["function"]["name"] == name);
        *call.unwrap_or_else(|| panic!("{name} was not called"))
    };
    assert_eq!(of("hang")["outcome"], "stopped");
    assert_eq!(of("refuse")["outcome"], "never-released");
    assert_eq!(of("hand_back")["outcome"]["failed"]["error"], "PicklingError");
    assert_eq!(of("ask_for_too_much")["outcome"]["refused"]["verdict"], "illegal-duration");
    assert_eq!(of("count")["outcome"], "done");
    assert!(of("count")["run_seconds"].as_f64() >= Some(0.3));
    // Nothing of what was raised or given is recorded, but for the types.
    let recorded = fs::read_to_string(run.path("record.jsonl")).expect("it is there");
    assert!(!recorded.contains("no such thing") && !recorded.contains("please"));
}

#[test]
fn a_space_that_does_not_start_is_ended_and_explained() {
    let came = Run::of("import time\ntime.sleep(600)\n").run(&["--startup-timeout", "2"]);
    came.is(1, &["never-serves", "listens on no port"]);
    let came = Run::of("print('here')\nraise SystemExit(3)\n").run(&[]);
    came.is(1, &["crash-at-startup", "ended with status 3", "| here"]);
    let came = Run::of("import no_such_module\n").run(&[]);
    came.is(1, &["missing-requirement", "No module named 'no_such_module'"]);
    let came = Run::of("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n").run(&[]);
    came.is(1, &["was killed by signal 9"]);
    // It heeds nothing, and has a child in a session of its own.
    let stubborn = "
import signal, subprocess, time
for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(name, signal.SIG_IGN)
subprocess.Popen(['sleep', '600'], start_new_session=True)
time.sleep(600)
";
    Run::of(stubborn).run(&["--startup-timeout", "2"]).is(1, &["never-serves"]);
}

#[test]
fn what_is_no_fault_of_the_space_is_told_apart() {
    let script = "
import socket, time
server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
time.sleep(600)
";
    let started = Command::new("python3").args(["-c", script]).stdout(Stdio::piped()).spawn();
    let mut other = started.expect("Python runs");
    let mut port = String::new();
    let output = other.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut port).expect("it tells");
    let app = format!(
        "import gradio as gr\nimport spaces\n\n\n@spaces.GPU\ndef run(text):\n    return text\n\n\n\
         gr.Interface(run, 'text', 'text').launch(server_port={})\n",
        port.trim()
    );
    let came = Run::of(&app).run(&[]);
    other.kill().and_then(|()| other.wait()).expect("it can be ended");
    came.is(2, &["is taken by another program"]);
    let full = Run::of("import time\ntime.sleep(600)\n");
    let came = full.run(&["--record", "/dev/full", "--startup-timeout", "1"]);
    came.is(2, &["/dev/full", "free some space"]);
    let run = Run::of("");
    run.run(&["--python", "/nowhere/python"]).is(2, &["/nowhere/python", "--python"]);
    fs::remove_file(run.path("app.py")).expect("it is there");
    run.run(&[]).is(2, &["no `app.py`"]);
}

/// A Space that does not heed what asks it to end, with a function that does not either.
const STUBBORN: &str = r#"
import pathlib
import signal
import time

import gradio as gr
import spaces

for name in (signal.SIGINT, signal.SIGTERM):
    signal.signal(name, signal.SIG_IGN)


@spaces.GPU(duration=100)
def run(text):
    pathlib.Path("began").touch()
    time.sleep(600)


gr.Interface(run, "text", "text").launch(prevent_thread_lock=True)
while True:
    time.sleep(1)
"#;

#[test]
fn a_second_interrupt_ends_at_once_what_does_not_heed_the_first() {
    let run = Run::of(STUBBORN);
    let child = run.start(&[]);
    run.wait_for("began");
    interrupt(&child);
    thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    interrupt(&child);
    let came = run.wait(child);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    came.is(130, &["run"]);
    assert_eq!((came.of("call").len(), came.of("end").len()), (1, 1));
    assert_eq!(came.last_call()["outcome"], "left");
    assert!(!came.stdout.contains("lost-release"), "{}", came.all());
}

#[test]
fn nothing_outlives_a_profiler_that_is_killed() {
    let run = Run::of(STUBBORN);
    let mut child = run.start(&[]);
    run.wait_for("began");
    child.kill().and_then(|()| child.wait()).expect("it can be killed");
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end && !run.processes().is_empty() {
        thread::sleep(Duration::from_millis(50));
    }
    run.nothing_is_left("");
    let records = run.records();
    let kinds: Vec<_> = records.iter().map(|record| &record["kind"]).collect();
    assert_eq!(kinds, ["run", "ready"]);
}

#[test]
fn a_space_that_is_killed_midway_is_told() {
    let app = r#"
import os
import signal

import gradio as gr
import spaces


@spaces.GPU(duration=20)
def run(text):
    os.kill(os.getppid(), signal.SIGKILL)


gr.Interface(run, "text", "text").launch()
"#;
    let came = Run::of(app).run(&[]);
    came.is(1, &["crash: the Space was killed by signal 9 while it was called"]);
}

#[test]
fn two_profilers_do_not_disturb_each_other() {
    let (one, two) = (Run::of_testdata("timed"), Run::of_testdata("timed"));
    let first = one.start(&[]);
    let second = two.start(&[]);
    // What it prints is kept once it holds its recording.
    one.wait_for("record.log");
    one.outcome(one.start(&[])).is(2, &["another run is recording to"]);
    one.wait(first).is(0, &["render"]);
    two.wait(second).is(0, &["render"]);
}

#[test]
fn a_space_without_gpu_functions_is_told() {
    let app = "import gradio as gr\nimport spaces\n\n\
               gr.Interface(lambda text: text, 'text', 'text').launch()\n";
    Run::of(app).run(&[]).is(1, &["no-gpu-function", "no GPU call was made"]);
}

#[test]
fn a_visitor_is_refused_as_the_platform_does() {
    let run = Run::of_testdata("timed");
    let came = run.run(&["--quota-left", "40"]);
    came.is(1, &["quota-exceeded: `render` (app.py:7) books 180 s"]);
    let came = run.run(&["--as", "anonymous"]);
    came.is(1, &["long-duration: `render` (app.py:7) books 180 s; anonymous visitors have 120 s"]);
}

/// What `pip` puts over the environment's own `spaces`, made if it is not there yet.
fn overlay(version: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zerogpu/overlay").join(version);
    if !folder.join("made").exists() {
        let asked = ["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"];
        let mut pip = Command::new(python());
        // Those before 0.49 also want psutil.
        pip.args(asked).arg(&folder).arg(format!("spaces=={version}")).arg("psutil");
        assert!(pip.status().is_ok_and(|status| status.success()), "{pip:?}");
        fs::write(folder.join("made"), "").expect("target/ can be written");
    }
    folder
}

#[test]
#[ignore = "installs seven releases of `spaces`, and runs a Space with each"]
fn the_protocol_is_that_of_each_release() {
    let of = |version: &str, allowed: i64| {
        let run = Run::of_testdata("timed");
        // It stands behind the hook in the path, and before what is installed.
        let child = run.start_with(&[], &[("PYTHONPATH", overlay(version).as_os_str())]);
        let came = run.wait(child);
        came.is(0, &["render"]);
        assert_eq!(came.records[0]["versions"]["spaces"], version);
        let call = came.last_call();
        let seen = (&call["function"]["name"], &call["declared_seconds"], &call["allowed_seconds"]);
        assert_eq!(seen, (&"render".into(), &120.into(), &allowed.into()), "{version}");
        assert_eq!(call["outcome"], "done", "{version}");
    };
    // What is declared is multiplied by the platform's GPU's factor since 0.49.3.
    for version in ["0.40.1", "0.42.1", "0.47.0", "0.48.2"] {
        of(version, 120);
    }
    for version in ["0.49.3", "0.50.4", "0.51.3"] {
        of(version, 180);
    }
}

#[test]
fn a_sitecustomize_of_the_authors_is_run_too() {
    let run = Run::of_testdata("timed");
    let own = run.path("own");
    fs::create_dir(&own).expect("writable");
    let script = "import builtins\nbuiltins.of_the_author = __name__\n";
    fs::write(own.join("sitecustomize.py"), script).expect("writable");
    let app = run.path("app.py");
    let text = fs::read_to_string(&app).expect("it is there");
    let check = "import sitecustomize\nassert of_the_author == 'sitecustomize'\n\
                 assert sitecustomize.__file__.endswith('own/sitecustomize.py')\n";
    fs::write(&app, format!("{check}{text}")).expect("writable");
    let came = run.wait(run.start_with(&[], &[("PYTHONPATH", own.as_os_str())]));
    came.is(0, &["render"]);
    assert_eq!(came.last_call()["function"]["name"], "render");
}
