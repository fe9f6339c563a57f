//! The server under real clients: Neovim, set up as the README says, and pytest-lsp, which speaks as
//! several editors do and holds every message against the specification.
//!
//! Both are installed by the test, into `target/`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editors").join(file)
}

/// The folder of a virtual environment's commands, made if there is none yet.
fn commands() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editors");
    std::fs::create_dir_all(&home).expect("target/ can be written");
    let wanted = std::fs::read_to_string(here("editors.txt")).expect("the pins are there");
    let (folder, made) = (home.join("environment"), home.join("environment/made-of.txt"));
    // Another test may be about to make the same one.
    let lock = File::create(home.join("lock")).expect("a lock");
    lock.lock().expect("it can be waited for");
    if std::fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return folder.join("bin");
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old environment can be removed");
    }
    succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    let pip = ["-m", "pip", "install", "--quiet", "-r"];
    succeed(Command::new(folder.join("bin/python")).args(pip).arg(here("editors.txt")));
    std::fs::write(&made, wanted).expect("target/ can be written");
    folder.join("bin")
}

#[track_caller]
fn succeed(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// A Space in which three things are found: one for each kind of file that it is read from.
fn space() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        (
            "README.md",
            "---\ntitle: A Space\nsdk: gradio\nsdk_version: 6.30\napp_file: app.py\n---\n",
        ),
        (
            "app.py",
            "import torch\n\nprint('😀', torch.cuda.device_count())\nimport spaces\n\n\n@spaces.GPU(duration=30)\ndef draw(text):\n    return text\n\n\nimport gradio\n\ngradio.Interface(draw, 'text', 'text').launch()\n",
        ),
        ("requirements.txt", "torch==2.9.1  # spacelint: ignore[no-such-rule]\n"),
    ] {
        std::fs::write(folder.path().join(path), text).expect("it can be written");
    }
    folder
}

#[test]
#[ignore = "installs clients from the package index"]
fn every_editor_that_pytest_lsp_knows_is_served() {
    let space = space();
    succeed(
        Command::new(commands().join("python"))
            .args(["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .args(["-W", "error::pytest_lsp.LspSpecificationWarning"])
            .args(["-o", "asyncio_default_fixture_loop_scope=function"])
            .arg(here("test_server.py"))
            .current_dir(space.path())
            .env("SPACELINT", env!("CARGO_BIN_EXE_spacelint"))
            .env("SPACE", space.path()),
    );
}

/// The code block that follows `<!-- neovim -->` in the README.
fn neovim_setup() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).expect("it is there");
    let (_, rest) = readme.split_once("<!-- neovim -->\n```lua\n").expect("a block of Lua");
    rest.split_once("```").expect("it ends").0.to_owned()
}

#[test]
#[ignore = "installs clients from the package index"]
fn neovim_set_up_as_the_readme_says_shows_a_finding_and_mends_it() {
    let (space, home) = (space(), tempfile::tempdir().expect("a folder"));
    let init = home.path().join("init.lua");
    std::fs::write(&init, neovim_setup()).expect("it can be written");
    let tool = Path::new(env!("CARGO_BIN_EXE_spacelint")).parent().expect("it is in a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tool.to_owned()).chain(std::env::split_paths(&path));
    let mut command = Command::new(commands().join("nvim"));
    command.arg("--headless").arg("-n").arg("-u").arg(&init).arg("app.py");
    command.arg("-c").arg(format!("luafile {}", here("neovim.lua").display()));
    command.current_dir(space.path()).env("PATH", std::env::join_paths(folders).expect("paths"));
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home.path());
    }
    succeed(&mut command);
}
