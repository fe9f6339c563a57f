//! What a call of something outside the Space does, by what knowledge says of it.

use std::sync::Arc;

use spacelint_knowledge::effects::{
    self, CallEffect, CallFact, Condition, Emulated, Kind as Does, MethodEffect, MethodFact, Passes,
};
use spacelint_knowledge::platform::{self, EnvValue};
use spacelint_python::{Argument, Arguments, External, Now, Outcome, Value};

use super::{Role, SpaceWorld};
use crate::effect::{
    CallLimit, Called, Client, Command, Compilation, Connection, CudaTouch, Download,
    EagerExamples, Effect, EnvNeed, EnvSet, GpuDeclaration, Login, LoginOffer, Missing, ModelCall,
    ModelLoad, ModelRun, Queue, Serve, Served, Sleep, SpaceCall, Token,
};
use crate::environment;

/// A call of something outside the Space.
pub(super) struct Call<'a> {
    pub(super) callee: &'a Arc<External>,
    pub(super) arguments: &'a Arc<Arguments>,
    pub(super) now: &'a Now<'a>,
}

/// What knowledge says of a call.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) kind: Does,
    pub(super) says: &'static str,
    pub(super) condition: Option<&'static Condition>,
    pub(super) emulated: Option<Emulated>,
}

impl From<&'static CallEffect> for Known {
    fn from(effect: &'static CallEffect) -> Self {
        let CallFact { kind, says, emulated, .. } = **effect;
        Self { kind, says, condition: effect.condition.as_ref(), emulated }
    }
}

impl From<&'static MethodEffect> for Known {
    fn from(effect: &'static MethodEffect) -> Self {
        let MethodFact { kind, says, emulated, .. } = **effect;
        Self { kind, says, condition: effect.condition.as_ref(), emulated }
    }
}

/// `spaces.GPU(…)`, in all its forms: with the function, or returning the decorator that is called
/// with it. Elsewhere than on ZeroGPU the function stays what it is.
pub(super) fn gpu(call: &Call<'_>, zerogpu: bool, outcome: &mut Outcome<SpaceWorld<'_>>) -> bool {
    let Call { callee, arguments, now } = *call;
    let is_gpu = |external: &External| {
        external
            .name()
            .and_then(effects::call)
            .is_some_and(|effect| matches!(effect.kind, Does::GpuDecorator { .. }))
    };
    let (decorator, given, declared_at, function) = match &**callee {
        External::Name(_) if is_gpu(callee) => (callee, arguments, now.place, None),
        External::Call { callee: decorator, arguments: given, place } if is_gpu(decorator) => {
            (decorator, given, *place, arguments.positional(0))
        }
        _ => return false,
    };
    let Some(Does::GpuDecorator { function: at, duration: duration_at, size: size_at, ignored }) =
        decorator.name().and_then(effects::call).map(|effect| effect.kind)
    else {
        return false;
    };
    let first = argument(given, at);
    let (mut duration, mut size) = (argument(given, duration_at), argument(given, size_at));
    let knows = |name: &str| {
        let mut names = [at, duration_at, size_at, ignored].into_iter().flatten();
        names.any(|argument| argument.keyword == Some(name))
    };
    let unknown = given.items.iter().filter(|it| it.name.as_deref().is_some_and(|it| !knows(it)));
    // `spaces.GPU(45)` and `spaces.GPU("xlarge")`.
    match first.map(|first| &first.value) {
        Some(Value::Int(_) | Value::Float(_)) => duration = duration.or(first),
        Some(Value::Str(_)) => size = size.or(first),
        _ => {}
    }
    let function = function.or_else(|| {
        first.filter(|first| {
            !matches!(first.value, Value::None | Value::Int(_) | Value::Float(_) | Value::Str(_))
        })
    });
    let Some(function) = function else { return true };
    if !zerogpu {
        outcome.passes = Some(function.value.clone());
        return true;
    }
    let declaration = GpuDeclaration {
        callable: function.value.clone(),
        function: function.value.function().cloned(),
        duration: duration.filter(|duration| duration.value != Value::None).cloned(),
        size: size.filter(|size| size.value != Value::None).cloned(),
        called: called(decorator),
        declared_at,
        ignored: argument(given, ignored).cloned(),
        unknown: unknown.cloned().collect(),
        open: given.open,
    };
    if let Some(duration) = &declaration.duration {
        outcome.roots.push((duration.value.clone(), Role::Duration));
    }
    outcome.effects.push(Effect::DeclareGpu(Arc::new(declaration)));
    outcome.wraps = Some((function.value.clone(), Role::Gpu));
    true
}

