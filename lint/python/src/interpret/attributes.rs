//! Attributes: of modules, instances, classes and of what stands outside the program.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::definitions::OWNER;
use super::heap::Slot;
use super::{Eval, Interpreter, Stop, builtins, imports, paths};
use crate::syntax::{ClassDef, Name};
use crate::text::Span;
use crate::value::{
    Argument, Arguments, Class, External, FileId, Function, ObjectId, Partial, Place, Value,
};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    pub(super) fn attribute(&mut self, value: &Value, name: &Name, span: Span) -> Eval<Value> {
        Ok(match value {
            Value::Module(module, names) => match self.heap.get(*names, name).cloned() {
                Some(Slot { value, unsure: false, .. }) => value,
                Some(Slot { value, .. }) => {
                    match self.module_attribute(&Arc::clone(module), *names, name, span) {
                        Ok(Value::Unknown) => value,
                        Ok(other) => value.or(other),
                        Err(Stop::Raise(_)) => {
                            self.perhaps_raise_builtin("AttributeError");
                            value
                        }
                        Err(stop) => return Err(stop),
                    }
                }
                None => self.module_attribute(&Arc::clone(module), *names, name, span)?,
            },
            Value::Instance(class, object) => {
                self.instance_attribute(class, *object, name, span)?
            }
            Value::Class(class) => match self.class_attribute(class, name) {
                Some(found) => match builtins::descriptor(&found) {
                    Some(("staticmethod", inner)) => inner,
                    Some(("classmethod", inner)) => method(inner, value),
                    _ => found,
                },
                None if matches!(&**name, "__name__" | "__qualname__") => {
                    Value::Str(Arc::clone(&class.def.name))
                }
                None => self.inherited(value, class, name, span)?,
            },
            Value::External(external) => {
                if let ("__name__" | "__qualname__", Some(builtin)) =
                    (&**name, external.name().and_then(|name| name.strip_prefix("builtins.")))
                {
                    return Ok(Value::str(builtin));
                }
                if builtins::property_part(external, name) {
                    return Ok(Value::External(Arc::new(external.attribute(name))));
                }
                if let Some(value) = paths::path_attribute(external, name) {
                    return Ok(value);
                }
                if let Some(value) = Self::exception_attribute(external, name) {
                    return Ok(value);
                }
                let attribute = Arc::new(external.attribute(name));
                self.read(&attribute, span)
            }
            Value::Function(function) => self.function_attribute(function, name, value),
            Value::Method(function, receiver) => match &**name {
                "__self__" => (**receiver).clone(),
                "__func__" => Value::Function(Arc::clone(function)),
                _ => self.function_attribute(function, name, value),
            },
            Value::Partial(partial) if &**name == "func" => partial.callee.clone(),
            Value::Cached(cached) => match &**name {
                "cache_clear" => Value::External(Arc::new(External::Call {
                    callee: Arc::new(External::Name("functools.lru_cache".into())),
                    arguments: Arc::default(),
                    place: self.place(span),
                })),
                "__wrapped__" => cached.inner.clone(),
                _ => self.attribute(&cached.inner, name, span)?,
            },
            Value::Wrapped(wrapped) if &**name == "__wrapped__" => wrapped.inner.clone(),
            Value::Wrapped(wrapped) => match wrapped.inner.function() {
                Some(function) => self.function_attribute(&Arc::clone(function), name, value),
                None => Value::Unknown,
            },
            Value::OneOf(values) => {
                // A value of a choice that is `None` has no attributes: the choice fell otherwise where this
                // is reached at all.
                let some = values.iter().filter(|value| **value != Value::None);
                self.any_of(some, |this, value| this.attribute(value, name, span))?
            }
            Value::Unknown => {
                let external =
                    External::Attribute { of: Arc::new(External::Unknown), name: Arc::clone(name) };
                self.read(&Arc::new(external), span)
            }
            Value::None if !name.starts_with("__") => self.raise_builtin("AttributeError")?,
            _ => Value::Unknown,
        })
    }

    fn instance_attribute(
        &mut self,
        class: &Arc<Class>,
        object: ObjectId,
        name: &Name,
        span: Span,
    ) -> Eval<Value> {
        let value = Value::Instance(Arc::clone(class), object);
        let own = self.heap.get(object, name).cloned();
        // A property goes before what the instance holds.
        let found = self.class_attribute(class, name);
        let is_property = found.as_ref().is_some_and(|found| {
            matches!(builtins::descriptor(found), Some(("property", _)))
                && !builtins::is_kept(found)
        });
        match own {
            Some(Slot { value: own, unsure: false, .. }) if !is_property => return Ok(own),
            Some(Slot { value: own, .. }) if !is_property => {
                let Some(found) = found else {
                    self.perhaps_raise_builtin("AttributeError");
                    return Ok(own);
                };
                return Ok(own.or(self.bound(found, &value, class, span)?));
            }
            _ => {}
        }
        match found {
            Some(found) => {
                let is_kept = builtins::is_kept(&found);
                let got = self.bound(found, &value, class, span)?;
                if is_kept {
                    self.heap.set(object, name, got.clone());
                }
                Ok(got)
            }
            None => match &**name {
                "__class__" => Ok(Value::Class(Arc::clone(class))),
                "__dict__" => {
                    let names = self.heap.names(object);
                    let pairs = names
                        .into_iter()
                        .filter_map(|name| {
                            let slot = self.heap.get(object, &name)?.clone();
                            Some((Value::Str(name), slot))
                        })
                        .collect();
                    Ok(self.dict(pairs, false))
                }
                _ => self.inherited(&value, class, name, span),
            },
        }
    }

    /// What hangs on a function: what the program put there, or what every function has.
    fn function_attribute(&self, function: &Arc<Function>, name: &Name, of: &Value) -> Value {
        let own = self.attributes.get(&function.id).and_then(|object| self.heap.get(*object, name));
        match (own, &**name) {
            (Some(slot), _) => slot.value.clone(),
            (None, "__name__") => Value::Str(Arc::clone(&function.def.name)),
            (None, "__qualname__") => Value::Str(Arc::clone(&function.qualname)),
            (None, "__module__") => Value::Str(Arc::clone(&function.module)),
            (None, "__wrapped__") => of.clone(),
            _ => Value::Unknown,
        }
    }

    fn module_attribute(
        &mut self,
        module: &Name,
        names: ObjectId,
        name: &Name,
        span: Span,
    ) -> Eval<Value> {
        // A submodule is an attribute only once something has imported it.
        let submodule = format!("{module}.{name}");
        if let Some(slot) = self.heap.get(self.process.modules, &submodule) {
            return Ok(slot.value.clone());
        }
        match self.heap.get(names, "__getattr__").map(|slot| slot.value.clone()) {
            Some(hook) => {
                let place = self.place(span);
                self.call_with(&hook, vec![Value::Str(Arc::clone(name))], place)
            }
            None if &**name == "__dict__" => Ok(Value::Unknown),
            None => self.raise_builtin("AttributeError"),
        }
    }

    /// An attribute of the class or its bases in the program, as it is stored.
    pub(super) fn class_attribute(&self, class: &Arc<Class>, name: &str) -> Option<Value> {
        self.class_attribute_after(class, None, name)
    }

    pub(super) fn class_attribute_after(
        &self,
        class: &Arc<Class>,
        after: Option<ObjectId>,
        name: &str,
    ) -> Option<Value> {
        let skip = match after {
            Some(after) => {
                lineage(class).position(|class| class.namespace == after).map_or(0, |i| i + 1)
            }
            None => 0,
        };
        let mut joined: Option<Value> = None;
        for slot in
            lineage(class).skip(skip).filter_map(|class| self.heap.get(class.namespace, name))
        {
            joined = joined.into_iter().chain([slot.value.clone()]).reduce(Value::or);
            // What a class only perhaps has, the next one may have.
            if !slot.unsure {
                break;
            }
        }
        joined
    }

    /// An attribute that no class of the program defines.
    fn inherited(
        &mut self,
        value: &Value,
        class: &Arc<Class>,
        name: &Name,
        span: Span,
    ) -> Eval<Value> {
        let is_special = name.starts_with("__") && name.ends_with("__");
        if !is_special && matches!(value, Value::Instance(..)) {
            for hook in ["__getattribute__", "__getattr__"] {
                if let Some(hook) = self.class_attribute(class, hook) {
                    let hook = method(hook, value);
                    let place = self.place(span);
                    return self.call_with(&hook, vec![Value::Str(Arc::clone(name))], place);
                }
            }
        }
        Ok(match external_base(class) {
            Some(base) => {
                let instance = External::Instance { class: Arc::clone(class), base };
                self.read(&Arc::new(Arc::new(instance).attribute(name)), span)
            }
            None if is_special => Value::Unknown,
            None => self.raise_builtin("AttributeError")?,
        })
    }

    /// What a class's attribute is when it is read from an instance.
    fn bound(
        &mut self,
        found: Value,
        instance: &Value,
        class: &Arc<Class>,
        span: Span,
    ) -> Eval<Value> {
        match builtins::descriptor(&found) {
            Some(("staticmethod", inner)) => Ok(inner),
            Some(("classmethod", inner)) => Ok(method(inner, &Value::Class(Arc::clone(class)))),
            Some(("property", getter)) => {
                let place = self.place(span);
                self.call_with(&getter, vec![instance.clone()], place)
            }
            _ => {
                // A descriptor of the program.
                if let Some(value) =
                    self.special(&found, "__get__", vec![instance.clone(), Value::Unknown], span)?
                {
                    return Ok(value);
                }
                Ok(method(found, instance))
            }
        }
    }

    /// `super()` in a method: looks up after the class that defines it.
    pub(super) fn super_attribute(&mut self, name: &Name, span: Span) -> Eval<Option<Value>> {
        let Some(function) = self.frames.iter().rev().find_map(|frame| frame.function.clone())
        else {
            return Ok(None);
        };
        let (Some(owner), Some((_, first))) =
            (function.owner, Self::parameter_kinds(&function.def).next())
        else {
            return Ok(None);
        };
        let Some(receiver) = self.lookup(first).map(|slot| slot.value.clone()) else {
            return Ok(None);
        };
        let class = match &receiver {
            Value::Instance(class, _) | Value::Class(class) => Arc::clone(class),
            _ => match self.heap.get(owner, OWNER) {
                Some(Slot { value: Value::Class(class), .. }) => Arc::clone(class),
                _ => return Ok(None),
            },
        };
        Ok(Some(match self.class_attribute_after(&class, Some(owner), name) {
            Some(found) => self.bound(found, &receiver, &class, span)?,
            None => match external_base(&class) {
                Some(base) if &**name == "__init__" && is_builtin_exception(&base) => {
                    self.of_object(&"__init_exception__".into(), &receiver, span)
                }
                Some(base) => {
                    let instance = External::Instance { class, base };
                    self.read(&Arc::new(Arc::new(instance).attribute(name)), span)
                }
                // `object`'s own; only `__new__` is given its class by whoever calls it.
                None if &**name == "__new__" => Value::external("builtins.object.__new__"),
                None => self.of_object(name, &receiver, span),
            },
        }))
    }

    /// A method of `object`, bound.
    fn of_object(&self, name: &Name, receiver: &Value, span: Span) -> Value {
        let argument = Argument { name: None, value: receiver.clone(), place: self.place(span) };
        Value::Partial(Arc::new(Partial {
            callee: Value::external(&format!("builtins.object.{name}")),
            arguments: Arguments { items: vec![argument], open: false },
        }))
    }

    pub(super) fn set_attribute(
        &mut self,
        object: &Value,
        name: &Name,
        value: &Value,
        span: Span,
    ) -> Eval<()> {
        match object {
            Value::Instance(class, id) => {
                if let Some(found) = self.class_attribute(class, name)
                    && let Some(setter) = builtins::setter(&found)
                {
                    let place = self.place(span);
                    self.call_with(&setter, vec![object.clone(), value.clone()], place)?;
                    return Ok(());
                }
                if self.class_attribute(class, "__setattr__").is_some() {
                    let arguments = vec![Value::Str(Arc::clone(name)), value.clone()];
                    self.special(object, "__setattr__", arguments, span)?;
                    return Ok(());
                }
                self.heap.set(*id, name, value.clone());
            }
            Value::Function(function) => {
                let heap = &mut self.heap;
                let attributes = self
                    .attributes
                    .entry(function.id)
                    .or_insert_with(|| heap.allocate(super::heap::Content::Names));
                self.heap.set(*attributes, name, value.clone());
            }
            Value::Module(_, names) => self.heap.set(*names, name, value.clone()),
            Value::Class(class) => self.heap.set(class.namespace, name, value.clone()),
            Value::OneOf(values) => {
                for object in values.iter() {
                    let mut done = Ok(());
                    self.perhaps(None, |this| {
                        done = this.set_attribute(object, name, value, span);
                    });
                    done?;
                }
            }
            Value::External(external) => {
                let target = external.attribute(name);
                let value = self.frozen(value);
                let place = self.place(span);
                let effects = self.ask(place, |world, now| world.write(&target, &value, now));
                self.record(effects, place);
            }
            _ => {}
        }
        Ok(())
    }

    /// Something external is read.
    pub(super) fn read(&mut self, external: &Arc<External>, span: Span) -> Value {
        if let Some(value) = builtins::constant(external) {
            return value;
        }
        // What the standard library has it has.
        let is_standard = external
            .origin()
            .is_some_and(|path| imports::is_standard(path.split('.').next().unwrap_or(path)));
        self.risks += u32::from(!is_standard && self.world.may_raise(external));
        let place = self.place(span);
        let outcome = self.ask(place, |world, now| world.read(external, now));
        self.record(outcome.effects, place);
        outcome.value.unwrap_or_else(|| Value::External(Arc::clone(external)))
    }
}

