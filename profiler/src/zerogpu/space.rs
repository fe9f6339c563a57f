//! The Space's own process: how it is started, when it serves, and how it is ended with all that it started.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::guard::{GUARD, Word};
use super::processes;

/// How often a Space that starts is asked whether it serves.
const ASK: Duration = Duration::from_millis(100);
/// How long such an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a Space may take to end by itself.
const FAREWELL: Duration = Duration::from_secs(4);
/// How long the guard may take to end what is left.
const END: Duration = Duration::from_secs(12);

/// How a Space is started.
pub(crate) struct Start<'a> {
    /// Its folder.
    pub(crate) root: &'a Path,
    /// The command.
    pub(crate) command: Vec<std::ffi::OsString>,
    /// Variables that are set, or removed, for it.
    pub(crate) environment: Vec<(&'static str, Option<std::ffi::OsString>)>,
    /// What it prints goes here.
    pub(crate) log: &'a Path,
    /// What is removed when it ends.
    pub(crate) private: &'a Path,
}

/// A Space that was started.
pub(crate) struct Process {
    guard: Child,
    /// The guard ends all of it when this is closed.
    leash: Option<ChildStdin>,
    /// The Space's main process.
    pub(crate) pid: i32,
    end: watch::Receiver<Option<Word>>,
}

/// A Space that answers.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    /// Where.
    pub(crate) address: SocketAddr,
}

/// Why a Space does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotServed {
    /// It ended.
    Ended(Word),
    /// It took too long; where it listened by then.
    TookTooLong(Vec<SocketAddr>),
    /// It asks who is there before it says anything.
    WantsLogin(SocketAddr),
}

impl Process {
    /// Starts it. Called from the thread that lives as long as the profiler.
    pub(crate) async fn start(start: Start<'_>) -> Result<Self, String> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(start.log)
            .map_err(|error| format!("cannot write `{}`: {error}", start.log.display()))?;
        let own = std::env::current_exe()
            .map_err(|error| format!("cannot tell where spacelint-profile itself is: {error}"))?;
        let mut command = Command::new(own);
        command
            .arg(GUARD)
            .arg(start.private)
            .args(start.command)
            .current_dir(start.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(log))
            // A Ctrl-C is for the profiler, which ends the Space in its own way.
            .process_group(0);
        for (name, value) in start.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let cannot = |why: &str| format!("cannot start the Space: {why}");
        let mut guard = command.spawn().map_err(|error| cannot(&error.to_string()))?;
        let leash = guard.stdin.take();
        let stdout = guard.stdout.take().ok_or_else(|| cannot("its guard has no output"))?;
        let mut lines = BufReader::new(stdout).lines();
        let pid = match next(&mut lines).await {
            Some(Word::Started(pid)) => pid,
            Some(Word::Failed(why)) => return Err(cannot(&why)),
            other => return Err(cannot(&format!("its guard said {other:?}"))),
        };
        let (told, end) = watch::channel(None);
        tokio::spawn(async move {
            let lost = || Word::Failed("its guard was killed".to_owned());
            let word = next(&mut lines).await.unwrap_or_else(lost);
            let _ = told.send(Some(word));
        });
        Ok(Self { guard, leash, pid, end })
    }

    /// Waits until the Space ends.
    pub(crate) async fn ended(&self) -> Word {
        let mut end = self.end.clone();
        let word = end.wait_for(Option::is_some).await.ok().and_then(|word| word.clone());
        word.unwrap_or_else(|| Word::Failed("its guard was killed".to_owned()))
    }

    /// Waits until it serves Gradio, on `port` or wherever it listens instead.
    pub(crate) async fn served(
        &self,
        client: &reqwest::Client,
        port: u16,
        patience: Duration,
    ) -> Result<Served, NotServed> {
        let asked = SocketAddr::from(([127, 0, 0, 1], port));
        let end = Instant::now() + patience;
        let mut answer = Err(NotServed::TookTooLong(Vec::new()));
        while Instant::now() < end {
            let addresses = self.listening();
            // The one that it was given first: an app may have others besides.
            let sorted = addresses.iter().filter(|one| **one == asked);
            let sorted = sorted.chain(addresses.iter().filter(|one| **one != asked));
            for address in sorted {
                tokio::select! {
                    word = self.ended() => return Err(NotServed::Ended(word)),
                    serves = serves(client, *address) => match serves {
                        Ok(true) => return Ok(Served { address: *address }),
                        Ok(false) => {}
                        Err(why) => return Err(why),
                    },
                }
            }
            answer = Err(NotServed::TookTooLong(addresses));
            tokio::select! {
                word = self.ended() => return Err(NotServed::Ended(word)),
                () = sleep(ASK) => {}
            }
        }
        answer
    }

