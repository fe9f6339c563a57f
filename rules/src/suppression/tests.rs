use spacelint_space::Space;

use super::*;
use crate::check::{Selection, check};
use crate::fix::ignore;
use crate::testing::{HEAVY, LIGHT, at, finding, memory};

/// Reads `text` at `path` as part of a Space and says, for each of `needles`, whether a finding of
/// `heavy` there is silenced.
#[track_caller]
fn silences(path: &str, text: &str, needles: &[(&str, bool)]) {
    let (space, file) = space(path, text);
    for (needle, expected) in needles {
        let finding = finding(&HEAVY, at(&file, needle), None);
        let suppressions = of_space(&space, std::slice::from_ref(&finding));
        let silenced = suppressions.iter().find_map(|file| file.silence(&finding));
        assert_eq!(silenced.is_some(), *expected, "a finding at {needle:?} in\n{text}");
    }
}

fn space(path: &str, text: &str) -> (Space, Arc<SourceFile>) {
    let files = memory(&[(path, text)]);
    let file = files.read(path.into()).expect("it is in memory").expect("it is there");
    (Space::read(&files), file)
}

/// The faults of `text` when `heavy` ran and found nothing, and the text without each of them.
fn faults(text: &str) -> Vec<(Fault, String)> {
    let (space, file) = space("app.py", text);
    let suppressions = of_space(&space, &[]);
    let is_known = |name: &str| [HEAVY.name, LIGHT.name].contains(&name);
    let mut found: Vec<Faulty> = Vec::new();
    for suppressions in &suppressions {
        found.extend(suppressions.faults(is_known));
        found.extend(suppressions.unused(|name| name == HEAVY.name));
    }
    found
        .into_iter()
        .map(|faulty| {
            let mut text = file.text.as_str().to_owned();
            text.replace_range(faulty.removal.location.span.range(), &faulty.removal.content);
            (faulty.fault, text)
        })
        .collect()
}

#[test]
fn a_trailing_comment_covers_the_logical_line_it_ends() {
    silences(
        "app.py",
        "above()\nf(\n  one,\n  two,\n)  # spacelint: ignore[heavy]\nbelow()\n",
        &[("above", false), ("f(", true), ("one", true), ("two", true), ("below", false)],
    );
    silences(
        "app.py",
        "x = 1 + \\\n    two()  # spacelint: ignore[heavy]\ny = '''\nthree\n'''  # spacelint: ignore[heavy]\nz\n",
        &[("x", true), ("two", true), ("y =", true), ("three", true), ("z", false)],
    );
}

#[test]
fn a_comment_inside_brackets_covers_their_line() {
    silences(
        "app.py",
        "f(\n  one,  # spacelint: ignore[heavy]\n  two,\n  # spacelint: ignore[light]\n)\nbelow()\n",
        &[("f(", true), ("one", true), ("two", true), ("below", false)],
    );
}

#[test]
fn alone_on_a_line_it_covers_the_next_logical_line() {
    silences(
        "app.py",
        "above()\n# spacelint: ignore[heavy]\n# a remark\n\n@gpu(\n  one,\n)\ndef f(): pass\n",
        &[("above", false), ("remark", true), ("@gpu", true), ("one", true), ("def", false)],
    );
}

#[test]
fn a_header_is_not_its_block() {
    silences(
        "app.py",
        "def f(  # spacelint: ignore[heavy]\n  a,\n):\n  body()\n",
        &[("def", true), ("a,", true), ("body", false)],
    );
}

#[test]
fn a_string_is_no_comment() {
    silences("app.py", "x('# spacelint: ignore[heavy]')\n", &[("x", false)]);
    silences("app.py", "x = '''\n# spacelint: ignore[heavy]\n'''; y\n", &[("y", false)]);
    silences("app.py", "x(f'{a[\"# spacelint: ignore[heavy]\"]}')\n", &[("x", false)]);
}

#[test]
fn the_file_is_covered_from_its_first_comment_block() {
    let text = "#!/usr/bin/env python\n# é\n# spacelint: ignore-file[heavy]\n'''Doc.'''\none()\n";
    silences("app.py", text, &[("Doc", true), ("one", true), ("#!", true)]);
    silences("app.py", "one()\n# spacelint: ignore-file[heavy]\n", &[("one", false)]);
}

