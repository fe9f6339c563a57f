//! What the output can show: colour, links, box characters, and how wide it is. Decided once, from
//! the command line, the environment and the stream; all else takes it as a value, so that a test
//! can fix it.

use std::io::IsTerminal;

use textwrap::{WordSeparator, WordSplitter};

use crate::args::When;

/// What the output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Colour and other styles.
    pub(crate) color: bool,
    /// Links behind text (OSC 8).
    pub(crate) links: bool,
    /// Characters outside ASCII in what we draw.
    pub(crate) unicode: bool,
    /// Columns.
    pub(crate) width: usize,
}

/// Narrower than this, a code frame has no room for code.
const NARROWEST: usize = 40;
/// Wider than this, lines are hard to follow.
const WIDEST: usize = 160;
/// Prose is wrapped no wider than this.
const WIDEST_PROSE: usize = 100;
/// Where nobody tells: in a pipe or a file.
const UNKNOWN: usize = 100;

impl Terminal {
    /// What standard output can show.
    pub(crate) fn of_stdout(when: When) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let env = |name: &str| std::env::var(name).ok();
        let color = color(when, is_terminal, env);
        Self {
            color,
            links: color && is_terminal && supports_hyperlinks::supports_hyperlinks(),
            unicode: unicode(env),
            width: width(is_terminal, env),
        }
    }

    /// The columns to wrap prose at.
    pub(crate) fn prose_width(self) -> usize {
        self.width.min(WIDEST_PROSE)
    }

    /// What stands where something was left out.
    pub(crate) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// `text` in `style`, where there is colour.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.color { format!("\u{1b}[{}m{text}\u{1b}[0m", style.0) } else { text.to_owned() }
    }

    /// `shown`, leading to `url` where the terminal can.
    pub(crate) fn link(self, url: &str, shown: &str) -> String {
        if self.links {
            format!("\u{1b}]8;;{url}\u{1b}\\{shown}\u{1b}]8;;\u{1b}\\")
        } else {
            shown.to_owned()
        }
    }
}

/// How text is wrapped, everywhere: at spaces, so that names stay whole.
pub(crate) fn wrapping(width: usize, indent: &str) -> textwrap::Options<'_> {
    textwrap::Options::new(width)
        .initial_indent(indent)
        .subsequent_indent(indent)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
}

/// `text` as prose, in lines that each begin with `indent` and end in a line feed.
pub(crate) fn filled(text: &str, indent: &str, terminal: Terminal) -> String {
    textwrap::fill(text, wrapping(terminal.prose_width(), indent)) + "\n"
}

/// A way to set text apart, as the parameters of an SGR sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style(&'static str);

impl Style {
    /// Of errors.
    pub(crate) const ERROR: Self = Self("1;31");
    /// Of warnings.
    pub(crate) const WARNING: Self = Self("1;33");
    /// Of what is worth knowing.
    pub(crate) const INFO: Self = Self("1;36");
    /// Of what is well.
    pub(crate) const GOOD: Self = Self("1;32");
    /// Of what a person looks for.
    pub(crate) const STRONG: Self = Self("1");
    /// Of what may be passed over.
    pub(crate) const FAINT: Self = Self("2");
    /// Of what is typed.
    pub(crate) const CODE: Self = Self("36");
    /// Of a link.
    pub(crate) const LINK: Self = Self("4;36");
    /// Of emphasis.
    pub(crate) const EMPHASIS: Self = Self("3");
    /// Of a line that a fix removes.
    pub(crate) const REMOVED: Self = Self("31");
    /// Of a line that a fix adds.
    pub(crate) const ADDED: Self = Self("32");
}

/// The flag wins; then <https://no-color.org>, <https://force-color.org> and
/// <https://bixense.com/clicolors>; then what the stream is.
fn color(when: When, is_terminal: bool, env: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    let on = |name: &str| env(name).is_some_and(|value| !value.is_empty() && value != "0");
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if set("NO_COLOR") => false,
        When::Auto if on("FORCE_COLOR") || on("CLICOLOR_FORCE") => true,
        When::Auto => {
            let asked_not_to = env("CLICOLOR").is_some_and(|value| value == "0")
                || env("FORCE_COLOR").is_some_and(|value| value == "0");
            is_terminal && !asked_not_to && env("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// By locale, in a pipe as on a terminal: who reads the pipe has the same one.
fn unicode(env: impl Fn(&str) -> Option<String>) -> bool {
    if cfg!(windows) {
        return supports_unicode::supports_unicode();
    }
    if env("TERM").is_some_and(|term| term == "linux") {
        return false;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env(name).filter(|value| !value.is_empty()))
        .unwrap_or_default()
        .to_ascii_uppercase();
    locale.contains("UTF-8") || locale.contains("UTF8")
}

fn width(is_terminal: bool, env: impl Fn(&str) -> Option<String>) -> usize {
    let told = env("COLUMNS").and_then(|value| value.parse().ok()).filter(|width| *width > 0);
    let seen = || {
        let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
        (width.0 > 0).then_some(usize::from(width.0))
    };
    let width = if is_terminal { seen().or(told) } else { told };
    width.unwrap_or(UNKNOWN).clamp(NARROWEST, WIDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> + Copy {
        move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_flag_then_the_environment_then_the_stream_decide_colour() {
        let auto = |terminal, pairs| color(When::Auto, terminal, env(pairs));
        assert!(auto(true, &[]));
        assert!(!auto(false, &[]));
        assert!(!auto(true, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]));
        assert!(auto(true, &[("NO_COLOR", "")]));
        assert!(auto(false, &[("FORCE_COLOR", "1")]));
        assert!(auto(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!auto(true, &[("FORCE_COLOR", "0")]));
        assert!(!auto(true, &[("CLICOLOR", "0")]));
        assert!(!auto(true, &[("TERM", "dumb")]));
        assert!(color(When::Always, false, env(&[("NO_COLOR", "1")])));
        assert!(!color(When::Never, true, env(&[("FORCE_COLOR", "1")])));
    }

    #[cfg(not(windows))]
    #[test]
    fn box_characters_need_a_locale_that_has_them() {
        assert!(unicode(env(&[("LANG", "de_DE.UTF-8")])));
        assert!(unicode(env(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")])));
        assert!(!unicode(env(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")])));
        assert!(!unicode(env(&[("LANG", "de_DE.UTF-8"), ("TERM", "linux")])));
        assert!(!unicode(env(&[])));
    }

    #[test]
    fn the_width_is_kept_within_reason() {
        assert_eq!(width(false, env(&[("COLUMNS", "72")])), 72);
        assert_eq!(width(false, env(&[("COLUMNS", "7")])), NARROWEST);
        assert_eq!(width(false, env(&[("COLUMNS", "x")])), UNKNOWN);
    }
}
