"""Every construct of Python 3.8 to 3.14 that the grammar can read."""
from __future__ import annotations, generators as gen
import a, b.c, d . e, f.g as h
from . import i
from .. import j as k
from ...l.m import n, o as p
from .q import (
    r,  # a comment
    s as t,
)
from u import *
from .\
 v import w

# Names that are keywords elsewhere
match = type = _ = case = 1
match[0]
match(x)
type.x; type(x)
match.a = type.b = 2
type(mock).attribute = value
type(mock, x).a.b = value
type(mock)[key] = type(mock.kind).x
print = exec = 3
print(x); print(x), y
print(x, file=f); print; exec(code, {})
print >>f, x
print >>f
print -1

# Numbers
0, 00, 1_000, 0xFF_ff, 0O17, 0b1_0, 9223372036854775807, 9223372036854775808, 0xFFFFFFFFFFFFFFFFF
1.5, .5, 5., 1e5, 1_0.0_1e-1_0, 1j, 1.5J, 1e400, 0o7777777777777777777777777
True, False, None, ..., Ellipsis

# Strings
"a" 'b' """c"""
("x"
 # between
 'y')
r"\d\n" R'\'' "\x41\u00e9\U0001F600\101\0\7" "\q\8" "new\
line"
b"x" rb'\x' b"a" b"b" Rb"""x"""
u"é" U'x'
"""a
"quoted" \""" end"""
''
""
f"", f"text", f"{a}", f"{a!r}", f"{a:>{width}.{precision}}", f"{a = }", f"{a=!s:>3}", f"{a:%H:%M}"
f"{{literal}} {a}{b} \x41" rf"\d{a}\n{{" fr'{x}' F"{a['key']}" f'{a["key"]}'
f"""{
    a  # comment
    + b
}""" "tail" f'{f"{nested}"}'
f"{x:=10}" f"{(x:=10)}" f"{lambda_}" f"{(lambda: 1)()}" f"{*a, b}" f"{a, b}" f"{a if b else c}"
"plain" f"{a}" "more" f"{b:{c}}" " end"
f"{'a' 'b'}" f"{a!r:^{width!s}}" f"{a:{b}{c}}" f"{d['x']:{e.f(g)}}"
t"{template} text"
rf"`{a}\'" rf'{a}\'' fr"\{a}\\" f"\{a}\'" f'{a}\\{b}\n' rf"{a}\d{b}\""

# Expressions
a + b - c * d / e // f % g ** h @ i << j >> k & l | m ^ n
a ** -b ** c
-a + ~b - +c
not a and b or not c and (d or e) or f
(a and b) and c and (d and e)
(a or b) or c
a < b <= c == d != e >= f > g in h not in i is j is not k
(a < b) < c
a if b else c if d else e
(a)
((a)).b
(a)(b)(c).d[e]
(a + b).c
(yield_)
(a := 1)
[b := 2, b ** 2]
f(c := 3)
x[d := 4]
lambda: 0
lambda x: x
lambda a, /, b=1, *c, d, e=2, **f: (a, b)
lambda *, a: a
lambda *args: args
lambda **kwargs: kwargs
lambda x=lambda y: y: lambda z: z
()
(a,)
(a, b)
a,
a, b,
*a, b
[]
[a, *b, c,]
{a, *b}
{}
{a: b, **c, "d": e,}
[x for x in y]
[x for x in y if z if w for a, b in c]
{x for x in y}
{x: y for x, y in z}
{x: (y) for x in z}
(x for x in y)
f(x for x in y)
f((x for x in y))
f(x for x in y if z)
[x async for x in y]
[[y for y in x] for x in z]
[x for (x) in y] if a else [x for x, in y] \
    if True else b
f()
f(a, *b, c=d, **e)
f(*a.b(), *c[0].d, *e + f, *g if h else i, *j or k, *(l), **(m))
f(*a, b, *c)
f(
    a,  # comment
    (b),
    c=(d),
)
f(print=1, match=2, type=3)
f(a)(b)(c)
a.b.c.d()
a. b . c
a.print.match.type
a[1], a[1:2], a[1:2:3], a[:], a[::], a[::2], a[1, 2], a[1:2, ...], a[*b], a[*b, c], a[1,], a[()]
a[b][c](d)[e]
await_ = 1
a = yield_

# Assignments
a = b
a = b = c
a, b = c
(a, b) = c
[a, b] = c
(a) = b
((a), b) = c
a, *b = c
*a, = b
[*a, b] = c
a.b = c
a[b] = c
a, b.c, d[e] = f = g, h
a += 1; a -= 1; a *= 1; a /= 1; a //= 1; a %= 1; a **= 1; a >>= 1; a <<= 1; a &= 1; a |= 1; a ^= 1; a @= 1
a.b += c, d
a: int
a: int = 1
a.b: int = 1
a[b]: c = d
(a): int = 1
a: list[int] | None = None
a: dict[str, int] | list[A] | B | None
a: list[int] | (A | B) | C
a: Callable[[int, str], None] = f
a: Literal["x", 1]
a: "forward"
a: b.c[d].e
a: Tuple[int, ...] = ()
a = b if c else d
a = lambda x: x
a = *b, c
type X = int
type Y[T] = list[T]
type Z[*Ts, **P, T: int] = Callable[P, T]

# Statements
pass; pass
pass;
del a
del a, b.c, d[e]
del (a, b), [c]
del (a)
assert a
assert a, "message"
assert (a, b)
raise
raise A
raise A from b
raise A("x") from None
global g1, g2

if a: pass
if a: b; c;
if a:
    b
elif c:
    d
elif e: f
else:
    g
# after
if a:
    b
    # inside
else:
    # only
    c

while a: b
while a:
    break
else:
    continue_ = 1

