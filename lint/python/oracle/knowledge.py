"""What the tables say of libraries and of the platform, read a second time.

The tool reads the same tables in Rust. This reading exists to hold that one to account, so it must never be
derived from it, nor know anything of how the tool follows a program: it answers questions about names,
versions and variables, and nothing else.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_TABLES = Path(__file__).resolve().parents[3] / "rules" / "knowledge"

#: Arguments are written "position:keyword", either part alone if the other cannot be used.
Position = tuple[int | None, str | None]


@dataclass(frozen=True)
class Effect:
    """What a call or a method does."""

    kind: str
    arguments: dict[str, list[Position]]
    table: dict

    def places(self, name: str) -> list[Position]:
        return self.arguments.get(name, [])


@dataclass(frozen=True)
class Import:
    """What importing a module, or names of it, does."""

    module: str
    names: str | dict
    poisons: bool
    lazy: bool
    condition: dict | None

    @property
    def is_about_any_name(self) -> bool:
        return self.names == "any"

    def is_about(self, name: str | None) -> bool:
        if self.is_about_any_name or name == "*":
            return True
        if name is None:
            return False
        if "listed" in self.names:
            return name in self.names["listed"]
        return name.endswith(tuple(self.names.get("endings", ()))) or name.startswith(
            tuple(self.names.get("starts", ()))
        )


def _position(text: str) -> Position:
    position, _, keyword = text.rpartition(":")
    if position:
        return int(position), keyword
    return (int(keyword), None) if keyword.isdigit() else (None, keyword)


def _effect(group: dict) -> Effect:
    arguments = {name: [_position(text) for text in texts] for name, texts in group.get("args", {}).items()}
    return Effect(group["kind"], arguments, group)


def _is_in(receiver: str, family: str) -> bool:
    """Whether a name belongs to a family; one that ends in `*` stands for every package that begins so."""
    if family.endswith("*"):
        return receiver.startswith(family[:-1])
    return receiver == family or receiver.startswith(family + ".")


class Effects:
    """`effects.toml`."""

    def __init__(self, table: dict) -> None:
        aliases: dict[str, list[str]] = table["aliases"]["names"]
        self.spreads = frozenset(table["device_map"]["spreads"])
        self.calls: dict[str, Effect] = {}
        for group in table["call"]:
            effect = _effect(group)
            for name in group["names"]:
                self.calls[name] = effect
                if package := group.get("also_in"):
                    self.calls[f"{package}.{name.rpartition('.')[2]}"] = effect
                for canonical, others in aliases.items():
                    if name == canonical or name.startswith(canonical + "."):
                        self.calls.update({other + name[len(canonical) :]: effect for other in others})
        self.methods: dict[str, list[Effect]] = {}
        for group in table["method"]:
            for name in group["names"]:
                self.methods.setdefault(name, []).append(_effect(group))
        #: What attributes are worth, and which hold the version of what.
        self.values: dict[str, dict] = {
            name: group["value"] for group in table.get("value", ()) for name in group["names"]
        }
        self.versions: dict[str, dict] = {name: group for group in table.get("version", ()) for name in group["names"]}
        #: The attribute of a device that tells its type.
        self.device_type: str | None = table.get("device", {}).get("type")
        #: Names that are not where programs import them from.
        self.missing = {(entry["module"], entry["name"]) for entry in table.get("missing", ())}
        self.imports: dict[str, list[Import]] = {}
        for group in table["import"]:
            for module in group["modules"]:
                entry = Import(
                    module, group["names"], group["poisons"], group.get("lazy", False), group.get("condition")
                )
                self.imports.setdefault(module, []).append(entry)

    def method(self, name: str, receiver: str | None) -> Effect | None:
        """What a method does on something of that canonical name, or on something of no known name."""
        if receiver is None:
            return next((effect for effect in self.methods.get(name, ()) if effect.table.get("alone")), None)
        best: tuple[int, Effect] | None = None
        for effect in self.methods.get(name, ()):
            lengths = [len(family) for family in effect.table.get("on", []) if _is_in(receiver, family)]
            if not effect.table.get("on"):
                lengths = [0]
            if lengths and (best is None or max(lengths) > best[0]):
                best = max(lengths), effect
        return best and best[1]

    def imported(self, module: str, name: str | None) -> list[Import]:
        """What `import module`, or with a name `from module import name`, may do, in that order."""
        parts = module.split(".")
        parents = [".".join(parts[:end]) for end in range(1, len(parts))]
        found = [e for parent in parents for e in self.imports.get(parent, ()) if e.poisons and e.is_about_any_name]
        found += [e for e in self.imports.get(module, ()) if e.is_about(name)]
        found += [e for e in self.imports.get(f"{module}.{name}", ()) if e.is_about_any_name]
        return found

    def names_cuda(self, text: str) -> bool:
        return re.fullmatch(r"cuda(:[0-9]+)?", text) is not None or text in self.spreads


class Platform:
    """`platform.toml`."""

    def __init__(self, table: dict) -> None:
        self.home: str = table["home"]["folder"]
        self.zerogpu_hardware = frozenset(table["hardware"]["zerogpu"])
        self._builder: list[dict] = table["builder"]
        self._environment: list[dict] = table["environment"]

    def installs(self, package: str, zerogpu: bool) -> bool:
        """Whether the builder itself installs it."""
        here = {"every", "zerogpu" if zerogpu else "other"}
        return any(line["package"] == package and line["on"] in here for line in self._builder)

    def environment(self, zerogpu: bool) -> dict[str, str]:
        """The variables that are sure to be set. Those of which only that is known get some value."""
        found = {}
        for entry in self._environment:
            if entry.get("zerogpu") and not zerogpu:
                continue
            for name in entry["names"]:
                if "value" in entry:
                    found[name] = entry["value"]
                elif entry.get("set"):
                    found[name] = "1"
        return found


@cache
def effects() -> Effects:
    return Effects(tomllib.loads((_TABLES / "effects.toml").read_text(encoding="utf-8")))


@cache
def platform() -> Platform:
    return Platform(tomllib.loads((_TABLES / "platform.toml").read_text(encoding="utf-8")))


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:4])


def _compare(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    width = max(len(left), len(right))
    left, right = (side + (0,) * (width - len(side)) for side in (left, right))
    return (left > right) - (left < right)


def _within(version: str, specifiers: str) -> bool:
    release = _release(version)
    for specifier in filter(None, (part.strip() for part in specifiers.split(","))):
        operator, bound = re.fullmatch(r"(===|==|!=|~=|<=|>=|<|>)\s*(\S+)", specifier).groups()
        wanted = _release(bound)
        order = _compare(release, wanted)
        if bound.endswith(".*"):
            holds = (release[: len(wanted)] == wanted) == (operator != "!=")
        elif operator == "~=":
            holds = order >= 0 and release[: len(wanted) - 1] == wanted[:-1]
        else:
            holds = {
                "==": order == 0,
                "===": order == 0,
                "!=": order != 0,
                "<": order < 0,
                "<=": order <= 0,
                ">": order > 0,
                ">=": order >= 0,
            }[operator]
        if not holds:
            return False
    return True


#: Newer than any version that a fact names.
_NEWEST = "999999"


@functools.total_ordering
class Version:
    """A version that compares as versions do."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.release = _release(text)

    @property
    def major(self) -> int:
        return self.release[0]

    @property
    def minor(self) -> int:
        return (*self.release, 0)[1]

    @property
    def base_version(self) -> str:
        return ".".join(map(str, self.release))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and _compare(self.release, other.release) == 0

    def __lt__(self, other: Version) -> bool:
        return _compare(self.release, other.release) < 0

    def __hash__(self) -> int:
        return hash(self.release)

    def __str__(self) -> str:
        return self.text


