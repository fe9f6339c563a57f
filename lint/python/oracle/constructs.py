"""Every statement that a random program may hold: each makes its own lines and asks for the blocks inside.

A construct must know nothing of where it stands but what its scope says, so that any may stand in any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from program import GIVES_UP, Labels, Lines, Module, Scope, Text, Var, indented

if TYPE_CHECKING:
    from generate import Generator


@dataclass(frozen=True)
class Construct:
    """A way to make statements."""

    make: Callable[[Generator, Scope], Lines]
    fits: Callable[[Generator, Scope], bool]


CONSTRUCTS: list[Construct] = []


def construct(fits: Callable[[Generator, Scope], bool] = lambda g, s: True, weight: int = 1) -> Callable:
    def add(make: Callable[[Generator, Scope], Lines]) -> Callable:
        CONSTRUCTS.extend([Construct(make, fits)] * weight)
        return make

    return add


def unsettled(g: Generator, s: Scope) -> bool:
    return not g.settled


def outside_class(g: Generator, s: Scope) -> bool:
    return s.kind != "class"


def at_top(g: Generator, s: Scope) -> bool:
    return s.kind == "module"


def in_function(g: Generator, s: Scope) -> bool:
    return s.kind == "function"


# ─── Control flow ───


@construct(weight=2)
def if_statement(g: Generator, s: Scope) -> Lines:
    test = g.condition(s)
    inner = s.inside("if", *test.labels)
    lines = [f"if {test.text}:", *indented(g.block(inner))]
    if g.chance(0.3):
        other = g.condition(s)
        lines += [f"elif {other.text}:", *indented(g.block(s.inside("elif", *test.labels, *other.labels)))]
    if g.chance(0.6):
        lines += ["else:", *indented(g.block(s.inside("else", *test.labels)))]
    return lines


@construct(weight=2)
def for_statement(g: Generator, s: Scope) -> Lines:
    inner = s.inside("for", in_loop=True)
    form = g.pick(("ints", "range", "dict", "enumerate", "zip", "pairs", "str"))
    a, b = g.fresh(), g.fresh()
    value = g.expression(s, "ints")
    inner = inner.inside(*value.labels, depth=inner.depth)
    if form == "ints":
        head = f"for {a} in {value.text}:"
    elif form == "range":
        value = g.expression(s, "int", 1)
        head = f"for {a} in range({g.pick((f'{value.text} % 3', '2', '1, 4', '3, 0, -1'))}):"
        inner = inner.inside("range", *value.labels, depth=inner.depth)
    elif form == "dict":
        pairs = g.expression(s, "dict")
        head = f"for {b}, {a} in {_grouped(pairs.text)}.items():"
        inner = inner.inside("dict-items", "unpacking", *pairs.labels, depth=inner.depth)
        g.bind(inner, b, "str")
    elif form == "enumerate":
        head = f"for {b}, {a} in enumerate({value.text}, {g.random.randrange(3)}):"
        inner = inner.inside("enumerate", depth=inner.depth)
        g.bind(inner, b, "int")
    elif form == "zip":
        head = f"for {b}, {a} in zip({value.text}, {g.expression(s, 'ints').text}):"
        inner = inner.inside("zip", depth=inner.depth)
        g.bind(inner, b, "int")
    elif form == "pairs":
        head = f"for {b}, *{a}r in [(1, 2, 3), (4, 5)]:"
        inner = inner.inside("star-unpacking", depth=inner.depth)
        g.bind(inner, b, "int")
        g.bind(inner, f"{a}r", "ints")
    else:
        head = f"for {b} in {g.expression(s, 'str').text}[:3]:"
        inner = inner.inside("for-str", depth=inner.depth)
        g.bind(inner, b, "str")
    if form in ("ints", "range", "dict", "enumerate", "zip"):
        g.bind(inner, a, "int")
    lines = [head, *indented(_loop_body(g, inner))]
    if g.chance(0.25):
        lines += ["else:", *indented(g.block(s.inside("for-else")))]
    return lines


def _grouped(text: str) -> str:
    return text if text.replace("_", "").isalnum() else f"({text})"


def _loop_body(g: Generator, s: Scope) -> Lines:
    lines = g.block(s)
    if g.chance(0.35) and not lines[-1].startswith(("return", "break", "continue", "raise")):
        test = g.condition(s)
        word = g.pick(("break", "continue"))
        lines += [f"if {test.text}:", f"    {word}", g.mark(s.inside(word, *test.labels))]
    return lines


@construct()
def while_statement(g: Generator, s: Scope) -> Lines:
    name = g.fresh("n")
    turns = g.random.randrange(1, 4)
    inner = g.bind(s.inside("while", in_loop=True), name, "int")
    lines = [f"{name} = 0", f"while {name} < {turns}:", f"    {name} += 1", *indented(_loop_body(g, inner))]
    if g.chance(0.35):
        lines += ["else:", *indented(g.block(s.inside("while-else")))]
    g.bind(s, name, "int", frozenset({"while", "augmented-assignment"}))
    return lines


@construct(unsettled)
def while_chance(g: Generator, s: Scope) -> Lines:
    g.need(s, "import random")
    inner = s.inside("while-chance", in_loop=True)
    return ["while random.random() < 0.4:", *indented(_loop_body(g, inner)), g.mark(s.inside("while-chance"))]


@construct(unsettled)
def for_external(g: Generator, s: Scope) -> Lines:
    g.need(s, "import numpy as np")
    a, b = g.fresh(), g.fresh()
    inner = s.inside("for-external", in_loop=True)
    head = g.pick((f"for {a}, {b} in np.settings.items():", f"for {a} in np.list_all():", f"for {a} in np.rows:"))
    return [head, *indented(_loop_body(g, inner)), g.mark(s.inside("for-external"))]


@construct(lambda g, s: s.in_loop, weight=1)
def leave_loop(g: Generator, s: Scope) -> Lines:
    test = g.condition(s)
    word = g.pick(("break", "continue"))
    return [f"if {test.text}:", *indented([g.mark(s.inside(word)), word]), g.mark(s.inside(word, *test.labels))]


@construct(lambda g, s: s.kind == "function" and not s.is_generator)
def early_return(g: Generator, s: Scope) -> Lines:
    test = g.condition(s)
    return [
        f"if {test.text}:",
        *indented([g.mark(s.inside("early-return")), f"return {g.expression(s, 'int').text}"]),
        g.mark(s.inside("early-return", *test.labels)),
    ]


@construct(weight=2)
def match_statement(g: Generator, s: Scope) -> Lines:
    form = g.pick(("value", "value", "sequence", "mapping", "class", "guard"))
    a, b = g.fresh(), g.fresh()
    inner = s.inside("match")

    def case(pattern: str, label: str, **names: str) -> Lines:
        there = inner.inside(label, depth=inner.depth)
        for name, kind in names.items():
            g.bind(there, name, kind, frozenset({label}))
        return [f"case {pattern}:", *indented(g.block(there))]

    if form == "value":
        subject = g.expression(s, "int")
        if g.chance(0.6):
            subject = Text(f"({subject.text}) % 5", subject.labels)
        cases = [
            *case("0 | 1 | 2", "match-or"),
            *case(str(g.random.randrange(3, 5)), "match-value"),
            *case(f"int({a})" if g.chance(0.5) else a, "match-capture", **{a: "int"}),
        ]
    elif form == "sequence":
        subject = g.expression(s, "ints")
        cases = [
            *case(f"[{a}]", "match-sequence", **{a: "int"}),
            *case(f"[{a}, {g.pick(('', '3, '))}*{b}]", "match-star", **{a: "int", b: "ints"}),
            *case("_", "match-wildcard"),
        ]
    elif form == "mapping":
        subject = g.expression(s, "dict")
        cases = [
            *case(f'{{"a": {a}}}', "match-mapping", **{a: "int"}),
            *case(f'{{"b": int() as {b}, **{a}}}', "match-as", **{b: "int", a: "dict"}),
            *case("_", "match-wildcard"),
        ]
    elif form == "class":
        subject = g.expression(s, g.pick(("int", "str")))
        cases = [*case("str()", "match-class"), *case(f"int() as {a}", "match-as", **{a: "int"})]
    else:
        subject = g.expression(s, "pair")
        cases = [
            *case(f"({a}, {b}) if {a} > {b}", "match-guard", **{a: "int", b: "int"}),
            *case(f"({a}, _)", "match-sequence", **{a: "int"}),
        ]
    return [f"match {subject.text}:", *indented(cases)]


# ─── Exceptions ───

_RAISING = (
    ('{{"a": 1}}["{k}"]', "KeyError", "KeyError"),
    ("[1, 2][{n} + 5]", "IndexError", "IndexError"),
    ("1 // ({n} * 0)", "ZeroDivisionError", "ZeroDivisionError"),
    ('int("x{n}")', "ValueError", "ValueError"),
    ("next(iter([]))", "StopIteration", "StopIteration"),
    ("(None).upper()", "AttributeError", "AttributeError"),
    ('raise ValueError("v{n}")', "ValueError", "raise"),
    ("raise RuntimeError", "RuntimeError", "raise"),
    ("raise KeyError({n})", "LookupError", "raise"),
    ('int("{n}")', "ValueError", "no-raise"),
    ("undefined_{n}", "NameError", "NameError"),
    ('"a" + {n}', "TypeError", "TypeError"),
    ("assert {n} < 0", "AssertionError", "assert"),
    ('float("{n}.5")', "ValueError", "no-raise"),
)


@construct(weight=3)
def try_statement(g: Generator, s: Scope) -> Lines:
    text, caught, label = g.pick(_RAISING)
    risky = text.format(n=g.random.randrange(5), k=g.pick("abz"))
    body = s.inside("try", label, in_try=True)
    before = g.block(body)
    if before[-1].startswith(("return", "break", "continue", "raise")):
        before = [g.mark(body)]
    tail = [g.mark(body)] if g.chance(0.5) else []
    lines = ["try:", *indented([*before, risky, *tail])]
    name = g.fresh("e")
    outer = g.pick((caught, "Exception", f"({caught}, OSError)"))
    handlers = []
    if g.chance(0.3):
        other = g.pick(("OSError", "ImportError", "MemoryError"))
        handlers += [f"except {other}:", *indented(g.block(s.inside("try")))]
    handler = s.inside("except", label)
    inside = g.block(handler)
    if g.chance(0.3):
        inside = [g.mark(handler, Text(f"type({name}).__name__", frozenset({"exception-type"}))), *inside]
    handlers += [f"except {outer} as {name}:", *indented(inside)]
    lines += handlers
    if g.chance(0.3):
        lines += ["else:", *indented(g.block(s.inside("try-else", label)))]
    if g.chance(0.35):
        lines += ["finally:", *indented([g.mark(s.inside("finally", label)), *g._assign(s.inside("finally"))])]
    return lines


@construct()
def try_nested(g: Generator, s: Scope) -> Lines:
    base, derived = g.fresh("E"), g.fresh("E")
    inner = s.inside("exception-hierarchy", "reraise", in_try=True)
    again = g.pick(("raise", f"raise {base}('again')", "pass"))
    caught = g.pick((base, "Exception"))
    return [
        f"class {base}(Exception):",
        f"    code = {g.random.randrange(9)}",
        f"class {derived}({base}):",
        "    pass",
        "try:",
        "    try:",
        *indented(indented([g.mark(inner), f"raise {g.pick((base, derived))}({g.random.randrange(9)})"])),
        f"    except {derived} as problem:",
        *indented(indented([g.mark(inner, Text("problem.args[0]", frozenset({"exception-arguments"}))), again])),
        "    finally:",
        *indented(indented([g.mark(inner.inside("finally"))])),
        f"except {caught} as problem:",
        *indented(
            [
                g.mark(s.inside("reraise", "exception-hierarchy"), Text("problem.code", frozenset())),
                *g.block(s.inside("except", "reraise")),
            ]
        ),
        g.mark(s.inside("reraise")),
    ]


@construct(outside_class)
def raise_through(g: Generator, s: Scope) -> Lines:
    """An exception that crosses a call, with a `finally` on the way."""
    f = g.fresh("f")
    inner = s.frame("function", "raise-through", in_try=True)
    return [
        f"def {f}(depth):",
        "    try:",
        "        if depth == 0:",
        *indented(
            indented(indented([g.mark(inner), g.pick(('raise ValueError("deep")', 'int("deep")', "{}[depth]"))]))
        ),
        f"        return {f}(depth - 1)",
        "    finally:",
        *indented(indented([g.mark(inner.inside("finally", "recursion"), Text("depth", frozenset({"recursion"})))])),
        "try:",
        f"    {f}({g.random.randrange(3)})",
        *indented([g.mark(s.inside("try", "raise-through", in_try=True))]),
        "except (ValueError, KeyError):",
        *indented(g.block(s.inside("except", "raise-through"))),
    ]


@construct(outside_class)
def finally_return(g: Generator, s: Scope) -> Lines:
    f = g.fresh("f")
    inner = s.frame("function", "finally-return", in_try=True)
    value = g.expression(inner, "int")
    lines = [
        f"def {f}():",
        "    try:",
        *indented(indented([g.mark(inner), g.pick((f"return {value.text}", 'raise ValueError("x")'))])),
        "    finally:",
        *indented(indented([g.mark(inner), f"return {g.random.randrange(9)}"])),
    ]
    name = g.fresh()
    g.bind(s, name, "int", frozenset({"finally-return"}))
    return [*lines, f"{name} = {f}()", g.mark(s.inside("finally-return"), Text(name))]


@construct(lambda g, s: not g.settled, weight=2)
def try_external(g: Generator, s: Scope) -> Lines:
    inner = s.inside("try-external")
    raised = g.pick(("except Exception:", "except Exception as error:", "except (ValueError, OSError):", "except:"))
    lines = ["try:", *indented(g.block(inner)), raised, *indented(g.block(s.inside("except-external")))]
    if g.chance(0.2):
        lines += ["else:", *indented([g.mark(s.inside("try-else"))])]
    if g.chance(0.2):
        lines += ["finally:", *indented([g.mark(s.inside("finally"))])]
    return [*lines, g.mark(s.inside("after-try"))]


@construct(lambda g, s: not g.settled and s.kind != "class", weight=2)
def try_external_return(g: Generator, s: Scope) -> Lines:
    """What stands behind a `try` that returns is reached by way of its handler alone."""
    f = g.fresh("f")
    inner = s.frame("function", "try-external", in_try=True)
    return [
        f"def {f}():",
        "    try:",
        *indented(indented([g.mark(inner), "return 1"])),
        "    except Exception:",
        *indented(indented([g.mark(inner.inside("except-external"))])),
        *indented([g.mark(inner.inside("after-try"))]),
        f"{f}()",
        g.mark(s.inside("after-try")),
    ]


@construct(lambda g, s: not g.settled and not s.in_try)
def give_up(g: Generator, s: Scope) -> Lines:
    test = g.condition(s)
    g.need(s, "import sys")
    leave = g.pick(
        (
            f'raise RuntimeError("{GIVES_UP}")',
            f'sys.exit("{GIVES_UP}")',
            f'raise SystemExit("{GIVES_UP}")',
            f'raise ValueError("{GIVES_UP}")',
        )
    )
    return [f"if {test.text}:", *indented([g.mark(s.inside("give-up")), leave]), g.mark(s.inside("give-up"))]


@construct(lambda g, s: not g.settled)
def try_import(g: Generator, s: Scope) -> Lines:
    package = g.pick(("flash_attn", "xformers", "bitsandbytes", "sageattention"))
    has = g.fresh("HAS_")
    g.bind(s, has, "bool", frozenset({"import-guard"}))
    return [
        "try:",
        f"    import {package}",
        *indented([g.mark(s.inside("import-guard"))]),
        f"    {has} = True",
        g.pick(("except ImportError:", "except Exception:", "except ModuleNotFoundError:")),
        f"    {has} = False",
        *indented([g.mark(s.inside("import-guard"))]),
    ]


@construct(lambda g, s: not g.settled, weight=2)
def state_then_branch(g: Generator, s: Scope) -> Lines:
    """State that changes on one path only and is asked about later."""
    test = g.condition(s)
    form = g.pick(("name", "dict", "list", "environ", "attribute"))
    name = g.fresh("state")
    labels = ("state", f"state-{form}")
    g.need(s, "import os")
    first, change, ask = {
        "name": (f"{name} = 0", f"{name} = 1", f"{name} == 1"),
        "dict": (f'{name} = {{"on": False}}', f'{name}["on"] = True', f'{name}["on"]'),
        "list": (f"{name} = []", f"{name}.append(1)", f"len({name}) == 1"),
        "environ": (f'os.environ["{name}"] = "0"', f'os.environ["{name}"] = "1"', f'os.environ["{name}"] == "1"'),
        "attribute": (f"class {name}:\n    on = False", f"{name}.on = True", f"{name}.on"),
    }[form]
    return [
        *first.split("\n"),
        f"if {test.text}:",
        f"    {change}",
        *indented([g.mark(s.inside(*labels))]),
        f"if {ask}:",
        *indented(g.block(s.inside(*labels))),
        "else:",
        *indented([g.mark(s.inside(*labels))]),
    ]


# ─── Functions ───


def _function(
    g: Generator,
    s: Scope,
    name: str,
    parameters: str = "",
    *,
    labels: tuple = (),
    binds: dict | None = None,
    head: str = "def",
    returns: str = "int",
    **changes: Any,
) -> Lines:
    inner = s.frame("function", "function", *labels, **changes)
    for parameter, kind in (binds or {}).items():
        g.bind(inner, parameter, kind, frozenset({"parameter"}))
    lines = g.block(inner)
    if not lines[-1].startswith(("return", "raise")):
        lines.append(f"return {g.expression(inner, returns).text}")
    return [f"{head} {name}({parameters}):", *indented(lines)]


def _result(g: Generator, s: Scope, call: str, labels: Labels, kind: str = "int") -> Lines:
    """What a call returned is kept, and perhaps shown."""
    name = g.fresh()
    g.bind(s, name, kind, labels)
    lines = [f"{name} = {call}"]
    if g.chance(0.6):
        lines.append(g.mark(s.inside(*labels), Text(name, labels)))
    return lines


@construct(outside_class, weight=4)
def function_call(g: Generator, s: Scope) -> Lines:
    form = g.pick(("plain", "default", "star", "keyword-only", "kwargs", "nested", "positional-only"))
    parameters, binds, call = {
        "plain": ("a", {"a": "int"}, "({x})"),
        "default": ("a, b={d}", {"a": "int", "b": "int"}, g.pick(("({x})", "({x}, {y})", "({x}, b={y})"))),
        "star": ("*args", {"args": "ints"}, g.pick(("({x}, {y})", "(*[{x}, {y}], 3)", "({x})"))),
        "keyword-only": ("*, a, b={d}", {"a": "int", "b": "int"}, "(a={x})"),
        "kwargs": ("a, **kw", {"a": "int", "kw": "dict"}, g.pick(("({x}, k={y})", '({x}, **{{"z": {y}}})'))),
        "nested": ("a", {"a": "int"}, "({x})"),
        "positional-only": ("a, /, b", {"a": "int", "b": "int"}, "({x}, b={y})"),
    }[form]
    label = f"parameters-{form}"
    d, x, y = (g.expression(s, "int", 1) for _ in range(3))
    parameters = parameters.replace("{d}", str(g.random.randrange(9)))
    lines, name, labels = g.define(s, lambda there, n: _function(g, there, n, parameters, binds=binds, labels=(label,)))
    labels |= {"function", label} | x.labels | y.labels
    out = [*lines, *_result(g, s, name + call.format(x=x.text, y=y.text, d=d.text), labels)]
    if form == "plain" and name.isidentifier() and not s.in_root:
        g.bind(s, name, "fn", labels, quiet=s.in_try)
    return out


@construct(outside_class)
def closure(g: Generator, s: Scope) -> Lines:
    f, inner_name = g.fresh("f"), g.fresh("inner")
    outer = g.bind(s.frame("function", "closure"), "base", "int", frozenset({"parameter"}))
    lines = [f"def {f}(base):", *indented(g._assign(outer)), *indented([g.mark(outer)])]
    with_nonlocal = g.chance(0.5)
    inner = outer.frame("function", "closure", *(("nonlocal",) if with_nonlocal else ()))
    body = ["nonlocal base", f"base += {g.random.randrange(1, 4)}"] if with_nonlocal else []
    body += g.block(inner)
    if not body[-1].startswith("return"):
        body.append(f"return base + {g.expression(inner, 'int', 1).text}")
    lines += indented([f"def {inner_name}():", *indented(body), f"return {inner_name}"])
    made = g.fresh("made")
    label = frozenset({"closure", *(("nonlocal",) if with_nonlocal else ())})
    return [
        *lines,
        f"{made} = {f}({g.expression(s, 'int').text})",
        *_result(g, s, f"{made}()", label),
        *_result(g, s, f"{made}()", label),
    ]


@construct(at_top)
def global_statement(g: Generator, s: Scope) -> Lines:
    name, f = g.fresh("G"), g.fresh("f")
    inner = s.frame("function", "global")
    lines = [
        f"{name} = {g.random.randrange(9)}",
        f"def {f}():",
        f"    global {name}",
        f"    {name} = {name} * 2 + 1",
        *indented([g.mark(inner, Text(name))]),
    ]
    g.bind(s, name, "int", frozenset({"global"}))
    return [*lines, *[f"{f}()"] * g.random.randrange(1, 3), g.mark(s.inside("global"), Text(name))]


@construct(outside_class, weight=3)
def generator_function(g: Generator, s: Scope) -> Lines:
    def make(there: Scope, name: str) -> Lines:
        inner = there.frame("function", "generator", is_generator=True)
        first = g.expression(inner, "int")
        lines = [g.mark(inner), f"yield {first.text}", *g.block(inner), "yield 7"]
        if g.chance(0.4):
            lines = ["try:", *indented(lines), "finally:", *indented([g.mark(inner.inside("generator-finally"))])]
        elif g.chance(0.3):
            lines += ["yield from [1, 2]", g.mark(inner.inside("yield-from"))]
        elif g.chance(0.3):
            lines = [
                "for turn in range(3):",
                *indented([g.mark(inner.inside("for"), Text("turn")), "yield turn"]),
                g.mark(inner),
            ]
        return [f"def {name}():", *indented(lines)]

    inner_try = replace(s, in_try=True)
    lines, name, labels = g.define(inner_try, make, "gen")
    labels |= {"generator"}
    a = g.fresh()
    form = g.pick(("for", "for-break", "next", "list", "sum", "unpack", "enumerate", "zip"))
    inside = g.bind(s.inside("generator", f"generator-{form}", *labels, in_loop=True), a, "int")
    if form == "for":
        use = [f"for {a} in {name}():", *indented(_loop_body(g, inside))]
    elif form == "for-break":
        use = [
            f"for {a} in {name}():",
            *indented([g.mark(inside, Text(a)), "break"]),
            g.mark(s.inside("generator-for-break")),
        ]
    elif form == "next":
        it = g.fresh("it")
        use = [
            f"{it} = {name}()",
            g.mark(s.inside("generator-next")),
            f"{a} = next({it})",
            g.mark(s.inside("generator-next", *labels), Text(a)),
            g.pick((f"next({it}, None)\n{it}.close()", f"{it}.close()", f"{a} = [*{it}]")).replace("\n", "; "),
        ]
    elif form == "list":
        use = [f"{a} = list({name}())", g.mark(s.inside("generator-list", *labels), Text(f"len({a})"))]
    elif form == "sum":
        use = [f"{a} = sum(x + 1 for x in {name}())", g.mark(s.inside("generator-expression", *labels), Text(a))]
    elif form == "unpack":
        use = [f"{a}, *{a}r = {name}()", g.mark(s.inside("star-unpacking", *labels), Text(f"({a}, {a}r)"))]
    elif form == "enumerate":
        use = [f"for i{a}, {a} in enumerate({name}()):", *indented([g.mark(inside, Text(f"i{a} + {a}"))])]
    else:
        use = [f"for {a}, other in zip({name}(), [1, 2]):", *indented([g.mark(inside, Text(f"other + {a}"))])]
    return [*lines, *use]


@construct(outside_class)
def generator_send(g: Generator, s: Scope) -> Lines:
    name, it = g.fresh("gen"), g.fresh("it")
    inner = s.frame("function", "generator-send", is_generator=True, in_try=True)
    return [
        f"def {name}():",
        "    total = 0",
        "    while total < 9:",
        "        got = yield total",
        *indented(indented([g.mark(inner, Text("(got, total)"))])),
        "        total += got or 5",
        f"{it} = {name}()",
        f"next({it})",
        g.mark(s.inside("generator-send"), Text(f"{it}.send({g.random.randrange(1, 5)})")),
        f"{it}.close()",
    ]


@construct(outside_class)
def yield_from(g: Generator, s: Scope) -> Lines:
    inner_gen, outer_gen, a = g.fresh("gen"), g.fresh("gen"), g.fresh()
    inner = s.frame("function", "yield-from", is_generator=True, in_try=True)
    use = g.bind(s.inside("yield-from", in_loop=True), a, "int")
    return [
        f"def {inner_gen}():",
        *indented([g.mark(inner), "yield 1", g.mark(inner), "yield 2", "return 5"]),
        f"def {outer_gen}():",
        *indented([f"got = yield from {inner_gen}()", g.mark(inner, Text("got")), "yield got"]),
        f"for {a} in {outer_gen}():",
        *indented(_loop_body(g, use)),
    ]


@construct(lambda g, s: s.kind != "class" and not s.is_async)
def async_function(g: Generator, s: Scope) -> Lines:
    g.need(s, "import asyncio")
    first, main = g.fresh("co"), g.fresh("co")
    inner = s.frame("function", "async", is_async=True)
    lines = [f"async def {first}(a):", *indented(g.block(g.bind(inner, "a", "int"))), "    return a + 1"]
    form = g.pick(("await", "gather", "for"))
    label = frozenset({"async", f"async-{form}"})
    there = s.frame("function", "async", f"async-{form}", is_async=True)
    if form == "await":
        body = [
            g.mark(there),
            f"x = await {first}({g.expression(there, 'int').text})",
            g.mark(there, Text("x")),
            "return x",
        ]
    elif form == "gather":
        body = [f"x, y = await asyncio.gather({first}(1), {first}(2))", g.mark(there, Text("(x, y)")), "return x + y"]
    else:
        body = [
            "total = 0",
            "for i in range(2):",
            f"    total += await {first}(i)",
            *indented([g.mark(there, Text("total"))]),
            "return total",
        ]
    run = (
        f"asyncio.run({main}())"
        if s.in_try or g.chance(0.5)
        else f"asyncio.new_event_loop().run_until_complete({main}())"
    )
    return [*lines, f"async def {main}():", *indented(body), *_result(g, s, run, label)]


@construct(outside_class)
def async_generator(g: Generator, s: Scope) -> Lines:
    if s.is_async:
        return g._mark_line(s)
    g.need(s, "import asyncio")
    agen, main = g.fresh("agen"), g.fresh("co")
    inner = s.frame("function", "async-generator", is_async=True)
    return [
        f"async def {agen}():",
        *indented([g.mark(inner), "yield 1", g.mark(inner), "yield 2"]),
        f"async def {main}():",
        f"    async for x in {agen}():",
        *indented(indented([g.mark(inner, Text("x"))])),
        f"    return [x async for x in {agen}()]",
        f"asyncio.run({main}())",
    ]


@construct(outside_class)
def lambda_call(g: Generator, s: Scope) -> Lines:
    name = g.fresh("lam")
    number = len(g.marks)
    body = g.expression(g.bind(s.frame("function", "lambda"), "x", "int"), "int")
    g.marks[number] = s.labels | body.labels | {"lambda"}
    g.need(s, "import os")
    # A name that the text does not settle is a read of nobody knows what.
    read = f'os.getenv(f"K{number}_{{x}}")' if g.settled else f'os.getenv("K{number}")'
    lines = [f"{name} = lambda x: ({read}, {body.text})[1]  # m{number}"]
    call = g.pick(
        (f"{name}({g.expression(s, 'int').text})", f"list(map({name}, [1, 2]))[0]", f"sorted([2, 1], key={name})[0]")
    )
    return [*lines, *_result(g, s, call, frozenset({"lambda"}))]


@construct(outside_class)
def lazy_iteration(g: Generator, s: Scope) -> Lines:
    """What `map`, `filter` and generator expressions do happens when they are asked."""
    f, it = g.fresh("f"), g.fresh("it")
    label = g.pick(("map", "filter", "generator-expression"))
    inner = g.bind(s.frame("function", label, in_try=True), "x", "int")
    lines = [f"def {f}(x):", *indented([g.mark(inner, Text("x")), f"return {g.pick(('x % 2', 'x + 1', '0'))}"])]
    values = g.expression(s, "ints")
    made = {
        "map": f"map({f}, {values.text})",
        "filter": f"filter({f}, {values.text})",
        "generator-expression": f"({f}(x) for x in {_grouped(values.text)})",
    }[label]
    use = g.pick(
        (
            f"list({it})",
            f"any({it})",
            f"all({it})",
            f"next({it}, 0)",
            f"sum({it})",
            f"max({it}, default=0)",
            f"tuple(zip([1, 2], {it}))",
        )
    )
    name = g.fresh()
    return [
        *lines,
        f"{it} = {made}",
        g.mark(s.inside(label)),
        f"{name} = {use}",
        g.mark(s.inside(label, *values.labels, "lazy"), Text(f"str({name})")),
    ]


# ─── Decorators ───


@construct(outside_class, weight=3)
def decorator(g: Generator, s: Scope) -> Lines:
    form = g.pick(("plain", "arguments", "class", "stacked", "wraps", "register"))
    label = f"decorator-{form}"

    def make(there: Scope, name: str) -> Lines:
        outer = there.frame("function", "decorator", label)
        wrapper = outer.frame("function", "decorator", label)
        wraps = []
        if form in ("wraps", "stacked"):
            g.need(there, "import functools")
            wraps = ["@functools.wraps(fn)"]
        inner = [
            *wraps,
            "def wrapper(*args, **kwargs):",
            *indented(
                [g.mark(wrapper), "result = fn(*args, **kwargs)", g.mark(wrapper, Text("result")), "return result"]
            ),
            "return wrapper",
        ]
        if form == "arguments":
            outer = g.bind(outer, "n", "int")
            return [
                f"def {name}(n):",
                *indented(
                    [
                        g.mark(outer, Text("n")),
                        "def decorate(fn):",
                        *indented([g.mark(outer), *inner]),
                        "return decorate",
                    ]
                ),
            ]
        if form == "class":
            return [
                f"class {name}:",
                "    def __init__(self, fn):",
                *indented(indented([g.mark(outer), "self.fn = fn", "self.calls = 0"])),
                "    def __call__(self, *args):",
                *indented(indented(["self.calls += 1", g.mark(outer, Text("self.calls")), "return self.fn(*args)"])),
            ]
        if form == "register":
            return [
                f"def {name}(fn):",
                *indented([g.mark(outer, Text("fn.__name__", frozenset({"__name__"}))), "return fn"]),
            ]
        return [f"def {name}(fn):", *indented([g.mark(outer), *inner])]

    lines, name, labels = g.define(s, make, "deco")
    f = g.fresh("f")
    at = [f"@{name}({g.random.randrange(9)})"] if form == "arguments" else [f"@{name}"]
    if form == "stacked":
        at *= 2
    labels |= {"decorator", label}
    body = _function(g, s, f, "a=1", binds={"a": "int"}, labels=tuple(labels))
    out = [*lines, *at, *body, *_result(g, s, f"{f}({g.expression(s, 'int', 1).text})", labels)]
    if form in ("wraps", "stacked", "plain", "arguments"):
        out.append(g.mark(s.inside(*labels), Text(f"{f}.__name__", frozenset({"__name__"}))))
    return out


@construct(outside_class)
def lru_cache(g: Generator, s: Scope) -> Lines:
    g.need(s, "import functools")
    f = g.fresh("f")
    at = g.pick(("@functools.lru_cache", "@functools.lru_cache(maxsize=None)", "@functools.cache"))
    inner = s.frame("function", "lru_cache")
    a, b = g.random.randrange(3), g.random.randrange(3)
    return [
        at,
        f"def {f}(a):",
        *indented([g.mark(inner, Text("a")), "return a * 2"]),
        f"{f}({a})",
        f"{f}({b})",
        *_result(g, s, f"{f}({a})", frozenset({"lru_cache"})),
    ]


@construct(outside_class)
def partial(g: Generator, s: Scope) -> Lines:
    g.need(s, "from functools import partial")
    name = g.fresh("part")
    lines, f, labels = g.define(
        s, lambda there, n: _function(g, there, n, "a, b, c=3", binds=dict.fromkeys("abc", "int"), labels=("partial",))
    )
    return [
        *lines,
        f"{name} = partial({f}, {g.expression(s, 'int').text}, {g.pick(('c=1', 'c=2'))})",
        *_result(g, s, f"{name}({g.pick(('1', 'b=2'))})", labels | {"partial"}),
    ]


# ─── With ───


@construct(outside_class, weight=2)
def with_class(g: Generator, s: Scope) -> Lines:
    swallow = g.chance(0.4)
    labels = ("with", *(("with-swallow",) if swallow else ()))

    def make(there: Scope, name: str) -> Lines:
        inner = there.frame("function", *labels, in_try=True)
        return [
            f"class {name}:",
            "    def __enter__(self):",
            *indented(indented([g.mark(inner), f"return {g.random.randrange(9)}"])),
            "    def __exit__(self, kind, value, trace):",
            *indented(indented([g.mark(inner, Text("kind is None", frozenset({"with-exit"}))), f"return {swallow}"])),
        ]

    lines, name, more = g.define(s, make, "Ctx")
    a = g.fresh()
    body = g.bind(s.inside(*labels, *more, in_try=swallow or s.in_try), a, "int", frozenset(labels))
    block = g.block(body)
    if swallow and not block[-1].startswith(("return", "break", "continue", "raise")):
        block.append(g.pick(('raise ValueError("swallowed")', "{}[1]", 'int("x")')))
    head = f"with {name}() as {a}:"
    if g.chance(0.3):
        head = f"with {name}() as {a}, {name}():"
    return [*lines, head, *indented(block), g.mark(s.inside(*labels))]


@construct(outside_class, weight=2)
def with_contextmanager(g: Generator, s: Scope) -> Lines:
    def make(there: Scope, name: str) -> Lines:
        g.need(there, "import contextlib")
        inner = there.frame("function", "contextmanager", in_try=True)
        body = [g.mark(inner), "try:", f"    yield {g.random.randrange(9)}", "finally:", *indented([g.mark(inner)])]
        if g.chance(0.4):
            body = [g.mark(inner), f"yield {g.random.randrange(9)}", g.mark(inner)]
        return ["@contextlib.contextmanager", f"def {name}(n=0):", *indented(body)]

    lines, name, more = g.define(s, make, "ctx")
    a = g.fresh()
    body = g.bind(s.inside("contextmanager", *more), a, "int")
    return [*lines, f"with {name}() as {a}:", *indented(g.block(body)), g.mark(s.inside("contextmanager"))]


@construct(outside_class)
def with_stack(g: Generator, s: Scope) -> Lines:
    g.need(s, "import contextlib")
    form = g.pick(("suppress", "ExitStack", "nullcontext", "closing"))
    inner = s.inside(f"with-{form}", in_try=True)
    if form == "suppress":
        return [
            "with contextlib.suppress(KeyError, ValueError):",
            *indented([g.mark(inner), g.pick(("{}[1]", "int('x')", "pass")), g.mark(inner)]),
            g.mark(s.inside("with-suppress")),
        ]
    if form == "nullcontext":
        return [
            f"with contextlib.nullcontext({g.random.randrange(9)}) as {(a := g.fresh())}:",
            *indented([g.mark(inner, Text(a))]),
        ]
    f = g.fresh("f")
    there = g.bind(s.frame("function", f"with-{form}", in_try=True), "n", "int")
    if form == "closing":
        return [
            f"class {f}:",
            "    def close(self):",
            *indented(indented([g.mark(there)])),
            f"with contextlib.closing({f}()):",
            *indented([g.mark(inner)]),
        ]
    return [
        f"def {f}(n):",
        *indented([g.mark(there, Text("n"))]),
        "with contextlib.ExitStack() as stack:",
        *indented([f"stack.callback({f}, 1)", f"stack.callback({f}, 2)", g.mark(inner)]),
        g.mark(s.inside("with-ExitStack")),
    ]


# ─── Classes ───


@construct(weight=1)
def class_body(g: Generator, s: Scope) -> Lines:
    name = g.fresh("C")
    inner = s.frame("class", "class-body")
    if s.kind == "class":
        inner = replace(inner, names={})
    return [
        f"class {name}:",
        *indented(g.block(inner)),
        f"    field = {g.expression(inner, 'int').text}",
        g.mark(s.inside("class-body"), Text(f"{name}.field")),
    ]


@construct(outside_class, weight=4)
def class_use(g: Generator, s: Scope) -> Lines:
    """A class with a method, a property and more, made and used."""
    label = g.pick(
        (
            "method",
            "property",
            "property-setter",
            "classmethod",
            "staticmethod",
            "cached_property",
            "__call__",
            "__getattr__",
            "__getitem__",
            "__len__",
            "__contains__",
            "__iter__",
            "__eq__",
            "__add__",
            "__bool__",
            "__setattr__",
            "__lt__",
            "__str__",
            "slots",
        )
    )

    def make(there: Scope, name: str) -> Lines:
        init = g.bind(there.frame("function", "class", label), "n", "int")
        method = there.frame("function", "class", label)
        method.names["self.n"] = Var("self.n", "int", method.labels)
        lines = [f"class {name}:", "    def __init__(self, n):", *indented(indented([g.mark(init), "self.n = n"]))]
        body = lambda ret: indented(indented([*g.block(method), ret]))  # noqa: E731
        short = lambda *more: indented(indented([g.mark(method), *more]))  # noqa: E731
        lines += {
            "method": lambda: ["    def get(self, k=1):", *body("return self.n + k")],
            "property": lambda: ["    @property", "    def value(self):", *body("return self.n * 2")],
            "property-setter": lambda: [
                "    @property",
                "    def value(self):",
                *short("return self.n"),
                "    @value.setter",
                "    def value(self, new):",
                *short("self.n = new + 1"),
            ],
            "classmethod": lambda: [
                "    @classmethod",
                "    def build(cls, n):",
                *indented(
                    indented(
                        [
                            g.mark(
                                there.frame("function", "class", label), Text("cls.__name__", frozenset({"__name__"}))
                            ),
                            "return cls(n)",
                        ]
                    )
                ),
            ],
            "staticmethod": lambda: [
                "    @staticmethod",
                "    def help(n):",
                *indented(indented([g.mark(init), "return n + 1"])),
            ],
            "cached_property": lambda: [
                *(g.need(there, "import functools") or []),
                "    @functools.cached_property",
                "    def value(self):",
                *short("return self.n * 3"),
            ],
            "__call__": lambda: ["    def __call__(self, k):", *body("return self.n + k")],
            "__getattr__": lambda: [
                "    def __getattr__(self, name):",
                *indented(
                    indented(
                        [
                            "if name.startswith('__'):",
                            "    raise AttributeError(name)",
                            g.mark(method, Text("name")),
                            "return len(name)",
                        ]
                    )
                ),
            ],
            "__getitem__": lambda: [
                "    def __getitem__(self, key):",
                *indented(indented([g.mark(method, Text("key")), "return key"])),
                "    def __setitem__(self, key, value):",
                *indented(indented([g.mark(method, Text("value"))])),
            ],
            "__len__": lambda: ["    def __len__(self):", *short("return self.n % 3")],
            "__contains__": lambda: ["    def __contains__(self, item):", *short("return item == self.n")],
            "__iter__": lambda: ["    def __iter__(self):", *short("yield self.n", g.mark(method), "yield 2")],
            "__eq__": lambda: ["    def __eq__(self, other):", *short("return self.n == other.n")],
            "__add__": lambda: ["    def __add__(self, other):", *short("return type(self)(self.n + other.n)")],
            "__bool__": lambda: ["    def __bool__(self):", *short("return self.n > 2")],
            "__setattr__": lambda: [
                "    def __setattr__(self, name, value):",
                *indented(indented([g.mark(method, Text("name")), "object.__setattr__(self, name, value)"])),
            ],
            "__lt__": lambda: ["    def __lt__(self, other):", *short("return self.n < other.n")],
            "__str__": lambda: [
                "    def __str__(self):",
                *short("return f'<{self.n}>'"),
                "    def __repr__(self):",
                *short("return 'r'"),
            ],
            "slots": lambda: ["    __slots__ = ('n',)"],
        }[label]()
        return lines

    lines, name, more = g.define(replace(s, in_try=True) if label in ("__getattr__",) else s, make, "C")
    labels = more | {"class", label}
    inside = s.inside(*labels)
    o = g.fresh("o")
    lines += [f"{o} = {name}({g.expression(s, 'int').text})"]
    show = lambda text: g.mark(inside, Text(text))  # noqa: E731
    lines += {
        "method": lambda: _result(g, s, f"{o}.get({g.pick(('', '2', 'k=3'))})", labels),
        "property": lambda: [show(f"{o}.value")],
        "property-setter": lambda: [f"{o}.value = {g.random.randrange(9)}", show(f"{o}.value")],
        "classmethod": lambda: [show(f"{name}.build(4).n"), show(f"{o}.build(5).n")],
        "staticmethod": lambda: [show(f"{name}.help(4)"), show(f"{o}.help(3)")],
        "cached_property": lambda: [show(f"{o}.value"), show(f"{o}.value")],
        "__call__": lambda: _result(g, s, f"{o}({g.expression(s, 'int', 1).text})", labels),
        "__getattr__": lambda: [show(f"{o}.missing"), show(f"{o}.n")],
        "__getitem__": lambda: [show(f"{o}[{g.random.randrange(9)}]"), f"{o}[1] = 2"],
        "__len__": lambda: [
            f"if {o}:",
            *indented(g.block(inside)),
            "else:",
            *indented([g.mark(inside)]),
            show(f"len({o})"),
        ],
        "__contains__": lambda: [
            f"if {g.random.randrange(4)} in {o}:",
            *indented(g.block(inside)),
            "else:",
            *indented([g.mark(inside)]),
        ],
        "__iter__": lambda: [f"for {(a := g.fresh())} in {o}:", *indented([show(a)]), show(f"sum({o})")],
        "__eq__": lambda: [show(f"{o} == {name}(3)"), show(f"{o} != {name}(1)")],
        "__add__": lambda: [show(f"({o} + {name}(3)).n")],
        "__bool__": lambda: [
            f"if {o}:",
            *indented(g.block(inside)),
            "else:",
            *indented([g.mark(inside)]),
            show(f"not {o}"),
        ],
        "__setattr__": lambda: [f"{o}.extra = 3", show(f"{o}.extra")],
        "__lt__": lambda: [
            show(f"min({o}, {name}(2)).n"),
            show(f"{o} < {name}(5)"),
            show(f"[x.n for x in sorted([{o}, {name}(1)])]"),
        ],
        "__str__": lambda: [show(f"str({o})"), show(f"repr({o})")],
        "slots": lambda: [show(f"{o}.n")],
    }[label]()
    return lines


@construct(outside_class, weight=2)
def inheritance(g: Generator, s: Scope) -> Lines:
    form = g.pick(("super", "override", "diamond", "init_subclass", "abc", "external-base"))
    label = f"inheritance-{form}"
    a, b, c, d = (g.fresh("K") for _ in range(4))
    there = s.frame("function", "inheritance", label)
    there.names["self.n"] = Var("self.n", "int", there.labels)
    run = lambda text, *more: ["    def run(self):", *indented(indented([g.mark(there, Text(text)), *more]))]  # noqa: E731
    base = [
        f"class {a}:",
        "    def __init__(self, n=1):",
        *indented(indented(["self.n = n"])),
        *run("self.n", f"return {g.expression(there, 'int').text}"),
    ]
    use = [g.mark(s.inside("inheritance", label), Text(f"{d}(3).run()"))]
    if form == "super":
        return [
            *base,
            f"class {d}({a}):",
            "    def __init__(self, n):",
            *indented(indented(["super().__init__(n + 1)", g.mark(there)])),
            *run("self.n + 1", f"return super().run() + {g.random.randrange(4)}"),
            *use,
        ]
    if form == "override":
        return [
            *base,
            f"class {d}({a}):",
            "    def hook(self):",
            *indented(indented([g.mark(there), "return 4"])),
            *run("type(self).__name__", "return self.hook()"),
            *use,
        ]
    if form == "diamond":
        sup = "return super().run() + 1"
        return [
            *base,
            f"class {b}({a}):",
            *run("1", sup),
            f"class {c}({a}):",
            *run("2", sup),
            f"class {d}({b}, {c}):",
            *run("3", sup),
            *use,
        ]
    if form == "init_subclass":
        hook = ["    def __init_subclass__(cls, **kw):", *indented(indented([g.mark(there, Text("cls.__name__"))]))]
        return [*base, *hook, f"class {d}({a}):", "    pass", *use]
    if form == "abc":
        g.need(s, "from abc import ABC, abstractmethod")
        return [
            f"class {a}(ABC):",
            "    def __init__(self, n):",
            "        self.n = n",
            "    @abstractmethod",
            "    def step(self): ...",
            *run("self.n", "return self.step()"),
            f"class {d}({a}):",
            "    def step(self):",
            *indented(indented([g.mark(there), "return self.n * 2"])),
            *use,
        ]
    if s.in_try:
        return g._mark_line(s)
    g.need(s, "from torch import nn")
    return [
        f"class {d}(nn.Module):",
        "    def __init__(self, n):",
        "        super().__init__()",
        "        self.n = n",
        *run("self.n", "return self.n + 1"),
        *use,
        f"{d}(1).cuda()  # m{g.marks.setdefault(len(g.marks), s.labels | {label}) and len(g.marks) - 1}",
    ]


@construct(outside_class)
def dataclass_use(g: Generator, s: Scope) -> Lines:
    g.need(s, "from dataclasses import dataclass, field")
    name, o = g.fresh("D"), g.fresh("o")
    post = s.frame("function", "dataclass", "__post_init__")
    at = g.pick(("@dataclass", "@dataclass(frozen=False)", "@dataclass(order=True)"))
    lines = [
        at,
        f"class {name}:",
        "    a: int",
        f"    b: int = {g.random.randrange(9)}",
        "    c: list = field(default_factory=list)",
    ]
    if g.chance(0.5):
        lines += [
            "    def __post_init__(self):",
            *indented(indented([g.mark(post, Text("self.a + self.b")), "self.c.append(self.a)"])),
        ]
    call = g.pick(("1", "1, 2", "a=3", "4, c=[1]"))
    inside = s.inside("dataclass")
    return [
        *lines,
        f"{o} = {name}({call})",
        g.mark(inside, Text(f"({o}.a, {o}.b, {o}.c)")),
        g.mark(inside, Text(f"{o} == {name}({call})")),
    ]


@construct(outside_class)
def enum_use(g: Generator, s: Scope) -> Lines:
    g.need(s, "from enum import Enum")
    name = g.fresh("En")
    inside = s.inside("enum")
    text = g.pick(
        (
            f"{name}.A.value",
            f"{name}(2).name",
            f"[m.name for m in {name}]",
            f'{name}["B"].value',
            f"{name}.A is {name}.A",
            f"{name}.A == {name}.B",
            f"len({name})",
        )
    )
    return [f"class {name}(Enum):", "    A = 1", "    B = 2", g.mark(inside, Text(text))]


@construct(outside_class)
def namedtuple_use(g: Generator, s: Scope) -> Lines:
    g.need(s, "from typing import NamedTuple")
    g.need(s, "from collections import namedtuple")
    name, a = g.fresh("NT"), g.fresh()
    head = g.pick(
        ([f"class {name}(NamedTuple):", "    x: int", "    y: int = 2"], [f'{name} = namedtuple("{name}", ["x", "y"])'])
    )
    return [
        *head,
        f"{a} = {name}(1, 5)",
        g.mark(s.inside("namedtuple"), Text(g.pick((f"{a}.x + {a}.y", f"{a}[1]", f"sum({a})")))),
    ]


# ─── Data ───


@construct(weight=5)
def mutate(g: Generator, s: Scope) -> Lines:
    name = g.fresh("data")
    form = g.pick(
        (
            "append",
            "extend",
            "insert",
            "pop",
            "sort",
            "reverse",
            "slice-assign",
            "item-assign",
            "dict-assign",
            "update",
            "setdefault",
            "dict-pop",
            "del-item",
            "del-name",
            "augmented",
            "set",
            "remove",
            "clear",
            "alias",
        )
    )
    n = g.expression(s, "int", 1)
    lines = {
        "append": [f"{name} = [1]", f"{name}.append({n.text})"],
        "extend": [f"{name} = [1]", f"{name}.extend([{n.text}, 2])"],
        "insert": [f"{name} = [1, 2]", f"{name}.insert(1, {n.text})"],
        "pop": [f"{name} = [1, 2, 3]", f"{name}.pop({g.pick(('', '0', '-2'))})"],
        "sort": [f"{name} = [3, {n.text}, 2]", f"{name}.sort({g.pick(('', 'reverse=True', 'key=lambda x: -x'))})"],
        "reverse": [f"{name} = [3, {n.text}]", f"{name}.reverse()"],
        "slice-assign": [f"{name} = [1, 2, 3]", f"{name}[1:] = [{n.text}]"],
        "item-assign": [f"{name} = [1, 2]", f"{name}[-1] = {n.text}"],
        "dict-assign": [f"{name} = {{}}", f'{name}["k"] = {n.text}'],
        "update": [f'{name} = {{"a": 1}}', f'{name}.update({{"b": {n.text}}}, c=3)'],
        "setdefault": [f"{name} = {{}}", f'{name}.setdefault("l", []).append({n.text})'],
        "dict-pop": [f'{name} = {{"a": 1, "b": 2}}', f'{name}.pop("a")', f'{name}.pop("z", None)'],
        "del-item": [f'{name} = {{"a": 1, "b": {n.text}}}', f'del {name}["a"]'],
        "del-name": [f"{name} = 1", f"del {name}", f"{name} = {n.text}"],
        "augmented": [f"{name} = {n.text}", f"{name} {g.pick(('+=', '-=', '*=', '|=', '%='))} 3", f"{name} //= 2"],
        "set": [f"{name} = {{1, 2}}", f"{name}.add({n.text})", f"{name} = sorted({name} & {{1, 2, 3}})"],
        "remove": [f"{name} = [1, 2, 1]", f"{name}.remove(1)"],
        "clear": [f"{name} = [1]", f"{name}.clear()", f"{name}.append({n.text})"],
        "alias": [f"{name} = [1]", f"{name}b = {name}", f"{name}b.append({n.text})"],
        "defaultdict": [
            "from collections import defaultdict",
            f"{name} = defaultdict(list)",
            f"{name}[1].append({n.text})",
            f"{name} = dict({name})",
        ],
        "counter": ["from collections import Counter", f'{name} = Counter("abca")["a"]'],
        "deque": [
            "from collections import deque",
            f"{name} = deque([1, 2], maxlen=2)",
            f"{name}.append({n.text})",
            f"{name} = list({name})",
        ],
    }[form]
    return [*lines, g.mark(s.inside(f"data-{form}", *n.labels), Text(f"{name}", frozenset()))]


@construct()
def unpack(g: Generator, s: Scope) -> Lines:
    a, b, c = g.fresh(), g.fresh(), g.fresh()
    form = g.pick(
        (
            f"{a}, {b} = {g.expression(s, 'pair').text}",
            f"{a}, *{c} = [1, 2, 3]",
            f"({a}, [{b}, {c}]) = (1, (2, 3))",
            f"{a} = {b} = {g.expression(s, 'int').text}",
            f"{a}, {b} = 1, 2\n{a}, {b} = {b}, {a}",
            f"[{a}, {b}] = 'xy'",
            f"*{a}, {b} = range(4)",
        )
    )
    return [*form.split("\n"), g.mark(s.inside("unpacking"), Text(a))]


@construct()
def environ(g: Generator, s: Scope) -> Lines:
    name = g.fresh("E_")
    g.need(s, "import os")
    form = g.pick(("set-get", "default", "setdefault", "in", "item", "pop"))
    inside = s.inside("environ", f"environ-{form}")
    value = g.pick(("a", "1", "on"))
    return {
        "set-get": lambda: [f'os.environ["{name}"] = "{value}"', g.mark(inside, Text(f'os.environ.get("{name}")'))],
        "default": lambda: [
            f'{name} = os.environ["{name}"] = "{value}"',
            f'if os.getenv("{name}", "b") == "{g.pick((value, "z"))}":',
            *indented([g.mark(inside)]),
            "else:",
            *indented([g.mark(inside)]),
        ],
        "setdefault": lambda: [
            f'os.environ["{name}"] = "{value}"',
            f'{name} = os.environ.setdefault("{name}", "q")',
            g.mark(inside, Text(name)),
        ],
        "in": lambda: [
            f'os.environ["{name}"] = "{value}"',
            f'if "{name}" in os.environ:',
            *indented(g.block(inside)),
            "else:",
            *indented([g.mark(inside)]),
        ],
        "item": lambda: [
            f'os.environ["{name}"] = "{value}"',
            f'{name} = os.environ["{name}"]',
            g.mark(inside, Text(f"{name} + '!'")),
        ],
        "pop": lambda: [
            f'os.environ["{name}"] = "{value}"',
            f'{name} = os.environ.pop("{name}")',
            g.mark(inside, Text(name)),
        ],
    }[form]()


# ─── Modules ───


@construct(at_top, weight=2)
def import_cycle(g: Generator, s: Scope) -> Lines:
    if s.module.name != "__main__":
        return g._mark_line(s)
    a, b = g.fresh("cyc"), g.fresh("cyc")
    first, second = Module(a, f"{a}.py"), Module(b, f"{b}.py")
    self_scope = lambda m: Scope(m, "module", s.labels | {"import-cycle"}, in_try=s.in_try, in_root=s.in_root)  # noqa: E731
    g.modules[a], g.modules[b] = first, second
    first.body += [
        "early = 1",
        g.mark(self_scope(first)),
        f"import {b}",
        g.mark(self_scope(first), Text(f"{b}.value")),
        "late = 2",
    ]
    second.body += [
        f"from {a} import early",
        f"import {a}",
        g.mark(self_scope(second), Text(f"(early, hasattr({a}, 'late'))")),
        "value = early + 4",
    ]
    return [f"import {a}", g.mark(s.inside("import-cycle"), Text(f"{a}.late"))]


@construct(lambda g, s: s.kind == "module" and s.module.name == "__main__", weight=7)
def package_forms(g: Generator, s: Scope) -> Lines:
    form = g.pick(
        (
            "relative",
            "re-export",
            "namespace",
            "all",
            "module-getattr",
            "parent-relative",
            "main-guard",
            "sys.path",
            "runpy",
            "submodule-attribute",
        )
    )
    p = g.fresh("pk")
    top = lambda path, name: g.modules.setdefault(name, Module(name, path))  # noqa: E731
    at = lambda m: Scope(m, "module", s.labels | {f"package-{form}"}, in_try=s.in_try, in_root=s.in_root)  # noqa: E731
    inside = s.inside(f"package-{form}")
    if form == "main-guard":
        m = top(f"{p}.py", p)
        m.body += ['if __name__ == "__main__":', *indented([g.mark(at(m))]), g.mark(at(m), Text("__name__"))]
        return [f"import {p}", 'if __name__ == "__main__":', *indented(g.block(inside))]
    if form == "sys.path":
        folder = g.fresh("src")
        m = top(f"{folder}/{p}.py", f"{folder}/{p}")
        m.body += [g.mark(at(m)), "value = 3"]
        g.need(s, "import sys")
        g.need(s, "import os")
        add = g.pick(
            (
                f'sys.path.append("{folder}")',
                f'sys.path.insert(0, os.path.join(os.path.dirname(__file__), "{folder}"))',
                f'sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "{folder}"))',
                f'sys.path.insert(0, "./{folder}")',
            )
        )
        return [add, f"from {p} import value as {p}v", g.mark(inside, Text(f"{p}v"))]
    if form == "runpy":
        m = top(f"{p}.py", p)
        m.body += [g.mark(at(m), Text("__name__")), "value = 3"]
        g.need(s, "import runpy")
        return [
            g.pick(
                (
                    f'{p}r = runpy.run_path("{p}.py")',
                    f'{p}r = runpy.run_module("{p}", run_name="__main__")',
                    f'{p}r = runpy.run_path("{p}.py", run_name="__main__")',
                )
            ),
            g.mark(inside, Text(f'{p}r["value"]')),
        ]
    if form == "module-getattr":
        m = top(f"{p}.py", p)
        inner = at(m).frame("function")
        m.body += [
            "def __getattr__(name):",
            *indented(
                ["if name.startswith('__'):", "    raise AttributeError(name)", g.mark(inner, Text("name")), "return 5"]
            ),
        ]
        return [
            *g.pick(
                (
                    [f"import {p}", g.mark(inside, Text(f"{p}.lazy"))],
                    [f"from {p} import lazy as {p}l", g.mark(inside, Text(f"{p}l"))],
                )
            )
        ]
    sub = top(f"{p}/sub.py", f"{p}.sub")
    sub.body += [g.mark(at(sub)), f"value = {g.random.randrange(9)}", "_hidden = 1", "other = 2"]
    if form == "namespace":
        return [f"from {p} import sub as {p}s", g.mark(inside, Text(f"{p}s.value"))]
    init = top(f"{p}/__init__.py", p)
    init.body.append(g.mark(at(init)))
    if form == "relative":
        init.body += ["from .sub import value", g.mark(at(init), Text("value"))]
        return [f"import {p}", g.mark(inside, Text(f"{p}.value + {p}.sub.other"))]
    if form == "re-export":
        init.body += ["from . import sub", "from .sub import *"]
        return [f"from {p} import *", g.mark(inside, Text("sub.value + other"))]
    if form == "all":
        sub.body.append('__all__ = ["value", "_hidden"]')
        return [f"from {p}.sub import *", g.mark(inside, Text("(value, _hidden)"))]
    if form == "submodule-attribute":
        return [f"import {p}.sub", g.mark(inside, Text(f"{p}.sub.value"))]
    deep = top(f"{p}/deep/__init__.py", f"{p}.deep")
    deep.body += ["from ..sub import value as up", "from .. import sub", g.mark(at(deep), Text("up + sub.other"))]
    return [f"import {p}.deep", g.mark(inside, Text(f"{p}.deep.up"))]


@construct(lambda g, s: s.kind == "module" and s.module.name == "__main__" and not s.in_try, weight=2)
def other_process(g: Generator, s: Scope) -> Lines:
    form = g.pick(("os.system", "run", "module", "popen", "check_call"))
    p = g.fresh("script")
    m = g.modules.setdefault(p, Module(p, f"{p}.py"))
    there = Scope(m, "module", s.labels | {"process"}, depth=2)
    m.body += [g.mark(there), 'if __name__ == "__main__":', *indented(g.block(there.inside("process-main")))]
    number = len(g.marks)
    g.marks[number] = s.labels | {"process"}
    for line in ("import os", "import subprocess", "import sys"):
        g.need(s, line)
    command = {
        "os.system": f'os.system("python {p}.py")',
        "run": f'subprocess.run([sys.executable, "{p}.py"])',
        "module": f'subprocess.run(["python", "-m", "{p}"], check=True)',
        "popen": f'subprocess.Popen(["python3", "{p}.py", "--port", "1"])',
        "check_call": f'subprocess.check_call([sys.executable, "{p}.py"])',
    }[form]
    return [f"{command}  # m{number}"]


@construct(lambda g, s: not s.in_try)
def versions(g: Generator, s: Scope) -> Lines:
    g.need(s, "import torch")
    g.need(s, "import transformers")
    g.need(s, "import importlib.metadata")
    g.need(s, "from packaging import version")
    g.need(s, "import gradio as gr")
    test = g.pick(
        (
            'transformers.__version__ == "4.57.0"',
            'transformers.__version__.startswith("4.")',
            'tuple(int(p) for p in torch.__version__.split(".")[:2]) >= (2, 9)',
            'importlib.metadata.version("transformers") == "4.57.0"',
            'version.parse(transformers.__version__) >= version.parse("4.9")',
            'version.parse(torch.__version__) < version.parse("2.0.0")',
            'gr.__version__.startswith("6")',
            'int(gr.__version__.split(".")[0]) >= 4',
            'torch.__version__ >= "2.10"',
            "torch.version.cuda is None",
        )
    )
    return [f"if {test}:", *indented(g.block(s.inside("version"))), "else:", *indented([g.mark(s.inside("version"))])]


@construct(lambda g, s: not s.in_try)
def devices(g: Generator, s: Scope) -> Lines:
    g.need(s, "import torch")
    name = g.fresh("device")
    inside = s.inside("device")
    value = g.pick(
        (
            '"cuda" if torch.cuda.is_available() else "cpu"',
            'torch.device("cuda")',
            'torch.device("cpu")',
            '"cpu"',
            'torch.device("cuda" if torch.cuda.is_available() else "cpu")',
            '"cuda:0"',
        )
    )
    number = len(g.marks)
    g.marks[number] = inside.labels
    lines = [f"{name} = {value}", f"torch.zeros(1).to({name})  # m{number}", g.mark(inside)]
    if "torch.device" in value:
        lines.append(g.mark(inside, Text(f"{name}.type")))
    return lines


@construct()
def type_checking(g: Generator, s: Scope) -> Lines:
    g.need(s, "from typing import TYPE_CHECKING")
    return [
        "if TYPE_CHECKING:",
        *indented([g.mark(s.inside("TYPE_CHECKING"))]),
        "else:",
        *indented(g.block(s.inside("TYPE_CHECKING"))),
    ]


# ─── Ways in which programs find what they call ───


@construct(outside_class, weight=3)
def dispatch(g: Generator, s: Scope) -> Lines:
    """A function that is called by way of a table, a name, a loop."""
    form = g.pick(
        (
            "dict",
            "list",
            "getattr",
            "registry",
            "globals",
            "attribute",
            "class-table",
            "star-call",
            "conditional",
            "nested-dict",
            "method-table",
        )
    )
    label = f"dispatch-{form}"
    a, b, table, deco = g.fresh("f"), g.fresh("f"), g.fresh("table"), g.fresh("register")
    inner = g.bind(s.frame("function", "dispatch", label), "n", "int")
    one = [f"def {a}(n=1):", *indented([g.mark(inner, Text("n")), f"return n + {g.random.randrange(5)}"])]
    two = [f"def {b}(n=2):", *indented([*g.block(inner), "return n * 2"])]
    inside = s.inside("dispatch", label)
    key = g.pick(("one", "two"))
    show = lambda text: g.mark(inside, Text(text))  # noqa: E731
    if form == "globals" and s.kind != "module":
        form = "dict"
    return {
        "dict": lambda: [*one, *two, f'{table} = {{"one": {a}, "two": {b}}}', show(f'{table}["{key}"](3)')],
        "list": lambda: [*one, *two, f"for call in [{a}, {b}]:", *indented([show("call(4)")])],
        "getattr": lambda: [
            f"class {table}:",
            "    def one(self, n=1):",
            *indented(indented([g.mark(inner, Text("n")), "return n"])),
            show(f'getattr({table}(), "one")(3)'),
        ],
        "registry": lambda: [
            f"{table} = {{}}",
            f"def {deco}(name):",
            "    def add(fn):",
            f"        {table}[name] = fn",
            "        return fn",
            "    return add",
            f'@{deco}("one")',
            *one,
            f'@{deco}("two")',
            *two,
            f"for name, call in {table}.items():",
            *indented([show("(name, call())")]),
        ],
        "globals": lambda: [*one, show(f'globals()["{a}"](2)')],
        "attribute": lambda: [*one, f"{a}.calls = 0", f"{a}.calls += 1", show(f"({a}.calls, {a}())")],
        "class-table": lambda: [
            f"class {table}A:",
            "    def go(self):",
            *indented(indented([g.mark(inner, Text("1")), "return 1"])),
            f"class {table}B({table}A):",
            "    pass",
            f'{table} = {{"a": {table}A, "b": {table}B}}',
            show(f'{table}["{g.pick("ab")}"]().go()'),
        ],
        "star-call": lambda: [
            *one,
            f"def {b}(*args, **kwargs):",
            *indented([g.mark(inner, Text("len(args)")), f"return {a}(*args, **kwargs)"]),
            show(f"{b}({g.pick(('3', 'n=4', ''))})"),
        ],
        "conditional": lambda: [*one, *two, f"{table} = {a} if {g.condition(s).text} else {b}", show(f"{table}(1)")],
        "nested-dict": lambda: [*one, f'{table} = {{"x": {{"y": [{a}]}}}}', show(f'{table}["x"]["y"][0](5)')],
        "method-table": lambda: [
            f"class {table}:",
            "    def __init__(self):",
            '        self.calls = {"one": self.one}',
            "    def one(self, n=3):",
            *indented(indented([g.mark(inner, Text("n")), "return n"])),
            show(f'{table}().calls["one"]()'),
        ],
    }[form]()


@construct(outside_class, weight=5)
def order(g: Generator, s: Scope) -> Lines:
    """In which order the parts of an expression are evaluated, and which are not."""
    f = g.fresh("f")
    inner = s.frame("function", "order", in_try=True)
    define = [f"def {f}(n):", *indented([g.mark(inner, Text("n")), "return n"])]
    label, text = g.pick(
        (
            ("order-arguments", "max({f}(1), {f}(2))"),
            ("order-and", "{f}(0) and {f}(1)"),
            ("order-or", "{f}(3) or {f}(1)"),
            ("order-comparison", "{f}(5) < {f}(3) < {f}(9)"),
            ("order-dict", "{{{f}(1): {f}(2), {f}(3): {f}(4)}}"),
            ("order-list", "[{f}(2), *[{f}(3)], {f}(1)]"),
            ("order-conditional", "{f}(1) if {f}(0) else {f}(2)"),
            ("order-f-string", "f'{{{f}(1)}}-{{{f}(2)}}'"),
            ("order-subscript", "[{f}(7), {f}(8)][{f}(1)]"),
            ("order-comprehension", "[{f}(x) for x in range({f}(3)) if {f}(x) != 1]"),
            ("order-slice", "[1, 2, 3][{f}(0):{f}(2)]"),
            ("order-not", "not {f}(0) and not {f}(1)"),
            ("order-any", "any({f}(x) for x in [0, 2, 3])"),
            ("order-all", "all({f}(x) > 0 for x in [1, 0, 3])"),
            ("order-next", "next({f}(x) for x in [4, 5])"),
            ("order-sorted", "sorted([3, 1, 2], key={f})"),
            ("order-in", "{f}(1) in [{f}(2), {f}(1)]"),
            ("order-tuple", "({f}(1), ({f}(2), {f}(3)))"),
            ("order-walrus", "[w := {f}(4), w + 1]"),
            ("order-nested-call", "{f}({f}({f}(2)) + 1)"),
            ("order-keyword", "dict(b={f}(1), a={f}(2))"),
            ("order-zip", "list(zip(map({f}, [1, 2]), map({f}, [3, 4])))"),
        )
    )
    name = g.fresh()
    if s.kind != "module" and "walrus" in label:
        label, text = "order-arguments", "max({f}(1), {f}(2))"
    return [*define, f"{name} = {text.format(f=f)}", g.mark(s.inside("order", label), Text(name))]


@construct(outside_class, weight=3)
def bindings(g: Generator, s: Scope) -> Lines:
    """What a name stands for at the moment when it is asked."""
    form = g.pick(
        (
            "late",
            "default",
            "mutable-default",
            "shadow",
            "class-scope",
            "comprehension-scope",
            "recursion",
            "memo",
            "reassigned",
            "redefined",
            "loop-variable",
            "global-read",
            "nested-default",
        )
    )
    label = f"binding-{form}"
    f, name = g.fresh("f"), g.fresh()
    inside = s.inside("binding", label)
    inner = s.frame("function", "binding", label, in_try=True)
    show = lambda text: g.mark(inside, Text(text))  # noqa: E731
    say = lambda text: g.mark(inner, Text(text))  # noqa: E731
    return {
        "late": lambda: [f"{name} = [lambda: i for i in range(3)]", show(f"[call() for call in {name}]")],
        "default": lambda: [f"{name} = [lambda i=i: i * 2 for i in range(3)]", show(f"[call() for call in {name}]")],
        "mutable-default": lambda: [
            f"def {f}(x, seen=[]):",
            *indented(["seen.append(x)", say("seen"), "return len(seen)"]),
            f"{f}(1)",
            show(f"{f}(2)"),
        ],
        "shadow": lambda: [
            f"len_{f} = len",
            f"def {f}(len):",
            *indented([say("len"), "return len"]),
            show(f"{f}(3) + len_{f}([1])"),
        ],
        "class-scope": lambda: [
            f"{name} = 1",
            f"class {f}:",
            f"    {name} = 2",
            "    def get(self):",
            *indented(indented([say(name), f"return {name}"])),
            show(f"({f}().get(), {f}.{name})"),
        ],
        "comprehension-scope": lambda: [f"{name} = 5", f"{f} = [{name} for {name} in [1, 2]]", show(f"({name}, {f})")],
        "recursion": lambda: [
            f"def {f}(n):",
            *indented([say("n"), f"return 1 if n < 2 else n * {f}(n - 1)"]),
            show(f"{f}({g.random.randrange(4)})"),
        ],
        "memo": lambda: [
            f"{name} = {{}}",
            f"def {f}(k):",
            *indented([f"if k not in {name}:", *indented([say("k"), f"{name}[k] = k * 2"]), f"return {name}[k]"]),
            f"{f}(2)",
            show(f"{f}(2) + {f}(3)"),
        ],
        "reassigned": lambda: (
            [
                f"{name} = 1",
                f"def {f}():",
                *indented([say(name), f"return {name}"]),
                f"{f}()",
                f"{name} = 7",
                show(f"{f}()"),
            ]
            if s.kind == "module"
            else [f"{name} = 3", show(name)]
        ),
        "redefined": lambda: [
            f"def {f}():",
            *indented([say("1"), "return 1"]),
            f"{name} = {f}",
            f"def {f}():",
            *indented([say("2"), f"return {name}() + 2"]),
            show(f"{f}()"),
        ],
        "loop-variable": lambda: [f"for {name} in range(3):", "    pass", show(name)],
        "global-read": lambda: [
            f"def {f}():",
            *indented([say(f"{name}_later"), f"return {name}_later"]),
            f"{name}_later = 4",
            show(f"{f}()"),
        ],
        "nested-default": lambda: [
            f"def {f}(a, b=lambda: 3, *, c=(1, 2)):",
            *indented([say("b() + c[1]"), "return a"]),
            show(f"{f}(1)"),
            show(f"{f}(1, lambda: 5, c=(0, 0))"),
        ],
    }[form]()


@construct(lambda g, s: not g.settled, weight=3)
def union(g: Generator, s: Scope) -> Lines:
    """A name that stands for one of two things, and what is done with it."""
    form = g.pick(("device", "device", "function", "class", "model", "module", "none"))
    inside = s.inside("union", f"union-{form}")
    a, b, name = g.fresh("f"), g.fresh("f"), g.fresh("either")
    test = g.condition(s)
    inner = s.frame("function", "union", f"union-{form}")
    g.need(s, "import torch")
    number = len(g.marks)
    g.marks[number] = inside.labels
    if form == "device":
        device = g.pick(('"cuda"', 'torch.device("cuda")'))
        return [
            f'{name} = {device} if {test.text} else "cpu"',
            f"torch.zeros(1).to({name})  # m{number}",
        ]
    if form == "function":
        return [
            f"def {a}():",
            *indented(g.block(inner)),
            f"def {b}():",
            *indented(g.block(inner)),
            f"if {test.text}:",
            f"    {name} = {a}",
            "else:",
            f"    {name} = {b}",
            f"{name}()",
            g.mark(inside),
        ]
    if form == "class":
        return [
            f"class {a}:",
            "    def go(self):",
            *indented(indented(g.block(inner))),
            f"class {b}({a}):",
            "    def go(self):",
            *indented(indented([g.mark(inner), "super().go()"])),
            f"{name} = ({a} if {test.text} else {b})()",
            f"{name}.go()",
            g.mark(inside),
        ]
    if form == "model":
        return [
            f"{name} = torch.zeros(1)",
            f"if {test.text}:",
            f"    {name} = {name}.half()",
            f"{name}.cuda()  # m{number}",
        ]
    if form == "module":
        g.need(s, "import importlib")
        module = Module(a, f"{a}.py")
        g.modules[a] = module
        module.body = [
            "def go():",
            *indented(
                g.block(
                    Scope(module, "module", inside.labels, in_try=s.in_try, in_root=s.in_root, depth=1).frame(
                        "function", "union"
                    )
                )
            ),
        ]
        return [
            f"{name} = None",
            f"if {test.text}:",
            f"    import {a} as {name}",
            f"if {name} is not None:",
            f"    {name}.go()",
            g.mark(inside),
        ]
    return [
        f"{name} = None",
        f"if {test.text}:",
        f"    {name} = torch.zeros(1)",
        f"if {name}:",
        f"    {name}.cuda()  # m{number}",
        "else:",
        *indented([g.mark(inside)]),
    ]


# ─── More of classes ───


@construct(outside_class, weight=4)
def class_more(g: Generator, s: Scope) -> Lines:
    """Classes that do what is done less often."""
    form = g.pick(
        (
            "descriptor",
            "exception",
            "new",
            "class-counter",
            "nested",
            "generic",
            "protocol",
            "inherited-property",
            "static-inherited",
            "super-new",
            "counter",
            "context-self",
            "iterator",
            "contains-operator",
            "reflected",
            "call-super-twice",
            "singleton",
            "class-decorator",
            "metaclass",
        )
    )
    label = f"class-{form}"
    c, o = g.fresh("C"), g.fresh("o")
    inside = s.inside("class", label)
    inner = s.frame("function", "class", label, in_try=True)
    say = lambda text: indented(indented([g.mark(inner, Text(text))]))  # noqa: E731
    show = lambda text: g.mark(inside, Text(text))  # noqa: E731
    if form in ("generic", "protocol"):
        g.need(s, "from typing import Generic, Protocol, TypeVar")
    return {
        "descriptor": lambda: [
            f"class {c}D:",
            "    def __set_name__(self, owner, name):",
            *say("name"),
            "        self.name = name",
            "    def __get__(self, instance, owner):",
            *say("self.name"),
            "        return 7",
            f"class {c}:",
            f"    field = {c}D()",
            show(f"{c}().field"),
        ],
        "exception": lambda: [
            f"class {c}(ValueError):",
            "    def __init__(self, message, code=3):",
            "        super().__init__(message)",
            *say("code"),
            "        self.code = code",
            "try:",
            f'    raise {c}("m", code=5)',
            f"except ValueError as {o}:",
            *indented([show(f"({o}.code, str({o}), {o}.args)")]),
        ],
        "new": lambda: [
            f"class {c}:",
            "    def __new__(cls, n):",
            *say("n"),
            "        made = super().__new__(cls)",
            "        made.n = n",
            "        return made",
            show(f"{c}(4).n"),
        ],
        "class-counter": lambda: [
            f"class {c}:",
            "    made = 0",
            "    def __init__(self):",
            f"        {c}.made += 1",
            *say(f"{c}.made"),
            f"{c}()",
            f"{c}()",
            show(f"{c}.made"),
        ],
        "nested": lambda: [
            f"class {c}:",
            "    class Inner:",
            "        size = 3",
            "        def go(self):",
            *indented(say("self.size")),
            "            return 1",
            "    def make(self):",
            "        return self.Inner()",
            show(f"{c}().make().go()"),
        ],
        "generic": lambda: [
            f'{c}T = TypeVar("{c}T")',
            f"class {c}(Generic[{c}T]):",
            "    def go(self, x):",
            *say("x"),
            "        return x",
            show(f"{c}[int]().go(3)"),
        ],
        "protocol": lambda: [
            f"class {c}P(Protocol):",
            "    def go(self): ...",
            f"class {c}({c}P):",
            "    def go(self):",
            *say("1"),
            "        return 2",
            show(f"{c}().go()"),
        ],
        "inherited-property": lambda: [
            f"class {c}B:",
            "    @property",
            "    def size(self):",
            *say("self.n"),
            "        return self.n",
            f"class {c}({c}B):",
            "    n = 6",
            show(f"{c}().size + 1"),
        ],
        "static-inherited": lambda: [
            f"class {c}B:",
            "    @classmethod",
            "    def name(cls):",
            *say("cls.__name__"),
            "        return cls.tag",
            f"class {c}({c}B):",
            '    tag = "t"',
            show(f"{c}.name()"),
        ],
        "super-new": lambda: [
            f"class {c}B:",
            "    def __init__(self, a, b=2):",
            *say("a + b"),
            "        self.total = a + b",
            f"class {c}({c}B):",
            "    def __init__(self, *args, **kwargs):",
            "        super().__init__(*args, **kwargs)",
            "        self.total *= 2",
            show(f"{c}(1, b=4).total"),
        ],
        "counter": lambda: [
            f"class {c}:",
            "    def __init__(self):",
            "        self.n = 0",
            "    def step(self):",
            "        self.n += 1",
            *say("self.n"),
            "        return self",
            show(f"{c}().step().step().n"),
        ],
        "context-self": lambda: [
            f"class {c}:",
            "    def __enter__(self):",
            "        self.open = True",
            "        return self",
            "    def __exit__(self, *details):",
            *say("details[0] is None"),
            "        self.open = False",
            f"with {c}() as {o}:",
            *indented([show(f"{o}.open")]),
            show(f"{o}.open"),
        ],
        "iterator": lambda: [
            f"class {c}:",
            "    def __init__(self):",
            "        self.n = 0",
            "    def __iter__(self):",
            "        return self",
            "    def __next__(self):",
            "        if self.n > 2:",
            "            raise StopIteration",
            "        self.n += 1",
            *say("self.n"),
            "        return self.n",
            f"for x in {c}():",
            *indented([show("x")]),
            show(f"list({c}())"),
        ],
        "contains-operator": lambda: [
            f"class {c}:",
            "    def __iter__(self):",
            *say("1"),
            "        return iter([1, 2])",
            show(f"2 in {c}()"),
        ],
        "reflected": lambda: [
            f"class {c}:",
            "    def __radd__(self, other):",
            *say("other"),
            "        return other + 10",
            "    def __mul__(self, other):",
            *say("other"),
            "        return other * 3",
            show(f"5 + {c}()"),
            show(f"{c}() * 2"),
        ],
        "call-super-twice": lambda: [
            f"class {c}A:",
            "    def go(self):",
            *say("1"),
            "        return 1",
            f"class {c}B({c}A):",
            "    def go(self):",
            "        return super().go() + super().go()",
            f"class {c}({c}B):",
            "    def go(self):",
            *say("3"),
            "        return super(type(self), self).go() * 2",
            show(f"{c}().go()"),
        ],
        "singleton": lambda: [
            f"class {c}:",
            "    _one = None",
            "    @classmethod",
            "    def get(cls):",
            "        if cls._one is None:",
            *indented(say("0")),
            "            cls._one = cls()",
            "        return cls._one",
            show(f"{c}.get() is {c}.get()"),
        ],
        "class-decorator": lambda: [
            f"def {c}D(cls):",
            *indented([g.mark(inner, Text("cls.__name__")), "cls.extra = 5", "return cls"]),
            f"@{c}D",
            f"class {c}:",
            "    pass",
            show(f"{c}.extra"),
        ],
        "metaclass": lambda: [
            f"class {c}M(type):",
            "    def __new__(mcls, name, bases, names):",
            *say("name"),
            "        return super().__new__(mcls, name, bases, names)",
            f"class {c}(metaclass={c}M):",
            "    n = 2",
            show(f"{c}.n"),
        ],
    }[form]()


# ─── More of async ───


@construct(lambda g, s: s.kind != "class" and not s.is_async)
def async_more(g: Generator, s: Scope) -> Lines:
    g.need(s, "import asyncio")
    form = g.pick(("with", "comprehension", "method", "wait_for"))
    label = f"async-{form}"
    c, co = g.fresh("C"), g.fresh("co")
    inner = s.frame("function", "async", label, in_try=True, is_async=True)
    say = lambda text: g.mark(inner, Text(text))  # noqa: E731
    part = [f"async def {c}(n):", *indented([say("n"), "return n * 2"])]
    lines = {
        "with": lambda: [
            f"class {c}:",
            "    async def __aenter__(self):",
            *indented(indented([say("1"), "return 4"])),
            "    async def __aexit__(self, *details):",
            *indented(indented([say("details[0] is None")])),
            f"async def {co}():",
            f"    async with {c}() as x:",
            *indented(indented([say("x")])),
            "    return x",
        ],
        "comprehension": lambda: [
            *part,
            f"async def {co}():",
            f"    xs = [await {c}(i) for i in range(3)]",
            *indented([say("xs")]),
            "    return xs[-1]",
        ],
        "method": lambda: [
            f"class {c}:",
            "    async def go(self, n):",
            *indented(indented([say("n"), "return n + 1"])),
            f"async def {co}():",
            f"    return await {c}().go(4)",
        ],
        "wait_for": lambda: [
            *part,
            f"async def {co}():",
            f"    x = await asyncio.wait_for({c}(5), timeout=1)",
            *indented([say("x")]),
            "    return x",
        ],
    }[form]()
    return [*lines, *_result(g, s, f"asyncio.run({co}())", frozenset({"async", label}))]


# ─── More of patterns, exceptions and with ───


@construct(weight=2)
def match_more(g: Generator, s: Scope) -> Lines:
    form = g.pick(
        ("attributes", "dataclass", "nested", "strings", "constants", "dotted", "star-middle", "fall-through")
    )
    label = f"match-{form}"
    c, a = g.fresh("P"), g.fresh()
    inside = s.inside("match", label)
    show = lambda text: g.mark(inside, Text(text))  # noqa: E731
    make = [
        f"class {c}:",
        "    __match_args__ = ('x',)",
        "    kind = 3",
        "    def __init__(self, x):",
        "        self.x = x",
    ]
    cases = {
        "attributes": (
            make,
            f"{c}({g.random.randrange(3)})",
            [f"case {c}(x=0):", "    #0", f"case {c}(x={a}):", f"    #{a}"],
        ),
        "dataclass": (
            make,
            f"{c}({g.random.randrange(3)})",
            [f"case {c}(1):", "    #1", f"case {c}({a}):", f"    #{a}"],
        ),
        "nested": (
            [],
            '{"op": "add", "args": [1, [2, 3]]}',
            ['case {"op": "sub"}:', "    #0", f'case {{"op": "add", "args": [_, [{a}, *rest]]}}:', f"    #({a}, rest)"],
        ),
        "strings": (
            [],
            g.expression(s, "str", 1).text,
            ['case "ab" | "q":', "    #1", 'case "model":', "    #2", f"case {a}:", f"    #{a}"],
        ),
        "constants": (
            [],
            g.pick(("None", "True", "3", "2.0", "'x'")),
            [
                "case None:",
                "    #'none'",
                "case True | False:",
                "    #'bool'",
                "case 2.0:",
                "    #2",
                "case _:",
                "    #'other'",
            ],
        ),
        "dotted": (make, "3", [f"case {c}.kind:", "    #'kind'", "case _:", "    #'none'"]),
        "star-middle": ([], "[1, 2, 3, 4]", [f"case [{a}, *middle, 4]:", f"    #({a}, middle)", "case _:", "    #0"]),
        "fall-through": ([], "(1, 2, 3)", ["case (1, 2):", "    #1", "case [_, _]:", "    #2"]),
    }
    before, subject, arms = cases[form]
    body = [f"    {show(arm.strip()[1:])}" if arm.strip().startswith("#") else arm for arm in arms]
    return [*before, f"match {subject}:", *indented(body), show("'after'")]


@construct(weight=3)
def exceptions_more(g: Generator, s: Scope) -> Lines:
    form = g.pick(
        (
            "context",
            "finally-continue",
            "else-raise",
            "bare",
            "tuple",
            "nested-function",
            "exit-in-finally",
            "loop",
            "variable-gone",
            "contextmanager-catches",
            "generator-throw",
            "stop-iteration",
        )
    )
    label = f"exception-{form}"
    f, e = g.fresh("f"), g.fresh("e")
    inside = s.inside("try", label, in_try=True)
    handler = s.inside("except", label)
    inner = s.frame("function", "try", label, in_try=True)
    show = lambda text: g.mark(inside, Text(text))  # noqa: E731
    after = lambda text: g.mark(handler, Text(text))  # noqa: E731
    say = lambda text: g.mark(inner, Text(text))  # noqa: E731
    if s.in_try and form == "with-raise":
        form = "tuple"
    if s.kind == "class" and form in ("nested-function", "contextmanager-catches", "generator-throw"):
        form = "tuple"
    if form == "contextmanager-catches":
        g.need(s, "import contextlib")
    return {
        "context": lambda: [
            "try:",
            "    try:",
            "        1 / 0",
            "    except ZeroDivisionError:",
            *indented(indented([show("1")])),
            "        int('x')",
            "except ValueError:",
            *indented([after("2")]),
        ],
        "finally-continue": lambda: [
            "for x in range(2):",
            "    try:",
            *indented(indented([show("x")])),
            "        continue",
            "    finally:",
            *indented(indented([show("x + 10")])),
        ],
        "else-raise": lambda: [
            "try:",
            "    try:",
            *indented(indented([show("1")])),
            "    except ValueError:",
            *indented(indented([after("2")])),
            "    else:",
            "        raise KeyError('k')",
            f"except KeyError as {e}:",
            *indented([after(f"{e}.args[0]")]),
        ],
        "bare": lambda: [
            "try:",
            "    [][0]",
            "except ValueError:",
            *indented([after("1")]),
            "except:",
            *indented([after("2")]),
        ],
        "tuple": lambda: [
            f"{f} = (KeyError, IndexError)",
            "try:",
            f"    {g.pick(('{}[0]', '[][0]'))}",
            f"except {f}:",
            *indented([after("1")]),
        ],
        "nested-function": lambda: [
            f"def {f}(n):",
            "    try:",
            "        return 1 // n",
            "    except ZeroDivisionError:",
            *indented(indented([say("n"), "return -1"])),
            "    finally:",
            *indented(indented([say("'f'")])),
            after(f"({f}(0), {f}(1))"),
        ],
        "exit-in-finally": lambda: [
            "try:",
            "    try:",
            "        raise KeyError('a')",
            "    finally:",
            *indented(indented([show("1")])),
            "except LookupError:",
            *indented([after("2")]),
        ],
        "loop": lambda: [
            f"for {e}x in ['1', 'x', '3']:",
            "    try:",
            f"        {f} = int({e}x)",
            "    except ValueError:",
            *indented(indented([after(f"{e}x"), "continue"])),
            *indented([show(f)]),
        ],
        "variable-gone": lambda: [
            f"{e} = 1",
            "try:",
            "    int('x')",
            f"except ValueError as {e}:",
            "    pass",
            "try:",
            f"    {e}",
            "except NameError:",
            *indented([after("'gone'")]),
        ],
        "contextmanager-catches": lambda: [
            "@contextlib.contextmanager",
            f"def {f}():",
            "    try:",
            "        yield 1",
            "    except ValueError:",
            *indented(indented([say("'caught'")])),
            f"with {f}():",
            "    int('x')",
            after("'on'"),
        ],
        "generator-throw": lambda: [
            f"def {f}():",
            "    try:",
            "        yield 1",
            "    except KeyError:",
            *indented(indented([say("'thrown'"), "yield 2"])),
            f"{e} = {f}()",
            f"next({e})",
            show(f"{e}.throw(KeyError)"),
            f"{e}.close()",
        ],
        "stop-iteration": lambda: [
            f"{f} = iter([1])",
            f"next({f})",
            "try:",
            f"    next({f})",
            "except StopIteration:",
            *indented([after("'stop'")]),
        ],
    }[form]()


# ─── More of modules ───


@construct(lambda g, s: s.kind == "module" and s.module.name == "__main__", weight=9)
def modules_more(g: Generator, s: Scope) -> Lines:
    form = g.pick(
        (
            "relative-fallback",
            "config",
            "patched",
            "again",
            "main-imported",
            "star-private",
            "package-main",
            "pathlib-path",
            "cwd",
            "sys-modules",
            "conditional-definition",
            "from-function",
            "deep",
            "alias-chain",
            "init-order",
        )
    )
    if s.in_try and form in ("package-main", "pathlib-path", "cwd"):
        # What asks the system may fail for the system's own reasons.
        form = "patched"
    label = f"module-{form}"
    m = g.fresh("m")
    inside = s.inside("module", label)
    show = lambda text: g.mark(inside, Text(text))  # noqa: E731

    def file(name: str, path: str, *lines: Any) -> Module:
        module = g.modules.setdefault(name, Module(name, path))
        there = Scope(module, "module", inside.labels, in_try=s.in_try, in_root=s.in_root)
        module.body += [line if isinstance(line, str) else g.mark(there, Text(line[0])) for line in lines]
        g.need(there, "import os")
        return module

    plain = lambda: file(m, f"{m}.py", ("1",), "value = 3", "def get():", "    return value", "_hidden = 4")  # noqa: E731
    if form == "relative-fallback":
        plain()
        return [
            "try:",
            f"    from .{m} import value as {m}v",
            "except ImportError:",
            f"    from {m} import value as {m}v",
            show(f"{m}v"),
        ]
    if form == "config":
        file(m, f"{m}.py", "DEBUG = False", "SIZE = 4")
        file(
            f"{m}b",
            f"{m}b.py",
            f"import {m}",
            f"if {m}.DEBUG:",
            "    size = 1",
            "else:",
            f"    size = {m}.SIZE",
            ("size",),
        )
        return [f"import {m}", f"{m}.SIZE = 9", f"import {m}b", show(f"{m}b.size")]
    if form == "patched":
        plain()
        return [f"import {m}", f"{m}.value = 8", show(f"{m}.get()"), f"from {m} import value as {m}v", show(f"{m}v")]
    if form == "again":
        plain()
        return [
            f"import {m}",
            f"from {m} import get as {m}g",
            f"import {m} as {m}c",
            show(f"{m}c is {m}"),
            show(f"{m}g()"),
        ]
    if form == "main-imported":
        file(m, f"{m}.py", ("__name__",), "if __name__ == '__main__':", "    value = 1", "else:", "    value = 2")
        return [f"from {m} import value as {m}v", show(f"({m}v, __name__)")]
    if form == "star-private":
        plain()
        return [
            f"from {m} import *",
            "try:",
            "    _hidden",
            "except NameError:",
            *indented([show("'private'")]),
            show("get()"),
        ]
    if form == "package-main":
        file(m, f"{m}/__init__.py", ("'init'",))
        file(f"{m}.__main__", f"{m}/__main__.py", ("__name__",), "from . import extra", ("extra.value",))
        file(f"{m}.extra", f"{m}/extra.py", "value = 6")
        for line in ("import subprocess", "import sys"):
            g.need(s, line)
        return [f'subprocess.run([sys.executable, "-m", "{m}"], check=True)', show("'done'")]
    if form == "pathlib-path":
        file(f"{m}d/{m}", f"{m}d/{m}.py", ("2",), "value = 5")
        g.need(s, "import sys")
        g.need(s, "from pathlib import Path")
        add = g.pick(
            (
                f'sys.path.append(str(Path(__file__).parent / "{m}d"))',
                f'sys.path.insert(0, str(Path(__file__).resolve().parent / "{m}d"))',
                f'sys.path.append(os.path.join(os.getcwd(), "{m}d"))',
            )
        )
        return [add, f"import {m}", show(f"{m}.value")]
    if form == "cwd":
        file(f"{m}d/{m}", f"{m}d/{m}.py", ("__name__",), f"import {m}h", (f"{m}h.value",))
        file(f"{m}d/{m}h", f"{m}d/{m}h.py", "value = 2")
        g.need(s, "import subprocess")
        return [
            g.pick((f'subprocess.run(["python", "{m}.py"], cwd="{m}d")', f'subprocess.run(["python", "{m}d/{m}.py"])')),
            show("'done'"),
        ]
    if form == "sys-modules":
        plain()
        g.need(s, "import sys")
        return [f"import {m}", show(f'"{m}" in sys.modules'), show(f'sys.modules["{m}"].value')]
    if form == "conditional-definition":
        file(
            m,
            f"{m}.py",
            "FAST = True",
            "if FAST:",
            "    def go():",
            "        return 'fast'",
            "else:",
            "    def go():",
            "        return 'slow'",
        )
        return [f"from {m} import go as {m}g", show(f"{m}g()")]
    if form == "from-function":
        plain()
        return [
            f"def {m}f():",
            f"    from {m} import value",
            *indented([g.mark(s.frame("function", "module", label), Text("value"))]),
            "    return value",
            f"{m}f()",
            show(f"{m}f()"),
        ]
    if form == "deep":
        file(m, f"{m}/__init__.py", ("'a'",))
        file(f"{m}.b", f"{m}/b/__init__.py", ("'b'",), "from .c import value")
        file(f"{m}.b.c", f"{m}/b/c.py", ("'c'",), "value = 1", "from ..d import other")
        file(f"{m}.d", f"{m}/d.py", ("'d'",), "other = 2")
        return [
            g.pick((f"import {m}.b.c", f"from {m}.b import c as {m}c", f"from {m}.b.c import other as {m}o")),
            show("'deep'"),
        ]
    if form == "alias-chain":
        file(m, f"{m}.py", ("1",), "def go():", "    return 4")
        file(f"{m}b", f"{m}b.py", f"from {m} import go as run")
        file(f"{m}c", f"{m}c.py", f"import {m}b as tools", "start = tools.run")
        return [f"from {m}c import start as {m}s", show(f"({m}s(), {m}s.__name__)")]
    file(m, f"{m}/__init__.py", ("'init'",), "from . import first, second", ("first.n + second.n",))
    file(f"{m}.first", f"{m}/first.py", ("'first'",), "n = 1", "from . import second")
    file(f"{m}.second", f"{m}/second.py", ("'second'",), "n = 2")
    return [f"import {m}", show(f"{m}.second.n")]
