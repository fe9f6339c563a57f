//! A trace for people: who wants to know what the tool saw, or why a rule says what it says.
//!
//! One line an event, in the order in which things happen, under a heading for each phase and, after
//! start-up, for each function that somebody calls. Below it stands the way there, where that is
//! another than the event before had.

use std::borrow::Cow;
use std::fmt::Write;

use spacelint_knowledge::effects::Role as Handed;
use spacelint_python::{Certainty, Root, Span, Value};
use spacelint_space::effect::{Effect, Missing, Token};
use spacelint_space::{Moment, Phase, Role, SourceFile, Space, SpaceTrace, Stop};
use unicode_width::UnicodeWidthStr;

use super::told;
use crate::escape::{escape, guard_lines};
use crate::frame;
use crate::paths::Place;
use crate::report;
use crate::terminal::{Style, Terminal, wrapping};

/// What happens needs at least this much room beside the places, or goes below them.
const NARROWEST: usize = 40;
/// A place that takes more than this share of the line stands on a line of its own, so that one of
/// them does not push everything to the right.
const WIDEST_PLACE: usize = 3;
/// How far a step on the way to an event stands in from the event, and the events of a function from
/// the function.
const STEP: usize = 2;

/// The trace of `space`.
pub(super) fn trace(space: &Space, place: &Place, terminal: Terminal) -> String {
    let mut page = Page { out: String::new(), terminal, column: None };
    page.head(space, place);
    if let Some(trace) = space.trace() {
        page.column = page.column(trace);
        page.startup(trace, Phase::BeforeSpaces);
        page.startup(trace, Phase::Startup);
        page.roots(trace, Phase::Request);
        page.roots(trace, Phase::Gpu);
    }
    guard_lines(&page.out).into_owned()
}

struct Page {
    out: String,
    terminal: Terminal,
    /// Where what happens begins, beside the places; none if it goes below them.
    column: Option<usize>,
}

impl Page {
    fn head(&mut self, space: &Space, place: &Place) {
        let folder = place.folder();
        let folder = self.terminal.paint(Style::STRONG, &escape(folder.as_str()));
        let zerogpu = if space.is_zerogpu() { ", a ZeroGPU Space" } else { "" };
        self.lines(&format!("{folder}{zerogpu}"), 0, None);
        let app_file = escape(space.app_file.as_str()).into_owned();
        let said = match space.trace() {
            Some(trace) => {
                let files = report::count(trace.files().count(), "file");
                let events = report::count(told::events(trace).count(), "event");
                let roots = report::count(trace.roots().len(), "function");
                format!("From {app_file}: {files}, {events}, {roots} called after start-up.")
            }
            None if is_static(space) => "A static Space runs no program.".to_owned(),
            None => match space.card.as_ref().and_then(|card| card.str("app_file")) {
                Some(_) => format!(
                    "No program: looked for `{app_file}`, which README.md names as `app_file`."
                ),
                None => format!(
                    "No program: looked for `{app_file}`, as README.md names no `app_file`."
                ),
            },
        };
        self.lines(&said, 0, None);
        let exhausted = space.trace().map(SpaceTrace::exhausted).unwrap_or_default();
        if !exhausted.is_empty() {
            let budgets: Vec<_> = exhausted.iter().map(|budget| told::budget(*budget)).collect();
            let said = format!(
                "It was not followed to its end: the budget for {} ran out. What was seen counts.",
                budgets.join(" and ")
            );
            self.lines(&said, 0, Some(Style::WARNING));
        }
    }

    /// One column for the whole page, so that the eye can run down it.
    fn column(&self, trace: &SpaceTrace) -> Option<usize> {
        let width = self.terminal.prose_width();
        let most = width / WIDEST_PLACE;
        let mut widest = 0;
        for moment in told::events(trace) {
            let indent = if moment.event.root.is_some() { 2 * STEP } else { STEP };
            let own = indent + at(moment.file(), moment.place().span).width();
            let steps = moment.chain().into_iter();
            let steps = steps.map(|it| indent + STEP + at(&it.file, it.place.span).width());
            widest = steps.chain([own]).filter(|it| *it <= most).max().unwrap_or(0).max(widest);
        }
        let column = widest + 2;
        (column + NARROWEST <= width).then_some(column)
    }

