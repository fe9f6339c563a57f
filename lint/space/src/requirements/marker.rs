//! Environment markers: the condition behind a `;` (PEP 508).
//!
//! A marker is settled where the text and the platform settle it, and else left open.

use std::cmp::Ordering;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};
use spacelint_knowledge::platform;
use spacelint_python::Span;

use crate::pins::Allowed;

/// A condition on where a requirement is installed.
#[derive(Clone, Debug)]
pub struct Marker {
    /// As it stands, without the `;`.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    condition: Condition,
}

#[derive(Clone, Debug)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare { left: Operand, operator: &'static str, right: Operand },
}

#[derive(Clone, Debug)]
enum Operand {
    Variable(String),
    Literal(String),
}

/// What is known of the place where a Space is installed: Linux and CPython always, the version of
/// Python where the card says.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The card's `python_version`.
    pub python: Option<Version>,
}

const VARIABLES: &[&str] = &[
    "python_version",
    "python_full_version",
    "implementation_version",
    "platform_release",
    "platform_version",
];

/// What a variable is worth that is the same for every Space.
fn of_every_space(name: &str) -> Option<&'static str> {
    // pip sets no extra for a line of a requirements file.
    let extra = ("extra", "");
    let mut known = platform::system().markers.iter().chain([&extra]);
    known.find(|(known, _)| *known == name).map(|(_, value)| *value)
}

impl Environment {
    fn get(&self, name: &str) -> Option<String> {
        if let Some(value) = of_every_space(name) {
            return Some(value.to_owned());
        }
        let release = self.python.as_ref()?.release();
        let full = |parts: &[u64]| parts.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        match name {
            "python_version" if release.len() >= 2 => Some(full(&release[..2])),
            "python_full_version" | "implementation_version" if release.len() >= 3 => {
                Some(full(release))
            }
            _ => None,
        }
    }
}

impl Marker {
    /// Reads `text`; the error is a clause that says what is wrong with it.
    pub(super) fn parse(text: &str, span: Span) -> Result<Self, String> {
        let mut parser = Parser { rest: text, depth: 0 };
        let condition = parser.any()?;
        parser.space();
        if !parser.rest.is_empty() {
            return Err(format!("its marker ends in `{}`", parser.rest));
        }
        Ok(Self { text: text.to_owned(), span, condition })
    }

    /// Whether the condition holds in every, in no or in some place that `environment` describes.
    pub fn holds(&self, environment: &Environment) -> Allowed {
        self.condition.holds(environment)
    }
}

impl Condition {
    fn holds(&self, environment: &Environment) -> Allowed {
        match self {
            Self::All(conditions) => {
                let mut held = conditions.iter().map(|condition| condition.holds(environment));
                if held.clone().any(|held| held == Allowed::Never) {
                    Allowed::Never
                } else if held.all(|held| held == Allowed::Always) {
                    Allowed::Always
                } else {
                    Allowed::Sometimes
                }
            }
            Self::Any(conditions) => {
                let mut held = conditions.iter().map(|condition| condition.holds(environment));
                if held.clone().any(|held| held == Allowed::Always) {
                    Allowed::Always
                } else if held.all(|held| held == Allowed::Never) {
                    Allowed::Never
                } else {
                    Allowed::Sometimes
                }
            }
            Self::Compare { left, operator, right } => {
                let versions = [left, right].iter().any(
                    |side| matches!(side, Operand::Variable(name) if name.contains("version")),
                );
                let value = |side: &Operand| match side {
                    Operand::Variable(name) => environment.get(name),
                    Operand::Literal(text) => Some(text.clone()),
                };
                let (Some(left), Some(right)) = (value(left), value(right)) else {
                    return Allowed::Sometimes;
                };
                match compare(&left, operator, &right, versions) {
                    Some(true) => Allowed::Always,
                    Some(false) => Allowed::Never,
                    None => Allowed::Sometimes,
                }
            }
        }
    }
}

fn compare(left: &str, operator: &str, right: &str, versions: bool) -> Option<bool> {
    match operator {
        "in" => return Some(right.contains(left)),
        "not in" => return Some(!right.contains(left)),
        _ => {}
    }
    if versions
        && let Ok(version) = Version::from_str(left)
        && let Ok(specifier) = VersionSpecifier::from_str(&format!("{operator}{right}"))
    {
        return Some(specifier.contains(&version));
    }
    let order = left.cmp(right);
    Some(match operator {
        "==" | "===" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        _ => return None,
    })
}

/// How deep the parentheses of a marker may be.
const MAX_DEPTH: u32 = 32;

