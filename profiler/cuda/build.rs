//! Stands empty archives in the places of the CUDA libraries that `cudarc` and `candle-kernels` tell the linker to look for:
//! what they hold is defined in `src/entries.rs`.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("empty");
    fs::create_dir_all(&folder)?;
    for library in ["cuda", "cublas", "cublasLt", "cudart", "cudnn", "curand", "nvrtc"] {
        fs::write(folder.join(format!("lib{library}.a")), b"!<arch>\n")?;
    }
    println!("cargo:rustc-link-search=native={}", folder.display());
    Ok(())
}
