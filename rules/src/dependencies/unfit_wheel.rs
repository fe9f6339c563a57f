use pep440_rs::Version;
use spacelint_knowledge::platform;
use spacelint_space::Space;
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::{Requirement, Url};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// A wheel is named by its address that was made for another Python or another system.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "PEP 425: a wheel's name says where it can be installed; pip: ERROR: … is not a supported wheel on this platform"
)]
pub(crate) struct UnfitWheel<'a> {
    requirement: &'a Requirement,
    url: &'a Url,
    tags: Tags<'a>,
    misfit: Misfit,
}

/// The last three parts of a wheel's name, each one or several with points between them.
#[derive(Clone, Copy)]
struct Tags<'a> {
    file: &'a str,
    python: &'a str,
    abi: &'a str,
    platform: &'a str,
}

enum Misfit {
    /// It is for none of these Pythons, the card's or those that the builder may take.
    Python(Vec<String>),
    Platform,
}

impl<'a> Check<'a> for UnfitWheel<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let is_built_so = versions::gradio_card(space).is_some();
        let files = space.requirements.iter().filter(move |_| is_built_so);
        let asked = files.flat_map(spacelint_space::Requirements::requirements);
        asked.filter_map(|requirement| {
            let environment = space.pins().environment();
            let marker = requirement.marker.as_ref();
            if marker.is_some_and(|marker| marker.holds(environment) != Allowed::Always) {
                return None;
            }
            let url = requirement.url.as_ref()?;
            let tags = Tags::of(&url.text)?;
            let misfit = tags.misfit(environment.python.as_ref())?;
            Some(Self { requirement, url, tags, misfit })
        })
    }

    fn finding(&self) -> Finding {
        let Tags { file, python, platform: system, .. } = self.tags;
        let (made, runs, help) = match &self.misfit {
            Misfit::Python(pythons) => (
                format!("for `{python}`"),
                format!("Python {}", pythons.join(" or ")),
                "Name the wheel that was made for the Space's Python, or set `python_version` in the card to the \
                 wheel's.",
            ),
            Misfit::Platform => (
                format!("for `{system}`"),
                platform::system().name.to_owned(),
                "Name the wheel that was made for the Space's system, as its name says at the end.",
            ),
        };
        Self::at(
            Location::new(&self.requirement.file, self.url.span),
            format!(
                "this wheel is made {made}, and the Space runs {runs}: pip says \"{file} is not a supported \
                 wheel on this platform\", and the build fails"
            ),
        )
        .help(help)
    }
}

impl<'a> Tags<'a> {
    /// Those of the wheel that an address leads to.
    fn of(url: &'a str) -> Option<Self> {
        let address = url.split(['#', '?']).next()?;
        let file = address.rsplit('/').next()?;
        let mut parts = file.strip_suffix(".whl")?.rsplit('-');
        let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
        // A package and its version are left.
        (parts.count() >= 2).then_some(Self { file, python, abi, platform })
    }

    /// Why pip refuses it, for sure. Without a `python` in the card it fits if it fits one that the builder
    /// may take.
    fn misfit(&self, python: Option<&Version>) -> Option<Misfit> {
        if !self.platform.split('.').any(may_fit) {
            return Some(Misfit::Platform);
        }
        let pythons: Vec<String> = match python {
            Some(python) => vec![python.to_string()],
            None => platform::python_defaults().iter().map(ToString::to_string).collect(),
        };
        let minor = |python: &String| python.split('.').nth(1).and_then(|it| it.parse().ok());
        let minors: Vec<u32> = pythons.iter().map(minor).collect::<Option<_>>()?;
        let fits = |minor: &u32| self.python.split('.').any(|tag| self.fits(tag, *minor));
        (!minors.iter().any(fits)).then_some(Misfit::Python(pythons))
    }

    /// Whether CPython 3.`minor` installs what has this Python tag.
    fn fits(&self, tag: &str, minor: u32) -> bool {
        let Some(at) = tag.find(|c: char| c.is_ascii_digit()) else { return true };
        let (implementation, number) = tag.split_at(at);
        let Some(major) = number.chars().next() else { return true };
        let of = number[1..].parse::<u32>().ok();
        let system = platform::system();
        let (is_own, is_any) =
            (implementation == system.implementation, implementation == system.any_python);
        if !is_own && !is_any {
            // Of anything else nobody knows what it is.
            return !system.other_pythons.contains(&implementation);
        }
        match of {
            _ if major != '3' => false,
            None => true,
            Some(of) if is_any => of <= minor,
            Some(of) => {
                of == minor || (of <= minor && self.abi.split('.').any(|abi| abi == "abi3"))
            }
        }
    }
}

/// Whether a wheel for this system may be for the Space's.
fn may_fit(tag: &str) -> bool {
    let system = platform::system();
    let begins = |with: &&str| tag.starts_with(with);
    !system.other_wheels.iter().any(begins)
        && (!system.wheels.iter().any(begins) || tag.ends_with(&format!("_{}", system.machine)))
}
