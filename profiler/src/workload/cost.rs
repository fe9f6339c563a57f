//! How much work a block is, counted by its operations: each reads what goes in and its weights, and writes what comes out,
//! once. Attention is counted as one operation, which keeps no scores.

use spacelint_knowledge::architectures::QueryNorm;

use super::model::{
    Attention, Biases, Cross, FeedForward, Layer, Modulation, Number, Second, Shape,
};
use super::plan::{Block, Size};
use crate::parts::{Amounts, Part, Rates};

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A matrix product.
    Product,
    /// Scaled dot-product attention.
    Attention,
    /// A convolution.
    Convolution,
    /// Anything that touches each number a few times.
    Other,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Operation {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Floating-point operations; 0 where they do not matter.
    pub(crate) flops: f64,
    /// Numbers that are read and written, weights among them.
    pub(crate) touched: f64,
    /// Those of them that are weights.
    pub(crate) weights: f64,
}

impl Operation {
    /// Which part of a device's time it is.
    pub(crate) fn part(&self, number: Number) -> Part {
        match (self.kind, number) {
            (Kind::Attention, _) => Part::Attention,
            (Kind::Convolution, _) => Part::Convolution,
            (Kind::Other, _) => Part::Memory,
            (Kind::Product, Number::F32) => Part::MatmulF32,
            (Kind::Product, Number::F16) => Part::MatmulF16,
            (Kind::Product, Number::Bf16) => Part::MatmulBf16,
        }
    }
}

impl Shape {
    /// How many numbers its weights are.
    pub(crate) fn parameters(&self) -> u128 {
        let wide = u128::from;
        match self {
            Self::Table { elements } => wide(*elements),
            Self::Norm { norm, width } => wide(*width) * norm_vectors(*norm),
            Self::Linear { inputs, outputs, bias } => product(*inputs, *outputs, *bias),
            Self::Patch { channels, side, outputs, bias } => {
                wide(*channels) * wide(*side) * wide(*side) * wide(*outputs)
                    + if *bias { wide(*outputs) } else { 0 }
            }
            Self::Transformer(layer) => layer.parameters(),
            Self::Residual { inputs, outputs, time } => {
                let norms = 2 * (wide(*inputs) + wide(*outputs));
                let first = convolution(*inputs, *outputs, 3);
                let second = convolution(*outputs, *outputs, 3);
                let told = time.map_or(0, |time| product(time, *outputs, true));
                let around = if inputs == outputs { 0 } else { convolution(*inputs, *outputs, 1) };
                norms + first + second + told + around
            }
            Self::Convolution { inputs, outputs, side, .. } => {
                convolution(*inputs, *outputs, *side)
            }
            Self::GroupNorm { channels } => 2 * wide(*channels),
        }
    }
}

fn norm_vectors(norm: spacelint_knowledge::architectures::Norm) -> u128 {
    match norm {
        spacelint_knowledge::architectures::Norm::Rms => 1,
        spacelint_knowledge::architectures::Norm::Layer => 2,
    }
}

fn product(inputs: u64, outputs: u64, bias: bool) -> u128 {
    u128::from(inputs) * u128::from(outputs) + if bias { u128::from(outputs) } else { 0 }
}

fn convolution(inputs: u64, outputs: u64, side: u64) -> u128 {
    product(inputs * side * side, outputs, true)
}

impl Layer {
    /// Whether there is a norm before the layer looks at something else: so an odd number of them has it.
    pub(crate) fn norms_cross(&self) -> bool {
        self.cross.is_some() && !self.norms.is_multiple_of(2)
    }

    /// Whether what attention and feed-forward part make is normed too.
    pub(crate) fn norms_after(&self) -> bool {
        self.norms == 4
    }

