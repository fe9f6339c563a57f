//! How long a GPU call may hold the GPU, and what that costs.

mod bounds;
mod declared;
mod list;

pub use list::{Declared, GpuFunction, SizedBy, list};

pub(crate) use declared::{Caller, callers};

crate::registry::rules! { Duration:
    illegal_duration::IllegalDuration,
    mismatched_duration::MismatchedDuration,
    long_duration::LongDuration,
    one_call_a_day::OneCallADay,
    unlimited_duration::UnlimitedDuration,
    default_duration::DefaultDuration,
}
