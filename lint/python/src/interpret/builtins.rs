//! What Python itself provides: builtins and the few modules of the standard library whose
//! functions decide what a program does (`functools`, `os.path`, `importlib`, `contextlib`, …).

use std::sync::Arc;

use super::attributes::{external_base, is_builtin_exception, lineage};
use super::calls::partial;
use super::classes::{is_instance, is_subclass};
use super::heap::{Content, Slot};
use super::instances::DATACLASS;
use super::keys::Table;
use super::{Eval, Interpreter, Stop, fold, paths};
use crate::syntax::{BinOp, Name};
use crate::value::{Argument, Arguments, Cached, External, ObjectId, Place, Value};
use crate::world::{Found, World};

/// Names that need no import, besides exceptions; sorted.
pub(super) const BUILTINS: &[&str] = &[
    "__import__",
    "abs",
    "aiter",
    "all",
    "anext",
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

/// What values of the builtin types have, besides what is special.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each name")]
fn builtin_attributes(of: &str) -> &'static [&'static str] {
    match of {
        "str" => &[
            "capitalize",
            "casefold",
            "center",
            "count",
            "encode",
            "endswith",
            "expandtabs",
            "find",
            "format",
            "format_map",
            "index",
            "isalnum",
            "isalpha",
            "isascii",
            "isdecimal",
            "isdigit",
            "isidentifier",
            "islower",
            "isnumeric",
            "isprintable",
            "isspace",
            "istitle",
            "isupper",
            "join",
            "ljust",
            "lower",
            "lstrip",
            "maketrans",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rjust",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "translate",
            "upper",
            "zfill",
        ],
        "int" | "bool" => &[
            "as_integer_ratio",
            "bit_count",
            "bit_length",
            "conjugate",
            "denominator",
            "from_bytes",
            "imag",
            "numerator",
            "real",
            "to_bytes",
        ],
        "float" => {
            &["as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"]
        }
        "list" => &[
            "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove",
            "reverse", "sort",
        ],
        "dict" => &[
            "clear",
            "copy",
            "fromkeys",
            "get",
            "items",
            "keys",
            "pop",
            "popitem",
            "setdefault",
            "update",
            "values",
        ],
        "set" => &[
            "add",
            "clear",
            "copy",
            "difference",
            "difference_update",
            "discard",
            "intersection",
            "intersection_update",
            "isdisjoint",
            "issubset",
            "issuperset",
            "pop",
            "remove",
            "symmetric_difference",
            "symmetric_difference_update",
            "union",
            "update",
        ],
        "tuple" => &["count", "index"],
        _ => &[],
    }
}

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

/// Whether this is of a module whose functions only declare or combine, or of what all classes have:
/// nobody waits for what they raise.
pub(super) fn only_declares(external: &External) -> bool {
    let origin = external.origin().map(|path| path.split_once('.').unwrap_or((path, "")));
    if let Some(("builtins", class)) = origin
        && matches!(class.split('.').next(), Some("object" | "type"))
    {
        return true;
    }
    matches!(
        origin.map(|(module, _)| module),
        Some(
            "abc"
                | "collections"
                | "contextlib"
                | "dataclasses"
                | "enum"
                | "functools"
                | "itertools"
                | "operator"
                | "typing"
                | "typing_extensions"
        )
    )
}

/// Whether an attribute that this makes is kept on the instance.
pub(super) fn is_kept(value: &Value) -> bool {
    matches!(value, Value::External(external) if matches!(&**external,
        External::Call { callee, .. } if callee.name() == Some("functools.cached_property")))
}

/// The hidden argument of a `contextlib.ExitStack()`: the list of what it is to leave.
const STACK: &str = "<stack>";

/// What an `ExitStack` holds, in a list.
pub(super) fn stacked(value: &Value) -> Option<Value> {
    let Value::External(external) = value else { return None };
    let External::Call { callee, arguments, .. } = &**external else { return None };
    (callee.name()? == "contextlib.ExitStack")
        .then(|| arguments.keyword(STACK))?
        .map(|a| a.value.clone())
}

/// What `contextlib.closing(x)` closes.
pub(super) fn closing(value: &Value) -> Option<Value> {
    let Value::External(external) = value else { return None };
    let External::Call { callee, arguments, .. } = &**external else { return None };
    (callee.name()? == "contextlib.closing")
        .then(|| arguments.get(0, "thing"))?
        .map(|a| a.value.clone())
}

