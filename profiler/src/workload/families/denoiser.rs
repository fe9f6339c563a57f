//! Networks that take noise away: transformers over patches of a latent picture or video. Those of convolutions are beside.

use spacelint_knowledge::architectures::{self, Norm, QueryNorm};

use super::super::fields::{
    CHANNELS, CROSS_WIDTH, FRAME_PATCH, Fault, Field, Fields, HEAD_SIZE, HEADS, INNER, LAYERS,
    OUT_CHANNELS, PATCH, POOLED_WIDTH, SINGLE_LAYERS, TEXT_WIDTH, only, pair,
};
use super::super::model::{
    Attention, Biases, Cross, Denoiser, FeedForward, Layer, Modulation, On, Part, Role, Second,
    Shape, Use,
};
use super::unet::unet;
use super::{Found, attention, layer, layer_norm, linear, one, table};

/// How many numbers say at which time step a network is.
const STEP: u64 = 256;

/// A network of a class that is known.
pub(in super::super) fn denoiser(
    fields: &Fields<'_>,
    facts: &'static architectures::Denoiser,
) -> Result<Found, Fault> {
    let build = match facts.class {
        "CogVideoXTransformer3DModel" => cogvideo,
        "FluxTransformer2DModel" => flux,
        "HunyuanVideoTransformer3DModel" => hunyuan,
        "LTXVideoTransformer3DModel" => ltx,
        "PixArtTransformer2DModel" => pixart,
        "QwenImageTransformer2DModel" => qwen,
        "SD3Transformer2DModel" => sd3,
        "UNet2DConditionModel" => unet,
        "WanTransformer3DModel" => wan,
        other => return Err(fields.fault(format_args!("`{other}` is not understood"))),
    };
    let mut role = Denoiser {
        facts,
        sample: None,
        frames: None,
        patch: [1, 1, 1],
        spatial: None,
        temporal: None,
        multiple: 1,
    };
    let uses = build(fields, &mut role)?;
    let role = Role::Denoiser(role);
    Ok(Found::of(vec![Part { name: "denoiser".to_owned(), role, uses }]))
}

/// What nearly all of them have.
struct Common {
    layers: u64,
    heads: u64,
    head_size: u64,
    hidden: u64,
    inputs: u64,
    outputs: u64,
}

impl Common {
    fn of(fields: &Fields<'_>) -> Result<Self, Fault> {
        let (heads, head_size) = (fields.whole(&HEADS)?, fields.whole(&HEAD_SIZE)?);
        let inputs = fields.whole(&CHANNELS)?;
        let hidden = heads * head_size;
        if hidden > 1 << 20 {
            return Err(
                fields.fault(format_args!("{heads} heads of {head_size} are no model's width"))
            );
        }
        Ok(Self {
            layers: fields.whole(&LAYERS)?,
            heads,
            head_size,
            hidden,
            inputs,
            outputs: fields.maybe(&OUT_CHANNELS)?.unwrap_or(inputs),
        })
    }

    fn attention(&self) -> Attention {
        Attention { rotary: true, ..attention(self.heads, self.head_size) }
    }

    /// A layer as wide as the model, with a feed-forward part of this inner width.
    fn layer(&self, norms: u64, attention: Attention, inner: u64) -> Layer {
        Layer {
            feed_forward: Some(FeedForward { inner, gated: false, bias: true, experts: None }),
            ..layer(self.hidden, norms, attention)
        }
    }

    /// One vector to another, in two products.
    fn embedding(&self, inputs: u64) -> [Use; 2] {
        [linear(inputs, self.hidden, On::Row), linear(self.hidden, self.hidden, On::Row)]
    }

    /// What all tokens go through in the end, of so many numbers a patch.
    fn end(&self, numbers: u64) -> [Use; 2] {
        [linear(self.hidden, 2 * self.hidden, On::Row), linear(self.hidden, numbers, On::Tokens(1))]
    }

    /// So many layers of two streams, and then so many of one, as in Flux.
    fn streams(&self, double: u64, single: u64, mixing: &Attention) -> Vec<Use> {
        let modulation = |vectors| Modulation::Linear { inputs: self.hidden, vectors };
        let inner = 4 * self.hidden;
        let two = Layer {
            modulation: modulation(6),
            second: Second::Whole,
            ..self.layer(0, mixing.clone(), inner)
        };
        let one = Layer {
            modulation: modulation(3),
            parallel: true,
            ..self.layer(0, single_attention(mixing), inner)
        };
        let mut uses =
            vec![Use { shape: Shape::Transformer(two), count: double, on: On::Tokens(1) }];
        if single > 0 {
            uses.push(Use { shape: Shape::Transformer(one), count: single, on: On::Both });
        }
        uses
    }
}

