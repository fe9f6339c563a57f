//! A duration as a function of a call's arguments, as data. What stands in a profile may have been written by
//! anybody, so that no Python is ever taken from there: it is made here, of names and numbers that were looked
//! at.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use spacelint_knowledge::platform::duration;

/// `ceil(multiplier × (fixed + Σ coefficient × Π measure^power))` seconds, each measure held within what was
/// seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callable {
    /// The name that it defines.
    pub name: String,
    /// The parameters of the GPU function, all of them in order: `spaces` calls the one as it calls the other.
    pub parameters: Vec<Parameter>,
    /// What is measured of the arguments; each is part of some term.
    pub measured: Vec<Measured>,
    /// Seconds that every call needs, before the multiplier.
    pub fixed: f64,
    /// What comes on top.
    pub terms: Vec<Term>,
    /// What makes a limit of the fit: the ratio that enough calls stay below, a reserve, and one over the size's
    /// time factor.
    pub multiplier: f64,
}

/// A parameter of the GPU function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How it takes arguments.
    #[serde(default, skip_serializing_if = "ParameterKind::is_normal")]
    pub kind: ParameterKind,
    /// What it is where nothing is passed; none where something must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
}

/// How a parameter takes arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterKind {
    /// Before `/`.
    PositionalOnly,
    /// By place or by name.
    #[default]
    Normal,
    /// `*args`
    VarPositional,
    /// After `*`.
    KeywordOnly,
    /// `**kwargs`
    VarKeyword,
}

/// A parameter's default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultValue {
    /// A number; true is 1.
    Number(f64),
    /// Something else. What is measured of it counts as the most that was seen.
    Other,
}

/// What is measured of an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The parameter's name.
    pub argument: String,
    /// What of it.
    pub measure: Measure,
    /// The least that was seen.
    pub least: f64,
    /// The most that was seen. It also stands for an argument that is `None`.
    pub most: f64,
}

/// What can be measured of an argument without a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// A number as it is; true is 1.
    Number,
    /// The length of a text, in characters.
    Characters,
    /// The length of a list or a mapping.
    Items,
    /// The length of this axis of an array or a tensor, counted from 0.
    Axis(u8),
    /// An image's width, in pixels.
    Width,
    /// An image's height, in pixels.
    Height,
    /// A file's size; the argument is its path.
    Bytes,
}

/// One part of the sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// Seconds per unit of the product.
    pub coefficient: f64,
    /// What is multiplied; at least one.
    pub factors: Vec<Factor>,
}

/// A measure to a power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Which of [`Callable::measured`], from 0.
    pub measured: usize,
    /// From 1.
    pub power: u8,
}

/// Why a [`Callable`] is none that could be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallableFault {
    /// This is no name that Python takes.
    Name(String),
    /// Two parameters have this name, or one comes where Python takes none of its kind.
    Parameter(String),
    /// Something is measured of a parameter that is not there, or twice, or the range is none.
    Measured(String),
    /// A term has no factor, too many, or one that is not measured.
    Term,
    /// A number is negative, not finite, or beyond what makes sense.
    Number,
    /// A parameter is called as a function is that is needed to compute with it, such as `min`.
    Shadowed(String),
}

/// The longest name that is taken, in bytes.
const MAX_NAME: usize = 200;
/// More parameters than this, more measures or more terms nobody has looked through.
const MAX_PARTS: usize = 100;
/// The highest power that is taken.
const MAX_POWER: u8 = 4;
/// The largest measure: beyond it not every whole number is a float.
const MAX_MEASURE: f64 = 9_007_199_254_740_992.0;

/// What [`Callable::source`] calls.
const CALLED: &[&str] = &["Exception", "int", "len", "max", "min", "os"];

/// The words that are no names in Python.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

impl fmt::Display for CallableFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "`{name}` is no name in Python"),
            Self::Parameter(name) => write!(f, "the parameter `{name}` cannot stand where it does"),
            Self::Measured(name) => write!(f, "what is measured of `{name}` makes no sense"),
            Self::Term => f.write_str("a term multiplies what is not measured"),
            Self::Number => f.write_str("a number is negative, not finite or far too large"),
            Self::Shadowed(name) => {
                write!(f, "a parameter is called `{name}`, which the function needs itself")
            }
        }
    }
}

impl std::error::Error for CallableFault {}

impl ParameterKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