for a in b: c
for a, b in c:
    continue
else:
    d
for a, in b: c
for (a, b) in c: d
for [a, b] in c: d
for (a) in b: c
for a.b in c: d
for a[b] in c: d
for *a, b in c: d
for a in b, c: d
for a in *b, c: d

try:
    a
except:
    b
try: a
except A: b
except (B, C) as e: c
except a.b as f:
    d
else: e
finally: g
try:
    a
finally:
    b
try:
    a
except* A as e:
    b
except* (B, C):
    c
try:
    a
except A, B:
    b

with a: b
with a as b: c
with a, b: c
with a as b, c as d: e
with (a as b, c as d,): e
with (a as b): c
with (a, b): c
with (a, b as c): d
with (a): b
with (a, b) as c: d
with (a) as b: c
with a as (b, c): d
with a as [b, *c]: d
with a as b.c, d as e[f]: g
with open("x") as f, \
     open("y") as g:
    h
with (
    open("x") as f,
    open("y"),  # comment
):
    h
with (yield_): a
with a.b().c(d) as e: f
with (a if b else c) as d: e
with (a or b).c as d: e

match x:
    case 1: a
    case -1 | 2.5 | -1.5: b
    case 1 + 2j | -1 - 2j: b
    case "a" | 'b' 'c': c
    case None | True | False: d
    case a.b | c.d.e: f
    case name: g
match x, y:
    case _, _: a
    case (a, b): c
    case (a): c
    case (1 | 2): c
    case [a, *b]: c
    case [*_, a]: c
    case (a, *rest), b: c
    case a,: c
    case (): c
    case []: c
match x,:
    case {}: a
    case {"k": v, 1: w, a.b: c, **rest}: a
    case {"k": {"l": m}}: a
    case {-1: a}: a
    case Foo(): a
    case Foo(a, 1, b=c, d=Bar(e)): a
    case a.Foo(b): a
    case (1 | 2) as z: a
    case Foo(x=1) as z if z: a
    case [1, [2, _] as q]: a
    case (a | b) | c if d: e
    case "x" if (y := 1): a
    case _: b
match (x):
    case 1: a
match [a, b]:
    case _: c
match -x:
    case 1: a
match x.y[0](z):
    case _:
        # comment
        pass

@decorator
@a.b.c(d)
@(lambda f: f)
@a[b].c
def f(): pass

# between
@decorator  # after

# more
class A: pass

def f(a, b: int, /, c, d: int = 1, *args: int, e, f: int = 2, **kwargs: str) -> None: ...
def f(a=1, /): ...
def f(*, a): ...
def f(*args, a): ...
def f(*args: *Ts): ...
def f[T](a: T) -> T: ...
def f[T: int, *Ts, **P](a: T) -> T: ...
def f[T](a: T) -> dict[str, T] | None: ...
def f(a: (int, str) = (1), b=(yield_),): ...
def f(
    a,  # comment
    # comment
    b=1,
):  # comment
    # comment
    """Doc."""
    # comment

    return a

    # trailing
# trailing

async def f():
    await a
    await a.b(c)
    async with a as b, c: d
    async for a in b: c
    else: d
    return [await x async for x in y if await z]
    yield a

def generator():
    x = yield
    y = yield a
    z = yield a, b
    yield a, *b
    yield from c
    (yield)
    f((yield a))
    f((yield))
    x = yield from a
    return (yield)

def locals_of_all_kinds(param, *args, key=None, **kwargs):
    global g1, g2
    nonlocal_ = 1
    g1 = 1
    a = b = 1
    c, (d, [e, *f]) = 1
    g += 1
    h: int
    i: int = 1
    (j): int = 1
    obj.attr = 1; obj[key2] = 1
    import k, l.m, n.o as p
    import l.q
    from r import s, t as u
    from v import *
    for w, x in y: pass
    with z as aa, bb as (cc, dd): pass
    try: pass
    except E as ee: pass
    (ff := 1)
    [gg := hh for hh in ii]
    {jj: kk for jj, kk in ll if (mm := jj)}
    lambda nn: (oo := nn)
    lambda pp=(qq := 1): rr
    def ss(tt=(uu := 1)): vv = 1
    class ww(xx := yy): zz = 1
    del ab
    match ac:
        case ad, [ae, *af]: pass
        case {"x": ag, **ah}: pass
        case Ai(aj, ak=al) as am if (an := 1): pass
        case ao | ap: pass
    type aq[ar] = at
    @(au := deco)
    def av(): pass
    f"{(aw := 1)} {ax:{(ay := 2)}}"
    while (az := 1): pass
    async def ba(): bb_ = 1
    def inner():
        nonlocal a, b
        a = 1
        other = 2
        def deeper():
            nonlocal other
            yield other
    return nonlocal_

class A: pass
class A(): pass
class A(B, C, metaclass=D, *E, **F):
    """Doc."""
    x: int = 1
    y = z = 2

    def method(self, a=x):
        super().method()
        return self.x

    @property
    def p(self) -> int: return 1

    @p.setter
    def p(self, v): self._p = v

    class Nested(Base): pass
class A[T](Generic[T]): x = 1
class A:
    global g3
    g3 = 1

if True:
	tab = 1
	if tab:
		deeper = 2

if a: x = 1 # comment
x = (  # comment
    1 +  # comment
    # comment
    2
)
x = a \
    + b \
    .c
if a and \
   b:
    c
def f(): return 1
def f(): x = 1; return x
lambda: (yield)
a = b; c = d
é = ñ.ü("ö", ключ=значение)
x = a.b(
    c
).d(
).e
x = [
    1,
    2,
    ]
x = {
    'a': [1, 2],
    # comment
    'b': (3,),
    **c,
}
class Empty: ...
while x: x = y
