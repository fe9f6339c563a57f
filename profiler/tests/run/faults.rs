//! What a run does when something is wrong.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::harness::{Run, interrupt};

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
            "gpu-worker-error: `fail` (app.py:39) raised ValueError: no such thing",
            "lost-release: `refuse`",
            "gpu-task-aborted: the worker of `die`",
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
