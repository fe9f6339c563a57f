//! How ZeroGPU starts and runs a Space.

crate::registry::rules! { Zerogpu:
    cuda_before_spaces::CudaBeforeSpaces,
    no_gpu_function::NoGpuFunction,
    undeclared_xlarge::UndeclaredXlarge,
    needless_xlarge::NeedlessXlarge,
}

mod weights;
