//! What is planned for a page.

use serde_json::{Value, json};

use crate::drive::gradio::Page;
use crate::drive::{Examples, Plan};

/// A page as Gradio 6 tells of it.
fn page() -> Value {
    json!({
        "version": "6.31.0",
        "api_prefix": "/gradio_api",
        "protocol": "sse_v3",
        "components": [
            { "id": 1, "type": "textbox", "props": { "value": null, "label": "Prompt" } },
            { "id": 2, "type": "slider", "props": { "minimum": 1, "maximum": 10, "step": 2, "value": 4 } },
            { "id": 3, "type": "slider", "props": { "minimum": 0.1, "maximum": 1, "step": 0.3, "value": 0.1 } },
            { "id": 4, "type": "dropdown", "props": {
                "choices": [["Small", "s"], ["Middle", "m"], ["Large", "l"]], "value": "s" } },
            { "id": 5, "type": "checkbox", "props": { "value": false } },
            { "id": 6, "type": "state", "skip_api": true, "props": {} },
            { "id": 7, "type": "number", "props": { "value": 7, "step": 1, "precision": 0 } },
            { "id": 8, "type": "image", "props": { "value": null } },
            { "id": 9, "type": "dataset", "props": { "component_ids": [1, 4], "samples": [
                ["a cat", "Large"], ["a very long dog", "Middle"]] } },
            { "id": 10, "type": "slider", "props": {
                "minimum": 0, "maximum": 9, "value": 3, "interactive": false } },
            { "id": 11, "type": "audio", "props": {} },
            { "id": 12, "type": "dataset", "props": { "component_ids": [11], "samples": [["a.wav"]] } },
        ],
        "dependencies": [
            event(0, "draw", &[1, 2, 3, 4, 5, 6, 7, 10]),
            event(1, "lift", &[8]),
            event(2, "hear", &[11]),
            event(3, "wait", &[]),
            { "id": 4, "api_name": "inner", "api_visibility": "undocumented", "inputs": [1] },
            { "id": 5, "api_name": "js", "api_visibility": "public", "backend_fn": false, "inputs": [] },
            { "id": 6, "api_name": "liked", "api_visibility": "public", "collects_event_data": true,
              "inputs": [1] },
            event(7, "made", &[99]),
        ],
    })
}

fn event(id: u64, name: &str, inputs: &[u64]) -> Value {
    json!({ "id": id, "api_name": name, "api_visibility": "public", "backend_fn": true, "inputs": inputs })
}

fn read(config: &Value) -> (Page, Examples) {
    let page = Page::read(config, None).expect("it is a page");
    let examples = Examples::as_shown(&page);
    (page, examples)
}

/// The inputs of the calls of one endpoint.
fn calls<'a>(plan: &'a Plan, endpoint: &str) -> Vec<&'a [Value]> {
    let calls = plan.calls.iter().filter(|call| call.endpoint == endpoint);
    calls.map(|call| call.data.as_slice()).collect()
}

#[test]
fn an_example_fills_what_it_names_and_the_page_the_rest() {
    let (page, examples) = read(&page());
    let plan = Plan::examples(&page, &examples);
    assert_eq!(
        calls(&plan, "/draw"),
        [
            json!(["a cat", 4, 0.1, "l", false, 7, 3]).as_array().expect("a list"),
            json!(["a very long dog", 4, 0.1, "m", false, 7, 3]).as_array().expect("a list"),
        ]
    );
    assert_eq!(calls(&plan, "/wait"), [&[] as &[Value]]);
    // One of each before the second of any.
    let order: Vec<&str> = plan.calls.iter().map(|call| call.endpoint.as_str()).collect();
    assert_eq!(order, ["/draw", "/wait", "/draw"]);
}

#[test]
fn what_is_not_driven_is_said() {
    let (page, examples) = read(&page());
    let plan = Plan::examples(&page, &examples);
    let why = |name: &str| {
        let mut all = plan.undriven.iter();
        all.find(|one| one.endpoint == name).map(|one| one.reason.as_str()).unwrap_or_default()
    };
    assert!(why("/lift").contains("takes a file for `image` (image)"), "{}", why("/lift"));
    // A table shows only the name of a sound.
    assert!(why("/hear").contains("takes a file"), "{}", why("/hear"));
    assert!(why("/liked").contains("selected"), "{}", why("/liked"));
    assert!(why("/made").contains("makes only later"), "{}", why("/made"));
    assert_eq!(plan.undriven.len(), 4);
    assert_eq!(page.hidden, 1);
}

