use spacelint_space::frozen::{Frozen, read_log};

use super::{Refusal, lock};
use crate::testing::memory;

const CARD: &str = "---\nsdk: gradio\nsdk_version: \"6.31.0\"\n---\n";

fn frozen(log: &str) -> Frozen {
    read_log(log).expect("a log")
}

/// What becomes of `requirements` where that was installed, and the lines that are left.
fn pinned(requirements: &str, log: &str) -> (String, Vec<String>) {
    locked(&[("README.md", CARD), ("requirements.txt", requirements)], log, true)
}

fn locked(files: &[(&str, &str)], log: &str, only_named: bool) -> (String, Vec<String>) {
    let locked = lock(memory(files), &frozen(log), only_named).expect("it can be pinned");
    let requirements = locked.files.iter().find(|it| it.before.path == "requirements.txt");
    let before = files.iter().find(|(path, _)| *path == "requirements.txt");
    let text = match requirements {
        Some(file) => file.after.clone(),
        None => before.map_or(String::new(), |(_, text)| (*text).to_owned()),
    };
    let left =
        locked.left.iter().map(|left| left.location.file.text.slice(left.location.span).to_owned());
    (text, left.collect())
}

#[track_caller]
fn pins(requirements: &str, log: &str, expected: &str) {
    let log = format!("Successfully installed {log}\n");
    assert_eq!(pinned(requirements, &log), (expected.to_owned(), Vec::new()), "{requirements}");
}

#[test]
fn every_form_of_a_requirement_is_pinned_where_it_stands() {
    pins("numpy\n", "numpy-2.3.4", "numpy==2.3.4\n");
    pins("numpy>=2,<3 # why\n", "numpy-2.3.4", "numpy==2.3.4 # why\n");
    pins("NumPy >= 2\n", "numpy-2.3.4", "NumPy ==2.3.4\n");
    pins("numpy==2.0\n", "numpy-2.3.4", "numpy==2.3.4\n");
    pins("numpy==2.3.4.0\n", "numpy-2.3.4", "numpy==2.3.4.0\n");
    pins("numpy==2.*\n", "numpy-2.3.4", "numpy==2.3.4\n");
    pins("numpy===2.3.4\n", "numpy-2.3.4", "numpy==2.3.4\n");
    pins("numpy(>=2)\n", "numpy-2.3.4", "numpy(==2.3.4)\n");
    pins("ruamel_yaml [a , b]\n", "ruamel.yaml-0.18", "ruamel_yaml [a , b]==0.18\n");
    pins("x; python_version<'4'", "x-1.0", "x==1.0; python_version<'4'");
    pins("x~=1.0; sys_platform=='win32'\n", "x-1.5", "x~=1.0; sys_platform=='win32'\n");
    pins(
        "a<2; platform_release<'1'\na>=2; platform_release>='1'\n",
        "a-2.1",
        "a<2; platform_release<'1'\na==2.1; platform_release>='1'\n",
    );
    pins(
        "-r more.txt\n--pre\n\n# x==1\nx\\\n  >=1\n",
        "x-1!2.0rc1",
        "-r more.txt\n--pre\n\n# x==1\nx\\\n  ==1!2.0rc1\n",
    );
}

#[test]
fn what_the_builder_names_is_left_to_it() {
    let log = "gradio-6.31.0 spaces-0.51.3 uvicorn-0.38.0 websockets-15.0.1 torch-2.9.1";
    let text = "gradio\nspaces\nuvicorn>=0.14\nwebsockets\n";
    pins(text, log, text);
    pins("torch\n", log, "torch==2.9.1\n");
    // Nobody builds a Docker Space but its author.
    let docker = ("README.md", "---\nsdk: docker\n---\n");
    let log = format!("Successfully installed {log}\n");
    let (text, _) = locked(&[docker, ("requirements.txt", "gradio\nuvicorn\n")], &log, true);
    assert_eq!(text, "gradio==6.31.0\nuvicorn==0.38.0\n");
}

#[test]
fn a_local_label_stays_where_something_tells_whence_it_comes() {
    let log = "torch-2.9.1+cu128";
    pins("torch\n", log, "torch==2.9.1\n");
    pins("torch==2.9.1\n", log, "torch==2.9.1\n");
    pins("torch==2.9.1+cu128\n", log, "torch==2.9.1+cu128\n");
    for option in ["--extra-index-url ", "-f ", "--index-url="] {
        let line = format!("{option}https://download.pytorch.org/whl/cu128\n");
        pins(&format!("{line}torch\n"), log, &format!("{line}torch==2.9.1+cu128\n"));
    }
    let other = "--extra-index-url https://download.pytorch.org/whl/cu126\n";
    pins(&format!("{other}torch\n"), log, &format!("{other}torch==2.9.1\n"));
}