/// In a layer of one stream, attention and feed-forward part end in one product, which has one bias.
fn single_attention(mixing: &Attention) -> Attention {
    Attention { bias: Biases { output: false, ..mixing.bias }, ..mixing.clone() }
}

fn guided(fields: &Fields<'_>) -> Result<bool, Fault> {
    Ok(fields.flag("guidance_embeds")?.unwrap_or(false))
}

/// Which norm of queries and keys is asked for.
fn query_norm(fields: &Fields<'_>) -> Result<QueryNorm, Fault> {
    match fields.word("qk_norm")? {
        None => Ok(QueryNorm::None),
        Some("rms_norm") => Ok(QueryNorm::Head),
        Some("rms_norm_across_heads") => Ok(QueryNorm::Full),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            let other = spacelint_space::escape::escape(&other).into_owned();
            Err(fields.fault(format_args!("`qk_norm` {other} is not understood")))
        }
    }
}

fn flux(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    let common = Common::of(fields)?;
    let patch = fields.whole(&PATCH)?;
    // The pipeline packs two by two latent pixels into one.
    role.patch = [1, 2 * patch, 2 * patch];
    let mixing = Attention { query_norm: QueryNorm::Head, ..common.attention() };
    let mut uses = common.embedding(STEP).to_vec();
    if guided(fields)? {
        uses.extend(common.embedding(STEP));
    }
    uses.extend(common.embedding(fields.whole(&POOLED_WIDTH)?));
    uses.push(linear(fields.whole(&TEXT_WIDTH)?, common.hidden, On::Text));
    uses.push(linear(common.inputs, common.hidden, On::Tokens(1)));
    uses.extend(common.streams(common.layers, fields.whole(&SINGLE_LAYERS)?, &mixing));
    uses.extend(common.end(patch * patch * common.outputs));
    Ok(uses)
}

fn qwen(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    fields.refuse(&["use_additional_t_cond"])?;
    let common = Common::of(fields)?;
    let patch = fields.whole(&PATCH)?;
    role.patch = [1, patch, patch];
    let text = fields.whole(&TEXT_WIDTH)?;
    let mixing = Attention { query_norm: QueryNorm::Head, ..common.attention() };
    let mut uses = common.embedding(STEP).to_vec();
    uses.push(one(Shape::Norm { norm: Norm::Rms, width: text }, On::Text));
    uses.push(linear(text, common.hidden, On::Text));
    uses.push(linear(common.inputs, common.hidden, On::Tokens(1)));
    uses.extend(common.streams(common.layers, 0, &mixing));
    uses.extend(common.end(patch * patch * common.outputs));
    Ok(uses)
}

fn sd3(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    fields.refuse(&["dual_attention_layers"])?;
    let common = Common::of(fields)?;
    let patch = fields.whole(&PATCH)?;
    role.patch = [1, patch, patch];
    role.sample = pair(fields, &["sample_size"])?;
    let width = fields.whole(&only(&["caption_projection_dim"]))?;
    if width != common.hidden {
        return Err(fields.fault(format_args!(
            "`caption_projection_dim` is {width}, and a token is {} wide",
            common.hidden
        )));
    }
    let mixing = Attention { query_norm: query_norm(fields)?, rotary: false, ..common.attention() };
    let mut uses = common.embedding(STEP).to_vec();
    uses.extend(common.embedding(fields.whole(&POOLED_WIDTH)?));
    uses.push(linear(fields.whole(&TEXT_WIDTH)?, common.hidden, On::Text));
    uses.push(patches(common.inputs, patch, common.hidden));
    if common.layers > 1 {
        uses.extend(common.streams(common.layers - 1, 0, &mixing));
    }
    // In the last layer the text is looked at, and goes no further.
    let last = Layer {
        modulation: Modulation::Linear { inputs: common.hidden, vectors: 6 },
        second: Second::Seen,
        ..common.layer(0, mixing, 4 * common.hidden)
    };
    uses.push(one(Shape::Transformer(last), On::Tokens(1)));
    uses.extend(common.end(patch * patch * common.outputs));
    Ok(uses)
}