impl SpaceWorld<'_> {
    /// What knowledge says that a call does.
    pub(super) fn does(&self, call: &Call<'_>, known: Known, outcome: &mut Outcome<Self>) {
        let Call { callee, arguments, .. } = *call;
        let says = known.says;
        let effects = &mut outcome.effects;
        match known.kind {
            Does::TouchesCuda | Does::NeedsCuda { device: [] } => {
                effects.extend(self.call_touch(callee, known, true));
            }
            Does::PoisonsWhenCalledWithCuda { device } | Does::NeedsCuda { device } => {
                effects.extend(self.device_touch(callee, known, argument(arguments, device)));
            }
            Does::MovesToCuda { device, index } => {
                let touch = if device.is_empty() {
                    let index = argument(arguments, index).and_then(|it| Self::index(&it.value));
                    self.call_touch(callee, known, true).map(|touch| indexed(touch, index))
                } else {
                    self.device_touch(callee, known, argument(arguments, device))
                };
                effects.extend(touch.map(|touch| moving(touch, callee)));
            }
            Does::LoadsModel(load) => {
                effects.extend(self.load_touch(call, &load, known));
                load_model(call, &load, effects);
            }
            Does::WrapsHandlers => effects.push(Effect::WrapHandlers(called(callee))),
            Does::RunsModel => effects.push(Effect::RunModel(Arc::new(Self::run_of(callee)))),
            Does::LoadsAdapter { id, token, device, detects_cuda } => {
                effects.extend(match argument(arguments, device) {
                    Some(device) => self.device_touch(callee, known, Some(device)),
                    None if detects_cuda => self.call_touch(callee, known, false),
                    None => None,
                });
                effects.push(adapter(call, id, token));
            }
            Does::Download { id, token } => effects.push(download(call, id, token)),
            Does::Handler { .. } => hands_over(call, known.kind, outcome),
            Does::Launch { .. } | Does::Mounts { .. } | Does::Serves { .. } => {
                serves(call, known.kind, outcome);
            }
            Does::SetsQueue { .. } | Does::OffersLogin { .. } => sets_up(call, known.kind, effects),
            Does::Client { id, .. } => makes_client(call, id, known.kind, effects),
            Does::CallsSpace => calls_space(callee, effects),
            Does::Subprocess { command, folder } => {
                let command = argument(arguments, command).map(|command| command.value.clone());
                let folder = argument(arguments, folder).map(|folder| &folder.value);
                outcome.starts.extend(self.scripts(command.as_ref(), folder));
                let command = Command { called: called(callee), command };
                effects.push(Effect::RunCommand(Arc::new(command)));
            }
            Does::PoisonsWhenIterated { workers, .. } => {
                let workers = argument(arguments, workers).map(|workers| &workers.value);
                if matches!(workers, Some(Value::Int(1..))) {
                    effects.push(Effect::StartProcess(called(callee)));
                }
            }
            Does::Sleep { seconds } => {
                let seconds = argument(arguments, seconds).map(|seconds| seconds.value.clone());
                effects.push(Effect::Sleep(Sleep { called: called(callee), seconds }));
            }
            Does::Http => effects.push(Effect::Http(called(callee))),
            Does::Connects { .. } => connects(call, known.kind, effects),
            Does::Encodes => effects.push(Effect::Encode(called(callee))),
            Does::Compiles { touches_cuda } => {
                if touches_cuda {
                    effects.extend(self.call_touch(callee, known, true));
                }
                // What `torch.compile` compiles it compiles when that is first called.
                let lazily = touches_cuda;
                effects.push(Effect::Compile(Compilation { called: called(callee), lazily }));
            }
            Does::Login { token } => login(call, token, effects),
            Does::NeedsKey { key, environment: read, at: _ } => {
                let otherwise = format!("`{}()` {says}", call_name(callee));
                effects.extend(need_key(call, key, read, &otherwise).map(as_token));
            }
            Does::ReadsEnv { .. } => self.reads_environment(call, outcome),
            Does::SetsEnv { value, unless_set, name } => {
                self.sets_environment(call, name, value, unless_set, outcome);
            }
            Does::SetsEnvAll { values } => sets_all(call, values, effects),
            Does::Harmless
            | Does::MakesDevice { .. }
            | Does::PackageVersion { .. }
            | Does::ParsesVersion { .. }
            | Does::PythonVersion
            | Does::LoadsEnvFile
            // `gpu` has dealt with it.
            | Does::GpuDecorator { .. } => {}
        }
    }

    /// The touch of a load that puts a model on CUDA, or looks for it by itself.
    fn load_touch(
        &self,
        call: &Call<'_>,
        load: &effects::ModelLoad,
        known: Known,
    ) -> Option<Effect> {
        match argument(call.arguments, load.device) {
            Some(device) => {
                // Where it spreads a model over what there is, it depends on what it counts.
                let named = device
                    .value
                    .alternatives()
                    .iter()
                    .all(|device| !device.as_str().is_some_and(effects::spreads_over_cuda));
                let emulated = known.emulated.filter(|_| named);
                self.device_touch(call.callee, Known { emulated, ..known }, Some(device))
            }
            None => self.call_touch(call.callee, known, true).filter(|_| load.detects_cuda),
        }
    }

    /// The computation of a method with its receiver.
    fn run_of(callee: &External) -> ModelRun {
        let mut run = ModelRun { called: called(callee), loaded_at: None, on_cuda: false };
        let Some((receiver, _)) = method_of(callee) else { return run };
        let External::Call { callee: loader, arguments, place } = &*receiver else { return run };
        let loads = canonical(loader).and_then(|name| effects::call(&name)).map(|call| call.kind);
        if let Some(Does::LoadsModel(load)) = loads {
            run.loaded_at = Some(*place);
            run.on_cuda = match argument(arguments, load.device) {
                Some(device) => Self::cuda(&device.value) == Some(true),
                None => load.detects_cuda && !arguments.open,
            };
        }
        run
    }

    fn reads_environment(&self, call: &Call<'_>, outcome: &mut Outcome<Self>) {
        let Call { callee, arguments, now } = *call;
        let Some(read) = environment::read_of(callee, arguments) else { return };
        let missing = match read.default {
            None if read.raises => Missing::Raises,
            None | Some(Value::None) => Missing::None,
            Some(Value::Str(text)) if text.is_empty() => Missing::Empty,
            Some(_) => Missing::Handled,
        };
        let result = External::Call {
            callee: Arc::clone(callee),
            arguments: Arc::clone(arguments),
            place: now.place,
        };
        self.read_environment(&read.name, missing, &result, now, outcome);
    }

    fn sets_environment(
        &self,
        call: &Call<'_>,
        name: &[effects::Argument],
        value: &[effects::Argument],
        unless_set: bool,
        outcome: &mut Outcome<Self>,
    ) {
        let Call { arguments, now, .. } = *call;
        let name = argument(arguments, name).and_then(|name| name.value.as_str());
        let value = argument(arguments, value).map_or(&Value::Unknown, |value| &value.value);
        outcome.effects.extend(sets(name.map(Into::into), value, now));
        if let Some(name) = name.filter(|_| unless_set) {
            outcome.value = self.environment_value(name).and_then(|value| match value {
                EnvValue::Known(text) => Some(Value::str(text)),
                EnvValue::SetButUnknown => None,
            });
        }
    }
}

