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

Forms = dict[str, list[tuple[str | None, Callable[["Generator", Scope, int], Text | None]]]]

EXPRESSIONS: Forms = {}


FAR_EXPRESSIONS: Forms = {}


def template(kind: str, label: str, form: str, *, nested: bool = False, into: Forms = EXPRESSIONS) -> None:
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
            inner = filled.text if hole in ("digit", "fresh") or filled.text.replace("_", "").isalnum() else f"({filled.text})"
            text = text.replace(f"<{hole}>", inner, 1)
        return Text(text, frozenset(labels))

    into.setdefault(kind, []).append((label, make))


for _kind, _label, _form in (
    ("int", "arithmetic", "(<int> + <int>) % 97"), ("int", "arithmetic", "<int> * <digit> % 11"), ("int", "arithmetic", "<int> // <digit>"),
    ("int", "arithmetic", "-<int> % 7"), ("int", "bit-operators", "<int> ^ <digit> | 8 & <int>"), ("int", "power", "<digit> ** 2 - <int>"),
    ("int", "len", "len(<ints>)"), ("int", "len", "len(<str>)"), ("int", "len", "len(<dict>)"), ("int", "index", "<ints>[0]"), ("int", "index", "<ints>[-1]"),
    ("int", "sum", "sum(<ints>)"), ("int", "max", "max(<ints>)"), ("int", "min", "min(<int>, <digit>)"), ("int", "max", "max(<ints>, default=3)"),
    ("int", "conditional-expression", "<int> if <bool> else <int>"), ("int", "dict-get", '<dict>.get("a", <int>)'), ("int", "dict-get", '<dict>.get("zz", <int>)'),
    ("int", "str-count", '<str>.count("a")'), ("int", "str-find", '<str>.find("b")'), ("int", "int", 'int("<digit>")'), ("int", "int", "int(<bool>)"),
    ("int", "abs", "abs(<int> - <digit>)"), ("int", "divmod", "divmod(<int>, <digit>)[1]"), ("int", "index", "<pair>[1]"), ("int", "or", "<int> or <int>"), ("int", "and", "<int> and <int>"),
    ("int", "union", "(<int>, <int>)[<bool>]"), ("int", "round", "round(<int> / 2)"), ("int", "walrus", "(<fresh> := <int>) + 1"), ("int", "list-index", "[1, <int>].index(1)"),
    ("int", "list-count", "<ints>.count(<digit>)"), ("int", "ord", "ord(<str>[0])"), ("int", "dict-literal", '{"x": <int>, "y": 2}["x"]'), ("int", "getattr", 'getattr(<str>, "nope", <int>)'),
    ("str", "str", "str(<int>)"), ("str", "str-method", "<str>.upper()"), ("str", "str-method", '<str>.replace("a", "o")'), ("str", "str-method", "<str>.strip().title()"),
    ("str", "str-split", "<str>.split()[0]"), ("str", "str-split", '<str>.partition("-")[0]'), ("str", "str-slice", "<str>[:2]"), ("str", "str-slice", "<str>[::-1]"), ("str", "concatenation", "<str> + <str>"),
    ("str", "join", '"-".join([<str>, <str>])'), ("str", "percent-format", '"%d-%s" % (<int>, <str>)'), ("str", "str-format", '"{}:{x}".format(<int>, x=<str>)'),
    ("str", "f-string", 'f"{<int>}"'), ("str", "f-string-spec", 'f"{<int>:03d}"'), ("str", "f-string-conversion", "f'{<int>!r:>4}'"), ("str", "f-string-debug", 'f"{<int>=}"'),
    ("str", "conditional-expression", "<str> if <bool> else <str>"), ("str", "str-repeat", "<str> * 2"), ("str", "repr", "repr(<ints>)"), ("str", "repr", "str(<pair>)"),
    ("str", "str-method", "<str>.zfill(<digit>)"), ("str", "str-method", '<str>.removeprefix("a")'), ("str", "type-name", "type(<int>).__name__"), ("str", "chr", "chr(97 + <digit>)"), ("str", "hex", "hex(<int>)"),
    ("str", "str-or", "<str> or <str>"),
    ("bool", "comparison", "<int> > <int>"), ("bool", "comparison", "<int> == <digit>"), ("bool", "comparison", "0 < <int> <= <digit>"), ("bool", "comparison", "<str> != <str>"), ("bool", "in", "<int> in <ints>"),
    ("bool", "in", '"a" in <str>'), ("bool", "in", '"a" in <dict>'), ("bool", "in", "<digit> not in (1, 2)"), ("bool", "isinstance", "isinstance(<int>, int)"), ("bool", "isinstance", "isinstance(<str>, (int, list))"),
    ("bool", "not", "not <bool>"), ("bool", "and", "<bool> and <bool>"), ("bool", "or", "<bool> or <bool>"), ("bool", "startswith", '<str>.startswith("m")'), ("bool", "startswith", '<str>.endswith(("b", "l"))'),
    ("bool", "is-none", '<dict>.get("zz") is None'), ("bool", "bool", "bool(<ints>)"), ("bool", "hasattr", 'hasattr(<str>, "upper")'), ("bool", "str-predicate", "str(<int>).isdigit()"), ("bool", "callable", "callable(<int>)"),
    ("bool", "tuple-comparison", "<pair> < (3, <digit>)"), ("bool", "is", "<bool> is True"),
    ("ints", "list", "[<int>, <int>]"), ("ints", "range", "list(range(<digit>))"), ("ints", "sorted", "sorted(<ints>)"), ("ints", "sorted", "sorted(<ints>, reverse=True)"), ("ints", "reversed", "list(reversed(<ints>))"),
    ("ints", "list-slice", "[*<ints>, 4][1:]"), ("ints", "list-add", "<ints> + [<int>]"), ("ints", "star-list", "[<int>, *<ints>]"), ("ints", "list-repeat", "[<int>] * 2"), ("ints", "dict-values", '[*<dict>.values(), 1]'),
    ("ints", "list-copy", "list(<pair>)"), ("ints", "list-copy", "<ints>.copy()"), ("ints", "conditional-expression", "<ints> if <bool> else [1]"),
    ("dict", "dict-literal", '{"a": <int>, "k": <int>}'), ("dict", "dict-merge", '{**<dict>, "a": <int>}'), ("dict", "dict-merge", '<dict> | {"q": <int>}'), ("dict", "dict-call", "dict(a=<int>)"), ("dict", "dict-zip", "dict(zip('ab', [<int>, <int>]))"),
    ("dict", "dict-copy", "dict(<dict>)"), ("dict", "fromkeys", "dict.fromkeys(['a', 'b'], <int>)"),
    ("pair", "tuple", "(<int>, <int>)"), ("pair", "tuple", "tuple([<int>, 2])"), ("pair", "conditional-expression", "<pair> if <bool> else <pair>"), ("pair", "tuple-slice", "(1, <int>, 3)[1:]"),
):
    template(_kind, _label, _form)