fn patches(channels: u64, side: u64, outputs: u64) -> Use {
    one(Shape::Patch { channels, side, outputs, bias: true }, On::Tokens(1))
}

/// Layers that look at themselves and then at the text, with six vectors of each layer's own beside those that all share.
fn shared(common: &Common, norms: u64, cross: Cross, mixing: Attention, inner: u64) -> Use {
    let layer = Layer {
        cross: Some(cross),
        modulation: Modulation::Table { vectors: 6 },
        ..common.layer(norms, mixing, inner)
    };
    Use { shape: Shape::Transformer(layer), count: common.layers, on: On::Tokens(1) }
}

fn pixart(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    let common = Common::of(fields)?;
    let patch = fields.whole(&PATCH)?;
    role.patch = [1, patch, patch];
    role.sample = pair(fields, &["sample_size"])?;
    match fields.word("norm_type")? {
        Some("ada_norm_single") => {}
        _ => {
            return Err(
                fields.fault("`norm_type` should be ada_norm_single: no other is understood")
            );
        }
    }
    // Without a word for it, the models for 1024 pixels are told size and aspect.
    let told = fields.flag("use_additional_conditions")?.unwrap_or(role.sample == Some((128, 128)));
    let hidden = common.hidden;
    let mut uses = common.embedding(STEP).to_vec();
    if told {
        let third = hidden / 3;
        for _ in 0..2 {
            uses.push(linear(STEP, third, On::Row));
            uses.push(linear(third, third, On::Row));
        }
    }
    uses.push(linear(hidden, 6 * hidden, On::Row));
    if let Some(text) = fields.maybe(&only(&["caption_channels"]))? {
        uses.push(linear(text, hidden, On::Text));
        uses.push(linear(hidden, hidden, On::Text));
    }
    uses.push(patches(common.inputs, patch, hidden));
    let cross = Cross {
        width: fields.whole(&CROSS_WIDTH)?,
        heads: common.heads,
        head_size: common.head_size,
        bias: Biases::ALL,
        query_norm: QueryNorm::None,
    };
    let mixing = Attention { rotary: false, ..common.attention() };
    uses.push(shared(&common, 0, cross, mixing, 4 * hidden));
    uses.push(table(2 * hidden));
    uses.push(linear(hidden, patch * patch * common.outputs, On::Tokens(1)));
    Ok(uses)
}

fn wan(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    fields.refuse(&["image_dim", "added_kv_proj_dim"])?;
    let common = Common::of(fields)?;
    let patch = fields.list(&PATCH)?.unwrap_or_default();
    let [frames, height, width] = patch[..] else {
        return Err(fields.fault("`patch_size` should be three numbers: frames, height and width"));
    };
    if height != width {
        return Err(fields.fault("`patch_size`: patches that are not square are not understood"));
    }
    role.patch = [frames, height, width];
    let hidden = common.hidden;
    let norm = query_norm(fields)?;
    let mut uses = common.embedding(STEP).to_vec();
    if let Some(step) = fields.maybe(&only(&["freq_dim"]))? {
        uses[0] = linear(step, hidden, On::Row);
    }
    uses.push(linear(hidden, 6 * hidden, On::Row));
    uses.push(linear(fields.whole(&TEXT_WIDTH)?, hidden, On::Text));
    uses.push(linear(hidden, hidden, On::Text));
    uses.push(patches(common.inputs * frames, height, hidden));
    let cross = Cross {
        width: hidden,
        heads: common.heads,
        head_size: common.head_size,
        bias: Biases::ALL,
        query_norm: norm,
    };
    let mixing = Attention { query_norm: norm, ..common.attention() };
    let norms = u64::from(fields.flag("cross_attn_norm")?.unwrap_or(true));
    uses.push(shared(&common, norms, cross, mixing, fields.whole(&INNER)?));
    uses.push(table(2 * hidden));
    uses.push(linear(hidden, frames * height * width * common.outputs, On::Tokens(1)));
    Ok(uses)
}

