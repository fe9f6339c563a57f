//! The world in which a Space's program is traced: its files, what pip is told to install, and what
//! knowledge says of libraries and of the platform. It turns what the program does into [`Effect`]s.

use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::VersionSpecifiers;
use rustc_hash::FxHashMap;
use spacelint_knowledge::effects::{self, Condition, Kind as Does, MethodEffect, Passes};
use spacelint_knowledge::platform::{self, EnvValue};
use spacelint_python::{
    Argument, Arguments, External, FileId, Found, Now, Operator, Outcome, Value, World,
};

use crate::effect::{
    CudaTouch, Effect, EnvNeed, EnvRead, GpuDeclaration, Missing, ModelLoad, SpacesImport, Token,
};
use crate::environment::{self, Absent};
use crate::files::{Files, Kind, ReadError, SourceFile};
use crate::pins::{Allowed, Pins};

/// In which role a function is called after start-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// By Gradio, a server, a thread, …: in the web process.
    Request(effects::Role),
    /// As a GPU function: in the worker.
    Gpu,
}

pub(crate) struct SpaceWorld<'a> {
    files: &'a Files,
    pins: &'a Pins,
    /// `sys.path[0]`: the entry point's folder.
    base: Utf8PathBuf,
    /// Whether the Space is taken to run on ZeroGPU.
    zerogpu: bool,
    reached: Mutex<Reached>,
}

/// What the trace has asked for, in that order.
#[derive(Default)]
pub(crate) struct Reached {
    pub(crate) sources: Vec<Arc<SourceFile>>,
    pub(crate) errors: Vec<ReadError>,
    ids: FxHashMap<Utf8PathBuf, FileId>,
}

impl<'a> SpaceWorld<'a> {
    pub(crate) fn new(
        files: &'a Files,
        pins: &'a Pins,
        entry: &Arc<SourceFile>,
        zerogpu: bool,
    ) -> Self {
        let world = Self {
            files,
            pins,
            base: entry.path.parent().unwrap_or(Utf8Path::new("")).to_owned(),
            zerogpu,
            reached: Mutex::default(),
        };
        world.reach(entry);
        world
    }

    pub(crate) fn into_reached(self) -> Reached {
        self.reached.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, file: &Arc<SourceFile>) -> FileId {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = reached.ids.get(&file.path) {
            return *id;
        }
        let id = FileId(reached.sources.len() as u32);
        reached.sources.push(Arc::clone(file));
        reached.ids.insert(file.path.clone(), id);
        id
    }

    /// The path under which the running program sees a file of the Space.
    pub(crate) fn seen_as(path: &Utf8Path) -> Arc<str> {
        format!("{}/{path}", platform::home().folder).into()
    }

    fn local(&self, path: &Utf8Path) -> Option<Arc<SourceFile>> {
        if self.files.kind(path) != Some(Kind::File) {
            return None;
        }
        match self.files.read(path) {
            Ok(file) => file,
            Err(error) => {
                let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
                if !reached.errors.contains(&error) {
                    reached.errors.push(error);
                }
                None
            }
        }
    }

    /// A module below one folder of `sys.path`.
    fn find_in(&self, folder: &Utf8Path, relative: &str) -> Option<Found> {
        let module = folder.join(relative);
        let package = module.join("__init__.py");
        let found = |file: Arc<SourceFile>, package| Found::Local {
            file: self.reach(&file),
            text: file.text.clone(),
            package,
            path: Self::seen_as(&file.path),
        };
        if let Some(file) = self.local(&package) {
            return Some(found(file, true));
        }
        if let Some(file) = self.local(&module.with_extension("py")) {
            return Some(found(file, false));
        }
        None
    }

    /// Whether the Space brings its own copy of the `spaces` package, rather than a module that only
    /// shares its name: what it does is then what the package does.
    fn is_vendored(&self, folder: &Utf8Path) -> bool {
        let package = folder.join(GPU_PACKAGE);
        self.files.kind(&package.join("zero")) == Some(Kind::Folder)
            && self.files.kind(&package.join("__init__.py")) == Some(Kind::File)
    }

