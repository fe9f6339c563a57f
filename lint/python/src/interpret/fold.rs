//! Constants folded: operators, comparisons and methods of strings on settled values.

use crate::syntax::{BinOp, CompareOp, UnaryOp};
use crate::value::{Arguments, External, Value};

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
        (Str(template), BinOp::Mod, value) => return percent(template, value),
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

pub(super) fn is_settled(value: &Value) -> bool {
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
            | Value::Cached(_)
            | Value::Partial(_)
            | Value::Method(..)
    ) || matches!(value, Value::External(external) if is_there(external))
}

/// Whether something external is surely there: what knowledge says so of, and what Python itself
/// provides, its exceptions among them.
fn is_there(external: &External) -> bool {
    match external {
        External::Present(_) => true,
        External::Name(path) => path.starts_with("builtins."),
        External::Call { callee, .. } => callee
            .name()
            .and_then(|name| name.strip_prefix("builtins."))
            .is_some_and(|name| super::classes::exception_lineage(name).is_some()),
        _ => false,
    }
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
    match value {
        Value::Str(text) => Some(text.to_string()),
        other => repr(other),
    }
}

/// How Python writes a constant in `repr(…)`.
pub(super) fn repr(value: &Value) -> Option<String> {
    Some(match value {
        Value::Str(text) => {
            // What else is escaped depends on what Python calls printable.
            let plain = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
            if !plain || text.contains('\\') {
                return None;
            }
            match (text.contains('\''), text.contains('"')) {
                (true, false) => format!("\"{text}\""),
                (true, true) => format!("'{}'", text.replace('\'', "\\'")),
                (false, _) => format!("'{text}'"),
            }
        }
        Value::Int(value) => value.to_string(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::None => "None".into(),
        Value::Float(value) => float(*value),
        Value::Tuple(items) => match &**items {
            [only] => format!("({},)", repr(only)?),
            items => format!("({})", listed(items)?),
        },
        Value::List(items) => format!("[{}]", listed(items)?),
        Value::Dict(pairs) => {
            let pairs: Option<Vec<String>> = pairs
                .iter()
                .map(|(key, value)| Some(format!("{}: {}", repr(key)?, repr(value)?)))
                .collect();
            let text = format!("{{{}}}", pairs?.join(", "));
            return (text.len() <= MAX_TEXT).then_some(text);
        }
        _ => return None,
    })
}

fn listed(items: &[Value]) -> Option<String> {
    let items: Option<Vec<String>> = items.iter().map(repr).collect();
    let text = items?.join(", ");
    (text.len() <= MAX_TEXT).then_some(text)
}

/// The shortest digits that read back as the same number, as Python writes them.
fn float(value: f64) -> String {
    if !value.is_finite() {
        return match value {
            value if value.is_nan() => "nan".into(),
            value if value > 0.0 => "inf".into(),
            _ => "-inf".into(),
        };
    }
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        let text = value.to_string();
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, power)) => match power.strip_prefix('-') {
            Some(power) => format!("{digits}e-{power:0>2}"),
            None => format!("{digits}e+{power:0>2}"),
        },
        None => text,
    }
}

