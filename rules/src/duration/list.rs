//! The GPU functions of a Space and what they declare, for whoever works out what calls cost.

use std::collections::BTreeSet;

use spacelint_knowledge::platform::{Size, duration};
use spacelint_python::Place;
use spacelint_space::Space;

use super::declared::{Declaration, Duration, declarations, default_seconds, name};
use crate::finding::Location;
use crate::zerogpu;

/// A GPU function that somebody else than other GPU functions calls.
#[derive(Clone, Debug)]
pub struct GpuFunction {
    /// Its name within what is around it; none for a lambda and for what is not the program's.
    pub name: Option<String>,
    /// Where it stands, or is declared where it is not the program's.
    pub location: Location,
    /// The duration that it declares.
    pub duration: Declared,
    /// Its size; none where the text does not settle it.
    pub size: Option<Size>,
    /// What settles the size.
    pub sized: SizedBy,
    /// Whether visitors call it, and not start-up alone, for which none of them pays.
    pub visited: bool,
}

/// A duration as it is declared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Declared {
    /// None, which stands for so many seconds.
    Default(i64),
    /// So many seconds.
    Seconds(f64),
    /// Between so many seconds, as it depends on the call or on what the text does not settle; infinite
    /// where it has no end.
    Between(f64, f64),
    /// Something that is no duration, so that every call fails.
    NoDuration,
    /// The text does not settle it.
    Unknown,
}

/// What settles a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizedBy {
    /// The author.
    Declared,
    /// Nobody: it is the default.
    Default,
    /// Nobody, and the weights at start-up are so many that `spaces` takes a call for xlarge.
    Promoted,
}

/// The GPU functions of a Space in the order in which they are declared.
pub fn list(space: &Space) -> Vec<GpuFunction> {
    let mut seen: BTreeSet<Place> = BTreeSet::new();
    let declarations = declarations(space).into_iter();
    let mut functions: Vec<GpuFunction> = declarations
        .filter(|it| it.function.is_none_or(|function| seen.insert(function.place())))
        .map(|declaration| function(&declaration))
        .collect();
    let unnamed = functions.iter().any(|function| function.sized == SizedBy::Default);
    if unnamed && zerogpu::is_promoted(space) {
        for function in functions.iter_mut().filter(|it| it.sized == SizedBy::Default) {
            function.sized = SizedBy::Promoted;
        }
    }
    functions
}

fn function(declaration: &Declaration<'_>) -> GpuFunction {
    let readings = &declaration.readings;
    let first = readings.first().and_then(|reading| reading.size);
    let size = first.filter(|size| readings.iter().all(|reading| reading.size == Some(*size)));
    let given = declaration.gpu.size.is_some() || declaration.gpu.open;
    let place = declaration.function.map_or(declaration.place, |function| function.place());
    GpuFunction {
        name: declaration.function.and_then(|it| name(it)).map(str::to_owned),
        location: Location::of(declaration.trace, place),
        duration: duration_of(declaration),
        size,
        sized: if given { SizedBy::Declared } else { SizedBy::Default },
        visited: readings.iter().any(|reading| reading.visited),
    }
}

fn duration_of(declaration: &Declaration<'_>) -> Declared {
    let readings = &declaration.readings;
    if readings.iter().all(|reading| matches!(reading.duration, Duration::Default)) {
        return Declared::Default(duration().default_seconds);
    }
    let no_duration = |duration| matches!(duration, Duration::NoNumber(_));
    if readings.iter().all(|reading| no_duration(reading.duration)) {
        return Declared::NoDuration;
    }
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for reading in readings {
        let (low, high) = match reading.duration {
            Duration::Default => (default_seconds(), default_seconds()),
            Duration::Seconds(seconds) => (seconds, seconds),
            Duration::Between(low, high) => (low, high),
            Duration::NoNumber(_) | Duration::Unknown => return Declared::Unknown,
        };
        (least, most) = (least.min(low), most.max(high));
    }
    if least < most { Declared::Between(least, most) } else { Declared::Seconds(least) }
}
