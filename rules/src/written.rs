//! The strings of a program as they are written, for what the trace does not follow: where a value goes in the
//! end, these cannot tell.

use memchr::memmem;
use spacelint_python::{Lines, Span, Text};
use spacelint_space::SourceFile;

/// The strings of `file`, between their quotes, that are no lines of their own, as a docstring is. None where no
/// string can hold one of `words`.
pub(crate) fn strings<'f>(
    file: &'f SourceFile,
    words: &[&str],
) -> impl Iterator<Item = Span> + use<'f> {
    let text = file.text.as_str();
    let is_in_text = |word: &&str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    let Lines { logical, strings, .. } =
        if words.iter().any(is_in_text) { spacelint_python::lines(text) } else { Lines::default() };
    // A docstring: nothing but a prefix and quotes stands beside it on its line.
    let is_alone = move |span: &Span| {
        let at = logical.partition_point(|line| line.end < span.end);
        let Some(line) = logical.get(at).filter(|line| line.contains(*span)) else { return false };
        let before = &text[line.start as usize..span.start as usize];
        let after = &text[span.end as usize..line.end as usize];
        unquoted(before).is_empty() && after.trim_matches(QUOTES).is_empty()
    };
    strings.into_iter().filter(move |span| !is_alone(span))
}

/// Whether the string at `span` may be used as it is. One that follows another is the end of that, and one that is
/// compared with or looked for says what something else may be.
pub(crate) fn is_used(text: &Text, span: Span) -> bool {
    let (before, after) =
        (&text.as_str()[..span.start as usize], &text.as_str()[span.end as usize..]);
    let before = unquoted(before).trim_end();
    let called = before.trim_end_matches(['(', '[']);
    let is_sought = called.len() < before.len() && SEEKS.iter().any(|name| called.ends_with(name));
    let after = after.trim_start_matches(QUOTES).trim_start();
    let is_compared = ["==", "!="].iter().any(|it| before.ends_with(it) || after.starts_with(it))
        || ["in ", "not in "].iter().any(|it| after.starts_with(it));
    !(is_sought || is_compared || before.ends_with(QUOTES))
}

/// `text` without the beginning of a string at its end.
fn unquoted(text: &str) -> &str {
    let text = text.trim_end_matches(QUOTES);
    // Two letters at most: `rf"`.
    let prefix = |text: &str| text.ends_with(['b', 'f', 'r', 'u', 'B', 'F', 'R', 'U']);
    let text = if prefix(text) { &text[..text.len() - 1] } else { text };
    if prefix(text) { &text[..text.len() - 1] } else { text }
}

const QUOTES: [char; 2] = ['"', '\''];

/// What Python's methods and functions are called that look for a text in another.
const SEEKS: &[&str] = &[
    ".count",
    ".endswith",
    ".find",
    ".index",
    ".partition",
    ".removeprefix",
    ".removesuffix",
    ".replace",
    ".rfind",
    ".rindex",
    ".rpartition",
    ".rsplit",
    ".split",
    ".startswith",
    "re.match",
    "re.search",
    "re.sub",
];
