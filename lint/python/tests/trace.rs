//! What a trace sees, on programs of a few lines in a world made of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use spacelint_python::{
    Arguments, Certainty, Entry, External, FileId, Found, Guard, Limits, Now, Operator, Outcome,
    Step, Text, Trace, Value, World, trace,
};

/// Modules by dotted name. `ext…` is installed, `gone…` is missing, `wrap` wraps, `later` takes a
/// function for later; everything external that is called or imported is an event.
struct Program {
    files: BTreeMap<String, (FileId, Text, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Later,
    Told,
    Elsewhere,
}

impl World for Program {
    type Effect = String;
    type Role = Role;

    fn find(&self, name: &str, path: &[Arc<str>]) -> Found {
        let candidates = path.iter().map(|folder| match &**folder {
            "" | "." => name.to_owned(),
            folder => format!("{folder}.{name}"),
        });
        for candidate in candidates {
            if let Some((file, text, package)) = self.files.get(&candidate) {
                let path = format!("/app/{}", candidate.replace('.', "/")).into();
                return Found::Local { file: *file, text: text.clone(), package: *package, path };
            }
            if self.files.keys().any(|file| file.starts_with(&format!("{candidate}."))) {
                return Found::Namespace;
            }
        }
        match name {
            _ if name.starts_with("ext") || name.starts_with("torch") => Found::Installed,
            _ if name.starts_with("gone") => Found::Missing,
            _ => Found::Unsure,
        }
    }

    fn import(&self, module: &str, name: Option<&str>, now: &Now<'_>) -> Vec<String> {
        let first = if now.imported.contains(module) { "again " } else { "" };
        vec![match name {
            Some(name) => format!("{first}from {module} import {name}"),
            None => format!("{first}import {module}"),
        }]
    }

    fn read(&self, external: &External, _: &Now<'_>) -> Outcome<Self> {
        match external {
            External::Item { of, key } if of.name() == Some("os.environ") => {
                Outcome::effect(format!("environ {key:?}"))
            }
            _ => Outcome::default(),
        }
    }

    fn call(
        &self,
        callee: &Arc<External>,
        arguments: &Arc<Arguments>,
        now: &Now<'_>,
    ) -> Outcome<Self> {
        let mut outcome = Outcome::default();
        match callee.path().as_str() {
            "wrap" | "wrap()" | "ext.wrap" | "ext.wrap()" => {
                if let Some(argument) = arguments.positional(0)
                    && argument.value.function().is_some()
                {
                    let places: Vec<u32> =
                        arguments.items.iter().map(|argument| argument.place.span.start).collect();
                    outcome.effects.push(format!("wrapped {:?} {}", argument.value, places.len()));
                    outcome.wraps = Some((argument.value.clone(), Role::Elsewhere));
                }
            }
            path @ ("ext.later" | "ext.told") => {
                let role = if path == "ext.told" { Role::Told } else { Role::Later };
                let items = arguments.items.iter();
                outcome.roots = items.map(|argument| (argument.value.clone(), role)).collect();
            }
            "ext.passes" | "ext.passes()" => {
                outcome.passes = arguments.positional(0).map(|argument| argument.value.clone());
            }
            "ext.start" => {
                if let Some(Value::Str(name)) =
                    arguments.positional(0).map(|argument| &argument.value)
                    && let Some((file, text, _)) = self.files.get(&**name)
                {
                    let path = format!("/app/{name}.py").into();
                    let (file, text, folder) = (*file, text.clone(), "".into());
                    outcome.starts.push(Entry { file, text, path, folder, module: None });
                }
            }
            "ext.yes" => outcome.value = Some(Value::Bool(true)),
            "ext.secret" => outcome.effects.push(format!(
                "secret under {:?}",
                now.guards.iter().map(kind).collect::<Vec<_>>()
            )),
            path => {
                let shown: Vec<String> =
                    arguments.items.iter().map(|argument| show(&argument.value)).collect();
                outcome.effects.push(format!("{path}({})", shown.join(", ")));
            }
        }
        outcome
    }

    fn write(&self, target: &External, value: &Value, _: &Now<'_>) -> Vec<String> {
        vec![format!("{} = {}", target.path(), show(value))]
    }

    fn operate(&self, _: &External, _: &Now<'_>) -> Outcome<Self> {
        Outcome::default()
    }

    fn may_raise(&self, external: &External) -> bool {
        external.origin() != Some("ext.safe")
    }

    fn give_up(&self, now: &Now<'_>) -> Vec<String> {
        vec![format!("gives up under {:?}", now.guards.iter().map(kind).collect::<Vec<_>>())]
    }

    fn call_wrapped(
        &self,
        _: &Arc<External>,
        inner: &Value,
        arguments: &Arc<Arguments>,
        _: &Now<'_>,
    ) -> Vec<String> {
        let shown = arguments.items.iter().map(|argument| match &argument.name {
            Some(name) => format!("{name}={}", show(&argument.value)),
            None => show(&argument.value),
        });
        vec![format!("calls wrapped {inner:?}({})", shown.collect::<Vec<_>>().join(", "))]
    }

