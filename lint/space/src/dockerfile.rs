//! The `Dockerfile` of a Docker Space: its stages, with what a rule may ask of them. `parse_dockerfile` reads
//! the text; a text that it refuses, Docker mostly refuses too, and then nothing is known of it. Knows no
//! program by name but what its `server` module reads from the knowledge.

mod server;
mod shell;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use parse_dockerfile as docker;
use spacelint_python::{BOM, Span};

pub use self::server::{Server, Setting};
pub use self::shell::{Expansion, Word};
use crate::files::SourceFile;

/// The largest one that is read, in bytes: nobody writes a longer one.
const MAX_TEXT: usize = 1 << 17;

/// A `Dockerfile`.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Its stages in order; none where its text is not understood.
    pub stages: Vec<Stage>,
    /// The server that the container starts, where that stands here; see [`Server`].
    pub server: Option<Server>,
}

/// What begins with a `FROM`.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The image or the stage that it begins with, as it is written.
    pub from: String,
    /// Its name, by which others name it.
    pub name: Option<String>,
    /// Its instructions, those of no interest left out.
    pub instructions: Vec<Instruction>,
}

/// An instruction that a rule may ask of.
#[derive(Clone, Debug)]
pub enum Instruction {
    /// `CMD`
    Cmd(Command),
    /// `ENTRYPOINT`
    Entrypoint(Command),
    /// `RUN`
    Run(Run),
    /// `ENV`, or `ARG` with a value: names that have one from here on.
    Sets(Vec<String>),
    /// `ARG` without a value: a name that the build may be given one for.
    Takes(String),
    /// `SHELL`: what the commands without brackets mean is another language's matter.
    Shell,
}

/// What is run.
#[derive(Clone, Debug)]
pub enum Command {
    /// In brackets: words, which no shell reads.
    Exec(Vec<Word>),
    /// A line for the shell, where it stands.
    Shell(Span),
}

impl Command {
    /// Whether it is `[]`, which takes away what the image began with.
    fn is_empty(&self) -> bool {
        matches!(self, Self::Exec(words) if words.is_empty())
    }
}

/// A `RUN`.
#[derive(Clone, Debug)]
pub struct Run {
    /// The keyword.
    pub span: Span,
    /// The variables that its text reads, in order.
    pub reads: Vec<Expansion>,
    /// The secrets that are mounted for it, by their ids.
    pub secrets: Vec<String>,
}

impl Dockerfile {
    /// Reads `file`. `is_there` says whether the repository has a file whose path ends so.
    pub fn parse(file: &Arc<SourceFile>, is_there: &dyn Fn(&str) -> bool) -> Self {
        let mut dockerfile = Self { file: Arc::clone(file), stages: Vec::new(), server: None };
        dockerfile.stages = read(file.text.as_str()).unwrap_or_default();
        dockerfile.server = server::of(&dockerfile, is_there);
        dockerfile
    }

    /// The stages that make up the image that is run, the innermost base first.
    pub fn image(&self) -> Vec<&Stage> {
        let mut chain = Vec::new();
        let mut rest = &*self.stages;
        // A stage may begin with one above it alone.
        while let Some((stage, above)) = rest.split_last() {
            chain.push(stage);
            let is_base =
                |it: &Stage| it.name.as_ref().is_some_and(|name| is_same(name, &stage.from));
            let Some(at) = above.iter().rposition(is_base) else { break };
            rest = &above[..=at];
        }
        chain.reverse();
        chain
    }
}

/// Names of stages are the same whatever their letters' case.
fn is_same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn read(text: &str) -> Option<Vec<Stage>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let from = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    let parsed = docker::parse(&text[from..]).ok()?;
    let reader = Reader { text, from };
    let stages = parsed.stages().map(|stage| Stage {
        from: stage.from.image.value.to_string(),
        name: stage.from.as_.as_ref().map(|(_, name)| name.value.to_string()),
        instructions: stage.instructions.iter().filter_map(|it| reader.instruction(it)).collect(),
    });
    Some(stages.collect())
}

