//! `spacelint lock`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{CARD, folder, run, write};

/// A small log.
const LOG: &str = "Successfully installed gradio-6.31.0 numpy-2.3.4 anyio-4.11.0 spaces-0.51.3\n";
const APP: &str = "import gradio as gr\ngr.Interface(len, 'text', 'text').launch()\n";

/// The text of a file.
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("it can be read")
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("it can be copied");
        }
    }
}

/// How often each rule finds something in each file.
fn found(space: &Path) -> BTreeMap<(String, String), usize> {
    let json = run(space, &["check", "--format", "json"]).json();
    let mut found = BTreeMap::new();
    for one in json["diagnostics"].as_array().expect("diagnostics are a list") {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        *found.entry((text("rule"), text("path"))).or_default() += 1;
    }
    found
}

/// Each log in `testdata/logs/` was written for the Space of that name; what it makes of that stands beside
/// it. `SPACELINT_BLESS=1` writes down what is shown now.
#[test]
fn what_a_log_pins_is_clean_and_pinned_for_good() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut logs: Vec<PathBuf> = std::fs::read_dir(repository.join("testdata/logs"))
        .expect("testdata/logs is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    assert!(logs.len() >= 5, "testdata/logs has {} logs", logs.len());
    for log in logs {
        let name = log.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let space = tempfile::tempdir().expect("a temporary folder can be made");
        copy(&repository.join("testdata/spaces").join(&name), space.path());
        let log = log.to_string_lossy().into_owned();
        let before = found(space.path());

        let shown = run(space.path(), &["lock", "--log", &log, "--diff"]);
        let expected = repository.join(format!("testdata/logs/{name}.diff"));
        let text = shown.stdout.replace('\r', "");
        if std::env::var_os("SPACELINT_BLESS").is_some() {
            std::fs::write(&expected, &text).expect("the expected diff can be written");
        }
        assert_eq!(std::fs::read_to_string(&expected).unwrap_or_default(), text, "{name}");
        assert_eq!(found(space.path()), before, "{name}: a diff changes nothing");

        let locked = run(space.path(), &["lock", "--log", &log]);
        assert_eq!((locked.status, locked.stderr.as_str()), (0, ""), "{name}: {}", locked.stdout);
        let after = found(space.path());
        for (key, count) in &after {
            assert!(before.get(key).is_some_and(|known| count <= known), "{name}: {key:?}");
        }
        let again = run(space.path(), &["lock", "--log", &log, "--diff"]);
        assert_eq!((again.status, again.stdout.as_str()), (0, ""), "{name}");
        assert_eq!(again.stderr, "Nothing to change.\n");
    }
}

#[test]
fn line_endings_and_what_else_stands_there_are_kept() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let space = tempfile::tempdir().expect("a temporary folder can be made");
    copy(&repository.join("testdata/spaces/mixed-requirements"), space.path());
    let log = repository.join("testdata/logs/mixed-requirements.log");
    run(space.path(), &["lock", "--log", &log.to_string_lossy()]);
    for name in ["README.md", "requirements.txt"] {
        let text = read(&space.path().join(name));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{name}");
    }
    let text = read(&space.path().join("requirements.txt"));
    assert!(text.starts_with("# audio\r\n--extra-index-url "), "{text}");
}

