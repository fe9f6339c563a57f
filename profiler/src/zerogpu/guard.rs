//! The process between the profiler and the Space, which outlives neither: hidden subcommands of the profiler itself.
//!
//! `guard` starts the Space and takes in whatever it leaves behind (`PR_SET_CHILD_SUBREAPER`). When the Space ends, or
//! the profiler does, however that came about, it ends all of it and removes the private folder. `leash` becomes the
//! Space's command; should the guard itself be killed, that one goes with it.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, set_child_subreaper, set_parent_process_death_signal,
    wait,
};
use serde::{Deserialize, Serialize};

use super::processes;

/// The hidden subcommand that guards.
pub(crate) const GUARD: &str = "__guard";
/// The hidden subcommand that becomes the Space.
pub(crate) const LEASH: &str = "__leash";

/// For how long the guard tries to end what is left.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the guard tells the profiler, a line of JSON each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    /// The Space's process.
    Started(i32),
    /// It could not be started.
    Failed(String),
    /// It ended by itself, with this status.
    Exited(i32),
    /// It was ended by this signal.
    Killed(i32),
}

/// Runs the hidden subcommand that `arguments`, without the program's own name, ask for, if they do.
pub(crate) fn intercept(arguments: &[std::ffi::OsString]) -> Option<ExitCode> {
    let (first, rest) = arguments.split_first()?;
    if first == LEASH {
        Some(leash(rest))
    } else if first == GUARD {
        Some(guard(rest))
    } else {
        None
    }
}

/// Becomes the command.
fn leash(command: &[std::ffi::OsString]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else {
        return ExitCode::from(2);
    };
    let error = match set_parent_process_death_signal(Some(Signal::KILL)) {
        Ok(()) => Command::new(program).args(arguments).exec(),
        Err(error) => error.into(),
    };
    // Standard error is the Space's log.
    let _ = writeln!(io::stderr(), "spacelint-profile: cannot run {}: {error}", program.display());
    ExitCode::from(127)
}

/// Starts the command that follows the private folder, and ends with it.
fn guard(arguments: &[std::ffi::OsString]) -> ExitCode {
    let Some((folder, command)) = arguments.split_first() else {
        return ExitCode::from(2);
    };
    let own = i32::try_from(std::process::id()).unwrap_or(-1);
    let started = set_child_subreaper(Pid::from_raw(own)).map_err(io::Error::from).and_then(|()| {
        let log = io::stderr().as_fd().try_clone_to_owned()?;
        // Started from the main thread: on the end of that one the leash is pulled.
        Command::new(std::env::current_exe()?)
            .arg(LEASH)
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::from(log))
            .process_group(0)
            .spawn()
    });
    let child = match started {
        Ok(child) => child,
        Err(error) => {
            tell(&Word::Failed(error.to_string()));
            return ExitCode::from(2);
        }
    };
    let pid = i32::try_from(child.id()).unwrap_or(-1);
    tell(&Word::Started(pid));
    let folder = folder.clone();
    thread::spawn(move || {
        // The profiler writes nothing: its end is the end of this.
        let mut rest = Vec::new();
        let _ = io::stdin().read_to_end(&mut rest);
        processes::kill_all(own, PATIENCE);
        // Once all of it is gone the main thread ends; where the Space left the main thread nothing to wait for:
        thread::sleep(PATIENCE);
        clean(Path::new(&folder));
        std::process::exit(1);
    });
    let folder = arguments[0].clone();
    let end = loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((one, status))) if one.as_raw_nonzero().get() == pid => break Some(status),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => break None,
        }
    };
    processes::kill_all(own, PATIENCE);
    clean(Path::new(&folder));
    tell(&end.map_or(Word::Failed("it cannot be waited for".to_owned()), word));
    ExitCode::SUCCESS
}

fn word(status: WaitStatus) -> Word {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Word::Exited(code),
        (None, Some(signal)) => Word::Killed(signal),
        (None, None) => Word::Failed("it neither exited nor was killed".to_owned()),
    }
}

/// Removes the private folder, in which a process that has just ended may still have been writing.
fn clean(folder: &Path) {
    for _ in 0..3 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}

fn tell(word: &Word) {
    let mut line = serde_json::to_string(word).unwrap_or_default();
    line.push('\n');
    // If nobody listens any more, there is nobody to tell.
    let _ = io::stdout().write_all(line.as_bytes());
}
