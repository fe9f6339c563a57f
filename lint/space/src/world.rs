//! The world in which a Space's program is traced: its files, what pip is told to install, and what
//! knowledge says of libraries and of the platform. It turns what the program does into [`Effect`]s.

mod calls;
mod drifting;
mod scripts;
mod settled;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::VersionSpecifiers;
use rustc_hash::{FxHashMap, FxHashSet};
use spacelint_knowledge::effects::{self, Condition};
use spacelint_knowledge::modules;
use spacelint_knowledge::platform::{self, EnvValue};
use spacelint_python::{
    Argument, Arguments, External, FileId, Found, Guard, Now, Operator, Outcome, Place, Value,
    World,
};

use calls::{
    Call, Known, call_name, call_text, converts, decorates, fitting, gpu, indexed, method_of,
    model_call, need, passes, sets,
};
pub(crate) use calls::{argument, canonical};

use crate::effect::{CudaTouch, Effect, EnvNeed, EnvRead, GpuCall, Missing, SpacesImport};
use crate::environment::{self, Absent};
use crate::files::{Files, Kind, ReadError, SourceFile};
use crate::pins::{Allowed, Pins};

/// What the package of GPU functions is called.
const GPU_PACKAGE: &str = "spaces";

/// In which role a function is called after start-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// By Gradio, a server, a thread, …: in the web process.
    Request(effects::Role),
    /// As the duration of a GPU function: in the web process, before each of its calls, with exactly
    /// what that is given.
    Duration,
    /// As a GPU function: in the worker.
    Gpu,
}

pub(crate) struct SpaceWorld<'a> {
    files: &'a Files,
    pins: &'a Pins,
    /// Whether the Space is taken to run on ZeroGPU.
    zerogpu: bool,
    /// Whether the Space gets a `spaces` of which it is known what its emulation covers; asked for by the
    /// first touch of CUDA.
    emulation_known: OnceLock<bool>,
    reached: Mutex<Reached>,
}

/// What the trace has asked for, in that order.
#[derive(Default)]
pub(crate) struct Reached {
    pub(crate) sources: Vec<Arc<SourceFile>>,
    pub(crate) errors: Vec<ReadError>,
    ids: FxHashMap<Utf8PathBuf, FileId>,
    /// The last name that was imported from a module that loads it lazily, and where.
    lazy: Option<(Place, Arc<str>)>,
    /// The Space's own copy of the package of GPU functions, where that is found instead.
    copy: Option<Utf8PathBuf>,
    /// The Space's own module of that name, where that is found instead.
    pub(crate) shadow: Option<FileId>,
    /// Whether modules may be found that the Space's text does not show.
    pub(crate) searches_elsewhere: bool,
    /// What is found as a compiled module of the Space's.
    compiled: FxHashSet<Arc<str>>,
}

