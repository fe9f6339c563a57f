"""Holds what SECURITY.md promises against the program itself, by what the kernel sees of it.

    cargo build -p spacelint && python3 .ci/promises.py [--spacelint PROGRAM] [--kills 1000] [--seed NUMBER]

1. No connection and no process: every command, over all of testdata, under strace. A socket, a second program or a
   fork is a failure; a thread is none.
2. `--fix` leaves no half-written file: it is killed at random, and once at each system call by which a file could
   change. Each file is then as it was or as it was to be, and the next run ends the work and leaves nothing beside it.

It needs Linux, strace and Python 3.11, changes nothing but copies in a temporary folder, and ends with status 1 if a
promise is broken.
"""

import argparse
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPACES = ROOT / "testdata" / "spaces"
LOGS = ROOT / "testdata" / "logs"
FORMATS = ["human", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "rdjson", "markdown"]

# What begins a process or a conversation. Whatever of it is not allowed below breaks the promise.
TRACED = "network,process,io_uring_setup,ptrace,process_vm_readv,process_vm_writev"
ALLOWED = {"exit", "exit_group", "arch_prctl", "set_tid_address", "wait4", "waitid"}
# By which a file comes to be, changes or goes.
CHANGING = ["openat", "write", "fchmod", "fsync", "flock", "rename,renameat,renameat2", "unlink,unlinkat", "close"]
LEFT = re.compile(r"\.spacelint-[A-Za-z0-9]{6}")


class Broken(Exception):
    """A promise is."""


def conversation(root: Path) -> bytes:
    """What an editor says that opens a file, types, asks and goes."""
    uri = f"file://{root}/app.py"
    text = (root / "app.py").read_text()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 1}}
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    messages = [
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": f"file://{root}", "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": document}},
        {
            "method": "textDocument/didChange",
            "params": {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text + "\n"}]},
        },
        {"id": 2, "method": "textDocument/hover", "params": place},
        {
            "id": 3,
            "method": "textDocument/codeAction",
            "params": {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": []}},
        },
        {"id": 4, "method": "shutdown"},
        {"method": "exit"},
    ]
    bodies = (json.dumps({"jsonrpc": "2.0"} | message).encode() for message in messages)
    return b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)


def commands(work: Path):
    """Arguments, the folder to run in, and what stands on standard input."""
    copies = 0

    def copy() -> Path:
        nonlocal copies
        copies += 1
        return Path(shutil.copytree(SPACES, work / f"copy-{copies}", symlinks=True))

    for form in FORMATS:
        yield ["check", "--strict", "--format", form, str(SPACES)], work, None
    outputs = [word for form in FORMATS for word in ("--output", f"{form}:report.{form}")]
    yield ["check", *outputs, str(SPACES)], work, None
    yield ["check", "--baseline", "known.json", "--update-baseline", str(SPACES)], work, None
    yield ["check", "--baseline", "known.json", str(SPACES)], work, None
    for change in (["--diff", "--unsafe-fixes"], ["--fix"], ["--unsafe-fixes"], ["--add-ignore"]):
        yield ["check", "--strict", *change, str(copy())], work, None
    app = SPACES / "cuda-chain" / "app.py"
    for change in ([], ["--fix"]):
        yield ["check", *change, "--stdin-filename", str(app), "-"], work, app.read_bytes()
    logs = sorted(str(path) for path in LOGS.rglob("*.log"))
    for form in ("human", "markdown", "json"):
        yield ["diagnose", "--space", str(SPACES / "flux-demo"), "--format", form, *logs], work, None
    yield ["diagnose", "-"], SPACES / "flux-demo", (LOGS / "flux-demo.log").read_bytes()
    for form in ("table", "markdown", "env", "json"):
        yield ["secrets", "--format", form, str(SPACES)], work, None
    yield ["secrets", "--have", "-", str(SPACES / "duplicated")], work, b'[{"key": "HF_TOKEN"}]'
    for log in sorted(LOGS.glob("*.log")):
        for change in (["--diff"], [], ["--direct"]):
            yield ["lock", "--log", str(log), *change, str(copy() / log.stem)], work, None
    package = work / "site-packages" / "gradio-6.31.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: gradio\nVersion: 6.31.0\n")
    yield ["lock", "--environment", str(package.parent), str(copy() / "gradio-4")], work, None
    for command in ("quota", "trace"):
        for form in ("human", "json"):
            yield [command, "--format", form, str(SPACES)], work, None
    for form in ("human", "json"):
        yield ["rules", "--format", form], work, None
    for page in sorted((ROOT / "rules" / "src").glob("*/*.md")):
        yield ["explain", page.stem.replace("_", "-")], work, None
    for shell in ("bash", "elvish", "fish", "powershell", "zsh"):
        yield ["completions", shell], work, None
    yield ["man"], work, None
    yield ["man", "--out", "man"], work, None
    (work / "site").mkdir()
    yield ["site", "site"], work, None
    yield ["init", str(copy() / "cuda-chain")], work, None
    yield ["server"], work, conversation(copy() / "cuda-chain")
    yield ["check", "no-such-folder"], work, None
    yield ["--help"], work, None
    yield ["no-such-command"], work, None


