//! What is true of Spaces, of ZeroGPU and of the libraries that Spaces use: dated, sourced tables, and
//! typed access to them.
//!
//! This is the only place where a number or a version of the platform is written down, and it stands in
//! the `*.toml` files beside `Cargo.toml`, never in Rust. The build script turns them into static data
//! and refuses an entry without `source` and `as_of`, so that at run time nothing is parsed, allocated
//! or read. It must never know a rule, a Space or how Python is read: it answers questions by name.
//!
//! A fact less sure than one official page or several independent reports is not in a table, so that no
//! finding can rest on it.

pub mod architectures;
pub mod calls;
pub mod card;
pub mod debian;
pub mod devices;
pub mod drift;
pub mod effects;
pub mod failures;
pub mod gradio;
pub mod models;
pub mod modules;
pub mod operators;
pub mod packages;
pub mod platform;
pub mod quota;
pub mod servers;
pub mod tokens;

/// How well a fact is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// One official page, or several independent reports.
    Medium,
    /// Read in the source, or reproduced.
    High,
}
