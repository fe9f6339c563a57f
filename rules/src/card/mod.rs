//! The front matter of `README.md`.

crate::registry::rules! { Card: }
