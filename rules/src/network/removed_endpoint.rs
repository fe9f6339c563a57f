use std::sync::Arc;

use spacelint_knowledge::platform::{self, GoneAddress};
use spacelint_python::Span;
use spacelint_space::{SourceFile, Space, SpaceTrace};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::written;

/// The program asks an address at which the Hub does not answer any more.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "langchain4j#4146, promptfoo#6624, ChainForge#406 and JARVIS-AGI#9: since November 2025 api-inference.huggingface.co answers 410 Gone, and names router.huggingface.co"
)]
pub(crate) struct RemovedEndpoint<'a> {
    file: &'a Arc<SourceFile>,
    gone: &'static GoneAddress,
    /// Where the address begins.
    start: usize,
}

impl<'a> Check<'a> for RemovedEndpoint<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let gone = platform::gone_addresses();
        let addresses: Vec<&str> = gone.iter().map(|gone| gone.address).collect();
        let files = space.trace().into_iter().flat_map(SpaceTrace::files);
        files
            .flat_map(move |file| {
                written::strings(file, &addresses).map(move |string| (file, string))
            })
            .filter_map(|(file, string)| {
                let text = file.text.slice(string);
                let gone = gone.iter().find(|gone| begins(text, gone.address))?;
                written::is_used(&file.text, string).then_some(Self {
                    file,
                    gone,
                    start: string.start as usize,
                })
            })
    }

    fn finding(&self) -> Finding {
        let message = format!(
            "nothing is served here any more: each request ends with \"{}\"",
            self.gone.answer
        );
        Self::at(Location::new(self.file, self.span()), message)
            .doubtful("This depends on whether the program asks at this address.")
            .help("Ask through `huggingface_hub.InferenceClient`, which knows where a model is served.")
    }

    fn fix(&self) -> Option<Fix> {
        let rest = &self.file.text.as_str()[self.span().end as usize..];
        let (path, to) = self.gone.moved.iter().find(|(path, _)| rest.starts_with(path))?;
        let whole = Span::new(self.start, self.span().end as usize + path.len());
        let edit = Edit::replace(Location::new(self.file, whole), *to);
        Some(Fix::needs_review("write the address of today", vec![edit]))
    }
}

impl RemovedEndpoint<'_> {
    fn span(&self) -> Span {
        Span::new(self.start, self.start + self.gone.address.len())
    }
}

/// Whether `text` is an address at or below `address`, and no sentence that begins with one.
fn begins(text: &str, address: &str) -> bool {
    let settled = text.split('{').next().unwrap_or_default();
    text.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        && !settled.contains(char::is_whitespace)
}
