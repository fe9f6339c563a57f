//! Whom a call is made for.

crate::registry::rules! { Identity: }
