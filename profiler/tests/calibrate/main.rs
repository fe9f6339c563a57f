//! `spacelint-profile calibrate` as a person runs it, and what `report` makes of what it keeps.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs it with its caches in `caches`.
fn profile(caches: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spacelint-profile"))
        .args(arguments)
        .env("XDG_CACHE_HOME", caches)
        .output()
        .expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

#[test]
fn a_processor_is_calibrated_and_what_is_kept_is_used_or_made_anew() {
    let caches = tempfile::tempdir().expect("a folder");
    let asked = ["calibrate", "--device", "cpu", "--budget", "1"];
    let first = profile(caches.path(), &[&asked[..], &["--json"]].concat());
    assert!(first.status.success(), "{}", text(&first.stderr));
    assert!(text(&first.stderr).contains("measured for about 1 s"));
    let found: serde_json::Value = serde_json::from_slice(&first.stdout).expect("it is JSON");
    assert_eq!(found["schema"], 1);
    assert_eq!(found["device"]["kind"], "cpu");
    assert!(found["rates"]["matmul-f32"]["per_second"].as_f64().expect("a number") > 1e7);

    let second = profile(caches.path(), &asked);
    assert!(second.status.success() && second.stderr.is_empty(), "{}", text(&second.stderr));
    let shown = text(&second.stdout);
    assert!(shown.contains("kept in "), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80 || line.contains("kept in")));

    let folder = caches.path().join("spacelint/calibration");
    let mut kept: Vec<_> = fs::read_dir(&folder).expect("it is kept").flatten().collect();
    let kept = kept.pop().expect("one file").path();
    fs::write(&kept, "{").expect("it can be written");
    let third = profile(caches.path(), &asked);
    assert!(third.status.success());
    assert!(text(&third.stderr).contains("says nothing"), "{}", text(&third.stderr));
    assert!(fs::read_to_string(&kept).expect("it is kept").contains("\"rates\""));
}

#[test]
fn a_device_that_is_not_there_is_an_error() {
    let caches = tempfile::tempdir().expect("a folder");
    let found = profile(caches.path(), &["calibrate", "--device", "cuda:4096"]);
    assert_eq!(found.status.code(), Some(2));
    assert!(text(&found.stderr).starts_with("error: "), "{}", text(&found.stderr));
    assert!(found.stdout.is_empty());
    assert!(!caches.path().join("spacelint").exists());
}

/// A kept calibration of an L4 as it may be: 100 TFLOP/s and 0.3 TB/s.
const L4: &str = r#"{
  "schema": 1, "version": "0.1.0", "made": "2026-11-29T10:00:00Z",
  "device": {"kind": "cuda", "name": "NVIDIA L4", "memory_bytes": 24000000000, "driver": "13.0"},
  "budget_seconds": 20,
  "rates": {
    "matmul-bf16": {"per_second": 1e14, "low": 1e14, "high": 1e14},
    "memory": {"per_second": 3e11, "low": 3e11, "high": 3e11}
  },
  "measured": [], "left_out": []
}"#;

#[test]
fn a_report_translates_what_another_gpu_took() {
    let caches = tempfile::tempdir().expect("a folder");
    let folder = caches.path().join("spacelint/calibration");
    fs::create_dir_all(&folder).expect("it can be made");
    let mut recording = r#"{"kind":"run","schema":1,"version":"0.1.0","began":"2026-12-01T10:00:00Z","basis":"other-gpu","device":"NVIDIA L4","versions":{},"visitor":"free","zerogpu":true}"#.to_owned();
    for number in 1..=20 {
        let used = 10.0 + f64::from(number % 5) / 10.0;
        recording.push('\n');
        let function = r#"{"module":"__main__","name":"draw","path":"app.py","line":7}"#;
        let declared = r#""declared_seconds":60,"allowed_seconds":90,"booked_seconds":90"#;
        recording += &[
            &format!(
                r#"{{"kind":"call","number":{number},"at_seconds":1.0,"function":{function},"#
            ),
            &format!(r#""size":"large",{declared},"queued_seconds":0.0,"used_seconds":{used},"#),
            r#""cold":false,"outcome":"done"}"#,
        ]
        .concat();
    }
    let file = caches.path().join("recording.jsonl");
    fs::write(&file, recording + "\n").expect("it can be written");
    let page = |kept: Option<&str>| {
        let path = folder.join("cuda-0000000000000000.json");
        if let Some(kept) = kept {
            fs::write(&path, kept).expect("it can be written");
        }
        let found = profile(caches.path(), &["report", file.to_str().expect("it is text")]);
        assert!(found.status.success(), "{}", text(&found.stderr));
        fs::read_to_string(file.with_extension("html")).expect("it is made")
    };
    let without = page(None);
    assert!(without.contains("no duration is recommended"), "{without}");
    // 100 of at most 250 TFLOP/s, and for what is the host's own as long as here.
    let with = page(Some(L4));
    assert!(with.contains("between 0.38 and 1.00 times as long"), "{with}");
    assert!(!with.contains("no duration is recommended"));
    // What makes no sense is as good as nothing, and another GPU's says nothing of this one.
    for other in ["{", &L4.replace("NVIDIA L4", "NVIDIA L40S"), &L4.replace("3e11", "-3e11")] {
        assert!(page(Some(other)).contains("no duration is recommended"), "{other}");
    }
}
