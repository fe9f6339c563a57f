"""Every form of expression that a random program may hold, by the type of its value.

A value is small on purpose: it ends up in the name of an environment variable, where CPython shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from program import Scope, Text

if TYPE_CHECKING:
    from generate import Generator

EXPRESSIONS: dict[str, list[tuple[str | None, Callable[[Generator, Scope, int], Text | None]]]] = {}


def template(kind: str, label: str, form: str, *, nested: bool = False) -> None:
    """An expression with holes: {int}, {str}, …; with `nested`, it has a scope of its own."""
    holes = re.findall(r"<(\w+)>", form)
    in_string = form.startswith("f")

    def make(g: Generator, s: Scope, depth: int) -> Text | None:
        scope = s.visible if nested else s
        labels: set[str] = set()
        text = form
        for hole in holes:
            if hole == "digit":
                filled = Text(str(g.random.randrange(1, 6)))
            elif hole == "fresh":
                filled = Text(g.fresh("w"))
            else:
                filled = g.expression(scope, hole, depth)
            if in_string and any(mark in filled.text for mark in ("'", '"', "\\")):
                return None
            labels |= filled.labels
            inner = (
                filled.text
                if hole in ("digit", "fresh") or filled.text.replace("_", "").isalnum()
                else f"({filled.text})"
            )
            text = text.replace(f"<{hole}>", inner, 1)
        return Text(text, frozenset(labels))

    EXPRESSIONS.setdefault(kind, []).append((label, make))


for _kind, _label, _form in (
    ("int", "arithmetic", "(<int> + <int>) % 97"),
    ("int", "arithmetic", "<int> * <digit> % 11"),
    ("int", "arithmetic", "<int> // <digit>"),
    ("int", "arithmetic", "-<int> % 7"),
    ("int", "bit-operators", "<int> ^ <digit> | 8 & <int>"),
    ("int", "power", "<digit> ** 2 - <int>"),
    ("int", "len", "len(<ints>)"),
    ("int", "len", "len(<str>)"),
    ("int", "len", "len(<dict>)"),
    ("int", "index", "<ints>[0]"),
    ("int", "index", "<ints>[-1]"),
    ("int", "sum", "sum(<ints>)"),
    ("int", "max", "max(<ints>)"),
    ("int", "min", "min(<int>, <digit>)"),
    ("int", "max", "max(<ints>, default=3)"),
    ("int", "conditional-expression", "<int> if <bool> else <int>"),
    ("int", "dict-get", '<dict>.get("a", <int>)'),
    ("int", "dict-get", '<dict>.get("zz", <int>)'),
    ("int", "str-count", '<str>.count("a")'),
    ("int", "str-find", '<str>.find("b")'),
    ("int", "int", 'int("<digit>")'),
    ("int", "int", "int(<bool>)"),
    ("int", "abs", "abs(<int> - <digit>)"),
    ("int", "divmod", "divmod(<int>, <digit>)[1]"),
    ("int", "index", "<pair>[1]"),
    ("int", "or", "<int> or <int>"),
    ("int", "and", "<int> and <int>"),
    ("int", "union", "(<int>, <int>)[<bool>]"),
    ("int", "round", "round(<int> / 2)"),
    ("int", "walrus", "(<fresh> := <int>) + 1"),
    ("int", "list-index", "[1, <int>].index(1)"),
    ("int", "list-count", "<ints>.count(<digit>)"),
    ("int", "ord", "ord(<str>[0])"),
    ("int", "dict-literal", '{"x": <int>, "y": 2}["x"]'),
    ("int", "getattr", 'getattr(<str>, "nope", <int>)'),
    ("str", "str", "str(<int>)"),
    ("str", "str-method", "<str>.upper()"),
    ("str", "str-method", '<str>.replace("a", "o")'),
    ("str", "str-method", "<str>.strip().title()"),
    ("str", "str-split", "<str>.split()[0]"),
    ("str", "str-split", '<str>.partition("-")[0]'),
    ("str", "str-slice", "<str>[:2]"),
    ("str", "str-slice", "<str>[::-1]"),
    ("str", "concatenation", "<str> + <str>"),
    ("str", "join", '"-".join([<str>, <str>])'),
    ("str", "percent-format", '"%d-%s" % (<int>, <str>)'),
    ("str", "str-format", '"{}:{x}".format(<int>, x=<str>)'),
    ("str", "f-string", 'f"{<int>}"'),
    ("str", "f-string-spec", 'f"{<int>:03d}"'),
    ("str", "f-string-conversion", "f'{<int>!r:>4}'"),
    ("str", "f-string-debug", 'f"{<int>=}"'),
    ("str", "conditional-expression", "<str> if <bool> else <str>"),
    ("str", "str-repeat", "<str> * 2"),
    ("str", "repr", "repr(<ints>)"),
    ("str", "repr", "str(<pair>)"),
    ("str", "str-method", "<str>.zfill(<digit>)"),
    ("str", "str-method", '<str>.removeprefix("a")'),
    ("str", "type-name", "type(<int>).__name__"),
    ("str", "chr", "chr(97 + <digit>)"),
    ("str", "hex", "hex(<int>)"),
    ("str", "str-or", "<str> or <str>"),
    ("bool", "comparison", "<int> > <int>"),
    ("bool", "comparison", "<int> == <digit>"),
    ("bool", "comparison", "0 < <int> <= <digit>"),
    ("bool", "comparison", "<str> != <str>"),
    ("bool", "in", "<int> in <ints>"),
    ("bool", "in", '"a" in <str>'),
    ("bool", "in", '"a" in <dict>'),
    ("bool", "in", "<digit> not in (1, 2)"),
    ("bool", "isinstance", "isinstance(<int>, int)"),
    ("bool", "isinstance", "isinstance(<str>, (int, list))"),
    ("bool", "not", "not <bool>"),
    ("bool", "and", "<bool> and <bool>"),
    ("bool", "or", "<bool> or <bool>"),
    ("bool", "startswith", '<str>.startswith("m")'),
    ("bool", "startswith", '<str>.endswith(("b", "l"))'),
    ("bool", "is-none", '<dict>.get("zz") is None'),
    ("bool", "bool", "bool(<ints>)"),
    ("bool", "hasattr", 'hasattr(<str>, "upper")'),
    ("bool", "str-predicate", "str(<int>).isdigit()"),
    ("bool", "callable", "callable(<int>)"),
    ("bool", "tuple-comparison", "<pair> < (3, <digit>)"),
    ("bool", "is", "<bool> is True"),
    ("ints", "list", "[<int>, <int>]"),
    ("ints", "range", "list(range(<digit>))"),
    ("ints", "sorted", "sorted(<ints>)"),
    ("ints", "sorted", "sorted(<ints>, reverse=True)"),
    ("ints", "reversed", "list(reversed(<ints>))"),
    ("ints", "list-slice", "[*<ints>, 4][1:]"),
    ("ints", "list-add", "<ints> + [<int>]"),
    ("ints", "star-list", "[<int>, *<ints>]"),
    ("ints", "list-repeat", "[<int>] * 2"),
    ("ints", "dict-values", "[*<dict>.values(), 1]"),
    ("ints", "list-copy", "list(<pair>)"),
    ("ints", "list-copy", "<ints>.copy()"),
    ("ints", "conditional-expression", "<ints> if <bool> else [1]"),
    ("dict", "dict-literal", '{"a": <int>, "k": <int>}'),
    ("dict", "dict-merge", '{**<dict>, "a": <int>}'),
    ("dict", "dict-merge", '<dict> | {"q": <int>}'),
    ("dict", "dict-call", "dict(a=<int>)"),
    ("dict", "dict-zip", "dict(zip('ab', [<int>, <int>]))"),
    ("dict", "dict-copy", "dict(<dict>)"),
    ("dict", "fromkeys", "dict.fromkeys(['a', 'b'], <int>)"),
    ("pair", "tuple", "(<int>, <int>)"),
    ("pair", "tuple", "tuple([<int>, 2])"),
    ("pair", "conditional-expression", "<pair> if <bool> else <pair>"),
    ("pair", "tuple-slice", "(1, <int>, 3)[1:]"),
):
    template(_kind, _label, _form)

for _kind, _label, _form in (
    ("int", "generator-expression", "sum(w * 2 for w in <ints>)"),
    ("int", "lambda", "(lambda w: w + <int>)(<int>)"),
    ("int", "max-key", "max(<ints>, key=lambda w: -w)"),
    ("int", "next", "next((w for w in <ints> if w > 2), 0)"),
    ("int", "nested-comprehension", "len([v * w for v in <ints> for w in [1, 2] if v != w])"),
    ("str", "join", '",".join(str(w) for w in <ints>)'),
    ("str", "join", '"".join(map(str, <ints>))'),
    ("str", "join", '"/".join(sorted(<dict>))'),
    ("bool", "any", "any(w > 3 for w in <ints>)"),
    ("bool", "all", "all(w < 8 for w in <ints>)"),
    ("bool", "any", "any([])"),
    ("ints", "list-comprehension", "[w + 1 for w in <ints>]"),
    ("ints", "list-comprehension", "[w for w in <ints> if w % 2] + [1]"),
    ("ints", "map", "list(map(lambda w: w * 2, <ints>))"),
    ("ints", "filter", "[0, *filter(None, <ints>)]"),
    ("ints", "zip", "[v + w for v, w in zip(<ints>, [1, 2, 3])] + [2]"),
    ("ints", "enumerate", "[i * w for i, w in enumerate(<ints>)]"),
    ("ints", "set", "sorted({*<ints>})"),
    ("ints", "set-comprehension", "sorted({w % 3 for w in <ints>})"),
    ("dict", "dict-comprehension", "{k: w + 1 for k, w in <dict>.items()}"),
    ("dict", "dict-comprehension", "{str(w): w for w in <ints>}"),
):
    template(_kind, _label, _form, nested=True)


def _with_import(kind: str, label: str, line: str, form: str) -> None:
    template(kind, label, form)
    plain = EXPRESSIONS[kind].pop()[1]

    def make(g: Generator, s: Scope, depth: int) -> Text:
        g.need(s, line)
        return plain(g, s, depth)

    EXPRESSIONS[kind].append((label, make))


for _kind, _label, _line, _form in (
    ("str", "os.path", "import os", 'os.path.join("a", <str>)'),
    ("str", "os.path", "import os", "os.path.basename('x/' + <str>)"),
    ("str", "os.path", "import os", 'os.path.splitext("m" + <str> + ".py")[1]'),
    ("str", "pathlib", "from pathlib import Path", 'str(Path("a") / "b.txt")'),
    ("str", "pathlib", "from pathlib import Path", 'Path("a/b", "c.tar.gz").stem'),
    ("str", "pathlib", "from pathlib import Path", "Path(__file__).name"),
    ("str", "os.path", "import os", "os.path.basename(__file__)"),
    ("int", "math", "import math", "math.floor(<int> / 2)"),
    ("int", "reduce", "import functools", "functools.reduce(lambda v, w: v + w, <ints>, 1)"),
    ("int", "itertools", "import itertools", "len(list(itertools.chain(<ints>, [1])))"),
    ("int", "operator", "import operator", "operator.add(<int>, <digit>)"),
):
    _with_import(_kind, _label, _line, _form)


def _call_known(g: Generator, s: Scope, depth: int) -> Text | None:
    f = g.find(s, "fn")
    if f is None or s.in_root:
        return None
    argument = g.expression(s, "int", depth)
    return Text(f"{f.name}({argument.text})", f.labels | argument.labels)


EXPRESSIONS["int"] += [("function", _call_known)] * 4
EXPRESSIONS["str"].append(("__name__", lambda g, s, d: Text("__name__")))
