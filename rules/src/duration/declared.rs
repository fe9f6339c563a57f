//! What the rules about durations share: which GPU functions are declared with which duration, where
//! that stands, and how what follows from it is put into words. It knows no limit: what is too much is
//! for the rules to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use spacelint_knowledge::platform::{Size, Tier, duration};
use spacelint_knowledge::quota::{self, Calls};
use spacelint_python::{Certainty, External, Function, Operator, Place, Root, Value};
use spacelint_space::effect::{Effect, GpuDeclaration};
use spacelint_space::{Moment, Phase, Role, Space, SpaceTrace};

use super::bounds::Bounds;
use crate::finding::{Finding, Location};

/// What the text says of a duration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Duration<'a> {
    /// None is given.
    Default,
    /// So many seconds, as declared.
    Seconds(f64),
    /// Between so many seconds, as declared; what has no end is infinite.
    Between(f64, f64),
    /// Something that is no duration at all.
    NoNumber(&'a Value),
    /// Not settled by the text: a function of the arguments, a setting.
    Unknown,
}

/// One of the things that a declaration may come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) duration: Duration<'a>,
    /// None if it is not known.
    pub(super) size: Option<Size>,
    /// The function that computes it for each call, if one does.
    pub(super) computed: Option<&'a Root<Role>>,
    /// Whether visitors make the call: not so what start-up alone calls, which no visitor pays for.
    pub(super) visited: bool,
}

/// What a call comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// As declared.
    pub(super) declared: f64,
    pub(super) size: Size,
    /// How long the call may hold the GPU.
    pub(super) allowed: i64,
    /// What must be left of the visitor's quota.
    pub(super) booked: i64,
}

/// A GPU function as it is declared.
pub(super) struct Declaration<'a> {
    pub(super) function: Option<&'a Arc<Function>>,
    pub(super) gpu: &'a GpuDeclaration,
    pub(super) trace: &'a SpaceTrace,
    pub(super) place: Place,
    /// Where `spaces.GPU` is applied with it.
    applied: Place,
    pub(super) certainty: Certainty,
    /// At least one; all of them where the text leaves several open.
    pub(super) readings: Vec<Reading<'a>>,
}

/// The GPU functions whose duration stands at one place and is objected to.
pub(super) struct Site<'a> {
    /// Where the duration stands, or would.
    pub(super) location: Location,
    pub(super) certainty: Certainty,
    /// What weighs most.
    pub(super) reading: Reading<'a>,
    /// The functions with what each comes to, the weightiest first and the others in their order.
    functions: Vec<(Option<&'a Arc<Function>>, Reading<'a>)>,
    pub(super) place: Place,
    applied: Place,
    trace: &'a SpaceTrace,
}

impl Reading<'_> {
    /// What a visitor's call comes to, where duration and size are known.
    pub(super) fn cost(&self) -> Option<Cost> {
        let declared = match self.duration {
            Duration::Default => default_seconds(),
            Duration::Seconds(seconds) => seconds,
            Duration::Between(..) | Duration::NoNumber(_) | Duration::Unknown => return None,
        };
        Cost::of(declared, self.size.filter(|_| self.visited)?)
    }

    /// What computes it, by name: "`seconds`".
    pub(super) fn computer(&self) -> Option<String> {
        let function = self.computed?.function()?;
        Some(name(function).map_or("the function".to_owned(), |name| format!("`{name}`")))
    }
}

