//! Which server the container starts, as far as its last command says so in plain words, and where that listens.
//! Silence is the rule here: a script, a process in the background, a variable or a file that may say something
//! else leaves nothing known.

use spacelint_knowledge::servers::{self, Facts};
use spacelint_python::Span;

use super::shell;
use super::{Command, Dockerfile, Instruction, Stage, Word};

/// The server that a container starts.
#[derive(Clone, Debug)]
pub struct Server {
    /// What is known of it.
    pub facts: &'static Facts,
    /// The word that starts it.
    pub span: Span,
    /// The last word of its command.
    pub last: Span,
    /// Whether the command is in brackets.
    pub is_exec: bool,
    /// On which port it listens, if that is known.
    pub port: Option<Setting<u16>>,
    /// On which address it listens, if that is known; empty for all.
    pub host: Option<Setting<String>>,
}

/// Something that a server is told, or has by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// What it is.
    pub value: T,
    /// Where it stands; none where the server has it by itself.
    pub span: Option<Span>,
}

/// What runs another program, which follows.
const WRAPPERS: &[&[&str]] = &[
    &["dumb-init"],
    &["exec"],
    &["pdm", "run"],
    &["pipenv", "run"],
    &["poetry", "run"],
    &["tini"],
    &["uv", "run"],
];
/// What runs a Python module, with `-m`.
const PYTHON: &[&str] = &["python", "python3"];
/// What runs a line, with `-c`.
const SHELLS: &[&str] = &["bash", "sh"];
/// Commands before that of the server which end, and leave nothing listening.
const HARMLESS: &[&str] = &["alembic", "cd", "echo", "ls", "mkdir", "pwd", "set", "true"];

/// The server that the image of `dockerfile` starts, if its command says so.
pub(super) fn of(dockerfile: &Dockerfile, is_there: &dyn Fn(&str) -> bool) -> Option<Server> {
    let image = dockerfile.image();
    let text = dockerfile.file.text.as_str();
    let (words, is_exec) = started(&image, text)?;
    let mut words = &*words;
    let mut is_wrapped = true;
    while is_wrapped {
        is_wrapped = false;
        if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| begins(words, wrapper)) {
            words = &words[wrapper.len()..];
            // `tini -- uvicorn`, `uv run --no-sync uvicorn`: an option's value would be no server's name.
            let options = words.iter().take_while(|word| word.text.starts_with('-')).count();
            words = &words[options..];
            is_wrapped = true;
        }
    }
    if let [python, flag, rest @ ..] = words
        && is_one(python, PYTHON)
        && flag.text == "-m"
    {
        words = rest;
    }
    let (first, arguments) = words.split_first()?;
    let program = file_name(&first.text);
    let facts = servers::all().iter().find(|facts| {
        facts.program == program
            && facts.command.is_none_or(|it| arguments.iter().any(|word| word.text == it))
    })?;
    let said = Said::read(facts, arguments)?;
    let known = facts.variables;
    let sets = image.iter().flat_map(|stage| &stage.instructions).any(|instruction| {
        let is_known = |name: &String| known.contains(&&**name);
        match instruction {
            Instruction::Sets(names) => names.iter().any(is_known),
            Instruction::Takes(name) => is_known(name),
            _ => false,
        }
    });
    // Files that say otherwise stand in the repository, or are written while the image is built.
    let may_be_told = sets
        || facts.files.iter().any(|file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            is_there(file) || text.contains(name)
        });
    let (port, host) = (said.port, said.host);
    let own = |is_open: bool| !is_open && !may_be_told;
    Some(Server {
        facts,
        span: first.span,
        last: words.last()?.span,
        is_exec,
        port: match port {
            Told::Nothing if own(said.is_open) => Some(Setting { value: facts.port, span: None }),
            Told::This(value, span) => Some(Setting { value, span }),
            _ => None,
        },
        host: match host {
            Told::Nothing if own(said.is_open) => {
                Some(Setting { value: facts.host.to_owned(), span: None })
            }
            Told::This(value, span) => Some(Setting { value, span }),
            _ => None,
        },
    })
}

/// The words of the last command that the image runs.
fn started(image: &[&Stage], text: &str) -> Option<(Vec<Word>, bool)> {
    let (mut entrypoint, mut cmd): (Option<&Command>, Option<&Command>) = (None, None);
    for stage in image {
        let mut is_own = false;
        for instruction in &stage.instructions {
            match instruction {
                Instruction::Shell => return None,
                Instruction::Cmd(command) => (cmd, is_own) = (Some(command), true),
                Instruction::Entrypoint(command) => {
                    entrypoint = Some(command);
                    // It takes an inherited `CMD` away.
                    if !is_own {
                        cmd = None;
                    }
                }
                _ => {}
            }
        }
    }
    match (entrypoint.filter(|it| !it.is_empty()), cmd) {
        (Some(Command::Exec(words)), None) | (None, Some(Command::Exec(words))) => {
            settle(words.clone(), text)
        }
        (Some(Command::Exec(entrypoint)), Some(Command::Exec(cmd))) => {
            settle(entrypoint.iter().chain(cmd).cloned().collect(), text)
        }
        // A line for the shell in the place of the arguments is no argument that anybody meant.
        (Some(Command::Exec(_)), Some(Command::Shell(_))) | (None, None) => None,
        (Some(Command::Shell(span)), _) | (None, Some(Command::Shell(span))) => {
            Some((last(text, *span)?, false))
        }
    }
}

