//! Whole Spaces through the real command: what is printed for each folder in `testdata/spaces/` is
//! written down beside it, and of some what they do. `SPACELINT_BLESS=1 cargo test -p spacelint spaces`
//! writes down what is printed now; read the difference before you commit it. To write down the trace of
//! another Space, begin with an empty `<name>.trace.json`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[test]
fn every_space_is_reported_as_written_down() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let spaces = repository.join("testdata/spaces");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&spaces)
        .expect("testdata/spaces is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 12, "testdata/spaces has {} Spaces", folders.len());
    let bless = std::env::var_os("SPACELINT_BLESS").is_some();
    let mut wrong = String::new();
    for folder in folders {
        let name = folder.file_name().expect("a folder has a name").to_string_lossy().into_owned();
        let ran = crate::support::run(
            &repository,
            &["check", &format!("testdata/spaces/{name}"), "--format", "json"],
        );
        assert_eq!(ran.stderr, "", "{name}");
        let failing = ran.json()["summary"]["errors"].as_u64() != Some(0)
            || ran.json()["summary"]["warnings"].as_u64() != Some(0);
        assert_eq!(ran.status, i32::from(failing), "{name}");
        let path = spaces.join(format!("{name}.expected.json"));
        if bless {
            std::fs::write(&path, &ran.stdout).expect("the expected report can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if expected != ran.stdout {
            let _ = writeln!(wrong, "{name}:\n--- expected\n{expected}+++ printed\n{}", ran.stdout);
        }
    }
    assert!(wrong.is_empty(), "{wrong}SPACELINT_BLESS=1 writes down what is printed");
}

#[test]
fn what_some_spaces_do_is_written_down() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let spaces = repository.join("testdata/spaces");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&spaces)
        .expect("testdata/spaces is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.to_string_lossy().ends_with(".trace.json"))
        .collect();
    files.sort();
    assert!(files.len() >= 4, "testdata/spaces has {} traces", files.len());
    let bless = std::env::var_os("SPACELINT_BLESS").is_some();
    for path in files {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let name = name.trim_end_matches(".trace.json");
        let folder = spaces.join(name);
        let ran = crate::support::run(&folder, &["trace", "--format", "json"]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{name}");
        let told = told(&ran.json()["traces"][0]);
        if bless {
            std::fs::write(&path, &told).expect("the expected trace can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            expected == told,
            "{name}:\n--- expected\n{expected}+++ printed\n{told}SPACELINT_BLESS=1 writes it down"
        );
    }
}

/// A trace in lines that a person can read: for each function handed over where, as what and which; for
/// each event in which function, when, where, what, what else is said of it, and the way there.
fn told(trace: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let place = |value: &Value| format!("{}:{}", text(&value["path"]), value["start"]["line"]);
    let unsure = |value: &Value| match value["certainty"].as_str() {
        Some("always") => String::new(),
        _ => " sometimes".to_owned(),
    };
    let list = |name: &str| trace[name].as_array().cloned().unwrap_or_default();
    let roots: Vec<Value> = list("roots");
    let told_roots = roots.iter().map(|root| {
        let function = text(&root["function"]);
        format!("{} {} {function}{}", place(root), text(&root["role"]), unsure(root))
    });
    let events = list("events");
    let told_events = events.iter().map(|event| {
        let root = event["root"].as_u64().and_then(|index| roots.get(usize::try_from(index).ok()?));
        let root = root.map_or(String::new(), |root| format!(" {}", text(&root["function"])));
        let (kind, what) = (text(&event["kind"]), text(&event["what"]));
        let known = ["kind", "what", "phase", "certainty", "root", "path", "start", "end", "chain"];
        let own: Vec<String> = event
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null())
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        let chain: Vec<String> = event["chain"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|step| format!(" < {} {}", place(step), text(&step["name"])))
            .collect();
        let phase = text(&event["phase"]);
        let (own, unsure, chain) = (own.concat(), unsure(event), chain.concat());
        format!("{phase}{root}: {} {kind} {what}{own}{unsure}{chain}", place(event))
    });
    let lines = |lines: Vec<String>| Value::from(lines);
    let told = serde_json::json!({
        "files": trace["files"],
        "exhausted": trace["exhausted"],
        "roots": lines(told_roots.collect()),
        "events": lines(told_events.collect()),
    });
    let mut told = serde_json::to_string_pretty(&told).expect("it is JSON");
    told.push('\n');
    told
}
