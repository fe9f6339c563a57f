//! Instances: how a class makes them, and what Python's special methods do for them.

use std::sync::Arc;

use super::attributes::{external_base, is_builtin_exception, lineage, method};
use super::definitions::FIELDS;
use super::heap::{Content, Slot};
use super::{Eval, Interpreter, fold};
use crate::syntax::{BinOp, ClassDef, CompareOp, Name};
use crate::text::Span;
use crate::value::{Arguments, Class, External, ObjectId, Place, Value};
use crate::world::World;

/// The hidden name of a class whose `__init__` is made from its fields.
pub(super) const DATACLASS: &str = "<dataclass>";
/// What a named tuple derives from, whichever way it was written.
pub(super) const NAMED_TUPLE: &str = "typing.NamedTuple";
/// The hidden name of an enumeration: its members in order.
pub(super) const MEMBERS: &str = "<members>";

impl<W: World> Interpreter<'_, W> {
    pub(super) fn instantiate(
        &mut self,
        class: &Arc<Class>,
        arguments: Arguments,
        place: Place,
    ) -> Eval<Value> {
        if let Some(members) = self.enum_members(class) {
            return self.enum_lookup(&members, &arguments);
        }
        if let Some(new) = self.class_attribute(class, "__new__") {
            let mut all = arguments.clone();
            let receiver = crate::value::Argument {
                name: None,
                value: Value::Class(Arc::clone(class)),
                place,
            };
            all.items.insert(0, receiver);
            let made = self.call(&new, all, place)?;
            return match &made {
                Value::Instance(own, _) if own == class => {
                    if let Some(init) = self.class_attribute(class, "__init__") {
                        self.call(&method(init, &made), arguments, place)?;
                    }
                    Ok(made)
                }
                _ => Ok(made),
            };
        }
        let instance = self.new_instance(class);
        if let (Value::Instance(_, object), Some(base)) = (&instance, external_base(class))
            && is_builtin_exception(&base)
        {
            let given = arguments.items.iter().filter(|argument| argument.name.is_none());
            let args = Value::Tuple(given.map(|argument| argument.value.clone()).collect());
            self.heap.set(*object, &"args".into(), args);
            let init = self.class_attribute(class, "__init__");
            if init.is_none() {
                return Ok(instance);
            }
        }
        if let Some(init) = self.class_attribute(class, "__init__") {
            let init = method(init, &instance);
            self.call(&init, arguments, place)?;
            return Ok(instance);
        }
        let base = external_base(class);
        if base.is_some() || self.class_attribute(class, DATACLASS).is_some() {
            self.fill_fields(class, &instance, &arguments, place)?;
        }
        match base {
            Some(base) if base.name() == Some(NAMED_TUPLE) => {}
            Some(base) => {
                self.call_external(&base, &arguments, place)?;
            }
            None => {
                if let Some(hook) = self.class_attribute(class, "__post_init__") {
                    let hook = method(hook, &instance);
                    self.call(&hook, Arguments::default(), place)?;
                }
            }
        }
        Ok(instance)
    }

    /// `object.__new__(class)`
    pub(super) fn new_instance(&mut self, class: &Arc<Class>) -> Value {
        let object = self.heap.allocate(Content::Names);
        Value::Instance(Arc::clone(class), object)
    }

    /// What the `__init__` does that is made from a class's fields.
    fn fill_fields(
        &mut self,
        class: &Arc<Class>,
        instance: &Value,
        arguments: &Arguments,
        place: Place,
    ) -> Eval<()> {
        let Value::Instance(_, object) = instance else { return Ok(()) };
        let mut fields: Vec<(Name, Option<Value>)> = Vec::new();
        for class in lineage(class).rev() {
            let Some(Slot { value: Value::List(own), .. }) =
                self.heap.get(class.namespace, FIELDS).cloned()
            else {
                continue;
            };
            for name in own.iter() {
                let Value::Str(name) = name else { continue };
                let default = self.heap.get(class.namespace, name).map(|slot| slot.value.clone());
                match fields.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => *known = default,
                    None => fields.push((Arc::clone(name), default)),
                }
            }
        }
        let mut positional = arguments.items.iter().filter(|argument| argument.name.is_none());
        for (name, default) in fields {
            let (default, factory, takes) = match default.as_ref().and_then(field_of) {
                Some(parts) => parts,
                None => (default, None, true),
            };
            let given =
                if takes { arguments.keyword(&name).or_else(|| positional.next()) } else { None };
            let value = match (given, factory, default) {
                (Some(argument), _, _) => {
                    let slot = Slot::passed(argument.value.clone(), argument.place);
                    self.heap.put(*object, &name, Some(slot));
                    continue;
                }
                (None, _, _) if arguments.open => Value::Unknown,
                (None, Some(factory), _) => self.call_with(&factory, Vec::new(), place)?,
                (None, None, Some(default)) => default,
                (None, None, None) => continue,
            };
            self.heap.set(*object, &name, value);
        }
        // What is no field may be one of a base outside the program.
        for argument in &arguments.items {
            if let Some(name) = &argument.name
                && self.heap.get(*object, name).is_none()
            {
                self.heap.set(*object, name, argument.value.clone());
            }
        }
        Ok(())
    }

    // Named tuples

    /// `collections.namedtuple(name, fields)`: the class that it makes.
    pub(super) fn named_tuple(&mut self, arguments: &Arguments, place: Place) -> Eval<Value> {
        let (Some(Value::Str(name)), Some(fields)) = (
            arguments.get(0, "typename").map(|argument| argument.value.clone()),
            arguments.get(1, "field_names").map(|argument| argument.value.clone()),
        ) else {
            return Ok(Value::Unknown);
        };
        let fields: Vec<Value> = match &fields {
            Value::Str(text) => text.replace(',', " ").split_whitespace().map(Value::str).collect(),
            other => match self.elements(other)? {
                (fields, false) => fields,
                _ => return Ok(Value::Unknown),
            },
        };
        let namespace = self.heap.allocate(Content::Names);
        if let Some(defaults) = arguments.keyword("defaults") {
            let (defaults, _) = self.elements(&defaults.value)?;
            let first = fields.len().saturating_sub(defaults.len());
            for (field, default) in fields[first..].iter().zip(defaults) {
                if let Value::Str(field) = field {
                    self.heap.set(namespace, field, default);
                }
            }
        }
        self.heap.set(namespace, &FIELDS.into(), Value::List(fields.into()));
        let def = ClassDef {
            name: Arc::clone(&name),
            name_span: place.span,
            span: place.span,
            decorators: Vec::new(),
            bases: Vec::new(),
            body: Vec::new(),
        };
        let home = (place.file, Arc::clone(&self.frame().module.name));
        let bases = vec![Value::external(NAMED_TUPLE)];
        Ok(Value::Class(Arc::new(Class::new(Arc::new(def), home, name, bases, namespace))))
    }

    /// The values of a named tuple, in order.
    pub(super) fn tuple_of(&self, value: &Value) -> Option<Vec<Value>> {
        let Value::Instance(class, object) = value else { return None };
        let base = external_base(class)?;
        if base.name() != Some(NAMED_TUPLE) {
            return None;
        }
        let fields = self.class_attribute(class, FIELDS)?;
        let Value::List(fields) = fields else { return None };
        Some(
            fields
                .iter()
                .map(|field| match field {
                    Value::Str(field) => self
                        .heap
                        .get(*object, field)
                        .map_or(Value::Unknown, |slot| slot.value.clone()),
                    _ => Value::Unknown,
                })
                .collect(),
        )
    }

    /// What counts where two data classes of the same class are compared.
    pub(super) fn fields_of_both(
        &self,
        left: &Value,
        right: &Value,
    ) -> Option<(Vec<Value>, Vec<Value>)> {
        let (Value::Instance(class, one), Value::Instance(other, two)) = (left, right) else {
            return None;
        };
        if class != other || self.class_attribute(class, DATACLASS).is_none() {
            return None;
        }
        let mut names: Vec<Name> = Vec::new();
        for class in lineage(class).rev() {
            if let Some(Slot { value: Value::List(own), .. }) =
                self.heap.get(class.namespace, FIELDS)
            {
                names.extend(own.iter().filter_map(|name| match name {
                    Value::Str(name) => Some(Arc::clone(name)),
                    _ => None,
                }));
            }
        }
        let values = |object: ObjectId| {
            names
                .iter()
                .map(|name| {
                    let slot = self.heap.get(object, name);
                    slot.map_or(Value::Unknown, |slot| slot.value.clone())
                })
                .collect()
        };
        Some((values(*one), values(*two)))
    }

    // Enumerations

    /// The members of an enumeration, in order.
    pub(super) fn enum_members(&self, class: &Arc<Class>) -> Option<Vec<Value>> {
        match self.heap.get(class.namespace, MEMBERS) {
            Some(Slot { value: Value::List(members), .. }) => Some(members.to_vec()),
            _ => None,
        }
    }

    /// Turns the names that the body of an enumeration assigned into its members.
    pub(super) fn make_members(&mut self, class: &Arc<Class>, assigned: &[Name]) {
        let mut members: Vec<(Value, Value)> = Vec::new();
        let mut last = 0;
        for name in assigned {
            if name.starts_with('_') {
                continue;
            }
            let Some(slot) = self.heap.get(class.namespace, name) else { continue };
            let mut value = slot.value.clone();
            if value.function().is_some() || super::builtins::descriptor(&value).is_some() {
                continue;
            }
            if is_auto(&value) {
                value = Value::Int(last + 1);
            }
            last = fold::integer(&value).unwrap_or(last);
            // A second name for the same value is the same member.
            let known = members
                .iter()
                .find(|(known, _)| fold::compare(known, CompareOp::Eq, &value) == Some(true));
            let member = if let Some((_, member)) = known {
                member.clone()
            } else {
                let object = self.heap.allocate(Content::Names);
                self.heap.set(object, &"value".into(), value.clone());
                self.heap.set(object, &"_value_".into(), value.clone());
                self.heap.set(object, &"name".into(), Value::Str(Arc::clone(name)));
                let member = Value::Instance(Arc::clone(class), object);
                members.push((value, member.clone()));
                member
            };
            self.heap.set(class.namespace, name, member);
        }
        let members = members.into_iter().map(|(_, member)| member).collect();
        self.heap.set(class.namespace, &MEMBERS.into(), Value::List(members));
    }

    /// `Color("red")`
    fn enum_lookup(&mut self, members: &[Value], arguments: &Arguments) -> Eval<Value> {
        let Some(wanted) = arguments.positional(0) else { return Ok(Value::Unknown) };
        let mut sure = true;
        for member in members {
            let Value::Instance(_, object) = member else { continue };
            let value = self.heap.get(*object, "value").map(|slot| slot.value.clone());
            let value = value.unwrap_or(Value::Unknown);
            if *member == wanted.value {
                return Ok(member.clone());
            }
            match fold::compare(&value, CompareOp::Eq, &wanted.value) {
                Some(true) => return Ok(member.clone()),
                Some(false) => {}
                None => sure = false,
            }
        }
        if sure {
            return self.raise_builtin("ValueError");
        }
        Ok(members.iter().cloned().reduce(Value::or).unwrap_or(Value::Unknown))
    }

    // Special methods

    /// Calls a special method, if a class of the program defines it.
    pub(super) fn special(
        &mut self,
        value: &Value,
        name: &str,
        arguments: Vec<Value>,
        span: Span,
    ) -> Eval<Option<Value>> {
        let Value::Instance(class, _) = value else { return Ok(None) };
        let Some(hook) = self.class_attribute(class, name) else { return Ok(None) };
        let hook = method(hook, value);
        let place = self.place(span);
        self.call_with(&hook, arguments, place).map(Some)
    }

    /// `left op right` where one of them is an instance that defines it.
    pub(super) fn special_binary(
        &mut self,
        left: &Value,
        op: BinOp,
        right: &Value,
        span: Span,
    ) -> Eval<Option<Value>> {
        let (name, reflected) = match op {
            BinOp::Add => ("__add__", "__radd__"),
            BinOp::Sub => ("__sub__", "__rsub__"),
            BinOp::Mul => ("__mul__", "__rmul__"),
            BinOp::Div => ("__truediv__", "__rtruediv__"),
            BinOp::FloorDiv => ("__floordiv__", "__rfloordiv__"),
            BinOp::Mod => ("__mod__", "__rmod__"),
            BinOp::Pow => ("__pow__", "__rpow__"),
            BinOp::BitOr => ("__or__", "__ror__"),
            BinOp::BitAnd => ("__and__", "__rand__"),
            BinOp::BitXor => ("__xor__", "__rxor__"),
            BinOp::LeftShift => ("__lshift__", "__rlshift__"),
            BinOp::RightShift => ("__rshift__", "__rrshift__"),
            BinOp::MatMul => ("__matmul__", "__rmatmul__"),
        };
        if let Some(value) = self.special(left, name, vec![right.clone()], span)? {
            return Ok(Some(value));
        }
        self.special(right, reflected, vec![left.clone()], span)
    }

    /// `left op right` for a comparison that an instance defines.
    pub(super) fn special_comparison(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        span: Span,
    ) -> Eval<Option<Value>> {
        let (receiver, other, name) = match op {
            CompareOp::Eq | CompareOp::NotEq => (left, right, "__eq__"),
            CompareOp::Lt => (left, right, "__lt__"),
            CompareOp::LtE => (left, right, "__le__"),
            CompareOp::Gt => (left, right, "__gt__"),
            CompareOp::GtE => (left, right, "__ge__"),
            CompareOp::In | CompareOp::NotIn => (right, left, "__contains__"),
            CompareOp::Is | CompareOp::IsNot => return Ok(None),
        };
        if op == CompareOp::NotEq
            && let Some(value) = self.special(receiver, "__ne__", vec![other.clone()], span)?
        {
            return Ok(Some(value));
        }
        let found = match self.special(receiver, name, vec![other.clone()], span)? {
            Some(value) => Some(value),
            // The other side may know better.
            None => match op {
                CompareOp::Eq | CompareOp::NotEq => {
                    self.special(other, "__eq__", vec![receiver.clone()], span)?
                }
                CompareOp::Lt => self.special(other, "__gt__", vec![receiver.clone()], span)?,
                CompareOp::LtE => self.special(other, "__ge__", vec![receiver.clone()], span)?,
                CompareOp::Gt => self.special(other, "__lt__", vec![receiver.clone()], span)?,
                CompareOp::GtE => self.special(other, "__le__", vec![receiver.clone()], span)?,
                _ => None,
            },
        };
        let Some(value) = found else { return Ok(None) };
        let truth = self.truth(&value)?;
        Ok(Some(match (op, truth) {
            (CompareOp::NotEq | CompareOp::NotIn, Some(truth)) => Value::Bool(!truth),
            (CompareOp::NotEq | CompareOp::NotIn, None) => Value::Unknown,
            (CompareOp::In, Some(truth)) => Value::Bool(truth),
            _ => value,
        }))
    }

    /// What a member of an enumeration compares as that is also a string or a number.
    pub(super) fn mixed_in(&self, value: &Value) -> Option<Value> {
        let Value::Instance(class, object) = value else { return None };
        self.enum_members(class)?;
        let is_mixed = lineage(class).flat_map(|class| &class.bases).any(|base| {
            matches!(base, Value::External(base) if matches!(
                base.name(),
                Some("builtins.str" | "builtins.int" | "enum.IntEnum" | "enum.StrEnum" | "enum.IntFlag")
            ))
        });
        is_mixed.then(|| self.heap.get(*object, "value").map(|slot| slot.value.clone()))?
    }

    /// Whether two instances are the same one, where no class of theirs has its own mind on that.
    pub(super) fn same_instance(&self, left: &Value, right: &Value) -> Option<bool> {
        let plain = |class: &Arc<Class>| {
            self.class_attribute(class, "__eq__").is_none()
                && self.class_attribute(class, DATACLASS).is_none()
                && (self.enum_members(class).is_some() || external_base(class).is_none())
        };
        let (Value::Instance(class, one), Value::Instance(other, two)) = (left, right) else {
            // A constant is no instance of the program's.
            return match (left, right) {
                (Value::Instance(class, _), other) | (other, Value::Instance(class, _)) => {
                    (plain(class)
                        && self.mixed_in(left).or(self.mixed_in(right)).is_none()
                        && fold::is_settled(other))
                    .then_some(false)
                }
                _ => None,
            };
        };
        if one == two {
            return Some(true);
        }
        (plain(class) && plain(other)).then_some(false)
    }
}

