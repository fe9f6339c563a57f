//! What a comment says to spacelint: `# spacelint: ignore[name, other]`, `# spacelint:
//! ignore-file[name]`, or something that is neither.

use spacelint_python::Span;

/// One `# spacelint: …`. A comment may hold several, and other tools' words around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// From its `#` to the end of what belongs to it: the comment's end or the next `#`.
    pub(crate) span: Span,
    /// What it asks for.
    pub(crate) request: Result<Request, Malformed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) scope: Scope,
    /// The names in the order written; never empty.
    pub(crate) names: Vec<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// `ignore`: a logical line.
    Line,
    /// `ignore-file`: the file.
    File,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// Why a directive says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Neither `ignore` nor `ignore-file`.
    Verb,
    /// No `[…]` after it.
    NoNames,
    /// `[` without `]`.
    Unclosed,
    /// `[]`, or a comma with nothing beside it.
    EmptyName,
}

/// The marker that every directive has; a file without it has none.
pub(crate) const MARKER: &str = "spacelint:";

/// The directives in a comment that begins at `start` of its file.
pub(crate) fn read(comment: &str, start: usize) -> Vec<Directive> {
    let mut found = Vec::new();
    // A part begins at each `#` that begins the comment or follows white space.
    let mut hashes: Vec<usize> = comment
        .match_indices('#')
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || comment[..*at].ends_with([' ', '\t']))
        .collect();
    hashes.push(comment.len());
    for pair in hashes.windows(2) {
        let part = comment[pair[0]..pair[1]].trim_end();
        let words = part.trim_start_matches('#').trim_start();
        if let Some(rest) = words.strip_prefix(MARKER) {
            let rest_start = start + pair[0] + (part.len() - rest.len());
            found.push(Directive {
                span: Span::new(start + pair[0], start + pair[0] + part.len()),
                request: request(rest, rest_start),
            });
        }
    }
    found
}

fn request(rest: &str, start: usize) -> Result<Request, Malformed> {
    let words = rest.trim_start();
    let verb_length = words
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .unwrap_or(words.len());
    let (verb, after) = words.split_at(verb_length);
    let scope = match verb {
        "ignore" => Scope::Line,
        "ignore-file" => Scope::File,
        _ => return Err(Malformed::Verb),
    };
    let list = after.trim_start().strip_prefix('[').ok_or(Malformed::NoNames)?;
    let list_start = start + (rest.len() - list.len());
    let list = &list[..list.find(']').ok_or(Malformed::Unclosed)?];
    let mut names = Vec::new();
    let mut at = list_start;
    for part in list.split(',') {
        let text = part.trim();
        if text.is_empty() {
            return Err(Malformed::EmptyName);
        }
        let from = at + (part.len() - part.trim_start().len());
        names.push(Name { text: text.to_owned(), span: Span::new(from, from + text.len()) });
        at += part.len() + 1;
    }
    Ok(Request { scope, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(comment: &str) -> Vec<Vec<String>> {
        read(comment, 0)
            .into_iter()
            .map(|directive| {
                let request = directive.request.expect("it is well formed");
                request
                    .names
                    .iter()
                    .map(|name| {
                        assert_eq!(comment[name.span.range()], name.text);
                        name.text.clone()
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn names_are_read_with_their_places() {
        assert_eq!(names("# spacelint: ignore[a, b-c ]"), [["a", "b-c"]]);
        assert_eq!(names("#spacelint:ignore-file [a]  because"), [["a"]]);
    }

    #[test]
    fn other_tools_may_share_the_comment() {
        assert_eq!(names("# noqa  # spacelint: ignore[a]  # spacelint: ignore[b]"), [["a"], ["b"]]);
        let comment = "# spacelint: ignore[a] why # noqa";
        let directive = &read(comment, 100)[0];
        assert_eq!(directive.span, Span::new(100, 100 + "# spacelint: ignore[a] why".len()));
    }

    #[test]
    fn a_mention_is_no_directive() {
        assert_eq!(read("# see spacelint: ignore[a]", 0), []);
        assert_eq!(read("# issue#spacelint: ignore[a]", 0), []);
        assert_eq!(read("# a spacelinter: ignore[a]", 0), []);
    }

    #[test]
    fn what_is_malformed_says_how() {
        let malformed = |comment: &str| read(comment, 0)[0].request.clone().expect_err("malformed");
        assert_eq!(malformed("# spacelint: disable[a]"), Malformed::Verb);
        assert_eq!(malformed("# spacelint:"), Malformed::Verb);
        assert_eq!(malformed("# spacelint: ignored[a]"), Malformed::Verb);
        assert_eq!(malformed("# spacelint: ignore"), Malformed::NoNames);
        assert_eq!(malformed("# spacelint: ignore a"), Malformed::NoNames);
        assert_eq!(malformed("# spacelint: ignore[a"), Malformed::Unclosed);
        assert_eq!(malformed("# spacelint: ignore[]"), Malformed::EmptyName);
        assert_eq!(malformed("# spacelint: ignore[a,]"), Malformed::EmptyName);
    }
}
