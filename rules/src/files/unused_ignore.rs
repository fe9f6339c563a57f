//! The rule about what silences rules. What is malformed or unknown it sees in the text; what is
//! unused only [`check`](crate::check::check) can know, which asks [`UnusedIgnore::of`] then.

use spacelint_space::Space;

use crate::finding::{Finding, Fix};
use crate::registry;
use crate::rule::{Check, Rule};
use crate::suppression::directive::Malformed;
use crate::suppression::{self, Fault, Faulty};

/// A `# spacelint: ignore[…]` silences nothing.
#[derive(Rule)]
#[rule(severity = info, fix = safe, since = "0.1.0")]
#[rule(source = "spacelint itself: a finding is silenced only by a comment that names its rule")]
pub(crate) struct UnusedIgnore(Faulty);

impl UnusedIgnore {
    /// What to say of a faulty directive.
    pub(crate) fn of(faulty: Faulty) -> Finding {
        let occurrence = Self(faulty);
        let mut finding = occurrence.finding();
        finding.fix = occurrence.fix();
        finding
    }
}

impl<'a> Check<'a> for UnusedIgnore {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        suppression::of_space(space, &[])
            .into_iter()
            .flat_map(|file| file.faults(|name| registry::find(name).is_some()))
            .map(Self)
    }

    fn finding(&self) -> Finding {
        let (message, help) = match &self.0.fault {
            Fault::Unused(name) => (
                format!("`{name}` finds nothing here, so this silences nothing"),
                "Remove it: it would silence the next such failure, which nobody has seen yet."
                    .to_owned(),
            ),
            Fault::Unknown(name) => (
                format!("there is no rule `{name}`, so this silences nothing"),
                match registry::nearest(name).filter(|near| registry::find(near).is_some()) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => "`spacelint rules` lists the names.".to_owned(),
                },
            ),
            Fault::Misplaced => (
                "`ignore-file` counts only above the first line that is not a comment, so this \
                 silences nothing"
                    .to_owned(),
                "Move it to the top of the file.".to_owned(),
            ),
            Fault::Malformed(malformed) => (
                format!("{}, so this silences nothing", why(*malformed)),
                "Write `# spacelint: ignore[name]` or `# spacelint: ignore-file[name]`, with the \
                 names of rules between the brackets."
                    .to_owned(),
            ),
        };
        Self::at(self.0.location.clone(), message).help(help)
    }

    fn fix(&self) -> Option<Fix> {
        Some(Fix::safe("remove what silences nothing", vec![self.0.removal.clone()]))
    }
}

fn why(malformed: Malformed) -> &'static str {
    match malformed {
        Malformed::Verb => "`spacelint:` wants `ignore` or `ignore-file` behind it",
        Malformed::NoNames => "`ignore` names no rule",
        Malformed::Unclosed => "the list of rules is never closed",
        Malformed::EmptyName => "a name is missing in the list of rules",
    }
}