/// What `contextlib.nullcontext(x)` hands out.
pub(super) fn null_context(external: &External) -> Option<Value> {
    let External::Call { callee, arguments, .. } = external else { return None };
    (callee.name()? == "contextlib.nullcontext").then(|| {
        arguments.get(0, "enter_result").map_or(Value::None, |argument| argument.value.clone())
    })
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

/// How many folders may be on `sys.path`: each is looked into for each module.
const MAX_SEARCHED: usize = 64;

impl<W: World> Interpreter<'_, W> {
    /// A call of something that Python provides; `None` where the world has to say what it does.
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each name")]
    pub(super) fn call_builtin(
        &mut self,
        callee: &Arc<External>,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let path = match &**callee {
            External::Name(path) => Arc::clone(path),
            External::Call { callee: outer, arguments: given, .. } => {
                return self.call_again(outer, given, arguments, place);
            }
            External::Attribute { of, name } => {
                return property_with(of, name, arguments)
                    .or_else(|| paths::path_method(of, name, arguments))
                    .map(Ok)
                    .or_else(|| self.exit_stack(of, name, arguments, place));
            }
            _ => return None,
        };
        let first = arguments.positional(0).map(|argument| &argument.value);
        let second = arguments.positional(1).map(|argument| &argument.value);
        match path.split_once('.') {
            Some(("builtins", name)) => self.builtin(name, arguments, place),
            Some(("functools", "partial")) => Some(Ok(partial(arguments))),
            Some(("contextlib", "ExitStack")) => {
                let value = self.list(Vec::new(), false);
                let items = vec![Argument { name: Some(STACK.into()), value, place }];
                Some(Ok(made(&path, &Arguments { items, open: false }, place)))
            }
            Some(("functools", "cache" | "lru_cache")) => match first {
                Some(first) if first.function().is_some() => Some(Ok(self.cached(first))),
                _ => Some(Ok(made(&path, arguments, place))),
            },
            Some(("dataclasses", "dataclass")) => match first {
                Some(Value::Class(class)) => Some(Ok(self.dataclass(class))),
                _ => Some(Ok(made(&path, arguments, place))),
            },
            Some(
                ("functools", "singledispatch" | "total_ordering")
                | ("contextlib", "contextmanager" | "asynccontextmanager")
                | ("abc", "abstractmethod")
                | (
                    "typing" | "typing_extensions",
                    "overload" | "final" | "override" | "runtime_checkable",
                ),
            ) => first
                .filter(|first| first.function().is_some() || matches!(first, Value::Class(_)))
                .map(|first| Ok(first.clone())),
            Some(
                ("functools", "wraps" | "cached_property")
                | ("contextlib", "suppress" | "nullcontext" | "closing")
                | ("pathlib", "Path" | "PurePath" | "PosixPath" | "PurePosixPath"),
            ) => Some(Ok(made(&path, arguments, place))),
            Some(("typing" | "typing_extensions", "cast")) => Some(Ok(second?.clone())),
            Some(("functools", "reduce")) => Some(self.reduce(arguments, place)),
            Some(("asyncio", "run")) if self.needs_own_event_loop() => {
                Some(self.raise_builtin("RuntimeError"))
            }
            Some((
                "asyncio",
                "run"
                | "wait_for"
                | "shield"
                | "create_task"
                | "ensure_future"
                | "run_coroutine_threadsafe",
            )) => Some(self.awaited(first?.clone())),
            Some(("asyncio", "gather")) => Some(self.gather(arguments)),
            Some(("asyncio", "to_thread")) => {
                let (callee, rest) = arguments.items.split_first()?;
                callee.value.function()?;
                let rest = Arguments { items: rest.to_vec(), open: arguments.open };
                let callee = callee.value.clone();
                Some(self.call(&callee, rest, place))
            }
            Some(("itertools", name)) => self.itertool(name, arguments, place),
            Some(("copy", "copy" | "deepcopy")) => {
                let value = first?.clone();
                Some(Ok(self.copied(&value)))
            }
            Some(("operator", name)) => self.operator(name, arguments, place),
            Some(("math", name)) => fold::mathematics(name, arguments).map(Ok),
            Some(("collections", "namedtuple")) => Some(self.named_tuple(arguments, place)),
            Some(("collections", "OrderedDict")) => Some(self.make_dict(arguments)),
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
                    self.heap.put(self.process.environ, key, None);
                }
                Some(known)
            }
            Some(("os", rest)) => {
                rest.strip_prefix("path.").and_then(|f| paths::path_function(f, arguments)).map(Ok)
            }
            Some(("importlib", "import_module")) => self.import_constant(first?, second, place),
            Some(("importlib", "util.find_spec")) => match self.find(first?.as_str()?) {
                Found::Missing => Some(Ok(Value::None)),
                Found::Installed | Found::Local { .. } | Found::Namespace => {
                    let spec = External::Name("importlib.machinery.ModuleSpec".into());
                    Some(Ok(Value::External(Arc::new(External::Present(Arc::new(spec))))))
                }
                Found::Unsure => Some(Ok(Value::Unknown)),
            },
            Some(("sys", "path.append" | "path.insert" | "path.extend")) => {
                let (at, folders) = match (&*path, first, second) {
                    ("sys.path.insert", Some(at), Some(folder)) => {
                        (fold::integer(at), vec![folder.clone()])
                    }
                    ("sys.path.extend", Some(folders), _) => match self.elements(folders) {
                        Ok((folders, is_open)) => {
                            self.out.unsettled_search |= is_open;
                            (None, folders)
                        }
                        Err(stop) => return Some(Err(stop)),
                    },
                    (_, Some(folder), _) => (None, vec![folder.clone()]),
                    _ => {
                        self.out.unsettled_search = true;
                        (None, Vec::new())
                    }
                };
                self.search_in(at, &folders);
                Some(Ok(Value::None))
            }
            Some(("runpy", "run_path" | "run_module")) => self.run_script(&path, arguments, place),
            _ => None,
        }
    }

    fn exit(&mut self, place: Place) -> Eval<Value> {
        self.give_up(place.span);
        Err(Stop::Raise(Value::external("builtins.SystemExit")))
    }

    /// What the program itself has surely put in the environment.
    fn known_environ(&mut self, key: &Value) -> Option<Eval<Value>> {
        let Value::Str(key) = key else { return None };
        let slot = self.heap.get(self.process.environ, key)?;
        (!slot.unsure).then(|| Ok(slot.value.clone()))
    }

    /// Adds folders to `sys.path`: before `at`, or at its end.
    fn search_in(&mut self, at: Option<i64>, folders: &[Value]) {
        for folder in folders.iter().flat_map(Value::alternatives) {
            let text = match folder {
                Value::Str(folder) => Some(Arc::clone(folder)),
                other => paths::path_text(other),
            };
            let Some(folder) = text else {
                self.out.unsettled_search = true;
                continue;
            };
            let search = &mut self.process.search;
            // A loop may add the same folder for ever.
            if search.len() >= MAX_SEARCHED
                || search.iter().filter(|known| **known == folder).count() > 1
            {
                continue;
            }
            let at = at.and_then(|at| usize::try_from(at).ok()).unwrap_or(search.len());
            search.insert(at.min(search.len()), folder);
            self.process.found.clear();
        }
    }

    /// `functools.lru_cache` on a function.
    fn cached(&mut self, function: &Value) -> Value {
        let results = Content::Pairs { pairs: Arc::default(), open: false };
        let results = self.heap.allocate(results);
        Value::Cached(Arc::new(Cached { inner: function.clone(), results }))
    }

    fn dataclass(&mut self, class: &Arc<crate::value::Class>) -> Value {
        self.heap.set(class.namespace, &DATACLASS.into(), Value::Bool(true));
        Value::Class(Arc::clone(class))
    }

    /// `decorator(options)(function)` for decorators that leave the function what it is.
    fn call_again(
        &mut self,
        outer: &External,
        given: &Arguments,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let decorated = &arguments.positional(0)?.value;
        match outer.name()? {
            "functools.wraps" => {
                let wrapped = given.get(0, "wrapped").map(|argument| argument.value.clone());
                if let (Some(wrapped), Value::Function(_)) = (wrapped, decorated) {
                    for name in ["__name__", "__qualname__", "__module__"] {
                        let name: Name = name.into();
                        if wrapped.function().is_some()
                            && let Ok(value) = self.attribute(&wrapped, &name, place.span)
                        {
                            let _ = self.set_attribute(decorated, &name, &value, place.span);
                        }
                    }
                    let _ =
                        self.set_attribute(decorated, &"__wrapped__".into(), &wrapped, place.span);
                }
                Some(Ok(decorated.clone()))
            }
            "operator.itemgetter" | "operator.attrgetter" => {
                Some(self.get_by(outer, given, decorated, place))
            }
            "functools.lru_cache" if decorated.function().is_some() => {
                Some(Ok(self.cached(decorated)))
            }
            "dataclasses.dataclass" => match decorated {
                Value::Class(class) => Some(Ok(self.dataclass(class))),
                _ => Some(Ok(decorated.clone())),
            },
            _ => None,
        }
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

    #[expect(clippy::too_many_lines, reason = "a table: one arm for each name")]
    fn builtin(&mut self, name: &str, arguments: &Arguments, place: Place) -> Option<Eval<Value>> {
        let first = arguments.positional(0).map(|argument| &argument.value);
        let second = arguments.positional(1).map(|argument| &argument.value);
        match name {
            "exit" | "quit" => Some(self.exit(place)),
            "__import__" => {
                let name = first?.as_str()?;
                let top: Name = name.split('.').next().unwrap_or(name).into();
                match self.import_constant(first?, None, place)? {
                    Ok(_) if arguments.items.len() == 1 => Some(Ok(self.module_value(&top))),
                    module => Some(module),
                }
            }
            "object.__new__" => match first? {
                Value::Class(class) => Some(Ok(self.new_instance(class))),
                _ => Some(Ok(Value::Unknown)),
            },
            "object.__setattr__" => {
                if let (
                    Some(Value::Instance(_, object)),
                    Some(Value::Str(attribute)),
                    Some(value),
                ) = (first, second, arguments.positional(2))
                {
                    self.heap.set(*object, attribute, value.value.clone());
                }
                Some(Ok(Value::None))
            }
            "object.__getattribute__" => match (first, second) {
                (Some(Value::Instance(_, object)), Some(Value::Str(attribute))) => {
                    let slot = self.heap.get(*object, attribute).cloned();
                    Some(Ok(slot.map_or(Value::Unknown, |slot| slot.value)))
                }
                _ => Some(Ok(Value::Unknown)),
            },
            "object.__init_exception__" => {
                if let Some(Value::Instance(_, object)) = first {
                    let args = arguments.items[1..].iter().map(|argument| argument.value.clone());
                    let args = Value::Tuple(args.collect());
                    self.heap.set(*object, &"args".into(), args);
                }
                Some(Ok(Value::None))
            }
            "object.__init__" | "object.__init_subclass__" => Some(Ok(Value::None)),
            "dict.fromkeys" => {
                let (keys, value) = (first?.clone(), second.cloned().unwrap_or(Value::None));
                Some(self.elements(&keys).map(|(keys, open)| {
                    let mut pairs = Table::of(Vec::with_capacity(keys.len()));
                    for key in keys {
                        pairs.insert(key, Slot::of(value.clone()));
                    }
                    self.dict(pairs.into_entries(), open)
                }))
            }
            "open" | "input" | "eval" | "exec" => None,
            "print" | "help" => {
                for argument in &arguments.items {
                    let _ = self.special(&argument.value, "__str__", Vec::new(), place.span);
                }
                Some(Ok(Value::None))
            }
            "getattr" => Some(self.get_attribute(first?, second, arguments.positional(2), place)),
            "setattr" => {
                if let (Some(object), Some(Value::Str(attribute)), Some(value)) =
                    (first, second, arguments.positional(2))
                {
                    let (object, value) = (object.clone(), value.value.clone());
                    if let Err(stop) =
                        self.set_attribute(&object, &Arc::clone(attribute), &value, place.span)
                    {
                        return Some(Err(stop));
                    }
                }
                Some(Ok(Value::None))
            }
            "delattr" => {
                if let (Some(Value::Instance(_, object)), Some(Value::Str(attribute))) =
                    (first, second)
                {
                    self.heap.put(*object, attribute, None);
                }
                Some(Ok(Value::None))
            }
            "hasattr" | "callable" | "isinstance" | "issubclass" | "type" | "len" => {
                match self.inspect(name, first?, second, place) {
                    Ok(value) => value.map(Ok),
                    Err(stop) => Some(Err(stop)),
                }
            }
            "hex" | "oct" | "bin" => {
                let number = fold::integer(first?)?;
                let sign = if number < 0 { "-" } else { "" };
                let size = number.unsigned_abs();
                Some(Ok(Value::str(&match name {
                    "hex" => format!("{sign}{size:#x}"),
                    "oct" => format!("{sign}{size:#o}"),
                    _ => format!("{sign}{size:#b}"),
                })))
            }
            "pow" => {
                let (left, right) = (first?.clone(), second?.clone());
                Some(self.binary(&left, BinOp::Pow, &right, place.span))
            }
            "divmod" => {
                let (left, right) = (first?.clone(), second?.clone());
                let quotient = self.binary(&left, BinOp::FloorDiv, &right, place.span);
                let rest = self.binary(&left, BinOp::Mod, &right, place.span);
                Some(match (quotient, rest) {
                    (Ok(quotient), Ok(rest)) => Ok(Value::Tuple([quotient, rest].into())),
                    (Err(stop), _) | (_, Err(stop)) => Err(stop),
                })
            }
            "globals" => {
                let names = self.frame().module.names;
                let name = Arc::clone(&self.frame().module.name);
                Some(Ok(Value::Module(name, names)))
            }
            "str" | "int" | "float" | "bool" | "round" | "abs" | "repr" | "format" | "ord"
            | "chr" => self.convert(name, arguments, place),
            "list" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "aiter" | "tuple"
            | "dict" | "range" | "enumerate" | "zip" | "map" | "filter" | "next" | "anext" => {
                Some(self.collect(name, arguments, place))
            }
            "min" | "max" | "sum" | "any" | "all" => Some(self.summarise(name, arguments, place)),
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
        match default {
            // `None` has no attribute of the program's.
            Some(default) if self.has(object, name) == Some(false) => Ok(default.value.clone()),
            Some(default) if *object == Value::None => Ok(default.value.clone()),
            Some(default) => {
                let found = self.attribute(object, name, place.span)?;
                let is_sure =
                    self.has(object, name) == Some(true) || matches!(object, Value::External(_));
                Ok(if is_sure { found } else { found.or(default.value.clone()) })
            }
            None => self.attribute(object, name, place.span),
        }
    }

    /// What there is to say of one value.
    fn inspect(
        &mut self,
        name: &str,
        value: &Value,
        other: Option<&Value>,
        place: Place,
    ) -> Eval<Option<Value>> {
        let settled = |answer: Option<bool>| answer.map_or(Value::Unknown, Value::Bool);
        Ok(Some(match (name, value) {
            ("hasattr", value) if self.builtin_type(value).is_some() => match other {
                Some(Value::Str(attribute)) => settled(self.has(value, attribute)),
                _ => Value::Unknown,
            },
            (
                "hasattr",
                Value::Module(..) | Value::Instance(..) | Value::Class(_) | Value::Function(_),
            ) => match other {
                Some(Value::Str(attribute)) => settled(self.has(value, attribute)),
                _ => Value::Unknown,
            },
            ("callable", Value::Class(_)) => Value::Bool(true),
            ("callable", Value::Instance(class, _)) if external_base(class).is_none() => {
                Value::Bool(self.class_attribute(class, "__call__").is_some())
            }
            ("callable", value) if value.function().is_some() => Value::Bool(true),
            ("callable", Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_)) => {
                Value::Bool(false)
            }
            ("isinstance", value) => match other {
                Some(class) => settled(self.instance_of(value, class)),
                None => Value::Unknown,
            },
            ("issubclass", class) => match other {
                Some(of) => settled(is_subclass(class, of)),
                None => Value::Unknown,
            },
            ("type", Value::Instance(class, _)) => Value::Class(Arc::clone(class)),
            ("type", Value::External(external)) => match &**external {
                // An exception that Python itself raised, or that the program made.
                External::Name(_) if is_builtin_exception(external) => value.clone(),
                External::Call { callee, .. } if is_builtin_exception(callee) => {
                    Value::External(Arc::clone(callee))
                }
                _ => Value::Unknown,
            },
            ("type", value) => match self.builtin_type(value) {
                Some(name) => Value::external(&format!("builtins.{name}")),
                None => Value::Unknown,
            },
            ("len", Value::Str(text)) => count(text.chars().count()),
            ("len", Value::Object(_) | Value::Tuple(_) | Value::List(_) | Value::Dict(_)) => {
                self.elements_at_rest(value)?.map_or(Value::Unknown, |items| count(items.len()))
            }
            ("len", Value::Instance(..)) => {
                self.special(value, "__len__", Vec::new(), place.span)?.unwrap_or(Value::Unknown)
            }
            ("len", Value::Class(class)) => {
                self.enum_members(class).map_or(Value::Unknown, |members| count(members.len()))
            }
            // `len(os.getenv("X"))` is something the world may have a word on.
            ("len", Value::External(_)) => return Ok(None),
            _ => Value::Unknown,
        }))
    }

    /// The builtin type that a value is of.
    pub(super) fn builtin_type(&self, value: &Value) -> Option<&'static str> {
        Some(match value {
            Value::Str(_) => "str",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Tuple(_) => "tuple",
            Value::List(_) => "list",
            Value::Dict(_) => "dict",
            Value::None => "NoneType",
            Value::Object(object) => match self.heap.content(*object) {
                Content::Items { is_set: true, .. } => "set",
                Content::Items { .. } => "list",
                Content::Pairs { .. } => "dict",
                _ => return None,
            },
            _ => return None,
        })
    }

    /// `isinstance`, of live lists and dicts too.
    pub(super) fn instance_of(&self, value: &Value, class: &Value) -> Option<bool> {
        if let Value::Tuple(classes) = class {
            let answers: Vec<Option<bool>> =
                classes.iter().map(|class| self.instance_of(value, class)).collect();
            if answers.contains(&Some(true)) {
                return Some(true);
            }
            return answers.iter().all(|answer| *answer == Some(false)).then_some(false);
        }
        match (value, class) {
            (Value::OneOf(values), _) => {
                let mut answers = values.iter().map(|value| self.instance_of(value, class));
                let first = answers.next()??;
                answers.all(|answer| answer == Some(first)).then_some(first)
            }
            (Value::Object(_), Value::Class(_)) => Some(false),
            (Value::Object(_), Value::External(external)) => {
                let own = self.builtin_type(value)?;
                let name = external.name()?.strip_prefix("builtins.")?;
                BUILTINS.binary_search(&name).is_ok().then_some(own == name || name == "object")
            }
            _ => is_instance(value, class),
        }
    }

    /// Whether an object of the program has such an attribute, where it is not for an external base
    /// or `__getattr__` to say.
    pub(super) fn has(&self, object: &Value, name: &str) -> Option<bool> {
        let held = |object: ObjectId| match self.heap.get(object, name) {
            Some(slot) if slot.unsure => None,
            Some(_) => Some(true),
            None => Some(false),
        };
        let of_class = |class: &Arc<crate::value::Class>| {
            let mut sure = true;
            for class in lineage(class) {
                match held(class.namespace) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => sure = false,
                }
            }
            sure.then_some(false)
        };
        let (own, open) = match object {
            Value::Module(_, names) => {
                (held(*names), self.heap.get(*names, "__getattr__").is_some())
            }
            Value::Instance(class, id) => {
                let own = match (held(*id), of_class(class)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
                let open = self.class_attribute(class, "__getattr__").is_some()
                    || external_base(class).is_some();
                (own, open)
            }
            Value::Class(class) => (of_class(class), external_base(class).is_some()),
            Value::Function(function) => match self.attributes.get(&function.id) {
                Some(object) => (held(*object), false),
                None => (Some(name.starts_with("__")), name.starts_with("__")),
            },
            value => match self.builtin_type(value) {
                Some(_) if name.starts_with("__") => (None, true),
                Some(of) => (Some(builtin_attributes(of).contains(&name)), false),
                None => (None, true),
            },
        };
        own.filter(|own| *own || !open)
    }
}

/// The result of a call that does nothing but remember how it was made.
pub(super) fn made(path: &str, arguments: &Arguments, place: Place) -> Value {
    Value::External(Arc::new(External::Call {
        callee: Arc::new(External::Name(path.into())),
        arguments: Arc::new(arguments.clone()),
        place,
    }))
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

fn count(len: usize) -> Value {
    i64::try_from(len).map_or(Value::Unknown, Value::Int)
}