    fn tells_arguments(&self, role: Role) -> bool {
        role == Role::Told
    }
}

fn kind(guard: &Guard) -> String {
    match guard {
        Guard::Condition { holds, .. } => format!("if {holds}"),
        Guard::Passed { holds, .. } => format!("passed {holds}"),
        Guard::Try { catches } => format!("try {}", catches.join("|")),
        Guard::Handler => "handler".into(),
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Str(value) => format!("{value:?}"),
        Value::None => "None".into(),
        Value::Unknown => "?".into(),
        Value::External(external) => external.path(),
        Value::Tuple(items) | Value::List(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Value::OneOf(items) => items.iter().map(show).collect::<Vec<_>>().join("|"),
        Value::Dict(pairs) => format!(
            "{{{}}}",
            pairs
                .iter()
                .map(|(k, v)| format!("{}: {}", show(k), show(v)))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        other => format!("{other:?}"),
    }
}

/// Traces a program whose files are headed `### path`, the first without heading being the entry
/// point. The names and the texts of its files come along.
fn traced(program: &str) -> (Trace<String, Role>, Vec<String>, Vec<Text>) {
    let mut files = BTreeMap::new();
    let mut names = vec!["app".to_owned()];
    let mut parts = program.split("### ");
    let entry = Text::new(parts.next().unwrap_or_default());
    for (index, part) in parts.enumerate() {
        let (path, text) = part.split_once('\n').expect("a heading ends in a line feed");
        let dotted = path.trim().trim_end_matches(".py").replace('/', ".");
        let package = dotted.ends_with("__init__");
        let dotted = dotted.trim_end_matches(".__init__").to_owned();
        names.push(dotted.clone());
        files.insert(dotted, (FileId(index as u32 + 1), Text::new(text), package));
    }
    let texts: Vec<Text> = std::iter::once(entry.clone())
        .chain(names[1..].iter().map(|name| files[name].1.clone()))
        .collect();
    let world = Program { files };
    let entry = Entry {
        file: FileId(0),
        text: entry,
        path: "/app/app.py".into(),
        folder: "".into(),
        module: None,
    };
    (trace(&world, &entry, Limits::default()), names, texts)
}

/// Lists the events of a program: `file:line effect`, a `?` before what only perhaps happens, `role|`
/// before what happens in a root.
fn events(program: &str) -> String {
    let (trace, names, texts) = traced(program);
    let mut shown = String::new();
    for event in &trace.events {
        let file = event.place.file.0 as usize;
        let position = texts[file].position(event.place.span.start);
        let unsure = if event.certainty == Certainty::Sometimes { "?" } else { "" };
        let root =
            event.root.map_or(String::new(), |root| format!("{:?}|", trace.roots[root].role));
        let chain: String = trace
            .chain(event)
            .iter()
            .map(|link| match &link.step {
                Step::Import(name) => format!(" < import {name}"),
                Step::Call(name) => format!(" < {name}()"),
                Step::Process(path) => format!(" < starts {path}"),
            })
            .collect();
        writeln!(shown, "{unsure}{root}{}:{} {}{chain}", names[file], position.line, event.effect)
            .expect("a string takes all");
    }
    for budget in &trace.exhausted {
        writeln!(shown, "exhausted {budget:?}").expect("a string takes all");
    }
    shown
}

#[track_caller]
fn check(program: &str, expected: &str) {
    let got = events(program);
    let expected: Vec<&str> =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let got: Vec<&str> = got.lines().collect();
    assert_eq!(got, expected, "\n{program}\ngot:\n{}", got.join("\n"));
}

#[test]
fn module_bodies_run_in_order_and_once() {
    check(
        "import ext\nimport a\nfrom a import f\nimport a.b\nf()\next.end()\n### a/__init__.py\nimport ext\next.a()\nfrom . import b\ndef f():\n    ext.f()\n### a/b.py\nimport ext\next.b()\n",
        "app:1 import ext
         a:1 again import ext < import a
         a:2 ext.a() < import a
         a.b:1 again import ext < import a < import a.b
         a.b:2 ext.b() < import a < import a.b
         a:5 ext.f() < f()
         app:6 ext.end()",
    );
}

#[test]
fn aliases_constants_and_chains_are_followed() {
    check(
        "import torch as t\nfrom torch.cuda import is_available as ok\nD = 'cu' + 'da'\nx = t.zeros(2 * 3)\nx.to(device=D)\ny = ok\ny()\n",
        "app:1 import torch
         app:2 from torch.cuda import is_available
         app:4 torch.zeros(6)
         app:5 torch.zeros().to(\"cuda\")
         app:7 torch.cuda.is_available()",
    );
}

#[test]
fn conditions_that_are_not_settled_take_both_branches() {
    check(
        "import ext\nif ext.q():\n    d = 'cuda'\n    ext.a()\nelse:\n    d = 'cpu'\n    ext.b()\next.c(d)\nif d == 'tpu':\n    ext.never()\n",
        "app:1 import ext
         app:2 ext.q()
         ?app:4 ext.a()
         ?app:7 ext.b()
         app:8 ext.c(\"cuda\"|\"cpu\")",
    );
}

#[test]
fn settled_conditions_take_their_branch() {
    check(
        "import ext\nFLAG = False\nif FLAG and ext.a():\n    ext.b()\nelif ext.yes():\n    ext.c()\nelse:\n    ext.d()\nif __name__ == '__main__':\n    ext.e()\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import extra\n",
        "app:1 import ext
         app:6 ext.c()
         app:10 ext.e()
         app:11 from typing import TYPE_CHECKING",
    );
}

#[test]
fn what_follows_a_possible_way_out_is_not_sure() {
    check(
        "import ext\ndef f():\n    if ext.q():\n        return 1\n    ext.after()\n    return 2\nx = f()\next.sure(x)\nif ext.q():\n    raise SystemExit\next.unsure()\n",
        "app:1 import ext
         app:3 ext.q() < f()
         ?app:5 ext.after() < f()
         app:8 ext.sure(1|2)
         app:9 ext.q()
         ?app:10 gives up under [\"if true\"]
         ?app:11 ext.unsure()",
    );
}

#[test]
fn import_errors_go_where_they_must() {
    check(
        "import ext\ntry:\n    import extra\n    A = 1\nexcept ImportError:\n    A = 2\n    ext.never()\ntry:\n    import gone\n    ext.never()\nexcept ImportError:\n    B = 2\ntry:\n    import perhaps\n    C = 1\nexcept ImportError:\n    C = 2\next.abc(A, B, C)\n",
        "app:1 import ext
         app:3 import extra
         ?app:14 import perhaps
         app:18 ext.abc(1, 2, 1|2)",
    );
}

#[test]
fn decorators_wrap_and_pass() {
    check(
        "import ext, functools\n@ext.wrap\ndef f():\n    ext.inside()\n@ext.passes()\ndef g():\n    ext.g()\ndef deco(fn):\n    @functools.wraps(fn)\n    def inner(*a, **k):\n        ext.before()\n        return fn(*a, **k)\n    return inner\n@deco\ndef h(x):\n    ext.h(x)\nf()\ng()\nh(3)\n",
        "app:1 import ext
         app:1 import functools
         app:2 wrapped Function(<function __main__.f>) 1
         app:17 calls wrapped Function(<function __main__.f>)()
         app:7 ext.g() < g()
         app:11 ext.before() < deco.<locals>.inner()
         app:16 ext.h(3) < deco.<locals>.inner() < h()
         Elsewhere|app:4 ext.inside()",
    );
}

#[test]
fn functions_handed_over_are_roots() {
    check(
        "import ext\ndef f(x):\n    ext.f(x)\n    ext.later(g)\ndef g():\n    ext.g()\next.later(f, lambda: ext.l())\next.later(f)\n",
        "app:1 import ext
         Later|app:3 ext.f(?)
         Later|app:7 ext.l()
         Later|app:6 ext.g()",
    );
}

#[test]
fn classes_methods_and_super() {
    check(
        "import ext\nclass A:\n    k = ext.k()\n    def __init__(self, n):\n        self.n = n\n    def run(self):\n        ext.run(self.n)\n    @property\n    def p(self):\n        return ext.p()\n    @staticmethod\n    def s(x):\n        ext.s(x)\n    @classmethod\n    def c(cls):\n        return cls(7)\nclass B(A):\n    def __init__(self):\n        super().__init__(5)\n    def run(self):\n        ext.b()\n        super().run()\nB().run()\nA(1).p\nA.s(2)\nA.c().run()\nclass M(ext.Base):\n    pass\nM().to('cuda')\n",
        "app:1 import ext
         app:3 ext.k()
         app:21 ext.b() < B.run()
         app:7 ext.run(5) < B.run() < A.run()
         app:10 ext.p() < A.p()
         app:13 ext.s(2) < A.s()
         app:7 ext.run(7) < A.run()
         app:29 ext.Base()
         app:29 ext.Base().to(\"cuda\")",
    );
}

#[test]
fn arguments_stand_where_the_author_wrote_them() {
    // The place is checked by the position of the argument in the event's own words.
    check(
        "import ext\ndef factory(n=60):\n    def deco(fn):\n        return ext.take(n)\n    return deco\nfactory(n=120)(len)\nfactory()(len)\n",
        "app:1 import ext
         app:4 ext.take(120) < factory.<locals>.deco()
         app:4 ext.take(60) < factory.<locals>.deco()",
    );
}

#[test]
fn the_environment_that_a_program_sets_is_known() {
    check(
        "import os, ext\nos.environ['A'] = '1'\nos.environ.setdefault('B', '2')\next.v(os.environ['A'], os.getenv('B'), os.environ['C'])\nif 'A' in os.environ:\n    ext.yes_it_is('x')\n",
        "app:1 import os
         app:1 import ext
         app:2 os.environ[] = \"1\"
         app:3 os.environ.setdefault(\"B\", \"2\")
         app:4 environ Str(\"C\")
         app:4 ext.v(\"1\", \"2\", os.environ[])
         app:6 ext.yes_it_is(\"x\")",
    );
}

#[test]
fn loops_over_what_is_known_are_unrolled() {
    check(
        "import ext\nfor i, n in enumerate(['a', 'b']):\n    ext.f(i, n)\nfor x in ext.list():\n    ext.g(x)\nwhile True:\n    ext.once()\n    break\next.made([k for k in (1, 2)], {k: k for k in 'ab'})\n",
        "app:1 import ext
         app:3 ext.f(0, \"a\")
         app:3 ext.f(1, \"b\")
         app:4 ext.list()
         ?app:5 ext.g(?)
         app:7 ext.once()
         app:9 ext.made([1, 2], {\"a\": \"a\", \"b\": \"b\"})",
    );
}

#[test]
fn exceptions_find_their_handler() {
    check(
        "import ext\ntry:\n    raise ValueError('x')\nexcept KeyError:\n    ext.never()\nexcept ValueError:\n    ext.handled()\nfinally:\n    ext.finally_()\ntry:\n    ext.risky()\nexcept Exception:\n    ext.perhaps()\nelse:\n    ext.then()\next.end()\n",
        "app:1 import ext
         app:3 gives up under [\"try KeyError|ValueError\"]
         app:7 ext.handled()
         app:9 ext.finally_()
         app:11 ext.risky()
         app:15 ext.then()
         ?app:13 ext.perhaps()
         app:16 ext.end()",
    );
}

#[test]
fn what_cannot_raise_leaves_no_doubt() {
    check(
        "import ext\ntry:\n    f = ext.safe(1)\nexcept Exception:\n    f = ext.never()\nf(2)\ntry:\n    g = ext.risky(1)\nexcept Exception:\n    g = None\next.end(g)\n",
        "app:1 import ext
         app:3 ext.safe(1)
         app:6 ext.safe()(2)
         app:8 ext.risky(1)
         app:11 ext.end(ext.risky()|None)",
    );
}

#[test]
fn attributes_that_an_external_base_may_give_are_in_doubt() {
    check(
        "import ext\nclass A:\n    k = 1\nclass M(ext.Base):\n    k = 1\n    def __init__(self):\n        self.own = 1\n        assert not hasattr(self, 'llama')\nif hasattr(A(), 'k') and not hasattr(A(), 'j'):\n    ext.sure()\nm = M()\nif hasattr(m, 'k') and hasattr(m, 'own'):\n    ext.own()\nif hasattr(m, 'other'):\n    ext.perhaps()\n",
        "app:1 import ext
         app:10 ext.sure()
         ?app:8 gives up under [\"if false\"] < M.__init__()
         ?app:13 ext.own()
         ?app:15 ext.perhaps()",
    );
}

#[test]
fn packages_relative_imports_and_the_path() {
    check(
        "import sys\nsys.path.append('src')\nimport deep\nfrom pkg.one import *\nshown()\nimport importlib\nm = importlib.import_module('pkg.two')\nm.go()\n### src/deep.py\nimport ext\next.deep()\n### pkg/one.py\nfrom .two import go\nfrom ext import thing as shown\n### pkg/two.py\nimport ext\ndef go():\n    ext.go()\n",
        "app:1 import sys
         src.deep:1 import ext < import deep
         src.deep:2 ext.deep() < import deep
         pkg.two:1 again import ext < import pkg.one < import pkg.two
         pkg.one:2 again from ext import thing < import pkg.one
         app:5 ext.thing()
         app:6 import importlib
         pkg.two:3 ext.go() < go()",
    );
}

#[test]
fn budgets_end_a_trace_and_say_so() {
    let mut web = String::from("import ext\n");
    for i in 0..60 {
        let _ = writeln!(web, "def f{i}(x):\n    f{}(x)\n    f{}(x)", i + 1, i + 1);
    }
    web.push_str("def f60(x):\n    ext.end(x)\nf0(1)\n");
    let shown = events(&web);
    // What calls 2^60 times holds no news after some thousand times.
    assert!(shown.contains("ext.end(1)") && !shown.contains("exhausted"));

    let mut doubling = String::from("import ext\nx = [1]\n");
    for _ in 0..200 {
        doubling.push_str("x = [x, x]\n");
    }
    doubling.push_str("ext.end(x)\n");
    assert!(events(&doubling).contains("ext.end"));

    let mut tuples = String::from(
        "import ext\nx = (1, 2)\ny = ext\nfor i in range(100):\n    for j in range(100):\n        x = (x, x)\n        y = y.a(y)\n        if ext.q():\n            x = (x, y)\n",
    );
    tuples.push_str("ext.end(x, y)\n");
    assert!(events(&tuples).contains("ext.end"));

    let deep = format!(
        "import ext\ndef f(n):\n    return f(n + 1)\nf(0)\nx = {}1{}\next.end()\n",
        "(".repeat(100_000),
        ")".repeat(100_000)
    );
    let shown = events(&deep);
    assert!(shown.contains("exhausted Depth"), "{shown}");
    assert!(shown.contains("ext.end"), "{shown}");
}

#[test]
fn secrets_see_their_guards() {
    check(
        "import os, ext\nif ext.q():\n    try:\n        ext.secret()\n    except KeyError:\n        pass\n",
        "app:1 import os
         app:1 import ext
         app:2 ext.q()
         ?app:4 secret under [\"if true\", \"try KeyError\"]",
    );
}

#[test]
fn names_that_are_not_ascii_are_imported() {
    check(
        "import été.ü\nfrom ñ import x\nx()\n",
        "app:1 import été.ü
         app:2 from ñ import x
         app:3 ñ.x()",
    );
}

#[test]
fn what_doubles_stays_small() {
    let shown = events(
        "import ext, os\nl = [1]\nm = [1]\ns = 'ab'\nf = 'ab'\np = 'ab'\nn = [1]\nr = 'a' * 4000\nfor i in range(100):\n    l = l + l\n    m.extend(m)\n    s = s.join([s, s])\n    f = f'{f}{f}'\n    p = os.path.join(p, p)\n    n[0] = (n[0], n[0])\n    r = r.replace('a', r)\next.end(f, n == n)\n",
    );
    assert!(shown.ends_with("app:17 ext.end(?, ?)\n"), "{}", &shown[shown.len() - 200..]);
}

#[test]
fn a_bound_method_keeps_its_receiver_behind_a_partial() {
    check(
        "import ext\nfrom functools import partial\nclass A:\n    def run(self, x, y):\n        ext.run(x, y, self.k)\na = A()\na.k = 3\next.later(partial(a.run, 1))\next.later(partial(partial(lambda x, y: ext.l(x, y), 1), 2))\n",
        "app:1 import ext
         app:2 from functools import partial
         Later|app:5 ext.run(1, ?, 3)
         Later|app:9 ext.l(1, 2)",
    );
}

#[test]
fn builtins_take_their_keywords() {
    check(
        "import ext\nfor i, x in enumerate(['a'], start=1):\n    ext.f(i, x)\nfor i, x in enumerate(['a'], ext.n()):\n    ext.g(i, x)\nfor a, b in zip([1], [2], strict=True):\n    ext.h(a, b)\next.i(int('10', base=16), 1 << 63)\n",
        "app:1 import ext
         app:3 ext.f(1, \"a\")
         app:4 ext.n()
         app:5 ext.g(?, \"a\")
         app:7 ext.h(1, 2)
         app:8 ext.i(?, ?)",
    );
}

#[test]
fn what_a_dict_may_hold_besides_is_not_settled() {
    check(
        "import ext\ndef f(**kwargs):\n    ext.a(kwargs.pop('n', 3), kwargs.setdefault('m', 4))\next.later(f)\nd = {ext.k: 1}\next.b(d.get('n', 2), {'a': 1}.get('n', 2), {'a': 1}.pop('n', 2))\n",
        "app:1 import ext
         app:6 ext.b(1|2, 2, 2)
         Later|app:3 ext.a(?, ?)",
    );
}

#[test]
fn an_attribute_that_an_outside_base_may_have_is_not_settled() {
    check(
        "import ext\nclass A(ext.Base):\n    k = 1\nclass B:\n    pass\na = A()\nif hasattr(a, 'x'):\n    ext.perhaps()\nif hasattr(a, 'k'):\n    ext.surely()\nif hasattr(B(), 'x'):\n    ext.never()\n",
        "app:1 import ext
         app:6 ext.Base()
         ?app:8 ext.perhaps()
         app:10 ext.surely()",
    );
}

#[test]
fn each_exception_that_may_be_raised_finds_its_handler() {
    check(
        "import ext\ntry:\n    if ext.q():\n        raise KeyError\n    raise ValueError\nexcept KeyError:\n    ext.key()\nexcept ValueError:\n    ext.value()\ntry:\n    raise FileNotFoundError\nexcept IOError:\n    ext.io()\n",
        "app:1 import ext
         app:3 ext.q()
         ?app:4 gives up under [\"try KeyError|ValueError\", \"if true\"]
         ?app:5 gives up under [\"try KeyError|ValueError\", \"passed false\"]
         ?app:7 ext.key()
         ?app:9 ext.value()
         app:11 gives up under [\"try IOError\"]
         app:13 ext.io()",
    );
}

#[test]
fn the_else_of_a_loop_that_may_break_is_not_sure() {
    check(
        "import ext\nfor x in ext.list():\n    if ext.q():\n        break\nelse:\n    ext.e()\next.end()\n",
        "app:1 import ext
         app:2 ext.list()
         ?app:3 ext.q()
         ?app:6 ext.e()
         app:7 ext.end()",
    );
}

#[test]
fn what_comes_after_a_way_out_comes_on_the_other_branch_only() {
    check(
        "import ext\ndef f():\n    if ext.p():\n        return\n    elif ext.q():\n        raise ext.E\n    ext.secret()\n    if ext.r():\n        if ext.s():\n            return\n        ext.secret()\n    ext.secret()\nf()\next.secret()\nassert ext.t()\next.secret()\nfor _ in ext.u():\n    if ext.v():\n        continue\n    ext.secret()\next.secret()\n",
        r#"app:1 import ext
           app:3 ext.p() < f()
           ?app:5 ext.q() < f()
           ?app:6 gives up under ["if false", "if true"] < f()
           ?app:7 secret under ["passed false", "passed false"] < f()
           ?app:8 ext.r() < f()
           ?app:9 ext.s() < f()
           ?app:11 secret under ["passed false", "passed false", "if true", "passed false"] < f()
           ?app:12 secret under ["passed false", "passed false"] < f()
           ?app:14 secret under []
           ?app:15 ext.t()
           ?app:15 gives up under ["if false"]
           ?app:16 secret under ["passed true"]
           ?app:17 ext.u()
           ?app:18 ext.v()
           ?app:20 secret under ["passed true", "passed false"]
           ?app:21 secret under ["passed true"]"#,
    );
}

#[test]
fn a_list_that_may_have_been_filled_may_be_empty() {
    check(
        "import ext\nmissing = [name for name in ('A', 'B') if ext.lacks(name)]\nif missing:\n    raise SystemExit(missing)\nfound = []\nif ext.q():\n    found.append('C')\nif not found:\n    ext.none()\next.end()\n",
        r#"app:1 import ext
           app:2 ext.lacks("A")
           app:2 ext.lacks("B")
           ?app:4 gives up under ["if true"]
           ?app:6 ext.q()
           ?app:9 ext.none()
           ?app:10 ext.end()"#,
    );
}

#[test]
fn a_finaliser_that_raises_is_seen_by_nobody() {
    check(
        "import ext\nclass C:\n    def __enter__(self): ...\n    def __exit__(self, *details):\n        ext.left(details[0])\ndef g():\n    try:\n        yield 1\n        late = 2\n    finally:\n        ext.closed()\n        ext.never(late)\nwith C():\n    for x in g():\n        break\n",
        "app:1 import ext
         app:11 ext.closed() < g()
         app:5 ext.left(None) < C.__exit__()",
    );
}

#[test]
fn a_finally_that_returns_swallows() {
    check(
        "import ext\ndef f(*args):\n    try:\n        ext.never(args.copy())\n    finally:\n        return 4\next.end(f(1), f(2))\n",
        "app:1 import ext
         app:7 ext.end(4, 4)",
    );
}

#[test]
fn what_is_bound_on_some_ways_only_may_raise() {
    check(
        "import ext\ntry:\n    if ext.chance():\n        f = ext.made\n    f()\n    ext.perhaps()\nexcept NameError:\n    ext.handled()\n",
        "app:1 import ext
         app:3 ext.chance()
         ?app:5 ext.made()
         ?app:6 ext.perhaps()
         ?app:8 ext.handled()",
    );
}

#[test]
fn a_missing_package_raises_for_a_handler_and_not_for_a_with() {
    check(
        "import ext\nclass C:\n    def __enter__(self): ...\n    def __exit__(self, *details): ...\nwith C():\n    import perhaps\n    ext.sure()\ntry:\n    import perhaps\nexcept ImportError:\n    ext.missing()\nelse:\n    ext.there()\n",
        "app:1 import ext
         app:6 import perhaps
         app:7 ext.sure()
         ?app:9 again import perhaps
         ?app:13 ext.there()
         ?app:11 ext.missing()",
    );
}

#[test]
fn a_loop_over_what_is_unknown_may_have_no_turn() {
    check(
        "import ext\nfor x in ext.things():\n    raise KeyError(x)\next.end()\n",
        "app:1 import ext
         app:2 ext.things()
         ?app:3 gives up under []
         ?app:4 ext.end()",
    );
}

#[test]
fn a_loop_that_may_have_been_left_long_ago_goes_on_as_any_turn() {
    let loops = |ends: &str| {
        events(&format!("import ext\nfor n in range(100):\n    ext.work()\n{ends}ext.end()\n"))
    };
    let turns = |shown: &str| shown.matches("app:3 ext.work()").count();
    let settled = loops("");
    assert_eq!(turns(&settled), 100, "{settled}");
    // One that surely comes, those that may be the last, and one for all others.
    let open = loops("    if ext.done():\n        break\n");
    assert_eq!(turns(&open), 17, "{open}");
    assert!(open.starts_with("app:1 import ext\napp:3 ext.work()\n"), "{open}");
    assert!(open.ends_with("\napp:6 ext.end()\n"), "{open}");
    // The last turn is among all others.
    let last = events(
        "import ext\nfor n in range(100):\n    if n == 99:\n        ext.last()\n    if ext.done():\n        break\n",
    );
    assert!(last.contains("?app:4 ext.last()"), "{last}");
}

#[test]
fn a_function_that_hands_over_others_of_its_kind_is_followed_for_so_long() {
    let hands = "    ext.later(lambda: read(path))\n".repeat(4);
    let program = format!("import ext\ndef read(path):\n{hands}    ext.end()\nread(1)\n");
    let (trace, ..) = traced(&program);
    assert_eq!(trace.roots.len(), 4 * 256);
    assert!(trace.exhausted.is_empty() && trace.steps < 50_000, "{}", trace.steps);
    // A page of handlers that a loop makes has each of them.
    let (trace, ..) = traced("import ext\nfor n in range(200):\n    ext.later(lambda: n)\n");
    assert_eq!(trace.roots.len(), 200);
}

#[test]
fn an_event_loop_within_another_is_refused() {
    check(
        "import asyncio, ext\nasync def inner():\n    ext.never()\nasync def outer():\n    try:\n        asyncio.run(inner())\n    except RuntimeError:\n        ext.refused()\nasyncio.run(outer())\n",
        "app:1 import asyncio
         app:1 import ext
         app:8 ext.refused() < outer()",
    );
}

#[test]
fn what_only_a_handler_leads_to_is_reached() {
    check(
        "import ext\ndef load():\n    try:\n        return ext.risky()\n    except Exception:\n        ext.failed()\n    ext.otherwise()\nload()\next.end()\n",
        "app:1 import ext
         app:4 ext.risky() < load()
         ?app:6 ext.failed() < load()
         ?app:7 ext.otherwise() < load()
         app:9 ext.end()",
    );
}

/// What the one function that these lines hand over gives: what it returns, and what it yields.
fn given(lines: &str) -> (String, String) {
    let (trace, ..) = traced(&format!("import ext, threading\n{lines}\next.told(f)\n"));
    let [root] = &*trace.roots else { panic!("{lines}") };
    let show = |value: &Option<Value>| value.as_ref().map_or("never".to_owned(), show);
    (show(&root.gives.returned), show(&root.gives.yielded))
}

#[test]
fn what_a_root_gives() {
    for (lines, returned, yielded) in [
        ("def f(): ...", "None", "never"),
        ("def f():\n    return 30", "30", "never"),
        ("f = lambda: '60'", "\"60\"", "never"),
        ("def f(x):\n    if x:\n        return 120\n    return 60", "120|60", "never"),
        ("def f(x):\n    if x:\n        return 120", "120|None", "never"),
        ("def f():\n    raise ValueError", "never", "never"),
        ("def f():\n    return [1, {'a': ext.made()}]", "[1, {\"a\": ext.made()}]", "never"),
        ("def f(x):\n    return x", "?", "never"),
        ("async def f():\n    return 3", "3", "never"),
        (
            "def f():\n    return lambda: 3",
            "Function(<function __main__.f.<locals>.<lambda>>)",
            "never",
        ),
        ("def f():\n    yield 1\n    yield 'a'", "Suspended(<function __main__.f>)", "1|\"a\""),
        (
            "def f():\n    return (x for x in ext.things())",
            "Suspended(<function __main__.f.<locals>.<genexpr>>)",
            "never",
        ),
        ("import functools\ndef g(a, b):\n    return a\nf = functools.partial(g, 5)", "5", "never"),
    ] {
        assert_eq!(given(lines), (returned.to_owned(), yielded.to_owned()), "{lines}");
    }
}

#[test]
fn what_an_instance_has_that_a_root_gives() {
    let lines = "import ext, threading\ndef f(x):\n    class Local:\n        def __init__(self):\n            \
                 self.lock = threading.Lock()\n            self.next = self\n            \
                 self.many = [1]\n    return [Local()]\next.later(f)\n";
    let (trace, ..) = traced(lines);
    let Some(Value::List(items)) = &trace.roots[0].gives.returned else { panic!("{trace:?}") };
    let Value::Instance(class, _) = &items[0] else { panic!("{items:?}") };
    assert_eq!(&*class.qualname, "f.<locals>.Local");
    let attributes = trace.attributes(&items[0]);
    let names: Vec<&str> = attributes.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["lock", "many", "next"]);
    assert_eq!(show(&attributes[0].1), "threading.Lock()");
    assert_eq!(show(&attributes[1].1), "[1]");
}

#[test]
fn where_it_matters_it_is_told_which_argument_a_value_is_made_of() {
    let of = |lines: &str| {
        let (trace, ..) = traced(&format!("import ext\n{lines}\next.told(f)\n"));
        trace.roots[0].gives.returned.clone()
    };
    let argument = |name: &str| Value::External(Arc::new(External::Argument(name.into())));
    assert_eq!(of("def f(a, b, *, c=2):\n    return c"), Some(argument("c")));
    let Some(Value::External(sum)) = of("def f(a, steps=20):\n    return 10 + int(steps) * 2")
    else {
        panic!("it is an operation");
    };
    let External::Operation { operator: Operator::Binary(_), operands } = &*sum else {
        panic!("{sum:?}");
    };
    assert_eq!(operands[0], Value::Int(10));
    // What the function calls itself is told nothing of its own.
    assert_eq!(
        of("def g(x):\n    return x\ndef f(a, *rest):\n    return g(*rest)"),
        Some(Value::Unknown)
    );
}

#[test]
fn a_wrapped_function_is_called_with_what_it_is_given() {
    let program = "import ext\n@ext.wrap\ndef f(*a, **k): ...\nclass C:\n    @ext.wrap\n    \
                   def m(self, x): ...\nf(1, [2], key=(x for x in y))\nC().m(3)\nf(*ext.rest())\n";
    let calls: Vec<String> =
        traced(program).0.events.into_iter().map(|event| event.effect).collect();
    let calls: Vec<&str> =
        calls.iter().filter_map(|it| it.strip_prefix("calls wrapped ")).collect();
    assert_eq!(
        calls,
        [
            "Function(<function __main__.f>)(1, [2], key=Suspended(<function __main__.<genexpr>>))",
            "Method(<function __main__.C.m>, Instance(<class __main__.C>, ObjectId(7)))(3)",
            "Function(<function __main__.f>)()",
        ]
    );
}

#[test]
fn a_name_is_read_where_the_text_says() {
    check(
        "import ext\nx = 1\ndef own():\n    try:\n        x\n    except UnboundLocalError as error:\n        ext.unbound()\n    x = 2\ndef free():\n    def inner():\n        return x\n    try:\n        inner()\n    except UnboundLocalError:\n        ext.never()\n    except NameError:\n        ext.free()\n    x = 3\ndef outer():\n    def inner():\n        nonlocal x\n        x = 4\n    inner()\n    ext.set(x)\n    x = 5\nown()\nfree()\nouter()\n",
        "app:1 import ext
         app:7 ext.unbound() < own()
         app:17 ext.free() < free()
         app:24 ext.set(4) < outer()",
    );
}

#[test]
fn a_number_has_no_items() {
    check(
        "import ext\nfor thing in (lambda: 2[:3], lambda: 1.5[0], lambda: None[0]):\n    try:\n        thing()\n        ext.never()\n    except TypeError:\n        ext.refused()\n",
        "app:1 import ext
         app:7 ext.refused()
         app:7 ext.refused()
         app:7 ext.refused()",
    );
}

#[test]
fn what_is_delegated_to_is_closed_with_the_generator() {
    check(
        "import ext\ndef plain():\n    yield from [1, 2]\n    ext.never()\ndef inner():\n    try:\n        yield 1\n    except GeneratorExit:\n        ext.closed()\n        return\ndef outer():\n    yield from inner()\n    ext.never()\nfor x in plain():\n    if x == 2:\n        break\nfor x in outer():\n    break\next.end()\n",
        "app:1 import ext
         ?app:9 ext.closed() < outer() < inner()
         app:19 ext.end()",
    );
}

/// What one of two objects raises, or does, where an attribute, an item or a call is asked of either.
#[test]
fn what_one_of_several_does_happens_on_some_ways() {
    let asked = |ask: &str| {
        format!(
            "import ext\nclass Full:\n    x = 1\n    def __getitem__(self, at):\n        return 1\n    def __call__(self):\n        return 1\nclass Bare:\n    def __getattr__(self, name):\n        ext.asked()\n        raise AttributeError(name)\n    def __getitem__(self, at):\n        ext.asked()\n        raise AttributeError(at)\n    def __call__(self):\n        ext.asked()\n        raise AttributeError()\nthing = Full() if ext.flag() else Bare()\ntry:\n    {ask}\n    ext.passed()\nexcept AttributeError:\n    ext.caught()\next.end()\n"
        )
    };
    for (ask, call) in
        [("thing.x", "__getattr__"), ("thing[0]", "__getitem__"), ("thing()", "__call__")]
    {
        let line = match call {
            "__getattr__" => 10,
            "__getitem__" => 13,
            _ => 16,
        };
        check(
            &asked(ask),
            &format!(
                "app:1 import ext
         app:18 ext.flag()
         ?app:{line} ext.asked() < Bare.{call}()
         ?app:{} gives up under [\"try AttributeError\"] < Bare.{call}()
         ?app:21 ext.passed()
         ?app:23 ext.caught()
         app:24 ext.end()",
                line + 1
            ),
        );
    }
    // Where each of them raises, nothing goes on.
    check(
        "import ext\nclass A:\n    def __getattr__(self, name):\n        raise AttributeError(name)\nclass B(A):\n    pass\nthing = A() if ext.flag() else B()\ntry:\n    thing.x\n    ext.never()\nexcept AttributeError:\n    ext.caught()\n",
        "app:1 import ext
         app:7 ext.flag()
         ?app:4 gives up under [\"try AttributeError\"] < A.__getattr__()
         ?app:4 gives up under [\"try AttributeError\"] < A.__getattr__()
         ?app:12 ext.caught()",
    );
}

#[test]
fn a_call_of_what_may_be_none_happens_on_some_ways() {
    check(
        "import ext\ndef touch():\n    ext.touched()\nf = touch if ext.flag() else None\ntry:\n    f()\n    ext.passed()\nexcept TypeError:\n    ext.caught()\next.end()\n",
        "app:1 import ext
         app:4 ext.flag()
         ?app:3 ext.touched() < touch()
         ?app:7 ext.passed()
         ?app:9 ext.caught()
         app:10 ext.end()",
    );
}
