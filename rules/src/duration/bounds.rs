//! Between which numbers a value lies, as far as the text settles that: what a function of the arguments
//! may come to. An argument is taken to be a number of 0 or more, or something that has a size.

use std::sync::Arc;

use spacelint_python::syntax::{BinOp, Name};
use spacelint_python::{Argument, Arguments, External, Operator, Value};

/// How deep a value is looked into.
const MAX_DEPTH: u32 = 32;

/// Between which numbers something lies, both included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bounds {
    pub(super) least: f64,
    pub(super) most: f64,
    /// The arguments with which it grows beyond all bounds, sorted; none where nothing is known to.
    pub(super) grows: Vec<Name>,
}

impl Bounds {
    const UNKNOWN: Self = Self { least: f64::NEG_INFINITY, most: f64::INFINITY, grows: Vec::new() };

    /// What `value` lies between.
    pub(super) fn of(value: &Value) -> Self {
        within(value, None, MAX_DEPTH)
    }

    /// What `value` lies between where every argument is this number.
    pub(super) fn at(value: &Value, argument: f64) -> Self {
        within(value, Some(argument), MAX_DEPTH)
    }

    /// The one number that it is.
    #[expect(clippy::float_cmp, reason = "the bounds of a constant are the constant itself")]
    pub(super) fn exact(&self) -> Option<f64> {
        (self.least == self.most).then_some(self.least)
    }

    fn number(number: f64) -> Self {
        Self { least: number, most: number, grows: Vec::new() }
    }

    /// Something that an argument is the measure of.
    fn growing(grows: Vec<Name>) -> Self {
        if grows.is_empty() {
            Self::UNKNOWN
        } else {
            Self { least: 0.0, most: f64::INFINITY, grows }
        }
    }

    fn new(least: f64, most: f64, grows: Vec<Name>) -> Self {
        if least.is_nan() || most.is_nan() {
            return Self::UNKNOWN;
        }
        let grows = if most == f64::INFINITY { grows } else { Vec::new() };
        Self { least, most, grows }
    }

    /// Either of two.
    fn or(&self, other: &Self) -> Self {
        let grows = union(self, other);
        Self::new(self.least.min(other.least), self.most.max(other.most), grows)
    }

    fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self::new(function(self.least), function(self.most), self.grows)
    }

    fn is_infinite(&self) -> bool {
        self.most == f64::INFINITY
    }

    fn is_unknown(&self) -> bool {
        self.is_infinite() && self.grows.is_empty()
    }

    fn plus(&self, other: &Self) -> Self {
        let grows = union(self, other);
        Self::new(self.least + other.least, self.most + other.most, grows)
    }

    fn minus(self, other: &Self) -> Self {
        Self::new(self.least - other.most, self.most - other.least, self.grows)
    }

    fn times(&self, other: &Self) -> Self {
        if self.least < 0.0 || other.least < 0.0 {
            return match (self.exact(), other.exact()) {
                (Some(one), Some(two)) => Self::number(one * two),
                _ => Self::UNKNOWN,
            };
        }
        let grows = union(self, other);
        // Nothing of what has no end is nothing.
        let most = if self.most == 0.0 || other.most == 0.0 { 0.0 } else { self.most * other.most };
        Self::new(self.least * other.least, most, grows)
    }

    fn over(self, other: &Self) -> Self {
        if self.least < 0.0 || other.least <= 0.0 {
            return match (self.exact(), other.exact()) {
                (Some(one), Some(two)) if two != 0.0 => Self::number(one / two),
                _ => Self::UNKNOWN,
            };
        }
        Self::new(self.least / other.most, self.most / other.least, self.grows)
    }

    fn power(self, other: &Self) -> Self {
        match other.exact() {
            Some(power) if power >= 1.0 && self.least >= 0.0 => {
                Self::new(self.least.powf(power), self.most.powf(power), self.grows)
            }
            _ => Self::UNKNOWN,
        }
    }

    /// `min(…)` of two: what is not known may be the smaller one.
    fn least(&self, other: &Self) -> Self {
        let may_end = self.is_unknown() || other.is_unknown();
        let grows = if may_end { Vec::new() } else { union(self, other) };
        Self::new(self.least.min(other.least), self.most.min(other.most), grows)
    }

    /// `max(…)` of two.
    fn greatest(&self, other: &Self) -> Self {
        let grows = union(self, other);
        Self::new(self.least.max(other.least), self.most.max(other.most), grows)
    }
}

