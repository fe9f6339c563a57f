//! Attention, in turns where its scores would be too many.

use candle_core::{DType, Result, Tensor};
use spacelint_knowledge::architectures::{Norm, QueryNorm};

use super::super::model::{Attention, Biases, Cross};
use super::super::softmax::softmax;
use super::layers::{Linear, Normed};
use super::us;
use super::weights::Weights;

/// The largest table of scores that is made at once, in numbers: more queries take turns. On a processor it stays
/// in the cache.
pub(super) const SCORES: usize = 1 << 26;
const SCORES_CPU: usize = 1 << 22;

/// Scaled dot-product attention of (batch, heads, tokens, width); queries take turns where the scores would be too large.
pub(super) fn attend(q: &Tensor, k: &Tensor, v: &Tensor, causal: bool) -> Result<Tensor> {
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
pub(super) fn causal_mask(
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
pub(super) fn rotate(x: &Tensor, start: usize) -> Result<Tensor> {
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
pub(super) struct Mixing {
    q: Linear,
    k: Linear,
    v: Linear,
    pub(super) o: Option<Linear>,
    norms: Option<(Normed, Normed)>,
    full: bool,
    heads: usize,
    kv_heads: usize,
    head_size: usize,
    rotary: bool,
}

pub(super) struct Mixed<'a> {
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
    pub(super) fn of(weights: &mut dyn Weights, of: &Mixed<'_>) -> Result<Self> {
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

    pub(super) fn split(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let (batch, tokens, _) = x.dims3()?;
        x.reshape((batch, tokens, heads, self.head_size))?.transpose(1, 2)?.contiguous()
    }

    /// Queries that stand at `start` and after.
    pub(super) fn queries(&self, x: &Tensor, start: usize) -> Result<Tensor> {
        let q = self.q.forward(x)?;
        let q = match &self.norms {
            Some((norm, _)) if self.full => self.split(&norm.forward(&q)?, self.heads)?,
            Some((norm, _)) => norm.forward(&self.split(&q, self.heads)?)?,
            None => self.split(&q, self.heads)?,
        };
        if self.rotary { rotate(&q, start) } else { Ok(q) }
    }

    /// Keys and values of what stands at `start` and after.
    pub(super) fn seen(&self, x: &Tensor, start: usize) -> Result<(Tensor, Tensor)> {
        let k = self.k.forward(x)?;
        let k = match &self.norms {
            Some((_, norm)) if self.full => self.split(&norm.forward(&k)?, self.kv_heads)?,
            Some((_, norm)) => norm.forward(&self.split(&k, self.kv_heads)?)?,
            None => self.split(&k, self.kv_heads)?,
        };
        let k = if self.rotary { rotate(&k, start)? } else { k };
        Ok((k, self.split(&self.v.forward(x)?, self.kv_heads)?))
    }

    pub(super) fn end(&self, mixed: &Tensor) -> Result<Tensor> {
        let (batch, heads, tokens, width) = mixed.dims4()?;
        let flat = mixed.transpose(1, 2)?.contiguous()?.reshape((batch, tokens, heads * width))?;
        match &self.o {
            Some(o) => o.forward(&flat),
            None => Ok(flat),
        }
    }
}

pub(super) fn mixed<'a>(of: &Attention, hidden: u64, name: &'a str, output: bool) -> Mixed<'a> {
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

pub(super) fn looking(of: &Cross, hidden: u64) -> Mixed<'static> {
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
