//! What a condition may ask that the platform, the pins or the card settle: a version, a device, what the
//! hardware has.

use std::cmp::Ordering;
use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{Version, VersionSpecifiers};
use spacelint_knowledge::effects::{self, Constant, Kind, Settled, VersionForm, Versioned};
use spacelint_knowledge::platform;
use spacelint_python::syntax::CompareOp;
use spacelint_python::{Arguments, External, Now, Operator, Value};

use super::{GPU_PACKAGE, SpaceWorld, argument};
use crate::pins::{self, Allowed};

/// Something that compares as a version does.
enum Compared<'a> {
    /// The version of something, whatever it is.
    Of(Of<'a>),
    /// A version that is written out.
    Written(Version),
    /// Python's, as a tuple.
    Tuple,
}

/// What has a version.
#[derive(Clone, Copy)]
enum Of<'a> {
    Package(&'a str),
    Python,
}

impl SpaceWorld<'_> {
    /// What a value of knowledge is at this moment.
    pub(super) fn worth(
        &self,
        settled: &Settled,
        external: &External,
        now: &Now<'_>,
    ) -> Option<Value> {
        if settled.zerogpu_only && !self.zerogpu {
            return None;
        }
        let constants = if now.imported.contains(GPU_PACKAGE) {
            settled.after_spaces
        } else {
            settled.before_spaces
        };
        let values = constants.iter().map(|constant| match *constant {
            Constant::Bool(value) => Value::Bool(value),
            Constant::Int(value) => Value::Int(value),
            Constant::Str(text) => Value::str(text),
            Constant::Tuple(numbers) => {
                Value::Tuple(numbers.iter().map(|number| Value::Int(*number)).collect())
            }
            Constant::There => {
                Value::External(Arc::new(External::Present(Arc::new(external.clone()))))
            }
        });
        values.reduce(Value::or)
    }

    /// What an attribute or an item is worth.
    pub(super) fn read_settled(&self, external: &External, now: &Now<'_>) -> Option<Value> {
        match external {
            External::Name(name) => {
                if let Some(settled) = effects::value(name) {
                    return self.worth(&settled, external, now);
                }
                if let Some(version) = effects::version(name) {
                    return self.text(of(version.of)).filter(|_| version.form == VersionForm::Text);
                }
                // `sys.version_info.minor`
                let (tuple, part) = name.rsplit_once('.')?;
                self.python_part(part_index(part).filter(|_| is_tuple(tuple))?)
            }
            External::Item { of: whole, key } => {
                let version = effects::version(whole.name()?)?;
                match (version.form, key) {
                    (VersionForm::Tuple, Value::Int(index)) => {
                        self.python_part(usize::try_from(*index).ok()?)
                    }
                    (VersionForm::Tuple, Value::Tuple(bounds)) => self.python_start(start(bounds)?),
                    (VersionForm::Version, Value::Tuple(bounds)) => {
                        let text = self.text(of(version.of))?;
                        Some(Value::str(text.as_str()?.get(..start(bounds)?)?))
                    }
                    _ => None,
                }
            }
            External::Attribute { of, name } => {
                let value = Value::External(Arc::clone(of));
                if **name == *effects::device_type()
                    && let Some(types) = device(&value)
                {
                    let types = types.iter().map(|device| Value::str(kind_of_device(device)));
                    return types.reduce(Value::or);
                }
                // `parse(torch.__version__).major`
                let index = part_index(name)?;
                match compared(&value)? {
                    Compared::Of(of) => part(&self.exact(of)?, index),
                    Compared::Written(version) => part(&version, index),
                    Compared::Tuple => None,
                }
            }
            _ => None,
        }
    }

    /// What a call is worth that asks for one of these things.
    pub(super) fn call_settled(
        &self,
        callee: &Arc<External>,
        arguments: &Arguments,
    ) -> Option<Value> {
        let name = callee.name()?;
        match effects::call(name).map(|call| call.kind) {
            Some(Kind::PackageVersion { package }) => {
                let package = argument(arguments, package)?.value.as_str()?;
                self.text(Of::Package(package)).filter(|_| !effects::says_more_than_asked(package))
            }
            Some(Kind::PythonVersion) => self.text(Of::Python),
            Some(_) => None,
            None => {
                let (attribute, method) = name.rsplit_once('.')?;
                let only = || match &*arguments.items {
                    [only] => Some(&only.value),
                    _ => None,
                };
                // Where a Space's program is started.
                if name == "os.getcwd" {
                    return Some(Value::str(platform::home().folder));
                }
                if name == "builtins.str" {
                    let devices = device(only()?)?;
                    return devices.iter().map(|device| Value::str(device)).reduce(Value::or);
                }
                // `torch.__version__.split("+")`: what is behind a `+` nobody knows.
                let version = effects::version(attribute)?;
                let text = self.text(of(version.of)).filter(|_| method == "split")?;
                let by = only()?.as_str().filter(|by| !by.is_empty())?;
                Some(Value::List(text.as_str()?.split(by).map(Value::str).collect()))
            }
        }
    }

    /// Whether `left op right`, where one of them is a version or both are devices.
    pub(super) fn compares(&self, op: CompareOp, left: &Value, right: &Value) -> Option<bool> {
        if let (Some(left), Some(right)) = (device(left), device(right)) {
            let ([left], [right]) = (&*left, &*right) else { return None };
            return match op {
                CompareOp::Eq => Some(left == right),
                CompareOp::NotEq => Some(left != right),
                _ => None,
            };
        }
        match (compared(left), compared(right)) {
            (Some(Compared::Of(of)), Some(Compared::Written(version))) => {
                self.version_is(of, op, &version)
            }
            (Some(Compared::Written(left)), Some(Compared::Written(right))) => {
                decides(op, left.cmp(&right))
            }
            (Some(Compared::Written(version)), Some(Compared::Of(of))) => {
                self.version_is(of, turned(op)?, &version)
            }
            // A version that compares as such takes a text as the other side.
            (Some(Compared::Of(of)), None) if compares_to_text(left) => {
                self.version_is(of, op, &Version::from_str(right.as_str()?).ok()?)
            }
            (None, Some(Compared::Of(of))) if compares_to_text(right) => {
                self.version_is(of, turned(op)?, &Version::from_str(left.as_str()?).ok()?)
            }
            (Some(Compared::Tuple), None) => self.python_is(op, right),
            (None, Some(Compared::Tuple)) => self.python_is(turned(op)?, left),
            _ => None,
        }
    }

    fn version_is(&self, of: Of<'_>, op: CompareOp, version: &Version) -> Option<bool> {
        let (operator, holds) = match op {
            CompareOp::Lt => ("<", true),
            CompareOp::LtE => ("<=", true),
            CompareOp::Gt => (">", true),
            CompareOp::GtE => (">=", true),
            CompareOp::Eq => ("==", true),
            CompareOp::NotEq => ("==", false),
            _ => return None,
        };
        let range = VersionSpecifiers::from_str(&format!("{operator}{version}")).ok()?;
        let is_within = self.is_within(of, &range)?;
        // That nothing is said behind a `+` does not mean that nothing stands there.
        let may_say_more =
            matches!(of, Of::Package(package) if effects::says_more_than_asked(package));
        let sure = !may_say_more || !is_within || matches!(operator, "<" | ">=");
        sure.then_some(is_within == holds)
    }

    /// Whether the version that is installed lies in `range`, where that is settled.
    fn is_within(&self, of: Of<'_>, range: &VersionSpecifiers) -> Option<bool> {
        match of {
            Of::Package(package) => {
                let asked = self.pins.newest_is(package, range);
                match asked.or_else(|| Some(Allowed::newest_of(&self.brought(package)?, range)))? {
                    Allowed::Always => Some(true),
                    Allowed::Never => Some(false),
                    Allowed::Sometimes => None,
                }
            }
            Of::Python => {
                let mut answers = self.pythons().into_iter().map(|version| {
                    let mut last = version.release().to_vec();
                    last.resize(last.len().max(3), u64::from(u32::MAX));
                    let inside = range.contains(&version);
                    (range.contains(&Version::new(last)) == inside).then_some(inside)
                });
                let first = answers.next()??;
                answers.all(|answer| answer == Some(first)).then_some(first)
            }
        }
    }

    /// Which versions of a package the builder itself asks for.
    fn brought(&self, package: &str) -> Option<VersionSpecifiers> {
        let line = platform::builder()
            .iter()
            .find(|line| line.package == package && self.is_built_with(line))?;
        pins::brought(line)
    }

    /// The version, where there is but one.
    fn exact(&self, of: Of<'_>) -> Option<Version> {
        match of {
            Of::Package(package) => match self.pins.exact(package) {
                Some(version) => Some(version.clone()),
                None if self.pins.contains(package) => None,
                None => match &*self.brought(package)? {
                    [only] if *only.operator() == pep440_rs::Operator::Equal => {
                        Some(only.version().clone())
                    }
                    _ => None,
                },
            },
            Of::Python => match &*self.pythons() {
                [only] if only.release().len() >= 3 => Some(only.clone()),
                _ => None,
            },
        }
    }

    fn text(&self, of: Of<'_>) -> Option<Value> {
        self.exact(of).map(|version| Value::str(&version.to_string()))
    }

    /// The versions of Python that the Space may get.
    fn pythons(&self) -> Vec<Version> {
        if let Some(python) = &self.pins.environment().python {
            return vec![python.clone()];
        }
        let defaults = platform::python_defaults().iter();
        defaults.filter_map(|version| Version::from_str(version).ok()).collect()
    }

    fn python_part(&self, index: usize) -> Option<Value> {
        let parts: Option<Vec<Value>> =
            self.pythons().iter().map(|version| part(version, index)).collect();
        parts?.into_iter().reduce(Value::or)
    }

    /// The first so many numbers of Python's version.
    fn python_start(&self, count: usize) -> Option<Value> {
        let starts: Option<Vec<Value>> = self
            .pythons()
            .iter()
            .map(|version| {
                let numbers: Option<Vec<Value>> =
                    (0..count).map(|index| part(version, index)).collect();
                Some(Value::Tuple(numbers?.into()))
            })
            .collect();
        starts?.into_iter().reduce(Value::or)
    }

    /// Whether Python's version, as a tuple of five, compares so to another tuple.
    fn python_is(&self, op: CompareOp, other: &Value) -> Option<bool> {
        let Value::Tuple(other) = other else { return None };
        let mut answers =
            self.pythons().into_iter().map(|version| decides(op, order(version.release(), other)?));
        let first = answers.next()??;
        answers.all(|answer| answer == Some(first)).then_some(first)
    }
}

