use std::fs;

use spacelint_python::Span;

use super::*;
use crate::testing::{HEAVY, LIGHT, at, file, finding, memory};

/// A check that offers, for the file at `path`, what `offer` says.
fn offering(
    path: &'static str,
    offer: impl Fn(&Arc<SourceFile>) -> Vec<Finding>,
) -> impl Fn(&Space) -> Report {
    move |space| {
        let file = [&space.readme, &space.entry]
            .into_iter()
            .flatten()
            .chain(space.requirements.iter().map(|requirements| &requirements.file))
            .find(|file| file.path == path)
            .expect("the Space has that file");
        Report { findings: offer(file), ..Report::default() }
    }
}

/// A finding at each `from` in the file, whose fix writes `to` there.
fn replacing(
    from: &'static str,
    to: &'static str,
    rule: &'static RuleInfo,
) -> impl Fn(&Arc<SourceFile>) -> Vec<Finding> {
    move |file| {
        file.text
            .as_str()
            .match_indices(from)
            .map(|(start, _)| {
                let place = Location::new(file, Span::new(start, start + from.len()));
                let fix =
                    Fix::safe(format!("{from} to {to}"), vec![Edit::replace(place.clone(), to)]);
                finding(rule, place, Some(fix))
            })
            .collect()
    }
}

fn fixed(text: &str, offer: impl Fn(&Arc<SourceFile>) -> Vec<Finding>) -> Fixed {
    let files = memory(&[("app.py", text)]);
    fix_with(files, Applicability::Unsafe, offering("app.py", offer))
}

fn after(fixed: &Fixed) -> &str {
    fixed.files.first().map_or("unchanged", |file| &file.after)
}

#[test]
fn fixes_are_applied_until_none_is_offered() {
    let both = |file: &Arc<SourceFile>| {
        [replacing("one", "two", &LIGHT)(file), replacing("two", "three", &LIGHT)(file)].concat()
    };
    let fixed = fixed("one; two; one\n", both);
    assert_eq!(after(&fixed), "three; three; three\n");
    assert_eq!(fixed.applied.len(), 5);
    assert!(!fixed.unsettled && fixed.report.findings.is_empty());
    assert_eq!(fixed.files[0].before.text.as_str(), "one; two; one\n");
}

#[test]
fn a_card_in_which_a_pair_has_no_place_is_left_as_it_is() {
    let docker = "FROM python:3.12\nUSER user\nCMD [\"flask\", \"--app\", \"main\", \"run\", \"--host\", \"0.0.0.0\"]\n";
    let app = "import gradio as gr\n\ngr.LoginButton()\ngr.Interface(str.upper, \"text\", \"text\").launch()\n";
    let all = Selection { strict: true, ..Selection::default() };
    for sdk in ["docker", "gradio"] {
        for card in [
            format!("---\r\ntitle: Greeter\r\nsdk: {sdk}\r.launch()\r\n"),
            format!("---\nsdk: {sdk}\r---\nText.\n"),
            format!("---\n{{title: Greeter, sdk: {sdk}}}\n---\n"),
            format!("---\n  title: Greeter\n  sdk: {sdk}\n---\n"),
        ] {
            let files = memory(&[("README.md", &card), ("Dockerfile", docker), ("app.py", app)]);
            let fixed = fix(files, &all, Applicability::Safe);
            assert!(!fixed.unsettled, "{card:?}: {:?}", fixed.applied);
            assert!(fixed.files.iter().all(|file| file.before.path != "README.md"), "{card:?}");
        }
    }
}

#[test]
fn a_line_that_is_not_understood_is_left_as_it_is() {
    let app = |decorator: &str| {
        format!(
            "import spaces\nfrom diffusers import QwenImageEditPlusPipeline as Pipeline\nimport torch\n\n\
             pipe = Pipeline.from_pretrained(\"Qwen/Qwen-Image-Edit-2511\", torch_dtype=torch.bfloat16).to(\"cuda\")\n\n\n\
             {decorator}\ndef edit(image):\n    return pipe(image=image)\n\n\nedit(1)\n"
        )
    };
    let made = |decorator: &str| {
        let card = "---\nsdk: gradio\nsdk_version: 6.31.0\n---\n";
        let files = memory(&[("README.md", card), ("app.py", &app(decorator))]);
        let fixed = fix(files, &Selection::default(), Applicability::Unsafe);
        assert!(!fixed.unsettled, "{decorator}");
        fixed.files.len()
    };
    assert_eq!(made("@spaces.GPU(duration=30)"), 1);
    assert_eq!(made("@spaces.GPU(duration=30package.GPUrge\")"), 0);
    // What is broken elsewhere counts there.
    assert_eq!(made("x = = 2\n\n\n@spaces.GPU(duration=30)"), 1);
}

