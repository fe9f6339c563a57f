//! A model as plain data: which blocks it is made of, how many there are of each, and on what each is run.

use spacelint_knowledge::architectures::{Norm, QueryNorm};

/// A type of numbers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Number {
    /// 32 bit floats
    F32,
    /// 16 bit floats
    F16,
    /// bfloat16
    Bf16,
}

impl Number {
    /// How many bytes one takes.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// As the command line has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }
}

/// A model, as its configuration has it.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The classes that its configuration names, such as `LlamaForCausalLM`.
    pub(crate) class: String,
    /// What it is made of, in the order in which it runs.
    pub(crate) parts: Vec<Part>,
    /// The type of the stored numbers, if the configuration says so.
    pub(crate) number: Option<Number>,
    /// What was not understood, and is therefore missing from all that follows.
    pub(crate) missing: Vec<String>,
    /// Where what follows differs from the model.
    pub(crate) notes: Vec<String>,
}

/// A network of a model.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its folder in a pipeline, or what it is.
    pub(crate) name: String,
    /// When it runs, and on how much.
    pub(crate) role: Role,
    /// Its blocks.
    pub(crate) uses: Vec<Use>,
}

/// When a network runs, and on how much.
#[derive(Clone, Debug)]
pub(crate) enum Role {
    /// It reads a prompt, then writes a token at a time.
    Language {
        /// The longest text that it is made for, if that is said.
        most: Option<u64>,
    },
    /// It reads a text once.
    TextEncoder {
        /// The longest text that it takes, if that is said.
        most: Option<u64>,
    },
    /// It reads a picture once.
    Vision {
        /// Patches and the tokens beside them.
        tokens: u64,
    },
    /// It reads a sound once, a window at a time.
    SpeechEncoder {
        /// Tokens of a window.
        tokens: u64,
        /// Seconds of a window.
        seconds: f64,
    },
    /// It writes what was said in a window, a token at a time.
    SpeechDecoder {
        /// The longest text of a window.
        most: u64,
        /// The encoder's tokens, which it looks at.
        context: u64,
    },
    /// It takes noise away, once in each step and pass.
    Denoiser(Denoiser),
    /// It makes a picture of what the denoiser leaves.
    ImageDecoder,
}

/// What a denoiser's work depends on.
#[derive(Clone, Debug)]
pub(crate) struct Denoiser {
    /// What is known of its pipeline.
    pub(crate) facts: &'static spacelint_knowledge::architectures::Denoiser,
    /// Width and height of a picture that its configuration names, in latent pixels.
    pub(crate) sample: Option<(u64, u64)>,
    /// Frames of the video that its configuration names.
    pub(crate) frames: Option<u64>,
    /// Frames, height and width of a patch, in latent pixels.
    pub(crate) patch: [u64; 3],
    /// By what the autoencoder beside it makes a picture smaller, if there is one that says so.
    pub(crate) spatial: Option<u64>,
    /// By what it makes a video shorter.
    pub(crate) temporal: Option<u64>,
    /// By what the latent sides must be divisible.
    pub(crate) multiple: u64,
}

/// A block, and how many of its kind a network has.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    /// The block.
    pub(crate) shape: Shape,
    /// How many there are, each with weights of its own.
    pub(crate) count: u64,
    /// What each runs on.
    pub(crate) on: On,
}

/// What a block runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// It takes memory, and next to no time: an embedding, or a part that is loaded and not run.
    Nothing,
    /// One row a sample: a time step, a pooled vector, the last token.
    Row,
    /// The network's tokens, so many times.
    Tokens(u64),
    /// The prompt's tokens, beside the network's own.
    Text,
    /// The network's tokens and the prompt's together.
    Both,
    /// The latent picture, its sides multiplied and divided by these. `kept`: what it makes is kept until it is read again.
    Grid {
        /// Multiplies the sides.
        times: u64,
        /// Divides the sides.
        over: u64,
        /// Whether what it makes is kept.
        kept: bool,
    },
}

