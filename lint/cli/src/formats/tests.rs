//! Each format as it is, over one report that has all that a report can have.

use camino::Utf8Path;
use clap::ValueEnum;
use spacelint_rules::check::{Report, Suppressed};
use spacelint_rules::fingerprint::fingerprints;

use super::*;
use crate::testing::{MILD, RULE, at, file, finding, fix, related};

/// A finding with a way that leads to it and a fix in two files, one that only some runs meet, and one
/// that a comment silences.
fn report() -> Report {
    let app = file(
        "app.py",
        "import gradio\nimport models\nimport spaces\n\n\n@spaces.GPU(duration=240)\ndef f(é):\n    pass\n",
    );
    let models =
        file("a b/models.py", "import torch\n\nDEVICE = 'ü' + torch.cuda.is_available()\n");
    let mut chain = finding(
        at(&models, "torch.cuda.is_available()"),
        "`torch.cuda.is_available()` counts CUDA devices: 100 % of `<starts>` fail | all",
    );
    chain.related = vec![related(at(&app, "import models"), "imports `models`")];
    chain.help = Some("Import `spaces` first.".to_owned());
    let mut both = fix(at(&app, "import spaces\n"), "move `import spaces` to the top", "");
    both.edits.extend(fix(at(&models, "DEVICE"), "", "device").edits);
    chain.fix = Some(both);
    let long = Finding {
        rule: &MILD,
        certainty: Certainty::Sometimes,
        fix: Some(fix(at(&app, "240"), "declare 60 s", "60")),
        ..finding(at(&app, "240"), "each call books 360 s")
    };
    let silent = finding(at(&app, "f(é)"), "`f` is silenced");
    let by = at(&app, "spaces.GPU");
    Report {
        findings: vec![chain, long],
        suppressed: vec![Suppressed { finding: silent, by }],
        internal_errors: Vec::new(),
    }
}

/// The whole report, as the command prints it.
fn show(format: ReportFormat, report: &Report, errors: &[String]) -> String {
    let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
    let (found, suppressed) = fingerprints(report);
    let reported = |(finding, fingerprint)| Reported { finding, fingerprint };
    let section = Section {
        place: &place,
        findings: report.findings.iter().zip(&found).map(reported).collect(),
        left_out: report
            .suppressed
            .iter()
            .zip(&suppressed)
            .map(|(suppressed, fingerprint)| LeftOut {
                reported: Reported { finding: &suppressed.finding, fingerprint },
                comment: Some(&suppressed.by),
            })
            .collect(),
        errors,
        fail_on: Threshold::Error,
    };
    let mut total = Total::default();
    total.summary.spaces = 1;
    total.summary.files = 3;
    total.summary.incomplete = !errors.is_empty();
    for finding in &report.findings {
        total.summary.add(finding, Threshold::Error);
        total.rules.insert(finding.rule.name, finding.rule);
    }
    let terminal = Terminal { color: false, links: false, unicode: true, width: 80 };
    let mut out = format.open();
    for (index, block) in format.blocks(&section, terminal).iter().enumerate() {
        out.push_str(format.separator(index == 0));
        out.push_str(block);
    }
    out + &format.close(&total, false, terminal)
}

/// A report of nothing in each format.
fn show_all(formats: &[ReportFormat], errors: &[String]) -> String {
    let mut shown = String::new();
    for format in formats {
        let report = show(*format, &Report::default(), errors);
        shown.extend(["--- ", &format!("{format:?}"), "\n", &report]);
    }
    shown
}

#[test]
fn every_format() {
    for format in ReportFormat::value_variants() {
        let name = format.to_possible_value().expect("none is hidden");
        insta::assert_snapshot!(name.get_name(), show(*format, &report(), &[]));
    }
}

#[test]
fn nothing_found() {
    insta::assert_snapshot!(show_all(ReportFormat::value_variants(), &[]));
}

#[test]
fn an_incomplete_run_is_told() {
    let errors = ["cannot read `demo/app.py`: denied".to_owned()];
    let telling = [ReportFormat::Sarif, ReportFormat::Junit, ReportFormat::Markdown];
    insta::assert_snapshot!(show_all(&telling, &errors));
}

#[test]
fn rdjson_counts_columns_in_bytes() {
    let shown = show(ReportFormat::Rdjson, &report(), &[]);
    let value: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
    // `DEVICE = 'ü' + ` has 15 characters and 16 bytes.
    assert_eq!(value["diagnostics"][0]["location"]["range"]["start"]["column"], 17);
    // A fix that reaches into another file cannot be told there.
    assert_eq!(value["diagnostics"][0]["suggestions"], serde_json::Value::Null);
    assert_eq!(value["diagnostics"][1]["suggestions"][0]["text"], "60");
}

#[test]
fn junit_fails_what_fails_the_run() {
    let shown = show(ReportFormat::Junit, &report(), &[]);
    assert_eq!(shown.matches("<failure").count(), 1);
    assert_eq!(shown.matches("<system-out").count(), 1);
    assert_eq!(RULE.severity, spacelint_rules::finding::Severity::Error);
}
