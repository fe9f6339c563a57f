//! What the profiler adds to a call.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::harness::{MARK, Run, interrupt, python};

const APP: &str = r#"
import time

import gradio as gr
import spaces


@spaces.GPU(duration=30)
def wait(text):
    time.sleep(1)
    return text


with gr.Blocks() as demo:
    gr.Button("Wait").click(wait, gr.Textbox("x"), gr.Textbox(), api_name="wait")
demo.launch()
"#;

/// How many calls of each are compared.
const ROUNDS: usize = 60;

/// The same app without a profiler, and without ZeroGPU: nothing is between a call and its function.
fn alone(run: &Run) -> (Child, String) {
    let child = Command::new(python())
        .args(["-u", "app.py"])
        .current_dir(run.folder.path())
        .env(MARK, &run.mark)
        .env("GRADIO_ANALYTICS_ENABLED", "False")
        .env("GRADIO_SSR_MODE", "False")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.expect("Python runs");
    let mut said = BufReader::new(child.stdout.take().expect("it is piped"));
    let url = loop {
        let mut line = String::new();
        assert_ne!(said.read_line(&mut line).expect("it tells"), 0, "it ended");
        if let Some(at) = line.find("http://") {
            break line[at..].trim().to_owned();
        }
    };
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    (child, url)
}

/// Where the Space of a run that goes on serves.
fn served(child: &mut Child) -> String {
    let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
    loop {
        let mut line = String::new();
        assert_ne!(said.read_line(&mut line).expect("it tells"), 0, "it ended");
        // Straight to it: the address for browsers is a step more, which calls of the profiler's own do not take.
        if let Some((_, url)) = line.split_once(" s at ") {
            // What comes after it is read too, so that nothing waits for its reader.
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            return url.trim().to_owned();
        }
    }
}

/// The median of the differences in each round, and between which values it lies with 97 % confidence, whatever their
/// distribution: order statistics of the differences.
fn median(mut differences: Vec<f64>) -> (f64, f64, f64) {
    differences.sort_by(f64::total_cmp);
    let count = differences.len();
    // The median of all lies outside the 22nd to the 39th of 60 if fewer than 22 of 60 fair coins, or more than 38, show
    // heads: 2.7 in 100.
    assert_eq!(count, ROUNDS, "the ranks are those of so many");
    let (low, high) = (21, 38);
    let middle = f64::midpoint(differences[(count - 1) / 2], differences[count / 2]);
    (middle, differences[low], differences[high])
}

#[test]
#[ignore = "measures: it takes minutes, and a machine that is busy disturbs it"]
fn the_profiler_adds_less_than_a_hundredth_to_a_call_of_a_second() {
    for (what, arguments) in [
        ("outside ZeroGPU (`--plain`)", &["--interactive", "--plain"][..]),
        ("under the local ZeroGPU", &["--interactive", "--cold-starts", "1"][..]),
    ] {
        let run = Run::of(APP);
        let (mut bare, bare_url) = alone(&run);
        let mut child = run.start(arguments);
        let url = served(&mut child);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run/overhead.py");
        let mut python = Command::new(python());
        python.arg(script).arg(ROUNDS.to_string()).args([&bare_url, &url]);
        let measured = python.output().expect("Python runs");
        bare.kill().and_then(|()| bare.wait()).expect("it can be ended");
        interrupt(&child);
        run.wait(child).is(0, &[]);
        let text = String::from_utf8_lossy(&measured.stdout);
        let rounds: Vec<(f64, f64)> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)))
            .collect();
        assert_eq!(rounds.len(), ROUNDS, "{measured:?}");
        let alone = median(rounds.iter().map(|(alone, _)| *alone).collect()).0;
        let (middle, low, high) = median(rounds.iter().map(|(one, other)| other - one).collect());
        let _ = writeln!(
            std::io::stdout(),
            "{what}: alone {:.1} ms; the profiler adds {:.2} ms, from {:.2} to {:.2} ms",
            alone * 1e3,
            middle * 1e3,
            low * 1e3,
            high * 1e3
        );
        assert!(middle < 0.01, "{what}: {middle} s");
    }
}
