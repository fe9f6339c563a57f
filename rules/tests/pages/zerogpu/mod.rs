//! Holds the pages against the real `spaces` and Gradio: what a page says that a Space does there is
//! what it does. `zerogpu.py` runs the Spaces and tells; what is promised is compared here.

mod install;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use spacelint_knowledge::platform;
use spacelint_knowledge::platform::Size;
use spacelint_rules::RuleEntry;

use crate::page::Run;
use crate::{bytes_of, files_of, fixed, over_cases};

/// Packages that are installed together, by the name of their pins.
#[derive(Clone, Copy, PartialEq)]
enum Packages {
    /// `spaces` and Gradio: seconds to install.
    Spaces,
    /// Also torch and what asks it for CUDA: gigabytes.
    Torch,
}

impl Packages {
    fn name(self) -> &'static str {
        match self {
            Self::Spaces => "spaces",
            Self::Torch => "torch",
        }
    }
}

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/zerogpu").join(file)
}

/// The Python that has `packages`.
fn python(packages: Packages) -> PathBuf {
    install::python(&here(&format!("{}.txt", packages.name())))
}

/// A Space of a page, and what the page says of it.
struct Promise {
    /// Where: the page, and the line of its first block.
    name: String,
    run: Run,
    folder: PathBuf,
}

/// Writes out each Space that is marked for `packages`.
fn promises(packages: Packages, home: &Path) -> Vec<Promise> {
    let promises = std::cell::RefCell::new(Vec::new());
    let add = |entry: &RuleEntry, line: usize, run: &Run, files: &[crate::File]| {
        if run.with_torch != (packages == Packages::Torch) {
            return;
        }
        let page = entry.info.name.replace('-', "_");
        let folder = home.join(format!("{page}-{line}"));
        for file in files {
            let path = folder.join(&file.path);
            std::fs::create_dir_all(path.parent().expect("in the folder")).expect("writable");
            std::fs::write(path, bytes_of(&file.text)).expect("writable");
        }
        let name = format!("rules/src/{}/{page}.md:{line}", entry.category);
        promises.borrow_mut().push(Promise { name, run: run.clone(), folder });
    };
    over_cases(|entry, case| {
        let files = files_of(case);
        if let Some(run) = &case.run {
            add(entry, case.line, run, &files);
        }
        if let Some(shown) = &case.fixed
            && let Some(run) = &shown.run
        {
            add(entry, shown.line, run, &fixed(&files, entry, shown.is_unsafe)?);
        }
        Ok(())
    });
    promises.into_inner()
}

/// What `script` tells of what it is `given`: a JSON object on each line.
#[track_caller]
fn told(packages: Packages, script: &str, given: &Value) -> Vec<Value> {
    let hub = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(python(packages))
        .arg("-B")
        .arg(here(script))
        .env("HF_HOME", hub.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(given.to_string().as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{script}: {}", output.status);
    let output = String::from_utf8(output.stdout).expect("it prints JSON");
    output.lines().map(|line| serde_json::from_str(line).expect("it prints JSON")).collect()
}

/// As many at once as keep the processors busy: much of a start is waiting.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get) + 1
}

/// Runs each Space that is marked for `packages`; all that is not as promised is said at once.
fn hold(packages: Packages) {
    let home = tempfile::tempdir().expect("a folder");
    let promises = promises(packages, home.path());
    let spaces: Vec<Value> = promises
        .iter()
        .map(|promise| json!({ "name": promise.name, "folder": promise.folder }))
        .collect();
    let given = json!({
        "spaces": spaces,
        "at_once": at_once(),
        "time_factor": Size::DEFAULT.facts().time_factor,
        "no_report": platform::no_gpu_function().text,
        "models": packages == Packages::Torch,
    });
    let told = told(packages, "zerogpu.py", &given);
    assert_eq!(told.len(), promises.len());
    let broken: Vec<String> = promises
        .iter()
        .filter_map(|promise| {
            let told = told.iter().find(|told| told["name"] == promise.name.as_str())?;
            let why = compare(&promise.run, told).err()?;
            Some(format!("{}\n{why}", promise.name))
        })
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n\n"));
}

/// Holds what happened against what was promised.
fn compare(run: &Run, told: &Value) -> Result<(), String> {
    let list = |name: &str| told[name].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(why) = told["broken"].as_str() {
        return Err(format!("  the test itself is broken: {why}"));
    }
    let failures: Vec<&str> = list("failures").iter().filter_map(Value::as_str).collect();
    match &run.fails {
        None => {
            if let Some(failure) = failures.first() {
                return Err(format!("  it fails: {failure}"));
            }
        }
        Some(text) => {
            if failures.is_empty() {
                return Err(format!("  it does not fail with `{text}`, nor otherwise"));
            }
            if let Some(other) = failures.iter().find(|failure| !failure.contains(text)) {
                return Err(format!("  it fails with another text than `{text}`: {other}"));
            }
        }
    }
    for (name, wanted) in [("asks", &run.asks), ("answers", &run.answers)] {
        let all: Vec<&str> = list(name).iter().filter_map(Value::as_str).collect();
        let all = all.join(", ");
        if let Some(wanted) = wanted
            && *wanted != all
        {
            return Err(format!("  it {name} `{all}` and not `{wanted}`"));
        }
    }
    Ok(())
}

#[test]
fn a_marked_space_does_what_its_page_says() {
    hold(Packages::Spaces);
}

#[test]
#[ignore = "gigabytes and minutes"]
fn a_space_marked_with_torch_does_what_its_page_says() {
    hold(Packages::Torch);
}

#[test]
#[ignore = "gigabytes and minutes"]
fn calls_and_imports_do_to_cuda_what_the_table_says() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/effects.toml");
    let given = json!({ "table": table, "at_once": at_once() });
    let told = told(Packages::Torch, "effects.py", &given);
    let wrong: Vec<String> = told
        .iter()
        .filter(|told| told["wrong"].as_array().is_none_or(|wrong| !wrong.is_empty()))
        .map(|told| format!("{}: {}", told["name"], told["wrong"]))
        .collect();
    let untried: Vec<String> = told
        .iter()
        .filter(|told| told["seen"].is_string())
        .map(|told| format!("{}: {}", told["name"], told["seen"]))
        .collect();
    let mut out = std::io::stdout();
    writeln!(out, "{} tried\n{}", told.len() - untried.len(), untried.join("\n")).expect("stdout");
    assert!(!told.is_empty() && wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_not_as_promised_is_said() {
    let text = |text: &str| Some(text.to_owned());
    let told = json!({ "failures": ["It ended.\nValueError: no"], "asks": ["90", "45 xlarge"] });
    let well = json!({ "failures": [], "asks": [], "answers": ["6"] });
    let run = Run::default();
    assert!(compare(&run, &told).is_err_and(|why| why.contains("ValueError: no")));
    assert!(compare(&run, &json!({ "broken": "x" })).is_err_and(|why| why.contains("test itself")));
    assert_eq!(compare(&run, &well), Ok(()));
    let run = Run { fails: text("ValueError"), asks: text("90, 45 xlarge"), ..Run::default() };
    assert_eq!(compare(&run, &told), Ok(()));
    assert!(compare(&run, &well).is_err_and(|why| why.contains("does not fail")));
    let run = Run { fails: text("KeyError"), ..Run::default() };
    assert!(compare(&run, &told).is_err_and(|why| why.contains("another text")));
    let run = Run { answers: text("7"), ..Run::default() };
    assert!(compare(&run, &well).is_err_and(|why| why.contains("answers `6` and not `7`")));
}
