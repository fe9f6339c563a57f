//! What is an instance or a subclass of what, as far as it is settled.

use std::sync::Arc;

use super::attributes::lineage;
use super::builtins::BUILTINS;
use crate::value::Value;

pub(super) fn is_instance(value: &Value, class: &Value) -> Option<bool> {
    if let Value::Tuple(classes) = class {
        let answers: Vec<Option<bool>> =
            classes.iter().map(|class| is_instance(value, class)).collect();
        if answers.contains(&Some(true)) {
            return Some(true);
        }
        return answers.iter().all(|answer| *answer == Some(false)).then_some(false);
    }
    match (value, class) {
        (Value::Instance(own, _), class) => is_subclass(&Value::Class(Arc::clone(own)), class),
        (value, Value::External(class)) => {
            let name = class.name()?.strip_prefix("builtins.")?;
            let own = match value {
                Value::Str(_) => "str",
                Value::Bool(_) => return Some(matches!(name, "bool" | "int" | "object")),
                Value::Int(_) => "int",
                Value::Float(_) => "float",
                Value::None => "NoneType",
                Value::Tuple(_) => "tuple",
                Value::Dict(_) => "dict",
                _ => return None,
            };
            BUILTINS.binary_search(&name).is_ok().then_some(own == name || name == "object")
        }
        (
            Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::Float(_) | Value::None,
            Value::Class(_),
        ) => Some(false),
        _ => None,
    }
}

/// Whether one class is another or derives from it.
pub(super) fn is_subclass(class: &Value, of: &Value) -> Option<bool> {
    if let Value::Tuple(classes) = of {
        let answers: Vec<Option<bool>> = classes.iter().map(|of| is_subclass(class, of)).collect();
        if answers.contains(&Some(true)) {
            return Some(true);
        }
        return answers.iter().all(|answer| *answer == Some(false)).then_some(false);
    }
    match (class, of) {
        (Value::Class(own), Value::Class(other)) if own == other => Some(true),
        (Value::Class(own), of) => {
            if lineage(own).any(|class| matches!(of, Value::Class(of) if class == of)) {
                return Some(true);
            }
            let bases = lineage(own).flat_map(|class| &class.bases);
            let others = bases.filter(|base| !matches!(base, Value::Class(_)));
            let answers: Vec<Option<bool>> = others.map(|base| is_subclass(base, of)).collect();
            if answers.contains(&Some(true)) {
                return Some(true);
            }
            if matches!(of, Value::External(of) if of.name() == Some("builtins.object")) {
                return Some(true);
            }
            answers.iter().all(|answer| *answer == Some(false)).then_some(false)
        }
        (Value::External(own), Value::External(of)) => {
            let own = own.name()?.strip_prefix("builtins.")?;
            let of = of.name()?.strip_prefix("builtins.")?;
            Some(exception_lineage(own)?.contains(&of))
        }
        (Value::External(own), Value::Class(_)) => {
            own.name()?.starts_with("builtins.").then_some(false)
        }
        _ => None,
    }
}

/// A builtin exception and what it derives from.
pub(super) fn exception_lineage(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "BaseException" => &["BaseException"],
        "Exception" => &["Exception", "BaseException"],
        "SystemExit" => &["SystemExit", "BaseException"],
        "KeyboardInterrupt" => &["KeyboardInterrupt", "BaseException"],
        "ImportError" => &["ImportError", "Exception", "BaseException"],
        "ModuleNotFoundError" => {
            &["ModuleNotFoundError", "ImportError", "Exception", "BaseException"]
        }
        "KeyError" => &["KeyError", "LookupError", "Exception", "BaseException"],
        "IndexError" => &["IndexError", "LookupError", "Exception", "BaseException"],
        "ValueError" => &["ValueError", "Exception", "BaseException"],
        "TypeError" => &["TypeError", "Exception", "BaseException"],
        "AttributeError" => &["AttributeError", "Exception", "BaseException"],
        "NameError" => &["NameError", "Exception", "BaseException"],
        "RuntimeError" => &["RuntimeError", "Exception", "BaseException"],
        "NotImplementedError" => {
            &["NotImplementedError", "RuntimeError", "Exception", "BaseException"]
        }
        "AssertionError" => &["AssertionError", "Exception", "BaseException"],
        "OSError" | "EnvironmentError" | "IOError" => {
            &["OSError", "EnvironmentError", "IOError", "Exception", "BaseException"]
        }
        "FileNotFoundError" => &[
            "FileNotFoundError",
            "OSError",
            "EnvironmentError",
            "IOError",
            "Exception",
            "BaseException",
        ],
        "StopIteration" => &["StopIteration", "Exception", "BaseException"],
        "StopAsyncIteration" => &["StopAsyncIteration", "Exception", "BaseException"],
        "GeneratorExit" => &["GeneratorExit", "BaseException"],
        "LookupError" => &["LookupError", "Exception", "BaseException"],
        "ArithmeticError" => &["ArithmeticError", "Exception", "BaseException"],
        "OverflowError" => &["OverflowError", "ArithmeticError", "Exception", "BaseException"],
        "UnboundLocalError" => &["UnboundLocalError", "NameError", "Exception", "BaseException"],
        "RecursionError" => &["RecursionError", "RuntimeError", "Exception", "BaseException"],
        "MemoryError" => &["MemoryError", "Exception", "BaseException"],
        "EOFError" => &["EOFError", "Exception", "BaseException"],
        "SyntaxError" => &["SyntaxError", "Exception", "BaseException"],
        "UnicodeError" => &["UnicodeError", "ValueError", "Exception", "BaseException"],
        "UnicodeDecodeError" => {
            &["UnicodeDecodeError", "UnicodeError", "ValueError", "Exception", "BaseException"]
        }
        "TimeoutError" => &[
            "TimeoutError",
            "OSError",
            "EnvironmentError",
            "IOError",
            "Exception",
            "BaseException",
        ],
        "PermissionError" => &[
            "PermissionError",
            "OSError",
            "EnvironmentError",
            "IOError",
            "Exception",
            "BaseException",
        ],
        "FileExistsError" => &[
            "FileExistsError",
            "OSError",
            "EnvironmentError",
            "IOError",
            "Exception",
            "BaseException",
        ],
        "ConnectionError" => &[
            "ConnectionError",
            "OSError",
            "EnvironmentError",
            "IOError",
            "Exception",
            "BaseException",
        ],
        "ZeroDivisionError" => {
            &["ZeroDivisionError", "ArithmeticError", "Exception", "BaseException"]
        }
        _ => return None,
    })
}
