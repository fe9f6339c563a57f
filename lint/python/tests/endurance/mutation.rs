//! Text that was broken at random, as a half-written or a damaged file is.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use spacelint_python::{Limits, Text, lines, parse};

use crate::chance::{Chance, seed};
use crate::world::{Imports, follow, standard_library};

/// What may stand in the place of a token.
const TOKENS: &[&str] = &[
    "(", ")", "[", "]", "{", "}", ":", ",", ".", "=", ":=", "->", "*", "**", "@", "#", "\"", "'",
    "'''", "\"\"\"", "f'", "f'{", "}'", "\\", "\n", "\r\n", "\t", "\x0c", " ", "if", "else",
    "elif", "for", "in", "while", "def", "class", "lambda", "yield", "await", "async", "try",
    "except", "finally", "with", "as", "match", "case", "return", "import", "from", "global",
    "nonlocal", "print", "exec", "type", "not", "is", "None", "0", "1e999", "0x", "\u{feff}", "é",
    "\0",
];

/// `text` as chance breaks it.
fn broken(text: &str, chance: &mut Chance) -> String {
    let mut text = excerpt(text, chance);
    for _ in 0..=chance.below(4) {
        text = match chance.below(8) {
            0 => with_bytes_flipped(&text, chance),
            1 => with_lines_moved(&text, chance),
            2 => with_tokens_dropped(&text, chance),
            3 => with_tokens_put_in(&text, chance),
            4 => with_indentation_broken(&text, chance),
            5 => truncated(&text, chance),
            6 => repeated(&text, chance),
            _ => {
                let opening: &str = chance.pick::<&str>(&["(", "[", "{", "((", ""]);
                text.replace(['(', '['], opening)
            }
        };
    }
    text
}

/// Some of the lines, so that what is broken is not always far from the end.
fn excerpt(text: &str, chance: &mut Chance) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = chance.below(lines.len());
    let count = 1 + chance.below(400);
    lines.iter().skip(first).take(count).copied().collect()
}

fn with_bytes_flipped(text: &str, chance: &mut Chance) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << chance.below(8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Lines cut, doubled and swapped.
fn with_lines_moved(text: &str, chance: &mut Chance) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for _ in 0..=chance.below(6) {
        if lines.is_empty() {
            break;
        }
        let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
        match chance.below(3) {
            0 => drop(lines.remove(one)),
            1 => lines.insert(other, lines[one]),
            _ => lines.swap(one, other),
        }
    }
    lines.concat()
}

/// The text in words and what stands between them.
fn tokens(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

fn with_tokens_dropped(text: &str, chance: &mut Chance) -> String {
    let mut tokens = tokens(text);
    for _ in 0..=chance.below(8) {
        if !tokens.is_empty() {
            tokens.remove(chance.below(tokens.len()));
        }
    }
    tokens.concat()
}

fn with_tokens_put_in(text: &str, chance: &mut Chance) -> String {
    let mut tokens = tokens(text);
    for _ in 0..=chance.below(8) {
        tokens.insert(chance.below(tokens.len() + 1), chance.pick::<&str>(TOKENS));
    }
    tokens.concat()
}

fn with_indentation_broken(text: &str, chance: &mut Chance) -> String {
    let often = 1 + chance.below(20);
    let mut made = String::new();
    for line in text.split_inclusive('\n') {
        if chance.below(often) == 0 {
            match chance.below(4) {
                0 => made.push_str("  "),
                1 => made.push('\t'),
                2 => {
                    made.push_str(line.trim_start_matches([' ', '\t']));
                    continue;
                }
                _ => made.push_str(&" ".repeat(chance.below(200))),
            }
        }
        made.push_str(line);
    }
    made
}

fn truncated(text: &str, chance: &mut Chance) -> String {
    let bytes = &text.as_bytes()[..chance.below(text.len() + 1)];
    String::from_utf8_lossy(bytes).into_owned()
}

/// A short piece over and over, as a stuck key or a merge leaves it.
fn repeated(text: &str, chance: &mut Chance) -> String {
    let tokens = tokens(text);
    let start = chance.below(tokens.len());
    let piece: String = tokens.iter().skip(start).take(1 + chance.below(12)).copied().collect();
    let (before, after) = tokens.split_at(start);
    format!("{}{}{}", before.concat(), piece.repeat(chance.below(300)), after.concat())
}

/// Parses and traces broken text `count` times on some threads.
fn endures(count: usize) {
    let Some(library) = standard_library() else { return };
    println!("{count} mutations, seed {}", seed());
    let texts: Vec<&Text> = library.modules.values().map(|module| &module.text).collect();
    let (next, failed) = (AtomicUsize::new(0), std::sync::Mutex::new(String::new()));
    let work = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= count {
                break;
            }
            let mut chance = Chance::new(1000 + nth as u64);
            let text = broken(chance.pick(&texts).as_str(), &mut chance);
            if let Some(problem) = problem(&text) {
                let mut failed = failed.lock().expect("nothing panics while it is held");
                writeln!(failed, "--- mutation {nth} of seed {}: {problem}\n{text}", seed())
                    .expect("a string takes all");
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().min(4));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            // As little stack as a thread of the standard library gets.
            let thread = std::thread::Builder::new().stack_size(2 << 20);
            thread.spawn_scoped(scope, work).expect("a thread starts");
        }
    });
    let failed = failed.into_inner().expect("nothing panics while it is held");
    assert!(failed.is_empty(), "{failed}");
}

/// What is wrong with how `text` is read and traced.
fn problem(text: &str) -> Option<String> {
    let limits = Limits { steps: 200_000, ..Limits::default() };
    let end = text.len() as u32;
    let read = catch_unwind(AssertUnwindSafe(|| {
        let logical = lines(text);
        let module = parse(text);
        if !module.body.iter().all(|stmt| stmt.span.start <= stmt.span.end && stmt.span.end <= end)
        {
            return Some("a statement ends behind the text".to_owned());
        }
        if !module.body.is_sorted_by_key(|stmt| stmt.span.start) {
            return Some("statements are not in order".to_owned());
        }
        if !logical.logical.iter().chain(&logical.comments).all(|span| span.end <= end) {
            return Some("a line ends behind the text".to_owned());
        }
        let empty = crate::world::Library::default();
        let trace = follow(&empty, Imports::Installed, &Text::new(text), limits);
        // A step is counted before it is known to be one too many, and ends those around it.
        (trace.steps > 2 * limits.steps).then(|| format!("{} steps", trace.steps))
    }));
    read.unwrap_or_else(|_| Some("a panic".to_owned()))
}

#[test]
fn broken_text_neither_panics_nor_exceeds_its_budgets() {
    endures(400);
}

#[test]
#[ignore = "minutes"]
fn much_broken_text_neither_panics_nor_exceeds_its_budgets() {
    endures(40_000);
}
