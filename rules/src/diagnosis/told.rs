//! What Python's own exceptions tell of a name, an argument or a module, held against what drifted.

use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use spacelint_knowledge::drift::{self, Argument, At, Name, PYTHON, Pair};
use spacelint_knowledge::modules;
use spacelint_knowledge::packages;
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::normalize;

use super::traceback::Traceback;

/// What an exception turns out to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A name that is gone.
    Name(&'static Name),
    /// An argument that is refused.
    Argument(&'static Argument),
    /// Two packages that break each other.
    Pair(&'static Pair),
    /// A library that uses what another one no longer has.
    Library {
        /// Its module.
        library: String,
        /// What it uses, in words.
        uses: String,
        /// Whose it was.
        package: &'static str,
        /// In which versions it is gone.
        range: &'static str,
    },
    /// What pip was asked for and cannot install together.
    Conflict(Vec<String>),
    /// A name under which nothing can be installed.
    Absent {
        /// It, as pip compares names.
        name: String,
        /// The package that is meant; none where the module is part of Python.
        instead: Option<&'static str>,
    },
    /// A module that nothing provides.
    Module {
        /// As it is imported.
        import: String,
        /// The package that brings it, where that is known.
        package: Option<&'static str>,
    },
}

/// Parts of lines that [`subject`] may know something of.
pub(super) const TELLING: [&str; 7] = [
    "cannot import name '",
    " has no attribute '",
    "got an unexpected keyword argument '",
    "No module named '",
    CONFLICT,
    NOT_FOUND[0],
    NOT_FOUND[1],
];

/// How many requirements that exclude each other are looked at.
const MAX_ASKED: usize = 64;

/// pip's words for requirements that exclude each other.
const CONFLICT: &str = " because these package versions have conflicting dependencies";
/// pip's words for a requirement that nothing meets.
const NOT_FOUND: [&str; 2] = [
    "Could not find a version that satisfies the requirement ",
    "No matching distribution found for ",
];

impl Subject {
    /// The failure that it is.
    pub(super) fn failure(&self) -> &'static str {
        match self {
            Self::Name(_) => "removed-name",
            Self::Argument(_) => "removed-argument",
            Self::Pair(_) | Self::Library { .. } => "broken-pair",
            Self::Conflict(asked) => {
                let gradio = asked.iter().filter(|asked| requirement(asked).0 == "gradio");
                if gradio.count() > 1 { "gradio-pin-conflict" } else { "conflicting-requirements" }
            }
            Self::Absent { .. } => "wrong-package-name",
            Self::Module { .. } => "missing-requirement",
        }
    }
}

/// What the exception in `line` is about, or pip's complaint. `beside` is the whole chain of tracebacks, or what stands just
/// before.
pub(super) fn subject(line: &str, traceback: Option<&Traceback>, beside: &str) -> Option<Subject> {
    of_pip(line)
        .or_else(|| pair(line, traceback, beside).map(Subject::Pair))
        .or_else(|| gone(line, traceback))
        .or_else(|| module(line))
}

/// Two packages whose error this is, if it is theirs: others raise the same.
fn pair(line: &str, traceback: Option<&Traceback>, beside: &str) -> Option<&'static Pair> {
    drift::pairs().iter().find(|pair| {
        let module = match pair.at {
            At::Build => return false,
            At::Import(module) => module.to_owned(),
            At::Call(_) | At::Launch { .. } => pair.package.replace('-', "_"),
        };
        let names_it = traceback.is_none() && pair.error.contains(" from '");
        let is_in = |module: &str| beside.contains(&format!("/{module}/"));
        is(line, pair.error) && (names_it || is_in(&module) || is_in(&format!("{module}_client")))
    })
}

/// What pip refuses.
fn of_pip(line: &str) -> Option<Subject> {
    if let Some((asked, _)) = line.split_once(CONFLICT) {
        let asked: Vec<String> = after(asked, "Cannot install ")?
            .split(", ")
            .flat_map(|asked| asked.split(" and "))
            .map(|asked| asked.trim().to_owned())
            .take(MAX_ASKED)
            .collect();
        let requirements: Vec<_> = asked.iter().map(|asked| requirement(asked)).collect();
        let has = |package: &str, range: &str| {
            requirements.iter().any(|(name, version)| {
                name == package && version.as_ref().is_some_and(|version| lies_in(version, range))
            })
        };
        let known = drift::pairs().iter().find(|pair| {
            pair.at == At::Build
                && has(pair.package, pair.range)
                && has(pair.beside, pair.beside_range)
        });
        return Some(known.map_or(Subject::Conflict(asked), Subject::Pair));
    }
    let (name, version) = requirement(NOT_FOUND.iter().find_map(|words| after(line, words))?);
    if let Some(absent) = packages::absent(&name) {
        return Some(Subject::Absent { name, instead: absent.instead });
    }
    let of = |pair: &&Pair| {
        pair.at == At::Build
            && (pair.package, pair.beside) == (&name, PYTHON)
            && version.as_ref().is_some_and(|version| lies_in(version, pair.range))
    };
    drift::pairs().iter().find(of).map(Subject::Pair)
}

