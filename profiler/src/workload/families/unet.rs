//! `UNet`s over a latent picture.

use spacelint_knowledge::architectures::QueryNorm;

use super::super::fields::{
    CHANNELS, CROSS_WIDTH, Fault, Fields, LAYERS_PER_BLOCK, OUT_CHANNELS, only, pair,
};
use super::super::model::{Attention, Biases, Cross, Denoiser, FeedForward, Layer, On, Shape, Use};
use super::{attention, heads, layer, level_channels, linear, one};

/// What a level has.
struct Level {
    channels: u64,
    residuals: u64,
    /// How many layers of transformer follow each residual block, and their heads; none in some levels.
    transformer: Option<(u64, u64)>,
}

#[expect(clippy::too_many_lines, reason = "one network, from top to bottom")]
pub(super) fn unet(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    fields.refuse(&[
        "class_embed_type",
        "class_embeddings_concat",
        "cross_attention_norm",
        "dual_cross_attention",
        "encoder_hid_dim",
        "mid_block_only_cross_attention",
        "num_class_embeds",
        "only_cross_attention",
        "reverse_transformer_layers_per_block",
        "time_embedding_dim",
    ])?;
    let channels = level_channels(fields)?;
    let down = fields.words("down_block_types")?;
    let up = fields.words("up_block_types")?;
    if down.len() != channels.len() || up.len() != channels.len() {
        return Err(fields.fault(format_args!(
            "`block_out_channels` has {} levels, `down_block_types` {} and `up_block_types` {}",
            channels.len(),
            down.len(),
            up.len()
        )));
    }
    if !matches!(fields.word("mid_block_type")?, None | Some("UNetMidBlock2DCrossAttn")) {
        return Err(fields
            .fault("`mid_block_type` should be UNetMidBlock2DCrossAttn: no other is understood"));
    }
    let each = |values: Vec<u64>, what: &str| -> Result<Vec<u64>, Fault> {
        match values.len() {
            1 => Ok(vec![values[0]; channels.len()]),
            count if count == channels.len() => Ok(values),
            count => Err(fields
                .fault(format_args!("`{what}` has {count} entries for {} levels", channels.len()))),
        }
    };
    let residuals =
        each(fields.list(&LAYERS_PER_BLOCK)?.unwrap_or_else(|| vec![2]), "layers_per_block")?;
    let depth = each(
        fields.list(&only(&["transformer_layers_per_block"]))?.unwrap_or_else(|| vec![1]),
        "transformer_layers_per_block",
    )?;
    // What is called the width of a head is the number of heads: so the class has it.
    let count = fields
        .list(&only(&["num_attention_heads"]))?
        .or(fields.list(&only(&["attention_head_dim"]))?)
        .ok_or_else(|| {
            fields.fault(
                "the number of heads is missing (`num_attention_heads`, `attention_head_dim`)",
            )
        })?;
    let count = each(count, "attention_head_dim")?;
    let cross = |name: &str, plain: &str, with: &str| -> Result<bool, Fault> {
        match name {
            _ if name == plain => Ok(false),
            _ if name == with => Ok(true),
            other => {
                let other: String = other.chars().take(40).collect();
                let other = spacelint_space::escape::escape(&other).into_owned();
                Err(fields.fault(format_args!("blocks of type `{other}` are not understood")))
            }
        }
    };
    let mut down_levels = Vec::new();
    let mut up_levels = Vec::new();
    for (index, width) in channels.iter().copied().enumerate() {
        let level = |residuals, with: bool| Level {
            channels: width,
            residuals,
            transformer: with.then_some((depth[index], count[index])),
        };
        let with = cross(down[index], "DownBlock2D", "CrossAttnDownBlock2D")?;
        down_levels.push(level(residuals[index], with));
        let with = cross(up[channels.len() - 1 - index], "UpBlock2D", "CrossAttnUpBlock2D")?;
        up_levels.push(level(residuals[index] + 1, with));
    }

    let first = channels[0];
    let time = 4 * first;
    let inputs = fields.whole(&CHANNELS)?;
    let outputs = fields.maybe(&OUT_CHANNELS)?.unwrap_or(inputs);
    let width = fields.whole(&CROSS_WIDTH)?;
    let mut build = Build { fields, uses: Vec::new(), time, width, over: 1 };
    build.uses.push(linear(first, time, On::Row));
    build.uses.push(linear(time, time, On::Row));
    if let Some(guidance) = fields.maybe(&only(&["time_cond_proj_dim"]))? {
        let shape = Shape::Linear { inputs: guidance, outputs: first, bias: false };
        build.uses.push(one(shape, On::Row));
    }
    match fields.word("addition_embed_type")? {
        None => {}
        Some("text_time") => {
            let told = fields.whole(&only(&["projection_class_embeddings_input_dim"]))?;
            build.uses.push(linear(told, time, On::Row));
            build.uses.push(linear(time, time, On::Row));
        }
        Some(_) => {
            return Err(
                fields.fault("`addition_embed_type` should be text_time: no other is understood")
            );
        }
    }
    build.convolution(inputs, first, 1, true);
    // What the way down leaves for the way up.
    let mut kept = vec![first];
    let mut current = first;
    for (index, level) in down_levels.iter().enumerate() {
        for _ in 0..level.residuals {
            build.residual(current, level.channels, true);
            current = level.channels;
            build.transformer(level)?;
            kept.push(current);
        }
        if index + 1 < down_levels.len() {
            build.convolution(current, current, 2, true);
            build.over *= 2;
            kept.push(current);
        }
    }
    let lowest = Level {
        channels: current,
        residuals: 0,
        transformer: Some((depth[depth.len() - 1], count[count.len() - 1])),
    };
    build.residual(current, current, false);
    build.transformer(&lowest)?;
    build.residual(current, current, false);
    for (index, level) in up_levels.iter().enumerate().rev() {
        for _ in 0..level.residuals {
            let beside = kept.pop().ok_or_else(|| {
                fields.fault("the way up has more blocks than the way down left something for")
            })?;
            build.residual(current + beside, level.channels, false);
            current = level.channels;
            build.transformer(level)?;
        }
        if index > 0 {
            build.over /= 2;
            build.convolution(current, current, 1, false);
        }
    }
    build.uses.push(one(
        Shape::GroupNorm { channels: current },
        On::Grid { times: 1, over: 1, kept: false },
    ));
    build.convolution(current, outputs, 1, false);
    role.sample = pair(fields, &["sample_size"])?;
    role.multiple = 1 << (channels.len() - 1);
    Ok(build.uses)
}

