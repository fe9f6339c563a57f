//! The real `spaces` and Gradio, for the tests that hold something against them: installed by the test, into `target/`,
//! once for each set of pins. The profiler's tests have this file too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The Python of a virtual environment with what `pins` names, made if there is none yet.
pub(crate) fn python(pins: &Path) -> PathBuf {
    // Cargo tells it to integration tests alone.
    let target = option_env!("CARGO_TARGET_TMPDIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp"), PathBuf::from);
    let home = target.join("zerogpu");
    std::fs::create_dir_all(&home).expect("target/ can be written");
    let wanted = std::fs::read_to_string(pins).expect("the pins are there");
    let folder = home.join(pins.file_stem().expect("a file"));
    let python = folder.join("bin/python");
    let made = folder.join("made-of.txt");
    // Another test run may be about to make the same one.
    let lock = File::create(folder.with_extension("lock")).expect("a lock");
    lock.lock().expect("it can be waited for");
    if std::fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return python;
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old environment can be removed");
    }
    install(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    install(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(pins));
    std::fs::write(&made, wanted).expect("target/ can be written");
    python
}

/// Runs a step of the installation; without it nothing can be held.
#[track_caller]
fn install(command: &mut Command) {
    let why = match command.output() {
        Ok(Output { status, .. }) if status.success() => return,
        Ok(Output { status, stderr, .. }) => {
            format!("{status}\n{}", String::from_utf8_lossy(&stderr))
        }
        Err(error) => error.to_string(),
    };
    panic!(
        "this is held against the real `spaces`, which the test installs with Python 3.11 or later, its venv and pip, \
         from a package index:\n{command:?}\n{why}"
    );
}
