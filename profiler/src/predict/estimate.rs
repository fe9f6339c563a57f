//! From the work of a call to seconds on the platform's GPU.
//!
//! - At least: each operation at the most that such a GPU does in a second, arithmetic and memory at the same time, and nothing
//!   between two operations. No program is faster.
//! - As a rule no more than: each operation at the least that is known to be reached, so many times longer as the slowest of the
//!   models took that were held against their count (knowledge, `calls.toml`).
//!
//! Attention and convolutions are counted as products of matrices, which is what they are on this hardware: their own rates are
//! not known there.

use std::collections::BTreeMap;

use serde::Serialize;
use spacelint_knowledge::calls::{self, Setting};
use spacelint_knowledge::devices::Slice;
use spacelint_knowledge::models::Dtype;
use spacelint_rules::models::{Called, Given};
use spacelint_space::escape::escape;

use super::configs::{self, Configs};
use crate::parts::{Part, Rates};
use crate::workload::{Number, Options, Plan, plan_of};

/// Seconds, at least and as a rule at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Seconds {
    pub(super) low: f64,
    /// None where something takes time that is not known.
    pub(super) high: Option<f64>,
}

/// What a call of a model takes, and on what grounds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Estimate {
    pub(super) seconds: Seconds,
    /// The class that the configuration names.
    pub(super) class: String,
    /// What the call is asked for, assumptions among them.
    pub(super) settings: BTreeMap<&'static str, u64>,
    /// The settings that are the default of a parameter, with its name.
    pub(super) defaults: BTreeMap<&'static str, String>,
    /// What neither the text nor the configuration says.
    pub(super) assumed: Vec<String>,
    /// What of the model is not counted.
    pub(super) missing: Vec<String>,
}

/// Why it is not known what a call of a model takes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unknown {
    pub(super) why: String,
    /// The repository whose configuration would tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wanted: Option<String>,
}

impl<T: Into<String>> From<T> for Unknown {
    fn from(why: T) -> Self {
        Self { why: why.into(), wanted: None }
    }
}

/// What a call takes, or why that is not known.
pub(super) fn estimate(
    called: &Called,
    slice: Option<&'static Slice>,
    configs: &Configs,
) -> Result<Estimate, Unknown> {
    let slice = slice.ok_or("what the GPU does in a second is not known")?;
    let model = &called.model;
    let id = match &model.ids[..] {
        [id] if model.settled => id,
        [] => return Err("the text does not say which model it is".into()),
        ids => {
            let ids: Vec<String> = ids.iter().map(|id| escape(id).into_owned()).collect();
            return Err(format!("which model it is depends on the call: {}", ids.join(", ")).into());
        }
    };
    if !configs::is_repository(id) {
        return Err(format!("`{}` is no repository of the Hub", escape(id)).into());
    }
    if model.quantised {
        return Err("its weights are quantised, and no rate is known for that".into());
    }
    let mut path = configs.find(id).ok_or_else(|| Unknown {
        why: "its configuration is not at hand".to_owned(),
        wanted: Some(id.to_string()),
    })?;
    if let Some(part) = &model.part {
        if !configs::is_repository(part) {
            return Err(format!("`{}` is no folder of a repository", escape(part)).into());
        }
        path.push(part);
    }
    let (options, defaults) = options(called)?;
    let plan = plan_of(&path, &options).map_err(|fault| fault.0)?;
    let seconds = seconds(&plan, slice).ok_or_else(|| {
        format!("how fast {} computes in {} is not known", slice.name, plan.number.name())
    })?;
    Ok(Estimate {
        seconds,
        class: plan.class,
        settings: plan.settings,
        defaults,
        assumed: plan.assumed,
        missing: plan.missing,
    })
}

/// What the text says that the call is asked for, and which of it is a parameter's default.
fn options(called: &Called) -> Result<(Options, BTreeMap<&'static str, String>), String> {
    let mut options = Options {
        number: match called.model.dtype {
            Some(Dtype::Float32) => Some(Number::F32),
            Some(Dtype::Float16) => Some(Number::F16),
            Some(Dtype::Bfloat16) => Some(Number::Bf16),
            None => None,
            Some(Dtype::Float8 | Dtype::Int8 | Dtype::Int4) => {
                return Err("no rate is known for numbers of eight bits and less".to_owned());
            }
        },
        ..Options::default()
    };
    let mut defaults = BTreeMap::new();
    for (setting, given) in &called.settings {
        let (name, option) = match setting {
            Setting::Batch => ("batch", &mut options.batch),
            Setting::Frames => ("frames", &mut options.frames),
            Setting::Height => ("height", &mut options.height),
            Setting::NewTokens => ("new-tokens", &mut options.new_tokens),
            Setting::Steps => ("steps", &mut options.steps),
            Setting::Width => ("width", &mut options.width),
        };
        *option = match given {
            Given::Number(number) => Some(*number),
            Given::Default(parameter, number) => {
                defaults.insert(name, parameter.to_string());
                Some(*number)
            }
            // What the model does by default is as good a guess as any, and is said.
            Given::Unsettled => None,
        };
    }
    Ok((options, defaults))
}

fn seconds(plan: &Plan, slice: &'static Slice) -> Option<Seconds> {
    let product = match plan.number {
        Number::F32 => Part::MatmulF32,
        Number::F16 => Part::MatmulF16,
        Number::Bf16 => Part::MatmulBf16,
    };
    let (mut least, mut most) = (Rates::new(), Rates::new());
    for rate in slice.rates() {
        let part = serde_json::from_value::<Part>(rate.part.into()).ok()?;
        for (rates, value) in [(&mut least, rate.low), (&mut most, rate.high)] {
            rates.insert(part, value);
            if part == product {
                rates.insert(Part::Attention, value);
                rates.insert(Part::Convolution, value);
            }
        }
    }
    let low = plan.seconds_at(&most)?;
    let high = plan.seconds_at(&least)? * calls::longer().most;
    let is_counted = low.is_finite() && low > 0.0 && high.is_finite();
    is_counted.then_some(Seconds { low, high: plan.missing.is_empty().then_some(high) })
}
