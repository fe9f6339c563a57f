//! Calibrations that are kept: a file for each device, which whoever measures next reads. It may be anybody's file, and of
//! any version: what makes no sense as a whole is not believed in part.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{Calibration, Measured, Rate, SCHEMA};
use crate::device::{Identity, Kind};

/// The longest text that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// The longest name or sentence in it.
const MAX_TEXT: usize = 1000;

/// The folder of the calibrations.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

impl Store {
    /// That of this user; none where the environment names no folder for caches and no home.
    pub(crate) fn of_user() -> Option<Self> {
        let absolute = |name| {
            let path = PathBuf::from(std::env::var_os(name)?);
            path.is_absolute().then_some(path)
        };
        let caches =
            absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
        Some(Self::at(&caches))
    }

    /// That below a folder of caches.
    pub(super) fn at(caches: &Path) -> Self {
        Self { folder: caches.join("spacelint").join("calibration") }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the calibration of a device is kept.
    pub(super) fn path(&self, device: &Identity) -> PathBuf {
        // Two devices that fall together are told apart by what the file says.
        let kind = match device.kind {
            Kind::Cpu => "cpu",
            Kind::Cuda => "cuda",
        };
        let identity = serde_json::to_vec(device).unwrap_or_default();
        self.folder.join(format!("{kind}-{:016x}.json", hash(&identity)))
    }

    /// What is kept of a device; the error says why what is there says nothing.
    pub(super) fn read(&self, device: &Identity) -> Result<Option<Calibration>, String> {
        Ok(parse(&self.path(device))?.filter(|found| found.device == *device))
    }

    /// The newest calibration of a GPU of that name.
    pub(crate) fn newest_of_gpu(&self, name: &str) -> Option<Calibration> {
        let files = fs::read_dir(&self.folder).ok()?.flatten().map(|entry| entry.path());
        let found = files.filter_map(|path| parse(&path).ok().flatten());
        found
            .filter(|it| it.device.kind == Kind::Cuda && it.device.name == name)
            .max_by(|one, other| one.made.cmp(&other.made))
    }

    /// Keeps it, whole or not at all.
    pub(super) fn write(&self, calibration: &Calibration) -> Result<(), String> {
        let path = self.path(&calibration.device);
        let cannot = |error: &dyn std::fmt::Display| {
            format!("cannot keep the calibration in `{}`: {error}", path.display())
        };
        let mut text = serde_json::to_vec_pretty(calibration).map_err(|error| cannot(&error))?;
        text.push(b'\n');
        fs::create_dir_all(&self.folder).map_err(|error| cannot(&error))?;
        let file = tempfile::Builder::new().prefix(".calibration-").tempfile_in(&self.folder);
        let mut file = file.map_err(|error| cannot(&error))?;
        file.write_all(&text).map_err(|error| cannot(&error))?;
        file.persist(&path).map_err(|error| cannot(&error))?;
        Ok(())
    }
}

/// FNV-1a, which is the same in every version and on every machine.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What stands in a file; nothing where there is none.
fn parse(path: &Path) -> Result<Option<Calibration>, String> {
    let cannot = |why: &dyn std::fmt::Display| {
        format!("the kept calibration `{}` says nothing: {why}", path.display())
    };
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(&error)),
        Ok(metadata) if !metadata.is_file() => return Err(cannot(&"it is no file")),
        Ok(metadata) if metadata.len() > MAX_BYTES => return Err(cannot(&"it is too long")),
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|error| cannot(&error))?;
    let found: Calibration = serde_json::from_slice(&bytes).map_err(|error| cannot(&error))?;
    found.verify().map_err(|what| cannot(&format!("`{what}` makes no sense")))?;
    Ok(Some(found))
}

impl Calibration {
    /// The name of the first field that makes no sense.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        let Self { schema, version, made, device, rates, measured, left_out, .. } = self;
        if *schema != SCHEMA {
            return Err("schema");
        }
        for (what, text) in [("version", version), ("made", made), ("device", &device.name)] {
            if text.is_empty() || text.len() > MAX_TEXT {
                return Err(what);
            }
        }
        let is_rate = |Rate { per_second, low, high }: &Rate| {
            0.0 < *low && low <= per_second && per_second <= high && high.is_finite()
        };
        if rates.is_empty() || !rates.values().all(is_rate) {
            return Err("rates");
        }
        let is_sound = |it: &Measured| {
            let timing = &it.seconds;
            let in_order = 0.0 < timing.low
                && timing.low <= timing.median
                && timing.median <= timing.high
                && timing.high.is_finite();
            in_order && 0.0 < it.amount && it.amount.is_finite() && it.error <= it.allowed
        };
        if !measured.iter().all(is_sound) {
            return Err("measured");
        }
        let texts = measured.iter().flat_map(|it| [&it.case, &it.shape]);
        let texts = texts.chain(left_out.iter().flat_map(|it| [&it.case, &it.why]));
        if texts.into_iter().any(|text| text.len() > MAX_TEXT) {
            return Err("case");
        }
        Ok(())
    }
}
