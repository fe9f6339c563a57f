//! Repositories that somebody made to stop, to fill up or to deceive whoever reads them. Each ends in time, says what
//! it did not read, and reports the rest.
//!
//! What takes minutes or gigabytes of a disk's names is ignored by default: see the README.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{APP, CARD, CHECK, Ran, command, folder, run, write};

/// How long anything here may take: the debug build, on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs the command like [`run`], and ends it, and the test, if it takes too long.
#[track_caller]
fn ends(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(folder, arguments);
    let out = tempfile::tempfile().expect("a temporary file");
    let err = tempfile::tempfile().expect("a temporary file");
    let (to_out, to_err) = (out.try_clone().expect("a file"), err.try_clone().expect("a file"));
    command.stdin(Stdio::null()).stdout(to_out).stderr(to_err);
    let mut child = command.spawn().expect("the command runs");
    let end = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be asked") {
            break status;
        }
        if Instant::now() > end {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            panic!("{arguments:?} takes longer than {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let text = |mut file: File| {
        use std::io::{Read, Seek};
        let mut text = String::new();
        file.rewind().expect("a file");
        file.read_to_string(&mut text).expect("it prints UTF-8");
        text
    };
    Ran { status: status.code().expect("no signal ends it"), stdout: text(out), stderr: text(err) }
}

/// A Space in which one thing is found.
fn space() -> TempDir {
    folder(&[("README.md", CARD), ("app.py", APP)])
}

/// The one thing is found, and this is said besides; the run is incomplete.
#[track_caller]
fn found_beside(ran: &Ran, said: &str) {
    assert_eq!(ran.rules(), ["unused-ignore"], "{}", ran.stderr);
    assert!(ran.stderr.contains(said), "{said:?} is not in {:?}", ran.stderr);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
}

fn checked(folder: &Path) -> Ran {
    ends(folder, &[&CHECK[..], &["--format", "json", "."]].concat())
}

fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(made.success(), "{}", path.display());
}

/// Every file of a Space that is read by its name.
const READ: [&str; 9] = [
    "README.md",
    "app.py",
    "requirements.txt",
    "pre-requirements.txt",
    "packages.txt",
    "pyproject.toml",
    "spacelint.toml",
    ".spacelint/profile.json",
    "helper.py",
];

#[test]
fn pipes_and_devices_are_named_and_not_read() {
    for name in READ {
        for make in [fifo as fn(&Path), |path| symlink("/dev/zero", path).expect("a link")] {
            let space = folder(&[("README.md", CARD), ("app.py", APP), (".spacelint/x", "")]);
            write(space.path(), "app.py", "import gradio, helper\n");
            let _ = fs::remove_file(space.path().join(name));
            make(&space.path().join(name));
            let ran = checked(space.path());
            let why = ["is not a regular file", "lies outside the Space"];
            // A module that is not there as a file is one that is installed, as far as anybody knows.
            let is_module = name == "helper.py";
            let is_said =
                ran.stderr.contains(name) && why.iter().any(|why| ran.stderr.contains(why));
            assert!(is_said || is_module, "{name}: {}", ran.stderr);
            assert!(ran.status == 2 || is_module, "{name}: {}", ran.status);
        }
    }
}

#[test]
fn what_tells_git_what_to_leave_out_may_be_anything() {
    for name in [
        ".gitignore",
        ".ignore",
        ".git/info/exclude",
        ".git/config",
        ".gitattributes",
        "one/.gitignore",
    ] {
        for make in [fifo as fn(&Path), |path| symlink("/dev/zero", path).expect("a link")] {
            let spaces = folder(&[
                ("one/README.md", CARD),
                ("one/app.py", APP),
                ("one/packages.txt", "ffmpeg\n"),
                ("one/note.md", concat!("hf_", "QzXwVbNmKjHgFdSaPoIuYtReWqLkJhGfDs")),
                (".git/info/x", ""),
            ]);
            make(&spaces.path().join(name));
            let ran = checked(spaces.path());
            assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{name}");
            assert_eq!(ran.rules(), ["unused-ignore"], "{name}");
            assert_eq!(ends(&spaces.path().join("one"), &["check", "-q"]).status, 1, "{name}");
            assert_eq!(ends(spaces.path(), &["init", "one"]).status, 0, "{name}");
        }
    }
}

