//! The lowering against ruff's parser, on mutilated input, and at great depth.

mod oracle;

use std::path::{Path, PathBuf};

use spacelint_python::parse;
use spacelint_python::syntax::Stmt;

/// The first line in which the two trees differ, with some lines around it.
fn first_difference(ours: &[Stmt], theirs: &[Stmt]) -> Option<String> {
    let differing = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs);
    let (ours, theirs) = match differing {
        Some((ours, theirs)) => (format!("{ours:#?}"), format!("{theirs:#?}")),
        None if ours.len() == theirs.len() => return None,
        None => return Some(format!("{} statements, ruff has {}", ours.len(), theirs.len())),
    };
    let same = ours.lines().zip(theirs.lines()).take_while(|(a, b)| a == b).count();
    let show = |text: &str| {
        let lines = text.lines().skip(same.saturating_sub(20)).take(40);
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    };
    Some(format!("--- ours\n{}\n--- ruff\n{}", show(&ours), show(&theirs)))
}

/// Compares the two readings of `text`; `None` where one of the parsers finds an error.
fn compare(text: &str) -> Option<Result<(), (Vec<Stmt>, Vec<Stmt>)>> {
    // The lowering has no table of character names, which the standard library does use.
    let text = &without_named_characters(text);
    let theirs = oracle::parse(text)?;
    let ours = parse(text);
    if !ours.broken.is_empty() {
        return None;
    }
    // Showing a tree takes far longer than comparing it.
    let verdict = if ours.body == theirs { Ok(()) } else { Err((ours.body, theirs)) };
    Some(verdict)
}

/// `text` with a replacement character for each `\N{…}`.
fn without_named_characters(text: &str) -> String {
    let mut pieces = text.split("\\N{");
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            Some((name, rest))
                if name.bytes().all(|b| b.is_ascii_alphanumeric() || b" -".contains(&b)) =>
            {
                result.push(char::REPLACEMENT_CHARACTER);
                result.push_str(rest);
            }
            _ => {
                result.push_str("\\N{");
                result.push_str(piece);
            }
        }
    }
    result
}

/// What to compare on: the folder that `SPACELINT_PYTHON_CORPUS` names, or else CPython's library.
fn corpus() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("SPACELINT_PYTHON_CORPUS") {
        return Some(folder.into());
    }
    let program = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let output = std::process::Command::new("python3").args(["-c", program]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_dir().then_some(path)
}

/// The Python files of `folder`, without what is installed into a library or tests it: that is ten
/// times its size.
fn python_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "site-packages" && name != "test" {
            python_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(path);
        }
    }
}

/// Where ruff's reading is the right one, and the grammar's is kept for want of anyone it hurts.
const DEVIATIONS: [(&str, &str); 4] = [
    ("lib2to3/tests/data/py3_test_grammar.py", "`^` binds tighter than `&` in the grammar"),
    ("test/test_grammar.py", "`^` binds tighter than `&` in the grammar"),
    ("test/test_traceback.py", "names are not normalised"),
    ("test/test_unicode_identifiers.py", "names are not normalised"),
];

#[test]
fn reads_every_construct_as_ruff_does() {
    let text = include_str!("constructs.py");
    assert!(oracle::parse(text).is_some(), "{:?}", ruff_python_parser::parse_module(text).err());
    let broken = parse(text).broken;
    let lines: Vec<_> = broken.iter().map(|span| &text[span.range()]).collect();
    assert!(broken.is_empty(), "{lines:?}");
    if let Some(Err((ours, theirs))) = compare(text) {
        panic!("{}", first_difference(&ours, &theirs).unwrap_or_default());
    }
}

#[test]
fn reads_the_standard_library_as_ruff_does() {
    let Some(folder) = corpus() else { return };
    let mut files = Vec::new();
    python_files(&folder, &mut files);
    files.sort();
    let (mut compared, mut failures) = (0, Vec::new());
    files.retain(|path| DEVIATIONS.iter().all(|(end, _)| !path.ends_with(end)));
    for path in &files {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        match compare(&text) {
            None => {}
            Some(Ok(())) => compared += 1,
            Some(Err((ours, theirs))) => {
                let shown =
                    if failures.len() < 9 { first_difference(&ours, &theirs) } else { None };
                failures.push(format!("{}\n{}", path.display(), shown.unwrap_or_default()));
            }
        }
    }
    let shown = failures.join("\n\n");
    assert!(failures.is_empty(), "{} differ, {compared} do not:\n{shown}", failures.len());
    assert!(compared * 20 >= files.len() * 19, "{compared} of {} were compared", files.len());
}