/// A call that functions are handed to.
fn hands_over(call: &Call<'_>, kind: Does, outcome: &mut Outcome<SpaceWorld<'_>>) {
    let Does::Handler { functions, later, role, runs_now, at_once, examples, decorator: _ } = kind
    else {
        return;
    };
    let Call { callee, arguments, .. } = *call;
    let effects = &mut outcome.effects;
    // `"default"` is the queue's.
    let limit = argument(arguments, at_once).filter(|it| it.value.as_str() != Some("default"));
    effects.extend(limit.map(|limit| {
        let at_once = limit.value.clone();
        Effect::LimitCalls(CallLimit { called: called(callee), at_once })
    }));
    effects.extend(examples.and_then(|examples| cached(call, functions, examples)));
    if role == effects::Role::Process {
        effects.push(Effect::StartProcess(called(callee)));
    }
    for function in handed_over(arguments, functions) {
        if runs_now {
            outcome.runs.push(function.clone());
        }
        outcome.roots.push((function, Role::Request(role)));
    }
    for function in handed_over(arguments, later) {
        outcome.roots.push((function, Role::Request(role)));
    }
}

fn download(call: &Call<'_>, id: &[effects::Argument], at: &[effects::Argument]) -> Effect {
    let Call { callee, arguments, .. } = *call;
    let (ids, settled) = ids(argument(arguments, id), "");
    Effect::Download(Arc::new(Download {
        called: called(callee),
        ids,
        settled,
        token: token(argument(arguments, at)),
        open: arguments.open,
    }))
}

