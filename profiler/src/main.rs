//! Measures how long the GPU calls of a Hugging Face Space hold the GPU, and recommends a `duration`.

mod args;
mod calibrate;
mod device;
mod drive;
mod fault;
mod measure;
mod parts;
mod predict;
mod recommend;
mod recording;
mod report;
#[cfg(target_os = "linux")]
mod run;
mod shares;
mod translate;
mod workload;
#[cfg(target_os = "linux")]
mod zerogpu;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use spacelint_space::escape;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        if let Some(status) = zerogpu::guard::intercept(&arguments) {
            return status;
        }
    }
    let cli = Cli::parse();
    match cli.command {
        Command::Report(asked) => report::command(&asked),
        Command::Predict(asked) => predict::command(&asked),
        Command::Calibrate(asked) => calibrate::command(&asked),
        Command::Workload(asked) => workload::command(&asked),
        #[cfg(target_os = "linux")]
        Command::Run(asked) => run::run(&asked),
        #[cfg(not(target_os = "linux"))]
        Command::Run(_) => {
            error(
                "`run` works on Linux only: `spaces` starts its workers there alone; use a container or WSL",
            );
            ExitCode::from(2)
        }
    }
}

/// Says why something could not be done.
fn error(message: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(anstream::stderr(), "error: {}", escape::escape_lines(message));
}