struct Build<'a> {
    fields: &'a Fields<'a>,
    uses: Vec<Use>,
    time: u64,
    width: u64,
    over: u64,
}

impl Build<'_> {
    fn grid(&self, kept: bool) -> On {
        On::Grid { times: 1, over: self.over, kept }
    }

    fn convolution(&mut self, inputs: u64, outputs: u64, stride: u64, kept: bool) {
        let on = self.grid(kept);
        self.uses.push(one(Shape::Convolution { inputs, outputs, side: 3, stride }, on));
    }

    fn residual(&mut self, inputs: u64, outputs: u64, kept: bool) {
        let on = self.grid(kept);
        self.uses.push(one(Shape::Residual { inputs, outputs, time: Some(self.time) }, on));
    }

    fn transformer(&mut self, level: &Level) -> Result<(), Fault> {
        let Some((depth, count)) = level.transformer else { return Ok(()) };
        let channels = level.channels;
        let head_size = heads(self.fields, channels, count)?;
        let on = self.grid(false);
        let cross = Cross {
            width: self.width,
            heads: count,
            head_size,
            bias: Biases::OUTPUT,
            query_norm: QueryNorm::None,
        };
        let block = Layer {
            cross: Some(cross),
            feed_forward: Some(FeedForward {
                inner: 4 * channels,
                gated: true,
                bias: true,
                experts: None,
            }),
            ..layer(channels, 3, Attention { bias: Biases::OUTPUT, ..attention(count, head_size) })
        };
        self.uses.push(one(Shape::GroupNorm { channels }, on));
        self.uses.push(linear(channels, channels, on));
        self.uses.push(Use { shape: Shape::Transformer(block), count: depth, on });
        self.uses.push(linear(channels, channels, on));
        Ok(())
    }
}
