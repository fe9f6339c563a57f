"""Shows that what `rules/knowledge/drift.toml` says happens: installs and runs the proof of each entry.

    python3.11 rules/tests/drift/prove.py [--only TEXT] [--keep FOLDER] [--log FILE] [--uv]

For each environment that an entry's proof lists, a scratch virtual environment is made with pip, wheels alone; entries
that list the same share one. In it the entry's program is run, or those that follow from the entry, and each must
end in the error that the table promises. Ends with 1 if one does not. `--keep` leaves the environments for the next
run, which is then not one of today; `--only` takes the entries whose title has that text; `--uv` makes the
environments with uv, where that is installed, in a fraction of the time.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "knowledge" / "drift.toml"
DRIVER = Path(__file__).with_name("drive.py")


@dataclass(frozen=True)
class Case:
    """One program, or one call of pip, and the error it must end in."""

    title: str
    install: tuple[str, ...]
    error: str
    #: What the driver runs: {"program": …}, {"read": …} or {"call": …, "argument": …}, with the module that it is "of"; none
    #: for pip itself.
    run: str | None
    python: str | None


def fill(text: str, full: str, argument: str = "") -> str:
    parent, _, last = full.rpartition(".")
    # Of a method the object that has it, of a class itself.
    owner = full if last[:1].isupper() or last[:1].islower() and full.count(".") < 2 else f"{parent}()"
    for key, value in {
        "{name}": full,
        "{call}": full,
        "{parent}": parent,
        "{class}": parent.rpartition(".")[2],
        "{last}": last,
        "{object}": owner if owner == full else f"{owner}.{last}",
        "{argument}": argument,
    }.items():
        text = text.replace(key, value)
    return text


def cases_of_name(entry: dict) -> list[tuple[str, str, dict]]:
    """Each as what it is about, its error and what runs."""
    found = []
    full_names = [f"{of}.{name}" for of in entry.get("of", []) for name in entry["names"]] or entry["names"]
    is_module = entry.get("module", False)
    ways = entry.get("ways", ["import"] if is_module else ["import", "read"])
    for full in full_names:
        parent, _, last = full.rpartition(".")
        errors = {
            "import": entry.get(
                "import_error",
                "ModuleNotFoundError: No module named '{name}'"
                if is_module
                else "ImportError: cannot import name '{last}' from '{parent}'",
            ),
            "read": entry.get("read_error", "AttributeError: module '{parent}' has no attribute '{last}'"),
        }
        for way in ways:
            program = entry["proof"].get("program")
            if program:
                run = {"program": fill(program, full)}
            elif way == "read":
                run = {"read": full}
            else:
                run = {"program": f"import {full}" if is_module else f"from {parent} import {last}"}
            found.append((f"{full}, {way}", fill(errors[way], full), {**run, "of": parent or full}))
    return found


def cases_of_argument(entry: dict) -> list[tuple[str, str, dict]]:
    error = entry.get("error", "TypeError: … got an unexpected keyword argument '{argument}'")
    program = entry["proof"].get("program")
    return [
        (
            f"{call}({argument}=)",
            fill(error, call, argument),
            {
                **({"program": fill(program, call, argument)} if program else {"call": call, "argument": argument}),
                "of": call.partition(".")[0],
            },
        )
        for call in entry["calls"]
        for argument in entry["arguments"]
    ]


def cases_of_pair(entry: dict) -> list[tuple[str, str, dict | None]]:
    title = f"{entry['package']} {entry['range']} with {entry['beside']} {entry['beside_range']}"
    program = entry["proof"].get("program")
    if not program:
        return [(title, entry["error"], None)]
    calls = entry.get("calls", [""])
    return [(f"{title} {call}".rstrip(), entry["error"], {"program": fill(program, call)}) for call in calls]


def cases(table: dict) -> list[tuple[str, list[Case]]]:
    """The entries, each with its cases."""
    entries = []
    for kind, of in (("name", cases_of_name), ("argument", cases_of_argument), ("pair", cases_of_pair)):
        for entry in table[kind]:
            found = of(entry)
            proof = entry["proof"]
            title = f"[[{kind}]] {found[0][0]} ({entry['package']} {entry['range']})"
            entries.append(
                (
                    title,
                    [
                        Case(about, tuple(install), error, json.dumps(run) if run else None, proof.get("python"))
                        for install in proof["install"]
                        for about, error, run in found
                    ],
                )
            )
    return entries


class Environments:
    """Scratch virtual environments, one for each list of requirements."""

    def __init__(self, folder: Path, uv: bool, keep: bool) -> None:
        self.folder = folder
        self.uv = uv
        self.keep = keep

    def place(self, install: tuple[str, ...], python: str | None) -> Path:
        """Where it stands."""
        return self.folder / ("".join(c if c.isalnum() else "_" for c in " ".join(install) + (python or "")) or "bare")

    def done_with(self, install: tuple[str, ...], python: str | None) -> None:
        """Takes it away, unless it is kept: those with PyTorch are gigabytes each."""
        if not self.keep:
            shutil.rmtree(self.place(install, python), ignore_errors=True)

    def make(self, install: tuple[str, ...], python: str | None) -> tuple[Path, str]:
        """The environment's Python, and what pip says that it holds; raises if pip fails."""
        folder = self.place(install, python)
        interpreter = folder / "bin" / "python"
        done = folder / "done"
        if not done.exists():
            base = f"python{python}" if python else sys.executable
            venv = ["uv", "venv", "--quiet", "--clear", "--python", base] if self.uv else [base, "-m", "venv"]
            subprocess.run([*venv, str(folder)], check=True, capture_output=True)
            if install and self.uv:
                installs(["uv", "pip", "install", "--python", str(interpreter)], install)
            elif install:
                installs([str(interpreter), "-m", "pip", "install"], install)
            done.write_text("")
        listing = "import importlib.metadata as m; print(*sorted({f'{d.name} {d.version}' for d in m.distributions()}), sep=', ')"
        listed = subprocess.run([str(interpreter), "-c", listing], capture_output=True, text=True, check=True)
        return interpreter, listed.stdout.strip()


