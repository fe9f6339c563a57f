//! Programs written to exhaust a trace: it ends, within its budgets, on little stack.

use std::fmt::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use spacelint_python::{Budget, Limits, Text};

use crate::world::{Imports, Library, follow};

/// A program: the entry point and its modules by dotted name.
struct Program {
    name: &'static str,
    text: String,
    modules: Vec<(String, String)>,
    /// The budgets that run out.
    runs_out: &'static [Budget],
    /// Whether start-up comes to its end.
    ends: bool,
}

/// A program that is traced to its end.
fn whole(name: &'static str, text: impl Into<String>) -> Program {
    Program { name, text: text.into(), modules: Vec::new(), runs_out: &[], ends: true }
}

/// A program that is more than the trace allows.
fn more(runs_out: &'static [Budget], name: &'static str, text: impl Into<String>) -> Program {
    Program { runs_out, ..whole(name, text) }
}

/// A program whose start-up never ends, or not as Python.
fn endless_text(name: &'static str, text: impl Into<String>) -> Program {
    Program { ends: false, ..whole(name, text) }
}

const DEPTH: &[Budget] = &[Budget::Depth];
const STEPS: &[Budget] = &[Budget::Steps];
const EVENTS: &[Budget] = &[Budget::Events];

fn with(modules: Vec<(String, String)>, program: Program) -> Program {
    Program { modules, ..program }
}

/// Every program ends in this, which must be reached where no budget runs out before.
const LAST: &str = "\nreached_the_end()\n";

/// `inner` within `count` times `before` and `after`.
fn around(count: usize, before: &str, inner: &str, after: &str) -> String {
    format!("{}{inner}{}", before.repeat(count), after.repeat(count))
}

/// `count` lines, each made of its number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| line(n) + "\n").collect()
}

/// Headers that stand one in the other, around a `pass`.
fn indented(count: usize, header: impl Fn(usize) -> String) -> String {
    let mut text: String =
        (0..count).map(|level| format!("{}{}\n", " ".repeat(level), header(level))).collect();
    writeln!(text, "{}pass", " ".repeat(count)).expect("a string takes all");
    text
}

