//! The one way to read. A [`Files`] value is a disk, a disk under unsaved buffers, or memory; once
//! it has been asked, it answers the same again, so that a run sees one state of every file.
//!
//! It knows paths and bytes, and must never know what a file means to a Space.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::Hasher;
use std::io::{ErrorKind, Read};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;
use spacelint_python::Text;

use crate::decode::{Encoding, decode};

/// The largest file that is read, in bytes. Offsets are `u32`, and no text in a Space is near it.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A file of the Space, read and decoded.
#[derive(Debug)]
pub struct SourceFile {
    /// Relative to the Space's root, with `/`.
    pub path: Utf8PathBuf,
    /// The decoded text. A byte order mark stays at its start.
    pub text: Text,
    /// How the text stands in the file.
    pub encoding: Encoding,
    /// [`digest`] of the file's bytes, by which a later writer sees whether it changed.
    pub digest: u64,
}

impl SourceFile {
    /// Decodes `bytes`.
    pub fn new(path: impl Into<Utf8PathBuf>, bytes: Vec<u8>) -> Self {
        let path = path.into();
        let digest = digest(&bytes);
        let (text, encoding) = decode(bytes, path.extension() == Some("py"));
        Self { path, text: Text::new(text), encoding, digest }
    }

    /// `text` that somebody has decoded already, whatever it says of its encoding.
    pub fn decoded(path: impl Into<Utf8PathBuf>, text: Text) -> Self {
        let digest = digest(text.as_str().as_bytes());
        Self { path: path.into(), text, encoding: Encoding::Decoded, digest }
    }

    /// This file with another text, read back as it would be written.
    #[must_use]
    pub fn edited(&self, text: &str) -> Self {
        match self.encoding {
            Encoding::Decoded => Self::decoded(self.path.clone(), Text::new(text)),
            _ => Self::new(self.path.clone(), self.encode(text)),
        }
    }

    /// `text`, an edited form of this file's, as bytes in the file's encoding.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        self.encoding.encode(text)
    }
}

/// A number by which changed bytes are told from unchanged ones; the same in every run of one
/// build, and no protection against an attacker.
pub fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
}

/// A file that is there, or may be, and that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The path as it was asked for.
    pub path: Utf8PathBuf,
    /// Why.
    pub reason: ReadErrorReason,
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadErrorReason {
    /// The path is absolute, or leads out of the Space by `..` or through a symbolic link.
    Outside,
    /// Neither a file nor a folder: a pipe, a device, a socket.
    Special,
    /// Larger than [`MAX_FILE_BYTES`], or than a file of its kind may be.
    TooLarge {
        /// The file's size in bytes.
        bytes: u64,
        /// How many are read of such a file.
        limit: u64,
    },
    /// The system's own words.
    System(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.reason {
            ReadErrorReason::Outside => write!(f, "`{path}` lies outside the Space"),
            ReadErrorReason::Special => write!(f, "`{path}` is not a regular file"),
            ReadErrorReason::TooLarge { bytes, limit } => {
                write!(f, "`{path}` has {bytes} bytes; at most {limit} are read")
            }
            ReadErrorReason::System(message) => write!(f, "cannot read `{path}`: {message}"),
        }
    }
}

impl std::error::Error for ReadError {}

type Answer = Result<Option<Arc<SourceFile>>, ReadErrorReason>;

/// The files of one Space.
pub struct Files {
    root: Utf8PathBuf,
    base: Base,
    buffers: BTreeMap<Utf8PathBuf, Arc<SourceFile>>,
    read: Mutex<FxHashMap<Utf8PathBuf, Answer>>,
    folders: Mutex<FxHashMap<Utf8PathBuf, Option<Listing>>>,
}

/// What stands in a folder on disk, by name.
type Listing = Arc<FxHashMap<String, Listed>>;

/// What a folder says of a name in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Is(Kind),
    /// A symbolic link: what it leads to is asked for when somebody wants to know.
    Link,
    /// Neither a file nor a folder.
    Special,
    /// It is not there.
    Nothing,
}

/// The number of entries up to which a folder is listed to say what stands in it. A Space asks for
/// some dozens of modules that are not there: one look at the folder answers all of them, unless
/// somebody keeps a data set in it.
const MAX_LISTED: usize = 2048;

enum Base {
    /// The root without symbolic links, resolved when first needed.
    Disk(OnceLock<Result<PathBuf, String>>),
    /// Nothing but the buffers.
    Memory,
}

