//! The GPU that is at hand, as the driver tells of it: nothing here uses one.

use std::fs;
use std::path::Path;
use std::process::Command;

use spacelint_knowledge::platform::Backing;
use spacelint_space::profile::Basis;

/// What the calls run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    /// As profiles name it.
    pub(crate) basis: Basis,
    /// Its own name; none on a CPU.
    pub(crate) name: Option<String>,
    /// What `CUDA_VISIBLE_DEVICES` of a worker may be.
    pub(crate) visible: Vec<String>,
}

impl Device {
    /// No GPU.
    pub(crate) fn cpu() -> Self {
        Self { basis: Basis::Cpu, name: None, visible: vec!["GPU-0".to_owned()] }
    }

    /// The GPUs that a program may use here, or none.
    pub(crate) fn find() -> Self {
        let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
        let gpus = of_driver(Path::new("/proc/driver/nvidia/gpus"));
        let gpus = if gpus.is_empty() { of_tool() } else { gpus };
        Self::among(&gpus, visible.as_deref())
    }

    /// Of these, by name and identity, those that `visible` lets through.
    fn among(gpus: &[(String, String)], visible: Option<&str>) -> Self {
        let chosen: Vec<String> = match visible {
            None => gpus.iter().map(|(_, uuid)| uuid.clone()).collect(),
            Some(list) => list
                .split(',')
                .map(str::trim)
                .take_while(|one| !one.is_empty() && *one != "-1")
                .map(ToOwned::to_owned)
                .collect(),
        };
        let Some(first) = chosen.first() else { return Self::cpu() };
        let by_index = first.parse().ok().and_then(|index: usize| gpus.get(index));
        let by_identity = gpus.iter().find(|(_, uuid)| uuid == first);
        let Some((name, _)) = by_identity.or(by_index).or(gpus.first()) else {
            return Self::cpu();
        };
        // Most calls get half of a card, which is a slice; slices are told by their identity. A whole card is faster.
        let is_platform = name == Backing::current().gpu && first.starts_with("MIG-");
        let basis = if is_platform { Basis::PlatformGpu } else { Basis::OtherGpu };
        Self { basis, name: Some(name.clone()), visible: chosen }
    }
}

/// The driver's own files.
fn of_driver(folder: &Path) -> Vec<(String, String)> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    // By bus, as CUDA counts them by default for GPUs of one kind.
    paths.sort();
    paths
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path.join("information")).ok()?;
            let value = |key: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(key))?;
                Some(line.trim_start_matches(':').trim().to_owned())
            };
            let uuid = value("GPU UUID").filter(|uuid| !uuid.contains('?'))?;
            Some((value("Model")?, uuid))
        })
        .collect()
}

/// Where a container hides those.
fn of_tool() -> Vec<(String, String)> {
    let asked = ["--query-gpu=name,uuid", "--format=csv,noheader"];
    let Ok(output) = Command::new("nvidia-smi").args(asked).output() else { return Vec::new() };
    if !output.status.success() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| line.rsplit_once(','))
        .map(|(name, uuid)| (name.trim().to_owned(), uuid.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_visible_is_used() {
        let gpus = [
            ("NVIDIA H200".to_owned(), "GPU-a".to_owned()),
            (Backing::current().gpu.to_owned(), "GPU-b".to_owned()),
        ];
        let all = Device::among(&gpus, None);
        assert_eq!((all.basis, all.visible.len()), (Basis::OtherGpu, 2));
        for whole in ["GPU-b", "1"] {
            let device = Device::among(&gpus, Some(whole));
            assert_eq!(
                (device.basis, device.name.as_deref()),
                (Basis::OtherGpu, Some(Backing::current().gpu))
            );
        }
        let slice = Device::among(&gpus[1..], Some("MIG-c"));
        assert_eq!((slice.basis, slice.visible), (Basis::PlatformGpu, vec!["MIG-c".to_owned()]));
        for none in ["", "-1", "-1,0"] {
            assert_eq!(Device::among(&gpus, Some(none)), Device::cpu());
        }
        assert_eq!(Device::among(&[], None), Device::cpu());
    }
}
