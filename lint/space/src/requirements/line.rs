//! One logical line of a requirements file.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{Version, VersionSpecifier};
use spacelint_python::{BOM, Span};

use super::marker::Marker;
use super::{Clause, LineKind, LineOption, Requirement, RequirementLine, Url, normalize};
use crate::files::SourceFile;

/// The lines of `file`, blank ones left out.
pub(super) fn parse(file: &Arc<SourceFile>) -> Vec<RequirementLine> {
    let text = file.text.as_str();
    let mut at = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    let mut lines = Vec::new();
    while at < text.len() {
        let (logical, next) = Logical::read(text, at);
        lines.extend(Reader { file, line: &logical }.line());
        at = next;
    }
    lines
}

/// What stands under `span`, as one line; none if that is blank.
pub(super) fn parse_part(file: &Arc<SourceFile>, span: Span) -> Option<RequirementLine> {
    let text = file.text.slice(span).to_owned();
    let logical = Logical { text, pieces: vec![(0, span.start as usize)] };
    Reader { file, line: &logical }.line()
}

/// The lines that backslashes join, with the way back to the file.
struct Logical {
    text: String,
    /// Where a piece begins in `text`, and where in the file.
    pieces: Vec<(usize, usize)>,
}

impl Logical {
    /// The logical line at `at`, and where the next one begins.
    fn read(file: &str, mut at: usize) -> (Self, usize) {
        let mut line = Self { text: String::new(), pieces: Vec::new() };
        loop {
            let rest = &file[at..];
            let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
            let ending = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
            let next = (at + end + ending).min(file.len());
            let physical = &rest[..end];
            // pip's own law: a line that is all comment ends what came before, and a backslash
            // behind a comment still joins the next line to it.
            let is_comment = physical.trim_start().starts_with('#');
            line.pieces.push((line.text.len(), at));
            if is_comment && line.pieces.len() > 1 {
                // Something must keep the comment apart from the text before it. It is no part of
                // the file, and what is found there is found where the comment begins.
                line.text.push(' ');
                line.pieces.push((line.text.len(), at));
            }
            if is_comment || !physical.ends_with('\\') {
                line.text.push_str(physical);
                return (line, next);
            }
            line.text.push_str(physical.trim_end_matches('\\'));
            if next == file.len() {
                return (line, next);
            }
            at = next;
        }
    }

    /// Where the byte at `offset` stands in the file.
    fn place(&self, offset: usize) -> usize {
        let piece = self.pieces.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let (start, place) = self.pieces[piece];
        place + (offset - start)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let from = self.place(start);
        if start >= end {
            return Span::empty(from);
        }
        // By the last character, since the end may be the start of a later piece.
        let last = self.text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
        Span::new(from, self.place(last) + (end - last))
    }
}

/// A part of the logical line, by its place in it.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Part<'a> {
    fn end(self) -> usize {
        self.start + self.text.len()
    }

    fn from(self, at: usize) -> Self {
        Self { text: &self.text[at..], start: self.start + at }
    }

    fn to(self, at: usize) -> Self {
        Self { text: &self.text[..at], start: self.start }
    }

    fn trim(self) -> Self {
        self.from(self.text.len() - self.text.trim_start().len()).trim_end()
    }

    fn trim_end(self) -> Self {
        self.to(self.text.trim_end().len())
    }

    fn split(self, at: usize, width: usize) -> (Self, Self) {
        (self.to(at), self.from(at + width))
    }

    /// The text before the first whitespace, and what follows it.
    fn word(self) -> (Self, Part<'a>) {
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        (self.to(end), self.from(end).trim())
    }
}

/// pip's options, the short form where there is one, and whether each wants a value.
const OPTIONS: &[(&str, &str, bool)] = &[
    ("-r", "--requirement", true),
    ("-c", "--constraint", true),
    ("-e", "--editable", true),
    ("-i", "--index-url", true),
    ("-f", "--find-links", true),
    ("", "--pypi-url", true),
    ("", "--extra-index-url", true),
    ("", "--no-index", false),
    ("", "--no-binary", true),
    ("", "--only-binary", true),
    ("", "--prefer-binary", false),
    ("", "--require-hashes", false),
    ("", "--pre", false),
    ("", "--trusted-host", true),
    ("", "--use-feature", true),
    ("", "--hash", true),
    ("", "--config-settings", true),
    ("", "--config-setting", true),
    ("-C", "--config-settings", true),
    ("", "--global-option", true),
    ("", "--install-option", true),
];