    /// What happens at start-up in this phase.
    fn startup(&mut self, trace: &SpaceTrace, phase: Phase) {
        let is_here = |moment: &Moment<'_>| moment.event.root.is_none() && moment.phase == phase;
        let moments: Vec<Moment<'_>> = told::events(trace).filter(is_here).collect();
        if moments.is_empty() && phase == Phase::BeforeSpaces {
            return;
        }
        self.heading(phase);
        if moments.is_empty() {
            self.lines("nothing", STEP, Some(Style::FAINT));
        }
        self.events(&moments, STEP);
    }

    /// What the functions do that are called in this phase.
    fn roots(&mut self, trace: &SpaceTrace, phase: Phase) {
        let is_here = |(index, _): &(usize, &Root<Role>)| trace.phase_of(*index) == phase;
        let mut roots = trace.roots().iter().enumerate().filter(is_here);
        let Some(first) = roots.next() else { return };
        self.heading(phase);
        let mut events: Vec<Vec<Moment<'_>>> = trace.roots().iter().map(|_| Vec::new()).collect();
        for moment in told::events(trace) {
            if let Some(root) = moment.event.root {
                events[root].push(moment);
            }
        }
        for (index, root) in std::iter::once(first).chain(roots) {
            self.root(trace, root);
            self.events(&events[index], 2 * STEP);
        }
    }

    fn root(&mut self, trace: &SpaceTrace, root: &Root<Role>) {
        let name = root.function().map_or_else(|| "?".to_owned(), |function| told::name(function));
        let name = self.terminal.paint(Style::STRONG, &escape(&name));
        let at = at(trace.file(root.place.file), root.place.span);
        let sometimes = self.sometimes(root.certainty);
        let said = format!("{name}, {} at {at}{sometimes}", handed_over(root.role));
        self.lines(&said, STEP, None);
    }

    fn events(&mut self, moments: &[Moment<'_>], indent: usize) {
        let mut before: Vec<Stop> = Vec::new();
        for moment in moments {
            let said = self.said(moment);
            self.row(&at(moment.file(), moment.place().span), &said, indent, None);
            let chain = moment.chain();
            self.chain(&chain, &before, indent + STEP);
            before = chain;
        }
    }

    /// The way to an event, where it is another than the event before had. Steps that both share are
    /// left out.
    fn chain(&mut self, chain: &[Stop], before: &[Stop], indent: usize) {
        let same = |(a, b): &(&Stop, &Stop)| a.place == b.place && a.step == b.step;
        let shared = chain.iter().zip(before).take_while(same).count();
        let Some(last) = chain.len().checked_sub(1) else {
            if !before.is_empty() {
                self.lines("directly", indent, Some(Style::FAINT));
            }
            return;
        };
        if shared == chain.len() && chain.len() == before.len() {
            return;
        }
        let first = shared.min(last);
        if first > 0 {
            self.lines(self.terminal.ellipsis(), indent, Some(Style::FAINT));
        }
        for stop in &chain[first..] {
            let (word, name) = told::step(&stop.step);
            let said = format!("{word}s {}", escape(name));
            self.row(&at(&stop.file, stop.place.span), &said, indent, Some(Style::FAINT));
        }
    }

    /// A place and what happens there.
    fn row(&mut self, at: &str, said: &str, indent: usize, style: Option<Style>) {
        let used = indent + at.width();
        match self.column {
            Some(column) if used + 2 <= column => {
                let lead = format!("{}{at}{}", " ".repeat(indent), " ".repeat(column - used));
                let filled = self.fill(said, column);
                for (index, line) in filled.iter().enumerate() {
                    let lead = if index == 0 { lead.clone() } else { " ".repeat(column) };
                    self.line(&format!("{lead}{line}"), style);
                }
            }
            column => {
                self.lines(at, indent, style);
                let below = column.unwrap_or(0).max(indent + STEP);
                self.lines(said, below, style);
            }
        }
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
            Effect::UseName(_) => format!("uses a name that comes and goes: {what}"),
            Effect::PassArgument(_) => format!("passes an argument that comes and goes: {what}"),
            Effect::ImportPackage(_) => format!("imports a package: {what}"),
            Effect::ImportMissing(_) => format!("imports what is not there: {what}"),
            Effect::CacheExamples(_) => format!("computes examples at start-up: {what}"),
            Effect::WrapHandlers(_) => format!("makes every handler a GPU function: {what}"),
            Effect::RunModel(_) => format!("computes with a model: {what}"),
            Effect::CallModel(_) => format!("calls a model: {what}"),
            Effect::Serve(_) => format!("serves the app: {what}"),
            Effect::SetQueue(_) => format!("sets up the queue: {what}"),
            Effect::LimitCalls(_) => format!("limits its own calls: {what}"),
            Effect::OfferLogin(_) => format!("offers to sign in: {what}"),
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
            Effect::Connect(_) => format!("connects to another machine: {what}"),
            Effect::Encode(_) => format!("encodes a video or a sound: {what}"),
            Effect::CallSpace(call) => {
                format!("calls a Space: {what}{}", ids(&call.client.ids))
            }
            Effect::Client(client) => {
                format!("makes a client: {what}{}{}", ids(&client.ids), with_token(&client.token))
            }
            Effect::Compile(_) => format!("compiles: {what}"),
            Effect::StartProcess(_) => format!("starts processes: {what}"),
        };
        said.push_str(&self.sometimes(moment.certainty()));
        said
    }

