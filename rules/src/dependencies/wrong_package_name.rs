use spacelint_knowledge::packages::{self, Absent};
use spacelint_space::Space;
use spacelint_space::requirements::Requirement;

use crate::finding::{Edit, Finding, Fix, Location};
use crate::rule::{Check, Rule};

/// The requirements name a module, and the index has no package of that name.
#[derive(Rule)]
#[rule(severity = error, fix = safe, since = "0.1.0")]
#[rule(
    source = "the package index, asked on 2026-11-29; pip: ERROR: No matching distribution found for cv2"
)]
pub(crate) struct WrongPackageName<'a> {
    requirement: &'a Requirement,
    absent: &'static Absent,
}

impl<'a> Check<'a> for WrongPackageName<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let files = space.requirements.iter();
        let asked = files.flat_map(spacelint_space::Requirements::requirements);
        asked.filter(|asked| asked.url.is_none() && asked.marker.is_none()).filter_map(
            |requirement| Some(Self { requirement, absent: packages::absent(&requirement.name)? }),
        )
    }

    fn finding(&self) -> Finding {
        let name = &self.requirement.raw_name;
        let place = Location::new(&self.requirement.file, self.requirement.name_span);
        match self.absent.instead {
            Some(instead) => Self::at(
                place,
                format!("nothing can be installed as `{name}`, so the build fails: the package of that module is `{instead}`"),
            )
            .help(format!("Write `{instead}`.")),
            None => Self::at(
                place,
                format!("nothing can be installed as `{name}`, so the build fails: that module is part of Python"),
            )
            .help("Take the line out."),
        }
    }

    fn fix(&self) -> Option<Fix> {
        let requirement = self.requirement;
        let Some(instead) = self.absent.instead else {
            let edit = Edit::delete_lines(&requirement.file, requirement.span);
            return Some(Fix::safe("take the line out", vec![edit]));
        };
        // A version is the module's or nobody's, and extras are another package's.
        if requirement.specifiers.is_some() || !requirement.extras.is_empty() {
            return None;
        }
        let place = Location::new(&requirement.file, requirement.name_span);
        Some(Fix::safe(format!("write `{instead}`"), vec![Edit::replace(place, instead)]))
    }
}