/// The classes of the program that `class` is looked up in, in CPython's order: each before its
/// bases, and those in the order written.
pub(super) fn lineage(class: &Arc<Class>) -> impl DoubleEndedIterator<Item = &Arc<Class>> {
    std::iter::once(class).chain(&class.ancestors)
}

/// What a class is looked up in after itself, from its bases.
fn linearised(bases: &[Value]) -> Vec<Arc<Class>> {
    let bases: Vec<Arc<Class>> = bases
        .iter()
        .filter_map(|base| match base {
            Value::Class(base) => Some(Arc::clone(base)),
            _ => None,
        })
        .collect();
    if let [only] = bases.as_slice() {
        return lineage(only).cloned().collect();
    }
    let mut lists: Vec<Vec<Arc<Class>>> =
        bases.iter().map(|base| lineage(base).cloned().collect()).collect();
    lists.push(bases);
    let mut order: Vec<Arc<Class>> = Vec::new();
    if lists.iter().map(Vec::len).sum::<usize>() > MAX_LINEAGE {
        let mut seen = FxHashSet::default();
        order.extend(lists.into_iter().flatten().filter(|class| seen.insert(class.namespace)));
        return order;
    }
    loop {
        lists.retain(|list| !list.is_empty());
        // The first class that no list has further back.
        let next = lists.iter().map(|list| &list[0]).find(|candidate| {
            !lists.iter().any(|list| list[1..].iter().any(|class| class == *candidate))
        });
        // Where there is none, CPython refuses the class.
        let Some(next) = next.or_else(|| lists.first().map(|list| &list[0])).cloned() else {
            return order;
        };
        for list in &mut lists {
            list.retain(|class| *class != next);
        }
        order.push(next);
    }
}

