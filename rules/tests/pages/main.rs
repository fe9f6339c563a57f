//! Runs the page of every rule: what a page shows is what happens.
//!
//! What an author of a page writes:
//!
//! - A code block with `title="app.py"` is a file of a Space. Other blocks are not run.
//! - Blocks with nothing but blank lines between them make up one Space. A sentence, a heading or a
//!   second block for the same file begins the next Space.
//! - What a Space does not show is healthy: without a `README.md` block it gets the card of a ZeroGPU
//!   Space, without a Python block a small app. `no-readme` on a block says that there is no
//!   `README.md` at all, and `no-dockerfile` that a Docker Space has none.
//! - `# finding` at the end of a line says that this page's rule finds something there, and
//!   `# finding[name]`, or `# finding[name, other]`, what other rules find. Nothing else may be found
//!   by any rule that is on by default. A mark is no part of the file. What is absent is marked where
//!   the finding stands.
//! - Blocks with `fixed` show what `--fix` makes of the nearest marked Space above in the same section
//!   (`##`), or without one there of the first of the page; `fixed="unsafe"` what `--unsafe-fixes`
//!   makes of it. Files that are not shown must stay as they are, and a mark in a fixed block says what
//!   is still found there.
//! - `hf_…` in a block stands for a token of Hugging Face, and U+FFFD for a byte that UTF-8 does not know.
//! - `no-variants="reason"` keeps a Space out of the variants below.
//! - `bytes="10485760"` makes a file that large, filled up behind what is shown.
//! - What a Space does under the real `spaces` and Gradio is said on one of its blocks, fixed or not:
//!   `runs` (it starts, its GPU functions are reported, and each of its endpoints answers),
//!   or `fails="text"` (something of that fails, and whatever fails says the text); with either,
//!   `asks="90, 76 xlarge, 45 for nobody"` (what its calls ask the platform for, in order: seconds, the
//!   size if one is sent, and whether it is on no visitor's account), `answers="6, Hello!!"` (what its
//!   endpoints answer, in order) and `with="torch"` (held by the slow tests only, which install torch; a
//!   call of a GPU function ends there where it finds no GPU, which is no failure).
//! - The first Space is the shortest bad one.
//!
//! For every page, without a further line:
//!
//! - each marked line is found, as often as it is marked, and nothing else is;
//! - the fixed files equal the fix; they parse, what is found in them is what is marked in them, and
//!   fixing them again changes nothing;
//! - a rule that claims a fix has a page that shows one of that kind, and the fix of a finding is
//!   never safer than its rule claims;
//! - with CRLF, with a byte order mark, and with a line of non-ASCII text at the top, the same is
//!   found at the shifted place, in the same words, and fixed in the same way;
//! - a suppression for each marked line silences what is found there, and counts as used.
//!
//! To run the page of one rule: `PAGE=old-gradio cargo test -p spacelint-rules --test pages`.

mod page;
mod variants;
mod zerogpu;

use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_knowledge::{gradio, platform};
use spacelint_rules::diff::Diff;
use spacelint_rules::{
    Applicability, Finding, Report, RuleEntry, Selection, all, check, fix, ignoring,
};
use spacelint_space::{Card, Files, SourceFile, Space};

use crate::page::{Case, Shown};

/// A file in memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is found, as the page and the report both can say it: path, line, rule.
pub(crate) type Found = (String, usize, String);

/// Runs `test` over every case of every page; all that fails is said at once.
fn over_cases(test: impl Fn(&RuleEntry, &Case) -> Result<(), String>) {
    over_pages(|entry| {
        let cases = page::read(entry.info.page)?;
        let failures: Vec<String> =
            cases.iter().filter_map(|case| test(entry, case).err()).collect();
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
    });
}

