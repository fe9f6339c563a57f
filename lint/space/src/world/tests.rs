//! Ways in which a function reaches somebody who calls it, and forms of GPU functions.

use spacelint_knowledge::effects::{Emulated, Role as Handed};
use spacelint_python::{Certainty, External, Operator, Value};

use super::Role;
use crate::effect::Effect;
use crate::{Files, Phase, Space};

const HEAD: &str = "\
import asyncio, functools, gradio as gr, spaces, threading\n\
from functools import partial\n\
def f(*a): ...\n\
def g(*a): ...\n\
class Model:\n    \
    def run(self, x): ...\n    \
    @spaces.GPU\n    \
    def infer(self, x): ...\n    \
    @staticmethod\n    \
    def still(x): ...\n\
model = Model()\n\
with gr.Blocks() as demo:\n    \
    box, button = gr.Textbox(), gr.Button()\n";

/// The functions that these lines hand over, after the head, each with its role.
fn roots(lines: &str) -> Vec<(String, Role)> {
    let app = format!("{HEAD}{lines}\n");
    let space = Space::read(&Files::memory([("app.py".into(), app.into_bytes())]));
    let trace = space.trace().expect("there is a program");
    trace
        .roots()
        .iter()
        .filter_map(|root| Some((root.function()?.qualname.to_string(), root.role)))
        // The head's own.
        .filter(|(name, role)| (&**name, *role) != ("Model.infer", Role::Gpu))
        .collect()
}

fn handed(lines: &str, names: &[&str], role: Handed) {
    let expected: Vec<_> =
        names.iter().map(|name| ((*name).to_owned(), Role::Request(role))).collect();
    assert_eq!(roots(lines), expected, "{lines}");
}

#[test]
fn every_way_to_gradio() {
    for (lines, names) in [
        ("button.click(f, box, box)", &["f"][..]),
        ("button.click(fn=f)", &["f"]),
        ("button.click(lambda x: x)", &["<lambda>"]),
        ("button.click(partial(f, 1))", &["f"]),
        ("button.click(functools.partial(f, y=1))", &["f"]),
        ("button.click(model.run)", &["Model.run"]),
        ("button.click(Model.still)", &["Model.still"]),
        ("button.click(model.infer)", &["Model.infer"]),
        ("button.click(f, validator=g)", &["f", "g"]),
        ("button.click(None, js='() => 1')", &[]),
        ("button.click(fn=None).then(f)", &["f"]),
        ("button.click(f).success(g)", &["f", "g"]),
        ("button.click(f).failure(g)", &["f", "g"]),
        ("button.click(f if unknown else g)", &["f", "g"]),
        ("@button.click(inputs=box)\ndef own(x): ...", &["own"]),
        ("@gr.on([button.click, box.submit], inputs=box)\ndef own(x): ...", &["own"]),
        ("gr.on(triggers=[button.click], fn=f)", &["f"]),
        ("gr.on([button.click], f)", &["f"]),
        ("for event in (button.click, box.submit):\n    event(f)", &["f"]),
        ("for part in [box, gr.Slider()]:\n    part.change(f)", &["f"]),
        ("for part in make():\n    part.change(f)", &["f"]),
        ("demo.load(f, every=5)", &["f"]),
        ("demo.unload(f)", &["f"]),
        ("gr.Timer(5).tick(f)", &["f"]),
        ("gr.Chatbot().like(f)", &["f"]),
        ("gr.Gallery().select(f)", &["f"]),
        ("gr.Dataset().click(f)", &["f"]),
        ("gr.Tab('a').select(f)", &["f"]),
        ("gr.Image().upload(f).then(g)", &["f", "g"]),
        ("gr.Audio().stop_recording(f)", &["f"]),
        ("gr.Video().end(f)", &["f"]),
        ("gr.Interface(f, 'text', 'text')", &["f"]),
        ("gr.Interface(fn=[f, g], inputs='text', outputs='text')", &["f", "g"]),
        ("gr.TabbedInterface([gr.Interface(f, 'text', 'text')])", &["f"]),
        ("gr.ChatInterface(f)", &["f"]),
        ("gr.ChatInterface(fn=model.infer, additional_inputs=[box])", &["Model.infer"]),
        ("gr.Textbox(value=f)", &["f"]),
        ("gr.Slider(0, 1, f)", &["f"]),
        ("gr.Dropdown(value=f)", &["f"]),
        ("gr.State(f, delete_callback=g)", &["f", "g"]),
        ("gr.HTML(server_functions=[f])", &["f"]),
        ("gr.api(f)", &["f"]),
        ("gr.blocks.Blocks().load(f)", &["f"]),
        ("from gradio_imageslider import ImageSlider\nImageSlider().change(f)", &["f"]),
        ("class Page(gr.Blocks):\n    pass\nPage().load(f)", &["f"]),
    ] {
        handed(lines, names, Handed::Event);
    }
    handed("@gr.render(inputs=box)\ndef own(x): ...", &["own"], Handed::Render);
    handed("gr.Examples([['a']], box, box, f)", &["f"], Handed::Example);
    handed("gr.Examples(examples=[], inputs=box, fn=f)", &["f"], Handed::Example);
}