/// How many classes that its bases are looked up in a class may have so that they are put into
/// CPython's order.
const MAX_LINEAGE: usize = 512;

impl Class {
    /// A class of these bases, of which one that is made of too many others is not known.
    pub(super) fn new(
        def: Arc<ClassDef>,
        home: (FileId, Name),
        qualname: Name,
        mut bases: Vec<Value>,
        namespace: ObjectId,
    ) -> Self {
        let depth = links(bases.iter_mut());
        let ancestors = linearised(&bases);
        let lineage = ancestors.iter().flat_map(|class| &class.bases);
        let base = bases.iter().chain(lineage).find_map(|base| base.as_external().cloned());
        let base = base.filter(|base| base.name() != Some("builtins.object"));
        let (file, module) = home;
        Self { def, file, module, qualname, bases, namespace, ancestors, base, depth }
    }
}

/// How deep what holds these values is nested; what is nested too deep in itself is given up.
pub(super) fn links<'v>(values: impl Iterator<Item = &'v mut Value>) -> u32 {
    let mut deepest = 0;
    for value in values {
        let depth = if value.is_heavy() { MAX_DEPTH } else { value.depth() };
        if depth < MAX_DEPTH {
            deepest = deepest.max(depth);
        } else {
            *value = Value::Unknown;
        }
    }
    deepest + 1
}

