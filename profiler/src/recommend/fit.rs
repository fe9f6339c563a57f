//! How the time of a call follows from what its arguments measure: a sum of at most three terms, none negative.
//!
//! It knows neither durations nor Python: what is made of a fit is for [`callable`](super::callable).

use spacelint_space::profile::{Factor, Measure, Measured, Term};

use super::float;
use crate::recording::{Argument, Call};

/// With fewer calls a fit follows their chance.
const FEWEST: usize = 15;
/// Calls that are fitted to at least, where the others are as many as an order statistic needs.
const FEWEST_BESIDE: usize = 100;
/// The highest degree of a term: `steps * size ** 2`.
const DEGREE: usize = 3;
/// Of more quantities than this, those that go with the time best are looked at.
const MOST_QUANTITIES: usize = 8;
/// In how many parts calls are held out.
const FOLDS: usize = 10;
/// Where a measure is larger than this, not every whole number is a float.
const MOST_MEASURE: f64 = 9_007_199_254_740_992.0;
/// What a fit gives at least, in seconds, so that a ratio to it exists.
const LEAST: f64 = 1e-6;

/// Something that was measured of each call and that differed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantity {
    /// What is multiplied to give it: one measure of an argument, or the sides of an image.
    pub(super) measured: Vec<Measured>,
    /// What it was in each call.
    values: Vec<f64>,
}

/// A fitted sum.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// Seconds of every call.
    pub(super) fixed: f64,
    /// Seconds on top: the coefficient of a product of quantities, by their index.
    terms: Vec<(f64, Vec<usize>)>,
}

/// A fit, and how calls that it was not made from compare with it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) fit: Fit,
    /// Seconds over fitted seconds, in order.
    pub(super) ratios: Vec<f64>,
}

/// What could drive the time of these calls, of which the seconds are given.
pub(super) fn quantities(calls: &[&Call], seconds: &[f64]) -> Vec<Quantity> {
    let Some(first) = calls.first() else { return Vec::new() };
    let mut found: Vec<Quantity> =
        first.arguments.iter().flat_map(|(name, _)| of_argument(name, calls)).collect();
    if found.len() > MOST_QUANTITIES {
        let times = ranks(seconds);
        let with_time = |it: &Quantity| correlation(&ranks(&it.values), &times);
        // Stable: of equal ones those of the first parameters stay.
        found.sort_by(|one, other| with_time(other).total_cmp(&with_time(one)));
        found.truncate(MOST_QUANTITIES);
    }
    found
}

/// What of this argument differs between the calls, if it was measured alike in all of them.
fn of_argument(name: &str, calls: &[&Call]) -> Vec<Quantity> {
    let arguments: Option<Vec<&Argument>> = calls
        .iter()
        .map(|call| call.arguments.iter().find(|(it, _)| it == name).map(|(_, value)| value))
        .collect();
    let Some(arguments) = arguments else { return Vec::new() };
    let Some(own) = arguments.iter().find(|it| !is_none(it)).and_then(|it| measures(it)) else {
        return Vec::new();
    };
    let mut measured = Vec::new();
    let mut values = vec![1.0; calls.len()];
    for measure in own {
        let seen: Option<Vec<Option<f64>>> = arguments
            .iter()
            .map(|it| if is_none(it) { Some(None) } else { value(it, measure).map(Some) })
            .collect();
        let Some(seen) = seen else { return Vec::new() };
        let known = || seen.iter().flatten().copied();
        let (least, most) =
            (known().fold(f64::INFINITY, f64::min), known().fold(0.0_f64, f64::max));
        if !(0.0..=MOST_MEASURE).contains(&least) || most > MOST_MEASURE {
            return Vec::new();
        }
        if least < most {
            measured.push(Measured { argument: name.to_owned(), measure, least, most });
            for (value, seen) in values.iter_mut().zip(&seen) {
                // As the callable has it.
                *value *= seen.unwrap_or(most);
            }
        }
    }
    let differs = values.iter().any(|value| value.total_cmp(&values[0]).is_ne());
    if differs { vec![Quantity { measured, values }] } else { Vec::new() }
}

fn is_none(argument: &Argument) -> bool {
    matches!(argument, Argument::Other(name) if name == "NoneType")
}

