//! What calls cost, for programs.

use serde::Serialize;
use spacelint_knowledge::platform::Tier;
use spacelint_knowledge::quota::Calls;
use spacelint_rules::duration::{Declared, SizedBy};

use super::{Costs, Of, Question, Row, as_of};
use crate::formats::json;
use crate::paths::Place;

#[derive(Serialize)]
struct Quota<'a> {
    space: String,
    as_of: &'static str,
    gpu: &'static str,
    used: Option<i64>,
    functions: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    function: Option<&'a str>,
    /// Where it stands.
    #[serde(flatten)]
    place: json::Place,
    duration: &'static str,
    size: Option<&'static str>,
    sized_by: &'static str,
    visited: bool,
    costs: Vec<Cost>,
    sentence: Option<String>,
}

#[derive(Serialize)]
struct Cost {
    what: &'static str,
    declared: f64,
    allowed: Option<i64>,
    booked: Option<i64>,
    calls: Vec<Tiers>,
}

#[derive(Serialize)]
struct Tiers {
    tier: &'static str,
    quota: i64,
    /// How many are sure; null where there is no end to them.
    calls: Option<i64>,
    /// Whether there may be more.
    at_least: bool,
}

/// A Space's functions, on one line.
pub(super) fn space(costs: &[Costs], place: &Place, question: Question) -> String {
    let functions = costs.iter().map(|costs| {
        let function = &costs.function;
        Entry {
            function: function.name.as_deref(),
            place: json::Place::new(&function.location, place),
            duration: match function.duration {
                Declared::Default(_) => "default",
                Declared::Seconds(_) => "seconds",
                Declared::Between(_, most) if most.is_infinite() => "at-least",
                Declared::Between(..) => "between",
                Declared::NoDuration => "no-duration",
                Declared::Unknown => "unknown",
            },
            size: function.size.map(spacelint_knowledge::platform::Size::name),
            sized_by: match function.sized {
                SizedBy::Declared => "declared",
                SizedBy::Default => "default",
                SizedBy::Promoted => "promoted",
            },
            visited: function.visited,
            costs: costs.rows.iter().map(cost).collect(),
            sentence: costs.sentence(question.used),
        }
    });
    json::to_string(&Quota {
        space: place.relative_folder().into_string(),
        as_of: as_of(question.backing),
        gpu: question.backing.name,
        used: question.used,
        functions: functions.collect(),
    })
}

fn cost(row: &Row) -> Cost {
    let cost = row.cost.as_ref();
    // Of a call that asks for nothing nobody knows what becomes.
    let known = cost.filter(|cost| cost.seconds > 0);
    let calls = known.into_iter().flat_map(|cost| Tier::ALL.into_iter().zip(cost.calls));
    Cost {
        what: match row.of {
            Of::Declared => "declared",
            Of::Least => "least",
            Of::Most => "most",
            Of::Supposed => "what-if",
        },
        declared: row.declared,
        allowed: cost.map(|cost| cost.allowed),
        booked: cost.map(|cost| cost.booked),
        calls: calls
            .map(|(tier, calls)| Tiers {
                tier: tier.label(),
                quota: tier.quota_seconds(),
                calls: match calls {
                    Calls::Never => Some(0),
                    Calls::AtLeast(calls) | Calls::Exactly(calls) => Some(calls),
                    Calls::Unlimited => None,
                },
                at_least: matches!(calls, Calls::AtLeast(_)),
            })
            .collect(),
    }
}