#[test]
fn the_edits_of_a_fix_are_fitted_to_the_file_and_none_breaks_it() {
    let file = file("app.py", "\u{feff}one\r\ntwo\r\n");
    let insert = |content: &str| Fix::safe("x", vec![Edit::insert(&file, 0, content)]);
    let [edit] = &edits(&insert("zero\n")).expect("it is sound")[..] else { panic!("one edit") };
    assert_eq!((edit.location.span, edit.content.as_str()), (Span::empty(3), "zero\r\n"));
    assert!(edits(&insert("zero(\n")).is_none());
    assert!(insert("").is_of("app.py".into()) && !insert("").is_of("b.py".into()));
}

#[test]
fn the_heavier_of_two_at_one_place_wins() {
    let both = |file: &Arc<SourceFile>| {
        [replacing("one", "light", &LIGHT)(file), replacing("one", "heavy", &HEAVY)(file)].concat()
    };
    let fixed = fixed("one\n", both);
    assert_eq!(after(&fixed), "heavy\n");
    assert_eq!(fixed.applied.len(), 1);
}

#[test]
fn what_others_rest_on_goes_before_all_of_them() {
    let both = |file: &Arc<SourceFile>| {
        let mut moved = replacing("old", "new", &LIGHT)(file);
        for finding in &mut moved {
            finding.fix = finding.fix.take().map(Fix::first);
        }
        // What the heavier one mends is gone with the old one.
        let is_old = file.text.as_str().contains("old");
        let mended = replacing("rest", "mended", &HEAVY)(file);
        [moved, if is_old { mended } else { Vec::new() }].concat()
    };
    assert_eq!(after(&fixed("old\nrest\n", both)), "new\nrest\n");
}

#[test]
fn insertions_at_one_place_wait_for_each_other_and_equal_ones_are_made_once() {
    let insert = |line: &'static str, rule: &'static RuleInfo| {
        move |file: &Arc<SourceFile>| -> Vec<Finding> {
            if file.text.as_str().contains(line) {
                return Vec::new();
            }
            let fix = Fix::safe("insert", vec![Edit::insert_line(file, 1, line)]);
            let place = Location::new(file, Span::empty(0));
            vec![finding(rule, place.clone(), Some(fix.clone())), finding(rule, place, Some(fix))]
        }
    };
    let both = move |file: &Arc<SourceFile>| {
        [insert("import a", &LIGHT)(file), insert("import b", &HEAVY)(file)].concat()
    };
    assert_eq!(after(&fixed("x\n", both)), "import a\nimport b\nx\n");
}

#[test]
fn fixes_that_undo_each_other_end() {
    let both = |file: &Arc<SourceFile>| {
        [replacing("one", "two", &LIGHT)(file), replacing("two", "one", &LIGHT)(file)].concat()
    };
    let fixed = fixed("one\n", both);
    assert!(fixed.unsettled);
    let growing = |file: &Arc<SourceFile>| replacing("x", "xx", &LIGHT)(file);
    let files = memory(&[("app.py", "x\n")]);
    let mut rounds = 0;
    let counted = std::cell::Cell::new(0);
    let grown = fix_with(files, Applicability::Safe, |space| {
        counted.set(counted.get() + 1);
        let mut report = offering("app.py", growing)(space);
        report.findings.truncate(1);
        report
    });
    rounds += counted.get();
    assert!(grown.unsettled);
    assert_eq!(rounds, MAX_ROUNDS + 1);
}

#[test]
fn only_what_is_allowed_is_applied() {
    let files = memory(&[("app.py", "one\n")]);
    let risky = |file: &Arc<SourceFile>| {
        let fix = Fix::needs_review("try", vec![Edit::replace(at(file, "one"), "two")]);
        vec![finding(&HEAVY, at(file, "one"), Some(fix))]
    };
    let fixed = fix_with(files, Applicability::Safe, offering("app.py", risky));
    assert!(fixed.files.is_empty() && fixed.applied.is_empty());
    assert_eq!(fixed.report.findings.len(), 1);
}

#[test]
fn what_would_break_a_file_is_not_applied() {
    assert_eq!(after(&fixed("x = one\n", replacing("one", "(", &LIGHT))), "unchanged");
    // Already broken elsewhere, and no more so afterwards.
    let broken = "x = = 1\ny = one\n";
    assert_eq!(after(&fixed(broken, replacing("one", "two", &LIGHT))), "x = = 1\ny = two\n");
    let requirements = [("app.py", "x\n"), ("requirements.txt", "gradio==1\n")];
    let offer = offering("requirements.txt", replacing("==1", "=-1", &LIGHT));
    assert!(fix_with(memory(&requirements), Applicability::Safe, offer).files.is_empty());
}

