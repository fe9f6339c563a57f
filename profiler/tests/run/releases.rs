//! The protocol against each release of `spaces`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::harness::{Run, python};

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
