//! What a run prints when it is over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use spacelint_knowledge::platform::{Size, Tier};
use spacelint_knowledge::quota::Calls;
use spacelint_space::escape::escape;
use spacelint_space::profile::{Advice, Basis, Evidence, Method, ProfiledFunction, Translation};

use crate::calibrate;
use crate::recommend::{Outlook, Risk};
use crate::recording::{Call, Outcome};
use crate::shares::Shares;

use super::explain::Problem;
use super::profile::Found;

/// One line for each GPU function and size.
pub(super) fn table(calls: &[&Call], found: &Found) -> String {
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
        "cold",
        "stopped",
        "failed",
        "median s",
        "longest s",
        "declared s",
        "recommended s",
    ];
    let mut rows = vec![head.map(ToOwned::to_owned).to_vec()];
    for ((name, size), calls) in groups {
        let done: Vec<&&Call> = calls.iter().filter(|call| call.outcome == Outcome::Done).collect();
        let mut used: Vec<f64> = done.iter().map(|call| call.used_seconds).collect();
        used.sort_by(f64::total_cmp);
        let stopped = calls.iter().filter(|call| call.outcome == Outcome::Stopped).count();
        let seconds =
            |value: Option<&f64>| value.map_or_else(|| "-".to_owned(), |it| format!("{it:.2}"));
        let declared = calls.iter().map(|call| call.declared_seconds).max().unwrap_or_default();
        let advice = found
            .recommendations
            .iter()
            .filter(|it| it.function.name == name && it.profile.size == size)
            .map(|it| &it.profile.advice);
        rows.push(vec![
            escape(&name).into_owned(),
            size.to_owned(),
            done.len().to_string(),
            done.iter().filter(|call| call.cold).count().to_string(),
            stopped.to_string(),
            (calls.len() - done.len() - stopped).to_string(),
            seconds(used.get(used.len().saturating_sub(1) / 2)),
            seconds(used.last()),
            declared.to_string(),
            recommended(advice, found.holds()),
        ]);
    }
    aligned(&rows, 2)
}

/// What stands in a cell for all functions of one name.
fn recommended<'a>(advice: impl Iterator<Item = &'a Advice>, holds: bool) -> String {
    let cells: Vec<String> = advice
        .map(|advice| match advice {
            _ if !holds => "-".to_owned(),
            Advice::Seconds { target, .. } => target.to_string(),
            Advice::Callable { target, .. } => format!("up to {target}"),
            Advice::NotEnoughCalls { .. } => "-".to_owned(),
            Advice::Stopped { at_least, .. } => format!("over {at_least}"),
        })
        .collect();
    match &cells[..] {
        [one] => one.clone(),
        _ => "-".to_owned(),
    }
}