/// What nests, or goes on, in one expression or statement. `n` is how often.
fn long_text(n: usize) -> Vec<Program> {
    let tenth = n / 10;
    // More than CPython takes.
    let some = 100;
    let too_many = if n > 50_000 { EVENTS } else { &[] };
    let too_deep = if tenth > 3_000 { DEPTH } else { &[] };
    vec![
        whole("parentheses", around(n, "(", "x", ")")),
        endless_text("open parentheses", "(".repeat(n)),
        whole("closing parentheses", ")".repeat(n)),
        whole("brackets", around(n, "[", "x", "]")),
        endless_text("open brackets", "x = ".to_owned() + &"[".repeat(n)),
        whole("braces", around(n, "{", "x", "}")),
        whole("mixed brackets", around(n, "([{", "x", "}])")),
        whole("calls in calls", around(n, "f(", "x", ")")),
        whole("calls of calls", around(n, "", "x", "()")),
        whole("attributes", around(n, "", "x", ".a")),
        whole("methods", around(n, "", "x", ".a()")),
        whole("subscripts", around(n, "", "x", "[0]")),
        whole("subscripts in subscripts", around(n, "a[", "0", "]")),
        whole("slices in slices", around(n, "a[1:", "0", "]")),
        whole("minus", around(n, "-", "x", "")),
        whole("not", around(n, "not ", "x", "")),
        whole("tildes", around(n, "~", "x", "")),
        whole("await", around(n, "await ", "x", "")),
        endless_text("stars", around(n, "*", "x", "")),
        whole("lambdas", around(n, "lambda: ", "x", "")),
        whole("defaults of lambdas", around(tenth, "lambda y=", "x", ": y")),
        whole("sums", around(n, "", "x", " + x")),
        whole("sums of numbers", "x = 1".to_owned() + &" + 1".repeat(n)),
        whole("powers", around(n, "x ** ", "x", "")),
        whole("sums of strings", "x = 'a'".to_owned() + &" + 'a'".repeat(n)),
        whole("adjacent strings", "x = ".to_owned() + &"'a' ".repeat(n)),
        whole("adjacent f-strings", "x = ".to_owned() + &"f'{a}' ".repeat(tenth)),
        whole("f-strings in f-strings", around(some, "f'{", "x", "}'")),
        whole("formats in formats", around(some, "f'{y:{", "x", "}}'")),
        whole("an f-string of many values", format!("x = f'{}'", "{a}".repeat(n))),
        more(DEPTH, "comparisons", around(n, "x < ", "x", "")),
        whole("comparisons of numbers", "x = 0".to_owned() + &" <= 1".repeat(n)),
        more(DEPTH, "and", around(n, "x and ", "x", "")),
        more(DEPTH, "or and", around(n, "x or y and ", "x", "")),
        whole("conditions", around(n, "x if y else ", "x", "")),
        whole("walrus", around(n, "(x := ", "1", ")")),
        whole("comprehensions", around(tenth, "[y for y in ", "x", "]")),
        more(too_deep, "clauses", format!("[x {}]", "for x in y ".repeat(tenth))),
        more(
            too_deep,
            "conditions of a clause",
            format!("[x for x in y {}]", "if q() ".repeat(tenth)),
        ),
        whole("assignments", around(n, "x = ", "1", "")),
        whole("annotations", format!("x: {}", around(n, "a[", "b", "]"))),
        whole("unions", format!("x: {}", around(n, "", "a", " | b"))),
        whole("a target of many names", format!("{}= y", "a, ".repeat(n))),
        whole("targets in targets", format!("{} = y", around(n, "(", "a", ",)"))),
        whole("arguments", format!("f({})", "x, ".repeat(n))),
        whole("deletions", format!("del {}x", "x, ".repeat(n))),
        whole("globals", format!("def f():\n global {}x\n x = x\nf()", "x, ".repeat(n))),
        whole("semicolons", "x;".repeat(n)),
        more(too_many, "imports", format!("import {}a", "a, ".repeat(n))),
        whole("a dotted import", format!("import a{}", ".a".repeat(tenth))),
        whole("names of an import", format!("from a import {}a", "a, ".repeat(n))),
        whole("dots", format!("from {} import a", ".".repeat(n))),
        more(too_many, "decorators", "@d\n".repeat(n) + "def f(): pass"),
        more(too_deep, "context managers", format!("with {}a: pass", "a, ".repeat(tenth))),
        whole("backslashes", "x = 1 + \\\n".repeat(n) + "1"),
        endless_text("type (", "type (a\n".repeat(n)),
        whole("type a", "type a = b\n".repeat(n)),
        whole("match", "match x:\n".repeat(n)),
        more(DEPTH, "case", format!("match x:\n{}", " case 1: pass\n".repeat(n))),
        whole("alternatives", format!("match x:\n case {}1: pass", "1 | ".repeat(n))),
        whole(
            "patterns in patterns",
            format!("match x:\n case {}: pass", around(n, "[", "x", "]")),
        ),
        whole("print", "print x\n".repeat(n)),
        endless_text("quotes", "'".repeat(n)),
        whole("triple quotes", "'''".repeat(n)),
        endless_text("f-quotes", "f'{".repeat(n)),
        whole("colons", ":".repeat(n)),
        whole("indents", lines(1500, |n| " ".repeat(n) + "x")),
        whole("dedents", lines(1500, |n| " ".repeat(1500 - n) + "x")),
        whole("comments", "#\n".repeat(n)),
        whole("blank lines", "\n".repeat(n)),
        whole("carriage returns", "x\r".repeat(n)),
        whole("zeros", "\0".repeat(n)),
        whole("marks", "\u{feff}".repeat(n)),
    ]
}

