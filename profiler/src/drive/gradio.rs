//! What a running Space offers, read from Gradio's `/config` and `/info`: the one place that knows how these two
//! look, and how they differ from version to version.

use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

use super::Error;
use super::http::Http;

/// A Space that answers.
pub(crate) struct Gradio {
    pub(super) http: Http,
    /// What its page is made of.
    pub(crate) page: Page,
}

/// What the page of a Space is made of.
#[derive(Debug)]
pub(crate) struct Page {
    /// What a visitor may call by name.
    pub(crate) endpoints: Vec<Endpoint>,
    /// How many of the page's events run Python and are not in the API.
    pub(crate) hidden: usize,
    pub(super) datasets: Vec<Dataset>,
}

/// A function that can be called by name.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// With its slash: `/draw`.
    pub(crate) name: String,
    /// By which number the queue knows it.
    pub(super) index: u64,
    /// What it takes, in order.
    pub(super) inputs: Vec<Input>,
    /// Why nobody but a browser can call it.
    pub(super) trouble: Option<&'static str>,
}

/// A component that a function reads.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) id: u64,
    /// The name of the function's parameter; without `/info` that of the component.
    pub(super) name: String,
    /// The type of the component, in lower case: `slider`.
    pub(super) kind: String,
    /// Whether no caller of the API gives it: a `gr.State`, a button.
    pub(super) is_closed: bool,
    pub(super) props: Map<String, Value>,
    /// What Gradio gives as an example of such a value.
    pub(super) sample: Option<Value>,
}

/// A table of examples on the page.
#[derive(Debug)]
pub(super) struct Dataset {
    /// Which components an example fills.
    pub(super) components: Vec<u64>,
    /// The examples as the page shows them: of a file only the name, of a choice its label.
    pub(super) shown: Vec<Vec<Value>>,
    /// What happens when a visitor clicks one.
    pub(super) click: Option<Click>,
}

/// The event that puts an example into the components.
#[derive(Debug)]
pub(super) struct Click {
    pub(super) index: u64,
    pub(super) outputs: Vec<u64>,
}

impl Gradio {
    /// Reads what the Space at `base` (`http://127.0.0.1:7860`) offers; every request, now and later, has `headers`.
    pub(crate) async fn connect(base: &str, headers: HeaderMap) -> Result<Self, Error> {
        let mut http = Http::new(base, headers)?;
        let config = http.json("/config").await?;
        http.prefix = prefix(&config);
        // Some versions cannot describe a component of another's; the page works without it.
        let info = http.json(&format!("{}/info", http.prefix)).await.ok();
        let page = Page::read(&config, info.as_ref())?;
        Ok(Self { http, page })
    }
}

/// What comes before each path of the API: `/gradio_api`, and nothing in Gradio 4.
pub(super) fn prefix(config: &Value) -> String {
    config["api_prefix"].as_str().unwrap_or_default().trim_end_matches('/').to_owned()
}

impl Page {
    pub(super) fn read(config: &Value, info: Option<&Value>) -> Result<Self, Error> {
        let version = config["version"].as_str().unwrap_or("of an unknown version").trim();
        let protocol = config["protocol"].as_str().unwrap_or("an older protocol");
        // What came before told of a call's end in another way.
        if !protocol.starts_with("sse_v") {
            return Err(Error::new(format!(
                "Gradio {version} speaks `{protocol}`, and calls are driven by the queue of Gradio 4.44 and later: \
                 install a newer Gradio"
            )));
        }
        let components: Vec<(u64, &Value)> = list(&config["components"])
            .filter_map(|component| Some((component["id"].as_u64()?, component)))
            .collect();
        let find = |id: u64| components.iter().find(|(other, _)| *other == id).map(|found| found.1);
        let mut endpoints = Vec::new();
        let mut hidden = 0;
        for (place, event) in list(&config["dependencies"]).enumerate() {
            if event["backend_fn"] == false {
                continue;
            }
            let Some(name) = public_name(event) else {
                hidden += 1;
                continue;
            };
            let name = format!("/{name}");
            let described = info.map_or(&Value::Null, |info| &info["named_endpoints"][&name]);
            endpoints.push(Endpoint::read(name, number(event, place), event, described, find));
        }
        let datasets = components
            .iter()
            .filter(|(_, component)| component["type"] == "dataset")
            .map(|(id, component)| Dataset::read(*id, component, &config["dependencies"]))
            .filter(|dataset| !dataset.components.is_empty() && !dataset.shown.is_empty())
            .collect();
        Ok(Self { endpoints, hidden, datasets })
    }

    pub(super) fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name)
    }
}

/// An event's name, if it is in the API: before Gradio 6 a switch said so, since then a word.
fn public_name(event: &Value) -> Option<&str> {
    let is_public = match event["api_visibility"].as_str() {
        Some(word) => word == "public",
        None => event["show_api"] != false,
    };
    event["api_name"].as_str().filter(|name| is_public && !name.is_empty())
}

/// The number by which the queue knows an event; before they had one, their order was it.
fn number(event: &Value, place: usize) -> u64 {
    event["id"].as_u64().unwrap_or(place as u64)
}