#[test]
fn links_that_lead_round_or_out_are_not_followed() {
    let space = space();
    let at = |name: &str| space.path().join(name);
    symlink(".", at("loop")).expect("a link");
    symlink("loop/loop/loop", at("more")).expect("a link");
    symlink("..", at("up")).expect("a link");
    symlink("/", at("all")).expect("a link");
    symlink("b.txt", at("a.txt")).expect("a link");
    symlink("a.txt", at("b.txt")).expect("a link");
    symlink("a.txt", at("requirements.txt")).expect("a link");
    found_beside(&checked(space.path()), "cannot read `requirements.txt`: Too many levels");
    let above = folder(&[("x/notes.txt", "")]);
    symlink(space.path(), above.path().join("x/space")).expect("a link");
    let ran = checked(above.path());
    assert!(ran.status == 2 && ran.stderr.contains("no Space at"), "{}", ran.stderr);
    fs::remove_file(at("requirements.txt")).expect("it was there");
    symlink("/etc/hostname", at("requirements.txt")).expect("a link");
    found_beside(&checked(space.path()), "lies outside the Space");
}

#[test]
fn huge_files_are_named_with_the_limit() {
    for name in READ.into_iter().filter(|name| !["README.md", "app.py"].contains(name)) {
        let space = folder(&[
            ("README.md", CARD),
            ("app.py", "import helper  # spacelint: ignore[no-such-rule]\n"),
            (".spacelint/x", ""),
        ]);
        let file = File::create(space.path().join(name)).expect("a file");
        file.set_len(2 << 30).expect("a sparse file");
        let ran = checked(space.path());
        found_beside(&ran, &format!("{name}` has 2147483648 bytes; at most 67108864 are read"));
    }
    let space = space();
    let file = File::create(space.path().join("weights.bin")).expect("a file");
    file.set_len(2 << 30).expect("a sparse file");
    // Only its size and its beginning are looked at.
    let ran = ends(space.path(), &["check", "--select", "file-outside-lfs", "--format", "json"]);
    assert_eq!(
        (ran.status, ran.rules()),
        (1, vec!["file-outside-lfs".to_owned()]),
        "{}",
        ran.stderr
    );
}

/// Each of their lines would become a value a hundred times as large.
#[test]
fn long_lists_are_named_with_their_limit() {
    for name in ["requirements.txt", "packages.txt", "pyproject.toml", "spacelint.toml", "more.txt"]
    {
        let space = space();
        write(space.path(), "requirements.txt", "-r more.txt\n");
        write(space.path(), name, &"#\n".repeat((1 << 19) + 1));
        let said = format!("`{name}` has 1048578 bytes; at most 1048576 are read");
        found_beside(&checked(space.path()), &said);
    }
}