/// Each place where something is declared to which `weigh` gives a weight, in the order of the trace.
/// Of several things that may be declared there the weightiest stands for all.
pub(super) fn sites<'a>(
    space: &'a Space,
    weigh: impl Fn(&Declaration<'a>, &Reading<'a>) -> Option<i64>,
) -> Vec<Site<'a>> {
    let mut sites: Vec<(i64, Site<'a>)> = Vec::new();
    for declaration in declarations(space) {
        let weigh = |reading: &Reading<'a>| Some((weigh(&declaration, reading)?, *reading));
        let found: Vec<_> = declaration.readings.iter().filter_map(weigh).collect();
        let Some(&(weight, reading)) = found.iter().max_by_key(|(weight, _)| *weight) else {
            continue;
        };
        // What is so on some runs only is no surer than that.
        let certainty = if found.len() == declaration.readings.len() {
            declaration.certainty
        } else {
            Certainty::Sometimes
        };
        let function = declaration.function;
        let Some((most, site)) = sites.iter_mut().find(|(_, site)| site.place == declaration.place)
        else {
            sites.push((
                weight,
                Site {
                    location: Location::of(declaration.trace, declaration.place),
                    certainty,
                    reading,
                    functions: vec![(function, reading)],
                    place: declaration.place,
                    applied: declaration.applied,
                    trace: declaration.trace,
                },
            ));
            continue;
        };
        site.certainty = site.certainty.max(certainty);
        let known = |(other, _): &(Option<&Arc<Function>>, _)| {
            other.map(|other| other.place()) == function.map(|function| function.place())
        };
        if site.functions.iter().any(known) {
            continue;
        }
        if weight > *most {
            (*most, site.reading) = (weight, reading);
            site.functions.insert(0, (function, reading));
        } else {
            site.functions.push((function, reading));
        }
    }
    sites.into_iter().map(|(_, site)| site).collect()
}

/// The GPU functions that visitors call or start-up does, each once where that is settled, in order.
pub(super) fn declarations(space: &Space) -> Vec<Declaration<'_>> {
    let callers = callers(space);
    let mut sure: Vec<&Arc<Function>> = Vec::new();
    let mut declarations = Vec::new();
    for moment in space.moments() {
        let Effect::DeclareGpu(declared) = &moment.event.effect else { continue };
        let function = declared.function.as_ref();
        let caller = function.and_then(|function| callers.get(&function.place()));
        let caller = caller.copied().unwrap_or(Caller::Visitor);
        // What the worker declares it calls itself.
        if caller == Caller::Worker || moment.phase == Phase::Gpu {
            continue;
        }
        if let Some(function) = function {
            // The second decoration of a function gives back the first, whatever it declares.
            if sure.contains(&function) {
                continue;
            }
            if moment.certainty() == Certainty::Always {
                sure.push(function);
            }
        }
        declarations.push(declaration(&moment, declared, caller == Caller::Visitor));
    }
    declarations
}

fn declaration<'a>(
    moment: &Moment<'a>,
    declared: &'a GpuDeclaration,
    visited: bool,
) -> Declaration<'a> {
    let durations: Vec<(Duration<'a>, Option<&'a Root<Role>>)> = match &declared.duration {
        Some(argument) => {
            let given = argument.value.alternatives().iter();
            given.flat_map(|value| readings_of(moment.trace(), value)).collect()
        }
        None if declared.open => vec![(Duration::Unknown, None)],
        None => vec![(Duration::Default, None)],
    };
    let sizes: Vec<Option<Size>> = match &declared.size {
        Some(argument) => argument.value.alternatives().iter().map(size).collect(),
        None if declared.open => vec![None],
        None => vec![Some(Size::DEFAULT)],
    };
    let readings = durations
        .iter()
        .flat_map(|&(duration, computed)| {
            sizes.iter().map(move |&size| Reading { duration, size, computed, visited })
        })
        .collect();
    Declaration {
        function: declared.function.as_ref(),
        gpu: declared,
        trace: moment.trace(),
        place: declared.duration.as_ref().map_or(declared.declared_at, |argument| argument.place),
        applied: declared.declared_at,
        certainty: moment.certainty(),
        readings,
    }
}

/// Who calls a GPU function, as far as the program shows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    /// Other GPU functions: it then runs in their worker, and its declaration is never read.
    Worker,
    /// Start-up: compilation ahead of time, say, which no visitor pays for.
    Startup,
    /// Visitors.
    Visitor,
}