/// What CPython asks where a module is, besides the folders that a program appends to `sys.path`.
const SEARCHED: &[&str] = &["sys.meta_path", "sys.modules", "sys.path", "sys.path_hooks"];

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
            zerogpu,
            emulation_known: OnceLock::new(),
            reached: Mutex::default(),
        };
        world.reach(entry);
        world
    }

    pub(crate) fn into_reached(self) -> Reached {
        self.reached.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached(&self) -> MutexGuard<'_, Reached> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, file: &Arc<SourceFile>) -> FileId {
        let mut reached = self.reached();
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
                let mut reached = self.reached();
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

    /// Whether a compiled module of that name lies in the folder: `name.so`, `name.cpython-312-….so`.
    fn is_compiled(&self, folder: &Utf8Path, name: &str) -> bool {
        self.files.list(folder).iter().any(|(file, kind)| {
            let is_named = file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            let ending = Utf8Path::new(file).extension();
            *kind == Kind::File && is_named && matches!(ending, Some("so" | "pyc"))
        })
    }

    /// Notes whether the program changes what modules are looked for in.
    fn searches(&self, external: &External) {
        let name = match external {
            External::Item { of, .. } => canonical(of),
            other => canonical(other),
        };
        let is_searched = |name: &str| {
            name == "site.addsitedir"
                || SEARCHED.iter().any(|searched| {
                    let rest = name.strip_prefix(searched);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                })
        };
        if name.as_deref().is_some_and(is_searched) {
            self.reached().searches_elsewhere = true;
        }
    }

    fn is_namespace(&self, folder: &Utf8Path, relative: &str) -> bool {
        let module = folder.join(relative);
        self.files.kind(&module) == Some(Kind::Folder)
            && self.files.list(&module).iter().any(|(name, kind)| match kind {
                Kind::File => Utf8Path::new(name).extension() == Some("py"),
                Kind::Folder => !name.starts_with('.'),
            })
    }

    /// Whether the builder installs this for a Space of this kind.
    fn is_built_with(&self, line: &platform::BuilderLine) -> bool {
        match line.on {
            platform::Spaces::ZeroGpu => self.zerogpu,
            platform::Spaces::Other => !self.zerogpu,
            platform::Spaces::Every => true,
        }
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

    /// The touch of an import, or of a read that imports.
    fn import_touch(
        &self,
        what: Arc<str>,
        effect: &'static effects::ImportEffect,
    ) -> Option<Effect> {
        let condition = effect.condition.as_ref();
        Some(Effect::TouchCuda(CudaTouch {
            full: Arc::clone(&what),
            what,
            says: effect.says,
            condition,
            sure: condition.map_or(Some(true), |condition| self.holds(condition))?,
            import: true,
            poisons: true,
            emulated: None,
            index: None,
            moved: None,
        }))
    }

    /// The touch of a call, `sure` if its arguments leave no doubt.
    fn call_touch(&self, callee: &External, known: Known, sure: bool) -> Option<Effect> {
        let Known { kind, says, condition, emulated } = known;
        let held = condition.map_or(Some(true), |condition| self.holds(condition))?;
        Some(Effect::TouchCuda(CudaTouch {
            what: call_text(callee),
            full: format!("{}()", call_name(callee)).into(),
            says,
            condition,
            sure: sure && held,
            import: false,
            poisons: !matches!(kind, effects::Kind::NeedsCuda { .. }),
            emulated: emulated.filter(|_| self.is_emulation_known()),
            index: None,
            moved: None,
        }))
    }

    /// The touch of an iteration over what was made so that it touches then.
    fn iteration_touch(&self, over: &Value) -> Option<Effect> {
        let External::Call { callee, arguments, .. } = &**over.as_external()? else { return None };
        let effect = canonical(callee).and_then(|name| effects::call(&name))?;
        let effects::Kind::PoisonsWhenIterated { when, .. } = effect.kind else { return None };
        let sure = argument(arguments, when)?.value.truth().unwrap_or(false);
        let ruled_out = argument(arguments, when)?.value.truth() == Some(false);
        self.call_touch(callee, effect.into(), sure).filter(|_| !ruled_out)
    }

    fn is_emulation_known(&self) -> bool {
        *self.emulation_known.get_or_init(|| {
            let Condition { package, range, .. } = effects::emulation();
            self.pins.on_zerogpu(package, range)
        })
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
                Value::External(external) if settled::is_cuda_of_some_index(external) => true,
                Value::External(_) => {
                    let devices = settled::device(value).unwrap_or_default();
                    let is_cuda = |device: &String| effects::names_cuda(device);
                    all &= devices.iter().all(is_cuda);
                    devices.iter().any(is_cuda)
                }
                _ => false,
            };
            some |= is;
            all &= is;
        }
        some.then_some(all)
    }

    /// The index of the CUDA device that this is for sure.
    fn index(device: &Value) -> Option<i64> {
        let texts = match device {
            Value::Int(index) => return Some(*index),
            Value::Str(text) => vec![text.to_string()],
            Value::External(_) => settled::device(device)?,
            _ => return None,
        };
        let [only] = &*texts else { return None };
        effects::cuda_index(only)
    }

    fn device_touch(
        &self,
        what: &External,
        known: Known,
        device: Option<&Argument>,
    ) -> Option<Effect> {
        let device = &device?.value;
        let touch = self.call_touch(what, known, Self::cuda(device)?)?;
        Some(indexed(touch, Self::index(device)))
    }
}

