//! A trace for programs.

use serde::Serialize;
use serde_json::Value as Json;
use spacelint_python::Value;
use spacelint_rules::finding::Location;
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space, SpaceTrace};

use super::told;
use crate::formats::json;
use crate::paths::Place;

#[derive(Serialize)]
struct Trace {
    space: String,
    entry: Option<String>,
    zerogpu: bool,
    files: Vec<String>,
    exhausted: Vec<&'static str>,
    roots: Vec<Root>,
    events: Vec<Event>,
}

/// A function that is called after start-up.
#[derive(Serialize)]
struct Root {
    role: &'static str,
    phase: &'static str,
    function: Option<String>,
    certainty: &'static str,
    /// Where it was handed over.
    #[serde(flatten)]
    place: json::Place,
}

#[derive(Serialize)]
struct Event {
    kind: &'static str,
    what: String,
    phase: &'static str,
    certainty: &'static str,
    root: Option<usize>,
    #[serde(flatten)]
    place: json::Place,
    chain: Vec<Link>,
    #[serde(flatten)]
    own: Own,
}

/// A step on the way to an event.
#[derive(Serialize)]
struct Link {
    step: &'static str,
    name: String,
    #[serde(flatten)]
    place: json::Place,
}

/// What only events of some kind have.
#[derive(Serialize)]
#[serde(untagged)]
enum Own {
    Touch {
        sure: bool,
    },
    Load {
        ids: Vec<String>,
        settled: bool,
        part: Json,
        dtype: Json,
        quantisation: serde_json::Map<String, Json>,
        device: Json,
        weights: bool,
        adapter: bool,
    },
    Ids {
        ids: Vec<String>,
        settled: bool,
    },
    Gpu {
        function: Option<String>,
        duration: Json,
        size: Json,
    },
    Read {
        missing: &'static str,
    },
    Run {
        command: Option<String>,
    },
    Sleep {
        seconds: Json,
    },
    Nothing {},
}

/// The trace of `space`, on one line.
pub(super) fn trace(space: &Space, place: &Place) -> String {
    let trace = space.trace();
    let relative = |path: &camino::Utf8Path| place.relative(path).into_string();
    json::to_string(&Trace {
        space: place.relative_folder().into_string(),
        entry: space.entry.as_ref().map(|entry| relative(&entry.path)),
        zerogpu: space.is_zerogpu(),
        files: trace.into_iter().flat_map(SpaceTrace::files).map(|it| relative(&it.path)).collect(),
        exhausted: trace
            .map(SpaceTrace::exhausted)
            .unwrap_or_default()
            .iter()
            .map(|budget| told::budget(*budget))
            .collect(),
        roots: trace.map(|trace| roots(trace, place)).unwrap_or_default(),
        events: trace
            .into_iter()
            .flat_map(told::events)
            .map(|moment| event(&moment, place))
            .collect(),
    })
}

fn roots(trace: &SpaceTrace, place: &Place) -> Vec<Root> {
    let roots = trace.roots().iter().enumerate().map(|(index, root)| Root {
        role: told::role(root.role),
        phase: told::phase(trace.phase_of(index)),
        function: root.function().map(|function| told::name(function)),
        certainty: told::certainty(root.certainty),
        place: json::Place::new(&Location::of(trace, root.place), place),
    });
    roots.collect()
}

fn event(moment: &Moment<'_>, place: &Place) -> Event {
    let effect = &moment.event.effect;
    let chain = moment.chain().into_iter().map(|stop| {
        let (step, name) = told::step(&stop.step);
        let place = json::Place::new(&Location::new(&stop.file, stop.place.span), place);
        Link { step, name: name.to_owned(), place }
    });
    Event {
        kind: told::kind(effect),
        what: told::what(effect),
        phase: told::phase(moment.phase),
        certainty: told::certainty(moment.certainty()),
        root: moment.event.root,
        place: json::Place::new(&Location::from(moment), place),
        chain: chain.collect(),
        own: own(effect),
    }
}

