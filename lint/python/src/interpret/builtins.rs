//! What Python itself provides: builtins and the few modules of the standard library whose
//! functions decide what a program does (`functools`, `os.path`, `importlib`, `contextlib`, …).

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::{Eval, Interpreter, Stop, fold, paths};
use crate::syntax::Name;
use crate::value::{Argument, Arguments, External, Operator, Place, Value};
use crate::world::{Found, World};

/// Names that need no import, besides exceptions; sorted.
pub(super) const BUILTINS: &[&str] = &[
    "__import__",
    "abs",
    "all",
    "any",
    "bool",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

/// What a name is worth that no scope holds.
pub(super) fn name(name: &str) -> Option<Value> {
    let known = BUILTINS.binary_search(&name).is_ok()
        || matches!(
            name,
            "BaseException" | "Exception" | "KeyboardInterrupt" | "SystemExit" | "StopIteration"
        )
        || name.ends_with("Error")
        || name.ends_with("Warning");
    known.then(|| Value::external(&format!("builtins.{name}")))
}

/// What a name of the standard library is worth on every machine that a Space runs on.
pub(super) fn constant(external: &External) -> Option<Value> {
    Some(match external.name()? {
        "typing.TYPE_CHECKING" | "typing_extensions.TYPE_CHECKING" => Value::Bool(false),
        "sys.platform" => Value::str("linux"),
        "os.name" => Value::str("posix"),
        "os.sep" | "os.path.sep" => Value::str("/"),
        "os.pathsep" => Value::str(":"),
        _ => return None,
    })
}

pub(super) fn is_environ(external: &External) -> bool {
    external.name() == Some("os.environ")
}

/// A function of the class behind a descriptor: which, and the function.
pub(super) fn descriptor(value: &Value) -> Option<(&'static str, Value)> {
    let Value::External(external) = value else { return None };
    let External::Call { callee, arguments, .. } = &**external else { return None };
    let kind = match callee.name()? {
        "builtins.staticmethod" => "staticmethod",
        "builtins.classmethod" => "classmethod",
        "builtins.property" | "functools.cached_property" => "property",
        _ => return None,
    };
    Some((kind, arguments.get(0, "fget")?.value.clone()))
}

/// Whether `name` is how a property is given its further parts (`@x.setter`).
pub(super) fn property_part(external: &External, name: &str) -> bool {
    matches!(name, "setter" | "getter" | "deleter")
        && matches!(external, External::Call { callee, .. } if callee.name() == Some("builtins.property"))
}

/// The setter of a property.
pub(super) fn setter(value: &Value) -> Option<Value> {
    let Value::External(external) = value else { return None };
    let External::Call { callee, arguments, .. } = &**external else { return None };
    (callee.name()? == "builtins.property")
        .then(|| arguments.get(1, "fset"))?
        .map(|a| a.value.clone())
}

/// The classes that a `contextlib.suppress(…)` swallows.
pub(super) fn suppressed(value: &Value) -> Option<Vec<Value>> {
    let Value::External(external) = value else { return None };
    let External::Call { callee, arguments, .. } = &**external else { return None };
    (callee.name()? == "contextlib.suppress")
        .then(|| arguments.items.iter().map(|argument| argument.value.clone()).collect())
}

impl<W: World> Interpreter<'_, W> {
    /// A call of something that Python provides; `None` where the world has to say what it does.
    pub(super) fn call_builtin(
        &mut self,
        callee: &Arc<External>,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let path = match &**callee {
            External::Name(path) => Arc::clone(path),
            External::Call { callee: outer, arguments: given, .. } => {
                return self.call_again(outer, given, arguments);
            }
            External::Attribute { of, name } => return property_with(of, name, arguments).map(Ok),
            _ => return None,
        };
        let first = arguments.positional(0).map(|argument| &argument.value);
        let second = arguments.positional(1).map(|argument| &argument.value);
        match path.split_once('.') {
            Some(("builtins", name)) => self.builtin(name, arguments, first, second, place),
            Some(("functools", "partial")) => Some(Ok(self.partial(arguments))),
            Some(("functools", "cache" | "lru_cache" | "singledispatch" | "total_ordering"))
            | Some(("contextlib", "contextmanager" | "asynccontextmanager"))
            | Some(("abc", "abstractmethod"))
            | Some((
                "typing" | "typing_extensions",
                "overload" | "final" | "override" | "runtime_checkable",
            ))
            | Some(("dataclasses", "dataclass"))
            | Some(("atexit", "register")) => {
                let first = first?;
                first
                    .function()
                    .is_some()
                    .then(|| Ok(first.clone()))
                    .or_else(|| matches!(first, Value::Class(_)).then(|| Ok(first.clone())))
            }
            Some(("functools", "wraps" | "cached_property")) | Some(("contextlib", "suppress")) => {
                Some(Ok(made(&path, arguments, place)))
            }
            Some(("typing" | "typing_extensions", "cast")) => Some(Ok(second?.clone())),
            Some(("functools", "reduce")) => {
                self.perhaps_call(first?, place);
                Some(Ok(Value::Unknown))
            }
            Some(("asyncio", "run" | "get_event_loop.run_until_complete")) => {
                let value = first?.clone();
                Some(Ok(self.awaited(value)))
            }
            Some(("sys", "exit")) => Some(self.exit(place)),
            Some(("os", "_exit" | "abort")) => {
                self.give_up(place.span);
                Some(Err(Stop::Exit))
            }
            Some(("os", "getenv" | "environ.get")) => self.known_environ(first?),
            Some(("os", "environ.setdefault")) => self.known_environ(first?),
            Some(("os", "environ.pop")) => {
                let known = self.known_environ(first?)?;
                if let Some(Value::Str(key)) = first {
                    self.heap.put(self.environ, key, None);
                }
                Some(known)
            }
            Some(("os", rest)) => {
                rest.strip_prefix("path.").and_then(|f| paths::path_function(f, arguments)).map(Ok)
            }
            Some(("importlib", "import_module")) => self.import_constant(first?, second, place),
            Some(("importlib", "util.find_spec")) => match self.find(first?.as_str()?) {
                Found::Missing => Some(Ok(Value::None)),
                Found::Installed => Some(Ok(Value::external("importlib.machinery.ModuleSpec"))),
                Found::Local { .. } | Found::Namespace => Some(Ok(Value::Bool(true))),
                Found::Unsure => Some(Ok(Value::Unknown)),
            },
            Some(("sys", "path.append" | "path.insert")) => {
                let folder = if path.ends_with("insert") { second } else { first };
                if let Some(Value::Str(folder)) = folder
                    && !self.search.contains(folder)
                {
                    self.search.push(Arc::clone(folder));
                }
                Some(Ok(Value::None))
            }
            _ => None,
        }
    }

    /// `decorator(options)(function)` for decorators that leave the function what it is.
    fn call_again(
        &mut self,
        outer: &Arc<External>,
        given: &Arc<Arguments>,
        arguments: &Arguments,
    ) -> Option<Eval<Value>> {
        let first = &arguments.positional(0)?.value;
        matches!(outer.name()?, "functools.wraps" | "functools.lru_cache" | "dataclasses.dataclass")
            .then(|| {
                // `wraps` around something that is itself wrapped changes nothing of what runs.
                let _ = given;
                Ok(first.clone())
            })
    }

    fn exit(&mut self, place: Place) -> Eval<Value> {
        self.give_up(place.span);
        Err(Stop::Raise(Value::external("builtins.SystemExit")))
    }

    fn known_environ(&mut self, key: &Value) -> Option<Eval<Value>> {
        let Value::Str(key) = key else { return None };
        self.heap.get(self.environ, key).map(|slot| Ok(slot.value.clone()))
    }

    fn import_constant(
        &mut self,
        name: &Value,
        package: Option<&Value>,
        place: Place,
    ) -> Option<Eval<Value>> {
        let name = name.as_str()?;
        let absolute: Name = match (name.strip_prefix('.'), package) {
            (Some(rest), Some(Value::Str(package))) => format!("{package}.{rest}").into(),
            (Some(_), _) => return None,
            (None, _) => name.into(),
        };
        let module = self.import_module(&absolute, place);
        if matches!(module, Ok(Value::External(_))) {
            self.note_external(&absolute, None, place);
        }
        Some(module)
    }

    pub(super) fn perhaps_call(&mut self, callable: &Value, place: Place) {
        if callable.function().is_some() {
            let callable = callable.clone();
            self.perhaps(None, |this| this.call_unknown(&callable, place));
        }
    }

    fn builtin(
        &mut self,
        name: &str,
        arguments: &Arguments,
        first: Option<&Value>,
        second: Option<&Value>,
        place: Place,
    ) -> Option<Eval<Value>> {
        let known = !arguments.open;
        Some(Ok(match name {
            "exit" | "quit" => return Some(self.exit(place)),
            "print" | "setattr" | "delattr" | "help" => {
                if name == "setattr"
                    && let (Some(object), Some(Value::Str(attribute)), Some(value)) =
                        (first, second, arguments.positional(2))
                {
                    self.set_attribute(object, attribute, &value.value, place.span);
                }
                Value::None
            }
            "__import__" => return self.import_constant(first?, None, place),
            "getattr" => {
                let (object, Some(Value::Str(attribute))) = (first?, second) else {
                    return Some(Ok(Value::Unknown));
                };
                let found = match self.attribute(object, attribute, place.span) {
                    Ok(found) => found,
                    stop => return Some(stop),
                };
                match arguments.positional(2) {
                    Some(default) if found == Value::Unknown => {
                        if self.lacks(object, attribute) {
                            default.value.clone()
                        } else {
                            found
                        }
                    }
                    _ => found,
                }
            }
            "hasattr" => match (first?, second) {
                (
                    object @ (Value::Module(..) | Value::Instance(..) | Value::Class(_)),
                    Some(Value::Str(attribute)),
                ) => {
                    if self.lacks(object, attribute) {
                        Value::Bool(false)
                    } else {
                        Value::Bool(true)
                    }
                }
                _ => Value::Unknown,
            },
            "callable" => match first? {
                value if value.function().is_some() => Value::Bool(true),
                Value::Class(_) => Value::Bool(true),
                Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) => Value::Bool(false),
                _ => Value::Unknown,
            },
            "isinstance" => match (first?, second?) {
                (value, class) => match self.is_instance(value, class) {
                    Some(answer) => Value::Bool(answer),
                    None => Value::Unknown,
                },
            },
            "issubclass" => match self.is_subclass(first?, second?) {
                Some(answer) => Value::Bool(answer),
                None => Value::Unknown,
            },
            "len" => match first? {
                Value::Str(text) => count(text.chars().count()),
                value @ (Value::Object(_) | Value::Tuple(_) | Value::List(_) | Value::Dict(_)) => {
                    match self.elements_at_rest(value) {
                        Some(items) => count(items.len()),
                        None => Value::Unknown,
                    }
                }
                Value::External(_) => return None,
                _ => Value::Unknown,
            },
            "str" | "int" | "float" | "bool" | "round" | "abs" => {
                return self.convert(name, first, second, known);
            }
            "list" | "set" | "frozenset" | "sorted" | "reversed" | "iter" => {
                let Some(value) = first else { return Some(Ok(self.list(Vec::new(), false))) };
                if let Some(key) = arguments.keyword("key") {
                    self.perhaps_call(&key.value, place);
                }
                let (mut items, open) = self.elements(value);
                if name == "reversed" {
                    items.reverse();
                }
                self.list(items, open || matches!(name, "sorted") && arguments.items.len() > 1)
            }
            "tuple" => {
                let Some(value) = first else { return Some(Ok(Value::Tuple(Arc::from([])))) };
                let (items, open) = self.elements(value);
                if open { self.list(items, true) } else { Value::Tuple(items.into()) }
            }
            "dict" => {
                let mut pairs: Vec<(Value, Slot)> = match first {
                    Some(value) => match self.pairs_of(value) {
                        Some(pairs) => pairs,
                        None => return Some(Ok(self.dict(Vec::new(), true))),
                    },
                    None => Vec::new(),
                };
                for argument in &arguments.items {
                    if let Some(name) = &argument.name {
                        let slot =
                            Slot { value: argument.value.clone(), passed: Some(argument.place) };
                        pairs.retain(|(key, _)| key.as_str() != Some(name));
                        pairs.push((Value::Str(Arc::clone(name)), slot));
                    }
                }
                self.dict(pairs, arguments.open)
            }
            "range" => {
                let bounds: Option<Vec<i64>> =
                    arguments.items.iter().map(|argument| fold::integer(&argument.value)).collect();
                let (start, end, step) = match bounds.as_deref() {
                    Some([end]) => (0, *end, 1),
                    Some([start, end]) => (*start, *end, 1),
                    Some([start, end, step]) if *step != 0 => (*start, *end, *step),
                    _ => return Some(Ok(self.list(Vec::new(), true))),
                };
                let mut items = Vec::new();
                let mut at = start;
                while (if step > 0 { at < end } else { at > end })
                    && items.len() <= self.limits.turns
                {
                    items.push(Value::Int(at));
                    at = at.saturating_add(step);
                }
                self.list(items, false)
            }
            "enumerate" => {
                let start = second.and_then(fold::integer).unwrap_or(0);
                let (items, open) = self.elements(first?);
                let items = items
                    .into_iter()
                    .zip(start..)
                    .map(|(item, index)| Value::Tuple([Value::Int(index), item].into()))
                    .collect();
                self.list(items, open)
            }
            "zip" => {
                let mut columns = Vec::new();
                let mut open = arguments.open;
                for argument in &arguments.items {
                    let (items, more) = self.elements(&argument.value);
                    open |= more;
                    columns.push(items);
                }
                let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
                let items = (0..rows)
                    .map(|row| {
                        Value::Tuple(columns.iter().map(|column| column[row].clone()).collect())
                    })
                    .collect();
                self.list(items, open)
            }
            "map" | "filter" => {
                let function = first?.clone();
                let (items, open) = match second {
                    Some(second) => self.elements(second),
                    None => (Vec::new(), true),
                };
                let mut made = Vec::new();
                for item in items {
                    match self.call_with(&function, vec![item.clone()], place) {
                        Ok(value) => made.push(if name == "map" { value } else { item }),
                        stop => return Some(stop),
                    }
                }
                if open {
                    self.perhaps_call(&function, place);
                }
                self.list(made, open || name == "filter")
            }
            "next" => self.elements(first?).0.into_iter().next().unwrap_or(Value::Unknown),
            "min" | "max" | "sum" => {
                let items = match (first, second) {
                    (Some(value), None) => self.elements_at_rest(value),
                    _ if known => Some(
                        arguments.items.iter().map(|argument| argument.value.clone()).collect(),
                    ),
                    _ => None,
                };
                let items = items.filter(|_| arguments.keyword("key").is_none());
                return Some(Ok(match items.and_then(|items| extreme(name, &items)) {
                    Some(value) => value,
                    None => {
                        let operands: Vec<Value> =
                            arguments.items.iter().map(|argument| argument.value.clone()).collect();
                        self.operate(Operator::Element, &operands, place.span)
                    }
                }));
            }
            "any" | "all" => {
                let Some(items) = self.elements_at_rest(first?) else {
                    return Some(Ok(Value::Unknown));
                };
                let truths: Option<Vec<bool>> = items.iter().map(|item| self.truth(item)).collect();
                match truths {
                    Some(truths) if name == "any" => Value::Bool(truths.contains(&true)),
                    Some(truths) => Value::Bool(!truths.contains(&false)),
                    None => Value::Unknown,
                }
            }
            "type" => match first? {
                Value::Instance(class, _) => Value::Class(Arc::clone(class)),
                _ => Value::Unknown,
            },
            "open" | "input" | "eval" | "exec" => return None,
            // Descriptors, types and exceptions: what they are made of is all there is to know.
            "property" | "staticmethod" | "classmethod" | "object" | "super" => {
                made(&format!("builtins.{name}"), arguments, place)
            }
            name if BUILTINS.binary_search(&name).is_err() => {
                made(&format!("builtins.{name}"), arguments, place)
            }
            _ => Value::Unknown,
        }))
    }

    /// Whether an object of the program surely has no such attribute.
    fn lacks(&self, object: &Value, name: &str) -> bool {
        match object {
            Value::Module(_, names) => {
                self.heap.get(*names, name).is_none()
                    && self.heap.get(*names, "__getattr__").is_none()
            }
            Value::Instance(class, id) => {
                self.heap.get(*id, name).is_none()
                    && self.class_attribute(class, name).is_none()
                    && self.class_attribute(class, "__getattr__").is_none()
                    && self.external_base(class).is_none()
            }
            Value::Class(class) => {
                self.class_attribute(class, name).is_none() && self.external_base(class).is_none()
            }
            _ => false,
        }
    }

    /// The elements of something that may be looked at without running anything.
    pub(super) fn elements_at_rest(&mut self, value: &Value) -> Option<Vec<Value>> {
        if let Value::Object(object) = value
            && matches!(self.heap.content(*object), Content::Suspended { .. })
        {
            return None;
        }
        match self.elements(value) {
            (items, false) => Some(items),
            _ => None,
        }
    }

    fn convert(
        &mut self,
        name: &str,
        first: Option<&Value>,
        second: Option<&Value>,
        known: bool,
    ) -> Option<Eval<Value>> {
        let Some(first) = first else {
            return Some(Ok(match name {
                _ if !known => Value::Unknown,
                "str" => Value::str(""),
                "int" => Value::Int(0),
                "float" => Value::Float(0.0),
                "bool" => Value::Bool(false),
                _ => Value::Unknown,
            }));
        };
        // `int(os.getenv("X"))` is something the world may know the worth of.
        if matches!(first, Value::External(_)) {
            return None;
        }
        let converted = first
            .alternatives()
            .iter()
            .map(|value| {
                match name {
                    "str" => fold::text(value).map(|text| Value::str(&text)),
                    "bool" => value.truth().map(Value::Bool),
                    "int" if second.is_none() => match value {
                        Value::Str(text) => {
                            text.trim().replace('_', "").parse().ok().map(Value::Int)
                        }
                        Value::Float(value) => whole(*value),
                        other => fold::integer(other).map(Value::Int),
                    },
                    "float" => match value {
                        Value::Str(text) => text.trim().parse().ok().map(Value::Float),
                        other => fold::number(other).map(Value::Float),
                    },
                    "round" if second.is_none() => match value {
                        Value::Float(value) => whole(value.round_ties_even()),
                        other => fold::integer(other).map(Value::Int),
                    },
                    "abs" => match value {
                        Value::Float(value) => Some(Value::Float(value.abs())),
                        other => fold::integer(other).and_then(i64::checked_abs).map(Value::Int),
                    },
                    _ => None,
                }
                .unwrap_or(Value::Unknown)
            })
            .reduce(Value::or);
        Some(Ok(converted.unwrap_or(Value::Unknown)))
    }
}

