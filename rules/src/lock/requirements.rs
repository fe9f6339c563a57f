//! The requirements' versions, in place, and below them what they bring.

use std::sync::Arc;

use pep440_rs::{Operator, Version};
use spacelint_python::Span;
use spacelint_space::frozen::Origin;
use spacelint_space::requirements::{
    LineKind, Requirement, RequirementLine, Requirements, Url, normalize,
};
use spacelint_space::{Allowed, SourceFile};

use super::{Edits, Job, Left, Refusal, commit, is_commit, revision, without_secret};
use crate::finding::{Edit, Location};
use crate::versions;

/// Stands above what no requirement names.
pub(super) const HEADING: &str =
    "# What the requirements bring with them, as installed: written by `spacelint lock`.";

/// The fewest digits by which a commit is named for good.
const SHORT_COMMIT: usize = 7;

/// Pins what the requirements name and, unless `only_named`, what they bring.
pub(super) fn pin(job: &Job<'_>, only_named: bool, edits: &mut Edits) -> Result<(), Refusal> {
    let files: Vec<&Requirements> = job
        .space
        .requirements
        .iter()
        .filter(|file| !versions::is_installed_before(&file.file))
        .collect();
    let indexes = files.iter().flat_map(|file| indexes(file)).collect();
    let pinner = Pinner { job, indexes };
    let mut named = Vec::new();
    for file in &files {
        pinner.file(file, edits, &mut named)?;
    }
    let project = job.space.pyproject.as_ref().filter(|_| files.is_empty());
    let mut lines = Vec::new();
    for requirement in project.iter().flat_map(|project| &project.dependencies) {
        lines.push(pinner.project(requirement, edits)?);
        named.push((requirement.name.clone(), requirement.extras.clone()));
    }
    let brought = if only_named { Vec::new() } else { pinner.brought(&named, edits) };
    if let Some(file) = files.first() {
        section(file, &brought, edits);
        return Ok(());
    }
    if !brought.is_empty() {
        lines.push(format!("{HEADING}\n{}", brought.join("\n")));
    }
    edits.added = brought.len();
    if !lines.is_empty() {
        edits.create("requirements.txt", lines.join("\n") + "\n");
    }
    Ok(())
}

struct Pinner<'a> {
    job: &'a Job<'a>,
    /// The indexes and lists of files that the requirements name.
    indexes: Vec<String>,
}

/// The indexes and lists of files that `file` names.
fn indexes(file: &Requirements) -> Vec<String> {
    let options = file.lines.iter().filter_map(|line| match &line.kind {
        LineKind::Options(options) => Some(options),
        _ => None,
    });
    let named = ["--extra-index-url", "--find-links", "--index-url"];
    let options = options.flatten().filter(|option| named.contains(&option.name.as_str()));
    let here = options.filter_map(|option| Some(option.value.as_ref()?.0.clone()));
    here.chain(file.included.iter().flat_map(indexes)).collect()
}

