//! Shows by installing that what `drift.toml` says happens. It needs Python 3.11, a package index and the better part of
//! an hour, so it runs by name alone:
//!
//! ```text
//! cargo test -p spacelint-rules --test drift -- --ignored --nocapture
//! ```

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "installs dozens of environments from the package index"]
fn every_entry_ends_in_the_error_that_it_promises() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drift/prove.py");
    let status = Command::new("python3.11").arg(script).status();
    assert!(status.expect("Python 3.11 is installed").success());
}
