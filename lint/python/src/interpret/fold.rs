//! Constants folded: operators, comparisons and methods of strings on settled values.

use crate::syntax::{BinOp, CompareOp, UnaryOp};
use crate::value::{External, Value};

/// Longer strings are not built: what is settled stays small.
pub(super) const MAX_TEXT: usize = 64 << 10;

/// `left op right`, where both are constants.
pub(super) fn binary(left: &Value, op: BinOp, right: &Value) -> Option<Value> {
    use Value::{Float, Int, List, Str, Tuple};
    Some(match (left, op, right) {
        (Str(a), BinOp::Add, Str(b)) if a.len() + b.len() <= MAX_TEXT => {
            Value::str(&format!("{a}{b}"))
        }
        (Str(a), BinOp::Mul, Int(n)) | (Int(n), BinOp::Mul, Str(a)) => {
            let n = usize::try_from(*n).unwrap_or(0);
            if a.len().checked_mul(n)? > MAX_TEXT {
                return None;
            }
            Value::str(&a.repeat(n))
        }
        (Str(_), BinOp::Mod, _) => return None,
        (Tuple(a), BinOp::Add, Tuple(b)) if a.len() + b.len() <= MAX_TEXT => {
            Tuple(a.iter().chain(b.iter()).cloned().collect())
        }
        (List(a), BinOp::Add, List(b)) if a.len() + b.len() <= MAX_TEXT => {
            List(a.iter().chain(b.iter()).cloned().collect())
        }
        _ => match (integer(left), integer(right)) {
            (Some(a), Some(b)) => return integers(a, op, b),
            _ => Float(floats(number(left)?, op, number(right)?)?),
        },
    })
}

fn floats(a: f64, op: BinOp, b: f64) -> Option<f64> {
    Some(match op {
        BinOp::Add => a + b,
        BinOp::Sub => a - b,
        BinOp::Mul => a * b,
        BinOp::Div if b != 0.0 => a / b,
        BinOp::FloorDiv if b != 0.0 => (a / b).floor(),
        BinOp::Mod if b != 0.0 => a - b * (a / b).floor(),
        BinOp::Pow => a.powf(b),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "Python's true division loses the same digits")]
fn integers(a: i64, op: BinOp, b: i64) -> Option<Value> {
    Some(Value::Int(match op {
        BinOp::Add => a.checked_add(b)?,
        BinOp::Sub => a.checked_sub(b)?,
        BinOp::Mul => a.checked_mul(b)?,
        BinOp::Div => return (b != 0).then(|| Value::Float(a as f64 / b as f64)),
        BinOp::FloorDiv => {
            let quotient = a.checked_div(b)?;
            if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
        }
        BinOp::Mod => {
            let rest = a.checked_rem(b)?;
            if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
        }
        BinOp::Pow => match u32::try_from(b) {
            Ok(power) => a.checked_pow(power)?,
            Err(_) => return None,
        },
        BinOp::BitOr => a | b,
        BinOp::BitAnd => a & b,
        BinOp::BitXor => a ^ b,
        BinOp::LeftShift => a.checked_mul(2_i64.checked_pow(u32::try_from(b).ok()?)?)?,
        BinOp::RightShift => a.checked_shr(u32::try_from(b).ok()?)?,
        BinOp::MatMul => return None,
    }))
}

/// `op operand`, where it is a constant.
pub(super) fn unary(op: UnaryOp, operand: &Value) -> Option<Value> {
    Some(match (op, operand) {
        (UnaryOp::Not, operand) => Value::Bool(!operand.truth()?),
        (UnaryOp::Neg, Value::Float(a)) => Value::Float(-a),
        (UnaryOp::Neg, operand) => Value::Int(integer(operand)?.checked_neg()?),
        (UnaryOp::Pos, Value::Float(a)) => Value::Float(*a),
        (UnaryOp::Pos, operand) => Value::Int(integer(operand)?),
        (UnaryOp::Invert, operand) => Value::Int(!integer(operand)?),
    })
}

/// `left op right` for a comparison, where it is settled.
pub(super) fn compare(left: &Value, op: CompareOp, right: &Value) -> Option<bool> {
    match op {
        CompareOp::Eq => equal(left, right),
        CompareOp::NotEq => equal(left, right).map(|equal| !equal),
        CompareOp::Is => identical(left, right),
        CompareOp::IsNot => identical(left, right).map(|same| !same),
        CompareOp::In => contains(right, left),
        CompareOp::NotIn => contains(right, left).map(|inside| !inside),
        CompareOp::Lt | CompareOp::LtE | CompareOp::Gt | CompareOp::GtE => {
            let order = match (left, right) {
                (Value::Str(a), Value::Str(b)) => a.cmp(b),
                (Value::Tuple(a), Value::Tuple(b)) => order_tuples(a, b)?,
                _ => number(left)?.partial_cmp(&number(right)?)?,
            };
            Some(match op {
                CompareOp::Lt => order.is_lt(),
                CompareOp::LtE => order.is_le(),
                CompareOp::Gt => order.is_gt(),
                _ => order.is_ge(),
            })
        }
    }
}

fn order_tuples(a: &[Value], b: &[Value]) -> Option<std::cmp::Ordering> {
    for (a, b) in a.iter().zip(b) {
        let order = match (a, b) {
            (Value::Str(a), Value::Str(b)) => a.cmp(b),
            _ => number(a)?.partial_cmp(&number(b)?)?,
        };
        if order.is_ne() {
            return Some(order);
        }
    }
    Some(a.len().cmp(&b.len()))
}

fn is_settled(value: &Value) -> bool {
    match value {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => true,
        Value::Tuple(items) | Value::List(items) => items.iter().all(is_settled),
        _ => false,
    }
}

/// Something that is surely there, whatever it is: not `None`.
fn is_thing(value: &Value) -> bool {
    matches!(
        value,
        Value::Function(_)
            | Value::Class(_)
            | Value::Module(..)
            | Value::Instance(..)
            | Value::Wrapped(_)
            | Value::Partial(_)
            | Value::Method(..)
    ) || matches!(value, Value::External(external) if matches!(**external, External::Present(_)))
}

fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::OneOf(values), other) | (other, Value::OneOf(values)) => {
            let mut answers = values.iter().map(|value| equal(value, other));
            let first = answers.next()??;
            answers.all(|answer| answer == Some(first)).then_some(first)
        }
        (left, right) if is_settled(left) && is_settled(right) => {
            Some(match (number(left), number(right)) {
                #[expect(clippy::float_cmp, reason = "as Python compares")]
                (Some(a), Some(b)) => a == b,
                _ => left == right,
            })
        }
        (thing, Value::None) | (Value::None, thing) if is_thing(thing) => Some(false),
        _ => None,
    }
}