impl Pinner<'_> {
    /// Pins what `file` and what it includes name.
    fn file(
        &self,
        file: &Requirements,
        edits: &mut Edits,
        named: &mut Vec<(String, Vec<String>)>,
    ) -> Result<(), Refusal> {
        let own = own_lines(file);
        for (index, line) in file.lines.iter().enumerate() {
            if own.contains(&index) {
                continue;
            }
            if let Some(requirement) = line.requirement() {
                named.push((requirement.name.clone(), requirement.extras.clone()));
            }
            match &line.kind {
                LineKind::Requirement(requirement) => match &requirement.url {
                    Some(url) => self.address(&file.file, url, Some(requirement), edits),
                    None => self.requirement(requirement, edits)?,
                },
                LineKind::Url { url, requirement, .. } => {
                    self.address(&file.file, url, requirement.as_ref(), edits);
                }
                _ => {}
            }
        }
        file.included.iter().try_for_each(|file| self.file(file, edits, named))
    }

    /// Pins a requirement where it stands.
    fn requirement(&self, requirement: &Requirement, edits: &mut Edits) -> Result<(), Refusal> {
        let location = Location::new(&requirement.file, requirement.span);
        let (job, name) = (self.job, &requirement.name);
        let holds = requirement
            .marker
            .as_ref()
            .map_or(Allowed::Always, |marker| marker.holds(&job.environment));
        if holds == Allowed::Never {
            return Ok(());
        }
        let mut leave = |why| edits.left.push(Left { location: location.clone(), why });
        let Some(package) = job.frozen.packages.get(name) else {
            if holds == Allowed::Always && !job.is_built(name) {
                leave("it is not among what was installed");
            }
            return Ok(());
        };
        let Some(version) = &package.version else {
            leave("it was installed from an address, and not in a version");
            return Ok(());
        };
        let wanted = self.shown(version, Some(requirement));
        let allows = |version: &Version| {
            requirement.specifiers.as_ref().is_none_or(|asked| asked.contains(version))
        };
        let is_allowed = allows(version) || wanted.parse().is_ok_and(|wanted| allows(&wanted));
        let is_pinned = requirement.exact().is_some();
        if !is_allowed && (job.is_built(name) || !is_pinned) {
            // Another of several lines for it may be meant.
            if holds == Allowed::Sometimes {
                return Ok(());
            }
            let installed = format!("{} {version}", package.name);
            return Err(Refusal::Stale { location, installed });
        }
        if job.is_built(name) || is_same(requirement, &wanted) {
            return Ok(());
        }
        if !requirement.options.is_empty() {
            leave("it has a hash, which vouches for one file");
            return Ok(());
        }
        let file = &requirement.file;
        edits.add(match requirement.specifier_span {
            Some(span) => Edit::replace(Location::new(file, span), format!("=={wanted}")),
            None => Edit::insert(file, behind_name(requirement), format!("=={wanted}")),
        });
        edits.pinned += 1;
        Ok(())
    }

    /// Puts the commit into the address of a repository. What stands at any other address is settled.
    fn address(
        &self,
        file: &Arc<SourceFile>,
        url: &Url,
        requirement: Option<&Requirement>,
        edits: &mut Edits,
    ) {
        let text = &url.text;
        let (address, fragment) =
            text.find('#').map_or((text.as_str(), ""), |at| text.split_at(at));
        let vcs = ["git+", "hg+", "svn+", "bzr+"].iter().any(|vcs| address.starts_with(vcs));
        if !vcs {
            return;
        }
        let revision = revision(address);
        let name = requirement.map(|requirement| requirement.name.as_str());
        let known = commit(self.job.frozen, name, address);
        match (known, revision) {
            (Some(commit), Some((_, now)))
                if is_commit(now, SHORT_COMMIT) && commit.starts_with(now) => {}
            (None, Some((_, now))) if is_commit(now, SHORT_COMMIT) => {}
            (Some(commit), _) => {
                let repository = revision.map_or(address, |(repository, _)| repository);
                let place = Location::new(file, url.span);
                edits.add(Edit::replace(place, format!("{repository}@{commit}{fragment}")));
                edits.pinned += 1;
            }
            (None, _) => edits.left.push(Left {
                location: Location::new(file, url.span),
                why: "it is not told at which commit it was installed",
            }),
        }
    }

    /// A line for what a `pyproject.toml` names.
    fn project(&self, requirement: &Requirement, edits: &mut Edits) -> Result<String, Refusal> {
        let text = requirement.file.text.slice(requirement.span).trim().to_owned();
        let mut made = Edits::default();
        if requirement.url.is_none() {
            self.requirement(requirement, &mut made)?;
        }
        edits.left.append(&mut made.left);
        edits.pinned += made.pinned;
        let Some(edit) = made.all.first() else { return Ok(text) };
        let start = requirement.span.start;
        let Span { start: from, end } = edit.location.span;
        let (from, end) = ((from - start) as usize, (end - start) as usize);
        Ok(format!("{}{}{}", &text[..from], edit.content, &text[end..]))
    }

    /// A line for each package that is installed and not `named`, under its name as pip compares it: that is
    /// the same wherever it was read.
    fn brought(&self, named: &[(String, Vec<String>)], edits: &mut Edits) -> Vec<String> {
        let own = self.job.space.pyproject.as_ref().and_then(|project| project.name());
        let own = own.map(normalize);
        let mut lines = Vec::new();
        for name in self.job.wanted(named) {
            let is_named = named.iter().any(|(known, _)| known == name);
            if is_named || self.job.is_left_out(name) || own.as_deref() == Some(name) {
                continue;
            }
            let Some(package) = self.job.frozen.packages.get(name) else { continue };
            match (&package.origin, &package.version) {
                (Some(Origin::Address(address)), _) => {
                    lines.push(format!("{name} @ {}", without_secret(address)));
                }
                (None, Some(version)) => {
                    lines.push(format!("{name}=={}", self.shown(version, None)));
                }
                (Some(Origin::Local), _) | (None, None) => edits.local.push(package.name.clone()),
            }
        }
        lines
    }

    /// A version with its local label (`+cu128`) only where something tells whence such a file comes: without
    /// a label, pip takes what there is, with one or without.
    fn shown(&self, version: &Version, requirement: Option<&Requirement>) -> String {
        let label = version.to_string();
        let Some((_, label)) = label.split_once('+') else { return label };
        let is_named = self.indexes.iter().any(|index| index.split('/').any(|part| part == label));
        let is_asked =
            requirement.and_then(Requirement::exact).is_some_and(|asked| asked == version);
        if is_named || is_asked {
            version.to_string()
        } else {
            version.clone().without_local().to_string()
        }
    }
}

