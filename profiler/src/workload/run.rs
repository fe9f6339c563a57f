//! How long a plan takes: each block that differs from the others is timed once on the device, and counted as often as it
//! runs. So a model is timed that is far too large for the device, as long as each of its blocks fits.

use std::collections::BTreeMap;
use std::time::Duration;

use candle_core::DType;

use super::blocks::{self, Built, Random};
use super::cost;
use super::fields::Fault;
use super::model::{Number, Shape};
use super::plan::{Block, Plan};
use crate::device::{Kind, Machine};
use crate::fault;
use crate::measure::{self, Timing};

/// Where an operation takes less than this on average, starting it counts for more than doing it; so it does with few rows.
const STARTING: f64 = 1e-4;
const FEW_ROWS: u64 = 32;
/// By what PyTorch's time may differ from candle's where arithmetic counts. On a processor PyTorch took from 15 % more to
/// 2.2 times less (RESULTS.md).
pub(super) const ARITHMETIC: (f64, f64) = (1.0 / 2.5, 1.15);
/// The same where starting operations counts: three times more, in a whole decoder that Python runs, to six times less.
pub(super) const OVERHEAD: (f64, f64) = (1.0 / 7.0, 3.0);
/// The same of convolutions on a processor: up to five times less.
pub(super) const CONVOLUTION: (f64, f64) = (1.0 / 6.0, 1.15);
/// The same where attention is more than [`ATTENDS`] of the arithmetic: candle's writes its scores to memory and PyTorch's does
/// not; it took up to five times less.
pub(super) const ATTENTION: (f64, f64) = (1.0 / 6.0, 1.15);
const ATTENDS: f64 = 0.05;

/// Seconds, and between which two they lie.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Seconds {
    /// As measured.
    pub(crate) middle: f64,
    /// The least that is likely.
    pub(crate) low: f64,
    /// The most that is likely.
    pub(crate) high: f64,
}

impl Seconds {
    fn add(&mut self, other: Self, times: f64) {
        self.middle += times * other.middle;
        self.low += times * other.low;
        self.high += times * other.high;
    }
}

/// A block that was timed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timed {
    /// How long the whole block takes.
    pub(crate) seconds: Seconds,
    /// Which share of the block was timed.
    pub(crate) share: f64,
}

/// Times blocks, each of them once.
pub(crate) struct Timer<'a> {
    machine: &'a Machine,
    /// The type in which blocks are computed.
    pub(crate) number: Number,
    random: Random,
    budget: Duration,
    timed: BTreeMap<Block, Timed>,
}

/// What a plan takes on the device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// Each stage, in the plan's order.
    pub(crate) stages: Vec<Seconds>,
    /// All of them.
    pub(crate) all: Seconds,
    /// Blocks of which a share was timed, and blocks in all.
    pub(crate) shared: (usize, usize),
}

impl<'a> Timer<'a> {
    /// A timer of blocks of this type; on a processor all are computed in 32 bits, because candle's 16 bit products are no
    /// measure of anything there.
    pub(crate) fn of(
        machine: &'a Machine,
        number: Number,
        budget: Duration,
    ) -> Result<Self, Fault> {
        let number = match machine.identity.kind {
            Kind::Cpu => Number::F32,
            Kind::Cuda => number,
        };
        let random = Random::of(&machine.device, number).map_err(|error| {
            Fault(format!(
                "{}: numbers of type {} cannot be drawn: {}",
                machine.identity.name,
                number.name(),
                fault::Fault::of(&error)
            ))
        })?;
        Ok(Self { machine, number, random, budget, timed: BTreeMap::new() })
    }

    /// What a plan takes.
    pub(crate) fn estimate(&mut self, plan: &Plan) -> Result<Estimate, Fault> {
        let mut stages = Vec::new();
        let mut all = Seconds::default();
        let mut shared = (0, 0);
        for stage in &plan.stages {
            let mut seconds = Seconds::default();
            for (block, times) in &stage.runs {
                let timed = self.timed(block)?;
                seconds.add(timed.seconds, *times);
                shared.0 += usize::from(timed.share < 1.0);
                shared.1 += 1;
            }
            all.add(seconds, 1.0);
            stages.push(seconds);
        }
        Ok(Estimate { stages, all, shared })
    }