const ARCHIVES: &[&str] =
    &[".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz"];

/// An option, before its places in the file are worked out.
struct Choice<'a> {
    name: &'static str,
    place: Part<'a>,
    value: Option<Part<'a>>,
}

type Reading<T> = Result<T, String>;

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    line: &'a Logical,
}

impl<'a> Reader<'a> {
    fn line(&self) -> Option<RequirementLine> {
        let all = Part { text: self.line.text.as_str(), start: 0 };
        let comment = comment_start(all.text);
        let content = all.to(comment.unwrap_or(all.text.len())).trim();
        let comment = comment.map(|at| {
            let comment = all.from(at).trim_end();
            self.line.span(comment.start, comment.end())
        });
        if content.text.is_empty() && comment.is_none() {
            return None;
        }
        let span = match comment {
            Some(comment) if content.text.is_empty() => Span::empty(comment.start as usize),
            _ => self.span(content),
        };
        let kind = if content.text.is_empty() {
            LineKind::Comment
        } else {
            self.content(content).unwrap_or_else(|message| LineKind::Invalid { message })
        };
        Some(RequirementLine { span, comment, kind })
    }

    fn span(&self, part: Part<'_>) -> Span {
        self.line.span(part.start, part.end())
    }

    fn content(&self, content: Part<'a>) -> Reading<LineKind> {
        if content.text.starts_with('-') {
            let mut options = Self::options(content)?;
            // pip takes the last of several, and a line has one in any text seen.
            let editable = options.iter().rposition(|option| option.name == "--editable");
            return match editable.map(|at| options.remove(at)).and_then(|option| option.value) {
                Some(target) => self.target(target, self.public(&options), true),
                None => Ok(LineKind::Options(self.public(&options))),
            };
        }
        let end = content
            .text
            .match_indices(" -")
            .chain(content.text.match_indices("\t-"))
            .map(|(at, _)| at)
            .min()
            .unwrap_or(content.text.len());
        let options = Self::options(content.from(end).trim())?;
        self.target(content.to(end).trim_end(), self.public(&options), false)
    }

    fn public(&self, options: &[Choice<'a>]) -> Vec<LineOption> {
        let public = |option: &Choice<'a>| LineOption {
            name: option.name.to_owned(),
            name_span: self.span(option.place),
            value: option.value.map(|value| (value.text.to_owned(), self.span(value))),
        };
        options.iter().map(public).collect()
    }

