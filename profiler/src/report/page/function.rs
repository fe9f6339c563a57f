//! What the page says of one GPU function.

use std::collections::BTreeMap;

use maud::{Markup, html};
use spacelint_knowledge::platform::{Size, Tier};
use spacelint_knowledge::quota::{self, Calls};
use spacelint_space::profile::{Advice, Callable, Evidence, Method};

use super::super::Report;
use super::super::charts::{Bars, Group, Histogram, Ink, Limits, Mark, Numbers, figure};
use super::words::{held, number, percent, safe, seconds, sorted, whole};
use super::{Section, declared};
use crate::recommend::{CONFIDENCE, Recommendation, float, quantile};
use crate::recording::{Call, Outcome};
use crate::shares::Shares;

/// All of one GPU function at one size.
pub(super) fn function(report: &Report<'_>, section: &Section<'_>, index: usize) -> Markup {
    let id = format!("function-{}", index + 1);
    html! {
        section.function id=(id) {
            h2 { code { (section.name) } " " small { (safe(section.size)) } }
            p.place {
                @if !section.place.is_empty() { (section.place) ". " }
                (outcomes(section))
            }
            (verdict(report, section))
            (histogram(report, section, &id))
            (limits(report, section, &id))
            div.columns {
                (one_call(report, section, &id))
                (a_day(report, section, &id))
            }
            (made_of(section))
            (cold(section))
        }
    }
}

/// How its calls ended.
fn outcomes(section: &Section<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for call in &section.calls {
        let word = match call.outcome {
            Outcome::Done => continue,
            Outcome::Failed { .. } => "failed",
            Outcome::Stopped => "stopped",
            Outcome::NeverReleased => "never gave the GPU back",
            Outcome::Refused { .. } => "refused",
            Outcome::Left => "left by the visitor",
        };
        *counts.entry(word).or_default() += 1;
    }
    let done = section.done().count();
    let mut parts =
        vec![format!("{}, of which {done} ended well", number(section.calls.len(), "call"))];
    parts.extend(counts.into_iter().map(|(word, count)| format!("{count} {word}")));
    parts.join(", ") + "."
}

/// The recommendation in words.
fn verdict(report: &Report<'_>, section: &Section<'_>) -> Markup {
    let Some(recommendation) = section.recommendation else {
        return html! {
            div.verdict.unsure {
                h3 { "Nothing is recommended" }
                p { "Which function these calls are of, or what their size means, is not known." }
            }
        };
    };
    let Some(size) = Size::from_name(section.size).filter(|_| report.holds()) else {
        return html! {
            div.verdict.unsure {
                h3 { "Nothing is recommended" }
                p {
                    "Its calls did not run on the GPU that ZeroGPU has. If they wait for something else than the GPU, \
                    and so take as long there, run with " code { "--times-hold-on-platform" } "."
                }
            }
        };
    };
    let now = recommendation.profile.declared_seconds;
    match &recommendation.profile.advice {
        Advice::Seconds { lower, target, upper, evidence } => html! {
            div.verdict {
                h3 {
                    @if now == *target { "Keep " } @else { "Declare " }
                    code { "duration=" (target) }
                }
                p { (standing(now, *lower, *target, *upper)) " " (grant(*target, size)) }
                (range(*lower, *upper, ""))
                (rests_on(evidence, section))
                (risk(recommendation))
            }
        },
        Advice::Callable { callable, lower, target, upper, evidence } => html! {
            div.verdict {
                h3 { "Declare a function of the arguments" }
                (source(callable))
                p {
                    "For the most expensive call that was driven it gives " (target) ". " (grant(*target, size))
                }
                (range(*lower, *upper, " for that call"))
                (rests_on(evidence, section))
                (risk(recommendation))
            }
        },
        Advice::NotEnoughCalls { missing } => html! {
            div.verdict.unsure {
                h3 { "Not enough calls" }
                p {
                    "Before anything can be said, at least " (number(*missing as usize, "more call"))
                    " must end well."
                }
            }
        },
        Advice::Stopped { calls, at_least } => html! {
            div.verdict.unsure {
                h3 { "Measure again with a larger duration" }
                p {
                    (number(*calls as usize, "call")) " had to be stopped: what they need lies beyond what they were \
                    allowed, how far nobody knows. Declare " (at_least) " or more; less stops the longest again."
                }
            }
        },
    }
}

/// How what is declared compares.
fn standing(now: i64, lower: i64, target: i64, upper: i64) -> String {
    if now == target {
        return "It is what is needed.".to_owned();
    }
    let word = if now > upper {
        "is loose: it keeps visitors out whose quota would do"
    } else if now < lower {
        "is tight: it stops calls that visitors paid for"
    } else {
        "is within reason"
    };
    format!("The declared {now} {word}.")
}