impl World for SpaceWorld<'_> {
    type Effect = Effect;
    type Role = Role;

    fn find(&self, name: &str, path: &[Arc<str>]) -> Found {
        let relative = name.replace('.', "/");
        // A folder outside the Space holds nothing that the text shows.
        let folders: Vec<Utf8PathBuf> =
            path.iter().filter_map(|folder| scripts::inside(folder)).collect();
        let is_here = |folder: &Utf8PathBuf| self.files.kind(folder) == Some(Kind::Folder);
        if folders.len() < path.len() || !folders.iter().all(is_here) {
            self.reached().searches_elsewhere = true;
        }
        for folder in &folders {
            if name == GPU_PACKAGE && self.is_vendored(folder) {
                self.reached().copy = Some(folder.join(GPU_PACKAGE));
                return Found::Installed;
            }
            if let Some(found) = self.find_in(folder, &relative) {
                if let Found::Local { file, .. } = &found
                    && name == GPU_PACKAGE
                {
                    self.reached().shadow = Some(*file);
                }
                return found;
            }
        }
        let top = name.split('.').next().unwrap_or(name);
        if folders.iter().any(|folder| self.is_compiled(folder, top)) {
            self.reached().compiled.insert(top.into());
        }
        let asked_for = self.pins.contains(top)
            || platform::builder()
                .iter()
                .any(|line| line.package == top && self.is_built_with(line));
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
                copy: self.reached().copy.clone(),
            }));
        }
        if !now.imported.contains(top) && !self.reached().compiled.contains(top) {
            found.extend(modules::module(top).map(Effect::ImportPackage));
        }
        found.extend(drifting::imported(module, name, now));
        let missing = name.and_then(|name| effects::missing(module, name));
        found.extend(missing.map(Effect::ImportMissing));
        for effect in effects::import(module, name) {
            // What a module does when it is imported it does once.
            let again = effect.names == effects::Names::Any && now.imported.contains(effect.module);
            if effect.poisons && !again {
                let what = match name {
                    Some(name) => format!("from {module} import {name}"),
                    None => format!("import {module}"),
                };
                found.extend(self.import_touch(what.into(), effect));
                if let Some(name) = name {
                    self.reached().lazy = Some((now.place, format!("{module}.{name}").into()));
                }
                break;
            }
        }
        found
    }

    fn read(&self, external: &External, now: &Now<'_>) -> Outcome<Self> {
        let mut outcome = Outcome::default();
        outcome.effects.extend(drifting::read(external));
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
                    // `from diffusers import FluxPipeline` reads what it has imported.
                    let is_import = || self.reached().lazy == Some((now.place, Arc::clone(path)));
                    if let Some(effect) = lazy.filter(|_| !is_import()) {
                        outcome.effects.extend(self.import_touch(Arc::clone(path), effect));
                    }
                }
            }
            _ => {}
        }
        if outcome.value.is_none() {
            outcome.value = self.read_settled(external, now);
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
        let call = Call { callee, arguments, now };
        drifting::called(&call, &mut outcome.effects);
        self.searches(callee);
        if gpu(&call, self.zerogpu, &mut outcome) {
            return outcome;
        }
        outcome.effects.extend(model_call(&call));
        let name = canonical(callee);
        if let Some(effect) = name.as_deref().and_then(effects::call)
            && !matches!(**callee, External::Call { .. })
        {
            self.does(&call, effect.into(), &mut outcome);
            outcome.passes = passes(effect.passes, arguments);
            if let Some(settled) = &effect.value {
                outcome.value = self.worth(settled, callee, now);
            } else if let Some(value) = self.call_settled(callee, arguments) {
                outcome.value = Some(value);
            }
            return outcome;
        }
        if let Some((receiver, method)) = method_of(callee)
            && let Some(effect) = fitting(&receiver, method)
        {
            self.does(&call, effect.into(), &mut outcome);
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
        if let Some(value) = self.call_settled(callee, arguments) {
            outcome.value = Some(value);
            return outcome;
        }
        converts(&call, &mut outcome);
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
        self.searches(target);
        if let Some(set) = drifting::set(target) {
            return vec![set];
        }
        let External::Item { of, key } = target else { return Vec::new() };
        let Some(name) = environment::item_of(of, key) else { return Vec::new() };
        sets(Some(name), value, now)
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
                outcome.effects.extend(self.iteration_touch(only));
                if let Some(names) = environment::may_be_none(only) {
                    outcome.effects.extend(need(names, "`None` cannot be iterated over", now));
                }
            }
            (Operator::Compare(op), [Value::Str(name), Value::External(external)]) => {
                use spacelint_python::syntax::CompareOp::{In, NotIn};
                if matches!(op, In | NotIn)
                    && environment::item_of(external, &operands[0]).is_some()
                    && self.environment_value(name).is_some()
                {
                    outcome.value = Some(Value::Bool(*op == In));
                }
            }
            (Operator::Compare(op), [left, right]) => {
                outcome.value = self.compares(*op, left, right).map(Value::Bool);
            }
            // Whatever the other side is.
            (Operator::And, parts) if parts.contains(&Value::Bool(false)) => {
                outcome.value = Some(Value::Bool(false));
            }
            (Operator::Or, parts) if parts.contains(&Value::Bool(true)) => {
                outcome.value = Some(Value::Bool(true));
            }
            _ => {}
        }
        outcome
    }

    /// `spaces` is sure to be there on ZeroGPU, and to declare a GPU function raises nothing; nor does
    /// a look into the environment that has an answer for what is not there.
    fn may_raise(&self, external: &External) -> bool {
        let effect = canonical(external).and_then(|name| effects::call(&name));
        !effect.is_some_and(|effect| {
            matches!(
                effect.kind,
                effects::Kind::GpuDecorator { .. } | effects::Kind::ReadsEnv { raises: false, .. }
            )
        })
    }

    /// A worker is kept for more than one call.
    fn lasts(&self, role: Role) -> bool {
        role == Role::Gpu
    }

    fn give_up(&self, now: &Now<'_>) -> Vec<Effect> {
        // What the conditions that have anything to do with the environment say is missing. Where
        // one asks after another, either of the variables would have been enough.
        let mut absents = now.guards.iter().rev().filter_map(|guard| match guard {
            Guard::Condition { test, holds, .. } | Guard::Passed { test, holds, .. } => {
                environment::absent(test, *holds)
            }
            _ => None,
        });
        let Some(Absent { mut names, all }) = absents.next() else { return Vec::new() };
        if all {
            for outer in absents.filter(|absent| absent.all).flat_map(|absent| absent.names) {
                if !names.contains(&outer) {
                    names.push(outer);
                }
            }
        }
        let otherwise: Arc<str> = "the app gives up without it".into();
        if all {
            vec![Effect::NeedEnv(EnvNeed { names, otherwise, is_token: false })]
        } else {
            names
                .into_iter()
                .map(|name| {
                    Effect::NeedEnv(EnvNeed {
                        names: vec![name],
                        otherwise: Arc::clone(&otherwise),
                        is_token: false,
                    })
                })
                .collect()
        }
    }

    fn call_wrapped(
        &self,
        _: &Arc<External>,
        inner: &Value,
        arguments: &Arc<Arguments>,
        _: &Now<'_>,
    ) -> Vec<Effect> {
        let (callable, arguments) = (inner.clone(), Arc::clone(arguments));
        vec![Effect::CallGpu(Arc::new(GpuCall { callable, arguments }))]
    }

    /// What a duration grows with is what it is computed for.
    fn tells_arguments(&self, role: Role) -> bool {
        role == Role::Duration
    }
}

impl SpaceWorld<'_> {
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
