//! Fields of a configuration by any of the names that they have, and what they may be.

use std::fmt;

use serde_json::{Map, Value};
use spacelint_space::escape::escape;

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) String);

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// A field: what it is, how it is named here and there, and the largest value that is believed.
#[derive(Debug)]
pub(crate) struct Field {
    what: &'static str,
    keys: &'static [&'static str],
    most: u64,
}

const fn field(what: &'static str, keys: &'static [&'static str], most: u64) -> Field {
    Field { what, keys, most }
}

// So large that no model comes near, and so small that no product of them overflows what it is counted in.
const WIDTH: u64 = 1 << 20;
const MANY: u64 = 1 << 13;
const TABLE: u64 = 1 << 28;

pub(crate) const HIDDEN: Field =
    field("width of a token", &["hidden_size", "d_model", "n_embd", "dim"], WIDTH);
pub(crate) const LAYERS: Field = field(
    "number of layers",
    &["num_hidden_layers", "num_layers", "n_layer", "n_layers", "depth"],
    MANY,
);
pub(crate) const HEADS: Field =
    field("number of heads", &["num_attention_heads", "num_heads", "n_head", "n_heads"], MANY);
pub(crate) const KV_HEADS: Field = field(
    "number of heads of keys and values",
    &["num_key_value_heads", "n_kv_heads", "num_kv_heads"],
    MANY,
);
pub(crate) const HEAD_SIZE: Field =
    field("width of a head", &["head_dim", "attention_head_dim", "d_kv"], WIDTH);
pub(crate) const INNER: Field = field(
    "width of the feed-forward part",
    &["intermediate_size", "ffn_dim", "d_ff", "n_inner"],
    WIDTH,
);
pub(crate) const VOCABULARY: Field = field("size of the vocabulary", &["vocab_size"], TABLE);
pub(crate) const POSITIONS: Field = field(
    "longest text",
    &["max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length"],
    TABLE,
);
pub(crate) const EXPERTS: Field =
    field("number of experts", &["num_local_experts", "num_experts", "n_routed_experts"], MANY);
pub(crate) const ACTIVE: Field =
    field("experts that see a token", &["num_experts_per_tok", "num_experts_per_token"], MANY);
pub(crate) const EXPERT_INNER: Field =
    field("width of an expert", &["moe_intermediate_size"], WIDTH);
pub(crate) const IMAGE: Field = field("side of a picture", &["image_size"], 1 << 16);
pub(crate) const PATCH: Field = field("side of a patch", &["patch_size"], 1 << 12);
pub(crate) const CHANNELS: Field =
    field("channels that go in", &["num_channels", "in_channels"], WIDTH);
pub(crate) const OUT_CHANNELS: Field = field("channels that come out", &["out_channels"], WIDTH);
pub(crate) const PROJECTION: Field = field("width of the projection", &["projection_dim"], WIDTH);
pub(crate) const SINGLE_LAYERS: Field =
    field("number of layers with one stream", &["num_single_layers"], MANY);
pub(crate) const TEXT_WIDTH: Field = field(
    "width of the text's vectors",
    &[
        "joint_attention_dim",
        "text_embed_dim",
        "text_dim",
        "caption_channels",
        "cross_attention_dim",
    ],
    WIDTH,
);
pub(crate) const CROSS_WIDTH: Field =
    field("width of what is looked at", &["cross_attention_dim"], WIDTH);
pub(crate) const POOLED_WIDTH: Field =
    field("width of the text's one vector", &["pooled_projection_dim"], WIDTH);
pub(crate) const FRAME_PATCH: Field = field("frames of a patch", &["patch_size_t"], 1 << 12);
pub(crate) const LAYERS_PER_BLOCK: Field = field("layers of a block", &["layers_per_block"], MANY);
pub(crate) const LATENT: Field = field("channels of a latent picture", &["latent_channels"], WIDTH);

/// A field of one name alone.
pub(crate) const fn only(key: &'static [&'static str]) -> Field {
    field(key[0], key, WIDTH)
}

/// Two sides, or one for both: width and height of what is said as height and width.
pub(crate) fn pair(
    fields: &Fields<'_>,
    key: &'static [&'static str],
) -> Result<Option<(u64, u64)>, Fault> {
    match fields.list(&only(key))?.as_deref() {
        None => Ok(None),
        Some([side]) => Ok(Some((*side, *side))),
        Some([height, width]) => Ok(Some((*width, *height))),
        Some(_) => Err(fields.fault(format_args!("`{}` has more than two sides", key[0]))),
    }
}

/// The object of a configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    file: &'a str,
}

