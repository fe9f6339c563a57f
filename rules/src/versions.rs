//! Which Gradio a Space gets, and how it compares with what knowledge says of Gradio.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier, VersionSpecifiers};
use spacelint_knowledge::drift::{self, At};
use spacelint_knowledge::gradio::{self, Advisory};
use spacelint_python::Span;
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::Requirement;
use spacelint_space::{Card, SourceFile, Space};

use crate::finding::Location;
use crate::installed;

/// The card's `sdk` where it is Gradio: of the SDKs the only one that has a version.
pub(crate) fn gradio_card(space: &Space) -> Option<&Card> {
    space.card.as_ref().filter(|card| card.str("sdk") == Some("gradio"))
}

/// What the card's `sdk_version` asks for.
pub(crate) fn of_card(space: &Space) -> Option<&Requirement> {
    let card = gradio_card(space)?;
    space.pins().all("gradio").find(|requirement| requirement.file.path == card.file.path)
}

/// What decides the version of Gradio: the card where it names one, else the requirements.
pub(crate) fn deciding(space: &Space) -> Option<&Requirement> {
    let is_gradio_app = space.card.is_none() || gradio_card(space).is_some();
    space.pins().get("gradio").filter(|requirement| is_gradio_app && requirement.url.is_none())
}

/// Whether all, none or some of the versions of `package` that the text allows are `floor` or later;
/// none if nothing asks for it.
pub(crate) fn reaches(space: &Space, package: &str, floor: &str) -> Option<Allowed> {
    space.pins().allows(package, &VersionSpecifiers::from_str(&format!(">={floor}")).ok()?)
}

/// The same of the version that pip installs: the newest that is allowed.
pub(crate) fn installs(space: &Space, package: &str, floor: &str) -> Option<Allowed> {
    space.pins().newest_is(package, &VersionSpecifiers::from_str(&format!(">={floor}")).ok()?)
}

/// Whether every version that `requirement` allows is older than `floor`.
pub(crate) fn is_below(requirement: &Requirement, floor: &str) -> bool {
    lies_in(requirement, &format!("<{floor}"))
}

/// Whether every version that `requirement` allows lies in `range`.
pub(crate) fn lies_in(requirement: &Requirement, range: &str) -> bool {
    match (&requirement.specifiers, VersionSpecifiers::from_str(range)) {
        (Some(asked), Ok(range)) => Allowed::of(asked, &range) == Allowed::Always,
        _ => false,
    }
}

/// The oldest last release of a major line that is not below `floor` nor below what `requirement` asks for
/// now, and that pip can install beside all that the text pins: the smallest step that mends it. Else what
/// keeps the first of them out, if one does.
pub(crate) fn smallest_step<'a>(
    space: &'a Space,
    requirement: &Requirement,
    floor: &str,
) -> Result<&'static str, Option<&'a Requirement>> {
    let mut refusing = None;
    for release in gradio::releases().last_of_major {
        let newer = is_at_least(release, floor) && !is_above(requirement, release);
        match newer.then(|| refuses(space, release)) {
            Some(None) => return Ok(release),
            Some(refuses) => refusing = refusing.or(refuses),
            None => {}
        }
    }
    Err(refusing)
}

/// The newest release, or else the newest last one of a major line, that pip can install beside all that the
/// text asks for.
pub(crate) fn newest_beside(space: &Space) -> Option<&'static str> {
    let releases = gradio::releases();
    let fits = |release: &str| {
        let asked = format!("=={release}");
        let asked = VersionSpecifiers::from_str(&asked).ok();
        let allowed = asked.and_then(|asked| space.pins().allows("gradio", &asked));
        allowed != Some(Allowed::Never) && refuses(space, release).is_none()
    };
    let older = releases.last_of_major.iter().rev();
    std::iter::once(&releases.latest).chain(older).copied().find(|release| fits(release))
}

/// What pip cannot install beside this release of Gradio.
fn refuses<'a>(space: &'a Space, release: &str) -> Option<&'a Requirement> {
    let release = Version::from_str(release).ok()?;
    let built = drift::pairs().iter().filter(|pair| pair.at == At::Build);
    built.filter(|pair| pair.package == "gradio").find_map(|pair| {
        let range = VersionSpecifiers::from_str(pair.range).ok()?;
        let beside = VersionSpecifiers::from_str(pair.beside_range).ok()?;
        let is_refused = range.contains(&release)
            && space.pins().allows(pair.beside, &beside) == Some(Allowed::Always);
        space.pins().get(pair.beside).filter(|_| is_refused)
    })
}

