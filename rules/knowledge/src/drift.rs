//! What no longer works once a library is newer than the program that uses it: names and arguments that
//! are gone, and versions that break each other. Names come resolved, as in [`effects`](crate::effects).

use std::ops::Deref;

use crate::{Confidence, gradio};

include!(concat!(env!("OUT_DIR"), "/drift.rs"));

/// What a name without a version stands for.
#[derive(Debug)]
pub struct Latest {
    /// The oldest Python of which this is so.
    pub python: &'static str,
    /// The versions, by package, sorted. Gradio's stands in [`gradio::releases`].
    pub versions: &'static [(&'static str, &'static str)],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a package lets pip install of another one.
#[derive(Debug)]
pub struct Held {
    /// The package.
    pub package: &'static str,
    /// In which versions; empty for all.
    pub range: &'static str,
    /// The other one.
    pub other: &'static str,
    /// The versions of it that are left.
    pub within: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A name that is gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Name {
    /// The full name.
    pub name: &'static str,
    /// What its import raises; none if it is not imported.
    pub import_error: Option<&'static str>,
    /// What raises where it is read off its module or class; none if it is not read.
    pub read_error: Option<&'static str>,
    /// What to do, as a sentence.
    pub instead: &'static str,
    /// The full name that means the same.
    pub rename: Option<&'static str>,
    fact: &'static NameFact,
}

impl Deref for Name {
    type Target = NameFact;

    fn deref(&self) -> &NameFact {
        self.fact
    }
}

/// What names that are gone have in common.
#[derive(Debug, PartialEq, Eq)]
pub struct NameFact {
    /// Whose they were; [`PYTHON`] for modules of the language.
    pub package: &'static str,
    /// In which versions they are gone.
    pub range: &'static str,
    /// Whether they are modules.
    pub module: bool,
    /// Whether the names themselves are still there.
    pub remains: bool,
    /// Packages that bring them back.
    pub unless: &'static [&'static str],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// An argument that is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Argument {
    /// The full name of what is called; `gradio.*.click` for a method of whatever Gradio made.
    pub call: &'static str,
    /// The keyword.
    pub argument: &'static str,
    /// What the call raises.
    pub error: &'static str,
    /// What to do, as a sentence.
    pub instead: &'static str,
    fact: &'static ArgumentFact,
}

impl Deref for Argument {
    type Target = ArgumentFact;

    fn deref(&self) -> &ArgumentFact {
        self.fact
    }
}

/// What arguments that are refused have in common.
#[derive(Debug, PartialEq, Eq)]
pub struct ArgumentFact {
    /// The one text that is refused; none if every value is.
    pub value: Option<&'static str>,
    /// Whose calls they are of.
    pub package: &'static str,
    /// In which versions they are refused.
    pub range: &'static str,
    /// What mends it in the text.
    pub mend: Mend,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What mends an argument that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Nothing that could be done without a person.
    ByHand,
    /// Another keyword, with the same value.
    Rename(&'static str),
    /// To leave it out.
    Delete {
        /// Whether nothing is lost with it.
        safe: bool,
    },
}

/// Two packages that break each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one that fails.
    pub package: &'static str,
    /// In which versions.
    pub range: &'static str,
    /// The one beside it, or [`PYTHON`].
    pub beside: &'static str,
    /// In which versions.
    pub beside_range: &'static str,
    /// Whether it comes with the first, asked for or not.
    pub brought: bool,
    /// When it fails.
    pub at: At,
    /// Names that a program sets which knows of it and helps itself.
    pub mended_by: &'static [&'static str],
    /// What is raised.
    pub error: &'static str,
    /// What comes of it, as a clause.
    pub happens: &'static str,
    /// The requirement that mends it; empty if there is none.
    pub mend: &'static str,
    /// What else to do, as a sentence; may be empty.
    pub instead: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// When a [`Pair`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// When pip is asked for both.
    Build,
    /// When this module is imported.
    Import(&'static str),
    /// When one of these is called.
    Call(&'static [&'static str]),
    /// When Gradio's app is launched.
    Launch {
        /// One of these must be part of it; empty if any app fails.
        calls: &'static [&'static str],
    },
}

/// The package that stands for the language itself.
pub const PYTHON: &str = "python";

/// The day of which "today" is said.
pub fn latest() -> &'static Latest {
    &LATEST
}

/// What pip installs for `package` where nothing holds it back; none if the table does not speak of it.
pub fn latest_of(package: &str) -> Option<&'static str> {
    if package == "gradio" {
        return Some(gradio::releases().latest);
    }
    let index = LATEST.versions.binary_search_by(|(known, _)| (*known).cmp(package)).ok()?;
    Some(LATEST.versions[index].1)
}

