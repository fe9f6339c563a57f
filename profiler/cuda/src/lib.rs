//! The CUDA libraries, found when they are asked for.
//!
//! `candle-core` wants CUDA's libraries linked, so that a plain build does not start where one of them is missing. Here each
//! entry point that candle calls is a symbol of this crate: a jump through a slot. [`prepare`] finds the libraries and fills
//! the slots; until then, and where that fails, a call returns an error code of its library. So the program starts anywhere,
//! says what is missing, and computes with the libraries that the user's PyTorch brings.
//!
//! What is relied on, and where it is held:
//!
//! - A jump changes no register and not the stack: arguments, the return address and the alignment of the stack reach the
//!   library as the caller left them (`entries.rs`). Nothing is looked up within a call.
//! - Slots are atomic, and are written within [`prepare`] alone, once. Who calls on another thread before that gets an error
//!   code; after it, the library.
//! - An address is what the loader gave for that name of that library, which is never closed. Its signature is what the
//!   caller (`cudarc`) declares, for CUDA's names are versioned: `cuMemAlloc_v2` has had one signature ever since.
//! - No process is started but in [`prepare`]: the active Python is asked once where it has its packages.
//!
//! Linux on x86-64 alone: elsewhere this crate is empty.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod driver;
mod entries;
mod find;

use std::sync::OnceLock;

pub use driver::{Failure, Pinned, Version, driver_version, keep_freed_memory, kept_bytes};

/// The variable that names folders with CUDA libraries, as `PATH` does, which come before all others.
pub const FOLDERS: &str = "SPACELINT_CUDA_LIBS";

/// Finds the CUDA libraries and binds their entry points; what it found the first time holds. To be called before anything of
/// `cudarc` is. The error says what is missing, in words for the user.
pub fn prepare() -> Result<(), String> {
    static PREPARED: OnceLock<Result<(), String>> = OnceLock::new();
    PREPARED.get_or_init(find::bind).clone()
}