/// `os.environ.update(…)`
fn sets_all(call: &Call<'_>, values: &[effects::Argument], effects: &mut Vec<Effect>) {
    if let Some(Value::Dict(pairs)) = argument(call.arguments, values).map(|given| &given.value) {
        for (name, value) in pairs.iter() {
            effects.extend(sets(name.as_str().map(Into::into), value, call.now));
        }
    }
    for given in &call.arguments.items {
        if let Some(name) = &given.name {
            effects.extend(sets(Some(Arc::clone(name)), &given.value, call.now));
        }
    }
}

/// Something of an app is set up.
fn sets_up(call: &Call<'_>, does: Does, effects: &mut Vec<Effect>) {
    let Call { callee, arguments, .. } = *call;
    let said = |at| argument(arguments, at).cloned();
    effects.push(match does {
        Does::SetsQueue { at_once, waiting } => Effect::SetQueue(Arc::new(Queue {
            called: called(callee),
            at_once: said(at_once),
            waiting: said(waiting),
            open: arguments.open,
        })),
        Does::OffersLogin { render } => Effect::OfferLogin(LoginOffer {
            called: called(callee),
            render: said(render).map(|render| render.value),
        }),
        _ => return,
    });
}

/// Another machine is spoken to, which is a request like any other.
fn connects(call: &Call<'_>, does: Does, effects: &mut Vec<Effect>) {
    let Does::Connects { host, port, socket, usual } = does else { return };
    let Call { callee, arguments, .. } = *call;
    effects.push(Effect::Http(called(callee)));
    if argument(arguments, socket).is_some_and(|socket| socket.value != Value::None) {
        return;
    }
    effects.push(Effect::Connect(Arc::new(Connection {
        called: called(callee),
        host: argument(arguments, host).map(|host| host.value.clone()),
        port: argument(arguments, port).cloned(),
        usual,
        open: arguments.open,
    })));
}

/// An app is served, perhaps with functions that are called for each request.
fn serves(call: &Call<'_>, does: Does, outcome: &mut Outcome<SpaceWorld<'_>>) {
    const NOWHERE: effects::Arguments = &[];
    let Call { callee, arguments, .. } = *call;
    let (how, functions, ssr, share, host, port, returns, listens) = match does {
        Does::Launch { functions, ssr, share, host, port, returns } => {
            (Served::Launched, functions, ssr, share, host, port, returns, None)
        }
        Does::Mounts { functions, ssr, .. } => {
            (Served::Mounted, functions, ssr, NOWHERE, NOWHERE, NOWHERE, NOWHERE, None)
        }
        Does::Serves { host, port, listens, .. } => {
            (Served::ByServer, NOWHERE, NOWHERE, NOWHERE, host, port, NOWHERE, listens)
        }
        _ => return,
    };
    let said = |at| argument(arguments, at).cloned();
    outcome.effects.push(Effect::Serve(Arc::new(Serve {
        called: called(callee),
        how,
        ssr: said(ssr).map(|ssr| ssr.value),
        share: said(share),
        host: said(host),
        port: said(port),
        returns: said(returns).map(|returns| returns.value),
        listens,
        open: arguments.open,
    })));
    for function in handed_over(arguments, functions) {
        outcome.roots.push((function, Role::Request(effects::Role::Route)));
    }
}

