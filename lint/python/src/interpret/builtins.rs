//! What Python itself provides: builtins and the few modules of the standard library whose
//! functions decide what a program does (`functools`, `os.path`, `importlib`, `contextlib`, …).

use std::sync::Arc;

use super::attributes::external_base;
use super::calls::partial;
use super::classes::{is_instance, is_subclass};
use super::{Eval, Interpreter, Stop, fold, paths};
use crate::syntax::Name;
use crate::value::{Argument, Arguments, External, Place, Value};
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
            External::Call { callee: outer, .. } => return call_again(outer, arguments).map(Ok),
            External::Attribute { of, name } => return property_with(of, name, arguments).map(Ok),
            _ => return None,
        };
        let first = arguments.positional(0).map(|argument| &argument.value);
        let second = arguments.positional(1).map(|argument| &argument.value);
        match path.split_once('.') {
            Some(("builtins", name)) => self.builtin(name, arguments, place),
            Some(("functools", "partial")) => Some(Ok(partial(arguments))),
            Some(
                ("functools", "cache" | "lru_cache" | "singledispatch" | "total_ordering")
                | ("contextlib", "contextmanager" | "asynccontextmanager")
                | ("abc", "abstractmethod")
                | (
                    "typing" | "typing_extensions",
                    "overload" | "final" | "override" | "runtime_checkable",
                )
                | ("dataclasses", "dataclass")
                | ("atexit", "register"),
            ) => first
                .filter(|first| first.function().is_some() || matches!(first, Value::Class(_)))
                .map(|first| Ok(first.clone())),
            Some(("functools", "wraps" | "cached_property") | ("contextlib", "suppress")) => {
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
            Some(("os", "getenv" | "environ.get" | "environ.setdefault")) => {
                self.known_environ(first?)
            }
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

    fn builtin(&mut self, name: &str, arguments: &Arguments, place: Place) -> Option<Eval<Value>> {
        let first = arguments.positional(0).map(|argument| &argument.value);
        let second = arguments.positional(1).map(|argument| &argument.value);
        match name {
            "exit" | "quit" => Some(self.exit(place)),
            "__import__" => self.import_constant(first?, None, place),
            "open" | "input" | "eval" | "exec" => None,
            "print" | "delattr" | "help" => Some(Ok(Value::None)),
            "getattr" => Some(self.get_attribute(first?, second, arguments.positional(2), place)),
            "setattr" => {
                if let (Some(object), Some(Value::Str(attribute)), Some(value)) =
                    (first, second, arguments.positional(2))
                {
                    self.set_attribute(object, attribute, &value.value, place.span);
                }
                Some(Ok(Value::None))
            }
            "hasattr" | "callable" | "isinstance" | "issubclass" | "type" | "len" => {
                self.inspect(name, first?, second).map(Ok)
            }
            "str" | "int" | "float" | "bool" | "round" | "abs" => convert(name, arguments).map(Ok),
            "list" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "tuple" | "dict"
            | "range" | "enumerate" | "zip" | "map" | "filter" | "next" => {
                self.collect(name, arguments, place)
            }
            "min" | "max" | "sum" | "any" | "all" => self.summarise(name, arguments, place).map(Ok),
            // Descriptors, types and exceptions: what they are made of is all there is to know.
            "property" | "staticmethod" | "classmethod" | "object" | "super" => {
                Some(Ok(made(&format!("builtins.{name}"), arguments, place)))
            }
            name if BUILTINS.binary_search(&name).is_err() => {
                Some(Ok(made(&format!("builtins.{name}"), arguments, place)))
            }
            _ => Some(Ok(Value::Unknown)),
        }
    }

    fn get_attribute(
        &mut self,
        object: &Value,
        name: Option<&Value>,
        default: Option<&Argument>,
        place: Place,
    ) -> Eval<Value> {
        let Some(Value::Str(name)) = name else { return Ok(Value::Unknown) };
        let found = self.attribute(object, name, place.span)?;
        Ok(match default {
            Some(default) if found == Value::Unknown && self.has(object, name) == Some(false) => {
                default.value.clone()
            }
            _ => found,
        })
    }

    /// What there is to say of one value.
    fn inspect(&mut self, name: &str, value: &Value, other: Option<&Value>) -> Option<Value> {
        let settled = |answer: Option<bool>| answer.map_or(Value::Unknown, Value::Bool);
        Some(match (name, value) {
            ("hasattr", Value::Module(..) | Value::Instance(..) | Value::Class(_)) => match other {
                Some(Value::Str(attribute)) => settled(self.has(value, attribute)),
                _ => Value::Unknown,
            },
            ("callable", Value::Class(_)) => Value::Bool(true),
            ("callable", value) if value.function().is_some() => Value::Bool(true),
            ("callable", Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_)) => {
                Value::Bool(false)
            }
            ("isinstance", value) => settled(is_instance(value, other?)),
            ("issubclass", class) => settled(is_subclass(class, other?)),
            ("type", Value::Instance(class, _)) => Value::Class(Arc::clone(class)),
            ("len", Value::Str(text)) => count(text.chars().count()),
            ("len", Value::Object(_) | Value::Tuple(_) | Value::List(_) | Value::Dict(_)) => {
                self.elements_at_rest(value).map_or(Value::Unknown, |items| count(items.len()))
            }
            // `len(os.getenv("X"))` is something the world may have a word on.
            ("len", Value::External(_)) => return None,
            _ => Value::Unknown,
        })
    }

    /// Whether an object of the program has such an attribute, where it is not for an external base
    /// or `__getattr__` to say.
    fn has(&self, object: &Value, name: &str) -> Option<bool> {
        let (own, open) = match object {
            Value::Module(_, names) => (
                self.heap.get(*names, name).is_some(),
                self.heap.get(*names, "__getattr__").is_some(),
            ),
            Value::Instance(class, id) => (
                self.heap.get(*id, name).is_some() || self.class_attribute(class, name).is_some(),
                self.class_attribute(class, "__getattr__").is_some()
                    || external_base(class).is_some(),
            ),
            Value::Class(class) => {
                (self.class_attribute(class, name).is_some(), external_base(class).is_some())
            }
            _ => (false, true),
        };
        (own || !open).then_some(own)
    }
}

