//! What the card's values are held against: the keys of `card.toml`.

use serde_yaml::Value;
use spacelint_knowledge::card::{self, Form, Key, Looks};
use spacelint_python::Span;
use spacelint_space::{Card, Entry};

use crate::finding::Location;
use crate::spelling;

/// A value that its key does not allow.
pub(super) struct Wrong<'a> {
    pub(super) card: &'a Card,
    pub(super) key: &'static Key,
    /// The value, or the element of it.
    pub(super) span: Span,
    /// What a fix replaces, without quotes.
    pub(super) inner: Span,
    /// As its author wrote it.
    pub(super) text: &'a str,
    pub(super) fault: Fault,
}

/// What is wrong with a value.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    /// It is of another kind than the key's.
    Form,
    /// It is none of the key's values; the nearest of those, if one is near enough to be meant.
    Unknown(Option<&'static str>),
    /// It was a value once; what became of it.
    Gone(&'static str),
    /// It is longer than the key allows: how long, in characters.
    TooLong(usize),
    /// It is larger than the key allows, or not above zero.
    OutOfRange,
    /// It does not look as the key's values do.
    Looks(Looks),
}

impl Wrong<'_> {
    pub(super) fn location(&self) -> Location {
        Location::new(&self.card.file, self.span)
    }

    pub(super) fn inner(&self) -> Location {
        Location::new(&self.card.file, self.inner)
    }
}

/// A scalar of the card.
struct Scalar<'a> {
    value: &'a Value,
    text: &'a str,
    span: Span,
    inner: Span,
}

/// Everything in `card` that its key does not allow, in the order of the text. A key without a value is
/// as good as none.
pub(super) fn wrong(card: &Card) -> impl Iterator<Item = Wrong<'_>> {
    card.entries.iter().flat_map(move |entry| {
        let found = card::key(&entry.key).map_or(Vec::new(), |key| of_entry(key, entry));
        found.into_iter().filter_map(move |(key, scalar, fault)| {
            Some(Wrong {
                card,
                key,
                span: scalar.span,
                inner: scalar.inner,
                text: scalar.text,
                fault: fault?,
            })
        })
    })
}

type Judged<'a> = (&'static Key, Scalar<'a>, Option<Fault>);

fn of_entry<'a>(key: &'static Key, entry: &'a Entry) -> Vec<Judged<'a>> {
    let whole = || Scalar {
        value: &entry.value,
        text: &entry.text,
        span: entry.value_span,
        inner: entry.inner_span,
    };
    match (key.form, &entry.value) {
        (_, Value::Null) => Vec::new(),
        (Form::Texts | Form::TextOrTexts, Value::Sequence(_)) => {
            let scalars = entry.items.iter().map(|item| Scalar {
                value: &item.value,
                text: &item.text,
                span: item.span,
                inner: item.inner_span,
            });
            scalars.map(|scalar| judged(key, scalar)).collect()
        }
        (Form::Names, Value::Mapping(_)) => entry
            .entries
            .iter()
            .map(|pair| {
                let fault = among(key, &pair.key);
                let (span, text) = (pair.key_span, pair.key.as_str());
                (key, Scalar { value: &pair.value, text, span, inner: span }, fault)
            })
            .collect(),
        (Form::Texts | Form::Names, _) | (_, Value::Sequence(_) | Value::Mapping(_)) => {
            vec![(key, whole(), Some(Fault::Form))]
        }
        (Form::Text | Form::TextOrTexts | Form::Switch | Form::Number, _) => {
            vec![judged(key, whole())]
        }
    }
}

fn judged<'a>(key: &'static Key, scalar: Scalar<'a>) -> Judged<'a> {
    let fault = match (key.form, scalar.value) {
        (Form::Switch, Value::Bool(_)) => None,
        (Form::Number, Value::Number(number)) => {
            let is_out = number
                .as_i64()
                .is_none_or(|number| number < 1 || key.most.is_some_and(|most| number > most));
            is_out.then_some(Fault::OutOfRange)
        }
        (Form::Switch | Form::Number, _) => Some(Fault::Form),
        // A version or a title may well be written as a number: it is read as its text.
        _ => among(key, scalar.text)
            .or_else(|| {
                let length = scalar.text.chars().count();
                let is_long = key.longest.is_some_and(|longest| length > longest as usize);
                is_long.then_some(Fault::TooLong(length))
            })
            .or_else(|| {
                let looks = key.looks.filter(|looks| !looks_like(*looks, scalar.text))?;
                Some(Fault::Looks(looks))
            }),
    };
    (key, scalar, fault)
}

