//! What a log tells, for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use spacelint_rules::diagnosis::{Cause, Frame, Here};
use spacelint_space::tokens::masked;

use super::{Told, word};
use crate::formats::json;
use crate::pages;

/// What one log tells.
#[derive(Serialize)]
struct Reading<'a> {
    log: &'a str,
    lines: u64,
    failed: bool,
    causes: Vec<Failed<'a>>,
    symptoms: Vec<Failed<'a>>,
    noise: Vec<Failed<'a>>,
    unknown: Vec<Traceback>,
    unknown_count: u64,
    versions: &'a BTreeMap<String, String>,
}

/// A failure.
#[derive(Serialize)]
struct Failed<'a> {
    failure: &'static str,
    kind: &'static str,
    title: &'static str,
    line: u64,
    times: u64,
    text: String,
    facts: BTreeMap<String, String>,
    answer: Vec<String>,
    frame: Option<Place>,
    rules: Vec<&'static str>,
    findings: Vec<json::Diagnostic<'a>>,
    url: String,
}

#[derive(Serialize)]
struct Traceback {
    line: u64,
    text: String,
    frame: Option<Place>,
}

/// A place in the Space's code, from its folder.
#[derive(Serialize)]
struct Place {
    path: String,
    line: u32,
    function: String,
}

pub(super) fn log(told: &Told<'_>) -> String {
    let diagnosis = told.diagnosis;
    let nothing = Here::default();
    let plain = |causes: &[Cause]| causes.iter().map(|it| failed(told, it, &nothing)).collect();
    let log = Reading {
        log: told.log,
        lines: diagnosis.lines,
        failed: diagnosis.is_failure(),
        causes: told.causes().map(|(cause, here)| failed(told, cause, here)).collect(),
        symptoms: plain(&diagnosis.wrappers),
        noise: plain(&diagnosis.noise),
        unknown: diagnosis
            .unknown
            .iter()
            .map(|it| Traceback {
                line: it.raised.line,
                text: masked(&it.raised.text).into_owned(),
                frame: it.frame.as_ref().map(place),
            })
            .collect(),
        unknown_count: diagnosis.unknown_count,
        versions: &diagnosis.versions,
    };
    json::to_string(&log)
}

fn failed<'a>(told: &Told<'a>, cause: &Cause, here: &'a Here) -> Failed<'a> {
    let mask = |text: &str| masked(text).into_owned();
    let finding = |finding| Some(json::Diagnostic::new(finding, told.place?));
    Failed {
        failure: cause.failure.name,
        kind: word(cause.failure),
        title: cause.failure.title,
        line: cause.line,
        times: cause.times,
        text: mask(&cause.text),
        facts: cause.facts.iter().map(|(name, value)| (name.clone(), mask(value))).collect(),
        answer: cause.answer().iter().map(|paragraph| mask(paragraph)).collect(),
        frame: cause.frame.as_ref().map(place),
        rules: here.asked.clone(),
        findings: here.findings.iter().filter_map(finding).collect(),
        url: pages::url(cause.failure.name),
    }
}

fn place(frame: &Frame) -> Place {
    Place { path: frame.path.clone(), line: frame.line, function: frame.function.clone() }
}