/// `format(value, spec)` for what is common in specs.
pub(super) fn formatted(value: &Value, spec: &str) -> Option<String> {
    let chars: Vec<char> = spec.chars().collect();
    let is_align = |c: &char| matches!(c, '<' | '>' | '^' | '=');
    let (fill, align, mut at) = match (chars.first(), chars.get(1)) {
        (Some(fill), Some(align)) if is_align(align) => (*fill, Some(*align), 2),
        (Some(align), _) if is_align(align) => (' ', Some(*align), 1),
        _ => (' ', None, 0),
    };
    let mut take = |wanted: &[char]| {
        let found = chars.get(at).copied().filter(|c| wanted.contains(c));
        at += usize::from(found.is_some());
        found
    };
    let sign = take(&['+', '-', ' ']);
    let zero = take(&['0']).is_some();
    let digits = |at: &mut usize| {
        let start = *at;
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        chars[start..*at].iter().collect::<String>().parse::<usize>().ok()
    };
    let width = digits(&mut at).unwrap_or(0).min(MAX_TEXT);
    let group = chars.get(at).copied().filter(|c| matches!(c, ',' | '_'));
    at += usize::from(group.is_some());
    let precision = match chars.get(at) {
        Some('.') => {
            at += 1;
            Some(digits(&mut at)?.min(MAX_TEXT))
        }
        _ => None,
    };
    let kind = chars.get(at).copied();
    if at + usize::from(kind.is_some()) != chars.len() {
        return None;
    }
    let (negative, body, is_text) = match (value, kind) {
        (Value::Str(text), None | Some('s')) => {
            let kept = precision.unwrap_or(usize::MAX);
            (false, text.chars().take(kept).collect::<String>(), true)
        }
        (Value::Int(_) | Value::Bool(_), None) if chars.is_empty() => return text(value),
        (Value::Int(number), None | Some('d' | 'n')) if precision.is_none() => {
            (*number < 0, number.unsigned_abs().to_string(), false)
        }
        (Value::Int(number), Some('x')) => {
            (*number < 0, format!("{:x}", number.unsigned_abs()), false)
        }
        (Value::Int(number), Some('b')) => {
            (*number < 0, format!("{:b}", number.unsigned_abs()), false)
        }
        (number, Some(kind @ ('f' | 'F' | '%'))) => {
            let number = self::number(number)? * if kind == '%' { 100.0 } else { 1.0 };
            if !number.is_finite() {
                return None;
            }
            let mut body = format!("{:.*}", precision.unwrap_or(6), number.abs());
            if kind == '%' {
                body.push('%');
            }
            (number.is_sign_negative(), body, false)
        }
        (Value::Float(number), None) if chars.is_empty() => return Some(float(*number)),
        _ => return None,
    };
    let body = match group {
        Some(group) => grouped(&body, group),
        None => body,
    };
    let sign = match (negative, sign) {
        _ if is_text => "",
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    let missing = width.saturating_sub(body.chars().count() + sign.len());
    let (fill, align) = match align {
        Some(align) => (fill, align),
        None if zero && !is_text => ('0', '='),
        None if zero => ('0', '<'),
        None => (' ', if is_text { '<' } else { '>' }),
    };
    let pad = |count: usize| fill.to_string().repeat(count);
    Some(match align {
        '=' => format!("{sign}{}{body}", pad(missing)),
        '<' => format!("{sign}{body}{}", pad(missing)),
        '^' => format!("{}{sign}{body}{}", pad(missing / 2), pad(missing - missing / 2)),
        _ => format!("{}{sign}{body}", pad(missing)),
    })
}

/// Digits in groups of three.
fn grouped(body: &str, by: char) -> String {
    let (whole, rest) = match body.find(['.', '%']) {
        Some(dot) => body.split_at(dot),
        None => (body, ""),
    };
    let mut made = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            made.push(by);
        }
        made.push(digit);
    }
    made + rest
}

/// A function of `math`, of constants.
pub(super) fn mathematics(name: &str, arguments: &Arguments) -> Option<Value> {
    let first = &arguments.positional(0)?.value;
    if let (Some(whole), "floor" | "ceil" | "trunc") = (integer(first), name) {
        return Some(Value::Int(whole));
    }
    let value = number(first)?;
    let whole = |value: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "only what fits is taken")]
        (value.is_finite() && value.abs() < 9e15).then_some(Value::Int(value as i64))
    };
    match name {
        "floor" => whole(value.floor()),
        "ceil" => whole(value.ceil()),
        "trunc" => whole(value.trunc()),
        "sqrt" if value >= 0.0 => Some(Value::Float(value.sqrt())),
        "fabs" => Some(Value::Float(value.abs())),
        _ => None,
    }
}

/// `template % value` for plain `%s` and `%d`.
fn percent(template: &str, value: &Value) -> Option<Value> {
    let values: &[Value] = match value {
        Value::Tuple(items) => items,
        other => std::slice::from_ref(other),
    };
    let mut values = values.iter();
    let mut made = String::new();
    let mut parts = template.split('%');
    made.push_str(parts.next()?);
    while let Some(part) = parts.next() {
        let mut rest = part.chars();
        match rest.next() {
            None => {
                made.push('%');
                made.push_str(parts.next()?);
                continue;
            }
            Some('s') => made.push_str(&text(values.next()?)?),
            Some('d') => made.push_str(&integer(values.next()?)?.to_string()),
            Some(_) => return None,
        }
        made.push_str(rest.as_str());
    }
    (values.next().is_none() && made.len() <= MAX_TEXT).then(|| Value::str(&made))
}

/// `template.format(…)` for fields without formats, conversions and attributes.
pub(super) fn format(template: &str, arguments: &Arguments) -> Option<String> {
    if arguments.open {
        return None;
    }
    let mut made = String::new();
    let mut rest = template;
    let mut next = 0;
    while let Some(at) = rest.find(['{', '}']) {
        made.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        if doubled {
            made.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        let end = at + rest[at..].find('}')?;
        let field = rest.get(at + 1..end)?;
        let argument = if field.is_empty() {
            next += 1;
            arguments.positional(next - 1)
        } else if let Ok(index) = field.parse::<usize>() {
            arguments.positional(index)
        } else {
            arguments.keyword(field)
        };
        made.push_str(&text(&argument?.value)?);
        if made.len() > MAX_TEXT {
            return None;
        }
        rest = &rest[end + 1..];
    }
    made.push_str(rest);
    (made.len() <= MAX_TEXT).then_some(made)
}

/// The exception that an operator raises on constants it does not take.
pub(super) fn mistake(left: &Value, op: BinOp, right: &Value) -> Option<&'static str> {
    let is_number = |value: &Value| number(value).is_some();
    match (left, op, right) {
        (left, BinOp::Div | BinOp::FloorDiv | BinOp::Mod, right)
            if is_number(left) && number(right) == Some(0.0) =>
        {
            Some("ZeroDivisionError")
        }
        (Value::Str(_), BinOp::Add, right) if is_number(right) || *right == Value::None => {
            Some("TypeError")
        }
        (left, BinOp::Add, Value::Str(_)) if is_number(left) || *left == Value::None => {
            Some("TypeError")
        }
        (Value::None, _, right) | (right, _, Value::None)
            if is_number(right) || *right == Value::None =>
        {
            Some("TypeError")
        }
        _ => None,
    }
}

