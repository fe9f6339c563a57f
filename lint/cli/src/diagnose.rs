//! `spacelint diagnose`: from a log or an error text to the cause, in this repository.
//!
//! What a log tells is for `spacelint_rules` to say. Here it is opened, brought together with the Space beside it, and
//! shown: to people in a terminal ([`human`]), to paste into a thread ([`markdown`]), and to programs ([`json`](mod@json)).

mod human;
mod json;
mod markdown;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;

use camino::Utf8PathBuf;
use spacelint_knowledge::failures::{Failure, Kind};
use spacelint_rules::diagnosis::{self, Cause, Diagnosis, Here, Subject};
use spacelint_rules::registry;
use spacelint_space::{Files, Space, around};

use crate::args::{Diagnose, DiagnosisFormat};
use crate::output::Output;
use crate::panics;
use crate::paths::{Place, tidy};
use crate::summary::Status;
use crate::targets;
use crate::terminal::Terminal;

/// How many causes are told in full.
const MAX_CAUSES: usize = 5;

/// A log and what it tells.
struct Told<'a> {
    /// As it was named; `standard input` for that.
    log: &'a str,
    diagnosis: &'a Diagnosis,
    /// What the Space shows of each cause, in their order.
    here: &'a [Here],
    place: Option<&'a Place>,
}

/// The Space beside the logs.
struct Beside {
    space: Space,
    place: Place,
}

/// Tells what the logs say.
pub(crate) fn run(asked: &Diagnose, terminal: Terminal, output: &mut Output) -> Status {
    let beside = match beside(asked) {
        Ok(beside) => beside,
        Err(message) => {
            output.error(&message);
            return Status::Incomplete;
        }
    };
    let logs: Vec<&Path> = match &asked.logs[..] {
        [] if io::stdin().is_terminal() => {
            output.error("name a log, or pipe one in: `spacelint diagnose build.log`, or `… | spacelint diagnose`");
            return Status::Incomplete;
        }
        [] => vec![Path::new("-")],
        logs => logs.iter().map(AsRef::as_ref).collect(),
    };
    if asked.format == DiagnosisFormat::Json {
        output.print(&crate::formats::json::open_list("logs"));
    }
    let mut status = Status::Clean;
    let mut is_first = true;
    for log in &logs {
        let name = if *log == Path::new("-") {
            "standard input".to_owned()
        } else {
            log.display().to_string()
        };
        let read = panics::catch(|| {
            let diagnosis = read(log)?;
            let within = |cause: &Cause| {
                beside.as_ref().map_or(Here::default(), |it| cause.within(&it.space))
            };
            let here: Vec<Here> = diagnosis.causes.iter().map(within).collect();
            Ok((diagnosis, here))
        });
        let (diagnosis, here) = match read {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                let error: io::Error = error;
                output.error(&format!("cannot read `{name}`: {error}"));
                status = Status::Incomplete;
                continue;
            }
            Err(message) => {
                output.error(&panics::describe(&format!("reading `{name}`"), &message));
                status = Status::Incomplete;
                continue;
            }
        };
        let place = beside.as_ref().map(|beside| &beside.place);
        let told = Told { log: &name, diagnosis: &diagnosis, here: &here, place };
        if asked.format == DiagnosisFormat::Json {
            output.print(crate::formats::json::separator(is_first));
        } else if !is_first {
            output.print("\n");
        }
        is_first = false;
        output.print(&match asked.format {
            DiagnosisFormat::Human => human::log(&told, terminal),
            DiagnosisFormat::Markdown => markdown::log(&told),
            DiagnosisFormat::Json => json::log(&told),
        });
        status = status.max(told.status());
    }
    if asked.format == DiagnosisFormat::Json {
        output.print(crate::formats::json::CLOSE_LIST);
    }
    status
}

fn read(log: &Path) -> io::Result<Diagnosis> {
    if log == Path::new("-") {
        return diagnosis::diagnose(io::stdin().lock());
    }
    let file = File::open(log)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::other("it is a folder; name the log in it"));
    }
    diagnosis::diagnose(file)
}

