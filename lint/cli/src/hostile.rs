//! Reports over repositories made to do harm: whatever stands in a name, a text or a message, no
//! format prints anything that a terminal or a runner would act on.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;
use clap::ValueEnum;
use quick_xml::events::Event;
use serde_json::Value;
use spacelint_python::{Certainty, Span};
use spacelint_rules::finding::{Finding, Location};
use spacelint_rules::fingerprint::Fingerprint;
use spacelint_space::SourceFile;
use unicode_width::UnicodeWidthStr;

use crate::args::{ReportFormat, Threshold};
use crate::escape;
use crate::formats::{LeftOut, Reported, Section, json};
use crate::paths::Place;
use crate::terminal::Terminal;
use crate::testing::{MILD, RULE, finding, fix, related};
use crate::{diff, report};

/// Marsaglia's xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    fn text(&mut self, pieces: usize) -> String {
        const PIECES: &[&str] = &[
            "::error file=x::y",
            "\n::warning::z",
            "##[add-mask]",
            "##vso[task]",
            "\u{1b}[31m",
            "\u{1b}]8;;http://x\u{1b}\\",
            "\u{9b}1m",
            "\u{7}",
            "\0",
            "\u{8}",
            "\r",
            "\r\n",
            "\n",
            "\t",
            "\u{202e}",
            "\u{2066}",
            "\u{2028}",
            "\u{2029}",
            "\u{85}",
            "\u{feff}",
            "\u{200b}",
            "\u{e0041}",
            "漢字",
            "é",
            "👩‍🚀",
            "e\u{301}",
            " ",
            "    ",
            "x = spaces.GPU(duration=60)",
            "a",
            "\"",
            "\\",
            "\\u001b",
            "'",
            "#",
            ":",
            "`",
            "%0A::error::",
            "import spaces",
            "{",
            "}",
            "<",
            "-->",
            "[x](y)",
        ];
        (0..self.below(pieces + 1)).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }

    fn location(&mut self, file: &Arc<SourceFile>) -> Location {
        let text = file.text.as_str();
        let mut place = || {
            let mut at = self.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (a, b) = (place(), place());
        // Most spans are short.
        let end = if self.below(4) == 0 { a.max(b) } else { a.min(b).max(a.min(b)) };
        let mut end = end.max(a.min(b) + self.below(20)).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Location { file: Arc::clone(file), span: Span::new(a.min(b), end) }
    }

    fn finding(&mut self, name: &str) -> Finding {
        let mut file = |name: &str, lines: usize| {
            let text = self.text(lines);
            Arc::new(SourceFile::new(name, text.into_bytes()))
        };
        let (one, two) = (file(name, 60), file("b.py", 30));
        let related: Vec<_> = (0..self.below(7))
            .map(|index| {
                let location = self.location(if index % 2 == 0 { &one } else { &two });
                related(location, &self.text(5))
            })
            .collect();
        Finding {
            rule: if self.below(2) == 0 { &RULE } else { &MILD },
            certainty: if self.below(2) == 0 { Certainty::Always } else { Certainty::Sometimes },
            help: Some(self.text(6)),
            related,
            fix: Some(fix(self.location(&one), &self.text(4), &self.text(6))),
            ..finding(self.location(&one), &self.text(8))
        }
    }
}

/// `shown` without the escape sequences that this command writes.
fn without_own_ansi(shown: &str) -> String {
    let mut out = String::new();
    let mut rest = shown;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = if let Some(style) = after.strip_prefix('[') {
            let end = style.find('m').expect("a style ends");
            assert!(style[..end].bytes().all(|b| b.is_ascii_digit() || b == b';'), "{shown:?}");
            &style[end + 1..]
        } else {
            let link = after.strip_prefix("]8;;").expect("a style or a link");
            let (url, after) = link.split_once("\u{1b}\\").expect("a link ends");
            assert!(url.bytes().all(|b| b.is_ascii_graphic()), "{shown:?}");
            after
        };
    }
    out + rest
}

/// What stands in a workflow command, read as a runner reads it.
fn without_own_command(shown: &str, finding: &Finding, place: &Place) -> String {
    let command = shown.strip_prefix("::").and_then(|rest| rest.strip_suffix('\n'));
    let (head, message) = command.and_then(|rest| rest.split_once("::")).expect("a command");
    let (word, properties) = head.split_once(' ').expect("a word and properties");
    assert!(matches!(word, "error" | "warning"), "{shown:?}");
    let properties: BTreeMap<&str, &str> = properties
        .split(',')
        .map(|property| property.split_once('=').expect("a name and a value"))
        .collect();
    let decode = |text: &str| text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
    let path = place.relative(&finding.location.file.path);
    assert_eq!(decode(properties["file"]), escape::escape(path.as_str()));
    assert_eq!(decode(properties["title"]), finding.rule.name);
    // The line breaks are ours, and what a line begins with is no command: it stands in one.
    format!("> {}", message.replace("%0A", "\n> ").replace("%25", "%"))
}

