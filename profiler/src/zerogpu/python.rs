//! The Python that the Space runs with, and what is installed for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Prints the version of Python, and those of what the Space runs with.
const PROBE: &str = "\
import importlib.metadata as metadata, sys
print('python', '%d.%d.%d' % sys.version_info[:3])
for name in ('spaces', 'gradio', 'torch'):
    try:
        print(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        pass
";

/// The interpreter: the one that was named, that of the environment that is active, or the first in the path.
pub(crate) fn choose(named: Option<&Path>) -> PathBuf {
    let active = || {
        let folder = PathBuf::from(std::env::var_os("VIRTUAL_ENV")?);
        let python = folder.join("bin/python");
        python.exists().then_some(python)
    };
    // It is started in the Space's folder. A link stays one: by it Python finds its environment.
    let named = named.map(|path| match path.components().count() {
        0 | 1 => path.to_owned(),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    });
    named.or_else(active).unwrap_or_else(|| "python3".into())
}

/// The versions that `python` has, by name.
pub(crate) fn versions(python: &Path) -> Result<BTreeMap<String, String>, String> {
    let shown = python.display();
    let failed = |why: String| {
        format!(
            "cannot run the Python `{shown}`: {why}; activate the environment that the Space runs in, or name its \
             interpreter with --python"
        )
    };
    let output = Command::new(python)
        // Nothing of the folder that the profiler was started in is imported.
        .args([OsString::from("-I"), "-c".into(), PROBE.into()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().next_back().unwrap_or_default();
        return Err(failed(format!("{} {last}", output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.map(|(name, version)| (name.to_owned(), version.trim().to_owned())).collect())
}