/// Examples that a call gives, to be computed when the app starts.
fn cached(
    call: &Call<'_>,
    functions: &[effects::Argument],
    at: effects::Examples,
) -> Option<Effect> {
    let arguments = call.arguments;
    let mode = argument(arguments, at.mode)?;
    let kept = argument(arguments, at.cached).is_none_or(|kept| kept.value.truth() != Some(false));
    let examples = argument(arguments, at.examples)?;
    let eager = mode.value.as_str() == Some(effects::eager_cache_mode()) && kept;
    let function = handed_over(arguments, functions).into_iter().next().filter(|_| eager)?;
    Some(Effect::CacheExamples(Arc::new(EagerExamples {
        called: called(call.callee),
        function,
        count: match &examples.value {
            Value::List(examples) | Value::Tuple(examples) => Some(examples.len()),
            _ => None,
        },
        mode: mode.place,
    })))
}

fn load_model(call: &Call<'_>, load: &effects::ModelLoad, effects: &mut Vec<Effect>) {
    let Call { callee, arguments, now } = *call;
    let value = |at| argument(arguments, at).map(|argument| argument.value.clone());
    let loader = call_name(callee);
    let id = argument(arguments, load.id);
    effects.extend(need_for(id, &format!("`{loader}(None)` finds no model"), now));
    let (ids, settled) = ids(id, load.id_prefix);
    effects.push(Effect::LoadModel(Arc::new(ModelLoad {
        loader,
        ids,
        settled,
        part: value(load.part),
        dtype: value(load.dtype),
        quantisation: all(arguments, load.quantisation),
        device: value(load.device),
        token: token(argument(arguments, load.token)),
        weights: receiver_class(callee).is_none_or(|class| effects::class_loads_weights(&class)),
        adapter: false,
        open: arguments.open,
        arguments: Arc::clone(arguments),
    })));
}

/// The call of a model, or that which a thread is to make: `Thread(target=model.generate, kwargs=…)`.
pub(super) fn model_call(call: &Call<'_>) -> Option<Effect> {
    let Call { callee, arguments, .. } = *call;
    let of = |load, method, arguments| {
        Some(Effect::CallModel(Arc::new(ModelCall { load, method, arguments })))
    };
    if let Some((load, method)) = made_by_load(callee) {
        return of(load, method, Arc::clone(arguments));
    }
    let Value::External(target) = &arguments.keyword("target")?.value else { return None };
    let (load, method) = made_by_load(target)?;
    let given = arguments.keyword("kwargs");
    let mut items = Vec::new();
    let mut open = given.is_some();
    if let Some(Argument { value: Value::Dict(pairs), place, .. }) = given {
        open = false;
        for (key, value) in pairs.iter() {
            match key.as_str() {
                Some(name) => {
                    items.push(Argument {
                        name: Some(name.into()),
                        value: value.clone(),
                        place: *place,
                    });
                }
                None => open = true,
            }
        }
    }
    of(load, method, Arc::new(Arguments { items, open }))
}

/// What the load was given that made this, and which method of it this is, if it is one.
fn made_by_load(external: &External) -> Option<(Arc<Arguments>, Option<Arc<str>>)> {
    let (made, method) = match external {
        External::Call { .. } => (external, None),
        External::Attribute { of, name } => (&**of, Some(Arc::clone(name))),
        External::Present(of) => return made_by_load(of),
        _ => return None,
    };
    let External::Call { callee, arguments, .. } = made else { return None };
    let named = canonical(callee).and_then(|name| effects::call(&name)).map(|call| call.kind);
    let kind = named.or_else(|| {
        let (receiver, method) = method_of(callee)?;
        fitting(&receiver, method).map(|effect| effect.kind)
    });
    matches!(kind, Some(Does::LoadsModel(_))).then(|| (Arc::clone(arguments), method))
}

/// A load of something beside a model.
fn adapter(call: &Call<'_>, id: &[effects::Argument], at: &[effects::Argument]) -> Effect {
    let Call { callee, arguments, .. } = *call;
    let (ids, settled) = ids(argument(arguments, id), "");
    Effect::LoadModel(Arc::new(ModelLoad {
        loader: call_name(callee),
        ids,
        settled,
        part: None,
        dtype: None,
        quantisation: Vec::new(),
        device: None,
        token: token(argument(arguments, at)),
        weights: false,
        adapter: true,
        open: arguments.open,
        arguments: Arc::clone(arguments),
    }))
}

