//! A world in which everything that can happen does: each module is there, every function that is
//! handed to something outside the program is called later, and each call is an event.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use spacelint_python::{
    Arguments, Entry, External, FileId, Found, Limits, Now, Outcome, Text, Trace, Value, World,
    trace,
};

/// A module of a library.
#[derive(Clone)]
pub(crate) struct Module {
    pub(crate) file: FileId,
    pub(crate) text: Text,
    pub(crate) package: bool,
    pub(crate) path: Arc<str>,
}

/// Modules by dotted name.
#[derive(Default)]
pub(crate) struct Library {
    pub(crate) modules: BTreeMap<String, Module>,
}

impl Library {
    /// A program of these files, by dotted name; a package has a name that ends in `.__init__`.
    pub(crate) fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut library = Self::default();
        for (name, text) in files {
            library.add(&name, Text::new(text));
        }
        library
    }

    fn add(&mut self, name: &str, text: Text) {
        let file = FileId(self.modules.len() as u32 + 1);
        let path = format!("/library/{}.py", name.replace('.', "/")).into();
        let dotted = name.strip_suffix(".__init__");
        let module = Module { file, text, package: dotted.is_some(), path };
        self.modules.insert(dotted.unwrap_or(name).to_owned(), module);
    }
}

/// The standard library of the `python3` on the path, read once; none where there is none.
pub(crate) fn standard_library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    LIBRARY
        .get_or_init(|| {
            let program = "import sysconfig; print(sysconfig.get_path('stdlib'))";
            let python = std::process::Command::new("python3").args(["-c", program]).output();
            let folder = PathBuf::from(String::from_utf8(python.ok()?.stdout).ok()?.trim());
            let mut library = Library::default();
            add_folder(&mut library, &folder, "");
            (!library.modules.is_empty()).then_some(library)
        })
        .as_ref()
}

/// All modules below `folder`, but for those that were installed into a library.
fn add_folder(library: &mut Library, folder: &Path, prefix: &str) {
    let Ok(entries) = folder.read_dir() else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let name = format!("{prefix}{stem}");
        if path.is_dir() && !matches!(stem, "site-packages" | "dist-packages") {
            add_folder(library, &path, &format!("{name}."));
        } else if path.extension().is_some_and(|extension| extension == "py")
            && let Ok(bytes) = std::fs::read(&path)
        {
            library.add(&name, Text::new(String::from_utf8_lossy(&bytes)));
        }
    }
}

/// Whether a program's imports are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Imports {
    /// Into the library.
    Followed,
    /// Everything is installed, and nothing known of it.
    Installed,
}

struct Endless<'a> {
    library: &'a Library,
    imports: Imports,
}

pub(crate) type Traced = Trace<(), ()>;

/// Traces `text`, with the modules of `library` around it.
pub(crate) fn follow(library: &Library, imports: Imports, text: &Text, limits: Limits) -> Traced {
    let entry = Entry {
        file: FileId(0),
        text: text.clone(),
        path: "/library/app.py".into(),
        folder: "/library".into(),
        module: None,
    };
    trace(&Endless { library, imports }, &entry, limits)
}

impl World for Endless<'_> {
    type Effect = ();
    type Role = ();

    fn find(&self, name: &str, _: &[Arc<str>]) -> Found {
        if self.imports == Imports::Installed {
            return Found::Installed;
        }
        match self.library.modules.get(name) {
            Some(Module { file, text, package, path }) => Found::Local {
                file: *file,
                text: text.clone(),
                package: *package,
                path: Arc::clone(path),
            },
            None => Found::Unsure,
        }
    }

    fn import(&self, _: &str, _: Option<&str>, _: &Now<'_>) -> Vec<()> {
        vec![()]
    }

    fn read(&self, _: &External, _: &Now<'_>) -> Outcome<Self> {
        Outcome::default()
    }

    fn call(
        &self,
        callee: &Arc<External>,
        arguments: &Arc<Arguments>,
        _: &Now<'_>,
    ) -> Outcome<Self> {
        let functions = || arguments.items.iter().filter(|item| item.value.function().is_some());
        let mut outcome = Outcome::effect(());
        outcome.roots = functions().map(|argument| (argument.value.clone(), ())).collect();
        // As for a decorator of which nothing is known: what it returned may stand for the function.
        if let External::Call { arguments: given, .. } = &**callee
            && let [only] = &*given.items
            && only.value.function().is_some()
        {
            outcome.runs.push(only.value.clone());
        }
        outcome
    }

    fn write(&self, _: &External, _: &Value, _: &Now<'_>) -> Vec<()> {
        vec![()]
    }

    fn operate(&self, _: &External, _: &Now<'_>) -> Outcome<Self> {
        Outcome::default()
    }

    fn give_up(&self, _: &Now<'_>) -> Vec<()> {
        vec![()]
    }

    fn call_wrapped(
        &self,
        _: &Arc<External>,
        _: &Value,
        _: &Arc<Arguments>,
        _: &Now<'_>,
    ) -> Vec<()> {
        vec![()]
    }
}
