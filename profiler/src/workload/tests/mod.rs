//! What the command is held to.

mod absurd;
mod beside;
mod counts;
mod everyday;
#[path = "../../../../rules/tests/pages/zerogpu/install.rs"]
mod install;
mod numerics;

use std::path::{Path, PathBuf};

/// A configuration in `testdata/models`.
fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/models").join(name)
}

/// A Python with PyTorch: the one that `SPACELINT_TORCH` names, or that of the rules' slow tests.
fn torch() -> PathBuf {
    let pins = "../rules/tests/pages/zerogpu/torch.txt";
    let install = || install::python(&Path::new(env!("CARGO_MANIFEST_DIR")).join(pins));
    std::env::var_os("SPACELINT_TORCH").map_or_else(install, PathBuf::from)
}
