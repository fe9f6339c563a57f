//! Findings to show, made without a Space, and Spaces made of a few lines.

use std::sync::Arc;

use spacelint_python::{Certainty, Span};
use spacelint_rules::finding::{Applicability, Edit, Finding, Fix, Location, Related, Severity};
use spacelint_rules::rule::RuleInfo;
use spacelint_rules::secrets::{Kind, Need, Needs, Secret, Thing};
use spacelint_space::{Files, SourceFile, Space};

/// A rule to attach findings to.
pub(crate) static RULE: RuleInfo = RuleInfo {
    name: "cuda-before-spaces",
    summary: "CUDA is touched before `import spaces`, which then refuses to load.",
    severity: Severity::Error,
    fix: Some(Applicability::Safe),
    since: "0.1.0",
    source: &["a test"],
    strict: false,
    page: "",
};

/// Another, of less weight.
pub(crate) static MILD: RuleInfo =
    RuleInfo { name: "long-duration", severity: Severity::Warning, fix: None, ..RULE };

/// The file `path` with `text`.
pub(crate) fn file(path: &str, text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(path, text.as_bytes().to_vec()))
}

/// The first `what` in `file`.
pub(crate) fn at(file: &Arc<SourceFile>, what: &str) -> Location {
    let start = file.text.as_str().find(what).expect("the text to point at is there");
    Location { file: Arc::clone(file), span: Span::new(start, start + what.len()) }
}

/// A finding of [`RULE`] at `location`.
pub(crate) fn finding(location: Location, message: &str) -> Finding {
    Finding {
        rule: &RULE,
        certainty: Certainty::Always,
        doubt: None,
        message: message.to_owned(),
        help: None,
        location,
        related: Vec::new(),
        fix: None,
    }
}

/// A step on the way there.
pub(crate) fn related(location: Location, message: &str) -> Related {
    Related { location, message: message.to_owned() }
}

/// A fix of one edit.
pub(crate) fn fix(location: Location, message: &str, content: &str) -> Fix {
    Fix {
        message: message.to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { location, content: content.to_owned() }],
        is_first: false,
    }
}

/// What a duplicate needs, under these names and for this reason, all of it at `place`.
pub(crate) fn needs(names: [&str; 3], reason: &str, place: &Location) -> Needs {
    let secret = Secret {
        name: names[0].into(),
        alternatives: vec![names[1].into()],
        kind: Kind::Secret,
        need: Need::Hard,
        reason: reason.to_owned(),
        named_in_readme: false,
        places: vec![place.clone()],
    };
    let thing = Thing {
        name: names[2].into(),
        need: Need::Soft,
        reason: reason.to_owned(),
        places: vec![place.clone()],
    };
    Needs {
        names: vec![Secret { kind: Kind::Variable, ..secret.clone() }, secret],
        models: vec![thing.clone()],
        hardware: Some(thing.clone()),
        storage: vec![thing],
    }
}

/// The Space of these files.
pub(crate) fn space(files: &[(&str, &str)]) -> Space {
    let files = files.iter().map(|(path, text)| ((*path).into(), (*text).into()));
    Space::read(&Files::memory(files))
}