/// Statements in statements, and ladders of them.
fn deep_statements(n: usize) -> Vec<Program> {
    let q = |n: usize| format!("if q({n}):");
    // Each condition that is not settled is a level.
    let too_many = if 5 * n > 3_000 { DEPTH } else { &[] };
    vec![
        whole("ifs", indented(n, q)),
        whole("ifs that hold", indented(n, |_| "if True:".into())),
        whole("fors", indented(n, |_| "for x in y:".into())),
        more(STEPS, "fors that end", indented(n, |_| "for x in (1, 2):".into())),
        whole("whiles", indented(n, |_| "while q():".into())),
        whole("withs", indented(n, |_| "with x:".into())),
        whole("tries", indented(n, |_| "try:".into())),
        whole("functions", indented(n, |_| "def f():".into())),
        whole("classes", indented(n, |_| "class A:".into())),
        whole("matches", indented(n, |n| if n % 2 == 0 { "match x:" } else { "case 1:" }.into())),
        more(too_many, "elif", format!("if q(): pass\n{}", "elif q(): x = 1\n".repeat(5 * n))),
        more(
            too_many,
            "elif of other names",
            "if q(): pass\n".to_owned() + &lines(5 * n, |n| format!("elif q(): x{n} = {n}")),
        ),
        whole("elif that fails", format!("if 0: pass\n{}", "elif 0: x = 1\n".repeat(5 * n))),
        whole("except", format!("try: q()\n{}", "except x: y = 1\n".repeat(5 * n))),
        whole("one if after the other", "if q(): x = x + 1\n".repeat(5 * n)),
        whole(
            "one return after the other",
            format!("def f():\n{}f()", " if q(): return x\n".repeat(5 * n)),
        ),
        whole("one raise after the other", "if q(): raise E\n".repeat(5 * n)),
        whole("one try after the other", "try: q()\nexcept E: x = 1\n".repeat(5 * n)),
        whole("one loop after the other", "for x in q(): y = x\n".repeat(5 * n)),
        more(
            too_many,
            "a match of many cases",
            format!("match q():\n{}", lines(5 * n, |n| format!(" case {n}: x = {n}"))),
        ),
        whole(
            "2^30 ways",
            "x = []\n".to_owned() + &lines(30, |n| format!("if q(): x.append({n})\nelse: x = [x]")),
        ),
        whole(
            "one of many",
            lines(5 * n, |n| format!("x{} = {n} if q() else x{n}", n + 1)) + "y = x9(x9)\n",
        ),
        whole("both of both", lines(40, |_| "x = (x, 1) if q() else (2, x)".into())),
        whole("parts in turn", lines(5 * n, |_| "a, b = b, a".into())),
    ]
}

