//! How the blocks of each kind of model follow from the fields of its configuration.

mod autoencoder;
mod denoiser;
mod language;
mod speech;
mod text;
mod unet;
mod vision;

use spacelint_knowledge::architectures::{Norm, QueryNorm};

use super::fields::{Fault, Fields, only};
use super::model::{Attention, Biases, Layer, Modulation, On, Part, Second, Shape, Use};

pub(super) use autoencoder::image_decoder;
pub(super) use denoiser::denoiser;
pub(super) use language::language;
pub(super) use speech::speech;
pub(super) use text::{clip, clip_text, t5};
pub(super) use vision::{siglip, siglip_vision, vit};

/// Parts of a model, with what is not as in the model.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) parts: Vec<Part>,
    pub(super) missing: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl Found {
    fn of(parts: Vec<Part>) -> Self {
        Self { parts, ..Self::default() }
    }
}

fn one(shape: Shape, on: On) -> Use {
    Use { shape, count: 1, on }
}

fn linear(inputs: u64, outputs: u64, on: On) -> Use {
    one(Shape::Linear { inputs, outputs, bias: true }, on)
}

fn table(elements: u64) -> Use {
    one(Shape::Table { elements }, On::Nothing)
}

fn layer_norm(width: u64, on: On) -> Use {
    one(Shape::Norm { norm: Norm::Layer, width }, on)
}

/// Heads, and the width of one of them, where all heads together are as wide as a token.
fn heads(fields: &Fields<'_>, hidden: u64, heads: u64) -> Result<u64, Fault> {
    if hidden.is_multiple_of(heads) {
        return Ok(hidden / heads);
    }
    Err(fields.fault(format_args!("a width of {hidden} does not divide into {heads} heads")))
}

/// An attention of all tokens to all, without more.
fn attention(heads: u64, head_size: u64) -> Attention {
    Attention {
        heads,
        kv_heads: heads,
        head_size,
        bias: Biases::ALL,
        query_norm: QueryNorm::None,
        query_norm_bias: false,
        rotary: false,
        causal: false,
    }
}

/// A layer of attention, without more.
fn layer(hidden: u64, norms: u64, attention: Attention) -> Layer {
    Layer {
        hidden,
        norm: Norm::Layer,
        norms,
        attention,
        cross: None,
        feed_forward: None,
        parallel: false,
        modulation: Modulation::None,
        second: Second::None,
    }
}

/// The most levels, each of half the picture's side, that a network may have.
const MOST_LEVELS: usize = 8;

/// The channels of each level of a network that makes its picture smaller, or larger, step by step.
fn level_channels(fields: &Fields<'_>) -> Result<Vec<u64>, Fault> {
    let channels = fields.list(&only(&["block_out_channels"]))?.ok_or_else(|| {
        fields.fault("the channels of the levels are missing (`block_out_channels`)")
    })?;
    if channels.len() > MOST_LEVELS {
        return Err(
            fields.fault(format_args!("`block_out_channels` has {} levels", channels.len()))
        );
    }
    Ok(channels)
}