/// Rows with columns of equal width: names to the left, numbers to the right.
fn aligned(rows: &[Vec<String>], names: usize) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Writing to a String cannot fail.
            let _ = if column < names {
                write!(line, "{cell:<width$}  ")
            } else {
                write!(line, "{cell:>width$}  ")
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// What is recommended for each function, on what grounds, and what it means.
pub(super) fn recommendations(found: &Found) -> String {
    let mut text = String::new();
    for recommendation in &found.recommendations {
        let profile = &recommendation.profile;
        let name = format!("`{}` ({})", escape(&recommendation.function.name), profile.size);
        let what = match &profile.advice {
            Advice::NotEnoughCalls { missing } => format!(
                "not enough calls: {missing} more that end well are needed at least; see --calls and --sweep."
            ),
            Advice::Stopped { calls, at_least } => format!(
                "{calls} of {} calls were stopped: what they need lies above {at_least} s. Declare more than that, and \
                 run it again.",
                profile.calls + profile.stopped_calls
            ),
            Advice::Seconds { .. } | Advice::Callable { .. } if !found.holds() => continue,
            Advice::Seconds { lower, target, upper, .. } => {
                format!("declare {target} s; from {lower} to {upper} s are about right.")
            }
            Advice::Callable { callable, lower, target, upper, .. } => {
                let mut of: Vec<String> = Vec::new();
                for measured in &callable.measured {
                    let argument = format!("`{}`", escape(&measured.argument));
                    if !of.contains(&argument) {
                        of.push(argument);
                    }
                }
                format!(
                    "declare a function of {}: {target} s for the most expensive call that was made, for which from \
                     {lower} to {upper} s are about right.",
                    of.join(" and ")
                )
            }
        };
        text.push('\n');
        text += &wrapped(&format!("{name}: {what}"), "");
        if let Advice::Seconds { evidence, .. } | Advice::Callable { evidence, .. } =
            &profile.advice
        {
            text += &grounds(profile, evidence);
        }
        let device = found.profile.as_ref().and_then(|it| it.device.as_deref());
        text += &made_of(&recommendation.shares);
        if let (Some(translation), Some(device)) = (&profile.translation, device) {
            let is_known = !recommendation.shares.is_empty();
            text += &translated(translation, device, &profile.size, is_known);
        }
        if found.holds()
            && let (Some(declared), Some(recommended)) =
                (&recommendation.declared, &recommendation.recommended)
        {
            text += &costs(declared, recommended);
        }
    }
    if let Some(profile) = &found.profile
        && !found.holds()
    {
        let on = match &profile.device {
            Some(device) => format!("on {}", escape(device)),
            None => "on a CPU".to_owned(),
        };
        let calibrate = match profile.basis {
            Basis::OtherGpu => {
                " `spacelint-profile calibrate` measures how much longer they are there at most."
            }
            Basis::Cpu | Basis::PlatformGpu => "",
        };
        text.push('\n');
        text += &wrapped(
            &format!(
                "No duration is recommended: the calls ran {on}, and their times are not those of {}.{calibrate} Where \
                 they do not depend on the GPU, --times-hold-on-platform says so.",
                Size::DEFAULT.facts().gpu
            ),
            "",
        );
    }
    text
}

/// Where nothing is known of that although it was asked for.
pub(super) const NOT_LOOKED_INTO: &str =
    "note: no call was looked into: PyTorch's profiler told of none of a GPU function\n";

/// What a call that was looked into spends its time on.
fn made_of(shares: &[Shares]) -> String {
    if shares.is_empty() {
        return String::new();
    }
    let named = Shares::mean(shares).named();
    let parts: Vec<String> =
        named.into_iter().map(|(name, share)| format!("{name} {}", percent(share))).collect();
    let calls = match shares.len() {
        1 => "One call was".to_owned(),
        calls => format!("{calls} calls were"),
    };
    wrapped(&format!("{calls} looked into; the time goes to: {}.", parts.join(", ")), "  ")
}

/// How seconds of this GPU became those of the platform.
fn translated(translation: &Translation, device: &str, size: &str, is_made_of: bool) -> String {
    let Translation { gpu, low, high } = translation;
    let by = if is_made_of { " and what its time is made of" } else { "" };
    let mut text = format!(
        "By the calibration of {}{by}, such calls take between {low:.2} and {high:.2} times as long on {}: the upper end is \
         what is recommended for.",
        escape(device),
        escape(gpu)
    );
    let size = Size::from_name(size).filter(|_| !is_made_of);
    if let Some(warning) = size.and_then(|size| calibrate::memory_warning(device, size)) {
        text.push(' ');
        text += &escape(&warning);
    }
    wrapped(&text, "  ")
}

/// What a recommendation rests on.
fn grounds(profile: &ProfiledFunction, evidence: &Evidence) -> String {
    let Evidence { content, confidence, calls, method, content_of_longest } = *evidence;
    let method = match method {
        Method::OrderStatistic => {
            "by their order statistic, which supposes nothing of their distribution".to_owned()
        }
        Method::LogNormal => format!(
            "if the logarithms of their times are normal; supposing nothing, the longest call alone promises {}",
            percent(content_of_longest)
        ),
        Method::Conformal => {
            "by an order statistic of what exceeds the fit, which supposes nothing of its \
                              distribution"
                .to_owned()
        }
    };
    let cold = if profile.cold_calls == 0 {
        "No cold start was measured, and none is budgeted.".to_owned()
    } else {
        format!(
            "A cold start adds {:.2} s at most of {} that were seen, and is part of it.",
            profile.cold_seconds, profile.cold_calls
        )
    };
    let fit = format!(
        "{} of calls like these fit, with {} confidence, from {calls} calls, {method}. {cold}",
        percent(content),
        percent(confidence)
    );
    wrapped(&fit, "  ")
}

/// Lines of a width that can be read, each behind `indent`.
fn wrapped(text: &str, indent: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && indent.len() + length > WIDTH {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{indent}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines + &format!("{indent}{line}\n")
}

/// What a visitor pays for seconds that nobody uses, and how many calls are stopped for want of them.
fn costs(declared: &Outlook, recommended: &Outlook) -> String {
    let mut head = vec![String::new(), "books s".to_owned()];
    head.extend(Tier::ALL.map(|tier| tier.label().to_owned()));
    head.push("stopped when cold".to_owned());
    let mut rows = vec![head];
    for (what, outlook) in [("as declared", declared), ("as recommended", recommended)] {
        let mut row = vec![format!("  {what}"), format!("{:.0}", outlook.booked_seconds.ceil())];
        row.extend(outlook.calls_a_day.iter().map(|(_, calls)| a_day(*calls)));
        let Risk { seen, calls, at_most } = outlook.stopped;
        row.push(format!("{seen} of {calls}: {} at most", percent(at_most)));
        rows.push(row);
    }
    format!("  Calls a day:\n{}", aligned(&rows, 1))
}

fn a_day(calls: Calls) -> String {
    match calls {
        Calls::Never => "none".to_owned(),
        Calls::AtLeast(calls) => format!("at least {calls}"),
        Calls::Exactly(calls) => calls.to_string(),
        Calls::Unlimited => "any number".to_owned(),
    }
}

/// "99 %", "99.9 %".
fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

/// Where the profile is, and what it is for.
pub(super) fn next(space: &Path, profile: &Path, found: &Found) -> String {
    let (space, profile) = (space.display().to_string(), profile.display().to_string());
    let (space, profile) = (escape(&space), escape(&profile));
    let mut text = format!("the profile is {profile}\n");
    if found.holds() {
        let lines = [
            format!("  to hold the declared durations against it: spacelint check {space}\n"),
            format!("  to declare what is recommended: spacelint check --unsafe-fixes {space}\n"),
        ];
        text += &lines.concat();
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

/// Where the page is.
pub(super) fn report(path: &Path) -> String {
    format!("report in {}\n", escape(&path.display().to_string()))
}

/// Where the recording is.
pub(crate) fn place(path: &Path) -> String {
    format!("recorded in {}\n", escape(&path.display().to_string()))
}