/// What to do where there is no step to take for want of what `refusing` keeps out.
pub(crate) fn without_step(floor: &str, refusing: Option<&Requirement>) -> String {
    let beside = refusing.map_or(String::new(), |it| {
        let (name, asked) = (installed::shown(&it.name), asked(it));
        format!(", and another {name} with it: pip does not install it beside {asked}")
    });
    format!("Use Gradio {floor} or later{beside}.")
}

fn is_at_least(release: &str, floor: &str) -> bool {
    match (Version::from_str(release), Version::from_str(floor)) {
        (Ok(release), Ok(floor)) => release >= floor,
        _ => false,
    }
}

fn is_above(requirement: &Requirement, release: &str) -> bool {
    requirement.exact().is_some_and(|exact| Version::from_str(release).is_ok_and(|v| v < *exact))
}

/// Where the version stands that a fix would replace, if it is one version and nothing vouches for
/// the file that was installed (a hash).
pub(crate) fn version_place(requirement: &Requirement) -> Option<Location> {
    let clause = requirement.clauses.first().filter(|_| requirement.clauses.len() == 1)?;
    let is_plain = requirement.options.is_empty() && !is_star(&clause.specifier);
    is_plain.then(|| Location::new(&requirement.file, clause.version_span))
}

/// Whether pip installs what this file asks for in a call of its own, before the rest, so that it conflicts
/// with nothing.
pub(crate) fn is_installed_before(file: &SourceFile) -> bool {
    file.path == "pre-requirements.txt"
}

/// Where all of the versions stand that are asked for, with the space before them.
pub(crate) fn specifiers_place(requirement: &Requirement) -> Option<Location> {
    let span = requirement.specifier_span.filter(|_| requirement.options.is_empty())?;
    let before = &requirement.file.text.as_str()[..span.start as usize];
    let start = before.trim_end_matches([' ', '\t']).len() as u32;
    // In brackets, which would be left empty.
    if before[..start as usize].ends_with('(') {
        return None;
    }
    Some(Location::new(&requirement.file, Span { start, end: span.end }))
}

fn is_star(specifier: &VersionSpecifier) -> bool {
    use pep440_rs::Operator::{EqualStar, NotEqualStar};
    matches!(specifier.operator(), EqualStar | NotEqualStar)
}

/// What is asked for, as its author wrote it: `4.44.1`, `>=4,<5`.
pub(crate) fn asked(requirement: &Requirement) -> String {
    let text = match (requirement.exact(), requirement.specifier_span) {
        (Some(exact), _) => return exact.to_string(),
        (None, Some(span)) => requirement.file.text.slice(span),
        (None, None) => "",
    };
    text.split_whitespace().collect()
}

/// The published vulnerabilities of every version that `requirement` allows and that can be used on a
/// Space, from oldest to newest fix.
pub(crate) fn flaws(requirement: &Requirement) -> Vec<&'static Advisory> {
    gradio::advisories()
        .iter()
        .filter(|advisory| advisory.on_spaces && is_below(requirement, advisory.fixed))
        .collect()
}

/// What `flaws`, of which there is one at least, come to: "3 published vulnerabilities …".
pub(crate) fn describe(flaws: &[&Advisory]) -> String {
    let newest: Vec<String> = flaws
        .iter()
        .rev()
        .take(SHOWN)
        .map(|flaw| format!("{} ({})", flaw.note, flaw.ids.join(", ")))
        .collect();
    let what = match flaws.len() {
        1 => "1 published vulnerability that reaches a Space".to_owned(),
        more => format!("{more} published vulnerabilities that reach a Space"),
    };
    let among = if flaws.len() > SHOWN { "among them: " } else { "" };
    format!("{what}, {among}{}", newest.join("; "))
}

/// How many flaws a message names.
const SHOWN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_knowledge_can_be_compared() {
        let releases = gradio::releases();
        let floors = gradio::floors().iter().map(|floor| floor.version);
        let fixes = gradio::advisories().iter().map(|advisory| advisory.fixed);
        let named = [releases.latest, releases.recommended, releases.minimum_secure];
        for version in
            floors.chain(fixes).chain(named).chain(releases.last_of_major.iter().copied())
        {
            assert!(Version::from_str(version).is_ok(), "{version}");
        }
    }
}
