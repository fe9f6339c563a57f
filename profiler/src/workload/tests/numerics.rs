//! The blocks against PyTorch, on the same random weights.
//!
//! `testdata/models/blocks` is what PyTorch made, with `blocks.py` beside this file; the slow test makes it anew and holds it
//! to the same.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::Command;

use candle_core::{Device, Tensor};
use spacelint_knowledge::architectures::{Norm, QueryNorm};

use super::super::blocks::{Built, Cache, Inputs, Weights};
use super::super::model::{
    Attention, Biases, Cross, FeedForward, Layer, Modulation, Second, Shape,
};
use super::super::plan::{Block, Size};
use super::{testdata, torch};

/// By how much a number may differ from PyTorch's, beside a share as large of the number itself: both compute in 32 bits, and
/// add in another order.
const TOLERANCE: f32 = 2e-5;

/// Weights of a file, and which of them were asked for.
struct Given {
    tensors: HashMap<String, Tensor>,
    asked: BTreeSet<String>,
}

impl Weights for Given {
    fn get(&mut self, name: &str, shape: &[usize]) -> candle_core::Result<Tensor> {
        let Some(tensor) = self.tensors.get(name) else { candle_core::bail!("no {name}") };
        assert_eq!(tensor.dims(), shape, "{name}");
        self.asked.insert(name.to_owned());
        Ok(tensor.clone())
    }

    fn ones(&mut self, name: &str, shape: &[usize]) -> candle_core::Result<Tensor> {
        self.get(name, shape)
    }
}

fn plain() -> Layer {
    Layer {
        hidden: 12,
        norm: Norm::Layer,
        norms: 2,
        attention: Attention {
            heads: 3,
            kv_heads: 3,
            head_size: 4,
            bias: Biases::ALL,
            query_norm: QueryNorm::None,
            query_norm_bias: false,
            rotary: false,
            causal: false,
        },
        cross: None,
        feed_forward: Some(FeedForward { inner: 20, gated: false, bias: true, experts: None }),
        parallel: false,
        modulation: Modulation::None,
        second: Second::None,
    }
}

fn decoder() -> Layer {
    Layer {
        hidden: 16,
        norm: Norm::Rms,
        attention: Attention {
            heads: 4,
            kv_heads: 2,
            bias: Biases::NONE,
            rotary: true,
            causal: true,
            ..plain().attention
        },
        feed_forward: Some(FeedForward { inner: 24, gated: true, bias: false, experts: None }),
        ..plain()
    }
}

fn cross(bias: Biases, query_norm: QueryNorm) -> Cross {
    Cross { width: 10, heads: 3, head_size: 4, bias, query_norm }
}

/// The block that a file is of.
fn shape(name: &str) -> Shape {
    let keyless = Biases { key: false, ..Biases::ALL };
    let six = Modulation::Linear { inputs: 10, vectors: 6 };
    let layer = match name {
        "prefill" | "decode" => decoder(),
        "four-norms" => {
            let bias = Biases { output: false, ..Biases::ALL };
            let query_norm = QueryNorm::Head;
            let attention = Attention { bias, query_norm, ..decoder().attention };
            Layer { norms: 4, attention, ..decoder() }
        }
        "encoder" => plain(),
        "cross" => Layer {
            norms: 3,
            cross: Some(cross(keyless, QueryNorm::None)),
            attention: Attention { bias: keyless, causal: true, ..plain().attention },
            ..plain()
        },
        "shared-modulation" => Layer {
            norms: 1,
            cross: Some(cross(Biases::ALL, QueryNorm::Full)),
            attention: Attention { query_norm: QueryNorm::Full, rotary: true, ..plain().attention },
            modulation: Modulation::Table { vectors: 6 },
            ..plain()
        },
        "two-streams" => Layer {
            norms: 0,
            attention: Attention { query_norm: QueryNorm::Head, rotary: true, ..plain().attention },
            modulation: six,
            second: Second::Whole,
            ..plain()
        },
        "seen-stream" => Layer { norms: 0, modulation: six, second: Second::Seen, ..plain() },
        "one-stream" => Layer {
            norms: 0,
            parallel: true,
            attention: Attention {
                bias: Biases { output: false, ..Biases::ALL },
                query_norm: QueryNorm::Head,
                rotary: true,
                ..plain().attention
            },
            modulation: Modulation::Linear { inputs: 10, vectors: 3 },
            ..plain()
        },
        "gates" => Layer { modulation: Modulation::Linear { inputs: 10, vectors: 2 }, ..plain() },
        "residual" => return Shape::Residual { inputs: 4, outputs: 6, time: Some(7) },
        "patch" => return Shape::Patch { channels: 3, side: 4, outputs: 6, bias: true },
        "halving" => return Shape::Convolution { inputs: 3, outputs: 4, side: 3, stride: 2 },
        "groups" => return Shape::GroupNorm { channels: 64 },
        other => panic!("{other} is no case"),
    };
    Shape::Transformer(layer)
}

