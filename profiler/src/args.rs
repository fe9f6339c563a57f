//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use spacelint_knowledge::platform::Tier;

use crate::device::Choice;

/// Measures how long the GPU calls of a Hugging Face Space hold the GPU.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a Space under a local ZeroGPU, calls it, and records what its GPU calls took
    ///
    /// Exit status: 0 if all went well, 1 if the Space broke a promise, 2 if the run itself could not be done, 130 if it
    /// was cut short.
    Run(Run),
    /// Makes the page of a recording again
    Report(Report),
    /// Estimates what each GPU function takes from the models that the Space's text names, without running anything
    ///
    /// Configurations are read from the cache of Hugging Face's libraries. Exit status: 0, or 2 if there is no Space.
    Predict(Predict),
    /// Measures how fast this machine's GPU or processor does what models are made of, and keeps it
    ///
    /// `run` and `report` then translate times of that GPU to the platform's.
    Calibrate(Calibrate),
    /// Estimates how long a model of a configuration's shape takes on this device, with random weights
    Workload(Workload),
}

/// `spacelint-profile workload`.
#[derive(Debug, Args)]
pub(crate) struct Workload {
    /// A `config.json`, a `model_index.json` with its parts' folders beside it, or the folder of one
    #[arg(value_name = "CONFIG")]
    pub(crate) config: PathBuf,
    /// Tokens of the prompt
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) prompt_tokens: Vec<u64>,
    /// Tokens that are written
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) new_tokens: Vec<u64>,
    /// Steps in which noise is taken away
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) steps: Vec<u64>,
    /// How often the network runs in a step: 2 with classifier-free guidance
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) guidance: Vec<u64>,
    /// Width of the picture, in pixels
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) width: Vec<u64>,
    /// Height of the picture, in pixels
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) height: Vec<u64>,
    /// Frames of the video
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) frames: Vec<u64>,
    /// Seconds of sound
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) seconds: Vec<u64>,
    /// How many are made at once
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = LISTS)]
    pub(crate) batch: Vec<u64>,
    /// The type of the numbers; without it that of the configuration
    #[arg(long, value_name = "TYPE", value_enum)]
    pub(crate) dtype: Option<crate::workload::Number>,
    /// `cpu`, `cuda` or `cuda:1`; without it the first CUDA device, or else the processor
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<crate::device::Choice>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const LISTS: &str = "What a call is asked for (of one, a list: 10,20,50)";

/// `spacelint-profile run`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Run {
    /// The Space's folder
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// The Space's Python; without it that of the active environment
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    pub(crate) python: Option<PathBuf>,
    /// Spread the calls over all that a visitor can set, the largest values among them
    #[arg(long, group = "driving", help_heading = "Calls")]
    pub(crate) sweep: bool,
    /// A Python script that makes the calls; it finds a client of the Space as `client`, and `calls`
    #[arg(long, value_name = "FILE", group = "driving", help_heading = "Calls")]
    pub(crate) drive: Option<Utf8PathBuf>,
    /// Make the calls of this file, one a line: {"endpoint": "/draw", "data": ["a cat", 20]}
    #[arg(long, value_name = "FILE", group = "driving", help_heading = "Calls")]
    pub(crate) replay: Option<Utf8PathBuf>,
    /// Make no calls: whoever opens the address in a browser does, until Ctrl-C
    #[arg(long, group = "driving", help_heading = "Calls", conflicts_with_all = ["calls", "concurrency"])]
    pub(crate) interactive: bool,
    /// How many calls to make; without it each example once, or 30 with --sweep
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Calls")]
    pub(crate) calls: Option<u32>,
    /// How many calls to make at a time; how many of them hold a GPU at once is --slots
    #[arg(
        long, value_name = "N", default_value_t = 1, conflicts_with = "drive", help_heading = "Calls",
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    pub(crate) concurrency: u16,
    /// How long a call may take, waiting included, in seconds
    #[arg(
        long, value_name = "SECONDS", default_value_t = 3600, help_heading = "Calls",
        conflicts_with_all = ["drive", "interactive"], value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub(crate) call_timeout: u64,
    /// Write the calls that are made to a file for --replay, with all that they are given
    #[arg(long, value_name = "FILE", help_heading = "Calls", conflicts_with_all = ["drive", "interactive"])]
    pub(crate) save_inputs: Option<Utf8PathBuf>,
    /// For how many calls of a GPU function a fresh worker is started, as after a pause on the platform: the 1st, 2nd,
    /// 4th, 8th and so on, so that what a cold start takes is measured
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5,
        conflicts_with = "plain",
        help_heading = "Calls"
    )]
    pub(crate) cold_starts: u32,
    /// After the calls, make the longest of each endpoint once more under PyTorch's profiler, which tells what its time is
    /// made of: the time of another GPU is then translated to the platform's by that, and less widely
    #[arg(long, conflicts_with_all = ["no_hook", "drive", "interactive"])]
    pub(crate) parts: bool,
    /// Recommend a duration whatever the calls ran on: their time does not depend on the GPU, as where they wait for
    /// something else
    #[arg(long)]
    pub(crate) times_hold_on_platform: bool,
    /// As whom the Space is called: each call comes from a visitor of this class with a whole quota
    #[arg(long = "as", value_name = "CLASS", value_enum, default_value_t = Class::Free)]
    pub(crate) class: Class,
    /// All calls come from one visitor, who has so many seconds of quota left
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) quota_left: Option<i64>,
    /// How many calls can hold a GPU at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) slots: u16,
    /// Run GPU functions on the CPU, as without a GPU: times and memory then say nothing of the platform
    #[arg(long)]
    pub(crate) cpu: bool,
    /// Run the Space outside ZeroGPU, and measure its GPU functions alone
    #[arg(long, conflicts_with_all = ["no_hook", "quota_left", "slots"])]
    pub(crate) plain: bool,
    /// Load nothing into the Space's Python: functions, arguments and memory are then not known
    #[arg(long)]
    pub(crate) no_hook: bool,
    /// The file to record to, which is appended to, as JSON Lines (profiler/RECORDING.md); without it a new one in
    /// .spacelint/recordings
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// How long the Space may take until it serves, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) startup_timeout: u64,
    /// Where packed weights are kept during the run; it must have room for them
    #[arg(long, value_name = "FOLDER")]
    pub(crate) scratch: Option<PathBuf>,
    /// The command that starts the Space, instead of Python on its entry point
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Makes the page of a recording again: what the calls took, and which duration follows.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The recording, or the Space's folder; without it the newest recording of the current folder
    pub(crate) recording: Option<PathBuf>,
    /// Where the page is written; without it beside the recording
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Recommend a duration whatever the calls ran on: their time does not depend on the GPU
    #[arg(long)]
    pub(crate) times_hold_on_platform: bool,
}

