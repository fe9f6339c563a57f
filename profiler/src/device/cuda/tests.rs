//! The whole path on the stand-in driver (`profiler/cuda/stand-in`), which `gcc` compiles here. The libraries are found once in
//! a process, so each case is a process of its own: this test program again, with nothing but [`child`].

use std::env;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use candle_core::{D, DType, Tensor};
use tempfile::TempDir;

use super::super::Choice;
use super::*;

const CUBLAS: &str = "libcublas.so.13";
const LIBRARIES: [&str; 4] = ["libcuda.so.1", CUBLAS, "libcurand.so.10", "libcudnn.so.9"];

/// What is said is behind this, among what the test program itself prints.
const SAYS: &str = "says: ";

/// A folder with some of the libraries.
fn stand_in(libraries: &[&str], flags: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let built = folder.path().join("stand-in.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda/stand-in/driver.c");
    let status = Command::new("gcc")
        .args(["-shared", "-fPIC", "-O1", "-w", "-o"])
        .arg(&built)
        .args(flags)
        .arg(source)
        .status()
        .expect("gcc");
    assert!(status.success());
    for library in libraries {
        symlink(&built, folder.path().join(library)).expect("a link");
    }
    folder
}

/// What [`child`] says with these libraries and these settings of the stand-in.
fn outcome(folder: &TempDir, settings: &[(&str, &str)]) -> String {
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "device::cuda::tests::child", "--ignored", "--nocapture"])
        .env_clear()
        .env(spacelint_cuda::FOLDERS, folder.path())
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("this program");
    let text = String::from_utf8_lossy(&output.stdout);
    let said =
        text.split_once(SAYS).map(|(_, said)| said.lines().next().unwrap_or_default().to_owned());
    said.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Whether this machine has a driver of its own, which is then found where the stand-in is left out.
fn has_driver() -> bool {
    Path::new("/proc/driver/nvidia").exists()
}

#[test]
#[ignore = "run by the others, on the stand-in"]
fn child() {
    let number = env::var("DEVICE").ok().and_then(|number| number.parse().ok()).unwrap_or(0);
    let said = Machine::open(Some(Choice::Cuda(number)))
        .and_then(|machine| compute(&machine).map_err(|error| Fault::of(&error).to_string()));
    let said = said.unwrap_or_else(|error| error);
    writeln!(std::io::stdout(), "{SAYS}{said}").expect("somebody reads");
}

/// Some of all that calibrations and workloads do.
fn compute(machine: &Machine) -> candle_core::Result<String> {
    let device = &machine.device;
    let free = machine.free_bytes();
    let mut kept = Vec::new();
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        // An odd number of elements, which cuRAND alone would refuse.
        let a = Tensor::randn(0f32, 1., (3, 33, 17), device)?.to_dtype(dtype)?;
        let b = Tensor::rand(-1f32, 1., (3, 17, 65), device)?.to_dtype(dtype)?;
        let scores = a.matmul(&b)?;
        let scores = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
        let shares = scores.broadcast_div(&scores.sum_keepdim(D::Minus1)?)?;
        kept.push(shares.index_select(&Tensor::new(&[2u32, 0], device)?, 0)?);
        let image = Tensor::zeros((1, 4, 16, 16), dtype, device)?;
        let kernel = Tensor::ones((8, 4, 3, 3), dtype, device)?;
        let image = image.conv2d(&kernel, 1, 1, 1, 1)?.silu()?;
        kept.push(image.upsample_nearest2d(32, 32)?);
    }
    let mut launches = 0;
    let took = machine.time(|| {
        std::thread::sleep(Duration::from_millis(5));
        launches += 1;
        kept.push(kept[0].affine(2., 1.)?);
        Ok(())
    })?;
    assert!(took >= Duration::from_millis(5) && took < Duration::from_mins(1) && launches == 1);

    let mut pinned = machine.pinned(1000).expect("a GPU has it")?;
    assert!(pinned.host().iter().all(|byte| *byte == 0));
    let expected: Vec<u8> = (0..=255).cycle().take(1000).collect();
    pinned.host().copy_from_slice(&expected);
    pinned.send()?;
    pinned.host().fill(0);
    pinned.fetch()?;
    machine.synchronize()?;
    assert_eq!(pinned.host(), expected);
    let values = Tensor::new(&[1.5f32, -2.], device)?;
    assert_eq!(values.to_vec1::<f32>()?, [1.5, -2.]);
    assert!(machine.free_bytes() < free);

    let identity = &machine.identity;
    let driver = identity.driver.as_deref().unwrap_or("none");
    Ok(format!("{}, {} bytes, driver {driver}, {free} free", identity.name, identity.memory_bytes))
}

