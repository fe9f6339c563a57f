//! How long a GPU call may hold the GPU, and what that costs.

mod bounds;
mod declared;
mod list;
mod measured;

pub use list::{Declared, GpuFunction, SizedBy, list};

pub(crate) use declared::{Caller, callers};

crate::registry::rules! { Duration:
    illegal_duration::IllegalDuration,
    mismatched_duration::MismatchedDuration,
    long_duration::LongDuration,
    one_call_a_day::OneCallADay,
    unlimited_duration::UnlimitedDuration,
    default_duration::DefaultDuration,
    loose_duration::LooseDuration,
    tight_duration::TightDuration,
    stale_profile::StaleProfile,
}
