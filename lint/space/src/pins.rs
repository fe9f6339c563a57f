//! What pip is told to install, from all that a Space says about it, and which versions that
//! leaves open. Knows how versions compare (PEP 440), and not which of them exist.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use crate::card::Card;
use crate::pyproject::Pyproject;
use crate::requirements::{Clause, Environment, LineKind, Requirement, Requirements, normalize};

/// Whether something holds of all, of none or of some of what a text allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Of all.
    Always,
    /// Of none.
    Never,
    /// Of some, or it is not known.
    Sometimes,
}

impl Allowed {
    /// Whether all, none or some of the versions that `asked` allows lie in `range`. Where `asked`
    /// allows no version at all, nothing is known.
    pub fn of(asked: &VersionSpecifiers, range: &VersionSpecifiers) -> Self {
        Versions { all: asked, one: &[], prereleases: false }.within(range)
    }
}

/// What pip is told to install.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    /// Each with how surely it is asked for; never `Never`.
    asked: Vec<(Requirement, Allowed)>,
    prereleases: bool,
    environment: Environment,
}

impl Pins {
    /// Gathers what the card, the requirements files and, only where it is installed or nothing
    /// else is said, `pyproject.toml` ask for.
    pub fn new(
        card: Option<&Card>,
        requirements: &[Requirements],
        pyproject: Option<&Pyproject>,
    ) -> Self {
        let python = card.and_then(|card| Version::from_str(card.str("python_version")?).ok());
        let mut pins = Self { environment: Environment { python }, ..Self::default() };
        pins.asked.extend(card.and_then(sdk).map(|sdk| (sdk, Allowed::Always)));
        for file in requirements {
            pins.prereleases |= has_option(file, "--pre");
            file.requirements().for_each(|requirement| pins.ask(requirement));
        }
        let installed = requirements.iter().any(installs_the_space);
        if installed || requirements.is_empty() {
            pyproject
                .iter()
                .flat_map(|pyproject| &pyproject.dependencies)
                .for_each(|requirement| pins.ask(requirement));
        }
        pins
    }

    fn ask(&mut self, requirement: &Requirement) {
        let asked = match &requirement.marker {
            Some(marker) => marker.holds(&self.environment),
            None => Allowed::Always,
        };
        if asked != Allowed::Never {
            self.asked.push((requirement.clone(), asked));
        }
    }

    /// Where the requirements are installed, as far as the card says.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Everything that is asked for where this Space is installed, or may be: the card first, then
    /// the files in the order in which pip reads them.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.asked.iter().map(|(requirement, _)| requirement)
    }

    /// Everything that asks for `package`.
    pub fn all(&self, package: &str) -> impl Iterator<Item = &Requirement> {
        let name = normalize(package);
        self.iter().filter(move |requirement| requirement.name == name)
    }

    /// The first that asks for `package`.
    pub fn get(&self, package: &str) -> Option<&Requirement> {
        self.all(package).next()
    }

    /// Whether anything asks for `package`, surely or perhaps.
    pub fn contains(&self, package: &str) -> bool {
        self.get(package).is_some()
    }

    /// The one version of `package` that can be installed, if the text says just one.
    pub fn exact(&self, package: &str) -> Option<&Version> {
        let name = normalize(package);
        self.asked
            .iter()
            .filter(|(requirement, asked)| requirement.name == name && *asked == Allowed::Always)
            .find_map(|(requirement, _)| requirement.exact())
    }

    /// Whether all, none or some of the versions of `package` that the text allows lie in `range`;
    /// none if nothing asks for it. A package from a URL that does not tell its version may have
    /// any.
    pub fn allows(&self, package: &str, range: &VersionSpecifiers) -> Option<Allowed> {
        self.with(package, |versions| versions.within(range))
    }

    /// Whether the newest version of `package` that the text allows lies in `range`, which is the
    /// one that pip installs unless another package forbids it; none if nothing asks for it. Where
    /// the text sets no upper bound, it is newer than any version that `range` names.
    pub fn newest_is(&self, package: &str, range: &VersionSpecifiers) -> Option<Allowed> {
        self.with(package, |versions| versions.newest_within(range))
    }

    fn with(&self, package: &str, ask: impl Fn(&Versions<'_>) -> Allowed) -> Option<Allowed> {
        let name = normalize(package);
        let mut all = Vec::new();
        let mut one = Vec::new();
        let mut found = false;
        for (requirement, asked) in &self.asked {
            if requirement.name != name {
                continue;
            }
            found = true;
            let specifiers = match (&requirement.url, requirement.exact()) {
                (Some(_), Some(version)) => {
                    VersionSpecifier::equals_version(version.clone()).into()
                }
                (Some(_), None) => return Some(Allowed::Sometimes),
                (None, _) => requirement.specifiers.clone().unwrap_or_default(),
            };
            if *asked == Allowed::Always {
                all.extend(specifiers);
            } else {
                one.push(specifiers);
            }
        }
        let all = all.into_iter().collect();
        found.then(|| ask(&Versions { all: &all, one: &one, prereleases: self.prereleases }))
    }
}

impl Requirement {
    /// The version that it names with `==` (or `===`), or in a wheel's name.
    pub fn exact(&self) -> Option<&Version> {
        if let Some(url) = &self.url {
            return url.version.as_ref();
        }
        let equal = |clause: &&Clause| {
            matches!(clause.specifier.operator(), Operator::Equal | Operator::ExactEqual)
        };
        self.clauses.iter().find(equal).map(|clause| clause.specifier.version())
    }
}

