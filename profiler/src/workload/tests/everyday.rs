//! One model of each kind, from its configuration to what is printed.

use std::time::Duration;

use clap::Parser;
use serde_json::Value;

use super::super::estimated;
use super::super::run::{Line, line};
use super::testdata;
use crate::args;

#[derive(Debug, Parser)]
struct Asked {
    #[command(flatten)]
    workload: args::Workload,
}

fn asked(name: &str, more: &[&str]) -> Result<String, String> {
    let path = testdata(name);
    let path = path.to_str().expect("a plain path");
    let words = ["x", path, "--device", "cpu"].into_iter().chain(more.iter().copied());
    let asked = Asked::try_parse_from(words).map_err(|error| error.to_string())?;
    estimated(&asked.workload, Duration::from_millis(2)).map_err(|fault| fault.0)
}

fn program(name: &str, more: &[&str]) -> Value {
    let more: Vec<&str> = more.iter().copied().chain(["--json"]).collect();
    let text = asked(name, &more).expect("it can be estimated");
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn each_kind_is_estimated() {
    let tokens = ["--prompt-tokens", "16", "--new-tokens", "8"];
    let picture = ["--width", "32", "--height", "32", "--steps", "3", "--prompt-tokens", "16"];
    let video = [&picture[..], &["--frames", "9"]].concat();
    for (name, more, stages) in [
        ("tiny-decoder", &tokens[..], &["prefill", "decode"][..]),
        ("tiny-experts", &tokens, &["prefill", "decode"]),
        ("tiny-diffusion", &picture, &["encode", "encode", "denoise", "decode image"]),
        ("tiny-unet", &picture, &["encode", "denoise", "decode image"]),
        (
            "tiny-speech",
            &["--seconds", "45", "--new-tokens", "8"],
            &["encode", "prefill", "decode"],
        ),
        ("tiny-vision", &["--batch", "2"], &["encode"]),
        ("tiny-video", &video, &["encode", "denoise"]),
    ] {
        let made = program(name, more);
        let case = &made["cases"][0];
        let found: Vec<&str> = case["stages"]
            .as_array()
            .expect("stages")
            .iter()
            .map(|stage| stage["stage"].as_str().expect("a name"))
            .collect();
        assert_eq!(found, stages, "{name}");
        for seconds in case["stages"].as_array().expect("stages").iter().chain([&case["all"]]) {
            let number = |key: &str| seconds[key].as_f64().expect("a number");
            let (low, middle, high) = (number("low"), number("seconds"), number("high"));
            assert!(0.0 < low && low < middle && middle < high && high < 60.0, "{name}: {seconds}");
        }
        assert_eq!(made["becomes_a_duration"], false);
        assert_eq!(made["basis"]["timed_as"], "f32", "a processor computes in 32 bits");
        assert_eq!(case["memory"]["fits"]["large"], true, "{name}");
    }
}

#[test]
fn what_people_read_fits_a_terminal() {
    let text =
        asked("tiny-video", &["--width", "32", "--height", "32", "--frames", "5", "--steps", "2"]);
    let text = text.expect("it can be estimated");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for words in [
        "WanPipeline, bf16, on ",
        "not counted: vae (AutoencoderKLWan): not understood",
        "timed in f32",
        "assumed: --guidance 2, --prompt-tokens 512",
        "large: fits, xlarge: fits",
        "becomes no `duration`",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn a_list_gives_a_line() {
    let more = ["--width", "32", "--height", "32", "--steps", "2,4,8"];
    let made = program("tiny-unet", &more);
    assert_eq!(made["swept"], "steps");
    let seconds: Vec<f64> = made["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .map(|case| case["all"]["seconds"].as_f64().expect("a number"))
        .collect();
    assert!(seconds[0] < seconds[1] && seconds[1] < seconds[2], "{seconds:?}");
    // Each block is timed once, whatever the steps.
    assert!(made["line"]["worst"].as_f64().expect("a number") < 1e-9);
    let text = asked("tiny-unet", &more).expect("it can be estimated");
    assert!(text.contains("seconds = ") && text.contains(" × steps, at most 0 %"), "{text}");
    let two = asked("tiny-unet", &["--steps", "2,4", "--width", "64,128"]);
    assert_eq!(two.expect_err("one list"), "--steps and --width: one of them may be a list");
}

#[test]
fn a_line_goes_through_its_points() {
    let made = line(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]).expect("a line");
    let Line { first, slope, worst } = made;
    assert!((first - 3.0).abs() < 1e-9 && (slope - 2.0).abs() < 1e-9 && worst < 1e-9);
    assert_eq!(line(&[(1.0, 5.0), (1.0, 6.0)]), None, "one value is no sweep");
    assert!(line(&[(1.0, 1.0), (2.0, 1.0), (3.0, 3.0)]).expect("a line").worst > 0.3);
}