    fn parameters(&self) -> u128 {
        let wide = u128::from;
        let hidden = wide(self.hidden);
        let own = self.attention.parameters(self.hidden);
        let cross = self.cross.as_ref().map_or(0, |cross| cross.parameters(self.hidden));
        let forward = self.feed_forward.as_ref().map_or(0, |it| it.parameters(self.hidden));
        let norms = wide(self.norms) * hidden * norm_vectors(self.norm);
        let told = |vectors: u64| match self.modulation {
            Modulation::None => 0,
            Modulation::Linear { inputs, .. } => product(inputs, vectors * self.hidden, true),
            Modulation::Table { .. } => wide(vectors) * hidden,
        };
        let vectors = self.modulation.vectors();
        let second = match self.second {
            Second::None => 0,
            Second::Whole => own + forward + norms + told(vectors),
            Second::Seen => {
                let output = Biases { output: false, ..self.attention.bias };
                let seen = Attention { bias: output, ..self.attention.clone() };
                let width = self.attention.heads * self.attention.head_size;
                seen.parameters(self.hidden) - product(width, self.hidden, false) + told(2)
            }
        };
        own + cross + forward + norms + told(vectors) + second
    }
}

impl Attention {
    fn parameters(&self, hidden: u64) -> u128 {
        let (queries, keys) = (self.heads * self.head_size, self.kv_heads * self.head_size);
        let norm = u128::from(match self.query_norm {
            QueryNorm::None => 0,
            QueryNorm::Head => 2 * self.head_size,
            QueryNorm::Full => queries + keys,
        });
        product(hidden, queries, self.bias.query)
            + product(hidden, keys, self.bias.key)
            + product(hidden, keys, self.bias.value)
            + product(queries, hidden, self.bias.output)
            + norm * if self.query_norm_bias { 2 } else { 1 }
    }
}

impl Cross {
    fn parameters(&self, hidden: u64) -> u128 {
        let width = self.heads * self.head_size;
        let norm = match self.query_norm {
            QueryNorm::None => 0,
            QueryNorm::Head => 2 * self.head_size,
            QueryNorm::Full => 2 * width,
        };
        product(hidden, width, self.bias.query)
            + product(self.width, width, self.bias.key)
            + product(self.width, width, self.bias.value)
            + product(width, hidden, self.bias.output)
            + u128::from(norm)
    }
}

impl FeedForward {
    fn parameters(&self, hidden: u64) -> u128 {
        let into = product(hidden, self.inner, self.bias) * if self.gated { 2 } else { 1 };
        let one = into + product(self.inner, hidden, self.bias);
        match &self.experts {
            None => one,
            Some(experts) => {
                one * u128::from(experts.count) + product(hidden, experts.count, false)
            }
        }
    }
}

/// The operations of a block.
pub(crate) fn operations(block: &Block) -> Vec<Operation> {
    let size = &block.size;
    let mut list = List::default();
    let batch = size.batch as f64;
    let rows = batch * size.tokens as f64;
    let pixels = batch * size.height as f64 * size.width as f64;
    match &block.shape {
        Shape::Table { .. } => {}
        Shape::Norm { width, .. } => list.other(2.0 * rows * *width as f64),
        Shape::Linear { inputs, outputs, .. } => list.product(rows, *inputs, *outputs),
        Shape::Patch { channels, side, outputs, .. } => {
            let inputs = channels * side * side;
            list.product(rows, inputs, *outputs);
            if let Some(last) = list.0.last_mut() {
                last.kind = Kind::Convolution;
            }
        }
        Shape::Transformer(layer) => transformer(layer, size, &mut list),
        Shape::GroupNorm { channels } => list.other(2.0 * pixels * *channels as f64),
        Shape::Convolution { inputs, outputs, side, stride } => {
            list.convolution(pixels, *inputs, *outputs, *side, *stride);
        }
        Shape::Residual { inputs, outputs, time } => {
            let (wide_in, wide_out) = (*inputs as f64, *outputs as f64);
            list.other(2.0 * pixels * wide_in);
            list.other(2.0 * pixels * wide_in);
            list.convolution(pixels, *inputs, *outputs, 3, 1);
            if let Some(time) = time {
                list.product(batch, *time, *outputs);
                list.other(2.0 * pixels * wide_out);
            }
            list.other(2.0 * pixels * wide_out);
            list.other(2.0 * pixels * wide_out);
            list.convolution(pixels, *outputs, *outputs, 3, 1);
            if inputs != outputs {
                list.convolution(pixels, *inputs, *outputs, 1, 1);
            }
            list.other(3.0 * pixels * wide_out);
        }
    }
    list.0
}

