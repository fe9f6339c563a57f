//! The blocks on candle. Their forward passes agree with PyTorch's (`testdata/models/blocks`).
//!
//! Weights come from a [`Weights`]: random ones for a timing, given ones for a test.

mod attention;
mod layers;
mod picture;
mod transformer;
mod weights;

use candle_core::{DType, Result, Tensor};

use super::model::{Modulation, Number, Second, Shape};
use super::plan::Block;
use attention::SCORES;
use layers::{Linear, Normed};
use picture::{Convolution, GroupNorm, Residual};
use transformer::Transformer;

pub(crate) use weights::{Random, Weights};

/// The candle type of a number.
pub(crate) fn dtype(number: Number) -> DType {
    match number {
        Number::F32 => DType::F32,
        Number::F16 => DType::F16,
        Number::Bf16 => DType::BF16,
    }
}

fn us(number: u64) -> usize {
    number as usize
}

/// What a block runs on.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// Tokens, or a picture.
    pub(crate) x: Option<Tensor>,
    /// Tokens of the second stream.
    pub(crate) second: Option<Tensor>,
    /// What the time step says.
    pub(crate) step: Option<Tensor>,
    /// What is looked at.
    pub(crate) context: Option<Tensor>,
    /// Keys and values of that.
    pub(crate) context_kept: Option<(Tensor, Tensor)>,
    /// Keys and values of what was before.
    pub(crate) past: Option<Cache>,
}

/// Keys and values, with room for those that are new: nothing is copied when they come.
#[derive(Debug)]
pub(crate) struct Cache {
    /// As (batch, heads, tokens, width).
    pub(crate) keys: Tensor,
    /// The same.
    pub(crate) values: Tensor,
    /// How many tokens are there before.
    pub(crate) filled: usize,
}

#[derive(Debug)]
enum Made {
    Norm(Normed),
    Linear(Linear),
    Picture(Convolution),
    GroupNorm(GroupNorm),
    Residual(Residual),
    Transformer(Box<Transformer>),
}

/// A block with its weights.
#[derive(Debug)]
pub(crate) struct Built(Made);

impl Built {
    /// Of a shape, and for a size: experts that none of its tokens would reach are left out.
    pub(crate) fn of(weights: &mut dyn Weights, block: &Block) -> Result<Self> {
        Ok(Self(match &block.shape {
            Shape::Table { .. } => candle_core::bail!("a table does nothing"),
            Shape::Norm { norm, width } => Made::Norm(Normed::of(weights, "norm", *norm, *width)?),
            Shape::Linear { inputs, outputs, bias } => {
                Made::Linear(Linear::of(weights, "linear", (*inputs, *outputs), *bias)?)
            }
            Shape::Patch { channels, side, outputs, bias } => {
                let of = (*channels, *outputs);
                Made::Picture(Convolution::of(weights, "patch", of, *side, *side, *bias)?)
            }
            Shape::Convolution { inputs, outputs, side, stride } => {
                let of = (*inputs, *outputs);
                Made::Picture(Convolution::of(weights, "convolution", of, *side, *stride, true)?)
            }
            Shape::GroupNorm { channels } => {
                Made::GroupNorm(GroupNorm::of(weights, "norm", *channels)?)
            }
            Shape::Residual { inputs, outputs, time } => {
                Made::Residual(Residual::of(weights, (*inputs, *outputs), *time)?)
            }
            Shape::Transformer(layer) => {
                Made::Transformer(Box::new(Transformer::of(weights, layer, &block.size)?))
            }
        }))
    }

    /// What comes out: the second stream's tokens first, if they go on.
    pub(crate) fn forward(&self, inputs: &Inputs) -> Result<Vec<Tensor>> {
        let Some(x) = &inputs.x else { candle_core::bail!("a block runs on something") };
        Ok(vec![match &self.0 {
            Made::Norm(norm) => norm.forward(x)?,
            Made::Linear(linear) => linear.forward(x)?,
            Made::Picture(convolution) => convolution.forward(x)?,
            Made::GroupNorm(norm) => norm.forward(x)?,
            Made::Residual(residual) => residual.forward(x, inputs.step.as_ref())?,
            Made::Transformer(transformer) => return transformer.forward(inputs),
        }])
    }
}

/// Random inputs for a block.
pub(crate) fn inputs(random: &Random, block: &Block) -> Result<Inputs> {
    let size = &block.size;
    let (batch, tokens) = (us(size.batch), us(size.tokens));
    let rows = |width: u64| random.input(&[batch, tokens, us(width)]).map(Some);
    let picture =
        |channels: u64| random.input(&[batch, us(channels), us(size.height), us(size.width)]);
    let mut inputs = Inputs::default();
    match &block.shape {
        Shape::Table { .. } => {}
        Shape::Norm { width, .. } | Shape::Linear { inputs: width, .. } => {
            inputs.x = rows(*width)?;
        }
        Shape::Patch { channels, side, .. } => {
            let edge = us(*side);
            inputs.x = Some(random.input(&[batch, us(*channels), edge * tokens, edge])?);
        }
        Shape::Convolution { inputs: channels, .. } | Shape::GroupNorm { channels } => {
            inputs.x = Some(picture(*channels)?);
        }
        Shape::Residual { inputs: channels, time, .. } => {
            inputs.x = Some(picture(*channels)?);
            inputs.step = time.map(|time| random.input(&[batch, us(time)])).transpose()?;
        }
        Shape::Transformer(layer) => {
            inputs.x = rows(layer.hidden)?;
            let of = &layer.attention;
            if layer.second != Second::None {
                inputs.second = Some(random.input(&[batch, us(size.second), us(layer.hidden)])?);
            }
            inputs.step = match layer.modulation {
                Modulation::None => None,
                Modulation::Linear { inputs, .. } => Some(random.input(&[batch, us(inputs)])?),
                Modulation::Table { vectors } => {
                    Some(random.input(&[batch, us(vectors * layer.hidden)])?)
                }
            };
            if size.past > 0 {
                let room = us(size.past) + tokens + us(size.second);
                let shape = [batch, us(of.kv_heads), room, us(of.head_size)];
                let (keys, values) = (random.input(&shape)?, random.input(&shape)?);
                inputs.past = Some(Cache { keys, values, filled: us(size.past) });
            }
            if let Some(cross) = &layer.cross {
                if size.context_kept {
                    let shape = [batch, us(cross.heads), us(size.context), us(cross.head_size)];
                    inputs.context_kept = Some((random.input(&shape)?, random.input(&shape)?));
                } else {
                    let shape = [batch, us(size.context), us(cross.width)];
                    inputs.context = Some(random.input(&shape)?);
                }
            }
        }
    }
    Ok(inputs)
}

/// How many scores of an attention are there at once.
pub(crate) fn scores(block: &Block) -> usize {
    let Shape::Transformer(layer) = &block.shape else { return 0 };
    let size = &block.size;
    let queries = us(size.tokens + size.second);
    let keys = us(size.context.max(size.past + size.tokens + size.second));
    let row = us(size.batch * layer.attention.heads).saturating_mul(keys);
    row.saturating_mul(queries).min(SCORES.max(row.saturating_mul(8)))
}