    /// How long a block takes.
    pub(crate) fn timed(&mut self, block: &Block) -> Result<Timed, Fault> {
        if let Some(timed) = self.timed.get(block) {
            return Ok(timed.clone());
        }
        let timed = self.time(block)?;
        self.timed.insert(block.clone(), timed.clone());
        Ok(timed)
    }

    fn time(&mut self, block: &Block) -> Result<Timed, Fault> {
        let part = share_of(block, self.most());
        let needed = bytes(&part, self.number);
        let free = self.machine.free_bytes() as f64;
        if needed > free {
            return Err(Fault(format!(
                "{} needs {:.1} GB, and {} has {:.1} GB free: take another device, or another --dtype",
                name(block),
                needed / 1e9,
                self.machine.identity.name,
                free / 1e9
            )));
        }
        let failed = |error: candle_core::Error| {
            let why = fault::Fault::of(&error);
            Fault(format!("{} on {}: {why}", name(block), self.machine.identity.name))
        };
        let built = Built::of(&mut self.random, &part).map_err(failed)?;
        let inputs = blocks::inputs(&self.random, &part).map_err(failed)?;
        let finite = |outputs: Vec<candle_core::Tensor>| -> candle_core::Result<bool> {
            for output in outputs {
                let sum = output.to_dtype(DType::F32)?.abs()?.mean_all()?.to_scalar::<f32>()?;
                if !sum.is_finite() {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        if !built.forward(&inputs).and_then(finite).map_err(failed)? {
            return Err(Fault(format!(
                "{} on {}: what comes out is no number; nothing that it took is believed",
                name(block),
                self.machine.identity.name
            )));
        }
        let timing = measure::time(self.machine, self.budget, || built.forward(&inputs).map(drop))
            .map_err(failed)?;
        Ok(self.scaled(block, &part, timing))
    }

    /// From the time of a part of a block to that of all of it.
    fn scaled(&self, block: &Block, part: &Block, timing: Timing) -> Timed {
        let scale = work(block) / work(part);
        let operations = cost::operations(part);
        let rows = block.size.batch * (block.size.tokens + block.size.second);
        let few = rows > 0 && rows <= FEW_ROWS;
        let starts = few || timing.median < STARTING * operations.len() as f64;
        let mixes = |operation: &&cost::Operation| operation.kind == cost::Kind::Attention;
        let attended: f64 = operations.iter().filter(mixes).map(|operation| operation.flops).sum();
        let folds = operations.iter().any(|operation| operation.kind == cost::Kind::Convolution);
        let (low, high) = if starts {
            OVERHEAD
        } else if folds && self.machine.identity.kind == Kind::Cpu {
            CONVOLUTION
        } else if attended > ATTENDS * cost::flops(part) {
            ATTENTION
        } else {
            ARITHMETIC
        };
        Timed {
            seconds: Seconds {
                middle: timing.median * scale,
                low: timing.low * scale * low,
                high: timing.high * scale * high,
            },
            share: 1.0 / scale,
        }
    }

    /// How many floating-point operations are timed at once.
    fn most(&self) -> f64 {
        match self.machine.identity.kind {
            Kind::Cpu => 4e9 * self.machine.identity.threads.unwrap_or(1) as f64,
            Kind::Cuda => 4e12,
        }
    }
}

/// How much there is of a block, of which its time is a multiple: arithmetic, scores and numbers that are touched, each
/// weighed by about how much dearer it is than a floating-point operation of a product.
fn work(block: &Block) -> f64 {
    let heads = match &block.shape {
        Shape::Transformer(layer) => layer.attention.heads as f64,
        _ => 0.0,
    };
    let size = &block.size;
    let queries = (size.tokens + size.second) as f64;
    let scores =
        size.batch as f64 * heads * queries * (queries + (size.past + size.context) as f64);
    let touched = |of: cost::Operation| of.touched - of.weights;
    let touched: f64 = cost::operations(block).into_iter().map(touched).sum();
    cost::flops(block) + 300.0 * scores + 50.0 * touched
}

/// What a block needs of the device's memory while it is timed.
fn bytes(block: &Block, number: Number) -> f64 {
    let scores = match &block.shape {
        Shape::Transformer(_) => blocks::scores(block) as f64 * 4.0,
        _ => 0.0,
    };
    // A convolution unfolds what goes in, once for each place of its kernel.
    let unfolded = match &block.shape {
        Shape::Convolution { inputs, side, .. } => (*inputs * side * side) as f64,
        Shape::Residual { inputs, outputs, .. } => 9.0 * (*inputs).max(*outputs) as f64,
        _ => 0.0,
    } * (block.size.batch * block.size.height * block.size.width) as f64;
    let numbers = block.shape.parameters() as f64 + 3.0 * cost::live(block) + scores + unfolded;
    numbers * number.bytes() as f64
}

/// A part of a block that is no more than so much work: fewer samples, then fewer queries, which look at as much as before,
/// or fewer rows of a picture.
pub(crate) fn share_of(block: &Block, most: f64) -> Block {
    let mut part = block.clone();
    if work(&part) > most {
        let samples = (part.size.batch as f64 * most / work(&part)).floor().max(1.0);
        part.size.batch = samples as u64;
    }
    if work(&part) <= most {
        return part;
    }
    let share = most / work(&part);
    let fewer = |count: u64, least: u64| ((count as f64 * share) as u64).max(least.min(count));
    match &block.shape {
        Shape::Transformer(layer) => {
            let tokens = fewer(part.size.tokens, 64);
            if tokens < part.size.tokens {
                part.size.past += part.size.tokens - tokens;
                part.size.tokens = tokens;
                part.size.context_kept = layer.cross.is_some();
            }
        }
        Shape::Linear { .. } | Shape::Norm { .. } | Shape::Patch { .. } => {
            part.size.tokens = fewer(part.size.tokens, 64);
        }
        Shape::Convolution { stride, .. } => {
            part.size.height = fewer(part.size.height, 8).next_multiple_of(*stride);
        }
        Shape::Residual { .. } | Shape::GroupNorm { .. } => {
            part.size.height = fewer(part.size.height, 8);
        }
        Shape::Table { .. } => {}
    }
    part
}

/// A block, as a message has it.
fn name(block: &Block) -> String {
    let size = &block.size;
    match &block.shape {
        Shape::Transformer(layer) => format!(
            "a layer of {} wide tokens ({} of them, after {})",
            layer.hidden, size.tokens, size.past
        ),
        Shape::Linear { inputs, outputs, .. } => {
            format!("a product of {inputs} by {outputs} ({} rows)", size.tokens)
        }
        Shape::Residual { inputs, outputs, .. } | Shape::Convolution { inputs, outputs, .. } => {
            format!(
                "a convolution of {inputs} to {outputs} channels ({} by {})",
                size.width, size.height
            )
        }
        Shape::Patch { side, .. } => format!("patches of {side} pixels ({} of them)", size.tokens),
        Shape::Norm { width, .. } => format!("a norm of {width} ({} rows)", size.tokens),
        Shape::GroupNorm { channels } => format!("a norm of {channels} channels"),
        Shape::Table { .. } => "a table".to_owned(),
    }
}

/// A line through what a sweep gave: seconds = `first` + `slope` × value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    /// What it is at 0.
    pub(crate) first: f64,
    /// What one more adds.
    pub(crate) slope: f64,
    /// The largest distance from it, as a share of what was measured.
    pub(crate) worst: f64,
}

/// The line through values and seconds, of two different values at least.
pub(crate) fn line(points: &[(f64, f64)]) -> Option<Line> {
    let count = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|point| point.0), mean(&|point| point.1));
    let spread = mean(&|point| (point.0 - x).powi(2));
    if points.len() < 2 || spread <= 0.0 {
        return None;
    }
    let slope = mean(&|point| (point.0 - x) * (point.1 - y)) / spread;
    let first = y - slope * x;
    let away = |point: &(f64, f64)| ((first + slope * point.0) / point.1 - 1.0).abs();
    let worst = points.iter().map(away).fold(0.0, f64::max);
    Some(Line { first, slope, worst })
}
