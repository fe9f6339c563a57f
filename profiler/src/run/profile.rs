//! From what was recorded to `.spacelint/profile.json`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use spacelint_space::SourceFile;
use spacelint_space::profile::{PROFILE_FILE, PROFILE_SCHEMA, Profile, ProfileFile};

use super::prepared::Prepared;
use crate::recommend::{self, Known, Recommendation};
use crate::recording::Record;

/// What follows from a recording.
pub(super) struct Found {
    pub(super) recommendations: Vec<Recommendation>,
    /// None where no call of a known function was seen.
    pub(super) profile: Option<Profile>,
}

impl Found {
    /// Whether the seconds may become a duration.
    pub(super) fn holds(&self) -> bool {
        self.profile.as_ref().is_some_and(Profile::holds_on_platform)
    }
}

/// What follows from `records`.
pub(super) fn of(plan: &Prepared<'_>, records: &[Record]) -> Found {
    let known = |function: &_| Known::of(&plan.functions, function);
    let translated = plan.translation();
    let recommendations = recommend::recommend(records, known, translated);
    let functions: Vec<_> = recommendations.iter().map(|it| it.profile.clone()).collect();
    let profile = (!functions.is_empty()).then(|| Profile {
        schema: PROFILE_SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made: format!("{:.0}", jiff::Timestamp::now()),
        basis: plan.device.basis,
        device: plan.device.name.clone(),
        times_hold_on_platform: plan.asked.times_hold_on_platform,
        functions,
    });
    Found { recommendations, profile }
}

/// Writes the profile of the Space at `root`, whole or not at all. Where it is.
pub(super) fn write(root: &Path, profile: &Profile) -> Result<PathBuf, String> {
    let path = root.join(PROFILE_FILE);
    let cannot = |error: &dyn std::fmt::Display| {
        format!("cannot write the profile `{}`: {error}", path.display())
    };
    let mut text = serde_json::to_vec_pretty(profile).map_err(|error| cannot(&error))?;
    text.push(b'\n');
    // Whoever reads it refuses what makes no sense, as a function with a name of a thousand letters.
    let read = ProfileFile::parse(&Arc::new(SourceFile::new(PROFILE_FILE, text.clone())));
    if let Err(fault) = &read.content {
        return Err(cannot(&fault.kind));
    }
    let folder = path.parent().unwrap_or(root);
    std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let mut file = tempfile::Builder::new()
        .prefix(".profile-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(|error| cannot(&error))?;
    file.write_all(&text).map_err(|error| cannot(&error))?;
    file.as_file().sync_all().map_err(|error| cannot(&error))?;
    file.persist(&path).map_err(|error| cannot(&error))?;
    Ok(path)
}
