//! A layer of a transformer, of one stream or two, with its feed-forward networks.

use candle_core::{D, Result, Tensor};

use super::super::model::{FeedForward, Layer, Modulation, Second};
use super::super::plan::Size;
use super::super::softmax::softmax;
use super::attention::{Mixing, attend, looking, mixed};
use super::layers::{Linear, Normed};
use super::weights::Weights;
use super::{Inputs, us};

/// One expert, or all there is.
#[derive(Debug)]
pub(super) struct Expert {
    gate: Option<Linear>,
    up: Linear,
    down: Linear,
}

impl Expert {
    pub(super) fn of(
        weights: &mut dyn Weights,
        name: &str,
        hidden: u64,
        of: &FeedForward,
    ) -> Result<Self> {
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

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let inner = self.up.forward(x)?;
        let inner = match &self.gate {
            Some(gate) => (gate.forward(x)?.silu()? * inner)?,
            None => inner.gelu()?,
        };
        self.down.forward(&inner)
    }
}

#[derive(Debug)]
pub(super) struct Forward {
    experts: Vec<Expert>,
    /// The product that chooses, and how many see a token.
    router: Option<(Linear, usize)>,
}

impl Forward {
    pub(super) fn of(
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
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
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
pub(super) struct Stream {
    modulation: Option<Told>,
    norm: Normed,
    mixing: Mixing,
    after: Option<(Normed, Normed)>,
    before_forward: Option<Normed>,
    forward: Option<Forward>,
}

/// What the time step says to a stream.
#[derive(Debug)]
pub(super) enum Told {
    Product(Linear, usize),
    Table(Tensor),
}

/// A layer of a transformer with its weights.
#[derive(Debug)]
pub(super) struct Transformer {
    layer: Layer,
    first: Stream,
    second: Option<Stream>,
    cross: Option<(Option<Normed>, Mixing)>,
}

impl Transformer {
    pub(super) fn of(weights: &mut dyn Weights, layer: &Layer, size: &Size) -> Result<Self> {
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

    pub(super) fn stream(
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

    pub(super) fn forward(&self, inputs: &Inputs) -> Result<Vec<Tensor>> {
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
    pub(super) fn rest(
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

pub(super) fn joined(parts: &[Tensor]) -> Result<Tensor> {
    match parts {
        [one] => Ok(one.clone()),
        many => Tensor::cat(many, 2),
    }
}

/// A norm, shifted and scaled by the vectors at `place` and after it, if there are so many.
pub(super) fn told_norm(
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

pub(super) fn weighed(x: &Tensor, gate: Option<&Tensor>) -> Result<Tensor> {
    gate.map_or_else(|| Ok(x.clone()), |gate| x.broadcast_mul(gate))
}
