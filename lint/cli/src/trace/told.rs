//! The words for what is in a trace: the kind of an event, what it is about, what a value is as far
//! as the text settles it. Both forms of the trace say the same because both ask here.

use serde_json::Value as Json;
use spacelint_knowledge::{drift, effects};
use spacelint_python::{Arguments, Budget, Certainty, External, Function, Step, Value};
use spacelint_space::effect::{Effect, Missing};
use spacelint_space::{Moment, Phase, Role, SpaceTrace};

/// The events that are worth telling. That a package is imported, or that a name is met which some pair of
/// versions fails at, is of use to a rule alone; that a method of a model is called, to the profiler.
pub(super) fn events(trace: &SpaceTrace) -> impl Iterator<Item = Moment<'_>> {
    trace.moments().filter(|moment| match &moment.event.effect {
        Effect::UseName(used) => drift::names(used.name).next().is_some(),
        Effect::ImportPackage(_) | Effect::CallModel(_) => false,
        _ => true,
    })
}

/// The word for a kind of event.
pub(super) fn kind(effect: &Effect) -> &'static str {
    match effect {
        Effect::ImportSpaces(_) => "import-spaces",
        Effect::ImportPackage(_) => "import-package",
        Effect::ImportMissing(_) => "import-missing",
        Effect::UseName(_) => "use-name",
        Effect::PassArgument(_) => "pass-argument",
        Effect::TouchCuda(_) => "touch-cuda",
        Effect::LoadModel(_) => "load-model",
        Effect::RunModel(_) => "run-model",
        Effect::CallModel(_) => "call-model",
        Effect::Download(_) => "download",
        Effect::DeclareGpu(_) => "declare-gpu",
        Effect::CallGpu(_) => "call-gpu",
        Effect::WrapHandlers(_) => "wrap-handlers",
        Effect::ReadEnv(_) => "read-env",
        Effect::NeedEnv(_) => "need-env",
        Effect::SetEnv(_) => "set-env",
        Effect::CacheExamples(_) => "cache-examples",
        Effect::Serve(_) => "serve",
        Effect::SetQueue(_) => "set-queue",
        Effect::LimitCalls(_) => "limit-calls",
        Effect::OfferLogin(_) => "offer-login",
        Effect::RunCommand(_) => "run-command",
        Effect::Login(_) => "login",
        Effect::Sleep(_) => "sleep",
        Effect::Http(_) => "http",
        Effect::Connect(_) => "connect",
        Effect::Encode(_) => "encode",
        Effect::CallSpace(_) => "call-space",
        Effect::Client(_) => "client",
        Effect::Compile(_) => "compile",
        Effect::StartProcess(_) => "start-process",
    }
}

/// What an event is about: what is called, imported or read.
pub(super) fn what(effect: &Effect) -> String {
    let called = |name: &str| format!("{name}()");
    match effect {
        Effect::ImportSpaces(_) => "import spaces".to_owned(),
        Effect::ImportPackage(it) => format!("import {}", it.import),
        Effect::ImportMissing(it) => format!("from {} import {}", it.module, it.name),
        Effect::UseName(it) => it.name.to_owned(),
        Effect::PassArgument(it) => {
            format!("{}({}=…)", it.called.name, it.argument.argument)
        }
        Effect::TouchCuda(touch) => touch.full.to_string(),
        Effect::LoadModel(load) => called(&load.loader),
        Effect::Download(download) => called(&download.called.name),
        Effect::DeclareGpu(gpu) => gpu.called.name.to_string(),
        Effect::CallGpu(call) => call.function().map_or_else(unknown, |it| name(it)),
        Effect::ReadEnv(read) => read.name.to_string(),
        Effect::NeedEnv(need) => need.names.join(" or "),
        Effect::SetEnv(set) => set.name.as_ref().map_or_else(unknown, ToString::to_string),
        Effect::RunCommand(command) => called(&command.called.name),
        Effect::Login(login) => called(&login.called.name),
        Effect::Sleep(sleep) => called(&sleep.called.name),
        Effect::Connect(connection) => called(&connection.called.name),
        Effect::Client(client) => called(&client.called.name),
        Effect::CacheExamples(it) => called(&it.called.name),
        Effect::RunModel(run) => called(&run.called.name),
        Effect::CallModel(call) => called(call.method.as_deref().unwrap_or("?")),
        Effect::Serve(serve) => called(&serve.called.name),
        Effect::SetQueue(queue) => called(&queue.called.name),
        Effect::LimitCalls(limit) => called(&limit.called.name),
        Effect::OfferLogin(offer) => called(&offer.called.name),
        Effect::CallSpace(call) => called(&call.called.name),
        Effect::Compile(compilation) => called(&compilation.called.name),
        Effect::WrapHandlers(it)
        | Effect::Http(it)
        | Effect::Encode(it)
        | Effect::StartProcess(it) => called(&it.name),
    }
}

