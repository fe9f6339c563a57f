//! Fixed files to the disk.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_space::digest;
use tempfile::NamedTempFile;

use super::{Fixed, FixedFile};

/// Why nothing was written.
#[derive(Debug)]
pub struct WriteError {
    /// The file, relative to the Space's root.
    pub path: Utf8PathBuf,
    /// Why it cannot be written.
    pub reason: WriteErrorReason,
}

/// Why a file cannot be written.
#[derive(Debug)]
pub enum WriteErrorReason {
    /// It is no longer what was read.
    Changed,
    /// It lies outside the Space, reached by a symbolic link.
    Outside,
    /// It is a symbolic link that leads nowhere.
    Dangling,
    /// It holds bytes that its encoding does not know, which writing would lose.
    Undecodable,
    /// The system refuses.
    System(std::io::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.reason {
            WriteErrorReason::Changed => {
                write!(f, "`{path}` changed while it was being checked; run again")
            }
            WriteErrorReason::Outside => {
                write!(f, "`{path}` is a link that leads out of the Space")
            }
            WriteErrorReason::Dangling => write!(f, "`{path}` is a link that leads nowhere"),
            WriteErrorReason::Undecodable => {
                write!(f, "`{path}` holds bytes that are not text, which writing would lose")
            }
            WriteErrorReason::System(error) => write!(f, "cannot write `{path}`: {error}"),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            WriteErrorReason::System(error) => Some(error),
            _ => None,
        }
    }
}

/// A file written beside the one that it will replace.
struct Ready {
    temporary: NamedTempFile,
    target: PathBuf,
    path: Utf8PathBuf,
    is_new: bool,
}

impl Fixed {
    /// Writes the files below `root`, the Space's folder; see [`write()`].
    pub fn write(&self, root: &Utf8Path) -> Result<(), WriteError> {
        write(&self.files, root)
    }
}

/// Writes `files` below `root`, a Space's folder. Each is written beside the old one and then takes its
/// place, with its mode, so that it is there whole at every moment. Nothing takes its place before
/// everything is written; so an error means that nothing changed, unless the system refuses a rename
/// after it allowed one.
pub fn write(files: &[FixedFile], root: &Utf8Path) -> Result<(), WriteError> {
    let ready = files.iter().map(|file| prepare(root, file)).collect::<Result<Vec<_>, _>>()?;
    for Ready { temporary, target, path, is_new } in ready {
        let folder = target.parent().map(Path::to_path_buf);
        let persisted =
            if is_new { temporary.persist_noclobber(&target) } else { temporary.persist(&target) };
        persisted.map_err(|error| system(&path)(error.error))?;
        if let Some(folder) = folder {
            sync_folder(&folder);
        }
    }
    Ok(())
}

fn system(path: &Utf8Path) -> impl Fn(std::io::Error) -> WriteError {
    let path = path.to_owned();
    move |error| WriteError { path: path.clone(), reason: WriteErrorReason::System(error) }
}

fn prepare(root: &Utf8Path, file: &FixedFile) -> Result<Ready, WriteError> {
    let path = &file.before.path;
    let refuse = |reason| WriteError { path: path.clone(), reason };
    if !file.before.encoding.is_editable() {
        return Err(refuse(WriteErrorReason::Undecodable));
    }
    let root = if root.as_str().is_empty() { Utf8Path::new(".") } else { root };
    let root = root.as_std_path().canonicalize().map_err(system(path))?;
    if file.is_new {
        return create(&root, file);
    }
    // A symbolic link within the Space is kept: what it leads to is replaced.
    let target = root.join(path.as_std_path()).canonicalize().map_err(system(path))?;
    let Some(folder) = target.parent().filter(|_| target.starts_with(&root)) else {
        return Err(refuse(WriteErrorReason::Outside));
    };
    let now = std::fs::read(&target).map_err(system(path))?;
    if digest(&now) != file.before.digest {
        return Err(refuse(WriteErrorReason::Changed));
    }
    let mode = std::fs::metadata(&target).map_err(system(path))?.permissions();
    let write = || -> std::io::Result<NamedTempFile> {
        // Renaming replaces even a read-only file, which its owner did not want changed.
        if mode.readonly() {
            return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        }
        let mut temporary = tempfile::Builder::new().prefix(".spacelint-").tempfile_in(folder)?;
        temporary.write_all(&file.before.encode(&file.after))?;
        temporary.as_file().set_permissions(mode)?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    };
    let temporary = write().map_err(system(path))?;
    Ok(Ready { temporary, target: target.clone(), path: path.clone(), is_new: false })
}

/// The same for a file that is not there yet, straight below `root`.
fn create(root: &Path, file: &FixedFile) -> Result<Ready, WriteError> {
    let path = file.before.path.clone();
    let target = root.join(path.as_std_path());
    if let Ok(metadata) = target.symlink_metadata() {
        let reason = if metadata.is_symlink() {
            WriteErrorReason::Dangling
        } else {
            WriteErrorReason::Changed
        };
        return Err(WriteError { path, reason });
    }
    let write = || -> std::io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".spacelint-");
        #[cfg(unix)]
        let builder = {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: the system takes from this what the user's mask takes.
            builder.permissions(std::fs::Permissions::from_mode(0o666))
        };
        let mut temporary = builder.tempfile_in(root)?;
        temporary.write_all(file.after.as_bytes())?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    };
    let temporary = write().map_err(system(&path))?;
    Ok(Ready { temporary, target, path, is_new: true })
}

/// Makes a rename outlast a power cut, where the system lets a folder be opened.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = std::fs::File::open(folder) {
        // The new file is in place already; a system that cannot do more has done what it can.
        let _ = folder.sync_all();
    }
}
