//! The time of blocks on this processor beside PyTorch's.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use spacelint_knowledge::architectures::{Norm, QueryNorm};

use super::super::Number;
use super::super::model::{Attention, Biases, FeedForward, Layer, Modulation, Second, Shape};
use super::super::plan::{Block, Size};
use super::super::run::Timer;
use super::torch;
use crate::device::{Choice, Machine};

fn layer(hidden: u64, heads: u64, kv_heads: u64, inner: u64, decodes: bool) -> Shape {
    Shape::Transformer(Layer {
        hidden,
        norm: if decodes { Norm::Rms } else { Norm::Layer },
        norms: 2,
        attention: Attention {
            heads,
            kv_heads,
            head_size: hidden / heads,
            bias: Biases::NONE,
            query_norm: QueryNorm::None,
            query_norm_bias: false,
            rotary: decodes,
            causal: decodes,
        },
        cross: None,
        feed_forward: Some(FeedForward { inner, gated: decodes, bias: false, experts: None }),
        parallel: false,
        modulation: Modulation::None,
        second: Second::None,
    })
}

/// Prints a table for `RESULTS.md`; holds that no block is further from PyTorch than the interval of an estimate says.
#[test]
#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
#[ignore = "measures, and installs PyTorch, unless SPACELINT_TORCH names a Python that has it"]
fn blocks_take_as_long_as_in_pytorch() {
    let rows = |tokens, past| Size { batch: 1, tokens, past, ..Size::default() };
    let picture = |side| Size { batch: 1, height: side, width: side, ..Size::default() };
    let residual = |inputs, outputs| Shape::Residual { inputs, outputs, time: None };
    let blocks = [
        ("prefill", layer(1024, 16, 8, 2816, true), rows(512, 0)),
        ("decode", layer(1024, 16, 8, 2816, true), rows(1, 512)),
        ("small-decode", layer(256, 4, 4, 688, true), rows(1, 128)),
        ("vision", layer(768, 12, 12, 3072, false), rows(197, 0)),
        ("speech", layer(768, 12, 12, 3072, false), rows(1500, 0)),
        ("attention", layer(768, 12, 12, 3072, false), rows(4096, 0)),
        ("residual-320", residual(320, 320), picture(64)),
        ("residual-640-320", residual(640, 320), picture(32)),
    ];
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/workload/tests/beside.py");
    let output = Command::new(torch()).arg(script).output().expect("it starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let machine = Machine::open(Some(Choice::Cpu)).expect("a processor");
    let mut timer = Timer::of(&machine, Number::F32, Duration::from_secs(1)).expect("numbers");
    let mut outside = Vec::new();
    for (name, shape, size) in blocks {
        let found = timer.timed(&Block { shape, size }).expect("it can be timed");
        let mut words = text.lines().filter_map(|line| line.split_once(' '));
        let (_, torch) = words.find(|(known, _)| *known == name).expect("PyTorch did it too");
        let torch: f64 = torch.trim().parse().expect("seconds");
        let seconds = found.seconds;
        let ratio = seconds.middle / torch;
        println!(
            "| {name} | {:.2} | {:.2} | {ratio:.2} | {:.2} to {:.2} |",
            1e3 * seconds.middle,
            1e3 * torch,
            1e3 * seconds.low,
            1e3 * seconds.high
        );
        if torch < seconds.low || torch > seconds.high {
            outside.push(name);
        }
    }
    assert_eq!(outside, Vec::<&str>::new(), "PyTorch is outside the interval");
}
