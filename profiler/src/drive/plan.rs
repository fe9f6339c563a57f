//! Which calls are to be made.

use serde_json::Value;

use super::examples::{Examples, MOST};
use super::gradio::{Endpoint, Page};

/// The calls to make, in order, and what is left out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(super) calls: Vec<Planned>,
    /// Endpoints that are not called.
    pub(crate) undriven: Vec<Undriven>,
    /// What else an author should know of it, each a sentence.
    pub(crate) notes: Vec<String>,
}

/// A call to make.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    /// `/draw`
    pub(super) endpoint: String,
    /// What a caller gives; nothing for a `gr.State`.
    pub(super) data: Vec<Value>,
}

/// An endpoint that is not called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Undriven {
    /// `/draw`
    pub(crate) endpoint: String,
    /// Why not, and what would help.
    pub(crate) reason: String,
}

impl Plan {
    /// Each example of each endpoint once; one call with what the page shows where there are none.
    pub(crate) fn examples(page: &Page, examples: &Examples) -> Self {
        let mut plan = Self::default();
        let mut all = Vec::new();
        for (endpoint, rows) in plan.drivable(page, examples) {
            all.push(rows.into_iter().map(|data| call(endpoint, data)).collect());
        }
        plan.calls = in_turn(all);
        plan
    }

    /// The endpoints of its calls, in order.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().map(|call| call.endpoint.as_str())
    }

    /// How many calls make it up.
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// The endpoints that can be called, with what to give them; what cannot is noted.
    pub(super) fn drivable<'a>(
        &mut self,
        page: &'a Page,
        examples: &Examples,
    ) -> Vec<(&'a Endpoint, Vec<Vec<Value>>)> {
        let mut drivable = Vec::new();
        for endpoint in &page.endpoints {
            match rows(endpoint, examples) {
                Ok(rows) => drivable.push((endpoint, rows)),
                Err(reason) => {
                    self.undriven.push(Undriven { endpoint: endpoint.name.clone(), reason });
                }
            }
        }
        for dataset in &page.datasets {
            let count = dataset.shown.len();
            if count > MOST {
                self.notes
                    .push(format!("Of a table of {count} examples the first {MOST} are taken."));
            }
        }
        if page.endpoints.is_empty() {
            self.notes.push(format!(
                "No endpoint is in the Space's API, where {} of its events run Python: give one an `api_name`, or \
                 drive it by hand (`--interactive`).",
                page.hidden
            ));
        }
        drivable
    }
}

pub(super) fn call(endpoint: &Endpoint, data: Vec<Value>) -> Planned {
    Planned { endpoint: endpoint.name.clone(), data }
}

/// What to give `endpoint`: at least one row.
fn rows(endpoint: &Endpoint, examples: &Examples) -> Result<Vec<Vec<Value>>, String> {
    const HELP: &str = "drive it with a script (`--drive`) or by hand (`--interactive`)";
    if let Some(trouble) = endpoint.trouble {
        return Err(format!("{trouble}: {HELP}"));
    }
    let rows = examples.of(endpoint);
    if !rows.is_empty() {
        return Ok(rows);
    }
    let row = endpoint.open().map(|input| {
        input.default().ok_or_else(|| {
            format!(
                "it takes a file for `{}` ({}), and the Space has no example of one: add `gr.Examples`, or {HELP}",
                input.name, input.kind
            )
        })
    });
    row.collect::<Result<Vec<_>, _>>().map(|row| vec![row])
}

/// One of each, again and again: a run that is ended early has seen all of them.
pub(super) fn in_turn(all: Vec<Vec<Planned>>) -> Vec<Planned> {
    let longest = all.iter().map(Vec::len).max().unwrap_or_default();
    let mut all: Vec<_> = all.into_iter().map(Vec::into_iter).collect();
    (0..longest)
        .flat_map(|_| all.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>())
        .collect()
}
