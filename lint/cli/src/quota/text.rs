//! What calls cost, for people.

use std::fmt::Write;

use spacelint_knowledge::platform::{Size, Tier, promotion};
use spacelint_knowledge::quota::Calls;
use spacelint_rules::duration::{Declared, SizedBy};

use super::{Costs, Of, Question, Row, as_of, listed};
use crate::escape::{self, escape};
use crate::frame;
use crate::paths::Place;
use crate::terminal::{Style, Terminal, filled};

/// A Space's functions, each with a line for each duration.
pub(super) fn space(
    costs: &[Costs],
    place: &Place,
    used: Option<i64>,
    several: bool,
    terminal: Terminal,
) -> String {
    let mut out = String::new();
    let folder = place.folder();
    if several {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}\n", terminal.paint(Style::STRONG, &escape(folder.as_str())));
    }
    if costs.is_empty() {
        let _ = writeln!(out, "No GPU function was found here.");
    }
    for costs in costs {
        function(&mut out, costs, place, terminal);
    }
    let sentences: Vec<String> = costs.iter().filter_map(|it| it.sentence(used)).collect();
    if !sentences.is_empty() {
        let _ = writeln!(out, "{}", terminal.paint(Style::STRONG, "For the README"));
        for sentence in sentences {
            out.push_str(&filled(&escape(&sentence), "  ", terminal));
        }
        out.push('\n');
    }
    escape::guard_lines(&out).into_owned()
}

fn function(out: &mut String, costs: &Costs, place: &Place, terminal: Terminal) {
    let function = &costs.function;
    let name = function.name.as_deref().unwrap_or("(no name)");
    let path = place.shown(&function.location.file.path);
    let at = frame::place(&path, &function.location.file.text, function.location.span);
    let size = match (function.size, function.sized) {
        (Some(size), SizedBy::Declared) => size.name().to_owned(),
        (Some(size), _) => format!("{} by default", size.name()),
        (None, _) => "size not known".to_owned(),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{}  {}",
        terminal.paint(Style::STRONG, &escape(name)),
        terminal.paint(Style::FAINT, &format!("{at}  {size}"))
    );
    for note in notes(costs) {
        out.push_str(&filled(&note, "  ", terminal));
    }
    if !costs.rows.is_empty() {
        table(out, &costs.rows, terminal);
    }
    out.push('\n');
}

/// What a person must know of the numbers.
fn notes(costs: &Costs) -> Vec<String> {
    let function = &costs.function;
    let mut notes = Vec::new();
    match function.duration {
        Declared::Default(_) => notes.push("No duration is declared: this is the default."),
        Declared::Unknown => notes.push("What it declares, the text does not settle."),
        Declared::NoDuration => {
            notes.push("What it declares is no duration: every call fails; see `spacelint check`.");
        }
        Declared::Between(_, most) if most.is_infinite() => {
            notes.push("What it declares depends on the call, and has no upper limit.");
        }
        Declared::Between(..) => {
            notes.push("What it declares depends on the call, or on settings.");
        }
        Declared::Seconds(_) => {}
    }
    let mut notes: Vec<String> = notes.into_iter().map(str::to_owned).collect();
    if !function.visited {
        notes.push("Only start-up calls it, for which no visitor pays.".to_owned());
    }
    if function.sized == SizedBy::Promoted {
        notes.push(format!(
            "The weights are too many for `{}`: {}.",
            Size::DEFAULT.name(),
            promotion().says
        ));
    }
    if !costs.is_sized() {
        notes.push(format!("The numbers are those of `{}`.", costs.size.name()));
    }
    if costs.is_misread() {
        notes.push("A duration is not read as it is written; see `spacelint check`.".to_owned());
    }
    notes
}