impl Files {
    /// The folder `root` on disk. Nothing is read yet.
    pub fn disk(root: impl Into<Utf8PathBuf>) -> Self {
        Self::new(root.into(), Base::Disk(OnceLock::new()))
    }

    /// Files that exist nowhere else, by their paths from the root; a path that leaves the root is
    /// left out.
    pub fn memory(entries: impl IntoIterator<Item = (Utf8PathBuf, Vec<u8>)>) -> Self {
        entries
            .into_iter()
            .fold(Self::new(Utf8PathBuf::new(), Base::Memory), |files, (path, bytes)| {
                files.with_buffer(path, bytes)
            })
    }

    fn new(root: Utf8PathBuf, base: Base) -> Self {
        Self {
            root,
            base,
            buffers: BTreeMap::new(),
            read: Mutex::default(),
            folders: Mutex::default(),
        }
    }

    /// The same files with `bytes` at `path` (from the root), as if they were on disk.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a path to a buffer is mostly made for it")]
    pub fn with_buffer(self, path: Utf8PathBuf, bytes: Vec<u8>) -> Self {
        match normal(&path) {
            Some(path) => self.with_file(SourceFile::new(path, bytes)),
            None => self,
        }
    }

    /// The same files with `text` at `path` (from the root), as in an editor's unsaved buffer.
    #[must_use]
    pub fn with_text(self, path: &Utf8Path, text: &Text) -> Self {
        match normal(path) {
            Some(path) => self.with_file(SourceFile::decoded(path, text.clone())),
            None => self,
        }
    }

    /// The same files with `file` at its path.
    #[must_use]
    pub fn with_file(mut self, file: SourceFile) -> Self {
        self.buffers.insert(file.path.clone(), Arc::new(file));
        self
    }

    /// The Space's folder as it was given; empty for memory.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The file at `path`, which is relative to the root; none if no file is there. A folder is no
    /// file.
    pub fn read(&self, path: &Utf8Path) -> Result<Option<Arc<SourceFile>>, ReadError> {
        let error = |reason| ReadError { path: path.to_owned(), reason };
        let Some(name) = normal(path) else { return Err(error(ReadErrorReason::Outside)) };
        if let Some(file) = self.buffers.get(&name) {
            return Ok(Some(Arc::clone(file)));
        }
        let Base::Disk(root) = &self.base else { return Ok(None) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = read.get(&name) {
            return answer.clone().map_err(error);
        }
        let answer = self.read_disk(root, &name);
        read.insert(name, answer.clone());
        answer.map_err(error)
    }

    fn read_disk(&self, root: &OnceLock<Result<PathBuf, String>>, name: &Utf8Path) -> Answer {
        match self.listed(name) {
            Some(Listed::Is(Kind::File)) => {
                return read_file(name, self.root.join(name).as_std_path());
            }
            Some(Listed::Nothing | Listed::Is(Kind::Folder)) => return Ok(None),
            Some(Listed::Link | Listed::Special) | None => {}
        }
        let root = root.get_or_init(|| {
            let given = if self.root.as_str().is_empty() { Utf8Path::new(".") } else { &self.root };
            given.as_std_path().canonicalize().map_err(|error| words(&error))
        });
        let root = root.as_ref().map_err(|message| ReadErrorReason::System(message.clone()))?;
        let real = match root.join(name.as_std_path()).canonicalize() {
            Ok(real) => real,
            Err(error) => return missing_or(&error),
        };
        if !real.starts_with(root) {
            return Err(ReadErrorReason::Outside);
        }
        // The system finds `README.md` under `Readme.md` on some disks; the platform's does not.
        if DISK_MAY_FOLD_CASE && !self.is_spelled_so(name) {
            return Ok(None);
        }
        match std::fs::metadata(&real) {
            Ok(metadata) if metadata.is_dir() => Ok(None),
            Ok(metadata) if !metadata.is_file() => Err(ReadErrorReason::Special),
            Ok(_) => read_file(name, &real),
            Err(error) => missing_or(&error),
        }
    }

    /// What the folders on disk say of `name`: nothing of what is behind a link or in a folder that
    /// cannot be listed.
    fn listed(&self, name: &Utf8Path) -> Option<Listed> {
        let mut folder = Utf8PathBuf::new();
        let mut found = Listed::Is(Kind::Folder);
        for component in name.components() {
            match found {
                Listed::Is(Kind::Folder) => {}
                Listed::Link => return None,
                _ => return Some(Listed::Nothing),
            }
            let listing = self.listing(&folder)?;
            found = listing.get(component.as_str()).copied().unwrap_or(Listed::Nothing);
            folder.push(component);
        }
        Some(found)
    }

    /// What stands in a folder, listed once; none where that cannot be, or is too much.
    fn listing(&self, folder: &Utf8Path) -> Option<Listing> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = folders.get(folder) {
            return known.clone();
        }
        let listing = self.list_disk(folder);
        folders.insert(folder.to_owned(), listing.clone());
        listing
    }

