//! What the Space's own Python tells: the hook that is loaded into it, and the lines that it writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::work::Work;
use crate::recording::{Argument, FunctionName};

/// The hook.
pub(crate) const SITECUSTOMIZE: &str = include_str!("../../hook/sitecustomize.py");

/// The variable that names a file: calls that begin once it is there are looked into.
pub(crate) const LOOKED_INTO: &str = "SPACELINT_LOOKED_INTO";

/// One line of it.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line {
    Versions {
        versions: BTreeMap<String, String>,
    },
    Function {
        task: String,
        module: String,
        name: String,
        file: String,
        line: u32,
    },
    Asynchronous {
        module: String,
        name: String,
        file: String,
        line: u32,
    },
    Packed {
        bytes: u64,
    },
    Moved {
        pid: i32,
        seconds: f64,
        bytes: u64,
    },
    Began {
        pid: i32,
        call: String,
        task: String,
        #[serde(with = "crate::recording::in_order")]
        arguments: Vec<(String, Argument)>,
        size: Option<String>,
        duration: Option<f64>,
        #[serde(default)]
        looked_into: bool,
    },
    Work {
        pid: i32,
        call: String,
        #[serde(flatten)]
        work: Work,
    },
    Ran {
        pid: i32,
        call: String,
        seconds: f64,
        wall: Option<f64>,
        peak: Option<u64>,
        error: Option<Raised>,
    },
    Failed {
        pid: i32,
        error: Raised,
    },
    CudaResult {
        pid: i32,
    },
    HookFailed {
        error: Raised,
    },
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Raised {
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) name: String,
    /// What it says. It may hold anything, and is shown to the author only.
    pub(crate) text: String,
    /// Whether it is one that Gradio shows the visitor as it is.
    #[serde(default, rename = "message")]
    pub(crate) is_message: bool,
}

/// What is known of one run of a function.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ran {
    /// The function.
    pub(crate) function: Option<FunctionName>,
    /// What it was given.
    pub(crate) arguments: Vec<(String, Argument)>,
    /// Moving weights to the device before it.
    pub(crate) transfer: Option<f64>,
    /// How long it ran; none while it does, or if it was killed.
    pub(crate) seconds: Option<f64>,
    /// How long it took with the time in which a reader let it wait.
    pub(crate) wall: Option<f64>,
    /// Bytes of GPU memory.
    pub(crate) peak: Option<u64>,
    /// What it raised, or what kept its result from being handed back.
    pub(crate) error: Option<Raised>,
    /// Whether a tensor on the GPU was in its result.
    pub(crate) has_cuda_result: bool,
    /// The size and the duration that it was declared with, where no scheduler was asked.
    pub(crate) declared: (Option<String>, Option<f64>),
    /// Whether it was looked into, so that its times are not those of a call.
    pub(crate) is_looked_into: bool,
    /// What was seen then.
    pub(crate) work: Option<Work>,
}

/// Reads what the hook has written so far.
#[derive(Debug)]
pub(crate) struct Told {
    /// Held open: when the Space ends, its folder goes.
    file: File,
    /// The Space, in which most functions lie.
    root: PathBuf,
    partial: Vec<u8>,
    functions: BTreeMap<String, FunctionName>,
    running: BTreeMap<i32, Vec<(String, Ran)>>,
    transfers: BTreeMap<i32, f64>,
    finished: Vec<Ran>,
    /// By name.
    pub(crate) versions: BTreeMap<String, String>,
    /// Bytes of weights that were on the GPU at start-up.
    pub(crate) packed: Option<u64>,
    /// GPU functions that only work elsewhere.
    pub(crate) asynchronous: Vec<FunctionName>,
    /// Why the hook tells less than it should.
    pub(crate) trouble: Vec<String>,
    /// Calls are looked for by their end and not by their worker.
    is_plain: bool,
}

impl Told {
    /// Makes the empty file at `path`. `root` is the Space's folder.
    pub(crate) fn new(path: &Path, root: &Path, is_plain: bool) -> io::Result<Self> {
        File::create(path)?;
        Ok(Self {
            file: File::open(path)?,
            root: root.to_owned(),
            partial: Vec::new(),
            functions: BTreeMap::new(),
            running: BTreeMap::new(),
            transfers: BTreeMap::new(),
            finished: Vec::new(),
            versions: BTreeMap::new(),
            packed: None,
            asynchronous: Vec::new(),
            trouble: Vec::new(),
            is_plain,
        })
    }

    /// Whether any GPU function is known.
    pub(crate) fn has_functions(&self) -> bool {
        !self.functions.is_empty()
    }

    /// The function that `spaces` calls by this number.
    pub(crate) fn function(&self, task: &str) -> Option<&FunctionName> {
        self.functions.get(task)
    }