    fn options(mut rest: Part<'a>) -> Reading<Vec<Choice<'a>>> {
        let mut options = Vec::new();
        while !rest.text.is_empty() {
            let (word, after) = rest.word();
            if !word.text.starts_with('-') {
                return Err(format!("`{}` stands among the options", word.text));
            }
            let (name, joined) = if word.text.starts_with("--") {
                match word.text.find('=') {
                    Some(at) => (word.to(at), Some(rest.from(at + 1))),
                    None => (word, None),
                }
            } else {
                let width = word.text.chars().take(2).map(char::len_utf8).sum();
                (word.to(width), Some(rest.from(width)).filter(|_| word.text.len() > width))
            };
            let Some((long, wants)) = known_option(name.text) else {
                return Err(format!("pip knows no option `{}` in such a file", name.text));
            };
            let mut value = None;
            rest = after;
            if wants {
                let from = joined.unwrap_or(after);
                let quote = from.text.chars().next().filter(|c| *c == '"' || *c == '\'');
                let (part, behind) = match quote {
                    Some(quote) => {
                        let inner = from.from(1);
                        let end = inner.text.find(quote).ok_or("a quote is not closed")?;
                        inner.split(end, 1)
                    }
                    None if long == "--editable" => {
                        // What pip takes here may hold spaces: `-e x @ file:x ; marker`.
                        from.split(from.text.len(), 0)
                    }
                    None => from.word(),
                };
                if part.text.is_empty() {
                    return Err(format!("`{}` wants a value behind it", name.text));
                }
                value = Some(part);
                rest = behind.trim();
            } else if joined.is_some() {
                return Err(format!("`{}` takes no value", name.text));
            }
            options.push(Choice { name: long, place: name, value });
        }
        Ok(options)
    }

    /// What is to be installed.
    fn target(
        &self,
        text: Part<'a>,
        options: Vec<LineOption>,
        editable: bool,
    ) -> Reading<LineKind> {
        if is_url(text.text) {
            return self.bare_url(text, options, editable);
        }
        // In a URL it is most often a password, and the package stays known.
        if has_variable(text.text.split('@').next().unwrap_or_default()) {
            return Ok(LineKind::Variable);
        }
        let (place, _) = text.to(text.text.find(';').unwrap_or(text.text.len())).trim().bracket();
        let looks_like_a_path = editable
            || place.text.starts_with('.')
            || place.text.contains(['/', '\\'])
            || ARCHIVES.iter().any(|ending| place.text.ends_with(ending));
        // `name @ url` has all of these too.
        if looks_like_a_path && !place.text.contains('@') {
            let path_span = self.span(place);
            return Ok(LineKind::Path { path: place.text.to_owned(), path_span, editable });
        }
        Ok(LineKind::Requirement(self.requirement(text, options)?))
    }

    fn bare_url(
        &self,
        text: Part<'a>,
        options: Vec<LineOption>,
        editable: bool,
    ) -> Reading<LineKind> {
        let (place, behind) = text.word();
        let (place, marker) = match behind.text.strip_prefix(';') {
            Some(_) => (place, self.marker(behind.from(1))?),
            None if behind.text.is_empty() => match place.text.strip_suffix(';') {
                Some(bare) => (place.to(bare.len()), None),
                None => (place, None),
            },
            None => match place.text.strip_suffix(';') {
                Some(bare) => (place.to(bare.len()), self.marker(behind)?),
                None => return Err(format!("`{}` cannot follow a URL", behind.text)),
            },
        };
        let url = self.url(place);
        let requirement = named_by_url(place).map(|(name, extras)| Requirement {
            file: Arc::clone(self.file),
            name: normalize(name.text),
            raw_name: name.text.to_owned(),
            name_span: self.span(name),
            extras,
            specifiers: None,
            specifier_span: None,
            clauses: Vec::new(),
            marker,
            url: Some(url.clone()),
            options,
            span: self.span(text),
        });
        Ok(LineKind::Url { url, requirement, editable })
    }

    fn url(&self, place: Part<'a>) -> Url {
        let version = wheel(place).and_then(|(_, version)| version);
        Url { text: place.text.to_owned(), span: self.span(place), version }
    }

    fn marker(&self, text: Part<'a>) -> Reading<Option<Marker>> {
        let text = text.trim();
        if text.text.is_empty() {
            return Ok(None);
        }
        Marker::parse(text.text, self.span(text)).map(Some)
    }

    /// A line of PEP 508: `name[extras] versions ; marker` or `name[extras] @ url ; marker`.
    fn requirement(&self, text: Part<'a>, options: Vec<LineOption>) -> Reading<Requirement> {
        let length = name_length(text.text);
        if length == 0 {
            return Err("a package's name is missing".to_owned());
        }
        let (name, rest) = text.split(length, 0);
        let mut rest = rest.trim();
        let mut extras = Vec::new();
        if rest.text.starts_with('[') {
            let end = rest.text.find(']').ok_or("the bracket of its extras is not closed")?;
            extras = read_extras(&rest.text[1..end])?;
            rest = rest.from(end + 1).trim();
        }
        let mut requirement = Requirement {
            file: Arc::clone(self.file),
            name: normalize(name.text),
            raw_name: name.text.to_owned(),
            name_span: self.span(name),
            extras,
            specifiers: None,
            specifier_span: None,
            clauses: Vec::new(),
            marker: None,
            url: None,
            options,
            span: self.span(text),
        };
        if rest.text.starts_with('@') {
            let (place, behind) = rest.from(1).trim().word();
            if place.text.is_empty() {
                return Err("`@` wants a URL behind it".to_owned());
            }
            requirement.url = Some(self.url(place));
            requirement.marker = match behind.text.strip_prefix(';') {
                Some(_) => self.marker(behind.from(1))?,
                None if behind.text.is_empty() => None,
                None => return Err(format!("`{}` cannot follow a URL", behind.text)),
            };
            return Ok(requirement);
        }
        let (mut versions, marker) = match rest.text.find(';') {
            Some(at) => rest.split(at, 1),
            None => (rest, rest.from(rest.text.len())),
        };
        requirement.marker = self.marker(marker)?;
        versions = versions.trim();
        if let Some(inner) = versions.text.strip_prefix('(') {
            if !inner.ends_with(')') {
                return Err("the parenthesis of its versions is not closed".to_owned());
            }
            versions = versions.from(1).to(inner.len() - 1).trim();
        }
        if versions.text.is_empty() {
            return Ok(requirement);
        }
        requirement.clauses = self.clauses(versions)?;
        if let (Some(first), Some(last)) = (requirement.clauses.first(), requirement.clauses.last())
        {
            requirement.specifier_span = Some(first.span.to(last.span));
            let specifiers = requirement.clauses.iter().map(|clause| clause.specifier.clone());
            requirement.specifiers = Some(specifiers.collect());
        }
        Ok(requirement)
    }

    fn clauses(&self, text: Part<'a>) -> Reading<Vec<Clause>> {
        let mut clauses = Vec::new();
        let mut rest = text;
        while !rest.text.is_empty() {
            let (clause, behind) = match rest.text.find(',') {
                Some(at) => rest.split(at, 1),
                None => (rest, rest.from(rest.text.len())),
            };
            let clause = clause.trim();
            rest = behind.trim();
            let Some(operator) = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"]
                .iter()
                .find(|operator| clause.text.starts_with(**operator))
            else {
                return Err(if clause.text.starts_with('=') {
                    format!("`{}` has one `=` where two belong", clause.text)
                } else if clause.text.is_empty() {
                    "a version is missing before a comma".to_owned()
                } else {
                    format!("`{}` cannot follow a package's name", clause.text)
                });
            };
            let version = clause.from(operator.len()).trim();
            if version.text.is_empty() {
                return Err(format!("`{operator}` wants a version behind it"));
            }
            // Never more than a version, so that the reader of versions sees no other operator.
            let strange = |c: char| c.is_whitespace() || "=<>~".contains(c);
            let specifier = match version.text.find(strange) {
                None => VersionSpecifier::from_str(&format!("{operator}{}", version.text)).ok(),
                Some(_) => None,
            };
            let Some(specifier) = specifier else {
                return Err(format!("`{}` does not say which versions", clause.text));
            };
            clauses.push(Clause {
                specifier,
                span: self.span(clause),
                version_span: self.span(version),
            });
        }
        Ok(clauses)
    }
}

impl<'a> Part<'a> {
    /// Without `[extras]` at its end, and those.
    fn bracket(self) -> (Self, Option<Part<'a>>) {
        match self.text.strip_suffix(']').and_then(|text| text.rfind('[')) {
            Some(at) => {
                (self.to(at).trim_end(), Some(self.from(at + 1).to(self.text.len() - at - 2)))
            }
            None => (self, None),
        }
    }
}

/// Where a comment begins: a `#` at the start or behind a space.
fn comment_start(line: &str) -> Option<usize> {
    memchr::memchr_iter(b'#', line.as_bytes())
        .find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace))
}

