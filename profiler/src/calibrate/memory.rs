//! What the host's memory does, without candle: its copy of a tensor is many times slower than the memory is.

use std::num::NonZero;
use std::thread;

/// Numbers that no memory can guess.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From -1 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are left, which is what fits")]
    fn number(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 2f64.powi(52) - 1.0
    }
}

/// Three rows of numbers, of which all threads take their part.
#[derive(Debug)]
pub(super) struct Rows {
    to: Vec<f64>,
    one: Vec<f64>,
    other: Vec<f64>,
    threads: NonZero<usize>,
}

/// By what the triad multiplies.
const FACTOR: f64 = 1.000_123;

impl Rows {
    /// Of so many bytes each.
    pub(super) fn new(bytes: usize, threads: usize) -> Self {
        let length = bytes / size_of::<f64>();
        let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
        let one = (0..length).map(|_| random.number()).collect();
        let other = (0..length).map(|_| random.number()).collect();
        let threads = NonZero::new(threads).unwrap_or(NonZero::<usize>::MIN);
        Self { to: vec![0.5; length], one, other, threads }
    }

    /// `to = one`.
    pub(super) fn copy(&mut self) {
        self.each(|to, one, _| to.copy_from_slice(one));
    }

    /// `to = one + FACTOR * other`.
    pub(super) fn triad(&mut self) {
        // A bare loop is as fast as the memory however little the build optimises.
        self.each(|to, one, other| {
            let mut at = 0;
            while at < to.len() {
                to[at] = one[at] + FACTOR * other[at];
                at += 1;
            }
        });
    }

    fn each(&mut self, work: impl Fn(&mut [f64], &[f64], &[f64]) + Copy + Send) {
        let part = self.to.len().div_ceil(self.threads.get()).max(1);
        let sources = self.one.chunks(part).zip(self.other.chunks(part));
        let parts = self.to.chunks_mut(part).zip(sources);
        thread::scope(|scope| {
            for (to, (one, other)) in parts {
                scope.spawn(move || work(to, one, other));
            }
        });
    }

    /// Whether the last copy was one.
    pub(super) fn is_copy(&self) -> bool {
        !self.to.is_empty() && self.to == self.one
    }

    /// Whether the last triad was one.
    #[expect(clippy::float_cmp, reason = "the same operations on the same numbers")]
    pub(super) fn is_triad(&self) -> bool {
        let mut entries = self.to.iter().zip(&self.one).zip(&self.other);
        !self.to.is_empty() && entries.all(|((to, one), other)| *to == one + FACTOR * other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_together_do_all_of_it() {
        for threads in [0, 1, 3, 8] {
            let mut rows = Rows::new(8 * 1001, threads);
            assert!(!rows.is_copy() && !rows.is_triad());
            rows.copy();
            assert!(rows.is_copy() && !rows.is_triad());
            rows.triad();
            assert!(rows.is_triad() && !rows.is_copy());
        }
        let mut none = Rows::new(0, 2);
        none.copy();
        assert!(!none.is_copy());
    }
}
