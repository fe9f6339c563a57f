//! What a log wears: server-sent events, the Hub's JSON, a builder's line numbers, colours, time stamps.

use std::borrow::Cow;
use std::io::{self, Read};

use serde_json::Value;

use super::scan::Scan;

/// How the Hub streams a log: each line is an event.
pub(super) const ENVELOPE: &str = "data: {\"";

/// How much is read at once. An answer of the Hub is a JSON value that fits: parsed, it may take forty times as much.
const PIECE: usize = 1 << 20;

/// Reads all of `log` into `scan`.
pub(super) fn read(mut log: impl Read, scan: &mut Scan) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(PIECE);
    fill(&mut log, &mut buffer, PIECE)?;
    if buffer.starts_with(BOM) {
        buffer.drain(..BOM.len());
    }
    if buffer.trim_ascii_start().starts_with(b"{")
        && let Ok(value) = serde_json::from_slice::<Value>(&buffer)
    {
        scan.take(of_json(&value).as_bytes());
        return Ok(());
    }
    loop {
        // A line that does not fit is taken in pieces; the last one is whole, whether it ends or not.
        let ended = buffer.len() < PIECE;
        let last = if ended { None } else { memchr::memrchr(b'\n', &buffer) };
        let whole = last.map_or(buffer.len(), |newline| newline + 1);
        scan.take(&buffer[..whole]);
        if ended {
            return Ok(());
        }
        buffer.drain(..whole);
        fill(&mut log, &mut buffer, PIECE)?;
    }
}

const BOM: &[u8] = &[0xef, 0xbb, 0xbf];

/// Reads until `buffer` holds so many bytes, or to the end.
fn fill(log: &mut impl Read, buffer: &mut Vec<u8>, bytes: usize) -> io::Result<()> {
    let missing = bytes.saturating_sub(buffer.len()) as u64;
    log.by_ref().take(missing).read_to_end(buffer).map(|_| ())
}

/// What the Hub's API says of a Space, as lines: its stage and its errors.
fn of_json(value: &Value) -> String {
    let mut lines = String::new();
    let mut left = vec![("", value)];
    while let Some((key, value)) = left.pop() {
        match value {
            Value::Object(fields) => {
                // The last one pushed is the first one read.
                let mut fields: Vec<_> =
                    fields.iter().map(|(key, value)| (key.as_str(), value)).collect();
                fields.reverse();
                left.extend(fields);
            }
            Value::Array(items) => left.extend(items.iter().rev().map(|item| (key, item))),
            Value::String(text) => match key {
                "stage" => lines.extend(["stage: ", text, "\n"]),
                "errorMessage" | "error" | "message" | "detail" | "data" | "title" | "text" => {
                    lines.extend([text, "\n"]);
                }
                _ => {}
            },
            _ => {}
        }
    }
    lines
}

/// The lines of a program that an event holds, or the line itself.
pub(super) fn open(line: &str) -> Cow<'_, str> {
    let Some(json) = line.strip_prefix("data: ") else { return line.into() };
    match serde_json::from_str::<Value>(json) {
        Ok(value) => of_json(&value).into(),
        Err(_) => line.into(),
    }
}

/// The line without what a builder, a terminal or a service puts before it. Its indentation stays.
pub(super) fn undress(line: &str) -> Cow<'_, str> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut line =
        if line.contains('\u{1b}') { without_colours(line).into() } else { Cow::Borrowed(line) };
    for strip in [docker, stamp, uvicorn, reason] {
        if let Some(rest) = strip(&line) {
            let rest = rest.to_owned();
            line = rest.into();
        }
    }
    line
}

/// `#12 3.456 Collecting torch`
fn docker(line: &str) -> Option<&str> {
    let (step, rest) = line.strip_prefix('#')?.split_once(' ')?;
    let (seconds, rest) = rest.split_once(' ')?;
    let is = |text: &str, also: char| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == also)
    };
    (is(step, '0') && is(seconds, '.')).then_some(rest)
}

/// `2026-11-20T10:00:00.123Z Traceback`, `[2026-11-20 10:00:00,123] …`
fn stamp(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('[').unwrap_or(line);
    let date = inner.get(..10)?.bytes().enumerate();
    for (index, byte) in date {
        let fits = if index == 4 || index == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        if !fits {
            return None;
        }
    }
    let time = inner[10..].strip_prefix(['T', ' '])?;
    let end =
        time.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ',' | 'Z' | '+')))?;
    if end < 8 {
        return None;
    }
    let rest = time[end..].strip_prefix(']').unwrap_or(&time[end..]);
    rest.strip_prefix(' ').or(rest.strip_prefix('\t'))
}

/// `ERROR:    Traceback (most recent call last):`
fn uvicorn(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("ERROR:").or_else(|| line.strip_prefix("INFO:"))?;
    let bare = rest.trim_start();
    bare.starts_with(super::traceback::HEADER).then_some(bare)
}

/// `Exit code: 1. Reason: Traceback (most recent call last):`
fn reason(line: &str) -> Option<&str> {
    let (_, reason) = line.strip_prefix("Exit code: ")?.split_once(". Reason: ")?;
    reason.starts_with(super::traceback::HEADER).then_some(reason)
}

/// The line without ANSI sequences.
fn without_colours(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            out.push(character);
            continue;
        }
        if characters.as_str().starts_with('[') {
            characters.next();
            characters.by_ref().find(|c| ('@'..='~').contains(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_wears() {
        for (line, bare) in [
            ("#12 3.456   File \"x.py\", line 1", "  File \"x.py\", line 1"),
            ("2026-11-20T10:00:00.123Z KeyError: 'A'", "KeyError: 'A'"),
            ("2026-11-20 10:00:00,123 KeyError: 'A'", "KeyError: 'A'"),
            ("[2026-11-20 10:00:00] KeyError: 'A'", "KeyError: 'A'"),
            ("\u{1b}[31mKeyError\u{1b}[0m: 'A'\r", "KeyError: 'A'"),
            ("ERROR:    Traceback (most recent call last):", "Traceback (most recent call last):"),
            (
                "Exit code: 1. Reason: Traceback (most recent call last):",
                "Traceback (most recent call last):",
            ),
            ("Exit code: 137. Reason: ", "Exit code: 137. Reason: "),
            (
                "ERROR: No matching distribution found for x",
                "ERROR: No matching distribution found for x",
            ),
            ("#hashtag of mine", "#hashtag of mine"),
            ("2026-11-20", "2026-11-20"),
            ("äöü-11-20 10", "äöü-11-20 10"),
            ("\u{1b}[", ""),
        ] {
            assert_eq!(undress(line), bare);
        }
    }
}
