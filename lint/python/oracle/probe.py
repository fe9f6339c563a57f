"""Asks of every construct and every form of expression, one by one, whether the tool follows it.

`agree` finds what goes wrong where they are combined; this says at once what is not known at all.
"""

from __future__ import annotations

import argparse
import collections
import re
import shutil
import tempfile
from pathlib import Path

import agree
import compare
import generate


def _shape(files: dict[str, str]) -> str:
    """What two programs of the same form have in common: the words of their definitions."""
    text = "".join(text for path, text in files.items() if path.endswith(".py"))
    return " ".join(re.findall(r"^ *(?:def|class|@|with|try|except|for|if|import|from)[^\d\n]*", text, re.MULTILINE))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spacelint", type=Path, required=True, help="the binary")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--shown", type=int, default=8, help="programs of each construct")
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
        print(f"\n== {len(examples)} of {tried[name]}: {name}")
        shapes: dict[str, tuple[dict[str, str], str]] = {}
        for files, found in sorted(examples, key=lambda example: sum(map(len, example[0].values()))):
            shapes.setdefault(_shape(files), (files, found))
        for files, found in list(shapes.values())[: arguments.shown]:
            print(f"   {found}")
            for path, text in files.items() if ": " not in name else ():
                if path.endswith(".py"):
                    print(f"--- {path}\n{text}", end="")
    print(f"\n{sum(tried.values()) - sum(map(len, failed.values()))} of {sum(tried.values())} probes agree")


if __name__ == "__main__":
    main()
