//! `predict`: how long each GPU function takes, at least and at most, before anything of it has run: from the models that the
//! Space's text says it computes with, their configurations, and what the platform's GPU does in a second. Nothing is run, and
//! no `duration` comes of it.

mod configs;
mod estimate;
mod shown;

use std::io::Write as _;
use std::process::ExitCode;

use camino::Utf8PathBuf;
use serde::Serialize;
use spacelint_knowledge::devices::Slice;
use spacelint_knowledge::platform::{Backing, Size};
use spacelint_rules::duration::{Declared, SizedBy};
use spacelint_rules::models::{Called, Computing, computing};
use spacelint_space::{Files, Space};

pub(crate) use configs::Given;

use crate::args;
use configs::Configs;
use estimate::{Estimate, Seconds, Unknown};

/// What is predicted of a Space.
#[derive(Debug, Serialize)]
struct Prediction {
    schema: u32,
    /// The GPU that Spaces run on now.
    gpu: &'static str,
    functions: Vec<Function>,
}

/// What is predicted of a GPU function.
#[derive(Debug, Serialize)]
struct Function {
    #[serde(rename = "function")]
    name: String,
    path: String,
    line: u32,
    size: &'static str,
    /// What that size has of the GPU.
    on: &'static str,
    /// The declared seconds, where that is a number.
    declared_seconds: Option<f64>,
    /// What its models take together; none where of no model it is known.
    seconds: Option<Seconds>,
    models: Vec<ModelCall>,
    /// What takes time besides, and is not counted.
    without: Vec<String>,
}

/// What is predicted of a call of a model.
#[derive(Debug, Serialize)]
struct ModelCall {
    path: String,
    line: u32,
    /// The repository, where the text settles it.
    id: Option<String>,
    method: Option<String>,
    /// Whether every call of the function makes it.
    always: bool,
    #[serde(flatten)]
    result: Estimated,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Estimated {
    Estimate(Estimate),
    NoEstimate(Unknown),
}

/// Runs `predict`.
pub(crate) fn command(asked: &args::Predict) -> ExitCode {
    match predict(asked) {
        Ok(prediction) => {
            let text = if asked.json { shown::json(&prediction) } else { shown::text(&prediction) };
            // Nobody is left to tell if standard output is gone.
            let _ = anstream::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            crate::error(&why);
            ExitCode::from(2)
        }
    }
}

fn predict(asked: &args::Predict) -> Result<Prediction, String> {
    let shown = asked.path.display();
    let root = asked
        .path
        .canonicalize()
        .map_err(|error| format!("cannot open the Space `{shown}`: {error}"))?;
    let root = Utf8PathBuf::from_path_buf(root)
        .map_err(|_| format!("`{shown}` is not Unicode; rename it"))?;
    let space = Space::read(&Files::disk(root));
    if space.entry.is_none() {
        return Err(format!(
            "`{shown}` has no `{}`, with which a Space begins; name the Space's folder",
            space.app_file
        ));
    }
    let configs = Configs::new(&asked.configs)?;
    let backing = Backing::current();
    let functions = computing(&space).iter().map(|it| function(it, backing, &configs)).collect();
    Ok(Prediction { schema: 1, gpu: backing.gpu, functions })
}

#[expect(clippy::cast_precision_loss, reason = "declared seconds are few")]
fn function(computing: &Computing, backing: &Backing, configs: &Configs) -> Function {
    let declared = &computing.function;
    let mut without = Vec::new();
    let size = match (declared.sized, declared.size) {
        (SizedBy::Promoted, _) => Size::Xlarge,
        (_, Some(size)) => size,
        (_, None) => {
            without.push("the text does not settle its size: this is for `large`".to_owned());
            Size::Large
        }
    };
    let slice = Slice::of(backing, size);
    let models: Vec<ModelCall> =
        computing.calls.iter().map(|call| model_call(call, slice, configs)).collect();
    if computing.loads {
        without.push("it loads a model itself, and how long that takes is not known".to_owned());
    }
    let line = declared.location.file.text.position(declared.location.span.start).line;
    Function {
        name: declared.name.clone().unwrap_or_else(|| "lambda".to_owned()),
        path: declared.location.file.path.to_string(),
        line,
        size: size.facts().name,
        on: slice.map_or("an unknown GPU", |slice| slice.name),
        declared_seconds: match declared.duration {
            Declared::Default(seconds) => Some(seconds as f64),
            Declared::Seconds(seconds) => Some(seconds),
            Declared::Between(..) | Declared::NoDuration | Declared::Unknown => None,
        },
        seconds: together(&models, computing.loads),
        models,
        without,
    }
}

fn model_call(call: &Called, slice: Option<&'static Slice>, configs: &Configs) -> ModelCall {
    let place = &call.location;
    let result = estimate::estimate(call, slice, configs);
    let id = call.model.ids.first().filter(|_| call.model.settled && call.model.ids.len() == 1);
    ModelCall {
        path: place.file.path.to_string(),
        line: place.file.text.position(place.span.start).line,
        id: id.map(ToString::to_string),
        method: call.method.as_ref().map(ToString::to_string),
        always: call.always,
        result: result.map_or_else(Estimated::NoEstimate, Estimated::Estimate),
    }
}

/// What the calls take together: at least those that are always made, at most all of them. Where one is not known, or something
/// else takes time, there is no end to it.
fn together(models: &[ModelCall], more: bool) -> Option<Seconds> {
    let known = |it: &ModelCall| match &it.result {
        Estimated::Estimate(estimate) => Some((it.always, estimate.seconds)),
        Estimated::NoEstimate(_) => None,
    };
    let estimates: Vec<(bool, Seconds)> = models.iter().filter_map(known).collect();
    let always = estimates.iter().filter(|(always, _)| *always);
    let any = estimates.iter().map(|(_, seconds)| seconds.low).reduce(f64::min)?;
    let low = always.map(|(_, seconds)| seconds.low).reduce(|sum, low| sum + low).unwrap_or(any);
    let is_whole = estimates.len() == models.len() && !more;
    let sum = || estimates.iter().map(|(_, seconds)| seconds.high).sum::<Option<f64>>();
    Some(Seconds { low, high: if is_whole { sum() } else { None } })
}
