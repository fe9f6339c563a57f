//! A Space on disk, as a plain value.

use std::sync::Arc;

use camino::Utf8PathBuf;
use spacelint_python::Text;

/// A file of the Space, read and decoded.
#[derive(Debug)]
pub struct SourceFile {
    /// Relative to the Space's root, with `/`.
    pub path: Utf8PathBuf,
    /// The decoded text.
    pub text: Text,
}

/// A Space.
#[derive(Debug)]
pub struct Space {
    /// The card's file.
    pub readme: Option<Arc<SourceFile>>,
}
