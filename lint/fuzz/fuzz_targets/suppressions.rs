//! Comments that speak to spacelint: what they silence, and what writes one more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelint_fuzz::{all, edits, fits, memory, report};
use spacelint_rules::{check, fix, ignored_at, ignoring};
use spacelint_space::Space;

fuzz_target!(|bytes: &[u8]| {
    let space = Space::read(&memory(bytes));
    let found = check(&space, &all());
    report(&found);
    for finding in &found.findings {
        if let Some(edit) = ignoring(&space, finding) {
            edits(&[edit]);
        }
    }
    for file in space.readme.iter().chain(&space.entry) {
        let text = file.text.as_str();
        for (at, _) in text.match_indices("ignore") {
            for offset in at..=(at + 24).min(text.len()) {
                if let Some((name, span)) = ignored_at(&space, file, offset as u32) {
                    fits(text, span);
                    assert_eq!(name, file.text.slice(span));
                }
            }
        }
    }
    let fixed = fix::ignore(memory(bytes), &all(), |_, _| true);
    assert!(!fixed.unsettled, "comments undo each other");
    report(&fixed.report);
    for file in &fixed.files {
        let before = file.before.text.as_str();
        // A comment takes nothing away.
        assert!(file.after.len() > before.len());
    }
});