struct Parser<'a> {
    rest: &'a str,
    depth: u32,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes `word` if it stands next and no letter follows it.
    fn word(&mut self, word: &str) -> bool {
        self.space();
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut conditions = vec![self.all()?];
        while self.word("or") {
            conditions.push(self.all()?);
        }
        Ok(Condition::Any(conditions))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut conditions = vec![self.one()?];
        while self.word("and") {
            conditions.push(self.one()?);
        }
        Ok(Condition::All(conditions))
    }

    fn one(&mut self) -> Result<Condition, String> {
        self.space();
        let Some(rest) = self.rest.strip_prefix('(') else {
            let left = self.operand()?;
            let operator = self.operator()?;
            return Ok(Condition::Compare { left, operator, right: self.operand()? });
        };
        if self.depth == MAX_DEPTH {
            return Err("the parentheses of its marker are too deep".to_owned());
        }
        self.rest = rest;
        self.depth += 1;
        let condition = self.any()?;
        self.depth -= 1;
        self.space();
        let Some(rest) = self.rest.strip_prefix(')') else {
            return Err("a parenthesis of its marker is not closed".to_owned());
        };
        self.rest = rest;
        Ok(condition)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        self.space();
        if let Some(quote) = self.rest.chars().next().filter(|c| *c == '"' || *c == '\'') {
            let inner = &self.rest[1..];
            let end = inner.find(quote).ok_or("a quote of its marker is not closed")?;
            let text = inner[..end].to_owned();
            self.rest = &inner[end + 1..];
            return Ok(Operand::Literal(text));
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(self.rest.len());
        let name = self.rest[..end].replace('.', "_");
        // Setuptools wrote these with a dot, and one of them otherwise.
        let name = if name == "python_implementation" {
            "platform_python_implementation".to_owned()
        } else {
            name
        };
        if !VARIABLES.contains(&name.as_str()) && of_every_space(&name).is_none() {
            return Err(format!(
                "its marker wants a variable or a quoted value at `{}`",
                self.rest
            ));
        }
        self.rest = &self.rest[end..];
        Ok(Operand::Variable(name))
    }

    fn operator(&mut self) -> Result<&'static str, String> {
        self.space();
        for operator in ["===", "==", "!=", "~=", "<=", ">=", "<", ">"] {
            if let Some(rest) = self.rest.strip_prefix(operator) {
                self.rest = rest;
                return Ok(operator);
            }
        }
        if self.word("in") {
            return Ok("in");
        }
        if self.word("not") && self.word("in") {
            return Ok("not in");
        }
        Err(format!("its marker wants a comparison at `{}`", self.rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, python: Option<&str>) -> Allowed {
        let marker = Marker::parse(text, Span::empty(0)).expect(text);
        let python = python.map(|version| Version::from_str(version).expect(version));
        marker.holds(&Environment { python })
    }

    #[test]
    fn the_platform_settles_what_it_can() {
        assert_eq!(holds("sys_platform == 'linux'", None), Allowed::Always);
        assert_eq!(holds("platform_system==\"Windows\"", None), Allowed::Never);
        assert_eq!(holds("sys_platform != 'darwin' and os_name == 'posix'", None), Allowed::Always);
        assert_eq!(holds("'linux' in sys_platform", None), Allowed::Always);
        assert_eq!(holds("sys.platform not in 'win32 darwin'", None), Allowed::Always);
        assert_eq!(holds("extra == 'dev'", None), Allowed::Never);
        assert_eq!(holds("platform_release >= '5'", None), Allowed::Sometimes);
    }

    #[test]
    fn the_card_settles_the_python() {
        assert_eq!(holds("python_version < '3.9'", None), Allowed::Sometimes);
        assert_eq!(holds("python_version < '3.9'", Some("3.10")), Allowed::Never);
        assert_eq!(holds("python_version >= '3.9'", Some("3.10.13")), Allowed::Always);
        assert_eq!(holds("python_version == '3.10'", Some("3.10.13")), Allowed::Always);
        assert_eq!(holds("'3.10' <= python_version", Some("3.9")), Allowed::Never);
        assert_eq!(holds("python_full_version < '3.10.5'", Some("3.10")), Allowed::Sometimes);
        assert_eq!(holds("python_full_version < '3.10.5'", Some("3.10.13")), Allowed::Never);
        assert_eq!(holds("python_version in '3.9 3.10'", Some("3.10")), Allowed::Always);
    }

    #[test]
    fn or_binds_weaker_than_and() {
        let text = "os_name == 'nt' and python_version < '3' or sys_platform == 'linux'";
        assert_eq!(holds(text, None), Allowed::Always);
        let text = "(sys_platform == 'linux' or os_name == 'nt') and python_version < '3.12'";
        assert_eq!(holds(text, None), Allowed::Sometimes);
        assert_eq!(holds(text, Some("3.11")), Allowed::Always);
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        for text in [
            "",
            "linux",
            "sys_platform",
            "sys_platform = 'linux'",
            "sys_platform == linux",
            "sys_platform == 'linux",
            "(os_name == 'a'",
            "os_name == 'a')",
            "os_name == 'a' and",
            "os_name in",
            "nonsense == 'a'",
            "é == 'a'",
        ] {
            assert!(Marker::parse(text, Span::empty(0)).is_err(), "{text:?} is read");
        }
        let deep = format!("{}os_name == 'a'{}", "(".repeat(9999), ")".repeat(9999));
        assert!(Marker::parse(&deep, Span::empty(0)).is_err());
    }
}
