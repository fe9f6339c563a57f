//! What pip is told to install, from all that a Space says about it, and which versions that
//! leaves open. Knows how versions compare (PEP 440), and not which of them exist.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use spacelint_knowledge::platform::{self, BuilderLine, Spaces};

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

    /// Whether the newest version that `asked` allows lies in `range`. Where it sets no upper bound,
    /// that is newer than any version that `range` names.
    pub fn newest_of(asked: &VersionSpecifiers, range: &VersionSpecifiers) -> Self {
        Versions { all: asked, one: &[], prereleases: false }.newest_within(range)
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

    /// Whether a ZeroGPU Space gets a version of `package` in `range`, as far as what its builder asks for
    /// and the text tell: false where either rules it out.
    pub fn on_zerogpu(&self, package: &str, range: &str) -> bool {
        let Ok(range) = VersionSpecifiers::from_str(range) else { return false };
        let built = |line: &&BuilderLine| line.package == package && line.on != Spaces::Other;
        let brought = platform::builder().iter().find(built).and_then(brought);
        self.allows(package, &range) != Some(Allowed::Never)
            && brought.is_none_or(|asked| Allowed::newest_of(&asked, &range) != Allowed::Never)
    }

    fn with(&self, package: &str, ask: impl Fn(&Versions<'_>) -> Allowed) -> Option<Allowed> {
        let name = normalize(package);
        let mut all = Vec::new();
        let mut one = Vec::new();
        let mut surely = false;
        for (requirement, asked) in self.asked.iter().filter(|(asked, _)| asked.name == name) {
            let specifiers = match (&requirement.url, requirement.exact()) {
                (Some(_), Some(version)) => {
                    VersionSpecifier::equals_version(version.clone()).into()
                }
                (Some(_), None) => return Some(Allowed::Sometimes),
                (None, _) => requirement.specifiers.clone().unwrap_or_default(),
            };
            if *asked == Allowed::Always {
                surely = true;
                all.extend(specifiers);
            } else {
                one.push(specifiers);
            }
        }
        if !surely && one.is_empty() {
            return None;
        }
        if surely && !one.is_empty() {
            // That none of the others counts is possible too.
            one.push(VersionSpecifiers::empty());
        }
        let all = all.into_iter().collect();
        Some(ask(&Versions { all: &all, one: &one, prereleases: self.prereleases }))
    }
}

/// Which versions a line of the builder asks for.
pub(crate) fn brought(line: &BuilderLine) -> Option<VersionSpecifiers> {
    let start = line.requirement.find(['<', '>', '=', '~', '!'])?;
    VersionSpecifiers::from_str(&line.requirement[start..]).ok()
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
        if !self.one.is_empty() {
            // Which of them is asked for is not known.
            return self.within(range);
        }
        match self.samples(range).max() {
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

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::{Files, Space};

    fn space(files: &[(&str, &str)]) -> Space {
        let files = files.iter().map(|(path, text)| (Utf8PathBuf::from(path), (*text).into()));
        Space::read(&Files::memory(files))
    }

    fn range(text: &str) -> VersionSpecifiers {
        VersionSpecifiers::from_str(text).expect(text)
    }

    #[test]
    fn what_a_text_allows_against_a_range() {
        use Allowed::{Always, Never, Sometimes};
        for (asked, within, expected) in [
            ("==5.12.0", ">=5.12", Always),
            ("==5.12", "==5.12.0", Always),
            ("==5.11.9", ">=5.12.0", Never),
            (">=5.12", ">=5.12.0", Always),
            (">=5.12", ">5.12", Sometimes),
            (">5.12.0", ">=5.12.1", Always),
            (">=4", ">=5.12.0", Sometimes),
            (">=4", "<4", Never),
            ("<5.12", ">=5.12", Never),
            ("<5.12", "<=5.12", Always),
            ("<=5.12", "<5.12", Sometimes),
            ("~=5.1", ">=5.12", Sometimes),
            ("~=5.12.3", ">=5.12,<5.13", Always),
            ("~=5.12", "<6", Always),
            ("==5.*", "<6", Always),
            ("==5.*", ">=5.12", Sometimes),
            ("==5.12.*", ">=5.12", Always),
            ("!=5.12.*", ">=5.12,<5.13", Never),
            (">=5,<6", "<4", Never),
            ("", ">=5", Sometimes),
            ("==6.0.0b1", ">=5,<6", Never),
            ("==6.0.0b1", ">=5,<7", Always),
            ("==6.0.0b1", ">=6", Never),
            (">=6.0.0b1", ">=6", Sometimes),
            (">=5", ">=5.0.0b1", Always),
            ("==2.1.0+cu118", ">=2.1,<2.2", Always),
            ("==2024.1.15", ">=2024", Always),
            (">=1!1", ">=5", Always),
            ("==1.2.3.4", ">1.2.3", Always),
            // Nothing at all is allowed.
            (">=6,<5", ">=1", Sometimes),
        ] {
            assert_eq!(Allowed::of(&range(asked), &range(within)), expected, "{asked} in {within}");
        }
    }

    #[test]
    fn every_allowed_version_agrees_with_what_is_said_of_all() {
        let mut random = crate::testing::Xorshift::new(11);
        let mut text = move || {
            let clause = |random: &mut crate::testing::Xorshift| {
                let operator = ["==", "!=", ">=", "<=", ">", "<", "~="][random.below(7)];
                let numbers: Vec<_> = (0..2 + random.below(2)).map(|_| random.below(4)).collect();
                let numbers: Vec<_> = numbers.iter().map(usize::to_string).collect();
                let star =
                    if matches!(operator, "==" | "!=") && random.below(2) == 0 { ".*" } else { "" };
                format!("{operator}{}{star}", numbers.join("."))
            };
            let clauses: Vec<_> = (0..random.below(3)).map(|_| clause(&mut random)).collect();
            range(&clauses.join(","))
        };
        let versions: Vec<Version> =
            (0..343_u64).map(|n| Version::new([n / 49, n / 7 % 7, n % 7])).collect();
        for _ in 0..4000 {
            let (asked, within) = (text(), text());
            let inside: Vec<bool> =
                versions.iter().filter(|v| asked.contains(v)).map(|v| within.contains(v)).collect();
            match Allowed::of(&asked, &within) {
                Allowed::Always => assert!(inside.iter().all(|i| *i), "{asked} in {within}"),
                Allowed::Never => assert!(inside.iter().all(|i| !i), "{asked} in {within}"),
                Allowed::Sometimes => assert!(
                    inside.is_empty() || (inside.contains(&true) && inside.contains(&false)),
                    "{asked} in {within}: {inside:?}"
                ),
            }
        }
    }

    #[test]
    fn the_card_comes_first_and_pip_reads_the_rest_in_order() {
        let space = space(&[
            ("README.md", "---\nsdk: gradio\nsdk_version: \"5.10\"\npython_version: 3.10\n---\n"),
            ("pre-requirements.txt", "pip==24\n"),
            (
                "requirements.txt",
                "gradio>=5\nnumpy<2; python_version<'3.9'\nGit_Thing @ git+https://x.org/y\n",
            ),
            ("pyproject.toml", "[project]\ndependencies = ['torch']\n"),
        ]);
        let pins = space.pins();
        let names: Vec<_> = pins.iter().map(|requirement| requirement.name.as_str()).collect();
        assert_eq!(names, ["gradio", "pip", "gradio", "git-thing"]);
        assert_eq!(pins.exact("gradio").map(ToString::to_string).as_deref(), Some("5.10"));
        let gradio = pins.get("Gradio").expect("it is asked for");
        assert_eq!(gradio.file.text.slice(gradio.clauses[0].version_span), "5.10");
        assert_eq!(pins.all("gradio").count(), 2);
        assert_eq!(pins.allows("gradio", &range("<5.12")), Some(Allowed::Always));
        assert_eq!(pins.allows("git_thing", &range("<5")), Some(Allowed::Sometimes));
        assert_eq!(pins.allows("numpy", &range("<2")), None, "its marker never holds");
        assert!(!pins.contains("torch"), "nothing installs pyproject.toml");
    }

    #[test]
    fn markers_that_the_card_does_not_settle_are_alternatives() {
        let space = space(&[(
            "requirements.txt",
            "a==1; python_version<'3.9'\na==2; python_version>='3.9'\nb<3\nb>=2; python_version<'3.9'\n",
        )]);
        let pins = space.pins();
        assert_eq!(pins.exact("a"), None);
        assert_eq!(pins.allows("a", &range("<2")), Some(Allowed::Sometimes));
        assert_eq!(pins.allows("a", &range("<3")), Some(Allowed::Always));
        assert_eq!(pins.newest_is("a", &range("==2")), Some(Allowed::Sometimes));
        // That nothing more may be asked for than `<3` is an alternative too.
        assert_eq!(pins.allows("b", &range(">=2")), Some(Allowed::Sometimes));
    }

    #[test]
    fn pip_takes_the_newest() {
        let space = space(&[(
            "requirements.txt",
            "a\nb<0.36\nc>=1\nd @ https://x.org/d-2.0-py3-none-any.whl\n",
        )]);
        let pins = space.pins();
        assert_eq!(pins.newest_is("a", &range(">=0.36")), Some(Allowed::Always));
        assert_eq!(pins.newest_is("a", &range("<0.36")), Some(Allowed::Never));
        assert_eq!(pins.newest_is("b", &range(">=0.36")), Some(Allowed::Never));
        assert_eq!(pins.newest_is("b", &range(">=0.35")), Some(Allowed::Always));
        assert_eq!(pins.newest_is("c", &range("<5")), Some(Allowed::Never));
        assert_eq!(pins.newest_is("d", &range("==2.*")), Some(Allowed::Always));
        assert_eq!(pins.newest_is("none", &range("<5")), None);
        assert_eq!(pins.exact("d").map(ToString::to_string).as_deref(), Some("2.0"));
    }

    #[test]
    fn a_project_is_asked_where_it_is_installed_or_nothing_else_is_said() {
        let project = ("pyproject.toml", "[project]\ndependencies = [\"gradio>=5\", 'torch']\n");
        assert!(space(&[project]).pins().contains("torch"));
        assert!(space(&[project, ("requirements.txt", "-e .\n")]).pins().contains("torch"));
        assert!(!space(&[project, ("requirements.txt", "numpy\n")]).pins().contains("torch"));
    }

    #[test]
    fn a_version_that_is_none_pins_nothing() {
        for card in
            ["sdk: gradio\nsdk_version: latest", "sdk: docker\nsdk_version: 5.0", "sdk: gradio"]
        {
            let card = format!("---\n{card}\n---\n");
            assert_eq!(space(&[("README.md", &card)]).pins().iter().count(), 0, "{card}");
        }
    }
}
