//! What goes on, on standard error.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use spacelint_space::escape::escape;

use super::explain;

/// A line that changes on a terminal, and else none.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
}

impl Progress {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg} {prefix}") {
            bar.set_style(style);
        }
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, is_terminal }
    }

    /// What goes on now.
    pub(super) fn show(&self, what: String) {
        self.bar.set_message(what);
    }

    /// How many calls were seen.
    pub(super) fn count(&self, calls: usize) {
        self.bar.set_prefix(format!("({calls} GPU calls)"));
    }

    /// A line that stays.
    pub(super) fn note(&self, text: &str) {
        if self.is_terminal {
            self.bar.println(format!("note: {text}"));
        } else {
            let _ = writeln!(anstream::stderr(), "note: {text}");
        }
    }

    /// Whether this version of `spaces` is known.
    pub(super) fn spaces(&self, version: Option<&String>) {
        if let Some(note) = version.and_then(|version| explain::unknown_spaces(version)) {
            self.note(&escape(&note));
        }
    }

    /// Nothing any more.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
