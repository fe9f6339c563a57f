use spacelint_knowledge::card::{Form, Looks};
use spacelint_space::Space;

use super::values::{Fault, Wrong, wrong};
use crate::finding::{Edit, Finding, Fix};
use crate::rule::{Check, Rule};

/// A value of the card is none that its key can have, so the setting does not take hold.
#[derive(Rule)]
#[rule(severity = warning, fix = safe, since = "0.1.0")]
#[rule(source = "hub-docs spaces-config-reference.md: each key's type and values")]
#[rule(
    source = "hub-docs spaces-oauth.md, repositories-licenses.md; huggingface_hub 2.4.0 SpaceHardware"
)]
pub(crate) struct InvalidCardValue<'a> {
    wrong: Wrong<'a>,
}

impl<'a> Check<'a> for InvalidCardValue<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let wrong = space.card.iter().flat_map(wrong);
        wrong
            .filter(|wrong| wrong.key.refused.is_none() || matches!(wrong.fault, Fault::Form))
            .map(|wrong| Self { wrong })
    }

    fn finding(&self) -> Finding {
        let Wrong { key, text, .. } = self.wrong;
        let name = key.name;
        let most = key.most.map_or(String::new(), |most| format!(" of at most {most}"));
        let message = match self.wrong.fault {
            Fault::Form => format!("`{name}` must be {}", form(key.form)),
            Fault::Unknown(_) => format!("`{name}` knows no `{text}`"),
            Fault::Gone(fate) => format!("`{text}` is no `{name}` any more: {fate}"),
            Fault::TooLong(length) => format!("`{name}` is too long with {length} characters"),
            Fault::OutOfRange => format!("`{name}` must be a whole number above zero{most}"),
            Fault::Looks(looks) => {
                format!("`{name}` must be {} and not `{text}`", looked(looks))
            }
        };
        let effect = match (self.wrong.fault, name) {
            // What became of the value says it.
            (Fault::Gone(_), _) => "",
            (_, "sdk") => ", so the Hub does not know how to run the Space",
            _ => ", so the Space runs without this setting",
        };
        let message = format!("{message}{effect}");
        let finding = Self::at(self.wrong.location(), message);
        match self.wrong.fault {
            Fault::Unknown(Some(near)) => finding.help(format!("Write `{near}`.")),
            Fault::Unknown(None) => {
                finding.help(format!("Choose one of {}.", key.allowed.join(", ")))
            }
            Fault::Form if key.form == Form::Texts => {
                finding.help("Write each element on a line of its own, behind `- `.")
            }
            Fault::Form => match meant(&self.wrong) {
                Some(switch) => finding.help(format!("Write `{switch}`, without quotes.")),
                None => finding,
            },
            _ => finding,
        }
    }

    fn fix(&self) -> Option<Fix> {
        let (location, content) = match self.wrong.fault {
            Fault::Unknown(Some(near)) => (self.wrong.inner(), near),
            Fault::Form => (self.wrong.location(), meant(&self.wrong)?),
            _ => return None,
        };
        Some(Fix::safe(format!("write `{content}`"), vec![Edit::replace(location, content)]))
    }
}

/// The switch that a text spells out.
fn meant(wrong: &Wrong<'_>) -> Option<&'static str> {
    if wrong.key.form != Form::Switch {
        return None;
    }
    ["true", "false"].into_iter().find(|switch| wrong.text.eq_ignore_ascii_case(switch))
}

fn form(form: Form) -> &'static str {
    match form {
        Form::Text => "a text",
        Form::Switch => "`true` or `false`",
        Form::Number => "a number",
        Form::Texts => "a list",
        Form::TextOrTexts => "a text or a list of texts",
        Form::Names => "a list of `name: value`",
    }
}

fn looked(looks: Looks) -> &'static str {
    match looks {
        Looks::Path => "a path that begins with `/`",
        Looks::Address => "the address of a picture, with `https://`",
        Looks::Emoji => "an emoji",
        Looks::Span => "a time such as `30m` or `1h`",
        Looks::Preload => {
            "a repository, then perhaps files without blanks between them, then perhaps a whole commit"
        }
    }
}
