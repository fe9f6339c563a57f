//! The command line as data. One flag is one field; help, errors and completions come from it.
//!
//! Nothing here opens a file or knows a rule: names are resolved in `select`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, RangedI64ValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, value_parser};
use spacelint_knowledge::platform::{Backing, duration};

use crate::quota::Day;

/// What the user asked for.
#[derive(Debug, Parser)]
#[command(
    name = "spacelint",
    version,
    about = "Finds what will break a Hugging Face Space, before it is pushed",
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Exit status: 0 no error or warning; 1 some; 2 the run is incomplete.",
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colour; `NO_COLOR`, `FORCE_COLOR` and `CLICOLOR` are heard too
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", global = true)]
    pub(crate) color: When,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check Spaces and report what will break
    Check(Check),
    /// Write settings, a hook and a workflow, as far as this Space has use for them
    Init {
        /// A Space
        #[arg(value_name = "PATH", default_value = ".")]
        path: PathBuf,
    },
    /// Show the page of a failure: what happens, why, what to do
    Explain {
        /// The failure, such as `cuda-before-spaces`
        name: String,
    },
    /// List every rule by category
    Rules {
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// List what a duplicate of a Space must be given, where and why
    Secrets(Secrets),
    /// Pin the versions that a build or an environment of a Space held
    Lock(Lock),
    /// Find out from a log or an error text what went wrong, and where in this Space
    Diagnose(Diagnose),
    /// Work out how many calls a day each kind of visitor can make
    Quota(Quota),
    /// Show what the program of a Space does, event by event
    Trace {
        /// A Space, a file of one, or a folder of Spaces
        #[arg(value_name = "PATH", default_value = ".")]
        path: PathBuf,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Serve an editor over standard input and output, as a language server
    Server {
        /// How an editor that could do otherwise says what is done anyway
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// Print what a shell needs to complete this command
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write it and those of the commands into this folder instead
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Write the web site
    #[command(hide = true)]
    Site {
        /// A folder that is empty or not there yet
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `spacelint secrets`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0; 1 something that the Space fails without is missing from what `--have` lists; 2 the \
                  run is incomplete."
)]
pub(crate) struct Secrets {
    /// A Space, a file of one, or a folder of Spaces
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,

    /// How to print it
    #[arg(long, value_enum, default_value_t = NeedsFormat::Table)]
    pub(crate) format: NeedsFormat,

    /// Compare with the secrets and variables that a duplicate has, as the Hub's API lists them: a file of
    /// JSON, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) have: Vec<PathBuf>,
}

/// `spacelint lock`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("installed").required(true),
    after_help = "Exit status: 0; 1 something is asked for and not pinned, or `--diff` shows a change; 2 nothing was \
                  pinned."
)]
pub(crate) struct Lock {
    /// A Space, or a file of one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,

    /// Take them from the log of a build, or from what `pip freeze` prints; `-` for standard input
    #[arg(long, value_name = "FILE", group = "installed")]
    pub(crate) log: Option<PathBuf>,

    /// Take them from a virtual environment, or a `site-packages` folder
    #[arg(long, value_name = "DIR", group = "installed")]
    pub(crate) environment: Option<PathBuf>,

    /// Pin only what the requirements name, and not what that brings
    #[arg(long)]
    pub(crate) direct: bool,

    /// Show what would change, and change nothing
    #[arg(long)]
    pub(crate) diff: bool,
}

/// `spacelint diagnose`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 what failed is known, or nothing did; 1 something failed that is not known; 2 the run is \
                  incomplete."
)]
pub(crate) struct Diagnose {
    /// Logs of a build or of a Space, texts of an error, answers of the Hub's API; `-` for standard input
    #[arg(value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,

    /// The Space that they are of [default: the one around the working directory]
    #[arg(long, value_name = "PATH")]
    pub(crate) space: Option<PathBuf>,

    /// How to print what they say
    #[arg(long, value_enum, default_value_t = DiagnosisFormat::Human)]
    pub(crate) format: DiagnosisFormat,
}

/// How to print a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiagnosisFormat {
    /// For people
    Human,
    /// To paste into a thread; tokens are masked in every format
    Markdown,
    /// For programs
    Json,
}

/// `spacelint quota`.
#[derive(Debug, Args)]
pub(crate) struct Quota {
    /// A Space, a file of one, or a folder of Spaces
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,

    /// Say also what it would be if so many seconds were declared
    #[arg(long, value_name = "SECONDS", value_parser = seconds())]
    pub(crate) what_if: Option<u32>,

    /// How long a call really holds the GPU, which is what it is charged
    #[arg(long, value_name = "SECONDS", value_parser = seconds())]
    pub(crate) used: Option<u32>,

