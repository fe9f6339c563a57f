use std::sync::Arc;

use spacelint_knowledge::platform;
use spacelint_python::{Span, Text};
use spacelint_space::{LargeFile, SourceFile, Space};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A file is too large for git alone: the Hub refuses the push that brings it.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "hub-docs docs/hub/spaces-github-actions.md and repositories-getting-started.md at 242f4a1: files larger than 10 MB must be in LFS or Xet; huggingface_hub#657 and #687, ohmywind#289: less for what is no text"
)]
pub(crate) struct FileOutsideLfs<'a>(&'a LargeFile);

impl<'a> Check<'a> for FileOutsideLfs<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.large_files.iter().filter(|_| space.card.is_some()).map(Self)
    }

    fn finding(&self) -> Finding {
        let LargeFile { path, bytes, is_binary } = self.0;
        let push = platform::push();
        let (limit, refuses) = if *is_binary {
            (push.binary_bytes, push.refuses_binary)
        } else {
            (push.bytes, push.refuses)
        };
        // What stands in it nobody reads: the finding is of the file.
        let file = Arc::new(SourceFile::decoded(path.clone(), Text::new("")));
        let kind = if *is_binary { "a binary file" } else { "a file" };
        let message = format!(
            "{kind} of {} that is not in LFS: the Hub refuses each push with git that brings one of more than \
             {}, with the whole push: \"{refuses}\"",
            megabytes(*bytes),
            megabytes(limit)
        );
        Self::at(Location::new(&file, Span::empty(0)), message).help(format!(
            "Before it is committed: `git xet track \"{0}\"`, or `git lfs track \"{0}\"`. Where it is committed \
             already, `git lfs migrate import --include=\"{0}\"` takes it out of the history. `hf upload` needs \
             neither.",
            pattern(path)
        ))
    }
}

/// What a person tracks to have the file in LFS.
fn pattern(path: &camino::Utf8Path) -> String {
    match path.extension() {
        Some(extension) => format!("*.{extension}"),
        None => path.to_string(),
    }
}

/// Rounded up, so that what is above a limit does not read as the limit.
fn megabytes(bytes: u64) -> String {
    let tenths = (bytes * 10).div_ceil(1024 * 1024);
    match tenths % 10 {
        0 => format!("{} MiB", tenths / 10),
        tenth => format!("{}.{tenth} MiB", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::megabytes;

    #[test]
    fn what_is_above_a_limit_is_said_to_be() {
        assert_eq!(megabytes(1_048_576), "1 MiB");
        assert_eq!(megabytes(1_049_042), "1.1 MiB");
        assert_eq!(megabytes(10_485_760), "10 MiB");
    }
}