    fn is_namespace(&self, folder: &Utf8Path, relative: &str) -> bool {
        let module = folder.join(relative);
        self.files.kind(&module) == Some(Kind::Folder)
            && self.files.list(&module).iter().any(|(name, kind)| match kind {
                Kind::File => name.ends_with(".py"),
                Kind::Folder => !name.starts_with('.'),
            })
    }

    /// Whether what a condition asks for is installed: `None` where it is known not to be.
    fn holds(&self, condition: &Condition) -> Option<bool> {
        if !condition.also.is_empty() {
            // What nothing asks for may still come with something else; that is not known.
            if !condition.also.iter().any(|package| self.pins.contains(package)) {
                return None;
            }
        }
        if condition.range.is_empty() {
            return Some(self.pins.contains(condition.package));
        }
        let range: VersionSpecifiers = condition.range.parse().ok()?;
        match self.pins.newest_is(condition.package, &range) {
            Some(Allowed::Never) => None,
            Some(Allowed::Always) => Some(true),
            // Where nothing asks for it, it is imported all the same, so something brings it, in a
            // version that the text does not say.
            Some(Allowed::Sometimes) | None => Some(false),
        }
    }

    fn touch(
        &self,
        what: Arc<str>,
        says: &'static str,
        condition: Option<&'static Condition>,
        sure: bool,
        import: bool,
    ) -> Option<Effect> {
        let sure = match condition {
            Some(condition) => sure && self.holds(condition)?,
            None => sure,
        };
        Some(Effect::TouchCuda(CudaTouch { what, says, condition, sure, import }))
    }

    /// Whether a device's value is CUDA: `None` if it surely is not, else whether it surely is.
    fn cuda(value: &Value) -> Option<bool> {
        let mut some = false;
        let mut all = true;
        for value in value.alternatives() {
            let is = match value {
                Value::Str(text) => effects::names_cuda(text) || effects::spreads_over_cuda(text),
                Value::Int(index) => *index >= 0,
                Value::Dict(pairs) => pairs.iter().any(|(_, device)| Self::cuda(device).is_some()),
                Value::External(external) => match &**external {
                    External::Call { callee, arguments, .. }
                        if callee.name() == Some("torch.device") =>
                    {
                        arguments
                            .get(0, "device")
                            .or_else(|| arguments.keyword("type"))
                            .is_some_and(|device| Self::cuda(&device.value).is_some())
                    }
                    _ => false,
                },
                _ => false,
            };
            some |= is;
            all &= is;
        }
        some.then_some(all)
    }

    fn device_touch(
        &self,
        what: &External,
        says: &'static str,
        condition: Option<&'static Condition>,
        device: Option<&Argument>,
    ) -> Option<Effect> {
        let sure = Self::cuda(&device?.value)?;
        self.touch(call_text(what), says, condition, sure, false)
    }
}

