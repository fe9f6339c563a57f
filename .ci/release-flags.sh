# Sourced in the repository's root before a release is built: neither the folder, nor who builds, nor when, may leave a
# trace in the program, or nobody could build the same one.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="--remap-path-prefix=$PWD=/spacelint --remap-path-prefix=$cargo_home=/cargo"
if [ "${RUNNER_OS:-}" != Windows ]; then
  export CFLAGS="-ffile-prefix-map=$PWD=/spacelint -ffile-prefix-map=$cargo_home=/cargo"
fi
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