/// Values that grow.
fn growing_values(n: usize) -> Vec<Program> {
    let too_deep = if n > 3_000 { DEPTH } else { &[] };
    let grows = |first: &str, step: &str| format!("{first}\n{}", format!("{step}\n").repeat(n));
    let forever = |first: &str, step: &str| {
        format!("{first}\nfor i in range(10**6):\n  for j in range(10**6):\n    {step}\n")
    };
    vec![
        whole("lists", grows("x = [1]", "x = [x, x]") + "f(x)"),
        whole("tuples", grows("x = (1,)", "x = (x, x)") + "f(x)"),
        whole("dicts", grows("x = {1: 1}", "x = {1: x, 2: x}") + "f(x)"),
        whole("sets", grows("x = {1}", "x = {(1, 2), 3} | x") + "f(x)"),
        whole("strings", grows("x = 'a'", "x = x + x") + "f(x)"),
        whole("formats", grows("x = 'a'", "x = f'{x}{x}'") + "f(x)"),
        whole("products", grows("x = 'ab'", "x = x * 9") + "f(x)"),
        whole("numbers", grows("x = 3", "x = x * x") + "f(x)"),
        whole("sums of lists", grows("x = [1]", "x = x + x") + "f(x)"),
        whole("sums of tuples", grows("x = (1,)", "x = x + x") + "f(x)"),
        whole("lists in place", grows("x = [1]", "x += x") + "f(x)"),
        whole("appends", grows("x = []", "x.append(x)") + "f(x)"),
        whole("appends of many", forever("x = []", "x.append(i)") + "f(x)"),
        whole("keys", grows("x = {}", "x[len(x)] = x") + "f(x)"),
        whole("keys of many", forever("x = {}", "x[i, j] = i") + "f(x)"),
        whole("unknown keys", grows("x = {}", "x[q()] = q()") + "f(x)"),
        more(DEPTH, "closures", grows("f = q", "f = (lambda g: lambda: g())(f)") + "f()"),
        whole("defaults", grows("def f(): pass", "def f(x=f): x()") + "f()"),
        whole("defaults of lambdas", grows("f = q", "f = lambda f=f: f()") + "f()"),
        whole("defaults for ever", forever("f = q", "f = lambda f=f: f")),
        whole(
            "partials",
            format!("from functools import partial\n{}f()", grows("f = q", "f = partial(f, 1)")),
        ),
        whole(
            "caches",
            format!(
                "from functools import lru_cache\n{}f()",
                grows("def f(): pass", "f = lru_cache(f)")
            ),
        ),
        whole("decorated for ever", grows("def f(): pass", "f = d(f)") + "f()"),
        whole("a tower of decorators", format!("{}def f(): pass\nf()", "@d.e\n".repeat(n))),
        more(
            if n < 2_000 { DEPTH } else { &[] },
            "a tower of wrappers",
            "def d(f):\n  def g(*a): return f(*a)\n  return g\n".to_owned()
                + &"@d\n".repeat(n)
                + "def f(): pass\nf()",
        ),
        whole("chains", grows("x = q", "x = x.a") + "f(x)"),
        whole("calls", grows("x = q", "x = x(x)") + "f(x)"),
        whole("items", grows("x = q", "x = x[x]") + "f(x)"),
        whole("operations", grows("x = q()", "x = x + x") + "f(x)"),
        whole("classes", grows("class A: pass", "class A(A): pass") + "A().x; isinstance(A(), A)"),
        whole("classes for ever", forever("A = q", "class A(A): pass")),
        whole(
            "a ladder of diamonds",
            "class A: pass\nclass B: pass\n".to_owned()
                + &"class C(A): pass\nclass D(A): pass\nclass A(C, D): pass\n".repeat(40)
                + "isinstance(A(), B); A().x; issubclass(A, (B, int)); A.y\nclass E(A): pass\nE()",
        ),
        whole(
            "a lattice of classes",
            "class A: pass\nclass B: pass\n".to_owned()
                + &"C = A; D = B\nclass A(C, D): pass\nclass B(C, D): pass\n".repeat(40)
                + "A().x; isinstance(B(), A)",
        ),
        whole(
            "a class of many bases",
            lines(n.min(2000), |n| format!("class A{n}: pass"))
                + "class B("
                + &(0..n.min(2000)).map(|n| format!("A{n}, ")).collect::<String>()
                + "): pass\nB().x",
        ),
        whole("a class of many methods", {
            format!("class A:\n{}A().m7()", lines(n, |n| format!(" def m{n}(self): pass")))
        }),
        whole("an object of many parts", {
            format!("class A: pass\na = A()\n{}a.b7", lines(n, |n| format!("a.b{n} = {n}")))
        }),
        whole("objects in objects", {
            format!("class A: pass\n{}f(a)", grows("a = A()", "b = A(); b.next = a; a = b"))
        }),
        more(
            DEPTH,
            "generators over generators",
            "def g(of):\n  for x in of: yield x\n".to_owned()
                + &grows("x = (1, 2, 3)", "x = g(x)")
                + "f(list(x))",
        ),
        more(
            DEPTH,
            "generator expressions",
            grows("x = (1, 2, 3)", "x = (y for y in x)") + "f(list(x))",
        ),
        more(too_deep, "maps of maps", grows("x = (1, 2)", "x = map(q, x)") + "f(list(x))"),
        more(too_deep, "zips of zips", grows("x = (1, 2)", "x = zip(x, x)") + "f(list(x))"),
        whole("a loop over what it makes", "x = [1]\nfor y in x: x.append(y)\nf(x)"),
        whole("sums of many", "from functools import reduce\nreduce(q, range(10**9))\nsum(q())"),
        whole(
            "a long string",
            format!("x = '{}'\nfor i in range(99): x[i:], x[-i]", "ab".repeat(n)),
        ),
        whole("sorted", "x = sorted(range(10**9), key=q)\nfor i in range(99): x = sorted(x)"),
    ]
}

