//! Softmax in one go on a processor: candle's own operations go over the scores six times there, which takes longer than the
//! products on either side.

use std::num::NonZeroUsize;
use std::thread;

use candle_core::{CpuStorage, D, Device, InplaceOp1, Layout, Result, Tensor};

/// Over the last dimension; on a processor the scores themselves are overwritten.
pub(super) fn softmax(scores: Tensor) -> Result<Tensor> {
    if matches!(scores.device(), Device::Cpu) && scores.is_contiguous() {
        scores.inplace_op1(&Rows(scores.dim(D::Minus1)?))?;
        return Ok(scores);
    }
    let largest = scores.max_keepdim(D::Minus1)?;
    let raised = scores.broadcast_sub(&largest)?.exp()?;
    raised.broadcast_div(&raised.sum_keepdim(D::Minus1)?)
}

/// Rows of this width.
struct Rows(usize);

impl InplaceOp1 for Rows {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let CpuStorage::F32(values) = storage else {
            candle_core::bail!("softmax on a processor is of 32 bit floats");
        };
        let Some((from, to)) = layout.contiguous_offsets() else {
            candle_core::bail!("softmax is of whole rows");
        };
        let values = &mut values[from..to];
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let rows = values.len() / self.0.max(1);
        // Threads cost more than a few rows do.
        if threads < 2 || values.len() < 1 << 15 {
            values.chunks_mut(self.0).for_each(row);
            return Ok(());
        }
        thread::scope(|scope| {
            for some in values.chunks_mut(rows.div_ceil(threads) * self.0) {
                scope.spawn(|| some.chunks_mut(self.0).for_each(row));
            }
        });
        Ok(())
    }
}

fn row(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = (*value - largest).exp();
        sum += *value;
    }
    let share = 1.0 / sum;
    for value in values {
        *value *= share;
    }
}
