use std::collections::BTreeSet;
use std::sync::Arc;

use spacelint_knowledge::modules::{self, Module};
use spacelint_knowledge::platform::{self, Spaces};
use spacelint_python::Certainty;
use spacelint_space::effect::Effect;
use spacelint_space::requirements::Requirement;
use spacelint_space::{Moment, SourceFile, Space, SpaceTrace};

use crate::finding::{Edit, Finding, Fix};
use crate::installed;
use crate::rule::{Check, Rule};
use crate::versions;

/// The app imports a module that nothing installs.
#[derive(Rule)]
#[rule(severity = error, fix = unsafe, since = "0.1.0")]
#[rule(
    source = "build logs: the builder installs requirements.txt, Gradio and `spaces`; hub-docs spaces-dependencies.md: what else every Gradio Space has; Requires-Dist of the packages' releases; CPython: ModuleNotFoundError: No module named 'cv2'"
)]
pub(crate) struct MissingRequirement<'a> {
    moment: Moment<'a>,
    module: &'static Module,
    requirements: &'a Arc<SourceFile>,
}

impl<'a> Check<'a> for MissingRequirement<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let file = space.requirements.iter().find(|it| it.file.path == "requirements.txt");
        let known = file.and_then(|file| Some((&file.file, installed_packages(space)?)));
        known.into_iter().flat_map(|(requirements, installed)| {
            space.moments().filter_map(move |moment| {
                let Effect::ImportPackage(module) = moment.event.effect else { return None };
                let is_sure = moment.event.root.is_none()
                    && moment.event.process == 0
                    && moment.certainty() == Certainty::Always
                    && !installed::is_met(&moment, "ModuleNotFoundError");
                let is_there = installed.iter().any(|package| module.is_of(package));
                (is_sure && !is_there).then_some(Self { moment, module, requirements })
            })
        })
    }

    fn finding(&self) -> Finding {
        let Module { import, package, .. } = self.module;
        Self::at(
            &self.moment,
            format!(
                "nothing that this Space installs brings `{import}`: start-up ends here with \
                 \"ModuleNotFoundError: No module named '{import}'\""
            ),
        )
        .chain(&self.moment)
        .help(format!("Add `{package}` to `requirements.txt`."))
    }

    fn fix(&self) -> Option<Fix> {
        let (file, package) = (self.requirements, self.module.package);
        let text = file.text.as_str();
        let ended = u32::from(!text.is_empty() && !text.ends_with('\n'));
        let edit = Edit::insert_line(file, file.text.line_count() + ended, package);
        // In which version, the author knows.
        Some(Fix::needs_review(format!("add `{package}` to the requirements"), vec![edit]))
    }
}

/// Every package that may be there, as far as that can matter; none where something may bring what nobody
/// knows of.
fn installed_packages(space: &Space) -> Option<BTreeSet<&str>> {
    versions::gradio_card(space)?;
    let oldest = platform::supported().gradio_minimum;
    let is_old = versions::of_card(space).is_some_and(|asked| versions::is_below(asked, oldest));
    let brings_modules = |name: &str| name.starts_with("python3-");
    let system = space.packages.iter().flat_map(|packages| &packages.names);
    if is_old
        || system.into_iter().any(|package| brings_modules(&package.name))
        || space.requirements.iter().any(installed::is_unclear)
        || installed::installs_at_runtime(space, None)
        || space.trace().is_some_and(SpaceTrace::searches_elsewhere)
        || may_clone(space)
    {
        return None;
    }
    let is_zerogpu = space.is_zerogpu();
    let built = platform::builder().iter().filter(|line| match line.on {
        Spaces::Every => true,
        Spaces::ZeroGpu => is_zerogpu,
        Spaces::Other => !is_zerogpu,
    });
    let mut asked: Vec<&str> = built.map(|line| line.package).collect();
    asked.extend(modules::preinstalled());
    for requirement in space.pins().iter() {
        if !is_plain(requirement) {
            return None;
        }
        asked.push(&requirement.name);
    }
    let mut installed = BTreeSet::new();
    for package in asked {
        installed.insert(package);
        installed.extend(modules::brought_by(package)?);
    }
    Some(installed)
}

/// Whether the program fetches a repository, in which there may be modules.
fn may_clone(space: &Space) -> bool {
    let runs_git = |moment: Moment<'_>| match &moment.event.effect {
        Effect::RunCommand(command) => {
            let text = format!("{:?}", command.command);
            text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "git")
        }
        _ => false,
    };
    // Nothing but that is done with GitPython in a Space.
    space.pins().contains("gitpython") || space.moments().any(runs_git)
}

/// Whether pip installs a release, with what every release of that name brings.
fn is_plain(requirement: &Requirement) -> bool {
    requirement.url.is_none() && (requirement.extras.is_empty() || requirement.name == "gradio")
}
