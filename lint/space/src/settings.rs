//! What a Space's author tells spacelint: `spacelint.toml`, or the table `[tool.spacelint]` of
//! `pyproject.toml` where that file is not there.
//!
//! Whether the names in it are rules is for who knows the rules. It must never change what a Space is, but
//! for its hardware, which nothing else in the repository tells for certain.

use std::sync::Arc;

use spacelint_knowledge::card;
use spacelint_python::{BOM, Span};
use toml_edit::{Document, Item, TableLike, Value};

use crate::files::SourceFile;
use crate::pyproject::Pyproject;

/// The file that is looked for first, in the Space's root.
pub const SETTINGS_FILE: &str = "spacelint.toml";

/// What a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A list of names of rules or categories.
    Rules,
    /// `true` or `false`.
    Switch,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A name of the Hub's hardware, as in the card's `suggested_hardware`.
    Hardware,
}

/// A setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// As it must be written.
    pub name: &'static str,
    /// What it must be.
    pub shape: Shape,
    /// What it does.
    pub meaning: &'static str,
}

/// The names of the severities, the lightest first.
pub const SEVERITIES: &[&str] = &["info", "warning", "error"];

/// Every setting there is, by name.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "fail-on",
        shape: Shape::OneOf(SEVERITIES),
        meaning: "The least severity that makes the exit status 1. The default is `warning`.",
    },
    Setting {
        name: "hardware",
        shape: Shape::Hardware,
        meaning: "The hardware that the Space runs on, where it is not what the card suggests. ZeroGPU's rules \
                  speak if it is ZeroGPU's, and only then.",
    },
    Setting {
        name: "ignore",
        shape: Shape::Rules,
        meaning: "The rules and categories that do not run.",
    },
    Setting {
        name: "select",
        shape: Shape::Rules,
        meaning: "The rules and categories that run, and no others. The default is every rule that is on by \
                  default.",
    },
    Setting {
        name: "strict",
        shape: Shape::Switch,
        meaning: "Whether the rules run that are sometimes wrong.",
    },
];

/// What the author set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where that stands.
    pub file: Arc<SourceFile>,
    /// `fail-on`, one of [`SEVERITIES`].
    pub fail_on: Option<Named>,
    /// `hardware`, a name that the Hub knows.
    pub hardware: Option<Named>,
    /// `ignore`.
    pub ignore: Vec<Named>,
    /// `select`.
    pub select: Vec<Named>,
    /// `strict`.
    pub strict: bool,
    /// What is wrong with the text. What is not, counts.
    pub faults: Vec<SettingsFault>,
}

/// A name that stands in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub text: String,
    /// Where, with its quotes.
    pub span: Span,
}

/// Something wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: SettingsFaultKind,
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsFaultKind {
    /// The text is no TOML, in the parser's words.
    Syntax(String),
    /// No setting has this name.
    UnknownKey(String),
    /// The setting's value is not of its shape.
    Value(&'static Setting),
}

impl Settings {
    /// The settings in `file`, or else in `pyproject`; none where neither says anything.
    pub(crate) fn find(
        file: Option<&Arc<SourceFile>>,
        pyproject: Option<&Pyproject>,
    ) -> Option<Self> {
        if let Some(file) = file {
            return Some(Self::parse(file));
        }
        let pyproject = pyproject?;
        let item = pyproject.tool("spacelint")?;
        let mut settings = Self::empty(&pyproject.file);
        let skipped = skipped(&pyproject.file);
        match item.as_table_like() {
            Some(table) => settings.read(table, skipped),
            None => settings.fault(
                item.span().unwrap_or_default(),
                skipped,
                SettingsFaultKind::Syntax("`tool.spacelint` must be a table".to_owned()),
            ),
        }
        Some(settings)
    }

    /// Reads `file`, which holds settings and nothing else.
    pub fn parse(file: &Arc<SourceFile>) -> Self {
        let mut settings = Self::empty(file);
        let skipped = skipped(file);
        match Document::parse(&file.text.as_str()[skipped..]) {
            Ok(document) => settings.read(document.as_table(), skipped),
            Err(error) => {
                let message = error.message().trim().replace('\n', ", ");
                let span = error.span().unwrap_or_default();
                settings.fault(span, skipped, SettingsFaultKind::Syntax(message));
            }
        }
        settings
    }

    fn empty(file: &Arc<SourceFile>) -> Self {
        Self {
            file: Arc::clone(file),
            fail_on: None,
            hardware: None,
            ignore: Vec::new(),
            select: Vec::new(),
            strict: false,
            faults: Vec::new(),
        }
    }

    fn read(&mut self, table: &dyn TableLike, skipped: usize) {
        for (name, item) in table.iter() {
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
                let key = table.get_key_value(name).and_then(|(key, _)| key.span());
                let span = key.or_else(|| item.span()).unwrap_or_default();
                self.fault(span, skipped, SettingsFaultKind::UnknownKey(name.to_owned()));
                continue;
            };
            if !self.set(setting, item, skipped) {
                let span = item.span().unwrap_or_default();
                self.fault(span, skipped, SettingsFaultKind::Value(setting));
            }
        }
    }

    /// Whether `item` is of the setting's shape.
    fn set(&mut self, setting: &Setting, item: &Item, skipped: usize) -> bool {
        let name_of = |value: &Value| {
            let at = value.span()?;
            let span = Span::new(at.start + skipped, at.end + skipped);
            Some(Named { text: value.as_str()?.to_owned(), span })
        };
        let one = item.as_value().and_then(name_of);
        match setting.name {
            "fail-on" => {
                self.fail_on = one.filter(|one| SEVERITIES.contains(&one.text.as_str()));
                self.fail_on.is_some()
            }
            "hardware" => {
                self.hardware = one.filter(|one| hardware().contains(&one.text.as_str()));
                self.hardware.is_some()
            }
            "strict" => {
                let switch = item.as_bool();
                self.strict = switch.unwrap_or_default();
                switch.is_some()
            }
            list => {
                let names = item.as_array().map(|array| array.iter().map(name_of).collect());
                let Some(Some(names)) = names else { return false };
                let target = if list == "select" { &mut self.select } else { &mut self.ignore };
                *target = names;
                true
            }
        }
    }

    fn fault(&mut self, at: std::ops::Range<usize>, skipped: usize, kind: SettingsFaultKind) {
        let span = Span::new(at.start + skipped, at.end + skipped);
        self.faults.push(SettingsFault { span, kind });
    }
}

