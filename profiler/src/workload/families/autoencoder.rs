//! The autoencoder that makes a picture of a latent one. Its other half is loaded, and does not run.

use super::super::fields::{CHANNELS, Fault, Fields, LATENT, LAYERS_PER_BLOCK, OUT_CHANNELS};
use super::super::model::{On, Part, Role, Shape, Use};
use super::{Found, attention, layer, level_channels, one};

/// An `AutoencoderKL`, and by what it makes a picture smaller.
pub(in super::super) fn image_decoder(fields: &Fields<'_>) -> Result<(Found, u64), Fault> {
    let channels = level_channels(fields)?;
    for (key, known) in
        [("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")]
    {
        let types = fields.words(key)?;
        if types.len() != channels.len() || types.iter().any(|kind| *kind != known) {
            return Err(fields.fault(format_args!(
                "`{key}` should be {known} for each of {} levels: no other is understood",
                channels.len()
            )));
        }
    }
    let residuals = fields.whole(&LAYERS_PER_BLOCK)?;
    let latent = fields.whole(&LATENT)?;
    let inputs = fields.whole(&CHANNELS)?;
    let outputs = fields.maybe(&OUT_CHANNELS)?.unwrap_or(inputs);
    let attends = fields.flag("mid_block_add_attention")?.unwrap_or(true);
    let smaller = 1 << (channels.len() - 1);

    let mut encoder = Vec::new();
    let still = |shape| one(shape, On::Nothing);
    let (first, lowest) = (channels[0], channels[channels.len() - 1]);
    encoder.push(still(convolution(inputs, first, 3)));
    let mut current = first;
    for (index, width) in channels.iter().copied().enumerate() {
        for _ in 0..residuals {
            encoder.push(still(Shape::Residual { inputs: current, outputs: width, time: None }));
            current = width;
        }
        if index + 1 < channels.len() {
            encoder.push(still(convolution(width, width, 3)));
        }
    }
    encoder.extend(middle(lowest, attends, On::Nothing));
    encoder.push(still(Shape::GroupNorm { channels: lowest }));
    encoder.push(still(convolution(lowest, 2 * latent, 3)));
    if fields.flag("use_quant_conv")?.unwrap_or(true) {
        encoder.push(still(convolution(2 * latent, 2 * latent, 1)));
    }

    let mut uses = Vec::new();
    let grid = |times| On::Grid { times, over: 1, kept: false };
    if fields.flag("use_post_quant_conv")?.unwrap_or(true) {
        uses.push(one(convolution(latent, latent, 1), grid(1)));
    }
    uses.push(one(convolution(latent, lowest, 3), grid(1)));
    uses.extend(middle(lowest, attends, grid(1)));
    let mut current = lowest;
    let mut times = 1;
    for (index, width) in channels.iter().copied().enumerate().rev() {
        for _ in 0..=residuals {
            let shape = Shape::Residual { inputs: current, outputs: width, time: None };
            uses.push(one(shape, grid(times)));
            current = width;
        }
        if index > 0 {
            times *= 2;
            uses.push(one(convolution(width, width, 3), grid(times)));
        }
    }
    uses.push(one(Shape::GroupNorm { channels: current }, grid(times)));
    uses.push(one(convolution(current, outputs, 3), grid(times)));
    uses.extend(encoder);
    let part = Part { name: "image decoder".to_owned(), role: Role::ImageDecoder, uses };
    Ok((Found::of(vec![part]), smaller))
}

fn convolution(inputs: u64, outputs: u64, side: u64) -> Shape {
    Shape::Convolution { inputs, outputs, side, stride: 1 }
}

fn middle(channels: u64, attends: bool, on: On) -> Vec<Use> {
    let residual = || one(Shape::Residual { inputs: channels, outputs: channels, time: None }, on);
    let mut uses = vec![residual(), residual()];
    if attends {
        // One head; its norm is over groups, and has as many weights.
        let block = layer(channels, 1, attention(1, channels));
        uses.insert(1, one(Shape::Transformer(block), on));
    }
    uses
}
