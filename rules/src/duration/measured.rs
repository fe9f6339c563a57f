//! What a profile says of the durations that are declared: which GPU functions it speaks of as they are now,
//! what each declaration is worth beside it, and how a declaration is written anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use spacelint_knowledge::platform::{Size, Tier};
use spacelint_knowledge::quota::{self, Calls};
use spacelint_python::syntax::{ArgKind, Expr, ExprKind};
use spacelint_python::{Place, Span};
use spacelint_space::effect::GpuDeclaration;
use spacelint_space::identity::{Identified, identify};
use spacelint_space::profile::{
    Advice, Callable, Evidence, Method, Profile, ProfiledFunction, Translation,
};
use spacelint_space::{SourceFile, Space, SpaceTrace};

use super::declared::{self, Cost, Declaration, Duration, Site, drops_days};
use crate::finding::{Edit, Fix, Location};

/// A profile that may be believed, beside the program.
pub(super) struct Measures<'a> {
    pub(super) profile: &'a Profile,
    trace: &'a SpaceTrace,
    identified: Vec<Identified>,
}

/// What is recommended, in declared seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recommended<'a> {
    pub(super) lower: i64,
    pub(super) target: i64,
    upper: i64,
    evidence: &'a Evidence,
    callable: Option<&'a Callable>,
}

/// A place at which something is declared that has a failure.
pub(super) struct MeasuredSite<'a> {
    pub(super) site: Site<'a>,
    /// The function with the failure that needs most.
    pub(super) judged: Judged<'a>,
    verdict: Verdict,
    profile: &'a Profile,
    /// What is enough for all of the functions.
    target: i64,
    /// Whether there is one function alone.
    alone: bool,
    /// Whether it is known what each of them needs.
    whole: bool,
}

/// A declaration beside the measure of its function.
#[derive(Clone, Debug)]
pub(super) struct Judged<'a> {
    pub(super) entry: &'a ProfiledFunction,
    size: Size,
    pub(super) recommended: Recommended<'a>,
    /// Between which seconds the most expensive of the measured calls asks for, as declared.
    asked: (i64, i64),
    function: Place,
    gpu: &'a GpuDeclaration,
    place: Place,
    trace: &'a SpaceTrace,
    /// Whether the callable takes what the function takes.
    fits: bool,
}

/// Which of two failures a declaration has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It books more than any call needs.
    Loose,
    /// Calls will be stopped.
    Tight,
}

impl<'a> Measures<'a> {
    /// The profile of a Space, if there is one whose seconds hold on the platform.
    pub(super) fn of(space: &'a Space) -> Option<Self> {
        let profile = space.profile.as_ref()?.profile()?;
        let trace = space.trace().filter(|_| profile.holds_on_platform())?;
        Some(Self { profile, trace, identified: identify(trace) })
    }

    /// The GPU functions of that name, as they are now.
    pub(super) fn namesakes(
        &self,
        entry: &'a ProfiledFunction,
    ) -> impl Iterator<Item = &Identified> {
        self.identified.iter().filter(|it| it.identity.is_of_same(&entry.function))
    }

