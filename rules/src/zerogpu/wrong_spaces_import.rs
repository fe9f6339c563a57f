use std::collections::BTreeSet;

use spacelint_knowledge::effects::MissingName;
use spacelint_python::Place;
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space};

use super::is_survived;
use crate::finding::{Edit, Finding, Fix};
use crate::rule::{Check, Rule};

/// `spaces` is imported from a package that has no such name.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "huggingface_hub 2.4.0 and spaces 0.51.3 __init__.py: neither has a name `spaces`; the imports reproduced"
)]
pub(crate) struct WrongSpacesImport<'a> {
    moment: Moment<'a>,
    missing: &'static MissingName,
}

impl<'a> Check<'a> for WrongSpacesImport<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter(|moment| moment.event.root.is_none()).filter_map(move |moment| {
            let Effect::ImportMissing(missing) = moment.event.effect else { return None };
            let raises = !is_survived(&moment, "ImportError") && seen.insert(moment.place());
            raises.then_some(Self { moment, missing })
        })
    }

    fn finding(&self) -> Finding {
        let MissingName { module, name, instead, .. } = self.missing;
        let message = format!(
            "`{module}` has no `{name}`: this raises an `ImportError`, and the Space does not start"
        );
        Self::at(&self.moment, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help(format!("Write `{instead}`."))
    }

    fn fix(&self) -> Option<Fix> {
        let MissingName { module, name, instead, .. } = self.missing;
        let written = self.moment.file().text.slice(self.moment.place().span);
        // One that takes other names too, or another name for this one, is its author's to split.
        let alone = written.split_whitespace().eq(["from", module, "import", name]);
        let edit = Edit::replace(&self.moment, *instead);
        alone.then(|| Fix::safe(format!("write `{instead}`"), vec![edit]))
    }
}
