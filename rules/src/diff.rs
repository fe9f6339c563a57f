//! What changed from one text to another, line by line.
//!
//! `similar` can show this by itself; but what it has for texts takes every algorithm that it knows along, which is
//! half a megabyte of program. Here is the one that is wanted.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::{DiffOp, DiffTag, group_diff_ops};

/// How much two texts are compared: lines, times lines that the other has not. Where it would be more, as for a long
/// file of which every line changes, all between the first change and the last counts as one.
const MAX_WORK: usize = 1 << 26;

/// Lines shown before and after a change.
const CONTEXT: usize = 3;

/// The changes from one text to another.
pub struct Diff<'t> {
    old: Vec<&'t str>,
    new: Vec<&'t str>,
    changes: Vec<DiffOp>,
}

/// Changes that are shown together, with the lines around them.
pub struct Hunk<'t> {
    /// Where it is: `@@ -1,3 +1,4 @@`.
    pub header: String,
    /// Its lines.
    pub lines: Vec<Line<'t>>,
}

/// A line of a [`Hunk`].
pub struct Line<'t> {
    /// What became of it.
    pub sign: Sign,
    /// Its text, with its end.
    pub text: &'t str,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Nothing.
    Kept,
    /// It is gone.
    Removed,
    /// It is new.
    Added,
}

impl<'t> Diff<'t> {
    /// Compares two texts.
    pub fn new(old: &'t str, new: &'t str) -> Self {
        let (old, new) = (lines(old), lines(new));
        if work(&old, &new) > MAX_WORK {
            let changes = one_change(&old, &new);
            return Self { old, new, changes };
        }
        let mut changes = Compact::new(Replace::new(Capture::new()), &old[..], &new[..]);
        let Ok(()) = myers::diff(&mut changes, &old[..], 0..old.len(), &new[..], 0..new.len());
        let changes = changes.into_inner().into_inner().into_ops();
        Self { old, new, changes }
    }

    /// The bytes of the old text that are not the same in the new one, each with those that stand there now.
    pub fn changes(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let (old, new) = (starts(&self.old), starts(&self.new));
        let bytes = |starts: &[usize], lines: Range<usize>| starts[lines.start]..starts[lines.end];
        let changed = self.changes.iter().filter(|op| op.tag() != DiffTag::Equal);
        changed.map(move |op| (bytes(&old, op.old_range()), bytes(&new, op.new_range())))
    }

    /// The changes with the lines around them.
    pub fn hunks(&self) -> impl Iterator<Item = Hunk<'t>> {
        group_diff_ops(self.changes.clone(), CONTEXT)
            .into_iter()
            .filter_map(|ops| Some(self.hunk(&ops, ops.first()?, ops.last()?)))
    }

    fn hunk(&self, ops: &[DiffOp], first: &DiffOp, last: &DiffOp) -> Hunk<'t> {
        let old = first.old_range().start..last.old_range().end;
        let new = first.new_range().start..last.new_range().end;
        let mut lines = Vec::new();
        for op in ops {
            let is_kept = op.tag() == DiffTag::Equal;
            let sign = if is_kept { Sign::Kept } else { Sign::Removed };
            lines.extend(self.old[op.old_range()].iter().map(|text| Line { sign, text }));
            if !is_kept {
                let added = self.new[op.new_range()].iter();
                lines.extend(added.map(|text| Line { sign: Sign::Added, text }));
            }
        }
        Hunk { header: format!("@@ -{} +{} @@", place(&old), place(&new)), lines }
    }
}

/// The changes as a unified diff, without the names of the files.
impl fmt::Display for Diff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hunk in self.hunks() {
            writeln!(f, "{}", hunk.header)?;
            for line in &hunk.lines {
                write!(f, "{}{}", line.sign.mark(), line.text)?;
                if line.has_no_end() {
                    writeln!(f, "\n{NO_END}")?;
                }
            }
        }
        Ok(())
    }
}

/// What stands in a unified diff after a last line that does not end.
pub const NO_END: &str = "\\ No newline at end of file";

impl Line<'_> {
    /// Whether it is the last of its text and does not end.
    pub fn has_no_end(&self) -> bool {
        !self.text.ends_with(['\n', '\r'])
    }
}

