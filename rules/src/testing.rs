//! What the tests of this crate share: a rule that exists for them alone, and files in memory.

use std::sync::Arc;

use camino::Utf8PathBuf;
use spacelint_python::{Certainty, Span};
use spacelint_space::{Files, SourceFile};

use crate::finding::{Finding, Fix, Location, Severity};
use crate::rule::RuleInfo;

pub(crate) const fn info(name: &'static str, severity: Severity) -> RuleInfo {
    RuleInfo {
        name,
        summary: "Something.",
        severity,
        fix: None,
        since: "0.1.0",
        source: &["this test"],
        strict: false,
        page: "",
    }
}

pub(crate) static HEAVY: RuleInfo = info("heavy", Severity::Error);
pub(crate) static LIGHT: RuleInfo = info("light", Severity::Info);

pub(crate) fn file(path: &str, text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(path, text.as_bytes().to_vec()))
}

pub(crate) fn memory(files: &[(&str, &str)]) -> Files {
    Files::memory(
        files.iter().map(|(path, text)| (Utf8PathBuf::from(path), text.as_bytes().to_vec())),
    )
}

/// Where `needle` first stands in `file`.
pub(crate) fn at(file: &Arc<SourceFile>, needle: &str) -> Location {
    let start = file.text.as_str().find(needle).expect("the needle is in the text");
    Location::new(file, Span::new(start, start + needle.len()))
}

pub(crate) fn finding(rule: &'static RuleInfo, location: Location, fix: Option<Fix>) -> Finding {
    Finding {
        rule,
        certainty: Certainty::Always,
        doubt: None,
        message: "something".to_owned(),
        help: None,
        location,
        related: Vec::new(),
        fix,
    }
}
