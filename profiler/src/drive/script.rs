//! A script of the author's that drives the Space with Gradio's own Python client.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use camino::Utf8PathBuf;
use reqwest::header::HeaderMap;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::Error;

/// What starts it, in Python.
const RUNNER: &str = include_str!("script.py");
/// As many of its last lines are told if it fails.
const LAST: usize = 12;
/// How long it may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(3);

/// A script, and what to run it with.
#[derive(Debug)]
pub(crate) struct Script {
    /// What is put before Python: a command that becomes the one that follows it.
    pub(crate) before: Vec<OsString>,
    /// The Python that has `gradio_client`, which Gradio brings.
    pub(crate) python: OsString,
    /// `drive.py`
    pub(crate) path: Utf8PathBuf,
    /// `--calls`, for the script to heed.
    pub(crate) calls: Option<usize>,
}

/// How a script ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ScriptEnd {
    /// By itself.
    Done,
    /// It was stopped.
    Stopped,
}

impl Script {
    /// Runs it against the Space at `base`, until its end or until `stop` comes. Each line that it prints is told as it
    /// comes.
    pub(crate) async fn run(
        &self,
        base: &str,
        headers: &HeaderMap,
        stop: impl Future<Output = ()>,
        mut tell: impl FnMut(&str),
    ) -> Result<ScriptEnd, Error> {
        let path = &self.path;
        if !path.is_file() {
            return Err(Error::new(format!("there is no script {path}")));
        }
        let headers: serde_json::Map<String, Value> = headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
            .collect();
        let given = json!({
            "address": base,
            "headers": headers,
            "script": path.as_str(),
            "calls": self.calls,
        });
        let mut words = self.before.iter().chain([&self.python]);
        // There is one at least.
        let mut child = Command::new(words.next().unwrap_or(&self.python))
            .args(words)
            .args(["-u", "-c", RUNNER])
            .env("SPACELINT_DRIVE", given.to_string())
            // The client would tell its makers of itself.
            .env("GRADIO_ANALYTICS_ENABLED", "False")
            .env("HF_HUB_DISABLE_TELEMETRY", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // What it starts ends with it, and Ctrl-C comes through here.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let python = self.python.display();
                Error::new(format!("{path} cannot be run with `{python}`: {error}"))
            })?;
        let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        let (send, mut lines) = mpsc::channel(64);
        let readers =
            [reader(child.stdout.take(), send.clone()), reader(child.stderr.take(), send)];
        let mut last = VecDeque::new();
        let mut hear = |line: String| {
            tell(&line);
            last.push_back(line);
            if last.len() > LAST {
                last.pop_front();
            }
        };
        let mut stop = pin!(stop);
        let status = loop {
            tokio::select! {
                () = &mut stop => {
                    end(&group, &mut child).await;
                    return Ok(ScriptEnd::Stopped);
                }
                Some(line) = lines.recv() => hear(line),
                status = child.wait() => break status,
            }
        };
        // What is written before its end is still in the pipes; who else holds them is not waited for.
        let rest = async {
            while let Some(line) = lines.recv().await {
                hear(line);
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(500), rest).await;
        for reader in readers {
            reader.abort();
        }
        match status {
            Ok(status) if status.success() => Ok(ScriptEnd::Done),
            Ok(status) => Err(Error::new(explained(path.as_str(), status, &last))),
            Err(error) => Err(Error::new(format!("{path} cannot be waited for: {error}"))),
        }
    }
}

/// Tells each line of a pipe.
fn reader(
    pipe: Option<impl AsyncRead + Unpin + Send + 'static>,
    send: mpsc::Sender<String>,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let Some(pipe) = pipe else { return };
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if send.send(text).await.is_err() {
                return;
            }
        }
    })
}

fn explained(path: &str, status: ExitStatus, last: &VecDeque<String>) -> String {
    let lines: Vec<&str> = last.iter().map(String::as_str).collect();
    match lines.as_slice() {
        [] => format!("{path} failed ({status}) and said nothing"),
        lines => format!("{path} failed ({status}):\n{}", lines.join("\n")),
    }
}

/// The script and all that it started; dropped, they end.
struct Group(Option<Pid>);

impl Group {
    fn send(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Whoever has ended needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.send(Signal::KILL);
    }
}

/// Asks it to end, and then does not ask.
async fn end(group: &Group, child: &mut Child) {
    group.send(Signal::INT);
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        group.send(Signal::KILL);
        let _ = child.wait().await;
    }
}
