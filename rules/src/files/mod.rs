//! The files themselves, and what silences rules in them.

crate::registry::rules! { Files: }
