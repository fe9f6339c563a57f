//! What the command is held to.

mod absurd;
mod beside;
mod counts;
mod everyday;
mod numerics;

use std::path::{Path, PathBuf};

/// A configuration in `testdata/models`.
fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/models").join(name)
}
