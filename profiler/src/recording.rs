//! What a run saw, as JSON Lines: one object a line, each written with a single append, so that whatever ends
//! the run loses at most the call in flight.
//!
//! It holds numbers and sizes of what a call was given, never its content.

mod file;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spacelint_space::profile::Basis;

pub(crate) use file::Recorder;

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
    /// What could drive its time, by the function's own parameter names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) arguments: BTreeMap<String, Argument>,
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
