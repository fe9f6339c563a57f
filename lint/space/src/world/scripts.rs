//! Commands that run another script of the Space: the entry point of many Spaces only starts the
//! real app.

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_knowledge::platform;
use spacelint_python::{Entry, Value};

use super::SpaceWorld;

/// What stands for Python in a command.
const PYTHON: &[&str] = &["python", "python3", "sys.executable"];

/// A word of a command; `None` where the text does not settle it.
type Word = Option<String>;

impl SpaceWorld<'_> {
    /// The scripts of the Space that this command runs, from this working folder.
    pub(super) fn scripts(&self, command: Option<&Value>, folder: Option<&Value>) -> Vec<Entry> {
        let folder = match folder {
            None | Some(Value::None) => Utf8PathBuf::new(),
            Some(Value::Str(folder)) => match inside(folder) {
                Some(folder) => folder,
                None => return Vec::new(),
            },
            Some(_) => return Vec::new(),
        };
        match command {
            Some(Value::Str(line)) => self.scripts_of_line(line, folder),
            Some(Value::List(words) | Value::Tuple(words)) => {
                let words: Vec<Word> = words.iter().map(word).collect();
                self.script(&words, &folder).into_iter().collect()
            }
            Some(Value::OneOf(commands)) => commands
                .iter()
                .flat_map(|command| {
                    let folder = Value::str(folder.as_str());
                    self.scripts(Some(command), Some(&folder))
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The scripts of a line for the shell.
    fn scripts_of_line(&self, line: &str, mut folder: Utf8PathBuf) -> Vec<Entry> {
        let mut scripts = Vec::new();
        for part in line.split(['&', ';', '|', '\n']) {
            let words: Vec<String> = part
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '\'']).to_owned())
                // `NAME=value command`
                .skip_while(|word| word.contains('='))
                .collect();
            if let [command, target] = &*words
                && command == "cd"
            {
                match inside(folder.join(target).as_str()) {
                    Some(target) => folder = target,
                    None => return scripts,
                }
                continue;
            }
            let words: Vec<Word> = words.into_iter().map(Some).collect();
            scripts.extend(self.script(&words, &folder));
        }
        scripts
    }

    fn script(&self, words: &[Word], folder: &Utf8Path) -> Option<Entry> {
        let (python, mut rest) = words.split_first()?;
        let python = python.as_deref()?;
        let name = python.rsplit('/').next().unwrap_or(python);
        if !PYTHON.contains(&name) {
            return None;
        }
        while let Some((Some(word), after)) = rest.split_first() {
            if word == "-m" {
                let module = after.first()?.as_deref()?;
                let path = folder.join(module.replace('.', "/"));
                if let Some(file) = self.local(&path.join("__main__.py")) {
                    return Some(self.entry(&file, folder, Some(format!("{module}.__main__"))));
                }
                let file = self.local(&path.with_extension("py"))?;
                return Some(self.entry(&file, folder, Some(module.to_owned())));
            }
            // What an option of its own takes stands in the same word, but for these.
            if matches!(word.as_str(), "-X" | "-W") {
                rest = after.get(1..)?;
            } else if word.starts_with('-') {
                rest = after;
            } else {
                let path = inside(folder.join(word).as_str())?;
                let file = self.local(&path)?;
                let folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
                return Some(self.entry(&file, &folder, None));
            }
        }
        None
    }

    fn entry(
        &self,
        file: &std::sync::Arc<crate::files::SourceFile>,
        folder: &Utf8Path,
        module: Option<String>,
    ) -> Entry {
        Entry {
            file: self.reach(file),
            text: file.text.clone(),
            path: Self::seen_as(&file.path),
            folder: Self::seen_as(folder),
            module: module.map(Into::into),
        }
    }
}

fn word(value: &Value) -> Word {
    match value {
        Value::Str(text) => Some(text.to_string()),
        Value::External(external) => external.name().map(str::to_owned),
        _ => None,
    }
}

/// The path within the Space that the running program names so; `None` outside of it.
pub(super) fn inside(path: &str) -> Option<Utf8PathBuf> {
    let path = Utf8Path::new(path);
    let path = path.strip_prefix(platform::home().folder).unwrap_or(path);
    let mut inside = Utf8PathBuf::new();
    for part in path.components() {
        match part.as_str() {
            "." => {}
            ".." => {
                if !inside.pop() {
                    return None;
                }
            }
            part => inside.push(part),
        }
    }
    inside.is_relative().then_some(inside)
}
