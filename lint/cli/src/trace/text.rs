//! A trace for people: who wants to know what the tool saw, or why a rule says what it says.
//!
//! One line an event, in the order in which things happen, under a heading for each phase and, after
//! start-up, for each function that somebody calls. Below it stands the way there, where that is
//! another than the event before had.

use std::fmt::Write;

use serde_json::Value as Json;
use spacelint_knowledge::effects::Role as Handed;
use spacelint_python::{Certainty, Root, Span, Value};
use spacelint_space::effect::{Effect, Missing, Token};
use spacelint_space::{Moment, Phase, Role, SourceFile, Space, SpaceTrace, Stop};
use textwrap::{WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use super::told;
use crate::escape::{escape, guard_lines};
use crate::frame;
use crate::paths::Place;
use crate::report;
use crate::terminal::{Style, Terminal};

/// Before the place of an event.
const INDENT: &str = "  ";
/// What happens needs at least this much room beside the places, or goes below them.
const NARROWEST: usize = 40;
/// A place that is longer than this share of the line stands on a line of its own, so that one of
/// them does not push everything to the right.
const WIDEST_PLACE: usize = 3;

/// The trace of `space`.
pub(super) fn trace(space: &Space, place: &Place, terminal: Terminal) -> String {
    let mut page = Page { out: String::new(), place, terminal };
    page.head(space);
    if let Some(trace) = space.trace() {
        page.startup(trace, Phase::BeforeSpaces);
        page.startup(trace, Phase::Startup);
        page.roots(trace, Phase::Request);
        page.roots(trace, Phase::Gpu);
    }
    guard_lines(&page.out).into_owned()
}

struct Page<'a> {
    out: String,
    place: &'a Place,
    terminal: Terminal,
}

