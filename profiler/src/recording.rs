//! What a run saw, as JSON Lines: one object a line, each written with a single append, so that whatever ends
//! the run loses at most the call in flight.
//!
//! It holds numbers and sizes of what a call was given, never its content.

mod file;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use spacelint_space::profile::Basis;

pub(crate) use file::{FOLDER, Recorder};

use crate::parts::Part;

/// The version of the format that is written.
pub(crate) const SCHEMA: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Record {
    /// The first line: what runs on what.
    Run(Run),
    /// The Space serves.
    Ready(Ready),
    /// A GPU call that ended, however.
    Call(Call),
    /// What the time of a GPU call is made of.
    Parts(Parts),
    /// A promise that was broken outside a call.
    Fault(Fault),
    /// The last line of a run that was not killed.
    End(End),
}

/// The circumstances of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// [`SCHEMA`].
    pub(crate) schema: u32,
    /// The version of `spacelint-profile`.
    pub(crate) version: String,
    /// When it began, as RFC 3339 in UTC. Every `at_seconds` counts from here.
    pub(crate) began: String,
    /// What the calls run on.
    pub(crate) basis: Basis,
    /// The device's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// Versions of what the Space runs with, by name: `python`, `spaces`, `gradio`, `torch`.
    pub(crate) versions: BTreeMap<String, String>,
    /// The visitor's class, as `--as` names it.
    pub(crate) visitor: String,
    /// False where the Space ran outside ZeroGPU (`--plain`): nothing is then known of queues, workers, bookings
    /// and refusals.
    pub(crate) zerogpu: bool,
}

/// The Space's start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Seconds from the start of its process to its first answer.
    pub(crate) startup_seconds: f64,
    /// Bytes of model weights that `spaces` packed, where the hook saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) packed_bytes: Option<u64>,
}

/// One GPU call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// Counts from 1.
    pub(crate) number: u64,
    /// When it was asked for, in seconds since the run began.
    pub(crate) at_seconds: f64,
    /// Which GPU function; none where the hook is not loaded and no single endpoint tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) function: Option<FunctionName>,
    /// The endpoint that was driven: `/generate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// `large` or `xlarge`.
    pub(crate) size: String,
    /// The duration that the call came with: what `spaces` asked for, divided by its time factor.
    pub(crate) declared_seconds: i64,
    /// How long it may hold the GPU.
    pub(crate) allowed_seconds: i64,
    /// What had to be left of the visitor's quota.
    pub(crate) booked_seconds: i64,
    /// What could drive its time, by the function's own parameter names and in their order. What a `*args` or a
    /// `**kwargs` took is named with its stars.
    #[serde(default, with = "in_order", skip_serializing_if = "Vec::is_empty")]
    pub(crate) arguments: Vec<(String, Argument)>,
    /// Waiting for a GPU, before the grant.
    pub(crate) queued_seconds: f64,
    /// From the grant to the release: what is charged.
    pub(crate) used_seconds: f64,
    /// From the grant until the worker was up; none with a warm worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start_seconds: Option<f64>,
    /// Moving packed weights to the device; none where nothing was moved or the hook is not loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transfer_seconds: Option<f64>,
    /// In the function itself, as the hook saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run_seconds: Option<f64>,
    /// With the time in which whoever reads a generator let it wait, which ZeroGPU does not let count; told outside
    /// ZeroGPU only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) wall_seconds: Option<f64>,
    /// Whether a fresh worker was started for it.
    pub(crate) cold: bool,
    /// The most GPU memory that was allocated, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peak_bytes: Option<u64>,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

/// A function as Python names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FunctionName {
    /// `__main__` for the entry point.
    pub(crate) module: String,
    /// `__qualname__`
    pub(crate) name: String,
    /// The file, relative to the Space where it lies in it.
    pub(crate) path: String,
    /// Its first line, from 1; decorators count.
    pub(crate) line: u32,
}

