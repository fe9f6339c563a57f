//! `spacelint quota`. What it must say is worked out here, from the tables as they are written and the
//! formulas of the platform: nothing of the code under test has a part in that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use toml::{Table, Value};

use crate::support::{CARD, folder, run};

const TIERS: [(&str, &str); 4] = [
    ("anonymous", "anonymous"),
    ("free", "free"),
    ("PRO/Team", "pro"),
    ("Enterprise", "enterprise"),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn platform() -> Table {
    let text = std::fs::read_to_string(repository().join("rules/knowledge/platform.toml"));
    text.expect("the table can be read").parse().expect("the table is TOML")
}

fn whole(value: &Value) -> i64 {
    value.as_integer().expect("it is a whole number")
}

/// What a call books that declares so many seconds, as Python would compute it.
fn allowed_and_booked(platform: &Table, gpu: &str, declared: f64, size: &str) -> (i64, i64) {
    // timedelta(seconds=declared).seconds
    let seconds = declared.floor().rem_euclid(86_400.0);
    let own = platform["backing"][gpu].get("time_factor").map(|factors| &factors[size]);
    let factor = own.unwrap_or(&platform["size"][size]["time_factor"]);
    let factor = factor.as_float().expect("a factor");
    let allowed = (seconds * factor).round_ties_even() as i64;
    (allowed, allowed * whole(&platform["size"][size]["quota_factor"]))
}

/// Holds what is said of a row against the formulas.
fn check_row(platform: &Table, gpu: &str, size: &str, used: Option<i64>, row: &Json) {
    let declared = row["declared"].as_f64().expect("seconds");
    let (allowed, booked) = allowed_and_booked(platform, gpu, declared, size);
    assert_eq!(row["allowed"].as_i64(), Some(allowed), "{row}");
    assert_eq!(row["booked"].as_i64(), Some(booked), "{row}");
    let said = row["calls"].as_array().expect("calls");
    if booked == 0 {
        assert!(said.is_empty(), "{row}");
        return;
    }
    for (said, (label, tier)) in said.iter().zip(TIERS) {
        let quota = whole(&platform["tier"][tier]["quota_seconds"]);
        let factor = whole(&platform["size"][size]["quota_factor"]);
        let calls = match used {
            _ if booked > quota => 0,
            Some(used) => (quota - booked) / (used.min(allowed) * factor) + 1,
            None => quota / booked,
        };
        assert_eq!(said["tier"], label);
        assert_eq!(said["quota"].as_i64(), Some(quota));
        assert_eq!(said["calls"].as_i64(), Some(calls), "{label}: {row}");
        assert_eq!(said["at_least"], calls > 0 && used.is_none(), "{label}: {row}");
    }
    assert_eq!(said.len(), TIERS.len());
}

#[test]
fn what_it_says_of_the_spaces_here_is_what_the_tables_come_to() {
    let platform = platform();
    for (arguments, gpu, used) in [
        (&["--what-if", "15"][..], "rtx-pro-6000", None),
        (&["--used", "7"], "rtx-pro-6000", Some(7)),
        (&["--gpu", "h200", "--used", "40"], "h200", Some(40)),
    ] {
        let mut asked = vec!["quota", "testdata/spaces", "--format", "json"];
        asked.extend(arguments);
        let ran = run(&repository(), &asked);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let mut rows = 0;
        for space in ran.json()["quotas"].as_array().expect("quotas are a list") {
            assert_eq!(space["gpu"], gpu);
            for function in space["functions"].as_array().expect("functions are a list") {
                let size = function["size"].as_str().unwrap_or("large");
                for row in function["costs"].as_array().expect("costs are a list") {
                    check_row(&platform, gpu, size, used, row);
                    rows += 1;
                }
                let what_if = function["costs"].as_array().into_iter().flatten();
                let what_if = what_if.filter(|row| row["what"] == "what-if").count();
                assert_eq!(what_if, usize::from(used.is_none()));
            }
        }
        assert!(rows > 50, "{rows}");
    }
}

/// The functions of `testdata/spaces/durations`, as a person reads them there: what they declare, in
/// seconds, and the size.
const DECLARED: [(&str, &[f64], &str); 27] = [
    ("denoise", &[60.0], "large"),
    ("normalise", &[60.0], "large"),
    ("trim", &[60.0], "large"),
    ("pitch", &[30.0], "large"),
    ("tempo", &[45.0], "large"),
    ("preview", &[45.0], "large"),
    ("transcribe", &[100.0], "large"),
    // Both depend on what only a running Space knows.
    ("align", &[], "large"),
    ("tag", &[], "large"),
    // 20 s and more, without an end.
    ("loop", &[20.0], "large"),
    ("diarise", &[120.0], "large"),
    ("separate", &[300.0], "large"),
    ("accompany", &[200.0], "large"),
    ("master", &[240.0], "large"),
    ("convert", &[180.0], "large"),
    ("restore", &[240.0], "large"),
    ("archive", &[2400.0], "large"),
    ("compose", &[91.0], "xlarge"),
    // A string.
    ("stretch", &[], "large"),
    ("peak", &[0.5], "large"),
    ("endless", &[-1.0], "large"),
    ("batch", &[86_400.0], "large"),
    ("backup", &[86_430.0], "large"),
    ("album", &[3600.0], "large"),
    ("symphony", &[1801.0], "xlarge"),
    ("warm", &[150.0], "large"),
    ("quick", &[30.0], "large"),
];

#[test]
fn every_function_is_there_with_what_it_declares() {
    let ran = run(&repository(), &["quota", "testdata/spaces/durations", "--format", "json"]);
    let quotas = ran.json();
    let functions = quotas["quotas"][0]["functions"].as_array().expect("functions").clone();
    let said: BTreeMap<&str, &Json> = functions
        .iter()
        .map(|function| (function["function"].as_str().expect("a name"), function))
        .collect();
    for (name, declared, size) in DECLARED {
        let function = said.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        let costs = function["costs"].as_array().expect("costs");
        let seconds: Vec<f64> = costs.iter().filter_map(|row| row["declared"].as_f64()).collect();
        assert_eq!(seconds, declared, "{name}");
        assert_eq!(function["size"], size, "{name}");
    }
    assert_eq!(said.len(), DECLARED.len());
}

#[test]
fn what_visitors_are_told_in_a_sentence() {
    let app = |duration: &str| {
        format!(
            "import gradio as gr\nimport spaces\n\n\n@spaces.GPU(duration={duration})\ndef draw(prompt, steps):\n    \
             return prompt\n\n\ngr.Interface(draw, [\"text\", \"number\"], \"image\").launch()\n"
        )
    };
    let sentence = |duration: &str, arguments: &[&str]| {
        let folder = folder(&[("README.md", CARD), ("app.py", &app(duration))]);
        let asked: Vec<&str> =
            ["quota", "--format", "json"].iter().chain(arguments).copied().collect();
        let json = run(folder.path(), &asked).json();
        json["quotas"][0]["functions"][0]["sentence"].as_str().map(str::to_owned)
    };
    let says = |text: &str| Some(text.to_owned());
    assert_eq!(
        sentence("60", &[]),
        says(
            "Each call of `draw` books 90 s of your daily ZeroGPU quota, which is enough for at least 1 call a \
             day without signing in, 3 signed in, 26 with PRO or Team and 40 with Enterprise."
        )
    );
    assert_eq!(
        sentence("60", &["--used", "20"]),
        says(
            "Each call of `draw` books 90 s of your daily ZeroGPU quota and uses about 20 s, which is enough for \
             2 calls a day without signing in, 11 signed in, 116 with PRO or Team and 176 with Enterprise."
        )
    );
    assert_eq!(
        sentence("lambda prompt, steps: min(10 + steps, 120)", &[]),
        says(
            "Each call of `draw` books 15 s to 180 s of your daily ZeroGPU quota, which is enough for at least 1 \
             call a day signed in, 13 with PRO or Team and 20 with Enterprise, and only for shorter ones without \
             signing in."
        )
    );
    assert_eq!(
        sentence("3000", &[]),
        says(
            "Each call of `draw` books 4500 s of your daily ZeroGPU quota, which is more than anybody has."
        )
    );
    for unsure in ["'60'", "0.5", "lambda prompt, steps: 2 * steps", "settings()"] {
        assert_eq!(sentence(unsure, &[]), None, "{unsure}");
    }
}

#[test]
fn what_has_no_gpu_function_costs_nothing() {
    let folder = folder(&[("README.md", CARD), ("app.py", "import gradio\n")]);
    let ran = run(folder.path(), &["quota"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("No GPU function was found here."), "{}", ran.stdout);
    let json = run(folder.path(), &["quota", "--format", "json"]).json();
    assert_eq!(json["quotas"][0]["functions"], Json::Array(Vec::new()));
}

#[test]
fn what_is_no_space_is_an_incomplete_run() {
    let folder = folder(&[("notes.txt", "")]);
    for format in ["human", "json"] {
        let ran = run(folder.path(), &["quota", "nowhere", "--format", format]);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("`nowhere` does not exist"), "{}", ran.stderr);
        let ran = run(folder.path(), &["quota", "--format", format]);
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("no Space at `.`"), "{}", ran.stderr);
    }
}

#[test]
fn old_tables_are_told_of_beside_the_answer() {
    let platform = platform();
    let day = platform["tier"]["free"]["as_of"].as_datetime().and_then(|it| it.date);
    let day = day.expect("a day");
    assert_eq!((day.year, day.month, day.day), (2026, 9, 23), "set the days below anew");
    let folder = folder(&[("README.md", CARD), ("app.py", "import gradio\n")]);
    let told = |today: &str| {
        let ran = run(folder.path(), &["quota", "--today", today]);
        assert_eq!(ran.status, 0);
        ran.stderr
    };
    assert_eq!(told("2026-09-23"), "");
    // The duration's own table is younger; the tiers' is 120 days old, and then 121.
    assert_eq!(told("2027-01-21"), "");
    assert!(told("2027-01-22").contains("those of 2026-09-23, 121 days ago"));
    let wrong = run(folder.path(), &["quota", "--today", "tomorrow"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("`tomorrow` is no day"), "{}", wrong.stderr);
}
