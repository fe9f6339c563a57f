//! How long a GPU call may hold the GPU, and what that costs.

crate::registry::rules! { Duration: }
