//! What a rule says: a [`Finding`] and perhaps a [`Fix`].

use std::sync::Arc;

use spacelint_python::{Certainty, Span};
use spacelint_space::SourceFile;

use crate::rule::RuleInfo;

/// What happens to the user. The order is by weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Visitors lose quota, time or identity.
    Warning,
    /// The Space will not build, start or serve.
    Error,
}

/// Whether a person should look before a fix is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Behaviour is kept, or the failure removed.
    Safe,
    /// A person should look.
    Unsafe,
}

/// A span in a file of the Space.
#[derive(Clone, Debug)]
pub struct Location {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Where in it.
    pub span: Span,
}

/// A further place, with its own words.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What happens there.
    pub message: String,
}

/// One place where a rule's failure will happen.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static RuleInfo,
    /// How surely the failure happens.
    pub certainty: Certainty,
    /// What will happen, and to whom.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub location: Location,
    /// What else is part of it, in the order in which it happens.
    pub related: Vec<Related>,
    /// What would mend it.
    pub fix: Option<Fix>,
}

/// What would mend a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does, in the imperative: "move `import spaces` to the top".
    pub message: String,
    /// Whether a person should look.
    pub applicability: Applicability,
    /// The edits, none of which overlap.
    pub edits: Vec<Edit>,
}

/// A span of a file and what stands there instead.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub location: Location,
    /// The new text, with `\n` as line ending: applying it adapts to the file's.
    pub content: String,
}