#[test]
fn every_way_to_a_server() {
    for (lines, names) in [
        ("@app.get('/')\ndef own(): ...", &["own"][..]),
        ("@app.post('/')\nasync def own(): ...", &["own"]),
        ("@app.websocket('/')\nasync def own(socket): ...", &["own"]),
        ("@app.api_route('/', methods=['GET'])\ndef own(): ...", &["own"]),
        ("app.add_api_route('/', f)", &["f"]),
        ("app.add_api_route('/', endpoint=f)", &["f"]),
        ("app.add_route('/', f)", &["f"]),
        ("app.add_api_websocket_route('/', f)", &["f"]),
        ("router = APIRouter()\n@router.get('/')\ndef own(): ...", &["own"]),
        ("@app.get('/')\ndef own(user=Depends(f)): ...", &["f", "own"]),
        ("server = gr.Server()\n@server.get('/')\ndef own(): ...", &["own"]),
        ("demo.launch(auth=f)", &["f"]),
        ("demo.queue().launch(auth_dependency=f)", &["f"]),
        ("gr.mount_gradio_app(app, demo, '/', auth_dependency=f)", &["f"]),
        ("from mcp.server.fastmcp import FastMCP\n@FastMCP('x').tool()\ndef own(): ...", &["own"]),
        ("from flask import Flask\n@Flask('x').route('/')\ndef own(): ...", &["own"]),
        ("from starlette.routing import Route\nRoute('/', f)", &["f"]),
    ] {
        let lines =
            format!("from fastapi import FastAPI, APIRouter, Depends\napp = FastAPI()\n{lines}");
        handed(&lines, names, Handed::Route);
    }
    for lines in [
        "@gr.Server().api(name='x')\ndef own(): ...",
        "@gr.Server().api\ndef own(): ...",
        "server = gr.Server()\n@server.mcp.tool(name='x')\n@server.api(name='x')\ndef own(): ...",
    ] {
        handed(lines, &["own"], Handed::Event);
    }
    handed(
        "from fastapi import FastAPI\napp = FastAPI(lifespan=f)\n@app.on_event('startup')\ndef own(): ...",
        &["f", "own"],
        Handed::Callback,
    );
}

