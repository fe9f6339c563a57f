//! `spacelint-profile report`: one page of what a run saw and what follows from it. It needs no network, no script and
//! nothing beside it.
//!
//! Everything in a recording is anybody's word, names above all: it is escaped where it is written, and the page's own
//! policy runs no script at all.

mod charts;
mod page;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use spacelint_knowledge::platform::Size;
use spacelint_space::escape::escape;
use spacelint_space::identity::{self, Identified};
use spacelint_space::profile::{Basis, Translation};
use spacelint_space::{Files, Space};

use crate::recommend::{Known, Recommendation, recommend};
use crate::recording::{self, Recording};
use crate::shares::Shares;
use crate::translate::OnPlatform;
use crate::{args, calibrate};

/// What the page is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report<'a> {
    /// What the Space is called.
    pub(crate) space: &'a str,
    /// What was seen.
    pub(crate) recording: &'a Recording,
    /// What follows.
    pub(crate) recommendations: &'a [Recommendation],
    /// The author's word that the times hold on the platform, whatever they were measured on.
    pub(crate) times_hold_on_platform: bool,
}

impl Report<'_> {
    /// Whether a duration may be recommended.
    fn holds(&self) -> bool {
        self.times_hold_on_platform
            || self.recording.run.basis == Basis::PlatformGpu
            || self.translation().is_some()
    }

    /// How the seconds of another GPU became those of the platform, if all of them did; of several sizes the one that takes
    /// longest.
    fn translation(&self) -> Option<&Translation> {
        let all: Option<Vec<&Translation>> =
            self.recommendations.iter().map(|it| it.profile.translation.as_ref()).collect();
        all?.into_iter().max_by(|one, other| one.high.total_cmp(&other.high))
    }
}

/// By what seconds of a run are multiplied to be those of the platform; nothing where they are its own, where their author
/// says so, where they are those of a CPU, and where nothing is known of the GPU.
pub(crate) fn translation(
    basis: Basis,
    device: Option<&str>,
    times_hold_on_platform: bool,
) -> impl Fn(Size, &[Shares]) -> Option<OnPlatform> {
    let gpu = device.filter(|_| basis == Basis::OtherGpu && !times_hold_on_platform);
    let translated = gpu.map(calibrate::translation);
    move |size, shares| translated.as_ref()?(size, shares)
}

/// Writes the page.
pub(crate) fn write(path: &Path, report: &Report<'_>) -> Result<(), String> {
    fs::write(path, page::html(report).into_string())
        .map_err(|error| format!("cannot write the report `{}`: {error}", path.display()))
}

/// Makes the page of a recording again.
pub(crate) fn command(asked: &args::Report) -> ExitCode {
    match again(asked) {
        Ok(path) => {
            let line = format!("report in {}\n", escape(&path.display().to_string()));
            // Nobody is left to tell if standard output is gone.
            let _ = anstream::stdout().write_all(line.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            crate::error(&why);
            ExitCode::from(2)
        }
    }
}

fn again(asked: &args::Report) -> Result<PathBuf, String> {
    let path = match &asked.recording {
        Some(path) if path.is_dir() => newest(path)?,
        Some(path) => path.clone(),
        None => newest(Path::new("."))?,
    };
    let shown = path.display();
    let bytes =
        fs::read(&path).map_err(|error| format!("cannot read the recording `{shown}`: {error}"))?;
    let recording = recording::read(&bytes).map_err(|error| format!("`{shown}`: {error}"))?;
    let root = root(&path);
    let functions = root.as_deref().map(functions).unwrap_or_default();
    let known = |function: &_| Known::of(&functions, function);
    let run = &recording.run;
    let translated = translation(run.basis, run.device.as_deref(), asked.times_hold_on_platform);
    let recommendations = recommend(&recording.records, known, translated);
    let named = root.as_deref().and_then(Utf8Path::file_name);
    let report = Report {
        space: named.or(path.file_stem().and_then(|stem| stem.to_str())).unwrap_or("a Space"),
        recording: &recording,
        recommendations: &recommendations,
        times_hold_on_platform: asked.times_hold_on_platform,
    };
    let output = asked.output.clone().unwrap_or_else(|| path.with_extension("html"));
    if output == path {
        return Err(format!("`{shown}` is the recording itself; name another file with --output"));
    }
    write(&output, &report)?;
    Ok(output)
}

/// The recording that was written to last in the Space at `root`.
fn newest(root: &Path) -> Result<PathBuf, String> {
    let folder = root.join(recording::FOLDER);
    let none = || {
        format!(
            "`{}` holds no recording; make one with `spacelint-profile run`, or name the file",
            folder.display()
        )
    };
    let entries = fs::read_dir(&folder).map_err(|_| none())?;
    let recordings = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let is_one = path.extension().is_some_and(|extension| extension == "jsonl");
        let written = fs::metadata(&path).and_then(|it| it.modified()).ok()?;
        is_one.then_some((written, path))
    });
    recordings.max().map(|(_, path)| path).ok_or_else(none)
}

/// The Space in which a recording lies, if it lies where those of a Space do.
fn root(recording: &Path) -> Option<Utf8PathBuf> {
    let path = Utf8PathBuf::from_path_buf(recording.canonicalize().ok()?).ok()?;
    let folder = path.parent()?;
    let depth = Utf8Path::new(recording::FOLDER).components().count();
    folder
        .ends_with(recording::FOLDER)
        .then(|| folder.ancestors().nth(depth))?
        .map(Utf8Path::to_owned)
}

/// The GPU functions that the text shows.
fn functions(root: &Utf8Path) -> Vec<Identified> {
    Space::read(&Files::disk(root.to_owned())).trace().map(identity::identify).unwrap_or_default()
}