/// `gradio[mcp,oauth]==6.2.0` in its parts, the name as pip compares names.
fn requirement(text: &str) -> (String, Option<VersionSpecifiers>) {
    let text = text.split(['(', ';']).next().unwrap_or_default().trim();
    let end = text.find(|c: char| "[=<>!~ ".contains(c)).unwrap_or(text.len());
    let version = text[end..].rsplit(']').next().unwrap_or_default();
    let version = VersionSpecifiers::from_str(version).ok().filter(|version| !version.is_empty());
    (normalize(&text[..end]), version)
}

fn lies_in(version: &VersionSpecifiers, range: &str) -> bool {
    VersionSpecifiers::from_str(range)
        .is_ok_and(|range| Allowed::of(version, &range) == Allowed::Always)
}

/// A name or an argument that is gone, and who uses it.
fn gone(line: &str, traceback: Option<&Traceback>) -> Option<Subject> {
    let subject = name_or_argument(line)?;
    let (full, uses, package, range) = match &subject {
        Subject::Name(it) => (it.name, it.name.to_owned(), it.package, it.range),
        Subject::Argument(it) => {
            (it.call, format!("{}(…, {}=…)", it.call, it.argument), it.package, it.range)
        }
        _ => return Some(subject),
    };
    let module = full.split('.').next().unwrap_or_default();
    match traceback.and_then(|traceback| traceback.library(module)) {
        Some(library) => {
            Some(Subject::Library { library: library.to_owned(), uses, package, range })
        }
        None => Some(subject),
    }
}

fn name_or_argument(line: &str) -> Option<Subject> {
    if let Some(rest) = after(line, "cannot import name '") {
        let (name, rest) = rest.split_once('\'')?;
        let module =
            after(rest, "from partially initialized module '").or(after(rest, "from '"))?;
        let module = module.split('\'').next()?;
        return drift::names(&format!("{module}.{name}")).next().map(Subject::Name);
    }
    if let Some(rest) = after(line, "got an unexpected keyword argument '") {
        let argument = rest.split('\'').next()?;
        let call = line.split("() got an unexpected").next()?.rsplit([' ', ':']).next()?;
        let last = call.strip_suffix(".__init__").unwrap_or(call).rsplit('.').next()?;
        // What Gradio calls every event.
        let last = if last == "event_trigger" { "click" } else { last };
        return drift::refused(last, argument).next().map(Subject::Argument);
    }
    if line.contains(" has no attribute '") {
        let read = |name: &&'static Name| name.read_error.is_some_and(|error| is(line, error));
        return drift::all_names().iter().find(read).map(Subject::Name);
    }
    let import = after(line, "No module named '")?.split('\'').next()?;
    drift::names(import).find(|name| name.module).map(Subject::Name)
}

/// How many bytes the name of a module may have.
const MAX_MODULE: usize = 200;

/// A module that is not there.
fn module(line: &str) -> Option<Subject> {
    let import = after(line, "No module named '")?.split('\'').next()?;
    if import.len() > MAX_MODULE {
        return None;
    }
    let top = import.split('.').next()?;
    let package = modules::module(top).map(|module| module.package);
    // A part of a package that is there: another version, and which one is not known.
    (import == top).then(|| Subject::Module { import: import.to_owned(), package })
}

