use std::sync::Arc;

use spacelint_space::{Card, SourceFile, Space, tokens};

use super::list::Need;
use super::readme;
use super::wanted::{self, Wanted, What};
use crate::finding::{Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// The Space fails without a name from its environment that the README does not tell.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-overview.md: a duplicate gets the public variables of a Space, and none of its secrets"
)]
#[rule(
    source = "huggingface_hub 2.4.0 utils/_auth.py:59-84: the names under which a token is looked for; utils/_http.py:822: a gated repository is refused without one"
)]
pub(crate) struct MissingSecret<'a> {
    wanted: Wanted<'a>,
    readme: Option<&'a Arc<SourceFile>>,
    card: Option<&'a Card>,
}

impl<'a> Check<'a> for MissingSecret<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        wanted::wanted(space)
            .into_iter()
            .filter(|wanted| wanted.need == Need::Hard && !wanted.named_in_readme)
            .map(|wanted| Self { wanted, readme: space.readme.as_ref(), card: space.card.as_ref() })
    }

    fn finding(&self) -> Finding {
        let Wanted { places, .. } = &self.wanted;
        let title = self.wanted.title();
        // A public variable is copied; whether it is one, the text does not say.
        let (lacks, then) =
            if self.wanted.is_secret { ("lacks", "") } else { ("may lack", "then ") };
        let fails =
            if self.wanted.stops_start_up() { "does not start" } else { "fails when it is used" };
        let message = format!(
            "a duplicate of this Space {lacks} {title}, which the README does not name, and \
             {then}{fails}: {}",
            self.wanted.reason()
        );
        // A gated model is not loaded because something is read.
        let decisive = self.wanted.decisive();
        let first = match decisive.what {
            What::Load(..) => decisive,
            _ => &places[0],
        };
        let mut finding = Self::at(&first.moment, message)
            .help(self.help())
            .certainty(self.wanted.certainty())
            .chain(&first.moment);
        for place in places.iter().filter(|place| place.moment.place() != first.moment.place()) {
            let message = match &place.what {
                What::Read | What::Index => format!("{title} is read here"),
                What::Use(clause) => format!("it is needed here: {clause}"),
                What::Load(id, _) => format!("`{id}` is loaded here"),
            };
            finding = finding.related(Location::from(&place.moment), message);
        }
        finding
    }

    fn fix(&self) -> Option<Fix> {
        let name = &self.wanted.name;
        let title = self.wanted.title();
        // A line that ends within a name says another.
        if tokens::may_hold(name) || title.contains(char::is_control) {
            return None;
        }
        let entry = format!("{title}: {}", self.says());
        let edit = readme::add(self.readme?, self.card, &entry)?;
        Some(Fix::needs_review(format!("name `{name}` in the README"), vec![edit]))
    }
}

impl MissingSecret<'_> {
    /// The first gated model that is loaded with it.
    fn gated(&self) -> Option<&str> {
        self.wanted.places.iter().find_map(|place| match place.what {
            What::Load(id, _) if place.need == Need::Hard => Some(id),
            _ => None,
        })
    }

    fn help(&self) -> String {
        let name = &self.wanted.name;
        if tokens::may_hold(name) {
            return "This is a token, where the name of a variable belongs: take it out, and revoke it."
                .to_owned();
        }
        match self.gated() {
            Some(id) => format!(
                "Say in the README that a duplicate needs a secret named `{name}`, with a read token of an \
                 account that has been given access at https://huggingface.co/{id}."
            ),
            None => format!(
                "Name `{name}` in the README, and say what it must hold. Public variables are copied with a \
                 Space, its secrets are not."
            ),
        }
    }

    /// What the README should say of it, as far as the text tells.
    fn says(&self) -> String {
        match self.gated() {
            Some(id) => format!(
                "a read token of an account that has been given access to \
                 [{id}](https://huggingface.co/{id})."
            ),
            None if self.wanted.stops_start_up() => {
                "the Space does not start without it.".to_owned()
            }
            None => "the Space fails without it when it is used.".to_owned(),
        }
    }
}
