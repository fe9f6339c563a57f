//! Which logical lines and comments the files of a Space have, in each language that has both.

use std::sync::Arc;

use spacelint_python::{BOM, Lines, Span, Text};
use spacelint_space::card::Item;
use spacelint_space::yaml;
use spacelint_space::{Card, Entry, Requirements, SourceFile, Space, SpaceTrace};

use super::script;

/// A file in which a comment may speak to spacelint.
#[derive(Clone)]
pub(crate) struct Source<'a> {
    pub(crate) file: Arc<SourceFile>,
    language: Language<'a>,
}

#[derive(Clone, Copy)]
enum Language<'a> {
    Python,
    Toml,
    Card(&'a Card),
    Yaml,
    Requirements(&'a Requirements),
    Shell,
    Dockerfile,
    /// Any other in which each line is one and `#` begins a comment: environments, settings.
    Hash,
}

/// The files of `space` that were read as something with comments: the card, the requirements and
/// what they include, the `Dockerfile`, the project and the settings, the Python that start-up reaches.
pub(crate) fn sources(space: &Space) -> Vec<Source<'_>> {
    let mut sources: Vec<Source<'_>> = Vec::new();
    if let Some(card) = &space.card {
        sources.push(Source { file: Arc::clone(&card.file), language: Language::Card(card) });
    }
    let mut requirements: Vec<&Requirements> = space.requirements.iter().rev().collect();
    while let Some(next) = requirements.pop() {
        let language = Language::Requirements(next);
        sources.push(Source { file: Arc::clone(&next.file), language });
        requirements.extend(next.included.iter().rev());
    }
    if let Some(dockerfile) = &space.dockerfile {
        sources.push(Source { file: Arc::clone(&dockerfile.file), language: Language::Hash });
    }
    let project = space.pyproject.as_ref().map(|project| &project.file);
    let settings = space.settings.as_ref().map(|settings| &settings.file);
    for file in project.into_iter().chain(settings) {
        sources.push(Source { file: Arc::clone(file), language: Language::Toml });
    }
    sources.extend(space.trace().into_iter().flat_map(SpaceTrace::files).map(Source::python));
    // Two requirements files may include one and the same, and a project may hold the settings.
    let mut seen = std::collections::BTreeSet::new();
    sources.retain(|source| seen.insert(source.file.path.clone()));
    sources
}

impl Source<'_> {
    /// A Python file.
    fn python(file: &Arc<SourceFile>) -> Self {
        Self { file: Arc::clone(file), language: Language::Python }
    }

    /// A file that was read only because something is found in it, where its kind has comments.
    pub(crate) fn by_name(file: &Arc<SourceFile>) -> Option<Self> {
        let name = file.path.file_name().unwrap_or_default();
        let language = match file.path.extension() {
            Some("py") => Language::Python,
            Some("toml") => Language::Toml,
            Some("yaml" | "yml") => Language::Yaml,
            Some("sh") => Language::Shell,
            Some("cfg" | "conf" | "env" | "ini") => Language::Hash,
            _ if name == "Dockerfile" => Language::Dockerfile,
            _ if name.starts_with(".env") => Language::Hash,
            _ => return None,
        };
        Some(Self { file: Arc::clone(file), language })
    }

    /// Whether a line of its own at `offset` may be a comment.
    pub(crate) fn holds_comments_at(&self, offset: u32) -> bool {
        match self.language {
            Language::Card(card) => card.block.start <= offset && offset < card.block.end,
            _ => true,
        }
    }

    /// Whether what stands behind the last line of `logical` would belong to its text, as in a block
    /// scalar.
    pub(crate) fn is_text_behind(&self, logical: Span) -> bool {
        match self.language {
            Language::Card(_) | Language::Yaml | Language::Shell => {
                self.file.text.slice(logical).contains('\n')
            }
            // They, or some of their readers, know no comment behind something else.
            Language::Dockerfile | Language::Hash => true,
            Language::Python | Language::Toml | Language::Requirements(_) => false,
        }
    }

    pub(crate) fn lines(&self) -> Lines {
        match self.language {
            // TOML's strings, brackets and comments are Python's, but for a literal string that ends in a
            // backslash: a comment behind that one is not seen.
            Language::Python | Language::Toml => spacelint_python::lines(self.file.text.as_str()),
            Language::Card(card) => card_lines(card),
            Language::Yaml => {
                let yaml::Outline { comments, joined } = yaml::outline(self.file.text.as_str());
                let all = Span::new(0, self.file.text.as_str().len());
                yaml_lines(&self.file.text, all, &joined, |line| {
                    let next = comments.partition_point(|comment| comment.start < line.start);
                    let comment = comments.get(next).filter(|it| it.start < line.end)?;
                    Some((comment.start - line.start) as usize)
                })
            }
            Language::Requirements(requirements) => requirement_lines(requirements),
            Language::Shell => script::shell(self.file.text.as_str()),
            Language::Dockerfile => script::dockerfile(self.file.text.as_str()),
            Language::Hash => hash_lines(&self.file),
        }
    }
}