def installs(command: list[str], requirements: Iterable[str]) -> None:
    """Installs wheels; raises with what is said if that fails."""
    done = subprocess.run([*command, "--quiet", "--only-binary", ":all:", *requirements], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())


def has_python(version: str) -> bool:
    """Whether that Python is here; a mere launcher of it may be."""
    try:
        done = subprocess.run([f"python{version}", "-c", "import venv"], capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def matches(error: str, got: str) -> bool:
    """Whether `got` is what the table promises, of which `…` stands for anything."""
    at = 0
    for part in error.split("…"):
        at = got.find(part.strip(), at)
        if at < 0:
            return False
        at += len(part.strip())
    return True


def run_group(environments: Environments, key: tuple, group: list[Case]) -> dict[Case, str]:
    """What came of each case that shares an environment: "" if it was as promised."""
    install, python, is_pip = key
    try:
        return run_cases(environments, install, python, group, is_pip)
    finally:
        environments.done_with(install, python)


def run_cases(
    environments: Environments, install: tuple, python: str | None, group: list[Case], is_pip: bool
) -> dict[Case, str]:
    """The same."""
    if is_pip:
        try:
            with tempfile.TemporaryDirectory() as target:
                base = f"python{python}" if python else sys.executable
                installs([base, "-m", "pip", "install", "--dry-run", "--target", target], install)
            got = "pip installs them"
        except RuntimeError as error:
            got = str(error)
        return {case: "" if matches(case.error, got) else got[-400:] for case in group}
    try:
        interpreter, frozen = environments.make(install, python)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        return dict.fromkeys(group, f"the environment cannot be made: {str(error)[-400:]}")
    print(f"  environment {' '.join(install) or 'bare'}: {frozen}", flush=True)
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [str(interpreter), str(DRIVER)],
            input=json.dumps([json.loads(case.run) for case in group]),
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment,
            timeout=1800,
        )
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        return dict.fromkeys(group, f"the driver failed: {done.stderr[-400:]}")
    errors = json.loads(lines[-1])
    return {
        case: "" if matches(case.error, got) else f"promised {case.error!r}, got {got[-600:]!r}"
        for case, got in zip(group, errors, strict=True)
    }


def main() -> int:
    """Runs what was asked for and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="take the entries whose title has this text")
    parser.add_argument("--keep", type=Path, help="keep the environments in this folder")
    parser.add_argument("--log", type=Path, help="write what is printed at the end to this file too")
    parser.add_argument("--uv", action="store_true", help="make the environments with uv")
    parser.add_argument("--jobs", type=int, default=1, help="how many environments at a time")
    options = parser.parse_args()
    entries = [entry for entry in cases(tomllib.loads(TABLE.read_text())) if options.only in entry[0]]
    folder = (options.keep or Path(tempfile.mkdtemp(prefix="drift-"))).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    groups: dict[tuple, list[Case]] = {}
    for _, of in entries:
        for case in of:
            if case.python is None or has_python(case.python):
                groups.setdefault((case.install, case.python, case.run is None), []).append(case)
    environments = Environments(folder, options.uv, options.keep is not None)
    with ThreadPoolExecutor(options.jobs) as pool:
        done = list(pool.map(lambda item: run_group(environments, *item), groups.items()))
    outcome = {case: came for group in done for case, came in group.items()}
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return report(entries, outcome, options.log)


def report(entries: list[tuple[str, list[Case]]], outcome: dict[Case, str], log: Path | None) -> int:
    """Prints the log and says how it went."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = []
    proven = failed = skipped = 0
    for title, of in entries:
        ran = [case for case in of if case in outcome]
        wrong = [case for case in ran if outcome[case]]
        if not ran:
            skipped += 1
            lines.append(f"{today} not run  {title}: Python {of[0].python} is not here")
        elif wrong:
            failed += 1
            lines.append(f"{today} FAILED   {title}: {len(ran) - len(wrong)} of {len(ran)} programs")
            lines += [f"    {case.title} with {' '.join(case.install)}: {outcome[case]}" for case in wrong]
        else:
            proven += 1
            lines.append(f"{today} proven   {title}: {len(ran)} of {len(ran)} programs")
    lines.append(f"{today} {proven} entries proven by {len(outcome)} programs, {failed} failed, {skipped} not run")
    text = "\n".join(lines)
    print(text)
    if log:
        log.write_text(text + "\n")
    return 1 if failed or not proven else 0


if __name__ == "__main__":
    sys.exit(main())
