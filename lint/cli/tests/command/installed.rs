//! What others make of the repository: pip, pre-commit, shells and readers of manual pages. It takes minutes,
//! because the program is built anew wherever it is installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::support::{CARD, folder, run, write};

const PRE_COMMIT: &str = "pre-commit==4.7.0";

fn repository() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    path.canonicalize().expect("it is there")
}

/// A program in whose environment an installation builds quickly, and into a folder that is kept.
fn quick(program: impl AsRef<std::ffi::OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("CARGO_TARGET_DIR", home.join("build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("MATURIN_PEP517_ARGS", "--profile dev")
        .env("PRE_COMMIT_HOME", home.join("pre-commit"))
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    command
}

/// The status, and all that was printed.
fn outcome(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
}

#[track_caller]
fn done(command: &mut Command) -> String {
    let (status, printed) = outcome(command);
    assert_eq!(status, Some(0), "{command:?}\n{printed}");
    printed
}

/// A new virtual environment with `package`; the folder of its programs.
fn environment(folder: &Path, package: &str, home: &Path) -> PathBuf {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("an old one can be removed");
    }
    done(Command::new("python3").args(["-m", "venv"]).arg(folder));
    done(quick(folder.join("bin/python"), home).args(["-m", "pip", "install", "--quiet", package]));
    folder.join("bin")
}

fn git(folder: &Path, arguments: &[&str]) {
    done(Command::new("git").args(arguments).current_dir(folder));
}

/// Tells how long something took, to whom the slow tests are run by.
fn took(what: &str, begun: Instant) {
    writeln!(std::io::stdout(), "{what}: {} s", begun.elapsed().as_secs()).expect("stdout");
}

#[test]
#[ignore = "builds the program three times, which takes minutes"]
fn pip_and_pre_commit_install_it_from_a_clone() {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
    std::fs::create_dir_all(&home).expect("target/ can be written");
    let repository = repository();

    let begun = Instant::now();
    let clone = repository.to_str().expect("UTF-8");
    let bin = environment(&home.join("pip"), clone, &home);
    let space = repository.join("testdata/spaces/cuda-chain");
    let (status, printed) = outcome(Command::new(bin.join("spacelint")).arg("check").arg(&space));
    assert_eq!(status, Some(1), "{printed}");
    assert!(printed.contains("2 errors and 1 warning in 1 Space"), "{printed}");
    took("pip install .", begun);

    let begun = Instant::now();
    let pre_commit = environment(&home.join("hooks"), PRE_COMMIT, &home).join("pre-commit");
    let space = folder(&[
        ("README.md", "---\ntitle: A Space\nsdk: gradio\n---\n"),
        ("app.py", "import gradio\n"),
        ("requirements.txt", "gradio==6.31.0\n"),
    ]);
    let space = space.path();
    git(space, &["init", "--quiet"]);
    git(space, &["add", "."]);
    let hooks = || {
        let mut command = quick(&pre_commit, &home);
        command.args(["try-repo", clone, "--all-files", "--verbose", "--color=never"]);
        outcome(command.current_dir(space))
    };
    let (status, printed) = hooks();
    assert_eq!(status, Some(1), "{printed}");
    for part in [
        "warning[missing-sdk-version]",
        "- exit code: 1",
        "1 fix made",
        "- files were modified by this hook",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let card = std::fs::read_to_string(space.join("README.md")).expect("it is there");
    assert_eq!(card, "---\ntitle: A Space\nsdk: gradio\nsdk_version: \"6.31.0\"\n---\n");
    git(space, &["add", "."]);
    let (status, printed) = hooks();
    assert_eq!(status, Some(0), "{printed}");
    assert_eq!(printed.matches("Passed").count(), 2, "{printed}");
    took("pre-commit try-repo, twice", begun);
}

#[test]
#[ignore = "only says something where the shells are"]
fn shells_and_manuals_take_what_is_made_for_them() {
    let home = folder(&[("README.md", CARD)]);
    let mut told = Vec::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = run(home.path(), &["completions", shell]).stdout;
        write(home.path(), shell, &script);
        match Command::new(shell).arg("-n").arg(home.path().join(shell)).output() {
            Ok(output) => assert!(
                output.status.success() && output.stderr.is_empty(),
                "{shell}: {}",
                String::from_utf8_lossy(&output.stderr)
            ),
            Err(_) => told.push(shell),
        }
    }
    assert_eq!(run(home.path(), &["man", "--out", "man1"]).status, 0);
    let pages = std::fs::read_dir(home.path().join("man1")).expect("it can be listed");
    let pages: Vec<PathBuf> = pages.map(|page| page.expect("it can be listed").path()).collect();
    assert!(pages.len() > 5, "{pages:?}");
    if Command::new("mandoc").arg("-V").output().is_ok() {
        done(Command::new("mandoc").args(["-T", "lint", "-W", "error"]).args(&pages));
    } else {
        told.push("mandoc");
    }
    let missing = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
    writeln!(std::io::stdout(), "missing here: {missing}").expect("stdout");
}