/// The callers that matter most, by where the GPU function stands; nothing is known of those that are
/// not in it.
pub(crate) fn callers(space: &Space) -> BTreeMap<Place, Caller> {
    let calls = space.moments().filter_map(|moment| match &moment.event.effect {
        Effect::CallGpu(call) => {
            let caller = match moment.phase {
                Phase::BeforeSpaces | Phase::Startup => Caller::Startup,
                Phase::Request => Caller::Visitor,
                Phase::Gpu => Caller::Worker,
            };
            Some((call.function()?.place(), caller))
        }
        _ => None,
    });
    let handlers = space.trace().into_iter().flat_map(|trace| {
        let roots = trace.roots().iter().enumerate();
        let handlers = roots.filter(|(index, _)| trace.phase_of(*index) == Phase::Request);
        handlers.filter_map(|(_, root)| Some((root.function()?.place(), Caller::Visitor)))
    });
    let mut callers = BTreeMap::new();
    for (function, caller) in calls.chain(handlers) {
        let known = callers.entry(function).or_insert(caller);
        *known = caller.max(*known);
    }
    callers
}

/// Whether a duration of so many seconds is negative or a day or more, of which only the rest counts.
#[expect(clippy::cast_precision_loss, reason = "a day is far below 2^53 seconds")]
pub(super) fn drops_days(declared: f64) -> bool {
    !(0.0..duration().day_seconds as f64).contains(&declared)
}

#[expect(clippy::cast_precision_loss, reason = "the default is far below 2^53")]
pub(super) fn default_seconds() -> f64 {
    duration().default_seconds as f64
}

/// What comes of a declared value: itself, or what the function gives that it is.
fn readings_of<'a>(
    trace: &'a SpaceTrace,
    value: &'a Value,
) -> Vec<(Duration<'a>, Option<&'a Root<Role>>)> {
    let Some(function) = value.function() else { return vec![(read(value), None)] };
    let computes = |root: &&Root<Role>| {
        root.role == Role::Duration && root.function().is_some_and(|it| it == function)
    };
    let Some(root) = trace.roots().iter().find(computes) else {
        return vec![(Duration::Unknown, None)];
    };
    // It is not awaited.
    if function.def.is_async {
        return vec![(Duration::NoNumber(value), Some(root))];
    }
    match &root.gives.returned {
        Some(returned) => {
            returned.alternatives().iter().map(|value| (read(value), Some(root))).collect()
        }
        None => vec![(Duration::Unknown, Some(root))],
    }
}

fn read(value: &Value) -> Duration<'_> {
    match value {
        // What is always `None` is no duration given; this is one of several.
        Value::None => Duration::Seconds(default_seconds()),
        Value::Str(_)
        | Value::Tuple(_)
        | Value::List(_)
        | Value::Dict(_)
        | Value::Function(_)
        | Value::Suspended(_) => Duration::NoNumber(value),
        Value::External(external) if is_text(external) => Duration::NoNumber(value),
        value => {
            let bounds = Bounds::of(value);
            match bounds.exact() {
                Some(seconds) => Duration::Seconds(seconds),
                None if !bounds.least.is_finite() => Duration::Unknown,
                None if bounds.most.is_finite() || !bounds.grows.is_empty() => {
                    Duration::Between(bounds.least, bounds.most)
                }
                None => Duration::Unknown,
            }
        }
    }
}

/// Whether something is made of other things as a text.
fn is_text(external: &External) -> bool {
    match external {
        External::Operation { operator: Operator::Format, .. } => true,
        External::Call { callee, .. } => callee.name() == Some("builtins.str"),
        _ => false,
    }
}

fn size(value: &Value) -> Option<Size> {
    match value {
        Value::None => Some(Size::DEFAULT),
        value => Size::from_name(value.as_str()?),
    }
}

impl Cost {
    /// Of so many declared seconds on that size; none where no `timedelta` holds them.
    pub(super) fn of(declared: f64, size: Size) -> Option<Self> {
        let seconds = quota::effective_seconds(declared)?;
        let (allowed, booked) = (quota::allowed(seconds, size), quota::booked(seconds, size));
        Some(Self { declared, size, allowed, booked })
    }

    /// From declared to booked seconds.
    pub(super) fn steps(&self) -> String {
        let Self { declared, size, allowed, booked } = self;
        let size = size.name();
        format!(
            "{declared} s on `{size}` allow each call {allowed} s on the GPU and book {booked} s."
        )
    }

