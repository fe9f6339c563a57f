//! Decoder-only language models.

use serde_json::Value;
use spacelint_knowledge::architectures::{self, Bias};

use super::super::fields::{
    ACTIVE, EXPERT_INNER, EXPERTS, Fault, Fields, HEAD_SIZE, HEADS, HIDDEN, INNER, KV_HEADS,
    LAYERS, POSITIONS, VOCABULARY, only,
};
use super::super::model::{
    Attention, Biases, Experts, FeedForward, Layer, Modulation, On, Part, Role, Second, Shape, Use,
};
use super::{Found, heads, one, table};

/// A language model, of a type that is known.
pub(in super::super) fn language(
    fields: &Fields<'_>,
    facts: &'static architectures::Decoder,
) -> Result<Found, Fault> {
    refuse(fields)?;
    let mut found = Found::default();
    let windowed = fields.flag("use_sliding_window")?.unwrap_or(true);
    if let Some(window) = fields.get("sliding_window").and_then(Value::as_u64)
        && windowed
    {
        found.notes.push(format!(
            "layers that see {window} tokens only are counted as if they saw all: longer prompts take less than this says"
        ));
    }

    let hidden = fields.whole(&HIDDEN)?;
    let layers = fields.whole(&LAYERS)?;
    let count = fields.whole(&HEADS)?;
    let kv_heads = fields.maybe(&KV_HEADS)?.unwrap_or(count);
    if !count.is_multiple_of(kv_heads) {
        return Err(fields.fault(format_args!(
            "{count} heads of queries do not divide among {kv_heads} heads of keys and values"
        )));
    }
    let head_size = match fields.maybe(&HEAD_SIZE)? {
        Some(size) => size,
        None => heads(fields, hidden, count)?,
    };
    let inner = match fields.maybe(&INNER)? {
        Some(inner) => inner,
        // So GPT-2 has it where its configuration says `null`.
        None if facts.types.contains(&"gpt2") => 4 * hidden,
        None => fields.whole(&INNER)?,
    };
    let said = |key: Option<&str>| key.map_or(Ok(None), |key| fields.flag(key));
    let bias = match said(facts.bias_key)? {
        Some(true) => Bias::All,
        Some(false) => Bias::None,
        None => facts.bias,
    };
    let feed_forward_bias = said(facts.feed_forward_bias_key)?.unwrap_or(facts.bias == Bias::All);
    let experts = experts(fields)?;
    let inner = match &experts {
        Some(_) => fields.maybe(&EXPERT_INNER)?.unwrap_or(inner),
        None => inner,
    };
    let layer = Layer {
        hidden,
        norm: facts.norm,
        norms: facts.norms,
        attention: Attention {
            heads: count,
            kv_heads,
            head_size,
            bias: match bias {
                Bias::None => Biases::NONE,
                Bias::Qkv => Biases { output: false, ..Biases::ALL },
                Bias::All => Biases::ALL,
            },
            query_norm: facts.query_norm,
            query_norm_bias: false,
            rotary: !facts.types.contains(&"gpt2"),
            causal: true,
        },
        cross: None,
        feed_forward: Some(FeedForward {
            inner,
            gated: facts.gated,
            bias: feed_forward_bias,
            experts,
        }),
        parallel: false,
        modulation: Modulation::None,
        second: Second::None,
    };
    let vocabulary = fields.whole(&VOCABULARY)?;
    let most = fields.maybe(&POSITIONS)?;
    let mut uses = Vec::new();
    if !fields.flag("tie_word_embeddings")?.unwrap_or(facts.tied) {
        uses.push(table(vocabulary * hidden));
    }
    if facts.types.contains(&"gpt2") {
        uses.push(table(fields.whole(&POSITIONS)? * hidden));
    }
    uses.push(Use { shape: Shape::Transformer(layer), count: layers, on: On::Tokens(1) });
    uses.push(one(Shape::Norm { norm: facts.norm, width: hidden }, On::Tokens(1)));
    uses.push(one(Shape::Linear { inputs: hidden, outputs: vocabulary, bias: false }, On::Row));
    found.parts.push(Part {
        name: "language model".to_owned(),
        role: Role::Language { most },
        uses,
    });
    Ok(found)
}

/// Refuses what is built in another way.
fn refuse(fields: &Fields<'_>) -> Result<(), Fault> {
    fields.refuse(&["kv_lora_rank", "q_lora_rank", "mlp_only_layers", "state_size", "ssm_cfg"])?;
    if let Some(step) = fields.maybe(&only(&["decoder_sparse_step"]))?
        && step != 1
    {
        return Err(fields.fault(format_args!("`decoder_sparse_step` {step} is not understood")));
    }
    if let Some(Value::Array(kinds)) = fields.get("layer_types") {
        let known =
            |kind: &&Value| matches!(kind.as_str(), Some("full_attention" | "sliding_attention"));
        if let Some(odd) = kinds.iter().find(|kind| !known(kind)) {
            let odd = odd.as_str().unwrap_or("no text").chars().take(40).collect::<String>();
            let odd = spacelint_space::escape::escape(&odd).into_owned();
            return Err(fields.fault(format_args!("`layer_types`: {odd} is not understood")));
        }
    }
    Ok(())
}

/// How many experts there are, and how many see a token.
fn experts(fields: &Fields<'_>) -> Result<Option<Experts>, Fault> {
    match fields.maybe(&EXPERTS)? {
        None | Some(1) => Ok(None),
        Some(count) => {
            fields.refuse(&["n_shared_experts", "shared_expert_intermediate_size"])?;
            let active = fields.whole(&ACTIVE)?;
            if active > count {
                return Err(fields.fault(format_args!("{active} of {count} experts see a token")));
            }
            Ok(Some(Experts { count, active }))
        }
    }
}