impl<'a> Fields<'a> {
    /// Of a value that was read from `file`.
    pub(crate) fn of(value: &'a Value, file: &'a str) -> Result<Self, Fault> {
        let object = value
            .as_object()
            .ok_or_else(|| Fault(format!("{}: it is no JSON object", escape(file))))?;
        Ok(Self { object, file })
    }

    /// A complaint about the file.
    pub(crate) fn fault(&self, message: impl fmt::Display) -> Fault {
        Fault(format!("{}: {message}", escape(self.file)))
    }

    /// What a key has, if that is not `null`.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    /// All keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.object.keys().map(String::as_str)
    }

    /// An object within.
    pub(crate) fn within(&self, key: &str) -> Result<Option<Self>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(Self { object, file: self.file })),
            Some(_) => Err(self.fault(format_args!("`{key}` is no object"))),
        }
    }

    fn first(&self, field: &Field) -> Option<(&'static str, &'a Value)> {
        field.keys.iter().find_map(|key| Some((*key, self.get(key)?)))
    }

    fn number(&self, field: &Field, key: &str, value: &Value) -> Result<u64, Fault> {
        match value.as_u64() {
            Some(0) => Err(self.fault(format_args!("`{key}` is 0"))),
            Some(number) if number > field.most => Err(self
                .fault(format_args!("`{key}` is {number}: no model has more than {}", field.most))),
            Some(number) => Ok(number),
            None => Err(self.fault(format_args!(
                "`{key}` ({}) is {}, and should be a whole number",
                field.what,
                short(value)
            ))),
        }
    }

    /// A whole number that need not be there.
    pub(crate) fn maybe(&self, field: &Field) -> Result<Option<u64>, Fault> {
        self.first(field).map(|(key, value)| self.number(field, key, value)).transpose()
    }

    /// A whole number that must be there.
    pub(crate) fn whole(&self, field: &Field) -> Result<u64, Fault> {
        self.maybe(field)?.ok_or_else(|| {
            let names: Vec<String> = field.keys.iter().map(|key| format!("`{key}`")).collect();
            self.fault(format_args!("the {} is missing ({})", field.what, names.join(", ")))
        })
    }

    /// A whole number, or a list of them.
    pub(crate) fn list(&self, field: &Field) -> Result<Option<Vec<u64>>, Fault> {
        let Some((key, value)) = self.first(field) else { return Ok(None) };
        let values = match value {
            Value::Array(values) => values.iter().collect(),
            one => vec![one],
        };
        if values.is_empty() || values.len() > 64 {
            return Err(self.fault(format_args!("`{key}` has {} entries", values.len())));
        }
        let numbers = values.into_iter().map(|value| self.number(field, key, value));
        numbers.collect::<Result<Vec<u64>, Fault>>().map(Some)
    }

    /// A positive number that need not be there.
    pub(crate) fn real(&self, key: &str) -> Result<Option<f64>, Fault> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.as_f64() {
            Some(number) if number > 0.0 && number <= 1e6 => Ok(Some(number)),
            _ => Err(self.fault(format_args!(
                "`{key}` is {}, and should be a number between 0 and a million",
                short(value)
            ))),
        }
    }

    /// A switch that need not be there.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self
                .fault(format_args!("`{key}` is {}, and should be true or false", short(other)))),
        }
    }

    /// A word that need not be there.
    pub(crate) fn word(&self, key: &str) -> Result<Option<&'a str>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(word)) => Ok(Some(word)),
            Some(other) => {
                Err(self.fault(format_args!("`{key}` is {}, and should be a text", short(other))))
            }
        }
    }

    /// A list of words that must be there.
    pub(crate) fn words(&self, key: &str) -> Result<Vec<&'a str>, Fault> {
        let list = self.get(key).and_then(Value::as_array);
        let words = list.and_then(|list| list.iter().map(Value::as_str).collect());
        words.ok_or_else(|| self.fault(format_args!("`{key}` should be a list of texts")))
    }

    /// Refuses a field that changes how a model is built, unless it says nothing.
    pub(crate) fn refuse(&self, keys: &[&str]) -> Result<(), Fault> {
        for key in keys {
            let idle = match self.get(key) {
                None => true,
                Some(Value::Bool(flag)) => !flag,
                Some(Value::Array(list)) => list.is_empty(),
                Some(_) => false,
            };
            if !idle {
                return Err(self.fault(format_args!("`{key}` is not understood")));
            }
        }
        Ok(())
    }
}

/// A value as a message has it.
fn short(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(40).collect();
    let cut = escape(&cut).into_owned();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
