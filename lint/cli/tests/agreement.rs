//! The trace held against CPython: random Spaces run for real, with a recorder in the place of every
//! package, and what happened is compared to what the tool tells.

use std::path::Path;
use std::process::Command;

/// How many Spaces; the seed changes with each run and is printed.
const COUNT: &str = "300";

/// The share of them, in per cent, that must agree. All of them should: of ten thousand one or two do not
/// yet. What does not is printed, as small as it can be made, and belongs to be mended; a run that meets
/// one does not stop a change that has nothing to do with it.
const LEAST: &str = "99";

/// Runs a script of the oracle; what it prints is shown.
#[track_caller]
fn run(script: &str, arguments: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/oracle");
    let status = Command::new("python3")
        .arg("-B")
        .arg(script)
        .args(arguments)
        .current_dir(folder)
        .status()
        .expect("python3 runs");
    assert!(status.success(), "{script}: {status}");
}

#[test]
fn the_oracle_sees_what_small_programs_do() {
    run("test_oracle.py", &["-q"]);
}

#[test]
fn the_trace_agrees_with_cpython() {
    let tool = env!("CARGO_BIN_EXE_spacelint");
    run(
        "agree.py",
        &["--spacelint", tool, "--count", COUNT, "--least", LEAST, "--shown", "1", "--quiet"],
    );
}
