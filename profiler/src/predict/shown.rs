//! A prediction for people, and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use spacelint_space::escape::escape;

use super::estimate::{Estimate, Seconds};
use super::{Estimated, Function, ModelCall, Prediction};

/// How wide a terminal is taken to be.
const WIDTH: usize = 80;

pub(super) fn json(prediction: &Prediction) -> String {
    let text = serde_json::to_string_pretty(prediction);
    text.map_or_else(
        |error| format!("{{\"error\": {:?}}}\n", error.to_string()),
        |text| text + "\n",
    )
}

/// A table, then what each line of it rests on.
pub(super) fn text(prediction: &Prediction) -> String {
    if prediction.functions.is_empty() {
        return "the Space declares no GPU function\n".to_owned();
    }
    let mut rows = vec![["GPU function", "size", "declared s", "estimated s"].map(str::to_owned)];
    rows.extend(prediction.functions.iter().map(|it| {
        let declared = it.declared_seconds.map_or_else(|| "-".to_owned(), |it| format!("{it}"));
        let seconds = it.seconds.map_or_else(|| "-".to_owned(), between);
        [cut(&escape(&it.name), 36), it.size.to_owned(), declared, seconds]
    }));
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let mut text = String::new();
    for [function, size, declared, seconds] in &rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{function:<0$}  {size:<1$}  {declared:>2$}  {seconds:>3$}",
            widths[0], widths[1], widths[2], widths[3],
        );
    }
    let (computing, others): (Vec<&Function>, Vec<&Function>) =
        prediction.functions.iter().partition(|it| !it.models.is_empty());
    for function in computing {
        details(&mut text, function);
    }
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|it| cut(&escape(&it.name), 36)).collect();
        text.push('\n');
        let names = names.join(", ");
        text.push_str(&folded(&format!("No call of a model is seen in the text of {names}."), ""));
    }
    wanted(&mut text, prediction);
    text.push('\n');
    let gpu = prediction.gpu;
    text.push_str(&folded(
        &format!(
            "For the {gpu} that Spaces run on now, whose rates are its maker's where none was measured. Counted from \
             configurations, for the settings that are named: nothing has run. The first number is the least that such a GPU \
             could take; as a rule a call takes no more than the second. Neither is a `duration`: `spacelint-profile run` \
             measures one."
        ),
        "",
    ));
    text
}

/// How to get the configurations that are not at hand.
fn wanted(text: &mut String, prediction: &Prediction) {
    let calls = prediction.functions.iter().flat_map(|it| &it.models);
    let ids: BTreeSet<&str> = calls
        .filter_map(|call| match &call.result {
            Estimated::NoEstimate(unknown) => unknown.wanted.as_deref(),
            Estimated::Estimate(_) => None,
        })
        .collect();
    if ids.is_empty() {
        return;
    }
    text.push_str("\nConfigurations that are not at hand are had so, or named with --config:\n");
    for id in ids {
        let _ = writeln!(text, "  hf download {id} --include '*.json'");
    }
}

fn details(text: &mut String, function: &Function) {
    let _ = writeln!(
        text,
        "\n{} ({}:{}), {}",
        cut(&escape(&function.name), 36),
        escape(&function.path),
        function.line,
        function.on
    );
    for call in &function.models {
        model(text, call);
    }
    for without in &function.without {
        text.push_str(&folded(without, "  "));
    }
}

fn model(text: &mut String, call: &ModelCall) {
    let id = call.id.as_deref().map_or_else(|| "a model".to_owned(), |id| escape(id).into_owned());
    let method = call.method.as_ref().map_or_else(String::new, |it| format!(".{}()", escape(it)));
    let sometimes = if call.always { "" } else { ", where the call gets there" };
    let place = format!("{id}{method}, {}:{}{sometimes}", escape(&call.path), call.line);
    match &call.result {
        Estimated::Estimate(estimate) => {
            text.push_str(&folded(&format!("{place}: {} s", between(estimate.seconds)), "  "));
            grounds(text, estimate);
        }
        Estimated::NoEstimate(unknown) => {
            text.push_str(&folded(&format!("{place}: not estimated"), "  "));
            text.push_str(&folded(&unknown.why, "    "));
        }
    }
}

fn grounds(text: &mut String, estimate: &Estimate) {
    let settings: Vec<String> = estimate
        .settings
        .iter()
        .filter(|(name, value)| !(**name == "batch" && **value == 1))
        .filter(|(name, value)| !estimate.assumed.contains(&format!("--{name} {value}")))
        .map(|(name, value)| match estimate.defaults.get(name) {
            Some(parameter) => format!("{name} {value} (the default of `{}`)", escape(parameter)),
            None => format!("{name} {value}"),
        })
        .collect();
    let assumed: Vec<&str> =
        estimate.assumed.iter().map(|it| it.strip_prefix("--").unwrap_or(it)).collect();
    for (what, list) in [
        (escape(&estimate.class).into_owned(), settings.join(", ")),
        ("assumed".to_owned(), assumed.join(", ")),
        ("not counted".to_owned(), estimate.missing.join(", ")),
    ] {
        if !list.is_empty() {
            text.push_str(&folded(&format!("{what}: {list}"), "    "));
        }
    }
}

/// Seconds as a person reads them, with two digits.
fn between(seconds: Seconds) -> String {
    let low = rounded(seconds.low, false);
    seconds.high.map_or_else(
        || format!("at least {low}"),
        |high| format!("{low} to {}", rounded(high, true)),
    )
}

/// With two digits, never more than it is, or never less.
fn rounded(seconds: f64, up: bool) -> String {
    let digits = if seconds < 1.0 { 2 } else { usize::from(seconds < 10.0) };
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    let scaled = seconds * scale;
    let whole = if up { scaled.ceil() } else { scaled.floor() };
    format!("{:.digits$}", whole / scale)
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// In lines that fit the terminal; a word that does not stands alone.
fn folded(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let wide = indent.len() + line.chars().count() + 1 + word.chars().count() > WIDTH;
        if wide && !line.is_empty() {
            let _ = writeln!(out, "{indent}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{indent}{line}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_never_better_than_they_are() {
        let shown = |low, high| between(Seconds { low, high });
        assert_eq!(shown(0.019, Some(0.191)), "0.01 to 0.20");
        assert_eq!(shown(1.99, Some(9.91)), "1.9 to 10.0");
        assert_eq!(shown(14.9, Some(52.01)), "14 to 53");
        assert_eq!(shown(3.0, None), "at least 3.0");
    }

    #[test]
    fn lines_fit_a_terminal() {
        let text = folded(&"word ".repeat(40), "  ");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        let long = "x".repeat(100);
        assert_eq!(folded(&format!("a {long} b"), ""), format!("a\n{long}\nb\n"));
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