struct Reader<'a> {
    text: &'a str,
    /// Where what is parsed begins in the text.
    from: usize,
}

impl Reader<'_> {
    fn instruction(&self, instruction: &docker::Instruction<'_>) -> Option<Instruction> {
        Some(match instruction {
            docker::Instruction::Cmd(it) => Instruction::Cmd(self.command(&it.arguments)?),
            docker::Instruction::Entrypoint(it) => {
                Instruction::Entrypoint(self.command(&it.arguments)?)
            }
            docker::Instruction::Run(it) => Instruction::Run(self.run(it)),
            docker::Instruction::Env(it) => Instruction::Sets(names(&it.arguments.value, true)),
            docker::Instruction::Arg(it) => {
                let said = &*it.arguments.value;
                if said.contains('=') {
                    Instruction::Sets(names(said, false))
                } else {
                    Instruction::Takes(said.trim().to_owned())
                }
            }
            docker::Instruction::Shell(_) => Instruction::Shell,
            _ => return None,
        })
    }

    fn span(&self, range: &std::ops::Range<usize>) -> Span {
        Span::new(range.start + self.from, range.end + self.from)
    }

    fn command(&self, command: &docker::Command<'_>) -> Option<Command> {
        match command {
            docker::Command::Shell(line) => Some(Command::Shell(self.span(&line.span))),
            docker::Command::Exec(words) => {
                let word = |it: &docker::UnescapedString<'_>| {
                    let span = self.span(&it.span);
                    let quotes = u32::from(self.text[span.range()].starts_with('"'));
                    let span = Span { start: span.start + quotes, end: span.end - quotes };
                    // No shell reads it: it is what it is.
                    Word { text: it.value.to_string(), span, is_settled: true }
                };
                Some(Command::Exec(words.value.iter().map(word).collect()))
            }
            // The crate may learn more forms.
            _ => None,
        }
    }

    fn run(&self, run: &docker::RunInstruction<'_>) -> Run {
        let mut parts = Vec::new();
        if let Some(Command::Shell(span)) = self.command(&run.arguments) {
            parts.push(span);
        }
        let documents = run.here_docs.iter().filter(|document| document.expand);
        parts.extend(documents.map(|document| self.span(&document.span)));
        let mut reads: Vec<Expansion> =
            parts.iter().flat_map(|part| shell::expansions(self.text, *part)).collect();
        for read in &mut reads {
            // It may have been given a value here: `NAME=…`, `read NAME`, `for NAME in`.
            read.is_guarded |=
                parts.iter().any(|it| shell::names(&self.text[it.range()], &read.name));
        }
        let mounts = run.options.iter().filter(|option| option.name.value == "mount");
        let secrets = mounts.filter_map(|mount| {
            let said = mount.value.as_ref()?.value.as_ref();
            let parts = || said.split(',').filter_map(|part| part.split_once('='));
            let has = |key: &str| parts().find(|(name, _)| *name == key).map(|(_, value)| value);
            // Docker takes the end of the target for the id where no id is given.
            (has("type") == Some("secret")).then(|| has("id").or_else(|| has("target")))?
        });
        Run {
            span: self.span(&run.run.span),
            reads,
            secrets: secrets.map(|id| id.trim_matches('"').to_owned()).collect(),
        }
    }
}

/// The names that get a value in `NAME=value NAME="other value"`, or in the old `NAME value`.
fn names(said: &str, may_be_old: bool) -> Vec<String> {
    let words = shell::words(said);
    let assigned: Vec<String> =
        words.iter().filter_map(|word| Some(word.text.split_once('=')?.0.to_owned())).collect();
    match words.first() {
        Some(first) if may_be_old && !first.text.contains('=') => vec![first.text.clone()],
        _ => assigned,
    }
}
