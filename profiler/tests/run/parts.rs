//! What the time of a call is made of: a pass under PyTorch's profiler, by a stand-in of it every day, by itself in the slow
//! suite.

use std::fs;

use serde_json::json;

use super::harness::{Came, Run};

/// A Space whose `torch` has nothing but a profiler, which tells of what `EVENTS` holds and takes its time.
const STAND_IN: &str = r#"
import sys
import time
import types

import gradio as gr
import spaces


class Event:
    def __init__(self, device, name, begin, worked, number=0, linked=0, of=(), is_annotation=False, is_own=True):
        self.device_type = lambda: types.SimpleNamespace(name=device)
        self.name = lambda: name
        self.start_ns = lambda: begin * 10**6
        self.duration_ns = lambda: worked * 10**6
        self.correlation_id = lambda: number
        self.external_id = lambda: linked or (number if is_own else 0)
        self.linked_correlation_id = lambda: linked
        self.dtypes = lambda: list(of)
        self.is_async = lambda: False
        self.start_thread_id = lambda: 1
        self.is_user_annotation = lambda: is_annotation


EVENTS = [
    # What they take on the host is not what the device takes.
    Event("CPU", "aten::addmm", 0, 900, number=1, of=("", "c10::Half", "Scalar")),
    Event("CPU", "aten::mul", 0, 900, number=2, of=("float",)),
    # Calls of the driver, which have the numbers of others.
    Event("CPU", "cudaLaunchKernel", 0, 1, number=1, linked=2),
    Event("CPU", "cudaDeviceSynchronize", 0, 1, number=1, is_own=False),
    Event("CPU", "Activity Buffer Request", 0, 1, number=2, is_own=False),
    Event("CUDA", "nvjet_hsh_128x256", 10, 30, number=7, linked=1),
    Event("CUDA", "nvjet_hsh_128x256", 40, 30, number=8, linked=1),
    # While that one works.
    Event("CUDA", "vectorized_elementwise_kernel", 40, 20, number=9, linked=2),
    Event("CUDA", "Memcpy HtoD (Pageable -> Device)", 80, 10, number=10, linked=2),
    Event("CUDA", "of_nobody", 100, 10, number=11),
    Event("CUDA", "denoise", 0, 500, number=12, is_annotation=True),
]


class Profile:
    def __init__(self, activities, record_shapes):
        kineto_results = types.SimpleNamespace(events=lambda: EVENTS)
        self.profiler = types.SimpleNamespace(kineto_results=kineto_results)

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        # Longer than a call may take.
        time.sleep(2.5)


torch = types.ModuleType("torch")
torch.profiler = types.SimpleNamespace(
    profile=Profile, ProfilerActivity=types.SimpleNamespace(CPU="cpu", CUDA="cuda")
)
torch.get_float32_matmul_precision = lambda: "highest"
sys.modules["torch"] = torch


@spaces.GPU(duration=1)
def draw(steps):
    time.sleep(steps / 100)
    return str(steps)


with gr.Blocks() as demo:
    steps = gr.Slider(0, 50, 10)
    text = gr.Textbox()
    gr.Examples([[5], [40], [10]], [steps])
    gr.Button().click(draw, steps, text)
demo.launch()
"#;

/// What is recorded of the one call of `draw` that was looked into.
#[track_caller]
fn looked_into(came: &Came) -> serde_json::Value {
    came.is(0, &["One call was looked into"]);
    let parts = came.of("parts");
    assert_eq!(parts.len(), 1, "{}", came.all());
    assert_eq!(parts[0]["function"]["name"], "draw");
    parts[0].clone()
}

