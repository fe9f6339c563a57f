//! Speech: an encoder that reads a window of sound, a decoder that writes what was said.

use super::super::fields::{Fault, Fields, HIDDEN, VOCABULARY, only};
use super::super::model::{
    Attention, Biases, Cross, FeedForward, Layer, On, Part, Role, Shape, Use,
};
use super::{Found, attention, heads, layer, layer_norm, linear, one, table};

/// A `whisper`, whose windows are so many seconds.
pub(in super::super) fn speech(fields: &Fields<'_>, seconds: f64) -> Result<Found, Fault> {
    let hidden = fields.whole(&HIDDEN)?;
    let bins = fields.whole(&only(&["num_mel_bins"]))?;
    let context = fields.whole(&only(&["max_source_positions"]))?;
    let most = fields.whole(&only(&["max_target_positions"]))?;
    let vocabulary = fields.whole(&VOCABULARY)?;
    // Keys have no bias.
    let keyless = Biases { key: false, ..Biases::ALL };
    let mixing = |count: u64| -> Result<Attention, Fault> {
        Ok(Attention { bias: keyless, ..attention(count, heads(fields, hidden, count)?) })
    };
    let feed_forward = |inner| Some(FeedForward { inner, gated: false, bias: true, experts: None });

    let encoder_heads = fields.whole(&only(&["encoder_attention_heads"]))?;
    let encoder = Layer {
        feed_forward: feed_forward(fields.whole(&only(&["encoder_ffn_dim"]))?),
        ..layer(hidden, 2, mixing(encoder_heads)?)
    };
    let encoder_layers = fields.whole(&only(&["encoder_layers"]))?;
    let encoder = Part {
        name: "encoder".to_owned(),
        role: Role::SpeechEncoder { tokens: context, seconds },
        uses: vec![
            // Two convolutions over three frames each, the second of which halves them, as the products that they are.
            linear(3 * bins, hidden, On::Tokens(2)),
            linear(3 * hidden, hidden, On::Tokens(1)),
            table(context * hidden),
            Use { shape: Shape::Transformer(encoder), count: encoder_layers, on: On::Tokens(1) },
            layer_norm(hidden, On::Tokens(1)),
        ],
    };

    let decoder_heads = fields.whole(&only(&["decoder_attention_heads"]))?;
    let decoder = Layer {
        feed_forward: feed_forward(fields.whole(&only(&["decoder_ffn_dim"]))?),
        cross: Some(Cross {
            width: hidden,
            heads: decoder_heads,
            head_size: heads(fields, hidden, decoder_heads)?,
            bias: keyless,
            query_norm: spacelint_knowledge::architectures::QueryNorm::None,
        }),
        ..layer(hidden, 3, Attention { causal: true, ..mixing(decoder_heads)? })
    };
    let decoder_layers = fields.whole(&only(&["decoder_layers"]))?;
    let decoder = Part {
        name: "decoder".to_owned(),
        role: Role::SpeechDecoder { most, context },
        uses: vec![
            table(most * hidden),
            Use { shape: Shape::Transformer(decoder), count: decoder_layers, on: On::Tokens(1) },
            layer_norm(hidden, On::Tokens(1)),
            // The head is the embedding.
            one(Shape::Linear { inputs: hidden, outputs: vocabulary, bias: false }, On::Row),
        ],
    };
    Ok(Found::of(vec![encoder, decoder]))
}