#[test]
fn what_comes_from_an_address_gets_its_commit() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let resolved = format!(
        "Resolved https://user@example.org/a/x.git to commit {commit}\nSuccessfully installed x-1.0\n"
    );
    let freeze = format!("x @ git+https://user@example.org/a/x@{commit}\n");
    for log in [resolved, freeze] {
        for (before, after) in [
            (
                "x @ git+https://user@example.org/a/x",
                format!("x @ git+https://user@example.org/a/x@{commit}"),
            ),
            (
                "git+https://user@example.org/a/x.git@main#egg=x",
                format!("git+https://user@example.org/a/x.git@{commit}#egg=x"),
            ),
            (
                "-e git+https://user@example.org/a/x.git#egg=x",
                format!("-e git+https://user@example.org/a/x.git@{commit}#egg=x"),
            ),
            (
                "x @ git+https://user@example.org/a/x@0123456",
                "x @ git+https://user@example.org/a/x@0123456".to_owned(),
            ),
            (
                "https://example.org/x-1.0-py3-none-any.whl",
                "https://example.org/x-1.0-py3-none-any.whl".to_owned(),
            ),
        ] {
            assert_eq!(pinned(before, &log), (after, Vec::new()), "{before}");
        }
    }
    let (text, left) =
        pinned("x @ git+https://example.org/other@main", "Successfully installed y-1.0\n");
    assert_eq!((text.as_str(), left.len()), ("x @ git+https://example.org/other@main", 1));
}

#[test]
fn a_hash_and_what_was_not_installed_are_left() {
    let hashed = format!("x==1.0 --hash=sha256:{}\n", "0".repeat(64));
    let (text, left) = pinned(&hashed, "Successfully installed x-1.1\n");
    assert_eq!((&text, left.len()), (&hashed, 1));
    assert_eq!(pinned(&hashed, "Successfully installed x-1.0\n").1, [""; 0]);
    let (text, left) = pinned("y\n./local\n", "Successfully installed x-1.1\n");
    assert_eq!((text.as_str(), left), ("y\n./local\n", vec!["y".to_owned()]));
}

#[test]
fn what_is_brought_stands_below_and_is_kept_up() {
    let files = |text: &'static str| [("README.md", CARD), ("requirements.txt", text)];
    let first =
        "Successfully installed torch-2.9.1 triton-3.5.1 a-1 c-1 x-2 pip-26.0 gradio-6.31.0\n";
    let (text, _) = locked(&files("x"), first, false);
    let heading = super::requirements::HEADING;
    assert_eq!(text, format!("x==2\n\n{heading}\na==1\nc==1\ntorch==2.9.1"));
    let next = "Successfully installed torch-2.9.1 b-1 c-2 x-2\n";
    let before = format!("{text}\n\n# mine\ny==1; sys_platform=='win32'\n");
    let files = [("README.md", CARD), ("requirements.txt", before.as_str())];
    let (text, _) = locked(&files, next, false);
    assert_eq!(
        text,
        format!(
            "x==2\n\n{heading}\nb==1\nc==2\ntorch==2.9.1\n\n# mine\ny==1; sys_platform=='win32'\n"
        )
    );
    let (text, _) = locked(&files, next, true);
    assert_eq!(text, "x==2\n\n\n# mine\ny==1; sys_platform=='win32'\n");
}

#[test]
fn what_only_one_machine_has_is_said() {
    let log =
        "$ pip freeze\na @ file:///home/ann/a\nb==1.0\n-e git+https://example.org/c@0123#egg=c\n";
    let files = [("README.md", CARD), ("requirements.txt", "b\n")];
    let locked = lock(memory(&files), &frozen(log), false).expect("it can be pinned");
    assert_eq!(locked.local, ["a"]);
    assert!(locked.files[0].after.ends_with("\nc @ git+https://example.org/c@0123\n"));
}