    /// Said of what does not happen always; of the rest nothing is.
    fn sometimes(&self, certainty: Certainty) -> String {
        match certainty {
            Certainty::Always => String::new(),
            Certainty::Sometimes => {
                format!(" ({})", self.terminal.paint(Style::WARNING, "sometimes"))
            }
        }
    }

    fn heading(&mut self, phase: Phase) {
        let heading = match phase {
            Phase::BeforeSpaces => "Start-up, before `import spaces`",
            Phase::Startup => "Start-up",
            Phase::Request => "After start-up, in the web process",
            Phase::Gpu => "After start-up, on the GPU",
        };
        self.out.push('\n');
        self.lines(heading, 0, Some(Style::STRONG));
    }

    /// `text`, wrapped under `indent`.
    fn lines(&mut self, text: &str, indent: usize, style: Option<Style>) {
        for line in self.fill(text, indent) {
            self.line(&format!("{}{line}", " ".repeat(indent)), style);
        }
    }

    /// `text` in lines that leave room for `indent` before them. It breaks at spaces, so that names
    /// and places stay whole.
    fn fill(&self, text: &str, indent: usize) -> Vec<String> {
        let room = self.terminal.prose_width().saturating_sub(indent).max(1);
        let options = wrapping(room, "").break_words(false);
        textwrap::wrap(text, options).into_iter().map(Cow::into_owned).collect()
    }

    /// One line, its indentation left plain.
    fn line(&mut self, line: &str, style: Option<Style>) {
        let said = line.trim_start_matches(' ');
        self.out.push_str(&line[..line.len() - said.len()]);
        match style {
            Some(style) => self.out.push_str(&self.terminal.paint(style, said)),
            None => self.out.push_str(said),
        }
        self.out.push('\n');
    }
}

/// A place as seen from the Space's folder, which stands above.
fn at(file: &SourceFile, span: Span) -> String {
    frame::place(&file.path, &file.text, span)
}

fn is_static(space: &Space) -> bool {
    space.card.as_ref().and_then(|card| card.str("sdk")) == Some("static")
}

