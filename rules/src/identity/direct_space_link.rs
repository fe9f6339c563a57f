use std::sync::Arc;

use memchr::memmem;
use spacelint_knowledge::platform::{self, Tier};
use spacelint_python::Span;
use spacelint_space::{SourceFile, Space, SpaceTrace};

use super::{host, is_direct};
use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// A link leads past the page on which ZeroGPU learns who the visitor is.
#[derive(Rule)]
#[rule(severity = info, since = "0.1.0")]
#[rule(
    source = "gradio 6.31.0 client/js submit.ts: the page asks for the visitor's headers only inside the frame of huggingface.co; hub-docs docs/hub/spaces-embed.md: the direct URL"
)]
pub(crate) struct DirectSpaceLink<'a> {
    file: &'a Arc<SourceFile>,
    /// Where the address stands.
    span: Span,
}

impl<'a> Check<'a> for DirectSpaceLink<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let readme = space.readme.iter().flat_map(|file| links(file, "```"));
        let trace = space.trace().into_iter().flat_map(SpaceTrace::files);
        let program = trace.flat_map(|file| links(file, "#"));
        readme.chain(program).filter(|_| space.is_zerogpu())
    }

    fn finding(&self) -> Finding {
        let (anonymous, free) = (Tier::Anonymous.quota_seconds(), Tier::Free.quota_seconds());
        let message = format!(
            "who follows this link sees the app outside of huggingface.co, where it cannot ask who they \
             are: on ZeroGPU that leaves {anonymous} s a day instead of the {free} s of somebody signed in"
        );
        Self::at(Location::new(self.file, self.span), message)
            .help(format!("Link to the Space's page, `{}OWNER/NAME`.", platform::direct().page))
    }
}

/// What stands before the address of a link that a person follows.
const OPENINGS: [&str; 5] = ["](", "href=\"", "href='", "link=\"", "link='"];

/// The links in `file` to apps that are served by themselves, and to nothing below them, which a program
/// asks for: on lines that do not begin with `skipped`, nor stand between two that do where that is a
/// fence.
fn links<'a>(
    file: &'a Arc<SourceFile>,
    skipped: &'static str,
) -> impl Iterator<Item = DirectSpaceLink<'a>> {
    let text = file.text.as_str();
    let mut is_code = false;
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let shown = lines.filter(move |(_, line)| {
        let is_skipped = line.trim_start().starts_with(skipped);
        is_code ^= is_skipped && skipped == "```";
        !is_code && !is_skipped
    });
    // Few lines have any address.
    let has_address = |line: &str| memmem::find(line.as_bytes(), b"://").is_some();
    shown.filter(move |(_, line)| has_address(line)).flat_map(move |(start, line)| {
        OPENINGS.into_iter().flat_map(move |opening| {
            line.match_indices(opening).filter_map(move |(at, _)| {
                let address = &line[at + opening.len()..];
                let address = address.split([')', '"', '\'', ' ', '\n']).next()?;
                let (_, rest) = address.split_once("://")?;
                let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
                let is_page = path.trim_start_matches('/').starts_with(['?', '#'])
                    || path.trim_start_matches('/').is_empty();
                let from = start + at + opening.len();
                let span = Span { start: from as u32, end: (from + address.len()) as u32 };
                (is_page && host(address).is_some_and(is_direct))
                    .then_some(DirectSpaceLink { file, span })
            })
        })
    })
}
