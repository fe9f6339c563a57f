//! What the command line hands over besides Spaces: a file by its name, or standard input. It is read whole, and no
//! more of it than of a file of a Space.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use spacelint_space::MAX_FILE_BYTES;

/// What stands at `path`, or on standard input for `-`.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    if is_stdin(path) { stdin() } else { file(path) }
}

/// What stands in the file at `path`.
pub(crate) fn file(path: &Path) -> io::Result<Vec<u8>> {
    whole(File::open(path)?)
}

/// What stands on standard input.
pub(crate) fn stdin() -> io::Result<Vec<u8>> {
    whole(io::stdin().lock())
}

fn whole(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let error = format!("it has more than {MAX_FILE_BYTES} bytes, and no more are read");
        return Err(io::Error::other(error));
    }
    Ok(bytes)
}

/// How messages name `path`.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { format!("`{}`", path.display()) }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}