#[test]
fn what_is_not_there_is_made() {
    let space = folder(&[("README.md", CARD), ("app.py", APP), ("log.txt", LOG)]);
    let ran = run(space.path(), &["lock", "--log", "log.txt"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let text = read(&space.path().join("requirements.txt"));
    assert!(
        text.starts_with("# What ") && text.ends_with("\nanyio==4.11.0\nnumpy==2.3.4\n"),
        "{text}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| {
            let metadata = std::fs::metadata(space.path().join(name)).expect("it is there");
            metadata.permissions().mode()
        };
        assert_eq!(mode("requirements.txt"), mode("app.py"));
    }
    let text = read(&space.path().join("README.md"));
    assert_eq!(text, CARD, "the version that the card names stays as it is");

    let direct = run(space.path(), &["lock", "--log", "log.txt", "--direct"]);
    assert_eq!(direct.status, 0);
    assert_eq!(read(&space.path().join("requirements.txt")), "");
}

#[test]
fn an_environment_is_read_and_not_run() {
    let info = |name: &str, version: &str, requires: &str| {
        let metadata = format!(
            "Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{requires}\nName: no\n"
        );
        let folder = format!("venv/lib/python3.12/site-packages/{name}-{version}.dist-info");
        [(format!("{folder}/METADATA"), metadata), (format!("{folder}/RECORD"), String::new())]
    };
    let space = folder(&[
        ("README.md", "---\nsdk: gradio\n---\n"),
        ("app.py", APP),
        ("requirements.txt", "Soundfile[Fast.IO]\ntools @ git+https://example.org/tools.git\n"),
        (
            "venv/lib/python3.12/site-packages/tools-1.0.dist-info/direct_url.json",
            "{\"url\": \"https://example.org/tools.git\", \"vcs_info\": {\"vcs\": \"git\", \"commit_id\": \
             \"0123456789abcdef0123456789abcdef01234567\"}}",
        ),
    ]);
    for (path, text) in [
        info(
            "gradio",
            "6.31.0",
            "Requires-Dist: anyio<5\nRequires-Dist: itsdangerous; extra == \"oauth\"\n",
        ),
        info("anyio", "4.11.0", ""),
        info("itsdangerous", "2.2.0", ""),
        info(
            "soundfile",
            "0.13.1",
            "Requires-Dist: cffi\nRequires-Dist: quick ; extra == 'fast_io'\n\
                                     Requires-Dist: pytest ; extra == 'test'\n",
        ),
        info("cffi", "2.0.0", "Requires-Dist: pywin; sys_platform == 'win32'\n"),
        info("quick", "1.0", ""),
        info("pywin", "1.0", ""),
        info("pytest", "9.0", ""),
        info("ruff", "0.17.0", ""),
        info("tools", "1.0", ""),
    ]
    .concat()
    {
        write(space.path(), &path, &text);
    }
    let ran = run(space.path(), &["lock", "--environment", "venv"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let text = read(&space.path().join("requirements.txt"));
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            "Soundfile[Fast.IO]==0.13.1",
            "tools @ git+https://example.org/tools.git@0123456789abcdef0123456789abcdef01234567",
            "",
            "anyio==4.11.0",
            "cffi==2.0.0",
            "itsdangerous==2.2.0",
            "quick==1.0",
        ]
    );
    let card = read(&space.path().join("README.md"));
    assert_eq!(card, "---\nsdk: gradio\nsdk_version: \"6.31.0\"\npython_version: \"3.12\"\n---\n");
    let packages = "venv/lib/python3.12/site-packages";
    let again = run(space.path(), &["lock", "--environment", packages, "--diff"]);
    assert_eq!(
        (again.status, again.stderr.as_str()),
        (0, "Nothing to change.\n"),
        "{}",
        again.stdout
    );
}

#[test]
fn what_is_no_log_of_this_space_changes_nothing() {
    let space = folder(&[
        ("README.md", CARD),
        ("app.py", APP),
        ("requirements.txt", "numpy<2\nspaces\n"),
        ("good.txt", LOG),
        ("nothing.txt", "Collecting numpy\n"),
        ("failed.txt", "Successfully installed pip-26.0\nERROR: Cannot install numpy\n"),
        (
            "cached.txt",
            "--> RUN pip install --no-cache-dir -r requirements.txt\nCACHED\n\n--> RUN pip install spaces\n\
             Successfully installed spaces-0.51.3\n",
        ),
        (
            "old.txt",
            "FROM docker.io/library/python:3.11@sha\nSuccessfully installed numpy-1.26.4\n",
        ),
    ]);
    let zero = "import spaces\n@spaces.GPU(duration=5)\ndef f(): ...\n";
    for (log, says) in [
        ("good.txt", "`numpy<2` does not allow numpy 2.3.4, which was installed"),
        ("nothing.txt", "neither what `pip freeze` prints"),
        ("failed.txt", "the build in it failed"),
        ("cached.txt", "which came from a cache"),
        ("absent.txt", "cannot read `absent.txt`"),
        ("old.txt", "ZeroGPU runs Python 3.10 and 3.12"),
    ] {
        if log == "old.txt" {
            write(space.path(), "app.py", &format!("{zero}{APP}"));
        }
        let ran = run(space.path(), &["lock", "--log", log]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{log}");
        assert!(ran.stderr.contains(says), "{log}: {}", ran.stderr);
        assert_eq!(read(&space.path().join("requirements.txt")), "numpy<2\nspaces\n");
    }
    for folder in ["empty/lib/python3.12/site-packages", "empty/bin"] {
        std::fs::create_dir_all(space.path().join(folder)).expect("a folder can be made");
    }
    for (folder, says) in [
        (".", "neither a virtual environment"),
        ("empty", "no package is installed in it"),
        ("empty/lib/python3.12/site-packages", "no package is installed in it"),
        ("empty/bin", "neither a virtual environment"),
        ("absent", "there is no such folder"),
    ] {
        let ran = run(space.path(), &["lock", "--environment", folder]);
        assert_eq!(ran.status, 2, "{folder}");
        assert!(ran.stderr.contains(says), "{folder}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_space_is_left_alone() {
    let folder = folder(&[
        ("space/README.md", CARD),
        ("space/app.py", APP),
        ("more.txt", "numpy\n"),
        ("log.txt", LOG),
    ]);
    for (target, says) in [
        ("../more.txt", "is a link that leads out of it; nothing was changed"),
        ("absent.txt", "is a link that leads nowhere; nothing in this Space was changed"),
    ] {
        let link = folder.path().join("space/requirements.txt");
        std::os::unix::fs::symlink(target, &link).expect("a link can be made");
        let ran = run(folder.path(), &["lock", "space", "--log", "log.txt"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{target}");
        assert!(ran.stderr.contains(says), "{target}: {}", ran.stderr);
        assert_eq!(read(&folder.path().join("more.txt")), "numpy\n");
        std::fs::remove_file(&link).expect("it can be removed");
    }
}

#[test]
fn pins_that_would_not_build_are_not_written() {
    let requirements = "torch\nspaces\n";
    let space = folder(&[
        ("README.md", "---\nsdk: gradio\n---\n"),
        ("app.py", "import spaces\n@spaces.GPU(duration=5)\ndef f(): ...\n"),
        ("requirements.txt", requirements),
        ("log.txt", "Successfully installed torch-2.4.0 gradio-6.31.0\n"),
    ]);
    let ran = run(space.path(), &["lock", "--log", "log.txt"]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("error[unsupported-torch]"), "{}", ran.stdout);
    assert!(ran.stderr.contains("would not build; nothing was changed"), "{}", ran.stderr);
    assert_eq!(read(&space.path().join("requirements.txt")), requirements);
}

#[test]
fn what_cannot_be_pinned_is_said() {
    let space = folder(&[
        ("README.md", CARD),
        ("app.py", APP),
        ("requirements.txt", "numpy\nlost\nx @ git+https://example.org/x@main\n"),
        ("log.txt", LOG),
    ]);
    let ran = run(space.path(), &["lock", "--log", "log.txt"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    assert!(
        ran.stdout.contains("requirements.txt:2:1: left as it stands: `lost`: "),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("requirements.txt:3:5: left as it stands: "), "{}", ran.stdout);
    assert!(read(&space.path().join("requirements.txt")).starts_with("numpy==2.3.4\nlost\n"));
}

#[test]
fn one_source_and_one_space_are_asked_for() {
    let spaces = folder(&[
        ("one/README.md", CARD),
        ("one/app.py", APP),
        ("two/README.md", CARD),
        ("two/app.py", APP),
        ("log.txt", LOG),
    ]);
    let ran = run(spaces.path(), &["lock", "--log", "log.txt"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("there are 2 Spaces at `.`"), "{}", ran.stderr);
    for arguments in [&["lock"][..], &["lock", "--log", "log.txt", "--environment", "."]] {
        assert_eq!(run(spaces.path(), arguments).status, 2);
    }
}