/// The functions among these arguments, and in lists of them.
fn handed_over(arguments: &Arguments, at: &[effects::Argument]) -> Vec<Value> {
    all(arguments, at)
        .into_iter()
        .flat_map(|argument| match argument.value {
            Value::List(items) | Value::Tuple(items) => items.to_vec(),
            value => vec![value],
        })
        .flat_map(|value| value.alternatives().iter().filter_map(behind).collect::<Vec<_>>())
        .collect()
}

/// The callable of the program that this is or, as far as nothing else is known of the decorator, that
/// it is made of.
pub(super) fn behind(value: &Value) -> Option<Value> {
    let mut value = value;
    loop {
        if value.function().is_some() {
            return Some(value.clone());
        }
        let External::Call { callee, arguments, .. } = &**value.as_external()? else { return None };
        let known = canonical(callee).and_then(|name| effects::call(&name));
        let [only] = &*arguments.items else { return None };
        if known.is_some() || only.name.is_some() {
            return None;
        }
        value = &only.value;
    }
}

fn login(call: &Call<'_>, at: &[effects::Argument], effects: &mut Vec<Effect>) {
    let given = token(argument(call.arguments, at));
    let names = match &given {
        Token::Implicit => Some(Vec::new()),
        Token::Env(names) => Some(names.clone()),
        Token::Refused | Token::Other => None,
    };
    if let Some(mut names) = names.filter(|_| !call.arguments.open) {
        // Where none is given, the library looks for itself.
        for name in platform::hub_token().read {
            if !names.iter().any(|known| **known == **name) {
                names.push((*name).into());
            }
        }
        let otherwise = "`login()` asks for a token that nobody can type";
        effects.extend(need(names, otherwise, call.now).map(as_token));
    }
    effects.push(Effect::Login(Login { called: called(call.callee), token: given }));
}

fn makes_client(call: &Call<'_>, id: &[effects::Argument], does: Does, effects: &mut Vec<Effect>) {
    let Call { callee, arguments, now } = *call;
    let otherwise = format!("`{}(None)` has nothing to call", call_name(callee));
    effects.extend(need_for(argument(arguments, id), &otherwise, now));
    effects.extend(client(callee, arguments, does).map(|it| Effect::Client(Arc::new(it))));
}

/// The client that a call makes which does that.
fn client(callee: &External, arguments: &Arc<Arguments>, does: Does) -> Option<Client> {
    let Does::Client { id, token: token_at, headers } = does else { return None };
    let (ids, settled) = ids(argument(arguments, id), "");
    Some(Client {
        called: called(callee),
        ids,
        settled,
        token: token(argument(arguments, token_at)),
        headers: argument(arguments, headers).map(|headers| headers.value.clone()),
        open: arguments.open,
        arguments: Arc::clone(arguments),
    })
}

/// A method of a client calls a Space; which one is known where it is known how the client was made.
fn calls_space(callee: &External, effects: &mut Vec<Effect>) {
    effects.push(Effect::Http(called(callee)));
    let receiver = method_of(callee).map(|(receiver, _)| receiver);
    let Some(External::Call { callee: made_by, arguments, place }) = receiver.as_deref() else {
        return;
    };
    let does = canonical(made_by).and_then(|name| effects::call(&name)).map(|call| call.kind);
    if let Some(client) = does.and_then(|does| client(made_by, arguments, does)) {
        let call = SpaceCall { called: called(callee), client, made_at: *place };
        effects.push(Effect::CallSpace(Arc::new(call)));
    }
}