/// What `package` holds back; none if that is not known.
pub fn held_by(package: &str) -> Option<impl Iterator<Item = &'static Held>> {
    let known = OPEN.binary_search(&package).is_ok() || latest_of(package).is_some();
    let package = package.to_owned();
    known.then(|| HELD.iter().filter(move |held| held.package == package))
}

/// The entries of a name.
pub fn names(name: &str) -> impl Iterator<Item = &'static Name> {
    let start = NAMES.partition_point(|entry| entry.name < name);
    let name = name.to_owned();
    NAMES[start..].iter().take_while(move |entry| entry.name == name)
}

/// Every name that is gone.
pub fn all_names() -> &'static [Name] {
    NAMES
}

/// The name as the table has it, if its use, or that the program sets it, matters.
pub fn used(name: &str) -> Option<&'static str> {
    USED.binary_search(&name).ok().map(|index| USED[index])
}

/// The name as the table has it, if some pair waits for its import or its call.
pub fn met(name: &str) -> Option<&'static str> {
    MET.binary_search(&name).ok().map(|index| MET[index])
}

/// The entries of an argument of a call.
pub fn arguments(call: &str, argument: &str) -> impl Iterator<Item = &'static Argument> {
    let last = last_of(call);
    let start = ARGUMENTS.partition_point(|it| (last_of(it.call), it.argument) < (last, argument));
    let (call, argument) = (call.to_owned(), argument.to_owned());
    ARGUMENTS[start..]
        .iter()
        .take_while({
            let call = call.clone();
            move |it| last_of(it.call) == last_of(&call) && it.argument == argument
        })
        .filter(move |it| is_call(it.call, &call))
}

/// The entries of an argument of any call whose name ends like this.
pub fn refused<'a>(
    last: &'a str,
    argument: &'a str,
) -> impl Iterator<Item = &'static Argument> + use<'a> {
    let start = ARGUMENTS.partition_point(|it| (last_of(it.call), it.argument) < (last, argument));
    ARGUMENTS[start..]
        .iter()
        .take_while(move |it| last_of(it.call) == last && it.argument == argument)
}

/// Whether anything is known of calls whose name ends like this.
pub fn has_arguments(call: &str) -> bool {
    let last = last_of(call);
    ARGUMENTS.binary_search_by(|it| last_of(it.call).cmp(last)).is_ok()
}

/// The pairs.
pub fn pairs() -> &'static [Pair] {
    PAIRS
}

/// An error as a message quotes it: in quotes, or, where only parts of its words are known, its class with
/// these.
pub fn quoted(error: &str) -> String {
    let Some((class, words)) = error.split_once(": ").filter(|_| error.contains('…')) else {
        return format!("\"{error}\"");
    };
    let parts = words.split('…').map(str::trim).filter(|part| !part.is_empty());
    let said: Vec<String> = parts.map(|part| format!("\"{part}\"")).collect();
    format!("{class} ({})", said.join(", "))
}

fn is_call(pattern: &str, call: &str) -> bool {
    match pattern.split_once(".*.") {
        Some((package, method)) => {
            call.strip_prefix(package).and_then(|rest| rest.strip_suffix(method)).is_some_and(
                |between| between.len() > 2 && between.starts_with('.') && between.ends_with('.'),
            )
        }
        None => pattern == call,
    }
}

fn last_of(call: &str) -> &str {
    &call[call.rfind('.').map_or(0, |dot| dot + 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_what_a_package_made() {
        for (call, is) in [
            ("gradio.Button.click", true),
            ("gradio.Button.click.click", true),
            ("gradio.click", false),
            ("gradio_x.Button.click", false),
            ("gradio.Button.double_click", false),
        ] {
            assert_eq!(is_call("gradio.*.click", call), is, "{call}");
        }
    }

    #[test]
    fn a_quotation_leaves_nothing_out() {
        assert_eq!(quoted("TypeError: no"), "\"TypeError: no\"");
        assert_eq!(quoted("TypeError: … no 'x'"), "TypeError (\"no 'x'\")");
        assert_eq!(quoted("E: No … attribute x"), "E (\"No\", \"attribute x\")");
    }

    #[test]
    fn what_is_sorted_is_found() {
        for entry in NAMES {
            assert!(names(entry.name).any(|it| it == entry), "{}", entry.name);
            assert_eq!(used(entry.name), Some(entry.name));
        }
        for entry in ARGUMENTS {
            let call = entry.call.replace('*', "Anything");
            assert!(arguments(&call, entry.argument).any(|it| it == entry), "{call}");
            assert!(has_arguments(&call), "{call}");
        }
        for (package, version) in LATEST.versions {
            assert_eq!(latest_of(package), Some(*version));
        }
    }
}