    /// For every tier the calls a day.
    pub(super) fn calls_a_day(&self) -> String {
        let tiers = Tier::ALL.map(|tier| format!("{} {}", tier.label(), self.calls(tier)));
        format!("Calls a day: {}; more if they end early.", tiers.join(", "))
    }

    /// How many calls a day a visitor is sure of.
    pub(super) fn calls(&self, tier: Tier) -> String {
        match quota::calls(tier, self.booked, None) {
            Calls::Never => "none".to_owned(),
            Calls::AtLeast(calls) | Calls::Exactly(calls) => format!("at least {calls}"),
            Calls::Unlimited => "any number".to_owned(),
        }
    }

    /// The visitors whose whole quota is less than one call books, with their quotas: none, or
    /// "anonymous (120 s a day) and free (300 s a day) visitors can never run it".
    pub(super) fn excluded(&self) -> Option<String> {
        let excluded: Vec<String> = Tier::ALL
            .into_iter()
            .filter(|tier| quota::calls(*tier, self.booked, None) == Calls::Never)
            .map(|tier| format!("{} ({} s a day)", tier.label(), tier.quota_seconds()))
            .collect();
        let (last, others) = excluded.split_last()?;
        let who = match others {
            [] => last.clone(),
            _ => format!("{} and {last}", others.join(", ")),
        };
        Some(format!("{who} visitors can never run it"))
    }
}

/// Said wherever a quota is taken for the most that one call may book.
pub(super) const INFERRED: &str =
    "That a call may book no more than the quota is inferred: no largest `duration` is documented.";

impl Site<'_> {
    /// "each call of `generate`", or of several.
    pub(super) fn each_call(&self) -> String {
        let name = self.functions.first().and_then(|(function, _)| name((*function)?));
        match (name, self.functions.len() - 1) {
            (None, _) => "each call".to_owned(),
            (Some(name), 0) => format!("each call of `{name}`"),
            (Some(name), 1) => format!("each call of `{name}` and of one more function"),
            (Some(name), more) => format!("each call of `{name}` and of {more} more functions"),
        }
    }

    /// Adds where `spaces.GPU` is applied and the functions that it is applied to, as far as they do
    /// not stand at the place.
    pub(super) fn related(&self, mut finding: Finding) -> Finding {
        let Place { file, span } = self.place;
        if self.applied.file != file || !self.applied.span.contains(span) {
            let applied = Location::of(self.trace, self.applied);
            finding = finding.related(applied, "`spaces.GPU` is applied here");
        }
        if let Some(function) = self.reading.computed.and_then(|root| root.function()) {
            finding = computed_by(finding, self.trace, self.place, function);
        }
        let booked = self.reading.cost().map(|cost| cost.booked);
        for (function, reading) in &self.functions {
            let Some(function) = function else { continue };
            let Some(name) = name(function) else { continue };
            let decorates = function.file == file
                && function.def.decorators.iter().any(|it| it.span.contains(span));
            if decorates {
                continue;
            }
            let own = reading.cost().map(|cost| cost.booked).filter(|own| Some(*own) != booked);
            let message = match own {
                None => format!("this is `{name}`"),
                Some(own) => format!("this is `{name}`, which books {own} s"),
            };
            finding = finding.related(Location::of(self.trace, function.place()), message);
        }
        finding
    }
}

/// Adds the function that computes a duration, where it does not stand at the duration's place.
pub(super) fn computed_by(
    finding: Finding,
    trace: &SpaceTrace,
    place: Place,
    function: &Function,
) -> Finding {
    if place.file == function.file && place.span.contains(function.def.span) {
        return finding;
    }
    finding.related(Location::of(trace, function.place()), "this computes the duration")
}

/// What a function is called within the one around it; none for a lambda.
pub(super) fn name(function: &Function) -> Option<&str> {
    let name = function.qualname.rsplit("<locals>.").next().unwrap_or(&function.qualname);
    (!name.contains('<')).then_some(name)
}