/// What a client that takes a key needs where it is given none, or one that may be `None`.
fn need_key(
    call: &Call<'_>,
    key: &[effects::Argument],
    read: &[&str],
    otherwise: &str,
) -> Option<Effect> {
    let given = all(call.arguments, key);
    match &*given {
        [] if !call.arguments.open => {
            need(read.iter().map(|name| (*name).into()).collect(), otherwise, call.now)
        }
        [only] => {
            if let Some(name) = environment::raises_without(&only.value) {
                return need(vec![name], otherwise, call.now);
            }
            let mut names = environment::may_be_none(&only.value)?;
            // Where `None` is given, the client looks for itself.
            for name in read {
                if !names.iter().any(|known| **known == **name) {
                    names.push((*name).into());
                }
            }
            need(names, otherwise, call.now)
        }
        _ => None,
    }
}

/// `int(os.getenv("X"))` and the like.
pub(super) fn converts(call: &Call<'_>, outcome: &mut Outcome<SpaceWorld<'_>>) {
    let Some(name) = call.callee.name().and_then(|name| name.strip_prefix("builtins.")) else {
        return;
    };
    if matches!(name, "int" | "float" | "len") {
        let otherwise = format!("`{name}(None)` raises");
        outcome.effects.extend(need_for(call.arguments.positional(0), &otherwise, call.now));
    }
}

/// The name under which knowledge has this: an instance is called after its class, a result after
/// what was called.
pub(crate) fn canonical(external: &External) -> Option<String> {
    let mut name = String::new();
    push_canonical(external, &mut name, 0).then_some(name)
}

/// Puts the canonical name at the end of `text`, if there is one, with room for `more` bytes after it.
fn push_canonical(external: &External, text: &mut String, more: usize) -> bool {
    match external {
        External::Name(name) => {
            text.reserve_exact(name.len() + more);
            text.push_str(name);
            true
        }
        External::Attribute { of, name } => {
            let is_named = push_canonical(of, text, 1 + name.len() + more);
            if is_named {
                text.push('.');
                text.push_str(name);
            }
            is_named
        }
        External::Call { callee: of, .. }
        | External::Instance { base: of, .. }
        | External::Present(of) => push_canonical(of, text, more),
        External::Unknown
        | External::Argument(_)
        | External::Item { .. }
        | External::Operation { .. } => false,
    }
}

/// The receiver and the name of a method call.
pub(super) fn method_of(callee: &External) -> Option<(Arc<External>, &str)> {
    match callee {
        External::Attribute { of, name } => Some((Arc::clone(of), name)),
        External::Name(path) => {
            let (receiver, method) = path.rsplit_once('.')?;
            Some((Arc::new(External::Name(receiver.into())), method))
        }
        _ => None,
    }
}

/// A touch of the device with that index.
pub(super) fn indexed(touch: Effect, index: Option<i64>) -> Effect {
    match touch {
        Effect::TouchCuda(touch) => Effect::TouchCuda(CudaTouch { index, ..touch }),
        other => other,
    }
}

/// The touch of a method that moves its receiver.
fn moving(touch: Effect, callee: &External) -> Effect {
    match touch {
        Effect::TouchCuda(touch) => Effect::TouchCuda(CudaTouch {
            moved: method_of(callee).map(|(receiver, _)| receiver),
            ..touch
        }),
        other => other,
    }
}

/// What is known of a method on this receiver; a name like `a.b.from_pretrained` has the class
/// before its last dot.
pub(super) fn fitting(receiver: &External, method: &str) -> Option<&'static MethodEffect> {
    effects::method(method, canonical(receiver).as_deref())
}

/// A decorator that was made by a call is called with what it decorates.
pub(super) fn decorates(
    callee: &External,
    arguments: &Arguments,
    outcome: &mut Outcome<SpaceWorld<'_>>,
) -> bool {
    let External::Call { callee: made_by, .. } = callee else { return false };
    let Some(function) = arguments.positional(0).map(|argument| &argument.value) else {
        return false;
    };
    let call = canonical(made_by).and_then(|name| effects::call(&name));
    let method = match method_of(made_by) {
        Some((receiver, method)) if call.is_none() => fitting(&receiver, method),
        _ => None,
    };
    let does = call.map(|call| call.kind).or_else(|| method.map(|method| method.kind));
    if let Some(Does::Handler { role, decorator: true, .. }) = does {
        outcome.roots.push((function.clone(), Role::Request(role)));
        outcome.passes = Some(function.clone());
        return true;
    }
    let stands =
        call.is_some_and(|call| matches!(call.passes, Passes::Decorator | Passes::Either(_)));
    if stands {
        outcome.passes = Some(function.clone());
    }
    stands
}