class VersionText(str):
    """A text that compares as a version does."""

    def _order(self, other: object) -> int:
        return _compare(_release(self), _release(str(other)))

    def __eq__(self, other: object) -> bool:
        return self._order(other) == 0 if "+" not in str(other) else str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: object) -> bool:
        return self._order(other) < 0

    def __le__(self, other: object) -> bool:
        return self._order(other) <= 0

    def __gt__(self, other: object) -> bool:
        return self._order(other) > 0

    def __ge__(self, other: object) -> bool:
        return self._order(other) >= 0

    __hash__ = str.__hash__


@dataclass
class Requirements:
    """What a Space's `requirements.txt` asks for."""

    #: Each package with the version that pip takes: the one named, the newest, or one that the text does not tell.
    taken: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def read(cls, space: Path) -> Requirements:
        found = cls()
        if (sdk := card(space).get("sdk_version")) and card(space).get("sdk") == "gradio":
            found.taken["gradio"] = sdk
        for name in ("pre-requirements.txt", "requirements.txt"):
            try:
                text = (space / name).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            for line in text.splitlines():
                found._add(re.sub(r"(^|\s)#.*", "", line).partition(";")[0].strip())
        return found

    def _add(self, line: str) -> None:
        url = re.match(r"(?:git\+)?https?://\S*?/([\w.-]+?)(?:\.git)?(?:@[^/\s]*)?(?:#.*)?$", line)
        if url:
            self.taken[_normal(url[1])] = None
            return
        match = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$", line)
        if not match:
            return
        exact = re.fullmatch(r"={2,3}\s*([^\s,*]+)", match[2])
        open_above = not re.search(r"<|~=|@|==", match[2])
        self.taken[_normal(match[1])] = exact[1] if exact else _NEWEST if open_above else None

    def __contains__(self, package: str) -> bool:
        return _normal(package) in self.taken

    def version(self, package: str) -> str | None:
        """The one version that can be installed, if there is just one."""
        version = self.taken.get(_normal(package))
        return None if version == _NEWEST else version

    def may_meet(self, condition: dict | None) -> bool:
        """Whether what a fact depends on may be so: it is not known not to be."""
        if condition is None:
            return True
        also = condition.get("also", [])
        if also and not any(package in self for package in also):
            return False
        version = self.taken.get(_normal(condition["package"]))
        return version is None or _within(version, condition["range"])


def card(space: Path) -> dict[str, str]:
    """The plain values of the card: as much of YAML as an entry point's name needs."""
    try:
        text = (space / "README.md").read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return {}
    match = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, re.DOTALL)
    if not match:
        return {}
    found = {}
    for line in match[1].splitlines():
        key, colon, value = line.partition(":")
        if colon and key and not key[0].isspace():
            found[key.strip()] = value.partition(" #")[0].strip().strip("'\"")
    return found