/// Whether a block says what it should and is read as one thing by who reads the format.
fn assert_whole(format: ReportFormat, blocks: &[String], finding: &Finding, place: &Place) {
    let path = place.relative(&finding.location.file.path);
    let json = || -> Value { serde_json::from_str(&blocks[0]).expect("it is JSON") };
    match format {
        ReportFormat::Human => {}
        ReportFormat::Concise | ReportFormat::Github => {
            assert_eq!(blocks[0].matches('\n').count(), 1, "{:?}", blocks[0]);
        }
        ReportFormat::Json | ReportFormat::Jsonl => {
            assert_eq!(blocks[0].trim_end().matches('\n').count(), 0);
            let value = json();
            let value = value.get("diagnostic").unwrap_or(&value);
            assert_eq!(value["message"], finding.message.as_str());
            assert_eq!(value["path"], path.as_str());
        }
        ReportFormat::Sarif => {
            let location = &json()["locations"][0]["physicalLocation"]["artifactLocation"];
            let uri = location["uri"].as_str().expect("a text");
            assert!(uri.bytes().all(|b| b.is_ascii_graphic()), "{uri:?}");
            assert!(!uri.contains(':'), "{uri:?}");
            let decoded = percent_encoding::percent_decode_str(uri).decode_utf8_lossy();
            assert_eq!(decoded, path.as_str());
        }
        ReportFormat::Gitlab | ReportFormat::Rdjson => {
            assert_eq!(json()["location"]["path"], path.as_str());
        }
        ReportFormat::Junit => {
            let mut reader = quick_xml::Reader::from_str(&blocks[0]);
            let (mut cases, mut depth) = (0, 0);
            loop {
                match reader.read_event().expect("it is XML") {
                    Event::Start(tag) => {
                        depth += 1;
                        cases += usize::from(tag.name().as_ref() == "testcase");
                    }
                    Event::End(_) => depth -= 1,
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!(depth, 0);
            assert!((1..=2).contains(&cases), "{:?}", blocks[0]);
        }
        ReportFormat::Markdown => {
            let row = blocks[0].strip_suffix('\n').expect("a line");
            assert!(!row.contains('\n'));
            assert_eq!(row.matches('|').count(), 5, "{row:?}");
            // No markup but ours: what is left of it without our own is plain.
            let own = ["<code>", "</code>", "<br><sub>", "</sub>", "**error**"];
            let cells = row.splitn(4, '|').nth(3).expect("four cells");
            let cells = own.iter().fold(cells.to_owned(), |left, own| left.replace(own, ""));
            assert!(!cells.contains(['<', '>', '[', ']', '*', '`', '!', '@']), "{row:?}");
        }
    }
}

fn assert_harmless(shown: &str, seed: u64) {
    for line in shown.split('\n') {
        let bad = line.chars().find(|c| !escape::is_plain(*c) && *c != '\t');
        assert_eq!(bad, None, "seed {seed}: {line:?}");
        assert!(!line.trim_start().starts_with("::"), "seed {seed}: {line:?}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "seed {seed}: {line:?}");
    }
}

#[test]
fn no_format_prints_anything_that_is_acted_on() {
    for seed in 1..=1000 {
        let mut random = Random(seed * 0x9e37_79b9);
        let name = match seed % 50 {
            0 => format!("x{}{}", random.text(3), "n".repeat(4000)),
            _ => format!("x{}", random.text(3)),
        };
        let found = random.finding(&name);
        let root = random.text(2);
        let place = Place::new(Utf8Path::new(&root), Utf8Path::new("/home/ann"));
        let terminal = Terminal {
            color: seed % 2 == 0,
            links: seed % 4 == 0,
            unicode: seed % 3 != 0,
            width: 40 + random.below(100),
        };
        let fingerprint = Fingerprint::default();
        let reported = Reported { finding: &found, fingerprint: &fingerprint };
        let comment = random.location(&found.location.file);
        let errors = [random.text(5)];
        let section = Section {
            place: &place,
            findings: vec![reported],
            left_out: vec![LeftOut { reported, comment: Some(&comment) }],
            errors: if seed % 5 == 0 { &errors } else { &[] },
            fail_on: Threshold::Warning,
        };
        for format in ReportFormat::value_variants() {
            let blocks = format.blocks(&section, terminal);
            for block in &blocks {
                let shown = if terminal.color {
                    without_own_ansi(block)
                } else {
                    assert!(!block.contains('\u{1b}'));
                    block.clone()
                };
                let shown = match format {
                    ReportFormat::Github => without_own_command(&shown, &found, &place),
                    _ => shown,
                };
                assert_harmless(&shown, seed);
            }
            assert_whole(*format, &blocks, &found, &place);
        }

        let plain = Terminal { color: false, links: false, ..terminal };
        let before = found.location.file.text.as_str();
        let after = random.text(40);
        assert_harmless(&diff::unified(Utf8Path::new(&name), before, &after, plain), seed);
    }
}

/// Tokens stand in every text of a finding, and no format repeats so much of one as a person would look up.
#[test]
fn no_format_prints_a_token() {
    // In pieces, so that no scanner takes this file for one that leaks.
    let secrets = ["QzXwVbNmKjHgFdSaPoIuYtReWqLkJhGfDs", "8ZQnTw5RbYk2Vx7LmPc4HsJd9FgA6UeCqNrK"];
    let tokens = [format!("hf_{}", secrets[0]), format!("ghp_{}", secrets[1])];
    for seed in 1..=700 {
        let mut random = Random(seed * 0x9e37_79b9);
        let mut text = |pieces: usize| {
            let token = &tokens[random.below(2)];
            let around =
                ["'", " ", "\n", "=", "https://u:", "@", "\t", "é", "(", "::", "`", "\u{1b}[1m"];
            let (before, after) = (around[random.below(12)], around[random.below(12)]);
            let (start, end) = (random.text(pieces), random.text(pieces));
            format!("{start}{before}{token}{after}{end}")
        };
        let (message, help, edit) = (text(8), text(8), text(8));
        let (one, two) = (text(30) + &text(30), text(30));
        let file = |name: &str, text: &str| Arc::new(SourceFile::new(name, text.into()));
        let (one, two) = (file("a.py", &one), file("b.py", &two));
        let others =
            [related(random.location(&two), &message), related(random.location(&one), &help)];
        let found = Finding {
            help: Some(help.clone()),
            related: others.into(),
            fix: Some(fix(random.location(&one), &message, &edit)),
            ..finding(random.location(&one), &message)
        };
        let place = Place::new(Utf8Path::new("."), Utf8Path::new("/home/ann"));
        let width = 40 + random.below(100);
        let terminal = Terminal { color: false, links: false, unicode: seed % 3 != 0, width };
        let fingerprint = Fingerprint::default();
        let reported = Reported { finding: &found, fingerprint: &fingerprint };
        let section = Section {
            place: &place,
            findings: vec![reported],
            left_out: Vec::new(),
            errors: &[],
            fail_on: Threshold::Warning,
        };
        let formats = ReportFormat::value_variants().iter();
        let mut shown: Vec<String> =
            formats.flat_map(|format| format.blocks(&section, terminal)).collect();
        shown.push(json::to_string(&[&message, &edit]));
        let (before, after) = (one.text.as_str(), two.text.as_str());
        shown.push(diff::unified(Utf8Path::new("a.py"), before, after, terminal));
        for shown in shown {
            let leaks = secrets.iter().flat_map(|secret| {
                (0..secret.len() - 5)
                    .map(|at| &secret[at..at + 6])
                    .filter(|part| shown.contains(part))
            });
            assert_eq!(leaks.count(), 0, "seed {seed}: {shown}");
        }
    }
}

#[test]
fn what_a_duplicate_needs_is_acted_on_in_no_format() {
    for seed in 1..=2000 {
        let mut random = Random(seed * 0x9e37_79b9);
        let text = random.text(20);
        let app = Arc::new(SourceFile::new(format!("x{}", random.text(3)), text.into_bytes()));
        let place = Place::new(Utf8Path::new(&random.text(2)), Utf8Path::new("/home/ann"));
        let needs = crate::testing::needs(
            [&random.text(4), &random.text(4), &random.text(4)],
            &random.text(6),
            &random.location(&app),
        );
        let terminal = Terminal {
            color: false,
            links: false,
            unicode: seed % 3 != 0,
            width: 40 + random.below(100),
        };
        for shown in crate::secrets::every_format(&needs, &place, terminal) {
            assert_harmless(&shown, seed);
        }
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for seed in 1..=2000 {
        let mut random = Random(seed * 0x9e37_79b9);
        let found = random.finding("a.py");
        let place = Place::new(Utf8Path::new("."), Utf8Path::new("/home/ann"));
        let width = 40 + random.below(100);
        let terminal = Terminal { color: false, links: false, unicode: seed % 3 != 0, width };
        let shown = report::finding(&found, &place, terminal);
        for line in shown.lines() {
            // The guard against commands comes after all layout, and takes three more columns.
            let slack = if line.contains("\\x3a:") { 3 } else { 0 };
            assert!(line.width() <= width + slack, "seed {seed}, width {width}: {line:?}\n{shown}");
        }
    }
}
