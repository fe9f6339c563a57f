//! The `spacelint` command: arguments in, a report and an exit status out. What is wrong with a
//! Space is decided in the crates below; here it is only asked for, counted and shown.

mod args;
mod check;
mod diff;
mod escape;
mod explain;
mod frame;
#[cfg(test)]
mod hostile;
mod json;
mod listing;
mod lock;
mod markdown;
mod output;
mod pages;
mod panics;
mod paths;
mod quota;
mod report;
mod secrets;
mod select;
mod summary;
mod targets;
mod terminal;
#[cfg(test)]
mod testing;
mod tour;
mod trace;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command, Format};
use crate::output::Output;
use crate::summary::Status;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    // On a wrong command line clap prints what is wrong and exits with status 2.
    let cli = Cli::parse();
    panics::keep_quiet();
    let terminal = Terminal::of_stdout(cli.color);
    let mut output = Output::new(terminal);
    let status = match &cli.command {
        Command::Check(check) => check::run(check, terminal, &mut output),
        Command::Explain { name } => match select::rule(name) {
            Ok(entry) => {
                output.print(&explain::page(entry, terminal));
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
        Command::Quota(asked) => quota::run(asked, terminal, &mut output),
        Command::Secrets(asked) => secrets::run(asked, terminal, &mut output),
        Command::Trace { path, format } => trace::run(path, *format, terminal, &mut output),
    };
    output.finish(status).into()
}
