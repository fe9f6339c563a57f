"""The trees that `.ci/bench.py` and `.ci/counts.py` measure on: the same on every machine, whenever they are made."""

import random
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPACES = ROOT / "testdata" / "spaces"

CARD = """---
title: Bench
sdk: gradio
sdk_version: "6.31.0"
python_version: "3.12"
app_file: app.py
---
"""
APP = """import gradio as gr
import spaces
import torch
{imports}

model = torch.nn.Linear(8, 8).to("cuda")


@spaces.GPU(duration=30)
def answer(text):
    with torch.inference_mode():
        return library.run(model, text)


with gr.Blocks() as demo:
    box = gr.Textbox()
    gr.Button().click(answer, box, box)

demo.launch()
"""
# What a module of the library is made of. `{}`s are names and numbers.
MODULE = '''"""Part of a library: {name}."""

import functools
import os
import re
from dataclasses import dataclass, field
from typing import Any, Optional
{imports}

LIMIT = {number}
PATTERN = re.compile(r"^[a-z]+_{number}$")
TABLE = {{"alpha": {number}, "beta": [1, 2, 3], "gamma": {{"delta": LIMIT * 2, "epsilon": None}}}}

'''
CLASS = '''
@dataclass
class Options{number}:
    """How {name} behaves."""

    size: int = {number}
    names: list = field(default_factory=list)
    parent: Optional["Options{number}"] = None

    def merged(self, other: "Options{number}") -> "Options{number}":
        names = [name for name in (*self.names, *other.names) if name and not name.startswith("_")]
        return Options{number}(size=max(self.size, other.size), names=sorted(set(names)), parent=self)


class Worker{number}(Base):
    """Does one thing after the other."""

    default = Options{number}()

    def __init__(self, options=None, **extra: Any) -> None:
        super().__init__()
        self.options = options or self.default
        self.cache = {{}}
        self.extra = dict(extra, kind="{name}", number={number})

    @property
    def path(self) -> str:
        return os.path.join(self.extra.get("root", "."), f"{{self.options.size:04d}}-{name}.txt")

    def run(self, items, *, limit: int = {number}):
        total = 0
        for index, item in enumerate(items):
            if index >= limit or item is None:
                break
            try:
                total += self.step(item, index)
            except (KeyError, ValueError) as error:
                self.cache[item] = str(error)
                continue
            else:
                self.cache.setdefault(item, []).append(total)
        return total

    def step(self, item, index):
        if isinstance(item, str) and PATTERN.match(item):
            return len(item) + index
        if item in TABLE:
            return sum(value for value in TABLE.values() if isinstance(value, int))
        while index > 0 and index % 7:
            index -= 1
        return index * LIMIT


@functools.lru_cache(maxsize=None)
def helper_{number}(first, second=None, *rest):
    """Makes one of two, as `{name}` needs it."""
    if second is None:
        return {{"first": first, "rest": rest}}
    pairs = zip((first, *rest), reversed((second, *rest)))
    return {{str(left): (right, left) for left, right in pairs if left != right}}

'''
BASE = """class Base:
    registry = {}

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        Base.registry[cls.__name__] = cls

    def __init__(self):
        self.ready = True
"""
# The Spaces of testdata that stand for small ones; and of those with a library inside, how many files that has, and how
# many of its packages are imported.
TINY = "flux-demo"
TYPICAL = "durations"
VENDORED = (400, 2)
REACHED = (400, 20)
# The budget of the program, in bytes.
MOST_BYTES = 10_000_000
# A module has so many classes, which makes it some 220 lines.
CLASSES = 3
# A package has so many modules.
MODULES = 20


def card(folder):
    """What makes a folder a Space."""
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    (folder / "requirements.txt").write_text("spaces\ntorch\n", encoding="utf-8")


def module(package, number, chance):
    """The text of one module, which uses one or two that stand before it."""
    name = f"part_{package:03}_{number:02}"
    siblings = sorted(chance.sample(range(number), min(number, 2)))
    imports = "".join(f"\nfrom . import m{one:02}" for one in siblings)
    text = MODULE.format(name=name, number=number + 1, imports=f"from ..base import Base{imports}")
    for one in range(CLASSES):
        text += CLASS.format(name=name, number=chance.randrange(10, 1000) * 10 + one)
    return text


def library(space, files, reached):
    """A Space with a library of so many files inside; as many packages of it as said are imported when it starts."""
    card(space)
    (space / "app.py").write_text(APP.format(imports="import library"), encoding="utf-8")
    chance = random.Random(files)
    top = space / "library"
    top.mkdir()
    (top / "base.py").write_text(BASE, encoding="utf-8")
    packages = -(-files // MODULES)
    imports = "".join(f"from . import part_{package:03}\n" for package in range(packages)[:reached])
    (top / "__init__.py").write_text(
        f"{imports}\n\ndef run(model, text):\n    return model(text)\n", encoding="utf-8"
    )
    for package in range(packages):
        folder = top / f"part_{package:03}"
        folder.mkdir()
        all_of_it = "".join(f"from . import m{number:02}\n" for number in range(MODULES))
        (folder / "__init__.py").write_text(all_of_it, encoding="utf-8")
        for number in range(MODULES):
            text = module(package, number, chance)
            (folder / f"m{number:02}.py").write_text(text, encoding="utf-8")


def many(folder, count):
    """So many Spaces: those of testdata again and again, no two alike."""
    kinds = sorted(path for path in SPACES.iterdir() if (path / "README.md").is_file())
    for number in range(count):
        space = folder / f"space-{number:04}"
        shutil.copytree(kinds[number % len(kinds)], space)
        for path in space.rglob("*.py"):
            with path.open("a", encoding="utf-8", newline="") as text:
                text.write(f"\n# Space {number}\nNUMBER_{number} = {number}\n")


def copied(folder, name):
    """A Space of testdata, away from this repository, whose settings are for itself."""
    shutil.copytree(SPACES / name, folder)


def size(folder):
    """How many Python files, and how many lines in them."""
    files = list(folder.rglob("*.py"))
    return len(files), sum(path.read_bytes().count(b"\n") for path in files)