    /// What stands beside a declaration whose calls visitors make; none where nothing fresh does.
    pub(super) fn judge(&self, declaration: &Declaration<'a>) -> Option<Judged<'a>> {
        let function = declaration.function?;
        let it = self.identified.iter().find(|it| it.function.place() == function.place())?;
        let readings = || declaration.readings.iter().filter(|reading| reading.visited);
        let size = readings().next()?.size?;
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for reading in readings() {
            if reading.size != Some(size) {
                return None;
            }
            let (from, to) = range(reading.duration)?;
            (least, most) = (least.min(from), most.max(to));
        }
        let entry = self.profile.functions.iter().find(|entry| {
            it.identity.is_of_same(&entry.function)
                && it.identity.hash == entry.function.hash
                && Size::from_name(&entry.size) == Some(size)
        })?;
        let recommended = Recommended::of(entry)?;
        // What was asked for is known as long as it is declared as it was.
        let as_it_was = it.identity.declaration == entry.function.declaration
            && (least..=most).contains(&entry.declared_seconds);
        let asked = if least < most && as_it_was {
            (entry.declared_seconds, entry.declared_seconds)
        } else {
            (least, most)
        };
        let fits =
            recommended.callable.is_some_and(|callable| callable.parameters == it.parameters);
        let Declaration { gpu, place, .. } = *declaration;
        let function = function.place();
        Some(Judged {
            entry,
            size,
            recommended,
            asked,
            function,
            gpu,
            place,
            trace: self.trace,
            fits,
        })
    }
}

/// The places at which something is declared that has this failure. Where one declaration is that of several
/// functions, it books too much only if it does for all of them.
pub(super) fn sites(space: &Space, verdict: Verdict) -> Vec<MeasuredSite<'_>> {
    let Some(measures) = Measures::of(space) else { return Vec::new() };
    let mut found: BTreeMap<Place, (Vec<Judged<'_>>, bool)> = BTreeMap::new();
    for declaration in declared::declarations(space) {
        let (judged, whole) = found.entry(declaration.place).or_insert((Vec::new(), true));
        match measures.judge(&declaration) {
            Some(new) if judged.iter().any(|old| old.function == new.function) => {}
            Some(new) => judged.push(new),
            None => *whole = false,
        }
    }
    found.retain(|_, (judged, whole)| match verdict {
        Verdict::Loose => *whole && judged.iter().all(|it| it.is(verdict)),
        Verdict::Tight => judged.iter().any(|it| it.is(verdict)),
    });
    let sites = declared::sites(space, |declaration, _| {
        let (judged, _) = found.get(&declaration.place)?;
        let function = declaration.function?.place();
        let own = judged.iter().find(|it| it.is(verdict) && it.function == function)?;
        Some(own.recommended.target)
    });
    let sites = sites.into_iter().filter_map(|site| {
        let (judged, whole) = found.get(&site.place)?;
        let having = judged.iter().filter(|it| it.is(verdict));
        let neediest = having.max_by_key(|it| it.recommended.target)?.clone();
        let target = judged.iter().map(|it| it.recommended.target).max()?;
        let alone = judged.len() == 1;
        let profile = measures.profile;
        Some(MeasuredSite {
            site,
            judged: neediest,
            verdict,
            profile,
            target,
            alone,
            whole: *whole,
        })
    });
    sites.collect()
}

/// Between which whole seconds a duration is, as `spaces` takes it; none where it is none.
fn range(duration: Duration<'_>) -> Option<(i64, i64)> {
    let whole = |seconds: f64| quota::effective_seconds(seconds).filter(|_| !drops_days(seconds));
    match duration {
        Duration::Default => {
            Some(declared::default_seconds()).and_then(|it| Some((whole(it)?, whole(it)?)))
        }
        Duration::Seconds(seconds) => Some((whole(seconds)?, whole(seconds)?)),
        Duration::Between(least, most) => {
            Some((whole(least.max(0.0))?, whole(most).unwrap_or(i64::MAX)))
        }
        Duration::Unknown => Some((0, i64::MAX)),
        Duration::NoNumber(_) => None,
    }
}

impl<'a> Recommended<'a> {
    fn of(entry: &'a ProfiledFunction) -> Option<Self> {
        match &entry.advice {
            Advice::Seconds { lower, target, upper, evidence } => Some(Self {
                lower: *lower,
                target: *target,
                upper: *upper,
                evidence,
                callable: None,
            }),
            Advice::Callable { callable, lower, target, upper, evidence } => Some(Self {
                lower: *lower,
                target: *target,
                upper: *upper,
                evidence,
                callable: Some(callable),
            }),
            Advice::NotEnoughCalls { .. } | Advice::Stopped { .. } => None,
        }
    }
}

impl Judged<'_> {
    fn is(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Loose => self.asked.0 > self.recommended.upper,
            Verdict::Tight => self.asked.1 < self.recommended.lower,
        }
    }

    /// The calls a day of a visitor, of calls that book so much and take what they took.
    pub(super) fn calls(&self, tier: Tier, cost: &Cost) -> String {
        #[expect(clippy::cast_possible_truncation, reason = "a call's seconds were looked at")]
        let used = self.entry.on_platform(self.entry.median_seconds).ceil() as i64;
        match quota::calls(tier, cost.booked, Some(quota::charged(used, self.size))) {
            Calls::Never => "none".to_owned(),
            Calls::AtLeast(calls) | Calls::Exactly(calls) => calls.to_string(),
            Calls::Unlimited => "any number".to_owned(),
        }
    }

    /// For every tier the calls a day, as declared and as it would be.
    fn calls_a_day(&self, now: &Cost, then: &Cost) -> String {
        let tiers = Tier::ALL.map(|tier| {
            format!(
                "{} {} now and {} then",
                tier.label(),
                self.calls(tier, now),
                self.calls(tier, then)
            )
        });
        format!("Calls a day that take as long as measured: {}. ", tiers.join(", "))
    }

    /// What the recommendation rests on, as a sentence.
    fn evidence(&self, profile: &Profile) -> String {
        let Evidence { content, confidence, calls, method, content_of_longest } =
            *self.recommended.evidence;
        let on = match &profile.device {
            Some(device) => format!(" on {}", plain(device)),
            None => String::new(),
        };
        let there = match &self.entry.translation {
            Some(Translation { gpu, low, high }) => format!(
                ", which take {low:.2} to {high:.2} times as long on {}: the upper end is what is counted with",
                plain(gpu)
            ),
            None => String::new(),
        };
        let method = match method {
            Method::OrderStatistic => "whatever their distribution".to_owned(),
            Method::LogNormal => format!(
                "if their logarithms are normal; the longest call alone promises {}",
                percent(content_of_longest)
            ),
            Method::Conformal => "by a function of their arguments".to_owned(),
        };
        format!(
            "It rests on {calls} calls{on}, measured {}{there}: of calls like those {} fit, with {} confidence, {method}.",
            day(&profile.made),
            percent(content),
            percent(confidence)
        )
    }
}

