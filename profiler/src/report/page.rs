//! The page itself.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use spacelint_knowledge::platform::{Size, Tier};
use spacelint_knowledge::quota::{self, Calls};
use spacelint_rules::registry;
use spacelint_space::escape::escape;
use spacelint_space::profile::{Advice, Basis, Callable, Evidence, Method, Translation};

use super::Report;
use super::charts::{
    Bars, Group, Histogram, Ink, Limits, MOST_DRAWN, Mark, Numbers, Span, Timeline, figure,
};
use crate::recommend::{CONFIDENCE, Recommendation, float, quantile};
use crate::recording::{Call, Outcome, Record};

/// No script, nothing from elsewhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// Longer than any run: what claims more would push all else off the page.
const MOST_SECONDS: f64 = 1e7;
/// A bar's label is cut here, in letters.
const LABEL: usize = 40;

/// The whole page.
pub(super) fn html(report: &Report<'_>) -> Markup {
    let calls = calls(report);
    let sections = sections(report, &calls);
    let title = format!("GPU profile of {}", escape(report.space));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                main {
                    (head(report, &title, &calls))
                    (glance(report, &sections))
                    (faults(report, &calls))
                    @for (index, section) in sections.iter().enumerate() {
                        (function(report, section, index))
                    }
                    (over_the_run(&calls))
                    (memory(report, &sections))
                }
                footer {
                    p {
                        "Made by spacelint-profile " (env!("CARGO_PKG_VERSION")) ". What is promised holds for calls \
                        like those that were driven, not for whatever else visitors may ask for."
                    }
                }
            }
        }
    }
}

/// A call, and when it was asked for on the clock of the whole recording.
struct Timed<'a> {
    call: &'a Call,
    at: f64,
}

/// The calls, of one run after the other where more than one was recorded to the file.
fn calls<'a>(report: &Report<'a>) -> Vec<Timed<'a>> {
    let (mut began, mut end) = (0.0_f64, 0.0_f64);
    let mut found = Vec::new();
    for record in &report.recording.records {
        match record {
            Record::Run(_) => began = end,
            Record::Call(call) => {
                let at = began + held(call.at_seconds);
                end = end.max(at + held(call.queued_seconds) + held(call.used_seconds));
                found.push(Timed { call, at });
            }
            _ => {}
        }
    }
    found
}

/// The calls of one GPU function at one size.
struct Section<'a> {
    name: String,
    place: String,
    size: &'a str,
    calls: Vec<&'a Call>,
    recommendation: Option<&'a Recommendation>,
}

impl Section<'_> {
    fn is_done(call: &Call) -> bool {
        call.outcome == Outcome::Done
    }

    fn done(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().copied().filter(|call| Self::is_done(call))
    }

    /// The seconds of the calls that ended well, in rising order.
    fn used(&self) -> Vec<f64> {
        sorted(self.done().map(|call| held(call.used_seconds)))
    }

    /// What is recommended, if that may be said.
    fn advice(&self, report: &Report<'_>) -> Option<&Advice> {
        let recommendation = self.recommendation.filter(|_| report.holds())?;
        Some(&recommendation.profile.advice)
    }
}