/// How deep functions and classes may be nested in their own defaults and bases, which are dropped
/// one within the other.
const MAX_DEPTH: u32 = 128;

/// Whether this is an exception that Python provides.
pub(super) fn is_builtin_exception(external: &External) -> bool {
    let name = external.name().and_then(|name| name.strip_prefix("builtins."));
    name.is_some_and(|name| super::classes::exception_lineage(name).is_some())
}

/// The first external base of a class.
pub(super) fn external_base(class: &Arc<Class>) -> Option<Arc<External>> {
    class.base.clone()
}

/// A function of a class, read from an instance.
pub(super) fn method(found: Value, receiver: &Value) -> Value {
    match found {
        Value::Function(function) => Value::Method(function, Box::new(receiver.clone())),
        Value::Wrapped(wrapped) => {
            let inner = method(wrapped.inner.clone(), receiver);
            Value::Wrapped(Arc::new(crate::value::Wrapped {
                inner,
                wrapper: Arc::clone(&wrapped.wrapper),
            }))
        }
        Value::Cached(cached) => {
            let receiver = Argument {
                name: None,
                value: receiver.clone(),
                place: cached.inner.function().map_or_else(nowhere, |function| function.place()),
            };
            Value::Partial(Arc::new(Partial {
                callee: Value::Cached(cached),
                arguments: Arguments { items: vec![receiver], open: false },
            }))
        }
        Value::OneOf(values) => {
            Value::OneOf(values.iter().map(|value| method(value.clone(), receiver)).collect())
        }
        other => other,
    }
}

fn nowhere() -> Place {
    Place { file: FileId(0), span: Span::empty(0) }
}
