//! How long a GPU call may hold the GPU, and what that costs.

mod declared;

pub(crate) use declared::{Caller, callers};

crate::registry::rules! { Duration:
    illegal_duration::IllegalDuration,
    long_duration::LongDuration,
    default_duration::DefaultDuration,
}