fn grant(target: i64, size: Size) -> String {
    let (allowed, booked) = (quota::allowed(target, size), quota::booked(target, size));
    format!(
        "On {} a call may then hold the GPU for {allowed}\u{a0}s, and books {booked}\u{a0}s of quota.",
        size.name()
    )
}

fn range(lower: i64, upper: i64, of: &str) -> Markup {
    html! {
        p {
            "Reasonable" (of) ": " strong { (lower) " to " (upper) } ". Less surely stops too many calls; more only keeps \
            visitors out."
        }
    }
}

/// What a recommendation rests on, in words.
fn rests_on(evidence: &Evidence, section: &Section<'_>) -> Markup {
    let Evidence { content, confidence, calls, method, content_of_longest } = evidence;
    let (content, sure) = (percent(*content), percent(*confidence));
    let longest = percent(*content_of_longest);
    let cold = section.recommendation.map_or(0.0, |it| it.profile.cold_seconds);
    html! {
        p {
            "At least " (content) " of calls like those that were driven fit, with a confidence of " (sure)
            ", each starting cold"
            @if cold > 0.0 { ", which takes up to " (seconds(held(cold))) " more" }
            ". This rests on " (calls) " calls and on "
            @match method {
                Method::OrderStatistic => { "an order statistic, which supposes no distribution." }
                Method::Conformal => {
                    "how they compare with a fit that was made without them, by an order statistic, which supposes no \
                    distribution."
                }
                Method::LogNormal => {
                    "a log-normal limit: it holds if the logarithms of the times are normal. Whatever their \
                    distribution, the longest of so many calls is a limit for " (longest) " of all."
                }
            }
        }
    }
}

fn risk(recommendation: &Recommendation) -> Markup {
    let Some(outlook) = &recommendation.recommended else { return html! {} };
    let (seen, calls) = (outlook.stopped.seen, outlook.stopped.calls);
    html! {
        p {
            "Had each started cold, "
            @if seen == 0 { "none" } @else { (seen) }
            " of the " (calls) " calls would have been stopped with it. That alone promises, with a confidence of " (percent(CONFIDENCE))
            ", at most " (percent(outlook.stopped.at_most)) " of all such calls."
        }
    }
}

fn source(callable: &Callable) -> Markup {
    match callable.source() {
        Ok(source) => html! {
            pre tabindex="0" {
                code { (source) "\n\n@spaces.GPU(duration=" (callable.name) ")" }
            }
        },
        Err(fault) => {
            html! { p { "It cannot be written as Python: " (safe(&fault.to_string())) "." } }
        }
    }
}

fn histogram(report: &Report<'_>, section: &Section<'_>, id: &str) -> Markup {
    let kind = |call: &Call| match call.outcome {
        Outcome::Done if call.cold => Some(Ink::Start),
        Outcome::Done => Some(Ink::Run),
        Outcome::Stopped => Some(Ink::Failed),
        _ => None,
    };
    let calls: Vec<(f64, Ink)> = section
        .calls
        .iter()
        .filter_map(|call| Some((held(call.used_seconds), kind(call)?)))
        .collect();
    if calls.is_empty() {
        return html! {};
    }
    let used = section.used();
    let mut marks = Vec::new();
    let mut mark = |short: &str, words: String, seconds: f64, ink| {
        marks.push(Mark { short: short.to_owned(), words, seconds, ink });
    };
    for (short, share, fewest) in [("median", 0.5, 1), ("90 %", 0.9, 10), ("99 %", 0.99, 100)] {
        if used.len() >= fewest {
            let at = quantile(&used, share);
            mark(short, format!("{short} of the calls: {}", seconds(at)), at, Ink::Quiet);
        }
    }
    if let Some(longest) = used.last() {
        mark("longest", format!("longest: {}", seconds(*longest)), *longest, Ink::Quiet);
    }
    let most =
        |of: fn(&Call) -> i64| section.calls.iter().map(|call| of(call)).max().unwrap_or_default();
    let allowed = most(|call| call.allowed_seconds);
    let words = format!("declared {}, which allows {allowed}\u{a0}s", declared(section));
    mark("declared", words, held(whole(allowed)), Ink::Declared);
    let advice = section.advice(report).zip(Size::from_name(section.size));
    if let Some((
        Advice::Seconds { lower, target, upper, .. }
        | Advice::Callable { lower, target, upper, .. },
        size,
    )) = advice
    {
        for (short, seconds) in [("lower", *lower), ("target", *target), ("upper", *upper)] {
            let allowed = quota::allowed(seconds, size);
            let words = format!("{short} {seconds}, which allows {allowed}\u{a0}s");
            mark(short, words, held(whole(allowed)), Ink::Target);
        }
    }
    let chart = Histogram {
        title: "How long calls held the GPU".to_owned(),
        calls,
        marks,
        stacked: vec![
            (Ink::Run, "warm calls"),
            (Ink::Start, "calls that started a worker"),
            (Ink::Failed, "calls that were stopped"),
        ],
    };
    figure(&format!("{id}-held"), &chart, true)
}

