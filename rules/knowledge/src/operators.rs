//! Which kind of work an operator of PyTorch is, or a kernel, by the name that its profiler gives it.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/operators.rs"));

/// Operators of one kind of work.
#[derive(Debug)]
pub struct Operator {
    /// The kind.
    pub work: Work,
    /// Their whole names; none where the rest says which they are.
    pub names: &'static [&'static str],
    /// What their names begin with.
    pub starts: &'static str,
    /// What their names have in them, one of these; nothing where the beginning suffices.
    pub contains: &'static [&'static str],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What the device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Scaled dot-product attention.
    Attention,
    /// Convolutions.
    Convolution,
    /// Copies to host memory that is not pinned.
    DeviceToHost,
    /// Copies from host memory that is not pinned.
    HostToDevice,
    /// What is bound by the device's memory.
    Memory,
    /// Products of matrices, of numbers of the first tensor's type.
    Product,
    /// None of these, or several.
    Unknown,
}

/// The kind of work of that name.
pub fn work(name: &str) -> Work {
    let fits = |it: &&Operator| {
        if it.names.is_empty() {
            let has = it.contains.is_empty() || it.contains.iter().any(|it| name.contains(it));
            name.starts_with(it.starts) && has
        } else {
            it.names.contains(&name)
        }
    };
    OPERATORS.iter().find(fits).map_or(Work::Unknown, |it| it.work)
}
