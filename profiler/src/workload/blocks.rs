//! The blocks on candle. Their forward passes agree with PyTorch's (`testdata/models/blocks`).
//!
//! Weights come from a [`Weights`]: random ones for a timing, given ones for a test.

use candle_core::{D, DType, Device, Result, Tensor};
use spacelint_knowledge::architectures::{Norm, QueryNorm};

use super::model::{
    Attention, Biases, Cross, FeedForward, Layer, Modulation, Number, Second, Shape,
};
use super::plan::{Block, Size};
use super::softmax::softmax;

/// How wide random weights spread, as those of a model before it learns.
const SPREAD: f32 = 0.02;
/// How many random numbers are drawn; larger tensors repeat them.
const POOL: usize = 1 << 22;
/// The largest table of scores that is made at once, in numbers: more queries take turns. On a processor it stays
/// in the cache.
const SCORES: usize = 1 << 26;
const SCORES_CPU: usize = 1 << 22;
/// What norms add to a variance.
const EPSILON: f64 = 1e-5;
/// How many groups a norm over groups has, if the channels divide by it.
const GROUPS: usize = 32;

/// The candle type of a number.
pub(crate) fn dtype(number: Number) -> DType {
    match number {
        Number::F32 => DType::F32,
        Number::F16 => DType::F16,
        Number::Bf16 => DType::BF16,
    }
}

/// Where a block has its weights from.
pub(crate) trait Weights {
    /// A tensor of weights.
    fn get(&mut self, name: &str, shape: &[usize]) -> Result<Tensor>;
    /// A tensor that begins as ones: a norm's.
    fn ones(&mut self, name: &str, shape: &[usize]) -> Result<Tensor>;
}

/// Random weights, and random inputs.
#[derive(Debug)]
pub(crate) struct Random {
    pool: Tensor,
    count: usize,
}

impl Random {
    /// Draws on the device.
    pub(crate) fn of(device: &Device, number: Number) -> Result<Self> {
        let pool = Tensor::randn(0f32, SPREAD, POOL, device)?.to_dtype(dtype(number))?;
        Ok(Self { pool, count: POOL })
    }

    /// A tensor of the drawn numbers, with memory of its own.
    pub(crate) fn tensor(&self, shape: &[usize]) -> Result<Tensor> {
        let count: usize = shape.iter().product();
        if count <= self.count {
            return self.pool.narrow(0, 0, count)?.copy()?.reshape(shape);
        }
        let mut parts = vec![self.pool.clone(); count / self.count];
        if !count.is_multiple_of(self.count) {
            parts.push(self.pool.narrow(0, 0, count % self.count)?);
        }
        Tensor::cat(&parts, 0)?.reshape(shape)
    }

    /// A tensor whose numbers spread as far as a norm leaves them.
    fn input(&self, shape: &[usize]) -> Result<Tensor> {
        self.tensor(shape)? * f64::from(1.0 / SPREAD)
    }
}

impl Weights for Random {
    fn get(&mut self, _: &str, shape: &[usize]) -> Result<Tensor> {
        self.tensor(shape)
    }

    fn ones(&mut self, _: &str, shape: &[usize]) -> Result<Tensor> {
        Tensor::ones(shape, self.pool.dtype(), self.pool.device())
    }
}

fn us(number: u64) -> usize {
    number as usize
}

/// A product and what is added.
#[derive(Debug)]
struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    fn of(
        weights: &mut dyn Weights,
        name: &str,
        (inputs, outputs): (u64, u64),
        bias: bool,
    ) -> Result<Self> {
        let weight = weights.get(&format!("{name}.weight"), &[us(outputs), us(inputs)])?;
        let bias =
            bias.then(|| weights.get(&format!("{name}.bias"), &[us(outputs)])).transpose()?;
        Ok(Self { weight, bias })
    }

    /// Of anything whose last dimension is the inputs.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let dims = x.dims();
        let (outputs, inputs) = self.weight.dims2()?;
        let flat = x.contiguous()?.reshape(((), inputs))?.matmul(&self.weight.t()?)?;
        let flat = match &self.bias {
            Some(bias) => flat.broadcast_add(bias)?,
            None => flat,
        };
        let mut shape = dims[..dims.len() - 1].to_vec();
        shape.push(outputs);
        flat.reshape(shape)
    }
}

/// A norm over the last dimension, whose weights may be missing.
#[derive(Debug)]
struct Normed {
    kind: Norm,
    weight: Option<Tensor>,
    bias: Option<Tensor>,
}