#[test]
fn a_page_without_an_api_is_said() {
    let mut config = page();
    config["dependencies"] =
        json!([{ "id": 0, "api_name": false, "show_api": false, "inputs": [1] }]);
    let (page, examples) = read(&config);
    let plan = Plan::examples(&page, &examples);
    assert_eq!(plan.len(), 0);
    assert!(plan.notes[0].contains("where 1 of its events run Python"), "{:?}", plan.notes);
}

#[test]
fn gradio_4_says_otherwise_what_is_public() {
    let mut config = page();
    config["api_prefix"] = Value::Null;
    config["dependencies"] = json!([
        { "api_name": "draw", "show_api": true, "inputs": [1] },
        { "api_name": "hidden", "show_api": false, "inputs": [1] },
        { "api_name": false, "show_api": true, "inputs": [1] },
        { "api_name": "last", "inputs": [1] },
    ]);
    let (page, _) = read(&config);
    let all: Vec<(&str, u64)> =
        page.endpoints.iter().map(|one| (one.name.as_str(), one.index)).collect();
    assert_eq!(all, [("/draw", 0), ("/last", 3)]);
    assert_eq!(crate::drive::gradio::prefix(&config), "");
}

#[test]
fn an_older_protocol_is_refused() {
    let mut config = page();
    config["protocol"] = json!("ws");
    let error = Page::read(&config, None).expect_err("it is too old");
    assert!(error.to_string().contains("speaks `ws`"), "{error}");
}

#[test]
fn what_is_no_page_does_no_harm() {
    for config in [json!({}), json!([]), json!({ "protocol": "sse_v3" }), json!(null)] {
        let _ = Page::read(&config, Some(&config));
    }
    let mut config = page();
    for component in config["components"].as_array_mut().expect("a list") {
        component["props"] = json!({ "minimum": "x", "maximum": 1e300, "step": 1e-300, "choices": [[]],
            "component_ids": [1, "x"], "samples": [1, [], [2]] });
    }
    let (page, examples) = read(&config);
    let _ = Plan::examples(&page, &examples);
    let _ = Plan::sweep(&page, &examples, 20, 1);
}

#[test]
fn info_names_the_parameters_and_gives_what_the_page_lacks() {
    let mut config = page();
    config["dependencies"] = json!([event(0, "draw", &[6, 1, 2]), event(1, "lift", &[8])]);
    config["components"].as_array_mut().expect("a list").retain(|one| one["type"] != "dataset");
    let file =
        json!({ "path": "https://example.com/bus.png", "meta": { "_type": "gradio.FileData" } });
    let info = json!({ "named_endpoints": {
        "/draw": { "parameters": [
            { "parameter_name": "prompt", "example_input": "Hello!!" },
            { "parameter_name": "steps", "example_input": 1 },
        ] },
        "/lift": { "parameters": [{ "parameter_name": "picture", "example_input": file }] },
    } });
    let page = Page::read(&config, Some(&info)).expect("it is a page");
    let plan = Plan::examples(&page, &Examples::default());
    assert_eq!(calls(&plan, "/draw"), [[json!("Hello!!"), json!(4)]]);
    assert_eq!(plan.undriven.len(), 1);
    assert!(plan.undriven[0].reason.contains("`picture` (image)"), "{:?}", plan.undriven);
    // A state is Gradio's own.
    let endpoint = page.endpoint("/draw").expect("it is there");
    assert_eq!(endpoint.filled(&[json!("x"), json!(2)]), [json!(null), json!("x"), json!(2)]);
}

#[test]
fn a_message_needs_no_file() {
    let file =
        json!({ "path": "https://example.com/bus.png", "meta": { "_type": "gradio.FileData" } });
    let config = json!({
        "protocol": "sse_v3",
        "components": [{ "id": 1, "type": "multimodaltextbox", "props": {} }],
        "dependencies": [event(0, "chat", &[1])],
    });
    let info = json!({ "named_endpoints": { "/chat": { "parameters": [
        { "parameter_name": "message", "example_input": { "text": "What is it?", "files": [file] } },
    ] } } });
    for (info, text) in [(Some(&info), "What is it?"), (None, "Hello")] {
        let page = Page::read(&config, info).expect("it is a page");
        let plan = Plan::examples(&page, &Examples::default());
        assert_eq!(calls(&plan, "/chat"), [[json!({ "text": text, "files": [] })]]);
    }
}

