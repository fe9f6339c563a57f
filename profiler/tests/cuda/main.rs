//! The commands that compute, on the stand-in driver of `profiler/cuda`, which `gcc` compiles here: its numbers mean nothing, but
//! all of the path to a GPU is gone. What goes wrong there is told in words, with exit status 2.

#![cfg(all(feature = "cuda", target_os = "linux", target_arch = "x86_64"))]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder with the libraries.
fn stand_in() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let built = folder.path().join("libcuda.so.1");
    let status = Command::new("gcc")
        .args(["-shared", "-fPIC", "-O1", "-w", "-o"])
        .arg(&built)
        .arg(root().join("profiler/cuda/stand-in/driver.c"))
        .status()
        .expect("gcc");
    assert!(status.success());
    for library in ["libcublas.so.13", "libcurand.so.10", "libcudnn.so.9"] {
        symlink(&built, folder.path().join(library)).expect("a link");
    }
    folder
}

fn profile(folder: &TempDir, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spacelint-profile"))
        .args(arguments)
        .current_dir(root())
        .env_clear()
        .env("SPACELINT_CUDA_LIBS", folder.path())
        .env("STAND_IN_LOG", "1")
        .env("XDG_CACHE_HOME", folder.path())
        .envs(settings.iter().copied())
        .output()
        .expect("the program")
}

const DECODER: [&str; 6] = [
    "workload",
    "testdata/models/tiny-decoder",
    "--device=cuda",
    "--dtype=bf16",
    "--prompt-tokens=16",
    "--new-tokens=4",
];
const PIPELINE: [&str; 4] =
    ["workload", "testdata/models/tiny-unet", "--device=cuda", "--dtype=f16"];

#[test]
fn models_of_each_kind_run() {
    let folder = stand_in();
    for arguments in [&DECODER[..], &PIPELINE] {
        let output = profile(&folder, arguments, &[]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Stand-in GPU"), "{text}");
        // Products and kernels were started, and everything was given back.
        assert!(!error.contains(" 0 kernels") && !error.contains(" 0 products"), "{error}");
        assert!(error.contains(" 0 bytes left"), "{error}");
    }
}

#[test]
fn a_calibration_of_a_device_that_computes_nothing_is_not_believed() {
    let folder = stand_in();
    // So that the largest sizes do not fit.
    let small = [("STAND_IN_MEMORY", "1000000000")];
    let output = profile(&folder, &["calibrate", "--device=cuda", "--budget=1", "--json"], &small);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(found["device"]["name"], "Stand-in GPU", "{error}");
    assert_eq!(found["device"]["driver"], "13.0");
    // Copies do what they should, and nothing else does.
    let parts: Vec<&str> = found["measured"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["part"].as_str())
        .collect();
    assert!(parts.contains(&"host-to-device") && parts.contains(&"device-to-host"), "{parts:?}");
    assert!(!parts.iter().any(|part| part.starts_with("matmul")), "{parts:?}");
}

#[test]
fn what_goes_wrong_is_told() {
    let folder = stand_in();
    for (settings, says) in [
        (("STAND_IN_DEVICES", "0"), "CUDA cannot be used here: the driver sees no GPU"),
        (("STAND_IN_DRIVER", "11040"), "CUDA 11.8 is the oldest that will do"),
        (("STAND_IN_MEMORY", "100000"), "memory"),
        (("STAND_IN_LAUNCH", "700"), "CUDA_ERROR_ILLEGAL_ADDRESS"),
        (("STAND_IN_LAUNCH", "2"), "the device has not enough memory for this"),
    ] {
        let output = profile(&folder, &DECODER, &[settings]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{settings:?}: {error}");
        assert!(error.contains(says), "{settings:?}: {error}");
    }
}
