"""The parts of which a random program is put together: files, scopes, and pieces of text that know what they depend on.

Knows nothing of which constructs there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

Lines = list[str]
Labels = frozenset[str]

_INDENT = "    "

#: What a program says that ends itself.
GIVES_UP = "gives up"


def indented(lines: Lines) -> Lines:
    return [_INDENT + line for line in lines]


@dataclass(frozen=True)
class Var:
    """Something that a name stands for."""

    name: str
    type: str
    labels: Labels
    #: Whether reading or calling it may do something outside that a `try` around it might catch.
    quiet: bool = True


@dataclass
class Module:
    """One file of the Space."""

    name: str
    path: str
    imports: dict[str, None] = field(default_factory=dict)
    body: Lines = field(default_factory=list)
    #: Constants that its importers may read.
    exports: dict[str, Var] = field(default_factory=dict)

    def text(self) -> str:
        return "\n".join([*self.imports, "", *self.body]) + "\n"


@dataclass(frozen=True)
class Scope:
    """Where a piece of the program stands, and what it may use there."""

    module: Module
    kind: str
    labels: Labels = frozenset()
    names: dict[str, Var] = field(default_factory=dict)
    #: Names that belong to this very frame.
    own: frozenset[str] = frozenset()
    depth: int = 4
    in_try: bool = False
    in_loop: bool = False
    in_root: bool = False
    is_async: bool = False
    is_generator: bool = False

    def inside(self, *labels: str, **changes: Any) -> Scope:
        """A block of the same frame: what it binds is not sure to be bound after it."""
        changes.setdefault("depth", self.depth - 1)
        return replace(self, labels=self.labels | set(labels), names=dict(self.names), **changes)

    def frame(self, kind: str, *labels: str, **changes: Any) -> Scope:
        """A frame of its own, which sees what is around it."""
        names = {} if self.kind == "class" else dict(self.names)
        changes.setdefault("depth", self.depth - 1)
        defaults = {"own": frozenset(), "in_loop": False, "is_async": False, "is_generator": False}
        return replace(self, kind=kind, labels=self.labels | set(labels), names=names, **{**defaults, **changes})

    def elsewhere(self, module: Module, *labels: str) -> Scope:
        """The top of another file."""
        return Scope(
            module,
            "module",
            self.labels | set(labels),
            dict(module.exports),
            frozenset(),
            self.depth - 1,
            in_try=self.in_try,
            in_root=self.in_root,
        )

    @property
    def visible(self) -> Scope:
        """What a comprehension or a lambda here can see."""
        return replace(self, names={}) if self.kind == "class" else self


@dataclass(frozen=True)
class Text:
    """An expression, and what its value depends on."""

    text: str
    labels: Labels = frozenset()
