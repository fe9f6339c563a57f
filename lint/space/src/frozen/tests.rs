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
        holds(&format!("{old}{prefix}more\n{lines}{prefix}Running\n"), &packages);
        holds(&format!("{old}more\r\n{}", lines.replace('\n', "\r\n")), &packages);
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