fn own(effect: &Effect) -> Own {
    let settled = |value: Option<&Value>| value.map_or(Json::Null, told::settled);
    let described = |value: Option<&Value>| value.map_or(Json::Null, told::described);
    let texts = |ids: &[std::sync::Arc<str>]| ids.iter().map(ToString::to_string).collect();
    match effect {
        Effect::TouchCuda(touch) => Own::Touch { sure: touch.sure },
        Effect::LoadModel(load) => Own::Load {
            ids: texts(&load.ids),
            settled: load.settled,
            part: described(load.part.as_ref()),
            dtype: described(load.dtype.as_ref()),
            quantisation: load
                .quantisation
                .iter()
                .map(|argument| {
                    let name = argument.name.as_deref().unwrap_or("?");
                    (name.to_owned(), told::described(&argument.value))
                })
                .collect(),
            device: described(load.device.as_ref()),
            weights: load.weights,
            adapter: load.adapter,
        },
        Effect::Download(download) => {
            Own::Ids { ids: texts(&download.ids), settled: download.settled }
        }
        Effect::Client(client) => Own::Ids { ids: texts(&client.ids), settled: client.settled },
        Effect::DeclareGpu(gpu) => Own::Gpu {
            function: gpu.function.as_ref().map(|function| told::name(function)),
            duration: settled(gpu.duration.as_ref().map(|duration| &duration.value)),
            size: settled(gpu.size.as_ref().map(|size| &size.value)),
        },
        Effect::ReadEnv(read) => Own::Read { missing: told::missing(read.missing) },
        Effect::RunCommand(run) => {
            Own::Run { command: run.command.as_ref().and_then(told::command) }
        }
        Effect::Sleep(sleep) => Own::Sleep { seconds: settled(sleep.seconds.as_ref()) },
        Effect::ImportSpaces(_)
        | Effect::ImportPackage(_)
        | Effect::CallGpu(_)
        | Effect::NeedEnv(_)
        | Effect::SetEnv(_)
        | Effect::ImportMissing(_)
        | Effect::UseName(_)
        | Effect::PassArgument(_)
        | Effect::CacheExamples(_)
        | Effect::WrapHandlers(_)
        | Effect::RunModel(_)
        | Effect::CallModel(_)
        | Effect::Serve(_)
        | Effect::SetQueue(_)
        | Effect::LimitCalls(_)
        | Effect::OfferLogin(_)
        | Effect::CallSpace(_)
        | Effect::Login(_)
        | Effect::Http(_)
        | Effect::Connect(_)
        | Effect::Encode(_)
        | Effect::Compile(_)
        | Effect::StartProcess(_) => Own::Nothing {},
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::testing::space;

    #[test]
    fn programs_get_every_event_with_its_own_fields() {
        let app = r#"import os, spaces, time, torch
from diffusers import FluxPipeline
from gradio_client import Client
import helper

pipe = FluxPipeline.from_pretrained("black-forest-labs/FLUX.1-dev", torch_dtype=torch.bfloat16)
pipe.to("cuda")
os.system("ls")
client = Client("ann/captions")


@spaces.GPU(duration=2 * 30)
def run():
    time.sleep(1.5)
"#;
        let files = [("app.py", app), ("helper.py", "import os\nos.environ['KEY']\n")];
        let place = Place::new(Utf8Path::new("demo"), Utf8Path::new("/home/ann"));
        let line = trace(&space(&files), &place);
        assert!(!line.contains('\n'));
        let value: Json = serde_json::from_str(&line).expect("it is JSON");
        let shown = serde_json::to_string_pretty(&value).expect("it can be shown");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_space_without_a_program_has_no_events() {
        let place = Place::new(Utf8Path::new("."), Utf8Path::new("/home/ann"));
        insta::assert_snapshot!(
            trace(&space(&[("README.md", "---\nsdk: gradio\n---\n")]), &place),
            @r#"{"space":".","entry":null,"zerogpu":false,"files":[],"exhausted":[],"roots":[],"events":[]}"#
        );
    }
}
