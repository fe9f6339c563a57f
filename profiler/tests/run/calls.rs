//! What a run records of calls.

use std::fs;

use super::harness::Run;

#[test]
fn a_space_is_run_and_its_calls_are_recorded() {
    let run = Run::of_testdata("timed");
    let came = run.run(&["--as", "pro"]);
    came.is(0, &["render", "recorded in"]);
    assert_eq!(came.records[0]["kind"], "run");
    assert_eq!(came.records[0]["visitor"], "pro");
    assert_eq!(came.records[0]["versions"]["gradio"], "6.31.0");
    assert_eq!(came.of("ready").len(), 1);
    let call = came.last_call();
    assert_eq!(call["function"]["name"], "render");
    assert_eq!(call["function"]["path"], "app.py");
    assert_eq!((&call["declared_seconds"], &call["allowed_seconds"]), (&120.into(), &180.into()));
    assert_eq!(call["outcome"], "done");
    let steps = call["arguments"]["steps"]["number"].as_f64().expect("it is a number");
    let ran = call["run_seconds"].as_f64().expect("the hook tells");
    assert!(ran >= 0.2 + 0.02 * steps && ran < 5.0, "{call}");
    assert!(call["used_seconds"].as_f64() >= Some(ran));
    assert_eq!(came.records.last().expect("it has an end")["kind"], "end");
    // The same without the hook, and outside ZeroGPU.
    let came = run.run(&["--no-hook"]);
    came.is(0, &["/render"]);
    let call = came.last_call();
    assert!(call.get("function").is_none() && call.get("run_seconds").is_none());
    assert_eq!((&call["declared_seconds"], &call["allowed_seconds"]), (&120.into(), &180.into()));
    let came = run.run(&["--plain"]);
    came.is(0, &["render", "are not known"]);
    let call = came.last_call();
    assert_eq!(call["function"]["name"], "render");
    assert_eq!((&call["declared_seconds"], &call["allowed_seconds"]), (&120.into(), &180.into()));
    assert_eq!(run.records().iter().filter(|record| record["kind"] == "run").count(), 3);
}

#[test]
fn a_visitor_is_refused_as_the_platform_does() {
    let run = Run::of_testdata("timed");
    let came = run.run(&["--quota-left", "40"]);
    came.is(1, &["quota-exceeded: `render` (app.py:7) books 180 s"]);
    let came = run.run(&["--as", "anonymous"]);
    came.is(1, &["long-duration: `render` (app.py:7) books 180 s; anonymous visitors have 120 s"]);
}

#[test]
fn a_sitecustomize_of_the_authors_is_run_too() {
    let run = Run::of_testdata("timed");
    let own = run.path("own");
    fs::create_dir(&own).expect("writable");
    let script = "import builtins\nbuiltins.of_the_author = __name__\n";
    fs::write(own.join("sitecustomize.py"), script).expect("writable");
    let app = run.path("app.py");
    let text = fs::read_to_string(&app).expect("it is there");
    let check = "import sitecustomize\nassert of_the_author == 'sitecustomize'\n\
                 assert sitecustomize.__file__.endswith('own/sitecustomize.py')\n";
    fs::write(&app, format!("{check}{text}")).expect("writable");
    let came = run.wait(run.start_with(&[], &[("PYTHONPATH", own.as_os_str())]));
    came.is(0, &["render"]);
    assert_eq!(came.last_call()["function"]["name"], "render");
}
