"""Holds the tool's trace against CPython over thousands of random Spaces.

Only here do generator, oracle and tool meet. What they say is compared in `compare`; this module must not excuse
a difference.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import compare
import generate
import oracle
import shrink

#: With how many choices an unsettled program is run.
CHOICES = 4
BATCH = 40
#: Programs that are thrown away because they end in an exception or do too much.
MOST_EVENTS = 600


@dataclass
class Tally:
    """What a batch came to."""

    programs: collections.Counter = field(default_factory=collections.Counter)
    events: collections.Counter = field(default_factory=collections.Counter)
    marks: collections.Counter = field(default_factory=collections.Counter)
    constructs: collections.Counter = field(default_factory=collections.Counter)
    thrown_away: collections.Counter = field(default_factory=collections.Counter)
    blamed: collections.Counter = field(default_factory=collections.Counter)
    disagreed: list[tuple[str, bool, list[compare.Disagreement]]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("programs", "events", "marks", "constructs", "thrown_away", "blamed"):
            getattr(self, name).update(getattr(other, name))
        self.disagreed += other.disagreed


def runs_of(folder: Path, settled: bool, choices: Iterable[int] = range(CHOICES)) -> list[dict]:
    """What happened, once where everything is settled and else for several choices."""
    if settled:
        return [oracle.run_space(folder, harmless=True)]
    return [oracle.run_space(folder, choices=str(choice), harmless=True) for choice in choices]


def _endings(found: dict) -> list[str | None]:
    """How start-up, each root and each other process ended early, if they did."""
    return [found["ended"], *(root["ended"] for root in found["roots"]), *found["processes"]]


def is_valid(found: dict, settled: bool) -> str | None:
    """Why a run says nothing, if so."""
    if found["ended"] in ("killed", "no entry point"):
        return found["ended"]
    if len(found["events"]) > MOST_EVENTS:
        return "too many events"
    if "asyncio.run() cannot be called" in (found["ended"] or ""):
        return "an event loop within another"
    if settled:
        # What differs from run to run is no measure.
        if any(
            re.search(r" at 0x|<(class|function|module|built-in|bound|generator)|/recorded/", event["what"])
            for event in found["events"]
        ):
            return "an address, a type or something external in a value"
        return next((ended for ended in _endings(found) if ended is not None), None)
    # Where the program does not end itself, it is the program that is wrong.
    return next((ended for ended in _endings(found) if ended is not None and generate.GIVES_UP not in ended), None)
    return None


def disagreements(runs: list[dict], trace: dict, settled: bool) -> list[compare.Disagreement]:
    tool = compare.told(trace, settled)
    if settled:
        return compare.compare_settled(compare.happened(runs[0]), tool)
    found = []
    for run in runs:
        of_run = compare.compare_unsettled(compare.happened(run), tool)
        if run["ended"] is not None:
            # What a `finally` does on the way out does not tell how far the run had come.
            of_run = [other for other in of_run if other.way == "missing" or other.root is not None]
        found += of_run
    return found


def _mark_numbers(made: generate.Made) -> dict[tuple[str, int], int]:
    return {
        (path, line): int(match[1])
        for path, text in made.files.items()
        for line, content in enumerate(text.splitlines(), 1)
        if (match := re.search(r"# m(\d+)$", content))
    }


def blame(tally: Tally, made: generate.Made, found: list[compare.Disagreement]) -> None:
    """Which constructs the first difference depends on."""
    numbers = _mark_numbers(made)
    first = next((other.event for other in found if other.event is not None), None)
    if first is not None and (first[2], first[3]) in numbers:
        tally.blamed.update(made.marks[numbers[first[2], first[3]]])


def count(tally: Tally, made: generate.Made, runs: list[dict]) -> None:
    """Which constructs a mark that happened depends on."""
    mode = "settled" if made.settled else "unsettled"
    numbers = _mark_numbers(made)
    reached = {numbers.get((event["path"], event["line"])) for run in runs for event in run["events"]} - {None}
    tally.programs[mode] += 1
    tally.events[mode] += sum(len(run["events"]) for run in runs)
    tally.marks[mode] += len(reached)
    tally.constructs.update({label for number in reached for label in made.marks[number]})


@dataclass(frozen=True)
class Programs:
    """Which programs are made, but for their seeds, and what is held against them."""

    binary: Path
    shape: generate.Shape

    def make(self, seed: str, settled: bool) -> generate.Made:
        return generate.make(seed, settled, self.shape)


def batch(task: tuple[Programs, list[tuple[str, bool]]]) -> Tally:
    """Makes, runs and compares some programs."""
    programs, seeds = task
    tally = Tally()
    folder = Path(tempfile.mkdtemp(prefix="agree-"))
    try:
        kept = {}
        for number, (seed, settled) in enumerate(seeds):
            made = programs.make(seed, settled)
            place = folder / f"s{number}"
            generate.write(made.files, place)
            runs = runs_of(place, settled)
            reason = next(filter(None, (is_valid(run, settled) for run in runs)), None)
            if reason is not None:
                tally.thrown_away[f"{'settled' if settled else 'unsettled'}: {reason[:60]}"] += 1
                shutil.rmtree(place)
                continue
            kept[place.name] = (made, runs)
        told = compare.traces(programs.binary, folder)
        for name, (made, runs) in kept.items():
            count(tally, made, runs)
            if found := disagreements(runs, told[name], made.settled):
                tally.disagreed.append((made.seed, made.settled, found))
                blame(tally, made, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tally


def smallest(programs: Programs, seed: str, settled: bool, wanted: compare.Disagreement) -> tuple[shrink.Files, str]:
    """The smallest program that disagrees in the same way, and both stories of it."""
    folder = Path(tempfile.mkdtemp(prefix="shrink-"))
    original = programs.make(seed, settled).files
    last = ""
    choices = list(range(CHOICES))

    def shows(files: shrink.Files) -> bool:
        nonlocal last
        if not _is_whole(files, original):
            return False
        place = folder / "space"
        shutil.rmtree(place, ignore_errors=True)
        generate.write(files, place)
        runs = runs_of(place, settled, choices)
        if any(is_valid(run, settled) for run in runs):
            return False
        try:
            trace = compare.traces(programs.binary, folder, timeout=20)["space"]
        except (RuntimeError, KeyError, OSError):
            return False
        for run in runs:
            if any(ended is not None for ended in _endings(run)) and files is not original:
                continue
            found = disagreements([run], trace, settled)
            if any(other.signature == wanted.signature for other in found):
                # One run that shows it is enough from here on.
                choices[:] = [choices[runs.index(run)]]
                last = side_by_side([run], trace, found)
                return True
        return False

    try:
        shows(original)
        files = shrink.shrink(original, shows)
        return files, last
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_whole(files: shrink.Files, original: shrink.Files) -> bool:
    """Whether no file is gone that is still asked for: it would be taken for a package."""
    gone = {Path(path).parts[0].removesuffix(".py") for path in original if path not in files}
    rest = "\n".join(text for path, text in files.items() if path.endswith(".py"))
    return not any(re.search(rf"\b{re.escape(name)}\b", rest) for name in gone)


def side_by_side(runs: list[dict], trace: dict, found: list[compare.Disagreement]) -> str:
    tool = compare.told(trace)
    lines = [f"  {disagreement}" for disagreement in dict.fromkeys(map(str, found))]
    for number, run in enumerate(runs):
        truth = compare.happened(run)
        lines.append(f"  CPython{f' (choices {number})' if len(runs) > 1 else ''}, ended: {truth.ended}")
        lines += [f"    {_shown(event)}" for event, *_ in truth.startup]
        for (key, _), events in truth.roots.items():
            lines += [f"    root {key}", *(f"      {_shown(event)}" for event, *_ in events)]
    lines.append("  spacelint trace")
    lines += [f"    {_shown(event)}{'' if always else ' sometimes'}" for event, always, _ in tool.startup]
    for (key, _), events in tool.roots.items():
        lines += [
            f"    root {key}",
            *(f"      {_shown(event)}{'' if always else ' sometimes'}" for event, always, _ in events),
        ]
    return "\n".join(lines)


def _shown(event: compare.Event) -> str:
    kind, what, path, line, phase = event
    return f"{path}:{line} {kind} {what} [{phase}]"


def report(tally: Tally, programs: Programs, shown: int, keep: Path | None) -> None:
    """Disagreements with their smallest programs, one of each way before a second of any."""
    ways: dict[tuple, list[tuple[str, bool, compare.Disagreement]]] = {}
    for seed, settled, found in tally.disagreed:
        # What comes after the first difference may come of it.
        ways.setdefault((settled, found[0].signature), []).append((seed, settled, found[0]))
    print("\nconstructs on which the first difference depends, by how often that is so where they are reached:")
    rates = {label: times / max(1, tally.constructs[label]) for label, times in tally.blamed.items()}
    for label, rate in sorted(rates.items(), key=lambda item: -item[1])[:40]:
        print(f"{rate:7.0%} of {tally.constructs[label]} {label}")
    seen: set[str] = set()
    # One of each way, then a second of each, …
    turns = itertools.zip_longest(*sorted(ways.values(), key=len, reverse=True))
    for seed, settled, disagreement in itertools.islice(filter(None, itertools.chain.from_iterable(turns)), shown):
        times = len(ways[settled, disagreement.signature])
        mode = "settled" if settled else "unsettled"
        files, story = smallest(programs, seed, settled, disagreement)
        shape = re.sub(r"\d+", "", "".join(text for path, text in files.items() if path.endswith(".py")))
        if shape in seen:
            continue
        seen.add(shape)
        print(f"\n=== {mode}: {disagreement.signature} in {times} programs; seed {seed!r}: {disagreement}")
        for path, text in files.items():
            if path.endswith(".py"):
                print(f"--- {path}\n{text}", end="")
        print(story, flush=True)
        if keep is not None:
            generate.write(files, keep / f"{mode}-{seed.replace('/', '-')}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spacelint", type=Path, required=True, help="the binary")
    parser.add_argument("--count", type=int, default=1000, help="how many programs")
    parser.add_argument("--seed", help="makes the same programs again; one is chosen and printed otherwise")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--unsettled-share", type=float, default=0.3)
    parser.add_argument("--size", type=int, help="about how many statements a program has, instead of a few dozen")
    parser.add_argument("--without", default="", help="constructs and expressions that are left out, joined by commas")
    parser.add_argument("--floor", type=float, help="the least number of programs per 10,000 for each construct")
    parser.add_argument(
        "--least",
        type=float,
        default=100,
        help="the least share of programs, in per cent, that must agree in each mode",
    )
    parser.add_argument("--quiet", action="store_true", help="without the table of constructs")
    parser.add_argument("--shown", type=int, default=4, help="how many disagreements are shrunk")
    parser.add_argument("--keep", type=Path, help="where shrunk programs are left")
    arguments = parser.parse_args()
    seed = arguments.seed or str(random.SystemRandom().randrange(10**9))
    shape = generate.Shape(arguments.size, frozenset(arguments.without.split(",")))
    programs = Programs(arguments.spacelint.resolve(), shape)
    print(f"seed {seed}", flush=True)
    started = time.monotonic()
    unsettled = round(arguments.count * arguments.unsettled_share)
    seeds = [(f"{seed}/{number}", number >= unsettled) for number in range(arguments.count)]
    random.Random(seed).shuffle(seeds)
    tasks = [(programs, seeds[start : start + BATCH]) for start in range(0, len(seeds), BATCH)]
    tally = Tally()
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("fork")) as pool:
        for found in pool.map(batch, tasks):
            tally.add(found)
    disagreed = collections.Counter("settled" if settled else "unsettled" for _, settled, _ in tally.disagreed)
    for mode in ("settled", "unsettled"):
        total = tally.programs[mode]
        held = f"{tally.marks[mode]} marks, {tally.events[mode]} events"
        print(f"{mode}: {total - disagreed[mode]} of {total} programs agree; {held}")
    thrown = sum(tally.thrown_away.values())
    print(f"thrown away: {thrown}; {', '.join(f'{n}× {why}' for why, n in tally.thrown_away.most_common(5))}")
    print(f"{time.monotonic() - started:.0f} s")
    too_few = [
        mode for mode, total in tally.programs.items() if 100 * (total - disagreed[mode]) < arguments.least * total
    ]
    below = []
    floor = (arguments.floor or 0) * arguments.count / 10_000
    for label, times in sorted(tally.constructs.items(), key=lambda item: (item[1], item[0])):
        short = times < floor
        below += [label] * short
        if not arguments.quiet:
            print(f"{times:7} {label}{' (below the floor)' if short else ''}")
    if tally.disagreed:
        report(tally, programs, arguments.shown, arguments.keep)
    return 1 if too_few or below else 0


if __name__ == "__main__":
    sys.exit(main())