#[test]
fn no_password_is_written() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let log = format!(
        "$ pip freeze\nb==1.0\nc @ https://ann:pass@example.org/c-1.0-py3-none-any.whl\n\
         d @ git+https://pass@example.org/d@{commit}\ne @ git+ssh://git:pass@example.org/e@{commit}\n\
         f @ git+ssh://git@example.org/f@{commit}\ng @ https://example.org/a@b/g-1.0.zip\n"
    );
    let (text, _) = locked(&[("README.md", CARD), ("requirements.txt", "b\n")], &log, false);
    assert!(!text.contains("pass"), "{text}");
    for line in [
        "c @ https://example.org/c-1.0-py3-none-any.whl".to_owned(),
        format!("d @ git+https://example.org/d@{commit}"),
        format!("e @ git+ssh://git@example.org/e@{commit}"),
        format!("f @ git+ssh://git@example.org/f@{commit}"),
        "g @ https://example.org/a@b/g-1.0.zip".to_owned(),
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in {text}");
    }
    // What the author wrote stands as it is, and pip's stars are no other repository.
    let resolved = format!(
        "Resolved https://ann:****@example.org/x.git to commit {commit}\nSuccessfully installed x-1.0\n"
    );
    let (text, left) = pinned("x @ git+https://ann:${PASS}@example.org/x.git", &resolved);
    assert_eq!(text, format!("x @ git+https://ann:${{PASS}}@example.org/x.git@{commit}"));
    assert!(left.is_empty());
}

#[test]
fn an_extra_is_compared_as_pip_compares_it() {
    assert_eq!(
        super::quoted("extra == 'Fast_IO' and os_name == \"x\"").collect::<Vec<_>>(),
        ["fast-io", "x"]
    );
}

#[test]
fn a_project_without_requirements_gets_some() {
    let project = "[project]\nname = \"My_App\"\ndependencies = [\"X[fast]>=1 ; os_name == 'posix'\", \"y\"]\n";
    let files = [("README.md", CARD), ("pyproject.toml", project)];
    let log = "Successfully installed x-1.5 y-2.0 my-app-0.1 z-3.0\n";
    let heading = super::requirements::HEADING;
    let named = "X[fast]==1.5 ; os_name == 'posix'\ny==2.0\n";
    assert_eq!(locked(&files, log, true).0, named);
    assert_eq!(locked(&files, log, false).0, format!("{named}{heading}\nz==3.0\n"));
}

#[test]
fn the_card_gets_its_versions_in_quotes() {
    let card = |card: &str| {
        let log = "FROM docker.io/library/python:3.12@sha\nSuccessfully installed gradio-6.31.0\n";
        let text = format!("---\n{card}\n---\n");
        let locked = lock(memory(&[("README.md", &text)]), &frozen(log), true).expect("a card");
        locked.files.first().map_or(text, |file| file.after.clone())
    };
    let versions = "sdk_version: \"6.31.0\"\npython_version: \"3.12\"";
    assert_eq!(
        card("sdk: gradio # c\nx: 1"),
        format!("---\nsdk: gradio # c\n{versions}\nx: 1\n---\n")
    );
    assert_eq!(
        card("sdk_version: 6.1 # c\nsdk: gradio\npython_version:"),
        "---\nsdk_version: \"6.31.0\" # c\nsdk: gradio\npython_version: \"3.12\"\n---\n"
    );
    assert_eq!(
        card("sdk: gradio\nsdk_version: '6.0'\npython_version: 3.12.12"),
        "---\nsdk: gradio\nsdk_version: \"6.31.0\"\npython_version: 3.12.12\n---\n"
    );
    assert_eq!(card("sdk: docker"), "---\nsdk: docker\n---\n");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |files: &[(&str, &str)], log: &str| {
        lock(memory(files), &frozen(log), false).expect_err("it does not fit")
    };
    let card = ("README.md", CARD);
    for (text, log) in [("numpy<2\n", "numpy-2.1"), ("gradio==5.0\n", "gradio-6.31.0")] {
        let log = format!("Successfully installed {log}\n");
        assert!(matches!(
            refused(&[card, ("requirements.txt", text)], &log),
            Refusal::Stale { .. }
        ));
    }
    let zero = ("app.py", "import spaces\n@spaces.GPU\ndef f(): ...\n");
    let log = "  Downloading x-1.0-cp311-cp311-linux_x86_64.whl\nSuccessfully installed x-1.0\n";
    assert!(matches!(refused(&[card, zero], log), Refusal::Python { .. }));
    let broken = ("README.md", "---\nsdk: gradio\ntitle: [\n---\n");
    let log = "Successfully installed gradio-6.31.0\n";
    assert!(matches!(refused(&[broken], log), Refusal::Broken(_)));
    let old = "Successfully installed torch-2.4.0\n";
    assert!(matches!(
        refused(&[card, zero, ("requirements.txt", "torch\n")], old),
        Refusal::Unbuildable(_)
    ));
}
