#!/usr/bin/env python3
"""Makes brings.toml anew: which of the packages of modules.toml come with what.

    python3 rules/knowledge/brings.py          # needs uv, and the network

uv resolves the packages of modules.toml and of OTHERS below for several Pythons and days, and says of each
what wants it. A package that it cannot resolve without building something is left out, and so is unknown to
the rules. That an older release brought something counts as well: the table says what may come, not what must.
"""

import datetime
import re
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
# The Python and the day whose newest releases count; none for today.
RESOLUTIONS = [("3.12", None), ("3.10", None), ("3.10", "2025-04-01"), ("3.10", "2024-04-01"), ("3.10", "2023-03-01")]
# Gradio's releases differ most in what they bring, and a card names one. An older one wants a package that must
# be built.
GRADIO = ["3.50.2", "4.0.2", "4.19.2", "4.29.0", "4.44.1", "5.0.2", "5.23.3", "5.50.0", "6.0.2"]
# So many packages are resolved together, where they agree with each other.
GROUP = 24
# What Spaces often ask for besides, and what the builder installs.
OTHERS = """
aiofiles anyio asyncio attrs av braceexpand cachetools certifi cffi click
cloudpickle colorama coloredlogs compel conformer contourpy cryptography cython diskcache
einops-exts fastapi ffmpeg-python ffmpy filelock flatbuffers fsspec
gitpython google-generativeai gradio[mcp,oauth] gradio-client gradio-imageslider hf-transfer hf-xet httpx
huggingface-hub humanize idna imageio-ffmpeg importlib-metadata inflect invisible-watermark
ipykernel ipython ipywidgets itsdangerous jax jaxlib jaxtyping jinja2 jsonschema kernels
langchain-core langchain-openai langchain-text-splitters lazy-loader llvmlite lmdb lxml markdown markdown-it-py
markdown2 markupsafe ml-dtypes mpmath multidict natsort nest-asyncio ninja numexpr numpy
openpyxl opencv-contrib-python opencv-python optimum-quanto orjson packaging pandas
piexif pillow pillow-heif pip platformdirs pooch portalocker prettytable protobuf pyarrow pydantic pydantic-core
pydantic-settings pydub pygltflib pygments pyloudnorm pymcubes pypinyin python-dateutil python-multipart
pytz pyyaml rapidfuzz regex reportlab rich ruff semantic-version setuptools
shapely shortuuid six sniffio sounddevice spaces spandrel sqlalchemy starlette streamlit tenacity
tensorboard tensorboardx termcolor threadpoolctl tifffile tokenizers toml tomlkit torchao torchcodec tornado
traitlets triton trl typer typing-extensions unidecode urllib3 uvicorn vector-quantize-pytorch
websockets wheel zstandard
""".split()


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def resolve(names, python, day, build=False):
    """The edges from what wants to what is wanted, or none where there is no such set of releases."""
    command = [
        "uv", "pip", "compile", "-", "--quiet", "--no-header", "--annotation-style", "line",
        "--python-version", python, "--python-platform", "x86_64-manylinux_2_28",
    ] + (["--exclude-newer", day] if day else []) + ([] if build else ["--no-build"])
    done = subprocess.run(command, input="\n".join(names), capture_output=True, text=True)
    if done.returncode:
        return None
    edges = {}
    for line in done.stdout.splitlines():
        found = re.match(r"([^=\s#]+)==\S+\s*(?:# via (.*))?$", line.strip())
        if found:
            edges.setdefault(normal(found[1]), set())
            for parent in (found[2] or "").split(","):
                # The last is the list itself: `-r -`.
                parent = parent.strip()
                if parent and not parent.startswith("-"):
                    edges.setdefault(normal(parent), set()).add(normal(found[1]))
    return edges


def gather(names, python, day, into):
    """Resolves `names` together, or in ever smaller groups."""
    edges = resolve(names, python, day)
    if edges is not None:
        for name, wanted in edges.items():
            into.setdefault(name, set()).update(wanted)
    elif len(names) > 1:
        half = len(names) // 2
        gather(names[:half], python, day, into)
        gather(names[half:], python, day, into)
    else:
        print(f"left out for Python {python} of {day or 'today'}: {names[0]}", file=sys.stderr)


def closure(name, edges):
    found, todo = set(), [name]
    while todo:
        for wanted in edges.get(todo.pop(), ()):
            if wanted not in found:
                found.add(wanted)
                todo.append(wanted)
    return found


def modules():
    return tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8"))["module"]


def write(edges):
    telling = {normal(name) for it in modules() for name in [it["package"], *it.get("also", [])]}
    lines = [
        "# Which packages of modules.toml come with a package, in any of the releases that were asked about.",
        "# Made by brings.py; a package that is not here is one of which nothing is known.",
        "",
        'source = "Requires-Dist of the releases that uv resolves for Python 3.10 and 3.12, of today and of 2023, 2024 and 2025"',
        f"as_of = {datetime.date.today()}",
        'confidence = "H"',
        "",
        "[brings]",
    ]
    for name in sorted(edges):
        found = ", ".join(f'"{it}"' for it in sorted(closure(name, edges) & telling - {name}))
        lines.append(f"{name} = [{found}]")
    (HERE / "brings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    names = sorted({normal(it["package"]) for it in modules()} | {normal(name) for name in OTHERS})
    edges = {}
    for python, day in RESOLUTIONS:
        for start in range(0, len(names), GROUP):
            print(f"Python {python} of {day or 'today'}: {start} of {len(names)}", file=sys.stderr)
            gather(names[start : start + GROUP], python, day, edges)
    for release in GRADIO:
        for name, wanted in resolve([f"gradio[oauth]=={release}"], "3.10", None, build=True).items():
            edges.setdefault(name, set()).update(wanted)
    write(edges)


if __name__ == "__main__":
    main()