fn whole_cost(seconds: i64, size: Size) -> Option<Cost> {
    i32::try_from(seconds).ok().and_then(|seconds| Cost::of(f64::from(seconds), size))
}

/// "99 %", "99.9 %".
fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

/// Seconds that were measured, to a tenth.
pub(super) fn tenths(seconds: f64) -> String {
    format!("{seconds:.1}")
}

/// The day of a moment.
pub(super) fn day(made: &str) -> &str {
    made.split('T').next().unwrap_or(made)
}

/// One line of text.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl MeasuredSite<'_> {
    /// What the most expensive of the measured calls comes to as it is declared, and as it would.
    pub(super) fn costs(&self) -> Option<(Cost, Cost)> {
        let Judged { asked, size, recommended, .. } = &self.judged;
        let asked = match self.verdict {
            Verdict::Loose => asked.0,
            Verdict::Tight => asked.1,
        };
        Some((whole_cost(asked, *size)?, whole_cost(recommended.target, *size)?))
    }

    /// What to do, and what it rests on.
    pub(super) fn help(&self) -> String {
        let Recommended { lower, target, upper, callable, .. } = self.judged.recommended;
        let declare = match callable {
            Some(_) => format!(
                "Declare a function of the arguments that gives {target} s for the most expensive call that was \
                 measured; from {lower} to {upper} s are about right for that."
            ),
            None => format!("Declare {target} s; from {lower} to {upper} s are about right."),
        };
        let day = match self.costs() {
            Some((now, then)) => self.judged.calls_a_day(&now, &then),
            None => String::new(),
        };
        format!("{declare} {day}{}", self.judged.evidence(self.profile))
    }

    /// What would make the declaration say what is recommended.
    pub(super) fn fix(&self) -> Option<Fix> {
        let judged = &self.judged;
        if self.alone
            && self.whole
            && judged.fits
            && let Some(callable) = judged.recommended.callable
            && let Some(edits) = judged.with_callable(callable)
        {
            return Some(Fix::needs_review("declare what the arguments of a call need", edits));
        }
        // What the others need must be known.
        let edit = judged.declaring(&self.target.to_string()).filter(|_| self.whole)?;
        Some(Fix::needs_review(format!("declare {} s", self.target), vec![edit]))
    }
}