/// `decorator(options)(function)` for decorators that leave the function what it is.
fn call_again(outer: &External, arguments: &Arguments) -> Option<Value> {
    let decorated = &arguments.positional(0)?.value;
    matches!(outer.name()?, "functools.wraps" | "functools.lru_cache" | "dataclasses.dataclass")
        .then(|| decorated.clone())
}

/// The result of a call that does nothing but remember how it was made.
fn made(path: &str, arguments: &Arguments, place: Place) -> Value {
    Value::External(Arc::new(External::Call {
        callee: Arc::new(External::Name(path.into())),
        arguments: Arc::new(arguments.clone()),
        place,
    }))
}

/// `int(…)` and its like, of a constant; `None` where the world may know the worth.
fn convert(name: &str, arguments: &Arguments) -> Option<Value> {
    // A base, a number of digits.
    let plain = arguments.items.len() == 1 && !arguments.open;
    let Some(first) = arguments.positional(0).map(|argument| &argument.value) else {
        return Some(match name {
            _ if arguments.open || !arguments.items.is_empty() => Value::Unknown,
            "str" => Value::str(""),
            "int" => Value::Int(0),
            "float" => Value::Float(0.0),
            "bool" => Value::Bool(false),
            _ => Value::Unknown,
        });
    };
    if let ("bool", Some(truth)) = (name, first.truth()) {
        return Some(Value::Bool(truth));
    }
    // `int(os.getenv("X"))` is something the world may know the worth of.
    if matches!(first, Value::External(_)) {
        return None;
    }
    first
        .alternatives()
        .iter()
        .map(|value| {
            match name {
                "str" => fold::text(value).map(|text| Value::str(&text)),
                "bool" => value.truth().map(Value::Bool),
                "int" if plain => match value {
                    Value::Str(text) => text.trim().replace('_', "").parse().ok().map(Value::Int),
                    Value::Float(value) => whole(*value),
                    other => fold::integer(other).map(Value::Int),
                },
                "float" => match value {
                    Value::Str(text) => text.trim().parse().ok().map(Value::Float),
                    other => fold::number(other).map(Value::Float),
                },
                "round" if plain => match value {
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
        .reduce(Value::or)
        .or(Some(Value::Unknown))
}

fn count(len: usize) -> Value {
    i64::try_from(len).map_or(Value::Unknown, Value::Int)
}

#[expect(clippy::cast_possible_truncation, reason = "only what fits is taken")]
fn whole(value: f64) -> Option<Value> {
    (value.is_finite() && value.abs() < 9e15).then(|| Value::Int(value.trunc() as i64))
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