impl Normed {
    fn of(weights: &mut dyn Weights, name: &str, kind: Norm, width: u64) -> Result<Self> {
        let weight = Some(weights.ones(&format!("{name}.weight"), &[us(width)])?);
        let bias = match kind {
            Norm::Rms => None,
            Norm::Layer => Some(weights.get(&format!("{name}.bias"), &[us(width)])?),
        };
        Ok(Self { kind, weight, bias })
    }

    fn plain(kind: Norm) -> Self {
        Self { kind, weight: None, bias: None }
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let number = x.dtype();
        let x = x.to_dtype(DType::F32)?;
        let x = match self.kind {
            Norm::Rms => x,
            Norm::Layer => x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?,
        };
        let variance = x.sqr()?.mean_keepdim(D::Minus1)?;
        let x = x.broadcast_div(&(variance + EPSILON)?.sqrt()?)?.to_dtype(number)?;
        let x = match &self.weight {
            Some(weight) => x.broadcast_mul(weight)?,
            None => x,
        };
        match &self.bias {
            Some(bias) => x.broadcast_add(bias),
            None => Ok(x),
        }
    }
}

/// Scaled dot-product attention of (batch, heads, tokens, width); queries take turns where the scores would be too large.
fn attend(q: &Tensor, k: &Tensor, v: &Tensor, causal: bool) -> Result<Tensor> {
    let (batch, heads, queries, width) = q.dims4()?;
    let (_, kv_heads, keys, _) = k.dims4()?;
    let scale = 1.0 / (width as f64).sqrt();
    // Queries that share keys stand one below the other.
    let shared = heads / kv_heads;
    let q = (q * scale)?.reshape((batch, kv_heads, shared, queries, width))?;
    let (kt, v) = (k.transpose(2, 3)?, v.contiguous()?);
    let most = if q.device().is_cpu() { SCORES_CPU } else { SCORES };
    let turn = (most / (batch * heads * keys).max(1)).clamp(queries.min(8), queries);
    let mut done = Vec::new();
    let mut start = 0;
    while start < queries {
        let count = turn.min(queries - start);
        let some = q.narrow(3, start, count)?.contiguous()?;
        let some = some.reshape((batch, kv_heads, shared * count, width))?;
        let scores = some.matmul(&kt)?;
        let scores = if causal && queries > 1 {
            let mask = causal_mask(&scores, shared, (start, count), (queries, keys))?;
            scores.broadcast_add(&mask)?
        } else {
            scores
        };
        let mixed = softmax(scores)?.matmul(&v)?;
        done.push(mixed.reshape((batch, kv_heads, shared, count, width))?);
        start += count;
    }
    let all = if done.len() == 1 { done.remove(0) } else { Tensor::cat(&done, 3)? };
    all.reshape((batch, heads, queries, width))
}

/// What hides from each query the keys that come after it.
fn causal_mask(
    scores: &Tensor,
    shared: usize,
    (start, count): (usize, usize),
    (queries, keys): (usize, usize),
) -> Result<Tensor> {
    let past = keys - queries;
    let device = scores.device();
    let places = Tensor::arange(0u32, keys as u32, device)?.reshape((1, keys))?;
    let own = Tensor::arange((past + start) as u32, (past + start + count) as u32, device)?;
    let hidden = places.broadcast_gt(&own.reshape((count, 1))?)?.to_dtype(DType::F32)?;
    // Far below any score, and within what 16 bits hold.
    let mask = (hidden * -30_000.0)?.to_dtype(scores.dtype())?;
    mask.repeat((shared, 1))
}

/// Turns halves of each head by its position.
fn rotate(x: &Tensor, start: usize) -> Result<Tensor> {
    let (_, _, tokens, width) = x.dims4()?;
    let half = width / 2;
    if half == 0 {
        return Ok(x.clone());
    }
    let device = x.device();
    let speed: Vec<f32> =
        (0..half).map(|place| 10_000f32.powf(-(place as f32) / half as f32)).collect();
    let speed = Tensor::from_vec(speed, (1, half), device)?;
    let places = Tensor::arange(start as u32, (start + tokens) as u32, device)?;
    let angles = places.to_dtype(DType::F32)?.reshape((tokens, 1))?.matmul(&speed)?;
    let (cos, sin) = (angles.cos()?.to_dtype(x.dtype())?, angles.sin()?.to_dtype(x.dtype())?);
    let (a, b) = (x.narrow(3, 0, half)?, x.narrow(3, half, half)?);
    let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
    let second = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
    let mut parts = vec![first, second];
    if width > 2 * half {
        parts.push(x.narrow(3, 2 * half, width - 2 * half)?);
    }
    Tensor::cat(&parts, 3)
}

