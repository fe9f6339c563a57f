//! What is asked of the driver itself, since `cudarc` has no safe call for it.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::slice;

unsafe extern "C" {
    // Those of `entries.rs`, with the signatures of CUDA's `cuda.h`.
    fn cuDriverGetVersion(version: *mut c_int) -> c_int;
    fn cuGetErrorString(error: c_int, text: *mut *const c_char) -> c_int;
    fn cuDeviceGet(device: *mut c_int, ordinal: c_int) -> c_int;
    fn cuDeviceGetDefaultMemPool(pool: *mut *mut c_void, device: c_int) -> c_int;
    fn cuMemPoolGetAttribute(pool: *mut c_void, attribute: c_uint, value: *mut c_void) -> c_int;
    fn cuMemPoolSetAttribute(pool: *mut c_void, attribute: c_uint, value: *mut c_void) -> c_int;
    fn cuMemHostAlloc(memory: *mut *mut c_void, bytes: usize, flags: c_uint) -> c_int;
    fn cuMemFreeHost(memory: *mut c_void) -> c_int;
}

/// `CU_MEMPOOL_ATTR_RELEASE_THRESHOLD`
const RELEASE_THRESHOLD: c_uint = 4;
/// `CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT`
const RESERVED: c_uint = 5;
/// `CU_MEMPOOL_ATTR_USED_MEM_CURRENT`
const USED: c_uint = 7;
/// `CU_MEMHOSTALLOC_PORTABLE`
const PORTABLE: c_uint = 1;
/// `CUDA_ERROR_OUT_OF_MEMORY`
const OUT_OF_MEMORY: c_int = 2;

/// A version of CUDA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// `13` of 13.0.
    pub major: u32,
    /// `0` of 13.0.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}.{}", self.major, self.minor)
    }
}

/// A call of the driver that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    call: &'static str,
    code: c_int,
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            to,
            "the NVIDIA driver says: {} (CUDA error {} of {})",
            words(self.code),
            self.code,
            self.call
        )
    }
}

impl std::error::Error for Failure {}

fn words(code: c_int) -> String {
    let mut text: *const c_char = ptr::null();
    // SAFETY: the driver writes a pointer to a text of its own, which ends with NUL and stays; or none, and an error.
    unsafe {
        if cuGetErrorString(code, &raw mut text) == 0 && !text.is_null() {
            return CStr::from_ptr(text).to_string_lossy().into_owned();
        }
    }
    "no words for it".to_owned()
}

fn check(call: &'static str, code: c_int) -> Result<(), Failure> {
    if code == 0 { Ok(()) } else { Err(Failure { call, code }) }
}

/// The newest CUDA that the driver speaks.
pub fn driver_version() -> Result<Version, Failure> {
    let mut version = 0;
    // SAFETY: it writes an `int`, and needs nothing done before.
    check("cuDriverGetVersion", unsafe { cuDriverGetVersion(&raw mut version) })?;
    // 13020 is 13.2.
    let version = u32::try_from(version).unwrap_or(0);
    Ok(Version { major: version / 1000, minor: version % 1000 / 10 })
}

/// Lets the device of this number keep the memory that tensors free, for those that come: by default it is given back each
/// time that the device is waited for, which costs more than what is measured. The device must be open.
pub fn keep_freed_memory(ordinal: usize) -> Result<(), Failure> {
    let pool = pool(ordinal)?;
    let mut threshold = u64::MAX;
    let value = (&raw mut threshold).cast();
    // SAFETY: it reads the `cuuint64_t` that this attribute is.
    check("cuMemPoolSetAttribute", unsafe { cuMemPoolSetAttribute(pool, RELEASE_THRESHOLD, value) })
}

/// How many bytes it keeps that way now, which are free though the driver does not count them as such.
pub fn kept_bytes(ordinal: usize) -> Result<u64, Failure> {
    let pool = pool(ordinal)?;
    let attribute = |attribute| {
        let mut bytes: u64 = 0;
        let value = (&raw mut bytes).cast();
        // SAFETY: it writes the `cuuint64_t` that either attribute is.
        check("cuMemPoolGetAttribute", unsafe { cuMemPoolGetAttribute(pool, attribute, value) })?;
        Ok(bytes)
    };
    Ok(attribute(RESERVED)?.saturating_sub(attribute(USED)?))
}

/// The pool that a device's memory is taken from.
fn pool(ordinal: usize) -> Result<*mut c_void, Failure> {
    let ordinal = c_int::try_from(ordinal).unwrap_or(c_int::MAX);
    let (mut device, mut pool) = (0, ptr::null_mut());
    // SAFETY: each call writes what its first argument points to.
    unsafe {
        check("cuDeviceGet", cuDeviceGet(&raw mut device, ordinal))?;
        check("cuDeviceGetDefaultMemPool", cuDeviceGetDefaultMemPool(&raw mut pool, device))?;
    }
    Ok(pool)
}

/// Host memory that stays where it is, so that the device reads and writes it by itself: a copy from or to it takes the time
/// that the bus does. It is a slice like any other to `cudarc`.
#[derive(Debug)]
pub struct Pinned {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: it is memory of the process, which no one else knows of.
unsafe impl Send for Pinned {}

impl Pinned {
    /// So many bytes, all zero. A device must be open on this thread.
    pub fn new(bytes: usize) -> Result<Self, Failure> {
        let mut memory = ptr::null_mut();
        // SAFETY: the driver writes where the memory starts. None of it is asked for as 0 bytes, which the driver refuses.
        check("cuMemHostAlloc", unsafe {
            cuMemHostAlloc(&raw mut memory, bytes.max(1), PORTABLE)
        })?;
        let failure = Failure { call: "cuMemHostAlloc", code: OUT_OF_MEMORY };
        let start = NonNull::new(memory.cast::<u8>()).ok_or(failure)?;
        // SAFETY: the driver gave that many bytes at least, and nobody else has them.
        unsafe { start.write_bytes(0, bytes) };
        Ok(Self { start, bytes })
    }
}

impl Deref for Pinned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `bytes` bytes were written, and are ours until `drop`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.bytes) }
    }
}

impl DerefMut for Pinned {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and borrowed for this alone.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.bytes) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: the driver gave it, and nobody else frees it. If the device is closed by now, so is the memory, and the
        // driver says so, which nobody needs to know.
        unsafe { cuMemFreeHost(self.start.as_ptr().cast()) };
    }
}
