//! What is over pictures: convolutions, norms over groups, residual blocks.

use candle_core::{Result, Tensor};
use spacelint_knowledge::architectures::Norm;

use super::layers::{Linear, Normed};
use super::us;
use super::weights::Weights;

/// How many groups a norm over groups has, if the channels divide by it.
const GROUPS: usize = 32;

/// A convolution that keeps a picture's sides, or divides them.
#[derive(Debug)]
pub(super) struct Convolution {
    weight: Tensor,
    bias: Option<Tensor>,
    padding: usize,
    stride: usize,
}

impl Convolution {
    pub(super) fn of(
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

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.conv2d(&self.weight, self.padding, self.stride, 1, 1)?;
        match &self.bias {
            Some(bias) => x.broadcast_add(&bias.reshape((1, (), 1, 1))?),
            None => Ok(x),
        }
    }
}

/// A norm over groups of channels.
#[derive(Debug)]
pub(super) struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: usize,
}

impl GroupNorm {
    pub(super) fn of(weights: &mut dyn Weights, name: &str, channels: u64) -> Result<Self> {
        let channels = us(channels);
        let groups = if channels.is_multiple_of(GROUPS) { GROUPS } else { 1 };
        Ok(Self {
            weight: weights.ones(&format!("{name}.weight"), &[channels])?,
            bias: weights.get(&format!("{name}.bias"), &[channels])?,
            groups,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
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
pub(super) struct Residual {
    norms: (GroupNorm, GroupNorm),
    convolutions: (Convolution, Convolution),
    time: Option<Linear>,
    around: Option<Convolution>,
}

impl Residual {
    pub(super) fn of(
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

    pub(super) fn forward(&self, x: &Tensor, step: Option<&Tensor>) -> Result<Tensor> {
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