/// Programs that go on for ever, or nearly so.
fn endless(n: usize) -> Vec<Program> {
    let web = |n: usize, calls: usize| {
        let body = |at: usize| {
            let next = (1..=calls).map(|step| format!(" f{}()\n", (at + step).min(n)));
            format!("def f{at}():\n{}", next.collect::<String>())
        };
        format!("{}def f{n}(): q()\nf0()", lines(n, body))
    };
    vec![
        endless_text("while True", "while True: x = q()"),
        whole("while True within", "def f():\n  while True:\n    if q(): return x\nf()"),
        whole("loops in loops", {
            let loops = (0..3).map(|n| format!("{}for i{n} in range(10**6):\n", " ".repeat(n)));
            loops.collect::<String>() + "   x = i0 + i1 + i2\n"
        }),
        whole("loops over what is not known", {
            let loops = (0..12).map(|n| format!("{}for i{n} in q():\n", " ".repeat(n)));
            loops.collect::<String>() + "            x = q(x, i3)\n"
        }),
        whole("clauses", {
            let clauses = (0..6).map(|n| format!("for i{n} in range(10**6) "));
            format!("x = [i0 + i5 {}]", clauses.collect::<String>())
        }),
        whole("a recursion", "def f(n): return f(n)\nf(1)"),
        more(DEPTH, "a recursion that counts", "def f(n): return f(n + 1)\nf(1)"),
        whole("a recursion in doubt", "def f(n):\n  if q(): f(n + 1); f(n - 1)\nf(1)"),
        whole("two recursions", "def f(): g(); g()\ndef g(): f(); f()\nf()"),
        more(DEPTH, "two that count", "def f(n): g(n + 1)\ndef g(n): f(n); f(n)\nf(1)"),
        whole("fib", "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\nx = fib(30)"),
        whole(
            "ackermann",
            "def a(m, n):\n  if m == 0: return n + 1\n  if n == 0: return a(m - 1, 1)\n  return a(m - 1, a(m, n - 1))\na(4, 4)",
        ),
        more(&[Budget::Depth, Budget::Steps], "a web", web(n, 5)),
        whole("a web in doubt", web(n, 3).replace(" f", " if q(): f")),
        whole(
            "a generator without end",
            "def g():\n  while True: yield 1\nf(list(g()))\nx, y = g()",
        ),
        more(
            DEPTH,
            "generators that recurse",
            "def g(n):\n  yield n\n  yield from g(n + 1)\nf(list(g(1)))",
        ),
        whole(
            "generators that recurse in doubt",
            "def g(n):\n  yield n\n  if q():\n    yield from g(n + 1)\n    yield from g(n - 1)\nf(list(g(1)))",
        ),
        whole("count", "from itertools import count\nfor i in count(): q(i)"),
        more(DEPTH, "what is its own call", "class A: pass\nA.__call__ = A()\nA()()"),
        more(DEPTH, "what is its own maker", "class A: pass\nA.__init__ = A\nA()"),
        whole(
            "what is its own attribute",
            "class A:\n  def __getattr__(self, n): return self.x\nA().y",
        ),
        whole("a property of itself", "class A:\n  @property\n  def x(self): return self.x\nA().x"),
        whole(
            "a descriptor of itself",
            "class A:\n  def __get__(self, o, t): return self.d\nA.d = A()\nA().d",
        ),
        whole(
            "an iterator of itself",
            "class A:\n  def __iter__(self): return self\n  def __next__(self): return 1\nfor x in A(): q(x)",
        ),
        whole(
            "what iterates over itself",
            "class A:\n  def __iter__(self): return iter(self)\nfor x in A(): q(x)",
        ),
        whole(
            "what compares with itself",
            "class A:\n  def __eq__(self, o): return self == o\nA() == A()",
        ),
        whole("what adds itself", "class A:\n  def __add__(self, o): return self + o\nA() + A()"),
        whole(
            "what is true if it is",
            "class A:\n  def __bool__(self): return bool(self)\nif A(): q()",
        ),
        endless_text(
            "what enters itself",
            "class A:\n  def __enter__(self):\n    with self: pass\nwith A(): q()",
        ),
        whole(
            "what makes subclasses",
            "class A:\n  def __init_subclass__(c):\n    class B(c): pass\nclass C(A): pass",
        ),
        whole("setters that set", "class A:\n  def __setattr__(self, n, v): self.x = v\nA().y = 1"),
        whole(
            "what raises what it catches",
            "def f():\n  try: f()\n  except Exception: f()\n  finally: f()\nf()",
        ),
        whole(
            "a path that grows",
            "import sys\nfor i in range(10**6):\n  sys.path.append(str(i))\n  import a",
        ),
        whole(
            "an environment that grows",
            "import os\nfor i in range(10**6):\n  os.environ[str(i)] = 'x'\n  os.getenv(str(i))",
        ),
        endless_text("imports for ever", "while True:\n  import a.b.c\n  from d import e"),
        whole("many roots", lines(n, |n| format!("def f{n}(): q()\nlater(f{n})"))),
        whole(
            "roots that make roots",
            "def f():\n  def g(): f()\n  later(g)\n  later(lambda: f())\nlater(f)",
        ),
        whole(
            "many roots that make roots",
            "def h():\n  q()\n".to_owned()
                + &lines(n, |n| {
                    format!("def f{n}():\n  later(h)\n  later(lambda: h())\nlater(f{n})")
                }),
        ),
    ]
}