impl Judged<'_> {
    /// The declaration with `value` as its duration.
    fn declaring(&self, value: &str) -> Option<Edit> {
        let GpuDeclaration { duration, open, declared_at, function, .. } = self.gpu;
        if let Some(duration) = duration {
            let location = Location::of(self.trace, duration.place);
            // Out of a dict comes more than this.
            let starred = location.file.text.slice(location.span).starts_with('*');
            return (!starred).then(|| Edit::replace(location, value));
        }
        let file = self.trace.file(declared_at.file);
        let function = function.as_ref().filter(|function| function.file == declared_at.file)?;
        let mut decorators = function.def.decorators.iter();
        if let Some(decorator) = decorators.find(|it| it.span == declared_at.span) {
            return in_decorator(decorator, file, value, *open);
        }
        (!open).then(|| in_call(declared_at.span, file, value)).flatten()
    }

    /// The function that computes it, before the GPU function, and the declaration that names it.
    fn with_callable(&self, callable: &Callable) -> Option<Vec<Edit>> {
        let function = self.gpu.function.as_ref()?;
        let file = self.trace.file(function.file);
        let decorators = &function.def.decorators;
        let is_above = |place: Place| {
            place.file == function.file && decorators.iter().any(|it| it.span.contains(place.span))
        };
        if !is_above(self.gpu.declared_at) || !is_above(self.place) {
            return None;
        }
        let text = file.text.as_str();
        let name = free_name(&callable.name, text)?;
        let source = Callable { name: name.clone(), ..callable.clone() }.source().ok()?;
        let first = decorators.iter().map(|it| it.span.start).min()?;
        let mut line = file.text.line_of(first);
        let written = |line: u32| file.text.slice(file.text.line_span(line));
        let indent: String =
            written(line).chars().take_while(|one| matches!(one, ' ' | '\t')).collect();
        // A decorator may stand behind something else on its line.
        if !written(line).trim_start_matches(spacelint_python::BOM).trim_start().starts_with('@') {
            return None;
        }
        // A comment above it is about the GPU function.
        while line > 1 && written(line - 1).trim_start().starts_with('#') {
            line -= 1;
        }
        let indented = source.lines().map(|line| match line {
            "" => String::new(),
            line => format!("{indent}{line}"),
        });
        let mut lines: Vec<String> = indented.collect();
        lines.extend((0..if indent.is_empty() { 2 } else { 1 }).map(|_| String::new()));
        let (last, lines) = (lines.pop()?, lines.join("\n"));
        let insert = Edit::insert_line(file, line, &format!("{lines}\n{last}"));
        Some(vec![insert, self.declaring(&name)?])
    }
}

