//! Products and norms.

use candle_core::{D, DType, Result, Tensor};
use spacelint_knowledge::architectures::Norm;

use super::us;
use super::weights::Weights;

/// What norms add to a variance.
const EPSILON: f64 = 1e-5;

/// A product and what is added.
#[derive(Debug)]
pub(super) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    pub(super) fn of(
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
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
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
pub(super) struct Normed {
    kind: Norm,
    weight: Option<Tensor>,
    bias: Option<Tensor>,
}

impl Normed {
    pub(super) fn of(
        weights: &mut dyn Weights,
        name: &str,
        kind: Norm,
        width: u64,
    ) -> Result<Self> {
        let weight = Some(weights.ones(&format!("{name}.weight"), &[us(width)])?);
        let bias = match kind {
            Norm::Rms => None,
            Norm::Layer => Some(weights.get(&format!("{name}.bias"), &[us(width)])?),
        };
        Ok(Self { kind, weight, bias })
    }

    pub(super) fn plain(kind: Norm) -> Self {
        Self { kind, weight: None, bias: None }
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
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