/// Queries, keys, values, and what comes of them.
#[derive(Debug)]
struct Mixing {
    q: Linear,
    k: Linear,
    v: Linear,
    o: Option<Linear>,
    norms: Option<(Normed, Normed)>,
    full: bool,
    heads: usize,
    kv_heads: usize,
    head_size: usize,
    rotary: bool,
}

struct Mixed<'a> {
    heads: u64,
    kv_heads: u64,
    head_size: u64,
    bias: Biases,
    query_norm: QueryNorm,
    query_norm_bias: bool,
    rotary: bool,
    /// Widths of what asks and of what is looked at.
    widths: (u64, u64),
    name: &'a str,
    output: bool,
}

impl Mixing {
    fn of(weights: &mut dyn Weights, of: &Mixed<'_>) -> Result<Self> {
        let (queries, keys) = (of.heads * of.head_size, of.kv_heads * of.head_size);
        let (asks, seen) = of.widths;
        let name = |part: &str| format!("{}.{part}", of.name);
        let kind = if of.query_norm_bias { Norm::Layer } else { Norm::Rms };
        let widths = match of.query_norm {
            QueryNorm::None => None,
            QueryNorm::Head => Some((of.head_size, of.head_size)),
            QueryNorm::Full => Some((queries, keys)),
        };
        let norms = match widths {
            None => None,
            Some((q, k)) => Some((
                Normed::of(weights, &name("norm_q"), kind, q)?,
                Normed::of(weights, &name("norm_k"), kind, k)?,
            )),
        };
        Ok(Self {
            q: Linear::of(weights, &name("q"), (asks, queries), of.bias.query)?,
            k: Linear::of(weights, &name("k"), (seen, keys), of.bias.key)?,
            v: Linear::of(weights, &name("v"), (seen, keys), of.bias.value)?,
            o: of
                .output
                .then(|| Linear::of(weights, &name("o"), (queries, asks), of.bias.output))
                .transpose()?,
            norms,
            full: of.query_norm == QueryNorm::Full,
            heads: us(of.heads),
            kv_heads: us(of.kv_heads),
            head_size: us(of.head_size),
            rotary: of.rotary,
        })
    }

    fn split(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let (batch, tokens, _) = x.dims3()?;
        x.reshape((batch, tokens, heads, self.head_size))?.transpose(1, 2)?.contiguous()
    }

    /// Queries that stand at `start` and after.
    fn queries(&self, x: &Tensor, start: usize) -> Result<Tensor> {
        let q = self.q.forward(x)?;
        let q = match &self.norms {
            Some((norm, _)) if self.full => self.split(&norm.forward(&q)?, self.heads)?,
            Some((norm, _)) => norm.forward(&self.split(&q, self.heads)?)?,
            None => self.split(&q, self.heads)?,
        };
        if self.rotary { rotate(&q, start) } else { Ok(q) }
    }

    /// Keys and values of what stands at `start` and after.
    fn seen(&self, x: &Tensor, start: usize) -> Result<(Tensor, Tensor)> {
        let k = self.k.forward(x)?;
        let k = match &self.norms {
            Some((_, norm)) if self.full => self.split(&norm.forward(&k)?, self.kv_heads)?,
            Some((_, norm)) => norm.forward(&self.split(&k, self.kv_heads)?)?,
            None => self.split(&k, self.kv_heads)?,
        };
        let k = if self.rotary { rotate(&k, start)? } else { k };
        Ok((k, self.split(&self.v.forward(x)?, self.kv_heads)?))
    }

    fn end(&self, mixed: &Tensor) -> Result<Tensor> {
        let (batch, heads, tokens, width) = mixed.dims4()?;
        let flat = mixed.transpose(1, 2)?.contiguous()?.reshape((batch, tokens, heads * width))?;
        match &self.o {
            Some(o) => o.forward(&flat),
            None => Ok(flat),
        }
    }
}

/// One expert, or all there is.
#[derive(Debug)]
struct Expert {
    gate: Option<Linear>,
    up: Linear,
    down: Linear,
}

