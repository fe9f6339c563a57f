//! Where the libraries are.

use std::env;
use std::ffi::{CStr, CString, OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::driver::{self, Version};
use crate::entries::{ENTRIES, Entry};

/// A library that is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// The driver's, which comes with the driver alone.
    Driver,
    Cublas,
    Curand,
    Cudnn,
}

impl Library {
    /// As people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Driver => "the NVIDIA driver",
            Self::Cublas => "cuBLAS",
            Self::Curand => "cuRAND",
            Self::Cudnn => "cuDNN",
        }
    }

    /// The files that will do, the newest first. What is called of them is the same in each.
    pub(crate) fn files(self, driver: Version) -> &'static [&'static str] {
        match self {
            Self::Driver => &["libcuda.so.1"],
            // That of CUDA 13 does not run on a driver for CUDA 12.
            Self::Cublas if driver.major < 13 => &["libcublas.so.12"],
            Self::Cublas => &["libcublas.so.13", "libcublas.so.12"],
            Self::Curand => &["libcurand.so.10"],
            Self::Cudnn => &["libcudnn.so.9"],
        }
    }

    /// What must be open before it: its loader would look for that where the user's folders do not count.
    fn first(self, file: &str) -> Option<String> {
        (self == Self::Cublas).then(|| file.replace("libcublas", "libcublasLt"))
    }
}

/// Where a driver is that the loader does not know of: containers, WSL, notebooks.
const DRIVER_FOLDERS: [&str; 4] =
    ["/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib", "/usr/lib64-nvidia"];

/// Where CUDA is installed by hand.
const TOOLKIT_FOLDERS: [&str; 2] = ["/usr/local/cuda/lib64", "/opt/cuda/lib64"];

/// The oldest driver that reads the kernels, whose PTX is of version 7.8 (`toolkit.sh`).
const OLDEST: Version = Version { major: 11, minor: 8 };

/// Finds and binds all libraries.
pub(crate) fn bind() -> Result<(), String> {
    let given: Vec<PathBuf> = env::var_os(crate::FOLDERS)
        .map(|folders| env::split_paths(&folders).filter(|path| path.is_absolute()).collect())
        .unwrap_or_default();
    let unknown = Version { major: 0, minor: 0 };
    let driver_folders = DRIVER_FOLDERS.map(PathBuf::from);
    let driver = open(Library::Driver, unknown, &given, &driver_folders)?;
    bind_entries(Library::Driver, &driver)?;
    // Known without a device.
    let version = driver::driver_version().map_err(|failure| failure.to_string())?;
    if version < OLDEST {
        return Err(format!(
            "the NVIDIA driver here is for CUDA {version}, and CUDA {OLDEST} is the oldest that will do: install a newer driver"
        ));
    }

    // Those that PyTorch computes with come before those of the system: their times are asked for.
    let mut preferred = given;
    preferred.extend(python_folders());
    let others = TOOLKIT_FOLDERS.map(PathBuf::from);
    let mut libraries = vec![Library::Cublas, Library::Curand];
    if cfg!(feature = "cudnn") {
        libraries.push(Library::Cudnn);
    }
    for library in libraries {
        let opened = open(library, version, &preferred, &others)?;
        bind_entries(library, &opened)?;
    }
    Ok(())
}

/// A library that is open, and stays so until the program ends.
struct Opened {
    handle: *mut c_void,
    file: PathBuf,
}

/// Opens the first file of a library that can be: in the preferred folders, where the loader looks, in the others.
fn open(
    library: Library,
    driver: Version,
    preferred: &[PathBuf],
    others: &[PathBuf],
) -> Result<Opened, String> {
    let files = library.files(driver);
    let mut reason = None;
    let loader = PathBuf::new();
    for folder in preferred.iter().chain([&loader]).chain(others) {
        let is_loaders = folder.as_os_str().is_empty();
        for file in files {
            let path = folder.join(file);
            if !is_loaders && !path.exists() {
                continue;
            }
            if let Some(first) = library.first(file) {
                let first = folder.join(first);
                if is_loaders || first.exists() {
                    // If that fails, so does the library itself, and says why.
                    drop(dlopen(&first));
                }
            }
            match dlopen(&path) {
                Ok(handle) => return Ok(Opened { handle, file: path }),
                // That the loader does not know it is nothing to tell; that a file is there and cannot be opened is.
                Err(why) if !is_loaders => reason = reason.or(Some(why)),
                Err(_) => {}
            }
        }
    }
    Err(not_found(library, files, reason))
}

