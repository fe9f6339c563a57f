//! Environment variables as values and conditions: which variable a value comes from, and on which
//! branch of a condition it is missing.

use std::sync::Arc;

use spacelint_knowledge::effects::{self, Kind};
use spacelint_python::syntax::CompareOp;
use spacelint_python::{Arguments, External, Guard, Operator, Value};

use crate::world::{argument, canonical};

/// What a read of the environment is about.
pub(crate) struct Read {
    pub(crate) name: Arc<str>,
    /// What it gives where the variable is not set, if that is said.
    pub(crate) default: Option<Value>,
    /// Whether it raises where nothing is said.
    pub(crate) raises: bool,
}

/// The read that `callee(arguments)` is, if it is one of a named variable.
pub(crate) fn read_of(callee: &External, arguments: &Arguments) -> Option<Read> {
    let effect = effects::call(&canonical(callee)?)?;
    let Kind::ReadsEnv { name, default, raises } = effect.kind else { return None };
    Some(Read {
        name: match argument(arguments, name)?.value {
            Value::Str(ref name) => Arc::clone(name),
            _ => return None,
        },
        default: argument(arguments, default).map(|argument| argument.value.clone()),
        raises,
    })
}

/// The variable that `of[key]` reads.
pub(crate) fn item_of(of: &External, key: &Value) -> Option<Arc<str>> {
    let name = canonical(of)?;
    let effect = effects::call(&format!("{name}.__getitem__"))?;
    match (effect.kind, key) {
        (Kind::ReadsEnv { .. }, Value::Str(name)) => Some(Arc::clone(name)),
        _ => None,
    }
}

/// The variables that this value is read from, where it is `None` if none of them is set.
pub(crate) fn may_be_none(value: &Value) -> Option<Vec<Arc<str>>> {
    let Value::External(external) = value else { return None };
    match &**external {
        External::Call { callee, arguments, .. } => {
            let read = read_of(callee, arguments)?;
            match read.default {
                None if !read.raises => Some(vec![read.name]),
                Some(Value::None) => Some(vec![read.name]),
                Some(other) => {
                    let mut names = vec![read.name];
                    names.extend(may_be_none(&other)?);
                    Some(names)
                }
                None => None,
            }
        }
        External::Operation { operator: Operator::Or, operands } => {
            let mut names = Vec::new();
            for operand in operands.iter() {
                if *operand != Value::None {
                    names.extend(may_be_none(operand)?);
                }
            }
            Some(names)
        }
        _ => None,
    }
}

/// The variable that this value is read from in a way that raises where it is not set.
pub(crate) fn raises_without(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::External(external) => match &**external {
            External::Item { of, key } => item_of(of, key),
            _ => None,
        },
        _ => None,
    }
}

