"""Holds the tool's trace against CPython over Spaces that people wrote.

Nothing of a real Space is settled beyond doubt, so this prints what a person must judge: what happened and is not
told, and what is told for sure and did not happen although the run came past it. It never counts as a test.
"""

from __future__ import annotations

import argparse
import collections
import sys
from pathlib import Path

import compare
import oracle


def told_of(binary: Path, folder: Path) -> list[tuple[Path, dict]]:
    """The Spaces with an entry point at or below a folder, and what the tool tells of each."""
    found = []
    for name, trace in compare.traces(binary, folder).items():
        if trace["entry"] is not None:
            found.append((folder if name in ("", ".") else folder / name, trace))
    return found


def examine(space: Path, trace: dict, choices: list[str | None], root: Path) -> collections.Counter:
    """Prints how the two differ on one Space, and returns the figures."""
    entry = str((root / trace["entry"].removeprefix("./")).relative_to(space))
    tool = compare.told({**trace, "space": trace["space"].removeprefix("./") if space != root else ""})
    told = {event for event, *_ in tool.all_events()}
    figures: collections.Counter = collections.Counter()
    lacking: dict[compare.Event, None] = {}
    untrue: dict[compare.Disagreement, None] = {}
    seen_roots: dict[compare.RootKey, str | None] = {}
    ended = []
    for choice in choices:
        truth = compare.happened(oracle.run_space(space, entry, choices=choice))
        ended.append(truth.ended or "to the end")
        seen = {event for event, *_ in truth.all_events()}
        figures["events"] += len(seen)
        figures["told"] += len(seen) - len(
            {f.event for f in compare.compare_unsettled(truth, tool) if f.way == "missing"}
        )
        lacking.update(
            (found.event, None) for found in compare.compare_unsettled(truth, tool) if found.way == "missing"
        )
        untrue.update(
            (found, None) for found in compare.compare_unsettled(truth, tool) if found.way == "always-did-not-happen"
        )
        seen_roots.update({key: how for (key, _), how in truth.roots_ended.items()})
    told_roots = {key for key, _ in tool.roots}
    only_run = [key for key in seen_roots if key not in told_roots]
    figures.update(
        spaces=1,
        lacking=len(lacking),
        untrue=len(untrue),
        ran_to_the_end=all(e == "to the end" for e in ended),
        roots=len(seen_roots),
        roots_ended=sum(how is not None for how in seen_roots.values()),
        roots_lacking=len(only_run),
    )
    print(
        f"{space.name}/{entry}: ran {'; '.join(dict.fromkeys(ended))}; "
        f"{figures['told']} of {figures['events']} events told" + (", trace exhausted" if tool.exhausted else "")
    )
    for event in lacking:
        kind, what, path, line, phase = event
        near = [other for other in told if other[2:4] == event[2:4]]
        hint = f"; told there: {', '.join(f'{o[0]} {o[1]} [{o[4]}]' for o in near)}" if near else ""
        print(f"  lacks {path}:{line} {kind} {what} [{phase}]{hint}")
    for found in untrue:
        print(f"  {found}")
    for role, function, path, line in only_run:
        print(f"  lacks root {role} {function} {path}:{line}")
    for (role, function, path, line), how in seen_roots.items():
        if how is not None:
            print(f"  root {role} {function} {path}:{line} ended: {how}")
    sys.stdout.flush()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--spacelint", type=Path, required=True, help="the binary")
    parser.add_argument("--choices", type=int, default=0, help="how many runs with choices besides the one without")
    arguments = parser.parse_args()
    total: collections.Counter = collections.Counter()
    binary = arguments.spacelint.resolve()
    choices = [None, *map(str, range(arguments.choices))]
    for folder in map(Path.resolve, arguments.folders):
        if not folder.is_dir():
            continue
        try:
            spaces = told_of(binary, folder)
        except RuntimeError as error:
            print(f"{folder.name}: {error}")
            continue
        for space, trace in spaces:
            total.update(examine(space, trace, choices, folder))
    print(", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in total.items()))


if __name__ == "__main__":
    main()
