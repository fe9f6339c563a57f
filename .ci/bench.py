"""How fast spacelint is beside ruff, zizmor, an empty program and the bare parse, all in one run.

    python3 .ci/bench.py            prints the table
    python3 .ci/bench.py --renew    puts it into README.md

Programs that are compared take turns, so that whatever else the machine does meets both. What is measured is built
here; the others are installed under target/tools, in the versions below. It ends with status 1 if the program or its
memory is larger than the budgets below say; times are for people to judge, on a machine that does nothing else.
"""

import argparse
import datetime
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trees

ROOT = trees.ROOT
PEERS = ["ruff==0.17.6", "zizmor==1.32.0"]
TOOLS = ROOT / "target" / "tools" / "peers"
SPACELINT = ROOT / "target" / "release" / "spacelint"

# Each pair of programs takes turns for about so many seconds, within these numbers of turns.
SECONDS = 6
TURNS = (5, 201)
# The budget of memory, in MB, on a million lines.
MOST_MEMORY = 200

BEGIN, END = "<!-- speed -->\n", "<!-- end of speed -->"


def built():
    """Builds what is measured, and installs the others."""
    made_of = TOOLS / "made-of.txt"
    if not made_of.is_file() or made_of.read_text(encoding="utf-8").split() != PEERS:
        shutil.rmtree(TOOLS, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", TOOLS], check=True)
        pip = [TOOLS / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PEERS], check=True)
        made_of.write_text("\n".join(PEERS), encoding="utf-8")
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "spacelint"], cwd=ROOT, check=True)


def empty(folder):
    """A Rust program that does nothing, built as spacelint is."""
    source = folder / "empty.rs"
    source.write_text("fn main() {}\n", encoding="utf-8")
    program = folder / "empty"
    options = ["--edition", "2024", "-C", "opt-level=s", "-C", "lto=fat", "-C", "strip=symbols"]
    subprocess.run(["rustc", *options, "-o", program, source], check=True)
    return program


def run(command, folder):
    """Seconds, and the most memory in MB, of a run whose output nobody reads. What Python itself takes is the least that
    the system tells of a child."""
    actions = [(os.POSIX_SPAWN_OPEN, one, os.devnull, os.O_RDWR, 0) for one in range(3)]
    command = [str(part) for part in command]
    os.chdir(folder)
    begin = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) not in (0, 1, *ZIZMOR):
        sys.exit(f"{' '.join(command)} in {folder} ended with status {status}")
    return seconds, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


# How zizmor ends when it finds something.
ZIZMOR = range(10, 15)


def measured(pair, folders):
    """The median of the seconds, and the most memory in MB, of each of two commands, which take turns."""
    both = list(zip(pair, folders, strict=True))
    # These fill the cache.
    first = [run(command, folder) for command, folder in both]
    turns = int(SECONDS / sum(seconds for seconds, _ in first))
    turns = [[run(command, folder) for command, folder in both] for _ in range(min(max(turns, TURNS[0]), TURNS[1]))]
    for one in zip(*turns, strict=True):
        seconds, memory = zip(*one, strict=True)
        yield statistics.median(seconds), max(memory)


