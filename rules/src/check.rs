//! Runs the rules that were asked for, each by itself: a rule that panics says so and the others
//! run on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use spacelint_space::Space;

use crate::finding::{Finding, Location};
use crate::registry::{self, Category, RuleEntry};
use crate::rule::RuleInfo;

/// Which rules run. Names and categories may be mixed; what is unknown selects nothing, so ask
/// [`unknown`](Self::unknown) first.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The names and categories to run; empty for every rule that is on by default.
    pub select: Vec<String>,
    /// The names and categories to leave out.
    pub ignore: Vec<String>,
    /// Whether rules that are off by default run too.
    pub strict: bool,
}

impl Selection {
    /// Whether `entry` runs. A rule's own name outweighs its category's, and leaving out outweighs
    /// selecting. A rule that is off by default runs with `strict` or by its own name.
    pub fn includes(&self, entry: &RuleEntry) -> bool {
        let has = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
        let (name, category) = (entry.info.name, entry.category.name());
        if has(&self.ignore, name) {
            return false;
        }
        if has(&self.select, name) {
            return true;
        }
        !has(&self.ignore, category)
            && (self.select.is_empty() || has(&self.select, category))
            && (self.strict || !entry.info.strict)
    }

    /// The names that are neither a rule's nor a category's, in the order given.
    pub fn unknown(&self) -> Vec<&str> {
        self.select
            .iter()
            .chain(&self.ignore)
            .map(String::as_str)
            .filter(|name| registry::find(name).is_none() && Category::named(name).is_none())
            .collect()
    }
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Report {
    /// What was found and not suppressed, by path, place and rule.
    pub findings: Vec<Finding>,
    /// What was found and suppressed, in the same order.
    pub suppressed: Vec<Suppressed>,
    /// The rules that panicked. The run is incomplete where there is one.
    pub internal_errors: Vec<InternalError>,
}

/// A finding that a comment silences.
#[derive(Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The comment.
    pub by: Location,
}

/// A rule that panicked: a bug of spacelint, never of the Space.
#[derive(Debug)]
pub struct InternalError {
    /// The rule.
    pub rule: &'static RuleInfo,
    /// What it panicked with.
    pub message: String,
}

/// Runs the rules of `selection` over `space`.
pub fn check(space: &Space, selection: &Selection) -> Report {
    let ran: Vec<&RuleEntry> = registry::all().filter(|entry| selection.includes(entry)).collect();
    check_entries(space, &ran)
}

fn check_entries(space: &Space, entries: &[&RuleEntry]) -> Report {
    let mut report = Report::default();
    for entry in entries {
        match catch_unwind(AssertUnwindSafe(|| (entry.run)(space))) {
            Ok(findings) => report.findings.extend(findings),
            Err(payload) => report.internal_errors.push(InternalError {
                rule: entry.info,
                message: payload
                    .downcast_ref::<&str>()
                    .map(ToString::to_string)
                    .or_else(|| payload.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "a panic without a message".to_owned()),
            }),
        }
    }
    report.findings.sort_by(by_place);
    report
}

/// By path, place and rule, then by what is left, so that the order is total.
fn by_place(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let key = |finding: &Finding| {
        (finding.location.file.path.clone(), finding.location.span, finding.rule.name)
    };
    key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
}