impl World for SpaceWorld<'_> {
    type Effect = Effect;
    type Role = Role;

    fn find(&self, name: &str, path: &[Arc<str>]) -> Found {
        let relative = name.replace('.', "/");
        let added = path.iter().map(|folder| {
            let folder = folder
                .strip_prefix(platform::home().folder)
                .map_or(&**folder, |rest| rest.trim_start_matches('/'));
            Utf8PathBuf::from(folder.trim_start_matches("./"))
        });
        let folders: Vec<Utf8PathBuf> = std::iter::once(self.base.clone()).chain(added).collect();
        for folder in &folders {
            if name == GPU_PACKAGE && self.is_vendored(folder) {
                return Found::Installed;
            }
            if let Some(found) = self.find_in(folder, &relative) {
                return found;
            }
        }
        let top = name.split('.').next().unwrap_or(name);
        let asked_for = self.pins.contains(top)
            || platform::builder().iter().any(|line| {
                line.package == top
                    && match line.on {
                        platform::Spaces::ZeroGpu => self.zerogpu,
                        platform::Spaces::Other => !self.zerogpu,
                        platform::Spaces::Every => true,
                    }
            });
        if asked_for {
            return Found::Installed;
        }
        // A folder without `__init__` gives way to anything that is installed.
        if folders.iter().any(|folder| self.is_namespace(folder, &relative)) {
            return Found::Namespace;
        }
        Found::Unsure
    }

    fn import(&self, module: &str, name: Option<&str>, now: &Now<'_>) -> Vec<Effect> {
        let mut found = Vec::new();
        let top = module.split('.').next().unwrap_or(module);
        if top == GPU_PACKAGE && !now.imported.contains(top) {
            found.push(Effect::ImportSpaces(SpacesImport {
                plain: name.is_none() && module == GPU_PACKAGE,
            }));
        }
        for effect in effects::import(module, name) {
            // What a module does when it is imported it does once.
            let again = effect.names == effects::Names::Any && now.imported.contains(effect.module);
            if effect.poisons && !again {
                let what = match name {
                    Some(name) => format!("from {module} import {name}"),
                    None => format!("import {module}"),
                };
                found.extend(self.touch(
                    what.into(),
                    effect.says,
                    effect.condition.as_ref(),
                    true,
                    true,
                ));
                break;
            }
        }
        found
    }

    fn read(&self, external: &External, now: &Now<'_>) -> Outcome<Self> {
        let mut outcome = Outcome::default();
        match external {
            External::Item { of, key } => {
                if let Some(name) = environment::item_of(of, key) {
                    self.read_environment(&name, Missing::Raises, external, now, &mut outcome);
                }
            }
            External::Attribute { of, name } => {
                let value = Value::External(Arc::clone(of));
                if let Some(names) = environment::may_be_none(&value) {
                    let otherwise = format!("`None` has no `{name}`");
                    outcome.effects.extend(need(names, &otherwise, now));
                }
            }
            External::Name(path) => {
                // `diffusers.FluxPipeline` may load as `from diffusers import FluxPipeline` does.
                if let Some((module, name)) = path.rsplit_once('.')
                    && now.imported.contains(module)
                {
                    let lazy = effects::import(module, Some(name))
                        .find(|effect| effect.lazy && effect.poisons && effect.module == module);
                    if let Some(effect) = lazy {
                        outcome.effects.extend(self.touch(
                            Arc::clone(path),
                            effect.says,
                            effect.condition.as_ref(),
                            true,
                            true,
                        ));
                    }
                }
            }
            _ => {}
        }
        outcome
    }

    fn call(
        &self,
        callee: &Arc<External>,
        arguments: &Arc<Arguments>,
        now: &Now<'_>,
    ) -> Outcome<Self> {
        let mut outcome = Outcome::default();
        if self.gpu(callee, arguments, now, &mut outcome) {
            return outcome;
        }
        let name = canonical(callee);
        if let Some(effect) = name.as_deref().and_then(effects::call)
            && !matches!(**callee, External::Call { .. })
        {
            let condition = effect.condition.as_ref();
            let does = &effect.kind;
            self.does(callee, arguments, now, does, effect.says, condition, &mut outcome);
            outcome.passes = passes(effect.passes, arguments);
            if let Some(settled) = &effect.value
                && self.zerogpu
            {
                let constant = if now.imported.contains(GPU_PACKAGE) {
                    Some(settled.after_spaces)
                } else {
                    settled.before_spaces
                };
                outcome.value = constant.map(|constant| match constant {
                    effects::Constant::Bool(value) => Value::Bool(value),
                    effects::Constant::Int(value) => Value::Int(value),
                });
            }
            return outcome;
        }
        if let Some((receiver, method)) = method_of(callee)
            && let Some(effect) = fitting(&receiver, method)
        {
            self.does(callee, arguments, now, &effect.kind, effect.says, None, &mut outcome);
            if effect.returns_receiver && outcome.value.is_none() {
                outcome.value = Some(match *receiver {
                    External::Unknown => Value::Unknown,
                    _ => Value::External(receiver),
                });
            }
            return outcome;
        }
        if decorates(callee, arguments, &mut outcome) {
            return outcome;
        }
        self.converts(callee, arguments, now, &mut outcome);
        // Nothing is known of this call: a function that is handed to it may be called at any time.
        let functions = || arguments.items.iter().filter(|a| a.value.function().is_some());
        for argument in functions() {
            outcome.roots.push((argument.value.clone(), Role::Request(effects::Role::Callback)));
        }
        // And what it returned for a function may stand for it.
        if let External::Call { arguments: given, .. } = &**callee
            && let [only] = &*given.items
            && only.value.function().is_some()
        {
            outcome.runs.push(only.value.clone());
        }
        outcome
    }

    fn write(&self, target: &External, value: &Value, now: &Now<'_>) -> Vec<Effect> {
        let External::Item { of, key } = target else { return Vec::new() };
        let Some(name) = environment::item_of(of, key) else { return Vec::new() };
        let mut effects = vec![Effect::SetEnv(Some(name))];
        if let Some(names) = environment::may_be_none(value) {
            effects.extend(need(names, "an environment variable cannot be set to `None`", now));
        }
        effects
    }

    fn operate(&self, operation: &External, now: &Now<'_>) -> Outcome<Self> {
        let mut outcome = Outcome::default();
        let External::Operation { operator, operands } = operation else { return outcome };
        match (operator, &**operands) {
            (Operator::Binary(_), [left, right]) => {
                // `%` formats `None` like anything else.
                let formats =
                    matches!(operator, Operator::Binary(spacelint_python::syntax::BinOp::Mod))
                        && left.as_str().is_some();
                if !formats {
                    for side in [left, right] {
                        if let Some(names) = environment::may_be_none(side) {
                            let otherwise = "`None` cannot be added to anything";
                            outcome.effects.extend(need(names, otherwise, now));
                        }
                    }
                }
            }
            (Operator::Element, [only]) => {
                if let Some(names) = environment::may_be_none(only) {
                    outcome.effects.extend(need(names, "`None` cannot be iterated over", now));
                }
            }
            (Operator::Compare(op), [Value::Str(name), Value::External(external)]) => {
                use spacelint_python::syntax::CompareOp::{In, NotIn};
                if matches!(op, In | NotIn)
                    && environment::item_of(external, &operands[0]).is_some()
                    && let Some(env) = self.environment_value(name)
                {
                    let _ = env;
                    outcome.value = Some(Value::Bool(*op == In));
                }
            }
            _ => {}
        }
        outcome
    }

    fn give_up(&self, now: &Now<'_>) -> Vec<Effect> {
        // What the innermost condition with anything to do with the environment says is missing.
        let absent = now.guards.iter().rev().find_map(|guard| match guard {
            spacelint_python::Guard::Condition { test, holds, .. } => {
                environment::absent(test, *holds)
            }
            _ => None,
        });
        let Some(Absent { names, all }) = absent else { return Vec::new() };
        let otherwise: Arc<str> = "the app gives up without it".into();
        if all {
            vec![Effect::NeedEnv(EnvNeed { names, otherwise })]
        } else {
            names
                .into_iter()
                .map(|name| {
                    Effect::NeedEnv(EnvNeed {
                        names: vec![name],
                        otherwise: Arc::clone(&otherwise),
                    })
                })
                .collect()
        }
    }

    fn call_wrapped(&self, _: &Arc<External>, inner: &Value, _: &Now<'_>) -> Vec<Effect> {
        vec![Effect::CallGpu(inner.function().cloned())]
    }
}