/// `words`, or those of the line that they hand to a shell.
fn settle(words: Vec<Word>, text: &str) -> Option<(Vec<Word>, bool)> {
    if let [shell, flag, line] = &*words
        && is_one(shell, SHELLS)
        && flag.text == "-c"
    {
        // Escapes would move what stands in it.
        let is_plain = text.get(line.span.range()) == Some(&*line.text);
        return Some((last(text, line.span).filter(|_| is_plain)?, false));
    }
    Some((words, true))
}

/// The last command of a line, if what comes before it is over by then.
fn last(text: &str, span: Span) -> Option<Vec<Word>> {
    let mut commands = shell::commands(text, span)?;
    let last = commands.pop()?;
    commands.iter().all(|command| is_one(&command[0], HARMLESS)).then_some(last)
}

fn is_one(word: &Word, programs: &[&str]) -> bool {
    programs.contains(&file_name(&word.text))
}

fn begins(words: &[Word], wrapper: &[&str]) -> bool {
    let mut said = words.iter().map(|word| file_name(&word.text));
    wrapper.iter().all(|it| said.next() == Some(it))
}

fn file_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// What an option says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told<T> {
    /// It is not there.
    Nothing,
    /// This, and where it stands, if it does.
    This(T, Option<Span>),
    /// Something.
    Unknown,
}

/// What a server's arguments say.
struct Said {
    port: Told<u16>,
    host: Told<String>,
    /// Whether something else may be among them.
    is_open: bool,
}

impl Said {
    /// None where they say that it listens on something else than a port.
    fn read(facts: &Facts, arguments: &[Word]) -> Option<Self> {
        let mut said = Self { port: Told::Nothing, host: Told::Nothing, is_open: false };
        let mut rest = arguments.iter();
        let mut is_value = false;
        while let Some(word) = rest.next() {
            if word.text == "--" {
                break;
            }
            if facts.bare_port
                && !is_value
                && let Ok(port) = word.text.parse()
            {
                said.port = Told::This(port, Some(word.span));
                continue;
            }
            let Some((option, value)) = option(facts, word) else {
                // What a variable stands for may be more arguments, unless it is an option's value.
                said.is_open |= !word.is_settled && !is_value && !word.text.contains('=');
                is_value = word.text.starts_with('-');
                continue;
            };
            is_value = false;
            if facts.elsewhere.contains(&option) {
                return None;
            }
            let value = match value {
                Some(value) => value,
                None => rest.next()?.clone(),
            };
            let unknown = !value.is_settled;
            if facts.port_options.contains(&option) {
                said.port = match value.text.parse() {
                    Ok(port) if !unknown => Told::This(port, Some(value.span)),
                    _ => Told::Unknown,
                };
            } else if facts.host_options.contains(&option) {
                said.host =
                    if unknown { Told::Unknown } else { Told::This(value.text, Some(value.span)) };
            } else if said.port != Told::Nothing || said.host != Told::Nothing {
                // Several addresses: it listens on each.
                (said.port, said.host) = (Told::Unknown, Told::Unknown);
            } else {
                (said.port, said.host) = address(facts, &value);
            }
        }
        Some(said)
    }
}

/// The option that `word` is, with its value where that is part of it.
fn option<'a>(facts: &Facts, word: &'a Word) -> Option<(&'a str, Option<Word>)> {
    let known = [facts.port_options, facts.host_options, facts.bind_options, facts.elsewhere];
    let is_known = |name: &str| known.iter().any(|options| options.contains(&name));
    if is_known(&word.text) {
        return Some((&word.text, None));
    }
    // `--port=8000`, `-p8000`
    let (name, at) = match word.text.split_once('=') {
        Some((name, _)) if name.starts_with("--") => (name, name.len() + 1),
        _ if !word.text.starts_with("--") && word.text.is_char_boundary(2) => {
            (word.text.get(..2)?, 2)
        }
        _ => return None,
    };
    let text = word.text[at..].to_owned();
    // Only a word without quotes lies as it reads.
    let length = (word.span.end - word.span.start) as usize;
    let is_plain = length == word.text.len();
    let start = word.span.start as usize + at;
    let span = if is_plain { Span::new(start, word.span.end as usize) } else { word.span };
    is_known(name).then_some((name, Some(Word { text, span, is_settled: word.is_settled })))
}

/// What `host:port` says, or `:port`, or `host`.
fn address(facts: &Facts, value: &Word) -> (Told<u16>, Told<String>) {
    let unknown = (Told::Unknown, Told::Unknown);
    let text = &*value.text;
    if text.contains("://") || text.starts_with("unix:") || text.starts_with("fd:") {
        return unknown;
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_plain = (value.span.end - value.span.start) as usize == text.len();
    let within = |start: usize, end: usize| {
        let first = value.span.start as usize;
        if is_plain { Span::new(first + start, first + end) } else { value.span }
    };
    let is_settled = |part: &str| value.is_settled || !part.contains(['$', '*', '{', '~']);
    let port = match port {
        None => Told::This(facts.port, None),
        Some(port) if is_settled(port) => match port.parse() {
            Ok(number) => Told::This(number, Some(within(host.len() + 1, text.len()))),
            Err(_) => Told::Unknown,
        },
        Some(_) => Told::Unknown,
    };
    let host = if is_settled(host) {
        Told::This(host.trim_matches(['[', ']']).to_owned(), Some(within(0, host.len())))
    } else {
        Told::Unknown
    };
    (port, host)
}
