//! Runs of the profiler on Spaces under the real `spaces` and Gradio, after which no process of them is left.

#[path = "../../../rules/tests/pages/zerogpu/install.rs"]
mod install;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

const CARD: &str = "---\nsdk: gradio\n---\n";

/// A variable that all processes of a run inherit, by which they are found.
pub(crate) const MARK: &str = "SPACELINT_TEST_RUN";

/// The Python with the newest `spaces` and Gradio.
pub(crate) fn python() -> PathBuf {
    python_with("../rules/tests/pages/zerogpu/spaces.txt")
}

/// The Python with what these pins name.
pub(crate) fn python_with(pins: &str) -> PathBuf {
    install::python(&Path::new(env!("CARGO_MANIFEST_DIR")).join(pins))
}

/// A Space in a folder of its own, and a way to run it.
pub(crate) struct Run {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) mark: String,
}

/// What came of a run.
pub(crate) struct Came {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) records: Vec<Value>,
}

impl Run {
    pub(crate) fn of(app: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("README.md"), CARD).expect("writable");
        fs::write(folder.path().join("app.py"), app).expect("writable");
        fs::create_dir(folder.path().join("scratch")).expect("writable");
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { folder, mark }
    }

    pub(crate) fn of_testdata(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/spaces").join(name);
        let run = Self::of("");
        for file in fs::read_dir(folder).expect("it is there").flatten() {
            fs::copy(file.path(), run.folder.path().join(file.file_name())).expect("writable");
        }
        run
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.start_with(arguments, &[])
    }

    pub(crate) fn start_with(&self, arguments: &[&str], environment: &[(&str, &OsStr)]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spacelint-profile"));
        command.arg("run").arg(self.folder.path()).args(["--cpu", "--scratch"]);
        command.arg(self.path("scratch"));
        if !arguments.iter().any(|argument| ["--python", "--"].contains(argument)) {
            command.arg("--python").arg(python());
        }
        if !arguments.contains(&"--record") {
            command.arg("--record").arg(self.path("record.jsonl"));
        }
        command.args(arguments).env(MARK, &self.mark);
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Came {
        self.wait(self.start(arguments))
    }

    pub(crate) fn wait(&self, child: Child) -> Came {
        let came = self.outcome(child);
        self.nothing_is_left(&came.all());
        came
    }

    pub(crate) fn outcome(&self, child: Child) -> Came {
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
        Came {
            status: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            records: self.latest(),
        }
    }

    /// The records of the latest run: the file is appended to.
    fn latest(&self) -> Vec<Value> {
        let mut records = self.records();
        let began = records.iter().rposition(|record| record["kind"] == "run");
        records.split_off(began.unwrap_or(0))
    }

    /// Those of all runs.
    pub(crate) fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("record.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    /// What `spacelint check` says of the Space, and whether it found nothing.
    pub(crate) fn check(&self, arguments: &[&str]) -> (bool, String) {
        let own = Path::new(env!("CARGO_BIN_EXE_spacelint-profile"));
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet", "--locked", "-p", "spacelint"]);
        if own.parent().is_some_and(|folder| folder.ends_with("release")) {
            command.arg("--release");
        }
        command.args(["--", "check", "--format", "concise"]).args(arguments);
        let Output { status, stdout, stderr } =
            command.arg(self.folder.path()).output().expect("cargo runs");
        let said = [stdout, stderr].concat();
        (status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// The processes of the run.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let wanted = format!("{MARK}={}", self.mark);
        let entries = fs::read_dir("/proc").expect("there are processes").flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
            })
            .collect()
    }

    /// Neither a process, and with it a port, nor the private folder.
    pub(crate) fn nothing_is_left(&self, said: &str) {
        let left = self.processes();
        assert!(left.is_empty(), "{left:?} are left\n{said}");
        let left: Vec<_> =
            fs::read_dir(self.path("scratch")).expect("it is there").flatten().collect();
        assert!(left.is_empty(), "{left:?} are left\n{said}");
    }

    /// Waits until there is a file of that name below the Space.
    pub(crate) fn wait_for(&self, name: &str) {
        let end = Instant::now() + Duration::from_mins(4);
        while !self.path(name).exists() {
            assert!(Instant::now() < end, "`{name}` does not come");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // A test that fails midway waits for nothing.
        if thread::panicking() {
            for pid in self.processes() {
                let _ = Command::new("kill").args(["-s", "KILL"]).arg(pid.to_string()).status();
            }
        }
    }
}

impl Came {
    pub(crate) fn all(&self) -> String {
        format!("{:?}\n{}\n{}", self.status, self.stdout, self.stderr)
    }

    #[track_caller]
    pub(crate) fn is(&self, status: i32, says: &[&str]) {
        assert_eq!(self.status, Some(status), "{}", self.all());
        for text in says {
            assert!(self.all().contains(text), "it does not say `{text}`:\n{}", self.all());
        }
    }

    pub(crate) fn of(&self, kind: &str) -> Vec<&Value> {
        self.records.iter().filter(|record| record["kind"] == kind).collect()
    }

    /// The measure of an argument of each call, as a number.
    pub(crate) fn arguments(&self, name: &str) -> Vec<f64> {
        let of = |call: &&Value| call["arguments"][name]["number"].as_f64();
        self.of("call").iter().filter_map(of).collect()
    }

    #[track_caller]
    pub(crate) fn last_call(&self) -> &Value {
        self.of("call").pop().unwrap_or_else(|| panic!("it was not called:\n{}", self.all()))
    }
}

pub(crate) fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-s", "INT"]).arg(child.id().to_string()).status();
    assert!(sent.is_ok_and(|status| status.success()));
}
