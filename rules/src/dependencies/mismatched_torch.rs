use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use spacelint_knowledge::packages;
use spacelint_space::Space;
use spacelint_space::pins::Allowed;
use spacelint_space::requirements::Requirement;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// torchvision or torchaudio is pinned to a version that asks for another PyTorch than is pinned.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "Requires-Dist of the wheels of torchvision and torchaudio: one version of torch each"
)]
pub(crate) struct MismatchedTorch<'a> {
    torch: &'a Requirement,
    other: &'a Requirement,
    /// The PyTorch that `other` asks for.
    wants: &'static str,
    /// The version of `other` that is made for the PyTorch that is pinned.
    fits: Option<&'static str>,
}

impl<'a> Check<'a> for MismatchedTorch<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let is_plain = |asked: &&Requirement| asked.url.is_none() && asked.marker.is_none();
        let pins = space.pins();
        let torch = pins.get("torch").filter(is_plain).filter(|_| pins.all("torch").count() == 1);
        let pairs = torch
            .into_iter()
            .flat_map(|torch| packages::pairs().iter().map(move |pair| (torch, pair)));
        pairs.filter_map(move |(torch, pair)| {
            let other = pins.get(pair.package).filter(is_plain)?;
            let exact = other.exact()?.clone().without_local();
            let known =
                |(own, _): &&(&str, &str)| Version::from_str(own).is_ok_and(|own| own == exact);
            let (_, wants) = pair.torch.iter().find(known)?;
            if allows(torch, wants) != Allowed::Never {
                return None;
            }
            let pinned = torch.exact().map(|exact| exact.clone().without_local());
            let made = |(_, torch): &&(&str, &str)| {
                Version::from_str(torch).is_ok_and(|torch| Some(torch) == pinned)
            };
            let fits = pair.torch.iter().find(made).map(|(own, _)| *own);
            Some(Self { torch, other, wants, fits })
        })
    }

    fn finding(&self) -> Finding {
        let (name, asked) = (&self.other.raw_name, versions::asked(self.other));
        let finding = Self::at(
            Location::new(&self.other.file, self.other.span),
            format!(
                "{name} {asked} asks for torch {} and no other, and the requirements for torch {}: pip \
                 installs neither, and the build ends with \"ResolutionImpossible\"",
                self.wants,
                versions::asked(self.torch)
            ),
        )
        .related(Location::new(&self.torch.file, self.torch.span), "torch is asked for here");
        match self.fits {
            Some(fits) => finding.help(format!("With this torch goes {name} {fits}.")),
            None => finding.help("Pin torch alone: the others then come as it needs them."),
        }
    }

    fn fix(&self) -> Option<Fix> {
        let fits = self.fits?;
        let place = versions::version_place(self.other)?;
        let message = format!("ask for the {} that goes with this torch", self.other.raw_name);
        Some(Fix::safe(message, vec![Edit::replace(place, fits)]))
    }
}

fn allows(torch: &Requirement, version: &str) -> Allowed {
    let one = VersionSpecifiers::from_str(&format!("=={version}"));
    match (&torch.specifiers, one) {
        // A local version (`+cu121`) is of the same release.
        (Some(_), Ok(_))
            if torch.exact().is_some_and(|exact| {
                Version::from_str(version)
                    .is_ok_and(|version| exact.clone().without_local() == version)
            }) =>
        {
            Allowed::Always
        }
        (Some(asked), Ok(one)) => Allowed::of(asked, &one),
        _ => Allowed::Sometimes,
    }
}
