//! Calls spread over all that a visitor can set: a Latin hypercube, in which each part of each range is met once, and
//! the corner where everything is at its greatest.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "calls, choices and steps are few, and what is cast is not negative"
)]

use serde_json::{Number, Value};

use super::examples::Examples;
use super::gradio::{Endpoint, Input, Page};
use super::plan::{Plan, call, in_turn};

/// What can be set, and to what.
#[derive(Debug)]
enum Dimension {
    Range(Range),
    /// One of these.
    One(Vec<Value>),
    /// Some of these, as many as that.
    Some(Vec<Value>, usize),
}

/// Numbers from the lowest by steps.
#[derive(Debug)]
struct Range {
    low: f64,
    step: f64,
    /// How many steps lead to the highest.
    steps: f64,
    /// Digits after the point that low and step are written with.
    digits: usize,
    /// Whether the component's function gets an integer.
    is_whole: bool,
}

impl Plan {
    /// `calls` calls over what can be set, the same for the same `seed`. Each endpoint has an equal share: its corner
    /// once for each choice (a quarter at most), its examples (a third at most), and the hypercube with the rest. Texts
    /// and files are those of the examples; the corner takes the longest text.
    pub(crate) fn sweep(page: &Page, examples: &Examples, calls: usize, seed: u64) -> Self {
        let mut plan = Self::default();
        let drivable = plan.drivable(page, examples);
        let mut random = Random(seed);
        let mut all = Vec::new();
        for (place, (endpoint, rows)) in drivable.iter().enumerate() {
            let share = calls / drivable.len() + usize::from(place < calls % drivable.len());
            let swept = swept(endpoint, rows, share, &mut random);
            all.push(swept.into_iter().map(|data| call(endpoint, data)).collect());
            for input in endpoint.open() {
                if is_endless(input) {
                    plan.notes.push(format!(
                        "`{}` of {} has no maximum: it stays at what the page and the examples say.",
                        input.name, endpoint.name
                    ));
                }
            }
        }
        plan.calls = in_turn(all);
        plan
    }
}

fn swept(
    endpoint: &Endpoint,
    rows: &[Vec<Value>],
    share: usize,
    random: &mut Random,
) -> Vec<Vec<Value>> {
    let dimensions: Vec<(usize, Dimension)> = endpoint
        .open()
        .enumerate()
        .filter_map(|(place, input)| Some((place, Dimension::of(input)?)))
        .collect();
    if share == 0 || rows.is_empty() {
        return Vec::new();
    }
    if dimensions.is_empty() {
        return rows.iter().cycle().take(share).cloned().collect();
    }
    let with = |row: &[Value], value: &mut dyn FnMut(&Dimension) -> Value| {
        let mut row = row.to_vec();
        for (place, dimension) in &dimensions {
            row[*place] = value(dimension);
        }
        row
    };
    let choices = dimensions.iter().map(|(_, dimension)| dimension.choices()).max();
    let corners = choices.unwrap_or(1).clamp(1, (share / 4).max(1));
    let longest = rows.iter().max_by_key(|row| characters(row)).map_or(&[][..], Vec::as_slice);
    let mut calls: Vec<_> =
        (0..corners).map(|turn| with(longest, &mut |dimension| dimension.greatest(turn))).collect();
    let shown = rows.len().min((share / 3).min(share - corners));
    calls.extend(rows.iter().take(shown).cloned());
    let count = share - calls.len();
    // The rows are one more dimension.
    let mut columns: Vec<_> = (0..=dimensions.len()).map(|_| random.column(count)).collect();
    let which = columns.pop().unwrap_or_default();
    for (place, u) in which.into_iter().enumerate() {
        let mut next = columns.iter();
        let row = pick(rows, u);
        calls.push(with(row, &mut |dimension| {
            dimension.at(next.next().and_then(|column| column.get(place)).copied().unwrap_or(0.5))
        }));
    }
    calls
}