/// The result of a call that does nothing but remember how it was made.
fn made(path: &str, arguments: &Arguments, place: Place) -> Value {
    Value::External(Arc::new(External::Call {
        callee: Arc::new(External::Name(path.into())),
        arguments: Arc::new(arguments.clone()),
        place,
    }))
}

fn count(len: usize) -> Value {
    i64::try_from(len).map_or(Value::Unknown, Value::Int)
}

#[expect(clippy::cast_possible_truncation, reason = "only what fits is taken")]
fn whole(value: f64) -> Option<Value> {
    (value.is_finite() && value.abs() < 9e15).then(|| Value::Int(value.trunc() as i64))
}

/// `min`, `max` and `sum` of numbers.
fn extreme(name: &str, items: &[Value]) -> Option<Value> {
    let mut best: Option<Value> = (name == "sum").then_some(Value::Int(0));
    for item in items {
        let number = fold::number(item)?;
        best = Some(match best {
            None => item.clone(),
            Some(best) => match name {
                "sum" => fold::binary(&best, crate::syntax::BinOp::Add, item)?,
                "min" if number < fold::number(&best)? => item.clone(),
                "max" if number > fold::number(&best)? => item.clone(),
                _ => best,
            },
        });
    }
    best
}

/// `property(…).setter(f)`: the property, with `f` as its setter.
fn property_with(of: &Arc<External>, name: &str, arguments: &Arguments) -> Option<Value> {
    if !property_part(of, name) {
        return None;
    }
    let External::Call { callee, arguments: parts, place } = &**of else { return None };
    let Some(setter) = arguments.positional(0).filter(|_| name == "setter") else {
        return Some(Value::External(Arc::clone(of)));
    };
    let mut items = parts.items.clone();
    items.push(Argument { name: Some("fset".into()), ..setter.clone() });
    Some(Value::External(Arc::new(External::Call {
        callee: Arc::clone(callee),
        arguments: Arc::new(Arguments { items, open: parts.open }),
        place: *place,
    })))
}