/// Whether `line` is this error: `…` in it stands for what differs.
fn is(line: &str, error: &str) -> bool {
    let mut rest = line;
    error.split('…').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::super::traceback::{Group, HEADER};
    use super::*;

    fn told(log: &str) -> String {
        let line = log.lines().last().expect("a log has a line");
        let mut group = Group::default();
        for (text, number) in log.lines().zip(1..) {
            group.take(text, number);
        }
        let traceback = log.starts_with(HEADER).then(|| &group.tracebacks[0]);
        match subject(line, traceback, log) {
            Some(Subject::Name(name)) => format!("name {}", name.name),
            Some(Subject::Argument(argument)) => {
                format!("argument {} {}", argument.call, argument.argument)
            }
            Some(Subject::Pair(pair)) => format!("pair {} {}", pair.package, pair.beside),
            Some(Subject::Library { library, uses, .. }) => format!("library {library} {uses}"),
            Some(Subject::Module { import, package }) => format!("module {import} {package:?}"),
            Some(Subject::Conflict(asked)) => format!("conflict {}", asked.join(" | ")),
            Some(Subject::Absent { name, instead }) => format!("absent {name} {instead:?}"),
            None => "nothing".to_owned(),
        }
    }

    /// A traceback through these modules of libraries, after the Space's own code.
    fn through(modules: &[&str], raised: &str) -> String {
        let mut log = format!("{HEADER}:\n  File \"/home/user/app/app.py\", line 3, in <module>\n");
        for module in modules {
            log += "  File \"/usr/local/lib/python3.10/site-packages/";
            log += module;
            log += "/__init__.py\", line 9, in f\n";
        }
        log + raised
    }

    #[test]
    fn what_exceptions_tell() {
        let hf_folder = "ImportError: cannot import name 'HfFolder' from 'huggingface_hub' (/usr/hub/__init__.py)";
        let audio = "TypeError: Audio.__init__() got an unexpected keyword argument 'max_length'";
        let unhashable = "TypeError: unhashable type: 'dict'";
        for (log, expected) in [
            (hf_folder.to_owned(), "pair gradio huggingface-hub"),
            (through(&[], hf_folder), "name huggingface_hub.HfFolder"),
            (through(&["gradio"], hf_folder), "pair gradio huggingface-hub"),
            (through(&["datasets"], hf_folder), "library datasets huggingface_hub.HfFolder"),
            (audio.to_owned(), "argument gradio.Audio max_length"),
            (
                "TypeError: EventListener._setup.<locals>.event_trigger() got an unexpected keyword argument \
                 'show_api'"
                    .to_owned(),
                "argument gradio.*.click show_api",
            ),
            // Gradio wraps the constructors of its components.
            (through(&["gradio"], audio), "argument gradio.Audio max_length"),
            (through(&["other", "gradio"], audio), "library other gradio.Audio(…, max_length=…)"),
            (through(&["gradio", "jinja2"], unhashable), "pair gradio starlette"),
            (through(&["pandas"], unhashable), "nothing"),
            (unhashable.to_owned(), "nothing"),
            (
                "AttributeError: module 'PIL.Image' has no attribute 'ANTIALIAS'".to_owned(),
                "name PIL.Image.ANTIALIAS",
            ),
            (
                through(&["numpy"], "AttributeError: module 'numpy' has no attribute 'float'"),
                "name numpy.float",
            ),
            (
                through(&[], "AttributeError: 'ImageDraw' object has no attribute 'textsize'"),
                "name PIL.ImageDraw.Draw.textsize",
            ),
            (
                "ModuleNotFoundError: No module named 'cv2'".to_owned(),
                "module cv2 Some(\"opencv-python-headless\")",
            ),
            ("ModuleNotFoundError: No module named 'mine'".to_owned(), "module mine None"),
            ("AttributeError: module 'mine' has no attribute 'f'".to_owned(), "nothing"),
            (through(&[], "ImportError: cannot import name 'f' from 'mine'"), "nothing"),
            ("cannot import name '".to_owned(), "nothing"),
            ("got an unexpected keyword argument '".to_owned(), "nothing"),
        ] {
            assert_eq!(told(&log), expected, "{log}");
        }
    }

    #[test]
    fn what_pip_tells() {
        let conflict = |asked: &str| format!("ERROR: Cannot install {asked}{CONFLICT}.");
        let not_found = |asked: &str| format!("ERROR: {}{asked}", NOT_FOUND[0]);
        for (line, expected) in [
            (
                conflict("gradio[mcp,oauth]==6.25.0 and huggingface-hub==0.25.0"),
                "pair gradio huggingface-hub",
            ),
            (
                conflict("-r /tmp/requirements.txt (line 3), a==1 and gradio==6.2.0"),
                "conflict -r /tmp/requirements.txt (line 3) | a==1 | gradio==6.2.0",
            ),
            // Nothing is known against these versions.
            (
                conflict("gradio==4.0.0 and huggingface-hub==0.20.0"),
                "conflict gradio==4.0.0 | huggingface-hub==0.20.0",
            ),
            (not_found("PIL"), "absent pil Some(\"Pillow\")"),
            (not_found("tensorflow==2.10.0"), "pair tensorflow python"),
            (not_found("tensorflow==2.99 (from versions: 2.20.0)"), "nothing"),
            (not_found(""), "nothing"),
        ] {
            assert_eq!(told(&line), expected, "{line}");
        }
    }
}