/// How a function comes to be called.
fn handed_over(role: Role) -> &'static str {
    match role {
        Role::Gpu => "made a GPU function",
        Role::Duration => "given as a duration",
        Role::Request(Handed::Event) => "handed over for an event",
        Role::Request(Handed::Render) => "handed over to draw a part of the page",
        Role::Request(Handed::Example) => "handed over for examples",
        Role::Request(Handed::Route) => "handed over for a route",
        Role::Request(Handed::Thread | Handed::ThreadInContext) => "handed over to a thread",
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
    let Some(shown) = value.and_then(told::shown) else { return };
    // Writing to a String cannot fail.
    let _ = write!(said, ", {} {}", escape(name), escape(&shown));
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::testing::space;

    fn show(files: &[(&str, &str)], terminal: Terminal) -> String {
        let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
        trace(&space(files), &place, terminal)
    }

    fn plain(width: usize) -> Terminal {
        Terminal { color: false, links: false, unicode: true, width }
    }

    /// Every phase, chains that share steps, and every kind of event.
    const APP: &[(&str, &str)] = &[
        ("README.md", "---\nsdk: gradio\nsdk_version: 6.31.0\napp_file: app.py\n---\n"),
        (
            "app.py",
            r#"import models.loading
import spaces
import gradio as gr
import os, subprocess, threading, time
import requests
from gradio_client import Client
from huggingface_hub import login, snapshot_download

import torch

subprocess.run(["pip", "install", "flash-attn", "--no-build-isolation"])
os.environ["HF_HUB_ENABLE_HF_TRANSFER"] = "1"
login(token=os.environ["HF_TOKEN"])
snapshot_download("stabilityai/sdxl-vae", local_dir="vae")
pipe = models.loading.load("stabilityai/stable-diffusion-xl-base-1.0")
if os.getenv("COMPILE"):
    pipe.unet = torch.compile(pipe.unet)
remote = Client("ann/captions")


@spaces.GPU(duration=40, size="large")
def paint(prompt):
    time.sleep(0.5)
    pipe.load_lora_weights("ann/watercolour")
    return pipe(prompt).images[0].to("cuda")


def handle(prompt):
    requests.get("https://example.org")
    return paint(prompt)


with gr.Blocks() as demo:
    prompt = gr.Textbox()
    prompt.submit(handle, prompt, gr.Image())
    threading.Thread(target=lambda: None).start()

demo.launch()
"#,
        ),
        ("models/__init__.py", ""),
        (
            "models/loading.py",
            r#"import torch
from diffusers import DiffusionPipeline


def device():
    return "cuda" if torch.cuda.is_available() else "cpu"


DEVICE = device()


def load(name):
    pipe = DiffusionPipeline.from_pretrained(name, torch_dtype=torch.float16)
    return pipe.to("cuda")
"#,
        ),
    ];

    #[test]
    fn a_trace_at_several_widths() {
        for width in [40, 80, 120] {
            insta::assert_snapshot!(format!("trace_{width}"), show(APP, plain(width)));
        }
    }

    #[test]
    fn a_trace_in_ascii() {
        let shown = show(APP, Terminal { unicode: false, ..plain(80) });
        assert!(shown.is_ascii());
    }

    #[test]
    fn colour_dims_the_way_there() {
        let app = "import os\ndef f():\n    if x:\n        os.getenv('A')\nf()\n";
        let shown = show(&[("app.py", app)], Terminal { color: true, ..plain(80) });
        insta::assert_snapshot!(shown.replace('\u{1b}', "ESC"));
    }

    #[test]
    fn a_space_without_a_program_says_what_was_looked_for() {
        let card = |rest: &str| format!("---\n{rest}\n---\n");
        let show = |rest: &str| show(&[("README.md", &card(rest))], plain(100));
        insta::assert_snapshot!(show("sdk: gradio"), @r"
        demo
        No program: looked for `app.py`, as README.md names no `app_file`.
        ");
        insta::assert_snapshot!(show("sdk: gradio\napp_file: src/main.py"), @r"
        demo
        No program: looked for `src/main.py`, which README.md names as `app_file`.
        ");
        insta::assert_snapshot!(show("sdk: static"), @r"
        demo
        A static Space runs no program.
        ");
    }

    #[test]
    fn budgets_that_ran_out_are_said() {
        let mut app = String::from("import os\ndef f0(): os.getenv('DEEP')\n");
        for index in 1..200 {
            app.extend([format!("def f{index}(): f{}()\n", index - 1)]);
        }
        app.push_str("f199()\nos.getenv('NEXT')\n");
        insta::assert_snapshot!(show(&[("app.py", &app)], plain(80)));
    }

    #[test]
    fn what_a_repository_says_steers_nothing() {
        let app = "import os\nos.getenv('\\x1b[31m')\nos.getenv('a\\n::error::b')\n\
                   os.system('##[add-mask]x')\n";
        let card = "---\nsdk: gradio\napp_file: \"a\\n::error::b.py\"\n---\n";
        insta::assert_snapshot!(show(&[("app.py", app)], plain(80)));
        insta::assert_snapshot!(show(&[("README.md", card)], plain(80)));
    }
}