/// Much text.
fn large(bytes: usize) -> Vec<Program> {
    let fill = |line: &dyn Fn(usize) -> String| {
        let mut text = String::with_capacity(bytes);
        for n in 0.. {
            text += &line(n);
            if text.len() >= bytes {
                break;
            }
        }
        text
    };
    let too_many = if bytes > 1_000_000 { EVENTS } else { &[] };
    let table = |open: &str, close: &str, line: &dyn Fn(usize) -> String| {
        format!("x = {open}\n{}{close}\nf(x)", fill(line))
    };
    vec![
        whole("a table of tuples", table("[", "]", &|n| format!("  ({n}, 'name {n}', {n}.5),\n"))),
        whole("a table of numbers", table("[", "]", &|n| format!("{n}, "))),
        whole("a table of strings", table("(", ")", &|n| format!("  'name {n}',\n"))),
        whole("a dict of strings", table("{", "}", &|n| format!("  'key {n}': 'value',\n"))),
        whole(
            "a dict of dicts",
            table("{", "}", &|n| format!("  {n}: {{'a': [{n}], 'b': ()}},\n")),
        ),
        whole("a set", table("{", "}", &|n| format!("  'name {n}',\n"))),
        whole("a set of tuples", table("{", "}", &|n| format!("  ({n}, {n}),\n"))),
        more(too_many, "a dict of what is not known", table("{", "}", &|_| "  q(): 1,\n".into())),
        whole("a call of many keywords", table("q(", ")", &|n| format!("k{n}=1, "))),
        whole("assignments", fill(&|n| format!("name_{n} = {n}\n"))),
        more(
            if bytes > 1_000_000 { STEPS } else { &[] },
            "keys",
            "x = {}\n".to_owned() + &fill(&|n| format!("x['key {n}'] = {n}\n")),
        ),
        whole("appends", "x = []\n".to_owned() + &fill(&|n| format!("x.append('name {n}')\n"))),
        whole("functions", fill(&|n| format!("def f{n}(a, b={n}):\n    return a + b\n"))),
        more(
            too_many,
            "calls of functions",
            fill(&|n| format!("def f{n}(a):\n    return q(a)\nf{n}({n})\n")),
        ),
        whole("classes", fill(&|n| format!("class A{n}:\n    x = {n}\n    def m(self): pass\n"))),
        whole("a docstring", format!("'''{}'''", fill(&|n| format!("line {n}\n")))),
        more(too_many, "calls", fill(&|n| format!("q({n})\n"))),
        endless_text("unclosed", fill(&|n| format!("f(x{n}\n"))),
        Program {
            ends: false,
            ..more(
                DEPTH,
                "not Python",
                fill(&|n| format!("<p class=\"x{n}\">it's {n} & more</p>\n")),
            )
        },
        whole("parameters", {
            let names = |n: usize| (0..n).map(|n| format!("p{n}, ")).collect::<String>();
            let given = |n: usize| (0..n).map(|n| format!("p{n}=1, ")).collect::<String>();
            let n = bytes / 20;
            format!("def f({}): return p7\nf({})", names(n), given(n))
        }),
        whole("globals", {
            let names = (0..bytes / 30).map(|n| format!("g{n}")).collect::<Vec<_>>();
            let uses: String = names.iter().map(|name| format!("  {name} = {name}\n")).collect();
            format!("def f():\n  global {}\n{uses}f()", names.join(", "))
        }),
    ]
}