fn over_pages(test: impl Fn(&RuleEntry) -> Result<(), String>) {
    let only = std::env::var("PAGE").ok();
    let mut failures = String::new();
    for entry in all().filter(|entry| only.as_deref().is_none_or(|only| only == entry.info.name)) {
        if let Err(why) = test(entry) {
            let file = entry.info.name.replace('-', "_");
            let _ = writeln!(failures, "\nrules/src/{}/{file}.md\n{why}", entry.category);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The rules that are on by default, and the page's own.
fn selection(entry: &RuleEntry) -> Selection {
    let default = Selection::default();
    let on = all().filter(|other| default.includes(other)).map(|other| other.info.name.to_owned());
    Selection { select: on.chain([entry.info.name.to_owned()]).collect(), ..default }
}

fn own(entry: &RuleEntry) -> Selection {
    Selection { select: vec![entry.info.name.to_owned()], ..Selection::default() }
}

/// The files of a case, and those that it need not show.
fn files_of(case: &Case) -> Vec<File> {
    let mut files: Vec<File> = case
        .files
        .iter()
        .map(|shown| File { path: shown.path.clone(), text: shown.text.clone() })
        .collect();
    if !case.no_readme && files.iter().all(|file| file.path != "README.md") {
        files.push(File { path: "README.md".to_owned(), text: healthy_card() });
    }
    let is_docker = |file: &File| file.path == "README.md" && file.text.contains("\nsdk: docker");
    let is_dockerfile = |file: &File| file.path.eq_ignore_ascii_case("Dockerfile");
    if !case.no_dockerfile && files.iter().any(is_docker) && !files.iter().any(is_dockerfile) {
        let text = "FROM python:3.12\nCOPY . .\nCMD [\"./start.sh\"]\n".to_owned();
        files.push(File { path: "Dockerfile".to_owned(), text });
    }
    if files.iter().all(|file| !is_python(&file.path)) {
        files.push(File { path: "app.py".to_owned(), text: HEALTHY_APP.to_owned() });
    }
    files
}

/// A file's bytes, with one that UTF-8 does not know for each replacement character.
fn bytes_of(text: &str) -> Vec<u8> {
    let parts: Vec<&[u8]> = text.split(char::REPLACEMENT_CHARACTER).map(str::as_bytes).collect();
    parts.join(&0xff)
}

fn is_python(path: &str) -> bool {
    Utf8Path::new(path).extension() == Some("py")
}

fn healthy_card() -> String {
    let version = gradio::releases().latest;
    let python = platform::supported().python.last().expect("there is one");
    let hardware = "zero-a10g";
    assert!(platform::is_zerogpu_hardware(hardware));
    format!(
        "---\ntitle: Demo\nemoji: 🎈\ncolorFrom: blue\ncolorTo: green\nsdk: gradio\n\
         sdk_version: \"{version}\"\npython_version: \"{python}\"\napp_file: app.py\n\
         suggested_hardware: {hardware}\n---\n\n# Demo\n"
    )
}

const HEALTHY_APP: &str = "import spaces
import gradio as gr


@spaces.GPU(duration=30)
def run(text):
    return text


gr.Interface(run, \"text\", \"text\").launch()
";

fn memory(files: &[File]) -> Files {
    Files::memory(files.iter().map(|file| (Utf8PathBuf::from(&file.path), bytes_of(&file.text))))
}

fn run(files: &[File], selection: &Selection) -> (Space, Report) {
    let space = Space::read(&memory(files));
    let report = check(&space, selection);
    (space, report)
}

fn found(findings: &[Finding]) -> Vec<Found> {
    let mut found: Vec<Found> = findings
        .iter()
        .map(|finding| {
            let file = &finding.location.file;
            let line = file.text.line_of(finding.location.span.start) as usize;
            (file.path.to_string(), line, finding.rule.name.to_owned())
        })
        .collect();
    found.sort();
    found
}

fn expected(entry: &RuleEntry, files: &[Shown]) -> Vec<Found> {
    let mut expected: Vec<Found> = files
        .iter()
        .flat_map(|file| {
            file.marks.iter().map(|(line, rule)| {
                let rule = if rule.is_empty() { entry.info.name } else { rule };
                (file.path.clone(), *line, rule.to_owned())
            })
        })
        .collect();
    expected.sort();
    expected
}

/// Says where what was found and what is marked differ, by the lines of the page.
fn compare(files: &[Shown], expected: &[Found], report: &Report) -> Result<(), String> {
    let actual = found(&report.findings);
    if actual == expected && report.internal_errors.is_empty() {
        return Ok(());
    }
    let mut out = String::new();
    let place = |(path, line, _): &Found| {
        let shown = files.iter().find(|file| file.path == *path);
        shown.map_or_else(|| "  not shown:".into(), |s| format!("  line {}:", s.line + line - 1))
    };
    for missing in without(expected, &actual) {
        let (path, line, rule) = &missing;
        let _ =
            writeln!(out, "{} {path}:{line}: `{rule}` is marked and not found", place(&missing));
    }
    for extra in without(&actual, expected) {
        let (path, line, rule) = &extra;
        let message = report.findings.iter().find(|finding| {
            let file = &finding.location.file;
            let at = file.text.line_of(finding.location.span.start) as usize;
            file.path == *path && finding.rule.name == *rule && at == *line
        });
        let message = message.map_or("", |finding| &finding.message);
        let _ = writeln!(
            out,
            "{} {path}:{line}: `{rule}` is found and not marked: {message}",
            place(&extra)
        );
    }
    for error in &report.internal_errors {
        let _ = writeln!(out, "  `{}` panicked: {}", error.rule.name, error.message);
    }
    Err(out)
}

/// What is in `a` more often than in `b`.
fn without(a: &[Found], b: &[Found]) -> Vec<Found> {
    let mut rest = b.to_vec();
    a.iter()
        .filter(|item| match rest.iter().position(|other| other == *item) {
            Some(at) => {
                rest.remove(at);
                false
            }
            None => true,
        })
        .cloned()
        .collect()
}

fn limit(is_unsafe: bool) -> Applicability {
    if is_unsafe { Applicability::Unsafe } else { Applicability::Safe }
}

/// The files after all fixes, as `--fix` or `--unsafe-fixes` makes them.
fn fixed(files: &[File], entry: &RuleEntry, is_unsafe: bool) -> Result<Vec<File>, String> {
    let result = fix(memory(files), &selection(entry), limit(is_unsafe));
    if result.unsettled {
        return Err("  the fixes never end".to_owned());
    }
    let mut files = files.to_vec();
    for changed in result.files {
        if let Some(file) = files.iter_mut().find(|file| file.path == changed.before.path) {
            file.text = changed.after;
        }
    }
    Ok(files)
}

#[test]
fn a_page_begins_with_the_shortest_bad_case() {
    over_pages(|entry| {
        let cases = page::read(entry.info.page)?;
        let first = cases.first().ok_or("  no case")?;
        let is_own = |(_, _, rule): &Found| rule == entry.info.name;
        if !expected(entry, &first.files).iter().any(is_own) {
            return Err(format!("  line {}: the first case marks no finding", first.line));
        }
        let length = |case: &Case| case.files.iter().map(|file| file.text.lines().count()).sum();
        let lines: usize = length(first);
        let shorter = cases[1..].iter().find(|case| {
            let lines_here: usize = length(case);
            expected(entry, &case.files).iter().any(is_own) && lines_here < lines
        });
        match shorter {
            None => Ok(()),
            Some(case) => Err(format!(
                "  line {}: this bad case is shorter than the first one; begin with it",
                case.line
            )),
        }
    });
}

#[test]
fn each_marked_line_is_found_and_nothing_else() {
    over_cases(|entry, case| {
        let (_, report) = run(&files_of(case), &selection(entry));
        compare(&case.files, &expected(entry, &case.files), &report)
    });
}

#[test]
fn fixed_blocks_equal_the_fix_and_are_well() {
    over_cases(|entry, case| {
        let Some(shown) = &case.fixed else { return Ok(()) };
        let before = files_of(case);
        let after = fixed(&before, entry, shown.is_unsafe)?;
        for file in &after {
            let wanted = match shown.files.iter().find(|wanted| wanted.path == file.path) {
                Some(wanted) => &wanted.text,
                None => match before.iter().find(|old| old.path == file.path) {
                    Some(old) => &old.text,
                    None => return Err(format!("  {} came from nowhere", file.path)),
                },
            };
            if *wanted != file.text {
                return Err(format!(
                    "  line {}: the page shows another {} than the fix makes (- page, + fix):\n{}",
                    shown.line,
                    file.path,
                    Diff::new(wanted, &file.text)
                ));
            }
            parses(file).map_err(|why| format!("  line {}: {}: {why}", shown.line, file.path))?;
        }
        let (_, report) = run(&after, &selection(entry));
        // Files that are not shown fixed keep their own marks.
        let mut files: Vec<&Shown> = shown.files.iter().collect();
        files.extend(
            case.files
                .iter()
                .filter(|file| shown.files.iter().all(|fixed| fixed.path != file.path)),
        );
        let wanted: Vec<Found> = {
            let mut wanted: Vec<Found> = files
                .iter()
                .flat_map(|file| expected(entry, std::slice::from_ref(*file)))
                .collect();
            wanted.sort();
            wanted
        };
        compare(&shown.files, &wanted, &report)?;
        if fixed(&after, entry, shown.is_unsafe)? == after {
            Ok(())
        } else {
            Err(format!("  line {}: fixing it again changes it again", shown.line))
        }
    });
}

fn parses(file: &File) -> Result<(), String> {
    let source = std::sync::Arc::new(SourceFile::new(file.path.as_str(), bytes_of(&file.text)));
    if is_python(&file.path) {
        let broken = spacelint_python::parse(&file.text).broken;
        if !broken.is_empty() {
            return Err(format!("it is not whole Python at {broken:?}"));
        }
    } else if let Some(card) = Card::parse(&source)
        && !card.faults.is_empty()
    {
        return Err(format!("its card is broken: {:?}", card.faults));
    }
    Ok(())
}

#[test]
fn a_claimed_fix_is_shown_and_an_offered_one_claimed() {
    over_pages(|entry| {
        let cases = page::read(entry.info.page)?;
        for case in &cases {
            let (_, report) = run(&files_of(case), &own(entry));
            for finding in &report.findings {
                let Some(offered) = finding.fix.as_ref().map(|fix| fix.applicability) else {
                    continue;
                };
                if entry.info.fix.is_none_or(|claimed| offered < claimed) {
                    return Err(format!(
                        "  line {}: a finding offers a fix that is {offered:?}; the rule claims {:?}",
                        case.line, entry.info.fix
                    ));
                }
            }
        }
        let shown = |is_unsafe: bool| {
            cases.iter().filter_map(|case| case.fixed.as_ref()).any(|f| f.is_unsafe == is_unsafe)
        };
        let is_shown = match entry.info.fix {
            Some(Applicability::Safe) => shown(false),
            Some(Applicability::Unsafe) => shown(true),
            None => true,
        };
        let message =
            format!("  the rule claims a fix ({:?}) that no fixed block shows", entry.info.fix);
        if is_shown { Ok(()) } else { Err(message) }
    });
}

#[test]
fn a_suppression_silences_each_marked_line_and_counts_as_used() {
    over_cases(|entry, case| {
        if case.no_variants.is_some() {
            return Ok(());
        }
        let files = files_of(case);
        let (space, report) = run(&files, &selection(entry));
        let own = report.findings.iter().filter(|finding| finding.rule.name == entry.info.name);
        for finding in own {
            let path = &finding.location.file.path;
            let line = finding.location.file.text.line_of(finding.location.span.start);
            // Markdown outside the card has no comments, nor has what apt reads, nor JSON.
            let Some(edit) = ignoring(&space, finding) else {
                if *path == "README.md"
                    || *path == "packages.txt"
                    || path.extension() == Some("json")
                {
                    continue;
                }
                return Err(format!("  line {}: {path}:{line} takes no comment", case.line));
            };
            let mut silenced = files.clone();
            for file in silenced.iter_mut().filter(|file| file.path == *path) {
                file.text.insert_str(edit.location.span.start as usize, &edit.content);
            }
            let (_, after) = run(&silenced, &selection(entry));
            let kept = |report: &Report, rule: &str| {
                report.findings.iter().filter(|finding| finding.rule.name == rule).count()
            };
            let silent = after.suppressed.iter().any(|suppressed| {
                suppressed.finding.rule == finding.rule
                    && suppressed.finding.message == finding.message
            });
            let unused = |report: &Report| {
                report.findings.iter().filter(|f| f.message.contains("finds nothing here")).count()
            };
            if !silent
                || kept(&after, entry.info.name) >= kept(&report, entry.info.name)
                || unused(&after) > unused(&report)
            {
                return Err(format!(
                    "  line {}: `{}` does not silence {path}:{line}:\n{}",
                    case.line,
                    edit.content.trim(),
                    silenced.iter().find(|file| file.path == *path).map_or("", |file| &file.text)
                ));
            }
        }
        Ok(())
    });
}