fn not_found(library: Library, files: &[&str], reason: Option<String>) -> String {
    let title = library.title();
    if let Some(reason) = reason {
        return format!("{title} cannot be opened: {reason}");
    }
    let files = files.join(" or ");
    let variable = crate::FOLDERS;
    match library {
        Library::Driver => format!(
            "{title} was not found ({files}): install it if there is an NVIDIA GPU, or name its folder in {variable}"
        ),
        _ => format!(
            "{title} was not found ({files}): it comes with PyTorch for CUDA, so activate the Python that has that, or name its \
             folder in {variable}"
        ),
    }
}

fn bind_entries(library: Library, opened: &Opened) -> Result<(), String> {
    for entry in ENTRIES.iter().filter(|entry| entry.library == library) {
        let has = bind_entry(entry, opened.handle);
        if !has {
            return Err(format!(
                "{} ({}) is too old: it has no `{}`",
                library.title(),
                opened.file.display(),
                entry.name.to_string_lossy()
            ));
        }
    }
    Ok(())
}

fn bind_entry(entry: &Entry, handle: *mut c_void) -> bool {
    if entry.bind(dlsym(handle, entry.name)) {
        return true;
    }
    // CUDA 13 renamed this one: it does what the old one does, of which older drivers know alone.
    let renamed =
        if entry.name == c"cuEventElapsedTime_v2" { c"cuEventElapsedTime" } else { return false };
    entry.bind(dlsym(handle, renamed))
}

fn dlopen(path: &Path) -> Result<*mut c_void, String> {
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: `path` ends with NUL. Opening runs the library's own initialisers: it is CUDA's, which the user installed. Its
    // names are not shared (`RTLD_LOCAL`), so that none takes the place of another's.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
    if !handle.is_null() {
        return Ok(handle);
    }
    // SAFETY: the text is the calling thread's own, until it calls the loader again.
    let why = unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            None
        } else {
            Some(CStr::from_ptr(text).to_string_lossy().into_owned())
        }
    };
    Err(why.unwrap_or_else(|| "it cannot be opened".to_owned()))
}

fn dlsym(handle: *mut c_void, name: &CStr) -> *mut c_void {
    // SAFETY: `handle` is an open library's, and `name` ends with NUL.
    unsafe { libc::dlsym(handle, name.as_ptr()) }
}

/// The folders in which PyTorch's wheels put the libraries, in the order in which the active Python looks.
fn python_folders() -> Vec<PathBuf> {
    let environment =
        |name| env::var_os(name).map(|folder| PathBuf::from(folder).join("bin/python"));
    let python = environment("VIRTUAL_ENV")
        .or_else(|| environment("CONDA_PREFIX"))
        .filter(|python| python.exists())
        .unwrap_or_else(|| PathBuf::from("python3"));
    let code = "import sys\nfor path in sys.path: sys.stdout.buffer.write(path.encode(*('utf-8', 'surrogateescape')) + b'\\0')";
    let output =
        Command::new(python).args(["-c", code]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let Ok(output) = output else { return Vec::new() };
    output
        .stdout
        .split(|byte| *byte == 0)
        .flat_map(|path| wheels(Path::new(OsStr::from_bytes(path))))
        .collect()
}

/// The folders of the CUDA wheels among a folder of packages: `nvidia/cu13/lib`, where one folder holds all of CUDA 13, and
/// `nvidia/cublas/lib` and its like.
fn wheels(packages: &Path) -> Vec<PathBuf> {
    // What Python finds because a program was started in some folder counts for nothing: the folder may be anyone's.
    if !packages.is_absolute() {
        return Vec::new();
    }
    let Ok(entries) = packages.join("nvidia").read_dir() else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path().join("lib")))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort_by_key(|folder| !folder.ends_with("cu13/lib"));
    folders
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_folders_of_wheels() {
        let packages = tempfile::tempdir().expect("a folder");
        let nvidia = packages.path().join("nvidia");
        for folder in ["cublas/lib", "cu13/lib", "cublas/include", "nccl"] {
            fs::create_dir_all(nvidia.join(folder)).expect("a folder");
        }
        assert_eq!(wheels(packages.path()), [nvidia.join("cu13/lib"), nvidia.join("cublas/lib")]);
        assert!(wheels(Path::new("")).is_empty());
        assert!(wheels(&packages.path().join("nothing")).is_empty());
    }

    #[test]
    fn what_is_no_library() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("libcurand.so.10");
        fs::write(&file, "text").expect("a file");
        let why = dlopen(&file).expect_err("it is no library");
        assert!(why.contains("libcurand.so.10"), "{why}");
    }
}
