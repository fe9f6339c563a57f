//! Text encoders.

use spacelint_knowledge::architectures::{Norm, QueryNorm};

use super::super::fields::{
    Fault, Fields, HEAD_SIZE, HEADS, HIDDEN, INNER, LAYERS, POSITIONS, PROJECTION, VOCABULARY, only,
};
use super::super::model::{Attention, Biases, FeedForward, Layer, On, Part, Role, Shape, Use};
use super::vision::{Pooling, tower};
use super::{Found, attention, heads, layer, layer_norm, linear, one, table};

/// The text encoder of CLIP, whose vectors may be projected.
pub(in super::super) fn clip_text(
    fields: &Fields<'_>,
    projection: Option<u64>,
) -> Result<Found, Fault> {
    let hidden = fields.whole(&HIDDEN)?;
    let count = fields.whole(&HEADS)?;
    let head_size = heads(fields, hidden, count)?;
    let most = fields.whole(&POSITIONS)?;
    let inner = fields.whole(&INNER)?;
    let block = Layer {
        feed_forward: Some(FeedForward { inner, gated: false, bias: true, experts: None }),
        ..layer(hidden, 2, Attention { causal: true, ..attention(count, head_size) })
    };
    let mut uses = vec![
        table(fields.whole(&VOCABULARY)? * hidden),
        table(most * hidden),
        Use { shape: Shape::Transformer(block), count: fields.whole(&LAYERS)?, on: On::Tokens(1) },
        layer_norm(hidden, On::Tokens(1)),
    ];
    if let Some(outputs) = projection {
        uses.push(one(Shape::Linear { inputs: hidden, outputs, bias: false }, On::Row));
    }
    let role = Role::TextEncoder { most: Some(most) };
    Ok(Found::of(vec![Part { name: "text encoder".to_owned(), role, uses }]))
}

/// CLIP: a text encoder and a vision encoder.
pub(in super::super) fn clip(fields: &Fields<'_>) -> Result<Found, Fault> {
    let both = fields.within("text_config")?.zip(fields.within("vision_config")?);
    let (text, vision) =
        both.ok_or_else(|| fields.fault("`text_config` and `vision_config` should both be there"))?;
    let projection = fields.whole(&PROJECTION)?;
    let mut found = clip_text(&text, Some(projection))?;
    found.parts.push(tower(&vision, Pooling::Clip { projection: Some(projection) })?);
    Ok(found)
}

/// The encoder of T5, or of UMT5, each of whose layers has positions of its own.
pub(in super::super) fn t5(fields: &Fields<'_>, own_positions: bool) -> Result<Found, Fault> {
    let hidden = fields.whole(&HIDDEN)?;
    let count = fields.whole(&HEADS)?;
    let layers = fields.whole(&LAYERS)?;
    let head_size = fields.whole(&HEAD_SIZE)?;
    let inner = fields.whole(&INNER)?;
    let kind = fields.word("feed_forward_proj")?.unwrap_or("relu");
    let buckets = fields.maybe(&only(&["relative_attention_num_buckets"]))?.ok_or_else(|| {
        fields
            .fault("the number of relative positions is missing (`relative_attention_num_buckets`)")
    })?;
    let block = Layer {
        norm: Norm::Rms,
        feed_forward: Some(FeedForward {
            inner,
            gated: kind.starts_with("gated-"),
            bias: false,
            experts: None,
        }),
        ..layer(
            hidden,
            2,
            Attention {
                bias: Biases::NONE,
                query_norm: QueryNorm::None,
                ..attention(count, head_size)
            },
        )
    };
    let positions = if own_positions { layers } else { 1 };
    let uses = vec![
        table(fields.whole(&VOCABULARY)? * hidden),
        table(buckets * count * positions),
        Use { shape: Shape::Transformer(block), count: layers, on: On::Tokens(1) },
        one(Shape::Norm { norm: Norm::Rms, width: hidden }, On::Tokens(1)),
    ];
    let role = Role::TextEncoder { most: None };
    Ok(Found::of(vec![Part { name: "text encoder".to_owned(), role, uses }]))
}

/// The text encoder of `SigLIP`.
pub(super) fn siglip_text(fields: &Fields<'_>) -> Result<Part, Fault> {
    let hidden = fields.whole(&HIDDEN)?;
    let found = clip_text(fields, None)?;
    let mut part = found.parts.into_iter().next().ok_or_else(|| fields.fault("no text encoder"))?;
    for each in &mut part.uses {
        if let Shape::Transformer(layer) = &mut each.shape {
            layer.attention.causal = false;
        }
    }
    part.uses.push(linear(
        hidden,
        fields.maybe(&only(&["projection_size"]))?.unwrap_or(hidden),
        On::Row,
    ));
    Ok(part)
}
