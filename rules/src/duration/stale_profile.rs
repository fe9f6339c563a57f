use spacelint_space::Space;
use spacelint_space::profile::{PROFILE_FILE, ProfiledFunction};

use super::measured::{Measures, day};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A GPU function was changed since it was measured, so that nothing of its measure counts.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(source = "spacelint-profile: a profile holds a hash of what each function it measured does")]
pub(crate) struct StaleProfile<'a> {
    entry: &'a ProfiledFunction,
    made: &'a str,
    location: Location,
    /// Whether the function is there.
    is_there: bool,
}

impl<'a> Check<'a> for StaleProfile<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let measures = Measures::of(space).filter(|_| space.is_zerogpu());
        let mut found: Vec<Self> = Vec::new();
        if let (Some(measures), Some(file), Some(trace)) = (measures, &space.profile, space.trace())
        {
            for entry in &measures.profile.functions {
                let mut known = measures.namesakes(entry).peekable();
                let first = known.peek().map(|it| it.function.place());
                // What the text did not show then it need not show now.
                let unseen = entry.function.hash.is_empty();
                if unseen || known.any(|it| it.identity.hash == entry.function.hash) {
                    continue;
                }
                let location = match first {
                    Some(place) => Location::of(trace, place),
                    None => Location::new(&file.file, file.span()),
                };
                let place = |it: &Self| (it.location.file.path.clone(), it.location.span);
                let is_there = first.is_some();
                let stale = Self { entry, made: &measures.profile.made, location, is_there };
                // One function may have been measured at several sizes.
                if !is_there || !found.iter().any(|it| place(it) == place(&stale)) {
                    found.push(stale);
                }
            }
        }
        found.into_iter()
    }

    fn finding(&self) -> Finding {
        let name = &self.entry.function.name;
        let day = day(self.made);
        let message = if self.is_there {
            format!(
                "`{name}`, or something it calls, was changed since it was measured on {day}: what \
                 `{PROFILE_FILE}` says of its duration no longer counts"
            )
        } else {
            format!(
                "`{name}` in `{}` was measured on {day} and is no GPU function now: what is said of it here no \
                 longer counts",
                self.entry.function.path
            )
        };
        Self::at(self.location.clone(), message).help("Measure again: `spacelint-profile run`.")
    }
}
