#!/usr/bin/env bash
# Builds the wheel of a release for x86-64 Linux twice from the last commit, as the release's workflow does, in two folders
# of different names, and compares the two byte for byte. With a wheel as its argument, that one too: who has a
# release's wheel and its source can see that the one was made of the other.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
other=${1:+$(realpath "$1")}
target=x86_64-unknown-linux-gnu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/tools"
"$work/tools/bin/python" -m pip install --quiet --disable-pip-version-check \
  --require-hashes --only-binary :all: -r .ci/release.txt
# maturin asks `python3` for zig.
export PATH="$work/tools/bin:$PATH"
wheels=()
for folder in first the-second-one; do
  git clone --quiet "$root" "$work/$folder"
  (
    cd "$work/$folder"
    # shellcheck source=/dev/null
    . .ci/release-flags.sh
    python3 -m maturin build --quiet --release --locked --target "$target" \
      --zig --compatibility manylinux_2_17 --out dist
  )
  wheels+=("$work/$folder"/dist/*.whl)
  rm -rf "$work/$folder/target"
done
python3 - "${wheels[@]}" ${other:+"$other"} <<'COMPARE'
import hashlib, sys, zipfile

def files(wheel):
    """What it holds by name, without the list of its own files, and without the bill of materials, which has the folder
    and a number of its own in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if "/sboms/" not in name and not name.endswith("/RECORD")]
        return {name: archive.read(name) for name in names}

first, *others = map(files, sys.argv[1:])
for name, content in first.items():
    print(hashlib.sha256(content).hexdigest(), name)
for wheel, other in zip(sys.argv[2:], others):
    differ = sorted(name for name in first.keys() | other.keys() if first.get(name) != other.get(name))
    if differ:
        sys.exit(f"{wheel} has other {', '.join(differ)}")
print("the same")
COMPARE
