//! Debian packages that people ask for in `packages.txt` and that Debian no longer has.

include!(concat!(env!("OUT_DIR"), "/debian.rs"));

/// A name that apt refuses.
#[derive(Debug)]
pub struct Gone {
    /// The name.
    pub name: &'static str,
    /// What all releases have for it, if they have anything.
    pub instead: Option<&'static str>,
    /// Whether that is the same thing under another name.
    pub same: bool,
    /// What it is.
    pub kind: GoneKind,
    /// The releases of Debian that refuse it, rising.
    pub debian: &'static [u32],
}

/// What kind of thing is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneKind {
    /// A compiler, in one version.
    Compiler,
    /// What other things are built with.
    Headers,
    /// Debian's own Python, or what is made for it.
    Python,
    /// A library or a program.
    Other,
}

/// What is known of `name` if Debian no longer has it.
pub fn gone(name: &str) -> Option<&'static Gone> {
    GONE.binary_search_by_key(&name, |gone| gone.name).ok().map(|at| &GONE[at])
}

/// The day on which the lists were read, as `YYYY-MM-DD`.
pub fn as_of() -> &'static str {
    AS_OF
}