impl Expert {
    fn of(weights: &mut dyn Weights, name: &str, hidden: u64, of: &FeedForward) -> Result<Self> {
        let into = (hidden, of.inner);
        let gate = of
            .gated
            .then(|| Linear::of(weights, &format!("{name}.gate"), into, of.bias))
            .transpose()?;
        Ok(Self {
            gate,
            up: Linear::of(weights, &format!("{name}.up"), into, of.bias)?,
            down: Linear::of(weights, &format!("{name}.down"), (of.inner, hidden), of.bias)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let inner = self.up.forward(x)?;
        let inner = match &self.gate {
            Some(gate) => (gate.forward(x)?.silu()? * inner)?,
            None => inner.gelu()?,
        };
        self.down.forward(&inner)
    }
}

#[derive(Debug)]
struct Forward {
    experts: Vec<Expert>,
    /// The product that chooses, and how many see a token.
    router: Option<(Linear, usize)>,
}

impl Forward {
    fn of(
        weights: &mut dyn Weights,
        name: &str,
        hidden: u64,
        of: &FeedForward,
        rows: u64,
    ) -> Result<Self> {
        let Some(experts) = &of.experts else {
            return Ok(Self {
                experts: vec![Expert::of(weights, name, hidden, of)?],
                router: None,
            });
        };
        let router =
            Linear::of(weights, &format!("{name}.router"), (hidden, experts.count), false)?;
        // Those that no token would reach need not be there.
        let used = experts.count.min(rows.saturating_mul(experts.active)).max(1);
        let all = (0..used).map(|n| Expert::of(weights, &format!("{name}.{n}"), hidden, of));
        Ok(Self {
            experts: all.collect::<Result<_>>()?,
            router: Some((router, us(experts.active))),
        })
    }

    /// With experts, tokens are dealt to them evenly: who sees which does not change how long it takes.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let Some((router, active)) = &self.router else { return self.experts[0].forward(x) };
        let width = x.dim(D::Minus1)?;
        let flat = x.contiguous()?.reshape(((), width))?;
        let rows = flat.dim(0)?;
        let chosen = softmax(router.forward(&flat)?)?.narrow(1, 0, 1)?;
        let dealt = flat.repeat((*active, 1))?;
        let each = (rows * active).div_ceil(self.experts.len());
        let mut parts = Vec::new();
        let mut start = 0;
        for expert in &self.experts {
            let count = each.min(rows * active - start);
            if count == 0 {
                break;
            }
            parts.push(expert.forward(&dealt.narrow(0, start, count)?)?);
            start += count;
        }
        let all = Tensor::cat(&parts, 0)?.reshape((*active, rows, width))?.sum(0)?;
        all.broadcast_mul(&chosen)?.reshape(x.dims())
    }
}

/// A stream of tokens, and the weights that it has.
#[derive(Debug)]
struct Stream {
    modulation: Option<Told>,
    norm: Normed,
    mixing: Mixing,
    after: Option<(Normed, Normed)>,
    before_forward: Option<Normed>,
    forward: Option<Forward>,
}

/// What the time step says to a stream.
#[derive(Debug)]
enum Told {
    Product(Linear, usize),
    Table(Tensor),
}

/// A layer of a transformer with its weights.
#[derive(Debug)]
struct Transformer {
    layer: Layer,
    first: Stream,
    second: Option<Stream>,
    cross: Option<(Option<Normed>, Mixing)>,
}

impl Transformer {
    fn of(weights: &mut dyn Weights, layer: &Layer, size: &Size) -> Result<Self> {
        let first = Self::stream(weights, layer, "first", true, size.batch * size.tokens)?;
        let second = match layer.second {
            Second::None => None,
            Second::Whole => {
                Some(Self::stream(weights, layer, "second", true, size.batch * size.second)?)
            }
            Second::Seen => {
                Some(Self::stream(weights, layer, "second", false, size.batch * size.second)?)
            }
        };
        let cross = match &layer.cross {
            None => None,
            Some(cross) => {
                let norm = layer
                    .norms_cross()
                    .then(|| Normed::of(weights, "cross.norm", layer.norm, layer.hidden))
                    .transpose()?;
                Some((norm, Mixing::of(weights, &looking(cross, layer.hidden))?))
            }
        };
        Ok(Self { layer: layer.clone(), first, second, cross })
    }

