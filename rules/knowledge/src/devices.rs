//! The GPUs that a time is translated to: what they do in a second, as far as that is known, and what a size has of them.

use crate::Confidence;
use crate::platform::{Backing, Size};

include!(concat!(env!("OUT_DIR"), "/devices.rs"));

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The maker's peak, which no program exceeds and none quite reaches.
    Datasheet,
    /// Seen on such a GPU.
    Measured,
}

/// How much of one part of a model's time a whole GPU does in a second.
#[derive(Debug)]
pub struct Figure {
    /// The GPU, as its driver names it.
    pub gpu: &'static str,
    /// The part, as `spacelint-profile` names it: `matmul-bf16`, `memory`.
    pub part: &'static str,
    /// Whether a slice has the share of the memory of it; else that of the multiprocessors.
    of_memory: bool,
    /// Where it comes from.
    pub basis: Basis,
    /// Operations or bytes in a second.
    pub per_second: f64,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a size has of a GPU.
#[derive(Debug)]
pub struct Slice {
    /// The GPU, as its driver names it.
    pub gpu: &'static str,
    /// The size.
    pub size: Size,
    /// Its name in a message.
    pub name: &'static str,
    /// So many of so many multiprocessors.
    pub compute: [u32; 2],
    /// So many parts of so many of the memory's bandwidth.
    pub memory: [u32; 2],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a slice does in a second of one part, at least and at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The part, as [`Figure::part`] has it.
    pub part: &'static str,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
    /// Where the figure comes from.
    pub basis: Basis,
}

impl Slice {
    /// What `size` has where Spaces run on `backing`.
    pub fn of(backing: &Backing, size: Size) -> Option<&'static Self> {
        SLICES.iter().find(|it| it.gpu == backing.gpu && it.size == size)
    }

    /// What it does in a second, of each part that is known. A measured figure is taken before the data sheet's, of which it
    /// is as much as was reached at least elsewhere, or all.
    pub fn rates(&'static self) -> impl Iterator<Item = Rate> {
        let own = || FIGURES.iter().filter(|it| it.gpu == self.gpu);
        let is_measured =
            move |part| own().any(|it| it.part == part && it.basis == Basis::Measured);
        let taken = own().filter(move |it| it.basis == Basis::Measured || !is_measured(it.part));
        taken.map(|figure| {
            let [part, whole] = if figure.of_memory { self.memory } else { self.compute };
            let high = figure.per_second * f64::from(part) / f64::from(whole);
            let low = match figure.basis {
                Basis::Measured => high,
                Basis::Datasheet => high * reached(),
            };
            Rate { part: figure.part, low, high, basis: figure.basis }
        })
    }
}

/// Every figure.
pub fn figures() -> &'static [Figure] {
    FIGURES
}

/// The least share of a data sheet's peak that was measured, of the figures for which both are known.
pub fn reached() -> f64 {
    let peaks = FIGURES.iter().filter(|it| it.basis == Basis::Datasheet);
    let shares = peaks.filter_map(|peak| {
        let same = |it: &&Figure| it.gpu == peak.gpu && it.part == peak.part;
        let measured =
            FIGURES.iter().filter(same).find(|it| it.basis == Basis::Measured)?.per_second;
        Some(measured / peak.per_second)
    });
    shares.fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_of_every_gpu_is_known() {
        for backing in Backing::all() {
            for size in Size::ALL {
                let slice = Slice::of(backing, size).expect("a size of a GPU that Spaces run on");
                assert!(slice.rates().any(|rate| rate.part == "memory"), "{slice:?}");
                assert!(slice.rates().all(|rate| 0.0 < rate.low && rate.low <= rate.high));
            }
        }
    }

    #[test]
    fn a_slice_has_its_share() {
        let h200 = Backing::all().iter().find(|it| it.name == "h200").expect("it is there");
        let slice = Slice::of(h200, Size::Large).expect("it is there");
        let rate = |part| slice.rates().find(|it| it.part == part).expect("it is known");
        // 60 of 132 multiprocessors of the measured 788 TFLOP/s; half of 4.8 TB/s, of which 788 of 989.5 are reached.
        let bf16 = rate("matmul-bf16");
        assert!((bf16.low / 358.18e12 - 1.0).abs() < 1e-4, "{bf16:?}");
        assert!(bf16.low >= bf16.high && bf16.basis == Basis::Measured, "{bf16:?}");
        let memory = rate("memory");
        assert!((memory.high / 2.4e12 - 1.0).abs() < 1e-12, "{memory:?}");
        assert!((memory.low / 1.911_3e12 - 1.0).abs() < 1e-4, "{memory:?}");
        assert_eq!(slice.rates().filter(|it| it.part == "matmul-bf16").count(), 1);
    }
}