fn known_option(name: &str) -> Option<(&'static str, bool)> {
    let exact = OPTIONS.iter().find(|(short, long, _)| *short == name || *long == name);
    let found = exact.or_else(|| {
        // pip's option parser takes any beginning that only one option has.
        let mut begun =
            OPTIONS.iter().filter(|(_, long, _)| name.len() > 2 && long.starts_with(name));
        begun.next().filter(|_| begun.next().is_none())
    });
    found.map(|(_, long, wants)| (*long, *wants))
}

fn is_url(text: &str) -> bool {
    let scheme = |scheme: &str| {
        !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    text.split_once("://").is_some_and(|(before, _)| scheme(before))
        || text.starts_with("file:")
        || ["git+", "hg+", "svn+", "bzr+"].iter().any(|vcs| text.starts_with(vcs))
}

/// Whether pip would replace a part of `text` by a value of its environment.
fn has_variable(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| {
        let name = &text[at + 2..];
        let length = name
            .find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')
            .unwrap_or(name.len());
        length > 0 && name[length..].starts_with('}')
    })
}

/// How many bytes at the start of `text` are a package's name.
fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let run = bytes
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && !b"-_.".contains(b))
        .unwrap_or(bytes.len());
    if !bytes.first().is_some_and(u8::is_ascii_alphanumeric) {
        return 0;
    }
    bytes[..run].iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1)
}