#[test]
fn of_a_long_table_the_first_examples_are_taken() {
    let mut config = page();
    config["components"][8]["props"]["samples"] = vec![json!(["a cat", "Large"]); 101].into();
    let (page, examples) = read(&config);
    let plan = Plan::examples(&page, &examples);
    assert_eq!(calls(&plan, "/draw").len(), 100);
    assert_eq!(plan.notes, ["Of a table of 101 examples the first 100 are taken."]);
}

#[test]
fn a_sweep_stays_in_range_and_on_the_steps() {
    let (page, examples) = read(&page());
    let plan = Plan::sweep(&page, &examples, 200, 3);
    assert_eq!(plan.len(), 200);
    let draws = calls(&plan, "/draw");
    assert_eq!(draws.len(), 100);
    for data in &draws {
        assert!([1, 3, 4, 5, 7, 9].map(Value::from).contains(&data[1]), "{data:?}");
        assert!([0.1, 0.4, 0.7, 1.0].map(Value::from).contains(&data[2]), "{data:?}");
        assert!(["s", "m", "l"].map(Value::from).contains(&data[3]), "{data:?}");
        assert!(data[4].is_boolean());
        assert!(data[0] == "a cat" || data[0] == "a very long dog");
        // A visitor cannot change it, or can without end.
        assert_eq!((&data[5], &data[6]), (&json!(7), &json!(3)));
    }
    // Each value of each range is met.
    for (place, count) in [(1, 5), (2, 4), (3, 3), (4, 2)] {
        let mut seen: Vec<String> = draws.iter().map(|data| data[place].to_string()).collect();
        seen.sort();
        seen.dedup();
        assert!(seen.len() >= count, "{place}: {seen:?}");
    }
    assert!(plan.notes[0].contains("`number` of /draw has no maximum"), "{:?}", plan.notes);
}

#[test]
fn the_corner_is_at_the_greatest_of_all_and_meets_each_choice() {
    let (page, examples) = read(&page());
    let plan = Plan::sweep(&page, &examples, 40, 3);
    let corners: Vec<&[Value]> = calls(&plan, "/draw").into_iter().take(3).collect();
    let corner = |choice: &str, switch: bool| {
        json!(["a very long dog", 9, 1.0, choice, switch, 7, 3])
            .as_array()
            .cloned()
            .expect("a list")
    };
    assert_eq!(corners, [corner("s", true), corner("m", false), corner("l", true)]);
}

#[test]
fn a_sweep_spreads_its_calls() {
    let config = json!({
        "protocol": "sse_v3",
        "components": [
            { "id": 1, "type": "slider", "props": { "minimum": 0, "maximum": 1000, "step": 1 } },
            { "id": 2, "type": "checkboxgroup", "props": { "choices": [["a", "a"], ["b", "b"]] } },
        ],
        "dependencies": [event(0, "f", &[1, 2])],
    });
    let (page, examples) = read(&config);
    let plan = Plan::sweep(&page, &examples, 22, 5);
    let mut values: Vec<u64> =
        calls(&plan, "/f").iter().skip(2).map(|data| data[0].as_u64().expect("a number")).collect();
    values.sort_unstable();
    // Twenty parts of the range, and a call in each.
    for (part, value) in (0u64..).zip(&values) {
        assert!((part * 50..=part * 50 + 50).contains(value), "{values:?}");
    }
    assert_eq!(calls(&plan, "/f")[0], [json!(1000), json!(["a", "b"])]);
    assert_eq!(plan, Plan::sweep(&page, &examples, 22, 5));
    assert_ne!(plan, Plan::sweep(&page, &examples, 22, 6));
}

#[test]
fn a_sweep_of_few_calls_is_the_corner() {
    let (page, examples) = read(&page());
    let plan = Plan::sweep(&page, &examples, 1, 0);
    assert_eq!(plan.len(), 1);
    assert_eq!(calls(&plan, "/draw")[0][1], json!(9));
    assert_eq!(Plan::sweep(&page, &examples, 0, 0).len(), 0);
}
