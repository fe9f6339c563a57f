//! What a run prints when it is over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use spacelint_space::escape::escape;

use crate::recording::{Call, Outcome};

use super::explain::Problem;

/// One line for each GPU function and size.
pub(crate) fn table(calls: &[Call]) -> String {
    if calls.is_empty() {
        return "no GPU call was made\n".to_owned();
    }
    let mut groups: BTreeMap<(String, &str), Vec<&Call>> = BTreeMap::new();
    for call in calls {
        groups.entry((name(call), &call.size)).or_default().push(call);
    }
    let head = [
        "GPU function",
        "size",
        "calls",
        "failed",
        "cold",
        "median s",
        "longest s",
        "allowed s",
        "booked s",
    ];
    let mut rows = vec![head.map(ToOwned::to_owned)];
    for ((name, size), calls) in groups {
        let done = |call: &&&Call| call.outcome == Outcome::Done;
        let mut used: Vec<f64> = calls.iter().filter(done).map(|call| call.used_seconds).collect();
        used.sort_by(f64::total_cmp);
        let seconds =
            |value: Option<&f64>| value.map_or_else(|| "-".to_owned(), |it| format!("{it:.2}"));
        let most =
            |of: fn(&Call) -> i64| calls.iter().map(|call| of(call)).max().unwrap_or_default();
        rows.push([
            escape(&name).into_owned(),
            size.to_owned(),
            calls.len().to_string(),
            (calls.len() - used.len()).to_string(),
            calls.iter().filter(|call| call.cold).count().to_string(),
            seconds(used.get(used.len() / 2)),
            seconds(used.last()),
            most(|call| call.allowed_seconds).to_string(),
            most(|call| call.booked_seconds).to_string(),
        ]);
    }
    let mut text = String::new();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Names to the left, numbers to the right; writing to a String cannot fail.
            let _ = if column < 2 {
                write!(line, "{cell:<width$}  ")
            } else {
                write!(line, "{cell:>width$}  ")
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn name(call: &Call) -> String {
    match (&call.function, &call.endpoint) {
        (Some(function), _) => function.name.clone(),
        (None, Some(endpoint)) => endpoint.clone(),
        (None, None) => "(not known)".to_owned(),
    }
}

/// What was broken.
pub(crate) fn problems(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let times =
            if problem.count > 1 { format!(" ({} times)", problem.count) } else { String::new() };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{}: {}{times}", problem.name, escape(&problem.message));
        if !problem.help.is_empty() {
            let _ = writeln!(text, "  {}", escape(&problem.help));
        }
        if problem.has_page() {
            let _ = writeln!(text, "  See `spacelint explain {}`.", problem.name);
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The last that the Space printed.
pub(crate) fn log(lines: &[String], path: &Path) -> String {
    let mut text = format!("the last lines of {}:\n", escape(&path.display().to_string()));
    for line in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  | {}", escape(line));
    }
    text.push('\n');
    text
}

/// What else is worth knowing.
pub(crate) fn notes(leaked: u32, trouble: &[String]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if leaked > 0 {
        let _ = writeln!(text, "note: workers that `spaces` left behind were ended: {leaked}");
    }
    for trouble in trouble {
        let _ = writeln!(text, "note: the hook tells less than it should: {}", escape(trouble));
    }
    text
}

/// Where the recording is.
pub(crate) fn place(path: &Path) -> String {
    format!("recorded in {}\n", escape(&path.display().to_string()))
}
