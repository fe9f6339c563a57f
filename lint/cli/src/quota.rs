//! `spacelint quota`: what a call of each GPU function costs a visitor, and how many calls a day each
//! kind of visitor can make.
//!
//! What is declared is for `spacelint_rules` to say, the arithmetic for `spacelint_knowledge`. Here both are
//! brought together in [`Costs`], which the forms for people ([`text`]) and for programs
//! ([`json`](mod@json)) show.

mod date;
mod json;
mod text;

use spacelint_knowledge::platform::{self, Backing, Size, Tier};
use spacelint_knowledge::quota::{self, Calls};
use spacelint_rules::duration::{self, Declared, GpuFunction, SizedBy};

use crate::args::{Format, Quota};
use crate::output::Output;
use crate::summary::Status;
use crate::terminal::Terminal;
use crate::tour::Tour;
pub(crate) use date::Day;

/// So many days after the tables were true, somebody should look whether they still are.
const OLD_AFTER_DAYS: i64 = 120;

/// What a person asks about.
#[derive(Clone, Copy)]
struct Question {
    what_if: Option<i64>,
    used: Option<i64>,
    backing: &'static Backing,
}

/// A GPU function, and what its calls cost.
struct Costs {
    function: GpuFunction,
    /// The size that the rows are worked out for.
    size: Size,
    rows: Vec<Row>,
}

/// What a call costs that declares so many seconds.
struct Row {
    /// What it stands for.
    of: Of,
    /// As declared.
    declared: f64,
    /// What `spaces` makes of that, and what follows; none where no `timedelta` holds it.
    cost: Option<Cost>,
}

/// What a row stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// What the function declares.
    Declared,
    /// The least that it may declare.
    Least,
    /// The most that it may declare.
    Most,
    /// What the person asks about.
    Supposed,
}

/// What a call costs.
struct Cost {
    /// What is asked for, before the size's factor.
    seconds: i64,
    allowed: i64,
    booked: i64,
    /// The calls a day of each tier, in their order.
    calls: [Calls; 4],
}

/// Prints what the calls cost of the Spaces that are asked about.
pub(crate) fn run(asked: &Quota, terminal: Terminal, output: &mut Output) -> Status {
    let backing = Backing::all().iter().find(|backing| backing.name == asked.gpu);
    let question = Question {
        what_if: asked.what_if.map(i64::from),
        used: asked.used.map(i64::from),
        backing: backing.unwrap_or(Backing::current()),
    };
    let tour = Tour {
        path: &asked.path,
        doing: "reading",
        missing: "what it declares is not among this",
        list: (asked.format == Format::Json).then_some("quotas"),
    };
    let toured = tour.print(output, |space, place, several| {
        let functions = duration::list(space).into_iter();
        let costs: Vec<Costs> = functions.map(|function| Costs::of(function, question)).collect();
        match asked.format {
            Format::Json => json::space(&costs, place, question),
            Format::Human => text::space(&costs, place, question.used, several, terminal),
        }
    });
    if asked.format == Format::Human && toured.told > 0 {
        output.print(&text::legend(question, terminal));
    }
    if let Some(days) = tables_are_old(question.backing, asked.today) {
        output.error(&format!(
            "the platform's numbers are those of {}, {days} days ago; a newer release may know newer ones",
            as_of(question.backing)
        ));
    }
    toured.status
}

impl Costs {
    fn of(function: GpuFunction, question: Question) -> Self {
        let size = function.size.unwrap_or(Size::DEFAULT);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a day are far below 2^53")]
        let seconds = |seconds: i64| seconds as f64;
        let mut asked = match function.duration {
            Declared::Default(default) => vec![(Of::Declared, seconds(default))],
            Declared::Seconds(seconds) => vec![(Of::Declared, seconds)],
            Declared::Between(least, most) if most.is_infinite() => vec![(Of::Least, least)],
            Declared::Between(least, most) => vec![(Of::Least, least), (Of::Most, most)],
            Declared::NoDuration | Declared::Unknown => Vec::new(),
        };
        asked.extend(question.what_if.map(|what_if| (Of::Supposed, seconds(what_if))));
        let rows = asked.into_iter().map(|(of, declared)| Row {
            of,
            declared,
            cost: quota::effective_seconds(declared).map(|seconds| cost(seconds, size, question)),
        });
        Self { size, rows: rows.collect(), function }
    }

    /// Whether the size is the function's, or stands in for one that is not known.
    fn is_sized(&self) -> bool {
        self.function.size.is_some() && self.function.sized != SizedBy::Promoted
    }

    /// What costs most of what the function declares.
    fn dearest(&self) -> Option<&Cost> {
        let declared = self.rows.iter().filter(|row| row.of != Of::Supposed);
        declared.filter_map(|row| row.cost.as_ref()).max_by_key(|cost| cost.booked)
    }

