//! The page itself.

mod function;
mod run;
mod words;

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use spacelint_knowledge::platform::{Size, Tier};
use spacelint_rules::registry;
use spacelint_space::escape::escape;
use spacelint_space::profile::{Advice, Basis, Translation};

use super::Report;
use crate::recommend::Recommendation;
use crate::recording::{Call, Outcome, Record};
use function::function;
use run::{memory, over_the_run};
use words::{gigabytes, held, moment, safe, sorted, visitor};

pub(super) use words::{number, seconds};

/// No script, nothing from elsewhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

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
