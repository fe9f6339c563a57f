//! Attributes: of modules, instances, classes and of what stands outside the program.

use std::sync::Arc;

use super::definitions::OWNER;
use super::heap::Slot;
use super::{Eval, Interpreter, builtins};
use crate::syntax::Name;
use crate::text::Span;
use crate::value::{Class, External, ObjectId, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    pub(super) fn attribute(&mut self, value: &Value, name: &Name, span: Span) -> Eval<Value> {
        Ok(match value {
            Value::Module(module, names) => match self.heap.get(*names, name) {
                Some(slot) => slot.value.clone(),
                None => self.module_attribute(&Arc::clone(module), *names, name, span)?,
            },
            Value::Instance(class, object) => match self.heap.get(*object, name) {
                Some(slot) => slot.value.clone(),
                None => match self.class_attribute(class, name) {
                    Some(found) => self.bound(found, value, class, span)?,
                    None if &**name == "__class__" => Value::Class(Arc::clone(class)),
                    None => self.inherited(class, name, span)?,
                },
            },
            Value::Class(class) => match self.class_attribute(class, name) {
                Some(found) => match builtins::descriptor(&found) {
                    Some(("staticmethod", inner)) => inner,
                    Some(("classmethod", inner)) => method(inner, value),
                    _ => found,
                },
                None if &**name == "__name__" => Value::Str(Arc::clone(&class.def.name)),
                None => self.inherited(class, name, span)?,
            },
            Value::External(external) => {
                if builtins::property_part(external, name) {
                    return Ok(Value::External(Arc::new(external.attribute(name))));
                }
                let attribute = Arc::new(external.attribute(name));
                self.read(&attribute, span)
            }
            Value::Function(function) if &**name == "__name__" => {
                Value::Str(Arc::clone(&function.def.name))
            }
            Value::Wrapped(wrapped) if &**name == "__wrapped__" => wrapped.inner.clone(),
            Value::OneOf(values) => {
                let mut joined: Option<Value> = None;
                for value in values.iter() {
                    // A value of a choice that is `None` has no attributes: the choice fell
                    // otherwise where this is reached at all.
                    if *value == Value::None {
                        continue;
                    }
                    let part = self.attribute(value, name, span)?;
                    joined = Some(match joined {
                        Some(joined) => joined.or(part),
                        None => part,
                    });
                }
                joined.unwrap_or(Value::Unknown)
            }
            Value::Unknown => {
                let external =
                    External::Attribute { of: Arc::new(External::Unknown), name: Arc::clone(name) };
                self.read(&Arc::new(external), span)
            }
            _ => Value::Unknown,
        })
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
        if let Some(slot) = self.heap.get(self.modules, &submodule) {
            return Ok(slot.value.clone());
        }
        match self.heap.get(names, "__getattr__").map(|slot| slot.value.clone()) {
            Some(hook) => {
                let place = self.place(span);
                self.call_with(&hook, vec![Value::Str(Arc::clone(name))], place)
            }
            None => Ok(Value::Unknown),
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
        let lineage = lineage(class);
        let skip = match after {
            Some(after) => {
                lineage.iter().position(|class| class.namespace == after).map_or(0, |i| i + 1)
            }
            None => 0,
        };
        lineage[skip..]
            .iter()
            .find_map(|class| self.heap.get(class.namespace, name))
            .map(|slot| slot.value.clone())
    }

    /// An attribute that no class of the program defines.
    fn inherited(&mut self, class: &Arc<Class>, name: &Name, span: Span) -> Eval<Value> {
        if let Some(hook) = self.class_attribute(class, "__getattr__") {
            let place = self.place(span);
            return self.call_with(
                &hook,
                vec![Value::Unknown, Value::Str(Arc::clone(name))],
                place,
            );
        }
        Ok(match external_base(class) {
            Some(base) => {
                let instance = External::Instance { class: Arc::clone(class), base };
                self.read(&Arc::new(Arc::new(instance).attribute(name)), span)
            }
            None => Value::Unknown,
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
            _ => Ok(method(found, instance)),
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
                Some(base) => {
                    let instance = External::Instance { class, base };
                    self.read(&Arc::new(Arc::new(instance).attribute(name)), span)
                }
                None => Value::external("builtins.object.__init__"),
            },
        }))
    }

    pub(super) fn set_attribute(&mut self, object: &Value, name: &Name, value: &Value, span: Span) {
        match object {
            Value::Instance(class, id) => {
                if let Some(found) = self.class_attribute(class, name)
                    && let Some(setter) = builtins::setter(&found)
                {
                    let place = self.place(span);
                    let _ = self.call_with(&setter, vec![object.clone(), value.clone()], place);
                    return;
                }
                self.heap.set(*id, name, value.clone());
            }
            Value::Module(_, names) => self.heap.set(*names, name, value.clone()),
            Value::Class(class) => self.heap.set(class.namespace, name, value.clone()),
            Value::OneOf(values) => {
                for object in values.iter() {
                    self.set_attribute(object, name, value, span);
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
    }

    /// Something external is read.
    pub(super) fn read(&mut self, external: &Arc<External>, span: Span) -> Value {
        if let Some(value) = builtins::constant(external) {
            return value;
        }
        self.risks.others += u32::from(self.world.may_raise(external));
        let place = self.place(span);
        let outcome = self.ask(place, |world, now| world.read(external, now));
        self.record(outcome.effects, place);
        outcome.value.unwrap_or_else(|| Value::External(Arc::clone(external)))
    }
}

/// The classes of the program that `class` is looked up in, in order. CPython's linearisation for
/// single inheritance and plain mixins.
fn lineage(class: &Arc<Class>) -> Vec<Arc<Class>> {
    let mut lineage: Vec<Arc<Class>> = Vec::new();
    let mut pending = vec![Arc::clone(class)];
    // Bounded, because every way to a shared base is walked.
    for _ in 0..256 {
        let Some(class) = pending.pop() else { break };
        // A class that several bases share is looked up after all of them.
        lineage.retain(|known| *known != class);
        for base in class.bases.iter().rev() {
            if let Value::Class(base) = base {
                pending.push(Arc::clone(base));
            }
        }
        lineage.push(class);
    }
    lineage
}

/// The first external base of a class.
pub(super) fn external_base(class: &Arc<Class>) -> Option<Arc<External>> {
    lineage(class)
        .iter()
        .flat_map(|class| &class.bases)
        .find_map(|base| base.as_external().cloned())
        .filter(|base| base.name() != Some("builtins.object"))
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
        Value::OneOf(values) => {
            Value::OneOf(values.iter().map(|value| method(value.clone(), receiver)).collect())
        }
        other => other,
    }
}