fn identical(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::OneOf(values), other) | (other, Value::OneOf(values)) => {
            let mut answers = values.iter().map(|value| identical(value, other));
            let first = answers.next()??;
            answers.all(|answer| answer == Some(first)).then_some(first)
        }
        (Value::None | Value::Bool(_), Value::None | Value::Bool(_)) => Some(left == right),
        (Value::None, other) | (other, Value::None)
            if is_settled(other)
                || is_thing(other)
                || matches!(other, Value::Dict(_) | Value::Object(_)) =>
        {
            Some(false)
        }
        _ => None,
    }
}

fn contains(container: &Value, item: &Value) -> Option<bool> {
    match (container, item) {
        (Value::Str(text), Value::Str(part)) => Some(text.contains(&**part)),
        (Value::Tuple(items) | Value::List(items), item) => {
            let mut sure = true;
            for candidate in items.iter() {
                match equal(candidate, item) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => sure = false,
                }
            }
            sure.then_some(false)
        }
        (Value::Dict(pairs), item) => {
            let keys: Vec<Value> = pairs.iter().map(|(key, _)| key.clone()).collect();
            contains(&Value::List(keys.into()), item)
        }
        _ => None,
    }
}

/// An integer or a truth value as an integer.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        Value::Bool(value) => Some(i64::from(*value)),
        _ => None,
    }
}

/// Any number as a float.
#[expect(clippy::cast_precision_loss, reason = "only compared, or folded where Python would too")]
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        other => integer(other).map(|value| value as f64),
    }
}

/// How Python writes a constant in `str(…)` and f-strings.
pub(super) fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Str(text) => text.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::None => "None".into(),
        // Python's shortest form differs from Rust's for large and small floats.
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.1}"),
        _ => return None,
    })
}

/// `by.join(parts)`.
pub(super) fn join(parts: &[&str], by: &str) -> Option<Value> {
    let gaps = by.len().checked_mul(parts.len().saturating_sub(1))?;
    let len = parts.iter().map(|part| part.len()).sum::<usize>().checked_add(gaps)?;
    (len <= MAX_TEXT).then(|| Value::str(&parts.join(by)))
}

/// A method of a string constant, where the arguments are constants too.
pub(super) fn string_method(text: &str, method: &str, arguments: &[&Value]) -> Option<Value> {
    let strings: Option<Vec<&str>> = arguments.iter().map(|value| value.as_str()).collect();
    Some(match (method, strings?.as_slice()) {
        ("lower" | "casefold", []) => Value::str(&text.to_lowercase()),
        ("upper", []) => Value::str(&text.to_uppercase()),
        ("strip", []) => Value::str(text.trim()),
        ("lstrip", []) => Value::str(text.trim_start()),
        ("rstrip", []) => Value::str(text.trim_end()),
        ("strip", [set]) => Value::str(text.trim_matches(|c| set.contains(c))),
        ("lstrip", [set]) => Value::str(text.trim_start_matches(|c| set.contains(c))),
        ("rstrip", [set]) => Value::str(text.trim_end_matches(|c| set.contains(c))),
        ("startswith", [part]) => Value::Bool(text.starts_with(part)),
        ("endswith", [part]) => Value::Bool(text.ends_with(part)),
        ("removeprefix", [part]) => Value::str(text.strip_prefix(part).unwrap_or(text)),
        ("removesuffix", [part]) => Value::str(text.strip_suffix(part).unwrap_or(text)),
        ("replace", [old, new]) if !old.is_empty() => {
            let parts: Vec<&str> = text.split(old).collect();
            return join(&parts, new);
        }
        ("split", []) => Value::List(text.split_whitespace().map(Value::str).collect()),
        ("split", [by]) if !by.is_empty() => Value::List(text.split(by).map(Value::str).collect()),
        ("isdigit", []) => {
            Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit()))
        }
        _ => return None,
    })
}
