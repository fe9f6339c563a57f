use spacelint_python::Span;
use spacelint_space::Space;
use spacelint_space::requirements::{LineKind, RequirementLine, Requirements};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};
use crate::versions;

/// The requirements name a file of the repository, which is not there while the Space is built.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(
    source = "build logs of Gradio Spaces: RUN --mount=target=/tmp/requirements.txt,source=requirements.txt pip install --no-cache-dir -r /tmp/requirements.txt; pip reads a path from the folder it is started in or from the file's own"
)]
pub(crate) struct LocalRequirement<'a> {
    file: &'a Requirements,
    span: Span,
    path: &'a str,
    names: Names,
}

/// What a line names by its path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// The repository itself, or a folder of it.
    Project,
    /// A wheel or an archive.
    Package,
    /// Further requirements or constraints.
    File,
}

impl<'a> Check<'a> for LocalRequirement<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let is_built_so = versions::gradio_card(space).is_some();
        let files = space.requirements.iter().filter(move |_| is_built_so);
        files.flat_map(|file| {
            file.lines.iter().flat_map(move |line| {
                named(line).into_iter().map(move |(path, span, names)| Self {
                    file,
                    span,
                    path,
                    names,
                })
            })
        })
    }

    fn finding(&self) -> Finding {
        let path = self.path;
        let what = match self.names {
            Names::Project => format!("pip is told to install `{path}`"),
            Names::Package => format!("pip is told to install the file `{path}`"),
            Names::File => format!("pip is told to read `{path}`"),
        };
        let help = match self.names {
            Names::Project => {
                "Write what it depends on here. The app imports its own folders without an installation."
            }
            Names::Package => {
                "Keep the wheel in a repository of the Hub, and write its address here."
            }
            Names::File => "Write its lines here.",
        };
        Self::at(
            Location::new(&self.file.file, self.span),
            format!(
                "{what}, but the builder has nothing of the repository beside it except this file: the \
                 build fails"
            ),
        )
        .help(help)
    }
}

/// The paths of the repository that a line names.
fn named(line: &RequirementLine) -> Vec<(&str, Span, Names)> {
    match &line.kind {
        LineKind::Path { path, path_span, .. } => {
            let is_package = [".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end));
            vec![(path, *path_span, if is_package { Names::Package } else { Names::Project })]
        }
        LineKind::Options(options) => options
            .iter()
            .filter(|option| matches!(&*option.name, "--requirement" | "--constraint"))
            .filter_map(|option| option.value.as_ref())
            .filter(|(path, _)| !path.contains("://"))
            .map(|(path, span)| (path.as_str(), *span, Names::File))
            .collect(),
        _ => Vec::new(),
    }
}
