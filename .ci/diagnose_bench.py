"""How long `spacelint diagnose` takes for a large log beside `grep -F -f` with the same texts, and in how much memory.

    cargo build --release -p spacelint && python3 .ci/diagnose_bench.py [--megabytes 100] [--spacelint PROGRAM]

Both read the same log, which is made from a seed, in turns and several times in one run, so that whatever else the machine
does meets both. Ends with status 1 if spacelint takes more than twice grep's time, or more than 100 MB.
"""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "rules" / "knowledge"
TURNS = 5
MOST_TIMES = 2
MOST_MEMORY = 100

# What logs are full of. `{}` is another number each time.
LINES = [
    "Downloading shards:  {}%|███▌      | {}/{} [00:0{}<00:1{}, 103MB/s]",
    "INFO:     10.16.{}.{}:{} - \"GET /config HTTP/1.1\" 200 OK",
    "#9 {}.{} Collecting package-{}==1.{}.{} (from -r /tmp/requirements.txt (line {}))",
    "step {} loss 0.{} lr 1e-{} grad 0.{}",
    "2026-11-20 10:{}:{},{} - model - INFO - frame {} of {} done in 0.{} s",
    "",
]
TRACEBACK = """Traceback (most recent call last):
  File "/usr/local/lib/python3.12/site-packages/gradio/queueing.py", line 870, in process_events
    response = await route_utils.call_process_api(
  File "/home/user/app/app.py", line {}, in answer
    return model(prompt)
ValueError: prompt {} is too long
"""


def texts():
    """What is searched for, as spacelint does it."""
    failures = tomllib.loads((TABLES / "failures.toml").read_text(encoding="utf-8"))["failure"]
    yield from (one["text"] for failure in failures for one in failure.get("signature", []))
    pairs = tomllib.loads((TABLES / "drift.toml").read_text(encoding="utf-8"))["pair"]
    yield from (max(pair["error"].split("…"), key=len) for pair in pairs)


def make(path, megabytes):
    """A log of that size: mostly harmless, with a traceback now and then, and a cause at its end."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8") as log:
        while log.tell() < megabytes << 20:
            for _ in range(2000):
                line = TRACEBACK if chance.random() < 0.001 else chance.choice(LINES)
                numbers = [chance.randrange(100) for _ in range(line.count("{}"))]
                log.write(line.format(*numbers) + "\n")
        log.write("ModuleNotFoundError: No module named 'cv2'\n")


def run(command):
    """Seconds, and the most memory in MB that any child has had so far."""
    begin = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode > 1:
        sys.exit(f"{command[0]} ended with status {done.returncode}")
    return seconds, done.stdout, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main():
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--spacelint", type=Path, default=ROOT / "target" / "release" / "spacelint")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, patterns = Path(folder, "run.log"), Path(folder, "texts")
        make(log, asked.megabytes)
        known = sorted(set(filter(None, texts())))
        patterns.write_text("\n".join(known) + "\n", encoding="utf-8")
        diagnose = [str(asked.spacelint), "diagnose", "--format", "json", str(log)]
        # The first runs fill the cache; and spacelint's memory is known before grep can raise the mark.
        _, said, memory = run(diagnose)
        if '"failure":"missing-requirement"' not in said:
            sys.exit("the cause at the end of the log was not told")
        # Lines are counted, for what prints nothing may stop at the first one.
        grep = ["grep", "-c", "-F", "-f", str(patterns), str(log)]
        run(grep)
        turns = [(run(diagnose)[0], run(grep)[0]) for _ in range(TURNS)]
        size = log.stat().st_size / (1 << 20)
    own, other = (statistics.median(one) for one in zip(*turns, strict=True))
    print(f"{size:.0f} MB, {len(known)} texts, the median of {TURNS} turns")
    print(f"spacelint diagnose  {own:.2f} s  {size / own:.0f} MB/s  at most {memory:.0f} MB of memory")
    print(f"grep -F -f          {other:.2f} s  {size / other:.0f} MB/s")
    print(f"ratio               {own / other:.2f} (at most {MOST_TIMES})")
    return int(own > MOST_TIMES * other or memory > MOST_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