/// What a comparison says of two things in this order.
fn decides(op: CompareOp, order: Ordering) -> Option<bool> {
    Some(match op {
        CompareOp::Lt => order.is_lt(),
        CompareOp::LtE => order.is_le(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::GtE => order.is_ge(),
        CompareOp::Eq => order.is_eq(),
        CompareOp::NotEq => order.is_ne(),
        _ => return None,
    })
}

/// How a tuple that begins with `known`, and goes on, compares to another.
fn order(known: &[u64], other: &[Value]) -> Option<Ordering> {
    for (index, other) in other.iter().enumerate() {
        let Value::Int(other) = other else { return None };
        let known = i64::try_from(*known.get(index)?).ok()?;
        if known != *other {
            return Some(known.cmp(other));
        }
    }
    Some(Ordering::Greater)
}

/// Whether the attribute of that name is Python's version.
fn is_tuple(name: &str) -> bool {
    effects::version(name).is_some_and(|version| version.form == VersionForm::Tuple)
}

fn of(version: Versioned) -> Of<'static> {
    match version {
        Versioned::Package(package) => Of::Package(package),
        Versioned::Python => Of::Python,
    }
}

/// What `value` is as a version.
fn compared(value: &Value) -> Option<Compared<'_>> {
    let external = value.as_external()?;
    match &**external {
        External::Name(name) => {
            let version = effects::version(name)?;
            match version.form {
                VersionForm::Tuple => Some(Compared::Tuple),
                VersionForm::Version => Some(Compared::Of(of(version.of))),
                VersionForm::Text => None,
            }
        }
        External::Call { callee, arguments, .. } => {
            let Kind::ParsesVersion { version } = effects::call(callee.name()?)?.kind else {
                return None;
            };
            parsed(&argument(arguments, version)?.value)
        }
        _ => None,
    }
}

