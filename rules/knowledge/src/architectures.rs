//! How models are built, where their `config.json` does not say it, and what a pipeline does when a call says nothing.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/architectures.rs"));

/// The layers of decoder-only language models of some types.
#[derive(Debug)]
pub struct Decoder {
    /// The `model_type`s.
    pub types: &'static [&'static str],
    /// Of which kind the norms are.
    pub norm: Norm,
    /// How many a layer has.
    pub norms: u64,
    /// Whether the feed-forward part has a gate.
    pub gated: bool,
    /// Which products have a bias where the config does not say.
    pub bias: Bias,
    /// The field of a config that says whether all products of the attention have one.
    pub bias_key: Option<&'static str>,
    /// The same for the feed-forward part.
    pub feed_forward_bias_key: Option<&'static str>,
    /// Whether queries and keys are normed.
    pub query_norm: QueryNorm,
    /// Whether the head is the embedding where the config does not say.
    pub tied: bool,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// How a layer's input is normed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Norm {
    /// By its root mean square, with a weight.
    Rms,
    /// By mean and variance, with a weight and a bias.
    Layer,
}

/// Which of a layer's products have a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bias {
    /// None of them.
    None,
    /// Those that make queries, keys and values.
    Qkv,
    /// All, those of the feed-forward part too.
    All,
}

/// Whether queries and keys are normed before they meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueryNorm {
    /// They are not.
    None,
    /// Each head by itself, with one weight for all heads.
    Head,
    /// All heads together.
    Full,
}

/// A network that takes noise away, and what its pipeline does when it is called with a prompt alone.
#[derive(Debug)]
pub struct Denoiser {
    /// Its `_class_name`.
    pub class: &'static str,
    /// To how many tokens a prompt is filled up or cut.
    pub text_tokens: u64,
    /// How often the network runs in a step.
    pub passes: u64,
    /// How many steps there are.
    pub steps: u64,
    /// Of the picture, in pixels.
    pub width: u64,
    /// Of the picture, in pixels.
    pub height: u64,
    /// Of the video; 1 for a picture.
    pub frames: u64,
    /// By what the autoencoder makes a picture smaller.
    pub spatial: u64,
    /// By what it makes a video shorter.
    pub temporal: u64,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A speech encoder.
#[derive(Debug)]
pub struct Speech {
    /// Its `model_type`.
    pub model_type: &'static str,
    /// How many seconds of sound it reads at once.
    pub window_seconds: u32,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What is known of a speech encoder of this `model_type`.
pub fn speech(model_type: &str) -> Option<&'static Speech> {
    SPEECH.iter().find(|speech| speech.model_type == model_type)
}

/// Decoder-only language models.
pub fn decoders() -> &'static [Decoder] {
    DECODERS
}

/// What is known of a decoder of this `model_type`.
pub fn decoder(model_type: &str) -> Option<&'static Decoder> {
    DECODERS.iter().find(|decoder| decoder.types.contains(&model_type))
}

/// All networks that take noise away.
pub fn denoisers() -> &'static [Denoiser] {
    DENOISERS
}

/// What is known of the network of this `_class_name`.
pub fn denoiser(class: &str) -> Option<&'static Denoiser> {
    DENOISERS.iter().find(|denoiser| denoiser.class == class)
}
