use std::sync::Arc;

use spacelint_python::Value;
use spacelint_space::effect::{Command, Effect};
use spacelint_space::{Moment, Phase, Space};

use crate::finding::Finding;
use crate::rule::{Check, Rule};

/// The app installs packages when it starts or while it serves.
#[derive(Rule)]
#[rule(severity = warning, since = "0.1.0")]
#[rule(
    source = "hub-docs spaces-dependencies.md: requirements.txt and packages.txt are installed when the Space is built; what a running Space writes is gone after a restart"
)]
pub(crate) struct RuntimePipInstall<'a> {
    moment: Moment<'a>,
    packages: Vec<Arc<str>>,
}

impl<'a> Check<'a> for RuntimePipInstall<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.moments().filter_map(|moment| {
            let Effect::RunCommand(command) = &moment.event.effect else { return None };
            let packages = installed(command)?;
            Some(Self { moment, packages })
        })
    }

    fn finding(&self) -> Finding {
        let what = match &*self.packages {
            [] => "packages".to_owned(),
            packages => packages.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "),
        };
        let when = match self.moment.phase {
            Phase::BeforeSpaces | Phase::Startup => {
                "every time the Space starts, before a visitor sees anything"
            }
            Phase::Request => "while a visitor waits",
            Phase::Gpu => "while a visitor waits and pays for a GPU",
        };
        Self::at(
            &self.moment,
            format!(
                "this installs {what} {when}: it is gone after each restart, and missing on a day on which the \
                 index cannot be reached or no version fits any more"
            ),
        )
        .chain(&self.moment)
        .certainty(self.moment.certainty())
        .help("Name it in `requirements.txt`, a wheel by its address: then it is installed once, when the Space is built.")
    }
}

/// What a command tells pip to install, if it does: the words behind `install` that are no options.
fn installed(command: &Command) -> Option<Vec<Arc<str>>> {
    let words: Vec<Arc<str>> = match command.command.as_ref()? {
        Value::Str(line) => line.split_whitespace().map(Arc::from).collect(),
        Value::List(words) | Value::Tuple(words) => words
            .iter()
            .map(|word| word.as_str().map_or_else(|| Arc::from("?"), Arc::from))
            .collect(),
        _ => return None,
    };
    let is_pip = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        name.strip_prefix("pip")
            .is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_digit() || c == b'.'))
    };
    let at = words.windows(2).position(|pair| is_pip(&pair[0]) && &*pair[1] == "install")?;
    let rest =
        words[at + 2..].iter().take_while(|word| !matches!(&***word, "&&" | ";" | "||" | "|"));
    Some(rest.filter(|word| !word.starts_with('-') && &***word != "?").cloned().collect())
}
