//! What the Space installs.

crate::registry::rules! { Dependencies: }