/// `spacelint-profile calibrate`.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// What is measured: `cpu`, `cuda` or `cuda:1`; without it the first CUDA device, or the processor
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<Choice>,
    /// Print it as JSON (profiler/CALIBRATION.md)
    #[arg(long)]
    pub(crate) json: bool,
    /// Measure although a calibration is kept
    #[arg(long)]
    pub(crate) again: bool,
    /// About how long to measure, in seconds; without it 20
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) budget: Option<u32>,
}

/// `spacelint-profile predict`.
#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// The Space's folder
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Where the configuration of a model is, a folder or a file, instead of in the cache
    #[arg(long = "config", value_name = "ORG/NAME=PATH")]
    pub(crate) configs: Vec<crate::predict::Given>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A visitor's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// Not signed in
    Anonymous,
    /// Signed in
    Free,
    /// PRO subscriber, or member of a Team organisation
    Pro,
    /// Member of an Enterprise organisation
    Enterprise,
}

impl Class {
    /// As the knowledge has it.
    pub(crate) fn tier(self) -> Tier {
        match self {
            Self::Anonymous => Tier::Anonymous,
            Self::Free => Tier::Free,
            Self::Pro => Tier::Pro,
            Self::Enterprise => Tier::Enterprise,
        }
    }

    /// As the command line has it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
        let cli =
            Cli::try_parse_from(["x", "run", "space", "--as", "pro", "--", "uv", "run", "app.py"]);
        let Command::Run(run) = cli.expect("it is valid").command else { panic!("a run") };
        assert_eq!((run.class.tier(), run.class.name().as_str()), (Tier::Pro, "pro"));
        assert_eq!(run.command.len(), 3);
    }

    #[test]
    fn an_absurd_calibration_is_refused() {
        for asked in [
            "--device=tpu",
            "--device=cuda:",
            "--device=cuda:-1",
            "--device=cuda:99999999999999999999",
            "--budget=0",
            "--budget=-1",
            "--budget=1e9",
            "--budget=86400",
            "--budget=NaN",
        ] {
            assert!(Cli::try_parse_from(["x", "calibrate", asked]).is_err(), "{asked}");
        }
        let cli = Cli::try_parse_from(["x", "calibrate", "--device=cuda:1", "--budget=3600"]);
        let Command::Calibrate(asked) = cli.expect("it is valid").command else { panic!("one") };
        assert_eq!(asked.device, Some(Choice::Cuda(1)));
    }
}