/// What a version is made of: a text, or what says whose text it is.
fn parsed(value: &Value) -> Option<Compared<'_>> {
    match value {
        Value::Str(text) => Some(Compared::Written(Version::from_str(text).ok()?)),
        Value::External(external) => match &**external {
            External::Name(name) => Some(Compared::Of(of(effects::version(name)?.of))),
            External::Call { callee, arguments, .. } => match effects::call(callee.name()?)?.kind {
                Kind::PackageVersion { package } => {
                    let package = argument(arguments, package)?.value.as_str()?;
                    Some(Compared::Of(Of::Package(package)))
                }
                Kind::PythonVersion => Some(Compared::Of(Of::Python)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Whether this is a text that compares as versions do.
fn compares_to_text(value: &Value) -> bool {
    value.as_external().and_then(|external| external.name()).is_some()
}

/// `b op a` for `a op b`.
fn turned(op: CompareOp) -> Option<CompareOp> {
    Some(match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::LtE => CompareOp::GtE,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::GtE => CompareOp::LtE,
        CompareOp::Eq | CompareOp::NotEq => op,
        _ => return None,
    })
}

/// How much of something a slice takes that begins at its start.
fn start(bounds: &[Value]) -> Option<usize> {
    match bounds {
        [Value::None | Value::Int(0), Value::Int(end), Value::None | Value::Int(1)] => {
            usize::try_from(*end).ok()
        }
        _ => None,
    }
}

/// Which number of a version an attribute names.
fn part_index(name: &str) -> Option<usize> {
    ["major", "minor", "micro"].iter().position(|part| *part == name)
}

fn part(version: &Version, index: usize) -> Option<Value> {
    let number = version.release().get(index)?;
    i64::try_from(*number).ok().map(Value::Int)
}

/// The devices that a value may stand for, as they are written.
pub(super) fn device(value: &Value) -> Option<Vec<String>> {
    let External::Call { callee, arguments, .. } = &**value.as_external()? else { return None };
    let Kind::MakesDevice { device: at } = effects::call(callee.name()?)?.kind else { return None };
    let given = &argument(arguments, at)?.value;
    let mut devices = Vec::new();
    for given in given.alternatives() {
        match given {
            Value::Str(text) => devices.push(text.to_string()),
            Value::Int(index) if *index >= 0 => devices.push(effects::cuda_device(*index)),
            other => devices.extend(device(other)?),
        }
    }
    Some(devices)
}

/// `f"cuda:{index}"`
pub(super) fn is_cuda_of_some_index(external: &External) -> bool {
    let External::Operation { operator: Operator::Format, operands } = external else {
        return false;
    };
    let start = operands.first().and_then(Value::as_str).and_then(|text| text.strip_suffix(':'));
    start.is_some_and(effects::names_cuda)
}

fn kind_of_device(device: &str) -> &str {
    device.split(':').next().unwrap_or(device)
}

#[cfg(test)]
mod tests {
    use spacelint_python::Certainty;

    use crate::effect::Effect;
    use crate::{Files, Space};

    /// Which branch a condition takes, after these lines, in a Space with this card and these
    /// requirements.
    fn taken(card: &str, requirements: &str, before: &str, condition: &str) -> Option<bool> {
        let app = format!(
            "import os\n{before}\nif {condition}:\n    os.getenv('YES')\nelse:\n    os.getenv('NO')\n"
        );
        let card = format!("---\nsdk: gradio\n{card}\n---\n");
        let files = [("README.md", &*card), ("requirements.txt", requirements), ("app.py", &app)];
        let files = files.map(|(path, text)| (path.into(), text.into()));
        let space = Space::read(&Files::memory(files));
        let reads: Vec<(String, Certainty)> = space
            .moments()
            .filter_map(|moment| match &moment.event.effect {
                Effect::ReadEnv(read) if *read.name == *"YES" || *read.name == *"NO" => {
                    Some((read.name.to_string(), moment.certainty()))
                }
                _ => None,
            })
            .collect();
        match &*reads {
            [(name, Certainty::Always)] => Some(&**name == "YES"),
            _ => None,
        }
    }

    #[test]
    fn versions_of_packages_are_compared_as_the_pins_allow() {
        let requirements = "torch==2.8.0\ntransformers>=4.50\ndiffusers==0.35.2\nnumpy<2\n";
        let says = |before: &str, condition: &str| {
            taken("sdk_version: 5.49.1", requirements, before, condition)
        };
        let parse = "import torch, transformers, diffusers, gradio as gr, numpy\nimport importlib.metadata\n\
                     from packaging import version\nfrom packaging.version import Version, parse";
        for (condition, expected) in [
            ("version.parse(torch.__version__) >= version.parse('2.0')", Some(true)),
            ("parse('2.9') <= Version(torch.__version__)", Some(false)),
            ("torch.__version__ >= '2.10'", Some(false)),
            ("torch.__version__ < '2.10'", Some(true)),
            // Behind it may stand a `+cu128`.
            ("version.parse(torch.__version__) > version.parse('2.8.0')", Some(false)),
            ("torch.__version__ == '2.8.0'", None),
            ("torch.__version__[:3] == '2.8'", Some(true)),
            ("version.parse(torch.__version__).major >= 2", Some(true)),
            ("version.parse(torch.__version__).minor == 8", Some(true)),
            ("int(torch.__version__.split('.')[0]) >= 2", Some(true)),
            ("tuple(map(int, torch.__version__.split('.')[:2])) >= (2, 4)", Some(true)),
            ("parse(transformers.__version__) >= parse('4.46')", Some(true)),
            ("parse(transformers.__version__) >= parse('6')", Some(true)),
            ("parse(importlib.metadata.version('transformers')) < parse('4.50')", Some(false)),
            ("importlib.metadata.version('diffusers') == '0.35.2'", Some(true)),
            ("diffusers.__version__.startswith('0.35')", Some(true)),
            ("gr.__version__.startswith('5')", Some(true)),
            ("gr.__version__ >= '4.0'", Some(true)),
            ("int(gr.__version__.split('.')[0]) < 5", Some(false)),
            ("tuple(int(p) for p in gr.__version__.split('.')[:2]) >= (5, 12)", Some(true)),
            ("Version(gr.__version__) >= Version('6')", Some(false)),
            ("parse(numpy.__version__) >= parse('2')", None),
        ] {
            assert_eq!(says(parse, condition), expected, "{condition}");
        }
    }

    #[test]
    fn pythons_version_is_the_cards_or_one_of_a_few() {
        let with = |card: &str, condition: &str| taken(card, "", "import sys, platform", condition);
        let pinned = "python_version: \"3.12\"";
        for (condition, expected) in [
            ("sys.version_info >= (3, 10)", Some(true)),
            ("sys.version_info < (3, 12)", Some(false)),
            ("(3, 13) <= sys.version_info", Some(false)),
            ("sys.version_info >= (3, 12, 5)", None),
            ("sys.version_info[0] == 3", Some(true)),
            ("sys.version_info.major < 3", Some(false)),
            ("sys.version_info.minor == 12", Some(true)),
            ("sys.version_info[:2] >= (3, 10)", Some(true)),
            ("sys.version_info[0:2] == (3, 12)", Some(true)),
            ("sys.version_info[1:] >= (3, 10)", None),
        ] {
            assert_eq!(with(pinned, condition), expected, "{condition}");
        }
        assert_eq!(with("", "sys.version_info >= (3, 9)"), Some(true));
        assert_eq!(with("", "sys.version_info >= (3, 11)"), None);
        assert_eq!(with("", "sys.version_info[1] >= 10"), Some(true));
        assert_eq!(with("", "sys.version_info[:2] >= (3, 9)"), Some(true));
        assert_eq!(with("", "sys.version_info[:2] >= (3, 11)"), None);
        assert_eq!(with("", "sys.version_info.minor >= 11"), None);
        let exact = "python_version: 3.10.13";
        assert_eq!(with(exact, "platform.python_version() == '3.10.13'"), Some(true));
    }

    #[test]
    fn what_the_builder_brings_is_known_too() {
        let says = |condition: &str| {
            taken(
                "",
                "",
                "import spaces, torch\nfrom packaging.version import parse\n\
             import importlib.metadata as m",
                condition,
            )
        };
        assert_eq!(says("torch.__version__ >= '2.1'"), Some(true));
        assert_eq!(says("torch.__version__ >= '2.14'"), Some(false));
        assert_eq!(says("parse(m.version('spaces')) >= parse('0.30')"), Some(true));
        assert_eq!(says("parse(m.version('spaces')) >= parse('99')"), Some(false));
        assert_eq!(says("parse(m.version('nobody-asks')) >= parse('1')"), None);
    }

    #[test]
    fn the_platform_is_what_it_is() {
        let says = |before: &str, condition: &str| taken("", "", before, condition);
        for (before, condition, expected) in [
            ("import sys", "sys.platform == 'linux'", Some(true)),
            ("import sys", "sys.platform.startswith('win')", Some(false)),
            ("", "os.name == 'nt'", Some(false)),
            ("import platform", "platform.system() == 'Darwin'", Some(false)),
            ("import torch", "torch.cuda.is_available()", Some(false)),
            ("import spaces, torch", "torch.cuda.is_available()", Some(true)),
            ("import spaces, torch", "torch.cuda.device_count() > 1", Some(false)),
            ("import spaces, torch", "torch.cuda.get_device_capability()[0] >= 8", Some(true)),
            ("import spaces, torch", "torch.cuda.get_device_capability()[0] >= 10", None),
            ("import torch", "torch.backends.mps.is_available()", Some(false)),
            ("import torch", "torch.x.y() and torch.backends.mps.is_available()", Some(false)),
            (
                "import torch",
                "hasattr(torch.backends, 'mps') and torch.backends.mps.is_available()",
                Some(false),
            ),
            ("import torch", "torch.xpu.is_available()", Some(false)),
            ("import torch", "torch.version.cuda is None", Some(false)),
            ("import spaces", "os.environ.get('SPACES_ZERO_GPU') == 'true'", Some(true)),
            (
                "import spaces",
                "os.getenv('SPACES_ZERO_GPU', '').lower() in ('1', 'true')",
                Some(true),
            ),
            ("from spaces.config import Config", "Config.zero_gpu", Some(true)),
        ] {
            assert_eq!(says(before, condition), expected, "{condition}");
        }
    }

    #[test]
    fn devices_are_told_apart() {
        let before = "import spaces, torch\n\
                      device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n\
                      second = torch.device(1)\n";
        for (condition, expected) in [
            ("device.type == 'cuda'", Some(true)),
            ("second.type == 'cuda'", Some(true)),
            ("device == torch.device('cpu')", Some(false)),
            ("str(device) == 'cuda'", Some(true)),
            ("'cuda' in str(device)", Some(true)),
            ("torch.device(x).type == 'cuda'", None),
        ] {
            assert_eq!(taken("", "", before, condition), expected, "{condition}");
        }
    }
}
