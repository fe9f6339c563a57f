//! The same Space in other bytes: what is found must not depend on them.

use camino::Utf8Path;
use spacelint_rules::{Finding, Report};

use crate::page::Case;
use crate::{File, files_of, fixed, over_cases, run, selection};

/// A way to write a Space otherwise.
struct Variant {
    name: &'static str,
    /// The text of a file in this variant.
    write: fn(&str, &str) -> String,
    /// By how many lines what stands in the file of that path moves.
    shift: fn(&str, &str) -> usize,
}

const BOM: char = '\u{feff}';
/// One, two, three and four bytes in UTF-8.
const LINE: &str = "# é 日本語 😀\n";

const VARIANTS: [Variant; 3] = [
    Variant {
        name: "CRLF",
        write: |path, text| {
            if is_raw(path) { text.to_owned() } else { text.replace('\n', "\r\n") }
        },
        shift: |_, _| 0,
    },
    Variant {
        name: "a byte order mark",
        write: |path, text| if is_raw(path) { text.to_owned() } else { format!("{BOM}{text}") },
        shift: |_, _| 0,
    },
    Variant {
        name: "a line that is not ASCII",
        write: |path, text| {
            let at = line_goes(path, text);
            at.map_or_else(|| text.to_owned(), |at| format!("{}{LINE}{}", &text[..at], &text[at..]))
        },
        shift: |path, text| usize::from(line_goes(path, text).is_some()),
    },
];

/// Whether other bytes make another file of it: apt reads a `packages.txt` byte by byte.
fn is_raw(path: &str) -> bool {
    path == "packages.txt"
}

/// Where a comment may be put before everything else: in Python and requirements at the start, in a
/// README behind the card's fence, elsewhere nowhere.
fn line_goes(path: &str, text: &str) -> Option<usize> {
    if !is_raw(path) && matches!(Utf8Path::new(path).extension(), Some("py" | "txt")) {
        return Some(0);
    }
    let fence = "---\n";
    (path == "README.md" && text.starts_with(fence)).then_some(fence.len())
}

/// What is said of a finding that must not change: path, line, column in code points, rule and words.
type Said = (String, usize, u32, &'static str, String);

fn said(findings: &[Finding], shift: impl Fn(&str, usize) -> usize) -> Vec<Said> {
    let mut said: Vec<Said> = findings
        .iter()
        .map(|finding| {
            let file = &finding.location.file;
            let place = file.text.position(finding.location.span.start);
            let line = shift(file.path.as_str(), place.line as usize);
            let words = [Some(&finding.message), finding.help.as_ref()];
            let words = words.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
            (file.path.to_string(), line, place.column, finding.rule.name, words)
        })
        .collect();
    said.sort();
    said
}

fn written(files: &[File], variant: &Variant) -> Vec<File> {
    files
        .iter()
        .map(|file| File { path: file.path.clone(), text: (variant.write)(&file.path, &file.text) })
        .collect()
}

fn problem(case: &Case, variant: &Variant, expected: &[Said], report: &Report) -> Option<String> {
    let actual = said(&report.findings, |_, line| line);
    (actual != expected).then(|| {
        let list = |all: &[Said]| {
            let line = |(path, line, column, rule, words): &Said| {
                format!("    {path}:{line}:{column} {rule}: {words}")
            };
            all.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        format!(
            "  line {}: with {} another thing is found\n  expected\n{}\n  found\n{}",
            case.line,
            variant.name,
            list(expected),
            list(&actual)
        )
    })
}

#[test]
fn other_bytes_give_the_same_findings_and_fixes() {
    over_cases(|entry, case| {
        if case.no_variants.is_some() {
            return Ok(());
        }
        let files = files_of(case);
        let (_, plain) = run(&files, &selection(entry));
        for variant in &VARIANTS {
            let (_, report) = run(&written(&files, variant), &selection(entry));
            let expected = said(&plain.findings, |path, line| {
                let text = files.iter().find(|file| file.path == path).map_or("", |f| &f.text);
                let shift = (variant.shift)(path, text);
                // The fence of a card stays where it is.
                if path == "README.md" && line == 1 { line } else { line + shift }
            });
            if let Some(problem) = problem(case, variant, &expected, &report) {
                return Err(problem);
            }
            let Some(shown) = &case.fixed else { continue };
            let wanted = written(&fixed(&files, entry, shown.is_unsafe)?, variant);
            let actual = fixed(&written(&files, variant), entry, shown.is_unsafe)?;
            for (wanted, actual) in wanted.iter().zip(&actual) {
                if wanted != actual {
                    return Err(format!(
                        "  line {}: with {} the fix of {} differs\n  expected {:?}\n  fixed    {:?}",
                        shown.line, variant.name, wanted.path, wanted.text, actual.text
                    ));
                }
            }
        }
        Ok(())
    });
}