#[test]
fn the_longest_call_is_looked_into_and_not_counted() {
    let run = Run::of(STAND_IN);
    let came = run.run(&["--parts", "--cold-starts", "1"]);
    let found = looked_into(&came);
    assert_eq!(found["arguments"], json!({"steps": {"number": 40.0}}));
    // 100 ms of work in 80.
    assert_eq!(
        found["seconds"],
        json!({"matmul-f16": 0.048, "memory": 0.016, "host-to-device": 0.008})
    );
    assert_eq!(found["other_seconds"], json!({"of_nobody": 0.008}));
    let seconds = found["run_seconds"].as_f64().expect("it is told");
    assert!((0.4..2.0).contains(&seconds), "{found}");
    let calls = came.of("call");
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call["outcome"] == "done"), "{calls:?}");
    assert!(came.stdout.contains("products in f16 1"), "{}", came.stdout);
    let page = fs::read_to_string(run.path("record.html")).expect("it is written");
    assert!(page.contains("What the time goes to"));
    // Without workers it is no other.
    let found = looked_into(&run.run(&["--parts", "--plain"]));
    assert_eq!(found["other_seconds"], json!({"of_nobody": 0.008}));
}

#[test]
fn a_profiler_that_fails_costs_the_space_nothing() {
    let broken =
        STAND_IN.replace("time.sleep(2.5)", "raise RuntimeError('CUPTI_ERROR_NOT_INITIALIZED')");
    let came = Run::of(&broken).run(&["--parts"]);
    came.is(0, &["CUPTI_ERROR_NOT_INITIALIZED", "no call was looked into: "]);
    assert_eq!((came.of("parts").len(), came.of("call").len()), (0, 3), "{}", came.all());
    // One that saw nothing does not say that there was nothing.
    let blind = STAND_IN.replace("events=lambda: EVENTS", "events=lambda: []");
    let came = Run::of(&blind).run(&["--parts"]);
    came.is(0, &["saw no work of the device", "no call was looked into: "]);
    assert_eq!((came.of("parts").len(), came.of("call").len()), (0, 3), "{}", came.all());
    // Nor does a Space that has none.
    let without = STAND_IN.replace("sys.modules[\"torch\"] = torch", "");
    let came = Run::of(&without).run(&["--parts"]);
    came.is(0, &["no call was looked into: "]);
    assert_eq!((came.of("parts").len(), came.of("call").len()), (0, 3), "{}", came.all());
}

#[test]
#[ignore = "needs the interpreter of an environment with PyTorch, spaces and Gradio in SPACELINT_TORCH"]
fn pytorch_itself_tells_it() {
    let python = std::env::var("SPACELINT_TORCH").expect("SPACELINT_TORCH names the interpreter");
    let app = r#"
import threading

import gradio as gr
import spaces
import torch

first = torch.nn.Linear(1024, 1024).to("cuda")
second = torch.nn.Conv2d(16, 16, 3).to("cuda")


def convolve(times):
    with torch.no_grad():
        for _ in range(times):
            second(torch.randn(1, 16, 128, 128, device="cuda"))


@spaces.GPU
def draw(times):
    thread = threading.Thread(target=convolve, args=(times,))
    with torch.no_grad():
        for _ in range(times):
            first(torch.randn(512, 1024, device="cuda"))
            query = torch.randn(1, 8, 256, 64, device="cuda")
            torch.nn.functional.scaled_dot_product_attention(query, query, query)
    thread.start()
    thread.join()
    return str(times)


gr.Interface(draw, gr.Number(20, precision=0), "text", api_name="draw").launch()
"#;
    for way in [&["--parts"][..], &["--parts", "--plain"]] {
        let run =
            Run::of(&app.replace("\"cuda\"", if way.len() > 1 { "\"cpu\"" } else { "\"cuda\"" }));
        let came = run.run(&[way, &["--python", &python]].concat());
        let found = looked_into(&came);
        let of = |part: &str| found["seconds"][part].as_f64().unwrap_or(0.0);
        let whole = found["run_seconds"].as_f64().expect("it is told");
        let products = of("matmul-f32") + of("matmul-tf32");
        assert!(products > 0.1 * whole, "{found}");
        for part in ["attention", "convolution", "memory"] {
            assert!(of(part) > 0.0, "{part}: {found}");
        }
        let sum: f64 = found["seconds"]
            .as_object()
            .expect("they are")
            .values()
            .filter_map(serde_json::Value::as_f64)
            .sum();
        assert!(sum <= whole * 1.001, "{found}");
    }
}