pub(super) fn passes(passes: Passes, arguments: &Arguments) -> Option<Value> {
    match passes {
        Passes::Argument(at) | Passes::Either(at) => argument(arguments, &[at])
            .map(|argument| argument.value.clone())
            .filter(|value| value.function().is_some() || matches!(value, Value::Class(_))),
        Passes::No | Passes::Decorator => None,
    }
}

/// The first of these places at which the call says something.
pub(crate) fn argument<'a>(
    arguments: &'a Arguments,
    at: &[effects::Argument],
) -> Option<&'a Argument> {
    at.iter().find_map(|at| {
        at.keyword
            .and_then(|keyword| arguments.keyword(keyword))
            .or_else(|| arguments.positional(usize::from(at.position?)))
    })
}

fn all(arguments: &Arguments, at: &[effects::Argument]) -> Vec<Argument> {
    at.iter().filter_map(|at| argument(arguments, std::slice::from_ref(at))).cloned().collect()
}

/// The full name of what is called.
pub(super) fn called(callee: &External) -> Called {
    Called { name: call_name(callee) }
}

pub(super) fn call_name(callee: &External) -> Arc<str> {
    callee.path().replace("()", "").into()
}

/// How a call reads in a message: a receiver that is not known by a name is left out.
pub(super) fn call_text(callee: &External) -> Arc<str> {
    let path = callee.path();
    let shown = match path.rsplit_once("().") {
        Some((_, method)) => format!(".{method}()"),
        None if path.starts_with('?') => format!("{}()", path.trim_start_matches('?')),
        None => format!("{path}()"),
    };
    shown.into()
}

/// The class whose `from_pretrained` (or the like) is called.
fn receiver_class(callee: &External) -> Option<String> {
    let path = callee.path();
    let (class, _) = path.rsplit_once('.')?;
    Some(class.rsplit('.').next().unwrap_or(class).trim_end_matches("()").to_owned())
}

fn ids(id: Option<&Argument>, prefix: &str) -> (Vec<Arc<str>>, bool) {
    let Some(id) = id else { return (Vec::new(), false) };
    let alternatives = id.value.alternatives();
    let ids: Vec<Arc<str>> = alternatives
        .iter()
        .filter_map(Value::as_str)
        .map(|id| if id.contains('/') { id.into() } else { format!("{prefix}{id}").into() })
        .collect();
    let settled = ids.len() == 1 && alternatives.len() == 1;
    (ids, settled)
}

fn token(argument: Option<&Argument>) -> Token {
    match argument.map(|argument| &argument.value) {
        None | Some(Value::None | Value::Bool(true)) => Token::Implicit,
        Some(Value::Bool(false)) => Token::Refused,
        Some(value) => match environment::made_of(value) {
            Some(names) => Token::Env(names),
            None => Token::Other,
        },
    }
}

pub(super) fn need(names: Vec<Arc<str>>, otherwise: &str, now: &Now<'_>) -> Option<Effect> {
    let mentioned = names.iter().any(|name| environment::is_guarded(now.guards, name));
    (!mentioned && !names.is_empty())
        .then(|| Effect::NeedEnv(EnvNeed { names, otherwise: otherwise.into(), is_token: false }))
}

/// The need of a token.
fn as_token(effect: Effect) -> Effect {
    match effect {
        Effect::NeedEnv(need) => Effect::NeedEnv(EnvNeed { is_token: true, ..need }),
        other => other,
    }
}

/// What `os.environ[name] = value` does.
pub(super) fn sets(name: Option<Arc<str>>, value: &Value, now: &Now<'_>) -> Vec<Effect> {
    let none = environment::may_be_none(value)
        .and_then(|names| need(names, "an environment variable cannot be set to `None`", now));
    let set = Effect::SetEnv(EnvSet { name, from: environment::made_of(value) });
    none.into_iter().chain([set]).collect()
}

/// What a call needs because this argument of it may not be `None`.
fn need_for(argument: Option<&Argument>, otherwise: &str, now: &Now<'_>) -> Option<Effect> {
    need(environment::may_be_none(&argument?.value)?, otherwise, now)
}