/// What the card's `sdk_version` asks for: the builder installs the SDK in that version.
fn sdk(card: &Card) -> Option<Requirement> {
    let name = card.str("sdk")?;
    let entry = card.get("sdk_version")?;
    let version = Version::from_str(entry.text.trim()).ok()?;
    // Of the SDKs, this one alone is a package.
    let key = card.get("sdk").filter(|_| name == "gradio")?;
    let specifier = VersionSpecifier::equals_version(version);
    Some(Requirement {
        file: Arc::clone(&card.file),
        name: normalize(name),
        raw_name: name.to_owned(),
        name_span: key.inner_span,
        extras: Vec::new(),
        specifiers: Some(specifier.clone().into()),
        specifier_span: Some(entry.inner_span),
        clauses: vec![Clause { specifier, span: entry.inner_span, version_span: entry.inner_span }],
        marker: None,
        url: None,
        options: Vec::new(),
        span: entry.inner_span,
    })
}

fn has_option(file: &Requirements, name: &str) -> bool {
    let here = file.lines.iter().any(|line| {
        matches!(&line.kind, LineKind::Options(options) if options.iter().any(|o| o.name == name))
    });
    here || file.included.iter().any(|file| has_option(file, name))
}

/// Whether `file` installs the Space's own folder, and with it what its `pyproject.toml` asks for.
fn installs_the_space(file: &Requirements) -> bool {
    let here = file.lines.iter().any(
        |line| matches!(&line.kind, LineKind::Path { path, .. } if path == "." || path == "./"),
    );
    here || file.included.iter().any(installs_the_space)
}

/// Versions that satisfy all of `all` and, if there is any, one of `one`.
struct Versions<'a> {
    all: &'a VersionSpecifiers,
    one: &'a [VersionSpecifiers],
    prereleases: bool,
}

impl Versions<'_> {
    fn within(&self, range: &VersionSpecifiers) -> Allowed {
        let mut inside = false;
        let mut outside = false;
        for version in self.samples(range) {
            if range.contains(&version) {
                inside = true;
            } else {
                outside = true;
            }
        }
        match (inside, outside) {
            (true, false) => Allowed::Always,
            (false, true) => Allowed::Never,
            _ => Allowed::Sometimes,
        }
    }

    fn newest_within(&self, range: &VersionSpecifiers) -> Allowed {
        match self.samples(range).max() {
            Some(newest) if !self.one.is_empty() => {
                // Which of them is asked for is not known.
                let _ = newest;
                self.within(range)
            }
            Some(newest) if range.contains(&newest) => Allowed::Always,
            Some(_) => Allowed::Never,
            None => Allowed::Sometimes,
        }
    }

    fn contains(&self, version: &Version) -> bool {
        self.all.contains(version)
            && (self.one.is_empty() || self.one.iter().any(|one| one.contains(version)))
    }

    /// Versions of this set: at least one from every stretch in which neither the set nor `range`
    /// changes. Pre-releases are among them only where the text speaks of one, as with pip.
    fn samples(&self, range: &VersionSpecifiers) -> impl Iterator<Item = Version> {
        let own = || self.all.iter().chain(self.one.iter().flat_map(|one| one.iter()));
        let prereleases = self.prereleases || own().any(VersionSpecifier::any_prerelease);
        // Every version counts as one of so many numbers, so that each has a next and a previous.
        let longest = own().chain(range.iter()).map(|s| s.version().release().len()).max();
        let length = longest.unwrap_or_default().max(USUAL_LENGTH);
        let mut samples = vec![Version::new(vec![0; length]), last(0, length)];
        for specifier in own().chain(range.iter()) {
            let version = specifier.version();
            let whole = pad(version, length);
            let release = whole.only_release();
            samples.extend(previous(&release));
            samples.push(next(&release));
            samples.push(last(version.epoch(), length));
            if let Some(end) = end_of_stretch(specifier, length) {
                samples.extend(previous(&end));
                samples.push(end);
            }
            samples.push(release);
            samples.push(whole);
        }
        samples
            .retain(|version| (prereleases || !version.any_prerelease()) && self.contains(version));
        samples.into_iter()
    }
}

/// How many numbers most versions have.
const USUAL_LENGTH: usize = 3;
/// A number that no version reaches, save one that is a date: and no text compares those.
const BEYOND: u64 = 99_999_999;

fn with_release(version: &Version, release: Vec<u64>) -> Version {
    version.clone().with_release(release)
}

fn pad(version: &Version, length: usize) -> Version {
    let mut release = version.release().to_vec();
    release.resize(length.max(release.len()), 0);
    with_release(version, release)
}

fn last(epoch: u64, length: usize) -> Version {
    let mut release = vec![0; length];
    release[0] = BEYOND;
    Version::new(release).with_epoch(epoch)
}

fn next(version: &Version) -> Version {
    let mut release = version.release().to_vec();
    if let Some(number) = release.last_mut() {
        *number = number.saturating_add(1);
    }
    with_release(version, release)
}

fn previous(version: &Version) -> Option<Version> {
    let mut release = version.release().to_vec();
    let at = release.iter().rposition(|number| *number > 0)?;
    release[at] -= 1;
    release[at + 1..].fill(BEYOND);
    Some(with_release(version, release))
}

/// The first version behind what `==1.2.*` or `~=1.2.0` allows.
fn end_of_stretch(specifier: &VersionSpecifier, length: usize) -> Option<Version> {
    let mut release = specifier.version().release().to_vec();
    match specifier.operator() {
        Operator::EqualStar | Operator::NotEqualStar => {}
        Operator::TildeEqual => {
            release.pop();
        }
        _ => return None,
    }
    let number = release.last_mut()?;
    *number = number.saturating_add(1);
    release.resize(length.max(release.len()), 0);
    Some(Version::new(release).with_epoch(specifier.version().epoch()))
}