/// Many modules.
fn many_modules(n: usize) -> Vec<Program> {
    let modules = |text: &dyn Fn(usize) -> String| -> Vec<(String, String)> {
        (0..n).map(|at| (format!("m{at}"), text(at))).collect()
    };
    let next = |at: usize| (at + 1) % n;
    vec![
        with(
            modules(&|at| format!("import m{}\nq({at})", next(at))),
            more(DEPTH, "a cycle", "import m0"),
        ),
        with(
            modules(&|at| format!("from m{} import *\nx{at} = {at}", next(at))),
            more(DEPTH, "a cycle of stars", "from m0 import *"),
        ),
        with(
            modules(&|at| format!("import m{}\nimport m{}", at / 2, at / 3)),
            whole("a web", lines(n, |at| format!("import m{at}"))),
        ),
        with(
            modules(&|at| format!("from m{} import *\ny{at} = 1", at.saturating_sub(1))),
            whole("stars of stars", lines(n, |at| format!("from m{at} import *"))),
        ),
        with(
            vec![
                ("p.__init__".into(), "import p\nfrom . import p, a\nfrom .a import *\n".into()),
                (
                    "p.a".into(),
                    "import p.a\nfrom p import *\nfrom .. import p\nimport app\n".into(),
                ),
            ],
            whole("a package that imports itself", "import p.a, app\nfrom p import *"),
        ),
        with(
            modules(&|_| "x = 1".into()),
            whole("one in each function", {
                lines(n, |at| format!("def f{at}():\n import m{at}\nf{at}()"))
            }),
        ),
    ]
}

struct Seen {
    exhausted: Vec<Budget>,
    steps: u64,
    reached: bool,
    took: Duration,
}

/// Traces a program on as little stack as a thread of the standard library gets.
fn trace(program: &Program, limits: Limits) -> Seen {
    let library = Library::of(program.modules.iter().cloned());
    let text = Text::new(format!("{}{LAST}", program.text));
    let (send, receive) = mpsc::channel();
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let start = Instant::now();
        let trace = follow(&library, Imports::Followed, &text, limits);
        let end = text.as_str().len() - LAST.trim_end().len() - 1;
        let last = trace.events.iter().filter(|event| event.root.is_none());
        let reached = last.into_iter().any(|event| event.place.span.start as usize >= end);
        let (exhausted, steps) = (trace.exhausted.clone(), trace.steps);
        // Dropping it takes stack as well.
        drop(trace);
        let _ = send.send(Seen { exhausted, steps, reached, took: start.elapsed() });
    });
    thread.expect("a thread starts");
    // Only something that hangs, or a panic, gets this far.
    receive.recv_timeout(Duration::from_secs(900)).unwrap_or_else(|error| {
        panic!("{}: {error}", program.name);
    })
}