/// The arguments with which one of the two grows.
fn union(one: &Bounds, other: &Bounds) -> Vec<Name> {
    sorted(one.grows.iter().chain(&other.grows).cloned().collect())
}

fn sorted(mut names: Vec<Name>) -> Vec<Name> {
    names.sort();
    names.dedup();
    names
}

#[expect(clippy::cast_precision_loss, reason = "`spaces` makes a float of a number of seconds too")]
fn within(value: &Value, at: Option<f64>, depth: u32) -> Bounds {
    if depth == 0 {
        return Bounds::UNKNOWN;
    }
    match value {
        Value::Bool(value) => Bounds::number(f64::from(u8::from(*value))),
        Value::Int(value) => Bounds::number(*value as f64),
        Value::Float(value) => Bounds::new(*value, *value, Vec::new()),
        Value::OneOf(values) => {
            let values = values.iter().map(|value| within(value, at, depth - 1));
            values.reduce(|one, other| one.or(&other)).unwrap_or(Bounds::UNKNOWN)
        }
        Value::External(external) => of_external(external, at, depth),
        _ => Bounds::UNKNOWN,
    }
}

fn of_external(external: &Arc<External>, at: Option<f64>, depth: u32) -> Bounds {
    if depth == 0 {
        return Bounds::UNKNOWN;
    }
    match &**external {
        External::Argument(name) => match at {
            Some(number) => Bounds::number(number),
            None => Bounds::growing(vec![Arc::clone(name)]),
        },
        External::Present(external) => of_external(external, at, depth - 1),
        External::Attribute { .. } | External::Item { .. } => {
            Bounds::growing(sorted(arguments_in(external)))
        }
        External::Call { callee, arguments, .. } => called(callee, arguments, at, depth),
        External::Operation { operator, operands } => operated(*operator, operands, at, depth),
        External::Unknown | External::Name(_) | External::Instance { .. } => Bounds::UNKNOWN,
    }
}

fn called(callee: &External, arguments: &Arguments, at: Option<f64>, depth: u32) -> Bounds {
    let name = match callee {
        External::Name(name) => &**name,
        // `timedelta(…).total_seconds()`
        External::Attribute { of, name } if &**name == "total_seconds" => {
            return of_external(of, at, depth - 1);
        }
        // `settings.get("steps")`
        callee => return Bounds::growing(arguments_in(callee)),
    };
    if name == "datetime.timedelta" {
        return timedelta(arguments, at, depth);
    }
    let [Argument { name: None, value, .. }] = &*arguments.items else { return Bounds::UNKNOWN };
    if arguments.open {
        return Bounds::UNKNOWN;
    }
    let of = || within(value, at, depth - 1);
    match name {
        "builtins.float" => of(),
        "builtins.int" | "math.trunc" => of().map(f64::trunc),
        "builtins.round" => of().map(f64::round_ties_even),
        "math.ceil" => of().map(f64::ceil),
        "math.floor" => of().map(f64::floor),
        "builtins.len" => {
            let names = value.as_external().map(|external| arguments_in(external));
            let bounds = Bounds::growing(sorted(names.unwrap_or_default()));
            Bounds { least: 0.0, ..bounds }
        }
        _ => Bounds::UNKNOWN,
    }
}

/// The seconds of `datetime.timedelta(…)`.
fn timedelta(arguments: &Arguments, at: Option<f64>, depth: u32) -> Bounds {
    // Its parameters in their order, with the seconds in each.
    const UNITS: [(&str, f64); 7] = [
        ("days", 86_400.0),
        ("seconds", 1.0),
        ("microseconds", 1e-6),
        ("milliseconds", 1e-3),
        ("minutes", 60.0),
        ("hours", 3600.0),
        ("weeks", 604_800.0),
    ];
    if arguments.open {
        return Bounds::UNKNOWN;
    }
    let given = UNITS.into_iter().enumerate().filter_map(|(index, (name, unit))| {
        let argument = arguments.get(index, name)?;
        Some(within(&argument.value, at, depth - 1).times(&Bounds::number(unit)))
    });
    given.reduce(|one, other| one.plus(&other)).unwrap_or(Bounds::number(0.0))
}

