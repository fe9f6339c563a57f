//! What `.gitattributes` says of the line endings of a file. What git's own settings say nobody can read here:
//! most of them stand outside the repository.

use camino::Utf8Path;

use crate::files::Files;
use crate::ignored;

/// What a commit makes of CR LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarriageReturns {
    /// They stay.
    Kept,
    /// They become LF.
    Dropped,
    /// That is for git's settings to say.
    Unsettled,
}

/// What a commit makes of CR LF in the file `path` of the Space's own folder.
pub(crate) fn carriage_returns(files: &Files, path: &str) -> CarriageReturns {
    let Some(rules) = ignored::text(files, Utf8Path::new(".gitattributes")) else {
        return CarriageReturns::Unsettled;
    };
    // The last line that says something of an attribute counts.
    let (mut text, mut ending) = (None, None);
    for line in rules.lines() {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|pattern| matches(pattern, path)) {
            continue;
        }
        for attribute in words {
            match attribute {
                "text" | "text=auto" | "crlf" => text = Some(true),
                "-text" | "-crlf" | "binary" => text = Some(false),
                "!text" | "!crlf" => text = None,
                "!eol" | "-eol" => ending = None,
                "eol=lf" | "eol=crlf" | "crlf=input" => ending = Some(true),
                _ => {}
            }
        }
    }
    match text.or(ending) {
        Some(true) => CarriageReturns::Dropped,
        Some(false) => CarriageReturns::Kept,
        None => CarriageReturns::Unsettled,
    }
}

/// Whether a pattern is for the file. They are written as in `.gitignore`, but for the comments and the
/// exceptions, which there are none of.
fn matches(pattern: &str, path: &str) -> bool {
    if pattern.starts_with(['#', '!']) {
        return false;
    }
    ignored::matcher([pattern]).is_some_and(|matcher| matcher.matched(path, false).is_ignore())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_says_something_counts() {
        use CarriageReturns::{Dropped, Kept, Unsettled};
        for (attributes, expected) in [
            ("", Unsettled),
            ("*.bin filter=lfs diff=lfs merge=lfs -text\n# packages.txt -text\n", Unsettled),
            ("* -text\n", Kept),
            ("\u{feff}*.txt binary\r\n", Kept),
            ("/packages.txt -text eol=lf\n", Kept),
            ("* text=auto\n", Dropped),
            ("* -text\npackages.txt text\n", Dropped),
            ("* -text\npackages.txt !text\n", Unsettled),
            ("*.txt eol=crlf\n", Dropped),
            ("!*.txt -text\nother/packages.txt -text\n", Unsettled),
        ] {
            let files = Files::memory([(".gitattributes".into(), attributes.to_owned().into())]);
            assert_eq!(carriage_returns(&files, "packages.txt"), expected, "{attributes:?}");
        }
        let files = Files::memory([]);
        assert_eq!(carriage_returns(&files, "packages.txt"), Unsettled);
    }
}
