use std::collections::BTreeSet;

use spacelint_knowledge::gradio;
use spacelint_python::{Argument, Place, Value};
use spacelint_space::effect::Effect;
use spacelint_space::pins::Allowed;
use spacelint_space::{Moment, Space};

use crate::finding::{Finding, Fix};
use crate::keyword::Keyword;
use crate::rule::{Check, Rule};
use crate::versions;

/// The app asks for a second public address, which a Space does not get.
#[derive(Rule)]
#[rule(severity = info, fix = safe, since = "0.1.0")]
#[rule(
    source = "gradio 6.31.0 blocks.py:3611-3613 and back to 3.45.0: \"Setting share=True is not supported on Hugging Face Spaces\", and it is set to False"
)]
pub(crate) struct NeedlessShare<'a> {
    moment: Moment<'a>,
    share: &'a Argument,
}

/// The keyword that asks for it.
const SHARE: &str = "share";

impl<'a> Check<'a> for NeedlessShare<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let is_new = versions::gradio_card(space).is_some_and(|_| {
            let installed = versions::installs(space, "gradio", gradio::share().ignored_since);
            // Where nothing asks for a version, it is the newest.
            matches!(installed, None | Some(Allowed::Always))
        });
        space.moments().filter(move |_| is_new).filter_map(move |moment| {
            let Effect::Serve(serve) = &moment.event.effect else { return None };
            let share = serve.share.as_ref().filter(|share| share.value == Value::Bool(true))?;
            seen.insert(moment.place()).then_some(Self { moment, share })
        })
    }

    fn finding(&self) -> Finding {
        let keyword = Keyword::of(&self.moment, self.share, SHARE);
        let place = keyword.map_or_else(|| (&self.moment).into(), |keyword| keyword.whole());
        Self::at(
            place,
            "`share=True` does nothing on a Space, which has a public address: Gradio warns at each start \
             that it ignores it",
        )
        .certainty(self.moment.certainty())
        .help("Leave it out.")
    }

    fn fix(&self) -> Option<Fix> {
        let keyword = Keyword::of(&self.moment, self.share, SHARE)?;
        Some(Fix::safe("leave `share=True` out", vec![keyword.removal()?]))
    }
}
