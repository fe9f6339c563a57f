//! Putting a [`Space`] together from its [`Files`].

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::attributes;
use crate::card::Card;
use crate::discover::APP_FILES;
use crate::dockerfile::Dockerfile;
use crate::files::{Files, ReadError, ReadErrorReason, SourceFile};
use crate::packages::Packages;
use crate::pins::Pins;
use crate::profile::{PROFILE_FILE, ProfileFile};
use crate::pyproject::Pyproject;
use crate::repository::{LargeFile, Repository};
use crate::requirements::Requirements;
use crate::settings::{SETTINGS_FILE, Settings};
use crate::tokens::Token;
use crate::trace::{Moment, SpaceTrace};
use crate::{Encoding, Kind};
use spacelint_knowledge::platform;

/// The largest file of requirements, packages or settings that is read, in bytes. Nobody writes a tenth of it.
const MAX_LIST_BYTES: u64 = 1 << 20;

/// A Space: what its text says, read once.
#[derive(Debug)]
pub struct Space {
    /// The Space's folder as it was given to [`Files`]; every path in it is relative to this.
    pub root: Utf8PathBuf,
    /// `README.md`.
    pub readme: Option<Arc<SourceFile>>,
    /// The card; none without a `README.md` or without front matter in it.
    pub card: Option<Card>,
    /// `pre-requirements.txt` and `requirements.txt`, in that order, those that exist.
    pub requirements: Vec<Requirements>,
    /// `packages.txt`.
    pub packages: Option<Packages>,
    /// `pyproject.toml`.
    pub pyproject: Option<Pyproject>,
    /// What the author tells spacelint, in a file of its own or in `pyproject.toml`.
    pub settings: Option<Settings>,
    /// What was measured of its GPU functions.
    pub profile: Option<ProfileFile>,
    /// The path of the entry point, there or not: what the card's `app_file` names, else the
    /// platform's default; without a card, the app that was found.
    pub app_file: Utf8PathBuf,
    /// The entry point, where it exists. A static Space has none.
    pub entry: Option<Arc<SourceFile>>,
    /// Where there is no file at `app_file`, one whose path differs from it in nothing but small and
    /// capital letters.
    pub app_file_misspelt: Option<Utf8PathBuf>,
    /// The `Dockerfile` of a Docker Space.
    pub dockerfile: Option<Dockerfile>,
    /// Where a Docker Space has no `Dockerfile`, the file whose name differs from it in nothing but small and
    /// capital letters.
    pub dockerfile_misspelt: Option<Utf8PathBuf>,
    /// What the repository holds that is too large for git itself.
    pub large_files: Vec<LargeFile>,
    /// The tokens that stand in the repository's texts, as far as those were searched.
    pub tokens: Vec<Token>,
    /// What could not be read, or only in part, in the order in which it was met.
    pub problems: Vec<Problem>,
    pins: Pins,
    trace: Option<SpaceTrace>,
}

/// A file of the Space that was not read as it stands.
#[derive(Clone, Debug)]
pub enum Problem {
    /// Not read at all: the run is incomplete.
    Unreadable(ReadError),
    /// Read, with replacements for what its encoding does not know.
    Undecodable(Arc<SourceFile>),
}