    /// The GPU that the Space runs on
    #[arg(long, value_name = "NAME", default_value = Backing::current().name, value_parser = gpus())]
    pub(crate) gpu: String,

    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,

    /// The day to take for today, as 2026-09-23
    #[arg(long, value_name = "DATE", hide = true)]
    pub(crate) today: Option<Day>,
}

/// Seconds of a day, one at least.
fn seconds() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..duration().day_seconds)
}

/// The GPUs that knowledge has.
fn gpus() -> PossibleValuesParser {
    let gpus = Backing::all().iter();
    gpus.map(|backing| PossibleValue::new(backing.name).help(backing.gpu))
        .collect::<Vec<_>>()
        .into()
}

/// `spacelint check`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that stands by itself")]
pub(crate) struct Check {
    /// Spaces, files of Spaces, or folders of Spaces; `-` for standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    /// The file of a Space that standard input stands for, where PATH is `-`
    ///
    /// The file need not exist; the rest of its Space is read from disk, and only what is found in this
    /// file is reported. With `--fix` the mended text goes to standard output and the report to
    /// standard error, and no file is changed.
    #[arg(long, value_name = "PATH")]
    pub(crate) stdin_filename: Option<PathBuf>,

    /// How to print the findings
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, help_heading = "Output")]
    pub(crate) format: ReportFormat,

    /// Write the findings to a file too, in a format of its own; may be repeated
    #[arg(long, value_name = "FORMAT:PATH", value_parser = report_file, help_heading = "Output")]
    pub(crate) output: Vec<ReportFile>,

    /// Run these rules or categories and no others
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Rules")]
    pub(crate) select: Vec<String>,

    /// Do not run these rules or categories
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Rules")]
    pub(crate) ignore: Vec<String>,

    /// Run also the rules that are sometimes wrong
    #[arg(long, help_heading = "Rules")]
    pub(crate) strict: bool,

    /// Leave out the findings that this file knows
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub(crate) baseline: Option<PathBuf>,

    /// Take out of the baseline what is found no more; where there is none, begin one
    #[arg(long, requires = "baseline", conflicts_with_all = ["diff", "stdin_filename"], help_heading = "Rules")]
    pub(crate) update_baseline: bool,

    /// Apply the fixes that keep behaviour or remove the failure
    #[arg(long, help_heading = "Fixes")]
    pub(crate) fix: bool,

    /// Apply also the fixes that a person should look at
    #[arg(long, help_heading = "Fixes")]
    pub(crate) unsafe_fixes: bool,

    /// Add a comment that ignores each finding that fails the run, where the file takes comments
    #[arg(
        long,
        conflicts_with_all = ["fix", "unsafe_fixes", "baseline", "stdin_filename"],
        help_heading = "Fixes"
    )]
    pub(crate) add_ignore: bool,

    /// Show what the fixes would change, and change nothing
    #[arg(long, conflicts_with = "format", help_heading = "Fixes")]
    pub(crate) diff: bool,

    /// The least severity that makes the exit status 1 [default: the settings', or `warning`]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Threshold>,

    /// Print findings and errors only
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// How to print a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Human,
    /// A line a finding
    Concise,
    /// For programs
    Json,
    /// For programs, each line by itself
    Jsonl,
    /// For code scanning services (SARIF 2.1.0)
    Sarif,
    /// GitHub's annotations
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// For build servers, in XML
    Junit,
    /// For reviewdog
    Rdjson,
    /// A table for a job's summary or a comment
    Markdown,
}

/// A file to write a report to.
#[derive(Clone, Debug)]
pub(crate) struct ReportFile {
    /// How.
    pub(crate) format: ReportFormat,
    /// Where.
    pub(crate) path: PathBuf,
}

/// `sarif:path/to/file`.
fn report_file(given: &str) -> Result<ReportFile, String> {
    let names = || {
        let formats = ReportFormat::value_variants().iter();
        let names: Vec<String> = formats
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
            .collect();
        names.join(", ")
    };
    let Some((format, path)) = given.split_once(':').filter(|(_, path)| !path.is_empty()) else {
        return Err("write a format, a colon and a path, such as `sarif:findings.sarif`".into());
    };
    let format = ReportFormat::from_str(format, false)
        .map_err(|_| format!("`{format}` is no format; they are {}", names()))?;
    Ok(ReportFile { format, path: path.into() })
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// How to print what a duplicate needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NeedsFormat {
    /// For people
    Table,
    /// A list to tick off, for a README
    Markdown,
    /// A file to fill in: `.env.example`
    Env,
    /// For programs
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal that can show it
    Auto,
    /// In a pipe too
    Always,
    /// Not at all
    Never,
}

/// The least severity that fails a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Threshold {
    /// The Space will not build, start or serve
    Error,
    /// Visitors lose quota, time or identity
    Warning,
    /// Worth knowing
    Info,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