/// `by.join(parts)`.
pub(super) fn join(parts: &[&str], by: &str) -> Option<Value> {
    let gaps = by.len().checked_mul(parts.len().saturating_sub(1))?;
    let len = parts.iter().map(|part| part.len()).sum::<usize>().checked_add(gaps)?;
    (len <= MAX_TEXT).then(|| Value::str(&parts.join(by)))
}

/// A method of a string constant, where the arguments are constants too.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each name")]
pub(super) fn string_method(text: &str, method: &str, arguments: &[&Value]) -> Option<Value> {
    if let ("zfill", [width]) = (method, arguments) {
        let width = usize::try_from(integer(width)?).ok()?.min(MAX_TEXT);
        let (sign, digits) = match text.strip_prefix(['+', '-']) {
            Some(digits) => (&text[..1], digits),
            None => ("", text),
        };
        let zeros = width.saturating_sub(text.chars().count());
        return Some(Value::str(&format!("{sign}{}{digits}", "0".repeat(zeros))));
    }
    if let ("split", [by, times]) = (method, arguments) {
        let (by, times) = (by.as_str()?, usize::try_from(integer(times)?).ok()?);
        if by.is_empty() {
            return None;
        }
        return Some(Value::List(text.splitn(times + 1, by).map(Value::str).collect()));
    }
    if let ("startswith" | "endswith", [Value::Tuple(parts)]) = (method, arguments) {
        let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
        return Some(Value::Bool(parts?.iter().any(|part| {
            if method == "startswith" { text.starts_with(part) } else { text.ends_with(part) }
        })));
    }
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
        ("split" | "rsplit", []) => Value::List(text.split_whitespace().map(Value::str).collect()),
        ("split" | "rsplit", [by]) if !by.is_empty() => {
            Value::List(text.split(by).map(Value::str).collect())
        }
        ("title", []) => {
            let mut made = String::with_capacity(text.len());
            let mut inside = false;
            for c in text.chars() {
                if inside {
                    made.extend(c.to_lowercase());
                } else {
                    made.extend(c.to_uppercase());
                }
                inside = c.is_alphabetic();
            }
            Value::str(&made)
        }
        ("capitalize", []) => {
            let mut chars = text.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            Value::str(&format!("{first}{}", chars.as_str().to_lowercase()))
        }
        ("swapcase", []) if text.is_ascii() => Value::str(
            &text
                .chars()
                .map(|c| {
                    if c.is_ascii_uppercase() {
                        c.to_ascii_lowercase()
                    } else {
                        c.to_ascii_uppercase()
                    }
                })
                .collect::<String>(),
        ),
        ("count", [part]) if !part.is_empty() => {
            Value::Int(i64::try_from(text.matches(part).count()).ok()?)
        }
        ("find", [part]) => Value::Int(match text.find(part) {
            Some(at) => i64::try_from(text[..at].chars().count()).ok()?,
            None => -1,
        }),
        ("rfind", [part]) => Value::Int(match text.rfind(part) {
            Some(at) => i64::try_from(text[..at].chars().count()).ok()?,
            None => -1,
        }),
        ("partition", [by]) if !by.is_empty() => Value::Tuple(match text.split_once(by) {
            Some((head, tail)) => [Value::str(head), Value::str(by), Value::str(tail)].into(),
            None => [Value::str(text), Value::str(""), Value::str("")].into(),
        }),
        ("rpartition", [by]) if !by.is_empty() => Value::Tuple(match text.rsplit_once(by) {
            Some((head, tail)) => [Value::str(head), Value::str(by), Value::str(tail)].into(),
            None => [Value::str(""), Value::str(""), Value::str(text)].into(),
        }),
        ("splitlines", []) if !text.contains(['\r', '\x0b', '\x0c', '\x1c', '\u{85}']) => {
            Value::List(text.lines().map(Value::str).collect())
        }
        ("isalpha", []) => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphabetic)),
        ("isupper" | "islower", []) if text.is_ascii() => {
            let wrong = |c: char| {
                if method == "isupper" { c.is_ascii_lowercase() } else { c.is_ascii_uppercase() }
            };
            let letters = text.chars().any(|c| c.is_ascii_alphabetic());
            Value::Bool(letters && !text.chars().any(wrong))
        }
        ("isdigit", []) => {
            Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit()))
        }
        _ => return None,
    })
}
