//! Where the weights of a block come from.

use candle_core::{Device, Result, Tensor};

use super::super::model::Number;
use super::dtype;

/// How wide random weights spread, as those of a model before it learns.
const SPREAD: f32 = 0.02;
/// How many random numbers are drawn; larger tensors repeat them.
const POOL: usize = 1 << 22;

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
    pub(super) fn input(&self, shape: &[usize]) -> Result<Tensor> {
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