impl Dimension {
    fn of(input: &Input) -> Option<Self> {
        if !input.is_reachable() {
            return None;
        }
        let choices = || input.choices().into_iter().map(|(_, value)| value.clone()).collect();
        let dimension = match input.kind.as_str() {
            "slider" | "number" => Self::Range(Range::of(input)?),
            "checkbox" => Self::One(vec![Value::Bool(true), Value::Bool(false)]),
            "dropdown" if input.props.get("multiselect") == Some(&Value::Bool(true)) => {
                let choices: Vec<Value> = choices();
                let most = input.props.get("max_choices").and_then(Value::as_u64);
                let most = most.map_or(choices.len(), |most| choices.len().min(most as usize));
                Self::Some(choices, most)
            }
            "dropdown" | "radio" => Self::One(choices()),
            "checkboxgroup" => {
                let choices: Vec<Value> = choices();
                let most = choices.len();
                Self::Some(choices, most)
            }
            _ => return None,
        };
        match &dimension {
            Self::One(choices) | Self::Some(choices, _) if choices.is_empty() => None,
            _ => Some(dimension),
        }
    }

    /// What stands at `u` of 0 to 1.
    fn at(&self, u: f64) -> Value {
        match self {
            // Each value has as much room as another, the last too.
            Self::Range(range) => range.value((u * (range.steps + 1.0)).floor().min(range.steps)),
            Self::One(choices) => pick(choices, u).clone(),
            Self::Some(choices, most) => {
                let count = (u * (*most as f64 + 1.0)) as usize;
                choices.iter().take(count.min(*most)).cloned().collect()
            }
        }
    }

    /// The greatest value; of choices, which have none, one after the other.
    fn greatest(&self, turn: usize) -> Value {
        match self {
            Self::Range(range) => range.value(range.steps),
            Self::One(choices) => choices[turn % choices.len()].clone(),
            Self::Some(choices, most) => choices.iter().take(*most).cloned().collect(),
        }
    }

    /// How many corners it has.
    fn choices(&self) -> usize {
        match self {
            Self::One(choices) => choices.len(),
            Self::Range(_) | Self::Some(..) => 1,
        }
    }
}

impl Range {
    fn of(input: &Input) -> Option<Self> {
        let number = |key: &str| input.props.get(key).and_then(Value::as_f64);
        let high = number("maximum")?;
        let low = number("minimum").or_else(|| number("value").filter(|value| *value <= high))?;
        let is_whole = input.props.get("precision").and_then(Value::as_f64) == Some(0.0);
        let step = number("step").filter(|step| *step > 0.0).unwrap_or(if is_whole {
            1.0
        } else {
            (high - low) / 100.0
        });
        // The step may be a decimal that no float is: what falls short by less than rounding is there.
        let steps = ((high - low) / step + 1e-9).floor();
        if !(steps.is_finite() && steps >= 1.0) {
            return None;
        }
        let digits = digits(low).max(digits(step));
        Some(Self { low, step, steps, digits, is_whole })
    }

    fn value(&self, steps: f64) -> Value {
        let value = self.low + steps * self.step;
        if (self.digits == 0 || self.is_whole) && value.abs() < 1e15 {
            return Value::from(value.round() as i64);
        }
        let written = format!("{value:.*}", self.digits).parse().unwrap_or(value);
        Number::from_f64(written).map_or(Value::Null, Value::Number)
    }
}

/// Digits after the point that a number is written with.
fn digits(number: f64) -> usize {
    number.to_string().split_once('.').map_or(0, |(_, digits)| digits.len().min(12))
}

/// A number that a visitor can raise without end: there is no range to spread calls over.
fn is_endless(input: &Input) -> bool {
    input.kind == "number"
        && input.is_reachable()
        && input.props.get("maximum").is_none_or(Value::is_null)
}

/// Characters of all texts.
fn characters(row: &[Value]) -> usize {
    row.iter().filter_map(Value::as_str).map(str::len).sum()
}

/// What stands at `u` of 0 to 1 in a list that is not empty.
fn pick<T>(list: &[T], u: f64) -> &T {
    &list[((u * list.len() as f64) as usize).min(list.len() - 1)]
}

/// `SplitMix64`: what is swept must be the same everywhere for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One place in each of `count` equal parts of 0 to 1, in any order.
    fn column(&mut self, count: usize) -> Vec<f64> {
        let mut column: Vec<f64> =
            (0..count).map(|part| (part as f64 + self.unit()) / count as f64).collect();
        for last in (1..count).rev() {
            let other = (self.next() % (last as u64 + 1)) as usize;
            column.swap(last, other);
        }
        column
    }
}
