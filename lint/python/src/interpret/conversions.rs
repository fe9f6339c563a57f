//! What Python's own types make of a value: `int("3")`, `list(items)`, `str(x)`.

use super::{Eval, Interpreter, fold, paths};
use crate::syntax::Shown;
use crate::value::{Argument, Arguments, Place, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    /// `int(…)` and its like, of a constant; `None` where the world may know the worth.
    pub(super) fn convert(
        &mut self,
        name: &str,
        arguments: &Arguments,
        place: Place,
    ) -> Option<Eval<Value>> {
        let first = arguments.positional(0).map(|argument| argument.value.clone());
        if let (Some(value @ Value::Instance(..)), false) = (&first, arguments.open) {
            if name == "bool" {
                return Some(
                    self.truth(value).map(|truth| truth.map_or(Value::Unknown, Value::Bool)),
                );
            }
            let hooks: &[&str] = match name {
                "str" => &["__str__", "__repr__"],
                "repr" => &["__repr__"],
                "int" => &["__int__", "__index__"],
                "float" => &["__float__"],
                "abs" => &["__abs__"],
                _ => &[],
            };
            for hook in hooks {
                match self.special(value, hook, Vec::new(), place.span) {
                    Ok(Some(value)) => return Some(Ok(value)),
                    Ok(None) => {}
                    Err(stop) => return Some(Err(stop)),
                }
            }
            if let "str" = name
                && let Some(text) = self.text_of(value, &Shown::Str)
            {
                return Some(Ok(Value::str(&text)));
            }
            if let Some(value) = self.mixed_in(value).filter(|_| name != "str" && name != "repr") {
                let arguments =
                    Arguments { items: vec![Argument { name: None, value, place }], open: false };
                return convert(name, &arguments).map(Ok);
            }
            return Some(Ok(Value::Unknown));
        }
        if let ("str" | "repr" | "format", Some(value), false) = (name, &first, arguments.open)
            && !matches!(value, Value::OneOf(_))
        {
            let shown = match (name, arguments.positional(1)) {
                ("str", None) => Shown::Str,
                ("repr", None) => Shown::Repr,
                ("format", Some(spec)) => match spec.value.as_str() {
                    Some(spec) => Shown::Format { of_repr: false, spec: spec.into() },
                    None => Shown::Otherwise,
                },
                _ => Shown::Otherwise,
            };
            let text = self.text_of(value, &shown);
            // What the world may know more of is left to it.
            if text.is_some() || !matches!(value, Value::External(_)) {
                return Some(Ok(text.map_or(Value::Unknown, |text| Value::str(&text))));
            }
        }
        if let Some(text) = first.as_ref().and_then(paths::path_text)
            && matches!(name, "str")
        {
            return Some(Ok(Value::Str(text)));
        }
        if let ("bool", Some(value), false) = (name, &first, arguments.open)
            && !matches!(value, Value::External(_))
        {
            return Some(self.truth(value).map(|truth| truth.map_or(Value::Unknown, Value::Bool)));
        }
        let value = convert(name, arguments)?;
        if value == Value::Unknown
            && let ("int" | "float", Some(Value::Str(text)), 1) =
                (name, &first, arguments.items.len())
            && !arguments.open
            && !reads_as_number(name, text)
        {
            return Some(self.raise_builtin("ValueError"));
        }
        Some(Ok(value))
    }
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
                "repr" => fold::repr(value).map(|text| Value::str(&text)),
                "ord" => match value {
                    Value::Str(text) if text.chars().count() == 1 => {
                        text.chars().next().map(|c| Value::Int(i64::from(u32::from(c))))
                    }
                    _ => None,
                },
                "chr" => fold::integer(value)
                    .and_then(|code| u32::try_from(code).ok())
                    .and_then(char::from_u32)
                    .map(|c| Value::str(c.encode_utf8(&mut [0; 4]))),
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

#[expect(clippy::cast_possible_truncation, reason = "only what fits is taken")]
fn whole(value: f64) -> Option<Value> {
    (value.is_finite() && value.abs() < 9e15).then(|| Value::Int(value.trunc() as i64))
}

/// Whether `int` or `float` may take this text.
fn reads_as_number(name: &str, text: &str) -> bool {
    let text = text.trim().replace('_', "");
    let digits = text.trim_start_matches(['+', '-']);
    match name {
        // One that does not fit here is one all the same.
        "int" => !digits.is_empty() && digits.chars().all(char::is_numeric),
        _ => text.parse::<f64>().is_ok() || !text.is_ascii(),
    }
}