#[test]
fn requirements_and_their_continuations() {
    silences(
        "requirements.txt",
        "a==1  # spacelint: ignore[heavy]\nb \\\n  ==2  # spacelint: ignore[heavy]\nc\n\
         # spacelint: ignore[heavy]\n\nd \\\n  ==4\ne\n",
        &[
            ("a==", true),
            ("b ", true),
            ("==2", true),
            ("c\n", false),
            ("d ", true),
            ("==4", true),
            ("e\n", false),
        ],
    );
    silences(
        "requirements.txt",
        "# what it needs\n# spacelint: ignore-file[heavy]\na\nb#x\n",
        &[("a\n", true), ("b#", true)],
    );
}

#[test]
fn a_card_and_its_values_of_many_lines() {
    let text = "---\n# spacelint: ignore[heavy]\ntitle: >\n  one\n  two\nemoji: 'a # spacelint: ignore[heavy]'\n\
                tags: [a,\n  b]  # spacelint: ignore[heavy]\nmodels:\n  - c  # spacelint: ignore[heavy]\n  - d\n---\n\
                body # spacelint: ignore[heavy]\n";
    silences(
        "README.md",
        text,
        &[
            ("title", true),
            ("one", true),
            ("two", true),
            ("emoji", false),
            ("tags", true),
            ("b]", true),
            ("models", false),
            ("c  #", true),
            ("d\n", false),
            ("body", false),
        ],
    );
    silences(
        "README.md",
        "---\n# spacelint: ignore-file[heavy]\ntitle: a\nsdk: gradio\n---\n",
        &[("title", true), ("sdk", true)],
    );
}

#[test]
fn text_in_a_script_is_no_comment() {
    silences(
        "run.sh",
        "above\none \\\n  two  # spacelint: ignore[heavy]\n# spacelint: ignore[heavy]\nthree \\\n  four\nbelow\n",
        &[
            ("above", false),
            ("one", true),
            ("two", true),
            ("three", true),
            ("four", true),
            ("below", false),
        ],
    );
    for text in [
        "x <<'E F'\n# spacelint: ignore[heavy]\nE\nneedle\n",
        "x <<EOF\n# spacelint: ignore[heavy]\nneedle\nEOF\n",
        "x <<-\"EOF\" # y\n# spacelint: ignore[heavy]\nneedle\n\tEOF\n",
        "x \"a\n# spacelint: ignore[heavy]\nneedle\"\n",
        "x 'a\n# spacelint: ignore[heavy]\nneedle'\n",
        "x $'a\\'\n# spacelint: ignore[heavy]\nneedle'\n",
        "x \"$(y <<E\n# spacelint: ignore[heavy]\nE\n)\" needle\n",
        "needle a#b\\\n# spacelint: ignore[heavy]\n",
        "needle ${#a} \\# spacelint: ignore[heavy]\n",
    ] {
        silences("run.sh", text, &[("needle", false)]);
    }
    for text in [
        "needle \"a # b\" # spacelint: ignore[heavy]\n",
        "needle $((1 << 2)) <<<b # spacelint: ignore[heavy]\n",
        "needle <<E # spacelint: ignore[heavy]\n#\nE\n",
        "\u{feff}# spacelint: ignore[heavy]\r\nneedle <<E\r\nE\r\n",
        "x <<E\n'\nE\nneedle # spacelint: ignore[heavy]\n",
        "x $(y 'z' \"$(a)\") \\\" ; needle # spacelint: ignore[heavy]\n",
    ] {
        silences("run.sh", text, &[("needle", true)]);
    }
    silences(
        "Dockerfile",
        "RUN a && \\\n  # spacelint: ignore[heavy]\n  needle # spacelint: ignore[light]\nother\n",
        &[("RUN", true), ("needle", true), ("other", false)],
    );
    for text in [
        "RUN <<E\n# spacelint: ignore[heavy]\nE\nneedle\n",
        "ENV needle=x # spacelint: ignore[heavy]\n",
        "COPY <<E /x\n# spacelint: ignore[heavy]\nneedle\nE\n",
    ] {
        silences("Dockerfile", text, &[("needle", false)]);
    }
}

#[test]
fn text_in_yaml_is_no_comment() {
    for text in [
        "a: |\n  # spacelint: ignore[heavy]\n  needle\nb: 1\n",
        "a: >-\n  x\n\n  # spacelint: ignore[heavy]\nneedle: 1\n",
        "- \"x\n  # spacelint: ignore[heavy]\n  needle\"\n",
        "needle: 'x # spacelint: ignore[heavy]'\n",
        "needle: x# spacelint: ignore[heavy]\n",
    ] {
        silences("env.yaml", text, &[("needle", false)]);
    }
    for text in [
        "a: | # spacelint: ignore[heavy]\n  needle\n",
        "\u{feff}# spacelint: ignore[heavy]\r\na: |\r\n  x\r\n  needle\r\n",
        "a: [x,\n  needle] # spacelint: ignore[heavy]\n",
        "a:\n  - b: 1\n    needle: 2 # spacelint: ignore[heavy]\n",
    ] {
        silences("env.yml", text, &[("needle", true)]);
    }
}