/// What the callable allows against what was used.
fn limits(report: &Report<'_>, section: &Section<'_>, id: &str) -> Markup {
    let Some(Advice::Callable { callable, .. }) = section.advice(report) else { return html! {} };
    let (Some(recommendation), Some(size)) =
        (section.recommendation, Size::from_name(section.size))
    else {
        return html! {};
    };
    let allowed = |call: &Call| {
        recommendation.declares(call).map(|declared| held(whole(quota::allowed(declared, size))))
    };
    let calls: Vec<(f64, f64, Ink)> = section
        .done()
        .filter_map(|call| {
            let ink = if call.cold { Ink::Start } else { Ink::Run };
            Some((allowed(call)?, held(call.used_seconds), ink))
        })
        .collect();
    let ratios = sorted(calls.iter().map(|(allowed, used, _)| allowed / used.max(1e-3)));
    let limits = sorted(calls.iter().map(|(allowed, ..)| *allowed));
    let row = |name: &str, of: fn(f64) -> String, values: &[f64]| {
        let at = |share| of(quantile(values, share));
        vec![name.to_owned(), at(0.0), at(0.5), at(1.0)]
    };
    let times = |ratio: f64| format!("{ratio:.1}\u{a0}×");
    let numbers = Numbers {
        head: vec!["", "least", "median", "most"],
        rows: vec![
            row("allowed", seconds, &limits),
            row("used", seconds, &section.used()),
            row("allowed over used", times, &ratios),
        ],
    };
    let chart = Limits {
        title: format!("What {} allows, against what calls used", safe(&callable.name)),
        calls,
        numbers,
        legend: vec![
            (Ink::Target, "allowed by the function".to_owned()),
            (Ink::Run, "used by a warm call".to_owned()),
            (Ink::Start, "used by a call that started a worker".to_owned()),
        ],
    };
    figure(&format!("{id}-limit"), &chart, true)
}

/// What a call books, and what it costs in the end.
fn one_call(report: &Report<'_>, section: &Section<'_>, id: &str) -> Markup {
    let (Some(recommendation), Some(size)) =
        (section.recommendation, Size::from_name(section.size))
    else {
        return html! {};
    };
    let used = section.used();
    let Some(now) = recommendation.declared.as_ref().filter(|_| !used.is_empty()) else {
        return html! {};
    };
    let mean = used.iter().sum::<f64>() / float(used.len());
    let charged = mean * whole(size.facts().quota_factor);
    let mut bars = vec![
        (charged, Ink::Run, if report.holds() { "used in the end" } else { "used here" }),
        (held(now.booked_seconds), Ink::Declared, "booked as declared"),
    ];
    if let Some(then) = recommendation.recommended.as_ref().filter(|_| report.holds()) {
        bars.push((held(then.booked_seconds), Ink::Target, "booked as recommended"));
    }
    let rows = bars.iter().map(|(value, _, name)| vec![(*name).to_owned(), seconds(*value)]);
    let numbers =
        Numbers { head: vec!["a call, on average", "of the quota"], rows: rows.collect() };
    let said: Vec<String> =
        bars.iter().map(|(value, _, name)| format!("{name}: {}", seconds(*value))).collect();
    let chart = Bars {
        title: "What a call takes of a visitor's quota, on average".to_owned(),
        description: format!("{}.", said.join("; ")),
        legend: bars.iter().map(|(_, ink, name)| (*ink, (*name).to_owned())).collect(),
        groups: vec![Group {
            label: String::new(),
            bars: bars.into_iter().map(|(value, ink, _)| (value, ink, seconds(value))).collect(),
        }],
        is_one_scale: true,
        lines: Vec::new(),
        numbers,
    };
    figure(&format!("{id}-quota"), &chart, false)
}