impl SpaceWorld<'_> {
    /// `spaces.GPU(…)`, in all its forms: with the function, or returning the decorator that is
    /// called with it.
    fn gpu(
        &self,
        callee: &Arc<External>,
        arguments: &Arc<Arguments>,
        now: &Now<'_>,
        outcome: &mut Outcome<Self>,
    ) -> bool {
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
        let Some(Does::GpuDecorator { function: at, duration, size }) =
            decorator.name().and_then(effects::call).map(|effect| effect.kind)
        else {
            return false;
        };
        let first = argument(given, at);
        let (mut duration, mut size) = (argument(given, duration), argument(given, size));
        // `spaces.GPU(45)` and `spaces.GPU("xlarge")`.
        match first.map(|first| &first.value) {
            Some(Value::Int(_) | Value::Float(_)) => duration = duration.or(first),
            Some(Value::Str(_)) => size = size.or(first),
            _ => {}
        }
        let function = function.or_else(|| {
            first.filter(|first| {
                !matches!(
                    first.value,
                    Value::None | Value::Int(_) | Value::Float(_) | Value::Str(_)
                )
            })
        });
        let Some(function) = function else { return true };
        let declaration = GpuDeclaration {
            function: function.value.function().cloned(),
            duration: duration.filter(|duration| duration.value != Value::None).cloned(),
            size: size.filter(|size| size.value != Value::None).cloned(),
            declared_at,
            open: given.open,
        };
        outcome.effects.push(Effect::DeclareGpu(Arc::new(declaration)));
        outcome.wraps = Some((function.value.clone(), Role::Gpu));
        true
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and what is known of it")]
    fn does(
        &self,
        callee: &Arc<External>,
        arguments: &Arc<Arguments>,
        now: &Now<'_>,
        does: &Does,
        says: &'static str,
        condition: Option<&'static Condition>,
        outcome: &mut Outcome<Self>,
    ) {
        let effects = &mut outcome.effects;
        match *does {
            Does::TouchesCuda => {
                effects.extend(self.touch(call_text(callee), says, condition, true, false));
            }
            Does::PoisonsWhenCalledWithCuda { device } => {
                let device = argument(arguments, device);
                effects.extend(self.device_touch(callee, says, condition, device));
            }
            Does::MovesToCuda { device: [] } => {
                effects.extend(self.touch(call_text(callee), says, condition, true, false));
            }
            Does::MovesToCuda { device } => {
                let device = argument(arguments, device);
                effects.extend(self.device_touch(callee, says, condition, device));
            }
            Does::LoadsModel(load) => {
                let device = argument(arguments, load.device);
                let loader = call_name(callee);
                let class = receiver_class(callee);
                let weights = class.is_none_or(|class| effects::class_loads_weights(&class));
                let touches = match device {
                    Some(device) => Self::cuda(&device.value).is_some(),
                    None => load.detects_cuda,
                };
                if touches {
                    let sure = device.is_none_or(|d| Self::cuda(&d.value) == Some(true));
                    effects.extend(self.touch(call_text(callee), says, condition, sure, false));
                }
                let id = argument(arguments, load.id);
                if let Some(names) = id.and_then(|id| environment::may_be_none(&id.value)) {
                    let otherwise = format!("`{loader}(None)` finds no model");
                    effects.extend(need(names, &otherwise, now));
                }
                let (ids, settled) = ids(id, load.id_prefix);
                effects.push(Effect::LoadModel(Arc::new(ModelLoad {
                    loader,
                    ids,
                    settled,
                    part: argument(arguments, load.part).map(|part| part.value.clone()),
                    dtype: argument(arguments, load.dtype).map(|dtype| dtype.value.clone()),
                    quantisation: all(arguments, load.quantisation),
                    device: device.map(|device| device.value.clone()),
                    token: token(argument(arguments, load.token)),
                    weights,
                    adapter: false,
                    open: arguments.open,
                })));
            }
            Does::LoadsAdapter { id, token: at } | Does::Download { id, token: at } => {
                let id = argument(arguments, id);
                let (ids, settled) = ids(id, "");
                effects.push(Effect::LoadModel(Arc::new(ModelLoad {
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
                })));
            }
            Does::Handler { functions, role, runs_now, decorator: _ } => {
                let role = Role::Request(role);
                let handed = all(arguments, functions);
                let given: Vec<Value> = handed
                    .into_iter()
                    .flat_map(|argument| match argument.value {
                        Value::List(items) | Value::Tuple(items) => items.to_vec(),
                        value => vec![value],
                    })
                    .filter(|value| {
                        value.alternatives().iter().any(|value| value.function().is_some())
                    })
                    .collect();
                for function in given {
                    if runs_now {
                        outcome.runs.push(function.clone());
                    }
                    outcome.roots.push((function, role));
                }
            }
            Does::Launch | Does::Mounts { .. } | Does::Serves { .. } => effects.push(Effect::Serve),
            Does::Client { id, .. } => {
                let id = argument(arguments, id);
                if let Some(names) = id.and_then(|id| environment::may_be_none(&id.value)) {
                    let otherwise = format!("`{}(None)` has nothing to call", call_name(callee));
                    effects.extend(need(names, &otherwise, now));
                }
            }
            Does::Subprocess { .. } => effects.push(Effect::RunCommand),
            Does::Login { token: at } => {
                let given = token(argument(arguments, at));
                let names = match &given {
                    Token::Implicit => {
                        Some(platform::hub_token().read.iter().map(|name| (*name).into()).collect())
                    }
                    Token::Env(names) => Some(names.clone()),
                    Token::Refused | Token::Other => None,
                };
                if let Some(names) = names.filter(|_| !arguments.open) {
                    effects.extend(need(names, "`login()` asks for a token that nobody can type", now));
                }
                effects.push(Effect::Login(given));
            }
            Does::NeedsKey { key, environment: read, at: _ } => {
                let given = all(arguments, key);
                let otherwise = format!("`{}()` {says}", call_name(callee));
                if given.is_empty() && !arguments.open {
                    let names = read.iter().map(|name| (*name).into()).collect();
                    effects.extend(need(names, &otherwise, now));
                }
                if let [only] = &*given
                    && let Some(mut names) = environment::may_be_none(&only.value)
                {
                    // Where `None` is given, the client looks for itself.
                    let looked_for = read.iter().filter(|name| !names.iter().any(|n| **n == ***name));
                    let looked_for: Vec<Arc<str>> = looked_for.map(|name| (*name).into()).collect();
                    names.extend(looked_for);
                    effects.extend(need(names, &otherwise, now));
                }
            }
            Does::ReadsEnv { .. } => {
                if let Some(read) = environment::read_of(callee, arguments) {
                    let missing = match read.default {
                        None if read.raises => Missing::Raises,
                        None | Some(Value::None) => Missing::None,
                        Some(_) => Missing::Handled,
                    };
                    let result = External::Call {
                        callee: Arc::clone(callee),
                        arguments: Arc::clone(arguments),
                        place: now.place,
                    };
                    self.read_environment(&read.name, missing, &result, now, outcome);
                }
            }
            Does::SetsEnv { value, unless_set, name } => {
                let set = argument(arguments, name).and_then(|name| name.value.as_str());
                effects.push(Effect::SetEnv(set.map(Into::into)));
                let value = argument(arguments, value);
                if let Some(names) = value.and_then(|value| environment::may_be_none(&value.value)) {
                    let otherwise = "an environment variable cannot be set to `None`";
                    effects.extend(need(names, otherwise, now));
                }
                if unless_set
                    && let Some(Value::Str(name)) = argument(arguments, name).map(|a| &a.value)
                {
                    outcome.value = self.environment_value(name).and_then(|value| match value {
                        EnvValue::Known(text) => Some(Value::str(text)),
                        EnvValue::SetButUnknown => None,
                    });
                }
            }
            Does::Harmless
            | Does::PoisonsWhenIterated { .. }
            | Does::Sleep { .. }
            | Does::Http
            | Does::LoadsEnvFile
            // `gpu` has dealt with it.
            | Does::GpuDecorator { .. } => {}
        }
    }

    /// `int(os.getenv("X"))` and the like.
    fn converts(
        &self,
        callee: &External,
        arguments: &Arguments,
        now: &Now<'_>,
        outcome: &mut Outcome<Self>,
    ) {
        if let Some("builtins.int" | "builtins.float" | "builtins.len") = callee.name()
            && let Some(first) = arguments.positional(0)
            && let Some(names) = environment::may_be_none(&first.value)
        {
            let name = callee.name().unwrap_or_default().trim_start_matches("builtins.");
            outcome.effects.extend(need(names, &format!("`{name}(None)` raises"), now));
        }
    }

    /// What the platform itself sets a variable to.
    fn environment_value(&self, name: &str) -> Option<EnvValue> {
        let env = platform::env_value(name)?;
        if env.zerogpu_only && !self.zerogpu { None } else { env.value }
    }

    fn read_environment(
        &self,
        name: &Arc<str>,
        missing: Missing,
        read: &External,
        now: &Now<'_>,
        outcome: &mut Outcome<Self>,
    ) {
        match self.environment_value(name) {
            Some(EnvValue::Known(text)) => {
                outcome.value = Some(Value::str(text));
                return;
            }
            Some(EnvValue::SetButUnknown) => {
                let present = External::Present(Arc::new(read.clone()));
                outcome.value = Some(Value::External(Arc::new(present)));
                return;
            }
            None => {}
        }
        let missing = match missing {
            Missing::Raises if environment::is_guarded(now.guards, name) => Missing::Handled,
            missing => missing,
        };
        outcome.effects.push(Effect::ReadEnv(EnvRead { name: Arc::clone(name), missing }));
    }
}