/// Pairs of a query and a key.
fn pairs(causal: bool, size: &Size) -> f64 {
    let queries = (size.tokens + size.second) as f64;
    if causal {
        queries * size.past as f64 + queries * (queries + 1.0) / 2.0
    } else {
        queries * (queries + size.past as f64)
    }
}

fn transformer(layer: &Layer, size: &Size, list: &mut List) {
    let batch = size.batch as f64;
    let hidden = layer.hidden as f64;
    let rows = batch * size.tokens as f64;
    let mixing = &layer.attention;
    let (queries, keys) = (mixing.heads * mixing.head_size, mixing.kv_heads * mixing.head_size);
    let second = match layer.second {
        Second::None => None,
        Second::Whole => Some((batch * size.second as f64, true)),
        Second::Seen => Some((batch * size.second as f64, false)),
    };
    let streams = [Some((rows, true)), second];
    let vectors = layer.modulation.vectors();
    // What each stream does before the attention.
    for (rows, whole) in streams.into_iter().flatten() {
        match layer.modulation {
            Modulation::None => {}
            Modulation::Linear { inputs, .. } => {
                list.product(
                    batch,
                    inputs,
                    if whole { vectors * layer.hidden } else { 2 * layer.hidden },
                );
            }
            Modulation::Table { .. } => list.other(3.0 * batch * vectors as f64 * hidden),
        }
        list.normed(rows * hidden, vectors >= 3);
        list.product(rows, layer.hidden, queries);
        list.product(rows, layer.hidden, keys);
        list.product(rows, layer.hidden, keys);
        let both = rows * (queries + keys) as f64;
        if mixing.query_norm != QueryNorm::None {
            list.other(2.0 * both);
        }
        if mixing.rotary {
            list.other(2.0 * both);
        }
    }
    let asked = batch * (size.tokens + size.second) as f64;
    let seen = batch * (size.tokens + size.second + size.past) as f64;
    list.attention(
        batch * 4.0 * queries as f64 * pairs(mixing.causal, size),
        2.0 * asked * queries as f64 + 2.0 * seen * keys as f64,
    );
    for (rows, _) in streams.into_iter().flatten().filter(|(_, whole)| *whole) {
        list.product(rows, queries, layer.hidden);
        if layer.norms_after() {
            list.normed(rows * hidden, false);
        }
        list.added(rows * hidden, vectors >= 2);
    }
    if let Some(cross) = &layer.cross {
        let width = cross.heads * cross.head_size;
        if layer.norms_cross() {
            list.normed(rows * hidden, false);
        }
        list.product(rows, layer.hidden, width);
        let context = batch * size.context as f64;
        if !size.context_kept {
            list.product(context, cross.width, width);
            list.product(context, cross.width, width);
        }
        if cross.query_norm != QueryNorm::None {
            let keys = if size.context_kept { 0.0 } else { context };
            list.other(2.0 * (rows + keys) * width as f64);
        }
        list.attention(
            4.0 * rows * size.context as f64 * width as f64,
            2.0 * rows * width as f64 + 2.0 * context * width as f64,
        );
        list.product(rows, width, layer.hidden);
        list.added(rows * hidden, false);
    }
    let Some(forward) = &layer.feed_forward else { return };
    for (rows, _) in streams.into_iter().flatten().filter(|(_, whole)| *whole) {
        if !layer.parallel {
            list.normed(rows * hidden, vectors >= 6);
        }
        feed_forward(forward, layer.hidden, rows, list);
        if layer.norms_after() {
            list.normed(rows * hidden, false);
        }
        list.added(rows * hidden, vectors >= 2 && !layer.parallel);
    }
}

fn feed_forward(forward: &FeedForward, hidden: u64, rows: f64, list: &mut List) {
    let (rows, used) = match &forward.experts {
        None => (rows, 1.0),
        Some(experts) => {
            list.product(rows, hidden, experts.count);
            let seen = rows * experts.active as f64;
            (seen, seen.min(experts.count as f64))
        }
    };
    let inner = rows * forward.inner as f64;
    list.products(rows, hidden, forward.inner, used);
    if forward.gated {
        list.products(rows, hidden, forward.inner, used);
        list.other(2.0 * inner);
        list.other(3.0 * inner);
    } else {
        list.other(2.0 * inner);
    }
    list.products(rows, forward.inner, hidden, used);
    if forward.experts.is_some() {
        // Weighed, and put together again.
        list.other(3.0 * rows * hidden as f64);
    }
}

