//! What breaks a Space: rules, fixes and suppression.

pub mod finding;
pub mod rule;
