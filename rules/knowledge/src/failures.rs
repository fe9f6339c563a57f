//! The ways in which a Space fails, and how each shows in a log. A failure that a rule sees in the repository's
//! text has the rule's name and page.
//!
//! What is done with a log is none of this module's business: it knows texts, not how they are searched for.

include!(concat!(env!("OUT_DIR"), "/failures.rs"));

/// One way in which a Space fails.
#[derive(Debug)]
pub struct Failure {
    /// Its one name: that of the rule that sees it, if there is one.
    pub name: &'static str,
    /// What happens, in a line without a full stop.
    pub title: &'static str,
    /// What it is worth as an answer.
    pub kind: Kind,
    /// How it shows; none where no text tells it.
    pub signatures: &'static [Signature],
    /// The failures that are the better answer where they show as well.
    pub yields_to: &'static [&'static str],
    /// Rules that see in the repository what may cause it, beside the one of its name.
    pub suspects: &'static [&'static str],
    /// Its page, where no rule has one.
    pub page: Option<Page>,
    /// What makes it true.
    pub sources: &'static [&'static str],
    /// The day on which it was, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// Whether somebody only wrote it, and nobody has seen it in a source or in a run.
    pub unverified: bool,
}

/// What a failure is worth as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something that can be mended in the Space, or by who calls it.
    Cause,
    /// The dress of another failure: "exit code 1".
    Wrapper,
    /// Nothing failed: it looks bad and is not.
    Noise,
    /// The platform's fault: nothing in the Space mends it.
    Platform,
}

/// How a failure shows.
#[derive(Debug)]
pub struct Signature {
    /// What stands in one line.
    pub text: &'static str,
    /// What that line must match too, with a named group for each fact in it.
    pub regex: Option<&'static str>,
    /// What must stand in the same traceback, its chained ones included; in a line without a traceback, in the lines
    /// just before it.
    pub with: &'static [&'static str],
}

/// What a person reads of a failure that no rule sees, in Markdown.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What happens.
    pub happens: &'static str,
    /// Why.
    pub why: &'static str,
    /// What to do.
    pub mend: &'static str,
}

/// Every failure, by name.
pub fn failures() -> &'static [Failure] {
    FAILURES
}

/// The failure of that name.
pub fn failure(name: &str) -> Option<&'static Failure> {
    FAILURES.binary_search_by_key(&name, |failure| failure.name).ok().map(|index| &FAILURES[index])
}