#[derive(Default)]
struct List(Vec<Operation>);

impl List {
    fn product(&mut self, rows: f64, inputs: u64, outputs: u64) {
        self.products(rows, inputs, outputs, 1.0);
    }

    /// Rows that are spread over so many products of the same shape.
    fn products(&mut self, rows: f64, inputs: u64, outputs: u64, used: f64) {
        let (inputs, outputs) = (inputs as f64, outputs as f64);
        let weights = used * inputs * outputs;
        self.0.push(Operation {
            kind: Kind::Product,
            flops: 2.0 * rows * inputs * outputs,
            touched: rows * (inputs + outputs) + weights,
            weights,
        });
    }

    fn convolution(&mut self, pixels: f64, inputs: u64, outputs: u64, side: u64, stride: u64) {
        let after = pixels / (stride * stride) as f64;
        let (wide_in, wide_out) = (inputs as f64, outputs as f64);
        let weights = wide_in * wide_out * (side * side) as f64;
        self.0.push(Operation {
            kind: Kind::Convolution,
            flops: 2.0 * after * weights,
            touched: pixels * wide_in + after * wide_out + weights,
            weights,
        });
    }

    fn attention(&mut self, flops: f64, touched: f64) {
        self.0.push(Operation { kind: Kind::Attention, flops, touched, weights: 0.0 });
    }

    fn other(&mut self, touched: f64) {
        self.0.push(Operation { kind: Kind::Other, flops: 0.0, touched, weights: 0.0 });
    }

    /// A norm, and what the time step does to it: a product and a sum.
    fn normed(&mut self, numbers: f64, told: bool) {
        self.other(2.0 * numbers);
        if told {
            self.other(2.0 * numbers);
            self.other(2.0 * numbers);
        }
    }

    /// What was made is added to what was there, weighed by what the time step says.
    fn added(&mut self, numbers: f64, told: bool) {
        if told {
            self.other(2.0 * numbers);
        }
        self.other(3.0 * numbers);
    }
}

/// How much of each part a block is.
pub(crate) fn amounts(block: &Block, number: Number) -> Amounts {
    let mut amounts = Amounts::new();
    for operation in operations(block) {
        if operation.flops > 0.0 {
            *amounts.entry(operation.part(number)).or_default() += operation.flops;
        }
        *amounts.entry(Part::Memory).or_default() += operation.touched * number.bytes() as f64;
        *amounts.entry(Part::Launch).or_default() += 1.0;
    }
    amounts
}

/// How long a block takes where arithmetic and memory overlap within each operation, and never between two; nothing where a
/// rate is missing.
pub(crate) fn seconds_at(block: &Block, number: Number, rates: &Rates) -> Option<f64> {
    let mut seconds = 0.0;
    for operation in operations(block) {
        let memory = operation.touched * number.bytes() as f64 / rates.get(&Part::Memory)?;
        let arithmetic = if operation.flops > 0.0 {
            operation.flops / rates.get(&operation.part(number))?
        } else {
            0.0
        };
        let launch = rates.get(&Part::Launch).map_or(0.0, |rate| 1.0 / rate);
        seconds += memory.max(arithmetic) + launch;
    }
    Some(seconds)
}

/// Floating-point operations of a block.
pub(crate) fn flops(block: &Block) -> f64 {
    operations(block).iter().map(|operation| operation.flops).sum()
}

/// How many numbers a block needs at once beside its weights: those of its largest operation, and what is added in the end.
pub(crate) fn live(block: &Block) -> f64 {
    let size = &block.size;
    let rows = (size.batch * (size.tokens + size.second)) as f64;
    let kept = match &block.shape {
        Shape::Transformer(layer) => {
            let mixing = &layer.attention;
            let attention = (mixing.heads + 2 * mixing.kv_heads) * mixing.head_size;
            rows * (layer.hidden + attention) as f64
        }
        Shape::Residual { inputs, .. } => {
            (size.batch * size.height * size.width) as f64 * *inputs as f64
        }
        _ => 0.0,
    };
    let largest = operations(block)
        .iter()
        .map(|operation| operation.touched - operation.weights)
        .fold(0.0, f64::max);
    kept + largest
}