fn among(key: &Key, text: &str) -> Option<Fault> {
    if key.allowed.is_empty() || key.allowed.contains(&text) {
        return None;
    }
    if let Some((_, fate)) = key.gone.iter().find(|(gone, _)| *gone == text) {
        return Some(Fault::Gone(fate));
    }
    let near = spelling::nearest(
        &text.to_lowercase().replace(['_', ' '], "-"),
        key.allowed.iter().copied(),
        4,
    );
    (near.is_some() || !key.open).then_some(Fault::Unknown(near))
}

fn looks_like(looks: Looks, text: &str) -> bool {
    match looks {
        Looks::Path => text.starts_with('/'),
        Looks::Address => text.starts_with("https://") || text.starts_with("http://"),
        // Emoji are too many to list; letters are none of them.
        Looks::Emoji => !text.is_empty() && !text.contains(|c: char| c.is_ascii_alphabetic()),
        Looks::Span => {
            let parts = text.split_inclusive(|c: char| c.is_ascii_alphabetic());
            !text.is_empty()
                && parts.into_iter().all(|part| {
                    part.strip_suffix(['s', 'm', 'h', 'd'])
                        .is_some_and(|number| number.parse::<f64>().is_ok())
                })
        }
        Looks::Preload => {
            let parts: Vec<&str> = text.split_whitespace().collect();
            let is_repository = parts.first().is_some_and(|repo| {
                repo.split('/').count() <= 2 && repo.split('/').all(|part| !part.is_empty())
            });
            let is_commit = |text: &&str| {
                text.len() == COMMIT_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            is_repository && parts.len() <= 3 && parts.get(2).is_none_or(is_commit)
        }
    }
}

/// A git commit, in hexadecimal digits.
const COMMIT_LENGTH: usize = 40;

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use spacelint_space::{Files, Space};

    use super::*;

    fn faults(line: &str) -> usize {
        let text = format!("---\n{line}\n---\n");
        let files = [(Utf8PathBuf::from("README.md"), text.into_bytes())];
        let space = Space::read(&Files::memory(files));
        space.card.iter().flat_map(wrong).count()
    }

    /// A value that each limit of the key forbids, and one that all of them allow.
    #[test]
    fn what_the_table_forbids_is_found_and_what_it_allows_is_not() {
        for key in card::keys() {
            let name = key.name;
            let of_another_form = match key.form {
                Form::Text => "[a, b]",
                Form::Switch => "perhaps",
                Form::Number => "many",
                Form::TextOrTexts => "{a: b}",
                Form::Texts | Form::Names => "alone",
            };
            assert_eq!(faults(&format!("{name}: {of_another_form}")), 1, "{name}");
            let written = |text: &str| match key.form {
                Form::Texts => format!("{name}: [{text}]"),
                Form::Names => format!("{name}: {{{text}: same-origin}}"),
                _ => format!("{name}: {text}"),
            };
            for gone in key.gone {
                assert_eq!(faults(&written(gone.0)), 1, "{name}");
            }
            if let Some(longest) = key.longest {
                assert_eq!(faults(&written(&"é".repeat(longest as usize + 1))), 1, "{name}");
                assert_eq!(faults(&written(&"é".repeat(longest as usize))), 0, "{name}");
            }
            if let Some(most) = key.most {
                assert_eq!(faults(&written(&(most + 1).to_string())), 1, "{name}");
                assert_eq!(faults(&written(&most.to_string())), 0, "{name}");
                assert_eq!(faults(&written("0")), 1, "{name}");
            }
            if !key.allowed.is_empty() && !key.open {
                assert_eq!(faults(&written("unheard-of")), 1, "{name}");
            }
            for allowed in key.allowed {
                assert_eq!(faults(&written(allowed)), 0, "{name}: {allowed}");
            }
            let (good, bad) = match key.looks {
                None => continue,
                Some(Looks::Path) => ("/here", "here"),
                Some(Looks::Address) => ("https://example.com/a.png", "a.png"),
                Some(Looks::Emoji) => ("🌳", "tree"),
                Some(Looks::Span) => ("1h30m", "soon"),
                Some(Looks::Preload) => ("owner/name a.bin", "\"/name\""),
            };
            assert_eq!((faults(&written(good)), faults(&written(bad))), (0, 1), "{name}");
        }
    }
}
