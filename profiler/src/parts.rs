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
    /// Copies from pinned host memory to the device, in bytes.
    HostToDevice,
    /// Copies from the device to pinned host memory, in bytes.
    DeviceToHost,
    /// Reads of packed weights from disk to the device, in bytes.
    Disk,
}

/// How much of each part there is: operations, bytes or starts.
pub(crate) type Amounts = BTreeMap<Part, f64>;

/// How much of each part is done in a second.
pub(crate) type Rates = BTreeMap<Part, f64>;
