//! What a README says of environment variables, and where a line about one belongs in it.

use std::ops::Range;
use std::sync::Arc;

use spacelint_space::{Card, CardFault, SourceFile};

use crate::finding::Edit;

/// Whether `readme` names the variable `name`, in its card or below it, as a word.
pub(super) fn names(readme: &SourceFile, name: &str) -> bool {
    let text = readme.text.as_str();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
    })
}

/// Adds `entry` as an item of a list to what `readme` says of secrets; where it says nothing, under a
/// heading of its own at the end. None where the card never ends, so that no place is below it.
pub(super) fn add(readme: &Arc<SourceFile>, card: Option<&Card>, entry: &str) -> Option<Edit> {
    let text = &readme.text;
    let lines: Vec<&str> = text.as_str().lines().collect();
    let first = match card {
        Some(card) if card.faults.iter().any(|f| matches!(f, CardFault::Unclosed { .. })) => {
            return None;
        }
        Some(card) => {
            let end = text.line_of(card.block.end) as usize;
            // The closing fence is the line on which the block ends, or the next.
            (end - 1..lines.len()).find(|&at| lines[at].trim_end() == FENCE)? + 1
        }
        None => 0,
    };
    let section = section(&lines, first);
    let end = section.as_ref().map_or(lines.len(), |section| section.end);
    // A section has a heading, so this is never above it.
    let next = lines[first..end].iter().rposition(|line| !line.trim().is_empty());
    let next = first + next.map_or(0, |last| last + 1);
    let line = match section.map(|section| list_before(&lines[section.start..next])) {
        Some(Some(mark)) => format!("{mark} {entry}"),
        Some(None) => format!("\n- {entry}"),
        None => format!("\n{HEADING}\n\n- {entry}"),
    };
    Some(Edit::insert_line(readme, next as u32 + 1, &line))
}

const FENCE: &str = "---";
const HEADING: &str = "## Secrets";

/// The lines of the section about secrets, heading first, if there is one from line `first` on.
fn section(lines: &[&str], first: usize) -> Option<Range<usize>> {
    let headings = headings(lines, first);
    let index = headings.iter().position(|(_, _, title)| {
        let title = title.to_ascii_lowercase();
        ["secret", "environment variable"].iter().any(|word| title.contains(word))
    })?;
    let (start, level, _) = headings[index];
    let next = headings[index + 1..].iter().find(|(_, other, _)| *other <= level);
    Some(start..next.map_or(lines.len(), |(at, _, _)| *at))
}

/// The headings from the line `first` on that stand in no code: line, level and title.
fn headings<'a>(lines: &[&'a str], first: usize) -> Vec<(usize, usize, &'a str)> {
    let mut headings = Vec::new();
    let mut fence: Option<&str> = None;
    for (at, line) in lines.iter().enumerate().skip(first) {
        let start = line.trim_start();
        match fence {
            Some(open) if start.starts_with(open) => fence = None,
            Some(_) => {}
            None => {
                fence = ["```", "~~~"].into_iter().find(|open| start.starts_with(open));
                let level = line.bytes().take_while(|byte| *byte == b'#').count();
                if (1..=6).contains(&level) && line[level..].starts_with([' ', '\t']) {
                    headings.push((at, level, line[level..].trim()));
                }
            }
        }
    }
    headings
}

/// The mark of the list that `lines` end with, to which an item can be added at once.
fn list_before(lines: &[&str]) -> Option<char> {
    // Indented lines go on with an item.
    let last = lines.iter().rfind(|line| !line.starts_with([' ', '\t']))?;
    let mut chars = last.chars();
    let mark = chars.next().filter(|mark| ['-', '*', '+'].contains(mark))?;
    (chars.next() == Some(' ')).then_some(mark)
}