/// The names of hardware that the Hub knows.
pub fn hardware() -> &'static [&'static str] {
    card::key("suggested_hardware").map_or(&[], |key| key.allowed)
}

/// How many bytes stand before what the reader of TOML is given.
fn skipped(file: &SourceFile) -> usize {
    if file.text.as_str().starts_with(BOM) { BOM.len_utf8() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Xorshift, mutate};

    const USUAL: &str = "# c\nselect = [\"zerogpu\", 'old-gradio']\nignore = [\"long-duration\"]\nstrict = true\n\
                         fail-on = \"error\"\nhardware = \"zero-a10g\"\n";

    fn parse(bytes: &[u8]) -> Settings {
        let file = Arc::new(SourceFile::new(SETTINGS_FILE, bytes.to_vec()));
        let settings = Settings::parse(&file);
        for fault in &settings.faults {
            assert!(file.text.as_str().get(fault.span.range()).is_some());
        }
        settings
    }

    fn texts(names: &[Named]) -> Vec<&str> {
        names.iter().map(|name| name.text.as_str()).collect()
    }

    #[test]
    fn every_setting_is_read_with_its_place() {
        for text in [USUAL.to_owned(), format!("\u{feff}{USUAL}")] {
            let settings = parse(text.as_bytes());
            assert_eq!(settings.faults, []);
            assert_eq!(texts(&settings.select), ["zerogpu", "old-gradio"]);
            assert_eq!(settings.file.text.slice(settings.select[1].span), "'old-gradio'");
            assert_eq!(texts(&settings.ignore), ["long-duration"]);
            assert!(settings.strict);
            assert_eq!(settings.fail_on.map(|one| one.text).as_deref(), Some("error"));
            assert_eq!(settings.hardware.map(|one| one.text).as_deref(), Some("zero-a10g"));
        }
    }

    #[test]
    fn a_setting_of_the_wrong_shape_is_a_fault_and_the_others_count() {
        let settings = parse(
            b"select = 'zerogpu'\nignore = [1]\nstrict = 'yes'\nfail-on = 'never'\nhardware = 'gpu'\nselct = []\n",
        );
        let named: Vec<_> =
            settings.faults.iter().map(|fault| settings.file.text.slice(fault.span)).collect();
        assert_eq!(named, ["'zerogpu'", "[1]", "'yes'", "'never'", "'gpu'", "selct"]);
        let half = parse(b"strict = true\nselect = 3\n");
        assert!(half.strict && half.faults.len() == 1);
    }

    #[test]
    fn a_file_of_its_own_outweighs_the_project() {
        let file = |path: &str, text: &str| Arc::new(SourceFile::new(path, text.into()));
        let project = file("pyproject.toml", "[tool.spacelint]\nignore = ['card']\n");
        let project = Pyproject::parse(&project);
        let from_project = Settings::find(None, Some(&project)).expect("it says something");
        assert_eq!(texts(&from_project.ignore), ["card"]);
        let own = file(SETTINGS_FILE, "");
        let own = Settings::find(Some(&own), Some(&project)).expect("it is there");
        assert!(own.ignore.is_empty());
        let silent = Pyproject::parse(&file("pyproject.toml", "[tool.ruff]\n"));
        assert!(Settings::find(None, Some(&silent)).is_none());
        let odd = Pyproject::parse(&file("pyproject.toml", "[tool]\nspacelint = 3\n"));
        assert_eq!(Settings::find(None, Some(&odd)).expect("it is there").faults.len(), 1);
    }

    #[test]
    fn no_mutation_panics_or_shifts_a_place() {
        let mut random = Xorshift::new(3);
        for _ in 0..4000 {
            parse(&mutate(USUAL.as_bytes(), &mut random));
        }
    }

    #[test]
    fn settings_are_sorted_and_the_hub_knows_hardware() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        assert!(hardware().contains(&"zero-a10g"));
    }
}