    /// Whether something that it declares is not read as it is meant. What it declares at least may be
    /// less than it ever does.
    fn is_misread(&self) -> bool {
        let mut known = self.rows.iter().filter(|row| row.of != Of::Least);
        known.any(|row| row.cost.as_ref().is_none_or(|cost| cost.seconds == 0))
    }

    /// One sentence for the Space's README; none where nothing is sure or no visitor pays.
    fn sentence(&self, used: Option<i64>) -> Option<String> {
        let endless =
            matches!(self.function.duration, Declared::Between(_, most) if most.is_infinite());
        let dearest = self.dearest().filter(|_| self.function.visited && self.is_sized())?;
        if endless || self.is_misread() {
            return None;
        }
        let least = self.rows.iter().find(|row| row.of == Of::Least);
        let booked = match least.and_then(|row| row.cost.as_ref()) {
            Some(least) => format!("{} s to {} s", least.booked, dearest.booked),
            None => format!("{} s", dearest.booked),
        };
        let name =
            self.function.name.as_ref().map_or(String::new(), |name| format!(" of `{name}`"));
        let charged = used.map_or(String::new(), |used| format!(" and uses about {used} s"));
        let start = format!("Each call{name} books {booked} of your daily ZeroGPU quota{charged}");
        let tiers = || Tier::ALL.into_iter().zip(dearest.calls);
        let unable = tiers().filter(|(_, calls)| *calls == Calls::Never);
        let unable: Vec<&str> = unable.map(|(tier, _)| visitor(tier)).collect();
        let none = if least.is_some() { "only for shorter ones" } else { "for none" };
        let mut able: Vec<String> = Vec::new();
        for (tier, calls) in tiers() {
            let (sure, calls) = match calls {
                Calls::AtLeast(calls) => ("at least ", calls),
                Calls::Exactly(calls) => ("", calls),
                Calls::Never | Calls::Unlimited => continue,
            };
            able.push(match (able.is_empty(), calls) {
                (true, 1) => format!("{sure}1 call a day {}", visitor(tier)),
                (true, calls) => format!("{sure}{calls} calls a day {}", visitor(tier)),
                (false, calls) => format!("{calls} {}", visitor(tier)),
            });
        }
        Some(match (&*able, &*unable) {
            ([], _) => format!("{start}, which is more than anybody has."),
            (able, []) => format!("{start}, which is enough for {}.", listed(able)),
            (able, unable) => {
                format!(
                    "{start}, which is enough for {}, and {none} {}.",
                    listed(able),
                    unable.join(" or ")
                )
            }
        })
    }
}

/// As whom somebody calls, in a sentence for them.
fn visitor(tier: Tier) -> &'static str {
    match tier {
        Tier::Anonymous => "without signing in",
        Tier::Free => "signed in",
        Tier::Pro => "with PRO or Team",
        Tier::Enterprise => "with Enterprise",
    }
}

fn cost(seconds: i64, size: Size, question: Question) -> Cost {
    let Question { used, backing, .. } = question;
    let allowed = quota::allowed_on(backing, seconds, size);
    let booked = quota::booked_on(backing, seconds, size);
    // A call is stopped when its time is up.
    let charged = used.map(|used| quota::charged(used.min(allowed), size));
    Cost {
        seconds,
        allowed,
        booked,
        calls: Tier::ALL.map(|tier| quota::calls(tier, booked, charged)),
    }
}

/// "a", "a and b", "a, b and c"
fn listed<T: AsRef<str>>(items: &[T]) -> String {
    let Some((last, others)) = items.split_last() else { return String::new() };
    let others: Vec<&str> = others.iter().map(AsRef::as_ref).collect();
    match &*others {
        [] => last.as_ref().to_owned(),
        others => format!("{} and {}", others.join(", "), last.as_ref()),
    }
}

/// The day on which all that the answer rests on was true.
fn as_of(backing: &Backing) -> &'static str {
    let tiers = Tier::ALL.into_iter().map(|tier| tier.facts().as_of);
    let sizes = Size::ALL.into_iter().map(|size| size.facts().as_of);
    // What the current one says the sizes say too.
    let other = (backing.name != Backing::current().name).then_some(backing.as_of);
    let days = tiers.chain(sizes).chain(other).chain([platform::duration().as_of]);
    days.min().unwrap_or_default()
}

/// How many days old the tables are, where that is too many.
fn tables_are_old(backing: &Backing, today: Option<Day>) -> Option<i64> {
    let today = today.or_else(Day::today)?;
    let days = today.since(as_of(backing).parse().ok()?);
    (days > OLD_AFTER_DAYS).then_some(days)
}