/// A line for each row: what is declared, and what follows for each kind of visitor.
fn table(out: &mut String, rows: &[Row], terminal: Terminal) {
    let head = ["", "declared", "allowed", "booked"].into_iter();
    let head: Vec<String> = head.chain(Tier::ALL.map(Tier::label)).map(str::to_owned).collect();
    let lines: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = lines.iter().chain([&head]).map(|line| line[column].chars().count());
            cells.max().unwrap_or(0)
        })
        .collect();
    let total = widths.iter().sum::<usize>() + 2 * widths.len();
    if total > terminal.width {
        return listing(out, &head, &lines);
    }
    let line = |cells: &[String]| {
        let mut line = String::new();
        for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            // Writing to a String cannot fail.
            let _ = match index {
                0 => write!(line, "  {cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        line
    };
    let _ = writeln!(out, "{}", terminal.paint(Style::FAINT, &line(&head)));
    for cells in &lines {
        let _ = writeln!(out, "{}", line(cells));
    }
}

/// The same where there is no room for a table.
fn listing(out: &mut String, head: &[String], lines: &[Vec<String>]) {
    for cells in lines {
        for (index, (head, cell)) in head.iter().zip(cells).enumerate() {
            // Writing to a String cannot fail.
            let _ = match index {
                0 => writeln!(out, "  {cell}"),
                _ => writeln!(out, "    {head:<10}  {cell:>8}"),
            };
        }
    }
}

fn cells(row: &Row) -> Vec<String> {
    let of = match row.of {
        Of::Declared => "declares",
        Of::Least => "at least",
        Of::Most => "at most",
        Of::Supposed => "what if",
    };
    let mut cells = vec![of.to_owned(), format!("{} s", row.declared)];
    match &row.cost {
        Some(cost) => {
            cells.extend([format!("{} s", cost.allowed), format!("{} s", cost.booked)]);
            cells.extend(cost.calls.map(|calls| match calls {
                _ if cost.seconds == 0 => "?".to_owned(),
                Calls::Never => "none".to_owned(),
                Calls::AtLeast(sure) => format!("{sure}+"),
                Calls::Exactly(number) => number.to_string(),
                Calls::Unlimited => "any".to_owned(),
            }));
        }
        None => cells.resize(8, "?".to_owned()),
    }
    cells
}

/// What the columns mean, once for all Spaces.
pub(super) fn legend(question: Question, terminal: Terminal) -> String {
    let tiers: Vec<String> =
        Tier::ALL.map(|tier| format!("{} {} s", tier.label(), tier.quota_seconds())).into();
    let sure = match question.used {
        Some(used) => format!(
            "the calls a day of each kind of visitor, if each holds the GPU for {used} s, or until it is \
             stopped; on `{}` each of those counts {}-fold.",
            Size::Xlarge.name(),
            Size::Xlarge.facts().quota_factor
        ),
        None => "the calls a day that each kind of visitor is sure of; `+` says that there are more if they \
                 end early (`--used SECONDS` works out how many)."
            .to_owned(),
    };
    let text = format!(
        "`booked` must be left of the day's quota for a call to start; `allowed` is how long it may hold the \
         GPU. Behind that stand {sure} A day's quota: {} ({}, as of {}). That a call may book no more than the \
         quota is inferred: no largest `duration` is documented.",
        listed(&tiers),
        question.backing.gpu,
        as_of(question.backing),
    );
    filled(&text, "", terminal)
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use spacelint_knowledge::platform::Backing;
    use spacelint_rules::duration;

    use super::*;
    use crate::testing;

    #[test]
    fn where_there_is_no_room_for_a_table_there_is_a_list() {
        let app = "import gradio as gr, spaces\n@spaces.GPU(duration=lambda text: len(text))\n\
                   def speak(text): ...\n@spaces.GPU(duration='60')\ndef sing(text): ...\n\
                   gr.Interface(speak)\ngr.Interface(sing)\n";
        let space_of = testing::space(&[("app.py", app)]);
        let question = Question { what_if: Some(20), used: None, backing: Backing::current() };
        let costs: Vec<Costs> = duration::list(&space_of)
            .into_iter()
            .map(|function| Costs::of(function, question))
            .collect();
        let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
        for width in [40, 80] {
            let terminal = Terminal { color: false, links: false, unicode: true, width };
            insta::assert_snapshot!(
                format!("quota_{width}"),
                space(&costs, &place, None, true, terminal)
            );
        }
    }
}
