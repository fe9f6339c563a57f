//! A file to fill in, as `.env.example`: the names, and above each what it is for. No value is ever in it.

use std::fmt::Write;

use spacelint_rules::secrets::{Kind, Need};
use spacelint_space::tokens;

use super::{Told, lines, why, word};
use crate::escape::{self, escape};

/// The names that one Space reads.
pub(super) fn space(told: &Told<'_>) -> String {
    let mut out = String::new();
    if told.several {
        let folder = told.place.folder();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# {}", escape(folder.as_str()));
    }
    out.push_str(if told.needs.names.is_empty() {
        "# This Space needs nothing from its environment.\n"
    } else {
        "# What this Space needs from its environment. Never commit a copy with values in it.\n"
    });
    for (kind, what) in [(Kind::Secret, "Secret"), (Kind::Variable, "Variable")] {
        for secret in told.names(kind) {
            let at = lines(&secret.places).join(", ");
            let _ = writeln!(out, "\n# {what}, {}: {} ({at})", word(secret.need), why(secret));
            let shown = escape(&secret.name);
            let _ = match secret.need {
                _ if !can_be_set(&secret.name) => {
                    writeln!(out, "# not a name that a file like this can set: {shown}")
                }
                Need::Hard => writeln!(out, "{shown}="),
                Need::Soft => writeln!(out, "# {shown}="),
            };
        }
    }
    escape::guard_lines(&out).into_owned()
}

/// Whether a shell, and what reads such a file, takes it for a name.
fn can_be_set(name: &str) -> bool {
    !tokens::may_hold(name)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