/// `@spaces.GPU`, `@spaces.GPU()` or `@spaces.GPU(size="xlarge")` with a duration.
fn in_decorator(decorator: &Expr, file: &Arc<SourceFile>, value: &str, open: bool) -> Option<Edit> {
    let ExprKind::Call { callee, args } = &decorator.kind else {
        return Some(Edit::insert(file, decorator.span.end, format!("(duration={value})")));
    };
    let given = args
        .iter()
        .find(|arg| matches!(&arg.kind, ArgKind::Keyword(name) if &**name == "duration"));
    if let Some(none) = given {
        return Some(Edit::replace(Location::new(file, none.value.span), value));
    }
    if open {
        return None;
    }
    if let Some(last) = args.last() {
        return Some(Edit::insert(file, last.span.end, format!(", duration={value}")));
    }
    let between = Span { start: callee.span.end, end: decorator.span.end };
    let bracket = file.text.slice(between).find('(')? as u32;
    Some(Edit::insert(file, callee.span.end + bracket + 1, format!("duration={value}")))
}

/// `spaces.GPU(function)` with a duration.
fn in_call(call: Span, file: &Arc<SourceFile>, value: &str) -> Option<Edit> {
    let text = file.text.slice(call);
    let inside = text.strip_suffix(')')?.trim_end();
    let last_line = inside.rsplit('\n').next().unwrap_or(inside);
    if text.contains("duration") || last_line.contains('#') {
        return None;
    }
    let inside = inside.strip_suffix(',').unwrap_or(inside).trim_end();
    let comma = if inside.ends_with('(') { "" } else { ", " };
    let end = call.start + inside.len() as u32;
    Some(Edit::insert(file, end, format!("{comma}duration={value}")))
}

/// `wanted`, or that with a number, which the text does not have yet.
fn free_name(wanted: &str, text: &str) -> Option<String> {
    let is_word = |one: char| one.is_alphanumeric() || one == '_';
    let has = |name: &str| text.split(|one| !is_word(one)).any(|word| word == name);
    std::iter::once(wanted.to_owned())
        .chain((2..10).map(|number| format!("{wanted}_{number}")))
        .find(|name| !has(name))
}

#[cfg(test)]
mod tests {
    use spacelint_space::profile::{
        Basis, DefaultValue, Factor, Measure, Measured, PROFILE_FILE, PROFILE_SCHEMA, Term,
    };

    use super::*;
    use crate::check::Selection;
    use crate::finding::Applicability;
    use crate::testing::memory;

    const EVIDENCE: Evidence = Evidence {
        content: 0.99,
        confidence: 0.95,
        calls: 300,
        method: Method::OrderStatistic,
        content_of_longest: 0.99,
    };

    /// A profile of every GPU function of `app` as it is there, each of which needs 12 s.
    fn profile(app: &str, callable: bool) -> Profile {
        let space = Space::read(&memory(&[("app.py", app)]));
        let identified = identify(space.trace().expect("there is a program"));
        let functions = identified.iter().map(|it| {
            let (lower, target, upper, evidence) = (10, 12, 15, EVIDENCE);
            let measured = it.parameters.iter().find(|it| it.name == "steps").filter(|_| callable);
            let advice = match measured {
                None => Advice::Seconds { lower, target, upper, evidence },
                Some(steps) => Advice::Callable {
                    callable: Callable {
                        name: "f_duration".to_owned(),
                        parameters: it.parameters.clone(),
                        measured: vec![Measured {
                            argument: steps.name.clone(),
                            measure: Measure::Number,
                            least: 1.0,
                            most: 10.0,
                        }],
                        fixed: 1.0,
                        terms: vec![Term {
                            coefficient: 1.0,
                            factors: vec![Factor { measured: 0, power: 1 }],
                        }],
                        multiplier: 1.0,
                    },
                    lower,
                    target,
                    upper,
                    evidence,
                },
            };
            ProfiledFunction {
                function: it.identity.clone(),
                size: "large".to_owned(),
                calls: 300,
                cold_calls: 3,
                stopped_calls: 0,
                failed_calls: 0,
                declared_seconds: 60,
                median_seconds: 8.0,
                longest_seconds: 11.0,
                cold_seconds: 2.0,
                translation: None,
                advice,
            }
        });
        Profile {
            schema: PROFILE_SCHEMA,
            version: "0.1.0".to_owned(),
            made: "2026-07-30T10:00:00Z".to_owned(),
            basis: Basis::PlatformGpu,
            device: None,
            times_hold_on_platform: false,
            functions: functions.collect(),
        }
    }