#[test]
fn the_comment_that_would_silence_stands_where_it_is_one() {
    let ignoring = |path: &str, text: &str, needle: &str| -> Option<String> {
        let (space, file) = space(path, text);
        let edit = super::ignoring(&space, &finding(&HEAVY, at(&file, needle), None))?;
        let mut text = text.to_owned();
        text.insert_str(edit.location.span.start as usize, &edit.content);
        silences(path, &text, &[(needle, true)]);
        Some(text)
    };
    let words = "# spacelint: ignore[heavy]";
    assert_eq!(
        ignoring("app.py", "def f():\n    g(\n      1)  # why\n", "1"),
        Some(format!("def f():\n    g(\n      1)  # why  {words}\n"))
    );
    assert_eq!(
        ignoring("app.py", "    # only words\nx\n", "only"),
        Some(format!("    {words}\n    # only words\nx\n"))
    );
    assert_eq!(
        ignoring("README.md", "---\ntitle: |\n  one\n  two\nsdk: x\n---\n", "two"),
        Some(format!("---\n{words}\ntitle: |\n  one\n  two\nsdk: x\n---\n"))
    );
    assert_eq!(
        ignoring("README.md", "---\ntitle: a\n---\n", "title"),
        Some(format!("---\ntitle: a  {words}\n---\n"))
    );
    assert_eq!(
        ignoring("requirements.txt", "a \\\n  ==1\n", "a"),
        Some(format!("a \\\n  ==1  {words}\n"))
    );
    assert_eq!(
        ignoring("run.sh", "a\nb \\\n  -x 1\n", "1"),
        Some(format!("a\n{words}\nb \\\n  -x 1\n"))
    );
    assert_eq!(
        ignoring("run.sh", "b <<E\n  x\nE\n", "x"),
        Some(format!("{words}\nb <<E\n  x\nE\n"))
    );
    assert_eq!(
        ignoring("env.yaml", "a:\n  b: |\n    x\n    1\n", "1"),
        Some(format!("a:\n  {words}\n  b: |\n    x\n    1\n"))
    );
    assert_eq!(ignoring("README.md", "---\ntitle: a\n---\nbody\n", "body"), None);
    assert_eq!(ignoring("README.md", "---\ntitle: a\n---\n", "---"), None);
}

#[test]
fn a_comment_that_covers_the_line_already_gets_one_more_name() {
    let ignoring = |path: &str, text: &str| -> String {
        let (space, file) = space(path, text);
        let edit =
            super::ignoring(&space, &finding(&HEAVY, at(&file, "x"), None)).expect("a place");
        let mut text = text.to_owned();
        text.insert_str(edit.location.span.start as usize, &edit.content);
        silences(path, &text, &[("x", true)]);
        text
    };
    assert_eq!(
        ignoring("app.py", "# spacelint: ignore-file[light]\nx  # spacelint: ignore[light] why\n"),
        "# spacelint: ignore-file[light]\nx  # spacelint: ignore[light, heavy] why\n"
    );
    assert_eq!(
        ignoring("app.py", "# spacelint: ignore[a, light ]\nf(\n  x)\n"),
        "# spacelint: ignore[a, light, heavy ]\nf(\n  x)\n"
    );
    assert_eq!(
        ignoring("app.py", "x  # spacelint: ignore\n"),
        "x  # spacelint: ignore  # spacelint: ignore[heavy]\n"
    );
    assert_eq!(
        ignoring("requirements.txt", "x  # spacelint: ignore[light]\n"),
        "x  # spacelint: ignore[light, heavy]\n"
    );
}

#[test]
fn the_name_in_a_comment_is_found_where_it_stands() {
    let text = "x = '# spacelint: ignore[no]'  # spacelint: ignore[light, nothing]\n";
    let (space, file) = space("app.py", text);
    let named = |what: &str| {
        let offset = text.find(what).expect("it is there") as u32 + 1;
        let (name, span) = super::ignored_at(&space, &file, offset)?;
        assert_eq!(file.text.slice(span), name);
        Some(name)
    };
    assert_eq!(named("light").as_deref(), Some("light"));
    assert_eq!(named("nothing").as_deref(), Some("nothing"));
    assert_eq!((named("no]"), named("x =")), (None, None));
}