for _kind, _label, _form in (
    ("int", "generator-expression", "sum(w * 2 for w in <ints>)"), ("int", "lambda", "(lambda w: w + <int>)(<int>)"), ("int", "max-key", "max(<ints>, key=lambda w: -w)"), ("int", "next", "next((w for w in <ints> if w > 2), 0)"),
    ("int", "nested-comprehension", "len([v * w for v in <ints> for w in [1, 2] if v != w])"),
    ("str", "join", '",".join(str(w) for w in <ints>)'), ("str", "join", '"".join(map(str, <ints>))'), ("str", "join", '"/".join(sorted(<dict>))'),
    ("bool", "any", "any(w > 3 for w in <ints>)"), ("bool", "all", "all(w < 8 for w in <ints>)"), ("bool", "any", "any([])"),
    ("ints", "list-comprehension", "[w + 1 for w in <ints>]"), ("ints", "list-comprehension", "[w for w in <ints> if w % 2] + [1]"), ("ints", "map", "list(map(lambda w: w * 2, <ints>))"), ("ints", "filter", "[0, *filter(None, <ints>)]"),
    ("ints", "zip", "[v + w for v, w in zip(<ints>, [1, 2, 3])] + [2]"), ("ints", "enumerate", "[i * w for i, w in enumerate(<ints>)]"), ("ints", "set", "sorted({*<ints>})"), ("ints", "set-comprehension", "sorted({w % 3 for w in <ints>})"),
    ("dict", "dict-comprehension", '{k: w + 1 for k, w in <dict>.items()}'), ("dict", "dict-comprehension", "{str(w): w for w in <ints>}"),
):
    template(_kind, _label, _form, nested=True)


