//! The examples that a Space offers on its page.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::gradio::{Dataset, Endpoint, Gradio, Input, Page};
use super::http::PATIENCE;

/// As many of one table are taken; a visitor sees ten at a time.
pub(super) const MOST: usize = 100;

/// What a Space's examples put into its components.
#[derive(Debug, Default)]
pub(crate) struct Examples {
    tables: Vec<Table>,
}

/// The examples of one table.
#[derive(Debug)]
struct Table {
    components: Vec<u64>,
    rows: Vec<Row>,
}

/// What an example puts into which component.
type Row = BTreeMap<u64, Value>;

impl Examples {
    /// Clicks each example, as a visitor does: what the page shows of one is not what it fills in.
    pub(crate) async fn load(gradio: &Gradio) -> Self {
        let mut tables = Vec::new();
        for dataset in &gradio.page.datasets {
            let mut rows = Vec::new();
            for place in 0..dataset.shown.len().min(MOST) {
                let row = match clicked(gradio, dataset, place).await {
                    Some(row) => Some(row),
                    None => shown(&gradio.page, dataset, place),
                };
                rows.extend(row);
            }
            tables.push(Table { components: dataset.components.clone(), rows });
        }
        Self { tables }
    }

    /// As the page shows them, where nobody can click.
    #[cfg(test)]
    pub(super) fn as_shown(page: &Page) -> Self {
        let tables = page.datasets.iter().map(|dataset| {
            let count = dataset.shown.len().min(MOST);
            let rows = (0..count).filter_map(|place| shown(page, dataset, place));
            Table { components: dataset.components.clone(), rows: rows.collect() }
        });
        Self { tables: tables.collect() }
    }

    /// What a caller of `endpoint` gives for each example: what it does not fill is as the page shows it. Tables that
    /// fill nothing but inputs of `endpoint` go before those that fill others too.
    pub(super) fn of(&self, endpoint: &Endpoint) -> Vec<Vec<Value>> {
        let takes = |id: &u64| endpoint.open().any(|input| input.id == *id);
        let fits = |whole: bool| {
            self.tables.iter().filter(move |table| {
                let mut components = table.components.iter();
                if whole { components.all(takes) } else { components.any(takes) }
            })
        };
        let mut rows: Vec<&Row> = fits(true).flat_map(|table| &table.rows).collect();
        if rows.is_empty() {
            rows = fits(false).flat_map(|table| &table.rows).collect();
        }
        let fill = |row: &Row| {
            endpoint
                .open()
                .map(|input| row.get(&input.id).cloned().unwrap_or_else(|| input.shown()))
                .collect()
        };
        rows.into_iter().map(fill).collect()
    }
}

/// What a click on an example fills in.
async fn clicked(gradio: &Gradio, dataset: &Dataset, place: usize) -> Option<Row> {
    let click = dataset.click.as_ref()?;
    let nobody = HeaderMap::new();
    let call = gradio.http.call(click.index, vec![Value::from(place)], &nobody);
    let answer = tokio::time::timeout(PATIENCE, call).await.ok()?;
    let values = answer.end.ok()?;
    let values = values.as_array()?.iter();
    let row = click.outputs.iter().zip(values).filter_map(|(id, value)| {
        let is_update = value["__type__"] == "update";
        let value = if is_update { value.get("value") } else { Some(value) };
        value.map(|value| (*id, value.clone()))
    });
    Some(row.filter(|(id, _)| dataset.components.contains(id)).collect())
}

/// What an example fills in, read from how the page shows it; none if that does not tell.
fn shown(page: &Page, dataset: &Dataset, place: usize) -> Option<Row> {
    let sample = dataset.shown.get(place)?;
    let pairs = dataset.components.iter().zip(sample);
    pairs
        .map(|(id, value)| {
            let mut inputs = page.endpoints.iter().flat_map(Endpoint::open);
            let input = inputs.find(|input| input.id == *id);
            let value = input.map_or_else(|| Some(value.clone()), |input| meant(input, value))?;
            Some((*id, value))
        })
        .collect()
}

/// The value that is shown as `shown`.
fn meant(input: &Input, shown: &Value) -> Option<Value> {
    let choices = input.choices();
    let value = |shown: &Value| {
        let by_label = choices.iter().find(|(label, _)| *label == shown);
        by_label.map_or_else(|| shown.clone(), |(_, value)| (*value).clone())
    };
    match (input.kind.as_str(), shown) {
        // Only the name of the file; only the head of the table.
        ("audio" | "file" | "model3d" | "video" | "image", Value::String(_)) | ("dataframe", _) => {
            None
        }
        ("dropdown" | "radio" | "checkboxgroup", Value::Array(items)) => {
            Some(items.iter().map(value).collect())
        }
        ("dropdown" | "radio" | "checkboxgroup", shown) => Some(value(shown)),
        (_, shown) => Some(shown.clone()),
    }
}