fn read_extras(text: &str) -> Reading<Vec<String>> {
    let mut extras = Vec::new();
    for extra in text.split(',').map(str::trim) {
        if extra.is_empty() && text.trim().is_empty() {
            break;
        }
        if extra.is_empty() || name_length(extra) != extra.len() {
            return Err(format!("`{extra}` is no name of an extra"));
        }
        extras.push(normalize(extra));
    }
    Ok(extras)
}

/// The package that a URL says it leads to: by its fragment, a wheel's name or a repository's.
fn named_by_url(url: Part<'_>) -> Option<(Part<'_>, Vec<String>)> {
    if let Some(at) = url.text.find('#') {
        let fragment = url.from(at + 1);
        let egg = fragment
            .text
            .split('&')
            .scan(0, |offset, field| {
                let start = *offset;
                *offset += field.len() + 1;
                Some((start, field))
            })
            .find(|(_, field)| field.starts_with("egg="));
        if let Some((start, field)) = egg {
            let (name, extras) = fragment.from(start + 4).to(field.len() - 4).bracket();
            // A name may have a version behind it, as old eggs had.
            let name = name.to(name_length(name.text));
            let extras = extras.and_then(|extras| read_extras(extras.text).ok());
            return Some((name, extras.unwrap_or_default())).filter(|_| !name.text.is_empty());
        }
    }
    if let Some((name, _)) = wheel(url) {
        return Some((name, Vec::new()));
    }
    if ["git+", "hg+", "svn+", "bzr+"].iter().any(|vcs| url.text.starts_with(vcs)) {
        let last = last_segment(url);
        let last = last.to(last.text.find('@').unwrap_or(last.text.len()));
        let name = last.to(last.text.strip_suffix(".git").unwrap_or(last.text).len());
        if !name.text.is_empty() && name_length(name.text) == name.text.len() {
            return Some((name, Vec::new()));
        }
    }
    None
}

/// A wheel's package and version, by its file name.
fn wheel(url: Part<'_>) -> Option<(Part<'_>, Option<Version>)> {
    let file = last_segment(url);
    let stem = file.text.strip_suffix(".whl")?;
    let (name, rest) = stem.split_once('-')?;
    if name.is_empty() || name_length(name) != name.len() {
        return None;
    }
    let version = rest.split('-').next().unwrap_or_default();
    let version = version.replace("%2B", "+").replace("%2b", "+");
    Some((file.to(name.len()), Version::from_str(&version).ok()))
}

fn last_segment(url: Part<'_>) -> Part<'_> {
    let path = url.to(url.text.find(['#', '?']).unwrap_or(url.text.len()));
    // A branch may have slashes: nothing behind `.git@` is a segment.
    let path = path.to(path.text.find(".git@").map_or(path.text.len(), |at| at + 4));
    let path = path.to(path.text.trim_end_matches('/').len());
    path.from(path.text.rfind('/').map_or(0, |at| at + 1))
}