#[test]
fn every_way_to_a_thread_a_process_or_a_callback() {
    for lines in [
        "threading.Thread(target=f).start()",
        "threading.Thread(None, f).start()",
        "threading.Timer(5, f).start()",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as pool:\n    pool.submit(f, 1)",
        "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().map(f, [1])",
        "import concurrent.futures\nconcurrent.futures.ThreadPoolExecutor(initializer=f)",
        "loop = asyncio.get_event_loop()\nloop.run_in_executor(None, f, 1)",
        "from multiprocessing.pool import ThreadPool\nThreadPool(2).map(f, [1])",
        "from apscheduler.schedulers.background import BackgroundScheduler\nBackgroundScheduler().add_job(f, 'interval')",
        "from fastapi import BackgroundTasks\nBackgroundTasks().add_task(f, 1)",
    ] {
        handed(lines, &["f"], Handed::Thread);
    }
    for lines in [
        "from starlette.concurrency import run_in_threadpool\nrun_in_threadpool(f)",
        "import anyio\nanyio.to_thread.run_sync(f)",
    ] {
        handed(lines, &["f"], Handed::ThreadInContext);
    }
    for lines in [
        "import multiprocessing as mp\nmp.Process(target=f).start()",
        "import multiprocessing as mp\nmp.get_context('spawn').Process(target=f).start()",
        "import multiprocessing as mp\nwith mp.Pool(2) as pool:\n    pool.map(f, [1])",
        "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor().submit(f)",
    ] {
        handed(lines, &["f"], Handed::Process);
    }
    for lines in [
        "import signal\nsignal.signal(signal.SIGTERM, f)",
        "asyncio.get_event_loop().call_later(3, f)",
        "asyncio.get_event_loop().call_soon_threadsafe(f)",
        "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(print).add_done_callback(f)",
        "import unheard\nunheard.of(f)",
    ] {
        handed(lines, &["f"], Handed::Callback);
    }
}

#[test]
fn a_decorator_of_which_nothing_is_known_hides_no_function() {
    for decorator in ["@unheard.of", "@unheard.of(3)"] {
        let lines = format!("import unheard\n{decorator}\ndef own(x): ...\nbutton.click(own)");
        let own = |role| ("own".to_owned(), Role::Request(role));
        assert_eq!(roots(&lines), [own(Handed::Callback), own(Handed::Event)], "{decorator}");
        let lines = format!("import unheard\n{decorator}\n@spaces.GPU\ndef own(x): ...");
        assert!(roots(&lines).contains(&("own".to_owned(), Role::Gpu)), "{decorator}");
    }
}