impl Endpoint {
    fn read<'a>(
        name: String,
        index: u64,
        event: &Value,
        described: &Value,
        find: impl Fn(u64) -> Option<&'a Value>,
    ) -> Self {
        let ids: Vec<u64> = list(&event["inputs"]).filter_map(Value::as_u64).collect();
        let mut trouble = if event["collects_event_data"] == true {
            Some("it asks what was selected on the page, which only a browser tells")
        } else {
            None
        };
        let mut inputs = Vec::new();
        for id in ids {
            let Some(component) = find(id) else {
                trouble = Some("it reads a component that the page makes only later");
                continue;
            };
            let kind = component["type"].as_str().unwrap_or_default().to_lowercase();
            let props = component["props"].as_object().cloned().unwrap_or_default();
            let label = props.get("label").and_then(Value::as_str).unwrap_or_default();
            let name = if label.is_empty() { kind.clone() } else { label.to_owned() };
            let is_closed = kind == "state" || component["skip_api"] == true;
            inputs.push(Input { id, name, kind, is_closed, props, sample: None });
        }
        let parameters: Vec<&Value> = list(&described["parameters"]).collect();
        if parameters.len() == inputs.iter().filter(|input| !input.is_closed).count() {
            let open = inputs.iter_mut().filter(|input| !input.is_closed);
            for (input, parameter) in open.zip(parameters) {
                if let Some(name) = parameter["parameter_name"].as_str() {
                    name.clone_into(&mut input.name);
                }
                input.sample = parameter.get("example_input").filter(|it| !it.is_null()).cloned();
            }
        }
        Self { name, index, inputs, trouble }
    }

    /// What a caller gives, in order: all but states and buttons.
    pub(super) fn open(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().filter(|input| !input.is_closed)
    }

    /// What the queue is given for `data`, which has a value for each of [`Self::open`].
    pub(super) fn filled(&self, data: &[Value]) -> Vec<Value> {
        let mut data = data.iter();
        let fill = |input: &Input| match input.is_closed {
            // Gradio holds a state itself, and takes none from a caller.
            true if input.kind == "state" => Value::Null,
            true => input.shown(),
            false => data.next().cloned().unwrap_or_default(),
        };
        self.inputs.iter().map(fill).collect()
    }
}

impl Input {
    /// What the page shows before anybody touches it.
    pub(super) fn shown(&self) -> Value {
        self.props.get("value").cloned().unwrap_or_default()
    }

    /// What to give where no example does: what the page shows, else what Gradio gives as an example of the kind.
    /// None where only a file would do.
    pub(super) fn default(&self) -> Option<Value> {
        let shown = self.shown();
        if self.kind == "multimodaltextbox" {
            let text = [&shown, self.sample.as_ref().unwrap_or(&Value::Null)].map(|it| &it["text"]);
            let text = text.into_iter().filter_map(Value::as_str).find(|text| !text.is_empty());
            return Some(json!({ "text": text.unwrap_or("Hello"), "files": [] }));
        }
        let is_empty = shown.is_null() || shown == "" || shown == Value::Array(Vec::new());
        match &self.sample {
            _ if !is_empty => Some(shown),
            // Such a sample is an address on the web.
            Some(sample) if holds_file(sample) => None,
            Some(sample) => Some(sample.clone()),
            None if FILES.contains(&self.kind.as_str()) => None,
            None => Some(shown),
        }
    }

    /// Whether a visitor can change it.
    pub(super) fn is_reachable(&self) -> bool {
        let says = |key: &str, word: &str| match self.props.get(key) {
            Some(Value::Bool(switch)) => !switch,
            Some(Value::String(text)) => text == word,
            _ => false,
        };
        !says("interactive", "false") && !says("visible", "hidden")
    }

    /// What can be chosen, with its labels.
    pub(super) fn choices(&self) -> Vec<(&Value, &Value)> {
        let choices = self.props.get("choices").unwrap_or(&Value::Null);
        list(choices)
            .map(|choice| match choice.as_array().map(Vec::as_slice) {
                Some([label, value]) => (label, value),
                _ => (choice, choice),
            })
            .collect()
    }
}

/// Components that hold a file.
const FILES: [&str; 9] = [
    "audio",
    "file",
    "gallery",
    "image",
    "imageeditor",
    "imageslider",
    "model3d",
    "uploadbutton",
    "video",
];

impl Dataset {
    fn read(id: u64, component: &Value, events: &Value) -> Self {
        let props = &component["props"];
        let components: Vec<u64> =
            list(&props["component_ids"]).filter_map(Value::as_u64).collect();
        let shown = list(&props["samples"])
            .filter_map(Value::as_array)
            .filter(|sample| !sample.is_empty())
            .cloned()
            .collect();
        let click = list(events).enumerate().find_map(|(place, event)| {
            let outputs: Vec<u64> = list(&event["outputs"]).filter_map(Value::as_u64).collect();
            // An author's own handler of a click may do the whole work; one that only fills in does not queue.
            let fills_in = event["queue"] == false
                && event["inputs"] == json!([id])
                && components.iter().all(|component| outputs.contains(component))
                && list(&event["targets"]).any(|target| *target == json!([id, "click"]));
            fills_in.then(|| Click { index: number(event, place), outputs })
        });
        Self { components, shown, click }
    }
}

/// Whether there is a file anywhere in `value`.
pub(super) fn holds_file(value: &Value) -> bool {
    is_file(value)
        || match value {
            Value::Array(items) => items.iter().any(holds_file),
            Value::Object(map) => map.values().any(holds_file),
            _ => false,
        }
}

/// Whether `value` is how Gradio writes a file.
pub(super) fn is_file(value: &Value) -> bool {
    value["meta"]["_type"] == "gradio.FileData" && value["path"].is_string()
}

/// The items of what should be a list.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter()
}
