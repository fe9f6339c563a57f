//! What Python's own exceptions tell of a name, an argument or a module, held against what drifted.

use spacelint_knowledge::drift::{self, Argument, Name, Pair};
use spacelint_knowledge::modules;

/// What an exception turns out to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A name that is gone.
    Name(&'static Name),
    /// An argument that is refused.
    Argument(&'static Argument),
    /// Two packages that break each other.
    Pair(&'static Pair),
    /// A module that nothing provides.
    Module {
        /// As it is imported.
        import: String,
        /// The package that brings it, where that is known.
        package: Option<&'static str>,
    },
}

/// Parts of lines that [`subject`] may know something of.
pub(super) const TELLING: [&str; 4] = [
    "cannot import name '",
    " has no attribute '",
    "got an unexpected keyword argument '",
    "No module named '",
];

impl Subject {
    /// The failure that it is.
    pub(super) fn failure(&self) -> &'static str {
        match self {
            Self::Name(_) => "removed-name",
            Self::Argument(_) => "removed-argument",
            Self::Pair(_) => "broken-pair",
            Self::Module { .. } => "missing-requirement",
        }
    }
}

/// What the exception in `line` is about. `in_library`: whether it came out of a library, so that not the Space's own
/// code is what must change; none where that is not known.
pub(super) fn subject(line: &str, in_library: Option<bool>) -> Option<Subject> {
    let pair = || drift::pairs().iter().find(|pair| is(line, pair.error)).map(Subject::Pair);
    if in_library != Some(false)
        && let Some(pair) = pair()
    {
        return Some(pair);
    }
    // What a library does with another one is no fault of a name in the Space.
    let own = (in_library != Some(true)).then(|| of_the_space(line)).flatten();
    own.or_else(|| module(line))
}

/// A name or an argument that the Space's own code uses.
fn of_the_space(line: &str) -> Option<Subject> {
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
        return drift::refused(last, argument).next().map(Subject::Argument);
    }
    if line.contains(" has no attribute '") {
        let read = |name: &&'static Name| name.read_error.is_some_and(|error| is(line, error));
        return drift::all_names().iter().find(read).map(Subject::Name);
    }
    None
}

/// A module that is not there.
fn module(line: &str) -> Option<Subject> {
    let import = after(line, "No module named '")?.split('\'').next()?;
    if let Some(name) = drift::names(import).find(|name| name.module) {
        return Some(Subject::Name(name));
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
    use super::*;

    fn told(line: &str, in_library: Option<bool>) -> String {
        match subject(line, in_library) {
            Some(Subject::Name(name)) => format!("name {}", name.name),
            Some(Subject::Argument(argument)) => {
                format!("argument {} {}", argument.call, argument.argument)
            }
            Some(Subject::Pair(pair)) => format!("pair {} {}", pair.package, pair.beside),
            Some(Subject::Module { import, package }) => format!("module {import} {package:?}"),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn what_exceptions_tell() {
        let hf_folder = "ImportError: cannot import name 'HfFolder' from 'huggingface_hub' (/usr/hub/__init__.py)";
        for (line, in_library, expected) in [
            (hf_folder, Some(false), "name huggingface_hub.HfFolder"),
            (hf_folder, Some(true), "pair gradio huggingface-hub"),
            (
                "AttributeError: module 'PIL.Image' has no attribute 'ANTIALIAS'",
                None,
                "name PIL.Image.ANTIALIAS",
            ),
            (
                "AttributeError: 'ImageDraw' object has no attribute 'textsize'",
                Some(false),
                "name PIL.ImageDraw.Draw.textsize",
            ),
            (
                "TypeError: Audio.__init__() got an unexpected keyword argument 'max_length'",
                Some(false),
                "argument gradio.Audio max_length",
            ),
            (
                "ModuleNotFoundError: No module named 'cv2'",
                None,
                "module cv2 Some(\"opencv-python-headless\")",
            ),
            ("ModuleNotFoundError: No module named 'mine'", None, "module mine None"),
            ("AttributeError: module 'mine' has no attribute 'f'", None, "nothing"),
            ("ImportError: cannot import name 'f' from 'mine'", Some(false), "nothing"),
            ("cannot import name '", None, "nothing"),
            ("got an unexpected keyword argument '", None, "nothing"),
        ] {
            assert_eq!(told(line, in_library), expected, "{line}");
        }
    }
}