#[test]
fn the_whole_path() {
    let all = stand_in(&LIBRARIES, &[]);
    assert_eq!(outcome(&all, &[]), "Stand-in GPU, 8589934592 bytes, driver 13.0, 8589934592 free");
}

#[test]
fn an_older_driver() {
    let old = stand_in(
        &["libcuda.so.1", "libcublas.so.12", "libcurand.so.10", "libcudnn.so.9"],
        &["-DOLD_NAMES"],
    );
    assert_eq!(
        outcome(&old, &[("STAND_IN_DRIVER", "12040")]),
        "Stand-in GPU, 8589934592 bytes, driver 12.4, 8589934592 free"
    );
    assert_eq!(
        outcome(&old, &[("STAND_IN_DRIVER", "11040")]),
        "CUDA cannot be used here: the NVIDIA driver here is for CUDA 11.4, and CUDA 11.8 is the oldest that will do: install a \
         newer driver"
    );
}

#[test]
fn libraries_of_the_active_python() {
    let driver = stand_in(&["libcuda.so.1"], &[]);
    let environment = tempfile::tempdir().expect("a folder");
    let [folder, programs] =
        ["packages/nvidia/cu13/lib", "bin"].map(|folder| environment.path().join(folder));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::create_dir_all(&programs).expect("a folder");
    for library in &LIBRARIES[1..] {
        symlink(driver.path().join("stand-in.so"), folder.join(library)).expect("a link");
    }
    let python = programs.join("python");
    std::fs::write(&python, "#!/bin/sh\nprintf '\\0relative\\0%s\\0' \"$VIRTUAL_ENV/packages\"\n")
        .expect("a file");
    std::fs::set_permissions(&python, Permissions::from_mode(0o755)).expect("a program");
    let said = outcome(&driver, &[("VIRTUAL_ENV", environment.path().to_str().expect("a name"))]);
    assert!(said.starts_with("Stand-in GPU, "), "{said}");
}

#[test]
fn no_device() {
    let all = stand_in(&LIBRARIES, &[]);
    assert_eq!(
        outcome(&all, &[("STAND_IN_DEVICES", "0")]),
        "CUDA cannot be used here: the driver sees no GPU; `nvidia-smi` shows what there is, and `CUDA_VISIBLE_DEVICES` hides \
         devices"
    );
    assert_eq!(
        outcome(&all, &[("DEVICE", "3")]),
        "there is no CUDA device 3; the first is 0, and `nvidia-smi` lists them"
    );
}

#[test]
fn a_missing_library() {
    if has_driver() {
        return;
    }
    assert_eq!(
        outcome(&stand_in(&[], &[]), &[]),
        "CUDA cannot be used here: the NVIDIA driver was not found (libcuda.so.1): install it if there is an NVIDIA GPU, or name \
         its folder in SPACELINT_CUDA_LIBS"
    );
    assert_eq!(
        outcome(&stand_in(&["libcuda.so.1", "libcurand.so.10"], &[]), &[]),
        "CUDA cannot be used here: cuBLAS was not found (libcublas.so.13 or libcublas.so.12): it comes with PyTorch for CUDA, so \
         activate the Python that has that, or name its folder in SPACELINT_CUDA_LIBS"
    );
    let broken = stand_in(&["libcuda.so.1", "libcurand.so.10"], &[]);
    std::fs::write(broken.path().join(CUBLAS), "no library").expect("a file");
    let said = outcome(&broken, &[]);
    assert!(said.starts_with("CUDA cannot be used here: cuBLAS cannot be opened: "), "{said}");
    assert!(said.contains(CUBLAS), "{said}");
}

#[test]
fn a_library_without_an_entry_point() {
    let old = stand_in(&LIBRARIES, &["-DcuMemAllocAsync=cuMemAllocLater"]);
    let said = outcome(&old, &[]);
    assert!(
        said.contains("the NVIDIA driver (")
            && said.ends_with("is too old: it has no `cuMemAllocAsync`"),
        "{said}"
    );
}

#[test]
fn errors_of_the_device() {
    let all = stand_in(&LIBRARIES, &[]);
    assert_eq!(
        outcome(&all, &[("STAND_IN_MEMORY", "20000")]),
        "the device has not enough memory for this"
    );
    let said = outcome(&all, &[("STAND_IN_LAUNCH", "719")]);
    assert_eq!(
        said,
        "the GPU failed while it computed, and does nothing more for this program (CUDA_ERROR_LAUNCH_FAILED): start it again"
    );
}
