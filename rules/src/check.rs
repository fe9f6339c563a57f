//! Runs the rules that were asked for, each by itself: a rule that panics says so and the others
//! run on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use spacelint_space::Space;
use spacelint_space::settings::Named;

use crate::files::{InvalidSettings, UnusedIgnore};
use crate::finding::{Finding, Location};
use crate::registry::{self, RuleEntry};
use crate::rule::{Rule, RuleInfo};
use crate::suppression::{self, Suppressions};

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
            .filter(|name| !registry::is_known(name))
            .collect()
    }

    /// What runs in `space`, whose settings count too: a `select` here takes the place of theirs and of
    /// their `ignore`, and else both leave out and both add. A `select` of theirs takes nothing away from what
    /// is said of the settings themselves: where it is misread, it is the one thing that nobody asked for.
    #[must_use]
    pub fn within(&self, space: &Space) -> Self {
        let mut selection = self.clone();
        let Some(settings) = &space.settings else { return selection };
        let names =
            |names: &[Named]| names.iter().map(|name| name.text.clone()).collect::<Vec<_>>();
        if selection.select.is_empty() {
            selection.select = names(&settings.select);
            if !selection.select.is_empty() {
                selection.select.push(InvalidSettings::INFO.name.to_owned());
            }
            selection.ignore.extend(names(&settings.ignore));
        }
        selection.strict |= settings.strict;
        selection
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

/// Runs the rules of `selection`, as it is [within](Selection::within) `space`, over `space`.
pub fn check(space: &Space, selection: &Selection) -> Report {
    let selection = selection.within(space);
    let entries: Vec<&RuleEntry> =
        registry::all().filter(|entry| selection.includes(entry)).collect();
    check_entries(space, &entries)
}

fn check_entries(space: &Space, entries: &[&'static RuleEntry]) -> Report {
    let mut found: Vec<Finding> = Vec::new();
    let mut report = Report::default();
    let mut ran: Vec<&str> = Vec::new();
    for entry in entries {
        match catch_unwind(AssertUnwindSafe(|| (entry.run)(space))) {
            Ok(findings) => {
                ran.push(entry.info.name);
                found.extend(findings);
            }
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
    found.sort_by(by_place);
    let suppressions = suppression::of_space(space, &found);
    report.sift(found, &suppressions);
    let own = UnusedIgnore::INFO.name;
    if ran.contains(&own) {
        let unused = |is_judged: &dyn Fn(&str) -> bool| -> Vec<Finding> {
            suppressions
                .iter()
                .flat_map(|file| file.unused(is_judged))
                .map(UnusedIgnore::of)
                .collect()
        };
        // An unused comment may itself be excused; whether that excuse is used is known only then.
        report.sift(unused(&|name| name != own && ran.contains(&name)), &suppressions);
        report.findings.extend(unused(&|name| name == own));
    }
    report.findings.sort_by(by_place);
    report.suppressed.sort_by(|a, b| by_place(&a.finding, &b.finding));
    report
}

impl Report {
    /// Puts each of `found` where it belongs.
    fn sift(&mut self, found: Vec<Finding>, suppressions: &[Suppressions]) {
        for finding in found {
            match suppressions.iter().find_map(|file| file.silence(&finding)) {
                Some(by) => self.suppressed.push(Suppressed { finding, by }),
                None => self.findings.push(finding),
            }
        }
    }
}

/// By path, place and rule, then by what is left, so that the order is total.
pub(crate) fn by_place(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let key = |finding: &Finding| {
        (finding.location.file.path.clone(), finding.location.span, finding.rule.name)
    };
    key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::registry::Category;
    use crate::testing::{HEAVY, LIGHT, finding, memory};

    /// Finds `bad` in the entry point, once for each of its places, the last first.
    fn every_bad(space: &Space) -> Vec<Finding> {
        let file = space.entry.as_ref().expect("there is an entry point");
        let places = file.text.as_str().match_indices("bad").map(|(at, _)| at);
        let mut found: Vec<Finding> = places
            .map(|at| {
                let span = spacelint_python::Span::new(at, at + 3);
                finding(&HEAVY, Location::new(file, span), None)
            })
            .collect();
        found.reverse();
        found
    }

    static FINDS: RuleEntry = RuleEntry { info: &HEAVY, category: Category::Files, run: every_bad };
    static PANICS: RuleEntry =
        RuleEntry { info: &LIGHT, category: Category::Files, run: |_| panic!("{} lines", 3) };

    static STRICT: RuleInfo =
        RuleInfo { strict: true, ..crate::testing::info("heavy", Severity::Error) };

    fn run(text: &str, entries: &[&'static RuleEntry]) -> Report {
        let space = Space::read(&memory(&[("app.py", text)]));
        let unused = registry::find("unused-ignore").expect("it is a rule");
        check_entries(&space, &[entries, &[unused]].concat())
    }

    fn lines(findings: &[Finding]) -> Vec<(&str, u32)> {
        findings
            .iter()
            .map(|finding| {
                let text = &finding.location.file.text;
                (finding.rule.name, text.line_of(finding.location.span.start))
            })
            .collect()
    }

    #[test]
    fn findings_are_in_the_order_of_the_text() {
        assert_eq!(lines(&run("bad\nbad\n", &[&FINDS]).findings), [("heavy", 1), ("heavy", 2)]);
    }

    #[test]
    fn a_rule_that_panics_says_so_and_the_others_run_on() {
        let report = run("bad  # spacelint: ignore[light]\n", &[&PANICS, &FINDS]);
        assert_eq!(report.internal_errors.len(), 1);
        assert_eq!(report.internal_errors[0].rule, &LIGHT);
        assert_eq!(report.internal_errors[0].message, "3 lines");
        // `light` is no rule of the registry, and that it is unused nobody knows.
        assert_eq!(lines(&report.findings), [("heavy", 1), ("unused-ignore", 1)]);
        assert!(report.findings[1].message.contains("no rule `light`"));
    }

    #[test]
    fn what_is_silenced_is_kept_apart_with_the_comment() {
        let report = run("bad\nbad  # spacelint: ignore[heavy]\n", &[&FINDS]);
        assert_eq!(report.suppressed.len(), 1);
        let by = &report.suppressed[0].by;
        assert_eq!(by.file.text.slice(by.span), "# spacelint: ignore[heavy]");
        // Not a rule of the registry, though it ran and silenced something here.
        let found = lines(&report.findings);
        assert_eq!(found, [("heavy", 1), ("unused-ignore", 2)]);
    }

    #[test]
    fn an_unused_comment_is_found_and_may_be_excused() {
        let old = registry::find("unused-ignore").expect("it is a rule").info.name;
        let report = run("good  # spacelint: ignore[unused-ignore]\n", &[]);
        assert_eq!(lines(&report.findings), [(old, 1)]);
        let report =
            run("# spacelint: ignore[unused-ignore]\ngood  # spacelint: ignore[nothing]\n", &[]);
        assert_eq!(lines(&report.findings), []);
        assert_eq!(report.suppressed.len(), 1);
    }

    #[test]
    fn settings_count_where_the_command_line_does_not_select() {
        let settings = "select = ['card']\nignore = ['long-duration']\nstrict = true\n";
        let space = Space::read(&memory(&[("app.py", ""), ("spacelint.toml", settings)]));
        let within = Selection::default().within(&space);
        assert_eq!(within.select, ["card", "invalid-settings"]);
        assert_eq!(within.ignore, ["long-duration"]);
        assert!(within.strict);
        let ignoring = Selection { ignore: vec!["zerogpu".into()], ..Selection::default() };
        assert_eq!(ignoring.within(&space).ignore, ["zerogpu", "long-duration"]);
        let selecting = Selection { select: vec!["duration".into()], ..Selection::default() };
        let within = selecting.within(&space);
        assert_eq!((within.select, within.ignore), (vec!["duration".into()], vec![]));
    }

    #[test]
    fn settings_that_are_misread_are_said_whatever_they_select() {
        let found = |settings: &str, selection: &Selection| {
            let space = Space::read(&memory(&[("app.py", ""), ("spacelint.toml", settings)]));
            let found = check(&space, selection).findings;
            found.iter().map(|finding| finding.rule.name).collect::<Vec<_>>()
        };
        let all = Selection::default();
        assert_eq!(found("select = ['zerogp']", &all), ["invalid-settings"]);
        assert_eq!(found("select = ['duration']\nstrickt = true", &all), ["invalid-settings"]);
        // A name says what a category or a misspelt word does not.
        assert_eq!(found("select = ['zerogp']\nignore = ['invalid-settings']", &all), [""; 0]);
        let selecting = Selection { select: vec!["duration".into()], ..Selection::default() };
        assert_eq!(found("select = ['zerogp']", &selecting), [""; 0]);
    }

    #[test]
    fn names_outweigh_categories_and_leaving_out_outweighs_selecting() {
        let all = Selection::default();
        let of = |select: &[&str], ignore: &[&str], strict: bool| Selection {
            select: select.iter().map(ToString::to_string).collect(),
            ignore: ignore.iter().map(ToString::to_string).collect(),
            strict,
        };
        assert!(all.includes(&FINDS));
        assert!(of(&["files"], &[], false).includes(&FINDS));
        assert!(!of(&["card"], &[], false).includes(&FINDS));
        assert!(of(&["heavy"], &["files"], false).includes(&FINDS));
        assert!(!of(&["heavy"], &["heavy"], false).includes(&FINDS));
        assert!(!of(&["files"], &["files"], false).includes(&FINDS));

        let strict = RuleEntry { info: &STRICT, category: Category::Files, run: every_bad };
        assert!(!all.includes(&strict));
        assert!(!of(&["files"], &[], false).includes(&strict));
        assert!(of(&["files"], &[], true).includes(&strict));
        assert!(of(&["heavy"], &[], false).includes(&strict));

        assert_eq!(of(&["files", "x"], &["y"], false).unknown(), ["x", "y"]);
    }
}