/// What the package of GPU functions is called.
const GPU_PACKAGE: &str = "spaces";

/// The name under which knowledge has this: an instance is called after its class, a result after
/// what was called.
pub(crate) fn canonical(external: &External) -> Option<String> {
    match external {
        External::Name(name) => Some(name.to_string()),
        External::Attribute { of, name } => canonical(of).map(|of| format!("{of}.{name}")),
        External::Call { callee, .. } => canonical(callee),
        External::Instance { base, .. } => canonical(base),
        External::Present(external) => canonical(external),
        External::Unknown | External::Item { .. } | External::Operation { .. } => None,
    }
}

/// The receiver and the name of a method call.
fn method_of(callee: &External) -> Option<(Arc<External>, &str)> {
    match callee {
        External::Attribute { of, name } => Some((Arc::clone(of), name)),
        External::Name(path) => {
            let (receiver, method) = path.rsplit_once('.')?;
            Some((Arc::new(External::Name(receiver.into())), method))
        }
        _ => None,
    }
}

/// What is known of a method on this receiver; a name like `a.b.from_pretrained` has the class
/// before its last dot.
fn fitting(receiver: &External, method: &str) -> Option<&'static MethodEffect> {
    let name = canonical(receiver);
    effects::method(method).iter().find(|effect| effect.fits(name.as_deref()))
}

/// A decorator that was made by a call is called with what it decorates.
fn decorates(
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

fn passes(passes: Passes, arguments: &Arguments) -> Option<Value> {
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

fn call_name(callee: &External) -> Arc<str> {
    callee.path().replace("()", "").into()
}

/// How a call reads in a message: a receiver that is not known by a name is left out.
fn call_text(callee: &External) -> Arc<str> {
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

fn need(names: Vec<Arc<str>>, otherwise: &str, now: &Now<'_>) -> Option<Effect> {
    let mentioned = names.iter().any(|name| environment::is_guarded(now.guards, name));
    (!mentioned && !names.is_empty())
        .then(|| Effect::NeedEnv(EnvNeed { names, otherwise: otherwise.into() }))
}
