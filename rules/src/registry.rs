//! Every rule there is, in the order in which `spacelint rules` lists them: one explicit list per
//! category, because a registry that fills itself hides its order and its cost.

use std::fmt;

use spacelint_knowledge::failures::failures;
use spacelint_space::Space;

use crate::finding::Finding;
use crate::rule::{Check, RuleInfo};
use crate::spelling;
use crate::{card, dependencies, duration, files, identity, network, secrets, zerogpu};

/// What a rule is about, as a user would name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// How ZeroGPU starts and runs a Space.
    Zerogpu,
    /// How long a GPU call may hold the GPU, and what that costs.
    Duration,
    /// The front matter of `README.md`.
    Card,
    /// What the Space installs.
    Dependencies,
    /// What the Space needs from its settings.
    Secrets,
    /// Whom a call is made for.
    Identity,
    /// What the app listens on, and whom it reaches.
    Network,
    /// The files themselves, and what silences rules in them.
    Files,
}

impl Category {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Zerogpu,
        Self::Duration,
        Self::Card,
        Self::Dependencies,
        Self::Secrets,
        Self::Identity,
        Self::Network,
        Self::Files,
    ];

    /// The word for it in `--select` and in listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zerogpu => "zerogpu",
            Self::Duration => "duration",
            Self::Card => "card",
            Self::Dependencies => "dependencies",
            Self::Secrets => "secrets",
            Self::Identity => "identity",
            Self::Network => "network",
            Self::Files => "files",
        }
    }

    /// What its rules are about, as the end of a heading.
    pub fn about(self) -> &'static str {
        match self {
            Self::Zerogpu => "how ZeroGPU starts and runs a Space",
            Self::Duration => "how long a call may hold the GPU, and what that costs",
            Self::Card => "the front matter of README.md",
            Self::Dependencies => "what the Space installs",
            Self::Secrets => "what the Space needs from its settings",
            Self::Identity => "whom a call is made for",
            Self::Network => "what the app listens on, and whom it reaches",
            Self::Files => "the files themselves, and what silences rules in them",
        }
    }

    /// The category of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    fn entries(self) -> &'static [RuleEntry] {
        match self {
            Self::Zerogpu => zerogpu::RULES,
            Self::Duration => duration::RULES,
            Self::Card => card::RULES,
            Self::Dependencies => dependencies::RULES,
            Self::Secrets => secrets::RULES,
            Self::Identity => identity::RULES,
            Self::Network => network::RULES,
            Self::Files => files::RULES,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One rule: its listing, its category, and how to run it.
#[derive(Debug)]
pub struct RuleEntry {
    /// The listing.
    pub info: &'static RuleInfo,
    /// The category in whose list it stands.
    pub category: Category,
    /// Finds every occurrence in a Space, in no particular order, suppressed or not.
    pub run: fn(&Space) -> Vec<Finding>,
}

/// Every rule, by category, in the order of the lists.
pub fn all() -> impl Iterator<Item = &'static RuleEntry> {
    Category::ALL.into_iter().flat_map(Category::entries)
}

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static RuleEntry> {
    all().find(|entry| entry.info.name == name)
}

/// Whether a rule or a category has that name.
pub fn is_known(name: &str) -> bool {
    find(name).is_some() || Category::named(name).is_some()
}

/// The rule or category whose name is nearest to `unknown`, if any is near enough to be meant.
pub fn nearest(unknown: &str) -> Option<&'static str> {
    let unknown = unknown.to_lowercase().replace('_', "-");
    let names = all().map(|entry| entry.info.name).chain(Category::ALL.map(Category::name));
    spelling::nearest(&unknown, names, 3)
}

/// The name of a failure, with a rule or without, that `unknown` is likely a slip for.
pub fn nearest_failure(unknown: &str) -> Option<&'static str> {
    let unknown = unknown.to_lowercase().replace('_', "-");
    let rules = all().map(|entry| entry.info.name);
    spelling::nearest(&unknown, rules.chain(failures().iter().map(|failure| failure.name)), 3)
}

/// Runs one rule: the [`RuleEntry::run`] that a category's list makes for it.
pub fn run<'a, R: Check<'a>>(space: &'a Space) -> Vec<Finding> {
    R::check(space)
        .map(|occurrence| {
            let mut finding = occurrence.finding();
            finding.fix = occurrence.fix();
            finding
        })
        .collect()
}

/// A category's list: `rules! { Card: old_gradio::OldGradio, … }` declares each module and its entry.
macro_rules! rules {
    ($category:ident: $($module:ident::$rule:ident),* $(,)?) => {
        $(mod $module;)*

        pub(crate) static RULES: &[$crate::registry::RuleEntry] = &[$(
            $crate::registry::RuleEntry {
                info: <$module::$rule as $crate::rule::Rule>::INFO,
                category: $crate::registry::Category::$category,
                run: |space| $crate::registry::run::<$module::$rule>(space),
            },
        )*];
    };
}
pub(crate) use rules;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_no_rule_is_named_like_a_category() {
        let mut names: BTreeSet<&str> = Category::ALL.map(Category::name).into();
        for entry in all() {
            assert!(names.insert(entry.info.name), "{} is taken", entry.info.name);
        }
    }

    #[test]
    fn every_entry_stands_in_its_own_category() {
        for category in Category::ALL {
            assert!(category.entries().iter().all(|entry| entry.category == category));
            assert_eq!(Category::named(category.name()), Some(category));
        }
    }

    #[test]
    fn a_name_nearly_right_is_recognised() {
        assert_eq!(nearest("dependancies"), Some("dependencies"));
        assert_eq!(nearest("E501"), None);
    }
}
