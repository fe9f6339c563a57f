//! `.spacelint/profile.json`: what a profiling run measured of each GPU function, and what `duration` it
//! recommends. The profiler writes it; here it is read, and held against the text that it was measured on.
//!
//! It never says whether a declared duration is good: that is for a rule.

use serde::{Deserialize, Serialize};

mod callable;
mod reading;

pub use callable::{
    Callable, CallableFault, DefaultValue, Factor, Measure, Measured, Parameter, ParameterKind,
    Term,
};

pub use reading::{ProfileFault, ProfileFaultKind, ProfileFile};

/// Where the profile lies in a Space.
pub const PROFILE_FILE: &str = ".spacelint/profile.json";

/// The version of the format that is written. A file with another one is not read.
pub const PROFILE_SCHEMA: u32 = 1;

/// What was measured of a Space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// [`PROFILE_SCHEMA`].
    pub schema: u32,
    /// The version of `spacelint-profile` that wrote it.
    pub version: String,
    /// When the run ended, as RFC 3339 in UTC.
    pub made: String,
    /// What the calls ran on.
    pub basis: Basis,
    /// The device's own name: "NVIDIA H200".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The author's word that the times hold on the platform all the same, as those of a Space whose calls wait
    /// for something else than the GPU do.
    #[serde(default)]
    pub times_hold_on_platform: bool,
    /// One entry for each GPU function that was called.
    pub functions: Vec<ProfiledFunction>,
}

/// What the calls of a profile ran on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A GPU that ZeroGPU runs on.
    PlatformGpu,
    /// Another GPU.
    OtherGpu,
    /// No GPU: times say nothing of the platform.
    Cpu,
}

/// A GPU function in a way that outlives edits elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionIdentity {
    /// The module as Python names it: `__main__` for the entry point.
    pub module: String,
    /// `__qualname__`.
    pub name: String,
    /// The file, relative to the Space's root, with `/`.
    pub path: String,
    /// What the function does, as far as the text shows it: a hash of it and of the Space's own functions that it
    /// reaches, without comments, layout and its declaration. Another one means that the measure is stale. Empty
    /// where the text does not show the function.
    pub hash: String,
    /// A hash of how its duration is declared: of the text, or of the function that computes it.
    pub declaration: String,
}

/// What was measured of one GPU function at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfiledFunction {
    /// Which one.
    #[serde(flatten)]
    pub function: FunctionIdentity,
    /// The size that the calls asked for, by `spaces`' name.
    pub size: String,
    /// Calls that ended as they should.
    pub calls: u32,
    /// Of those, the ones that began with a fresh worker.
    pub cold_calls: u32,
    /// Calls that were stopped for holding the GPU longer than allowed. They needed more, how much more nobody
    /// knows: each counts as longer than all that ended.
    #[serde(default)]
    pub stopped_calls: u32,
    /// Calls that ended otherwise; nothing is concluded from them but how long a worker takes to start.
    pub failed_calls: u32,
    /// What the calls asked for at most, in declared seconds.
    pub declared_seconds: i64,
    /// The median of the seconds that a call held the GPU.
    pub median_seconds: f64,
    /// The longest.
    pub longest_seconds: f64,
    /// What a cold start adds at most of those that were seen, in seconds: the start of the worker, the move of the
    /// weights, and by how much its first call lags behind later ones. Part of every recommendation, and no part of
    /// what content and confidence are promised of.
    pub cold_seconds: f64,
    /// How its seconds, which are those of another GPU, became those of the platform. All others here are as they were
    /// measured; what is advised is translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Translation>,
    /// What follows.
    pub advice: Advice,
}

/// Between what a second of one GPU lies on another, of what the function itself takes. What the start of its worker takes is
/// translated by the bounds of all kinds of work, which are these where it is not known what the function's time is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Translation {
    /// The other GPU, for people: "half of an NVIDIA RTX PRO 6000 Blackwell".
    pub gpu: String,
    /// At least, by which the least duration that may be right was multiplied.
    pub low: f64,
    /// At most, by which all others were.
    pub high: f64,
}

/// What duration is recommended, in the seconds that an author declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Advice {
    /// One number for every call.
    Seconds {
        /// The least that may be right: less stops more calls like the driven ones than the content allows, with the
        /// stated confidence and whatever the distribution, even if as many workers are warm as in the run.
        lower: i64,
        /// What to declare: the share `content` of calls like the driven ones fits with `confidence`, each starting
        /// cold, and a reserve.
        target: i64,
        /// More than this only keeps visitors out: a quarter more than the target's need, and where the spread of
        /// few calls is hardly known, what a tenth of the risk asks for with a confidence of 0.99. Larger than the
        /// target.
        upper: i64,
        /// What it rests on.
        evidence: Evidence,
    },
    /// A function of the call's arguments, which books a fifth less than one number, or less still.
    Callable {
        /// Which function.
        callable: Callable,
        /// As of [`Advice::Seconds`]: the least number that may be right for all calls.
        lower: i64,
        /// What it gives for the most expensive call that was driven.
        target: i64,
        /// As of [`Advice::Seconds`], for that call.
        upper: i64,
        /// What it rests on.
        evidence: Evidence,
    },
    /// Nothing can be said yet.
    NotEnoughCalls {
        /// How many more are needed at least.
        missing: u32,
    },
    /// So many calls were stopped that what a call needs lies beyond what they were allowed: they want to be measured
    /// again with a larger duration.
    Stopped {
        /// How many calls were stopped.
        calls: u32,
        /// Less than this stops the longest of them again.
        at_least: i64,
    },
}

/// What a recommendation rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The share of calls like the driven ones that fit, such as 0.99.
    pub content: f64,
    /// How sure that is, such as 0.95.
    pub confidence: f64,
    /// The number of calls it was concluded from: those that ended well or were stopped, less those that a callable
    /// was only fitted to.
    pub calls: u32,
    /// How.
    pub method: Method,
    /// The content that the longest call alone would promise with the same confidence, whatever the
    /// distribution.
    pub content_of_longest: f64,
}

/// How a limit was drawn from the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// An order statistic: it holds for every distribution.
    OrderStatistic,
    /// It holds if the logarithms of the times are normal, or, for a callable, those of their ratios to a fit that was
    /// made without them.
    LogNormal,
    /// A fitted function of the arguments, with an order statistic of the ratios to a fit that was made without them:
    /// no distribution is supposed.
    Conformal,
}

impl FunctionIdentity {
    /// Whether both are of one function, whatever it does.
    pub fn is_of_same(&self, other: &Self) -> bool {
        (&self.module, &self.name, &self.path) == (&other.module, &other.name, &other.path)
    }
}

impl ProfiledFunction {
    /// So many of its seconds with a warm worker on the platform, at most.
    pub fn on_platform(&self, seconds: f64) -> f64 {
        seconds * self.translation.as_ref().map_or(1.0, |it| it.high)
    }
}

impl Profile {
    /// Whether its seconds may become a `duration`.
    pub fn holds_on_platform(&self) -> bool {
        let is_translated = || {
            let mut functions = self.functions.iter();
            !self.functions.is_empty() && functions.all(|it| it.translation.is_some())
        };
        self.times_hold_on_platform
            || match self.basis {
                Basis::PlatformGpu => true,
                Basis::OtherGpu => is_translated(),
                Basis::Cpu => false,
            }
    }
}