fn operated(operator: Operator, operands: &[Value], at: Option<f64>, depth: u32) -> Bounds {
    let mut parts = operands.iter().map(|operand| within(operand, at, depth - 1));
    match operator {
        Operator::Binary(operator) => {
            let (Some(left), Some(right)) = (parts.next(), parts.next()) else {
                return Bounds::UNKNOWN;
            };
            match operator {
                BinOp::Add => left.plus(&right),
                BinOp::Sub => left.minus(&right),
                BinOp::Mul => left.times(&right),
                BinOp::Div => left.over(&right),
                BinOp::FloorDiv => left.over(&right).map(f64::floor),
                BinOp::Pow => left.power(&right),
                BinOp::Mod if right.least > 0.0 => Bounds::new(0.0, right.most, Vec::new()),
                _ => Bounds::UNKNOWN,
            }
        }
        Operator::Least => parts.reduce(|one, other| one.least(&other)).unwrap_or(Bounds::UNKNOWN),
        Operator::Greatest => {
            parts.reduce(|one, other| one.greatest(&other)).unwrap_or(Bounds::UNKNOWN)
        }
        Operator::Or => parts.reduce(|one, other| one.or(&other)).unwrap_or(Bounds::UNKNOWN),
        Operator::Compare(_) | Operator::Not => Bounds::new(0.0, 1.0, Vec::new()),
        Operator::And | Operator::Sign | Operator::Format | Operator::Element => Bounds::UNKNOWN,
    }
}

/// The arguments that something is taken from.
fn arguments_in(external: &External) -> Vec<Name> {
    let mut external = external;
    loop {
        external = match external {
            External::Argument(name) => return vec![Arc::clone(name)],
            External::Attribute { of, .. } | External::Item { of, .. } | External::Present(of) => {
                of
            }
            // `text.split()`
            External::Call { callee, .. } => callee,
            External::Unknown
            | External::Name(_)
            | External::Instance { .. }
            | External::Operation { .. } => return Vec::new(),
        };
    }
}

#[cfg(test)]
mod tests {
    use spacelint_space::{Role, Space};

    use super::*;
    use crate::testing::memory;

    /// The bounds of what this function of `a`, `b` and `text` returns.
    fn bounds(expression: &str) -> (f64, f64, String) {
        let app = format!(
            "import math, spaces\nfrom datetime import timedelta\nimport other\n\
             @spaces.GPU(duration=lambda a, b=2, *, text='': {expression})\ndef f(a, b=2, *, text=''): ...\n"
        );
        let space = Space::read(&memory(&[("app.py", &app)]));
        let trace = space.trace().expect("there is a program");
        let root = trace.roots().iter().find(|root| root.role == Role::Duration);
        let returned = root.and_then(|root| root.gives.returned.clone());
        let Bounds { least, most, grows } = Bounds::of(&returned.expect("it returns"));
        (least, most, grows.join(" "))
    }

    #[test]
    fn what_a_duration_lies_between() {
        let (inf, ninf) = (f64::INFINITY, f64::NEG_INFINITY);
        for (expression, least, most, grows) in [
            ("30", 30.0, 30.0, ""),
            ("10 + 2 * a", 10.0, inf, "a"),
            ("10 + a * b / 4", 10.0, inf, "a b"),
            ("min(10 + 2 * a, 90)", 10.0, 90.0, ""),
            ("max(20, min(int(a * 1.5), 120))", 20.0, 120.0, ""),
            ("max(20, a)", 20.0, inf, "a"),
            ("60 if a else 120", 60.0, 120.0, ""),
            ("60 if a > 3 else 10 + b", 10.0, inf, "b"),
            ("100 - a", ninf, 100.0, ""),
            ("math.ceil(len(text.split()) / 10) + 5", 5.0, inf, "text"),
            ("a.shape[0] // 8", 0.0, inf, "a"),
            ("(a or 20) * 3", 0.0, inf, "a"),
            ("a % 50 + 1", 1.0, 51.0, ""),
            ("timedelta(minutes=1, seconds=a)", 60.0, inf, "a"),
            ("other.limit(a)", ninf, inf, ""),
            ("10 * text.count(' ')", 0.0, inf, "text"),
            ("min(a, other.limit())", ninf, inf, ""),
            ("min(other.limit(), 60)", ninf, 60.0, ""),
            ("min([a, b, 40])", 0.0, 40.0, ""),
        ] {
            assert_eq!(bounds(expression), (least, most, grows.to_owned()), "{expression}");
        }
    }
}
