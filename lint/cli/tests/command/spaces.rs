//! Whole Spaces through the real command: what is printed for each folder in `testdata/spaces/` is
//! written down beside it. `SPACELINT_BLESS=1 cargo test -p spacelint spaces` writes down what
//! is printed now; read the difference before you commit it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

#[test]
fn every_space_is_reported_as_written_down() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let spaces = repository.join("testdata/spaces");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&spaces)
        .expect("testdata/spaces is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 12, "testdata/spaces has {} Spaces", folders.len());
    let bless = std::env::var_os("SPACELINT_BLESS").is_some();
    let mut wrong = String::new();
    for folder in folders {
        let name = folder.file_name().expect("a folder has a name").to_string_lossy().into_owned();
        let ran = crate::support::run(
            &repository,
            &["check", &format!("testdata/spaces/{name}"), "--format", "json"],
        );
        assert_eq!(ran.stderr, "", "{name}");
        let failing = ran.json()["summary"]["errors"].as_u64() != Some(0)
            || ran.json()["summary"]["warnings"].as_u64() != Some(0);
        assert_eq!(ran.status, i32::from(failing), "{name}");
        let path = spaces.join(format!("{name}.expected.json"));
        if bless {
            std::fs::write(&path, &ran.stdout).expect("the expected report can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if expected != ran.stdout {
            let _ = writeln!(wrong, "{name}:\n--- expected\n{expected}+++ printed\n{}", ran.stdout);
        }
    }
    assert!(wrong.is_empty(), "{wrong}SPACELINT_BLESS=1 writes down what is printed");
}
