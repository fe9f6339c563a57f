//! What went wrong when something was computed: the errors of candle and of the libraries that it calls, in words for the user.

use std::fmt;

use candle_core::Error;

/// Why something could not be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The device has not as much memory as was asked for. On a CPU the system ends the program instead: what is needed must
    /// be compared with [`crate::device::Machine::free_bytes`] before.
    OutOfMemory,
    /// The device, or candle on it, does not compute this in this type.
    Unsupported(String),
    /// There is no GPU.
    NoDevice,
    /// There is no GPU of this number.
    NoSuchDevice,
    /// The driver does not take the kernels: it is too old for them, or the GPU is.
    Refused(String),
    /// A kernel failed, after which the device does nothing more for this process.
    Lost(String),
    /// Anything else.
    Other(String),
}

impl Fault {
    /// What an error is.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::WithBacktrace { inner, .. }
            | Error::Context { inner, .. }
            | Error::WithPath { inner, .. } => {
                return Self::of(inner);
            }
            Error::UnsupportedDTypeForOp(dtype, operation) => {
                return Self::Unsupported(format!("`{operation}` in {}", dtype.as_str()));
            }
            _ => {}
        }
        // What CUDA's libraries say comes in several wrappings, of which some keep nothing but the text. It has the name that
        // the library's documentation has.
        let text = error.to_string();
        let Some(name) = name_of(&text) else {
            let is_unsupported =
                matches!(error, Error::Cuda(_)) && text.starts_with("unsupported dtype");
            return if is_unsupported { Self::Unsupported(text) } else { Self::Other(text) };
        };
        match name {
            "CUDA_ERROR_OUT_OF_MEMORY"
            | "CUBLAS_STATUS_ALLOC_FAILED"
            | "CURAND_STATUS_ALLOCATION_FAILED"
            | "CUDNN_STATUS_ALLOC_FAILED"
            | "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED" => Self::OutOfMemory,
            "CUDA_ERROR_NO_DEVICE" => Self::NoDevice,
            "CUDA_ERROR_INVALID_DEVICE" => Self::NoSuchDevice,
            "CUBLAS_STATUS_NOT_SUPPORTED"
            | "CUBLAS_STATUS_ARCH_MISMATCH"
            | "CURAND_STATUS_ARCH_MISMATCH" => Self::Unsupported(name.to_owned()),
            _ if name.starts_with("CUDNN_STATUS_NOT_SUPPORTED") => {
                Self::Unsupported(name.to_owned())
            }
            "CUDA_ERROR_INVALID_PTX"
            | "CUDA_ERROR_INVALID_IMAGE"
            | "CUDA_ERROR_NO_BINARY_FOR_GPU"
            | "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"
            | "CUDA_ERROR_JIT_COMPILER_NOT_FOUND" => Self::Refused(name.to_owned()),
            "CUDA_ERROR_ASSERT"
            | "CUDA_ERROR_ECC_UNCORRECTABLE"
            | "CUDA_ERROR_HARDWARE_STACK_ERROR"
            | "CUDA_ERROR_ILLEGAL_ADDRESS"
            | "CUDA_ERROR_ILLEGAL_INSTRUCTION"
            | "CUDA_ERROR_INVALID_ADDRESS_SPACE"
            | "CUDA_ERROR_INVALID_PC"
            | "CUDA_ERROR_LAUNCH_FAILED"
            | "CUDA_ERROR_LAUNCH_TIMEOUT"
            | "CUDA_ERROR_MISALIGNED_ADDRESS" => Self::Lost(name.to_owned()),
            _ => Self::Other(name.to_owned()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => to.write_str("the device has not enough memory for this"),
            Self::Unsupported(what) => write!(to, "this device does not compute this: {what}"),
            Self::NoDevice => to.write_str(
                "the driver sees no GPU; `nvidia-smi` shows what there is, and `CUDA_VISIBLE_DEVICES` hides devices",
            ),
            Self::NoSuchDevice => to.write_str("there is no CUDA device of this number"),
            Self::Refused(name) => {
                write!(to, "the driver does not take this program's kernels: it or the GPU is too old for them ({name})")
            }
            Self::Lost(name) => {
                write!(to, "the GPU failed while it computed, and does nothing more for this program ({name}): start it again")
            }
            Self::Other(text) => to.write_str(text),
        }
    }
}

/// The name of an error of CUDA's in a text.
fn name_of(text: &str) -> Option<&str> {
    let start = ["CUDA_ERROR_", "CUBLAS_STATUS_", "CURAND_STATUS_", "CUDNN_STATUS_"]
        .iter()
        .filter_map(|prefix| text.find(prefix))
        .min()?;
    let name = &text[start..];
    let end = name.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    Some(&name[..end.unwrap_or(name.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device, Tensor};

    /// An error as it comes when nothing but its text was kept.
    fn wrapped(text: &'static str) -> Fault {
        Fault::of(&Error::wrap(text))
    }

    #[test]
    fn errors_of_cuda() {
        let full = r#"DriverError(CUDA_ERROR_OUT_OF_MEMORY, "out of memory")"#;
        assert_eq!(wrapped(full), Fault::OutOfMemory);
        assert_eq!(
            Fault::of(&Error::Cuda(full.into()).context("while it was loaded")),
            Fault::OutOfMemory
        );
        assert_eq!(wrapped("CublasError(CUBLAS_STATUS_ALLOC_FAILED)"), Fault::OutOfMemory);
        assert_eq!(wrapped(r#"DriverError(CUDA_ERROR_NO_DEVICE, "none")"#), Fault::NoDevice);
        let lost = r#"DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered")"#;
        assert_eq!(wrapped(lost), Fault::Lost("CUDA_ERROR_ILLEGAL_ADDRESS".to_owned()));
        let refused = r#"DriverError(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed") when loading cast"#;
        assert_eq!(wrapped(refused), Fault::Refused("CUDA_ERROR_INVALID_PTX".to_owned()));
    }

    #[test]
    fn errors_of_candle() {
        let seven = Tensor::zeros(7, DType::U8, &Device::Cpu).expect("seven bytes");
        let error = seven.matmul(&seven).expect_err("no matrices");
        assert!(matches!(Fault::of(&error), Fault::Other(_)));
        let error = Tensor::zeros((2, 2), DType::U8, &Device::Cpu)
            .and_then(|a| a.matmul(&a))
            .expect_err("no bytes");
        assert_eq!(
            Fault::of(&error).to_string(),
            "this device does not compute this: `matmul` in u8"
        );
        let cuda = Error::Cuda("unsupported dtype BF16 for matmul".into());
        assert!(matches!(Fault::of(&cuda), Fault::Unsupported(_)));
    }
}