/// What a day's quota holds for each tier.
fn a_day(report: &Report<'_>, section: &Section<'_>, id: &str) -> Markup {
    let Some(now) = section.recommendation.and_then(|it| it.declared.as_ref()) else {
        return html! {};
    };
    let then = section.recommendation.and_then(|it| it.recommended.as_ref());
    let then = then.filter(|_| report.holds());
    // Without times that hold, only what a booking promises is sure.
    let sure = now.booked_seconds.ceil() as i64;
    let of_tier = |index: usize, (tier, calls): (Tier, Calls)| {
        let now = if report.holds() { calls } else { quota::calls(tier, sure, None) };
        (tier, now, then.map(|then| then.calls_a_day[index].1))
    };
    let tiers: Vec<(Tier, Calls, Option<Calls>)> =
        now.calls_a_day.into_iter().enumerate().map(|(index, it)| of_tier(index, it)).collect();
    let rows = tiers.iter().map(|(tier, now, then)| {
        let mut row = vec![tier.label().to_owned(), a_day_words(*now)];
        if let Some(then) = then {
            row.push(a_day_words(*then));
            row.push(gain(*now, *then).unwrap_or_else(|| "–".to_owned()));
        }
        row
    });
    let mut head = vec!["calls a day", "declared"];
    if then.is_some() {
        head.extend(["recommended", "gain"]);
    }
    let numbers = Numbers { head, rows: rows.collect() };
    let group = |(tier, now, then): &(Tier, Calls, Option<Calls>)| {
        let mut bars = vec![(count(*now), Ink::Declared, a_day_words(*now))];
        bars.extend(then.map(|then| {
            let gain = gain(*now, then).filter(|_| then != *now);
            let words = [Some(a_day_words(then)), gain].into_iter().flatten();
            (count(then), Ink::Target, words.collect::<Vec<_>>().join(", "))
        }));
        Group { label: format!("{}, {} s a day", tier.label(), tier.quota_seconds()), bars }
    };
    let mut legend = vec![(Ink::Declared, "as declared".to_owned())];
    if then.is_some() {
        legend.push((Ink::Target, "as recommended".to_owned()));
    }
    let said: Vec<String> = numbers.rows.iter().map(|row| row.join(", ")).collect();
    let chart = Bars {
        title: "Calls a day, each pair to its own scale".to_owned(),
        description: format!("{}: {}.", numbers.head.join(", "), said.join("; ")),
        groups: tiers.iter().map(group).collect(),
        is_one_scale: false,
        lines: Vec::new(),
        legend,
        numbers,
    };
    figure(&format!("{id}-day"), &chart, false)
}

/// How many times as many calls a day.
fn gain(now: Calls, then: Calls) -> Option<String> {
    let (now, then) = (count(now), count(then));
    (now > 0.0 && then > 0.0).then(|| format!("{:.1}\u{a0}×", then / now))
}

fn a_day_words(calls: Calls) -> String {
    match calls {
        Calls::Never => "none".to_owned(),
        Calls::AtLeast(count) => format!("{count} or more"),
        Calls::Exactly(count) => count.to_string(),
        Calls::Unlimited => "any number".to_owned(),
    }
}

fn count(calls: Calls) -> f64 {
    match calls {
        Calls::Never | Calls::Unlimited => 0.0,
        Calls::AtLeast(count) | Calls::Exactly(count) => whole(count),
    }
}

/// What a call that was looked into spends its time on.
fn made_of(section: &Section<'_>) -> Markup {
    let shares = section.recommendation.map_or(&[][..], |it| &it.shares);
    if shares.is_empty() {
        return html! {};
    }
    let named = Shares::mean(shares).named();
    let rows = named.into_iter().map(|(name, share)| vec![name.to_owned(), percent(share)]);
    let numbers = Numbers { head: vec!["work", "share of the time"], rows: rows.collect() };
    html! {
        div.parts {
            h3 { "What the time goes to" }
            p {
                "The longest call of each endpoint was made once more, under PyTorch's profiler: "
                (number(shares.len(), "call")) " of this function. By what such a call is made of, the time of another \
                GPU is translated to the platform's."
            }
            (numbers.table())
        }
    }
}

/// What the start of a worker adds.
fn cold(section: &Section<'_>) -> Markup {
    let colds: Vec<&&Call> = section.calls.iter().filter(|call| call.cold).collect();
    let Some(recommendation) = section.recommendation.filter(|_| !colds.is_empty()) else {
        return html! {};
    };
    let adds = held(recommendation.profile.cold_seconds);
    let part = |name: &str, of: fn(&Call) -> Option<f64>| {
        let seen = sorted(colds.iter().filter_map(|call| of(call)).map(held));
        let longest = seen.last()?;
        let median = seconds(quantile(&seen, 0.5));
        Some(vec![name.to_owned(), seen.len().to_string(), median, seconds(*longest)])
    };
    let rows = [
        part("start of the worker", |call| call.start_seconds),
        part("move of the weights", |call| call.transfer_seconds),
    ];
    let numbers = Numbers {
        head: vec!["a cold start", "calls", "median", "longest"],
        rows: rows.into_iter().flatten().collect(),
    };
    html! {
        div.cold {
            h3 { "Cold start, apart" }
            p {
                (number(colds.len(), "call")) " started a worker, which counts as time on the GPU. "
                @if adds > 0.0 {
                    "With all that a first call does more, it adds up to " (seconds(adds)) ". "
                } @else {
                    "How much it adds, no call with a warm one was there to tell. "
                }
                "Nobody can count on a warm worker: whatever is recommended has room for a cold start."
            }
            @if !numbers.rows.is_empty() { (numbers.table()) }
        }
    }
}
