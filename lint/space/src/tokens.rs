//! Tokens in text: where they stand, and the same text without them. Whoever prints a text of a repository
//! prints [`masked`] instead, so that no report repeats what it warns of.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use spacelint_knowledge::tokens::{self, Alphabet, Form};
use spacelint_python::Span;

use crate::files::SourceFile;

/// A token that stands in a file.
#[derive(Clone, Debug)]
pub struct Token {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Where in it.
    pub span: Span,
    /// What it is, as a message says it: "Hugging Face token".
    pub of: &'static str,
}

/// Made when a text is first searched. That a table of ours cannot be built is a bug that every test meets.
static PREFIXES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let prefixes = tokens::forms().iter().map(|form| form.prefix);
    // Quick to make, which is most of it where a Space is small; what is searched, its prefilter skips.
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).kind(kind).clone();
    builder.build(prefixes).ok()
});

/// Every token in `text`, in order: where it stands, and its form.
pub fn find(text: &[u8]) -> impl Iterator<Item = (Range<usize>, &'static Form)> {
    candidates(text).filter(|(range, form)| {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let secret = &text[range.start + form.prefix.len()..range.end];
        !text[..range.start].last().is_some_and(is_part)
            && !text.get(range.end).is_some_and(is_part)
            && form.length.contains(&secret.len())
            && form.holds.is_none_or(|it| memchr::memmem::find(secret, it.as_bytes()).is_some())
            && !is_placeholder(secret)
    })
}

/// What may be a token, whatever stands around it: a prefix, and at least as many characters as it takes.
fn candidates(text: &[u8]) -> impl Iterator<Item = (Range<usize>, &'static Form)> {
    let starts = PREFIXES.iter().flat_map(move |prefixes| prefixes.find_iter(text));
    let mut runs = Runs::default();
    starts.filter_map(move |start| {
        let form = &tokens::forms()[start.pattern().as_usize()];
        let end = runs.end(text, start.end(), form.alphabet);
        (end - start.end() >= *form.length.start()).then_some((start.start()..end, form))
    })
}

/// Where the run of an alphabet's characters ends that was looked at last, for each alphabet. One prefix may
/// stand in what follows another, as often as a text has room for it: their runs end at the same place, which is
/// looked for once.
#[derive(Default)]
struct Runs([usize; Alphabet::ALL.len()]);

impl Runs {
    /// Where the characters of `alphabet` end that begin at `from`, which never goes back from call to call. So
    /// every byte is looked at once for each alphabet, and once more where a run ends.
    fn end(&mut self, text: &[u8], from: usize, alphabet: Alphabet) -> usize {
        let end = &mut self.0[alphabet as usize];
        if *end <= from {
            let run = text[from..].iter().take_while(|byte| alphabet.has(**byte));
            *end = from + run.count();
        }
        *end
    }
}

/// `text` with stars for what is secret in each token, and in whatever may be one. It stays as long as it is, so
/// that every place in it stays where it is.
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut found = candidates(text.as_bytes()).peekable();
    if found.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (range, form) in found {
        let start = range.start + form.prefix.len();
        // One may begin within another.
        if start > out.len() {
            out.push_str(&text[out.len()..start]);
        }
        out.extend(std::iter::repeat_n('*', range.end.saturating_sub(out.len())));
    }
    out.push_str(&text[out.len()..]);
    Cow::Owned(out)
}

/// Whether something in `text` may be a token.
pub fn may_hold(text: &str) -> bool {
    candidates(text.as_bytes()).next().is_some()
}

