//! How ZeroGPU starts and runs a Space.

crate::registry::rules! { Zerogpu: }
