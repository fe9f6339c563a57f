use std::collections::BTreeSet;
use std::rc::Rc;

use spacelint_knowledge::platform::{Size, promotion};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use super::weights::{self, Weights};
use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// The weights are too large for the size that the Space asks for.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "spaces 0.51.3 zero/__init__.py:30-35 and zero/configs.json xlarge_threshold; zero/client.py schedule() sends the size as it was given"
)]
pub(crate) struct UndeclaredXlarge<'a> {
    moment: Moment<'a>,
    /// Where it is declared.
    at: Location,
    weights: Rc<Vec<Weights<'a>>>,
}

impl<'a> Check<'a> for UndeclaredXlarge<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let weights = weights::placed(space);
        let heavy = is_promoted(&weights);
        let weights = Rc::new(weights);
        let mut seen = BTreeSet::new();
        space.moments().filter(move |_| heavy).filter_map(move |moment| {
            let Effect::DeclareGpu(gpu) = &moment.event.effect else { return None };
            let undeclared = gpu.size.is_none() && !gpu.open && seen.insert(gpu.declared_at);
            let at = Location::of(moment.trace(), gpu.declared_at);
            undeclared.then(|| Self { moment, at, weights: Rc::clone(&weights) })
        })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "start-up puts about {:.0} GB of weights on the GPU, above the {:.0} GB that `{}` is \
             for, and this GPU function names no size: {}",
            self.weights.iter().map(Weights::gb).sum::<f64>(),
            threshold(),
            Size::Large.name(),
            promotion().says,
        );
        let finding = Self::at(self.at.clone(), message)
            .certainty(self.moment.certainty())
            .help(format!("Write `size=\"{}\"`.", Size::Xlarge.name()));
        let related = |finding: Finding, it: &Weights<'_>| finding.related(&it.moment, it.says());
        self.weights.iter().fold(finding, related)
    }

    fn fix(&self) -> Option<Fix> {
        let written = self.at.file.text.slice(self.at.span);
        let (name, arguments) = written.split_once('(').unwrap_or((written, ")"));
        // Under another name it may be somebody's wrapper, whose arguments are its own; and behind
        // a comment nothing can be added.
        if name.rsplit('.').next() != Some("GPU") || written.contains('#') {
            return None;
        }
        let inside = arguments.strip_suffix(')')?.trim_end();
        let comma = if inside.is_empty() || inside.ends_with(',') { "" } else { ", " };
        let size = format!("{comma}size=\"{}\"", Size::Xlarge.name());
        let (at, size) = match written.find('(') {
            Some(open) => (open + 1 + inside.len(), size),
            None => (written.len(), format!("({size})")),
        };
        let edit = Edit::insert(&self.at.file, self.at.span.start + at as u32, size);
        Some(Fix::needs_review(format!("ask for `{}`", Size::Xlarge.name()), vec![edit]))
    }
}

/// Whether `spaces` takes calls for xlarge that name no size, with these weights on the GPU at start-up.
pub(super) fn is_promoted(weights: &[Weights<'_>]) -> bool {
    weights.iter().map(Weights::at_least).sum::<f64>() > threshold()
}

/// Up to how many GB of weights `spaces` takes a call to be large.
#[expect(clippy::cast_precision_loss, reason = "bytes of a GPU's memory are far below 2^53")]
fn threshold() -> f64 {
    const GB: f64 = 1e9;
    promotion().bytes as f64 / GB
}
