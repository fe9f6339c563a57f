//! `#[derive(Rule)]`.
