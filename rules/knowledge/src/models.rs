//! What is known of model repositories: how many parameters, how stored, and whether the Hub asks for a
//! token. Where a repository is not in the table, its name may still tell the size.
//!
//! Repositories' names are compared without regard to case, as the Hub does.

use std::cmp::Ordering;

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// The type of a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dtype {
    /// `float32`
    Float32,
    /// `float16`
    Float16,
    /// `bfloat16`
    Bfloat16,
    /// Eight-bit floating point.
    Float8,
    /// Eight-bit integer.
    Int8,
    /// Four bits, of whatever kind.
    Int4,
}

impl Dtype {
    /// Bytes per parameter.
    pub fn bytes(self) -> f64 {
        BYTES[self as usize]
    }

    /// The type that a program means by `torch.float16`, `half`, `fp16` and the like.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("torch.").unwrap_or(name) {
            "float32" | "float" | "fp32" => Self::Float32,
            "float16" | "half" | "fp16" => Self::Float16,
            "bfloat16" | "bf16" => Self::Bfloat16,
            "float8_e4m3fn" | "float8_e5m2" | "fp8" => Self::Float8,
            "int8" => Self::Int8,
            "int4" | "nf4" | "fp4" => Self::Int4,
            _ => return None,
        })
    }
}

/// A part of a model, as a folder of its repository.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The folder (`transformer`, `text_encoder`); `model` where there are none.
    pub name: &'static str,
    /// Billions of parameters.
    pub billions: f64,
}