/// Those with a recommendation in its order, then those of which it is not known what was called.
fn sections<'a>(report: &Report<'a>, calls: &[Timed<'a>]) -> Vec<Section<'a>> {
    let recommendations = report.recommendations;
    let mut sections: Vec<Section<'a>> = recommendations
        .iter()
        .map(|it| Section {
            name: safe(&it.profile.function.name),
            place: format!("{}:{}", escape(&it.function.path), it.function.line),
            size: &it.profile.size,
            calls: Vec::new(),
            recommendation: Some(it),
        })
        .collect();
    let mut others: BTreeMap<(String, &str), Vec<&Call>> = BTreeMap::new();
    for Timed { call, .. } in calls {
        let is_of = |it: &Recommendation| {
            it.profile.size == call.size
                && call.function.as_ref().is_some_and(|function| it.names.contains(function))
        };
        match recommendations.iter().position(is_of) {
            Some(index) => sections[index].calls.push(call),
            None => others.entry((name(call), &call.size)).or_default().push(call),
        }
    }
    sections.extend(others.into_iter().map(|((name, size), calls)| Section {
        name,
        place: String::new(),
        size,
        calls,
        recommendation: None,
    }));
    sections
}

/// What a call is a call of.
fn name(call: &Call) -> String {
    match (&call.function, &call.endpoint) {
        (Some(function), _) => safe(&function.name),
        (None, Some(endpoint)) => format!("a GPU function of {}", escape(endpoint)),
        (None, None) => "a GPU function that is not known".to_owned(),
    }
}

fn head(report: &Report<'_>, title: &str, calls: &[Timed<'_>]) -> Markup {
    let run = &report.recording.run;
    let ready = report.recording.records.iter().find_map(|record| match record {
        Record::Ready(ready) => Some(ready),
        _ => None,
    });
    let device = run.device.as_deref().map(safe);
    let platform = Size::DEFAULT.facts().gpu;
    let ran_on = match (run.basis, device) {
        (Basis::PlatformGpu, device) => {
            format!("{}, the GPU of ZeroGPU", device.as_deref().unwrap_or(platform))
        }
        (Basis::OtherGpu, device) => {
            format!("{}; that of ZeroGPU is {platform}", device.as_deref().unwrap_or("another GPU"))
        }
        (Basis::Cpu, _) => "the CPU, without a GPU".to_owned(),
    };
    let versions: Vec<String> = run
        .versions
        .iter()
        .map(|(name, version)| format!("{} {}", escape(name), escape(version)))
        .collect();
    let unknown = unknown(report, calls);
    html! {
        header {
            h1 { (title) }
            dl.facts {
                div { dt { "When" } dd { (moment(&run.began)) } }
                div { dt { "GPU calls" } dd { (calls.len()) } }
                div.long { dt { "Ran on" } dd { (ran_on) } }
                div { dt { "Called as" } dd { (visitor(&run.visitor)) } }
                @if let Some(ready) = ready {
                    div { dt { "Served after" } dd { (seconds(held(ready.startup_seconds))) } }
                    @if let Some(bytes) = ready.packed_bytes.filter(|bytes| *bytes > 0) {
                        div { dt { "Packed weights" } dd { (gigabytes(bytes)) } }
                    }
                }
                @if !versions.is_empty() {
                    div.long { dt { "With" } dd { (versions.join(", ")) } }
                }
            }
            @if !unknown.is_empty() {
                section.note {
                    h2 { "What this run does not tell" }
                    ul { @for line in unknown { li { (line) } } }
                }
            }
        }
    }
}

/// What nobody may conclude.
fn unknown(report: &Report<'_>, calls: &[Timed<'_>]) -> Vec<String> {
    let run = &report.recording.run;
    let mut lines = Vec::new();
    let mut say = |line: &str| lines.push(line.to_owned());
    match (run.basis, report.times_hold_on_platform) {
        (Basis::PlatformGpu, _) => {}
        (_, true) => {
            say("Whether its times hold on the platform: that they do is its author's word.");
        }
        (Basis::OtherGpu, false) => match report.translation() {
            Some(Translation { gpu, low, high }) => say(&format!(
                "How long calls take on the platform: on {} they take between {low:.2} and {high:.2} times as long as here, by \
                 what the kept calibration of this GPU says. What is recommended is for the upper end; all seconds of \
                 calls are as measured.",
                safe(gpu)
            )),
            None => say(
                "How long calls take on the platform: another GPU takes another time. So no duration is recommended. \
                 `spacelint-profile calibrate` measures that GPU, by which its times are translated.",
            ),
        },
        (Basis::Cpu, false) => say(
            "How long calls take on the platform, and how much memory: GPU functions ran on the CPU. So no duration is \
             recommended.",
        ),
    }
    if !run.zerogpu {
        say(
            "Queues, the start of workers, pickling and refusals: the Space ran outside ZeroGPU. What a call is allowed \
             and books is computed from what it declares.",
        );
    }
    let nameless = calls.iter().filter(|it| it.call.function.is_none()).count();
    if nameless > 0 {
        let of = if nameless == calls.len() { "all".to_owned() } else { nameless.to_string() };
        say(&format!(
            "Which function was called, with which arguments, in {of} of its calls: the hook was not there to see it."
        ));
    }
    let runs = report.recording.records.iter().filter(|it| matches!(it, Record::Run(_))).count();
    let ends = report.recording.records.iter().filter(|it| matches!(it, Record::End(_))).count();
    if runs > 1 {
        say(&format!(
            "What differed between its {runs} runs: they are counted as one, and shown one after the other, under the \
             circumstances of the first."
        ));
    }
    if report.recording.cut_off || ends < runs {
        say(
            "How it would have ended: it was killed, or goes on. A call that was on its way is not in it.",
        );
    }
    lines
}

