use std::collections::BTreeSet;
use std::rc::Rc;

use spacelint_knowledge::platform::{Size, duration};
use spacelint_knowledge::{models, quota};
use spacelint_python::Value;
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use super::weights::{self, Estimate, Weights};
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// The models fit `large`, and visitors pay for `xlarge`.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(source = "hub-docs docs/hub/spaces-zerogpu.md: memory and quota of the two sizes")]
#[rule(source = "spaces 0.51.3 zero/client.py:105-114, 161: what a size books")]
pub(crate) struct NeedlessXlarge<'a> {
    moment: Moment<'a>,
    /// Declared seconds, the default where they are not a plain number: an example.
    declared: i64,
    /// Where the size stands.
    location: Location,
    estimate: Rc<Estimate<'a>>,
}

impl<'a> Check<'a> for NeedlessXlarge<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen = BTreeSet::new();
        let xlarge = Value::str(Size::Xlarge.name());
        let declared: Vec<_> = space
            .moments()
            .filter_map(|moment| match &moment.event.effect {
                Effect::DeclareGpu(gpu) => Some((moment, gpu, gpu.size.as_ref()?)),
                _ => None,
            })
            .filter(|(_, _, size)| size.value == xlarge && seen.insert(size.place))
            .collect();
        // The estimate is made only where it is asked for.
        let estimate = declared.first().and_then(|_| weights::all(space));
        let estimate = estimate.filter(|estimate| estimate.at_most() <= room()).map(Rc::new);
        declared.into_iter().filter_map(move |(moment, gpu, size)| {
            let declared = match gpu.duration.as_ref().map(|given| &given.value) {
                Some(Value::Int(seconds)) if *seconds > 0 => *seconds,
                _ => duration().default_seconds,
            };
            let location = Location::of(moment.trace(), size.place);
            Some(Self { moment, declared, location, estimate: Rc::clone(estimate.as_ref()?) })
        })
    }

    fn finding(&self) -> Finding {
        let (large, xlarge) = (Size::Large.facts(), Size::Xlarge.facts());
        let (most, declared) = (self.estimate.at_most(), self.declared);
        let message = format!(
            "the weights that this Space loads take about {:.0} GB, at most {most:.0} GB, and \
             `{}` has {} GB; a call that declares {declared} s books {} s of the visitor's quota \
             instead of {} s, and each second it uses counts {}-fold instead of {}-fold",
            self.estimate.gb(),
            large.name,
            large.vram_gb,
            quota::booked(declared, Size::Xlarge),
            quota::booked(declared, Size::Large),
            xlarge.quota_factor,
            large.quota_factor,
        );
        let help = format!(
            "Leave the size out, or write `size=\"{}\"`, unless a call needs more than {:.0} GB \
             beside the weights.",
            large.name,
            f64::from(large.vram_gb) - most,
        );
        let finding = Self::at(self.location.clone(), message).help(help);
        let finding = finding.certainty(self.moment.certainty());
        let related = |finding: Finding, it: &Weights<'_>| finding.related(&it.moment, it.says());
        self.estimate.weights.iter().fold(finding, related)
    }

    fn fix(&self) -> Option<Fix> {
        let written = self.location.file.text.slice(self.location.span);
        // A constant may be somebody else's as well.
        if written.trim_matches(['"', '\'']) != Size::Xlarge.name() {
            return None;
        }
        let large = written.replace(Size::Xlarge.name(), Size::Large.name());
        let edit = Edit::replace(self.location.clone(), large);
        Some(Fix::needs_review(format!("ask for `{}`", Size::Large.name()), vec![edit]))
    }
}

/// What `large` has for weights, in GB.
fn room() -> f64 {
    f64::from(Size::Large.facts().vram_gb) * (1.0 - models::estimate().beside_share)
}