/// A model repository.
#[derive(Debug)]
pub struct Model {
    /// The repository, as its owner writes it.
    pub id: &'static str,
    key: &'static str,
    /// What is loaded by default, sorted by name.
    pub parts: &'static [Part],
    /// The type of the stored weights, if known.
    pub dtype: Option<Dtype>,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Model {
    /// Billions of parameters, of all parts together.
    pub fn billions(&self) -> f64 {
        self.parts.iter().map(|part| part.billions).sum()
    }

    /// Billions of parameters of one part.
    pub fn part(&self, name: &str) -> Option<f64> {
        self.parts.iter().find(|part| part.name == name).map(|part| part.billions)
    }

    /// Whether the Hub asks for a token, as far as known.
    pub fn gated(&self) -> bool {
        gate(self.id).is_some()
    }
}

/// Why a repository is known to be gated.
#[derive(Debug)]
pub struct Gate {
    /// The repository, or how it begins, in small letters.
    name: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`. Owners open and close their repositories.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Into which type a loader reads weights when the call names none.
#[derive(Debug)]
pub struct DefaultDtype {
    /// The loader's package.
    pub package: &'static str,
    /// In which versions, as PEP 440 specifiers; empty for any.
    pub range: &'static str,
    /// The type; none for the stored one.
    pub dtype: Option<Dtype>,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What an estimate of memory allows for, so that it errs to the side of saying nothing.
#[derive(Debug)]
pub struct Estimate {
    /// The packages whose loaders load all that a repository's name counts, sorted.
    pub name_packages: &'static [&'static str],
    /// Of what a name tells, the share that is sure.
    pub name_least: f64,
    /// How many times what a name tells there may be.
    pub name_most: f64,
    /// How many billions of parameters more than a name tells there may be.
    pub name_more: f64,
    /// The share of a model that quantisation leaves as it is.
    pub unquantised_share: f64,
    /// What an adapter takes, in GB.
    pub adapter_gb: f64,
    /// Packages that make weights smaller after they were loaded, sorted.
    pub quantisers: &'static [&'static str],
    /// The share of a GPU's memory that is left to what is not weights.
    pub beside_share: f64,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What an estimate of memory allows for.
pub fn estimate() -> &'static Estimate {
    &ESTIMATE
}

/// The repository of that name.
pub fn model(id: &str) -> Option<&'static Model> {
    let index = MODELS.binary_search_by(|model| compare(model.key, id)).ok()?;
    Some(&MODELS[index])
}

/// Why the repository of that name is known to be gated, if it is: the Hub then refuses it without a
/// token.
pub fn gate(id: &str) -> Option<&'static Gate> {
    match GATES.binary_search_by(|gate| compare(gate.name, id)) {
        Ok(index) => Some(&GATES[index]),
        Err(_) => GATED_PREFIXES.iter().find(|gate| {
            id.get(..gate.name.len()).is_some_and(|start| start.eq_ignore_ascii_case(gate.name))
        }),
    }
}

/// Into which types loaders read weights when the call names none.
pub fn default_dtypes() -> &'static [DefaultDtype] {
    DEFAULT_DTYPES
}

/// All models that are known, for tests and listings.
pub fn models() -> &'static [Model] {
    MODELS
}

/// Billions of parameters that a repository's name tells: `7B`, `1.5b`, `350m`; of `8x7B` the product,
/// which is a little more than the truth, as experts share what is not theirs. Of several the largest:
/// in `OLMoE-1B-7B` and `30B-A3B` the smaller one is what is active at a time. None where nothing is
/// told, or only what is active (`A14B`, `E4B`), or where `1_8B` may be one number or two.
pub fn parameters_in_name(id: &str) -> Option<f64> {
    let name = id.rsplit('/').next().unwrap_or(id);
    let mut largest: Option<f64> = None;
    for (at, word) in words(name) {
        let Some(billions) = billions(word) else { continue };
        if is_split_number(name, at) {
            return None;
        }
        if largest.is_none_or(|before| billions > before) {
            largest = Some(billions);
        }
    }
    largest
}

/// Bytes per parameter that a repository's name tells: `AWQ`, `bnb-4bit`, `FP8`, `Q4_K_M`. The least, if
/// there are several.
pub fn quantised_bytes_in_name(id: &str) -> Option<f64> {
    let name = id.rsplit('/').next().unwrap_or(id);
    words(name).filter_map(|(_, word)| quantised(word)).min_by(f64::total_cmp)
}

/// A stored key in small letters against a name in any.
fn compare(key: &str, name: &str) -> Ordering {
    key.bytes().cmp(name.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The words of a repository's name with their places; a point between digits is part of a word.
fn words(name: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = name.as_bytes();
    let inside = move |at: usize| match bytes.get(at) {
        Some(byte) if byte.is_ascii_alphanumeric() => true,
        Some(b'.') => {
            at > 0
                && bytes[at - 1].is_ascii_digit()
                && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        }
        _ => false,
    };
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !inside(at) {
            at += 1;
        }
        let start = at;
        while inside(at) {
            at += 1;
        }
        (start < at).then(|| (start, &name[start..at]))
    })
}

/// The size that a word is: `7b`, `1.5B`, `8x7b`, `350m`, `7b1`.
fn billions(word: &str) -> Option<f64> {
    // Below this, `1M` is a length of context rather than a size.
    const LEAST_MILLIONS: f64 = 2.0;
    let split = word.len() - word.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (front, tail) = word.split_at(split);
    let unit = front.bytes().last()?.to_ascii_lowercase();
    let digits = front.get(..front.len() - 1)?;
    match (unit, tail.is_empty()) {
        (b'b', true) => match digits.split_once(['x', 'X']) {
            Some((experts, each)) => Some(number(experts)? * number(each)?),
            None => number(digits),
        },
        (b'b', false) if !digits.contains('.') && number(digits).is_some() => decimal(digits, tail),
        (b'm', true) => {
            let millions = number(digits)?;
            (millions >= LEAST_MILLIONS).then_some(millions / 1000.0)
        }
        _ => None,
    }
}

/// `7b1` is 7.1.
fn decimal(whole: &str, fraction: &str) -> Option<f64> {
    if fraction.len() > 1 {
        return None;
    }
    Some(number(whole)? + number(fraction)? / 10.0)
}

/// Digits, perhaps with a point between them, and nothing else: `1e3`, `inf` and `+1` are none.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = text.parse().ok().filter(|_| plain)?;
    (number > 0.0).then_some(number)
}

/// Whether the word at that place follows a single digit and an underscore, as `8B` in `1_8B` does.
fn is_split_number(name: &str, at: usize) -> bool {
    let before = name.as_bytes().get(..at).unwrap_or_default();
    match before {
        [.., outer, digit, b'_'] => digit.is_ascii_digit() && !outer.is_ascii_digit(),
        [digit, b'_'] => digit.is_ascii_digit(),
        _ => false,
    }
}

fn quantised(word: &str) -> Option<f64> {
    let find = |word: &str| {
        let entry = QUANTISED.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        entry.map(|(_, bytes)| *bytes)
    };
    // llama.cpp's `IQ4_XS` takes about what its `Q4_K` takes.
    find(word).or_else(|| find(word.strip_prefix(['i', 'I'])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_names() {
        let told = [
            ("mistralai/Mistral-7B-Instruct-v0.3", 7.0),
            ("Qwen/Qwen2.5-1.5B-Instruct", 1.5),
            ("Qwen/Qwen2.5-7B-Instruct-1M", 7.0),
            ("mistralai/Mixtral-8x7B-Instruct-v0.1", 56.0),
            ("mistralai/Mixtral-8x22B-v0.1", 176.0),
            ("Qwen/Qwen3-30B-A3B", 30.0),
            ("allenai/OLMoE-1B-7B-0924", 7.0),
            ("facebook/opt-350m", 0.35),
            ("facebook/opt-125m", 0.125),
            ("google/gemma-2b-it", 2.0),
            ("google/gemma-3-270m", 0.27),
            ("hexgrad/Kokoro-82M", 0.082),
            ("microsoft/Phi-3.5-mini-3.8B", 3.8),
            ("meta-llama/Llama-3.2-11B-Vision-Instruct", 11.0),
            ("unsloth/llama-3-8b-bnb-4bit", 8.0),
            ("TheBloke/Llama-2-13B-chat-GPTQ", 13.0),
            ("bigscience/bloom-7b1", 7.1),
            ("bigscience/bloom-560m", 0.56),
            ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", 1.1),
            ("internlm/internlm2_5-7b-chat", 7.0),
            ("Efficient-Large-Model/Sana_1600M_1024px_diffusers", 1.6),
            ("openai/gpt-oss-20b", 20.0),
            ("Qwen/Qwen3-TTS-12Hz-1.7B-Base", 1.7),
            ("microsoft/TRELLIS.2-4B", 4.0),
            ("Qwen2.5-0.5B-Instruct-q4_k_m.gguf", 0.5),
        ];
        for (id, billions) in told {
            let seen = parameters_in_name(id).unwrap_or_else(|| panic!("{id} tells its size"));
            assert!((seen - billions).abs() < 1e-9, "{id}: {seen}");
        }
    }

    #[test]
    fn names_that_tell_no_size() {
        for id in [
            "openai/whisper-large-v3",
            "black-forest-labs/FLUX.1-dev",
            "stabilityai/stable-diffusion-3.5-large",
            "PixArt-alpha/PixArt-XL-2-512x512",
            "briaai/RMBG-2.0",
            "someone/model-4bit",
            "someone/model-int4-g128",
            "someone/model-512px-2024-08-06",
            "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
            "google/gemma-3n-E4B-it",
            "Qwen/Qwen-1_8B-Chat",
            "someone/chat-128k",
            "someone/context-1M",
            "BAAI/bge-m3",
            "7B-lab/model",
            "b/b",
            "m",
            "",
            "größe/größeb",
            "x/0b",
            "x/1.b",
            "x/xb",
            "x/1x2x3b",
            "x/infb",
        ] {
            assert_eq!(parameters_in_name(id), None, "{id}");
        }
    }

    #[test]
    fn quantisation_in_names() {
        for (id, bytes) in [
            ("TheBloke/Llama-2-13B-chat-GPTQ", 0.5),
            ("Qwen/Qwen2.5-72B-Instruct-AWQ", 0.5),
            ("unsloth/llama-3-8b-bnb-4bit", 0.5),
            ("diffusers/t5-nf4", 0.5),
            ("Qwen/Qwen3-30B-A3B-FP8", 1.0),
            ("someone/model-int8", 1.0),
            ("Qwen2.5-0.5B-Instruct-Q4_K_M.gguf", 0.563),
            ("model-IQ4_XS.gguf", 0.563),
            ("model.Q8_0.gguf", 1.063),
        ] {
            assert_eq!(quantised_bytes_in_name(id), Some(bytes), "{id}");
        }
        for id in ["openai/whisper-large-v3", "fp8/model", "someone/model-q", "x/awqward", ""] {
            assert_eq!(quantised_bytes_in_name(id), None, "{id}");
        }
    }

    #[test]
    fn models_are_found_in_any_case() {
        assert!(MODELS.windows(2).all(|pair| pair[0].key < pair[1].key));
        for one in models() {
            for id in [one.id.to_owned(), one.id.to_uppercase()] {
                assert!(model(&id).is_some_and(|found| std::ptr::eq(found, one)), "{id}");
            }
        }
        assert!(model("").is_none() && model("black-forest-labs/FLUX.1").is_none());
    }

    #[test]
    fn a_pipeline_is_the_sum_of_its_parts() {
        let flux = model("black-forest-labs/FLUX.1-dev").expect("known");
        assert!((flux.billions() - (11.901 + 0.123 + 4.762 + 0.084)).abs() < 1e-9);
        assert_eq!(flux.part("text_encoder_2"), Some(4.762));
        assert_eq!(flux.part("unet"), None);
        assert_eq!(flux.dtype, Some(Dtype::Bfloat16));
        // 16.87 billion in bfloat16 is 34 GB: it fits `large`
        assert!((flux.billions() * Dtype::Bfloat16.bytes() - 33.74).abs() < 0.01);
    }

    #[test]
    fn gates_are_known_by_name_and_by_family() {
        for id in [
            "black-forest-labs/FLUX.1-dev",
            "black-forest-labs/flux.2-klein-9b",
            "meta-llama/Llama-3.1-8B-Instruct",
            "google/gemma-3-4b-it",
            "google/gemma-2-2b-it",
            "facebook/dinov3-vitl16-pretrain-lvd1689m",
            "pyannote/speaker-diarization-3.1",
        ] {
            assert!(gate(id).is_some(), "{id}");
        }
        for id in [
            "meta-llama",
            "google/gemma-4-9b",
            "facebook/dinov2-large",
            "openai/whisper-large-v3",
            "Qwen/Qwen-Image",
            "",
        ] {
            assert!(gate(id).is_none(), "{id}");
        }
        assert!(model("black-forest-labs/FLUX.1-dev").is_some_and(Model::gated));
        assert!(!model("Qwen/Qwen-Image").is_some_and(Model::gated));
    }

    #[test]
    fn types_by_their_names() {
        for (name, dtype, bytes) in [
            ("torch.float32", Dtype::Float32, 4.0),
            ("torch.bfloat16", Dtype::Bfloat16, 2.0),
            ("half", Dtype::Float16, 2.0),
            ("fp8", Dtype::Float8, 1.0),
            ("int8", Dtype::Int8, 1.0),
            ("nf4", Dtype::Int4, 0.5),
        ] {
            assert_eq!(Dtype::from_name(name), Some(dtype));
            assert!((dtype.bytes() - bytes).abs() < f64::EPSILON);
        }
        assert_eq!(Dtype::from_name("auto"), None);
        let five = default_dtypes().iter().find(|one| one.range == ">=5").expect("transformers 5");
        assert_eq!(five.dtype, None);
    }
}