    /// Where it listens.
    pub(crate) fn listening(&self) -> Vec<SocketAddr> {
        let own = self.guard.id().and_then(|pid| i32::try_from(pid).ok());
        own.map_or_else(Vec::new, |own| processes::listening(&processes::descendants(own)))
    }

    /// Ends it: as Ctrl-C would, and if it does not heed that, or `hurry` is over, by force. False if some of it could
    /// not be ended.
    pub(crate) async fn end(mut self, hurry: impl Future<Output = ()>) -> bool {
        let own = i32::try_from(std::process::id()).unwrap_or(-1);
        if self.end.borrow().is_none() {
            processes::signal(self.pid, own, Signal::INT);
            tokio::select! {
                _ = self.ended() => {}
                () = sleep(FAREWELL) => {}
                () = hurry => {}
            }
        }
        drop(self.leash.take());
        let _ = timeout(END, self.guard.wait()).await;
        // Whatever is left if the guard itself was killed.
        tokio::task::spawn_blocking(move || processes::kill_all(own, Duration::from_secs(5)))
            .await
            .unwrap_or(false)
    }
}

async fn next(
    lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
) -> Option<Word> {
    let line = lines.next_line().await.ok()??;
    serde_json::from_str(&line).ok()
}

/// Whether it is Gradio that answers there.
async fn serves(client: &reqwest::Client, address: SocketAddr) -> Result<bool, NotServed> {
    let request = client.get(format!("http://{address}/config")).timeout(ANSWER);
    let Ok(response) = request.send().await else { return Ok(false) };
    if response.status() == reqwest::StatusCode::UNAUTHORIZED {
        return Err(NotServed::WantsLogin(address));
    }
    if !response.status().is_success() {
        return Ok(false);
    }
    let config: Option<Value> = response.json().await.ok();
    Ok(config.is_some_and(|config| config.get("dependencies").is_some()))
}

/// A port that is free, and that neither the system nor another profiler hands out before the Space takes it: below
/// those that are given to connections, and each process its own.
pub(crate) async fn free_port() -> Result<u16, String> {
    const FIRST: u32 = 10_000;
    const LAST: u32 = 32_000;
    let range = LAST - FIRST;
    let start = std::process::id().wrapping_mul(7) % range;
    for step in 0..range {
        let port = u16::try_from(FIRST + (start + step) % range).unwrap_or(u16::MAX);
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return Ok(port);
        }
    }
    Err("no port from 10000 to 32000 is free on 127.0.0.1".to_owned())
}

/// The last lines of what the Space printed.
pub(crate) fn last_lines(log: &Path, count: usize) -> Vec<String> {
    const ENOUGH: usize = 1 << 16;
    let Ok(bytes) = fs::read(log) else { return Vec::new() };
    let tail = &bytes[bytes.len().saturating_sub(ENOUGH)..];
    let text = String::from_utf8_lossy(tail);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
}

/// A folder for one run that nobody else reads: the hook, what it writes, and the packed weights.
pub(crate) struct Private {
    folder: tempfile::TempDir,
}

impl Private {
    /// Makes it.
    pub(crate) fn new(below: Option<&Path>) -> Result<Self, String> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("spacelint-profile-");
        let folder = match below {
            Some(below) => builder.tempdir_in(below),
            None => builder.tempdir(),
        };
        let folder = folder.map_err(|error| {
            format!("cannot make a folder for the run: {error}; name another place with --scratch")
        })?;
        Ok(Self { folder })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in it.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.join(name);
        let folder = path.parent().unwrap_or(self.path());
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
        Ok(path)
    }
}