    fn stream(
        weights: &mut dyn Weights,
        layer: &Layer,
        name: &str,
        whole: bool,
        rows: u64,
    ) -> Result<Stream> {
        let hidden = layer.hidden;
        let full = |part: &str| format!("{name}.{part}");
        let vectors = if whole { layer.modulation.vectors() } else { 2 };
        let modulation = match layer.modulation {
            Modulation::None => None,
            Modulation::Linear { inputs, .. } => {
                let to = (inputs, vectors * hidden);
                let linear = Linear::of(weights, &full("modulation"), to, true)?;
                Some(Told::Product(linear, us(vectors)))
            }
            Modulation::Table { vectors } => {
                Some(Told::Table(weights.get(&full("table"), &[us(vectors), us(hidden)])?))
            }
        };
        // Norms with weights are those before attention and feed-forward part, if there are two; one alone is before what
        // comes first, or belongs to what is looked at.
        let own = layer.norms - u64::from(layer.norms_cross());
        let mut norm = |part: &str, has: bool| {
            if has {
                Normed::of(weights, &full(part), layer.norm, hidden)
            } else {
                Ok(Normed::plain(layer.norm))
            }
        };
        let before = norm("norm", own >= 1)?;
        let before_forward = (layer.feed_forward.is_some() && !layer.parallel && whole)
            .then(|| norm("norm_forward", own >= 2))
            .transpose()?;
        let after = layer
            .norms_after()
            .then(|| {
                Ok::<_, candle_core::Error>((norm("after", true)?, norm("after_forward", true)?))
            })
            .transpose()?;
        let forward = match &layer.feed_forward {
            Some(of) if whole => Some(Forward::of(weights, &full("forward"), hidden, of, rows)?),
            _ => None,
        };
        let name = full("attention");
        let mixing = Mixing::of(weights, &mixed(&layer.attention, hidden, &name, whole))?;
        Ok(Stream { modulation, norm: before, mixing, after, before_forward, forward })
    }

    fn forward(&self, inputs: &Inputs) -> Result<Vec<Tensor>> {
        let past = inputs.past.as_ref().map_or(0, |cache| cache.filled);
        let mut streams: Vec<(&Stream, Tensor, Vec<Tensor>)> = Vec::new();
        for (stream, x) in
            [(Some(&self.first), inputs.x.as_ref()), (self.second.as_ref(), inputs.second.as_ref())]
        {
            let (Some(stream), Some(x)) = (stream, x) else { continue };
            let told = match (&stream.modulation, &inputs.step) {
                (Some(Told::Product(linear, vectors)), Some(step)) => {
                    let all = linear.forward(&step.silu()?)?;
                    all.chunk(*vectors, 1)?
                        .iter()
                        .map(|it| it.unsqueeze(1))
                        .collect::<Result<_>>()?
                }
                (Some(Told::Table(table)), Some(step)) => {
                    let (vectors, hidden) = table.dims2()?;
                    let step = step.reshape(((), vectors, hidden))?;
                    let all = step.broadcast_add(table)?;
                    all.chunk(vectors, 1)?
                }
                _ => Vec::new(),
            };
            streams.push((stream, x.clone(), told));
        }
        // The second stream stands before the first.
        streams.reverse();
        let mut start = past;
        let (mut queries, mut keys, mut values, mut normed) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (stream, x, told) in &streams {
            let x = told_norm(&stream.norm, x, told, 0, 3)?;
            queries.push(stream.mixing.queries(&x, start)?);
            let (k, v) = stream.mixing.seen(&x, start)?;
            keys.push(k);
            values.push(v);
            start += x.dim(1)?;
            normed.push(x);
        }
        let q = joined(&queries)?;
        let (k, v) = match &inputs.past {
            Some(cache) => {
                cache.keys.slice_set(&joined(&keys)?.contiguous()?, 2, past)?;
                cache.values.slice_set(&joined(&values)?.contiguous()?, 2, past)?;
                (cache.keys.clone(), cache.values.clone())
            }
            None => (joined(&keys)?, joined(&values)?),
        };
        let mixed = attend(&q, &k, &v, self.layer.attention.causal)?;
        let mut place = 0;
        let mut out = Vec::new();
        for ((stream, x, told), normed) in streams.iter().zip(normed) {
            let tokens = x.dim(1)?;
            let own = mixed.narrow(2, place, tokens)?;
            place += tokens;
            if stream.mixing.o.is_none() {
                continue;
            }
            out.push(self.rest(stream, x, &normed, &own, told, inputs)?);
        }
        Ok(out)
    }

