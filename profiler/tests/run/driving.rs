//! Who makes the calls of a run.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::harness::{Run, interrupt, python};

#[test]
fn a_sweep_reaches_the_corner_and_its_inputs_can_be_replayed() {
    let run = Run::of_testdata("timed");
    let inputs = run.path("inputs.jsonl").to_string_lossy().into_owned();
    let came =
        run.run(&["--sweep", "--calls", "9", "--save-inputs", &inputs, "--cold-starts", "3"]);
    came.is(0, &["render", "texts and files included"]);
    let steps = came.arguments("steps");
    assert_eq!((steps.len(), steps[0]), (9, 50.0));
    assert!(steps.iter().any(|steps| *steps < 15.0), "{steps:?}");
    let cold: Vec<bool> = came.of("call").iter().map(|call| call["cold"] == true).collect();
    assert_eq!(cold, [true, true, false, true, false, false, false, false, false]);
    // A warm worker is up at once, a cold one is started.
    for call in came.of("call") {
        assert_eq!(call["cold"] == true, call["start_seconds"].is_number(), "{call}");
    }
    let saved = fs::read_to_string(&inputs).expect("it is written");
    assert_eq!(saved.lines().count(), 9);
    // On ZeroGPU one call waits if nobody says otherwise, and whoever comes next is sent away.
    let app = fs::read_to_string(run.path("app.py")).expect("it is there");
    let queue = "demo.queue(max_size=9, default_concurrency_limit=3).launch()";
    fs::write(run.path("app.py"), app.replace("demo.launch()", queue)).expect("writable");
    let again =
        run.run(&["--replay", &inputs, "--calls", "11", "--concurrency", "3", "--slots", "2"]);
    again.is(0, &["render"]);
    // The two of the second round are those that began it; which calls get a GPU first is not said.
    let mut replayed = again.arguments("steps");
    let mut expected = [&steps[..], &steps[..2]].concat();
    replayed.sort_by(f64::total_cmp);
    expected.sort_by(f64::total_cmp);
    assert_eq!(replayed, expected);
}

#[test]
fn a_script_of_the_authors_makes_the_calls() {
    let run = Run::of_testdata("timed");
    let script = run.path("drive.py").to_string_lossy().into_owned();
    let write = |text: &str| fs::write(&script, text).expect("writable");
    write(
        "print('driving')\nfor number in range(calls):\n    client.predict('a cat', number + 1, api_name='/render')\n",
    );
    let came = run.run(&["--drive", &script, "--calls", "4", "--as", "anonymous"]);
    came.is(1, &["note: driving", "long-duration: `render`"]);
    let came = run.run(&["--drive", &script, "--calls", "3"]);
    came.is(0, &["render"]);
    assert_eq!(came.arguments("steps"), [1.0, 2.0, 3.0]);
    // It fails by itself: that is no fault of the Space's.
    write("raise SystemExit('no idea')\n");
    run.run(&["--drive", &script]).is(2, &["drive.py failed", "no idea"]);
    run.run(&["--drive", "/nowhere/drive.py"]).is(2, &["there is no script /nowhere/drive.py"]);
    run.run(&["--replay", "/nowhere/in.jsonl"]).is(2, &["/nowhere/in.jsonl cannot be read"]);
    // It ends with the run, however that ends.
    write(
        "import pathlib, time\npathlib.Path(__file__).with_name('began').touch()\ntime.sleep(600)\n",
    );
    let child = run.start(&["--drive", &script]);
    run.wait_for("began");
    interrupt(&child);
    run.wait(child).is(130, &["no GPU call was made"]);
    fs::remove_file(run.path("began")).expect("it is there");
    let mut child = run.start(&["--drive", &script]);
    run.wait_for("began");
    child.kill().and_then(|()| child.wait()).expect("it can be killed");
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end && !run.processes().is_empty() {
        thread::sleep(Duration::from_millis(50));
    }
    run.nothing_is_left("");
}

#[test]
fn a_visitor_with_a_browser_is_let_in_until_the_author_is_done() {
    let run = Run::of_testdata("timed");
    let mut child = run.start(&["--interactive", "--as", "pro"]);
    let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
    let url = loop {
        let mut line = String::new();
        assert_ne!(said.read_line(&mut line).expect("it tells"), 0, "it ended");
        if let Some((url, _)) = line.strip_prefix("note: open ").and_then(|it| it.split_once(" in"))
        {
            break url.to_owned();
        }
    };
    let call = format!(
        "from gradio_client import Client\nprint(Client('{url}', verbose=False).predict('a cat', 7, api_name='/render'))"
    );
    let answer = Command::new(python()).args(["-c", &call]).output().expect("Python runs");
    assert!(String::from_utf8_lossy(&answer.stdout).contains("a cat in 7 steps"), "{answer:?}");
    interrupt(&child);
    let came = run.wait(child);
    came.is(0, &["render", "not enough calls: 9 more"]);
    assert_eq!(came.last_call()["outcome"], "done");
    assert_eq!(came.arguments("steps"), [7.0]);
}

#[test]
fn what_cannot_be_called_is_said() {
    let app = r#"
import time

import gradio as gr
import spaces


@spaces.GPU
def describe(image):
    return "a picture"


def wait(text):
    time.sleep(600)


with gr.Blocks() as demo:
    gr.Button("1").click(describe, gr.Image(), gr.Textbox(), api_name="describe")
    # waits
demo.launch()
"#;
    let run = Run::of(app);
    let came = run.run(&[]);
    came.is(2, &["`/describe` is not called: it takes a file", "no call could be made"]);
    // A handler that never answers, outside any GPU function.
    let waits = "gr.Button('2').click(wait, gr.Textbox('x'), gr.Textbox(), api_name='wait')";
    fs::write(run.path("app.py"), app.replace("# waits", waits)).expect("writable");
    let came = run.run(&["--call-timeout", "2"]);
    came.is(
        1,
        &["never-answers: `/wait` was not answered within 2 s", "`/describe` is not called"],
    );
}

#[test]
fn what_could_drive_the_time_is_told_by_the_names_of_the_parameters() {
    let app = r#"
import gradio as gr
import spaces


@spaces.GPU(duration=30)
def draw(prompt, *sizes, scale=1.0, seed=None, **more):
    return prompt


def run(text):
    return draw(text, 3, 4, scale=float("nan"), extra=[1, 2])


gr.Interface(run, gr.Textbox("a secret"), "text").launch()
"#;
    let run = Run::of(app);
    let came = run.run(&[]);
    came.is(0, &["draw"]);
    let recorded = fs::read_to_string(run.path("record.jsonl")).expect("it is there");
    assert!(
        recorded.contains(
            r#""arguments":{"prompt":{"characters":8},"*sizes":{"items":2},"scale":{"other":"float"},"seed":{"other":"NoneType"},"**more":{"items":1}}"#
        ),
        "{recorded}"
    );
    assert!(!recorded.contains("secret"));
}
