//! The device that is calibrated and that workloads run on. Knows candle, and nothing of Spaces.

#[cfg(feature = "cuda")]
mod cuda;

use std::fs;
use std::str::FromStr;
use std::time::{Duration, Instant};

use candle_core::Device;

/// Which device is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The processor.
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|number| number.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| "is none of `cpu`, `cuda` and `cuda:1`".to_owned()),
        }
    }
}

/// What tells one device from another: calibrations are kept by it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Identity {
    /// `cpu` or `cuda`.
    pub(crate) kind: Kind,
    /// As the driver or the kernel names it, such as `NVIDIA H200`.
    pub(crate) name: String,
    /// Of the device's own memory, in bytes.
    pub(crate) memory_bytes: u64,
    /// How many threads compute; of a CPU alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) threads: Option<usize>,
    /// The version of the driver, such as `13.0`; of CUDA alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) driver: Option<String>,
}

/// The kind of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A processor.
    Cpu,
    /// A GPU of NVIDIA's.
    Cuda,
}

/// A device that is open.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// What candle computes on.
    pub(crate) device: Device,
    /// What it is.
    pub(crate) identity: Identity,
}

impl Machine {
    /// Opens the device that is asked for, or the first CUDA device where there is one and nothing is asked for. The error
    /// says why CUDA cannot be used here, and what to do.
    pub(crate) fn open(choice: Option<Choice>) -> Result<Self, String> {
        match choice {
            Some(Choice::Cuda(number)) => cuda(number),
            None => cuda(0).or_else(|_| Ok(cpu())),
            Some(Choice::Cpu) => Ok(cpu()),
        }
    }

    /// Waits until all that was asked of the device is done.
    pub(crate) fn synchronize(&self) -> candle_core::Result<()> {
        self.device.synchronize()
    }

    /// How long the device takes for `work`, all of which has been done when this returns.
    pub(crate) fn time(
        &self,
        mut work: impl FnMut() -> candle_core::Result<()>,
    ) -> candle_core::Result<Duration> {
        #[cfg(feature = "cuda")]
        if let Device::Cuda(device) = &self.device {
            return cuda::time(device, work);
        }
        self.synchronize()?;
        let start = Instant::now();
        work()?;
        self.synchronize()?;
        Ok(start.elapsed())
    }

    /// So many bytes of pinned host memory and of the device's, to copy between; none where there is no such thing.
    pub(crate) fn pinned(&self, bytes: usize) -> Option<candle_core::Result<Box<dyn Pinned>>> {
        match &self.device {
            #[cfg(feature = "cuda")]
            Device::Cuda(device) => Some(match cuda::Copies::new(device, bytes) {
                Ok(copies) => Ok(Box::new(copies)),
                Err(error) => Err(error),
            }),
            _ => {
                let _ = bytes;
                None
            }
        }
    }

    /// How many bytes can be had of the device's memory now.
    pub(crate) fn free_bytes(&self) -> u64 {
        match &self.device {
            #[cfg(feature = "cuda")]
            Device::Cuda(device) => cuda::free_bytes(device),
            _ => meminfo("MemAvailable").unwrap_or(0),
        }
    }
}

/// Host memory that the device reads and writes by itself, and as much of the device's.
pub(crate) trait Pinned {
    /// That of the host.
    fn host(&mut self) -> &mut [u8];
    /// Copies it to the device.
    fn send(&mut self) -> candle_core::Result<()>;
    /// Copies it back.
    fn fetch(&mut self) -> candle_core::Result<()>;
}

#[cfg(feature = "cuda")]
use cuda::open as cuda;

#[cfg(not(feature = "cuda"))]
fn cuda(_number: usize) -> Result<Machine, String> {
    Err("this `spacelint-profile` was built without CUDA: build it with `--features cuda` (profiler/cuda/README.md)".to_owned())
}

fn cpu() -> Machine {
    let named = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Machine {
        device: Device::Cpu,
        identity: Identity {
            kind: Kind::Cpu,
            name: named.unwrap_or_else(|| format!("a {} processor", std::env::consts::ARCH)),
            memory_bytes: meminfo("MemTotal").unwrap_or(0),
            threads: Some(threads),
            driver: None,
        },
    }
}

/// A line of `/proc/meminfo`, in bytes.
fn meminfo(key: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.split(':').next() == Some(key))?;
    let kib: u64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    kib.checked_mul(1024)
}