impl Space {
    /// Reads the Space in `files`. Whatever is there, this ends in a Space: what cannot be read is
    /// among its problems.
    pub fn read(files: &Files) -> Self {
        let mut reader = Reader { files, problems: Vec::new() };
        let readme = reader.read("README.md");
        let card = readme.as_ref().and_then(Card::parse);
        let mut requirements = Vec::new();
        for path in ["pre-requirements.txt", "requirements.txt"] {
            if let Some(file) = reader.list(path) {
                requirements.push(Requirements::parse(&file, &mut |path| reader.list(path)));
            }
        }
        let packages = reader.list("packages.txt").map(|file| {
            Packages::parse(&file, attributes::carriage_returns(files, "packages.txt"))
        });
        let pyproject = reader.list("pyproject.toml").map(|file| Pyproject::parse(&file));
        let own = reader.list(SETTINGS_FILE);
        let settings = Settings::find(own.as_ref(), pyproject.as_ref());
        let profile = reader.read(PROFILE_FILE).map(|file| ProfileFile::parse(&file));
        let app_file = app_file(files, card.as_ref());
        let is_static = card.as_ref().and_then(|card| card.str("sdk")) == Some("static");
        let entry = if is_static { None } else { reader.read(&app_file) };
        let app_file_misspelt = match files.kind(&app_file) {
            None => in_another_case(files, &app_file),
            Some(_) => None,
        };
        let pins = Pins::new(card.as_ref(), &requirements, pyproject.as_ref());
        let zerogpu = may_be_zerogpu(card.as_ref(), settings.as_ref());
        let trace = entry.as_ref().map(|entry| reader.trace(entry, &pins, zerogpu));
        let mut read: Vec<Arc<SourceFile>> = readme.iter().cloned().collect();
        read.extend(requirements.iter().map(|it| Arc::clone(&it.file)));
        read.extend(profile.iter().map(|it| Arc::clone(&it.file)));
        read.extend(trace.iter().flat_map(SpaceTrace::files).cloned());
        let repository = Repository::new(files);
        let docker = platform::docker();
        let is_docker = card.as_ref().and_then(|card| card.str("sdk")) == Some(docker.sdk);
        let dockerfile = if is_docker { reader.read(docker.file) } else { None };
        let dockerfile_misspelt = match &dockerfile {
            None if is_docker => in_another_case(files, Utf8Path::new(docker.file)),
            _ => None,
        };
        let dockerfile =
            dockerfile.map(|file| Dockerfile::parse(&file, &|end| repository.has(end)));
        read.extend(dockerfile.iter().map(|it| Arc::clone(&it.file)));
        let tokens = repository.tokens(&read);
        let large_files = repository.large_files();
        Self {
            root: files.root().to_owned(),
            readme,
            card,
            requirements,
            packages,
            pyproject,
            settings,
            profile,
            app_file,
            entry,
            app_file_misspelt,
            dockerfile,
            dockerfile_misspelt,
            large_files,
            tokens,
            problems: reader.problems,
            pins,
            trace,
        }
    }

    /// What the Space's program does; none where there is no program.
    pub fn trace(&self) -> Option<&SpaceTrace> {
        self.trace.as_ref()
    }

    /// Everything that the Space's program does, in order.
    pub fn moments(&self) -> impl Iterator<Item = Moment<'_>> {
        self.trace.iter().flat_map(SpaceTrace::moments)
    }

    /// Whether this is a ZeroGPU Space: its settings say so, or, where they say nothing, its program imports
    /// `spaces` or its card suggests ZeroGPU hardware; and its SDK is Gradio, the only one that ZeroGPU runs.
    /// Of any other Space the hardware is not known.
    pub fn is_zerogpu(&self) -> bool {
        let card = self.card.as_ref();
        let told = self.settings.as_ref().is_some_and(|settings| settings.hardware.is_some());
        let imported = || self.trace.as_ref().is_some_and(|trace| trace.spaces().is_some());
        let suggested = || {
            let hardware = card.and_then(|card| card.str("suggested_hardware"));
            hardware.is_some_and(platform::is_zerogpu_hardware)
        };
        may_be_zerogpu(card, self.settings.as_ref()) && (told || imported() || suggested())
    }

    /// Whether it is known that there is no card: no `README.md`, or one without front matter. A
    /// `README.md` that cannot be read may have one.
    pub fn is_card_missing(&self) -> bool {
        self.card.is_none()
            && !self.problems.iter().any(
                |problem| matches!(problem, Problem::Unreadable(error) if error.path == "README.md"),
            )
    }

    /// What pip is told to install.
    pub fn pins(&self) -> &Pins {
        &self.pins
    }
}

/// Whether ZeroGPU runs a Space with this card, as far as the settings do not say that it does not.
fn may_be_zerogpu(card: Option<&Card>, settings: Option<&Settings>) -> bool {
    let hardware = settings.and_then(|settings| settings.hardware.as_ref());
    hardware.is_none_or(|hardware| platform::is_zerogpu_hardware(&hardware.text))
        && card.and_then(|card| card.str("sdk")).is_none_or(|sdk| sdk == platform::supported().sdk)
}

