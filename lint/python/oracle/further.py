"""Statements that random programs hold less often: the corners of exceptions, decorators, generators, classes, modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs import construct, outside_class, unsettled
from program import Lines, Module, Scope, Text, indented

if TYPE_CHECKING:
    from generate import Generator


class Parts:
    """What most constructs here are made of: a scope of their own to speak in, and the one they stand in to show in."""

    def __init__(self, g: Generator, s: Scope, family: str, form: str, *, kind: str = "function", **changes: Any) -> None:
        self.g = g
        label = f"{family}-{form}"
        self.inside = s.inside(family, label)
        self.inner = s.frame(kind, family, label, in_try=True, **changes)

    def show(self, text: str) -> str:
        """A mark where the construct stands."""
        return self.g.mark(self.inside, Text(text))

    def say(self, text: str) -> str:
        """A mark within a function of the construct."""
        return self.g.mark(self.inner, Text(text))


@construct(outside_class, weight=3)
def exception_corners(g: Generator, s: Scope) -> Lines:
    form = g.pick(
        ("selective-exit", "comprehension", "class-body", "default", "generator-stop", "finally-overrides", "nested-finally", "raise-in-exit", "raise-in-enter", "second-enter",
         "consumer-raises", "reraise-other", "loop-finally", "while-try", "return-from-loop", "raise-in-else", "handler-order", "custom-str", "group-of-names", "deep")
    )
    p = Parts(g, s, "exceptions", form)
    f, c, e = g.fresh("f"), g.fresh("C"), g.fresh("e")
    show, say = p.show, p.say
    return {
        "selective-exit": lambda: [f"class {c}:", "    def __enter__(self):", "        return self", "    def __exit__(self, kind, value, trace):", *indented(indented([say("kind and kind.__name__"), "return kind is not None and issubclass(kind, LookupError)"])),
                                   "try:", f"    with {c}():", f"        {g.pick(('{}[1]', '1 / 0', '[][3]', 'pass'))}", *indented([show("'swallowed'")]), "except ZeroDivisionError:", *indented([show("'through'")])],
        "comprehension": lambda: [f"def {f}(n):", *indented([say("n"), "return 6 // (n - 2)"]), "try:", f"    {e}x = [{f}(i) for i in range(4)]", "except ZeroDivisionError:", *indented([show("'stopped'")])],
        "class-body": lambda: ["try:", f"    class {c}:", *indented(indented([show("1"), "wrong = {}['x']", show("2")])), "except KeyError:", *indented([show("'none'")])],
        "default": lambda: ["try:", f"    def {f}(a=int('x')):", "        return a", "except ValueError:", f"    {f} = None", show(f"{f} is None")],
        "generator-stop": lambda: [f"def {f}():", "    yield 1", *indented([say("1")]), "    raise StopIteration", "try:", f"    {e}x = list({f}())", f"except RuntimeError as {e}:", *indented([show(f"type({e}.__cause__).__name__")])],
        "finally-overrides": lambda: [f"def {f}():", "    for i in range(3):", "        try:", f"            {g.pick(('return i', 'raise KeyError(i)', 'pass'))}", "        finally:", *indented(indented(indented([say("i"), "if i < 1:", "    continue", "break"]))), "    return 9", show(f"{f}()")],
        "nested-finally": lambda: ["try:", "    try:", "        try:", "            int('x')", "        finally:", *indented(indented(indented([show("1")]))), "    finally:", *indented(indented([show("2")])), "except ValueError:", *indented([show("3")])],
        "raise-in-exit": lambda: [f"class {c}:", "    def __enter__(self):", "        return self", "    def __exit__(self, *details):", *indented(indented([say("details[0] is None")])), "        raise KeyError('exit')", "try:", f"    with {c}():", f"        {g.pick(('pass', '1 / 0'))}", f"except KeyError as {e}:", *indented([show(f"{e}.args[0]")])],
        "raise-in-enter": lambda: [f"class {c}:", "    def __enter__(self):", *indented(indented([say("1")])), "        raise KeyError('enter')", "    def __exit__(self, *details):", *indented(indented([say("2")])), "        return True", "try:", f"    with {c}():", *indented(indented([show("'never'")])), "except KeyError:", *indented([show("'caught'")])],
        "second-enter": lambda: [f"class {c}:", "    def __init__(self, n):", "        self.n = n", "    def __enter__(self):", *indented(indented([say("self.n"), "if self.n == 2:", "    raise ValueError('two')", "return self.n"])), "    def __exit__(self, *details):", *indented(indented([say("self.n * 10")])), "        return False",
                                 "try:", f"    with {c}(1) as a, {c}(2) as b, {c}(3):", *indented(indented([show("'never'")])), "except ValueError:", *indented([show("'two'")])],
        "consumer-raises": lambda: [f"def {f}():", "    try:", "        yield 1", "    finally:", *indented(indented([say("'closed'")])), "try:", f"    for x in {f}():", "        raise ValueError('v')", "except ValueError:", *indented([show("'after'")])],
        "reraise-other": lambda: ["try:", "    try:", "        {}['k']", f"    except KeyError as {e}:", f"        raise RuntimeError(str({e})) from None", f"except RuntimeError as {e}:", *indented([show(f"({e}.args[0], {e}.__cause__)")])],
        "loop-finally": lambda: ["for i in range(3):", "    try:", f"        if i == {g.random.randrange(3)}:", f"            {g.pick(('break', 'continue'))}", *indented(indented([show("i")])), "    finally:", *indented(indented([show("i + 10")])), "else:", *indented([show("'else'")])],
        "while-try": lambda: [f"{e} = 0", "while True:", f"    {e} += 1", "    try:", f"        [1, 2][{e}]", *indented(indented([show(e)])), "    except IndexError:", *indented(indented([show("'end'"), "break"]))],
        "return-from-loop": lambda: [f"def {f}(items):", "    for i in items:", "        try:", "            if i > 1:", "                return i", "        finally:", *indented(indented(indented([say("i")]))), "    return -1", show(f"({f}([1, 2, 3]), {f}([0]))")],
        "raise-in-else": lambda: ["try:", "    pass", "except ValueError:", *indented([show("'no'")]), "else:", "    try:", "        int('z')", "    except ValueError:", *indented(indented([show("'inner'")])), "finally:", *indented([show("'last'")])],
        "handler-order": lambda: ["try:", f"    {g.pick(('[][1]', '{}[1]', 'int(chr(122))', '1 / 0'))}", "except IndexError:", *indented([show("1")]), "except LookupError:", *indented([show("2")]), "except (ValueError, TypeError):", *indented([show("3")]), "except Exception:", *indented([show("4")])],
        "custom-str": lambda: [f"class {c}(Exception):", "    def __str__(self):", *indented(indented([say("len(self.args)"), "return 'custom'"])), "try:", f"    raise {c}(1, 2)", f"except {c} as {e}:", *indented([show(f"str({e})")])],
        "group-of-names": lambda: [f"class {c}(KeyError, ValueError):", "    pass", "try:", f"    raise {c}('k')", "except ValueError:", *indented([show("1")])],
        "deep": lambda: [f"def {f}a():", "    [][0]", f"def {f}b():", "    try:", f"        {f}a()", "    except KeyError:", *indented(indented([say("'no'")])), "    finally:", *indented(indented([say("'b'")])), f"def {f}():", "    try:", f"        return {f}b()", "    except IndexError:", *indented(indented([say("'c'")])), "    return 5", show(f"{f}()")],
    }[form]()


@construct(outside_class, weight=3)
def decorator_corners(g: Generator, s: Scope) -> Lines:
    form = g.pick(("optional", "returns-class", "of-method", "of-class", "stack-order", "in-class", "context-decorator", "contextmanager-decorator", "singledispatch", "counting", "lambda", "attribute", "partialmethod", "torch", "torch-plain", "arguments-order", "total_ordering", "cached-method", "nonlocal-count"))
    p = Parts(g, s, "decorators", form)
    d, f, c = g.fresh("deco"), g.fresh("f"), g.fresh("C")
    show, say = p.show, p.say
    if form == "torch" and s.in_try:
        form = "optional"
    needs = {"context-decorator": "import contextlib", "contextmanager-decorator": "import contextlib", "singledispatch": "import functools", "partialmethod": "import functools", "total_ordering": "import functools", "torch": "import torch", "torch-plain": "import torch"}
    if form in needs:
        g.need(s, needs[form])
    g.need(s, "import functools")
    return {
        "optional": lambda: [f"def {d}(fn=None, *, n=2):", "    def wrap(fn):", "        @functools.wraps(fn)", "        def inner(*args):", *indented(indented(indented([say("n"), "return fn(*args) * n"]))), "        return inner", "    return wrap if fn is None else wrap(fn)",
                             g.pick((f"@{d}", f"@{d}()", f"@{d}(n=5)")), f"def {f}(x):", *indented([say("x"), "return x"]), show(f"({f}(3), {f}.__name__)")],
        "returns-class": lambda: [f"class {c}:", "    def __init__(self, fn):", "        self.fn = fn", "        functools.update_wrapper(self, fn)", "    def __call__(self, *args):", *indented(indented([say("len(args)"), "return self.fn(*args) + 1"])), f"@{c}", f"def {f}(x):", "    return x", show(f"({f}(4), {f}.__name__)")],
        "of-method": lambda: [f"def {d}(fn):", "    def inner(self, *args):", *indented(indented([say("self.n"), "return fn(self, *args)"])), "    return inner", f"class {c}:", "    n = 3", f"    @{d}", "    def go(self, x):", "        return x + self.n", show(f"{c}().go(2)")],
        "of-class": lambda: [f"def {d}(tag):", "    def inner(cls):", *indented(indented([say("(tag, cls.__name__)"), "cls.tag = tag", "return cls"])), "    return inner", f'@{d}("t")', f"class {c}:", "    def go(self):", "        return self.tag", show(f"{c}().go()")],
        "stack-order": lambda: [f"def {d}(name):", *indented([say("name"), "def inner(fn):", *indented([say("name + '!'"), "def call(*args):", *indented([say("name + '?'"), "return fn(*args)"]), "return call"]), "return inner"]), f'@{d}("a")', f'@{d}("b")', f"def {f}(x):", *indented([say("x"), "return x"]), show(f"{f}(1)")],
        "in-class": lambda: [f"class {c}:", "    def wrap(fn):", "        def inner(self):", *indented(indented(indented([say("1"), "return fn(self) + 1"]))), "        return inner", "    @wrap", "    def go(self):", "        return 5", show(f"{c}().go()")],
        "context-decorator": lambda: [f"class {c}(contextlib.ContextDecorator):", "    def __enter__(self):", *indented(indented([say("1"), "return self"])), "    def __exit__(self, *details):", *indented(indented([say("2"), "return False"])), f"@{c}()", f"def {f}(x):", *indented([say("x"), "return x"]), show(f"{f}(3)")],
        "contextmanager-decorator": lambda: ["@contextlib.contextmanager", f"def {d}():", *indented([say("1"), "yield", say("2")]), f"@{d}()", f"def {f}(x):", *indented([say("x"), "return x"]), show(f"{f}(3)"), show(f"{f}(4)")],
        "singledispatch": lambda: ["@functools.singledispatch", f"def {f}(x):", *indented([say("'other'"), "return 0"]), f"@{f}.register", f"def {f}_int(x: int):", *indented([say("'int'"), "return x"]), f"@{f}.register(str)", f"def {f}_str(x):", *indented([say("'str'"), "return len(x)"]), show(f"({f}(3), {f}('ab'), {f}([1]))")],
        "counting": lambda: [f"def {d}(fn):", "    def inner():", "        inner.calls += 1", *indented(indented([say("inner.calls")])), "        return fn()", "    inner.calls = 0", "    return inner", f"@{d}", f"def {f}():", "    return 1", f"{f}()", f"{f}()", show(f"{f}.calls")],
        "lambda": lambda: [f"{d} = lambda fn: (lambda x: fn(x) + 1)", f"@{d}", f"def {f}(x):", *indented([say("x"), "return x * 2"]), show(f"{f}(3)")],
        "attribute": lambda: [f"class {c}:", "    @staticmethod", "    def wrap(fn):", *indented(indented([say("fn.__name__"), "return fn"])), f"@{c}.wrap", f"def {f}():", "    return 2", show(f"{f}()")],
        "partialmethod": lambda: [f"class {c}:", "    def go(self, a, b):", *indented(indented([say("a - b"), "return a * b"])), "    half = functools.partialmethod(go, 5)", show(f"{c}().half(2)")],
        "torch": lambda: [g.pick(("@torch.no_grad()", "@torch.inference_mode()")), f"def {f}(x):", *indented([say("x"), "return x + 1"]), show(f"{f}(2)")],
        "torch-plain": lambda: ["with torch.no_grad():", *indented([show("1")]), f"{f} = 3", "with torch.inference_mode() as mode:", *indented([show(f)])],
        "arguments-order": lambda: [f"def {d}(n):", *indented([say("n"), "return lambda fn: fn"]), f"def {f}v(n):", *indented([say("n"), "return n"]), f"@{d}({f}v(1))", f"def {f}(a={f}v(2)):", "    return a", show(f"{f}()")],
        "total_ordering": lambda: ["@functools.total_ordering", f"class {c}:", "    def __init__(self, n):", "        self.n = n", "    def __eq__(self, other):", *indented(indented([say("'eq'"), "return self.n == other.n"])), "    def __lt__(self, other):", *indented(indented([say("'lt'"), "return self.n < other.n"])), show(f"{c}(1) >= {c}(2)"), show(f"max({c}(1), {c}(3)).n")],
        "cached-method": lambda: [f"class {c}:", "    @functools.lru_cache(maxsize=None)", "    def go(self, n):", *indented(indented([say("n"), "return n * 2"])), f"{f} = {c}()", f"{f}.go(1)", show(f"{f}.go(1) + {f}.go(2)")],
        "nonlocal-count": lambda: [f"def {d}(fn):", "    calls = 0", "    def inner(*args):", "        nonlocal calls", "        calls += 1", *indented(indented([say("calls"), "return fn(*args) + calls"])), "    return inner", f"@{d}", f"def {f}(x):", "    return x", f"{f}(1)", show(f"{f}(1)")],
    }[form]()


@construct(outside_class, weight=3)
def generator_corners(g: Generator, s: Scope) -> Lines:
    form = g.pick(("pipeline", "recursive", "interleaved", "infinite", "short-circuit", "exhausted", "return-value", "primed", "tree", "comprehension-source", "partial-then-rest", "yield-in-try", "delegated-exception", "close-runs-finally", "map-over", "zip-shortest", "yield-expression", "nested-loops", "break-two", "in-class"))
    p = Parts(g, s, "generators", form, is_generator=True)
    f, h, it = g.fresh("gen"), g.fresh("gen"), g.fresh("it")
    show, say = p.show, p.say
    plain = [f"def {f}(n):", "    for i in range(n):", *indented(indented([say("i"), "yield i"]))]
    return {
        "pipeline": lambda: [*plain, f"def {h}(source):", "    for x in source:", *indented(indented([say("x + 10")])), "        if x % 2:", "            yield x * 3", show(f"list({h}({f}(4)))")],
        "recursive": lambda: [f"def {f}(n):", "    if n:", *indented(indented([say("n")])), f"        yield from {f}(n - 1)", "        yield n", show(f"list({f}(3))")],
        "interleaved": lambda: [*plain, f"for a, b in zip({f}(2), {f}(3)):", *indented([show("a * 10 + b")])],
        "infinite": lambda: [f"def {f}():", "    n = 0", "    while True:", "        n += 1", *indented(indented([say("n")])), "        yield n", f"for x in {f}():", *indented(["if x > 2:", "    break", show("x")])],
        "short-circuit": lambda: [*plain, show(f"{g.pick(('any', 'all'))}(x == 1 for x in {f}(4))"), show(f"2 in {f}(5)")],
        "exhausted": lambda: [*plain, f"{it} = {f}(2)", show(f"list({it})"), show(f"(list({it}), next({it}, 'none'))")],
        "return-value": lambda: [f"def {f}():", "    yield 1", "    return 7", f"def {h}():", f"    got = yield from {f}()", *indented([say("got")]), "    yield got", show(f"list({h}())")],
        "primed": lambda: [f"def {f}():", "    total = 0", "    while True:", "        x = yield total", *indented(indented([say("x")])), "        total += x", f"{it} = {f}()", f"next({it})", f"{it}.send(3)", show(f"{it}.send(4)"), f"{it}.close()"],
        "tree": lambda: [f"def {f}(node):", "    if isinstance(node, list):", "        for child in node:", f"            yield from {f}(child)", "    else:", *indented(indented([say("node"), "yield node"])), show(f"sum({f}([1, [2, [3]], 4]))")],
        "comprehension-source": lambda: [*plain, show(f"[x * y for x in {f}(2) for y in {f}(2)]"), show(f"{{x: y for x, y in zip({f}(2), 'ab')}}")],
        "partial-then-rest": lambda: [*plain, f"{it} = {f}(4)", f"for x in {it}:", *indented(["if x == 1:", "    break"]), show(f"list({it})")],
        "yield-in-try": lambda: [f"def {f}():", "    for i in range(3):", "        try:", "            if i == 1:", "                raise ValueError(i)", "            yield i", "        except ValueError:", *indented(indented(indented([say("i"), "yield -1"]))), "        finally:", *indented(indented(indented([say("i + 20")]))), f"for x in {f}():", *indented([show("x")])],
        "delegated-exception": lambda: [f"def {f}():", "    yield 1", "    raise KeyError('k')", f"def {h}():", "    try:", f"        yield from {f}()", "    except KeyError:", *indented(indented([say("'caught'"), "yield 2"])), show(f"list({h}())")],
        "close-runs-finally": lambda: [f"def {f}():", "    try:", "        yield 1", "        yield 2", "    finally:", *indented(indented([say("'closed'")])), f"{it} = {f}()", show(f"next({it})"), f"{it}.close()", show(f"next({it}, 'done')")],
        "map-over": lambda: [*plain, f"{it} = map(lambda x: x + 1, {f}(3))", show(f"next({it})"), show(f"list(filter(None, {it}))")],
        "zip-shortest": lambda: [*plain, show(f"list(zip({f}(3), {f}(1)))"), show(f"list(enumerate({f}(2), 5))")],
        "yield-expression": lambda: [f"def {f}():", "    x = [(yield 1), (yield 2)]", *indented([say("x")]), show(f"list({f}())")],
        "nested-loops": lambda: [*plain, f"for a in {f}(2):", f"    for b in {f}(2):", *indented(indented(["if b > a:", "    break", show("(a, b)")]))],
        "break-two": lambda: [f"def {f}():", "    try:", "        yield 1", "        yield 2", "    finally:", *indented(indented([say("'out'")])), f"for x in {f}():", f"    for y in {f}():", "        break", *indented([show("(x, y)")]), "    break", show("'end'")],
        "in-class": lambda: [f"class {f}:", "    def __init__(self, n):", "        self.n = n", "    def __iter__(self):", "        for i in range(self.n):", *indented(indented(indented([say("i"), "yield i * self.n"]))), show(f"(list({f}(2)), max({f}(3)), 2 in {f}(2))"), f"a, *b = {f}(3)", show("(a, b)")],
    }[form]()


@construct(outside_class, weight=5)
def class_corners(g: Generator, s: Scope) -> Lines:
    form = g.pick(("mixin", "deleter", "setattr", "delattr", "vars", "enum-auto", "enum-method", "int-enum", "enum-alias", "dataclass-inherit", "dataclass-replace", "dataclass-order", "dataclass-frozen", "namedtuple-replace", "registry", "shared-list", "old-iteration", "builder", "operators", "class-attribute-lookup",
                   "property-inherit", "abstract-property", "init-order", "mro", "bool-len", "callable-attribute", "nested-call", "getattribute", "comparison-chain", "class-method-chain", "dunder-name", "instance-dict", "super-in-classmethod", "multiple-init", "type-of", "slots-default"))
    p = Parts(g, s, "classes", form)
    c, o = g.fresh("C"), g.fresh("o")
    show, say = p.show, p.say
    needs = {"enum-auto": "from enum import Enum, auto", "enum-method": "from enum import Enum", "int-enum": "from enum import IntEnum", "enum-alias": "from enum import Enum", "namedtuple-replace": "from collections import namedtuple", "abstract-property": "from abc import ABC, abstractmethod"}
    if form in needs:
        g.need(s, needs[form])
    if form.startswith("dataclass"):
        g.need(s, "import dataclasses")
    body = lambda *lines: indented(indented(list(lines)))  # noqa: E731
    return {
        "mixin": lambda: [f"class {c}A:", "    def go(self):", *body(say("'A'"), "return ['a']"), f"class {c}M:", "    def go(self):", *body(say("'M'"), "return ['m'] + super().go()"), f"class {c}({c}M, {c}A):", "    def go(self):", *body("return super().go() + ['c']"), show(f"{c}().go()")],
        "deleter": lambda: [f"class {c}:", "    @property", "    def x(self):", *body("return 1"), "    @x.deleter", "    def x(self):", *body(say("'deleted'")), f"{o} = {c}()", f"del {o}.x", show(f"{o}.x")],
        "setattr": lambda: [f"class {c}:", "    pass", f"{o} = {c}()", f"setattr({o}, 'k' + '1', {g.random.randrange(9)})", show(f"({o}.k1, hasattr({o}, 'k2'), getattr({o}, 'k2', 5))")],
        "delattr": lambda: [f"class {c}:", "    k = 1", f"{o} = {c}()", f"{o}.k = 2", f"del {o}.k", show(f"{o}.k")],
        "vars": lambda: [f"class {c}:", "    def __init__(self, **kw):", *body("self.__dict__.update(kw)"), f"{o} = {c}(a=1, b=2)", show(f"({o}.b, sorted(vars({o})))")],
        "enum-auto": lambda: [f"class {c}(Enum):", "    A = auto()", "    B = auto()", show(f"({c}.B.value, [m.name for m in {c}], {c}['A'].value, {c}.A in {c})")],
        "enum-method": lambda: [f"class {c}(Enum):", "    A = 'a'", "    B = 'b'", "    def shout(self):", *body(say("self.name"), "return self.value.upper()"), "    @classmethod", "    def first(cls):", *body("return cls.A"), show(f"({c}.B.shout(), {c}.first() is {c}.A, {c}('b').name)")],
        "int-enum": lambda: [f"class {c}(IntEnum):", "    A = 1", "    B = 2", show(f"({c}.B > {c}.A, {c}.A + 1, {c}.B == 2, max({c}).name)")],
        "enum-alias": lambda: [f"class {c}(Enum):", "    A = 1", "    B = 1", "    C = 3", show(f"(len({c}), {c}.B.name, {c}.C != {c}.A)")],
        "dataclass-inherit": lambda: ["@dataclasses.dataclass", f"class {c}A:", "    a: int", "    b: int = 2", "@dataclasses.dataclass", f"class {c}({c}A):", "    c: int = 3", "    def total(self):", *body(say("self.a"), "return self.a + self.b + self.c"), show(f"({c}(1).total(), {c}(1, c=9).c)")],
        "dataclass-replace": lambda: ["@dataclasses.dataclass", f"class {c}:", "    a: int = 1", "    b: str = 'x'", f"{o} = dataclasses.replace({c}(), b='y')", show(f"({o}.a, {o}.b, dataclasses.asdict({o}))")],
        "dataclass-order": lambda: ["@dataclasses.dataclass(order=True)", f"class {c}:", "    a: int", "    b: int = 0", show(f"({c}(1) < {c}(2), max({c}(1, 5), {c}(1, 7)).b, {c}(1) == {c}(1))")],
        "dataclass-frozen": lambda: ["@dataclasses.dataclass(frozen=True)", f"class {c}:", "    a: int = 1", "try:", f"    {c}().a = 2", "except AttributeError:", *indented([show("'frozen'")])],
        "namedtuple-replace": lambda: [f"{c} = namedtuple('{c}', 'x y')", f"{o} = {c}(1, y=2)._replace(x=5)", show(f"({o}.x, {o}[1], {o}._asdict(), {c}._fields)"), f"a, b = {o}", show("a + b")],
        "registry": lambda: [f"class {c}:", "    known = {}", "    def __init_subclass__(cls, tag=None, **kw):", *body(say("(cls.__name__, tag)"), f"{c}.known[tag] = cls"), f"class {c}A({c}, tag='a'):", "    def go(self):", *body("return 'A'"), f"class {c}B({c}, tag='b'):", "    def go(self):", *body("return 'B'"), show(f"[{c}.known[t]().go() for t in 'ab']")],
        "shared-list": lambda: [f"class {c}:", "    items = []", "    def add(self, x):", *body("self.items.append(x)", say("self.items")), f"{c}().add(1)", f"{c}().add(2)", show(f"{c}.items")],
        "old-iteration": lambda: [f"class {c}:", "    def __getitem__(self, i):", *body(say("i"), "if i > 1:", "    raise IndexError", "return i * 2"), show(f"list({c}())"), show(f"2 in {c}()")],
        "builder": lambda: [f"class {c}:", "    def __init__(self):", *body("self.parts = []"), "    def add(self, x):", *body(say("x"), "self.parts.append(x)", "return self"), "    def build(self):", *body("return '-'.join(self.parts)"), show(f"{c}().add('a').add('b').build()")],
        "operators": lambda: [f"class {c}:", "    def __init__(self, n):", *body("self.n = n"), "    def __sub__(self, other):", *body(say("other"), f"return {c}(self.n - other)"), "    def __neg__(self):", *body("return -self.n"), "    def __getitem__(self, key):", *body("return (self.n, key)"), "    def __iadd__(self, other):", *body(say("other"), "self.n += other", "return self"), "    def __invert__(self):", *body("return 'inv'"), "    def __contains__(self, x):", *body("return x == self.n"),
                              f"{o} = {c}(5) - 2", f"{o} += 4", show(f"({o}.n, -{o}, {o}['k'], {o}[1:2], ~{o}, 7 in {o}, 3 not in {o})")],
        "class-attribute-lookup": lambda: [f"class {c}A:", "    x = 1", f"class {c}({c}A):", "    pass", f"{o} = {c}()", f"{c}A.x = 2", show(f"{o}.x"), f"{c}.x = 3", show(f"({o}.x, {c}A.x)"), f"{o}.x = 4", show(f"({o}.x, {c}.x)")],
        "property-inherit": lambda: [f"class {c}A:", "    @property", "    def x(self):", *body(say("'A'"), "return 1"), f"class {c}({c}A):", "    @property", "    def x(self):", *body(say("'C'"), "return super().x + 1"), show(f"{c}().x")],
        "abstract-property": lambda: [f"class {c}A(ABC):", "    @property", "    @abstractmethod", "    def x(self): ...", f"class {c}({c}A):", "    @property", "    def x(self):", *body(say("1"), "return 2"), show(f"{c}().x"), "try:", f"    {c}A()", "except TypeError:", *indented([show("'abstract'")])],
        "init-order": lambda: [f"class {c}A:", "    def __init__(self):", *body(say("'A'"), "self.setup()"), "    def setup(self):", *body("self.v = 1"), f"class {c}({c}A):", "    def __init__(self):", *body(say("'C'"), "super().__init__()", say("self.v")), "    def setup(self):", *body("super().setup()", "self.v += 5"), show(f"{c}().v")],
        "mro": lambda: [f"class {c}A:", "    def go(self):", *body("return 'a'"), f"class {c}B({c}A):", "    pass", f"class {c}C({c}A):", "    def go(self):", *body(say("'C'"), "return 'c'"), f"class {c}({c}B, {c}C):", "    pass", show(f"({c}().go(), [k.__name__ for k in {c}.__mro__])")],
        "bool-len": lambda: [f"class {c}:", "    def __init__(self, n):", *body("self.n = n"), "    def __len__(self):", *body(say("self.n"), "return self.n"), show(f"(bool({c}(0)), not {c}(1), 'x' if {c}(2) else 'y', {c}(0) or 'empty')")],
        "callable-attribute": lambda: [f"class {c}:", "    def __init__(self, fn):", *body("self.fn = fn"), "    def run(self, x):", *body(say("x"), "return self.fn(x)"), show(f"{c}(lambda x: x + 1).run(2)"), show(f"{c}(str).run(3)")],
        "nested-call": lambda: [f"class {c}:", "    def __init__(self, inner=None):", *body("self.inner = inner"), "    def depth(self):", *body(say("self.inner is None"), "return 1 if self.inner is None else 1 + self.inner.depth()"), show(f"{c}({c}({c}())).depth()")],
        "getattribute": lambda: [f"class {c}:", "    x = 1", "    def __getattribute__(self, name):", *body(say("name"), "return object.__getattribute__(self, name)"), show(f"{c}().x")],
        "comparison-chain": lambda: [f"class {c}:", "    def __init__(self, n):", *body("self.n = n"), "    def __lt__(self, other):", *body(say("(self.n, other.n)"), "return self.n < other.n"), show(f"{c}(1) < {c}(3) < {c}(2)"), show(f"sorted([{c}(2), {c}(1)])[0].n"), show(f"{c}(1) > {c}(2)")],
        "class-method-chain": lambda: [f"class {c}:", "    made = 0", "    @classmethod", "    def make(cls, n):", *body("cls.made += n", say("cls.made"), "return cls"), show(f"{c}.make(1).make(2).made")],
        "dunder-name": lambda: [f"class {c}:", "    def go(self):", *body("return 1"), show(f"({c}.__name__, {c}.__qualname__.split('.')[-1], {c}().__class__.__name__, {c}.go.__name__, type({c}()) is {c})")],
        "instance-dict": lambda: [f"class {c}:", "    def __init__(self):", *body("self.a = 1", "self._b = 2"), show(f"{{k: v for k, v in {c}().__dict__.items() if not k.startswith('_')}}")],
        "super-in-classmethod": lambda: [f"class {c}A:", "    @classmethod", "    def make(cls):", *body(say("cls.__name__"), "return cls()"), f"class {c}({c}A):", "    @classmethod", "    def make(cls):", *body("made = super().make()", "made.extra = 4", "return made"), show(f"{c}.make().extra")],
        "multiple-init": lambda: [f"class {c}A:", "    def __init__(self, **kw):", *body(say("sorted(kw)"), "super().__init__(**kw)"), f"class {c}B:", "    def __init__(self, b=0):", *body(say("b"), "self.b = b"), f"class {c}({c}A, {c}B):", "    pass", show(f"{c}(b=3).b")],
        "type-of": lambda: [f"class {c}:", "    def twin(self):", *body(say("1"), "return type(self)()"), f"class {c}D({c}):", "    k = 2", show(f"({c}D().twin().k, isinstance({c}D().twin(), {c}), issubclass({c}D, {c}))")],
        "slots-default": lambda: [f"class {c}:", "    __slots__ = ('a', 'b')", "    def __init__(self, a):", *body("self.a = a"), f"{o} = {c}(3)", "try:", f"    {o}.b", "except AttributeError:", *indented([show("'unset'")]), show(f"{o}.a")],
    }[form]()


@construct(lambda g, s: s.kind == "module" and s.module.name == "__main__", weight=6)
def module_corners(g: Generator, s: Scope) -> Lines:
    form = g.pick(("raises", "raises-again", "spec", "reload", "all-submodules", "this-module", "plugins", "lazy", "failing-cycle", "two-folders", "star-order", "as-submodule", "setdefault", "module-of-function", "shadowed-name", "name-of", "late-import", "package-variable", "conditional-import", "import-in-class", "missing-name"))
    p = Parts(g, s, "modules", form)
    m = g.fresh("m")
    show, say = p.show, p.say
    if s.in_try and form in ("spec", "reload"):
        form = "lazy"

    def file(name: str, path: str, *lines: Any) -> None:
        module = g.modules.setdefault(name, Module(name, path))
        there = Scope(module, "module", p.inside.labels, in_try=True, in_root=s.in_root)
        g.need(there, "import os")
        module.body += [line if isinstance(line, str) else g.mark(there, Text(line[0])) for line in lines]

    simple = lambda: file(m, f"{m}.py", ("1",), "value = 3", "def get():", "    return value")  # noqa: E731
    if form == "raises":
        file(m, f"{m}.py", ("1",), "value = int('x')", ("2",))
        return ["try:", f"    import {m}", *indented([show("'never'")]), "except ValueError:", f"    {m} = None", show(f"{m} is None")]
    if form == "raises-again":
        file(m, f"{m}.py", ("1",), f"import {m}s", f"{m}s.tries += 1", f"if {m}s.tries < 2:", "    raise RuntimeError('first')", ("2",))
        file(f"{m}s", f"{m}s.py", "tries = 0", ("'state'",))
        return ["for i in range(2):", "    try:", f"        import {m}", *indented(indented([show("i")])), "    except RuntimeError:", *indented(indented([show("'again'")]))]
    if form == "spec":
        simple()
        g.need(s, "import importlib.util")
        return [f'{m}s = importlib.util.spec_from_file_location("{m}x", os.path.join(os.path.dirname(os.path.abspath(__file__)), "{m}.py"))', f"{m}m = importlib.util.module_from_spec({m}s)", f"{m}s.loader.exec_module({m}m)", show(f"({m}m.value, {m}m.get())")]
    if form == "reload":
        simple()
        g.need(s, "import importlib")
        return [f"import {m}", f"{m}.value = 9", show(f"{m}.get()"), f"importlib.reload({m})", show(f"{m}.get()")]
    if form == "all-submodules":
        file(m, f"{m}/__init__.py", ("'init'",), '__all__ = ["one", "two"]')
        file(f"{m}.one", f"{m}/one.py", ("'one'",), "n = 1")
        file(f"{m}.two", f"{m}/two.py", ("'two'",), "n = 2")
        return [f"from {m} import *", show("one.n + two.n")]
    if form == "this-module":
        g.need(s, "import sys")
        return [f"{m} = 4", show(f"getattr(sys.modules[__name__], '{m}')"), f"setattr(sys.modules[__name__], '{m}b', 5)", show(f"{m}b")]
    if form == "plugins":
        file(m, f"{m}/__init__.py", ("'init'",))
        for name in "ab":
            file(f"{m}.{name}", f"{m}/{name}.py", (f"'{name}'",), "def run(x):", f"    return '{name}' + x")
        g.need(s, "import importlib")
        return [f'for name in ["b", "a"]:', f'    plugin = importlib.import_module(f"{m}.{{name}}")', *indented([show("plugin.run('!')")])]
    if form == "lazy":
        file(m, f"{m}/__init__.py", ("'init'",), "def __getattr__(name):", "    if name == 'heavy':", f"        from {m} import heavy_part", "        return heavy_part.value", "    raise AttributeError(name)")
        file(f"{m}.heavy_part", f"{m}/heavy_part.py", ("'heavy'",), "value = 8")
        return [f"import {m}", show("'before'"), show(f"{m}.heavy"), show(f"(hasattr({m}, 'nothing'), {m}.heavy)")]
    if form == "failing-cycle":
        file(m, f"{m}.py", ("1",), "try:", f"    from {m}b import value", "except ImportError:", "    value = 0", ("value",))
        file(f"{m}b", f"{m}b.py", ("2",), f"from {m} import value", ("3",))
        return [f"import {m}", show(f"{m}.value")]
    if form == "two-folders":
        file(f"{m}a/{m}n/one", f"{m}a/{m}n/one.py", ("1",), "n = 1")
        file(f"{m}b/{m}n/two", f"{m}b/{m}n/two.py", ("2",), "n = 2")
        g.need(s, "import sys")
        return [f'sys.path[:0] = ["{m}a", "{m}b"]' if g.chance(0.3) else f'sys.path.extend(["{m}a", "{m}b"])', f"from {m}n import one as {m}1", f"from {m}n.two import n as {m}2", show(f"{m}1.n + {m}2")]
    if form == "star-order":
        file(m, f"{m}.py", ("1",), f"{m}x = 1", f"{m}y = 1")
        file(f"{m}b", f"{m}b.py", ("2",), f"{m}y = 2")
        return [f"{m}x = 0", f"from {m} import *", f"from {m}b import *", show(f"({m}x, {m}y)")]
    if form == "as-submodule":
        file(m, f"{m}/__init__.py", ("'init'",))
        file(f"{m}.sub", f"{m}/sub.py", ("'sub'",), "n = 5")
        return [f"import {m}.sub as {m}s", show(f"{m}s.n"), f"import {m}", show(f"{m}.sub is {m}s")]
    if form == "setdefault":
        file(m, f"{m}.py", "cache = {}", "def get(k):", "    if k not in cache:", "        cache[k] = len(cache)", "    return cache[k]")
        return [f"from {m} import get as {m}g, cache as {m}c", f"{m}g('a')", f"{m}g('b')", show(f"({m}g('a'), {m}c)")]
    if form == "module-of-function":
        simple()
        return [f"from {m} import get as {m}g", show(f"({m}g.__module__, {m}g.__name__, __name__)")]
    if form == "shadowed-name":
        simple()
        return [f"import {m}", f"{m} = {m}.value", show(m)]
    if form == "name-of":
        file(m, f"{m}/__init__.py", ("__name__",), ("__package__",))
        file(f"{m}.sub", f"{m}/sub.py", ("__name__",), ("__package__",))
        return [f"import {m}.sub", show("__name__")]
    if form == "late-import":
        simple()
        return [f"def {m}f(flag):", "    if flag:", f"        import {m}", f"        return {m}.value", "    return 0", show(f"{m}f(False)"), show(f"{m}f(True)")]
    if form == "package-variable":
        file(m, f"{m}/__init__.py", "level = 1", "from .sub import read", "level = 2")
        file(f"{m}.sub", f"{m}/sub.py", "from . import level as early", f"import {m}", "def read():", f"    return (early, {m}.level)")
        return [f"import {m}", show(f"{m}.read()")]
    if form == "conditional-import":
        simple()
        test = g.condition(s)
        return [f"if {test.text}:", f"    from {m} import get as {m}g", "else:", f"    def {m}g():", "        return -1", show(f"{m}g()")]
    if form == "import-in-class":
        simple()
        return [f"class {m}C:", f"    from {m} import get", f"    import {m} as mod", show(f"({m}C.get(), {m}C.mod.value)")]
    simple()
    return ["try:", f"    from {m} import nothing_here", *indented([show("'never'")]), "except ImportError:", *indented([show("'missing'")])]


@construct(lambda g, s: s.kind != "class" and not s.in_try)
def external_wrapping(g: Generator, s: Scope) -> Lines:
    """What something external is handed, and calls or stands for."""
    form = g.pick(("unknown-decorator", "unknown-factory", "context", "base", "base-method", "compile", "callback-value"))
    if s.in_root and form in ("unknown-decorator", "unknown-factory", "callback-value"):
        form = "context"
    p = Parts(g, s, "external", form)
    f, c = g.fresh("f"), g.fresh("C")
    show = p.show
    inner = s.frame("function", "external", f"external-{form}", depth=1)
    mark = lambda: g.mark(inner)  # noqa: E731
    g.need(s, "import toolbox")
    g.need(s, "import torch")
    return {
        "unknown-decorator": lambda: ["@toolbox.wrap", f"def {f}():", *indented([mark(), mark()]), f"{f}()", show("1")],
        "unknown-factory": lambda: ["@toolbox.wrap(times=3)", f"def {f}():", *indented([mark()]), f"{f}()", show("1")],
        "context": lambda: ["with toolbox.session() as session:", *indented(g.block(p.inside)), show("1")],
        "base": lambda: [f"class {c}(toolbox.Base):", "    size = 3", "    def __init__(self, n):", "        super().__init__(n)", "        self.n = n", "    def total(self):", *indented(indented([g.mark(inner, Text("self.n")), "return self.n + self.size"])), show(f"{c}(4).total()")],
        "base-method": lambda: [f"class {c}(torch.nn.Module):", "    width = 2", "    def size(self):", *indented(indented([g.mark(inner), "return self.width"])), show(f"{c}().size()")],
        "compile": lambda: [f"def {f}(x):", *indented([g.mark(inner, Text("x")), "return x + 1"]), f"{f}c = torch.compile({f})", show(f"{f}c(2)")],
        "callback-value": lambda: [f"def {f}():", *indented([mark()]), f"toolbox.on_exit({f})", show("1")],
    }[form]()


@construct(unsettled, weight=8)
def open_corners(g: Generator, s: Scope) -> Lines:
    """Control that leaves by a way that is open, and what was bound by then."""
    form = g.pick(("loop-else", "nested-break", "try-in-loop", "return-in-loop", "append-in-loop", "flag", "while-flag", "dict-built", "except-binds", "with-maybe", "generator-maybe", "chained", "ternary-call", "and-call", "walrus", "default-or", "class-maybe", "import-maybe", "early-continue", "count", "recursion", "handler-state"))
    p = Parts(g, s, "open", form)
    f, n = g.fresh("f"), g.fresh("n")
    test = lambda: g.condition(s).text  # noqa: E731
    mark = lambda: g.mark(p.inside)  # noqa: E731
    inner = s.frame("function", "open", f"open-{form}", depth=1)
    say = lambda: g.mark(inner)  # noqa: E731
    g.need(s, "import numpy as np")
    g.need(s, "import os")
    return {
        "loop-else": lambda: ["for x in np.rows:", f"    if {test()}:", *indented(indented([mark(), "break"])), "else:", *indented([mark()]), mark()],
        "nested-break": lambda: ["for x in [1, 2]:", "    for y in [1, 2]:", f"        if {test()}:", *indented(indented(indented([mark(), "break"]))), *indented(indented([mark()])), "    else:", *indented(indented([mark(), "continue"])), *indented([mark(), "break"]), mark()],
        "try-in-loop": lambda: ["for x in range(2):", "    try:", f"        np.fetch(x)", *indented(indented([mark()])), "    except Exception:", *indented(indented([mark(), g.pick(("continue", "break", "pass"))])), *indented([mark()])],
        "return-in-loop": lambda: [f"def {f}():", "    for x in np.rows:", f"        if {test()}:", *indented(indented(indented([say(), "return x"]))), *indented(indented([say()])), *indented([say()]), "    return None", f"if {f}() is None:", *indented([mark()]), "else:", *indented([mark()])],
        "append-in-loop": lambda: [f"{n} = []", "for x in [1, 2]:", f"    if {test()}:", f"        {n}.append(x)", f"if {n}:", *indented([mark()]), f"for x in {n}:", *indented([mark()]), f"if len({n}) > 1:", *indented([mark()])],
        "flag": lambda: [f"{n} = False", f"if {test()}:", f"    {n} = True", *indented([mark()]), f"if not {n}:", *indented([mark()]), f"elif {test()}:", *indented([mark()]), mark()],
        "while-flag": lambda: [f"{n} = 3", f"while {n} > 0:", f"    {n} -= 1", f"    if {test()}:", *indented(indented([mark(), "break"])), "else:", *indented([mark()]), f"if {n}:", *indented([mark()])],
        "dict-built": lambda: [f"{n} = {{'a': 1}}", f"if {test()}:", f"    {n}['b'] = 2", f"if 'b' in {n}:", *indented([mark()]), f"for k in {n}:", *indented([mark()]), f"if {n}.get('b') == 2:", *indented([mark()])],
        "except-binds": lambda: ["try:", f"    {n} = np.load()", *indented([mark()]), "except Exception:", f"    {n} = None", *indented([mark()]), f"if {n} is None:", *indented([mark()]), "else:", *indented([mark()])],
        "with-maybe": lambda: ["with np.session():", f"    if {test()}:", *indented(indented([mark()])), *indented([mark()]), mark()],
        "generator-maybe": lambda: [f"def {f}():", "    yield 1", f"    if {test()}:", *indented(indented([say(), "return"])), *indented([say()]), "    yield 2", f"for x in {f}():", *indented([mark()]), f"if len(list({f}())) == 2:", *indented([mark()])],
        "chained": lambda: [f"if {test()} or {test()}:", *indented([mark()]), f"if {test()} and not {test()}:", *indented([mark()]), "else:", *indented([mark()])],
        "ternary-call": lambda: [f"def {f}():", *indented([say()]), f"def {f}b():", *indented([say()]), f"{f}() if {test()} else {f}b()", mark()],
        "and-call": lambda: [f"def {f}():", *indented([say(), "return True"]), f"{test()} and {f}()", f"({test()}) or {f}()", mark()],
        "walrus": lambda: [f"if {n} := os.environ.get('E_FLAG'):", *indented([mark()]), f"if {n} is None:", *indented([mark()])] if s.kind != "class" else [mark()],
        "default-or": lambda: [f"{n} = os.environ.get('F_NAME') or 'none'", f"if {n} == 'none':", *indented([mark()]), f"if {n}:", *indented([mark()]), "else:", *indented([mark()])],
        "class-maybe": lambda: [f"class {f}:", f"    if {test()}:", "        def go(self):", *indented(indented(indented([say(), "return 1"]))), "    else:", "        def go(self):", *indented(indented(indented([say(), "return 2"]))), f"{f}().go()", mark()],
        "import-maybe": lambda: [f"if {test()}:", "    import json as parser", "else:", "    parser = None", "if parser is not None:", *indented([mark()]), "if parser is None:", *indented([mark()])],
        "early-continue": lambda: ["for x in range(3):", f"    if x == 1 and {test()}:", *indented(indented([mark(), "continue"])), *indented([mark()])],
        "count": lambda: [f"{n} = 0", "for x in np.rows:", f"    {n} += 1", f"if {n} > 2:", *indented([mark()]), f"elif {n} == 0:", *indented([mark()]), mark()],
        "recursion": lambda: [f"def {f}(depth):", *indented([say()]), f"    if depth < 3 and {test()}:", f"        {f}(depth + 1)", *indented([say()]), f"{f}(0)", mark()],
        "handler-state": lambda: [f"{n} = {{'ready': False}}", f"def {f}():", f"    if {test()}:", f"        {n}['ready'] = True", *indented([say()]), f"{f}()", f"if {n}['ready']:", *indented([mark()]), "else:", *indented([mark()])],
    }[form]()