#[test]
fn crlf_and_a_byte_order_mark_change_nothing() {
    silences(
        "app.py",
        "\u{feff}# spacelint: ignore[heavy]\r\none()\r\ntwo(\r\n3)  # spacelint: ignore[heavy]\r\n",
        &[("one", true), ("two", true), ("3)", true)],
    );
    silences(
        "requirements.txt",
        "\u{feff}# spacelint: ignore[heavy]\r\nx\r\ny  # spacelint: ignore[heavy]\r\n",
        &[("x", true), ("y ", true)],
    );
}

#[test]
fn the_narrower_of_two_is_used_and_the_other_not() {
    let text = "# spacelint: ignore-file[heavy]\none()  # spacelint: ignore[heavy, heavy]\n";
    let (space, file) = space("app.py", text);
    let suppressions = of_space(&space, &[]);
    let by = suppressions[0].silence(&finding(&HEAVY, at(&file, "one"), None)).expect("silenced");
    assert_eq!(file.text.slice(by.span), "# spacelint: ignore[heavy, heavy]");
    let unused: Vec<u32> =
        suppressions[0].unused(|_| true).iter().map(|f| f.location.span.start).collect();
    let second = text.rfind("heavy").expect("it is there") as u32;
    assert_eq!(unused, [text.find("heavy").expect("it is there") as u32, second]);
}

#[test]
fn what_is_unused_is_judged_only_where_it_can_be() {
    assert_eq!(faults("x()  # spacelint: ignore[light]\n"), []);
    let unused = |name: &str| Fault::Unused(name.to_owned());
    assert_eq!(
        faults("x()  # spacelint: ignore[heavy]\n"),
        [(unused("heavy"), "x()\n".to_owned())]
    );
}

#[test]
fn a_removal_takes_the_name_the_comment_or_the_line() {
    let removed =
        |text: &str| -> Vec<String> { faults(text).into_iter().map(|(_, text)| text).collect() };
    assert_eq!(
        removed("x  # spacelint: ignore[heavy, light]\n"),
        ["x  # spacelint: ignore[light]\n"]
    );
    assert_eq!(
        removed("x  # spacelint: ignore[light, heavy] why\n"),
        ["x  # spacelint: ignore[light] why\n"]
    );
    assert_eq!(removed("x\n    # spacelint: ignore[heavy]\ny\n"), ["x\ny\n"]);
    assert_eq!(removed("x\n# spacelint: ignore[heavy]"), ["x\n"]);
    assert_eq!(removed("\u{feff}# spacelint: ignore[heavy]\r\ny\r\n"), ["\u{feff}y\r\n"]);
    assert_eq!(removed("x  # noqa  # spacelint: ignore[heavy]\n"), ["x  # noqa\n"]);
    assert_eq!(removed("x  # spacelint: ignore[heavy] why  # noqa\n"), ["x  # noqa\n"]);
    assert_eq!(removed("# spacelint: ignore[heavy]  # noqa\nx\n"), ["# noqa\nx\n"]);
    assert_eq!(removed("f(  # spacelint: ignore[heavy]\n  1)\n"), ["f(\n  1)\n"],);
}

#[test]
fn what_is_faulty_says_how() {
    assert_eq!(faults("x  # spacelint: ignore\n")[0].0, Fault::Malformed(Malformed::NoNames));
    assert_eq!(faults("x\n# spacelint: ignore-file[heavy]\n")[0].0, Fault::Misplaced);
    assert_eq!(
        faults("x  # spacelint: ignore[light, heavi]\n"),
        [(Fault::Unknown("heavi".to_owned()), "x  # spacelint: ignore[light]\n".to_owned())]
    );
    // Nothing follows it.
    assert_eq!(faults("x\n# spacelint: ignore[heavy]\n")[0].0, Fault::Unused("heavy".to_owned()));
}

/// A comment covers the logical line that follows. Where none does it silences nothing, and is itself found to be
/// unused: with a comment for each of those, they double with each round.
#[test]
fn no_comment_is_written_that_silences_nothing() {
    for text in
        ["", "\n", "# nothing\n", "\u{feff}", "import gradio\n\n# spacelint: ignore[nothing]\n"]
    {
        let files = || memory(&[("app.py", text)]);
        let selection = Selection { strict: true, ..Selection::default() };
        let found = check(&Space::read(&files()), &selection).findings;
        let fixed = ignore(files(), &selection, |_, _| true);
        assert!(!fixed.unsettled && fixed.report.findings.len() <= found.len(), "{text:?}");
        let after = fixed.files.first().map_or(text, |file| &file.after);
        assert!(after.lines().count() <= text.lines().count() + found.len(), "{after:?}");
    }
}