#[test]
fn what_the_command_line_names_has_the_same_limit() {
    let space = space();
    let file = File::create(space.path().join("huge")).expect("a file");
    file.set_len(2 << 30).expect("a sparse file");
    for arguments in [
        &["check", "--baseline", "huge"][..],
        &["lock", "--log", "huge"],
        &["secrets", "--have", "huge"],
    ] {
        let ran = ends(space.path(), arguments);
        assert_eq!(ran.status, 2, "{arguments:?}");
        assert!(
            ran.stderr.contains("has more than 67108864 bytes"),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
}

#[test]
fn names_that_are_no_unicode_are_passed_over() {
    let spaces = folder(&[("one/README.md", CARD), ("one/app.py", APP)]);
    let odd = OsStr::from_bytes(b"\xff\xfe.py");
    fs::write(spaces.path().join("one").join(odd), "import nothing\n").expect("a file");
    let odd = spaces.path().join(OsStr::from_bytes(b"\xffspace"));
    fs::create_dir(&odd).expect("a folder");
    fs::write(odd.join("README.md"), CARD).expect("a file");
    let ran = checked(spaces.path());
    assert_eq!((ran.status, ran.rules()), (1, vec!["unused-ignore".to_owned()]), "{}", ran.stderr);
    let mut command = command(spaces.path(), &["check"]);
    let out = command.arg(&odd).output().expect("it runs");
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8(out.stderr).expect("it prints UTF-8");
    assert!(said.contains("it is not Unicode"), "{said}");
}

#[test]
fn contents_that_are_no_text_are_read_as_far_as_they_are() {
    let bytes: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    for name in READ {
        for bytes in [
            &bytes[..],
            b"\0\0\0\0",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\r\r\r",
            b"---\n\0\n---\n",
            &[0xff; 9000],
        ] {
            let space =
                folder(&[("README.md", CARD), ("app.py", "import helper\n"), (".spacelint/x", "")]);
            fs::write(space.path().join(name), bytes).expect("a file");
            let ran = ends(
                space.path(),
                &["check", "--strict", "--format", "json", "--unsafe-fixes", "."],
            );
            assert!((0..=2).contains(&ran.status), "{name}: {}", ran.status);
            assert!(!ran.stderr.contains("internal error"), "{name}: {}", ran.stderr);
        }
    }
}

/// Texts that nest deeper than anybody writes, in every grammar that is read.
#[test]
fn deep_nesting_ends_with_a_message_or_in_silence() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(40_000), close.repeat(40_000));
    let steps = |line: &str| -> String {
        let lines: Vec<String> = (0..2000).map(|depth| " ".repeat(depth) + line + "\n").collect();
        lines.concat()
    };
    let mut texts: Vec<(&str, String)> = Vec::new();
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("f(", ")"),
        ("not ", ""),
        ("lambda:", "0"),
        ("-", "1"),
        ("x[", "]"),
        ("{1:", "}"),
        ("f'{", "}'"),
        ("x if ", ""),
    ] {
        texts.push(("app.py", format!("x = {}\n", deep(open, close))));
        texts.push(("app.py", format!("x = {}\n", open.repeat(40_000))));
    }
    for header in ["if x:", "def f():", "class C:", "for x in y:", "with x:", "try:", "while x:"] {
        texts.push(("app.py", steps(header)));
    }
    texts.push(("app.py", "x.a".replace(".a", &".a".repeat(40_000))));
    texts.push(("app.py", format!("x{}\n", "()".repeat(40_000))));
    texts.push(("app.py", format!("x = 1{}\n", " + 1".repeat(40_000))));
    texts.push(("app.py", format!("{}pass\n", "if x: y\nel".repeat(20_000))));
    texts.push(("app.py", format!("x = {}\n", "'a' ".repeat(40_000))));
    texts.push(("app.py", format!("match x:\n case {}:\n  pass\n", deep("[", "]"))));
    for (open, close) in
        [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("a: &a [", "]"), ("!!seq [", "]")]
    {
        texts.push(("README.md", format!("---\nsdk: gradio\nx: {}\n---\n", deep(open, close))));
    }
    texts.push((
        "README.md",
        format!("---\nsdk: gradio\nx:\n{}---\n", steps("- a:").replace('\n', "\n ")),
    ));
    for mark in ["> ", "- ", "[", "![", "*", "`", "<b>", "| "] {
        texts.push(("README.md", format!("{CARD}{}\n", mark.repeat(40_000))));
    }
    for (open, close) in [("[", "]"), ("{a = ", "}")] {
        for file in ["spacelint.toml", "pyproject.toml"] {
            texts.push((file, format!("x = {}\n", deep(open, close))));
        }
    }
    texts.push(("pyproject.toml", format!("[{}]\n", vec!["a"; 40_000].join("."))));
    texts.push(("pyproject.toml", format!("{} = 1\n", vec!["a"; 40_000].join("."))));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        texts.push((".spacelint/profile.json", deep(open, close)));
    }
    texts.push(("requirements.txt", format!("x; {}\n", deep("(", ")"))));
    texts.push((
        "requirements.txt",
        format!("x; {}os_name == 'a'\n", "os_name == 'a' and ".repeat(20_000)),
    ));
    texts.push(("requirements.txt", "x\\\n".repeat(40_000)));
    texts.push(("requirements.txt", format!("x[{}]\n", "a,".repeat(40_000))));
    texts.push(("requirements.txt", format!("x{}\n", "==1,".repeat(20_000))));
    for (name, text) in texts {
        let space =
            folder(&[("README.md", CARD), ("app.py", "import gradio\n"), (".spacelint/x", "")]);
        write(space.path(), name, &text);
        let start = text.chars().take(60).collect::<String>();
        let ran = ends(space.path(), &["check", "--strict", "--format", "json", "."]);
        assert!((0..=2).contains(&ran.status), "{name}: {start}");
        assert!(!ran.stderr.contains("internal error"), "{name}: {start}: {}", ran.stderr);
    }
}