    /// What follows the attention.
    fn rest(
        &self,
        stream: &Stream,
        x: &Tensor,
        normed: &Tensor,
        mixed: &Tensor,
        told: &[Tensor],
        inputs: &Inputs,
    ) -> Result<Tensor> {
        // Of six vectors the third and the last weigh, of three the third, of two both.
        let gate = |which: usize| match (told.len(), which) {
            (2, which) => told.get(which),
            (3, _) | (_, 0) => told.get(2),
            _ => told.get(5),
        };
        let mut made = stream.mixing.end(mixed)?;
        if let Some((after, _)) = &stream.after {
            made = after.forward(&made)?;
        }
        if self.layer.parallel
            && let Some(forward) = &stream.forward
        {
            made = (made + forward.forward(normed)?)?;
        }
        let mut x = (x + weighed(&made, gate(0))?)?;
        if let Some((norm, mixing)) = &self.cross {
            let asks = match norm {
                Some(norm) => norm.forward(&x)?,
                None => x.clone(),
            };
            let q = mixing.queries(&asks, 0)?;
            let made = match (&inputs.context, &inputs.context_kept) {
                (_, Some((k, v))) => attend(&q, k, v, false)?,
                (Some(context), None) => {
                    let (k, v) = mixing.seen(context, 0)?;
                    attend(&q, &k, &v, false)?
                }
                (None, None) => candle_core::bail!("there is nothing to look at"),
            };
            x = (x + mixing.end(&made)?)?;
        }
        if let (false, Some(forward), Some(norm)) =
            (self.layer.parallel, &stream.forward, &stream.before_forward)
        {
            let mut made = forward.forward(&told_norm(norm, &x, told, 3, 6)?)?;
            if let Some((_, after)) = &stream.after {
                made = after.forward(&made)?;
            }
            x = (x + weighed(&made, gate(1))?)?;
        }
        Ok(x)
    }
}

fn joined(parts: &[Tensor]) -> Result<Tensor> {
    match parts {
        [one] => Ok(one.clone()),
        many => Tensor::cat(many, 2),
    }
}

/// A norm, shifted and scaled by the vectors at `place` and after it, if there are so many.
fn told_norm(
    norm: &Normed,
    x: &Tensor,
    told: &[Tensor],
    place: usize,
    least: usize,
) -> Result<Tensor> {
    let x = norm.forward(x)?;
    match told {
        _ if told.len() < least => Ok(x),
        _ => x.broadcast_mul(&(&told[place + 1] + 1.0)?)?.broadcast_add(&told[place]),
    }
}

fn weighed(x: &Tensor, gate: Option<&Tensor>) -> Result<Tensor> {
    gate.map_or_else(|| Ok(x.clone()), |gate| x.broadcast_mul(gate))
}

fn mixed<'a>(of: &Attention, hidden: u64, name: &'a str, output: bool) -> Mixed<'a> {
    Mixed {
        heads: of.heads,
        kv_heads: of.kv_heads,
        head_size: of.head_size,
        bias: of.bias,
        query_norm: of.query_norm,
        query_norm_bias: of.query_norm_bias,
        rotary: of.rotary,
        widths: (hidden, hidden),
        name,
        output,
    }
}

fn looking(of: &Cross, hidden: u64) -> Mixed<'static> {
    Mixed {
        heads: of.heads,
        kv_heads: of.heads,
        head_size: of.head_size,
        bias: of.bias,
        query_norm: of.query_norm,
        query_norm_bias: false,
        rotary: false,
        widths: (hidden, of.width),
        name: "cross",
        output: true,
    }
}

/// A convolution that keeps a picture's sides, or divides them.
#[derive(Debug)]
struct Convolution {
    weight: Tensor,
    bias: Option<Tensor>,
    padding: usize,
    stride: usize,
}

impl Convolution {
    fn of(
        weights: &mut dyn Weights,
        name: &str,
        (inputs, outputs): (u64, u64),
        side: u64,
        stride: u64,
        bias: bool,
    ) -> Result<Self> {
        let shape = [us(outputs), us(inputs), us(side), us(side)];
        let weight = weights.get(&format!("{name}.weight"), &shape)?;
        let bias =
            bias.then(|| weights.get(&format!("{name}.bias"), &[us(outputs)])).transpose()?;
        let padding = if side == stride { 0 } else { us(side / 2) };
        Ok(Self { weight, bias, padding, stride: us(stride) })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.conv2d(&self.weight, self.padding, self.stride, 1, 1)?;
        match &self.bias {
            Some(bias) => x.broadcast_add(&bias.reshape((1, (), 1, 1))?),
            None => Ok(x),
        }
    }
}

/// A norm over groups of channels.
#[derive(Debug)]
struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: usize,
}

