#!/usr/bin/env python3
"""Writes the seeds of every target to `corpus/`, from the rules' pages and testdata, and a dictionary of words.

Nothing of it is committed: what a page shows is a seed as soon as it is written.
"""

import hashlib
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CORPUS = HERE / "corpus"
# What is longer teaches the fuzzer nothing that its pieces do not.
LONGEST = 16 * 1024

CARD = "---\ntitle: A Space\nsdk: gradio\nsdk_version: \"6.31.0\"\napp_file: app.py\nsuggested_hardware: zero-a10g\n---\n"
APP = "import gradio as gr\nimport spaces\n\n\n@spaces.GPU(duration=30)\ndef run(x):\n    return x\n\n\ngr.Interface(run, 'text', 'text').launch()\n"


def seed(target: str, content: bytes) -> None:
    if len(content) > LONGEST:
        content = content[:LONGEST]
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)


def whole(files: dict[str, bytes]) -> bytes:
    """The files of a Space, as the targets read them."""
    return b"".join(b"=== " + path.encode() + b"\n" + text.rstrip(b"\n") + b"\n" for path, text in files.items())


def pages():
    """The Spaces that a page shows: blocks with a title and nothing but blank lines between."""
    for page in sorted(ROOT.glob("rules/src/*/*.md")):
        files: dict[str, bytes] = {}
        title, block = None, []
        for line in page.read_text().splitlines():
            if title is not None:
                if line.startswith("```"):
                    files[title] = re.sub(r" *# finding.*", "", "\n".join(block) + "\n").encode()
                    title, block = None, []
                else:
                    block.append(line)
            elif found := re.match(r'```\w* *title="([^"]+)"', line):
                if found[1] in files:
                    yield page.stem.replace("_", "-"), files
                    files = {}
                title = found[1]
            elif line.strip() and files:
                yield page.stem.replace("_", "-"), files
                files = {}
        if files:
            yield page.stem.replace("_", "-"), files


def spaces():
    """The Spaces of testdata."""
    for folder in sorted(path for path in (ROOT / "testdata/spaces").iterdir() if path.is_dir()):
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        yield {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def logs():
    for path in sorted((ROOT / "testdata/logs").rglob("*.log")) + sorted((ROOT / "testdata/logs").rglob("*.txt")):
        yield path.read_bytes()
    for failure in tomllib.loads((ROOT / "rules/knowledge/failures.toml").read_text()).values():
        for entry in failure if isinstance(failure, list) else [failure]:
            for sample in entry.get("samples", []) if isinstance(entry, dict) else []:
                if isinstance(sample, str):
                    yield sample.encode()


def main() -> None:
    rules = set()
    shown = []
    for rule, files in pages():
        rules.add(rule)
        shown.append(files)
        full = {"README.md": CARD.encode(), "app.py": APP.encode()} | files
        silenced = {
            path: re.sub(rb"\n", b"  # spacelint: ignore[%s]\n" % rule.encode(), text, count=3)
            for path, text in full.items()
        }
        seed("suppressions", whole(silenced))
        seed("suppressions", whole({"app.py": b"# spacelint: ignore-file[%s]\n" % rule.encode() + full["app.py"]} | files))
        for target in ("space", "fixes"):
            seed(target, whole(full))
        seed("fixes", whole({path: text.replace(b"\n", b"\r\n") for path, text in full.items()}))
    for files in spaces():
        shown.append(files)
        for target in ("space", "fixes", "suppressions"):
            seed(target, whole(files))
    for files in shown:
        for path, text in files.items():
            name = path.rsplit("/", 1)[-1]
            if name == "README.md":
                seed("card", text)
            elif name.endswith(".py"):
                seed("python", text)
                seed("lsp", b"\1\0" + text[:2000] + "\1\0\1\3\5é😀x\r\ny\1\2\0\3\0".encode() + b"\1\r\r\0\0whole")
            elif name.endswith(".txt"):
                seed("requirements", text)
                seed("requirements", b"=== requirements.txt\n-r more.txt\n=== more.txt\n" + text)
            elif name.endswith((".toml", ".json")):
                seed("settings", text)
            elif name == "Dockerfile":
                seed("space", whole({"README.md": b"---\nsdk: docker\n---\n", "Dockerfile": text}))
    for block in re.findall(r"```(?:toml|json)[^\n]*\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        seed("settings", block.encode())
    for log in logs():
        seed("logs", b"\5" + log)

    claims = "eyJhbGciOiJub25lIn0.eyJzcGFjZWxpbnRfdmlzaXRvciI6InYifQ.dQ"
    ask = "POST /schedule?cgroupPath=%2F&taskId=1&enableQueue=true&tokenVersion=1&durationSeconds=60"
    seed("profiler", f"\0{ask}&token={claims}\nPOST /allow?allowToken=token-1&pid=7\nPOST /release?allowToken=token-1&fail=false\n".encode())
    seed("profiler", f"\1POST /startup-report\n{ask}\n{ask}&gpuSize=xlarge\nGET /queue-size\nPOST /release?allowToken=token-1&fail=true\n".encode())
    for line in (
        '{"event":"function","task":"1","module":"app","name":"run","file":"app.py","line":3}',
        '{"event":"began","pid":7,"call":"a","task":"1","arguments":{"x":{"type":"int","value":3}},"size":null,"duration":null}',
        '{"event":"work","pid":7,"call":"a","seconds":1.5,"busy":1.0,"tf32":false,"done":[["aten::mm","float",0.5]]}',
        '{"event":"ran","pid":7,"call":"a","seconds":1.5,"wall":1.5,"peak":7,"error":null}',
        '{"event":"packed","bytes":99999999999}',
        '{"event":"failed","pid":7,"error":{"type":"E","text":"x"}}',
        '{"event":"cuda-result","pid":7}',
    ):
        seed("profiler", f"\2{ask}\nPOST /allow?allowToken=token-1&pid=7\nhook {line}\nhook {line}\nPOST /release?allowToken=token-1\n".encode())

    words = set(re.findall(r"[A-Za-z_.]{3,24}", APP + CARD + claims + ask)) | rules
    for files in shown:
        for text in files.values():
            words |= set(re.findall(r"[A-Za-z_][\w.-]{2,23}", text.decode(errors="replace")))
    words |= {"# spacelint: ignore[", "# spacelint: ignore-file[", "]", "\n=== ", "=== app.py\n", "---\n", '"""', "'''", "f'{", "<<: *a", "&a ", "*a", "!!str ", "-r ", "-e ", "; python_version < '3'", "--hash=sha256:", "\\\n", "\ufeff", "\r\n", "# coding: latin-1\n", "Traceback (most recent call last):\n", '  File "app.py", line 1, in <module>\n'}
    escaped = ("".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode()) for word in sorted(words))
    (CORPUS / "words.dict").write_text("".join(f'"{word}"\n' for word in escaped if len(word) < 100))
    for folder in sorted(CORPUS.iterdir()):
        if folder.is_dir():
            print(f"{folder.name}: {sum(1 for _ in folder.iterdir())} seeds")


if __name__ == "__main__":
    main()