#[test]
fn aliases_that_multiply_are_a_broken_card() {
    let mut card = "---\nsdk: gradio\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let list = vec![format!("*a{}", level - 1); 9].join(", ");
        card.extend([&format!("a{level}: &a{level} [{list}]\n")[..]]);
    }
    let space = folder(&[("README.md", &(card + "---\n")), ("app.py", "")]);
    let ran = ends(space.path(), &["check", "--format", "json", "."]);
    assert!(ran.rules().contains(&"broken-card".to_owned()), "{}", ran.stdout);
}

#[test]
fn requirements_that_name_each_other_are_read_once() {
    let space = space();
    write(space.path(), "requirements.txt", "-r requirements.txt\n-r r0.txt\n-r ./r0.txt\n");
    for index in 0..300 {
        let text = format!("-r r{}.txt\n-r requirements.txt\n-c r{index}.txt\nnumpy\n", index + 1);
        write(space.path(), &format!("r{index}.txt"), &text);
    }
    assert_eq!(checked(space.path()).rules(), ["unused-ignore"]);
}

/// Thousands of events, all of one kind: no rule may compare each with each.
#[test]
fn a_secret_that_is_read_everywhere_is_one() {
    let app = format!("import os\n{}", "os.environ['API_KEY']\n".repeat(30_000));
    let space = folder(&[("README.md", CARD), ("app.py", &app)]);
    let ran = ends(space.path(), &["check", "--select", "missing-secret", "--format", "json", "."]);
    assert_eq!((ran.status, ran.rules()), (1, vec!["missing-secret".to_owned()]), "{}", ran.stderr);
}

/// Calls of which each makes two: the trace ends by its budgets, and says so.
#[test]
fn calls_that_multiply_end_by_a_budget() {
    let mut app = "import os\n".to_owned();
    for index in 0..64 {
        let next = index + 1;
        app.extend([
            &format!("def f{index}(x):\n    os.getenv(x)\n    f{next}(x + '0')\n")[..],
            &format!("    f{next}(x + '1')\n"),
        ]);
    }
    app += "def f64(x): pass\nf0(os.name)\n";
    let space = folder(&[("README.md", CARD), ("app.py", &app)]);
    let ran = ends(space.path(), &["check", "--strict", "--format", "json", "."]);
    assert!((0..=1).contains(&ran.status), "{}", ran.stderr);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
}

#[test]
fn names_that_differ_in_case_alone_are_two() {
    let space = folder(&[
        ("README.md", CARD),
        ("readme.md", "---\nsdk: static\n---\n"),
        ("app.py", "import helper, Helper\n"),
        ("App.py", "x = ("),
        ("helper.py", ""),
        ("Helper.py", "import gradio  # spacelint: ignore[no-such-rule]\n"),
    ]);
    let ran = checked(space.path());
    assert_eq!(ran.rules(), ["unused-ignore"], "{}", ran.stderr);
    assert!(ran.stdout.contains("Helper.py"), "{}", ran.stdout);
}

/// Deeper than a path may be long, made from within.
#[test]
fn folders_deeper_than_any_path_are_left_out() {
    let spaces = folder(&[("one/README.md", CARD), ("one/app.py", APP)]);
    let program = "import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(120):\n    os.mkdir('d' * 200)\n    \
                os.chdir('d' * 200)\nopen('README.md', 'w').write('---\\nsdk: gradio\\n---\\n')\n";
    for below in ["", "one"] {
        let made = Command::new("python3.11")
            .args(["-c", program])
            .arg(spaces.path().join(below))
            .status();
        assert!(made.expect("Python 3.11 is installed").success());
    }
    let ran = checked(spaces.path());
    assert_eq!((ran.status, ran.rules()), (1, vec!["unused-ignore".to_owned()]), "{}", ran.stderr);
    let ran = ends(&spaces.path().join("one"), &["check", "-q"]);
    assert_eq!(ran.stderr, "");
}