impl GroupNorm {
    fn of(weights: &mut dyn Weights, name: &str, channels: u64) -> Result<Self> {
        let channels = us(channels);
        let groups = if channels.is_multiple_of(GROUPS) { GROUPS } else { 1 };
        Ok(Self {
            weight: weights.ones(&format!("{name}.weight"), &[channels])?,
            bias: weights.get(&format!("{name}.bias"), &[channels])?,
            groups,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        let flat = x.contiguous()?.reshape((batch, self.groups, ()))?;
        let flat = Normed::plain(Norm::Layer).forward(&flat)?;
        let x = flat.reshape((batch, channels, height, width))?;
        let (weight, bias) =
            (self.weight.reshape((1, (), 1, 1))?, self.bias.reshape((1, (), 1, 1))?);
        x.broadcast_mul(&weight)?.broadcast_add(&bias)
    }
}

/// Norm, activation and convolution, twice, beside a way around them.
#[derive(Debug)]
struct Residual {
    norms: (GroupNorm, GroupNorm),
    convolutions: (Convolution, Convolution),
    time: Option<Linear>,
    around: Option<Convolution>,
}

impl Residual {
    fn of(
        weights: &mut dyn Weights,
        (inputs, outputs): (u64, u64),
        time: Option<u64>,
    ) -> Result<Self> {
        let around = (inputs != outputs)
            .then(|| Convolution::of(weights, "around", (inputs, outputs), 1, 1, true))
            .transpose()?;
        let time =
            time.map(|time| Linear::of(weights, "time", (time, outputs), true)).transpose()?;
        Ok(Self {
            norms: (
                GroupNorm::of(weights, "norm1", inputs)?,
                GroupNorm::of(weights, "norm2", outputs)?,
            ),
            convolutions: (
                Convolution::of(weights, "conv1", (inputs, outputs), 3, 1, true)?,
                Convolution::of(weights, "conv2", (outputs, outputs), 3, 1, true)?,
            ),
            time,
            around,
        })
    }

    fn forward(&self, x: &Tensor, step: Option<&Tensor>) -> Result<Tensor> {
        let mut made = self.convolutions.0.forward(&self.norms.0.forward(x)?.silu()?)?;
        if let (Some(time), Some(step)) = (&self.time, step) {
            let step = time.forward(&step.silu()?)?;
            made = made.broadcast_add(&step.unsqueeze(2)?.unsqueeze(3)?)?;
        }
        let made = self.convolutions.1.forward(&self.norms.1.forward(&made)?.silu()?)?;
        match &self.around {
            Some(around) => around.forward(x)? + made,
            None => x + made,
        }
    }
}

/// What a block runs on.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// Tokens, or a picture.
    pub(crate) x: Option<Tensor>,
    /// Tokens of the second stream.
    pub(crate) second: Option<Tensor>,
    /// What the time step says.
    pub(crate) step: Option<Tensor>,
    /// What is looked at.
    pub(crate) context: Option<Tensor>,
    /// Keys and values of that.
    pub(crate) context_kept: Option<(Tensor, Tensor)>,
    /// Keys and values of what was before.
    pub(crate) past: Option<Cache>,
}

/// Keys and values, with room for those that are new: nothing is copied when they come.
#[derive(Debug)]
pub(crate) struct Cache {
    /// As (batch, heads, tokens, width).
    pub(crate) keys: Tensor,
    /// The same.
    pub(crate) values: Tensor,
    /// How many tokens are there before.
    pub(crate) filled: usize,
}

#[derive(Debug)]
enum Made {
    Norm(Normed),
    Linear(Linear),
    Picture(Convolution),
    GroupNorm(GroupNorm),
    Residual(Residual),
    Transformer(Box<Transformer>),
}

/// A block with its weights.
#[derive(Debug)]
pub(crate) struct Built(Made);

impl Built {
    /// Of a shape, and for a size: experts that none of its tokens would reach are left out.
    pub(crate) fn of(weights: &mut dyn Weights, block: &Block) -> Result<Self> {
        Ok(Self(match &block.shape {
            Shape::Table { .. } => candle_core::bail!("a table does nothing"),
            Shape::Norm { norm, width } => Made::Norm(Normed::of(weights, "norm", *norm, *width)?),
            Shape::Linear { inputs, outputs, bias } => {
                Made::Linear(Linear::of(weights, "linear", (*inputs, *outputs), *bias)?)
            }
            Shape::Patch { channels, side, outputs, bias } => {
                let of = (*channels, *outputs);
                Made::Picture(Convolution::of(weights, "patch", of, *side, *side, *bias)?)
            }
            Shape::Convolution { inputs, outputs, side, stride } => {
                let of = (*inputs, *outputs);
                Made::Picture(Convolution::of(weights, "convolution", of, *side, *stride, true)?)
            }
            Shape::GroupNorm { channels } => {
                Made::GroupNorm(GroupNorm::of(weights, "norm", *channels)?)
            }
            Shape::Residual { inputs, outputs, time } => {
                Made::Residual(Residual::of(weights, (*inputs, *outputs), *time)?)
            }
            Shape::Transformer(layer) => {
                Made::Transformer(Box::new(Transformer::of(weights, layer, &block.size)?))
            }
        }))
    }

