//! Python: text, syntax and trace.
//!
//! This crate knows the language and nothing else: no rule, no YAML, no file system, no library.

pub mod syntax;
pub mod text;