    fn list_disk(&self, folder: &Utf8Path) -> Option<Listing> {
        let mut listing = FxHashMap::default();
        for entry in std::fs::read_dir(self.on_disk(folder)).ok()? {
            let entry = entry.ok()?;
            // Nobody can ask for a name that is not Unicode.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().ok()?;
            listing.insert(name, listed_as(kind));
            if listing.len() > MAX_LISTED {
                return None;
            }
        }
        Some(Arc::new(listing))
    }

    /// The path for the system of what stands at `name`.
    fn on_disk(&self, name: &Utf8Path) -> Utf8PathBuf {
        let path = self.root.join(name);
        if path.as_str().is_empty() { ".".into() } else { path }
    }

    /// How many files were read so far, each counted once; what is in buffers does not count.
    pub fn read_count(&self) -> usize {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.values().filter(|answer| matches!(answer, Ok(Some(_)))).count()
    }

    /// What stands at `path`; none for nothing, for a thing that is neither file nor folder and for
    /// a path out of the Space. The root is a folder.
    pub fn kind(&self, path: &Utf8Path) -> Option<Kind> {
        let name = normal(path)?;
        if self.buffers.contains_key(&name) {
            return Some(Kind::File);
        }
        if self.buffered_under(&name).next().is_some() || name.as_str().is_empty() {
            return Some(Kind::Folder);
        }
        let Base::Disk(_) = &self.base else { return None };
        match self.listed(&name) {
            Some(Listed::Is(kind)) => return Some(kind),
            Some(Listed::Nothing | Listed::Special) => return None,
            Some(Listed::Link) | None => {}
        }
        let metadata = std::fs::metadata(self.root.join(&name)).ok()?;
        if DISK_MAY_FOLD_CASE && !self.is_spelled_so(&name) {
            return None;
        }
        kind_of(metadata.file_type())
    }

    /// What stands in `folder`, sorted by name; empty where there is no such folder. A name that is
    /// not Unicode is left out: no Python module or card can spell it.
    pub fn list(&self, folder: &Utf8Path) -> Vec<(String, Kind)> {
        self.list_with(folder, true)
    }

    /// With `follow`, what a link leads to counts as standing there; else a link is left out.
    fn list_with(&self, folder: &Utf8Path, follow: bool) -> Vec<(String, Kind)> {
        let Some(name) = normal(folder) else { return Vec::new() };
        let mut found = BTreeMap::new();
        if let Base::Disk(_) = &self.base {
            let mut add = |file_name: String, listed: Listed| {
                let led_to = || std::fs::metadata(self.on_disk(&name.join(&file_name))).ok();
                let kind = match listed {
                    Listed::Is(kind) => Some(kind),
                    Listed::Link if follow => led_to().and_then(|it| kind_of(it.file_type())),
                    Listed::Link | Listed::Special | Listed::Nothing => None,
                };
                if let Some(kind) = kind {
                    found.insert(file_name, kind);
                }
            };
            if let Some(listing) = self.listing(&name) {
                listing.iter().for_each(|(file_name, listed)| add(file_name.clone(), *listed));
            } else {
                // As much as there is, however much it is.
                for entry in std::fs::read_dir(self.on_disk(&name)).into_iter().flatten().flatten()
                {
                    let Ok(file_name) = entry.file_name().into_string() else { continue };
                    let Ok(kind) = entry.file_type() else { continue };
                    add(file_name, listed_as(kind));
                }
            }
        }
        for path in self.buffered_under(&name) {
            let Ok(rest) = path.strip_prefix(&name) else { continue };
            let mut components = rest.components();
            let Some(first) = components.next() else { continue };
            let kind = if components.next().is_some() { Kind::Folder } else { Kind::File };
            found.insert(first.as_str().to_owned(), kind);
        }
        found.into_iter().collect()
    }