def traced(spaces):
    """How the trace compares to the bare parse of what it reaches, for each Space: from the benchmark in lint/space."""
    bench = ["cargo", "bench", "--locked", "--quiet", "-p", "spacelint-space", "--bench", "trace", "--"]
    done = subprocess.run(
        [*bench, *(str(space) for space in spaces)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    row = re.compile(r"^ *\d+ +\d+ +\d+ +(\S+) +(\S+) +[\d.]+  ", re.MULTILINE)
    for parse, read in row.findall(done.stdout):
        yield in_seconds(read), in_seconds(parse)


def in_seconds(duration):
    """What Rust prints of a duration."""
    number, unit = re.fullmatch(r"([\d.]+)(ns|µs|ms|s)", duration).groups()
    return float(number) * {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}[unit]


def taken(memory, floor):
    """As much memory as can be told."""
    if memory is None:
        return ""
    return f"under {floor:.0f} MB" if memory <= floor else f"{memory:.0f} MB"


def shown(seconds):
    """As a person would say it."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.{1 if seconds < 0.1 else 0}f} ms"


def rows(folder):
    """The rows of the table, each with what it is, own and other seconds, own and other MB of memory, and the other."""
    tool = {name: TOOLS / "bin" / name for name in ("ruff", "zizmor")}
    check = [SPACELINT, "check", "."]
    ruff = [tool["ruff"], "check", "--no-cache", "."]

    nothing = empty(folder)
    own, other = measured([[SPACELINT, "--version"], [nothing]], [folder, folder])
    yield "`--version`", own, other, "an empty program"

    trees.copied(folder / "tiny", trees.TINY)
    trees.copied(folder / "typical", trees.TYPICAL)
    trees.library(folder / "vendored", *trees.VENDORED)
    trees.library(folder / "reached", *trees.REACHED)
    trees.many(folder / "spaces", 1000)
    trees.library(folder / "million", 5300, 2)
    trees.library(folder / "million-reached", 5300, 5300)
    for name, what in (
        ("tiny", "a tiny Space"),
        ("typical", "a typical Space"),
        ("vendored", "one with a vendored library, of which it imports a tenth"),
        ("reached", "one that imports all of such a library"),
        ("spaces", "1,000 Spaces"),
        ("million", "one with a million lines, of which it imports few"),
        ("million-reached", "one that imports a million lines, and is followed as far as the limits go"),
    ):
        files, lines = trees.size(folder / name)
        own, other = measured([check, ruff], [folder / name, folder / name])
        yield f"{what} ({files:,} file{'s' if files > 1 else ''}, {lines:,} lines)", own, other, "`ruff`"

    workflows = folder / "workflows"
    shutil.copytree(ROOT / ".github" / "workflows", workflows / ".github" / "workflows")
    shutil.copy(ROOT / "action.yml", workflows)
    zizmor = [tool["zizmor"], "--offline", "--no-progress", "--quiet", "."]
    own, other = measured([check, zizmor], [folder / "typical", workflows])
    yield "a typical Space, beside this repository's workflows and Action", own, other, "`zizmor`"

    names = {"typical": "the typical Space", "vendored": "the one with a library", "reached": "all of the library"}
    for what, (own, other) in zip(names.values(), traced(folder / one for one in names), strict=True):
        yield f"{what} from disk to trace, beside the parse alone", (own, None), (other, None), "tree-sitter"


def table(measurements, floor):
    """In Markdown."""
    yield "| what | spacelint | the other | ratio | memory | its memory |"
    yield "|---|---|---|---|---|---|"
    for what, (own, memory), (other, its_memory), name in measurements:
        size = [taken(one, floor) for one in (memory, its_memory)]
        yield f"| {what} | {shown(own)} | {name} {shown(other)} | {own / other:.2f} | {size[0]} | {size[1]} |"


def machine():
    """What it was measured on, and with."""
    name = platform.processor() or platform.machine()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        name = re.search(r"^model name\s*: (.*)", text, re.MULTILINE)[1]
    except (OSError, TypeError):
        pass
    rust = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True)
    rust = rust.stdout.split()[1]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    peers = ", ".join(peer.replace("==", " ") for peer in PEERS)
    return (
        f"{datetime.date.today()}, {name}, {cores} cores, {platform.system()}; Rust {rust}, {peers}; "
        f"the program has {SPACELINT.stat().st_size:,} bytes"
    )


def main():
    """Measure, print or renew, judge."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--renew", action="store_true", help="put the table into README.md")
    asked = parser.parse_args()
    built()
    with tempfile.TemporaryDirectory() as folder:
        measurements = list(rows(Path(folder)))
        floor = 1 + run([Path(folder, "empty")], folder)[1]
        os.chdir(ROOT)
    text = "\n".join([f"Medians: {machine()}.", "", *table(measurements, floor)]) + "\n"
    print(text)
    if asked.renew:
        readme = ROOT / "README.md"
        before, rest = readme.read_text(encoding="utf-8").split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        readme.write_text(f"{before}{BEGIN}{text}{END}{after}", encoding="utf-8")
    bytes_, memory = SPACELINT.stat().st_size, max(row[1][1] or 0 for row in measurements)
    if bytes_ >= trees.MOST_BYTES:
        print(f"the program has {bytes_:,} bytes; less than {trees.MOST_BYTES:,} is the budget")
    if memory >= MOST_MEMORY:
        print(f"it takes {memory:.0f} MB of memory; less than {MOST_MEMORY} is the budget")
    return int(bytes_ >= trees.MOST_BYTES or memory >= MOST_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