fn ltx(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    let common = Common::of(fields)?;
    let (side, frames) = (fields.whole(&PATCH)?, fields.whole(&FRAME_PATCH)?);
    role.patch = [frames, side, side];
    let hidden = common.hidden;
    let norm = query_norm(fields)?;
    let mut uses = common.embedding(STEP).to_vec();
    uses.push(linear(hidden, 6 * hidden, On::Row));
    uses.push(linear(fields.whole(&only(&["caption_channels"]))?, hidden, On::Text));
    uses.push(linear(hidden, hidden, On::Text));
    uses.push(linear(common.inputs, hidden, On::Tokens(1)));
    let cross = Cross {
        width: fields.whole(&CROSS_WIDTH)?,
        heads: common.heads,
        head_size: common.head_size,
        bias: Biases::ALL,
        query_norm: norm,
    };
    let mixing = Attention { query_norm: norm, ..common.attention() };
    uses.push(shared(&common, 0, cross, mixing, 4 * hidden));
    uses.push(table(2 * hidden));
    uses.push(linear(hidden, common.outputs, On::Tokens(1)));
    Ok(uses)
}

fn hunyuan(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    fields.refuse(&["image_condition_type"])?;
    let common = Common::of(fields)?;
    let (side, frames) = (fields.whole(&PATCH)?, fields.whole(&FRAME_PATCH)?);
    role.patch = [frames, side, side];
    let ratio = fields.real("mlp_ratio")?.unwrap_or(4.0);
    if (ratio - 4.0).abs() > f64::EPSILON {
        return Err(fields.fault(format_args!("`mlp_ratio` {ratio} is not understood")));
    }
    let hidden = common.hidden;
    let text = fields.whole(&TEXT_WIDTH)?;
    let mut uses = vec![patches(common.inputs * frames, side, hidden)];
    uses.extend(common.embedding(STEP));
    uses.extend(common.embedding(text));
    uses.push(linear(text, hidden, On::Text));
    let refiner = Layer {
        modulation: Modulation::Linear { inputs: hidden, vectors: 2 },
        ..common.layer(2, attention(common.heads, common.head_size), 4 * hidden)
    };
    let refiners = fields.whole(&only(&["num_refiner_layers"]))?;
    uses.push(Use { shape: Shape::Transformer(refiner), count: refiners, on: On::Text });
    uses.extend(common.embedding(STEP));
    uses.extend(common.embedding(fields.whole(&POOLED_WIDTH)?));
    if guided(fields)? {
        uses.extend(common.embedding(STEP));
    }
    let mixing = Attention { query_norm: query_norm(fields)?, ..common.attention() };
    uses.extend(common.streams(common.layers, fields.whole(&SINGLE_LAYERS)?, &mixing));
    uses.extend(common.end(frames * side * side * common.outputs));
    Ok(uses)
}

fn cogvideo(fields: &Fields<'_>, role: &mut Denoiser) -> Result<Vec<Use>, Fault> {
    const OWN_POSITIONS: Field = only(&["ofs_embed_dim"]);
    fields.refuse(&["use_learned_positional_embeddings"])?;
    if fields.maybe(&OWN_POSITIONS)?.is_some() {
        return Err(fields.fault("`ofs_embed_dim` is not understood"));
    }
    let common = Common::of(fields)?;
    let side = fields.whole(&PATCH)?;
    let frames = fields.maybe(&FRAME_PATCH)?.unwrap_or(1);
    role.patch = [frames, side, side];
    let sides = (fields.maybe(&only(&["sample_width"]))?, fields.maybe(&only(&["sample_height"]))?);
    role.sample = sides.0.zip(sides.1);
    role.frames = fields.maybe(&only(&["sample_frames"]))?;
    role.temporal = fields.maybe(&only(&["temporal_compression_ratio"]))?;
    let hidden = common.hidden;
    let step = fields.whole(&only(&["time_embed_dim"]))?;
    let mut uses = vec![
        patches(common.inputs * frames, side, hidden),
        linear(fields.whole(&TEXT_WIDTH)?, hidden, On::Text),
        linear(hidden, step, On::Row),
        linear(step, step, On::Row),
    ];
    let mixing = Attention {
        query_norm: QueryNorm::Head,
        query_norm_bias: true,
        rotary: fields.flag("use_rotary_positional_embeddings")?.unwrap_or(false),
        ..common.attention()
    };
    // Text and video have vectors of their own, and the rest in common.
    let layer = Layer {
        modulation: Modulation::Linear { inputs: step, vectors: 12 },
        ..common.layer(2, mixing, 4 * hidden)
    };
    uses.push(Use { shape: Shape::Transformer(layer), count: common.layers, on: On::Both });
    uses.push(Use { count: 2, ..layer_norm(hidden, On::Both) });
    uses.push(linear(step, 2 * hidden, On::Row));
    uses.push(linear(hidden, frames * side * side * common.outputs, On::Tokens(1)));
    Ok(uses)
}
