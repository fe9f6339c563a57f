use spacelint_space::{Card, Entry, Space};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The card names a notebook as the app.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-config-reference.md: `app_file` is a file of Python code (or HTML of a static Space); CPython: NameError: name 'null' is not defined, for what JSON calls null"
)]
pub(crate) struct NotebookAppFile<'a> {
    card: &'a Card,
    app_file: &'a Entry,
}

impl<'a> Check<'a> for NotebookAppFile<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        versions::gradio_card(space).into_iter().filter_map(|card| {
            let app_file = card.get("app_file")?;
            let is_notebook = space.app_file.extension() == Some("ipynb");
            is_notebook.then_some(Self { card, app_file })
        })
    }

    fn finding(&self) -> Finding {
        Self::at(
            Location::new(&self.card.file, self.app_file.inner_span),
            "a notebook is JSON and no program: Python runs the file without finding an app in it, or stops at \
             the first `null`, and the Space does not start",
        )
        .help(
            "Export the notebook as a script (`jupyter nbconvert --to script`), take its commands out, and name \
             the script here.",
        )
    }
}