/// Whether the requirement asks for that very version and nothing else.
fn is_same(requirement: &Requirement, wanted: &str) -> bool {
    let [clause] = &*requirement.clauses else { return false };
    matches!(clause.specifier.operator(), Operator::Equal)
        && wanted.parse::<Version>().is_ok_and(|wanted| *clause.specifier.version() == wanted)
}

/// Behind the name and its extras.
fn behind_name(requirement: &Requirement) -> u32 {
    let end = requirement.name_span.end;
    let rest = &requirement.file.text.as_str()[end as usize..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    match rest[blank..].starts_with('[').then(|| rest.find(']')).flatten() {
        Some(close) => end + close as u32 + 1,
        None => end,
    }
}

/// The lines below [`HEADING`], which are none of the author's.
fn own_lines(file: &Requirements) -> std::ops::Range<usize> {
    let text = &file.file.text;
    let is_heading = |line: &RequirementLine| {
        matches!(line.kind, LineKind::Comment)
            && line.comment.is_some_and(|comment| text.slice(comment).trim_end() == HEADING)
    };
    let Some(heading) = file.lines.iter().position(is_heading) else { return 0..0 };
    let mut end = heading + 1;
    let number = |line: &RequirementLine| text.line_of(line.span.start);
    let mut at = file.lines[heading].comment.map_or(0, |comment| text.line_of(comment.start));
    while let Some(line) = file.lines.get(end) {
        if !matches!(line.kind, LineKind::Requirement(_)) || number(line) != at + 1 {
            break;
        }
        at += 1;
        end += 1;
    }
    heading + 1..end
}

/// Writes `brought` below [`HEADING`] in the file, in the place of what stands there.
fn section(file: &Requirements, brought: &[String], edits: &mut Edits) {
    let source = &file.file;
    let text = &source.text;
    let own = own_lines(file);
    let heading = own.start.checked_sub(1).and_then(|heading| file.lines[heading].comment);
    let Some(heading) = heading else {
        if !brought.is_empty() {
            let gap = if text.as_str().trim().is_empty() { "" } else { "\n" };
            let lines = format!("{gap}{HEADING}\n{}", brought.join("\n"));
            edits.add(Edit::insert_line(source, text.line_count() + 1, &lines));
            edits.added = brought.len();
        }
        return;
    };
    let known: Vec<&str> =
        file.lines[own.clone()].iter().map(|line| text.slice(line.span)).collect();
    if known == brought {
        return;
    }
    let last = file.lines[own].last().map_or(heading, |line| line.span);
    let place = Span { start: heading.start, end: last.end };
    edits.added = brought.iter().filter(|line| !known.contains(&line.as_str())).count();
    edits.add(if brought.is_empty() {
        Edit::delete_lines(source, place)
    } else {
        Edit::replace(Location::new(source, place), format!("{HEADING}\n{}", brought.join("\n")))
    });
}
