//! Whether a result is what it should be: some of its entries are computed again with 64 bits.

use candle_core::{DType, Result, Tensor};

use crate::parts::float;

/// By how much a result differs from its reference, in units of what its entries are on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Check {
    /// At most, of the entries that were looked at.
    pub(super) error: f64,
    /// By so much it may.
    pub(super) allowed: f64,
}

impl Check {
    pub(super) fn new(allowed: f64) -> Self {
        Self { error: 0.0, allowed }
    }

    /// What must be the same to the last bit.
    pub(super) fn exact(is_same: bool) -> Self {
        Self { error: if is_same { 0.0 } else { 1.0 }, allowed: 0.0 }
    }

    /// Looks at an entry, given what it should be and what such entries are like. Where those are nothing, no random numbers
    /// were drawn, of zeros some devices are quicker, and nothing is believed.
    pub(super) fn entry(&mut self, found: f64, reference: f64, scale: f64) {
        if scale.max(reference.abs()) == 0.0 {
            self.error = f64::INFINITY;
        }
        let error = (found - reference).abs() / scale.max(reference.abs()).max(f64::MIN_POSITIVE);
        self.error = if error.is_nan() { f64::INFINITY } else { self.error.max(error) };
    }

    pub(super) fn holds(self) -> bool {
        self.error <= self.allowed
    }
}

/// The relative error of rounding to a type, of which the factors have as many bits as the result.
pub(super) fn rounding(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 2f64.powi(-11),
        DType::BF16 => 2f64.powi(-8),
        _ => 2f64.powi(-24),
    }
}

/// The same where f32 keeps 10 bits of each factor.
pub(super) const TF32: f64 = 1.0 / 2048.0;

/// The sum of products, and what such sums are like if the signs of the products are chance.
pub(super) fn dot(one: &[f64], other: &[f64]) -> (f64, f64) {
    let products = one.iter().zip(other).map(|(one, other)| one * other);
    let (sum, squares) =
        products.fold((0.0, 0.0), |(sum, squares), it| (sum + it, squares + it * it));
    (sum, f64::sqrt(squares))
}

/// The values of a tensor, in order.
pub(super) fn values(tensor: &Tensor) -> Result<Vec<f64>> {
    let flat = tensor.contiguous()?.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?;
    Ok(flat.into_iter().map(f64::from).collect())
}

/// A few indices of `length`, the first and the last among them.
pub(super) fn sample(length: usize) -> impl Iterator<Item = usize> {
    let last = length.saturating_sub(1);
    [0, last / 3, last - last / 4, last].into_iter()
}

/// Holds a product of two matrices against its reference. `unit` is the rounding of its factors.
pub(super) fn product(left: &Tensor, right: &Tensor, result: &Tensor, unit: f64) -> Result<Check> {
    let (rows, inner) = left.dims2()?;
    let (_, columns) = right.dims2()?;
    // Rounding while the sum is made is a walk by chance of so many steps, and results of few bits are rounded once more.
    let steps = if unit < TF32 { float(inner).sqrt() } else { 0.0 };
    let mut check = Check::new(unit * (8.0 + steps));
    for row in sample(rows) {
        let factors = values(&left.narrow(0, row, 1)?)?;
        let found = values(&result.narrow(0, row, 1)?)?;
        for column in sample(columns) {
            let (sum, scale) = dot(&factors, &values(&right.narrow(1, column, 1)?)?);
            check.entry(found[column], sum, scale);
        }
    }
    Ok(check)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn a_wrong_product_is_seen() {
        let random = |rows, columns| {
            Tensor::rand(-1f32, 1.0, (rows, columns), &Device::Cpu).expect("it is small")
        };
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let left = random(65, 130).to_dtype(dtype).expect("a cast");
            let right = random(130, 70).to_dtype(dtype).expect("a cast");
            let result = left.matmul(&right).expect("it is small");
            let unit = rounding(dtype);
            let check = product(&left, &right, &result, unit).expect("they fit");
            assert!(check.holds() && check.error > 0.0, "{dtype:?}: {check:?}");
            let scaled = result.affine(1.0, 0.0).expect("it is small");
            assert!(product(&left, &right, &scaled, unit).expect("they fit").holds());
            for wrong in [
                result.affine(1.5, 0.0).expect("it is small"),
                result.affine(0.0, 0.0).expect("it is small"),
                result.affine(f64::NAN, 0.0).expect("it is small"),
                result.affine(f64::INFINITY, 0.0).expect("it is small"),
            ] {
                let check = product(&left, &right, &wrong, unit).expect("they fit");
                assert!(!check.holds(), "{dtype:?}: {check:?}");
            }
        }
        // What was rounded to 10 bits is no product of 24.
        let (left, right) = (random(65, 1024), random(1024, 70));
        let coarse = |it: &Tensor| it.to_dtype(DType::F16).and_then(|it| it.to_dtype(DType::F32));
        let result = coarse(&left).expect("a cast").matmul(&coarse(&right).expect("a cast"));
        let result = result.expect("it is small");
        let full = product(&left, &right, &result, rounding(DType::F32)).expect("they fit");
        assert!(!full.holds(), "{full:?}");
        let short = product(&left, &right, &result, TF32).expect("they fit");
        assert!(short.holds(), "{short:?}");
    }
}
