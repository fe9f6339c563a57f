//! The lowering against ruff's parser, on mutilated input, and at great depth.

mod oracle;

use std::path::{Path, PathBuf};

use spacelint_python::parse;
use spacelint_python::syntax::{ExprKind, MAX_NESTING, Stmt, StmtKind};

/// Where the two trees first differ.
fn first_difference(ours: &[Stmt], theirs: &[Stmt]) -> String {
    let Some((ours, theirs)) = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs) else {
        return format!("{} statements, ruff has {}", ours.len(), theirs.len());
    };
    // On one line, since indenting a deep tree takes minutes.
    let (ours, theirs) = (format!("{ours:?}"), format!("{theirs:?}"));
    let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let show =
        |text: &str| -> String { text.chars().skip(same.saturating_sub(300)).take(700).collect() };
    format!("--- ours\n{}\n--- ruff\n{}", show(&ours), show(&theirs))
}

/// Agreement, or our statements and ruff's.
type Verdict = Result<(), (Vec<Stmt>, Vec<Stmt>)>;

/// Compares the two readings of `text`; `None` where one of the parsers finds an error.
fn compare(text: &str) -> Option<Verdict> {
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
        panic!("{}", first_difference(&ours, &theirs));
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
                let difference = first_difference(&ours, &theirs);
                failures.push(format!("{}\n{difference}", path.display()));
            }
        }
    }
    let shown = failures[..failures.len().min(9)].join("\n\n");
    assert!(failures.is_empty(), "{} differ, {compared} do not:\n{shown}", failures.len());
    assert!(compared * 20 >= files.len() * 19, "{compared} of {} were compared", files.len());
}

/// The deepest nesting of statements and expressions in `body`, read from how it is shown.
fn nesting(body: &[Stmt]) -> usize {
    let (mut open, mut depth, mut deepest) = (Vec::new(), 0, 0);
    let shown = format!("{body:?}");
    for (at, c) in shown.char_indices() {
        match c {
            '{' => {
                let before = &shown[..at];
                let counts = before.ends_with(" Expr ")
                    || before.ends_with(" Stmt ")
                    || before.ends_with("(Expr ")
                    || before.ends_with("[Expr ")
                    || before.ends_with("[Stmt ");
                open.push(counts);
                depth += usize::from(counts);
                deepest = deepest.max(depth);
            }
            '}' => depth -= usize::from(open.pop().unwrap_or_default()),
            _ => {}
        }
    }
    deepest
}

/// Runs `check` with as little stack as a thread of the standard library gets.
fn on_a_small_stack(check: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(check);
    thread.expect("a thread starts").join().expect("nothing panics");
}

