use std::sync::Arc;

use spacelint_knowledge::platform;
use spacelint_python::Span;
use spacelint_space::dockerfile::{Expansion, Instruction, Run};
use spacelint_space::{SourceFile, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// A step of the build reads a secret, which no build has unless it is mounted.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "hub-docs docs/hub/spaces-sdks-docker.md at 242f4a1: variables are build arguments; a secret is read in a `RUN` that mounts it, from /run/secrets"
)]
pub(crate) struct UnmountedSecret<'a> {
    file: &'a Arc<SourceFile>,
    run: &'a Run,
    /// The places at which it reads it, at least one.
    reads: Vec<&'a Expansion>,
    /// Whether an `ARG` asks for it.
    is_asked: bool,
}

impl<'a> Check<'a> for UnmountedSecret<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let mut found = Vec::new();
        let Some(dockerfile) = &space.dockerfile else { return found.into_iter() };
        let all = || dockerfile.stages.iter().flat_map(|stage| &stage.instructions);
        let is_set = |name: &String| {
            all().any(|it| matches!(it, Instruction::Sets(names) if names.contains(name)))
        };
        let is_asked = |name: &String| {
            all().any(|it| matches!(it, Instruction::Takes(asked) if asked == name))
        };
        let runs = all().filter_map(|instruction| match instruction {
            Instruction::Run(run) if run.secrets.is_empty() => Some(run),
            _ => None,
        });
        for run in runs {
            let mut seen: Vec<&str> = Vec::new();
            for Expansion { name, .. } in &run.reads {
                if seen.contains(&&**name) || !platform::sounds_secret(name) || is_set(name) {
                    continue;
                }
                seen.push(name);
                let reads: Vec<&Expansion> =
                    run.reads.iter().filter(|it| it.name == *name).collect();
                if reads.iter().all(|read| !read.is_guarded) {
                    let is_asked = is_asked(name);
                    found.push(Self { file: &dockerfile.file, run, reads, is_asked });
                }
            }
        }
        found.into_iter()
    }

    fn finding(&self) -> Finding {
        let read = self.reads[0];
        let why = if self.is_asked {
            "an `ARG` gets the Space's public variables, and none of its secrets"
        } else {
            "a secret of the Space reaches the build only where it is mounted"
        };
        let message = format!(
            "`${}` is empty while the image is built: {why}, so this goes on without it, or fails",
            read.name
        );
        Self::at(Location::new(self.file, read.span), message).help(format!(
            "Mount it: `RUN {} …`, and read it as `{}`.",
            mount(&read.name),
            value(&read.name)
        ))
    }

    fn fix(&self) -> Option<Fix> {
        let name = &self.reads[0].name;
        let end = Span::empty(self.run.span.end as usize);
        let mut edits =
            vec![Edit::replace(Location::new(self.file, end), format!(" {}", mount(name)))];
        edits.extend(
            self.reads
                .iter()
                .map(|read| Edit::replace(Location::new(self.file, read.span), value(name))),
        );
        Some(Fix::needs_review(format!("mount `{name}`"), edits))
    }
}

/// The option that mounts the secret, for every user.
fn mount(name: &str) -> String {
    format!("--mount=type=secret,id={name},mode=0444")
}

fn value(name: &str) -> String {
    format!("$(cat {}/{name})", platform::docker().secrets)
}
