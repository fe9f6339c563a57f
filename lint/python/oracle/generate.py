"""Random Spaces, each made from a seed, in which every construct of the language stands inside the others.

A settled program leaves nothing open: what CPython does follows from its text and from what the platform is known
to do. An unsettled one asks the environment, chance and external things. This module must know only Python and how
Spaces are written, never what a trace can or cannot follow: what it cannot follow is what the programs are for.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs import CONSTRUCTS
from expressions import EXPRESSIONS
from interfaces import gpu_functions, handlers
from program import GIVES_UP, Labels, Lines, Module, Scope, Text, Var, indented

__all__ = ["GIVES_UP", "Made", "Shape", "make", "probes", "write"]

#: What a mark may be, by the imports it needs: no value of the program goes into it.
_PLAIN = (
    ("import torch", "torch.cuda.synchronize()"),
    ("import torch", "torch.zeros(1).cuda()"),
    ("import torch", 'torch.ones(2, device="cuda")'),
    ("import torch", 'torch.randn(3).to("cuda:0")'),
    ("import torch", 'torch.zeros(1).to(torch.device("cuda"))'),
    ("import torch", "torch.cuda.is_available()"),
    ("import torch", "torch.cuda.get_device_name(0)"),
    ("from torch import nn", 'nn.Linear(2, 2).to(device="cuda")'),
    ("from transformers import AutoModel", 'AutoModel.from_pretrained("org/m{n}")'),
    ("import transformers as tf", 'tf.AutoTokenizer.from_pretrained("org/t{n}").to("cpu")'),
    ("from transformers import pipeline", 'pipeline("text", model="org/p{n}", device="cpu")'),
    ("from huggingface_hub import snapshot_download", 'snapshot_download("org/d{n}")'),
    ("import huggingface_hub as hub", 'hub.hf_hub_download("org/f{n}", "x.bin")'),
    ("from gradio_client import Client", 'Client("user/space{n}")'),
    ("import time", "time.sleep(0)"),
    ("import requests", 'requests.get("https://example.org/{n}")'),
    ("import subprocess", 'subprocess.run(["true"])'),
    ("import os", 'os.system("true")'),
    ("import os", 'os.environ["SET_{n}"] = "1"'),
)

#: Marks that say something of themselves, of which a value of the program is part.
_SAYING = (
    ("from transformers import AutoModel", 'AutoModel.from_pretrained("org/" + str({int}))'),
    ("from transformers import AutoTokenizer", "AutoTokenizer.from_pretrained(f'org/{{{int}}}')"),
    ("from transformers import pipeline", 'pipeline("text", model={str} + "/x", device="cpu")'),
    ("from huggingface_hub import snapshot_download", 'snapshot_download(repo_id="org/%s" % ({str},))'),
    ("from gradio_client import Client", 'Client("user/" + {str})'),
    ("import time", "time.sleep({int})"),
    ("import os", 'os.system("echo {{}}".format({int}))'),
    ("import torch", 'torch.zeros(1).to("cuda" if {bool} else "cpu")'),
    ("import torch", 'torch.ones(2, device=("cpu", "cuda")[{bool}])'),
)

_CARD = """---
title: Generated
emoji: 🎲
sdk: gradio
sdk_version: 6.31.0
python_version: '3.12'
app_file: app.py
suggested_hardware: zero-a10g
---
"""
_REQUIREMENTS = "torch==2.8.0\ntransformers==4.57.0\nhuggingface_hub\ngradio_client\nrequests\nfastapi\npackaging\n"


@dataclass(frozen=True)
class Shape:
    """What kind of programs are made."""

    #: About how many statements; a few dozen otherwise.
    size: int | None = None
    #: What is left out: constructs by the name of what makes them, expressions by their label.
    without: frozenset[str] = frozenset()


class Generator:
    """Makes one Space."""

    def __init__(self, seed: str, settled: bool, shape: Shape) -> None:
        self.shape = shape
        self.random = random.Random(seed)
        self.settled = settled
        self.modules: dict[str, Module] = {}
        self.files: dict[str, str] = {}
        self.marks: dict[int, Labels] = {}
        self.left = shape.size or self.random.randrange(8, 26)
        self.counter = 0
        self.spaces_imported = False

    # Chance

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, options: Any) -> Any:
        return self.random.choice(list(options))

    def fresh(self, stem: str = "v") -> str:
        self.counter += 1
        return f"{stem}{self.counter}"

    # Names

    def bind(self, scope: Scope, name: str, kind: str, labels: Labels = frozenset(), quiet: bool = True) -> Scope:
        scope.names[name] = Var(name, kind, scope.labels | labels, quiet)
        return scope

    def find(self, scope: Scope, kind: str) -> Var | None:
        found = [v for v in scope.names.values() if v.type == kind and (v.quiet or not scope.in_try)]
        return self.pick(found) if found else None

    def need(self, scope: Scope, line: str) -> None:
        scope.module.imports.setdefault(line)

    # Marks

    def mark(self, scope: Scope, value: Text | None = None) -> str:
        """One line on which something is seen to happen."""
        number = len(self.marks)
        plain = not scope.in_try and value is None and self.chance(0.35)
        if plain and scope.in_root:
            plain = self.chance(0.7)
        if plain and self.settled and self.chance(0.3):
            line, form = self.pick(_SAYING)
            self.need(scope, line)
            values = {kind: self.expression(scope, kind) for kind in ("int", "str", "bool")}
            self.marks[number] = scope.labels.union({"saying"}, *(value.labels for value in values.values()))
            text = form.format(**{kind: f"({value.text})" for kind, value in values.items()})
            if "f'" not in form or not any(quote in values["int"].text for quote in "'\"{\\"):
                return f"{text}  # m{number}"
        if plain:
            line, text = self.pick(_PLAIN)
            self.need(scope, line)
            self.marks[number] = scope.labels
            return f"{text.replace('{n}', str(number))}  # m{number}"
        self.need(scope, "import os")
        if not self.settled:
            # A name that the text does not settle is a read of nobody knows what.
            self.marks[number] = scope.labels
            return f'os.getenv("K{number}")  # m{number}'
        value = value or self.expression(scope, self.pick(("int", "int", "str", "bool")))
        form = self.pick(
            (
                'os.getenv(f"K{number}_{{{value}}}")',
                'os.environ.get("K{number}_" + str({value}))',
                'os.getenv("K{number}_{{}}".format({value}), "x")',
                'os.getenv("K{number}_%s" % ({value},))',
            )
        )
        text = value.text
        if form.startswith('os.getenv(f"'):
            text = text.replace('"', "'")
            if "'" in value.text or "{" in text or "\\" in text:
                form, text = 'os.getenv("K{number}_" + str({value}))', value.text
        self.marks[number] = scope.labels | value.labels
        line = form.format(number=number, value=text)
        if self.chance(0.15):
            line = f"{self.fresh('got')} = {line}"
        return f"{line}  # m{number}"

    # Blocks

    def block(self, scope: Scope, least: int = 1) -> Lines:
        lines: Lines = []
        for _ in range(self.random.randint(least, 3)):
            lines += self.statement(scope)
            if lines and lines[-1].startswith(("return", "break", "continue", "raise")):
                return lines
        if not any("# m" in line for line in lines) or self.chance(0.3):
            lines.append(self.mark(scope))
        return lines

    def statement(self, scope: Scope) -> Lines:
        self.left -= 1
        if self.left < 0 or scope.depth <= 0 or self.chance(0.2):
            return self.pick((self._mark_line, self._assign))(scope)
        for _ in range(20):
            construct = self.pick(CONSTRUCTS)
            if construct.make.__name__ not in self.shape.without and construct.fits(self, scope):
                return construct.make(self, scope)
        return self._mark_line(scope)

    def _mark_line(self, scope: Scope) -> Lines:
        return [self.mark(scope)]

    def _assign(self, scope: Scope) -> Lines:
        kind = self.pick(("int", "str", "ints", "dict", "bool", "pair"))
        value = self.expression(scope, kind)
        name = self.fresh()
        annotation = {"int": ": int", "str": ": str"}.get(kind, "") if self.chance(0.15) else ""
        self.bind(scope, name, kind, value.labels)
        return [f"{name}{annotation} = {value.text}"]

    # Conditions

    def condition(self, scope: Scope) -> Text:
        if self.settled or self.chance(0.3):
            if not scope.in_try and self.chance(0.12):
                self.need(scope, "import torch")
                return Text("torch.cuda.is_available()", frozenset({"is_available"}))
            if self.chance(0.1):
                self.need(scope, "import sys")
                return Text(
                    self.pick(
                        (
                            'sys.platform == "linux"',
                            "sys.version_info >= (3, 8)",
                            'sys.platform.startswith("win")',
                            "sys.version_info[0] == 3",
                        )
                    ),
                    frozenset({"sys"}),
                )
            if self.chance(0.1):
                return self._of_the_platform(scope)
            return self.expression(scope, "bool")
        self.need(scope, "import os")
        handed = self.find(scope, "unknown")
        if handed is not None and self.chance(0.6):
            form = self.pick(
                (
                    "{x}",
                    "{x} is None",
                    '{x} == "a"',
                    "isinstance({x}, str)",
                    "not {x}",
                    "len({x}) > 2",
                    "{x}.flag",
                    "3 in {x}",
                )
            )
            return Text(form.replace("{x}", handed.name), frozenset({"argument-condition"}))
        name = self.pick(("A_FLAG", "B_MODE", "C_DEBUG", "D_DEVICE"))
        options = [
            (f'os.environ.get("{name}")', "environment-condition"),
            (f'os.getenv("{name}", "0") == "1"', "environment-condition"),
            (f'"{name}" in os.environ', "environment-condition"),
            (f'os.environ.get("{name}") is None', "environment-condition"),
            (f'not os.getenv("{name}")', "environment-condition"),
            (f'os.getenv("{name}", "").lower() in ("1", "true")', "environment-condition"),
        ]
        if self.chance(0.7):
            self.need(scope, "import random")
            options = options[:2]
            options += 3 * [("random.random() < 0.5", "chance-condition")]
            self.need(scope, "import sys")
            options += 3 * [("len(sys.argv) > 1", "argv-condition")]
            options += 3 * [(f'os.path.exists("{self.pick(("data.bin", "requirements.txt"))}")', "file-condition")]
            self.need(scope, "import numpy as np")
            options.append(("np.config.enabled", "recorder-condition"))
            options.append(("np.load_state()", "recorder-condition"))
            options.append(("np.count() > 3", "recorder-condition"))
        text, label = self.pick(options)
        if self.chance(0.15):
            text = f"{text} and {self.expression(scope, 'bool').text}"
        return Text(text, frozenset({label}))

    def _of_the_platform(self, scope: Scope) -> Text:
        """What the platform's own variables say."""
        self.need(scope, "import os")
        text = self.pick(
            (
                'os.environ.get("SPACES_ZERO_GPU")',
                'os.getenv("SPACE_ID") is not None',
                '"SPACE_ID" in os.environ',
                'os.environ.get("SYSTEM") == "spaces"',
                'bool(os.getenv("SPACE_HOST"))',
                'os.getenv("SPACES_ZERO_GPU", "").lower() == "true"',
                'os.environ["SYSTEM"] != "spaces"',
                'not os.getenv("SPACE_AUTHOR_NAME")',
                'os.getenv("SPACES_ZERO_GPU") in ("true", "1")',
            )
        )
        return Text(text, frozenset({"platform-environment"}))

    # Expressions

    def expression(self, scope: Scope, kind: str, depth: int = 2) -> Text:
        if depth <= 0 or self.chance(0.25):
            var = self.find(scope, kind)
            if var is not None and self.chance(0.8):
                return Text(var.name, var.labels)
            return self._literal(kind)
        for _ in range(10):
            label, make = self.pick(EXPRESSIONS[kind])
            made = None if label in self.shape.without else make(self, scope, depth - 1)
            if made is not None:
                return Text(made.text, made.labels | ({label} if label else set()))
        return self._literal(kind)

    def _literal(self, kind: str) -> Text:
        r = self.random
        return Text(
            {
                "int": lambda: str(r.randrange(10)),
                "str": lambda: repr(r.choice(("ab", "model", "x-y", "Cuda", "a b c", "q"))).replace("'", '"'),
                "bool": lambda: r.choice(("True", "False")),
                "ints": lambda: str([r.randrange(9) for _ in range(r.randrange(1, 4))]),
                "dict": lambda: (
                    "{" + ", ".join(f'"{k}": {r.randrange(9)}' for k in r.sample("abcd", r.randrange(1, 4))) + "}"
                ),
                "pair": lambda: f"({r.randrange(9)}, {r.randrange(9)})",
            }[kind]()
        )

    # Definitions in other files

    def other_module(self, scope: Scope) -> Module:
        """A new file, which nothing has imported yet."""
        stem = self.fresh("mod")
        package = ""
        if self.chance(0.3):
            package = self.pick(("pkg", "lib", "core")) + str(self.counter)
            init = f"{package}/__init__.py"
            if self.chance(0.85):
                module = Module(package, init)
                self.modules[package] = module
                if self.chance(0.5):
                    inner = Scope(
                        module, "module", scope.labels | {"package"}, in_try=scope.in_try, in_root=scope.in_root
                    )
                    module.body.append(self.mark(inner))
        name = f"{package}.{stem}" if package else stem
        module = Module(name, name.replace(".", "/") + ".py")
        self.modules[name] = module
        return module

    def reference(self, scope: Scope, module: Module, name: str) -> tuple[Lines, str, str]:
        """The import of a name of another file: its lines, how the name is then written, and its label."""
        full = module.name
        package, _, leaf = full.rpartition(".")
        alias = self.fresh("as")
        forms = ["import", "as", "from", "from-as", "module", "dunder"]
        if scope.kind == "module":
            forms.append("star")
        if package:
            forms += ["from-package", "namespace"]
        form = self.pick(forms)
        if form == "import":
            return [f"import {full}"], f"{full}.{name}", "import"
        if form == "as":
            return [f"import {full} as {alias}"], f"{alias}.{name}", "import-as"
        if form == "from":
            return [f"from {full} import {name}"], name, "from-import"
        if form == "from-as":
            return [f"from {full} import {name} as {alias}"], alias, "from-import-as"
        if form == "module":
            self.need(scope, "import importlib")
            return [f'{alias} = importlib.import_module("{full}")'], f"{alias}.{name}", "import_module"
        if form == "dunder":
            return (
                [f'{alias} = __import__("{full}"{", fromlist=[" + repr(name) + "]" if package else ""})'],
                f"{alias}.{name}",
                "__import__",
            )
        if form == "star":
            module.body.append(f'__all__ = ["{name}"]' if self.chance(0.3) else "")
            return [f"from {full} import *"], name, "star-import"
        return [f"from {package} import {leaf} as {alias}"], f"{alias}.{name}", "submodule-import"

    def define(self, scope: Scope, make: Callable[[Scope, str], Lines], stem: str = "f") -> tuple[Lines, str, Labels]:
        """A definition, here or in another file: the lines that stand here, its name here, and its labels."""
        name = self.fresh(stem)
        if scope.depth > 1 and self.chance(0.35):
            module = self.other_module(scope)
            there = scope.elsewhere(module, "module")
            module.body += self._assign(there) if self.chance(0.5) else []
            module.body += make(there, name)
            if self.chance(0.3):
                module.body.append(self.mark(there))
            lines, reference, label = self.reference(scope, module, name)
            return lines, reference, frozenset({"module", label})
        return make(scope, name), name, frozenset()

    # The whole

    def make(self) -> None:
        app = Module("__main__", "app.py")
        scope = Scope(app, "module", frozenset({"module-body"}), depth=5)
        lines: Lines = []
        shadowed = self.chance(0.03)
        where = self.pick(("top", "middle", "module", "never" if self.chance(0.3) else "top"))
        if where == "top":
            lines += self._import_spaces(scope)
        while self.left > 0:
            lines += self.statement(scope)
            if where != "never" and not self.spaces_imported and self.chance(0.3):
                lines += self._import_spaces(scope, elsewhere=where == "module")
        if self.spaces_imported and self.chance(0.8):
            lines += gpu_functions(self, scope)
        if self.chance(0.8):
            lines += handlers(self, scope)
        if shadowed:
            self._shadow_spaces(scope)
        app.body = lines
        folder = "src/" if self.chance(0.05) and not self._names_its_folder(app) else ""
        for module in [app, *self.modules.values()]:
            self.files[folder + module.path] = module.text()
        self.files["README.md"] = _CARD.replace("app.py", f"{folder}app.py")
        self.files["requirements.txt"] = _REQUIREMENTS

    def _shadow_spaces(self, scope: Scope) -> None:
        """A folder of the Space that stands in the way of the package: its functions are no GPU functions."""
        module = Module("spaces", "spaces/__init__.py")
        self.modules["spaces"] = module
        there = scope.elsewhere(module, "shadowed-spaces")
        module.body += [
            "def GPU(*args, **kwargs):",
            *indented(
                [
                    self.mark(there.frame("function", "shadowed-spaces")),
                    "if len(args) == 1 and callable(args[0]):",
                    "    return args[0]",
                    "return lambda fn: fn",
                ]
            ),
        ]

    def _names_its_folder(self, app: Module) -> bool:
        """Whether some path in the program is seen from the Space's folder."""
        return any(
            re.search(r'sys\.path|runpy|python |\.py"', module.text()) for module in [app, *self.modules.values()]
        )

    def _import_spaces(self, scope: Scope, elsewhere: bool = False) -> Lines:
        self.spaces_imported = True
        if not elsewhere:
            if not self.settled and self.chance(0.3):
                return ["try:", "    import spaces", "except ImportError:", "    spaces = None"]
            return ["import spaces"]
        module = self.other_module(scope)
        module.body += ["import spaces", self.mark(scope.elsewhere(module, "re-export"))]
        return [f"from {module.name} import spaces"]


