//! Fixed files to the disk.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_space::digest;
use tempfile::NamedTempFile;

use super::{Fixed, FixedFile};

/// How the name of a file begins that is written beside the one whose place it takes; six letters and digits follow.
/// A run that is killed leaves it, and the next one that writes there removes it.
pub const TEMPORARY: &str = ".spacelint-";

/// Why something was not written.
#[derive(Debug)]
pub struct WriteError {
    /// The file, relative to the Space's root.
    pub path: Utf8PathBuf,
    /// Why it cannot be written.
    pub reason: WriteErrorReason,
    /// What was written before, whole: nothing, unless the system refused a rename after it had allowed one.
    pub written: Vec<Utf8PathBuf>,
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
        }?;
        match &self.written[..] {
            [] => f.write_str("; nothing in this Space was changed"),
            [first, rest @ ..] => {
                write!(f, "; changed before that: `{first}`")?;
                rest.iter().try_for_each(|path| write!(f, ", `{path}`"))
            }
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
/// after it allowed one. What a run before this one left because it was killed is removed.
pub fn write(files: &[FixedFile], root: &Utf8Path) -> Result<(), WriteError> {
    let ready = files.iter().map(|file| prepare(root, file)).collect::<Result<Vec<_>, _>>()?;
    let mut written = Vec::new();
    let mut folders = BTreeSet::new();
    for Ready { temporary, target, path, is_new } in ready {
        folders.extend(target.parent().map(Path::to_path_buf));
        let persisted =
            if is_new { temporary.persist_noclobber(&target) } else { temporary.persist(&target) };
        if let Err(error) = persisted {
            return Err(WriteError { written, ..system(&path)(error.error) });
        }
        written.push(path);
    }
    for folder in folders {
        sync_folder(&folder);
        remove_left(&folder);
    }
    Ok(())
}

fn system(path: &Utf8Path) -> impl Fn(std::io::Error) -> WriteError {
    let path = path.to_owned();
    move |error| refused(&path, WriteErrorReason::System(error))
}

fn refused(path: &Utf8Path, reason: WriteErrorReason) -> WriteError {
    WriteError { path: path.to_owned(), reason, written: Vec::new() }
}

/// An empty file in `folder` that is to take another's place, as `builder` makes it. It is locked while somebody
/// writes it, by which it is told from one that was left.
pub fn temporary(builder: &mut tempfile::Builder, folder: &Path) -> std::io::Result<NamedTempFile> {
    let file = builder.prefix(TEMPORARY).rand_bytes(LETTERS).tempfile_in(folder)?;
    // Some systems lock no files; then nobody takes this one for one that was left either.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// How many letters and digits follow [`TEMPORARY`].
const LETTERS: usize = 6;

/// Removes from `folder` what runs left there that were killed while they wrote. What cannot be removed stays: it is
/// whole for nobody, and in nobody's way.
pub fn remove_left(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let letters = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY));
        let is_ours = letters.is_some_and(|letters| {
            letters.len() == LETTERS && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        // A pipe of that name would never open.
        if is_ours
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn prepare(root: &Utf8Path, file: &FixedFile) -> Result<Ready, WriteError> {
    let path = &file.before.path;
    let refuse = |reason| refused(path, reason);
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
        let mut temporary = temporary(&mut tempfile::Builder::new(), folder)?;
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
        return Err(refused(&path, reason));
    }
    let write = || -> std::io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: the system takes from this what the user's mask takes.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut temporary = temporary(&mut builder, root)?;
        temporary.write_all(file.after.as_bytes())?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    };
    let temporary = write().map_err(system(&path))?;
    Ok(Ready { temporary, target, path, is_new: true })
}

/// Makes a rename outlast a power cut, where the system lets a folder be opened.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // The new file is in place already; a system that cannot do more has done what it can.
        let _ = folder.sync_all();
    }
}