#[test]
fn depth_is_cut_and_needs_little_stack() {
    on_a_small_stack(|| {
        const DEEP: usize = 3_000;
        let repeat = |count: usize, before: &str, inner: &str, after: &str| {
            let (before, after) = (before.repeat(count), after.repeat(count));
            format!("first = 1\n{before}{inner}{after}\nlast = 2\n")
        };
        let around = |before: &str, inner: &str, after: &str| repeat(DEEP, before, inner, after);
        let indented = |header: &str, count: usize| -> String {
            let line = |level: usize| format!("{}{header}\n", " ".repeat(level));
            (0..count).map(line).chain([format!("{}pass\n", " ".repeat(count))]).collect()
        };
        let cases = [
            repeat(100_000, "(", "x", ")"),
            repeat(100_000, "", "x", " + x"),
            around("(", "x", ""),
            around("", "x", ")"),
            around("def f(", "x", ""),
            around("[", "x", "]"),
            around("{", "x", "}"),
            around("f(", "x", ")"),
            around("f(*", "x", ")"),
            around("f(a=", "x", ")"),
            around("a[", "x", "]"),
            around("a[1, ", "x", "]"),
            around("a[1:", "x", "]"),
            around("{1: ", "x", "}"),
            around("(1, ", "x", ")"),
            around("-", "x", ""),
            around("not ", "x", ""),
            around("await ", "x", ""),
            around("lambda: ", "x", ""),
            around("lambda y=", "x", ": y"),
            around("", "x", " + x"),
            around("x ** ", "x", ""),
            around("x and ", "x", ""),
            around("(x and ", "x", ") or y"),
            around("x < ", "x", ""),
            around("x if y else ", "x", ""),
            around("", "x", ".y"),
            around("", "x", "()"),
            around("", "x", "[0]"),
            around("", "x", ".y(1)[2]"),
            around("x = ", "x", ""),
            around("(x := ", "x", ")"),
            around("[y for y in ", "x", "]"),
            around("[", "y", " for y in x]"),
            around("'a' ", "'a'", ""),
            around("@x\n", "def f(): pass", ""),
            around("x; ", "x", ""),
            format!("x: {}", "list[".repeat(DEEP) + "int" + &"]".repeat(DEEP)),
            format!("x: {}", "list[".repeat(DEEP) + "int" + &"] | None".repeat(DEEP)),
            format!("with {}: pass", "(".repeat(DEEP) + "x" + &")".repeat(DEEP)),
            format!("del {}", "(".repeat(DEEP) + "x" + &")".repeat(DEEP)),
            around("for x in y: ", "x", ""),
            format!("type X = {}", "list[".repeat(DEEP) + "int" + &"]".repeat(DEEP)),
            format!("match x:\n case {}: pass", "[".repeat(DEEP) + "x" + &"]".repeat(DEEP)),
            format!("match x:\n case {}: pass", "(x | ".repeat(DEEP) + "x" + &")".repeat(DEEP)),
            format!("match x:\n case {}: pass", "A(x=".repeat(DEEP) + "x" + &")".repeat(DEEP)),
            format!("match x:\n case x{}: pass", ".x".repeat(DEEP)),
            format!("if x: pass\n{}", "elif x: pass\n".repeat(DEEP)),
            format!("try: pass\n{}", "except x: pass\n".repeat(DEEP)),
            (0..DEEP).fold("def f():\n".to_owned(), |body, i| body + &format!(" x{i} = 1\n")),
            indented("if x:", 500),
            indented("def f():", 500),
            indented("class A:", 500),
            indented("try:", 500),
            indented("with x:", 500),
            (0..60).fold("x".to_owned(), |inner, _| format!("f'{{{inner}}}'")),
            (0..60).fold("x".to_owned(), |inner, _| format!("f'{{y:{{{inner}}}}}'")),
            (0..60).fold("x".to_owned(), |inner, _| format!("f'{{(lambda: [{inner}, a][0])()}}'")),
        ];
        for text in &cases {
            let depth = nesting(&parse(text).body);
            let shown: String = text.chars().take(40).collect();
            assert!((1..=MAX_NESTING).contains(&depth), "{depth} levels: {shown}");
        }
    });
}

#[test]
fn long_ladders_are_whole() {
    let text = format!("if x: pass\n{}", "elif y: z\n".repeat(5_000));
    let body = parse(&text).body;
    assert!(matches!(&body[0].kind, StmtKind::If { arms, .. } if arms.len() == 5_001));
    let body = parse(&("x".to_owned() + &" or y".repeat(5_000))).body;
    let StmtKind::Expr(expr) = &body[0].kind else { panic!("{body:?}") };
    assert!(matches!(&expr.kind, ExprKind::Logic { values, .. } if values.len() == 5_001));
    let body = parse(&("x = ".repeat(5_000) + "y")).body;
    assert!(matches!(&body[0].kind, StmtKind::Assign { targets, .. } if targets.len() == 5_000));
}

/// Marsaglia's generator: the same mutilations on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

