//! `spacelint-profile workload`: how long a model of a configuration's shape takes on this device, with random weights.
//!
//! A configuration is read to a [`model`], which is plain data; a [`plan`] says which blocks a call runs, and how often;
//! [`cost`] counts their work without a device; [`blocks`] are the blocks on candle, and [`run`] times them.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "work is counted in floats, of which seven digits are more than a time has; what is cast back is positive"
)]

mod blocks;
mod config;
mod cost;
mod families;
mod fields;
mod model;
mod plan;
mod run;
mod show;
mod softmax;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::args;
use crate::device::Machine;

pub(crate) use fields::Fault;
pub(crate) use model::Number;
pub(crate) use plan::{Options, Plan};

/// How long a block is timed, beside the runs that it gets in any case.
const BUDGET: Duration = Duration::from_millis(200);

/// What a call of the model at `path` runs: a `config.json`, a `model_index.json`, or the folder of one. Needs no device.
pub(crate) fn plan_of(path: &Path, options: &Options) -> Result<Plan, Fault> {
    plan::plan(&config::read(path)?, options)
}

/// Runs the command.
pub(crate) fn command(asked: &args::Workload) -> ExitCode {
    match estimated(asked, BUDGET) {
        Ok(text) => {
            // Nobody reads on if standard output is gone.
            let _ = anstream::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(fault) => {
            crate::error(&fault.0);
            ExitCode::from(2)
        }
    }
}

fn estimated(asked: &args::Workload, budget: Duration) -> Result<String, Fault> {
    let (swept, options) = cases(asked)?;
    let plans = options.iter().map(|options| plan_of(&asked.config, options));
    let plans: Vec<Plan> = plans.collect::<Result<_, Fault>>()?;
    let machine = Machine::open(asked.device).map_err(Fault)?;
    let number = plans.first().map_or(Number::F32, |plan| plan.number);
    let mut timer = run::Timer::of(&machine, number, budget)?;
    let mut done = Vec::new();
    for plan in plans {
        let estimate = timer.estimate(&plan)?;
        done.push((plan, estimate));
    }
    let points: Vec<(f64, f64)> = done
        .iter()
        .filter_map(|(plan, it)| Some((*plan.settings.get(swept?)? as f64, it.all.middle)))
        .collect();
    let fit = run::line(&points);
    Ok(if asked.json {
        let value = show::program(&done, swept, fit.as_ref(), &machine, timer.number);
        format!("{value:#}\n")
    } else {
        show::table(&done, swept, fit.as_ref(), &machine, timer.number)
    })
}

/// One set of options for each value of the one that is a list.
fn cases(asked: &args::Workload) -> Result<(Option<&'static str>, Vec<Options>), Fault> {
    type Set = fn(&mut Options, u64);
    let lists: [(&'static str, &[u64], Set); 9] = [
        ("batch", &asked.batch, |options, value| options.batch = Some(value)),
        ("frames", &asked.frames, |options, value| options.frames = Some(value)),
        ("guidance", &asked.guidance, |options, value| options.passes = Some(value)),
        ("height", &asked.height, |options, value| options.height = Some(value)),
        ("new-tokens", &asked.new_tokens, |options, value| options.new_tokens = Some(value)),
        ("prompt-tokens", &asked.prompt_tokens, |options, value| {
            options.prompt_tokens = Some(value);
        }),
        ("seconds", &asked.seconds, |options, value| options.seconds = Some(value)),
        ("steps", &asked.steps, |options, value| options.steps = Some(value)),
        ("width", &asked.width, |options, value| options.width = Some(value)),
    ];
    let mut all = vec![Options { number: asked.dtype, ..Options::default() }];
    let mut swept = None;
    for (name, values, set) in lists {
        match values {
            [] => {}
            [value] => all.iter_mut().for_each(|options| set(options, *value)),
            values => {
                if let Some(other) = swept {
                    return Err(Fault(format!(
                        "--{other} and --{name}: one of them may be a list"
                    )));
                }
                swept = Some(name);
                let of = |options: &Options, value: u64| {
                    let mut options = options.clone();
                    set(&mut options, value);
                    options
                };
                all = values.iter().map(|value| of(&all[0], *value)).collect();
            }
        }
    }
    Ok((swept, all))
}