const CASES: [&str; 14] = [
    "cross",
    "decode",
    "encoder",
    "four-norms",
    "gates",
    "groups",
    "halving",
    "one-stream",
    "patch",
    "prefill",
    "residual",
    "seen-stream",
    "shared-modulation",
    "two-streams",
];

#[track_caller]
fn agrees(folder: &Path, name: &str) {
    let file = folder.join(format!("{name}.safetensors"));
    let mut tensors =
        candle_core::safetensors::load(file, &Device::Cpu).expect("the file is there");
    let mut take = |key: &str| tensors.remove(key);
    let past = take("in.past_k").zip(take("in.past_v"));
    let mut inputs = Inputs {
        x: take("in.x"),
        second: take("in.second"),
        step: take("in.step"),
        context: take("in.context"),
        ..Inputs::default()
    };
    let expected: Vec<Tensor> = ["out.0", "out.1"].into_iter().filter_map(take).collect();
    inputs.past = past.map(|(keys, values)| {
        let filled = keys.dim(2).expect("tokens");
        let room = |of: Tensor| {
            of.pad_with_zeros(2, 0, 1).and_then(|it| it.contiguous()).expect("room for one more")
        };
        Cache { keys: room(keys), values: room(values), filled }
    });
    let shape = shape(name);
    let block = Block { shape: shape.clone(), size: Size { batch: 2, ..Size::default() } };
    let mut given = Given { tensors, asked: BTreeSet::new() };
    let built = Built::of(&mut given, &block).expect("it can be built");
    let all: BTreeSet<String> = given.tensors.keys().cloned().collect();
    assert_eq!(given.asked, all, "{name}: each weight is used");
    let count: usize = given.tensors.values().map(Tensor::elem_count).sum();
    assert_eq!(shape.parameters(), count as u128, "{name}: each weight is counted");

    let made = built.forward(&inputs).expect("it runs");
    assert_eq!(made.len(), expected.len(), "{name}");
    for (made, expected) in made.iter().zip(&expected) {
        assert_eq!(made.dims(), expected.dims(), "{name}");
        let numbers =
            |of: &Tensor| of.flatten_all().and_then(|of| of.to_vec1::<f32>()).expect("numbers");
        for (made, expected) in numbers(made).into_iter().zip(numbers(expected)) {
            let away = (made - expected).abs();
            assert!(
                away <= TOLERANCE * (1.0 + expected.abs()),
                "{name}: {made} and not {expected}"
            );
        }
    }
}

#[test]
fn every_block_agrees_with_pytorch() {
    let folder = testdata("blocks");
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .expect("it is there")
        .flatten()
        .filter_map(|file| {
            Some(file.file_name().to_str()?.strip_suffix(".safetensors")?.to_owned())
        })
        .collect();
    files.sort();
    assert_eq!(files, CASES);
    for name in CASES {
        agrees(&folder, name);
    }
}

/// With `SPACELINT_BLESS` the files are kept.
#[test]
#[ignore = "installs PyTorch, unless SPACELINT_TORCH names a Python that has it"]
fn pytorch_says_the_same_again() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/workload/tests/blocks.py");
    let fresh = tempfile::tempdir().expect("a folder");
    let kept = testdata("blocks");
    let bless = std::env::var_os("SPACELINT_BLESS").is_some();
    let folder = if bless { kept.as_path() } else { fresh.path() };
    let status = Command::new(torch()).arg(script).arg(folder).status().expect("it starts");
    assert!(status.success());
    for name in CASES {
        agrees(folder, name);
    }
}