def probes(seed: str) -> list[tuple[str, dict[str, str]]]:
    """For every construct and every form of expression a program of little else, by its name."""
    found = []
    for kind, forms in EXPRESSIONS.items():
        for number, (label, make_text) in enumerate(forms):
            g = Generator(f"{seed}/{kind}/{number}", True, Shape(1))
            scope = Scope(Module("__main__", "app.py"), "module")
            text = make_text(g, scope, 0)
            if text is not None:
                scope.module.body = [g.mark(scope, text)]
                found.append((f"{kind}: {label}: {text.text}", {"app.py": scope.module.text()}))
    for each in dict.fromkeys(CONSTRUCTS):
        make_lines = each.make
        for number in range(40):
            g = Generator(f"{seed}/{make_lines.__name__}/{number}", True, Shape(1))
            g.left = 0
            app = Module("__main__", "app.py")
            scope = Scope(app, "module", depth=2)
            if each.fits(g, scope):
                app.body = make_lines(g, scope)
            files = {module.path: module.text() for module in [app, *g.modules.values()]}
            found.append((make_lines.__name__, files))
    return [(name, {**files, "requirements.txt": _REQUIREMENTS, "README.md": _CARD}) for name, files in found]


@dataclass(frozen=True)
class Made:
    """A Space that was made: its files, and the labels of each mark by the number in its comment."""

    files: dict[str, str]
    marks: dict[int, list[str]]
    settled: bool
    seed: str


def make(seed: str, settled: bool, shape: Shape = Shape()) -> Made:
    """The Space of that seed."""
    generator = Generator(seed, settled, shape)
    generator.make()
    marks = {number: sorted(labels) for number, labels in generator.marks.items()}
    return Made(generator.files, marks, settled, seed)


def write(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--unsettled", action="store_true")
    arguments = parser.parse_args()
    made = make(arguments.seed, not arguments.unsettled)
    write(made.files, arguments.folder)
    print(json.dumps(made.marks))


if __name__ == "__main__":
    main()
