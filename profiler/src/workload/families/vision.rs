//! Vision encoders.

use serde_json::Value;

use super::super::fields::{
    CHANNELS, Fault, Fields, HEADS, HIDDEN, IMAGE, INNER, LAYERS, PATCH, PROJECTION,
};
use super::super::model::{Biases, FeedForward, Layer, On, Part, Role, Shape, Use};
use super::text::siglip_text;
use super::{Found, attention, heads, layer, layer_norm, linear, one, table};

/// What becomes of the tokens in the end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pooling {
    /// A class token, and a product of it (`ViTModel`, without a head for classes).
    Pooler,
    /// A class token, and so many classes.
    Classes(u64),
    /// A class token, its norm, and perhaps a projection; all tokens are normed before the layers.
    Clip { projection: Option<u64> },
    /// An attention of one vector to all tokens.
    Attention,
}

/// A `vit`.
pub(in super::super) fn vit(fields: &Fields<'_>, class: &str) -> Result<Found, Fault> {
    let pooling = if class.ends_with("ForImageClassification") {
        let labels = fields.get("id2label").and_then(Value::as_object).map(serde_json::Map::len);
        let labels = labels.filter(|count| *count > 0);
        let count = labels.ok_or_else(|| fields.fault("the classes are missing (`id2label`)"))?;
        Pooling::Classes(count as u64)
    } else {
        Pooling::Pooler
    };
    Ok(Found::of(vec![tower(fields, pooling)?]))
}

/// The vision encoder of `SigLIP`.
pub(in super::super) fn siglip_vision(fields: &Fields<'_>) -> Result<Found, Fault> {
    Ok(Found::of(vec![tower(fields, Pooling::Attention)?]))
}

/// `SigLIP`: a text encoder and a vision encoder.
pub(in super::super) fn siglip(fields: &Fields<'_>) -> Result<Found, Fault> {
    let both = fields.within("text_config")?.zip(fields.within("vision_config")?);
    let (text, vision) =
        both.ok_or_else(|| fields.fault("`text_config` and `vision_config` should both be there"))?;
    Ok(Found::of(vec![siglip_text(&text)?, tower(&vision, Pooling::Attention)?]))
}

/// A transformer over the patches of a picture.
pub(super) fn tower(fields: &Fields<'_>, pooling: Pooling) -> Result<Part, Fault> {
    let hidden = fields.whole(&HIDDEN)?;
    let count = fields.whole(&HEADS)?;
    let head_size = heads(fields, hidden, count)?;
    let inner = fields.whole(&INNER)?;
    let (image, side) = (fields.whole(&IMAGE)?, fields.whole(&PATCH)?);
    if side > image {
        return Err(
            fields.fault(format_args!("a patch of {side} pixels is larger than the picture"))
        );
    }
    let patches = (image / side) * (image / side);
    let class_token = u64::from(!matches!(pooling, Pooling::Attention));
    let tokens = patches + class_token;
    let query_bias = fields.flag("qkv_bias")?.unwrap_or(true);
    let mut mixing = attention(count, head_size);
    mixing.bias = Biases { query: query_bias, key: query_bias, value: query_bias, output: true };
    let block = Layer {
        feed_forward: Some(FeedForward { inner, gated: false, bias: true, experts: None }),
        ..layer(hidden, 2, mixing)
    };
    // CLIP's patches have no bias.
    let bias = !matches!(pooling, Pooling::Clip { .. });
    let channels = fields.maybe(&CHANNELS)?.unwrap_or(3);
    let mut uses = vec![
        one(Shape::Patch { channels, side, outputs: hidden, bias }, On::Tokens(1)),
        table((tokens + class_token) * hidden),
    ];
    if let Pooling::Clip { .. } = pooling {
        uses.push(layer_norm(hidden, On::Tokens(1)));
    }
    uses.push(Use {
        shape: Shape::Transformer(block),
        count: fields.whole(&LAYERS)?,
        on: On::Tokens(1),
    });
    match pooling {
        Pooling::Pooler => {
            uses.push(layer_norm(hidden, On::Tokens(1)));
            uses.push(linear(hidden, hidden, On::Row));
        }
        Pooling::Classes(classes) => {
            uses.push(layer_norm(hidden, On::Tokens(1)));
            uses.push(linear(hidden, classes, On::Row));
        }
        Pooling::Clip { projection } => {
            uses.push(layer_norm(hidden, On::Row));
            if let Some(outputs) = projection.or(fields.maybe(&PROJECTION)?) {
                uses.push(one(Shape::Linear { inputs: hidden, outputs, bias: false }, On::Row));
            }
        }
        Pooling::Attention => {
            uses.push(layer_norm(hidden, On::Tokens(1)));
            uses.push(table(hidden));
            uses.push(linear(hidden, 2 * hidden, On::Tokens(1)));
            uses.push(Use { count: 2, ..linear(hidden, hidden, On::Row) });
            uses.push(layer_norm(hidden, On::Row));
            uses.push(linear(hidden, inner, On::Row));
            uses.push(linear(inner, hidden, On::Row));
        }
    }
    Ok(Part { name: "vision encoder".to_owned(), role: Role::Vision { tokens }, uses })
}
