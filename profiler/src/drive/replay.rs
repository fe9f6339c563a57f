//! Inputs that were recorded: JSON Lines, a call a line, `{"endpoint": "/draw", "data": ["a cat", 20]}`.
//!
//! `data` has a value for each input that the API takes. A file is written as Gradio's clients write it,
//! `{"path": "cat.png", "meta": {"_type": "gradio.FileData"}}`, with a path from the folder of the recording.
//!
//! Unlike all else that the profiler writes, this holds content: an author asks for it by name.

use std::collections::BTreeMap;
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Error;
use super::gradio::{Gradio, Page, is_file};
use super::plan::{Plan, Planned};

/// Recorded inputs.
#[derive(Debug)]
pub(crate) struct Replay {
    folder: Utf8PathBuf,
    path: Utf8PathBuf,
    lines: Vec<(usize, Line)>,
}

/// A call.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    endpoint: String,
    data: Vec<Value>,
}

impl Replay {
    /// Reads a recording.
    pub(crate) fn read(path: &Utf8Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::new(format!("{path} cannot be read: {error}")))?;
        let mut lines = Vec::new();
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let call: Line = serde_json::from_str(text).map_err(|error| {
                Error::new(format!(
                    "{path}:{line} is not a recorded call ({error}); one looks like \
                     {{\"endpoint\": \"/draw\", \"data\": [\"a cat\", 20]}}"
                ))
            })?;
            lines.push((line, call));
        }
        if lines.is_empty() {
            return Err(Error::new(format!("{path} holds no calls")));
        }
        let folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        Ok(Self { folder, path: path.to_owned(), lines })
    }

    /// The calls that it holds, in its order, for this Space; its files are handed to the Space now.
    pub(crate) async fn plan(self, gradio: &Gradio) -> Result<Plan, Error> {
        self.fits(&gradio.page)?;
        let mut plan = Plan::default();
        let mut uploaded = BTreeMap::new();
        for (line, mut call) in self.lines {
            for file in call.data.iter_mut().flat_map(files) {
                let named = file["path"].as_str().unwrap_or_default();
                let path = self.folder.join(named);
                if !uploaded.contains_key(&path) {
                    let bytes = std::fs::read(&path).map_err(|error| {
                        Error::new(format!("{}:{line}: {path} cannot be read: {error}", self.path))
                    })?;
                    let name = path.file_name().unwrap_or("file").to_owned();
                    let there = gradio.http.upload(name.clone(), bytes).await?;
                    uploaded.insert(path.clone(), written(&there, &name));
                }
                if let Some(there) = uploaded.get(&path) {
                    there.clone_into(file);
                }
            }
            plan.calls.push(Planned { endpoint: call.endpoint, data: call.data });
        }
        Ok(plan)
    }

    /// That each call is one of the Space's.
    pub(super) fn fits(&self, page: &Page) -> Result<(), Error> {
        for (line, call) in &self.lines {
            let at = format!("{}:{line}", self.path);
            let Some(endpoint) = page.endpoint(&call.endpoint) else {
                let all: Vec<&str> = page.endpoints.iter().map(|one| one.name.as_str()).collect();
                return Err(Error::new(format!(
                    "{at}: the Space has no endpoint `{}`; it has {}",
                    call.endpoint,
                    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
                )));
            };
            let (given, taken) = (call.data.len(), endpoint.open().count());
            if given != taken {
                let names: Vec<&str> = endpoint.open().map(|input| input.name.as_str()).collect();
                return Err(Error::new(format!(
                    "{at}: {} takes {taken} inputs ({}), and {given} are given",
                    endpoint.name,
                    names.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Writes the calls of `plan` to `path`, and the files that they take to `<path>.files`. Both hold content.
    pub(crate) async fn save(path: &Utf8Path, gradio: &Gradio, plan: &Plan) -> Result<(), Error> {
        let wrong = |error| Error::new(format!("{path} cannot be written: {error}"));
        let name = format!("{}.files", path.file_name().unwrap_or("inputs"));
        let folder = path.with_file_name(&name);
        let mut saved: BTreeMap<String, Value> = BTreeMap::new();
        let mut text = Vec::new();
        for planned in &plan.calls {
            let mut data = planned.data.clone();
            for file in data.iter_mut().flat_map(files) {
                let there = file["path"].as_str().unwrap_or_default().to_owned();
                if !saved.contains_key(&there) {
                    let bytes = gradio.http.download(&there).await?;
                    let base = Utf8Path::new(&there).file_name().unwrap_or("file");
                    let here = format!("{}-{base}", saved.len() + 1);
                    std::fs::create_dir_all(&folder).map_err(wrong)?;
                    std::fs::write(folder.join(&here), bytes).map_err(wrong)?;
                    saved.insert(there.clone(), written(&format!("{name}/{here}"), base));
                }
                if let Some(here) = saved.get(&there) {
                    here.clone_into(file);
                }
            }
            let line = Line { endpoint: planned.endpoint.clone(), data };
            serde_json::to_writer(&mut text, &line).map_err(|error| wrong(error.into()))?;
            text.push(b'\n');
        }
        let mut file = std::fs::File::create(path).map_err(wrong)?;
        file.write_all(&text).map_err(wrong)
    }
}

/// A file as Gradio writes it.
fn written(path: &str, name: &str) -> Value {
    json!({ "path": path, "orig_name": name, "meta": { "_type": "gradio.FileData" } })
}

/// Each file in `value`.
fn files(value: &mut Value) -> Vec<&mut Value> {
    if is_file(value) {
        return vec![value];
    }
    match value {
        Value::Array(items) => items.iter_mut().flat_map(files).collect(),
        Value::Object(map) => map.values_mut().flat_map(files).collect(),
        _ => Vec::new(),
    }
}