/// The Space that was named, or the one around the working directory; none if there is none.
fn beside(asked: &Diagnose) -> Result<Option<Beside>, String> {
    let working = targets::working_directory()?;
    let root: Option<Utf8PathBuf> = match &asked.space {
        Some(path) => Some(targets::one(path)?),
        // The card need not be there: it is the place that is asked about.
        None => around(&tidy(&working.join("README.md")), Files::disk).ok(),
    };
    let Some(root) = root else { return Ok(None) };
    let place = Place::new(&root, &working);
    let doing = format!("reading `{}`", place.folder());
    let space = panics::catch(|| Space::read(&Files::disk(root.clone())));
    match space {
        Ok(space) => Ok(Some(Beside { space, place })),
        Err(message) => Err(panics::describe(&doing, &message)),
    }
}

impl Told<'_> {
    /// Something failed of which nothing is known: the one case that another tool must go on with.
    fn status(&self) -> Status {
        let known = !self.diagnosis.causes.is_empty() || !self.diagnosis.is_failure();
        if known { Status::Clean } else { Status::Found }
    }

    fn causes(&self) -> impl Iterator<Item = (&Cause, &Here)> {
        self.diagnosis.causes.iter().zip(self.here)
    }

    /// What a person is told to do of this cause; none where it was said of another one before.
    fn what_to_do(&self, cause: &Cause) -> Option<&'static str> {
        let is_same = |other: &&Cause| other.failure.name == cause.failure.name;
        let first = self.diagnosis.causes.iter().find(is_same);
        first.is_none_or(|first| std::ptr::eq(first, cause)).then(|| what_to_do(cause))?
    }

    /// The versions that those who help ask for first, as far as the log names them.
    fn versions(&self) -> Vec<(&str, &str)> {
        const ASKED: [&str; 7] =
            ["gradio", "spaces", "torch", "transformers", "diffusers", "huggingface_hub", "numpy"];
        let all = &self.diagnosis.versions;
        // pip writes either.
        let version = |name: &str| all.get(name).or_else(|| all.get(&name.replace('_', "-")));
        ASKED.into_iter().filter_map(|name| Some((name, version(name)?.as_str()))).collect()
    }
}

/// What a person is told to do, in Markdown: the failure's own page, or the part of its rule's that says it; none where
/// the answer has said it already.
fn what_to_do(cause: &Cause) -> Option<&'static str> {
    if !matches!(cause.subject, None | Some(Subject::Conflict(_))) {
        return None;
    }
    let failure = cause.failure;
    if let Some(page) = failure.page {
        return Some(page.mend);
    }
    let page = registry::find(failure.name)?.info.page;
    let (_, section) = page.split_once("\n## What to do\n")?;
    // Up to the first example: the page shows the rest.
    let end = section.find("\n```").or(section.find("\n## ")).unwrap_or(section.len());
    let text = section[..end].trim();
    // What leads to an example says nothing without it.
    let text = if section[end..].starts_with("\n```") && text.ends_with(':') {
        text.rsplit_once("\n\n").map_or("", |(before, _)| before)
    } else {
        text
    };
    (!text.is_empty()).then_some(text)
}

/// What must be said of an answer before it is given.
fn caveat(failure: &Failure) -> Option<&'static str> {
    match (failure.kind, failure.unverified) {
        (Kind::Platform, _) => Some(
            "This is the platform's fault and not your code's: nothing in the repository mends it.",
        ),
        (_, true) => {
            Some("Others have told of this; nobody has seen it proven. Take it for a possibility.")
        }
        _ => None,
    }
}

/// What kind of answer it is, in a word.
fn word(failure: &Failure) -> &'static str {
    match (failure.kind, failure.unverified) {
        (Kind::Cause, false) => "cause",
        (Kind::Cause, true) => "possible cause",
        (Kind::Platform, _) => "platform",
        (Kind::Wrapper, _) => "symptom",
        (Kind::Noise, _) => "noise",
    }
}
