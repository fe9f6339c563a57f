//! How a piece of work is measured: as large as its share of the time allows, checked, timed, and believed or left out.

use std::time::Duration;

use candle_core::Result;

use super::check::Check;
use super::{LeftOut, Measured};
use crate::device::Machine;
use crate::fault::Fault;
use crate::measure::{self, Timing};
use crate::parts::Part;

/// A case that takes so many times as long as the device's memory and products in f32 ask for tells nothing of it.
const CREDIBLE: f64 = 4.0;
/// So many runs tell whether it is.
const TRIES: u32 = 5;
/// How often a piece of work must fit into its time: two runs to get warm, and as many as a median wants.
const RUNS: u32 = 9;
/// If it fits more often than this, a larger one fits too.
const MANY: u32 = 8 * RUNS;
/// Of the memory that can be had now, a case takes a part of so many.
const ROOM: u64 = 4;
/// The longest reason that is kept, in characters.
const LONGEST: usize = 200;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) part: Part,
    pub(super) name: &'static str,
    /// Whether it makes the rate of its part.
    pub(super) counts: bool,
}

/// A piece of work of one size.
pub(super) struct Work<'a> {
    /// How large it is, for people.
    pub(super) shape: String,
    /// How much of its part it is.
    pub(super) amount: f64,
    /// Its floating-point operations.
    pub(super) operations: f64,
    /// What it reads and writes at least, in bytes.
    pub(super) bytes: f64,
    pub(super) run: Box<dyn FnMut() -> Result<()> + 'a>,
    /// Does it once more and looks at the result.
    pub(super) check: Box<dyn FnMut() -> Result<Check> + 'a>,
}

/// What was found of a device so far.
pub(super) struct Bench<'a> {
    pub(super) machine: &'a Machine,
    /// The time of a case.
    pub(super) each: Duration,
    measured: Vec<Measured>,
    left_out: Vec<LeftOut>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(machine: &'a Machine, each: Duration) -> Self {
        Self { machine, each, measured: Vec::new(), left_out: Vec::new() }
    }

    pub(super) fn done(self) -> (Vec<Measured>, Vec<LeftOut>) {
        (self.measured, self.left_out)
    }

    /// Leaves it out.
    pub(super) fn leave_out(&mut self, case: Case, why: &str) {
        let why = why.lines().next().unwrap_or_default().chars().take(LONGEST).collect();
        self.left_out.push(LeftOut { part: case.part, case: case.name.to_owned(), why });
    }

    /// Measures the largest of `sizes`, which rise and each ask for so many bytes, that its time allows.
    pub(super) fn measure<'w>(
        &mut self,
        case: Case,
        sizes: impl IntoIterator<Item = (usize, u64)>,
        build: impl Fn(usize) -> Result<Work<'w>>,
    ) {
        match self.largest(sizes, build).map_err(|error| Fault::of(&error).to_string()) {
            Ok(Some(work)) => self.time(case, work),
            Ok(None) => self.leave_out(case, "not enough memory is free for it"),
            Err(why) => self.leave_out(case, &why),
        }
    }

    fn largest<'w>(
        &self,
        sizes: impl IntoIterator<Item = (usize, u64)>,
        build: impl Fn(usize) -> Result<Work<'w>>,
    ) -> Result<Option<Work<'w>>> {
        let mut largest = None;
        for (size, bytes) in sizes {
            if bytes > self.machine.free_bytes() / ROOM {
                break;
            }
            let mut work = build(size)?;
            // The first run loads and allocates.
            self.machine.time(&mut work.run)?;
            let once = self.machine.time(&mut work.run)?;
            if largest.is_some() && once * RUNS > self.each {
                break;
            }
            largest = Some(work);
            if once * MANY > self.each {
                break;
            }
        }
        Ok(largest)
    }

    fn time(&mut self, case: Case, mut work: Work<'_>) {
        let timed = self.timed(&mut work);
        match timed.map_err(|error| Fault::of(&error).to_string()).flatten() {
            Ok((check, timing)) => self.add(case, &work, check, timing, None),
            Err(why) => self.leave_out(case, &why),
        }
    }

    /// What it took, if that may be believed; the inner error says why not.
    fn timed(&self, work: &mut Work<'_>) -> Result<std::result::Result<(Check, Timing), String>> {
        let check = (work.check)()?;
        let Check { error, allowed } = check;
        if !check.holds() {
            return Ok(Err(format!(
                "its result is off by {error:.1e}, where {allowed:.1e} would be rounding"
            )));
        }
        // Whatever else the machine does, it lets the quickest of some runs be quick.
        let mut quickest = f64::INFINITY;
        for _ in 0..TRIES {
            quickest = quickest.min(self.machine.time(&mut work.run)?.as_secs_f64());
        }
        let asked_for = self.asked_for(work).unwrap_or(f64::INFINITY);
        if quickest > CREDIBLE * asked_for {
            let times = quickest / asked_for;
            return Ok(Err(format!(
                "it takes {times:.0} times as long as the memory and the products in f32 of this device ask for: that \
                 tells of candle, or of what else the machine does, and not of the device"
            )));
        }
        let timing = measure::time(self.machine, self.each, &mut work.run)?;
        if timing.low <= 0.0 {
            return Ok(Err("it is too quick for the clock".to_owned()));
        }
        if timing.median > CREDIBLE * asked_for {
            let times = timing.median / quickest;
            return Ok(Err(format!(
                "something else keeps the machine busy: half of the runs took {times:.1} times as long as the quickest"
            )));
        }
        Ok(Ok((check, timing)))
    }

    pub(super) fn add(
        &mut self,
        case: Case,
        work: &Work<'_>,
        check: Check,
        seconds: Timing,
        note: Option<String>,
    ) {
        self.measured.push(Measured {
            part: case.part,
            case: case.name.to_owned(),
            shape: work.shape.clone(),
            amount: work.amount,
            seconds,
            error: check.error,
            allowed: check.allowed,
            counts: case.counts,
            note,
        });
    }

    /// How many seconds the device's memory or its products in f32 ask for, as far as both are known.
    fn asked_for(&self, work: &Work<'_>) -> Option<f64> {
        let best = |part| {
            let of = self.measured.iter().filter(|it| it.part == part && it.counts);
            of.map(|it| it.amount / it.seconds.median).reduce(f64::max)
        };
        let (memory, products) = (best(Part::Memory)?, best(Part::MatmulF32)?);
        let seconds = (work.operations / products).max(work.bytes / memory);
        (seconds > 0.0).then_some(seconds)
    }
}