    /// `app` as its fixes leave it, with the number of findings that are left.
    fn mended_with(app: &str, profile: &Profile) -> (String, usize) {
        let text = serde_json::to_string(profile).expect("plain");
        let select = ["loose-duration", "tight-duration", "stale-profile", "broken-profile"];
        let select = select.map(str::to_owned).to_vec();
        let selection = Selection { select, ..Selection::default() };
        let files = memory(&[("app.py", app), (PROFILE_FILE, &text)]);
        let fixed = crate::fix::fix(files, &selection, Applicability::Unsafe);
        let after = fixed.files.iter().map(|file| file.after.clone()).next();
        (after.unwrap_or_else(|| app.to_owned()), fixed.report.findings.len())
    }

    fn mended(app: &str, callable: bool) -> (String, usize) {
        mended_with(app, &profile(app, callable))
    }

    #[test]
    fn every_way_to_declare_is_mended() {
        for (before, after) in [
            ("@spaces.GPU", "@spaces.GPU(duration=12)"),
            ("@spaces.GPU()", "@spaces.GPU(duration=12)"),
            ("@GPU", "@GPU(duration=12)"),
            ("@GPU(60)", "@GPU(12)"),
            ("@spaces.GPU(duration=60)  # a minute", "@spaces.GPU(duration=12)  # a minute"),
            ("@spaces.GPU(duration=None)", "@spaces.GPU(duration=12)"),
            (
                "@spaces.GPU(\n    # long\n    duration=60,\n)",
                "@spaces.GPU(\n    # long\n    duration=12,\n)",
            ),
            ("@spaces.GPU(\n    # long\n)", "@spaces.GPU(duration=12\n    # long\n)"),
            ("@spaces.GPU(size='large')", "@spaces.GPU(size='large', duration=12)"),
            ("@spaces.GPU(duration=timedelta(minutes=1))", "@spaces.GPU(duration=12)"),
            ("@spaces.GPU(duration=LIMIT)", "@spaces.GPU(duration=12)"),
            ("@spaces.GPU(duration=lambda *a: 60)", "@spaces.GPU(duration=12)"),
            ("@spaces.GPU(duration=5)", "@spaces.GPU(duration=12)"),
            ("@spaces.GPU(**{'duration': 60})", "@spaces.GPU(**{'duration': 12})"),
        ] {
            let app = |declared: &str| {
                format!(
                    "import spaces\nfrom spaces import GPU\nfrom datetime import timedelta\nLIMIT = 60\n\n\
                     {declared}\ndef f(steps):\n    return steps\n"
                )
            };
            assert_eq!(mended(&app(before), false), (app(after), 0), "{before}");
        }
        for (before, after) in [
            ("g = spaces.GPU(f)", "g = spaces.GPU(f, duration=12)"),
            ("g = spaces.GPU(f,)", "g = spaces.GPU(f, duration=12,)"),
            ("g = spaces.GPU()(f)", "g = spaces.GPU(duration=12)(f)"),
            ("g = spaces.GPU(duration=60)(f)", "g = spaces.GPU(duration=12)(f)"),
            ("g = spaces.GPU(f, duration=60)", "g = spaces.GPU(f, duration=12)"),
        ] {
            let app = |declared: &str| {
                format!("import spaces\ndef f(steps):\n    return steps\n{declared}\n")
            };
            assert_eq!(mended(&app(before), true), (app(after), 0), "{before}");
        }
    }

    #[test]
    fn what_cannot_be_mended_is_left_and_said() {
        let unknown = "import json\ng = spaces.GPU(f, **json.load(open('settings.json')))";
        for (declared, said) in [("g = spaces.GPU(\n    f  # quickly\n)", 1), (unknown, 0)] {
            let app = format!("import spaces\ndef f(steps):\n    return steps\n{declared}\n");
            assert_eq!(mended(&app, false), (app, said), "{declared}");
        }
    }

