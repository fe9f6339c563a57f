//! The kinds of work of which a model's time is made up, each of which a device does at a rate of its own: how much of each
//! there is, and how fast each is done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A kind of work with a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// Matrix products of 32 bit floats, in floating-point operations.
    MatmulF32,
    /// The same, of which the device keeps 10 bits of each factor (TF32).
    MatmulTf32,
    /// Matrix products of 16 bit floats, in floating-point operations.
    MatmulF16,
    /// Matrix products of bfloat16, in floating-point operations.
    MatmulBf16,
    /// Scaled dot-product attention, in floating-point operations of its two products.
    Attention,
    /// Convolutions, in floating-point operations.
    Convolution,
    /// What is read from and written to the device's memory, in bytes.
    Memory,
    /// Starts of a kernel, or of an operation.
    Launch,
    /// Copies from host memory that is not pinned to the device, in bytes.
    HostToDevice,
    /// Copies from the device to host memory that is not pinned, in bytes.
    DeviceToHost,
    /// Reads of packed weights from disk to the device, in bytes.
    Disk,
}

impl Part {
    /// Every part.
    pub(crate) const ALL: [Self; 11] = [
        Self::MatmulF32,
        Self::MatmulTf32,
        Self::MatmulF16,
        Self::MatmulBf16,
        Self::Attention,
        Self::Convolution,
        Self::Memory,
        Self::Launch,
        Self::HostToDevice,
        Self::DeviceToHost,
        Self::Disk,
    ];

    /// Its name in a file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MatmulF32 => "matmul-f32",
            Self::MatmulTf32 => "matmul-tf32",
            Self::MatmulF16 => "matmul-f16",
            Self::MatmulBf16 => "matmul-bf16",
            Self::Attention => "attention",
            Self::Convolution => "convolution",
            Self::Memory => "memory",
            Self::Launch => "launch",
            Self::HostToDevice => "host-to-device",
            Self::DeviceToHost => "device-to-host",
            Self::Disk => "disk",
        }
    }

    /// The part of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// Its name in a sentence.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::MatmulF32 => "products in f32",
            Self::MatmulTf32 => "products in tf32",
            Self::MatmulF16 => "products in f16",
            Self::MatmulBf16 => "products in bf16",
            Self::Attention => "attention",
            Self::Convolution => "convolution",
            Self::Memory => "memory",
            Self::Launch => "starts of operations",
            Self::HostToDevice => "copies to the device",
            Self::DeviceToHost => "copies from the device",
            Self::Disk => "reads from disk",
        }
    }

    /// How much of it was done in a second, as a person reads it.
    pub(crate) fn per_second(self, rate: f64) -> String {
        let unit = match self {
            Self::MatmulF32
            | Self::MatmulTf32
            | Self::MatmulF16
            | Self::MatmulBf16
            | Self::Attention
            | Self::Convolution => "FLOP/s",
            Self::Memory | Self::HostToDevice | Self::DeviceToHost | Self::Disk => "B/s",
            Self::Launch => "/s",
        };
        let prefixes = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
        let (by, prefix) = prefixes.into_iter().find(|(by, _)| rate >= *by).unwrap_or((1.0, ""));
        let number = rate / by;
        let digits = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
        format!("{number:.digits$} {prefix}{unit}")
    }
}

/// How much of each part there is: operations, bytes or starts.
pub(crate) type Amounts = BTreeMap<Part, f64>;

/// How much of each part is done in a second.
pub(crate) type Rates = BTreeMap<Part, f64>;

/// A count, to compute with.
#[expect(clippy::cast_precision_loss, reason = "no device holds 2^53 of anything")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

/// Between what something lies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interval {
    /// At least.
    pub(crate) low: f64,
    /// At most.
    pub(crate) high: f64,
}

impl Interval {
    /// The smallest that holds both.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Whether both ends are numbers above nothing, in their order.
    pub(crate) fn is_positive(self) -> bool {
        0.0 < self.low && self.low <= self.high && self.high.is_finite()
    }
}

/// Between what the rate of each part lies.
pub(crate) type Bands = BTreeMap<Part, Interval>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_one_name_everywhere() {
        for part in Part::ALL {
            let written = serde_json::to_string(&part).expect("plain");
            assert_eq!(written, format!("{:?}", part.name()));
            assert_eq!(Part::from_name(part.name()), Some(part));
        }
        assert_eq!(Part::from_name("tea"), None);
        for figure in spacelint_knowledge::devices::figures() {
            assert!(Part::from_name(figure.part).is_some(), "{}", figure.part);
        }
    }

    #[test]
    fn a_rate_is_read_at_a_glance() {
        for (part, rate, said) in [
            (Part::MatmulF32, 247.3e9, "247 GFLOP/s"),
            (Part::MatmulBf16, 1.234e12, "1.23 TFLOP/s"),
            (Part::Memory, 39.54e9, "39.5 GB/s"),
            (Part::Launch, 1_234_567.0, "1.23 M/s"),
            (Part::Launch, 12.0, "12.0 /s"),
        ] {
            assert_eq!(part.per_second(rate), said);
        }
    }
}
