//! What is different on a GPU of NVIDIA's. None of it has run on a real one yet: the tests run it on the stand-in driver.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::sys::CUevent_flags::CU_EVENT_DEFAULT;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, CudaStream};
use candle_core::{CudaDevice, Device};

use super::{Identity, Kind, Machine, Pinned};
use crate::fault::Fault;

/// Opens the device of this number. The error says why it cannot be, and what to do.
pub(super) fn open(number: usize) -> Result<Machine, String> {
    let why = |reason: String| format!("CUDA cannot be used here: {reason}");
    spacelint_cuda::prepare().map_err(why)?;
    let driver = spacelint_cuda::driver_version().map_err(|failure| why(failure.to_string()))?;
    let fault = |error: candle_core::Error| match Fault::of(&error) {
        Fault::NoSuchDevice => {
            format!("there is no CUDA device {number}; the first is 0, and `nvidia-smi` lists them")
        }
        fault => why(fault.to_string()),
    };
    let device = Device::new_cuda(number).map_err(fault)?;
    let opened = device.as_cuda_device().map_err(fault)?;
    let stream = opened.cuda_stream();
    let context = stream.context();
    if context.has_async_alloc() {
        spacelint_cuda::keep_freed_memory(number).map_err(|failure| why(failure.to_string()))?;
    }
    let identity = Identity {
        kind: Kind::Cuda,
        name: context.name().w().map_err(fault)?,
        memory_bytes: context.total_mem().w().map_err(fault)? as u64,
        threads: None,
        driver: Some(driver.to_string()),
    };
    Ok(Machine { device, identity })
}

/// How long the device takes for `work` by its own clock.
pub(super) fn time(
    device: &CudaDevice,
    mut work: impl FnMut() -> candle_core::Result<()>,
) -> candle_core::Result<Duration> {
    let stream = device.cuda_stream();
    stream.synchronize().w()?;
    // Without this flag events are made that have no time.
    let start = stream.record_event(Some(CU_EVENT_DEFAULT)).w()?;
    work()?;
    let end = stream.record_event(Some(CU_EVENT_DEFAULT)).w()?;
    // Waits for the end, and returns what went wrong before it.
    let milliseconds = start.elapsed_ms(&end).w()?;
    Duration::try_from_secs_f64(f64::from(milliseconds) / 1000.0).map_err(candle_core::Error::msg)
}

/// Pinned host memory and as much of the device's.
pub(super) struct Copies {
    stream: Arc<CudaStream>,
    host: spacelint_cuda::Pinned,
    there: CudaSlice<u8>,
}

impl Copies {
    pub(super) fn new(device: &CudaDevice, bytes: usize) -> candle_core::Result<Self> {
        let stream = device.cuda_stream();
        let there = stream.alloc_zeros(bytes).w()?;
        let host = spacelint_cuda::Pinned::new(bytes).map_err(candle_core::Error::msg)?;
        Ok(Self { stream, host, there })
    }
}

impl Pinned for Copies {
    fn host(&mut self) -> &mut [u8] {
        &mut self.host
    }

    fn send(&mut self) -> candle_core::Result<()> {
        self.stream.memcpy_htod(&*self.host, &mut self.there).w()
    }

    fn fetch(&mut self) -> candle_core::Result<()> {
        self.stream.memcpy_dtoh(&self.there, &mut *self.host).w()
    }
}

/// How many bytes can be had: what the driver has, and what this program keeps of it for tensors to come.
pub(super) fn free_bytes(device: &CudaDevice) -> u64 {
    let stream = device.cuda_stream();
    let context = stream.context();
    let free = context.mem_get_info().map_or(0, |(free, _)| free as u64);
    let kept = if context.has_async_alloc() {
        spacelint_cuda::kept_bytes(context.ordinal()).unwrap_or(0)
    } else {
        0
    };
    free.saturating_add(kept)
}
