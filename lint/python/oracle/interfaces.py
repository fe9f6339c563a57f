"""What a random Space hands over to others: handlers, threads, routes and GPU functions, in all their forms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from program import Lines, Scope, Text, Var, indented

if TYPE_CHECKING:
    from generate import Generator


def _root_body(g: Generator, s: Scope, label: str) -> tuple[Scope, Lines]:
    inner = s.frame("function", "root", label, in_root=True, depth=2)
    inner = replace(inner, names={n: v for n, v in inner.names.items() if v.type in ("int", "str", "bool", "pair")})
    inner.names["x"] = Var("x", "unknown", inner.labels)
    g.left = max(g.left, 3)
    return inner, g.block(inner)


def handlers(g: Generator, s: Scope) -> Lines:
    lines = ["import gradio as gr", "with gr.Blocks() as demo:"]
    defs: Lines = []
    for _ in range(g.random.randrange(1, 4)):
        form = g.pick(
            (
                "click",
                "then",
                "load",
                "on",
                "render",
                "tick",
                "api",
                "lambda",
                "partial",
                "bound",
                "decorated",
                "list",
                "change",
                "interface",
                "chat",
                "thread",
                "executor",
                "fastapi",
                "local-function",
            )
        )
        f = g.fresh("handle")
        _, body = _root_body(g, s, f"handler-{form}")
        plain = [f"def {f}(x=None):", *indented(body)]
        if form in ("click", "then", "load", "on", "tick", "api", "change", "interface", "chat", "thread", "executor"):
            defs += plain
        lines += {
            "click": lambda: [f'    gr.Button("b").click(fn={f}, inputs=None)'],
            "then": lambda: [f'    gr.Button("b").click({f}).then({f}n)'],
            "load": lambda: [f"    demo.load({f})"],
            "on": lambda: [f"    gr.on([], {f})"],
            "render": lambda: ["    @gr.render(inputs=[])", *indented(plain)],
            "tick": lambda: [f"    gr.Timer(1).tick({f})"],
            "api": lambda: [f"    gr.api({f})"],
            "lambda": lambda: [f'    gr.Button("b").click(lambda: os.getenv("K_lambda{f}"))'],
            "partial": lambda: [f'    gr.Button("b").click(functools.partial({f}p, 3))'],
            "bound": lambda: [f'    gr.Button("b").click({f}o.run)'],
            "decorated": lambda: ['    button = gr.Button("b")', "    @button.click(inputs=None)", *indented(plain)],
            "list": lambda: [f"    for call in [{f}a, {f}b]:", '        gr.Button("b").click(call)'],
            "change": lambda: [f'    gr.Textbox("t").change({f}, queue=False).success({f})'],
            "interface": lambda: [f'    gr.Interface({f}, "text", "text")'],
            "chat": lambda: [f"    gr.ChatInterface(fn={f})"],
            "thread": lambda: [f"    threading.Thread(target={f}, daemon=True).start()"],
            "executor": lambda: [f"    ThreadPoolExecutor(2).submit({f}, 1)"],
            "fastapi": lambda: [f"    app{f} = FastAPI()", f'    @app{f}.get("/")', *indented(plain)],
            "local-function": lambda: [*indented(plain), f'    gr.Button("b").click({f})'],
        }[form]()
        root = s.frame("function", "root", f"handler-{form}", in_root=True, depth=1)
        root = replace(root, names={})
        if form == "then":
            defs += [f"def {f}n():", *indented([g.mark(root)])]
        elif form == "lambda":
            g.need(s, "import os")
        elif form == "partial":
            g.need(s, "import functools")
            defs += [f"def {f}p(a, b=None):", *indented([g.mark(g.bind(root, "a", "int"), Text("a + 1"))])]
        elif form == "bound":
            method = replace(root)
            defs += [
                f"class {f}C:",
                "    def __init__(self, n):",
                "        self.n = n",
                "    def run(self):",
                *indented(indented([g.mark(method, Text("self.n"))])),
                f"{f}o = {f}C({g.random.randrange(9)})",
            ]
        elif form == "list":
            defs += [f"def {f}a():", *indented([g.mark(root)]), f"def {f}b():", *indented([g.mark(root)])]
        elif form == "thread":
            g.need(s, "import threading")
        elif form == "executor":
            g.need(s, "from concurrent.futures import ThreadPoolExecutor")
        elif form == "fastapi":
            g.need(s, "from fastapi import FastAPI")
    launch = g.pick((["demo.launch()"], ["demo.queue().launch()"], ['if __name__ == "__main__":', "    demo.launch()"]))
    if g.chance(0.3):
        build = g.fresh("build")
        return [
            *defs,
            lines[0],
            f"def {build}():",
            *indented([*lines[1:], "return demo"]),
            f"demo = {build}()",
            *launch,
        ]
    return [*defs, *lines, *launch]


def gpu_functions(g: Generator, s: Scope) -> Lines:
    lines: Lines = []
    for _ in range(g.random.randrange(1, 3)):
        form = g.pick(
            (
                "bare",
                "called",
                "duration",
                "duration-callable",
                "alias",
                "factory",
                "conditional",
                "programmatic",
                "method",
                "nested",
                "generator",
                "stacked",
                "positional",
                "importlib",
                "called-by-program",
                "from-import",
                "hasattr",
            )
        )
        f, deco = g.fresh("gpu"), g.fresh("GPU")
        _, body = _root_body(g, s, f"gpu-{form}")
        plain = [f"def {f}(x=None):", *indented(body)]
        lines += {
            "bare": lambda: ["@spaces.GPU", *plain],
            "called": lambda: ["@spaces.GPU()", *plain],
            "duration": lambda: [
                f"@spaces.GPU(duration={g.expression(s, 'int').text}, size={g.pick(('None', repr('large')))})",
                *plain,
            ],
            "duration-callable": lambda: [
                f"def {deco}(x=None):",
                *indented(_root_body(g, s, "gpu-duration")[1]),
                f"@spaces.GPU(duration={g.pick((deco, f'lambda x=None: {deco}(x)', f'functools.partial({deco}, 1)'))})",
                *plain,
            ],
            "alias": lambda: [f"{deco} = spaces.GPU(duration=30)", f"@{deco}", *plain],
            "factory": lambda: [
                f"def {deco}(duration):",
                "    def decorate(fn):",
                "        return spaces.GPU(duration=duration)(fn)",
                "    return decorate",
                f"@{deco}(20)",
                *plain,
            ],
            "conditional": lambda: [
                f"{deco} = spaces.GPU if {g.condition(s).text} else (lambda fn: fn)",
                f"@{deco}",
                *plain,
            ],
            "programmatic": lambda: [*plain, f"{f}_g = spaces.GPU({f}, duration=10)"],
            "method": lambda: [
                f"class {f}C:",
                "    @spaces.GPU",
                "    def run(self, x=None):",
                *indented(indented(body)),
                f"{f}C().run(1)",
            ],
            "nested": lambda: [
                f"def {f}_make():",
                "    @spaces.GPU(duration=5)",
                *indented(plain),
                f"    return {f}",
                f"{f} = {f}_make()",
            ],
            "generator": lambda: [
                "@spaces.GPU",
                f"def {f}(x=None):",
                *indented([*[line for line in body if not line.startswith("return")], "yield 1"]),
            ],
            "stacked": lambda: ["@spaces.GPU(duration=9)", "@torch.inference_mode()", *plain],
            "positional": lambda: [f"@spaces.GPU({g.pick(('45', chr(34) + 'xlarge' + chr(34)))})", *plain],
            "importlib": lambda: [f'{deco} = importlib.import_module("spaces").GPU', f"@{deco}", *plain],
            "called-by-program": lambda: ["@spaces.GPU", *plain, f"{f}(1)"],
            "from-import": lambda: [f"from spaces import GPU as {deco}", f"@{deco}", *plain],
            "hasattr": lambda: [
                f'{deco} = getattr(spaces, "GPU")',
                f"{deco}(duration=3)(lambda x: x)",
                f"@{deco}",
                *plain,
            ],
        }[form]()
        if form == "stacked":
            g.need(s, "import torch")
        if form == "duration-callable":
            g.need(s, "import functools")
        if form == "importlib":
            g.need(s, "import importlib")
    return lines