/// What is measured of such an argument; the product is what may drive the time.
fn measures(argument: &Argument) -> Option<Vec<Measure>> {
    Some(match argument {
        Argument::Number(_) | Argument::Switch(_) => vec![Measure::Number],
        Argument::Characters(_) => vec![Measure::Characters],
        Argument::Items(_) => vec![Measure::Items],
        Argument::Shape(axes) => (0..u8::try_from(axes.len()).ok()?).map(Measure::Axis).collect(),
        Argument::Image(..) => vec![Measure::Width, Measure::Height],
        Argument::File { .. } => vec![Measure::Bytes],
        Argument::Other(_) => return None,
    })
}

fn value(argument: &Argument, measure: Measure) -> Option<f64> {
    Some(match (argument, measure) {
        (Argument::Number(number), Measure::Number) if number.is_finite() => *number,
        (Argument::Switch(on), Measure::Number) => f64::from(u8::from(*on)),
        (Argument::Characters(count), Measure::Characters)
        | (Argument::Items(count), Measure::Items)
        | (Argument::Image(count, _), Measure::Width)
        | (Argument::Image(_, count), Measure::Height)
        | (Argument::File { bytes: count, .. }, Measure::Bytes) => whole(*count),
        (Argument::Shape(lengths), Measure::Axis(axis)) => whole(*lengths.get(usize::from(axis))?),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "no size that is met comes near 2^53")]
fn whole(count: u64) -> f64 {
    count as f64
}

/// The value of one measure of a call; none for an argument that is `None` or measured otherwise.
pub(super) fn measure(call: &Call, measured: &Measured) -> Option<f64> {
    let (_, argument) = call.arguments.iter().find(|(name, _)| *name == measured.argument)?;
    value(argument, measured.measure)
}

/// The fit to calls of so many seconds, and their ratios to fits that were made without them. None if no argument
/// drives the time.
///
/// Where as many calls as are `needed` for an order statistic and some more are there, they are parted: some give
/// the fit, the others the ratios, which are then as independent of one another as the calls. With fewer, each is
/// held against a fit to nine tenths of them that it is not in.
pub(super) fn judge(quantities: &[Quantity], seconds: &[f64], needed: usize) -> Option<Judged> {
    let order = shuffled(seconds.len());
    let fitted = order.len().saturating_sub(needed.max(order.len() / 2));
    let (fit, mut ratios) = if fitted >= FEWEST_BESIDE {
        let (fitted, held) = order.split_at(fitted);
        let (fit, _) = select(quantities, seconds, fitted)?;
        let ratios = held.iter().map(|&call| seconds[call] / fit.at(quantities, call)).collect();
        (fit, ratios)
    } else {
        select(quantities, seconds, &order)?
    };
    ratios.sort_by(f64::total_cmp);
    Some(Judged { fit, ratios })
}

/// The fit to these of the calls.
pub(super) fn typical(quantities: &[Quantity], seconds: &[f64], calls: &[usize]) -> Option<Fit> {
    select(quantities, seconds, calls).map(|(fit, _)| fit)
}

/// The best sum for these calls, and the ratio of each to a fit that was made without its fold.
fn select(quantities: &[Quantity], seconds: &[f64], calls: &[usize]) -> Option<(Fit, Vec<f64>)> {
    if quantities.is_empty() || calls.len() < FEWEST {
        return None;
    }
    let products = products(quantities.len());
    let columns = Columns::new(quantities, &products, seconds);
    let mut folds: Vec<Moments> = (0..FOLDS).map(|_| Moments::new(products.len())).collect();
    for (place, &call) in calls.iter().enumerate() {
        folds[place % FOLDS].add(columns.of(call));
    }
    let mut all = Moments::new(products.len());
    for fold in &folds {
        all.join(fold, 1.0);
    }

    // For each size, what fits without a fold, held against that fold.
    let mut ratios = [const { Vec::new() }; 3];
    let mut errors = [[0.0; FOLDS]; 3];
    for (number, fold) in folds.iter().enumerate() {
        let mut rest = all.clone();
        rest.join(fold, -1.0);
        for (size, solution) in rest.best().into_iter().enumerate() {
            let held = calls.iter().skip(number).step_by(FOLDS);
            let found: Vec<f64> = held
                .map(|&call| 1.0 / solution.share(columns.of(call)).max(LEAST / seconds[call]))
                .collect();
            let squares = found.iter().map(|ratio| ratio.ln().powi(2)).sum::<f64>();
            errors[size][number] = squares / float(found.len());
            ratios[size].extend(found);
        }
    }
    let size = fewest_terms(&errors);
    if size == 0 {
        return None;
    }
    let solution = all.best()[size];
    let mut fit = Fit { fixed: 0.0, terms: Vec::new() };
    for (column, scaled) in solution.parts.into_iter().filter(|(_, scaled)| *scaled > 0.0) {
        let coefficient = scaled / columns.scales[column];
        if products[column].is_empty() {
            fit.fixed = coefficient;
        } else {
            fit.terms.push((coefficient, products[column].clone()));
        }
    }
    (!fit.terms.is_empty()).then(|| (fit, std::mem::take(&mut ratios[size])))
}

/// The smallest size that is as good as the best, as far as the folds can tell.
fn fewest_terms(errors: &[[f64; FOLDS]; 3]) -> usize {
    let mean = |of: &[f64; FOLDS]| of.iter().sum::<f64>() / float(FOLDS);
    let best = errors.iter().min_by(|one, other| mean(one).total_cmp(&mean(other)));
    let Some(best) = best else { return 0 };
    (0..errors.len())
        .find(|&size| {
            // By how much it is worse in each fold: what all sizes find hard there does not count.
            let worse: [f64; FOLDS] = std::array::from_fn(|fold| errors[size][fold] - best[fold]);
            let middle = mean(&worse);
            let squares = worse.iter().map(|it| (it - middle).powi(2)).sum::<f64>();
            middle <= (squares / float(FOLDS * (FOLDS - 1))).sqrt()
        })
        .unwrap_or(0)
}

impl Fit {
    /// How many numbers it has that were fitted.
    pub(super) fn numbers(&self) -> usize {
        1 + self.terms.len()
    }

    /// Seconds that it gives for the call of this index.
    pub(super) fn at(&self, quantities: &[Quantity], call: usize) -> f64 {
        let product =
            |of: &[usize]| of.iter().map(|&it| quantities[it].values[call]).product::<f64>();
        let terms = self.terms.iter().map(|(coefficient, of)| coefficient * product(of));
        (self.fixed + terms.sum::<f64>()).max(LEAST)
    }

    /// Its terms, of measures that are named with them.
    pub(super) fn terms(&self, quantities: &[Quantity]) -> (Vec<Measured>, Vec<Term>) {
        let mut measured: Vec<Measured> = Vec::new();
        let mut terms = Vec::new();
        for (coefficient, of) in &self.terms {
            let mut factors: Vec<Factor> = Vec::new();
            for part in of.iter().flat_map(|&it| &quantities[it].measured) {
                let index = measured.iter().position(|it| it == part).unwrap_or(measured.len());
                if index == measured.len() {
                    measured.push(part.clone());
                }
                match factors.iter_mut().find(|factor| factor.measured == index) {
                    Some(factor) => factor.power += 1,
                    None => factors.push(Factor { measured: index, power: 1 }),
                }
            }
            terms.push(Term { coefficient: *coefficient, factors });
        }
        (measured, terms)
    }
}

/// All products of so many quantities up to [`DEGREE`], of few factors first; the first is that of none.
fn products(quantities: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    let mut start = 0;
    for _ in 0..DEGREE {
        let end = all.len();
        for index in start..end {
            let from = all[index].last().copied().unwrap_or(0);
            for quantity in from..quantities {
                let mut product = all[index].clone();
                product.push(quantity);
                all.push(product);
            }
        }
        start = end;
    }
    all
}

/// For each call, each product over its seconds: so that what is fitted is 1, and all errors are relative.
struct Columns {
    /// The largest value of each product, by which it is divided.
    scales: Vec<f64>,
    rows: Vec<f64>,
}

impl Columns {
    fn new(quantities: &[Quantity], products: &[Vec<usize>], seconds: &[f64]) -> Self {
        let mut scales = vec![f64::MIN_POSITIVE; products.len()];
        let mut rows = Vec::with_capacity(products.len() * seconds.len());
        for call in 0..seconds.len() {
            for (product, scale) in products.iter().zip(&mut scales) {
                let value: f64 = product.iter().map(|&it| quantities[it].values[call]).product();
                *scale = scale.max(value);
                rows.push(value);
            }
        }
        for (call, row) in rows.chunks_mut(products.len()).enumerate() {
            for (value, scale) in row.iter_mut().zip(&scales) {
                *value /= scale * seconds[call];
            }
        }
        Self { scales, rows }
    }

    fn of(&self, call: usize) -> &[f64] {
        let width = self.scales.len();
        &self.rows[call * width..(call + 1) * width]
    }
}

/// All that least squares need of some calls.
#[derive(Clone)]
struct Moments {
    width: usize,
    /// The sum of each product of two columns.
    squares: Vec<f64>,
    /// The sum of each column.
    sums: Vec<f64>,
}

/// A sum of at most three columns.
#[derive(Clone, Copy, Debug, Default)]
struct Solution {
    /// Each column with its coefficient; 0 where there are fewer.
    parts: [(usize, f64); 3],
    /// By how much it makes the sum of squares smaller.
    gain: f64,
}

impl Solution {
    fn share(&self, row: &[f64]) -> f64 {
        self.parts.iter().map(|&(column, coefficient)| coefficient * row[column]).sum()
    }

    /// Takes the other one if it is better.
    fn improve(&mut self, other: Option<Self>) {
        // Equal but for rounding is not better: of two that say the same, the simpler comes first.
        const BETTER: f64 = 1.0 + 1e-9;
        if let Some(other) = other.filter(|other| other.gain > self.gain * BETTER) {
            *self = other;
        }
    }
}

impl Moments {
    fn new(width: usize) -> Self {
        Self { width, squares: vec![0.0; width * width], sums: vec![0.0; width] }
    }

    fn add(&mut self, row: &[f64]) {
        for (index, &value) in row.iter().enumerate() {
            self.sums[index] += value;
            // The other half is the same.
            for (to, &other) in
                self.squares[index * self.width + index..].iter_mut().zip(&row[index..])
            {
                *to += value * other;
            }
        }
    }

    fn join(&mut self, other: &Self, sign: f64) {
        let squares = self.squares.iter_mut().zip(&other.squares);
        for (to, from) in squares.chain(self.sums.iter_mut().zip(&other.sums)) {
            *to += sign * from;
        }
    }

    /// The best sum of one term, that of every call; of at most two; and of at most three.
    fn best(&self) -> [Solution; 3] {
        let one = self.solve([0]).unwrap_or_default();
        let mut two = one;
        for column in 1..self.width {
            two.improve(self.solve([0, column]).or_else(|| self.solve([column])));
        }
        let mut three = two;
        for first in 1..self.width {
            for second in first + 1..self.width {
                let with_fixed = self.solve([0, first, second]);
                three.improve(with_fixed.or_else(|| self.solve([first, second])));
            }
        }
        [one, two, three]
    }

    /// The least squares of these columns, in rising order; none if a coefficient would be negative, or if one column
    /// is nearly the sum of others.
    fn solve<const N: usize>(&self, columns: [usize; N]) -> Option<Solution> {
        const INDEPENDENT: f64 = 1e-9;
        let mut rows = [[0.0; N]; N];
        for row in 0..N {
            for column in row..N {
                let square = self.squares[columns[row] * self.width + columns[column]];
                (rows[row][column], rows[column][row]) = (square, square);
            }
        }
        let mut right = columns.map(|column| self.sums[column]);
        for pivot in 0..N {
            let own = self.squares[columns[pivot] * (self.width + 1)];
            if rows[pivot][pivot] <= own * INDEPENDENT {
                return None;
            }
            let above = rows[pivot];
            for row in pivot + 1..N {
                let share = rows[row][pivot] / above[pivot];
                for (value, above) in rows[row].iter_mut().zip(above) {
                    *value -= share * above;
                }
                right[row] -= share * right[pivot];
            }
        }
        let mut found = Solution::default();
        for row in (0..N).rev() {
            let known: f64 =
                (row + 1..N).map(|column| rows[row][column] * found.parts[column].1).sum();
            let coefficient = (right[row] - known) / rows[row][row];
            if !(coefficient >= 0.0 && coefficient.is_finite()) {
                return None;
            }
            found.parts[row] = (columns[row], coefficient);
            found.gain += coefficient * self.sums[columns[row]];
        }
        Some(found)
    }
}

/// The numbers below `count`, always in the same order, which has nothing to do with that in which calls were made.
fn shuffled(count: usize) -> Vec<usize> {
    // The finaliser of SplitMix64, a bijection that leaves no pattern.
    let mixed = |index: usize| {
        let mut bits = (index as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&index| mixed(index));
    order
}

/// The place of each value among all; equal ones share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = |value: f64| sorted.partition_point(|it| *it < value);
    let up_to = |value: f64| sorted.partition_point(|it| *it <= value);
    values.iter().map(|&value| float(below(value) + up_to(value))).collect()
}

/// Pearson's, without its sign.
fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / float(of.len());
    let (first, second) = (mean(one), mean(other));
    let sum = |of: &dyn Fn(f64, f64) -> f64| {
        one.iter().zip(other).map(|(a, b)| of(a - first, b - second)).sum::<f64>()
    };
    let both = sum(&|a, b| a * b);
    let scale = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    if scale > 0.0 { (both / scale).abs() } else { 0.0 }
}
