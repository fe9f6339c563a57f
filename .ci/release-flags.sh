# Sourced before a release is built: what the program holds of paths, such as where a panic came from, must not depend on
# whose machine builds it, or nobody could build the same program.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="--remap-path-prefix=$PWD=/spacelint --remap-path-prefix=$cargo_home=/cargo"
export CFLAGS="-ffile-prefix-map=$PWD=/spacelint -ffile-prefix-map=$cargo_home=/cargo"
