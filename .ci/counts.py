"""How many instructions spacelint takes, and how large it is, held against .ci/counts.json.

    python3 .ci/counts.py            compares, and ends with status 1 where there is more than was stored
    python3 .ci/counts.py --renew    stores what is counted now

An instruction is the same on a machine that is busy, where a second is not. But other machines' systems load programs in
other ways, memory is copied with what the processor has, and hash maps draw their seeds: within the tolerance that
stands in the file nothing is said. It is counted with the Rust that the file names, since another makes another program
of the same text, and the versions of all dependencies are in Cargo.lock: so a count changes with a change of this
repository alone, and whoever means it renews the file. Less than was stored is no failure, but should be stored, too.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import trees

ROOT = trees.ROOT
STORED = ROOT / ".ci" / "counts.json"
SPACELINT = ROOT / "target" / "release" / "spacelint"
# In percent.
TOLERANCE = 3


def counted(folder):
    """The instructions of each run, by its name."""
    trees.copied(folder / "tiny", trees.TINY)
    trees.copied(folder / "typical", trees.TYPICAL)
    trees.library(folder / "vendored", *trees.VENDORED)
    trees.library(folder / "reached", *trees.REACHED)
    yield "version", count(folder, "--version")
    for name in ("tiny", "typical", "vendored", "reached"):
        yield name, count(folder / name, "check", ".")


def count(folder, *arguments):
    """The instructions of one run."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", SPACELINT, *arguments]
    # What a person has set up counts as little as where the repository lies.
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=folder, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode > 1 or not found:
        sys.exit(f"{' '.join(map(str, command))} ended with status {done.returncode}:\n{done.stderr}")
    return int(found[1])


def toolchain():
    """The Rust that builds here, and for what."""
    said = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout
    return {key: re.search(rf"^{key}: (.*)$", said, re.MULTILINE)[1] for key in ("release", "host")}


def main():
    """Compare or renew."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--renew", action="store_true", help="store what is counted now")
    asked = parser.parse_args()
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {}
    rust = toolchain()
    if not asked.renew and rust != stored["rust"]:
        print(f"NOT COUNTED: this is Rust {rust}, and what is stored is of {stored['rust']}")
        return 0
    if not shutil.which("valgrind"):
        print("NOT COUNTED: there is no valgrind here")
        return 0
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "spacelint"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        counts = dict(counted(Path(folder)))
    if asked.renew:
        kept = {"rust": rust, "tolerance_percent": TOLERANCE, "instructions": counts}
        STORED.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    else:
        kept = stored
    more = False
    for name, now in counts.items():
        before = kept["instructions"][name]
        change = 100 * (now - before) / before
        over = change > kept["tolerance_percent"]
        more |= over
        print(f"{name:10} {now:15,} {change:+6.1f} %{'  more than the tolerance' if over else ''}")
    size = SPACELINT.stat().st_size
    print(f"{'program':10} {size:15,} bytes; less than {trees.MOST_BYTES:,} is the budget")
    if more:
        print("If that is meant, say why in the commit and run `python3 .ci/counts.py --renew`.")
    return int(more or size >= trees.MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