/// A block: all that its weights depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shape {
    /// Numbers that are looked up.
    Table {
        /// How many.
        elements: u64,
    },
    /// A norm by itself, over a width.
    Norm {
        /// Its kind.
        norm: Norm,
        /// Of the rows.
        width: u64,
    },
    /// A matrix product.
    Linear {
        /// Width of what goes in.
        inputs: u64,
        /// Width of what comes out.
        outputs: u64,
        /// Whether something is added.
        bias: bool,
    },
    /// A picture cut into patches, each of which becomes a token.
    Patch {
        /// Of the picture.
        channels: u64,
        /// Height and width of a patch; frames are channels here.
        side: u64,
        /// Width of a token.
        outputs: u64,
        /// Whether something is added.
        bias: bool,
    },
    /// A layer of a transformer.
    Transformer(Layer),
    /// Norm, activation and convolution, twice, beside a way around them.
    Residual {
        /// Channels that go in.
        inputs: u64,
        /// Channels that come out.
        outputs: u64,
        /// Width of the time step's vector, which is added between the two.
        time: Option<u64>,
    },
    /// A convolution by itself.
    Convolution {
        /// Channels that go in.
        inputs: u64,
        /// Channels that come out.
        outputs: u64,
        /// Its kernel's sides.
        side: u64,
        /// How far apart the kernel is put; what comes out is smaller by that.
        stride: u64,
    },
    /// A norm over groups of channels, by itself.
    GroupNorm {
        /// Channels.
        channels: u64,
    },
}

/// A layer of a transformer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Layer {
    /// Width of a token.
    pub(crate) hidden: u64,
    /// The kind of its norms.
    pub(crate) norm: Norm,
    /// How many of them have weights; those without run all the same.
    pub(crate) norms: u64,
    /// Tokens look at each other.
    pub(crate) attention: Attention,
    /// Tokens look at something else.
    pub(crate) cross: Option<Cross>,
    /// Each token by itself.
    pub(crate) feed_forward: Option<FeedForward>,
    /// Attention and feed-forward part read the same, and are added together.
    pub(crate) parallel: bool,
    /// Norms are shifted and scaled, and results weighed, by what the time step says.
    pub(crate) modulation: Modulation,
    /// A second stream of tokens with weights of its own takes part in the attention.
    pub(crate) second: Second,
}

/// Tokens look at each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Attention {
    /// Heads of the queries.
    pub(crate) heads: u64,
    /// Heads of keys and values.
    pub(crate) kv_heads: u64,
    /// Width of a head.
    pub(crate) head_size: u64,
    /// Which products have a bias.
    pub(crate) bias: Biases,
    /// Whether queries and keys are normed.
    pub(crate) query_norm: QueryNorm,
    /// Whether that norm has a bias.
    pub(crate) query_norm_bias: bool,
    /// Whether positions turn queries and keys.
    pub(crate) rotary: bool,
    /// Whether a token sees only those before it.
    pub(crate) causal: bool,
}

/// Tokens look at something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cross {
    /// Width of what is looked at.
    pub(crate) width: u64,
    /// Heads.
    pub(crate) heads: u64,
    /// Width of a head.
    pub(crate) head_size: u64,
    /// Which products have a bias.
    pub(crate) bias: Biases,
    /// Whether queries and keys are normed.
    pub(crate) query_norm: QueryNorm,
}

/// Which products of an attention have a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a product of its own")]
pub(crate) struct Biases {
    /// That which makes the queries.
    pub(crate) query: bool,
    /// The keys.
    pub(crate) key: bool,
    /// The values.
    pub(crate) value: bool,
    /// What comes of it all.
    pub(crate) output: bool,
}

impl Biases {
    /// All of them.
    pub(crate) const ALL: Self = Self { query: true, key: true, value: true, output: true };
    /// None of them.
    pub(crate) const NONE: Self = Self { query: false, key: false, value: false, output: false };
    /// The last alone.
    pub(crate) const OUTPUT: Self = Self { output: true, ..Self::NONE };
}

/// Each token by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FeedForward {
    /// Its inner width, of each expert.
    pub(crate) inner: u64,
    /// Whether one of two products weighs the other.
    pub(crate) gated: bool,
    /// Whether the products have a bias.
    pub(crate) bias: bool,
    /// Where a token is seen by a few of many.
    pub(crate) experts: Option<Experts>,
}

/// Of many feed-forward parts each token sees a few.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Experts {
    /// How many there are.
    pub(crate) count: u64,
    /// How many see a token.
    pub(crate) active: u64,
}

/// What the time step does to a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Modulation {
    /// Nothing.
    None,
    /// A product of its vector gives so many vectors of a token's width.
    Linear {
        /// Width of its vector.
        inputs: u64,
        /// How many vectors.
        vectors: u64,
    },
    /// So many vectors are added to what all layers share.
    Table {
        /// How many vectors.
        vectors: u64,
    },
}

impl Modulation {
    /// How many vectors a layer gets.
    pub(crate) fn vectors(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Linear { vectors, .. } | Self::Table { vectors } => vectors,
        }
    }
}

/// A second stream of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Second {
    /// There is none.
    None,
    /// It goes through all of the layer.
    Whole,
    /// It is looked at, and goes no further.
    Seen,
}
