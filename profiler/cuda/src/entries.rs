//! The entry points, as symbols of our own.
//!
//! They are named as in the libraries, since that is what `cudarc` calls. A name that it comes to call and that is not here is
//! an error of the linker, which says the name.

use std::arch::naked_asm;
use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::find::Library;

/// An entry point of a library.
pub(crate) struct Entry {
    /// The library that has it.
    pub(crate) library: Library,
    /// Its name there.
    pub(crate) name: &'static CStr,
    /// Where the jump leads.
    slot: &'static AtomicPtr<c_void>,
    /// The symbol that jumps. That the table names it is also why each linker takes it from this crate, and before any of the
    /// same name in a shared library that happens to be installed where the program is built.
    jump: extern "C" fn(),
}

impl Entry {
    /// Lets calls reach `address`, unless that is where they come from, which would be an endless jump.
    pub(crate) fn bind(&self, address: *mut c_void) -> bool {
        let is_other = !address.is_null() && address != self.jump as *mut c_void;
        if is_other {
            self.slot.store(address, Ordering::Release);
        }
        is_other
    }
}

macro_rules! entries {
    ($($library:ident, else $absent:ident: $($name:ident)+;)+) => {
        /// All of them.
        pub(crate) static ENTRIES: &[Entry] = &[$($(Entry {
            library: Library::$library,
            name: match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name has no NUL"),
            },
            slot: &slots::$name,
            jump: jumps::$name,
        }),+),+];

        #[expect(non_upper_case_globals, reason = "named as in the libraries")]
        mod slots {
            use super::{AtomicPtr, c_void};

            $($(pub(super) static $name: AtomicPtr<c_void> = AtomicPtr::new(super::$absent as *mut c_void);)+)+
        }

        mod jumps {
            $($(
                // SAFETY (of the name): the libraries that have it are not linked, but opened without sharing their names.
                #[unsafe(no_mangle)]
                #[unsafe(naked)]
                pub(super) extern "C" fn $name() {
                    // One jump: nothing that a caller or the callee relies on changes.
                    super::naked_asm!("jmp qword ptr [rip + {}]", sym super::slots::$name)
                }
            )+)+
        }
    };
}

// What a call of an entry point returns that is bound to nothing: an error that the library's own enumeration has, since
// `cudarc` reads it as one. Whatever else the caller passes stays in registers that a callee may ignore.

/// `CUDA_ERROR_NOT_INITIALIZED`
extern "C" fn no_driver() -> c_int {
    3
}

/// `CUBLAS_STATUS_NOT_INITIALIZED`
extern "C" fn no_cublas() -> c_int {
    1
}

/// `CURAND_STATUS_INITIALIZATION_FAILED`
extern "C" fn no_curand() -> c_int {
    203
}

/// `CUDNN_STATUS_NOT_INITIALIZED`
extern "C" fn no_cudnn() -> c_int {
    1001
}

entries! {
    Driver, else no_driver:
        cuCtxDestroy_v2
        cuCtxGetCurrent
        cuCtxSetCurrent
        cuCtxSynchronize
        cuDeviceGet
        cuDeviceGetAttribute
        cuDeviceGetDefaultMemPool
        cuDeviceGetName
        cuDevicePrimaryCtxRelease_v2
        cuDevicePrimaryCtxRetain
        cuDeviceTotalMem_v2
        cuDriverGetVersion
        cuEventCreate
        cuEventDestroy_v2
        cuEventElapsedTime
        cuEventElapsedTime_v2
        cuEventQuery
        cuEventRecord
        cuEventSynchronize
        cuGetErrorString
        cuInit
        cuLaunchKernel
        cuMemAllocAsync
        cuMemAlloc_v2
        cuMemFreeAsync
        cuMemFreeHost
        cuMemFree_v2
        cuMemGetInfo_v2
        cuMemHostAlloc
        cuMemPoolGetAttribute
        cuMemPoolSetAttribute
        cuMemcpyDtoDAsync_v2
        cuMemcpyDtoHAsync_v2
        cuMemcpyHtoDAsync_v2
        cuMemcpyPeerAsync
        cuMemsetD8Async
        cuModuleGetFunction
        cuModuleLoad
        cuModuleLoadData
        cuModuleUnload
        cuStreamCreate
        cuStreamDestroy_v2
        cuStreamIsCapturing
        cuStreamSynchronize
        cuStreamWaitEvent;
    Cublas, else no_cublas:
        cublasCreate_v2
        cublasDestroy_v2
        cublasDgemmStridedBatched
        cublasGemmStridedBatchedEx
        cublasSetStream_v2;
    Curand, else no_curand:
        curandCreateGenerator
        curandDestroyGenerator
        curandGenerateNormal
        curandGenerateNormalDouble
        curandGenerateUniform
        curandGenerateUniformDouble
        curandSetPseudoRandomGeneratorSeed
        curandSetStream;
    Cudnn, else no_cudnn:
        cudnnConvolutionForward
        cudnnCreate
        cudnnCreateConvolutionDescriptor
        cudnnCreateFilterDescriptor
        cudnnCreateTensorDescriptor
        cudnnDestroy
        cudnnDestroyConvolutionDescriptor
        cudnnDestroyFilterDescriptor
        cudnnDestroyTensorDescriptor
        cudnnGetConvolutionForwardAlgorithm_v7
        cudnnGetConvolutionForwardWorkspaceSize
        cudnnSetConvolution2dDescriptor
        cudnnSetFilter4dDescriptor
        cudnnSetStream
        cudnnSetTensor4dDescriptor
        cudnnSetTensor4dDescriptorEx;
}

#[cfg(test)]
mod tests {
    use std::ffi::c_uint;
    use std::ptr;

    use super::*;

    unsafe extern "C" {
        fn cuInit(flags: c_uint) -> c_int;
        fn cublasDestroy_v2(handle: *mut c_void) -> c_int;
        fn curandDestroyGenerator(generator: *mut c_void) -> c_int;
        fn cudnnDestroy(handle: *mut c_void) -> c_int;
    }

    #[test]
    fn what_is_not_bound_returns_an_error_of_its_library() {
        // SAFETY: nothing is bound in this program, so that none of them reads its argument.
        let codes = unsafe {
            [
                cuInit(0),
                cublasDestroy_v2(ptr::null_mut()),
                curandDestroyGenerator(ptr::null_mut()),
                cudnnDestroy(ptr::null_mut()),
            ]
        };
        assert_eq!(codes, [3, 1, 203, 1001]);
    }

    #[test]
    fn nothing_is_bound_to_itself() {
        for entry in ENTRIES {
            assert!(!entry.bind(entry.jump as *mut c_void));
            assert!(!entry.bind(ptr::null_mut()));
        }
    }
}
