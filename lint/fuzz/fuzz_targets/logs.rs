//! Logs: what went wrong, and what was installed. How a log arrives must not matter.
#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use spacelint_rules::diagnosis::{Diagnosis, diagnose};
use spacelint_space::frozen::read_log;

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, log)) = bytes.split_first() else { return };
    let whole = diagnose(log).expect("memory can be read");
    assert!(whole.lines <= log.len() as u64 + 1);
    for cause in whole.causes.iter().chain(&whole.wrappers).chain(&whole.noise) {
        assert!(cause.line >= 1 && cause.line <= whole.lines && cause.times >= 1);
        assert!(cause.text.len() <= 4096, "{} bytes of a line are kept", cause.text.len());
        let _ = (cause.answer(), cause.rules(), cause.is_mended_in_settings());
    }
    assert!(whole.unknown.len() as u64 <= whole.unknown_count);
    let pieces =
        diagnose(Pieces { log, size: usize::from(size % 32) + 1 }).expect("memory can be read");
    assert_eq!(told(&whole), told(&pieces));
    // Whether it tells is not asked; that it ends is.
    let _ = read_log(&String::from_utf8_lossy(log));
});

fn told(diagnosis: &Diagnosis) -> String {
    format!("{diagnosis:?}")
}

/// A log that comes in pieces.
struct Pieces<'a> {
    log: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(buffer.len());
        self.log.read(&mut buffer[..size])
    }
}
