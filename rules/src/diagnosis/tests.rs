use std::fs;
use std::path::Path;

use spacelint_knowledge::failures::failures;

use super::*;

fn diagnosed(log: &str) -> Diagnosis {
    diagnose(log.as_bytes()).expect("memory can be read")
}

fn names(causes: &[Cause]) -> Vec<&'static str> {
    causes.iter().map(|cause| cause.failure.name).collect()
}

/// The samples of each failure, by its name.
fn samples() -> Vec<(String, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/failures.toml");
    let table: toml::Table =
        toml::from_str(&fs::read_to_string(path).expect("the table is there")).expect("it is TOML");
    let failures = table["failure"].as_array().expect("it is a list");
    let text = |value: &toml::Value| value.as_str().expect("a text").to_owned();
    let of = |failure: &toml::Value| {
        let samples = failure.get("samples").and_then(toml::Value::as_array);
        (text(&failure["name"]), samples.into_iter().flatten().map(text).collect())
    };
    failures.iter().map(of).collect()
}

#[test]
fn every_sample_is_told_as_what_it_is() {
    let mut wrong = Vec::new();
    for (name, samples) in samples() {
        for sample in samples {
            let diagnosis = diagnosed(&sample);
            let of = |list: &[Cause]| list.first().map(|cause| cause.failure.name);
            let first = of(&diagnosis.causes).or(of(&diagnosis.wrappers)).or(of(&diagnosis.noise));
            if first != Some(&*name) {
                wrong.push(format!("{name}: told as {first:?}: {sample}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_regex_compiles_and_matches_a_sample() {
    let samples = samples();
    for failure in failures() {
        let seen = samples
            .iter()
            .filter(|(name, _)| name == failure.name)
            .flat_map(|(_, samples)| samples);
        let seen: Vec<&String> = seen.collect();
        for signature in failure.signatures {
            let name = failure.name;
            let regex = signature
                .regex
                .map(|it| scan::compile(it).unwrap_or_else(|error| panic!("{name}: {error}")));
            let shown = seen.iter().flat_map(|sample| sample.lines()).any(|line| {
                line.contains(signature.text)
                    && regex.as_ref().is_none_or(|regex| regex.is_match(line.as_bytes()))
            });
            assert!(shown, "{name}: no sample shows {:?}", signature.text);
        }
    }
}

#[test]
fn what_the_table_names_is_there() {
    for failure in failures() {
        let name = failure.name;
        let is_rule = registry::find(name).is_some();
        assert!(
            is_rule != failure.page.is_some(),
            "{name}: a page, or a rule's page, and not both"
        );
        for suspect in failure.suspects {
            assert!(registry::find(suspect).is_some(), "{name}: the suspect {suspect} is no rule");
        }
    }
    for name in ["removed-name", "removed-argument", "broken-pair", "missing-requirement"] {
        assert!(failure(name).is_some(), "{name}");
    }
}

#[test]
fn a_cause_comes_before_what_came_of_it() {
    let log = "===== Application Startup at 2026-11-20 10:00:00 =====\n\n\
        Traceback (most recent call last):\n  File \"/home/user/app/app.py\", line 3, in <module>\n    import cv2\n\
        ModuleNotFoundError: No module named 'cv2'\nJob failed with exit code: 1. Reason: x\n";
    let diagnosis = diagnosed(log);
    assert_eq!(names(&diagnosis.causes), ["missing-requirement"]);
    let cause = &diagnosis.causes[0];
    assert_eq!((cause.line, cause.frame.as_ref().map(|frame| frame.line)), (6, Some(3)));
    assert!(diagnosis.wrappers.is_empty());
}

#[test]
fn an_unknown_traceback_is_shown_and_not_guessed_at() {
    let log = "Traceback (most recent call last):\n  File \"/home/user/app/app.py\", line 3, in <module>\n    f()\n  \
        File \"/home/user/app/lib/x.py\", line 9, in f\n    raise Oddity('no')\nlib.Oddity: no\n";
    let diagnosis = diagnosed(log);
    assert!(diagnosis.causes.is_empty() && diagnosis.is_failure());
    let unknown = &diagnosis.unknown[0];
    assert_eq!(unknown.raised.text, "lib.Oddity: no");
    assert_eq!(
        unknown.frame.as_ref().map(|frame| (&*frame.path, frame.line)),
        Some(("lib/x.py", 9))
    );
}

#[test]
fn a_log_in_another_dress_is_the_same_log() {
    let error = "RuntimeError: CUDA has been initialized before importing the `spaces` package.";
    let event = format!("data: {}", serde_json::json!({"data": error, "timestamp": "x"}));
    let api = serde_json::json!({"runtime": {"stage": "RUNTIME_ERROR", "errorMessage": error}})
        .to_string();
    for log in [
        error.to_owned(),
        format!("#9 1.2 {error}"),
        format!(
            "Exit code: 1. Reason: Traceback (most recent call last): File \"app.py\", line 1 {error}"
        ),
        format!("\u{1b}[31m{error}\u{1b}[0m\r\n"),
        event,
        api,
    ] {
        assert_eq!(names(&diagnosed(&log).causes), ["cuda-before-spaces"], "{log}");
    }
}

#[test]
fn whatever_is_in_it_a_log_is_read_to_its_end() {
    let mut bytes = vec![0_u8, 0xff, b'\n'];
    bytes.extend(b"x".repeat(3 << 20));
    bytes.extend(b"\nCUDA has been initialized before importing the\n{\"a\":");
    let diagnosis = diagnose(&bytes[..]).expect("memory can be read");
    assert_eq!((diagnosis.lines, diagnosis.causes.first().map(|cause| cause.line)), (4, Some(3)));
    assert_eq!(diagnosed("").lines, 0);
    // What stands beside the last line is seen though that does not end.
    let torn = "  File \"/x/site-packages/spaces/zero/decorator.py\", line 110, in _GPU\nNotImplementedError";
    assert_eq!(names(&diagnosed(torn).causes), ["async-gpu-function"]);
    // And what stands beside a line may have been read with the piece before.
    let mut log = "x\n".repeat((1 << 19) - 20);
    log += "Getting requirements to build wheel\n  ModuleNotFoundError: No module named 'torch'\n";
    assert_eq!(names(&diagnosed(&log).causes), ["source-build"]);
    assert!(!diagnosed("{\"runtime\": {\"stage\": \"RUNNING\"}}").is_failure());
}

/// What somebody posted, and the names that are right for it.
struct Posted {
    file: String,
    text: String,
    expected: Vec<String>,
    only_wrapper: bool,
    unknown_ok: bool,
}

/// The excerpts of `testdata/logs`, each as its table has it.
fn posted(folder: &str) -> Vec<Posted> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/logs").join(folder);
    let table = fs::read_to_string(folder.join("expected.toml")).expect("the table is there");
    let table: toml::Table = toml::from_str(&table).expect("it is TOML");
    let logs = table["log"].as_array().expect("it is a list").iter();
    logs.map(|log| {
        let names = |key: &str| {
            let names = log.get(key).and_then(toml::Value::as_array).into_iter().flatten();
            names.map(|name| name.as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        let is = |key: &str| log.get(key).and_then(toml::Value::as_bool).unwrap_or(false);
        let file = log["file"].as_str().expect("a name").to_owned();
        let bytes = fs::read(folder.join(&file)).expect("the excerpt is there");
        let mut expected = names("expected");
        expected.extend(names("rule"));
        Posted {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            expected,
            only_wrapper: is("only_wrapper"),
            unknown_ok: is("unknown_ok"),
            file,
        }
    })
    .collect()
}

#[test]
fn public_logs_are_told_right_and_never_wrong_with_confidence() {
    for folder in FOLDERS {
        let all = posted(folder);
        let mut missed = Vec::new();
        let mut wrong = Vec::new();
        for log in &all {
            let diagnosis = diagnosed(&log.text);
            let cause = diagnosis.causes.first();
            let symptom = diagnosis.wrappers.first();
            let first = cause.or(symptom).map(|it| it.failure.name);
            let is_named = first.is_some_and(|name| log.expected.iter().any(|it| it == name));
            let may_be_unknown = log.expected.is_empty() || log.only_wrapper || log.unknown_ok;
            if is_named || (cause.is_none() && may_be_unknown) {
                continue;
            }
            let said = format!("{}: {first:?} and not {:?}", log.file, log.expected);
            if cause.is_some_and(|cause| !cause.failure.unverified) {
                wrong.push(said);
            } else {
                missed.push(said);
            }
        }
        assert!(wrong.is_empty(), "{folder}, wrong:\n{}", wrong.join("\n"));
        assert!(all.len() >= 60, "{folder}");
        assert!(missed.len() * 10 <= all.len(), "{folder}, missed:\n{}", missed.join("\n"));
    }
}

/// The sets of excerpts, each collected before the signatures were next changed.
const FOLDERS: [&str; 3] = ["issues", "issues2", "issues3"];

/// Logs that are made to cost much, so many bytes of each, by what is in them.
fn hostile(bytes: usize) -> Vec<(&'static str, String)> {
    let repeated = |part: &str| part.repeat(bytes / part.len());
    let numbered = |part: fn(usize) -> String| {
        let mut log = String::with_capacity(bytes + 512);
        for number in 0.. {
            log += &part(number);
            if log.len() >= bytes {
                break;
            }
        }
        log
    };
    let header = "Traceback (most recent call last):\n";
    let frame = "  File \"/home/user/app/app.py\", line 1, in f\n";
    let known = "    raise NotImplementedError\n";
    vec![
        ("nothing but first lines", repeated(header)),
        ("one traceback without an end", header.to_owned() + &repeated(frame)),
        ("one traceback full of what is known", header.to_owned() + &repeated(known)),
        ("the same, each line another", {
            header.to_owned() + &numbered(|n| format!("    raise NotImplementedError({n})\n"))
        }),
        ("frames with endless names", {
            header.to_owned()
                + &repeated(&format!("  File \"{}\", line 1, in f\n", "x".repeat(15_000)))
        }),
        ("one endless line", "x".repeat(bytes)),
        ("one endless line of what is known", repeated("KeyError: '")),
        ("lines of what is known", repeated("NotImplementedError\n")),
        ("long lines of what is known", repeated(&("Exit code: ".repeat(1400) + "\n"))),
        ("open braces", "{\"a\":".repeat(bytes / 5)),
        ("open brackets", "{\"a\":".to_owned() + &"[".repeat(bytes)),
        ("one large JSON value", format!("{{\"a\":[{}0]}}", "0,".repeat(bytes / 2))),
        (
            "events",
            repeated(&format!("data: {{\"data\":\"{}\"}}\n", "Exit code: 0\\n".repeat(1000))),
        ),
        (
            "many exceptions",
            numbered(|n| {
                format!(
                    "Traceback (most recent call last):\n  File \"/app/a{n}.py\", line {n}, in f\nE{n}Error: {n}\n"
                )
            }),
        ),
        ("many modules", numbered(|n| format!("ModuleNotFoundError: No module named 'm{n}'\n"))),
        ("many packages", numbered(|n| format!("Successfully installed a{n}-1 b{n}-2\n"))),
        (
            "a conflict of many",
            repeated(&format!(
                "Cannot install {}x because these package versions have conflicting dependencies.\n",
                "a==1, ".repeat(2000)
            )),
        ),
        ("bytes that are no text", repeated("\u{fffd}\u{0}KeyError: 'A_KEY'\u{1b}[")),
    ]
}

/// How often a byte of a log may be looked at, the lines around it counted in.
const MOST_WORK: usize = 600;

/// What each hostile log of so many bytes cost, for each of its bytes.
fn costs(bytes: usize) -> Vec<(&'static str, usize)> {
    let cost = |(what, log): (&'static str, String)| {
        let mut scan = Scan::new();
        envelope::read(log.as_bytes(), &mut scan).expect("memory can be read");
        let cost = scan.work / bytes;
        assert!(cost < MOST_WORK, "{what}: {cost}");
        let read = scan.finish();
        // Nor is more kept than what a person reads.
        assert!(read.hits.len() < 2 * failures().len(), "{what}: {}", read.hits.len());
        assert!(read.versions.len() <= 2048, "{what}: {}", read.versions.len());
        let facts = read.hits.iter().flat_map(|hit| hit.facts.values().chain([&hit.text]));
        assert!(facts.map(String::len).sum::<usize>() < 1 << 20, "{what}");
        let diagnosis = Diagnosis::of(read);
        let answers: Vec<String> = diagnosis.causes.iter().flat_map(Cause::answer).collect();
        assert!(answers.iter().all(|answer| answer.len() < 4096), "{what}");
        (what, cost)
    };
    hostile(bytes).into_iter().map(cost).collect()
}

#[test]
fn no_log_costs_more_than_its_size() {
    let small = costs(1 << 18);
    for ((what, before), (_, after)) in small.into_iter().zip(costs(5 << 18)) {
        assert!(after <= before + before / 4 + 1, "{what}: {before}, then {after}");
    }
}

#[test]
#[ignore = "takes long without --release"]
fn nor_does_one_of_ten_megabytes() {
    costs(10 << 20);
}