    /// The files below the root, those nearest to it first, until `limit` names were looked at. Links, and
    /// whatever has a name that `skip` refuses, are left out.
    pub fn walk(&self, limit: usize, skip: impl Fn(&str) -> bool) -> Vec<Utf8PathBuf> {
        let mut folders = VecDeque::from([Utf8PathBuf::new()]);
        let mut found = Vec::new();
        let mut seen = 0;
        while let Some(folder) = folders.pop_front() {
            for (name, kind) in self.list_with(&folder, false) {
                seen += 1;
                if seen > limit {
                    return found;
                }
                if skip(&name) {
                    continue;
                }
                let path = folder.join(name);
                match kind {
                    Kind::File => found.push(path),
                    Kind::Folder => folders.push_back(path),
                }
            }
        }
        found
    }

    /// The bytes of the file at `path`, as [`walk`](Self::walk) gives it, if there are at most `limit`. They
    /// are not kept, and the next answer may be another.
    pub(crate) fn peek(&self, path: &Utf8Path, limit: u64) -> Option<Vec<u8>> {
        if let Some(file) = self.buffers.get(path) {
            let is_short = file.text.as_str().len() as u64 <= limit;
            return is_short.then(|| file.encode(file.text.as_str()));
        }
        let Base::Disk(_) = &self.base else { return None };
        let file = std::fs::File::open(self.on_disk(path)).ok()?;
        let size = file.metadata().ok()?.len();
        if size > limit {
            return None;
        }
        let mut bytes = Vec::with_capacity(size as usize + 1);
        file.take(limit + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= limit).then_some(bytes)
    }

    /// The size of the file at `path`, as [`walk`](Self::walk) gives it, in bytes.
    pub(crate) fn size(&self, path: &Utf8Path) -> Option<u64> {
        if let Some(file) = self.buffers.get(path) {
            return Some(file.text.as_str().len() as u64);
        }
        let Base::Disk(_) = &self.base else { return None };
        std::fs::symlink_metadata(self.on_disk(path)).ok().map(|metadata| metadata.len())
    }

    /// The first bytes of the file at `path`, as [`walk`](Self::walk) gives it, at most `limit`.
    pub(crate) fn head(&self, path: &Utf8Path, limit: u64) -> Option<Vec<u8>> {
        if let Some(file) = self.buffers.get(path) {
            let mut bytes = file.encode(file.text.as_str());
            bytes.truncate(limit as usize);
            return Some(bytes);
        }
        let Base::Disk(_) = &self.base else { return None };
        let mut bytes = Vec::new();
        std::fs::File::open(self.on_disk(path)).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn buffered_under<'a>(&'a self, folder: &'a Utf8Path) -> impl Iterator<Item = &'a Utf8Path> {
        self.buffers
            .range::<Utf8Path, _>((Bound::Excluded(folder), Bound::Unbounded))
            .map(|(path, _)| path.as_path())
            .take_while(move |path| path.starts_with(folder))
    }

    /// Whether every part of `name` is spelled on disk as it is here.
    fn is_spelled_so(&self, name: &Utf8Path) -> bool {
        let mut folder = self.root.clone();
        name.components().all(|component| {
            let path = if folder.as_str().is_empty() { Utf8Path::new(".") } else { &folder };
            let found = std::fs::read_dir(path).is_ok_and(|entries| {
                entries.flatten().any(|entry| entry.file_name() == component.as_str())
            });
            folder.push(component);
            found
        })
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let buffers: Vec<_> = self.buffers.keys().collect();
        f.debug_struct("Files")
            .field("root", &self.root)
            .field("buffers", &buffers)
            .finish_non_exhaustive()
    }
}

/// The file that stands at `path` on disk.
fn read_file(name: &Utf8Path, path: &Path) -> Answer {
    let mut bytes = Vec::new();
    // The size is asked of what was read: a file may grow, and some report no size at all.
    let result = std::fs::File::open(path).and_then(|file| {
        let len = file.metadata()?.len();
        bytes.reserve_exact(len.min(MAX_FILE_BYTES) as usize + 1);
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(len)
    });
    match result {
        Err(error) => missing_or(&error),
        Ok(len) if bytes.len() as u64 > MAX_FILE_BYTES => {
            let bytes = len.max(bytes.len() as u64);
            Err(ReadErrorReason::TooLarge { bytes, limit: MAX_FILE_BYTES })
        }
        Ok(_) => Ok(Some(Arc::new(SourceFile::new(name, bytes)))),
    }
}

fn missing_or(error: &std::io::Error) -> Answer {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput => Ok(None),
        _ => Err(ReadErrorReason::System(words(error))),
    }
}