    #[test]
    fn a_function_of_the_arguments_stands_before_it() {
        let app = "import spaces\r\n\r\nf_duration = 3\r\n\r\n\r\nclass A:\r\n\t# Draws.\r\n\t@spaces.GPU\r\n\t\
                   def f(self, steps=4):\r\n\t\treturn steps\r\n";
        let after = "import spaces\r\n\r\nf_duration = 3\r\n\r\n\r\nclass A:\r\n\tdef f_duration_2(self, steps=4):\r\n\t    \
                     try:\r\n\t        steps = 10 if steps is None else min(max(steps, 1), 10)\r\n\t        \
                     return int(1 * (1 + 1 * steps)) + 1\r\n\t    except Exception:\r\n\t        return \
                     12\r\n\r\n\t# Draws.\r\n\t@spaces.GPU(duration=f_duration_2)\r\n\tdef f(self, \
                     steps=4):\r\n\t\treturn steps\r\n";
        assert_eq!(mended(app, true), (after.to_owned(), 0));
    }

    #[test]
    fn a_profile_puts_nothing_into_the_text_that_it_may_not() {
        let app = "import spaces\n\n\n@spaces.GPU\ndef f(steps):\n    return steps\n";
        let hostile = |change: fn(&mut Callable)| {
            let mut profile = profile(app, true);
            if let Advice::Callable { callable, .. } = &mut profile.functions[0].advice {
                change(callable);
            }
            mended_with(app, &profile)
        };
        let unsound = hostile(|it| it.name = "x(): pass\nimport os\ndef y".to_owned());
        assert_eq!(unsound, (app.to_owned(), 1));
        // It does not take what the function takes, so that the number is declared.
        let other = hostile(|it| it.parameters[0].default = Some(DefaultValue::Number(1.0)));
        assert_eq!(other, (app.replace("GPU", "GPU(duration=12)"), 0));
    }

    #[test]
    fn one_declaration_of_several_functions_is_enough_for_all() {
        let app = "import spaces\ngpu = spaces.GPU(duration=60)\n@gpu\ndef f(steps): return steps\n@gpu\ndef g(x): return x\n";
        let mut both = profile(app, true);
        if let Advice::Seconds { target, upper, .. } = &mut both.functions[1].advice {
            (*target, *upper) = (30, 40);
        }
        assert_eq!(mended_with(app, &both), (app.replace("60", "30"), 0));
        let mut needed = both.clone();
        if let Advice::Seconds { target, upper, .. } = &mut needed.functions[1].advice {
            (*target, *upper) = (55, 60);
        }
        assert_eq!(mended_with(app, &needed), (app.to_owned(), 0));
        let mut unknown = both;
        unknown.functions.pop();
        assert_eq!(mended_with(app, &unknown), (app.to_owned(), 0));
        // Too little is too little whatever the others need, but how much is enough is not known.
        let tight = app.replace("60", "5");
        assert_eq!(mended_with(&tight, &unknown), (tight.clone(), 1));
    }

    #[test]
    fn what_a_function_asked_for_counts_while_it_is_declared_so() {
        let app = |least: u32| {
            format!(
                "import spaces\n\ndef limit(steps):\n    return {least} + steps\n\n@spaces.GPU(duration=limit)\n\
                 def f(steps):\n    return steps\n"
            )
        };
        let measured = profile(&app(10), false);
        assert_eq!(mended_with(&app(10), &measured).0, app(10).replace("=limit", "=12"));
        // What that asks for now is not known.
        assert_eq!(mended_with(&app(5), &measured), (app(5), 0));
        // Whatever it is, it is too much.
        assert_eq!(mended_with(&app(50), &measured).0, app(50).replace("=limit", "=12"));
    }
}
