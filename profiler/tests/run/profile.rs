//! From a run to a duration that is declared.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::harness::{Run, interrupt};

fn profile(run: &Run) -> Option<Value> {
    let text = fs::read(run.path(".spacelint/profile.json")).ok()?;
    Some(serde_json::from_slice(&text).expect("it is JSON"))
}

#[test]
fn what_is_measured_is_declared_and_measured_again() {
    let run = Run::of_testdata("timed");
    let asked = ["--sweep", "--calls", "30", "--times-hold-on-platform"];
    let came = run.run(&asked);
    came.is(
        0,
        &[
            "`render` (large): declare",
            "with 95 % confidence",
            "as declared",
            "to declare what is recommended",
        ],
    );
    let measured = profile(&run).expect("it is written");
    let function = &measured["functions"][0];
    assert_eq!((&measured["basis"], &function["name"]), (&"cpu".into(), &"render".into()));
    assert_eq!((&function["calls"], &function["cold_calls"]), (&30.into(), &5.into()));
    let target = function["advice"]["target"].as_i64().expect("it is recommended");
    assert!((1..=10).contains(&target), "{function}");
    // With all steps it sleeps for 1.2 s, and a sweep reaches that corner.
    assert!(function["longest_seconds"].as_f64() >= Some(1.2), "{function}");

    let (is_clean, said) = run.check(&[]);
    assert!(!is_clean && said.contains("loose-duration"), "{said}");
    let (_, said) = run.check(&["--unsafe-fixes"]);
    let app = fs::read_to_string(run.path("app.py")).expect("it is there");
    // The steps drive the time, and the clock of a busy machine decides whether that is worth a function of them.
    let declared = match function["advice"]["kind"].as_str() {
        Some("callable") => "@spaces.GPU(duration=render_duration)".to_owned(),
        _ => format!("@spaces.GPU(duration={target})"),
    };
    assert!(app.contains(&declared), "{app}\n{said}");
    // The mended duration is what was measured, and that still counts.
    let (is_clean, said) = run.check(&[]);
    assert!(is_clean && !said.contains("stale-profile"), "{said}");

    run.run(&asked).is(0, &["`render` (large): declare"]);
    let (is_clean, said) = run.check(&[]);
    assert!(is_clean, "{said}");
    let again = profile(&run).expect("it is written");
    let declared = again["functions"][0]["declared_seconds"].as_i64();
    assert!((1..=target).contains(&declared.expect("it is told")), "{again}");
}

#[test]
fn what_does_not_follow_is_not_recommended() {
    let run = Run::of_testdata("timed");
    // The times of a CPU are not those of the platform, and one round of examples is not enough.
    run.run(&[])
        .is(0, &["not enough calls: 7 more", "No duration is recommended: the calls ran on a CPU"]);
    let (is_clean, said) = run.check(&[]);
    assert!(is_clean, "{said}");
    let before = profile(&run).expect("it is written");
    assert_eq!(before["functions"][0]["advice"]["missing"], 7);
    // A run that is cut short leaves the profile as it was, and so does one that sees nothing.
    let child = run.start(&["--sweep", "--calls", "1000"]);
    let records = || run.records().iter().filter(|record| record["kind"] == "call").count();
    while records() < 15 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    interrupt(&child);
    run.wait(child).is(130, &["render"]);
    run.run(&["--no-hook"]).is(0, &["/render"]);
    assert_eq!(profile(&run).as_ref(), Some(&before));
    // Where it cannot be written, that is said.
    let folder = run.path(".spacelint");
    fs::remove_dir_all(&folder).expect("it is there");
    fs::write(&folder, "").expect("writable");
    run.run(&[]).is(2, &["render", "cannot write the profile"]);
    assert_eq!(fs::metadata(&folder).expect("it is there").permissions().mode() & 0o777, 0o644);
}

#[test]
fn calls_that_are_stopped_ask_for_more_than_they_were_allowed() {
    let app = r#"
import time

import gradio as gr
import spaces


@spaces.GPU(duration=1)
def run(text):
    time.sleep(600)


gr.Interface(run, "text", "text").launch()
"#;
    let run = Run::of(app);
    let came = run.run(&["--calls", "2", "--times-hold-on-platform"]);
    came.is(1, &["tight-duration: `run`", "2 of 2 calls were stopped", "over "]);
    let function = &profile(&run).expect("it is written")["functions"][0];
    assert_eq!((&function["calls"], &function["stopped_calls"]), (&0.into(), &2.into()));
    assert_eq!(function["advice"]["kind"], "stopped");
}

#[test]
#[ignore = "builds both programs for release, and installs Gradio from a package index once more"]
fn the_readmes_command_does_all_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).expect("it is there");
    let (_, after) = readme.split_once("<!-- profile -->\n```sh\n").expect("it is marked");
    let (command, _) = after.split_once("\n```").expect("the block ends");
    let Output { status, stdout, stderr } = Command::new("bash")
        .args(["-euo", "pipefail", "-c", command])
        .current_dir(&root)
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{said}");
    let (first, second) = said.split_once("1 fix made.").expect("something is mended");
    assert!(first.contains("warning[loose-duration]"), "{said}");
    assert!(second.contains("No problems found"), "{said}");
}
