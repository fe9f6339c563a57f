use spacelint_python::Span;
use spacelint_space::settings::{SETTINGS, Setting, SettingsFaultKind, Shape, hardware};
use spacelint_space::{Settings, Space};

use crate::finding::{Edit, Finding, Fix, Location};
use crate::registry;
use crate::rule::{Check, Rule};
use crate::spelling;

/// The settings have a line that says nothing, so that the run is not the one that was asked for.
#[derive(Rule)]
#[rule(severity = warning, fix = unsafe, since = "0.1.0")]
#[rule(source = "spacelint's own settings, listed in its README")]
pub(crate) struct InvalidSettings<'a> {
    settings: &'a Settings,
    span: Span,
    wrong: Wrong<'a>,
}

enum Wrong<'a> {
    Fault(&'a SettingsFaultKind),
    /// A name that is no rule's and no category's, and what it therefore does not do.
    Rule(&'a str, &'static str),
}

impl<'a> Check<'a> for InvalidSettings<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        space.settings.iter().flat_map(|settings| {
            let faults = settings.faults.iter();
            let faults = faults.map(|fault| (fault.span, Wrong::Fault(&fault.kind)));
            let selected = settings.select.iter().map(|name| (name, "selects nothing"));
            let ignored = settings.ignore.iter().map(|name| (name, "leaves nothing out"));
            let unknown = selected
                .chain(ignored)
                .filter(|(name, _)| !registry::is_known(&name.text))
                .map(|(name, so)| (name.span, Wrong::Rule(&name.text, so)));
            faults.chain(unknown).map(move |(span, wrong)| Self { settings, span, wrong })
        })
    }

    fn finding(&self) -> Finding {
        let (message, help) = match self.wrong {
            Wrong::Fault(SettingsFaultKind::Syntax(message)) => (
                format!("nothing of the settings counts: {message}"),
                "`spacelint check` runs as if there were none.".to_owned(),
            ),
            Wrong::Fault(SettingsFaultKind::UnknownKey(name)) => (
                format!("`{name}` is no setting, and is passed over"),
                format!("The settings are {}.", names(SETTINGS.iter().map(|known| known.name))),
            ),
            Wrong::Fault(SettingsFaultKind::Value(setting)) => (
                format!("`{}` is not set by this: it must be {}", setting.name, shape(setting)),
                setting.meaning.to_owned(),
            ),
            Wrong::Rule(name, so) => (
                format!("no rule or category is called `{name}`, so this {so}"),
                "`spacelint rules` lists them all.".to_owned(),
            ),
        };
        Self::at(self.location(), message).help(help)
    }

    fn fix(&self) -> Option<Fix> {
        let (near, written) = match self.wrong {
            Wrong::Fault(SettingsFaultKind::UnknownKey(name)) => {
                let known = SETTINGS.iter().map(|known| known.name);
                let near = spelling::nearest(&name.replace('_', "-"), known, 3)?;
                (near, near.to_owned())
            }
            Wrong::Rule(name, _) => {
                let near = registry::nearest(name)?;
                (near, format!("\"{near}\""))
            }
            Wrong::Fault(_) => return None,
        };
        let edit = Edit::replace(self.location(), written);
        Some(Fix::needs_review(format!("write `{near}`"), vec![edit]))
    }
}

impl InvalidSettings<'_> {
    fn location(&self) -> Location {
        Location::new(&self.settings.file, self.span)
    }
}

/// What a setting must be, in words.
fn shape(setting: &Setting) -> String {
    match setting.shape {
        Shape::Rules => "a list of names of rules or categories, each in quotes".to_owned(),
        Shape::Switch => "`true` or `false`".to_owned(),
        Shape::OneOf(choices) => format!("one of {}", names(choices.iter().copied())),
        Shape::Hardware => format!("one of {}", names(hardware().iter().copied())),
    }
}

/// `a`, `b` and `c`, each in back quotes.
fn names<'n>(all: impl Iterator<Item = &'n str>) -> String {
    let mut quoted: Vec<String> = all.map(|name| format!("`{name}`")).collect();
    match (quoted.pop(), quoted.is_empty()) {
        (Some(last), false) => format!("{} and {last}", quoted.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::memory;

    #[test]
    fn what_a_wrong_name_does_not_do_is_said() {
        let settings = "select = ['zerogp']\nignore = ['long_duration']\n";
        let space = Space::read(&memory(&[("app.py", ""), ("spacelint.toml", settings)]));
        let said: Vec<String> =
            InvalidSettings::check(&space).map(|it| it.finding().message).collect();
        assert_eq!(
            said,
            [
                "no rule or category is called `zerogp`, so this selects nothing",
                "no rule or category is called `long_duration`, so this leaves nothing out",
            ]
        );
    }
}