/// The measure of an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Argument {
    /// A number.
    Number(f64),
    /// A switch.
    Switch(bool),
    /// The length of a text, in characters.
    Characters(u64),
    /// The length of a list or a mapping.
    Items(u64),
    /// The shape of an array or a tensor.
    Shape(Vec<u64>),
    /// An image's width and height.
    Image(u64, u64),
    /// A file.
    File {
        /// Its size.
        bytes: u64,
        /// How long it plays, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// Nothing that is measured: the name of its type.
    Other(String),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It gave its result.
    Done,
    /// It raised, or its result could not be handed back.
    Failed {
        /// The exception's type.
        error: String,
    },
    /// It held the GPU for longer than allowed, and was stopped.
    Stopped,
    /// The GPU was never given back.
    NeverReleased,
    /// It was refused, as `spaces` names it: `quota-exceeded`, `illegal-duration`.
    Refused {
        /// Why.
        verdict: String,
    },
    /// The visitor left.
    Left,
}

/// What the time of one GPU call is made of: of one that was looked into with PyTorch's profiler, and is none of those
/// that were timed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// Which GPU function.
    pub(crate) function: FunctionName,
    /// As those of a call.
    #[serde(default, with = "in_order", skip_serializing_if = "Vec::is_empty")]
    pub(crate) arguments: Vec<(String, Argument)>,
    /// In the function itself. The profiler makes it longer than it is without.
    pub(crate) run_seconds: f64,
    /// How long the device worked for each kind of work. Where it did several things at a time, each counts in proportion.
    pub(crate) seconds: BTreeMap<Part, f64>,
    /// The same for what is of no known kind, by the name of PyTorch's operator or of the kernel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) other_seconds: BTreeMap<String, f64>,
}

/// A promise that was broken outside a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// The failure's name, which is also that of its page.
    pub(crate) failure: String,
    /// What was seen.
    pub(crate) message: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// GPU calls in all.
    pub(crate) calls: u64,
}

/// What a file of recorded lines holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recording {
    /// Its first line.
    pub(crate) run: Run,
    /// All lines, the first among them.
    pub(crate) records: Vec<Record>,
    /// Whether the last line of a run was cut off: it was killed while that was written.
    pub(crate) cut_off: bool,
}

/// Why a file is no recording.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It holds no whole line.
    Empty,
    /// Its first line does not tell of the run.
    NoRun,
    /// It was written in another version of the format.
    Schema(u64),
    /// A line is none that a run writes.
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("the recording holds no line: the run ended before it began")
            }
            Self::NoRun => f.write_str("the first line is not of kind `run`: this is no recording"),
            Self::Schema(schema) => write!(
                f,
                "the recording has schema {schema}, and this version reads schema {SCHEMA}: record anew"
            ),
            Self::Line { line, error } => {
                write!(f, "line {line} is no line of a recording: {error}")
            }
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads a recording. The last line of a run that was cut off, as by a kill, is left out and said; nothing else is
/// forgiven.
pub(crate) fn read(bytes: &[u8]) -> Result<Recording, ReadError> {
    /// What every version of the format has on its first line.
    #[derive(Deserialize)]
    struct First {
        kind: String,
        #[serde(default)]
        schema: u64,
    }

    let mut records = Vec::new();
    let mut cut_off = false;
    // A line that is none, after which another run may have begun.
    let mut broken = None;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let whole = line.last() == Some(&b'\n');
        let failed = |error| ReadError::Line { line: index + 1, error };
        if index == 0 && whole {
            let first: First = serde_json::from_slice(line).map_err(failed)?;
            if first.kind != "run" {
                return Err(ReadError::NoRun);
            }
            if first.schema != u64::from(SCHEMA) {
                return Err(ReadError::Schema(first.schema));
            }
        }
        match (serde_json::from_slice(line), broken.take()) {
            (Ok(record @ Record::Run(_)), Some(_)) => {
                cut_off = true;
                records.push(record);
            }
            (_, Some(error)) => return Err(error),
            (Ok(record), None) => records.push(record),
            (Err(_), None) if !whole => cut_off = true,
            (Err(error), None) => broken = Some(failed(error)),
        }
    }
    if let Some(error) = broken {
        return Err(error);
    }
    match records.first() {
        Some(Record::Run(run)) => Ok(Recording { run: run.clone(), records, cut_off }),
        Some(_) => Err(ReadError::NoRun),
        None => Err(ReadError::Empty),
    }
}

/// A mapping whose order counts, as an object.
pub(crate) mod in_order {
    use std::fmt;

    use serde::de::{MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    use super::Argument;

    pub(crate) fn serialize<S: Serializer>(
        pairs: &[(String, Argument)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, Argument)>, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(String, Argument)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests;
