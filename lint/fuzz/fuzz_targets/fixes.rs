//! Fixes: what they write can be written, parses as before, and is not written twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelint_fuzz::{all, memory, report};
use spacelint_python::parse;
use spacelint_rules::{Applicability, fix};

fuzz_target!(|bytes: &[u8]| {
    // Both at once would be half as many inputs in the same time.
    let limit = if bytes.len() % 2 == 0 { Applicability::Safe } else { Applicability::Unsafe };
    let fixed = fix(memory(bytes), &all(), limit);
    report(&fixed.report);
    let applied = fixed.applied.iter().map(|it| format!("{}: {}", it.rule.name, it.message));
    assert!(!fixed.unsettled, "fixes undo each other: {:?}", applied.collect::<Vec<_>>());
    if fixed.files.is_empty() {
        return;
    }
    let mut files = memory(bytes);
    for file in &fixed.files {
        let before = file.before.text.as_str();
        assert_ne!(before, file.after);
        assert_eq!(before.starts_with('\u{feff}'), file.after.starts_with('\u{feff}'));
        let lone = |text: &str| text.replace("\r\n", "").contains('\n');
        // In the one file whose reader stumbles over them, CR LF is what is mended.
        let is_mended = file.before.path == "packages.txt";
        if before.contains("\r\n") && !lone(before) && !is_mended {
            assert!(!lone(&file.after), "line endings are mixed");
        }
        let edited = file.before.edited(&file.after);
        assert_eq!(edited.text.as_str(), file.after, "it is not read as it is written");
        assert_eq!(edited.encoding, file.before.encoding);
        if file.before.path.extension() == Some("py") && parse(before).broken.is_empty() {
            assert!(parse(&file.after).broken.is_empty(), "what parsed does not any more");
        }
        let written = file.before.encode(&file.after);
        files = files.with_buffer(file.before.path.clone(), written);
    }
    let again = fix(files, &all(), limit);
    assert!(again.files.is_empty(), "a second run changes {:?}", again.files);
});