    /// Reads on. The workers whose function is through.
    pub(crate) fn read_on(&mut self) -> Vec<i32> {
        let mut bytes = std::mem::take(&mut self.partial);
        if let Err(error) = self.file.read_to_end(&mut bytes) {
            self.trouble.push(format!("what it wrote cannot be read: {error}"));
        }
        let mut through = Vec::new();
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        for line in bytes[..whole].split(|&byte| byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(line) => self.take_in(line, &mut through),
                Err(_) if line.is_empty() => {}
                Err(error) => self.trouble.push(format!("a line of it cannot be read: {error}")),
            }
        }
        self.partial = bytes.split_off(whole);
        through
    }

    fn take_in(&mut self, line: Line, through: &mut Vec<i32>) {
        match line {
            Line::Versions { versions } => self.versions = versions,
            Line::Function { task, module, name, file, line } => {
                let function = self.named(module, name, &file, line);
                self.functions.insert(task, function);
            }
            Line::Asynchronous { module, name, file, line } => {
                let function = self.named(module, name, &file, line);
                self.asynchronous.push(function);
            }
            Line::Packed { bytes } => self.packed = Some(self.packed.unwrap_or(0).max(bytes)),
            Line::Moved { pid, seconds, bytes } => {
                if bytes > 0 {
                    self.transfers.insert(pid, seconds);
                }
            }
            Line::Began { pid, call, task, arguments, size, duration, looked_into } => {
                let ran = Ran {
                    function: self.functions.get(&task).cloned(),
                    arguments,
                    transfer: self.transfers.remove(&pid),
                    declared: (size, duration),
                    is_looked_into: looked_into,
                    ..Ran::default()
                };
                self.running.entry(pid).or_default().push((call, ran));
            }
            Line::Work { pid, call, work } => {
                let runs = self.running.entry(pid).or_default();
                if let Some((_, ran)) = runs.iter_mut().find(|(known, _)| *known == call) {
                    ran.work = Some(work);
                }
            }
            Line::Ran { pid, call, seconds, wall, peak, error } => {
                let runs = self.running.entry(pid).or_default();
                let Some(place) = runs.iter().position(|(known, _)| *known == call) else { return };
                let ran = &mut runs[place].1;
                ran.seconds = Some(seconds);
                ran.wall = wall;
                ran.peak = peak;
                ran.error = error;
                through.push(pid);
                if self.is_plain {
                    self.finished.push(runs.remove(place).1);
                }
            }
            Line::Failed { pid, error } => {
                let runs = self.running.entry(pid).or_default();
                if let Some((_, ran)) = runs.last_mut() {
                    ran.error = Some(error);
                } else {
                    // It failed before the function began: there is a call all the same.
                    let ran = Ran { error: Some(error), ..Ran::default() };
                    runs.push((String::new(), ran));
                }
            }
            Line::CudaResult { pid } => {
                if let Some((_, ran)) = self.running.entry(pid).or_default().last_mut() {
                    ran.has_cuda_result = true;
                }
            }
            Line::HookFailed { error } => {
                self.trouble.push(format!("{}: {}", error.name, error.text));
            }
        }
    }

    fn named(&self, module: String, name: String, file: &str, line: u32) -> FunctionName {
        let path = Path::new(file);
        let path = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy();
        FunctionName { module, name, path: path.trim_start_matches("./").to_owned(), line }
    }

    /// What the worker `pid` did since this was last asked.
    pub(crate) fn take(&mut self, pid: i32) -> Ran {
        self.running
            .remove(&pid)
            .and_then(|mut runs| runs.pop())
            .map_or_else(Ran::default, |it| it.1)
    }

    /// The calls that ended since this was last asked, of a Space without workers.
    pub(crate) fn take_finished(&mut self) -> Vec<Ran> {
        std::mem::take(&mut self.finished)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_put_together_by_the_worker_that_wrote_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events");
        let mut told = Told::new(&path, Path::new("/space"), false).expect("writable");
        let append = |text: &str| {
            let mut file = OpenOptions::new().append(true).open(&path).expect("it is there");
            file.write_all(text.as_bytes()).expect("writable");
        };
        append(concat!(
            r#"{"event":"function","pid":1,"task":"9","module":"__main__","name":"draw","#,
            r#""file":"/space/app.py","line":7}"#,
            "\n",
            r#"{"event":"moved","pid":5,"seconds":0.5,"bytes":10}"#,
            "\n",
            r#"{"event":"began","pid":5,"call":"1","task":"9","arguments":{"steps":{"number":4.0},"n":{"items":2}}}"#,
            "\n",
            r#"{"event":"ran","pid":5,"call":"1","seconds":2.0"#,
        ));
        assert!(told.read_on().is_empty());
        assert!(told.has_functions() && told.function("9").is_some());
        append("}\nnonsense\n");
        assert_eq!(told.read_on(), [5]);
        assert_eq!(told.trouble.len(), 1);
        append(r#"{"event":"failed","pid":5,"error":{"type":"PicklingError","text":"no"}}"#);
        append("\n");
        told.read_on();
        let ran = told.take(5);
        let function = ran.function.expect("it was told");
        assert_eq!((function.name.as_str(), function.path.as_str()), ("draw", "app.py"));
        assert_eq!(
            ran.arguments,
            [("steps".to_owned(), Argument::Number(4.0)), ("n".to_owned(), Argument::Items(2))]
        );
        assert_eq!((ran.transfer, ran.seconds), (Some(0.5), Some(2.0)));
        assert_eq!(ran.error.expect("it was told").name, "PicklingError");
        assert_eq!(told.take(5), Ran::default());
    }
}