impl Callable {
    /// What it gives, in whole seconds to declare, where `measure` says what was measured of an argument; none
    /// for one that is `None`. It must be [sound](Self::verify).
    pub fn seconds(&self, measure: impl Fn(&Measured) -> Option<f64>) -> i64 {
        let held: Vec<f64> = self
            .measured
            .iter()
            .map(|it| measure(it).map_or(it.most, |value| value.max(it.least).min(it.most)))
            .collect();
        let product = |term: &Term| {
            let factors = term.factors.iter();
            factors.fold(term.coefficient, |product, factor| {
                product * held.get(factor.measured).map_or(0.0, |it| it.powi(factor.power.into()))
            })
        };
        let sum = self.terms.iter().map(product).fold(self.fixed, |sum, term| sum + term);
        // What `int(…) + 1` comes to: never less than the next whole number.
        whole(self.multiplier * sum) + 1
    }

    /// What it gives at most.
    pub fn most_seconds(&self) -> i64 {
        self.seconds(|_| None)
    }

    /// Whether [`source`](Self::source) gives a function that Python takes and that holds for a call.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn verify(&self) -> Result<(), CallableFault> {
        self.verify_names()?;
        for (index, it) in self.measured.iter().enumerate() {
            let parameter = self.parameters.iter().find(|parameter| {
                parameter.name == it.argument
                    && !matches!(
                        parameter.kind,
                        ParameterKind::VarPositional | ParameterKind::VarKeyword
                    )
            });
            let twice = self.measured[..index]
                .iter()
                .any(|other| (&other.argument, other.measure) == (&it.argument, it.measure));
            let in_order = 0.0 <= it.least && it.least <= it.most && it.most <= MAX_MEASURE;
            if parameter.is_none() || twice || !in_order {
                return Err(CallableFault::Measured(it.argument.clone()));
            }
        }
        for term in &self.terms {
            let known = |factor: &Factor| {
                factor.measured < self.measured.len() && (1..=MAX_POWER).contains(&factor.power)
            };
            let few = (1..=MAX_PARTS).contains(&term.factors.len());
            if !few || !term.factors.iter().all(known) {
                return Err(CallableFault::Term);
            }
        }
        let used = |index: usize| {
            let factors = self.terms.iter().flat_map(|term| &term.factors);
            factors.into_iter().any(|factor| factor.measured == index)
        };
        if let Some(unused) = (0..self.measured.len()).find(|index| !used(*index)) {
            return Err(CallableFault::Measured(self.measured[unused].argument.clone()));
        }
        self.verify_numbers()
    }

    fn verify_names(&self) -> Result<(), CallableFault> {
        let lengths = [self.parameters.len(), self.measured.len(), self.terms.len()];
        if lengths.into_iter().any(|length| length > MAX_PARTS) {
            return Err(CallableFault::Term);
        }
        let names = self.parameters.iter().map(|parameter| &parameter.name);
        for name in std::iter::once(&self.name).chain(names.clone()) {
            if !is_name(name) {
                return Err(CallableFault::Name(name.clone()));
            }
            if CALLED.contains(&name.as_str()) {
                return Err(CallableFault::Shadowed(name.clone()));
            }
        }
        let mut seen = BTreeSet::new();
        let mut last = ParameterKind::PositionalOnly;
        let mut may_default = false;
        for parameter in &self.parameters {
            let Parameter { name, kind, default } = parameter;
            let variable = matches!(kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
            let by_place = *kind <= ParameterKind::Normal;
            let number = default.is_none_or(|default| match default {
                DefaultValue::Number(number) => number.is_finite(),
                DefaultValue::Other => true,
            });
            let fits = *kind >= last
                && !(variable && (*kind == last || default.is_some()))
                && !(by_place && may_default && default.is_none())
                && number
                && seen.insert(name);
            if !fits {
                return Err(CallableFault::Parameter(name.clone()));
            }
            last = *kind;
            may_default |= by_place && default.is_some();
        }
        Ok(())
    }

    fn verify_numbers(&self) -> Result<(), CallableFault> {
        let coefficients = self.terms.iter().map(|term| term.coefficient);
        let numbers = coefficients.chain([self.fixed, self.multiplier]);
        let sound = numbers.into_iter().all(|number| number.is_finite() && number >= 0.0);
        // A sum that is not finite ends up at the largest number there is.
        if sound && self.most_seconds() < duration().day_seconds {
            Ok(())
        } else {
            Err(CallableFault::Number)
        }
    }

    /// The function in Python: it ends in a line feed, is indented by nothing, and takes what the GPU function
    /// takes. It never raises, which would fail the call: an argument that is not such as were measured counts as the
    /// most expensive call that was.
    ///
    /// # Errors
    ///
    /// As of [`verify`](Self::verify).
    pub fn source(&self) -> Result<String, CallableFault> {
        self.verify()?;
        let mut lines = vec![format!("def {}({}):", self.name, self.signature())];
        if self.measured.iter().any(|it| it.measure == Measure::Bytes) {
            lines.push("    import os".to_owned());
            lines.push(String::new());
        }
        lines.push("    try:".to_owned());
        let names = self.variables();
        for (measured, name) in self.measured.iter().zip(&names) {
            let Measured { argument, measure, least, most } = measured;
            let value = match measure {
                Measure::Number => argument.clone(),
                Measure::Characters | Measure::Items => format!("len({argument})"),
                Measure::Axis(axis) => format!("{argument}.shape[{axis}]"),
                Measure::Width => format!("{argument}.width"),
                Measure::Height => format!("{argument}.height"),
                Measure::Bytes => format!("os.path.getsize({argument})"),
            };
            let (least, most) = (number(*least), number(*most));
            lines.push(format!(
                "        {name} = {most} if {argument} is None else min(max({value}, {least}), {most})"
            ));
        }
        let terms = self.terms.iter().map(|term| {
            let factors = term.factors.iter().map(|factor| match factor.power {
                1 => names[factor.measured].clone(),
                power => format!("{} ** {power}", names[factor.measured]),
            });
            let parts: Vec<String> =
                std::iter::once(number(term.coefficient)).chain(factors).collect();
            parts.join(" * ")
        });
        let sum: Vec<String> = std::iter::once(number(self.fixed)).chain(terms).collect();
        lines.push(format!(
            "        return int({} * ({})) + 1",
            number(self.multiplier),
            sum.join(" + ")
        ));
        lines.push("    except Exception:".to_owned());
        lines.push(format!("        return {}", self.most_seconds()));
        lines.push(String::new());
        Ok(lines.join("\n"))
    }

    /// The parameters as they stand between the brackets.
    fn signature(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut last = None;
        for Parameter { name, kind, default } in &self.parameters {
            let starred =
                matches!(last, Some(ParameterKind::VarPositional | ParameterKind::KeywordOnly));
            if last == Some(ParameterKind::PositionalOnly) && *kind != ParameterKind::PositionalOnly
            {
                parts.push("/".to_owned());
            }
            if *kind == ParameterKind::KeywordOnly && !starred {
                parts.push("*".to_owned());
            }
            let stars = match kind {
                ParameterKind::VarPositional => "*",
                ParameterKind::VarKeyword => "**",
                _ => "",
            };
            let default = match default {
                None => String::new(),
                Some(DefaultValue::Number(value)) => format!("={}", number(*value)),
                Some(DefaultValue::Other) => "=None".to_owned(),
            };
            parts.push(format!("{stars}{name}{default}"));
            last = Some(*kind);
        }
        if last == Some(ParameterKind::PositionalOnly) {
            parts.push("/".to_owned());
        }
        parts.join(", ")
    }

    /// What each measure is called: a number as its argument, the others apart from every parameter.
    fn variables(&self) -> Vec<String> {
        let mut taken: BTreeSet<String> =
            self.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        let name = |it: &Measured| {
            let suffix = match it.measure {
                // Nothing else may be measured of it, which would then see the number that was held.
                Measure::Number if self.is_alone(it) => return it.argument.clone(),
                Measure::Number => "number".to_owned(),
                Measure::Characters => "characters".to_owned(),
                Measure::Items => "items".to_owned(),
                Measure::Axis(axis) => format!("axis_{axis}"),
                Measure::Width => "width".to_owned(),
                Measure::Height => "height".to_owned(),
                Measure::Bytes => "bytes".to_owned(),
            };
            let mut name = format!("{}_{suffix}", it.argument);
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            name
        };
        self.measured.iter().map(name).collect()
    }

    fn is_alone(&self, measured: &Measured) -> bool {
        self.measured.iter().filter(|it| it.argument == measured.argument).count() == 1
    }
}

/// Whether Python takes `name` as one. Nothing but letters, digits and underscores is in it.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|one| one.is_alphanumeric() || one == '_')
        && !KEYWORDS.contains(&name)
}

/// A finite number as Python reads it.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() <= MAX_MEASURE {
        format!("{value:.0}")
    } else {
        format!("{value:?}")
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what no `i64` holds becomes the largest one")]
fn whole(value: f64) -> i64 {
    if value.is_nan() { i64::MAX - 1 } else { (value.trunc() as i64).min(i64::MAX - 1) }
}

#[cfg(test)]
mod tests;
