//! Names for findings that outlast edits elsewhere in the file: for baselines, and for services that tell
//! old findings from new ones.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::check::{Report, by_place};
use crate::finding::Finding;

/// The name of a finding: of its rule, of the line on which it begins without the white space around, and
/// of which it is among those that have both in common in the same file. Neither the line's number nor the
/// message is part of it: the one moves, the other tells of numbers that change with the platform.
///
/// 32 hexadecimal digits. The path is no part of it: who compares findings compares that too.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A fingerprint of which the path is a part, for those who ask for one that stands alone.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self::of([path, self.as_str()])
    }

    fn new(rule: &str, line: &str, index: usize) -> Self {
        Self::of([rule, line, &index.to_string()])
    }

    fn of<const PARTS: usize>(parts: [&str; PARTS]) -> Self {
        let digest = Sha256::digest(parts.join("\0"));
        let half = digest.iter().take(16).fold(0u128, |half, byte| half << 8 | u128::from(*byte));
        Self(format!("{half:032x}"))
    }
}

/// The fingerprints of `report`'s findings and of its suppressed ones, in their orders. What is suppressed
/// counts, so that a comment renames no other finding.
pub fn fingerprints(report: &Report) -> (Vec<Fingerprint>, Vec<Fingerprint>) {
    let suppressed = report.suppressed.iter().map(|suppressed| &suppressed.finding);
    let mut all: Vec<(usize, &Finding)> =
        report.findings.iter().chain(suppressed).enumerate().collect();
    all.sort_by(|(_, a), (_, b)| by_place(a, b));
    let mut met: BTreeMap<_, usize> = BTreeMap::new();
    let mut named: Vec<(usize, Fingerprint)> = Vec::new();
    for (order, finding) in all {
        let (file, rule) = (&finding.location.file, finding.rule.name);
        let number = file.text.line_of(finding.location.span.start);
        let line = file.text.slice(file.text.line_span(number)).trim();
        let index = met.entry((&file.path, rule, line)).or_default();
        named.push((order, Fingerprint::new(rule, line, *index)));
        *index += 1;
    }
    named.sort_by_key(|(order, _)| *order);
    let mut found: Vec<Fingerprint> = named.into_iter().map(|(_, name)| name).collect();
    let suppressed = found.split_off(report.findings.len());
    (found, suppressed)
}

#[cfg(test)]
mod tests {
    use spacelint_space::Space;

    use super::*;
    use crate::check::{Selection, check};
    use crate::testing::memory;

    const TOUCH: &str = "torch.cuda.is_available()\n";

    fn named(app: &str) -> (Vec<Fingerprint>, Vec<Fingerprint>) {
        let selection =
            Selection { select: vec!["cuda-before-spaces".into()], ..Selection::default() };
        let report = check(&Space::read(&memory(&[("app.py", app)])), &selection);
        fingerprints(&report)
    }

    #[test]
    fn what_stands_elsewhere_does_not_count_and_what_stands_there_does() {
        let (one, _) = named(&format!("import torch\n{TOUCH}import spaces\n"));
        assert_eq!(one.len(), 1);
        let (moved, _) =
            named(&format!("# moved\nimport torch\nif True:\n    {TOUCH}import spaces\n"));
        assert_eq!(moved, one);
        let (other, _) = named(&format!("import torch\nx = {TOUCH}import spaces\n"));
        assert_ne!(other, one);
    }

    #[test]
    fn equal_lines_are_told_apart_and_a_comment_renames_none() {
        let (two, _) = named(&format!("import torch\n{TOUCH}{TOUCH}import spaces\n"));
        assert_eq!(two.len(), 2);
        assert_ne!(two[0], two[1]);
        let comment = "# spacelint: ignore[cuda-before-spaces]\n";
        let (left, silent) =
            named(&format!("import torch\n{comment}{TOUCH}{TOUCH}import spaces\n"));
        assert_eq!((left, silent), (vec![two[1].clone()], vec![two[0].clone()]));
    }

    #[test]
    fn a_fingerprint_is_the_same_in_every_release() {
        let name = Fingerprint::new("cuda-before-spaces", "x = 1", 0);
        // As `sha256sum` has it.
        assert_eq!(name.as_str(), "ebe6940d4977c47f783b11d0ba3bebb0");
    }
}
