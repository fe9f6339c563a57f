//! What a duplicate needs, for people: a section each for secrets, variables, models, hardware, storage.

use std::fmt::Write;

use spacelint_rules::finding::Location;
use spacelint_rules::secrets::{Kind, Need, Secret, Thing};
use unicode_width::UnicodeWidthStr;

use super::{Had, Told, copied, why, word};
use crate::escape::{self, escape};
use crate::frame;
use crate::terminal::{Style, Terminal, filled};

/// Something needed; every text in it is escaped.
struct Row {
    name: String,
    need: Need,
    had: Option<Had>,
    why: String,
    places: Vec<String>,
}

/// Room for a reason beside the other columns; with less it goes below.
const NARROWEST_REASON: usize = 30;

/// What one Space needs.
pub(super) fn space(told: &Told<'_>, terminal: Terminal) -> String {
    let mut out = String::new();
    if told.several {
        let folder = told.place.folder();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", terminal.paint(Style::STRONG, &escape(folder.as_str())));
    }
    if told.is_empty() {
        out.push_str("Nothing is needed but what is copied.\n");
    }
    let names = |kind| told.names(kind).into_iter().map(|secret| variable(secret, told)).collect();
    let things = |things: &[Thing]| things.iter().map(|thing| row(thing, told)).collect();
    let sections: [(&str, Vec<Row>); 5] = [
        ("Secrets, of which a duplicate gets none", names(Kind::Secret)),
        ("Variables, of which a duplicate gets those that are public", names(Kind::Variable)),
        ("Models whose terms the owner must accept", things(&told.needs.models)),
        ("Hardware", things(told.needs.hardware.as_slice())),
        ("Storage", things(&told.needs.storage)),
    ];
    let mut first = true;
    for (heading, rows) in sections.iter().filter(|(_, rows)| !rows.is_empty()) {
        if !first {
            out.push('\n');
        }
        first = false;
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", terminal.paint(Style::STRONG, heading));
        section(&mut out, rows, terminal);
    }
    escape::guard_lines(&out).into_owned()
}

/// What holds of every Space.
pub(super) fn legend(terminal: Terminal) -> String {
    let says = format!(
        "hard: the Space fails without it; soft: it goes on, or fails where it may never come. {}",
        copied()
    );
    format!("\n{}", filled(&says, "", terminal))
}

fn variable(secret: &Secret, told: &Told<'_>) -> Row {
    let mut why = why(secret);
    if secret.need == Need::Hard && !secret.named_in_readme {
        why.push_str("; the README does not name it");
    }
    let had = told.had(secret);
    if had == Some(Had::Public) {
        why.push_str("; it is set as a variable, which everybody can read");
    }
    Row {
        name: escape(&secret.name).into_owned(),
        need: secret.need,
        had,
        why,
        places: places(&secret.places, told),
    }
}

fn row(thing: &Thing, told: &Told<'_>) -> Row {
    Row {
        name: escape(&thing.name).into_owned(),
        need: thing.need,
        had: None,
        why: escape(&thing.reason).into_owned(),
        places: places(&thing.places, told),
    }
}

fn places(places: &[Location], told: &Told<'_>) -> Vec<String> {
    let at = |location: &Location| {
        let path = told.place.shown(&location.file.path);
        frame::place(&path, &location.file.text, location.span)
    };
    places.iter().map(at).collect()
}

/// A line or more for each row.
fn section(out: &mut String, rows: &[Row], terminal: Terminal) {
    let width = rows.iter().map(|row| row.name.width()).max().unwrap_or(0);
    let states = rows.iter().filter_map(|row| row.had.map(|had| state(had).0.len() + 2));
    // What stands before the reason, with what is between.
    let lead = 2 + width + 2 + "hard".len() + 2 + states.max().unwrap_or(0);
    let beside = lead + NARROWEST_REASON <= terminal.prose_width();
    let indent = " ".repeat(if beside { lead } else { 4 });
    for row in rows {
        let mut why = filled(&row.why, &indent, terminal);
        for place in &row.places {
            // Writing to a String cannot fail.
            let _ = writeln!(why, "{indent}  {place}");
        }
        let name = terminal.paint(Style::STRONG, &row.name);
        let need = match row.need {
            Need::Hard => terminal.paint(Style::WARNING, word(row.need)),
            Need::Soft => word(row.need).to_owned(),
        };
        let state = row.had.map(state).map(|(state, style)| terminal.paint(style, state));
        let _ = if beside {
            let pad = " ".repeat(width - row.name.width());
            let taken = 2 + width + 2 + "hard".len() + 2;
            let state = match (row.had, state) {
                (Some(had), Some(state)) => {
                    let room = lead.saturating_sub(taken + self::state(had).0.len());
                    format!("{state}{}", " ".repeat(room))
                }
                _ => " ".repeat(lead - taken),
            };
            write!(out, "  {name}{pad}  {need}  {state}{}", why.trim_start())
        } else {
            let state = state.map_or(String::new(), |state| format!(", {state}"));
            write!(out, "  {name} ({need}{state})\n{why}")
        };
    }
}

fn state(had: Had) -> (&'static str, Style) {
    match had {
        Had::Missing => ("missing", Style::ERROR),
        Had::Set => ("set", Style::GOOD),
        Had::Public => ("public", Style::WARNING),
    }
}
