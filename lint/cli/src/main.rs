//! The `spacelint` command: arguments in, a report and an exit status out. What is wrong with a
//! Space is decided in the crates below; here it is only asked for, counted and shown.

mod args;
mod baseline;
mod check;
mod completions;
mod diagnose;
mod diff;
mod explain;
mod formats;
mod frame;
#[cfg(test)]
mod hostile;
mod init;
mod input;
mod listing;
mod lock;
mod manual;
mod markdown;
mod output;
mod pages;
mod panics;
mod paths;
mod quota;
mod report;
mod schema;
mod secrets;
mod select;
mod server;
mod site;
mod stdin;
mod summary;
mod targets;
mod terminal;
#[cfg(test)]
mod testing;
mod tour;
mod trace;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use spacelint_space::escape;

use crate::args::{Cli, Command, Format};
use crate::output::Output;
use crate::summary::Status;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| refuse(&error));
    panics::keep_quiet();
    let terminal = Terminal::of_stdout(cli.color);
    let mut output = Output::new(terminal);
    let status = match &cli.command {
        Command::Check(check) => check::run(check, terminal, &mut output),
        Command::Init { path } => init::run(path, &mut output),
        Command::Explain { name } => match explain::named(name, terminal) {
            Ok(page) => {
                output.print(&page);
                Status::Clean
            }
            Err(message) => {
                output.error(&message);
                Status::Incomplete
            }
        },
        Command::Rules { format } => {
            output.print(&match format {
                Format::Human => listing::table(terminal),
                Format::Json => listing::json(),
            });
            Status::Clean
        }
        Command::Lock(asked) => lock::run(asked, terminal, &mut output),
        Command::Diagnose(asked) => diagnose::run(asked, terminal, &mut output),
        Command::Quota(asked) => quota::run(asked, terminal, &mut output),
        Command::Secrets(asked) => secrets::run(asked, terminal, &mut output),
        Command::Server { .. } => {
            // The streams are the editor's.
            drop(output);
            return server::run();
        }
        Command::Trace { path, format } => trace::run(path, *format, terminal, &mut output),
        Command::Completions { shell } => {
            output.print(&completions::script(*shell));
            Status::Clean
        }
        Command::Man { out: None } => {
            output.print(&manual::page());
            Status::Clean
        }
        Command::Man { out: Some(folder) } => written(manual::write(folder), &mut output),
        Command::Site { folder } => written(site::write(folder), &mut output),
    };
    output.finish(status).into()
}

/// Says what is wrong with the command line, or what was asked of it, and ends the program. In a runner's
/// log an argument, which may come from elsewhere, is not to be obeyed.
fn refuse(error: &clap::Error) -> ! {
    if !error.use_stderr() || std::io::stderr().is_terminal() {
        error.exit()
    }
    let message = escape::escape_lines(&error.to_string());
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{}", escape::guard_lines(&message));
    std::process::exit(error.exit_code())
}

/// How a run ended that was to write files.
fn written(result: Result<(), String>, output: &mut Output) -> Status {
    match result {
        Ok(()) => Status::Clean,
        Err(message) => {
            output.error(&message);
            Status::Incomplete
        }
    }
}