fn app_file(files: &Files, card: Option<&Card>) -> Utf8PathBuf {
    if let Some(path) = card.and_then(|card| card.str("app_file")).filter(|path| !path.is_empty()) {
        return path.into();
    }
    let found = match card {
        Some(_) => None,
        None => APP_FILES.iter().find(|path| files.kind(Utf8Path::new(path)) == Some(Kind::File)),
    };
    Utf8PathBuf::from(*found.unwrap_or(&APP_FILES[0]))
}

/// The file whose path is `path` but for small and capital letters.
fn in_another_case(files: &Files, path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut found = Utf8PathBuf::new();
    let mut kind = Kind::Folder;
    for component in path.components() {
        let name = component.as_str();
        let listed = files.list(&found);
        let same = |(listed, _): &&(String, Kind)| listed == name;
        let alike = |(listed, _): &&(String, Kind)| listed.to_lowercase() == name.to_lowercase();
        let next = listed.iter().find(same).or_else(|| listed.iter().find(alike))?;
        found.push(&next.0);
        kind = next.1;
    }
    (kind == Kind::File).then_some(found)
}

struct Reader<'a> {
    files: &'a Files,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The trace is made as on ZeroGPU where that is possible. Where it then turns out that nothing
    /// speaks of ZeroGPU, no rule asks what only holds there.
    fn trace(&mut self, entry: &Arc<SourceFile>, pins: &Pins, zerogpu: bool) -> SpaceTrace {
        let (trace, errors) = SpaceTrace::of(self.files, pins, entry, zerogpu);
        self.problems.extend(errors.into_iter().map(Problem::Unreadable));
        for file in trace.files() {
            if file.encoding == Encoding::Lossy && !Arc::ptr_eq(file, entry) {
                self.problems.push(Problem::Undecodable(Arc::clone(file)));
            }
        }
        trace
    }

    /// A file of lines or settings, each of which becomes a value many times its size.
    fn list(&mut self, path: impl AsRef<Utf8Path>) -> Option<Arc<SourceFile>> {
        let file = self.read(path)?;
        let bytes = file.text.as_str().len() as u64;
        if bytes > MAX_LIST_BYTES {
            let reason = ReadErrorReason::TooLarge { bytes, limit: MAX_LIST_BYTES };
            self.problems.push(Problem::Unreadable(ReadError { path: file.path.clone(), reason }));
            return None;
        }
        Some(file)
    }

    fn read(&mut self, path: impl AsRef<Utf8Path>) -> Option<Arc<SourceFile>> {
        match self.files.read(path.as_ref()) {
            Ok(file) => {
                let file = file?;
                if file.encoding == Encoding::Lossy {
                    self.problems.push(Problem::Undecodable(Arc::clone(&file)));
                }
                Some(file)
            }
            Err(error) => {
                self.problems.push(Problem::Unreadable(error));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use spacelint_python::Certainty;

    use super::*;
    use crate::effect::Effect;

    fn space(files: &[(&str, &str)]) -> Space {
        let files = files.iter().map(|(path, text)| (Utf8PathBuf::from(path), (*text).into()));
        Space::read(&Files::memory(files))
    }

    #[test]
    fn a_whole_space() {
        let space = space(&[
            ("README.md", "---\nsdk: gradio\napp_file: src/main.py\n---\n# Page\n"),
            ("src/main.py", "import gradio\n"),
            ("app.py", ""),
            ("requirements.txt", "torch\n-r more.txt\n"),
            ("more.txt", "numpy\n"),
            ("pre-requirements.txt", "pip\n"),
            ("packages.txt", "ffmpeg\n"),
            ("pyproject.toml", "[project]\n"),
        ]);
        assert_eq!(space.entry.as_ref().map(|file| file.path.as_str()), Some("src/main.py"));
        let files: Vec<_> = space.requirements.iter().map(|file| file.file.path.as_str()).collect();
        assert_eq!(files, ["pre-requirements.txt", "requirements.txt"]);
        assert!(space.pins().contains("numpy"));
        assert!(space.packages.is_some() && space.pyproject.is_some());
        assert!(space.problems.is_empty() && !space.is_card_missing());
    }

    #[test]
    fn the_entry_point_is_found_or_named() {
        let card = "---\nsdk: gradio\n---\n";
        let default = space(&[("README.md", card), ("main.py", "")]);
        assert_eq!((default.app_file.as_str(), default.entry.is_none()), ("app.py", true));
        let bare = space(&[("main.py", "import gradio\n")]);
        assert_eq!((bare.app_file.as_str(), bare.entry.is_some()), ("main.py", true));
        assert!(bare.is_card_missing());
        let fixed = space(&[("README.md", "---\nsdk: static\n---\n"), ("app.py", "")]);
        assert!(fixed.entry.is_none());
        let outside = space(&[("README.md", "---\nsdk: gradio\napp_file: ../x.py\n---\n")]);
        assert!(outside.entry.is_none());
        assert!(matches!(&outside.problems[..], [Problem::Unreadable(_)]));
        assert!(!outside.is_card_missing());
    }

    #[test]
    fn what_was_not_read_as_it_stands_is_a_problem() {
        let files = Files::memory([
            ("README.md".into(), b"# \xff\n".to_vec()),
            ("app.py".into(), b"# coding: latin-1\nx = '\xe9'\n".to_vec()),
        ]);
        let space = Space::read(&files);
        assert!(
            matches!(&space.problems[..], [Problem::Undecodable(file)] if file.path == "README.md")
        );
        assert!(space.is_card_missing() && space.readme.is_some());
        let empty = Space::read(&Files::memory([]));
        assert!(empty.is_card_missing() && empty.problems.is_empty() && empty.entry.is_none());
    }

    /// How surely `app.py` declares each of its GPU functions.
    fn declared(files: &[(&str, &str)]) -> Vec<Certainty> {
        space(files)
            .moments()
            .filter(|moment| matches!(moment.event.effect, Effect::DeclareGpu(_)))
            .map(|moment| moment.certainty())
            .collect()
    }

    #[test]
    fn declaring_a_gpu_function_raises_nothing() {
        let app = "try:\n    import spaces\n    gpu = spaces.GPU(duration=30)\nexcept Exception:\n    \
                   gpu = lambda f: f\n@gpu\ndef f(): ...\n";
        assert_eq!(declared(&[("app.py", app)]), [Certainty::Always]);
    }

    #[test]
    fn a_copy_of_spaces_is_the_package_and_a_stub_is_not() {
        let app = ("app.py", "import spaces\n@spaces.GPU\ndef f(): ...\n");
        let body = ("spaces/__init__.py", "def GPU(f):\n    return f\n");
        assert_eq!(declared(&[app, body]), []);
        assert_eq!(declared(&[app, body, ("spaces/zero/__init__.py", "")]), [Certainty::Always]);
    }

    #[test]
    fn modules_are_found_in_folders_of_the_space_alone() {
        let app = |folder: &str| format!("import sys\nsys.path.append({folder})\nimport work\n");
        let work = ("lib/_utils/work.py", "import spaces\n@spaces.GPU\ndef f(): ...\n");
        let card = ("README.md", "---\nsdk: gradio\napp_file: lib/app.py\n---\n");
        let found = |folder: &str| declared(&[("lib/app.py", &app(folder)), card, work]).len();
        assert_eq!(found("'./lib/_utils'"), 1);
        assert_eq!(found("'/home/user/app/lib/_utils'"), 1);
        assert_eq!(found("'/home/user/applib/_utils'"), 0);
        assert_eq!(found("'/elsewhere/lib/_utils'"), 0);
    }

    #[test]
    fn what_the_platform_sets_is_true() {
        let app = "import os, spaces\nHERE = bool(os.getenv('SPACE_ID'))\nif HERE:\n    \
                   f = spaces.GPU(lambda: 1)\n";
        assert_eq!(declared(&[("app.py", app)]), [Certainty::Always]);
    }

    #[test]
    fn a_space_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Space>();
        shared::<Files>();
    }
}