/// What a `dataclasses.field(…)` says: the default, what makes one, and whether `__init__` takes it.
fn field_of(value: &Value) -> Option<(Option<Value>, Option<Value>, bool)> {
    let Value::External(external) = value else { return None };
    let External::Call { callee, arguments, .. } = &**external else { return None };
    let part = |name: &str| arguments.keyword(name).map(|argument| argument.value.clone());
    (callee.name()? == "dataclasses.field").then(|| {
        (part("default"), part("default_factory"), part("init") != Some(Value::Bool(false)))
    })
}

/// Whether a class is an enumeration by one of its bases.
pub(super) fn is_enum(class: &Arc<Class>) -> bool {
    lineage(class).flat_map(|class| &class.bases).any(|base| {
        matches!(base, Value::External(base) if matches!(
            base.name(),
            Some("enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag")
        ))
    })
}

/// Whether a member of this enumeration is shown as its value in every version of Python.
pub(super) fn shows_value(class: &Arc<Class>) -> bool {
    lineage(class).flat_map(|class| &class.bases).any(
        |base| matches!(base, Value::External(base) if matches!(base.name(), Some("enum.StrEnum"))),
    )
}

fn is_auto(value: &Value) -> bool {
    matches!(value, Value::External(external)
        if matches!(&**external, External::Call { callee, .. } if callee.name() == Some("enum.auto")))
}