fn card_lines(card: &Card) -> Lines {
    let text = &card.file.text;
    // What may hold a `#` that begins no comment, and what joins lines.
    let (mut scalars, mut joined): (Vec<Span>, Vec<Span>) = (Vec::new(), Vec::new());
    let mut value = |span: Span, is_scalar: bool, scalars: &mut Vec<Span>| {
        if is_scalar {
            scalars.push(span);
        }
        if is_scalar || text.slice(span).starts_with(['[', '{']) {
            joined.push(span);
        }
    };
    let mut entries: Vec<&Entry> = card.entries.iter().collect();
    let mut items: Vec<&Item> = Vec::new();
    loop {
        if let Some(entry) = entries.pop() {
            let is_scalar = entry.items.is_empty() && entry.entries.is_empty();
            scalars.push(entry.key_span);
            value(entry.value_span, is_scalar, &mut scalars);
            entries.extend(&entry.entries);
            items.extend(&entry.items);
        } else if let Some(item) = items.pop() {
            let is_scalar = item.items.is_empty() && item.entries.is_empty();
            value(item.span, is_scalar, &mut scalars);
            entries.extend(&item.entries);
            items.extend(&item.items);
        } else {
            break;
        }
    }
    yaml_lines(text, card.block, &joined, |line| {
        let content = text.slice(line).trim_end();
        content.match_indices('#').map(|(at, _)| at).find(|at| {
            let offset = line.start + *at as u32;
            (*at == 0 || content[..*at].ends_with([' ', '\t']))
                && !scalars.iter().any(|scalar| scalar.start < offset && offset < scalar.end)
        })
    })
}

/// In YAML a logical line is a line, or the lines that one scalar or one flow collection takes: what is
/// `joined`. `comment` says where in a line its comment begins.
fn yaml_lines(
    text: &Text,
    block: Span,
    joined: &[Span],
    comment: impl Fn(Span) -> Option<usize>,
) -> Lines {
    let mut lines = Lines::default();
    if block.start == block.end {
        return lines;
    }
    let mut joined = joined.to_vec();
    joined.sort();
    let mut next = joined.iter().peekable();
    // Where what began above the line ends.
    let mut reach = 0;
    for number in text.line_of(block.start)..=text.line_of(block.end - 1) {
        let line = text.line_span(number);
        while let Some(span) = next.next_if(|span| span.start < line.start) {
            reach = reach.max(span.end);
        }
        let content = text.slice(line).trim_end();
        let hash = comment(line);
        if let Some(at) = hash {
            let start = line.start as usize + at;
            lines.comments.push(Span::new(start, line.start as usize + content.len()));
        }
        let code = content[..hash.unwrap_or(content.len())].trim_end();
        let end = line.start + code.len() as u32;
        match lines.logical.last_mut() {
            Some(last) if line.start < reach => last.end = end.max(last.end),
            _ if code.trim_start_matches(BOM).trim_start().is_empty() => {}
            _ => {
                let indent = code.len() - code.trim_start_matches(BOM).trim_start().len();
                lines.logical.push(Span { start: line.start + indent as u32, end });
            }
        }
    }
    lines
}

fn hash_lines(file: &SourceFile) -> Lines {
    let mut lines = Lines::default();
    for number in 1..=file.text.line_count() {
        let line = file.text.line_span(number);
        let content = file.text.slice(line).trim_end();
        let begins = |at: usize| {
            content[..at].trim_start_matches(BOM).is_empty() || content[..at].ends_with([' ', '\t'])
        };
        let hash = content.match_indices('#').map(|(at, _)| at).find(|at| begins(*at));
        let start = line.start as usize;
        if let Some(at) = hash {
            lines.comments.push(Span::new(start + at, start + content.len()));
        }
        let code = content[..hash.unwrap_or(content.len())].trim_end();
        let indent = code.len() - code.trim_start_matches(BOM).trim_start().len();
        if indent < code.len() {
            lines.logical.push(Span::new(start + indent, start + code.len()));
        }
    }
    lines
}

fn requirement_lines(requirements: &Requirements) -> Lines {
    let text = &requirements.file.text;
    // A line that is all comment is no line of requirements.
    let is_said = |span: &Span| span.start < span.end;
    let logical: Vec<Span> =
        requirements.lines.iter().map(|line| line.span).filter(is_said).collect();
    let mut comments: Vec<Span> =
        requirements.lines.iter().filter_map(|line| line.comment).collect();
    let mut next = logical.iter().peekable();
    for number in 1..=text.line_count() {
        let line = text.line_span(number);
        while next.peek().is_some_and(|logical| logical.end <= line.start) {
            next.next();
        }
        let is_within = next.peek().is_some_and(|logical| logical.start < line.start);
        let content = text.slice(line).trim_end();
        let indent = content.find(|c: char| c != ' ' && c != '\t' && c != '\u{feff}');
        if let Some(indent) = indent.filter(|at| !is_within && content[*at..].starts_with('#')) {
            let start = line.start as usize;
            comments.push(Span::new(start + indent, start + content.len()));
        }
    }
    comments.sort();
    comments.dedup();
    Lines { logical, comments, strings: Vec::new() }
}