    /// What comes out: the second stream's tokens first, if they go on.
    pub(crate) fn forward(&self, inputs: &Inputs) -> Result<Vec<Tensor>> {
        let Some(x) = &inputs.x else { candle_core::bail!("a block runs on something") };
        Ok(vec![match &self.0 {
            Made::Norm(norm) => norm.forward(x)?,
            Made::Linear(linear) => linear.forward(x)?,
            Made::Picture(convolution) => convolution.forward(x)?,
            Made::GroupNorm(norm) => norm.forward(x)?,
            Made::Residual(residual) => residual.forward(x, inputs.step.as_ref())?,
            Made::Transformer(transformer) => return transformer.forward(inputs),
        }])
    }
}

/// Random inputs for a block.
pub(crate) fn inputs(random: &Random, block: &Block) -> Result<Inputs> {
    let size = &block.size;
    let (batch, tokens) = (us(size.batch), us(size.tokens));
    let rows = |width: u64| random.input(&[batch, tokens, us(width)]).map(Some);
    let picture =
        |channels: u64| random.input(&[batch, us(channels), us(size.height), us(size.width)]);
    let mut inputs = Inputs::default();
    match &block.shape {
        Shape::Table { .. } => {}
        Shape::Norm { width, .. } | Shape::Linear { inputs: width, .. } => {
            inputs.x = rows(*width)?;
        }
        Shape::Patch { channels, side, .. } => {
            let edge = us(*side);
            inputs.x = Some(random.input(&[batch, us(*channels), edge * tokens, edge])?);
        }
        Shape::Convolution { inputs: channels, .. } | Shape::GroupNorm { channels } => {
            inputs.x = Some(picture(*channels)?);
        }
        Shape::Residual { inputs: channels, time, .. } => {
            inputs.x = Some(picture(*channels)?);
            inputs.step = time.map(|time| random.input(&[batch, us(time)])).transpose()?;
        }
        Shape::Transformer(layer) => {
            inputs.x = rows(layer.hidden)?;
            let of = &layer.attention;
            if layer.second != Second::None {
                inputs.second = Some(random.input(&[batch, us(size.second), us(layer.hidden)])?);
            }
            inputs.step = match layer.modulation {
                Modulation::None => None,
                Modulation::Linear { inputs, .. } => Some(random.input(&[batch, us(inputs)])?),
                Modulation::Table { vectors } => {
                    Some(random.input(&[batch, us(vectors * layer.hidden)])?)
                }
            };
            if size.past > 0 {
                let room = us(size.past) + tokens + us(size.second);
                let shape = [batch, us(of.kv_heads), room, us(of.head_size)];
                let (keys, values) = (random.input(&shape)?, random.input(&shape)?);
                inputs.past = Some(Cache { keys, values, filled: us(size.past) });
            }
            if let Some(cross) = &layer.cross {
                if size.context_kept {
                    let shape = [batch, us(cross.heads), us(size.context), us(cross.head_size)];
                    inputs.context_kept = Some((random.input(&shape)?, random.input(&shape)?));
                } else {
                    let shape = [batch, us(size.context), us(cross.width)];
                    inputs.context = Some(random.input(&shape)?);
                }
            }
        }
    }
    Ok(inputs)
}

/// How many scores of an attention are there at once.
pub(crate) fn scores(block: &Block) -> usize {
    let Shape::Transformer(layer) = &block.shape else { return 0 };
    let size = &block.size;
    let queries = us(size.tokens + size.second);
    let keys = us(size.context.max(size.past + size.tokens + size.second));
    let row = us(size.batch * layer.attention.heads).saturating_mul(keys);
    row.saturating_mul(queries).min(SCORES.max(row.saturating_mul(8)))
}
