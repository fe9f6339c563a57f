use std::collections::BTreeSet;

use spacelint_knowledge::gradio::{self, Renamed};
use spacelint_python::{Place, Span};
use spacelint_space::effect::Effect;
use spacelint_space::pins::Allowed;
use spacelint_space::{Moment, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The token is given under a name that the installed client does not know.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "gradio_client 1.14.0 and 2.0.0 client.py: signatures of `Client`; gradio 6 migration guide"
)]
pub(crate) struct RenamedToken<'a> {
    moment: Moment<'a>,
    renamed: &'static Renamed,
    /// Whether the client that is installed has the new name.
    is_new: bool,
    /// Where the keyword stands, if it is there to be seen.
    keyword: Option<Location>,
}

impl<'a> Check<'a> for RenamedToken<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        space.moments().filter_map(move |moment| {
            let Effect::Client(client) = &moment.event.effect else { return None };
            let name = &*client.called.name;
            let renamed = gradio::renamed().iter().find(|it| it.calls.contains(&name))?;
            let is_new = has_new_name(space, renamed)?;
            let wrong = if is_new { renamed.old } else { renamed.new };
            let given = client.arguments.keyword(wrong)?;
            let keyword = keyword(&moment, given.place, wrong);
            seen.insert(moment.place()).then_some(Self { moment, renamed, is_new, keyword })
        })
    }

    fn finding(&self) -> Finding {
        let Renamed { old, new, package, since, .. } = self.renamed;
        let (wrong, right, which) =
            if self.is_new { (old, new, "from") } else { (new, old, "before") };
        let message = format!(
            "the client that this Space gets does not know `{wrong}`: {package} calls it `{right}` \
             {which} {since}, and this call raises `TypeError`"
        );
        let place = self.keyword.clone().unwrap_or_else(|| (&self.moment).into());
        Self::at(place, message)
            .certainty(self.moment.certainty())
            .chain(&self.moment)
            .help(format!("Write `{right}=`."))
    }

    fn fix(&self) -> Option<Fix> {
        let right = if self.is_new { self.renamed.new } else { self.renamed.old };
        let edit = Edit::replace(self.keyword.clone()?, right);
        Some(Fix::safe(format!("write `{right}`"), vec![edit]))
    }
}

/// Whether the client that pip installs has the new name. Gradio asks for just one client.
fn has_new_name(space: &Space, renamed: &Renamed) -> Option<bool> {
    let installed = versions::installs(space, "gradio", renamed.gradio)
        .or_else(|| versions::installs(space, renamed.package, renamed.since))?;
    match installed {
        Allowed::Always => Some(true),
        Allowed::Never => Some(false),
        Allowed::Sometimes => None,
    }
}

/// Where in the call the name of the argument stands whose value is at `value`.
fn keyword(moment: &Moment<'_>, value: Place, name: &str) -> Option<Location> {
    let call = moment.place();
    let file = moment.file();
    let text = &file.text.as_str()[..value.span.start as usize];
    let before = text.trim_end().strip_suffix('=')?.trim_end();
    let start = before.strip_suffix(name)?.len();
    let within = value.file == call.file && start >= call.span.start as usize;
    let span = Span { start: start as u32, end: before.len() as u32 };
    within.then(|| Location::new(file, span))
}