impl Page<'_> {
    fn head(&mut self, space: &Space) {
        let folder = self.place.folder();
        let folder = self.terminal.paint(Style::STRONG, &escape(folder.as_str()));
        let zerogpu = if space.is_zerogpu() { " (ZeroGPU)" } else { "" };
        self.line(&format!("{folder}{zerogpu}"));
        let app_file = escape(space.app_file.as_str()).into_owned();
        let said = match (&space.entry, space.trace()) {
            (Some(_), Some(trace)) => {
                let reached = trace.files().count().saturating_sub(1);
                let reached = match reached {
                    0 => "no other file".to_owned(),
                    other => report::count(other, "more file"),
                };
                let roots = report::count(trace.roots().len(), "function");
                let events = report::count(trace.moments().count(), "event");
                format!("{app_file} reaches {reached}; {events}; hands over {roots}.")
            }
            _ if is_static(space) => "A static Space runs no program.".to_owned(),
            _ => match space.card.as_ref().and_then(|card| card.str("app_file")) {
                Some(_) => format!(
                    "There is no program: looked for {app_file}, which `app_file` in README.md names."
                ),
                None => format!(
                    "There is no program: looked for {app_file}, as README.md names no `app_file`."
                ),
            },
        };
        self.prose(&said, "");
        if let Some(trace) = space.trace().filter(|trace| !trace.exhausted().is_empty()) {
            let budgets: Vec<_> =
                trace.exhausted().iter().map(|budget| told::budget(*budget)).collect();
            let said = format!(
                "It was not followed to its end: the budget for {} ran out. What was seen still counts.",
                budgets.join(" and ")
            );
            let said = self.terminal.paint(Style::WARNING, &said);
            self.prose(&said, "");
        }
    }

    /// What happens at start-up in this phase.
    fn startup(&mut self, trace: &SpaceTrace, phase: Phase) {
        let moments: Vec<Moment<'_>> = trace
            .moments()
            .filter(|moment| moment.event.root.is_none() && moment.phase == phase)
            .collect();
        if moments.is_empty() && phase == Phase::BeforeSpaces {
            return;
        }
        self.heading(phase_heading(phase));
        if moments.is_empty() {
            self.faint("nothing that a rule cares about", INDENT);
        }
        self.events(&moments, INDENT);
    }

    /// What the functions do that are called in this phase.
    fn roots(&mut self, trace: &SpaceTrace, phase: Phase) {
        let mut roots =
            trace.roots().iter().enumerate().filter(|(_, it)| told::phase_of(it.role) == phase);
        let Some(first) = roots.next() else { return };
        self.heading(phase_heading(phase));
        for (index, root) in std::iter::once(first).chain(roots) {
            self.root(trace, root);
            let moments: Vec<Moment<'_>> =
                trace.moments().filter(|moment| moment.event.root == Some(index)).collect();
            self.events(&moments, "    ");
        }
    }

    fn root(&mut self, trace: &SpaceTrace, root: &Root<Role>) {
        let name = root.function().map_or_else(|| "?".to_owned(), |function| told::name(function));
        let name = self.terminal.paint(Style::STRONG, &escape(&name));
        let at = self.at(trace.file(root.place.file), root.place.span);
        let sometimes = match root.certainty {
            Certainty::Always => "",
            Certainty::Sometimes => ", sometimes",
        };
        self.prose(&format!("{name}, {} at {at}{sometimes}", handed_over(root.role)), INDENT);
    }

    fn events(&mut self, moments: &[Moment<'_>], indent: &str) {
        let places: Vec<String> =
            moments.iter().map(|moment| self.at(moment.file(), moment.place().span)).collect();
        let width = self.terminal.prose_width();
        let widest = width / WIDEST_PLACE;
        let column =
            places.iter().map(|it| it.width()).filter(|it| *it <= widest).max().unwrap_or(0);
        let lead = indent.len() + column + 2;
        let beside = lead + NARROWEST <= width;
        let below = " ".repeat(if beside { lead } else { indent.len() + 2 });
        let mut before: Vec<Stop> = Vec::new();
        for (moment, at) in moments.iter().zip(places) {
            let said = self.said(moment);
            let fits = beside && at.width() <= column;
            if fits {
                let pad = " ".repeat(column - at.width() + 2);
                let filled = self.fill(&said, &below);
                let filled = filled.strip_prefix(&below).unwrap_or(&filled);
                self.line(&format!("{indent}{at}{pad}{filled}"));
            } else {
                self.line(&format!("{indent}{at}"));
                let filled = self.fill(&said, &below);
                self.line(&filled);
            }
            let chain = moment.chain();
            self.chain(&chain, &before, &below);
            before = chain;
        }
    }

    /// The way to an event, where it is another than the event before had. The steps that both share
    /// are left out.
    fn chain(&mut self, chain: &[Stop], before: &[Stop], indent: &str) {
        let same = |(a, b): &(&Stop, &Stop)| a.place == b.place && a.step == b.step;
        let shared = chain.iter().zip(before).take_while(same).count();
        if shared == chain.len() && chain.len() == before.len() {
            return;
        }
        let arrow = if self.terminal.unicode { "→" } else { "->" };
        let mut steps: Vec<String> = Vec::new();
        if shared > 0 {
            steps.push(self.terminal.ellipsis().to_owned());
        }
        for stop in &chain[shared..] {
            let at = self.at(&stop.file, stop.place.span);
            let (word, name) = told::step(&stop.step);
            steps.push(format!("{at} {word}s {}", escape(name)));
        }
        let said = match &*steps {
            [] => "in the file itself".to_owned(),
            [only] if shared > 0 => format!("{only} the same way, without the last steps"),
            steps => format!("by {}", steps.join(&format!(" {arrow} "))),
        };
        self.faint(&said, indent);
    }

    /// What happens, in words.
    fn said(&self, moment: &Moment<'_>) -> String {
        let effect = &moment.event.effect;
        let what = escape(&told::what(effect)).into_owned();
        let mut said = match effect {
            Effect::ImportSpaces(import) if import.plain => "imports spaces".to_owned(),
            Effect::ImportSpaces(_) => "imports from spaces".to_owned(),
            Effect::TouchCuda(touch) if touch.sure => format!("touches CUDA: {what}"),
            Effect::TouchCuda(_) => format!("may touch CUDA: {what}"),
            Effect::LoadModel(load) => {
                let word = match (load.adapter, load.weights) {
                    (true, _) => "loads an adapter",
                    (false, true) => "loads a model",
                    (false, false) => "loads what goes with a model",
                };
                let mut said = format!("{word}: {what}{}", ids(&load.ids));
                push(&mut said, "part", load.part.as_ref());
                push(&mut said, "dtype", load.dtype.as_ref());
                for argument in &load.quantisation {
                    let name = argument.name.as_deref().unwrap_or("quantisation");
                    push(&mut said, name, Some(&argument.value));
                }
                push(&mut said, "device", load.device.as_ref());
                said.push_str(&with_token(&load.token));
                said
            }
            Effect::Download(download) => {
                format!("downloads: {what}{}{}", ids(&download.ids), with_token(&download.token))
            }
            Effect::DeclareGpu(gpu) => {
                let name = gpu.function.as_ref().map(|function| told::name(function));
                let name = name.unwrap_or_else(|| "?".to_owned());
                let mut said = format!("declares a GPU function: {}", escape(&name));
                push(&mut said, "duration", gpu.duration.as_ref().map(|it| &it.value));
                push(&mut said, "size", gpu.size.as_ref().map(|it| &it.value));
                said
            }
            Effect::CallGpu(_) => format!("calls a GPU function: {what}"),
            Effect::ReadEnv(read) => format!("reads {what}{}", missing(read.missing)),
            Effect::NeedEnv(need) => format!("needs {what}: else {}", escape(&need.otherwise)),
            Effect::SetEnv(_) => format!("sets {what} in the environment"),
            Effect::Serve(_) => format!("serves the app: {what}"),
            Effect::RunCommand(run) => {
                let mut said = format!("runs a command: {what}");
                if let Some(command) = run.command.as_ref().and_then(told::command) {
                    // Writing to a String cannot fail.
                    let _ = write!(said, ", {}", escape(&command));
                }
                said
            }
            Effect::Login(login) => format!("signs in: {what}{}", with_token(&login.token)),
            Effect::Sleep(sleep) => {
                let mut said = format!("waits: {what}");
                push(&mut said, "seconds", sleep.seconds.as_ref());
                said
            }
            Effect::Http(_) => format!("sends a request: {what}"),
            Effect::Client(client) => {
                format!("makes a client: {what}{}{}", ids(&client.ids), with_token(&client.token))
            }
            Effect::Compile(_) => format!("compiles: {what}"),
        };
        if moment.certainty() == Certainty::Sometimes {
            let word = self.terminal.paint(Style::WARNING, "sometimes");
            // Writing to a String cannot fail.
            let _ = write!(said, " ({word})");
        }
        said
    }

    fn at(&self, file: &SourceFile, span: Span) -> String {
        frame::place(&self.place.shown(&file.path), &file.text, span)
    }

    fn heading(&mut self, text: &str) {
        let heading = self.terminal.paint(Style::STRONG, text);
        self.out.push('\n');
        self.line(&heading);
    }

    fn faint(&mut self, text: &str, indent: &str) {
        let filled = self.fill(text, indent);
        for line in filled.lines() {
            let painted = self.terminal.paint(Style::FAINT, line.trim_start());
            self.line(&format!("{indent}{painted}"));
        }
    }

    fn prose(&mut self, text: &str, indent: &str) {
        let filled = self.fill(text, indent);
        self.line(&filled);
    }

    /// Wrapped at spaces, so that names and places stay whole.
    fn fill(&self, text: &str, indent: &str) -> String {
        let options = textwrap::Options::new(self.terminal.prose_width())
            .initial_indent(indent)
            .subsequent_indent(indent)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        textwrap::fill(text, options)
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn is_static(space: &Space) -> bool {
    space.card.as_ref().and_then(|card| card.str("sdk")) == Some("static")
}

fn phase_heading(phase: Phase) -> &'static str {
    match phase {
        Phase::BeforeSpaces => "Start-up, before `import spaces`",
        Phase::Startup => "Start-up",
        Phase::Request => "In the web process, when called",
        Phase::Gpu => "In the worker, on the GPU",
    }
}

/// How a function comes to be called.
fn handed_over(role: Role) -> &'static str {
    match role {
        Role::Gpu => "made a GPU function",
        Role::Request(Handed::Event) => "handed over for an event",
        Role::Request(Handed::Render) => "handed over to draw a part of the page",
        Role::Request(Handed::Example) => "handed over for examples",
        Role::Request(Handed::Route) => "handed over for a route",
        Role::Request(Handed::Thread) => "handed over to a thread",
        Role::Request(Handed::Process) => "handed over to a process",
        Role::Request(Handed::Callback) => "handed over as a callback",
    }
}

fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Handled => "",
        Missing::Empty => ", empty where it is not set",
        Missing::None => ", `None` where it is not set",
        Missing::Raises => ", which raises where it is not set",
    }
}

fn with_token(token: &Token) -> String {
    match token {
        Token::Implicit | Token::Other => String::new(),
        Token::Env(names) => format!(", token from {}", escape(&names.join(" or "))),
        Token::Refused => ", without a token".to_owned(),
    }
}

fn ids(ids: &[std::sync::Arc<str>]) -> String {
    match ids {
        [] => String::new(),
        ids => format!(" of {}", escape(&ids.join(" or "))),
    }
}

/// Appends `, name value`, if the value is settled; that it is not says nothing.
fn push(said: &mut String, name: &str, value: Option<&Value>) {
    let shown = match value.map(told::settled) {
        None | Some(Json::Null) => return,
        Some(Json::String(text)) => text,
        Some(other) => other.to_string(),
    };
    // Writing to a String cannot fail.
    let _ = write!(said, ", {} {}", escape(name), escape(&shown));
}
