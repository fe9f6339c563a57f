//! What the Space needs from its settings.

crate::registry::rules! { Secrets: }