#[test]
fn one_fix_is_made_whole_or_not_at_all() {
    let two_places = |file: &Arc<SourceFile>| {
        let fix = |a: &str, b: &str, to: &str| {
            Fix::safe(to, vec![Edit::replace(at(file, a), to), Edit::replace(at(file, b), to)])
        };
        if !file.text.as_str().contains("two") {
            return Vec::new();
        }
        vec![
            finding(&HEAVY, at(file, "two"), Some(fix("two", "three", "x"))),
            finding(&LIGHT, at(file, "one"), Some(fix("one", "two", "y"))),
        ]
    };
    assert_eq!(after(&fixed("one\ntwo\nthree\n", two_places)), "one\nx\nx\n");
}

#[test]
fn line_endings_and_the_byte_order_mark_stay() {
    let add = |file: &Arc<SourceFile>| {
        if file.text.as_str().contains("import a") {
            return Vec::new();
        }
        let fix = Fix::safe("add", vec![Edit::insert_line(file, 1, "import a")]);
        vec![finding(&LIGHT, at(file, "x"), Some(fix))]
    };
    let fixed = fixed("\u{feff}x\r\ny\r\n", add);
    assert_eq!(after(&fixed), "\u{feff}import a\r\nx\r\ny\r\n");
    let latin = memory(&[])
        .with_buffer("app.py".into(), b"# -*- coding: latin-1 -*-\nx = '\xe9'\n".to_vec());
    let to_latin = replacing("x", "z", &LIGHT);
    let fixed = fix_with(latin, Applicability::Safe, offering("app.py", &to_latin));
    let file = &fixed.files[0];
    assert!(file.before.encode(&file.after).ends_with(b"z = '\xe9'\n"));
    // What the encoding cannot hold is not written.
    let latin = memory(&[])
        .with_buffer("app.py".into(), b"# -*- coding: latin-1 -*-\nx = '\xe9'\n".to_vec());
    let fixed =
        fix_with(latin, Applicability::Safe, offering("app.py", replacing("x", "日", &LIGHT)));
    assert!(fixed.files.is_empty());
}

#[test]
fn undecodable_text_is_never_edited() {
    let files = memory(&[]).with_buffer("app.py".into(), b"x = '\xff'\n".to_vec());
    let fixed =
        fix_with(files, Applicability::Unsafe, offering("app.py", replacing("x", "y", &HEAVY)));
    assert!(fixed.files.is_empty());
    assert_eq!(fixed.report.findings.len(), 1);
}

#[test]
fn lines_are_inserted_and_removed_whole() {
    let text = |edit: Edit| {
        let before = edit.location.file.text.as_str().to_owned();
        edited(&before, &[&edit])
    };
    let three = file("app.py", "a\nb\nc");
    assert_eq!(text(Edit::insert_line(&three, 2, "x")), "a\nx\nb\nc");
    assert_eq!(text(Edit::insert_line(&three, 4, "x")), "a\nb\nc\nx");
    assert_eq!(text(Edit::delete_lines(&three, at(&three, "b").span)), "a\nc");
    assert_eq!(text(Edit::delete_lines(&three, at(&three, "b\n").span)), "a\nc");
    assert_eq!(text(Edit::delete_lines(&three, at(&three, "b\nc").span)), "a\n");
    let marked = file("app.py", "\u{feff}a\r\nb\r\n");
    assert_eq!(text(Edit::delete_lines(&marked, at(&marked, "a").span)), "\u{feff}b\r\n");
    assert_eq!(text(Edit::insert_line(&marked, 1, "x")), "\u{feff}x\r\na\r\nb\r\n");
    assert_eq!(text(Edit::insert(&marked, 0, "x\n")), "\u{feff}x\r\na\r\nb\r\n");
    assert_eq!(text(Edit::insert_line(&file("app.py", ""), 1, "x")), "x\n");
}

#[test]
fn the_difference_is_a_unified_diff() {
    let fixed = fixed("a\none\nc\n", replacing("one", "two", &LIGHT));
    assert_eq!(fixed.diff(), "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n a\n-one\n+two\n c\n");
}

mod on_disk {
    use camino::{Utf8Path, Utf8PathBuf};
    use tempfile::TempDir;

    use super::*;

    fn folder(text: &str) -> (TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("it is Unicode");
        fs::write(root.join("app.py"), text).expect("it can be written");
        (folder, root)
    }

