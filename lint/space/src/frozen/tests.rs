use super::read_log;
use crate::testing::{Xorshift, mutate};

/// What a log holds: `name==version`, sorted, and its Python.
fn read(log: &str) -> Result<(Vec<String>, Option<String>), String> {
    let frozen = read_log(log)?;
    let packages =
        frozen.packages.values().map(|package| match (&package.version, &package.origin) {
            (Some(version), None) => format!("{}=={version}", package.name),
            (_, origin) => format!("{} {origin:?}", package.name),
        });
    Ok((packages.collect(), frozen.python))
}

#[track_caller]
fn holds(log: &str, packages: &[&str]) {
    assert_eq!(read(log).map(|(packages, _)| packages).as_deref(), Ok(&*owned(packages)), "{log}");
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

const FREEZE: &str = "a==1.0\nB_c==2.0+cu128\nd @ git+https://example.org/d@0123\n# Editable Git install with no remote\n\
                      -e git+https://example.org/e@4567#egg=e\n";

#[test]
fn the_last_freeze_is_found_whatever_stands_before_its_lines() {
    let origin = |address: &str| format!("Some(Address(\"git+https://example.org/{address}\"))");
    let (d, e) = (format!("d {}", origin("d@0123")), format!("e {}", origin("e@4567")));
    let packages = ["a==1.0", "B_c==2.0+cu128", d.as_str(), e.as_str()];
    holds(FREEZE, &packages);
    let old = "Successfully installed a-0.1 z-9\n$ pip freeze\nz==9\n";
    for prefix in [
        "",
        "2026-11-20T10:00:00.123Z ",
        "2026-11-20 10:00:00,123 | ",
        "[10:00:00] ",
        "#14 0.532 ",
        "\u{1b}[32m\u{1b}[1m",
    ] {
        let lines: Vec<String> = FREEZE.lines().map(|line| format!("{prefix}{line}")).collect();
        let lines = lines.join("\n") + "\n";
        holds(&format!("{old}{prefix}$ pip freeze\n{lines}{prefix}Running\n"), &packages);
        holds(&format!("{old}RUN pip freeze\r\n{}", lines.replace('\n', "\r\n")), &packages);
    }
    let events = FREEZE
        .lines()
        .map(|line| format!("data: {{\"timestamp\":\"x\",\"data\":\"{line}\\n\"}}\n\n"));
    holds(&format!("data: {{\"data\":\"x\"}}\n{}", events.collect::<Vec<_>>().concat()), &packages);
}

#[test]
fn without_a_freeze_what_pip_says_counts() {
    holds(
        "Requirement already satisfied: a<2 in /usr/lib/python3.12/site-packages (from b) (1.5)\n\
         Successfully installed b-1.0 c-d-2.0.post1\nSuccessfully installed b-1.1\n\
         Requirement already satisfied: b in /x (1.0)\n",
        &["a==1.5", "b==1.1", "c-d==2.0.post1"],
    );
    // A requirements file that is shown is no freeze, nor is a command.
    holds(
        "numpy==1.0\npandas==2.0\na==1\n+ pip install x==1.0\nSuccessfully installed b-1.0\n",
        &["b==1.0"],
    );
    // What is installed after a freeze counts too.
    holds("$ pip freeze\na==1.0\nSuccessfully installed b-1.0\n", &["a==1.0", "b==1.0"]);
    // Another build begins anew.
    holds(
        "Successfully installed a-1.0\n===== Build Queued at 2026-11-20 / Commit SHA: 1 =====\n\
         Successfully installed b-1.0\n",
        &["b==1.0"],
    );
}

#[test]
fn a_list_that_nobody_asked_for_must_hold_what_pip_installed() {
    let installed = "Successfully installed a-1.0 b-2.0 pip-26.0\n";
    // As an app prints it when it starts, once for each start.
    holds(&format!("{installed}x\na==1.0\nb==2.0\nc==3.0\n"), &["a==1.0", "b==2.0", "c==3.0"]);
    holds("x\na==1\nb==2\nc==3\nx\na==1\nb==2\nc==3\n", &["a==1", "b==2", "c==3"]);
    // pip sorts by what stands there, uv by what it compares.
    for two in ["ty-b==1.0\nty_a==1.0\n", "ty_a==1.0\nty-b==1.0\n"] {
        holds(
            &format!("{installed}x\na==1.0\nb==2.0\n{two}"),
            &["a==1.0", "b==2.0", "ty_a==1.0", "ty-b==1.0"],
        );
    }
    // Of another environment: without one of them, or with another version.
    for other in ["a==1.0\nc==3.0\nd==1.0\n", "a==1.1\nb==2.0\nd==1.0\n"] {
        holds(&format!("{installed}x\n{other}"), &["a==1.0", "b==2.0", "pip==26.0"]);
        holds(
            &format!("{installed}$ tools/bin/pip freeze\n{other}"),
            &["a==1.0", "b==2.0", "pip==26.0"],
        );
        holds(&format!("$ pip freeze\na==1.0\nb==2.0\nx\n{other}"), &["a==1.0", "b==2.0"]);
        holds(&format!("{other}$ python3 -m pip freeze\na==1.0\nb==2.0\n"), &["a==1.0", "b==2.0"]);
        // One right behind the other.
        holds(&format!("$ uv pip freeze\na==1.0\nb==2.0\n{other}"), &["a==1.0", "b==2.0"]);
    }
    // What was removed need not be in it.
    holds(
        &format!("{installed}  Successfully uninstalled a-1.0\nx\nb==2.0\nc==3.0\nd==4.0\n"),
        &["b==2.0", "c==3.0", "d==4.0"],
    );
    // A requirements file that is shown is sorted by chance: pip says what came of it.
    holds(
        "x\na==1.0\nb==2.0\nc==3.0\nx\nSuccessfully installed a-1.0 b-2.0 d-4.0\n\
         Requirement already satisfied: c==3.0 in /x (3.0)\n",
        &["a==1.0", "b==2.0", "c==3.0", "d==4.0"],
    );
}

#[test]
fn which_list_is_meant_is_not_guessed() {
    let list = "x\na==1.0\nb==2.0\nc==3.0\n";
    for log in [
        // Two environments.
        format!("{list}x\na==1.0\nb==2.0\nd==4.0\n"),
        "a==1.0\nb==2.0\nc==3.0\na==1.0\nb==2.0\nd==4.0\n".to_owned(),
        // What the app itself installs comes on top, or else the list was of something else.
        format!("{list}Successfully installed d-4.0\n"),
        format!("--> RUN pip install -r requirements.txt\nCACHED\n{list}"),
    ] {
        assert!(read(&log).is_err(), "{log}");
    }
}

#[test]
fn a_log_is_read_in_one_pass() {
    let long = 100_000;
    let unsorted: Vec<String> = (0..long).rev().map(|at| format!("p{at:06}==1\n")).collect();
    let many: String = (0..long / 3).map(|_| "x\na==1\nb==1\nc==1\n").collect();
    let installed: Vec<String> = (0..long).map(|at| format!(" p{at:06}-1")).collect();
    for log in [
        unsorted.concat(),
        format!("Successfully installed{}\n{many}", installed.concat()),
        "/python".repeat(long),
        "data: {\"data\":\"".repeat(long),
        "\u{1b}[".repeat(long),
    ] {
        let start = std::time::Instant::now();
        let _ = read_log(&format!("x\n{log}"));
        assert!(start.elapsed().as_secs() < 20, "{:?}", &log[..20]);
    }
}

#[test]
fn a_sequence_that_does_not_end_ends_with_its_line() {
    holds("x\u{1b}[3\nSuccessfully installed a-1.0\n", &["a==1.0"]);
}

#[test]
fn an_event_is_read_as_json() {
    holds(
        "data: {\"data\": \"\\ud83d\\ude80\\u0041\\tSuccessfully\\n\"}\n\
         data: { \"x\": \"\\\"data\\\":\", \"data\": \"Successfully installed \\u0061-1.0\\n\"}\n",
        &["a==1.0"],
    );
}

#[test]
fn a_name_or_version_that_is_none_is_passed_over() {
    holds("Successfully installed --index-url=x-1.0 -e-1.0 a-1.0 b-x c/d-1.0\n", &["a==1.0"]);
    assert!(read("x\n--extra==1.0\n$(x)==2\n").is_err());
}

#[test]
fn the_python_is_the_one_that_packages_are_for() {
    let python = |text: &str| {
        let log = format!("{text}\nSuccessfully installed a-1.0\n");
        read(&log).expect("a log").1
    };
    assert_eq!(python("").as_deref(), None);
    assert_eq!(python("--> FROM docker.io/library/python:3.10@sha256:0").as_deref(), Some("3.10"));
    assert_eq!(python("in /usr/local/lib/python3.13/site-packages (x)").as_deref(), Some("3.13"));
    assert_eq!(python("x-1-cp37-abi3-any.whl y-1-cp312-cp312-any.whl").as_deref(), Some("3.12"));
    assert_eq!(python("see python3.9 and cp39").as_deref(), None);
}

#[test]
fn what_tells_nothing_is_refused() {
    for log in [
        "",
        "\u{feff}",
        "Collecting a\n",
        "Successfully installed a-1.0\nERROR: Could not build wheels for b\n",
        "Successfully installed a-1.0\nerror: metadata-generation-failed\n",
        "Successfully installed a-1.0\nJob failed with exit code: 1\n",
        "--> RUN pip install -r requirements.txt\nCACHED\nSuccessfully installed a-1.0\n",
    ] {
        assert!(read(log).is_err(), "{log}");
    }
    // What it says itself outweighs what came from a cache.
    holds("--> RUN pip install -r requirements.txt\nCACHED\n$ pip freeze\na==1.0\n", &["a==1.0"]);
}

#[test]
fn no_mutation_of_a_log_panics() {
    let log = format!(
        "data: {{\"data\":\"\\u001b[1m\\n\"}}\nRequirement already satisfied: a in /x (1.0)\n#1 2.0 {FREEZE}\u{1b}[3"
    );
    let mut random = Xorshift::new(7);
    for _ in 0..4000 {
        let bytes = mutate(log.as_bytes(), &mut random);
        let _ = read_log(&String::from_utf8_lossy(&bytes));
    }
}
