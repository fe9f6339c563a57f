use std::collections::BTreeSet;
use std::sync::Arc;

use spacelint_knowledge::effects;
use spacelint_python::{Certainty, External, Guard, Operator, Value};
use spacelint_space::effect::{Called, Command, Download, Effect, Sleep};
use spacelint_space::{Moment, Phase, Space};

use super::worker::{self, Deed};
use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// A GPU function downloads, waits or runs a command while its call holds the GPU.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/wrappers.py: the GPU is held from before the function is called until it returns; hub-docs docs/hub/spaces-zerogpu.md at 34ee0f0: quota is GPU time"
)]
pub(crate) struct IdleGpu<'a> {
    deed: Deed<'a, Idle<'a>>,
}

/// What is done that needs no GPU.
enum Idle<'a> {
    /// This is downloaded.
    Download(&'a Download),
    /// Nothing, for so many seconds.
    Sleep(f64, &'a Called),
    /// Another server is waited for.
    Request(&'a Called),
    /// This program runs.
    Command(&'static str),
}

/// Shorter than that a wait is no more than the rhythm of an answer that is streamed.
const SHORTEST_WAIT: f64 = 1.0;

impl<'a> Check<'a> for IdleGpu<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut on_disk = downloaded(space);
        let deeds = worker::deeds(space, |moment| {
            // What is done when something else has failed happens seldom.
            let fails = moment.guards().any(|guard| matches!(guard, Guard::Handler));
            Idle::of(moment).filter(|_| !fails)
        });
        // What was downloaded lies on the disk then.
        let is_first = move |deed: &Deed<'a, Idle<'a>>| match deed.what {
            Idle::Download(Download { ids, settled: true, .. }) => {
                ids.iter().any(|id| on_disk.insert(Arc::clone(id)))
            }
            _ => true,
        };
        deeds.into_iter().filter(is_first).map(|deed| Self { deed })
    }

    fn finding(&self) -> Finding {
        let functions = self.deed.functions();
        let (message, help) = match &self.deed.what {
            Idle::Download(download) => {
                let (what, first) = match &*download.ids {
                    [id] if download.settled => (format!("`{id}`"), "at least after each restart"),
                    _ => ("what they are asked for".to_owned(), "at least the first time"),
                };
                (
                    format!(
                        "calls of {functions} download {what} while they hold the GPU, on the visitor's \
                         GPU time, {first}"
                    ),
                    if download.settled {
                        "Download it when the Space starts."
                    } else {
                        "Download it before, in a handler without `@spaces.GPU`, and hand the path to \
                         the GPU function."
                    },
                )
            }
            Idle::Sleep(seconds, called) => (
                format!(
                    "{} waits {seconds} s while the GPU is held (`{}()`), on the visitor's GPU time",
                    self.deed.each(),
                    called.name
                ),
                "Leave it out, or wait in a handler without `@spaces.GPU`.",
            ),
            Idle::Request(called) => (
                format!(
                    "{} waits for another server while the GPU is held (`{}()`), on the visitor's GPU \
                     time",
                    self.deed.each(),
                    worker::short(&called.name)
                ),
                "Ask before or after the GPU function, in a handler without `@spaces.GPU` that calls it.",
            ),
            Idle::Command(program) => (
                format!(
                    "{} runs `{program}` while the GPU is held and does nothing, on the visitor's GPU \
                     time",
                    self.deed.each()
                ),
                "Run it before or after the GPU function, in a handler without `@spaces.GPU` that calls \
                 it.",
            ),
        };
        self.deed.related(Self::at(self.deed.moment(), message).help(help))
    }
}

impl<'a> Idle<'a> {
    fn of(moment: &Moment<'a>) -> Option<Self> {
        match &moment.event.effect {
            Effect::Download(download) => Some(Self::Download(download)),
            Effect::Sleep(Sleep { called, seconds }) => {
                #[expect(clippy::cast_precision_loss, reason = "a wait is far below 2^53 seconds")]
                let seconds = match seconds.as_ref()? {
                    Value::Int(seconds) => *seconds as f64,
                    Value::Float(seconds) => *seconds,
                    _ => return None,
                };
                // One that comes and goes may wait for the GPU itself.
                let waits = seconds >= SHORTEST_WAIT && moment.certainty() == Certainty::Always;
                waits.then_some(Self::Sleep(seconds, called))
            }
            Effect::Http(called) => Some(Self::Request(called)),
            Effect::RunCommand(command) => program(command).map(Self::Command),
            _ => None,
        }
    }
}

/// What the main process downloads, by itself or with a model.
fn downloaded(space: &Space) -> BTreeSet<Arc<str>> {
    let outside = space.moments().filter(|moment| moment.phase != Phase::Gpu);
    let ids = outside.flat_map(|moment| match &moment.event.effect {
        Effect::Download(download) => download.ids.clone(),
        Effect::LoadModel(load) => load.ids.clone(),
        _ => Vec::new(),
    });
    ids.collect()
}

/// The program of a command that has no use for a GPU.
fn program(command: &Command) -> Option<&'static str> {
    effects::cpu_program(&text(command.command.as_ref()?)?)
}

/// A command as one text, as far as it is written out.
fn text(command: &Value) -> Option<String> {
    match command {
        Value::Str(line) => Some(line.to_string()),
        Value::List(words) | Value::Tuple(words) => {
            let words: Vec<&str> = words.iter().map(|word| word.as_str().unwrap_or("?")).collect();
            Some(words.join(" "))
        }
        Value::External(external) => match &**external {
            External::Operation { operator: Operator::Format, operands } => {
                let parts: Vec<&str> =
                    operands.iter().map(|part| part.as_str().unwrap_or("?")).collect();
                Some(parts.concat())
            }
            _ => None,
        },
        _ => None,
    }
}