/// Traces each of the programs. They end where they should; how long each took is printed.
fn endure(programs: &[Program], limits: Limits) {
    let mut wrong = String::new();
    for program in programs {
        let seen = trace(program, limits);
        let kilobytes = program.text.len() / 1024;
        let name = program.name;
        println!(
            "{:8.3} s {:8} steps {kilobytes:6} KiB  {name}",
            seen.took.as_secs_f64(),
            seen.steps
        );
        if seen.exhausted != program.runs_out {
            let expected = program.runs_out;
            let _ = writeln!(wrong, "{name}: ran out of {:?}, not {expected:?}", seen.exhausted);
        }
        let is_cut =
            seen.exhausted.iter().any(|budget| matches!(budget, Budget::Steps | Budget::Events));
        if program.ends != seen.reached && !is_cut {
            let _ = writeln!(wrong, "{name}: came to its end: {}", seen.reached);
        }
        if seen.steps > limits.steps * 2 {
            let _ = writeln!(wrong, "{name}: took {} steps", seen.steps);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn long_expressions_are_cut() {
    endure(&long_text(10_000), Limits::default());
}

#[test]
fn deep_statements_are_cut() {
    endure(&deep_statements(400), Limits::default());
}

#[test]
fn values_stay_small() {
    endure(&growing_values(400), Limits::default());
}

#[test]
fn what_has_no_end_ends() {
    endure(&endless(400), Limits { steps: 400_000, ..Limits::default() });
}

#[test]
fn large_files_are_read() {
    endure(&large(200_000), Limits::default());
}

#[test]
fn many_modules_are_followed() {
    endure(&many_modules(100), Limits::default());
}

#[test]
#[ignore = "minutes"]
fn long_expressions_are_cut_at_full_size() {
    endure(&long_text(100_000), Limits::default());
}

#[test]
#[ignore = "minutes"]
fn deep_statements_are_cut_at_full_size() {
    endure(&deep_statements(2_000), Limits::default());
}

#[test]
#[ignore = "minutes"]
fn values_stay_small_at_full_size() {
    endure(&growing_values(10_000), Limits::default());
}

#[test]
#[ignore = "minutes"]
fn what_has_no_end_ends_at_full_size() {
    endure(&endless(10_000), Limits::default());
}

#[test]
#[ignore = "minutes"]
fn large_files_are_read_at_full_size() {
    endure(&large(5_000_000), Limits::default());
}

#[test]
#[ignore = "minutes"]
fn many_modules_are_followed_at_full_size() {
    endure(&many_modules(1_000), Limits::default());
}

#[test]
fn text_beyond_the_budget_is_not_read() {
    let limits = Limits { bytes: 1000, ..Limits::default() };
    let library = Library::of([
        ("large".to_owned(), "x = 1\n".repeat(200)),
        ("small".to_owned(), "y = 1\n".to_owned()),
    ]);
    let text = Text::new("import large\nimport small\nq(small.y)\n");
    let trace = follow(&library, Imports::Followed, &text, limits);
    assert_eq!(trace.exhausted, [Budget::Bytes]);
    assert_eq!(trace.files.len(), 2);
}

#[test]
fn events_beyond_the_budget_are_not_kept() {
    let limits = Limits { events: 100, ..Limits::default() };
    let text = Text::new(lines(200, |n| format!("q({n})")));
    let trace = follow(&Library::default(), Imports::Installed, &text, limits);
    assert_eq!(trace.exhausted, [Budget::Events]);
    assert_eq!(trace.events.len(), 100);
}
