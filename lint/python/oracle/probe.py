"""Asks of every construct and every form of expression, one by one, whether the tool follows it.

`agree` finds what goes wrong where they are combined; this says at once what is not known at all.
"""

from __future__ import annotations

import argparse
import collections
import shutil
import tempfile
from pathlib import Path

import agree
import compare
import generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spacelint", type=Path, required=True, help="the binary")
    parser.add_argument("--seed", default="0")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="probe-"))
    try:
        probes = generate.probes(arguments.seed)
        for number, (_, files) in enumerate(probes):
            generate.write(files, folder / f"p{number}")
        told = compare.traces(arguments.spacelint.resolve(), folder)
        tried: collections.Counter = collections.Counter()
        failed: dict[str, list[tuple[dict[str, str], str]]] = {}
        for number, (name, files) in enumerate(probes):
            runs = agree.runs_of(folder / f"p{number}", True)
            if agree.is_valid(runs[0], True):
                continue
            tried[name] += 1
            found = agree.disagreements(runs, told[f"p{number}"], True)
            if found:
                failed.setdefault(name, []).append((files, str(found[0])))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, examples in sorted(failed.items(), key=lambda item: -len(item[1])):
        files, found = min(examples, key=lambda example: sum(map(len, example[0].values())))
        print(f"\n== {len(examples)} of {tried[name]}: {name}\n   {found}")
        if ": " not in name:
            for path, text in files.items():
                if path.endswith(".py"):
                    print(f"--- {path}\n{text}", end="")
    print(f"\n{sum(tried.values()) - sum(map(len, failed.values()))} of {sum(tried.values())} probes agree")


if __name__ == "__main__":
    main()