fn unknown() -> String {
    "?".to_owned()
}

/// What a function is called, as CPython's `__qualname__`.
pub(super) fn name(function: &Function) -> String {
    function.qualname.to_string()
}

/// The word for a phase.
pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::BeforeSpaces => "before-spaces",
        Phase::Startup => "startup",
        Phase::Request => "request",
        Phase::Gpu => "gpu",
    }
}

/// The word for a role.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Gpu => "gpu",
        Role::Duration => "duration",
        Role::Request(effects::Role::Event) => "event",
        Role::Request(effects::Role::Render) => "render",
        Role::Request(effects::Role::Example) => "example",
        Role::Request(effects::Role::Route) => "route",
        Role::Request(effects::Role::Thread) => "thread",
        Role::Request(effects::Role::ThreadInContext) => "thread-in-context",
        Role::Request(effects::Role::Process) => "process",
        Role::Request(effects::Role::Callback) => "callback",
    }
}

/// The word for a certainty.
pub(super) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Always => "always",
        Certainty::Sometimes => "sometimes",
    }
}

/// The word for a budget.
pub(super) fn budget(budget: Budget) -> &'static str {
    match budget {
        Budget::Steps => "steps",
        Budget::Events => "events",
        Budget::Depth => "depth",
        Budget::Bytes => "bytes",
    }
}

/// The word for what happens where a variable is missing.
pub(super) fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Handled => "handled",
        Missing::Empty => "empty",
        Missing::None => "none",
        Missing::Raises => "raises",
    }
}

/// The word for a step, and what it enters.
pub(super) fn step(step: &Step) -> (&'static str, &str) {
    match step {
        Step::Import(name) => ("import", name),
        Step::Call(name) => ("call", name),
        Step::Process(name) => ("process", name),
    }
}

/// A constant, or a list of constants; null where the text does not settle it.
pub(super) fn settled(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Str(text) => Json::from(&**text),
        Value::Tuple(items) | Value::List(items) => items.iter().map(settled).collect(),
        _ => Json::Null,
    }
}

/// Like [`settled`], and something external by its name, or by how it is made.
pub(super) fn described(value: &Value) -> Json {
    match value {
        Value::External(external) => match &**external {
            External::Name(name) => Json::from(&**name),
            External::Call { callee, arguments, .. } => Json::from(call(callee, arguments)),
            _ => Json::Null,
        },
        Value::Tuple(items) | Value::List(items) => items.iter().map(described).collect(),
        value => settled(value),
    }
}

/// A value in a line of text; none where there is nothing to say.
pub(super) fn shown(value: &Value) -> Option<String> {
    if let Some(function) = value.function() {
        return Some(format!("by {}", name(function)));
    }
    match described(value) {
        Json::Null => None,
        Json::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// A call as its author might write it, `?` for what is not settled.
fn call(callee: &External, arguments: &Arguments) -> String {
    let mut parts: Vec<String> = arguments
        .items
        .iter()
        .map(|argument| {
            let value = match (&argument.value, described(&argument.value)) {
                (Value::None, _) => "None".to_owned(),
                (_, Json::Null) => unknown(),
                (Value::External(_), Json::String(made)) => made,
                (_, constant) => constant.to_string(),
            };
            match &argument.name {
                Some(name) => format!("{name}={value}"),
                None => value,
            }
        })
        .collect();
    if arguments.open {
        parts.push(unknown());
    }
    format!("{}({})", callee.path(), parts.join(", "))
}

/// A command as it would be typed, where it is settled.
pub(super) fn command(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.to_string()),
        Value::Tuple(words) | Value::List(words) => {
            let words: Option<Vec<String>> = words
                .iter()
                .map(|word| {
                    let word = word.as_str()?;
                    let plain = !word.is_empty() && !word.contains([' ', '\t', '\n', '\'', '"']);
                    Some(if plain { word.to_owned() } else { format!("{word:?}") })
                })
                .collect();
            words.map(|words| words.join(" "))
        }
        _ => None,
    }
}
