#!/usr/bin/env bash
# What the feature `cuda` is built with, from NVIDIA's Python wheels: no root, no GPU, no library of NVIDIA's but the compiler.
#
#     profiler/cuda/toolkit.sh DIR      DIR/cuda, DIR/nvcc and DIR/env.sh: 102 MB to download, 280 MB to keep
#     . DIR/env.sh
#     cargo build --release -p spacelint-profile --features cuda
#
# Linux on x86-64, with Python's pip and gcc. README.md beside this file says more.
set -euo pipefail
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "CUDA is built on Linux on x86-64 only" >&2; exit 1; }
mkdir -p "${1:?the folder to make}"
dir=$(cd "$1" && pwd)

# CUDA 13 alone: the wheels of CUDA 12 have no nvcc. cuBLAS, cuRAND and cuDNN are not needed to build.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
  --platform manylinux_2_17_x86_64 --platform manylinux_2_12_x86_64 \
  --require-hashes --dest "$dir/wheels" --requirement /dev/stdin <<'PINS'
nvidia-cuda-nvcc==13.0.88 --hash=sha256:56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03
nvidia-cuda-crt==13.0.88 --hash=sha256:2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4
nvidia-nvvm==13.0.88 --hash=sha256:c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0
nvidia-cuda-runtime==13.0.96 --hash=sha256:7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548
nvidia-cuda-cccl==13.0.85 --hash=sha256:e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649
PINS
for wheel in "$dir"/wheels/*.whl; do
  python3 -m zipfile -e "$wheel" "$dir/unpacked"
done
rm -r "$dir/wheels"
# Every wheel of CUDA 13 unpacks into this one folder.
home="$dir/unpacked/nvidia/cu13"
chmod +x "$home"/bin/* "$home"/nvvm/bin/*
ln -sfn lib "$home/lib64"
ln -sfn "$home" "$dir/cuda"

# What stands between candle's build and nvcc.
cat > "$dir/nvcc" <<'NVCC'
#!/bin/sh
real=${CUDA_HOME:?}/bin/nvcc
case " $* " in
  # Kernels for quantised weights, which nothing here calls and the linker drops: unoptimised, and for no chip in particular.
  # A file takes a tenth of the time that way, and there are eleven.
  *" -c "*mmq_*|*" -c "*mmvq_*|*" -c "*/moe/*)
    left=$#
    while [ "$left" -gt 0 ]; do
      argument=$1; shift; left=$((left - 1))
      case $argument in
        -gencode=*) argument=-gencode=arch=compute_80,code=compute_80 ;;
        -O3) argument=-O0 ;;
      esac
      set -- "$@" "$argument"
    done
    exec "$real" -Xcicc -O0 "$@" ;;
  # nvcc 13.0 writes PTX of version 9.0, which drivers before 580 refuse. The kernels use nothing that is newer than 7.1 (ptxas
  # of CUDA 12.1, 12.4, 12.8 and 13.0 takes them): 7.8 is what drivers since CUDA 11.8 read.
  *" --ptx "*)
    "$real" "$@" || exit
    folder= before= source=
    for argument; do
      [ "$before" = --output-directory ] && folder=$argument
      before=$argument source=$argument
    done
    exec sed -i '1,20s/^\.version 9\.0$/.version 7.8/' "$folder/$(basename "$source" .cu).ptx" ;;
  *) exec "$real" "$@" ;;
esac
NVCC
chmod +x "$dir/nvcc"

# 80 and no later: for 90 PTX is written that no other chip loads. The driver makes of it what its own chip runs, and matrix
# products are cuBLAS's.
printf 'export CUDA_HOME=%q NVCC=%q CUDA_COMPUTE_CAP=80 CUDARC_CUDA_VERSION=13000\n' "$dir/cuda" "$dir/nvcc" > "$dir/env.sh"
echo "then: . $dir/env.sh && cargo build --release -p spacelint-profile --features cuda"
