//! `spacelint-profile predict` on a Space of `testdata/predict`, whose models' configurations stand beside it as in the cache of
//! Hugging Face's libraries, or in `testdata/models`. No device is opened.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn predict(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spacelint-profile"))
        .arg("predict")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("HF_HUB_CACHE", "testdata/predict/hub")
        .output()
        .expect("the program")
}

const SPACE: &str = "testdata/predict/space";
const PAINTER: &str = "--config=acme/painter=testdata/models/diffusion";

#[test]
fn each_function_of_a_space() {
    let output = predict(&[SPACE, PAINTER]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // Which architectures are understood is not this test's.
    let (before, rest) = text.split_once("these are: ").expect("one is not understood");
    let (_, after) = rest.split_once("acme/critic").expect("the next model");
    insta::assert_snapshot!(format!("{before}these are: …\n  acme/critic{after}"));
}

#[test]
fn programs_get_the_same() {
    let output = predict(&[SPACE, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let functions = found["functions"].as_array().expect("a list");
    let names: Vec<&str> = functions.iter().filter_map(|it| it["function"].as_str()).collect();
    assert_eq!(
        (&found["schema"], &names[..]),
        (&1.into(), &["write", "illustrate", "judge", "polish"][..])
    );
    let [write, illustrate, _, polish] = &functions[..] else { panic!("{functions:?}") };
    let seconds = |of: &Value| (of["low"].as_f64().unwrap_or(0.0), of["high"].as_f64());
    let (low, high) = seconds(&write["seconds"]);
    assert!(0.0 < low && high.is_some_and(|high| low < high));
    assert_eq!(write["models"][0]["estimate"]["settings"]["new-tokens"], 512);
    // The painter is nowhere: the function takes what the writer takes, and more.
    assert_eq!(illustrate["models"][0]["no_estimate"]["wanted"], "acme/painter");
    assert!(seconds(&illustrate["seconds"]).0 > 0.0 && illustrate["seconds"]["high"].is_null());
    assert_eq!(polish["seconds"], Value::Null);
}

#[test]
fn what_cannot_be_predicted() {
    for (arguments, says) in [
        (&["testdata/nowhere"][..], "cannot open the Space `testdata/nowhere`"),
        (&["testdata/predict/hub"], "has no `app.py`"),
        (&[SPACE, "--config=acme/painter=nowhere"], "there is no nowhere"),
        (&[SPACE, "--config=acme/painter"], "is not of the form ORG/NAME=PATH"),
        (&[SPACE, "--config=../painter=x"], "is no name of a repository"),
    ] {
        let output = predict(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_is_escaped() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = "import spaces\nfrom transformers import AutoModel\n\
               model = AutoModel.from_pretrained('a/b\\x1b[31m')\n\
               @spaces.GPU\ndef run(x):\n    return model(x)\n";
    std::fs::write(folder.path().join("app.py"), app).expect("a file");
    let output = predict(&[folder.path().to_str().expect("a name")]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("is no repository of the Hub"), "{text}");
    assert!(!text.contains('\x1b'), "{text}");
}