/// Whether a person wrote this in place of a token: nobody draws so few characters, or one so often in a row.
fn is_placeholder(secret: &[u8]) -> bool {
    let mut seen = [false; 256];
    let mut distinct = 0;
    for byte in secret {
        if !std::mem::replace(&mut seen[usize::from(*byte)], true) {
            distinct += 1;
        }
    }
    let small = secret.to_ascii_lowercase();
    distinct * 3 < secret.len().min(36)
        || secret.windows(5).any(|run| run.iter().all(|byte| *byte == run[0]))
        || tokens::placeholders()
            .iter()
            .any(|it| memchr::memmem::find(&small, it.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Xorshift;

    // In pieces, so that no other scanner takes this file for one that leaks.
    const SECRET: &str = "QzXwVbNmKjHgFdSaPoIuYtReWqLkJhGfDs";
    const HF: &str = "hf_";

    fn found(text: &str) -> Vec<(&str, &str)> {
        find(text.as_bytes()).map(|(range, form)| (&text[range], form.of)).collect()
    }

    #[test]
    fn a_token_is_told_by_its_prefix_length_and_surroundings() {
        let token = format!("{HF}{SECRET}");
        assert_eq!(found(&format!("T = '{token}'")), [(&*token, "Hugging Face token")]);
        assert_eq!(found(&token).len(), 1);
        for none in [
            format!("{token}A"),
            format!("x{token}"),
            format!("{token}_b"),
            format!("{token}-b"),
            format!("{HF}{}", &SECRET[1..]),
            format!("{HF}{}1", &SECRET[1..]),
        ] {
            assert_eq!(found(&none), [], "{none}");
        }
        let openai = format!("sk-{SECRET}12345abcde6789");
        assert_eq!(found(&format!("https://u:{openai}@x")), [(&*openai, "OpenAI API key")]);
        let project = format!("sk-proj-{SECRET}T3BlbkFJ{SECRET}");
        assert_eq!(found(&project).len(), 1);
        assert_eq!(found(&project.replace("T3", "T4")).len(), 0);
    }

    #[test]
    fn a_placeholder_is_no_token() {
        for secret in [
            "x".repeat(34),
            "abcdefghijklmnopqrstuvwxyzabcdefgh".to_owned(),
            "YourTokenGoesRightInThisPlaceXyzAb".to_owned(),
            "ababababababababababababababababab".to_owned(),
            "QzXwVbNmKjHgFdSaPoIuYtReWqLkAAAAAA".to_owned(),
        ] {
            assert_eq!(found(&format!("{HF}{secret}")), [], "{secret}");
        }
    }

    /// Looked at anew for each prefix, this would be some nine thousand million bytes.
    #[test]
    fn prefixes_without_end_are_looked_at_once() {
        let prefix = "AIza";
        let text = prefix.repeat(64 * 1024);
        assert_eq!(candidates(text.as_bytes()).count(), 64 * 1024 - 9);
        assert_eq!(found(&text), []);
        assert_eq!(super::masked(&text), format!("{prefix}{}", "*".repeat(text.len() - 4)));
    }

    #[test]
    fn a_run_ends_where_it_does_when_it_is_looked_at_alone() {
        let mut random = Xorshift::new(5);
        for _ in 0..2000 {
            let pick = |random: &mut Xorshift| b"hf_AIzas-1 "[random.below(11)];
            let text: Vec<u8> = (0..40).map(|_| pick(&mut random)).collect();
            let mut runs = Runs::default();
            for from in 1..=text.len() {
                let alphabet = Alphabet::ALL[random.below(Alphabet::ALL.len())];
                let alone = text[from..].iter().take_while(|byte| alphabet.has(**byte)).count();
                assert_eq!(runs.end(&text, from, alphabet), from + alone);
            }
        }
    }

    #[test]
    fn a_masked_text_keeps_its_places() {
        let text = format!("é {HF}{SECRET} and '{HF}{SECRET}'\n");
        let masked = masked(&text);
        assert_eq!(masked.len(), text.len());
        assert!(!masked.contains(&SECRET[..6]));
        assert_eq!(masked.matches(&format!("{HF}{}", "*".repeat(34))).count(), 2);
        assert_eq!(super::masked(&format!("x{HF}{SECRET}1")), format!("x{HF}{}1", "*".repeat(34)));
        assert_eq!(
            super::masked(&format!("glpat-{HF}{SECRET}")),
            format!("glpat-{}", "*".repeat(37))
        );
        assert!(matches!(super::masked("nothing in it"), Cow::Borrowed(_)));
    }
}