    fn fixed(root: &Utf8Path) -> Fixed {
        let offer = offering("app.py", replacing("one", "two", &LIGHT));
        fix_with(Files::disk(root), Applicability::Safe, offer)
    }

    fn names(root: &Utf8Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(root)
            .expect("it is a folder")
            .map(|entry| entry.expect("it can be read").file_name().into_string().expect("Unicode"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_written_before_it_is_asked_for() {
        let (_guard, root) = folder("one\r\n");
        let fixed = fixed(&root);
        assert_eq!(fs::read(root.join("app.py")).expect("it is there"), b"one\r\n");
        fixed.write(&root).expect("it can be written");
        assert_eq!(fs::read(root.join("app.py")).expect("it is there"), b"two\r\n");
        assert_eq!(names(&root), ["app.py"]);
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_another_writes_is_not() {
        let (_folder, root) = folder("one\n");
        fs::write(root.join(".spacelint-aB3dE6"), "half").expect("it can be written");
        fs::write(root.join(".spacelint-notes"), "not ours").expect("it can be written");
        let other = temporary(&mut tempfile::Builder::new(), root.as_std_path());
        let other = other.expect("it can be made");
        fixed(&root).write(&root).expect("it can be written");
        let theirs = other.path().file_name().expect("it has a name").to_string_lossy();
        assert!(names(&root).contains(&theirs.into_owned()));
        drop(other);
        assert_eq!(names(&root), [".spacelint-notes", "app.py"]);
    }

    #[test]
    fn what_was_written_before_the_system_refused_is_said() {
        let (_folder, root) = folder("one\n");
        let new = |path: &str| FixedFile {
            before: Arc::new(SourceFile::new(path, Vec::new())),
            after: "two\n".into(),
            is_new: true,
        };
        let error = write(&[new("a.py"), new("b.py"), new("b.py")], &root);
        let said = error.expect_err("one file is new twice").to_string();
        assert!(said.starts_with("cannot write `b.py`: "), "{said}");
        assert!(said.ends_with("; changed before that: `a.py`, `b.py`"), "{said}");
        let refused = write(&[new("app.py")], &root).expect_err("it is there").to_string();
        assert!(refused.ends_with("; nothing in this Space was changed"), "{refused}");
    }

    #[test]
    fn a_file_that_changed_since_is_left_alone() {
        let (_guard, root) = folder("one\n");
        let fixed = fixed(&root);
        fs::write(root.join("app.py"), "one, and more\n").expect("it can be written");
        let error = fixed.write(&root).expect_err("it changed");
        assert!(matches!(error.reason, WriteErrorReason::Changed));
        assert!(error.to_string().contains("`app.py` changed"));
        assert_eq!(fs::read(root.join("app.py")).expect("it is there"), b"one, and more\n");
        assert_eq!(names(&root), ["app.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_stays() {
        use std::os::unix::fs::PermissionsExt;

        let (_guard, root) = folder("one\n");
        let path = root.join("app.py");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).expect("its mode can be set");
        fixed(&root).write(&root).expect("it can be written");
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o751);
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_file_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let (_guard, root) = folder("one\n");
        fs::set_permissions(root.join("app.py"), fs::Permissions::from_mode(0o444))
            .expect("its mode can be set");
        let error = fixed(&root).write(&root).expect_err("it is read-only");
        assert!(matches!(error.reason, WriteErrorReason::System(_)));
        assert_eq!(fs::read(root.join("app.py")).expect("it is there"), b"one\n");
        assert_eq!(names(&root), ["app.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_within_the_space_stays_a_link_and_one_out_of_it_is_refused() {
        let (_guard, root) = folder("one\n");
        fs::rename(root.join("app.py"), root.join("real.py")).expect("it can be moved");
        std::os::unix::fs::symlink("real.py", root.join("app.py")).expect("a link");
        fixed(&root).write(&root).expect("it can be written");
        assert_eq!(fs::read(root.join("real.py")).expect("it is there"), b"two\n");
        assert!(fs::symlink_metadata(root.join("app.py")).expect("it is there").is_symlink());

        fs::write(root.join("real.py"), "one\n").expect("it can be written");
        let late = fixed(&root);
        let (_elsewhere, outside) = folder("one\n");
        fs::remove_file(root.join("app.py")).expect("it can be removed");
        std::os::unix::fs::symlink(outside.join("app.py"), root.join("app.py")).expect("a link");
        let error = late.write(&root).expect_err("it leads out");
        assert!(matches!(error.reason, WriteErrorReason::Outside));
        assert_eq!(fs::read(outside.join("app.py")).expect("it is there"), b"one\n");
    }
}