def _with_import(kind: str, label: str, line: str, form: str, into: Forms = EXPRESSIONS) -> None:
    template(kind, label, form, into=into)
    plain = into[kind].pop()[1]

    def make(g: Generator, s: Scope, depth: int) -> Text:
        g.need(s, line)
        return plain(g, s, depth)

    into[kind].append((label, make))


for _kind, _label, _line, _form in (
    ("str", "os.path", "import os", 'os.path.join("a", <str>)'), ("str", "os.path", "import os", "os.path.basename('x/' + <str>)"), ("str", "os.path", "import os", 'os.path.splitext("m" + <str> + ".py")[1]'),
    ("str", "pathlib", "from pathlib import Path", 'str(Path("a") / "b.txt")'), ("str", "pathlib", "from pathlib import Path", 'Path("a/b", "c.tar.gz").stem'), ("str", "pathlib", "from pathlib import Path", "Path(__file__).name"),
    ("str", "os.path", "import os", "os.path.basename(__file__)"), ("int", "math", "import math", "math.floor(<int> / 2)"), ("int", "reduce", "import functools", "functools.reduce(lambda v, w: v + w, <ints>, 1)"),
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

# ─── What few programs ask before they start ───
#
# These are left out unless they are asked for: what a program folds out of them says little of the rest of it.

for _kind, _label, _form in (
    ("int", "negative-division", "-<int> // <digit>"), ("int", "negative-modulo", "-(<int> + 1) % <digit>"), ("int", "shift", "(1 << <digit>) >> 1"), ("int", "invert", "~<int> & 15"),
    ("int", "int-base", 'int("<digit>1", 16) % 50'), ("int", "int-method", "(<int> + 8).bit_length()"), ("int", "bool-arithmetic", "<bool> + <bool>"), ("int", "sum-start", "sum(<ints>, <digit>)"),
    ("int", "big-int", "2 ** 70 % 97 + <int>"), ("int", "round-half", "round(<digit> + 0.5)"), ("int", "float-to-int", "int(<int> / 4 * 3)"), ("int", "min-key", "min(<ints>, key=abs)"),
    ("int", "str-index", "(<str> + 'z').index('z')"), ("int", "hash-small", "len({<int>, <int>})"), ("int", "nested-index", "[[<int>, 1], [2]][0][0]"), ("int", "tuple-index", "(1, <int>, 3).index(3)"),
    ("int", "dict-pop", '{"p": <int>}.pop("p")'), ("int", "dict-setdefault", '{"p": 1}.setdefault("p", <int>)'), ("int", "conditional-chain", "1 if <bool> else 2 if <bool> else <int>"), ("int", "is-not", "int(<int> is not None)"),
    ("str", "float-format", 'f"{<int> / 4:.2f}"'), ("str", "float-repr", "str(<int> / 8)"), ("str", "float-arithmetic", "str(<int> * 0.5 + 1)"), ("str", "percent-float", '"%.1f|%5s" % (<int>, <str>)'), ("str", "format-align", 'f"{<int>:>5}|{<int>:<3}|"'),
    ("str", "format-sign", 'f"{<int>:+d}"'), ("str", "format-hex", 'f"{<int>:x}"'), ("str", "format-comma", 'f"{<int> * 12345:,}"'), ("str", "format-percent", 'f"{<int> / 10:.0%}"'), ("str", "format-nested", 'f"{<int>:{<digit>}d}"'),
    ("str", "percent-dict", '"%(a)s-%(b)d" % {"a": <str>, "b": <int>}'), ("str", "format-field", '"{0[0]}-{1}".format(<ints>, <int>)'), ("str", "format-index", '"{1}{0}".format(<int>, <str>)'), ("str", "bytes-decode", 'b"ab".decode() + <str>'), ("str", "encode", "str(len(<str>.encode()))"),
    ("str", "str-split-limit", '<str>.split(" ", 1)[0]'), ("str", "rsplit", '"-".join(<str>.rsplit("-", 1))'), ("str", "splitlines", '"|".join("a\\nb".splitlines()) + <str>'), ("str", "rpartition", '<str>.rpartition("-")[2]'), ("str", "str-strip-chars", '<str>.strip("aq")'),
    ("str", "lstrip", '<str>.lstrip("C").rstrip("l")'), ("str", "center", "<str>.center(7, '*')"), ("str", "ljust", "<str>.ljust(6) + '|'"), ("str", "swapcase", "<str>.swapcase()"), ("str", "capitalize", "<str>.capitalize()"), ("str", "casefold", "<str>.casefold()"), ("str", "removesuffix", '<str>.removesuffix("el")'),
    ("str", "translate", '<str>.translate(str.maketrans("ad", "eo"))'), ("str", "str-compare", "max(<str>, <str>)"), ("str", "str-sorted", '"".join(sorted(<str>))'), ("str", "str-set", '"".join(sorted(set(<str>)))'), ("str", "str-iter", '"".join(c for c in <str> if c != "a")'), ("str", "str-step", "(<str> * 2)[::2]"),
    ("str", "repr-str", "repr(<str>)"), ("str", "repr-dict", "repr(<dict>)"), ("str", "repr-float", "repr(1.5 + <int>)"), ("str", "repr-nested", "str([<str>, (<int>, None), True])"), ("str", "bin", "bin(<int>)"), ("str", "oct", "oct(<int>)"), ("str", "ascii", "ascii(<str>)"), ("str", "format-call", "format(<int>, '03d')"), ("str", "str-mod-tuple", '"%s/%s" % <pair>'),
    ("str", "implicit-concatenation", '"a" "b" + <str>'), ("str", "multi-f-string", 'f"{<int>}" f"-{<int>}"'), ("str", "empty-join", '"".join([])'), ("str", "join-tuple", '"+".join((<str>, <str>, "z"))'), ("str", "str-find-slice", '<str>[<str>.find("b"):]'),
    ("bool", "float-comparison", "<int> / 2 > 1.5"), ("bool", "equality-types", "<int> == <int> + 0.0"), ("bool", "str-comparison", "<str> < <str>"), ("bool", "list-comparison", "<ints> < [5]"), ("bool", "list-equality", "<ints> == list(<pair>)"), ("bool", "isalpha", "<str>.isalpha()"), ("bool", "islower", "<str>.islower()"),
    ("bool", "dict-in-values", "<int> in <dict>.values()"), ("bool", "subset", "{<int>} <= {1, 2, 3}"), ("bool", "issubclass", "issubclass(bool, int)"), ("bool", "isinstance-union", "isinstance(<int>, int | str)"), ("bool", "type-is", "type(<int>) is int"), ("bool", "is-none", "(None if <bool> else 1) is None"), ("bool", "xor", "<bool> ^ <bool>"), ("bool", "ne-chain", "1 != <int> != 3"),
    ("ints", "list-pop", "(lambda l: (l.pop(), l)[1])([1, <int>, 2])"), ("ints", "slice-step", "<ints>[::-1]"), ("ints", "slice-negative", "(<ints> + [1, 2])[-2:]"), ("ints", "list-tuple", "list((<int>, *<pair>))"), ("ints", "set-union", "sorted({<int>} | {1, 2})"), ("ints", "set-intersection", "sorted({1, 2, <int>} & {1, 2, 3})"), ("ints", "set-difference", "[9, *sorted({1, 2} - {<int>})]"),
    ("ints", "frozenset", "sorted(frozenset([<int>, 3]))"), ("ints", "bytes-list", 'list(b"ab")'), ("ints", "range-step", "list(range(9, 0, -<digit>))"), ("ints", "range-slice", "list(range(10)[<digit>:8])"), ("ints", "divmod-list", "list(divmod(<int> + 9, <digit>))"), ("ints", "map-int", 'list(map(int, "123"))'), ("ints", "dict-keys", "[len(k) for k in <dict>]"), ("ints", "sorted-values", "sorted(<dict>.values()) + [1]"),
    ("ints", "nested-unpack", "[*<ints>, *(1, <int>)]"), ("ints", "multi-for", "[a for pair in [<ints>, [3]] for a in pair]"), ("ints", "conditional-comprehension", "[w if w > 2 else -w for w in <ints>]"), ("ints", "zip-longest-plain", "[len(t) for t in zip(<ints>, 'ab', [1])] + [1]"), ("ints", "list-of-str", "[int(c) for c in str(<int> + 10)]"),
    ("dict", "dict-sorted", "dict(sorted(<dict>.items()))"), ("dict", "dict-filter", "{k: v for k, v in <dict>.items() if v > 1} | {'a': 1}"), ("dict", "dict-pairs", "dict([('a', <int>), ('b', 2)])"), ("dict", "dict-invert", "{str(v): 1 for v in <dict>.values()}"), ("dict", "dict-update-call", "dict(<dict>, z=<int>)"), ("dict", "dict-enumerate", "{c: i for i, c in enumerate(<str>)}"),
    ("pair", "tuple-add", "(<int>,) + (<int>,)"), ("pair", "tuple-swap", "<pair>[::-1]"), ("pair", "tuple-sorted", "tuple(sorted(<pair>))"), ("pair", "tuple-map", "tuple(map(abs, <pair>))"), ("pair", "divmod", "divmod(<int>, <digit>)"), ("pair", "tuple-generator", "tuple(w * 2 for w in <pair>)"), ("pair", "min-max", "(min(<ints>), max(<ints>))"),
):
    template(_kind, _label, _form, nested=" for " in _form or "lambda" in _form, into=FAR_EXPRESSIONS)

for _kind, _label, _line, _form in (
    ("int", "math", "import math", "math.ceil(<int> / 3) + math.gcd(<int>, 6)"), ("int", "math", "import math", "int(math.sqrt(<int> * <int>))"), ("ints", "itertools", "import itertools", "list(itertools.chain.from_iterable([<ints>, [1]]))"),
    ("ints", "itertools", "import itertools", "list(itertools.islice(itertools.count(<int>), 3))"), ("ints", "itertools", "import itertools", "list(itertools.accumulate(<ints>))"), ("ints", "itertools", "import itertools", "[a * b for a, b in itertools.product([1, 2], <ints>)]"),
    ("int", "itertools", "import itertools", "len(list(itertools.combinations(<ints>, 2)))"), ("ints", "itertools", "import itertools", "[a + b for a, b in itertools.zip_longest(<ints>, [1], fillvalue=0)]"), ("ints", "itertools", "import itertools", "[1, *itertools.takewhile(lambda w: w > 2, <ints>)]"),
    ("ints", "operator", "import operator", "sorted([1, <int>, 2], key=operator.neg)"), ("int", "operator", "from operator import itemgetter", "itemgetter(1)(<pair>)"), ("int", "reduce", "from functools import reduce", "reduce(lambda v, w: v * w % 13, <ints>, 2)"),
    ("int", "counter", "from collections import Counter", "Counter(<str>)['a']"), ("ints", "counter", "from collections import Counter", "[n for _, n in Counter(<str>).most_common(2)]"), ("ints", "deque", "from collections import deque", "list(deque(<ints>, maxlen=2))"),
    ("dict", "ordered-dict", "from collections import OrderedDict", "dict(OrderedDict(a=<int>, b=2))"), ("int", "heapq", "import heapq", "heapq.nsmallest(1, <ints>)[0]"), ("int", "bisect", "import bisect", "bisect.bisect([1, 3, 5], <int>)"), ("str", "textwrap", "import textwrap", "textwrap.dedent('  ' + <str>).strip()"),
    ("str", "os.path", "import os", "os.path.join(os.path.dirname('/a/b/c'), <str>)"), ("str", "os.path", "import os", "os.path.normpath('a/../b/' + <str>)"), ("str", "os.path", "import os", "os.path.splitext(<str> + '.tar.gz')[0]"), ("str", "os.path", "import os", "os.sep.join(['a', <str>])"),
    ("str", "pathlib", "from pathlib import Path", "Path('a/b.txt').with_suffix('.md').as_posix() + <str>"), ("str", "pathlib", "from pathlib import Path", "Path('x', 'y').parent.name + <str>"), ("str", "pathlib", "from pathlib import Path", "'/'.join(Path('a/b/c').parts)"), ("bool", "pathlib", "from pathlib import Path", "Path('/a').is_absolute()"),
    ("str", "json", "import json", "json.dumps([<int>, <str>, None, True])"), ("int", "json", "import json", "len(json.loads('[1, 2, 3]')) + <int>"), ("bool", "re", "import re", "bool(re.match('[a-m]', <str>))"), ("str", "re", "import re", "re.split('[- ]', <str>)[0]"), ("str", "base64", "import base64", "base64.b64encode(b'ab').decode() + <str>"),
    ("str", "string", "import string", "string.ascii_lowercase[<int>]"), ("str", "shlex", "import shlex", "shlex.split('a <digit> c')[1]"), ("bool", "fnmatch", "import fnmatch", "fnmatch.fnmatch(<str>, 'm*')"), ("int", "copy", "import copy", "copy.deepcopy([<int>])[0]"), ("str", "datetime", "import datetime", "str(datetime.timedelta(seconds=<int>))"),
):
    _with_import(_kind, _label, _line, _form, into=FAR_EXPRESSIONS)
