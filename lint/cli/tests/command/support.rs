//! Runs the real command in a folder made for it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What the command did.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The diagnostics' rules, from JSON.
    pub(crate) fn rules(&self) -> Vec<String> {
        let diagnostics = &self.json()["diagnostics"];
        let diagnostics = diagnostics.as_array().expect("diagnostics are a list");
        diagnostics.iter().filter_map(|one| one["rule"].as_str()).map(str::to_owned).collect()
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}{}", self.stdout, self.stderr))
    }
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

/// Writes `text` to the file `path` below `folder`.
pub(crate) fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("it can be made");
    std::fs::write(path, text).expect("it can be written");
}

/// Runs `spacelint` with `arguments` in `folder`, as in a pipe with a UTF-8 locale.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    ran(command(folder, arguments).output().expect("the command runs"))
}

/// Like [`run`], with `text` on standard input.
pub(crate) fn run_with(folder: &Path, arguments: &[&str], text: &[u8]) -> Ran {
    let mut command = command(folder, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command runs");
    let mut input = child.stdin.take().expect("it is piped");
    // What is wrong with the arguments is said before anything is read.
    let _ = input.write_all(text);
    drop(input);
    ran(child.wait_with_output().expect("it ends"))
}

fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("it prints UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("it prints UTF-8"),
    }
}

/// The command, with nothing of this process's environment that it listens to.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spacelint"));
    command.args(arguments).current_dir(folder).env("LC_ALL", "C.UTF-8");
    for name in
        ["NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_HYPERLINK"]
    {
        command.env_remove(name);
    }
    command
}

/// Runs `spacelint check` with the one rule that these tests provoke, so that they do not depend on
/// what is known of the platform; one finding fails the run.
pub(crate) fn check(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&CHECK[..], arguments].concat())
}

/// See [`check`].
pub(crate) const CHECK: [&str; 5] = ["check", "--select", "unused-ignore", "--fail-on", "info"];

/// A card.
pub(crate) const CARD: &str =
    "---\ntitle: A Space\nsdk: gradio\nsdk_version: 6.31.0\napp_file: app.py\n---\n";

/// A program in which one thing is found, on line 1.
pub(crate) const APP: &str = "import gradio  # spacelint: ignore[no-such-rule]\n";