def untouched(program: Path, work: Path) -> None:
    """No connection and no process."""
    count = calls = 0
    for arguments, folder, given in commands(work):
        trace = work / "trace.txt"
        strace = ["strace", "-f", "-qq", "-e", f"trace={TRACED}", "-e", "signal=none", "-o", str(trace)]
        ran = subprocess.run([*strace, program, *arguments], cwd=folder, input=given, capture_output=True, timeout=600)
        if ran.returncode not in (0, 1, 2) or b"internal error" in ran.stderr:
            raise Broken(f"{arguments} ended with {ran.returncode}: {ran.stderr.decode()[:500]}")
        if arguments == ["server"] and b'"id":3' not in ran.stdout:
            raise Broken(f"the server answered nothing: {ran.stdout[:500]}")
        lines = trace.read_text(errors="replace").splitlines()
        started = [line for line in lines if " execve(" in line]
        if len(started) != 1 or not lines or lines[0] != started[0]:
            raise Broken(f"{arguments} was to be one program: {started}")
        for line in lines[1:]:
            found = re.match(r"\d+ +(?:<\.\.\. )?(\w+)", line)
            name = found[1] if found else line
            is_thread = name in ("clone", "clone3") and ("CLONE_THREAD" in line or "resumed" in line)
            if name not in ALLOWED and not is_thread and "+++" not in line:
                raise Broken(f"{arguments}: {line}")
        count, calls = count + 1, calls + len(lines)
    print(f"no connection, no process: {count} runs, {calls} system calls of these classes, none but threads and ends")


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


class Subject:
    """A Space, as it is and as `--fix` leaves it."""

    def __init__(self, program: Path, space: Path, work: Path):
        self.program, self.space = program, space
        self.copy = work / "subject"
        self.before = contents(space)
        self.fresh()
        began = time.monotonic()
        self.fix()
        self.seconds = time.monotonic() - began
        self.after = contents(self.copy)

    def fresh(self) -> None:
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.space, self.copy, symlinks=True)

    def arguments(self) -> list:
        return [self.program, "check", "-q", "--strict", "--unsafe-fixes", self.copy]

    def fix(self) -> None:
        subprocess.run(self.arguments(), capture_output=True, timeout=120)

    def judge(self, how: str) -> tuple[bool, int]:
        """Whether anything was written, and how much was left beside it."""
        now = contents(self.copy)
        left = [path for path in now if LEFT.fullmatch(Path(path).name)]
        for path, old in self.before.items():
            if now.get(path) not in (old, self.after[path]):
                raise Broken(f"{how}: {path} of {self.space.name} is neither what it was nor what it was to be")
        strange = [path for path in now if path not in self.after and path not in left]
        if strange:
            raise Broken(f"{how}: {strange} in {self.space.name}")
        has_begun = any(now[path] != old for path, old in self.before.items())
        self.fix()
        if (ended := contents(self.copy)) != self.after:
            differ = sorted(path for path in ended | self.after if ended.get(path) != self.after.get(path))
            raise Broken(f"{how}: the next run of {self.space.name} ends with {differ}")
        return has_begun, len(left)


def whole(program: Path, work: Path, kills: int, seed: int) -> None:
    """No half-written file."""
    many = work / "many"
    shutil.copytree(SPACES / "cuda-chain", many)
    (many / "requirements.txt").write_text("gradio==6.31.0\n" + "# much to write\n" * 4000)
    card = "---\ntitle: A\nsdk: gradio\napp_file: app.py\nsuggested_hardware: zero-a10g\n---\n"
    (many / "README.md").write_text(card)
    candidates = [many, *sorted(path for path in SPACES.iterdir() if path.is_dir())]
    subjects = [subject for space in candidates if (subject := Subject(program, space, work)).before != subject.after]
    chance = random.Random(seed)
    ended = begun = left = 0
    for turn in range(kills):
        subject = chance.choice(subjects)
        subject.fresh()
        running = subprocess.Popen(subject.arguments(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, 1.1 * subject.seconds))
        running.send_signal(signal.SIGKILL)
        ended += running.wait() != -signal.SIGKILL
        has_begun, beside = subject.judge(f"kill {turn}, seed {seed}")
        begun, left = begun + has_begun, left + beside
    print(
        f"killed at random: {kills} times in {len(subjects)} Spaces, of which {ended} had ended; in {begun} something "
        f"was written, {left} files were left beside, and the next run removed them"
    )
    points = left = 0
    for subject in subjects[:4]:
        for calls in CHANGING:
            when = 0
            while True:
                when += 1
                subject.fresh()
                inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={calls}:signal=SIGKILL:when={when}"]
                ran = subprocess.run([*inject, *subject.arguments()], capture_output=True, timeout=120)
                left += subject.judge(f"{calls} number {when}")[1]
                if ran.returncode in (0, 1, 2):
                    break
                points += 1
    print(f"killed at each call that changes a file: {points} points in 4 Spaces, {left} files left beside and removed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spacelint", type=Path, default=ROOT / "target" / "debug" / "spacelint")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    asked = parser.parse_args()
    program = asked.spacelint.resolve()
    with tempfile.TemporaryDirectory() as work:
        try:
            for part in ("traced", "killed"):
                (Path(work) / part).mkdir()
            untouched(program, Path(work) / "traced")
            whole(program, Path(work) / "killed", asked.kills, asked.seed)
        except Broken as broken:
            print(f"BROKEN: {broken}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
