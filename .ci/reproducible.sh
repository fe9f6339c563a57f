#!/usr/bin/env bash
# Builds the release program twice from the last commit, in two folders of different names, and compares the two byte for
# byte. With a file as its argument, a program of the same target, compares that one too: who has a release's program and
# its source can see that the one was made of the other.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
other=${1:+$(realpath "$1")}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
programs=()
for folder in first the-second-one; do
  git clone --quiet "$root" "$work/$folder"
  (cd "$work/$folder" && . .ci/release-flags.sh && cargo build --quiet --locked --release -p spacelint)
  programs+=("$work/$folder/target/release/spacelint")
done
sha256sum "${programs[@]}" ${other:+"$other"} | sed "s|$work/||"
for program in "${programs[1]}" ${other:+"$other"}; do
  cmp "${programs[0]}" "$program"
done
echo "the same"