/// All that is recommended, in one table.
fn glance(report: &Report<'_>, sections: &[Section<'_>]) -> Markup {
    if sections.is_empty() {
        return html! { section { h2 { "Durations" } p { "No GPU call was recorded." } } };
    }
    html! {
        section {
            h2 { "Durations" }
            div.scroll {
                table.glance {
                    thead {
                        tr {
                            th scope="col" { "GPU function" }
                            th.more scope="col" { "calls" }
                            th.more scope="col" { "longest" }
                            th scope="col" { "declared" }
                            th scope="col" { "recommended" }
                        }
                    }
                    tbody {
                        @for (index, section) in sections.iter().enumerate() {
                            tr {
                                th scope="row" {
                                    a href={ "#function-" (index + 1) } { (section.name) }
                                    " " small { (safe(section.size)) }
                                }
                                td.more { (section.calls.len()) }
                                td.more { (section.used().last().map_or("–".to_owned(), |it| seconds(*it))) }
                                td { (declared(section)) }
                                td.wrap { strong { (in_short(section.advice(report))) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What its calls declared.
fn declared(section: &Section<'_>) -> String {
    let all = || section.calls.iter().map(|call| call.declared_seconds);
    match (all().min(), all().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (_, most) => most.unwrap_or_default().to_string(),
    }
}

fn in_short(advice: Option<&Advice>) -> String {
    match advice {
        None => "none".to_owned(),
        Some(Advice::Seconds { target, .. }) => target.to_string(),
        Some(Advice::Callable { target, .. }) => format!("a function, up to {target}"),
        Some(Advice::NotEnoughCalls { missing }) => format!("{missing} calls missing"),
        Some(Advice::Stopped { at_least, .. }) => format!("at least {at_least}, measure again"),
    }
}

/// What went wrong, by the failure's own name.
fn faults(report: &Report<'_>, calls: &[Timed<'_>]) -> Markup {
    let mut counted: Vec<(Option<String>, String, usize)> = Vec::new();
    let mut add = |failure: Option<&str>, message: String| {
        let failure = failure.map(safe);
        match counted.iter_mut().find(|it| (&it.0, &it.1) == (&failure, &message)) {
            Some(known) => known.2 += 1,
            None => counted.push((failure, message, 1)),
        }
    };
    for record in &report.recording.records {
        if let Record::Fault(fault) = record {
            add(Some(&fault.failure), safe(&fault.message));
        }
    }
    for Timed { call, .. } in calls {
        if let Some((failure, message)) = failure(call) {
            add(failure, message);
        }
    }
    if counted.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "What went wrong" }
            ul.faults {
                @for (failure, message, count) in counted {
                    li {
                        @if let Some(failure) = failure {
                            @match page_of(&failure) {
                                Some(page) => a href=(page) rel="noreferrer" { code { (failure) } },
                                None => code { (failure) },
                            }
                            " "
                        }
                        (message)
                        @if count > 1 { small { " " (count) " times" } }
                    }
                }
            }
        }
    }
}

/// Where a failure that a rule sees in the text is explained.
fn page_of(failure: &str) -> Option<String> {
    let rule = registry::find(failure)?;
    Some(format!("{}/rules/{}.html", env!("CARGO_PKG_HOMEPAGE"), rule.info.name))
}

/// What a call broke, in words.
fn failure(call: &Call) -> Option<(Option<&str>, String)> {
    let (name, allowed, books) = (name(call), call.allowed_seconds, call.booked_seconds);
    Some(match &call.outcome {
        Outcome::Done | Outcome::Left => return None,
        Outcome::Stopped => (
            Some("tight-duration"),
            format!(
                "{name} held the GPU for longer than the {allowed} s that it was allowed, and was stopped"
            ),
        ),
        Outcome::NeverReleased => (Some("lost-release"), format!("{name} never gave the GPU back")),
        Outcome::Refused { verdict } => {
            let most = Tier::ALL.into_iter().map(Tier::quota_seconds).max().unwrap_or_default();
            // `spacelint` tells what nobody may book from what some may.
            let is_long = verdict == "illegal-duration" && books <= most;
            let rule = if is_long { "long-duration" } else { verdict.as_str() };
            (Some(rule), format!("{name} was refused before it began; it books {books} s"))
        }
        Outcome::Failed { error } => (None, format!("{name} failed: {}", escape(error))),
    })
}

/// All of one GPU function at one size.
fn function(report: &Report<'_>, section: &Section<'_>, index: usize) -> Markup {
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

fn over_the_run(calls: &[Timed<'_>]) -> Markup {
    if calls.is_empty() {
        return html! {};
    }
    let mut calls: Vec<&Timed<'_>> = calls.iter().collect();
    calls.sort_by(|one, other| one.at.total_cmp(&other.at));
    let mut totals: BTreeMap<Ink, f64> = BTreeMap::new();
    let mut spans = Vec::new();
    let mut failed = 0;
    for Timed { call, at } in &calls {
        let span = span(call, *at);
        for (ink, seconds) in &span.parts {
            *totals.entry(*ink).or_default() += seconds;
        }
        failed += usize::from(span.has_failed);
        spans.push(span);
    }
    spans.truncate(MOST_DRAWN);
    let end = spans.iter().map(Span::to).fold(0.0, f64::max);
    let all: f64 = totals.values().sum();
    let parts = [
        (Ink::Queued, "waiting for a GPU"),
        (Ink::Start, "start of the worker"),
        (Ink::Transfer, "move of the weights"),
        (Ink::Run, "in the function"),
        (Ink::Rest, "else on the GPU"),
    ];
    let there = || parts.iter().filter_map(|(ink, name)| Some((ink, *name, totals.get(ink)?)));
    let rows = there().filter(|(.., total)| **total > 0.0).map(|(_, name, total)| {
        vec![name.to_owned(), seconds(*total), percent(*total / all.max(1e-9))]
    });
    let numbers =
        Numbers { head: vec!["all calls together", "time", "share"], rows: rows.collect() };
    let mut legend: Vec<(Ink, String)> = there()
        .filter(|(.., total)| **total > 0.0)
        .map(|(ink, name, _)| (*ink, name.to_owned()))
        .collect();
    if failed > 0 {
        legend.push((Ink::Failed, format!("× did not end well: {failed}")));
    }
    html! {
        section {
            h2 { "The run" }
            @if calls.len() > MOST_DRAWN {
                p { "The first " (MOST_DRAWN) " of " (calls.len()) " calls are drawn." }
            }
            (figure("timeline", &Timeline { spans, end, numbers, legend }, true))
        }
    }
}

/// A call on the timeline.
fn span(call: &Call, at: f64) -> Span {
    let used = held(call.used_seconds);
    let mut left = used;
    let mut take = |seconds: Option<f64>| {
        let taken = held(seconds.unwrap_or(0.0)).min(left);
        left -= taken;
        taken
    };
    let start = take(call.start_seconds);
    let transfer = take(call.transfer_seconds);
    let run = take(call.run_seconds);
    Span {
        from: at,
        parts: vec![
            (Ink::Queued, held(call.queued_seconds)),
            (Ink::Start, start),
            (Ink::Transfer, transfer),
            (Ink::Run, run),
            (Ink::Rest, left),
        ],
        has_failed: !matches!(call.outcome, Outcome::Done | Outcome::Left),
    }
}

/// The peaks against what the sizes have.
fn memory(report: &Report<'_>, sections: &[Section<'_>]) -> Markup {
    if report.recording.run.basis == Basis::Cpu {
        return html! {};
    }
    let peaks = sections.iter().filter_map(|section| {
        let peak = section.calls.iter().filter_map(|call| call.peak_bytes).max()?;
        Some((section, peak))
    });
    let peaks: Vec<(&Section<'_>, u64)> = peaks.collect();
    if peaks.is_empty() {
        return html! {};
    }
    let words = |size: Size| format!("{} {} GB", size.name(), size.facts().vram_gb);
    let rows = peaks.iter().map(|(section, peak)| {
        let name = format!("{} ({})", section.name, escape(section.size));
        let mut row = vec![name, gigabytes(*peak)];
        row.extend(Size::ALL.map(|size| percent(bytes(*peak) / room(size))));
        row
    });
    let numbers = Numbers {
        head: vec!["GPU function", "peak", "of large", "of xlarge"],
        rows: rows.collect(),
    };
    let group = |(section, peak): &(&Section<'_>, u64)| Group {
        label: shortened(&format!("{} ({})", section.name, escape(section.size))),
        bars: vec![(bytes(*peak), Ink::Run, gigabytes(*peak))],
    };
    let said: Vec<String> = numbers.rows.iter().map(|row| row[..2].join(": ")).collect();
    let chart = Bars {
        title: "The most GPU memory that was allocated".to_owned(),
        description: format!("{}. {}.", said.join("; "), Size::ALL.map(words).join(", ")),
        groups: peaks.iter().map(group).collect(),
        is_one_scale: true,
        lines: Size::ALL.map(|size| (room(size), words(size))).to_vec(),
        legend: vec![(Ink::Declared, "what a size has".to_owned())],
        numbers,
    };
    html! { section { h2 { "Memory" } (figure("memory", &chart, true)) } }
}

/// Bytes of a size's memory.
fn room(size: Size) -> f64 {
    f64::from(size.facts().vram_gb) * 1e9
}

/// So many of them.
pub(super) fn number(count: usize, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}

/// Text of a recording as it may be shown; HTML is escaped beyond this.
fn safe(text: &str) -> String {
    escape(text).into_owned()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LABEL {
        return text.to_owned();
    }
    text.chars().take(LABEL - 1).chain(['…']).collect()
}

/// Seconds as a chart can hold them, whatever the recording claims.
fn held(seconds: f64) -> f64 {
    seconds.clamp(0.0, MOST_SECONDS)
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Seconds in words, as exact as they are of use.
pub(super) fn seconds(value: f64) -> String {
    if value == 0.0 {
        "0\u{a0}s".to_owned()
    } else if value < 0.1 {
        format!("{:.1}\u{a0}ms", value * 1e3)
    } else if value < 10.0 {
        format!("{value:.2}\u{a0}s")
    } else if value < 100.0 {
        format!("{value:.1}\u{a0}s")
    } else {
        format!("{value:.0}\u{a0}s")
    }
}

fn percent(share: f64) -> String {
    let value = share * 100.0;
    let text =
        if value.fract().abs() < 1e-6 { format!("{value:.0}") } else { format!("{value:.1}") };
    format!("{text}\u{a0}%")
}

fn gigabytes(count: u64) -> String {
    format!("{:.1}\u{a0}GB", bytes(count) / 1e9)
}

#[expect(clippy::cast_precision_loss, reason = "a tenth of a gigabyte is shown")]
fn bytes(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "what is drawn is no more exact than a pixel")]
fn whole(count: i64) -> f64 {
    count as f64
}

/// A moment as it was written, in fewer letters.
fn moment(text: &str) -> String {
    text.parse::<jiff::Timestamp>()
        .map_or_else(|_| safe(text), |it| it.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn visitor(name: &str) -> String {
    use clap::ValueEnum;

    let class = crate::args::Class::from_str(name, true);
    class.map_or_else(
        |_| safe(name),
        |class| {
            let tier = class.tier();
            format!("{}, {} s of quota a day", tier.label(), tier.quota_seconds())
        },
    )
}