/// The variables that this value is made of: it is empty or missing if none of them is set.
pub(crate) fn made_of(value: &Value) -> Option<Vec<Arc<str>>> {
    match value {
        Value::External(external) => match &**external {
            External::Call { callee, arguments, .. } => {
                if let Some(read) = read_of(callee, arguments) {
                    let mut names = vec![read.name];
                    match read.default {
                        None | Some(Value::None) => {}
                        Some(Value::Str(text)) if text.is_empty() => {}
                        Some(other) => names.extend(made_of(&other)?),
                    }
                    return Some(names);
                }
                // `os.getenv("X", "").strip()` is as empty as what it is called on.
                match &**callee {
                    External::Attribute { of, .. } => made_of(&Value::External(Arc::clone(of))),
                    _ => None,
                }
            }
            External::Attribute { of, .. } => made_of(&Value::External(Arc::clone(of))),
            External::Item { of, key } => item_of(of, key).map(|name| vec![name]),
            External::Operation { operator: Operator::Or, operands } => {
                let mut names = Vec::new();
                for operand in operands.iter() {
                    match operand {
                        Value::None => {}
                        Value::Str(text) if text.is_empty() => {}
                        other => names.extend(made_of(other)?),
                    }
                }
                Some(names)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a condition has anything to do with the variable `name`.
pub fn mentions(value: &Value, name: &str) -> bool {
    any_within(value, &|part| part.as_str() == Some(name), 16)
}

/// Whether a condition has anything to do with what the environment holds, which whoever runs the Space
/// may set.
pub fn is_of_environment(value: &Value) -> bool {
    let reads = |part: &Value| match part.as_external().map(|external| &**external) {
        Some(External::Call { callee, arguments, .. }) => read_of(callee, arguments).is_some(),
        Some(External::Item { of, key }) => item_of(of, key).is_some(),
        _ => false,
    };
    any_within(value, &reads, 16)
}

/// Whether a condition asks which version is installed, or what that has.
pub fn is_of_version(value: &Value) -> bool {
    let asks = |part: &Value| {
        let path = match part {
            Value::External(external) => external.path(),
            _ => return false,
        };
        let last = path.trim_end_matches("()").rsplit('.').next().unwrap_or_default();
        matches!(last, "__version__" | "hasattr" | "signature" | "find_spec" | "version")
    };
    any_within(value, &asks, 16)
}

/// Whether something is so of a value or of what it is made of.
fn any_within(value: &Value, is: &impl Fn(&Value) -> bool, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    let deeper = |value: &Value| any_within(value, is, depth - 1);
    if is(value) {
        return true;
    }
    match value {
        Value::Tuple(items) | Value::List(items) | Value::OneOf(items) => items.iter().any(deeper),
        Value::External(external) => match &**external {
            External::Call { callee, arguments, .. } => {
                arguments.items.iter().any(|argument| deeper(&argument.value))
                    || deeper(&Value::External(Arc::clone(callee)))
            }
            External::Attribute { of, .. } | External::Present(of) => {
                deeper(&Value::External(Arc::clone(of)))
            }
            External::Item { of, key } => deeper(key) || deeper(&Value::External(Arc::clone(of))),
            External::Operation { operands, .. } => operands.iter().any(deeper),
            _ => false,
        },
        _ => false,
    }
}

/// The variables that are missing on the branch of a condition that is taken.
#[derive(Debug, PartialEq)]
pub(crate) struct Absent {
    pub(crate) names: Vec<Arc<str>>,
    /// Whether all of them are missing there; else at least one is.
    pub(crate) all: bool,
}

/// Which variables are missing where `test` is `holds`.
pub(crate) fn absent(test: &Value, holds: bool) -> Option<Absent> {
    absent_within(test, holds, 16)
}

fn absent_within(test: &Value, holds: bool, depth: u32) -> Option<Absent> {
    if depth == 0 {
        return None;
    }
    if let Some(names) = made_of(test) {
        return (!holds).then_some(Absent { names, all: true });
    }
    let Value::External(external) = test else { return None };
    let External::Operation { operator, operands } = &**external else { return None };
    match (operator, &**operands) {
        (Operator::Not, [operand]) => absent_within(operand, !holds, depth - 1),
        (Operator::Compare(op), [left, right]) => compared(left, *op, right, holds),
        // All of a disjunction's parts are false where it is, and all of a conjunction's are true.
        (Operator::Or, parts) if !holds => all_absent(parts, holds, depth),
        (Operator::And, parts) if holds => all_absent(parts, holds, depth),
        (Operator::Or | Operator::And, parts) => {
            let mut names = Vec::new();
            for part in parts {
                names.extend(absent_within(part, holds, depth - 1)?.names);
            }
            Some(Absent { names, all: false })
        }
        _ => None,
    }
}

fn all_absent(parts: &[Value], holds: bool, depth: u32) -> Option<Absent> {
    let names: Vec<Arc<str>> = parts
        .iter()
        .filter_map(|part| absent_within(part, holds, depth - 1))
        .flat_map(|absent| absent.names)
        .collect();
    (!names.is_empty()).then_some(Absent { names, all: true })
}

fn compared(left: &Value, op: CompareOp, right: &Value, holds: bool) -> Option<Absent> {
    let equal = match op {
        CompareOp::Is | CompareOp::Eq => holds,
        CompareOp::IsNot | CompareOp::NotEq => !holds,
        CompareOp::In | CompareOp::NotIn => {
            let (Value::Str(name), Value::External(external)) = (left, right) else { return None };
            item_of(external, left)?;
            let missing = (op == CompareOp::NotIn) == holds;
            return missing.then(|| Absent { names: vec![Arc::clone(name)], all: true });
        }
        _ => return None,
    };
    let nothing = |value: &Value| {
        matches!(value, Value::None) || matches!(value, Value::Str(text) if text.is_empty())
    };
    let names = match (nothing(left), nothing(right)) {
        (false, true) => made_of(left)?,
        (true, false) => made_of(right)?,
        _ => return None,
    };
    equal.then_some(Absent { names, all: true })
}

/// Whether the program looks, in `guards`, whether the variable is there, or takes its absence.
pub(crate) fn is_guarded(guards: &[Guard], name: &str) -> bool {
    guards.iter().any(|guard| match guard {
        Guard::Condition { test, .. } | Guard::Passed { test, .. } => mentions(test, name),
        Guard::Try { catches } => catches.iter().any(|class| {
            matches!(&**class, "KeyError" | "LookupError" | "Exception" | "BaseException" | "?")
        }),
        Guard::Handler => true,
    })
}