/// While it is checked, somebody writes, removes and replaces its files, by pipes too.
#[test]
fn files_that_change_while_they_are_read_end_no_run() {
    let space = space();
    let root = space.path().to_owned();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let changing = thread::spawn(move || {
        let mut turn = 0usize;
        while stopped.try_recv().is_err() {
            turn += 1;
            let path = root.join(READ[turn % READ.len()]);
            let aside = root.join("aside");
            let _ = fs::remove_file(&aside);
            match turn % 5 {
                0 => drop(fs::remove_file(&path)),
                1 => drop(fs::write(&aside, "x = (\n".repeat(turn % 99))),
                2 => drop(symlink("/dev/zero", &aside)),
                3 => drop(fs::create_dir(root.join("helper.py"))),
                _ => drop(fs::write(&aside, CARD)),
            }
            let _ = fs::rename(&aside, &path);
            let _ = fs::remove_dir(root.join("helper.py"));
        }
    });
    for arguments in
        [&["check", "-q", "app.py"][..], &["check", "-q", "--fix", "--unsafe-fixes", "app.py"]]
            .repeat(40)
    {
        let ran = ends(space.path(), arguments);
        assert!((0..=2).contains(&ran.status), "{}", ran.stderr);
        assert!(!ran.stderr.contains("internal error"), "{}", ran.stderr);
    }
    stop.send(()).expect("it listens");
    changing.join().expect("it changes files to the end");
    let left = fs::read_dir(space.path()).expect("it is there").flatten();
    let left: Vec<_> =
        left.filter(|one| one.file_name().to_string_lossy().starts_with(".spacelint-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A disk that is full is one on which no file may grow: the old text stays, and nothing is left beside it.
#[test]
fn a_full_disk_changes_nothing() {
    let app = format!("{APP}{}", "# a line\n".repeat(2000));
    let space = folder(&[("README.md", CARD), ("app.py", &app)]);
    let binary = env!("CARGO_BIN_EXE_spacelint");
    // A write past the limit is a signal that is passed over here, and then an error.
    let limited =
        format!("trap '' XFSZ; ulimit -f 8; exec {binary} check --select unused-ignore --fix -q .");
    let out = Command::new("sh")
        .args(["-c", &limited])
        .current_dir(space.path())
        .output()
        .expect("sh runs");
    let said = String::from_utf8(out.stderr).expect("it prints UTF-8");
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(
        said.contains("cannot write `app.py`")
            && said.contains("nothing in this Space was changed"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(space.path().join("app.py")).expect("it is there"), app);
    assert_eq!(fs::read_dir(space.path()).expect("it is there").count(), 2);
}

/// What the user may not write stays as it was. Root may write everywhere but where a file system is read-only, so a
/// read-only file, which its owner wants unchanged, stands for it there.
#[test]
fn a_read_only_tree_changes_nothing() {
    let space = space();
    let app = space.path().join("app.py");
    fs::set_permissions(&app, fs::Permissions::from_mode(0o444)).expect("it is ours");
    fs::set_permissions(space.path(), fs::Permissions::from_mode(0o555)).expect("it is ours");
    let ran = run(space.path(), &[&CHECK[..], &["--fix", "."]].concat());
    fs::set_permissions(space.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot write `app.py`"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&app).expect("it is there"), APP);
    assert_eq!(fs::read_dir(space.path()).expect("it is there").count(), 2);
}

#[test]
#[ignore = "a hundred thousand files"]
fn a_hundred_thousand_files_are_walked() {
    let spaces = space();
    for folder in 0..100 {
        let folder = spaces.path().join(format!("data/{folder}"));
        fs::create_dir_all(&folder).expect("a folder");
        for file in 0..1000 {
            File::create(folder.join(format!("{file}.py"))).expect("a file");
        }
    }
    let one = spaces.path().join("flat");
    fs::create_dir(&one).expect("a folder");
    for file in 0..100_000 {
        File::create(one.join(format!("{file}.txt"))).expect("a file");
    }
    assert_eq!(checked(spaces.path()).rules(), ["unused-ignore"]);
    fs::create_dir(spaces.path().join("data/7/inner")).expect("a folder");
    fs::rename(spaces.path().join("README.md"), spaces.path().join("data/7/inner/README.md"))
        .expect("moved");
    fs::rename(spaces.path().join("app.py"), spaces.path().join("data/7/inner/app.py"))
        .expect("moved");
    assert_eq!(checked(spaces.path()).rules(), ["unused-ignore"]);
}