impl Sign {
    /// What stands before such a line.
    pub fn mark(self) -> char {
        match self {
            Self::Kept => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// How much it takes at least to compare two texts: all their lines, for each that the other has not.
fn work(old: &[&str], new: &[&str]) -> usize {
    let mut more: HashMap<&str, isize> = HashMap::new();
    for line in old {
        *more.entry(line).or_default() += 1;
    }
    for line in new {
        *more.entry(line).or_default() -= 1;
    }
    let lacking: usize = more.values().map(|count| count.unsigned_abs()).sum();
    lacking.saturating_mul(old.len() + new.len())
}

/// The change of all that lies between the lines that both texts begin with and those that both end with.
fn one_change(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let same = |(old, new): &(&&str, &&str)| old == new;
    let before = old.iter().zip(new).take_while(same).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(same).count();
    let (old_len, new_len) = (old.len() - before - after, new.len() - before - after);
    let equal = |old_index, new_index, len| DiffOp::Equal { old_index, new_index, len };
    let change = DiffOp::Replace { old_index: before, old_len, new_index: before, new_len };
    let ops = [equal(0, 0, before), change, equal(before + old_len, before + new_len, after)];
    ops.into_iter().filter(|op| !(op.old_range().is_empty() && op.new_range().is_empty())).collect()
}

/// The lines of a text with their ends: `\n`, `\r\n` or `\r`.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let end = if line.ends_with("\r\n") { line.len() - 2 } else { line.len() };
        let mut start = 0;
        for (at, _) in line[..end].match_indices('\r') {
            lines.push(&line[start..=at]);
            start = at + 1;
        }
        if start < line.len() {
            lines.push(&line[start..]);
        }
    }
    lines
}

/// Where each line starts, and where the last one ends.
fn starts(lines: &[&str]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut at = 0;
    starts.extend(lines.iter().map(|line| {
        at += line.len();
        at
    }));
    starts
}

/// Which lines, as a hunk says it: the first and how many, or of none the one before.
fn place(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_what_patch_reads() {
        for (old, new, shown) in [
            ("a\nb\n", "a\nb\n", ""),
            ("", "a\n", "@@ -0,0 +1 @@\n+a\n"),
            ("a\n", "", "@@ -1 +0,0 @@\n-a\n"),
            (
                "a\nb",
                "a\nc",
                "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n",
            ),
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                "0\n1\n2\n3\n4\n5\n6\n7\n8\n",
                "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -6,4 +7,3 @@\n 6\n 7\n 8\n-9\n",
            ),
        ] {
            assert_eq!(Diff::new(old, new).to_string(), shown);
        }
    }

    #[test]
    fn the_changed_bytes_make_one_text_of_the_other() {
        for (old, new) in [
            ("a\r\nb\rc\n", "a\r\nc\rx"),
            ("é\nb\nb\n", "b\né\nb\n"),
            ("", "x"),
            ("x\r", ""),
            ("\r\r\n\n", "\n\r"),
        ] {
            let mut made = old.to_owned();
            let changes: Vec<_> = Diff::new(old, new).changes().collect();
            for (before, after) in changes.into_iter().rev() {
                made.replace_range(before, &new[after]);
            }
            assert_eq!(made, new);
        }
    }

    #[test]
    fn a_long_text_of_which_all_changes_is_one_change() {
        let lines = |end: &str| -> String {
            let lines: Vec<String> = (0..200_000).map(|index| format!("{index}{end}")).collect();
            format!("first\n{}last\n", lines.concat())
        };
        let (old, new) = (lines("\r\n"), lines("\n"));
        let diff = Diff::new(&old, &new);
        let [(before, after)] = &diff.changes().collect::<Vec<_>>()[..] else { panic!("not one") };
        let made = format!("{}{}{}", &old[..before.start], &new[after.clone()], &old[before.end..]);
        assert!(made == new && before.start == 6 && before.end == old.len() - 5);
        assert!(diff.to_string().starts_with("@@ -1,200002 +1,200002 @@\n first\n-0\r\n"));
        // A few changes of a long text are shown one by one, however far apart.
        let few = new.replace("\n7\n", "\n").replace("\n199990\n", "\nx\ny\n");
        assert_eq!(Diff::new(&new, &few).hunks().count(), 2);
    }

    #[test]
    fn a_line_ends_in_any_of_three_ways() {
        assert_eq!(lines("a\rb\r\nc\n\r\n\rd"), ["a\r", "b\r\n", "c\n", "\r\n", "\r", "d"]);
        assert_eq!(lines("a\r"), ["a\r"]);
        assert_eq!(lines(""), [""; 0]);
    }
}
