//! What a rule is: its listing ([`RuleInfo`]), made by `#[derive(Rule)]`, and its [`Check`].

use spacelint_space::Space;

use crate::finding::{Applicability, Finding, Fix, Severity};

/// Everything that can be listed about a rule without running it.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// The failure's name, in kebab-case.
    pub name: &'static str,
    /// One line: what happens.
    pub summary: &'static str,
    /// What it does to the user.
    pub severity: Severity,
    /// The fix it may offer.
    pub fix: Option<Applicability>,
    /// The release it came with.
    pub since: &'static str,
    /// The line of a runtime, documentation or issue that makes it true.
    pub source: &'static str,
    /// Whether it runs only with `--strict` or by name.
    pub strict: bool,
    /// The page that a person reads, in Markdown.
    pub page: &'static str,
}

/// A rule's listing, made by `#[derive(Rule)]`.
pub trait Rule {
    /// The listing.
    const INFO: RuleInfo;
}

/// What a rule does: detecting, explaining and fixing, joined by the rule's own value.
pub trait Check<'a>: Rule + Sized {
    /// Each occurrence in the Space.
    fn check(space: &'a Space) -> impl Iterator<Item = Self>;

    /// What to say of it.
    fn finding(&self) -> Finding;

    /// What would mend it.
    fn fix(&self) -> Option<Fix> {
        None
    }
}