/// The GPU functions that a program declares, each with its duration as Python would show it.
fn declared(files: &[(&str, &str)]) -> Vec<(String, String, Certainty)> {
    let files = files.iter().map(|(path, text)| ((*path).into(), (*text).into()));
    let space = Space::read(&Files::memory(files));
    space
        .moments()
        .filter_map(|moment| match &moment.event.effect {
            Effect::DeclareGpu(gpu) => {
                let name = gpu.function.as_ref().map_or("?", |function| &function.qualname);
                let duration = gpu.duration.as_ref().map_or_else(String::new, |duration| {
                    match &duration.value {
                        spacelint_python::Value::Int(seconds) => seconds.to_string(),
                        value => value.function().map_or("?", |f| &f.qualname).to_owned(),
                    }
                });
                Some((name.to_owned(), duration, moment.certainty()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn every_form_of_a_gpu_function() {
    let own = "def own(x): ...";
    for (app, expected) in [
        (format!("@spaces.GPU\n{own}"), ("own", "")),
        (format!("@spaces.GPU()\n{own}"), ("own", "")),
        (format!("@spaces.GPU#(duration=42)\n{own}"), ("own", "")),
        (format!("@spaces.GPU(duration=30)\n{own}"), ("own", "30")),
        (format!("@spaces.GPU(30)\n{own}"), ("own", "30")),
        (format!("@spaces.GPU(duration=60 * 2)\n{own}"), ("own", "120")),
        (format!("SECONDS = 90\n@spaces.GPU(duration=SECONDS)\n{own}"), ("own", "90")),
        (format!("@spaces.GPU(duration=lambda x: 5)\n{own}"), ("own", "<lambda>")),
        (format!("def take(x): return 5\n@spaces.GPU(duration=take)\n{own}"), ("own", "take")),
        (format!("@spaces.GPU(duration=int(os.getenv('D', '60')))\n{own}"), ("own", "?")),
        (format!("@spaces.GPU(enable_queue=True, duration=30)\n{own}"), ("own", "30")),
        (format!("from spaces import GPU\n@GPU(duration=30)\n{own}"), ("own", "30")),
        (format!("import spaces as hf\n@hf.GPU(duration=30)\n{own}"), ("own", "30")),
        (format!("from spaces.zero.decorator import GPU\n@GPU\n{own}"), ("own", "")),
        (format!("_GPU = spaces.GPU(duration=30)\n@_GPU\n{own}"), ("own", "30")),
        (format!("gpu = spaces.GPU\n@gpu(duration=30)\n{own}"), ("own", "30")),
        (format!("{own}\nown = spaces.GPU(own)"), ("own", "")),
        (format!("{own}\nown = spaces.GPU(duration=30)(own)"), ("own", "30")),
        (format!("{own}\nown = spaces.GPU(own, duration=30)"), ("own", "30")),
        (format!("@getattr(spaces, 'GPU')(duration=30)\n{own}"), ("own", "30")),
        (format!("@getattr(spaces, 'GPU', None)\n{own}"), ("own", "")),
        (
            format!("import importlib\n@importlib.import_module('spaces').GPU(duration=30)\n{own}"),
            ("own", "30"),
        ),
        (format!("@spaces.GPU if True else (lambda f: f)\n{own}"), ("own", "")),
        (
            format!("@(spaces.GPU(duration=30) if os.getenv('SPACES_ZERO_GPU') else same)\n{own}"),
            ("own", "30"),
        ),
        (format!("@spaces.GPU(duration=30)\n@torch.inference_mode()\n{own}"), ("own", "30")),
        (format!("@torch.no_grad()\n@spaces.GPU(duration=30)\n{own}"), ("own", "30")),
        (format!("@functools.lru_cache\n@spaces.GPU(duration=30)\n{own}"), ("own", "30")),
        ("@spaces.GPU\ndef own(x):\n    yield x".to_owned(), ("own", "")),
        ("@spaces.GPU\nasync def own(x): ...".to_owned(), ("own", "")),
        (
            "class Model:\n    @spaces.GPU(duration=30)\n    def own(self): ...".to_owned(),
            ("Model.own", "30"),
        ),
        (
            "class Model:\n    @staticmethod\n    @spaces.GPU(duration=30)\n    def own(): ..."
                .to_owned(),
            ("Model.own", "30"),
        ),
        (
            "def make():\n    @spaces.GPU(duration=30)\n    def own(): ...\n    return own\nmake()"
                .to_owned(),
            ("make.<locals>.own", "30"),
        ),
        (
            format!("def gpu(seconds):\n    return spaces.GPU(duration=seconds)\n@gpu(30)\n{own}"),
            ("own", "30"),
        ),
        (
            format!(
                "def gpu(f=None, *, duration=30):\n    if f is None:\n        return lambda f: gpu(f, \
                 duration=duration)\n    return spaces.GPU(duration=duration)(f)\n@gpu\n{own}"
            ),
            ("own", "30"),
        ),
        (format!("{own}\nrun = spaces.GPU(duration=30)(functools.partial(own, 1))"), ("own", "30")),
        ("run = spaces.GPU(duration=30)(lambda x: x)".to_owned(), ("<lambda>", "30")),
        ("demo = gr.load('models/a/b')\ndemo.fn = spaces.GPU()(demo.fn)".to_owned(), ("?", "")),
    ] {
        let app = format!("import os, functools, gradio as gr, spaces, torch\n{app}\n");
        let (name, duration) = expected;
        let expected = [(name.to_owned(), duration.to_owned(), Certainty::Always)];
        assert_eq!(declared(&[("app.py", &app)]), expected, "{app}");
    }
}

#[test]
fn spaces_by_way_of_a_module_of_the_program() {
    let app = "from compat import spaces, GPU\n@GPU(duration=30)\ndef one(): ...\n@spaces.GPU\ndef two(): ...\n";
    let plain = "import spaces\nfrom spaces import GPU\n";
    let guarded = "try:\n    import spaces\nexcept ImportError:\n    class spaces:\n        @staticmethod\n        \
                   def GPU(*a, **k):\n            return lambda f: f\nGPU = spaces.GPU\n";
    let asked = "import os\nif os.getenv('SPACES_ZERO_GPU'):\n    import spaces\nelse:\n    spaces = None\n\
                 GPU = spaces.GPU if spaces else None\n";
    let expected = [("one", "30"), ("two", "")]
        .map(|(name, duration)| (name.to_owned(), duration.to_owned(), Certainty::Always));
    for compat in [plain, guarded, asked] {
        assert_eq!(declared(&[("app.py", app), ("compat.py", compat)]), expected, "{compat}");
    }
}

#[test]
fn what_a_gpu_function_hands_over_runs_in_the_worker() {
    let app = "import spaces, threading, torch\n\
               def run():\n    torch.zeros(1).cuda()\n\
               def show(step):\n    torch.cuda.synchronize()\n\
               @spaces.GPU\n\
               def generate(pipe):\n    threading.Thread(target=run).start()\n    pipe(callback=show)\n\
               threading.Thread(target=run).start()\n";
    let space = Space::read(&Files::memory([("app.py".into(), app.into())]));
    let trace = space.trace().expect("there is a program");
    let phases: Vec<(String, Phase)> = trace
        .roots()
        .iter()
        .enumerate()
        .map(|(index, root)| {
            let name = root.function().map_or("?", |function| &function.qualname);
            (name.to_owned(), trace.phase_of(index))
        })
        .collect();
    let expected = [
        ("generate", Phase::Gpu),
        ("run", Phase::Request),
        ("run", Phase::Gpu),
        ("show", Phase::Gpu),
    ];
    assert_eq!(phases, expected.map(|(name, phase)| (name.to_owned(), phase)));
    let touches = space.moments().filter(|moment| {
        matches!(moment.event.effect, Effect::TouchCuda(_)) && moment.phase == Phase::Gpu
    });
    assert_eq!(touches.count(), 2);
}

/// What the lines after `import spaces, torch` touch, each with whether that makes a later import refuse,
/// where it is emulated, and which device it names.
fn touched(lines: &str) -> Vec<(bool, Option<Emulated>, Option<i64>)> {
    let app = format!("import spaces, torch\n{lines}\n");
    let space = Space::read(&Files::memory([("app.py".into(), app.into_bytes())]));
    space
        .moments()
        .filter_map(|moment| match &moment.event.effect {
            Effect::TouchCuda(touch) => Some((touch.poisons, touch.emulated, touch.index)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_touch_says_where_it_is_emulated_and_which_device_it_names() {
    use Emulated::{Everywhere, Nowhere, OneThread};
    for (lines, expected) in [
        ("torch.cuda.is_available()", Some((true, Some(Everywhere), None))),
        ("torch.zeros(1).to('cuda')", Some((true, Some(OneThread), None))),
        ("torch.zeros(1).cuda(1)", Some((true, Some(OneThread), Some(1)))),
        ("torch.zeros(1, device=torch.device('cuda:2'))", Some((true, Some(OneThread), Some(2)))),
        ("torch.cuda.set_device(0)", Some((true, Some(Nowhere), None))),
        ("torch.Generator('cuda:0')", Some((false, Some(Nowhere), Some(0)))),
        ("torch.Generator()", None),
        ("torch.cuda.Stream()", Some((false, Some(Nowhere), None))),
        ("torch._C._cuda_getDeviceCount()", Some((true, None, None))),
        ("M.from_pretrained('a/b', device_map='auto')", Some((true, None, None))),
        ("M.from_pretrained('a/b', device_map='cuda')", Some((true, Some(OneThread), None))),
    ] {
        assert_eq!(touched(lines), Vec::from_iter(expected), "{lines}");
    }
}

#[test]
fn of_another_spaces_it_is_not_known_what_it_emulates() {
    let app = "import spaces, torch\ntorch.cuda.set_device(0)\n";
    let space = Space::read(&Files::memory([
        ("app.py".into(), app.into()),
        ("requirements.txt".into(), "spaces==0.30.4\n".into()),
    ]));
    let is_unknown =
        |effect: &Effect| matches!(effect, Effect::TouchCuda(touch) if touch.emulated.is_none());
    assert!(space.moments().any(|moment| is_unknown(&moment.event.effect)));
}

#[test]
fn off_zerogpu_the_decorator_leaves_the_function_as_it_is() {
    let app =
        "import spaces, torch\n@spaces.GPU(duration=5)\ndef f():\n    torch.cuda.init()\nf()\n";
    let space = Space::read(&Files::memory([
        ("README.md".into(), "---\nsdk: docker\napp_file: app.py\n---\n".into()),
        ("app.py".into(), app.into()),
    ]));
    let trace = space.trace().expect("there is a program");
    assert!(trace.spaces().is_none() && trace.roots().is_empty() && !space.is_zerogpu());
    let phases = trace.moments().filter_map(|moment| match &moment.event.effect {
        Effect::TouchCuda(_) => Some(moment.phase),
        _ => None,
    });
    assert_eq!(phases.collect::<Vec<_>>(), [Phase::Startup]);
}

#[test]
fn it_is_known_which_spaces_is_imported() {
    let app = ("app.py".into(), b"import spaces\n".to_vec());
    let body = ("spaces/__init__.py".into(), b"GPU = print\n".to_vec());
    let zero = ("spaces/zero/__init__.py".into(), Vec::new());
    let space = Space::read(&Files::memory([app.clone(), body.clone()]));
    let shadow = space.trace().and_then(|trace| trace.shadow());
    assert_eq!(shadow.map(|file| file.path.as_str()), Some("spaces/__init__.py"));
    let space = Space::read(&Files::memory([app, body, zero]));
    let copy = space.moments().find_map(|moment| match &moment.event.effect {
        Effect::ImportSpaces(import) => import.copy.clone(),
        _ => None,
    });
    assert_eq!(copy.as_deref().map(camino::Utf8Path::as_str), Some("spaces"));
    assert!(space.trace().is_some_and(|trace| trace.shadow().is_none()));
}

#[test]
fn a_call_of_a_space_knows_its_client() {
    let app = "from gradio_client import Client\nremote = Client('ann/captions', headers={'a': 'b'})\n\
               def ask(client):\n    return client.submit('x')\nask(remote)\nask(unknown)\n";
    let space = Space::read(&Files::memory([("app.py".into(), app.as_bytes().to_vec())]));
    let calls: Vec<_> = space
        .moments()
        .filter_map(|moment| match &moment.event.effect {
            Effect::CallSpace(call) => {
                let line = moment.file().text.line_of(call.made_at.span.start);
                Some((call.client.ids.join(" "), call.client.headers.is_some(), line))
            }
            _ => None,
        })
        .collect();
    assert_eq!(calls, [("ann/captions".to_owned(), true, 2)]);
}

#[test]
fn a_duration_is_computed_in_the_main_process_from_the_arguments() {
    let app = "import os, spaces, torch\n\
               def seconds(prompt, steps=20):\n    torch.cuda.init()\n    return min(10 + 2 * steps, 90)\n\
               @spaces.GPU(duration=seconds)\n\
               def own(prompt, steps=20): ...\n\
               own('a', steps=3)\n";
    let space = Space::read(&Files::memory([("app.py".into(), app.into())]));
    let trace = space.trace().expect("there is a program");
    let [duration, gpu] = trace.roots() else { panic!("{:?}", trace.roots()) };
    assert_eq!((duration.role, gpu.role), (Role::Duration, Role::Gpu));
    assert_eq!(trace.phase_of(0), Phase::Request);
    let Some(Value::External(least)) = &duration.gives.returned else { panic!("{duration:?}") };
    assert!(matches!(&**least, External::Operation { operator: Operator::Least, .. }));
    let touches = space.moments().filter(|it| matches!(it.event.effect, Effect::TouchCuda(_)));
    assert_eq!(touches.map(|it| it.role()).collect::<Vec<_>>(), [Some(Role::Duration)]);
    let call = space.moments().find_map(|it| match &it.event.effect {
        Effect::CallGpu(call) => Some(std::sync::Arc::clone(call)),
        _ => None,
    });
    let call = call.expect("it is called");
    assert_eq!(call.function(), gpu.function());
    assert_eq!(call.arguments.get(1, "steps").map(|it| &it.value), Some(&Value::Int(3)));
    assert_eq!(call.arguments.positional(0).and_then(|it| it.value.as_str()), Some("a"));
}

#[test]
fn a_worker_keeps_what_it_does_for_its_next_call() {
    let app = "import functools, spaces, whisper\n\
               kept, unlike, others, early = None, None, {}, None\n\
               def get():\n    global kept\n    if kept is None:\n        kept = whisper.load_model('kept')\n    return kept\n\
               @functools.lru_cache\n\
               def cached():\n    return whisper.load_model('cached')\n\
               def start():\n    global early\n    if early is None:\n        early = whisper.load_model('early')\n\
               start()\n\
               @spaces.GPU(duration=30)\n\
               def run(name, often):\n    \
                   global unlike\n    \
                   get(), cached(), start()\n    \
                   if name not in others:\n        others[name] = whisper.load_model('other')\n    \
                   if unlike != name:\n        unlike = name\n        whisper.load_model('unlike')\n    \
                   for _ in often:\n        whisper.load_model('often')\n    \
                   return whisper.load_model('again')\n\
               run('a', [1])\n";
    let space = Space::read(&Files::memory([("app.py".into(), app.into())]));
    let loads = space.moments().filter(|moment| moment.phase == Phase::Gpu);
    let loads: Vec<_> = loads
        .filter_map(|moment| match &moment.event.effect {
            Effect::LoadModel(load) => Some((load.ids[0].to_string(), moment.is_kept())),
            _ => None,
        })
        .collect();
    let expected = [
        ("kept", true),
        ("cached", true),
        // What start-up has loaded might be `None`, for all that is known here.
        ("early", false),
        ("other", true),
        ("unlike", false),
        ("often", false),
        ("again", false),
    ]
    .map(|(name, kept)| (format!("openai/whisper-{name}"), kept));
    assert_eq!(loads, expected);
    let roots = space.trace().map(globals_of_roots).unwrap_or_default();
    let [(sets, reads)] = &*roots else { panic!("one function is handed over: {roots:?}") };
    assert_eq!(sets, "kept early unlike");
    assert_eq!(reads, "kept early unlike");
}

/// The globals that each root sets and reads.
fn globals_of_roots(trace: &crate::SpaceTrace) -> Vec<(String, String)> {
    let names = |globals: &[(spacelint_python::Global, spacelint_python::Place)]| {
        let names: Vec<&str> = globals.iter().map(|(global, _)| &*global.name).collect();
        names.join(" ")
    };
    trace
        .roots()
        .iter()
        .map(|root| (names(&root.globals.sets), names(&root.globals.reads)))
        .collect()
}

#[test]
fn calls_of_models_are_told_with_the_load_that_made_them() {
    let app = "import spaces, threading\n\
               from diffusers import FluxPipeline\n\
               from transformers import AutoModelForCausalLM\n\
               pipe = FluxPipeline.from_pretrained('a/picture').to('cuda')\n\
               pipe.vae.enable_slicing()\n\
               model = AutoModelForCausalLM.from_pretrained('a/text')\n\
               @spaces.GPU(duration=30)\n\
               def run(prompt, steps=20):\n    \
                   image = pipe(prompt, num_inference_steps=steps, width=1024).images[0]\n    \
                   model.generate(prompt, max_new_tokens=99)\n    \
                   given = {'max_new_tokens': 64}\n    \
                   threading.Thread(target=model.generate, kwargs=given).start()\n    \
                   return image\n\
               run('a')\n";
    let space = Space::read(&Files::memory([("app.py".into(), app.into())]));
    let mut loads = Vec::new();
    let mut calls = Vec::new();
    for moment in space.moments() {
        match &moment.event.effect {
            Effect::LoadModel(load) => loads.push(load),
            Effect::CallModel(call) if moment.phase == Phase::Gpu => {
                let made = |load: &&&std::sync::Arc<crate::effect::ModelLoad>| {
                    std::sync::Arc::ptr_eq(&load.arguments, &call.load)
                };
                let id = loads.iter().find(made).map_or("?", |load| &load.ids[0]);
                let given: Vec<String> = call
                    .arguments
                    .items
                    .iter()
                    .filter_map(|it| Some(format!("{}={:?}", it.name.as_ref()?, it.value)))
                    .collect();
                let method = call.method.as_deref().unwrap_or("()");
                calls.push(format!("{id} {method} {}", given.join(" ")));
            }
            _ => {}
        }
    }
    assert_eq!(
        calls,
        [
            "a/picture () num_inference_steps=Unknown width=Int(1024)",
            "a/text generate max_new_tokens=Int(99)",
            "a/text generate max_new_tokens=Int(64)",
        ]
    );
}
