//! What a rule is: its listing ([`RuleInfo`]), made by `#[derive(Rule)]`, and its [`Check`].

use spacelint_python::Certainty;
use spacelint_space::Space;

pub use spacelint_macros::Rule;

use crate::finding::{Applicability, Finding, Fix, Location, Severity};

/// Everything that can be listed about a rule without running it.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// The failure's name, in kebab-case.
    pub name: &'static str,
    /// One line: what happens.
    pub summary: &'static str,
    /// What it does to the user.
    pub severity: Severity,
    /// The fix it may offer; a rule whose fixes differ names the safer kind.
    pub fix: Option<Applicability>,
    /// The release it came with.
    pub since: &'static str,
    /// The lines of a runtime, documentation or issue that make it true; at least one.
    pub source: &'static [&'static str],
    /// Whether it runs only with `--strict` or by name.
    pub strict: bool,
    /// The page that a person reads, in Markdown.
    pub page: &'static str,
}

/// A rule's listing, made by `#[derive(Rule)]`.
pub trait Rule {
    /// The listing.
    const INFO: &'static RuleInfo;

    /// A finding of this rule, sure to happen, with nothing but its message yet.
    fn at(location: impl Into<Location>, message: impl Into<String>) -> Finding {
        Finding {
            rule: Self::INFO,
            certainty: Certainty::Always,
            doubt: None,
            message: message.into(),
            help: None,
            location: location.into(),
            related: Vec::new(),
            fix: None,
        }
    }
}

/// What a rule does: detecting, explaining and fixing, joined by the rule's own value.
pub trait Check<'a>: Rule + Sized {
    /// Each occurrence in the Space.
    fn check(space: &'a Space) -> impl Iterator<Item = Self>;

    /// What to say of it. The fix is left to [`fix`](Self::fix).
    fn finding(&self) -> Finding;

    /// What would mend it.
    fn fix(&self) -> Option<Fix> {
        None
    }
}
