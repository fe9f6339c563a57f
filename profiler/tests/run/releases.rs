//! The protocol against each release of `spaces`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::harness::{Came, Run, python, python_with};

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

/// A run with this Python, and this `spaces` over its own.
fn run_with(python: &Path, spaces: &Path) -> Came {
    let run = Run::of_testdata("timed");
    // It stands behind the hook in the path, and before what is installed.
    let python = python.to_string_lossy();
    let child = run.start_with(&["--python", &python], &[("PYTHONPATH", spaces.as_os_str())]);
    run.wait(child)
}

#[test]
#[ignore = "installs eight releases of `spaces` and two of Gradio, and runs a Space with each of each"]
fn the_protocol_is_that_of_each_release() {
    for (gradio, python) in
        [("6.31.0", python()), ("5.50.0", python_with("tests/run/gradio-5.txt"))]
    {
        let of = |version: &str, allowed: i64| {
            let came = run_with(&python, &overlay(version));
            came.is(0, &["render"]);
            assert!(!came.stderr.contains("known here"), "{}", came.all());
            let versions = &came.records[0]["versions"];
            assert_eq!(
                (&versions["spaces"], &versions["gradio"]),
                (&version.into(), &gradio.into())
            );
            assert_eq!(came.of("call").len(), 3, "{}", came.all());
            for call in came.of("call") {
                let seen = (
                    &call["function"]["name"],
                    &call["declared_seconds"],
                    &call["allowed_seconds"],
                );
                let expected = (&"render".into(), &120.into(), &allowed.into());
                assert_eq!(seen, expected, "{version} with Gradio {gradio}");
                assert_eq!(call["outcome"], "done", "{version} with Gradio {gradio}");
            }
            let cold: Vec<_> = came.of("call").iter().map(|call| call["cold"] == true).collect();
            assert_eq!(cold, [true, true, false], "{version} with Gradio {gradio}");
        };
        // What is declared is multiplied by the platform's GPU's factor since 0.49.3.
        for version in ["0.40.1", "0.42.1", "0.47.0", "0.48.2"] {
            of(version, 120);
        }
        for version in ["0.49.3", "0.50.4", "0.51.3"] {
            of(version, 180);
        }
    }
    let came = run_with(&python(), &overlay("0.52.0.dev3"));
    came.is(0, &["spaces 0.52.0.dev3 is a pre-release, which is not known here"]);
}

#[test]
fn a_prerelease_is_said_not_to_be_known() {
    // The package itself is the newest; what it is called is that of one.
    let run = Run::of_testdata("timed");
    let folder = run.path("newer/spaces-99.0.0rc1.dist-info");
    fs::create_dir_all(&folder).expect("writable");
    let metadata = "Metadata-Version: 2.1\nName: spaces\nVersion: 99.0.0rc1\n";
    fs::write(folder.join("METADATA"), metadata).expect("writable");
    let newer = run.path("newer");
    // Where a command starts the Space, only the Space itself knows.
    let python = python().to_string_lossy().into_owned();
    let arguments = ["--", &python, "app.py"];
    let came = run.wait(run.start_with(&arguments, &[("PYTHONPATH", newer.as_os_str())]));
    came.is(0, &["render", "note: spaces 99.0.0rc1 is a pre-release, which is not known here"]);
    assert_eq!(came.records[0]["versions"]["spaces"], "99.0.0rc1");
}
