"""What CPython really does when a Space starts: the measure that the tool's trace is held against.

The program runs under the real interpreter and the real standard library; every third-party package is a
recorder, and what would leave the process – commands, threads, requests, sleep – is noted instead of done. What
a noted call means comes from the tables, by this module's own reading. It must never know how the tool follows
a program, and never run anything of it: the two agree only where both are right.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import collections
import dis
import functools
import gc
import importlib
import importlib.metadata
import importlib.util
import inspect
import io
import json
import os
import random
import re
import resource
import runpy
import select
import shlex
import shutil
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

# What the standard library loads only when it is first used is loaded before the first fork, while the names that
# are replaced for a Space are still the real ones.
import asyncio
import base64  # noqa: F401
import concurrent.futures.process
import concurrent.futures.thread
import contextlib
import copy  # noqa: F401
import dataclasses  # noqa: F401
import decimal  # noqa: F401
import enum  # noqa: F401
import fractions  # noqa: F401
import hashlib  # noqa: F401
import html  # noqa: F401
import http.server  # noqa: F401
import itertools  # noqa: F401
import logging.handlers  # noqa: F401
import multiprocessing.pool  # noqa: F401
import pickle  # noqa: F401
import queue  # noqa: F401
import socket
import sqlite3  # noqa: F401
import statistics  # noqa: F401
import string  # noqa: F401
import subprocess  # noqa: F401
import textwrap  # noqa: F401
import threading  # noqa: F401
import traceback
import typing  # noqa: F401
import unittest.mock  # noqa: F401
import urllib.parse  # noqa: F401
import urllib.request  # noqa: F401
import uuid  # noqa: F401
import weakref  # noqa: F401
import xml.etree.ElementTree  # noqa: F401
import zipfile  # noqa: F401

import knowledge
from recorder import How, Recorder, Super, how, named, recorded_base, result, unknown

#: Seconds that one part of a run (start-up, or one root) may take, and the whole run.
PART_SECONDS = 3
RUN_SECONDS = 20
MEMORY = 1 << 30
#: Events after which a part is taken to go on for ever.
MAX_EVENTS = 5_000
#: How often in one place something external is true before it is false.
MOST_TURNS = 20
#: Roots that a run follows.
MAX_ROOTS = 400

_HERE = str(Path(__file__).resolve().parent)
_OWN_MODULES = (
    "agree",
    "compare",
    "constructs",
    "expressions",
    "generate",
    "interfaces",
    "knowledge",
    "oracle",
    "probe",
    "program",
    "real",
    "recorder",
    "shrink",
)
_STANDARD_PATH = [
    path for path in sys.path if path and "-packages" not in path and path != _HERE and os.path.isabs(path)
]
_GPU = "spaces.GPU"
_GPU_PACKAGE = "spaces"
_SENTINEL = object()
_IMPORT_FROM = dis.opmap["IMPORT_FROM"]


class Stopped(BaseException):
    """The oracle ends a part that would not end by itself."""


@dataclass
class Root:
    """A callable that somebody else calls after start-up."""

    role: str
    callable: Any
    path: str
    line: int
    function: str | None
    ended: str | None = None

    @property
    def phase(self) -> str:
        return "gpu" if self.role == "gpu" else "request"

    def shown(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "phase": self.phase,
            "function": self.function,
            "path": self.path,
            "line": self.line,
            "ended": self.ended,
        }


class GpuFunction:
    """What `spaces.GPU` returns: calling it is calling a worker, not the function."""

    def __init__(self, run: Run, inner: Any) -> None:
        self._run = run
        self._inner = inner
        with contextlib.suppress(Exception):
            functools.update_wrapper(self, inner, updated=())
        self.__wrapped__ = inner

    def __call__(self, *_: Any, **__: Any) -> Any:
        function = function_of(self._inner)
        name = function.__qualname__ if self._run.is_own(function) else "?"
        self._run.record("call-gpu", name)
        return unknown()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_inner"], name)


def function_of(value: Any) -> Any:
    """The function that calling this runs in the end, if there is one."""
    while True:
        if isinstance(value, types.MethodType):
            value = value.__func__
        elif isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, GpuFunction):
            value = value._inner
        elif isinstance(value, functools._lru_cache_wrapper):
            value = value.__wrapped__
        else:
            return value if isinstance(value, types.FunctionType) else None


class Environ(os._Environ):
    """`os.environ`, whose reads and writes by the program are noted."""

    run: Run

    def _read(self, key: Any) -> None:
        if isinstance(key, str) and self.run.frame_is_own(sys._getframe(2)):
            self.run.reads(key)

    def _set(self, key: Any) -> None:
        if isinstance(key, str) and self.run.frame_is_own(sys._getframe(2)):
            self.run.record("set-env", key)
        self.run.own_variables.add(key)

    def __getitem__(self, key: Any) -> Any:
        self._read(key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self._read(key)
        try:
            return super().__getitem__(key)
        except KeyError:
            return default

    def pop(self, key: Any, default: Any = _SENTINEL) -> Any:
        self._read(key)
        try:
            value = super().__getitem__(key)
        except KeyError:
            if default is _SENTINEL:
                raise
            return default
        del self[key]
        return value

    def setdefault(self, key: Any, value: Any = None) -> Any:
        if key not in self.run.own_variables:
            self._set(key)
        try:
            return super().__getitem__(key)
        except KeyError:
            super().__setitem__(key, value)
            return value

    def __setitem__(self, key: Any, value: Any) -> None:
        self._set(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self.run.own_variables.discard(key)

    def __contains__(self, key: Any) -> bool:
        if isinstance(key, str):
            self.run.choose_variable(key)
        try:
            super().__getitem__(key)
        except KeyError:
            return False
        return True


class Finder:
    """Finds the program's own modules as CPython does, and stands in for every other package."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        top, _, below = name.partition(".")
        if below:
            if isinstance(sys.modules.get(name.rpartition(".")[0]), Recorder):
                return self._recorded(name)
            return PathFinder.find_spec(name, path, target)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            is_namespace = spec.origin is None
            vendored = name == _GPU_PACKAGE and not is_namespace and self._is_vendored(spec)
            if not vendored and not (is_namespace and self.run.is_asked_for(name)):
                return spec
        if top in sys.stdlib_module_names or not self.run.frame_is_own(_importer()):
            return None
        return None if self.run.is_missing(name) else self._recorded(name)

    @staticmethod
    def _is_vendored(spec: ModuleSpec) -> bool:
        """Whether the Space brings its own copy of the package: it does what the package does."""
        return any((Path(folder) / "zero").is_dir() for folder in spec.submodule_search_locations or ())

    def _recorded(self, name: str) -> ModuleSpec:
        return importlib.util.spec_from_loader(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> Recorder:
        parent, _, leaf = spec.name.rpartition(".")
        if parent:
            known = sys.modules[parent].__dict__.get(leaf)
            if isinstance(known, Recorder):
                return known
        module = named(spec.name)
        how(module).is_module = True
        return module

    def exec_module(self, module: Recorder) -> None:
        pass


def _importer() -> FrameType | None:
    """The frame whose import is being followed."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith("<frozen importlib") and not name.startswith(_HERE) and name != importlib.__file__:
            return frame
        frame = frame.f_back
    return None


def _is_importing(frame: FrameType) -> bool:
    """Whether the frame is taking a name out of a module by `from … import`."""
    return frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM


def _caller() -> FrameType | None:
    """The frame that called something of the oracle's."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return frame


class Run:
    """One process of a Space: its world, and what happened in it."""

    def __init__(self, space: Path, requirements: knowledge.Requirements, zerogpu: bool, choices: str | None) -> None:
        self.space = str(space)
        self.requirements = requirements
        self.zerogpu = zerogpu
        self.random = random.Random(choices) if choices is not None else None
        #: Whether something outside the program raised.
        self.failed = False
        self.platform_environment = knowledge.platform().environment(zerogpu)
        self.effects = knowledge.effects()
        self.exceptions: set[str] = set()
        #: The environment variables that the program has set.
        self.own_variables: set[str] = set()
        self.imported: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.roots: list[Root] = []
        self.followed_elsewhere: dict[int, list[dict[str, Any]]] = {}
        #: How the processes that the program started ended early, or None for each that did not.
        self.processes: list[str | None] = []
        self.root: int | None = None
        self.part_started = 0
        #: The frame below which another process of the Space may still be running.
        self._bottom: FrameType | None = None
        self._asked: collections.Counter[Any] = collections.Counter()
        self._seen_roots: set[tuple[int, str]] = set()
        self._kept: list[Any] = []
        self._own_files: dict[str, str | None] = {}
        self._positions: dict[CodeType, list[tuple]] = {}
        self._call_starts: dict[str, dict[tuple[int, int], int]] = {}
        self._tries: dict[str, list[tuple[int, int, list]]] = {}
        self._missing: dict[str, bool] = {}
        self._chosen: set[str] = set()

    # Places

    def own_path(self, filename: str) -> str | None:
        """The path of a file of the Space, relative to it."""
        try:
            return self._own_files[filename]
        except KeyError:
            full = os.path.normpath(os.path.join(self.space, filename))
            inside = full.startswith(self.space + "/") and not filename.startswith("<")
            own = self._own_files[filename] = full[len(self.space) + 1 :] if inside else None
            if own is not None:
                self._note_exceptions(full)
            return own

    def _note_exceptions(self, file: str) -> None:
        """External names that the file catches must be classes when they are reached."""
        with contextlib.suppress(OSError):
            for caught in re.findall(rb"except\b([^:\n]*):", Path(file).read_bytes()):
                self.exceptions.update(name.decode() for name in re.findall(rb"\.(\w+)", caught))

    def frame_is_own(self, frame: FrameType | None) -> bool:
        return frame is not None and self.own_path(frame.f_code.co_filename) is not None

    def is_own(self, function: Any) -> bool:
        return isinstance(function, types.FunctionType) and self.own_path(function.__code__.co_filename) is not None

    def is_own_module(self, name: str) -> bool:
        file = getattr(sys.modules.get(name), "__file__", None)
        return isinstance(file, str) and self.own_path(file) is not None

    def own_frames(self) -> Iterator[FrameType]:
        """The frames of the program in this process, innermost first."""
        frame = sys._getframe(1)
        while frame is not None and frame is not self._bottom:
            if self.frame_is_own(frame):
                yield frame
            frame = frame.f_back

    def place(self) -> tuple[str, int]:
        """Where the program is: the start of the expression in its innermost frame."""
        frame = next(self.own_frames(), None)
        if frame is None:
            root = self.roots[self.root] if self.root is not None else None
            return (root.path, root.line) if root else ("", 0)
        code = frame.f_code
        positions = self._positions.get(code)
        if positions is None:
            positions = self._positions[code] = list(code.co_positions())
        line, end_line, _, end_column = positions[frame.f_lasti // 2]
        line = line or frame.f_lineno
        # A method's call is placed at the method's name, which may stand lines below the call's start.
        start = self._starts(code.co_filename).get((end_line, end_column), line)
        return self.own_path(code.co_filename), start

    def _starts(self, filename: str) -> dict[tuple[int, int], int]:
        """The first lines of the calls that span several, by where they end."""
        starts = self._call_starts.get(filename)
        if starts is None:
            starts = self._call_starts[filename] = {}
            with contextlib.suppress(OSError, SyntaxError, ValueError):
                text = Path(self.space, filename).read_bytes()
                if re.search(rb"^[\s)\]}]*\.", text, re.MULTILINE):
                    for node in ast.walk(ast.parse(text)):
                        if isinstance(node, ast.Call) and node.lineno != node.end_lineno:
                            starts[node.end_lineno, node.end_col_offset] = node.lineno
        return starts

    # What happens

    def record(self, kind: str, what: str, **details: Any) -> None:
        """Notes that something happens. Its `details` are what the program says plainly."""
        path, line = self.place()
        event = {"kind": kind, "what": what, "path": path, "line": line, "root": self.root, "details": details}
        self.events.append(event)
        if len(self.events) - self.part_started > MAX_EVENTS:
            raise Stopped("too many events")

    def hand_over(self, value: Any, role: str) -> None:
        function = function_of(value)
        if not self.is_own(function) or (id(function), role) in self._seen_roots or len(self.roots) >= MAX_ROOTS:
            return
        self._seen_roots.add((id(function), role))
        self._kept.append(function)
        self.roots.append(Root(role, value, *self.place(), function.__qualname__))

    def reads(self, name: str) -> None:
        """A read of the environment; what the program itself has put there is no part of that."""
        self.choose_variable(name)
        if name not in self.platform_environment and name not in self.own_variables:
            self.record("read-env", name)

    def choose_variable(self, name: str) -> None:
        """Whether somebody has set a variable that the platform does not set is open."""
        if (
            self.random is None
            or name in self._chosen
            or name in self.platform_environment
            or name in self.own_variables
        ):
            return
        self._chosen.add(name)
        key = os.environ.encodekey(name)
        value = self.random.choice((None, None, "1", "0", "true", "", "some text", "cuda"))
        if value is not None and key not in os.environ._data:
            os.environ._data[key] = os.environ.encodevalue(value)
            os.putenv(name, value)

    # Imports

    def is_asked_for(self, package: str) -> bool:
        return package in self.requirements or knowledge.platform().installs(package, self.zerogpu)

    def is_missing(self, package: str) -> bool:
        """Whether a package that nothing asks for is not there. One whose absence would merely end the run is."""
        if package not in self._missing:
            self._missing[package] = (
                self.random is not None
                and not self.is_asked_for(package)
                and self._caught({"ImportError", "ModuleNotFoundError"}) is not None
                and self.random.random() < 0.5
            )
        return self._missing[package]

    def note_import(self, module: str, name: str | None) -> None:
        """`import module`, or with a name `from module import name`, of something external."""
        top = module.partition(".")[0]
        if top == _GPU_PACKAGE and top not in self.imported:
            self.record("import-spaces", "import spaces")
        if (module, name) in self.effects.missing:
            self.record("import-missing", f"from {module} import {name}")
        for entry in self.effects.imported(module, name):
            again = entry.is_about_any_name and entry.module in self.imported
            if entry.poisons and not again:
                if self.requirements.may_meet(entry.condition):
                    self.record("touch-cuda", f"from {module} import {name}" if name else f"import {module}")
                break
        parts = module.split(".")
        self.imported.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))

    def import_hook(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        module = _import(name, globals, locals, fromlist, level)
        if level == 0 and isinstance(sys.modules.get(name.partition(".")[0]), Recorder):
            if self.frame_is_own(sys._getframe(1)):
                for wanted in fromlist or (None,):
                    self.note_import(name, wanted)
        return module

    def import_module(self, name: str, package: str | None = None) -> Any:
        module = _import_module(name, package)
        if isinstance(module, Recorder) and self.frame_is_own(sys._getframe(1)):
            self.note_import(name, None)
        return module

    # What recorders ask

    def starred(self, module: Recorder) -> list[str]:
        """What `from module import *` brings: the names that the importing file uses and that are not defined."""
        frame = next(self.own_frames(), None)
        if frame is None:
            return []
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            tree = ast.parse(Path(self.space, frame.f_code.co_filename).read_bytes())
            names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
            used = {node.id for node in names} - bound - set(dir(builtins)) - set(frame.f_globals)
            return sorted(used)
        return []

    def read(self, recorder: Recorder) -> Any:
        made = how(recorder)
        if made.kind == "attribute":
            return self._device_type(made, recorder)
        if made.kind != "name":
            return recorder
        module, _, name = made.path.rpartition(".")
        frame = sys._getframe(2)
        if module in self.imported and self.frame_is_own(frame) and not _is_importing(frame):
            for entry in self.effects.imported(module, name):
                if entry.lazy and entry.poisons and entry.module == module:
                    if self.requirements.may_meet(entry.condition):
                        self.record("touch-cuda", made.path)
                    break
        if made.path in self.effects.versions:
            return self._version(self.effects.versions[made.path], recorder)
        return self.worth(self.effects.values.get(made.path), recorder)

    def _version(self, of: dict[str, Any], otherwise: Recorder) -> Any:
        version = self.requirements.version(of["package"])
        if version is None:
            return otherwise
        # What is installed may have a local part, as a wheel for one CUDA version has.
        return knowledge.VersionText(f"{version}+local") if of["form"] == "version" else version

    def _device_type(self, made: How, otherwise: Recorder) -> Any:
        device = how(made.of)
        if made.leaf != self.effects.device_type or device.kind != "call" or how(device.made_by).path != "torch.device":
            return otherwise
        name = Call(self, device.made_by, device.arguments, device.keywords).argument([(0, "device"), (None, "type")])
        return name.partition(":")[0] if isinstance(name, str) else otherwise

    def worth(self, value: dict[str, Any] | None, otherwise: Any) -> Any:
        """What something external is worth on ZeroGPU, where the tables know."""
        if value is None:
            return otherwise
        if value.get("there"):
            how(otherwise).settled = how(otherwise).leaning = True
            return otherwise
        moment = "after" if _GPU_PACKAGE in self.imported else "before"
        known = value.get("always", value.get(moment) if self.zerogpu else None)
        if isinstance(known, list):
            return tuple(known[0] if self.random is None else self.random.choice(known))
        return otherwise if known is None else known

    def truth(self, recorder: Recorder) -> bool:
        made = how(recorder)
        if self.random is None:
            # What is asked again and again is asked by a loop that waits for the other answer.
            frame = next(self.own_frames(), None)
            asked = (frame.f_code, frame.f_lasti) if frame is not None else None
            self._asked[asked] += 1
            return made.leaning == (self._asked[asked] <= MOST_TURNS)
        if made.settled is None:
            made.settled = self.random.random() < 0.5
        return made.settled

    def number(self, recorder: Recorder) -> int:
        return 1 if self.random is None else self.random.randrange(4)

    def is_instance(self, value: Any, of: Recorder) -> bool:
        base = recorded_base(value)
        if base is not None and how(base).path == how(of).path:
            return True
        return isinstance(value, Recorder) and self.random is not None and self.random.random() < 0.5

    def called(self, callee: Recorder, arguments: tuple, keywords: dict[str, Any]) -> Any:
        if how(callee).is_module:
            raise TypeError("'module' object is not callable")
        if how(callee).path.partition(".")[0] in sys.stdlib_module_names and not self.frame_is_own(_caller()):
            # The standard library does for itself what is of interest only where the program does it.
            return result(callee, arguments, keywords)
        call = Call(self, callee, arguments, keywords)
        before = len(self.events)
        value = call.make()
        if not call.is_known or len(self.events) > before:
            # What is known, and does nothing of note here, does not fail either.
            self.perhaps_raise()
        return value

    # What may go wrong

    def perhaps_raise(self) -> None:
        """What stands outside may raise, which matters only where the program catches it."""
        if self.random is not None and self.random.random() < 0.1:
            caught = self._caught()
            if caught is not None:
                self.failed = True
                raise caught("something outside went wrong")

    def _caught(self, among: set[str] | None = None) -> type[BaseException] | None:
        """An exception that the innermost `try` around this moment is sure to catch."""
        for frame in self.own_frames():
            for first, last, handlers in self._tries_of(frame.f_code.co_filename):
                if first <= frame.f_lineno <= last:
                    return _catches(handlers, among)
        return None

    def _tries_of(self, filename: str) -> list[tuple[int, int, list]]:
        """The bodies of the `try` statements with handlers, innermost first."""
        tries = self._tries.get(filename)
        if tries is None:
            tries = self._tries[filename] = []
            with contextlib.suppress(OSError, SyntaxError, ValueError):
                for node in ast.walk(ast.parse(Path(self.space, filename).read_bytes())):
                    if isinstance(node, ast.Try) and node.handlers:
                        tries.append((node.body[0].lineno, node.body[-1].end_lineno, node.handlers))
            tries.sort(key=lambda body: body[1] - body[0])
        return tries

    # Other processes

    def run_command(self, command: Any, cwd: Any) -> None:
        """If the command starts another script of the Space, that is what happens next."""
        start = os.path.join(os.getcwd(), os.fspath(cwd)) if isinstance(cwd, (str, Path)) else os.getcwd()
        for script, moved in _scripts(command):
            self._run_script(script, os.path.join(start, moved))

    def _run_script(self, script: tuple[str, list[str]], folder: str) -> None:
        kind, words = script
        if kind == "file" and self.own_path(os.path.join(folder, words[0])) is None:
            return
        found = in_child(lambda: self._as_process(kind, words, folder), RUN_SECONDS)
        if not found:
            self.processes.append("killed")
            return
        self.failed |= found["failed"]
        self.processes += [found["ended"], *found["processes"]]
        first = len(self.roots)
        for event in found["events"]:
            if event["root"] is None:
                phase = event["phase"] if self.root is None else self.roots[self.root].phase
                self.events.append({**event, "phase": phase, "root": self.root, "process": True})
        for index, root in enumerate(found["roots"]):
            ended = root.pop("ended")
            root.pop("phase")
            self.roots.append(Root(callable=None, **root, ended=ended))
            self.followed_elsewhere[first + index] = [e for e in found["events"] if e["root"] == index]

    def _as_process(self, kind: str, words: list[str], folder: str) -> dict[str, Any]:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(module, Recorder) or isinstance(file, str) and self.own_path(file) is not None:
                del sys.modules[name]
            elif (
                getattr(module, "__path__", None) and not file and name.partition(".")[0] not in sys.stdlib_module_names
            ):
                del sys.modules[name]
        run = Run(Path(self.space), self.requirements, self.zerogpu, None)
        run.random = self.random
        run.own_variables = self.own_variables
        os.chdir(folder)
        sys.argv = [words[0] if kind == "file" else f"{words[0]}.py", *words[1:]]
        if kind == "file":
            entry = os.path.normpath(os.path.join(folder, words[0]))
            return run.follow(os.path.dirname(entry), lambda: run_main(entry))
        return run.follow(folder, lambda: runpy.run_module(words[0], run_name="__main__", alter_sys=True))

    # The whole

    def follow(self, base: str, main: Callable[[], Any]) -> dict[str, Any]:
        """Start-up, then every root."""
        self._bottom = sys._getframe()
        self._install(base)
        ended = self._part(main)
        index = 0
        while index < len(self.roots):
            if index in self.followed_elsewhere:
                self.events += [{**event, "root": index} for event in self.followed_elsewhere[index]]
            else:
                self.root = index
                root = self.roots[index]
                root.ended = self._part(functools.partial(self._call_root, root.callable))
            index += 1
        self._assign_phases()
        return {
            "ended": ended,
            "failed": self.failed,
            "processes": self.processes,
            "files": sorted({path for path in self._own_files.values() if path}),
            "roots": [root.shown() for root in self.roots],
            "events": self.events,
        }

    def _install(self, base: str) -> None:
        Recorder.world = self
        for name in _OWN_MODULES:
            sys.modules.pop(name, None)
        for name in _top_level(base):
            module = sys.modules.get(name)
            if module is not None and name not in sys.builtin_module_names:
                for loaded in [other for other in sys.modules if other == name or other.startswith(name + ".")]:
                    del sys.modules[loaded]
        sys.path[:] = [base, *_STANDARD_PATH]
        sys.path_importer_cache.clear()
        importlib.invalidate_caches()
        sys.dont_write_bytecode = True
        finder = Finder(self)
        sys.meta_path[:] = [*(f for f in sys.meta_path if f is not PathFinder and not isinstance(f, Finder)), finder]
        builtins.__import__ = self.import_hook
        importlib.import_module = self.import_module
        _replace_standard(self)

    def _part(self, work: Callable[[], Any]) -> str | None:
        self.part_started = len(self.events)
        _set_signal(signal.SIGALRM, _out_of_time)
        signal.setitimer(signal.ITIMER_REAL, PART_SECONDS)
        try:
            work()
        except BaseException as error:  # noqa: BLE001 – whatever the program raises is a result
            return f"{type(error).__name__}: {error}"[:300] + self._raised_at(error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return None

    def _raised_at(self, error: BaseException) -> str:
        """Where in the program."""
        lines = [
            f"{path}:{line}"
            for frame, line in traceback.walk_tb(error.__traceback__)
            if (path := self.own_path(frame.f_code.co_filename)) is not None
        ]
        return f" (at {lines[-1]})" if lines else ""

    def _call_root(self, value: Any) -> None:
        finish(call_with_unknown(value))

    def _assign_phases(self) -> None:
        starts = [i for i, event in enumerate(self.events) if event["root"] is None and "process" not in event]
        spaces = next((i for i in starts if self.events[i]["kind"] == "import-spaces"), -1)
        for index, event in enumerate(self.events):
            if event.pop("process", False) or "phase" in event:
                continue
            if event["root"] is not None:
                event["phase"] = self.roots[event["root"]].phase
            else:
                event["phase"] = "before-spaces" if index < spaces else "startup"


# The real ones of what the program gets recorders for.
_set_signal = signal.signal
_import = builtins.__import__
_import_module = importlib.import_module


def _out_of_time(*_: Any) -> None:
    raise Stopped("out of time")


def _catches(handlers: list, among: set[str] | None) -> type[BaseException] | None:
    for handler in handlers:
        if handler.type is None:
            return RuntimeError
        listed = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for item in listed:
            cls = getattr(builtins, item.id, None) if isinstance(item, ast.Name) else None
            if not (isinstance(cls, type) and issubclass(cls, Exception)) or issubclass(
                cls, (StopIteration, UnicodeError)
            ):
                continue
            if cls is Exception:
                return RuntimeError
            is_import = issubclass(cls, ImportError)
            if among is not None and is_import or among is None and not is_import:
                return cls
    return None


def _top_level(folder: str) -> set[str]:
    """The names of the modules that a folder holds."""
    with contextlib.suppress(OSError):
        return {name.removesuffix(".py") for name in os.listdir(folder)}
    return set()


def _scripts(command: Any) -> Iterator[tuple[tuple[str, list[str]], str]]:
    """The Python scripts that a command starts, each with the folder that it has changed to by then."""
    if isinstance(command, (list, tuple)):
        parts = [[str(word) for word in command]]
    elif isinstance(command, str):
        try:
            words = shlex.split(command, comments=True)
        except ValueError:
            return
        parts = [[]]
        for word in words:
            if word in ("&&", "||", ";", "|", "&"):
                parts.append([])
            else:
                parts[-1].append(word.rstrip(";"))
    else:
        return
    folder = ""
    for words in parts:
        if len(words) == 2 and words[0] == "cd":
            folder = os.path.join(folder, words[1])
        while words and (re.fullmatch(r"\w+=.*", words[0]) or words[0] in ("nohup", "exec", "env", "time")):
            words = words[1:]
        if not words or not re.fullmatch(r"python[\d.]*", os.path.basename(words[0])):
            continue
        words = words[1:]
        while words and words[0].startswith("-") and words[0] not in ("-m", "-c", "-"):
            words = words[1:]
        if len(words) > 1 and words[0] == "-m":
            yield ("module", words[1:]), folder
        elif words and not words[0].startswith("-"):
            yield ("file", words), folder


def call_with_unknown(value: Any) -> Any:
    """Calls something as somebody does of whom nothing is known."""
    given: dict[str, Any] = {}
    target = value
    while isinstance(target, functools.partial):
        given.update(target.keywords)
        target = target.func
    try:
        parameters = inspect.signature(value, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    if isinstance(value, GpuFunction):
        parameters = ()
    positional = [unknown() for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = {p.name: unknown() for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in given}
    return value(*positional, **keywords)


def finish(value: Any) -> Any:
    """Runs a generator or a coroutine to its end, as whoever called the function does."""
    if inspect.isgenerator(value):
        for _ in value:
            pass
    elif inspect.iscoroutine(value):
        return asyncio.run(value)
    elif inspect.isasyncgen(value):

        async def exhaust() -> None:
            async for _ in value:
                pass

        asyncio.run(exhaust())
    return value


class Call:
    """One call of something external, and what the tables say of it."""

    def __init__(self, run: Run, callee: Recorder, arguments: tuple, keywords: dict[str, Any]) -> None:
        self.run = run
        self.callee = callee
        self.made = how(callee)
        self.arguments = arguments
        self.keywords = keywords
        #: Whether the tables say what this does.
        self.is_known = False

    def argument(self, places: list[knowledge.Position], otherwise: Any = _SENTINEL) -> Any:
        """The first of these places at which the call says something."""
        for position, keyword in places:
            if keyword is not None and keyword in self.keywords:
                return self.keywords[keyword]
            if position is not None and position < len(self.arguments):
                return self.arguments[position]
        return otherwise

    def make(self) -> Any:
        if self._is_gpu(self.callee):
            return self._declare(self, None)
        if self.made.kind == "call" and self._is_gpu(self.made.made_by):
            function = self.arguments[0] if self.arguments else None
            given = Call(self.run, self.made.made_by, self.made.arguments, self.made.keywords)
            return self._declare(given, function)
        name = self.made.canonical
        effect = self.run.effects.calls.get(name) if name and self.made.kind != "call" else None
        if effect is not None:
            return self._known(effect, self.made.path)
        if self.made.kind in ("attribute", "name") and "." in self.made.path:
            effect = self._method(self.callee)
            if effect is not None:
                value = self._known(effect, self.made.path)
                if effect.table.get("returns_receiver"):
                    return self._receiver()
                return value
        if self.made.kind == "call":
            if (value := self._decorates()) is not _SENTINEL:
                return value
        return self._unknown_call()

    def _is_gpu(self, callee: Recorder) -> bool:
        made = how(callee)
        effect = self.run.effects.calls.get(made.path) if made.kind == "name" else None
        return effect is not None and effect.kind == "gpu-decorator"

    def _declare(self, given: Call, function: Any) -> Any:
        effect = self.run.effects.calls[_GPU]
        first = given.argument(effect.places("function"))
        if function is None and not (first is _SENTINEL or first is None or isinstance(first, (int, float, str))):
            function = first
        if function is None:
            return result(self.callee, self.arguments, self.keywords)
        inner = function_of(function)
        duration = given.argument(effect.places("duration"), first)
        size = given.argument(effect.places("size"), first)
        self.run.record(
            "declare-gpu",
            _GPU,
            function=inner.__qualname__ if self.run.is_own(inner) else None,
            duration=duration if isinstance(duration, (int, float)) and not isinstance(duration, bool) else None,
            size=size if isinstance(size, str) else None,
        )
        self.run.hand_over(given.argument(effect.places("duration"), None), "duration")
        self.run.hand_over(function, "gpu")
        return GpuFunction(self.run, function)

    def _method(self, callee: Recorder) -> knowledge.Effect | None:
        made = how(callee)
        receiver, _, method = made.path.rpartition(".")
        canonical = how(made.of).canonical if made.kind == "attribute" else receiver
        return self.run.effects.method(method, canonical)

    def _receiver(self) -> Any:
        if self.made.kind == "name":
            return named(self.made.path.rpartition(".")[0])
        own = how(self.made.of).instance
        return self.made.of if own is None else own

    def _known(self, effect: knowledge.Effect, path: str) -> Any:
        table = effect.table
        self.is_known = True
        value = self._does(effect, path)
        if (passed := self._passes(table.get("passes"))) is not None:
            return passed
        if value is not _SENTINEL:
            return value
        return self.run.worth(table.get("value"), result(self.callee, self.arguments, self.keywords))

    def _does(self, effect: knowledge.Effect, path: str) -> Any:
        record = self.run.record
        name = path.replace("()", "") + "()"
        match effect.kind:
            case "touches-cuda":
                if self.run.requirements.may_meet(effect.table.get("condition")):
                    record("touch-cuda", name)
            case "touches-cuda-on-device" | "moves-to-cuda" | "needs-cuda":
                places = effect.places("device")
                if not places or self._is_cuda(self.argument(places)):
                    record("touch-cuda", name)
            case "loads-model":
                device = self.argument(effect.places("device"))
                if self._is_cuda(device) if device is not _SENTINEL else effect.table.get("detects_cuda", False):
                    record("touch-cuda", name)
                record("load-model", name, ids=self._ids(effect))
            case "wraps-handlers":
                record("wrap-handlers", name)
            case "runs-model":
                record("run-model", name)
            case "loads-adapter":
                device = self.argument(effect.places("device"))
                if self._is_cuda(device) if device is not _SENTINEL else effect.table.get("detects_cuda", False):
                    record("touch-cuda", name)
                record("load-model", name, ids=self._ids(effect))
            case "download" | "client":
                record(effect.kind, name, ids=self._ids(effect))
            case "sleep":
                seconds = self.argument(effect.places("seconds"), None)
                record("sleep", name, seconds=seconds if isinstance(seconds, (int, float)) else None)
            case "login" | "http":
                record(effect.kind, name)
            case "connects":
                record("http", name)
                record("connect", name)
            case "encodes":
                record("encode", name)
            case "calls-space":
                record("http", name)
                record("call-space", name)
            case "compiles":
                if effect.table.get("touches_cuda"):
                    record("touch-cuda", name)
                record("compile", name)
            case "launch" | "mounts" | "serves":
                record("serve", name)
            case "sets-queue":
                record("set-queue", name)
            case "offers-login":
                record("offer-login", name)
            case "subprocess":
                command = self.argument(effect.places("command"), None)
                # How the words of a list are written as one text is the tool's own affair.
                record(
                    "run-command", name, **({} if isinstance(command, (list, tuple)) else {"command": _plain(command)})
                )
                return self._command(effect, path)
            case "reads-env":
                if isinstance(variable := self.argument(effect.places("name")), str):
                    self.run.reads(variable)
            case "sets-env":
                variable = self.argument(effect.places("name"))
                record("set-env", variable if isinstance(variable, str) else "?")
            case "handler":
                if _plain(self.argument(effect.places("at_once"), "default")) != "default":
                    record("limit-calls", name)
                self._handler(effect)
            case "parses-version":
                if isinstance(text := self.argument(effect.places("version")), str) and re.match(r"v?\d", text):
                    return knowledge.Version(str(text))
        return _SENTINEL

    def _ids(self, effect: knowledge.Effect) -> list[str]:
        """What is loaded, where the program says so."""
        name = _plain(self.argument(effect.places("id"), None))
        if name is None:
            return []
        return [name if "/" in name else effect.table.get("id_prefix", "") + name]

    def _command(self, effect: knowledge.Effect, path: str) -> Any:
        folder = self.argument(effect.places("folder"), self.keywords.get("cwd"))
        self.run.run_command(self.argument(effect.places("command")), folder)
        if path == "os.system":
            return 0 if self.run.random is None else self.run.random.randrange(2)
        done = result(self.callee, self.arguments, self.keywords)
        if self.run.random is None:
            # Where nobody chooses, commands succeed and say nothing.
            done.__dict__.update(returncode=0, stdout="", stderr="")
        return done

    def _handler(self, effect: knowledge.Effect) -> None:
        for place in effect.places("functions"):
            handed = self.argument([place])
            for function in handed if isinstance(handed, (list, tuple)) else [handed]:
                if not self.run.is_own(function_of(function)):
                    continue
                if effect.table.get("runs_now"):
                    finish(call_with_unknown(function))
                self.run.hand_over(function, effect.table["role"])

    def _is_cuda(self, device: Any) -> bool:
        if isinstance(device, str):
            return self.run.effects.names_cuda(device)
        if isinstance(device, int) and not isinstance(device, bool):
            return device >= 0
        if isinstance(device, dict):
            return any(self._is_cuda(part) for part in device.values())
        if isinstance(device, Recorder):
            made = how(device)
            if made.kind == "call" and how(made.made_by).path == "torch.device":
                given = Call(self.run, made.made_by, made.arguments, made.keywords)
                return self._is_cuda(given.argument([(0, "device"), (None, "type")]))
        return False

    def _passes(self, passes: str | None) -> Any:
        """The callable that the result stands for, if that is settled by the call itself."""
        at = (passes or "").partition("|")[0]
        if not at or at == "decorator":
            return None
        position, _, keyword = at.partition(":")
        value = self.argument([(int(position), keyword or None)])
        return value if self.run.is_own(function_of(value)) or isinstance(value, type) else None

    def _decorates(self) -> Any:
        """A decorator that was made by a call is called with what it decorates."""
        if not self.arguments:
            return _SENTINEL
        made_by, function = self.made.made_by, self.arguments[0]
        name = how(made_by).canonical
        effect = self.run.effects.calls.get(name) if name else None
        by_name = effect is not None
        if effect is None and how(made_by).kind in ("attribute", "name") and "." in how(made_by).path:
            effect = self._method(made_by)
        if effect is None:
            return _SENTINEL
        if effect.kind == "handler" and effect.table.get("decorator"):
            self.run.hand_over(function, effect.table["role"])
            return function
        if by_name and "decorator" in (effect.table.get("passes") or ""):
            return function
        return _SENTINEL

    def _unknown_call(self) -> Any:
        """Nothing is known of this call: a function that is handed to it may be called at any time."""
        if len(self.arguments) == 1 and not self.keywords and self._is_own_class(self.arguments[0]):
            # What decorates a class returns that class, or what stands for it.
            return self.arguments[0]
        for value in [*self.arguments, *self.keywords.values()]:
            self.run.hand_over(value, "callback")
        if self.made.kind == "call":
            given = [*self.made.arguments, *self.made.keywords.values()]
            if len(given) == 1 and self.run.is_own(function_of(given[0])):
                # What it returned for a function may stand for it.
                self._run_in_place(given[0])
                if function_of(given[0]).__name__ == "__init__":
                    return None
        own = self.made.instance
        if own is not None and callable(forward := getattr(type(own), "forward", None)):
            finish(forward(own, *self.arguments, **self.keywords))
        given = [*self.arguments, *self.keywords.values()]
        decorates = len(given) == 1 and self.run.is_own(function_of(given[0]))
        return result(self.callee, self.arguments, self.keywords, decorates=decorates)

    def _is_own_class(self, value: Any) -> bool:
        return isinstance(value, type) and self.run.is_own_module(value.__module__)

    def _run_in_place(self, function: Any) -> None:
        try:
            inspect.signature(function).bind(*self.arguments, **self.keywords)
        except (TypeError, ValueError):
            finish(call_with_unknown(function))
        else:
            finish(function(*self.arguments, **self.keywords))


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) and not value.startswith("/recorded/") else None


def _replace_standard(run: Run) -> None:
    """Puts recorders in the place of what the standard library would do outside the process."""
    for name, effect in run.effects.calls.items():
        module, _, attribute = name.rpartition(".")
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names or effect.kind == "harmless" or effect.kind.endswith("-env"):
            continue
        owner = sys.modules.get(module)
        if isinstance(owner, types.ModuleType) and hasattr(owner, attribute):
            setattr(owner, attribute, named(name))
    concurrent.futures.as_completed = named("concurrent.futures.as_completed")
    concurrent.futures.wait = named("concurrent.futures.wait")
    multiprocessing.Pool = named("multiprocessing.Pool")
    os.putenv = _noting(run, "set-env", os.putenv, lambda key, value: key)
    os.getenv = _getenv
    os.environ.__class__ = Environ
    Environ.run = run
    asyncio.sleep = _asyncio_sleep(run)
    asyncio.run = _asyncio_run
    asyncio.BaseEventLoop.run_in_executor = _run_in_executor
    importlib.metadata.version = _version(run)
    builtins.super = Super
    builtins.open = io.open = _open
    for module, attributes in _TAKING.items():
        for attribute in attributes.split():
            owner = sys.modules[module]
            setattr(owner, attribute, _taking(f"{module}.{attribute}", getattr(owner, attribute)))
    for attribute in ("exists", "isfile", "isdir", "lexists"):
        setattr(os.path, attribute, _existing(run, getattr(os.path, attribute)))
    for name in ("fork", "forkpty", "execv", "execve", "posix_spawn", "posix_spawnp", "kill", "killpg", "abort"):
        setattr(os, name, _refuse)
    os._exit = sys.exit
    socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = _refuse
    socket.create_connection = socket.getaddrinfo = _refuse
    builtins.input = _end_of_input


def _refuse(*_: Any, **__: Any) -> Any:
    raise OSError("not while the oracle watches")


def _end_of_input(*_: Any) -> str:
    raise EOFError


def _getenv(key: Any, default: Any = None) -> Any:
    environ = Environ.run
    if isinstance(key, str) and environ.frame_is_own(sys._getframe(1)):
        environ.reads(key)
    return os.environ.get(key, default)


def _noting(run: Run, kind: str, real: Callable, what: Callable) -> Callable:
    def noted(*arguments: Any) -> Any:
        if run.frame_is_own(sys._getframe(1)):
            run.record(kind, what(*arguments))
        return real(*arguments)

    return noted


def _asyncio_sleep(run: Run) -> Callable:
    real = asyncio.sleep if not hasattr(asyncio.sleep, "_real") else asyncio.sleep._real

    def sleep(delay: Any, result: Any = None) -> Any:
        if run.frame_is_own(sys._getframe(1)):
            run.record("sleep", "asyncio.sleep()")
        return real(0, result)

    sleep._real = real
    return sleep


_real_asyncio_sleep = asyncio.sleep
_real_asyncio_run = asyncio.run
_real_open = builtins.open


def _asyncio_run(main: Any, **options: Any) -> Any:
    return main if isinstance(main, Recorder) else _real_asyncio_run(main, **options)


def _run_in_executor(loop: Any, executor: Any, function: Any, *arguments: Any) -> Any:
    submit = getattr(getattr(named("asyncio"), "get_event_loop")(), "run_in_executor")
    future = loop.create_future()
    # The loop is asked by the program, or by the standard library on its behalf.
    future.set_result(submit(executor, function, *arguments))
    return future


def _version(run: Run) -> Callable:
    real = importlib.metadata.version

    def version(package: str) -> Any:
        if not run.frame_is_own(sys._getframe(1)):
            return real(package)
        pinned = run.requirements.version(package)
        return named("importlib.metadata.version")(package) if pinned is None else pinned

    return version


def _open(file: Any, *arguments: Any, **keywords: Any) -> Any:
    """A file that something external made is not there to be read, but the program goes on as if it were."""
    if _is_recorded(file):
        return named("builtins.open")(file, *arguments, **keywords)
    return _real_open(file, *arguments, **keywords)


#: What of the standard library programs give external values that it would refuse.
_TAKING = {
    "base64": "b64decode b64encode",
    "hashlib": "md5 sha1 sha256",
    "html": "escape unescape",
    "io": "BytesIO StringIO",
    "json": "dump dumps load loads",
    "os": "listdir remove rename replace scandir stat walk",
    "os.path": "getsize getmtime",
    "re": "findall finditer fullmatch match search split sub",
    "shutil": "copy copyfile copytree move rmtree",
    "urllib.parse": "quote unquote urlencode urljoin urlparse",
}


def _is_recorded(value: Any) -> bool:
    """Whether this is something external, or the path of it."""
    return isinstance(value, Recorder) or isinstance(value, (str, Path)) and str(value).startswith("/recorded/")


def _taking(name: str, real: Callable) -> Callable:
    """A function that gives an external value back for an external value."""

    @functools.wraps(real, updated=())
    def taking(*arguments: Any, **keywords: Any) -> Any:
        if any(map(_is_recorded, arguments)):
            return named(name)(*arguments, **keywords)
        return real(*arguments, **keywords)

    return taking


def _existing(run: Run, real: Callable) -> Callable:
    """Files that something external made are there, unless chance says otherwise."""

    def exists(path: Any) -> bool:
        if _is_recorded(path):
            return run.random is None or run.random.random() < 0.5
        return real(path)

    return exists


def run_main(entry: str) -> None:
    """Runs a file as CPython runs a script."""
    main = types.ModuleType("__main__")
    main.__file__ = entry
    main.__dict__["__annotations__"] = {}
    sys.modules["__main__"] = main
    code = compile(Path(entry).read_bytes(), entry, "exec", dont_inherit=True)
    exec(code, main.__dict__)


def in_child(work: Callable[[], Any], seconds: float) -> Any:
    """What `work` returns in a forked process, or None if that does not end in time or dies."""
    sys.stdout.flush()
    sys.stderr.flush()
    # A collection in the child would copy every page that the two share.
    gc.freeze()
    receiving, sending = os.pipe()
    child = _fork()
    if child == 0:
        try:
            gc.disable()
            os.close(receiving)
            text = json.dumps(work()).encode()
            with _real_open(sending, "wb") as pipe:
                pipe.write(text)
        finally:
            _exit(0)
    os.close(sending)
    deadline = time.monotonic() + seconds
    received = []
    try:
        while (left := deadline - time.monotonic()) > 0:
            if select.select([receiving], [], [], left)[0]:
                part = os.read(receiving, 1 << 16)
                if not part:
                    break
                received.append(part)
    finally:
        os.close(receiving)
        with contextlib.suppress(ProcessLookupError):
            _kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    try:
        return json.loads(b"".join(received))
    except ValueError:
        return None


_fork = os.fork
_kill = os.kill
_exit = os._exit


def entry_point(space: Path) -> str | None:
    """The file that the card names, else the platform's default."""
    named_by_card = knowledge.card(space).get("app_file") or "app.py"
    return named_by_card if (space / named_by_card).is_file() else None


def run_space(
    space: Path,
    entry: str | None = None,
    *,
    choices: str | None = None,
    environment: dict[str, str] | None = None,
    zerogpu: bool = True,
    harmless: bool = False,
) -> dict[str, Any]:
    """What happens when the Space starts, in a process of its own. `ended` says how start-up ended early, if so.

    A program that is known to be `harmless` runs where it stands, any other in a copy.
    """
    entry = entry or entry_point(space)
    if entry is None:
        return {"ended": "no entry point", "processes": [], "files": [], "roots": [], "events": []}
    requirements = knowledge.Requirements.read(space)
    # Read once, before the first fork.
    knowledge.effects(), knowledge.platform()
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oracle-")))
        place = home / "app"
        if harmless:
            place = space.resolve()
        else:
            shutil.copytree(space, place, symlinks=True, ignore=shutil.ignore_patterns(".git"))

        def work() -> dict[str, Any]:
            _confine()
            # What the program throws dice for falls out the same each time.
            random.seed(choices)
            run = Run(place, requirements, zerogpu, choices)
            os.environ.clear()
            os.environ.update({**run.platform_environment, "HOME": str(home), "PATH": "/usr/bin:/bin"})
            os.environ.update(environment or {})
            run._chosen.update(environment or {})
            os.chdir(place)
            sys.argv = [entry]
            full = str(place / entry)
            return run.follow(os.path.dirname(full), lambda: run_main(full))

        found = in_child(work, RUN_SECONDS)
    return found or {"ended": "killed", "processes": [], "files": [], "roots": [], "events": []}


def _confine() -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (RUN_SECONDS, RUN_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("space", type=Path)
    parser.add_argument("--entry", help="the entry point, instead of the card's")
    parser.add_argument("--choices", metavar="SEED", help="decides what the text does not settle")
    parser.add_argument("--env", action="append", default=[], metavar="K=V", help="a variable that is set")
    arguments = parser.parse_args()
    environment = dict(pair.split("=", 1) for pair in arguments.env)
    found = run_space(arguments.space.resolve(), arguments.entry, choices=arguments.choices, environment=environment)
    json.dump(found, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
