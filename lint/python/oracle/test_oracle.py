"""What the oracle must see in programs small enough to read: whoever measures is measured first.

A comment `# 2 touch-cuda torch.zeros.cuda()` says that this is the second thing that happens, on that line;
`# a1 …` that it is the first in the root that was handed over first (`b1`: second, …).
"""

from __future__ import annotations

import re
import tempfile
import textwrap
import unittest
from pathlib import Path

import generate
import oracle

_EXPECTED = re.compile(r"([a-z]?)(\d+) ([a-z-]+) ([^;]+)")


def _files(text: str) -> dict[str, str]:
    """Files are told apart by lines `--- path`; the first is `app.py`."""
    parts = re.split(r"^--- (\S+)\n", textwrap.dedent(text), flags=re.MULTILINE)
    return {"app.py": parts[0].lstrip("\n"), **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _expected(files: dict[str, str]) -> list[tuple]:
    found = []
    for path, text in files.items():
        for line, content in enumerate(text.splitlines(), 1):
            _, hash_, comment = content.partition("  # ")
            if hash_:
                for root, number, kind, what in _EXPECTED.findall(comment):
                    found.append((ord(root) - ord("a") if root else -1, int(number), kind, what.strip(), path, line))
    return sorted(found)


class OracleTest(unittest.TestCase):
    def run_space(self, text: str, **options: object) -> tuple[dict, list[tuple], list[tuple]]:
        files = _files(text)
        with tempfile.TemporaryDirectory() as folder:
            generate.write(files, Path(folder))
            found = oracle.run_space(Path(folder), **options)
        seen = []
        counts: dict[int, int] = {}
        for event in found["events"]:
            root = -1 if event["root"] is None else event["root"]
            counts[root] = counts.get(root, 0) + 1
            seen.append((root, counts[root], event["kind"], event["what"], event["path"], event["line"]))
        return found, sorted(seen), _expected(files)

    def check(self, text: str, *, ended: str | None = None, **options: object) -> dict:
        found, seen, expected = self.run_space(text, **options)
        self.assertEqual(seen, expected)
        if ended is None:
            self.assertIsNone(found["ended"])
        else:
            self.assertRegex(found["ended"], ended)
        return found

    def test_names_are_those_by_which_things_were_made(self) -> None:
        self.check(
            """
            import torch
            import torch.nn as nn
            from diffusers import FluxPipeline  # 1 touch-cuda from diffusers import FluxPipeline
            zeros = torch.zeros(1)
            zeros.cuda()  # 2 touch-cuda torch.zeros.cuda()
            zeros.half().to("cuda:1")  # 3 touch-cuda torch.zeros.to()
            zeros.to("cpu")
            pipe = FluxPipeline.from_pretrained("org/x")  # 4 load-model diffusers.FluxPipeline.from_pretrained()
            pipe.load_lora_weights("org/y")  # 5 load-model diffusers.FluxPipeline.from_pretrained.load_lora_weights()
            nn.Linear(1, 1).to(torch.device("cuda"))  # 6 touch-cuda torch.nn.Linear.to()
            for part in zeros.parts:
                part.cuda()  # 7 touch-cuda ?.cuda()
            zeros[0].cuda()  # 8 touch-cuda torch.zeros[].cuda()
            """
        )

    def test_a_call_stands_where_its_expression_begins(self) -> None:
        self.check(
            """
            import torch
            x = (
                torch  # 1 touch-cuda torch.zeros.cuda()
                .zeros(1)
                .half()
                .cuda()
            )
            y = torch.zeros(  # 2 touch-cuda torch.zeros.to()
                1,
            ).to("cuda")
            def both(a, b): pass
            both(
                torch.zeros(1).cuda(),  # 3 touch-cuda torch.zeros.cuda()
                b=torch.ones(1).cuda())  # 4 touch-cuda torch.ones.cuda()
            """
        )

    def test_the_platform_answers_before_and_after_spaces(self) -> None:
        found = self.check(
            """
            import os
            import torch
            first = torch.cuda.is_available()  # 1 touch-cuda torch.cuda.is_available()
            import spaces  # 2 import-spaces import spaces
            second = torch.cuda.is_available()  # 3 touch-cuda torch.cuda.is_available()
            os.getenv(f"K{first}{second}")  # 4 read-env KFalseTrue
            os.environ["SPACES_ZERO_GPU"]
            """
        )
        self.assertEqual([event["phase"] for event in found["events"]], ["before-spaces", *["startup"] * 3])

    def test_the_environment(self) -> None:
        self.check(
            """
            import os
            from os import environ as e, getenv
            getenv("A")  # 1 read-env A
            e.get("B", "x")  # 2 read-env B
            e["C"] = "1"  # 3 set-env C
            e["C"]
            e.setdefault("D", "2")  # 4 set-env D
            e.pop("D")
            e.get("D")  # 5 read-env D
            "D" in e
            os.path.expanduser("~")
            os.environ["NO"]  # 6 read-env NO
            """,
            ended="KeyError: 'NO'",
        )

    def test_gpu_functions_in_all_forms(self) -> None:
        self.check(
            """
            import torch
            import spaces  # 1 import-spaces import spaces
            from spaces import GPU
            @spaces.GPU  # 2 declare-gpu spaces.GPU
            def one(x):
                x.cuda()  # a1 touch-cuda ?.cuda()
            @GPU(duration=3)  # 3 declare-gpu spaces.GPU
            def two():
                torch.zeros(1).cuda()  # b1 touch-cuda torch.zeros.cuda()
            @spaces.GPU(45)  # 4 declare-gpu spaces.GPU
            @torch.no_grad()
            def three():
                one(1)  # c1 call-gpu one
            alias = spaces.GPU()
            class Model:
                @alias  # 5 declare-gpu spaces.GPU
                def run(self, x=None):
                    yield 1
                    x.cuda()  # d1 touch-cuda ?.cuda()
            Model().run(3)  # 6 call-gpu Model.run
            four = spaces.GPU(lambda: one(2), duration=3)  # 7 declare-gpu spaces.GPU; e1 call-gpu one
            four()  # 8 call-gpu <lambda>
            """
        )

    def test_roots_are_what_is_handed_over(self) -> None:
        found = self.check(
            """
            import functools, threading
            import gradio as gr
            import torch
            def click(x, n=1):
                torch.zeros(1).cuda()  # a1 touch-cuda torch.zeros.cuda()
            def again(n):
                if n == 3:
                    torch.cuda.init()  # b1 touch-cuda torch.cuda.init()
                threading.Thread(target=inner).start()
            def inner():
                torch.cuda.init()  # d1 touch-cuda torch.cuda.init()
            with gr.Blocks() as demo:
                button = gr.Button("x")
                button.click(click).then(functools.partial(again, 3))
                button.click(fn=click)
                @gr.on([button.click])
                def on():
                    torch.cuda.init()  # c1 touch-cuda torch.cuda.init()
            demo.queue().launch()  # 1 set-queue gradio.Blocks.queue(); 2 serve gradio.Blocks.launch()
            """
        )
        self.assertEqual([root["role"] for root in found["roots"]], ["event", "event", "event", "thread"])

    def test_a_root_runs_also_after_a_start_up_that_failed(self) -> None:
        self.check(
            """
            import gradio as gr, torch
            def load():
                torch.cuda.init()  # a1 touch-cuda torch.cuda.init()
            gr.Interface(load, "text", "text")
            raise ValueError("no")
            """,
            ended="ValueError: no",
        )

    def test_unknown_decorators_run_what_they_decorate(self) -> None:
        self.check(
            """
            import torch, library
            @library.wrap
            def f(x):
                torch.cuda.init()  # 1 touch-cuda torch.cuda.init(); a1 touch-cuda torch.cuda.init()
            f(1)
            class C(library.Base):
                @library.method
                def __init__(self, n):
                    super().__init__()
                    self.n = n
                    torch.cuda.init()  # 2 touch-cuda torch.cuda.init(); b1 touch-cuda torch.cuda.init()
            C(3).anything().cuda()  # 3 touch-cuda library.Base.anything.cuda()
            """
        )

    def test_another_script_is_a_process_of_its_own(self) -> None:
        found = self.check(
            """
            import subprocess, sys
            import helper
            import spaces  # 2 import-spaces import spaces
            subprocess.run([sys.executable, "work/job.py"], check=True)  # 3 run-command subprocess.run()
            import torch
            torch.cuda.init()  # 7 touch-cuda torch.cuda.init()
            --- helper.py
            import torch
            torch.cuda.init()  # 1 touch-cuda torch.cuda.init()
            --- work/job.py
            import torch, gradio as gr
            torch.cuda.is_available()  # 4 touch-cuda torch.cuda.is_available()
            import spaces  # 5 import-spaces import spaces
            import helper
            def f():
                torch.cuda.init()  # a1 touch-cuda torch.cuda.init()
            gr.Interface(f, "text", "text")
            --- work/helper.py
            import torch
            torch.cuda.init()  # 6 touch-cuda torch.cuda.init()
            """
        )
        phases = [event["phase"] for event in found["events"] if event["root"] is None]
        self.assertEqual(
            phases, ["before-spaces", "startup", "startup", "before-spaces", "startup", "startup", "startup"]
        )

    def test_local_modules_come_before_packages(self) -> None:
        self.check(
            """
            import spaces
            import random
            import package.sub
            from package import *
            @spaces.GPU
            def f(): pass
            f()
            public()
            --- spaces/__init__.py
            import torch
            GPU = lambda f: f
            torch.cuda.init()  # 1 touch-cuda torch.cuda.init()
            --- random.py
            import torch
            torch.cuda.init()  # 2 touch-cuda torch.cuda.init()
            --- package/__init__.py
            import torch
            torch.cuda.init()  # 3 touch-cuda torch.cuda.init()
            from .sub import public
            __all__ = ["public"]
            --- package/sub.py
            def public():
                torch.cuda.init()  # 4 touch-cuda torch.cuda.init()
            import torch
            """
        )

    def test_what_needs_a_value_gets_one(self) -> None:
        self.check(
            """
            import library, torch
            a, b = library.two()
            c, *d, e = library.many()
            library.f(*library.arguments, **library.options)
            with library.open() as x:
                x += 1
            try:
                library.g()
            except (library.Error, library.other.NotThere) as error:
                torch.cuda.init()
            if library.flag and not library.a == library.b:
                torch.cuda.init()  # 1 touch-cuda torch.cuda.init()
            while library.waiting():
                pass
            for i in range(library.count):
                torch.cuda.init()  # 2 touch-cuda torch.cuda.init()
            from library import *
            something_starred(3).cuda()  # 3 touch-cuda library.something_starred.cuda()
            """
        )

    def test_async_programs_run(self) -> None:
        self.check(
            """
            import asyncio, torch
            async def part(n):
                await asyncio.sleep(n)  # 1 sleep asyncio.sleep(); 2 sleep asyncio.sleep()
                return n
            async def main():
                a, b = await asyncio.gather(part(1), part(2))
                asyncio.get_running_loop().run_in_executor(None, work)
                if a + b == 3:
                    torch.cuda.init()  # 3 touch-cuda torch.cuda.init()
            def work():
                torch.cuda.init()  # a1 touch-cuda torch.cuda.init()
            asyncio.run(main())
            """
        )

    def test_choices_decide_what_is_open(self) -> None:
        text = """
            import library, torch
            try:
                import missing
                torch.cuda.init()
            except ImportError:
                torch.zeros(1).cuda()
            if library.flag:
                torch.ones(1).cuda()
            """
        seen = {
            tuple(event["what"] for event in self.run_space(text, choices=str(choice))[0]["events"])
            for choice in range(30)
        }
        self.assertEqual(
            seen,
            {
                (first, *second)
                for first in ("torch.cuda.init()", "torch.zeros.cuda()")
                for second in ((), ("torch.ones.cuda()",))
            },
        )

    def test_versions_are_those_that_were_pinned(self) -> None:
        self.check(
            """
            import os, torch, transformers, importlib.metadata
            from packaging import version
            available = torch.cuda.is_available()  # 1 touch-cuda torch.cuda.is_available()
            device = torch.device("cuda:0" if available else "cpu")
            os.getenv("A" + transformers.__version__)  # 2 read-env A4.57.0
            os.getenv(f"B{torch.__version__ >= '2.10'}{torch.__version__ >= '2.8'}")  # 3 read-env BFalseTrue
            os.getenv(f"C{version.parse(transformers.__version__) < version.parse('4.9')}")  # 4 read-env CFalse
            os.getenv("D" + importlib.metadata.version("transformers"))  # 5 read-env D4.57.0
            os.getenv(f"E{device.type}")  # 6 read-env Ecpu
            if torch.version.cuda is not None:
                os.getenv("F")  # 7 read-env F
            --- requirements.txt
            torch==2.8.0
            transformers==4.57.0
            """
        )

    def test_a_program_that_does_not_end_is_stopped(self) -> None:
        found, _, _ = self.run_space("while True:\n    pass\n")
        self.assertIn("out of time", found["ended"])


if __name__ == "__main__":
    unittest.main()
