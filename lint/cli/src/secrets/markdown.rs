//! What a duplicate needs, as a list to paste into a README.

use std::fmt::Write;

use spacelint_rules::finding::Location;
use spacelint_rules::secrets::{Kind, Need, Thing};

use super::{Had, Told, copied, lines, why};
use crate::escape;

/// What one Space needs.
pub(super) fn space(told: &Told<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = if told.several {
        let folder = told.place.folder();
        writeln!(
            out,
            "## To run your own copy of {}",
            escape::code_span(&escape::escape(folder.as_str()))
        )
    } else {
        writeln!(out, "## To run your own copy")
    };
    let _ = writeln!(out, "\n{}", escape::markdown(&copied()));
    if told.is_empty() {
        out.push_str("\nNothing is needed but what is copied.\n");
    }
    for (kind, heading) in [(Kind::Secret, "Secrets"), (Kind::Variable, "Variables")] {
        let names = told.names(kind);
        if !names.is_empty() {
            let _ = writeln!(out, "\n### {heading}\n");
        }
        for secret in names {
            let is_set = matches!(told.had(secret), Some(Had::Set));
            let shown = escape::escape(&secret.name);
            push(&mut out, is_set, &shown, secret.need, &why(secret), &secret.places);
        }
    }
    let sections: [(&str, &[Thing]); 3] = [
        ("Models to ask access to", &told.needs.models),
        ("Hardware", told.needs.hardware.as_slice()),
        ("Storage", &told.needs.storage),
    ];
    for (heading, things) in sections {
        if !things.is_empty() {
            let _ = writeln!(out, "\n### {heading}\n");
        }
        for Thing { name, need, reason, places } in things {
            let why = escape::escape(reason);
            push(&mut out, false, &escape::escape(name), *need, &why, places);
        }
    }
    escape::guard_lines(&out).into_owned()
}

/// A line with a box to tick. `name` and `why` are escaped for a terminal, and here for Markdown.
fn push(out: &mut String, is_set: bool, name: &str, need: Need, why: &str, places: &[Location]) {
    let tick = if is_set { 'x' } else { ' ' };
    let need = match need {
        Need::Hard => "needed",
        Need::Soft => "optional",
    };
    let at: Vec<String> = lines(places).iter().map(|line| escape::code_span(line)).collect();
    let name = escape::code_span(name);
    let why = escape::markdown(why);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "- [{tick}] {name} ({need}): {why} ({})", at.join(", "));
}