#[test]
fn mutilated_text_never_panics() {
    on_a_small_stack(|| {
        let text = include_str!("constructs.py");
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let noise = b"()[]{}:;,.=*@#\"'\\\n\r\t f0_\0\xc3\xff";
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        for _ in 0..600 {
            let first = random.below(lines.len());
            let count = 1 + random.below(60);
            let chosen: String = lines[first..].iter().take(count).copied().collect();
            let mut bytes = chosen.into_bytes();
            for _ in 0..random.below(6) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] = noise[random.below(noise.len())],
                    1 => bytes.insert(at, noise[random.below(noise.len())]),
                    2 => drop(bytes.drain(at..(at + random.below(30)).min(bytes.len()))),
                    _ => bytes.truncate(at.max(1)),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            let module = parse(&text);
            let end = text.len() as u32;
            assert!(module.body.iter().all(|stmt| stmt.span.end <= end), "{text}");
            assert!(module.body.is_sorted_by_key(|stmt| stmt.span.start), "{text}\n{module:#?}");
        }
    });
}

/// The first line of each statement of `text`.
fn seen(text: &str) -> Vec<&str> {
    let first = |stmt: &Stmt| text[stmt.span.range()].lines().next().unwrap_or_default();
    parse(text).body.iter().map(first).collect()
}

#[test]
fn what_stands_around_an_error_is_kept() {
    assert_eq!(seen("import a\nx = = 1\nimport b\n"), ["import a", "x = = 1", "import b"]);
    assert_eq!(seen("import a\ndef f(\n\nimport b\nx = 1\n"), ["import a", "import b", "x = 1"]);
    assert_eq!(seen("a = (1\nb = 2\nimport c\n").last(), Some(&"import c"));
    assert_eq!(seen("if a\n    b = 1\nimport c\n").last(), Some(&"import c"));
    for broken in ["def f(:\n    pass", "print('x", "class A\n  def f(self): pass", "x = [1,"] {
        let text = format!("import a\n{broken}\nimport b\nfrom c import d\n");
        let seen = seen(&text);
        assert_eq!(seen.first(), Some(&"import a"), "{broken}");
        assert_eq!(seen.last(), Some(&"from c import d"), "{broken}");
    }
}

#[test]
fn valid_code_that_the_grammar_calls_broken_still_binds() {
    let module = parse("x: T[int] or None\ny = 1\n");
    assert!(matches!(&module.body[0].kind, StmtKind::AnnAssign { target, .. }
        if matches!(&target.kind, ExprKind::Name(name) if &**name == "x")));
    assert_eq!(module.body.len(), 2);
    let module = parse("def f[T = int](a: T):\n    return a\ny = 1\n");
    assert!(matches!(&module.body[0].kind, StmtKind::Function(f) if &*f.name == "f"));
    assert_eq!(module.body.len(), 2);
}

#[test]
fn errors_are_located() {
    assert!(parse("import a\n").broken.is_empty());
    let broken = parse("a = 1\nb = = 2\nc = 3\n").broken;
    assert_eq!(broken.len(), 1);
    assert!((6..14).contains(&broken[0].start), "{broken:?}");
}

#[test]
fn line_endings_and_marks_do_not_matter() {
    let text = "import a\ndef f(x):\n    if x:\n        y = 'a' \\\n 'b' 'c\\\nd'\n    return y\n";
    let shape = |text: &str| {
        let module = parse(text);
        assert!(module.broken.is_empty(), "{text:?}");
        // Everything but the places.
        let shown = format!("{:?}", module.body);
        let places = shown.split("Span {").map(|part| part.split_once('}').map_or(part, |it| it.1));
        places.collect::<Vec<_>>().concat()
    };
    let expected = shape(text);
    assert_eq!(shape(&text.replace('\n', "\r\n")), expected);
    assert_eq!(shape(&format!("\u{feff}{text}")), expected);
    assert_eq!(shape(&format!("\x0c\n{text}\x0c\n")), expected);
    assert_eq!(shape(&text.replace("    ", "\t")), expected);
    assert_eq!(shape(text.trim_end()), expected);
    let triple = "x = '''a\nb''' f'''a\n{b}'''\n";
    assert_eq!(shape(&triple.replace('\n', "\r\n")), shape(triple));
}