/// Where a disk usually finds a name however its letters' case is written. The platform runs on
/// disks that do not.
const DISK_MAY_FOLD_CASE: bool = cfg!(any(windows, target_vendor = "apple"));

/// `path` without `.` and `..`; none if it is absolute or leaves its root.
pub(crate) fn normal(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut normal = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::Normal(name) => normal.push(name),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Utf8Component::Prefix(_) | Utf8Component::RootDir => return None,
        }
    }
    if cfg!(windows) {
        normal = normal.as_str().replace('\\', "/").into();
    }
    Some(normal)
}

fn kind_of(file_type: std::fs::FileType) -> Option<Kind> {
    if file_type.is_file() {
        Some(Kind::File)
    } else if file_type.is_dir() {
        Some(Kind::Folder)
    } else {
        None
    }
}

fn listed_as(file_type: std::fs::FileType) -> Listed {
    match kind_of(file_type) {
        _ if file_type.is_symlink() => Listed::Link,
        Some(kind) => Listed::Is(kind),
        None => Listed::Special,
    }
}

/// The system's message without its number.
pub(crate) fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(paths: &[&str]) -> Files {
        Files::memory(paths.iter().map(|path| (Utf8PathBuf::from(path), path.as_bytes().to_vec())))
    }

    fn text(files: &Files, path: &str) -> Option<String> {
        let file = files.read(Utf8Path::new(path)).expect("nothing forbids it")?;
        Some(file.text.as_str().to_owned())
    }

    fn reason(files: &Files, path: &str) -> ReadErrorReason {
        files.read(Utf8Path::new(path)).expect_err("something forbids it").reason
    }

    struct Disk {
        folder: tempfile::TempDir,
        files: Files,
    }

    fn disk(paths: &[&str]) -> Disk {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for path in paths {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, path.file_name().expect("a name").as_encoded_bytes())
                .expect("a file");
        }
        let root = Utf8Path::from_path(folder.path()).expect("a Unicode path").to_owned();
        Disk { folder, files: Files::disk(root) }
    }

    fn names(files: &Files, folder: &str) -> Vec<String> {
        files
            .list(Utf8Path::new(folder))
            .into_iter()
            .map(|(name, kind)| if kind == Kind::Folder { name + "/" } else { name })
            .collect()
    }

    #[test]
    fn memory_answers_like_a_disk() {
        let paths = ["app.py", "b/c.py", "b/d/e.py", "b-c/f.py", "b.py"];
        let disk = disk(&paths);
        for files in [&memory(&paths), &disk.files] {
            assert!(text(files, "app.py").is_some());
            assert!(text(files, "./b/../b/c.py").is_some());
            assert_eq!(text(files, "b"), None);
            assert_eq!(text(files, "App.py"), None);
            assert_eq!(text(files, "app.py/x"), None);
            assert_eq!(text(files, "a\0b"), None);
            assert_eq!(names(files, ""), ["app.py", "b/", "b-c/", "b.py"]);
            assert_eq!(names(files, "b"), ["c.py", "d/"]);
            assert!(names(files, "nothing").is_empty() && names(files, "app.py").is_empty());
            assert_eq!(files.kind(Utf8Path::new("b/d")), Some(Kind::Folder));
            assert_eq!(files.kind(Utf8Path::new("b.py")), Some(Kind::File));
            assert_eq!(files.kind(Utf8Path::new(".")), Some(Kind::Folder));
            assert_eq!(files.kind(Utf8Path::new("B")), None);
            for outside in ["..", "../x", "/etc/passwd", "b/../../x"] {
                assert_eq!(reason(files, outside), ReadErrorReason::Outside);
                assert_eq!(files.kind(Utf8Path::new(outside)), None);
                assert!(names(files, outside).is_empty());
            }
        }
    }

    #[test]
    fn a_walk_goes_from_the_root_down() {
        let paths = ["app.py", "b/c.py", "b/d/e.py", "skip/x.py", "z.py"];
        let disk = disk(&paths);
        for files in [&memory(&paths), &disk.files] {
            let walked = files.walk(100, |name| name == "skip");
            assert_eq!(walked, ["app.py", "z.py", "b/c.py", "b/d/e.py"]);
            assert_eq!(files.walk(2, |_| false), ["app.py"]);
            let peeked = files.peek(Utf8Path::new("z.py"), 4);
            assert_eq!(peeked.as_deref(), Some("z.py".as_bytes()));
        }
        assert_eq!(disk.files.peek(Utf8Path::new("app.py"), 4), None);
    }

    #[test]
    fn a_buffer_lies_over_the_disk() {
        let Disk { folder: _folder, files } = disk(&["app.py", "b/c.py"]);
        let files = files
            .with_buffer("app.py".into(), b"new".to_vec())
            .with_buffer("./b/n/m.py".into(), Vec::new())
            .with_buffer("../out.py".into(), Vec::new());
        assert_eq!(text(&files, "app.py").as_deref(), Some("new"));
        assert_eq!(names(&files, "b"), ["c.py", "n/"]);
        assert_eq!(files.kind(Utf8Path::new("b/n")), Some(Kind::Folder));
    }

    #[test]
    fn a_file_is_read_once() {
        let disk = disk(&["app.py"]);
        let first = disk.files.read(Utf8Path::new("app.py")).expect("readable").expect("there");
        std::fs::write(disk.folder.path().join("app.py"), "changed").expect("a file");
        let second = disk.files.read(Utf8Path::new("./app.py")).expect("readable").expect("there");
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(first.digest, digest(b"app.py"));
        assert_ne!(first.digest, digest(b"changed"));
        assert_eq!(text(&disk.files, "late.py"), None);
        std::fs::write(disk.folder.path().join("late.py"), "").expect("a file");
        assert_eq!(text(&disk.files, "late.py"), None, "the answer stays");
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let disk = disk(&["app.py"]);
        let large = std::fs::File::create(disk.folder.path().join("large.py")).expect("a file");
        large.set_len(MAX_FILE_BYTES + 1).expect("a size");
        let expected =
            ReadErrorReason::TooLarge { bytes: MAX_FILE_BYTES + 1, limit: MAX_FILE_BYTES };
        assert_eq!(reason(&disk.files, "large.py"), expected);
    }

    #[test]
    fn a_folder_that_is_too_long_to_list_answers_alike() {
        let made: Vec<String> = (0..=MAX_LISTED).map(|index| format!("b/{index}.py")).collect();
        let paths: Vec<&str> = made.iter().map(String::as_str).collect();
        let Disk { folder: _folder, files } = disk(&paths);
        assert!(files.listing(Utf8Path::new("b")).is_none());
        assert_eq!(text(&files, "b/7.py").as_deref(), Some("7.py"));
        assert_eq!(text(&files, "b/x.py"), None);
        assert_eq!(files.kind(Utf8Path::new("b/7.py")), Some(Kind::File));
        assert_eq!(files.kind(Utf8Path::new("b/x.py")), None);
        assert_eq!(names(&files, "b").len(), MAX_LISTED + 1);
    }

    #[test]
    fn a_missing_root_is_an_error() {
        let files = Files::disk("no/such/folder");
        assert!(matches!(reason(&files, "app.py"), ReadErrorReason::System(_)));
        assert!(names(&files, "").is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_within_the_space_alone() {
        use std::os::unix::fs::symlink;
        let disk = disk(&["in/app.py", "out.py"]);
        let inner = disk.folder.path().join("in");
        for (target, name) in [
            ("../out.py", "out.py"),
            ("app.py", "same.py"),
            ("nowhere", "broken.py"),
            ("loop.py", "loop.py"),
            ("..", "up"),
        ] {
            symlink(target, inner.join(name)).expect("a link");
        }
        let files = Files::disk(Utf8PathBuf::from_path_buf(inner.clone()).expect("Unicode"));
        assert_eq!(reason(&files, "out.py"), ReadErrorReason::Outside);
        assert_eq!(reason(&files, "up/out.py"), ReadErrorReason::Outside);
        assert_eq!(text(&files, "up/in/app.py").as_deref(), Some("app.py"));
        assert_eq!(text(&files, "same.py").as_deref(), Some("app.py"));
        assert_eq!(text(&files, "broken.py"), None);
        assert!(matches!(reason(&files, "loop.py"), ReadErrorReason::System(_)));
        // A Space that is itself behind a link is all inside.
        symlink(&inner, disk.folder.path().join("link")).expect("a link");
        let root = Utf8PathBuf::from_path_buf(disk.folder.path().join("link")).expect("Unicode");
        assert!(text(&Files::disk(root), "app.py").is_some());
        let socket = std::os::unix::net::UnixListener::bind(inner.join("socket.py"));
        let _socket = socket.expect("a socket");
        let files = Files::disk(Utf8PathBuf::from_path_buf(inner).expect("Unicode"));
        assert_eq!(reason(&files, "socket.py"), ReadErrorReason::Special);
        assert_eq!(files.kind(Utf8Path::new("socket.py")), None);
    }
}
