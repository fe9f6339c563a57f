"""Whether what the tool says a Space does and what it did agree, and where not.

It must know nothing of how either was found out.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

Event = tuple[str, str, str, int, str]
RootKey = tuple[str, str, str, int]

#: What the tool concludes rather than sees: nothing that happens. Of names that drift the recorder knows nothing.
_CONCLUDED = frozenset({"need-env", "pass-argument", "start-process", "use-name"})


class Seen(NamedTuple):
    """An event, whether it is sure, and what is said of it besides."""

    event: Event
    always: bool
    details: dict[str, Any]


@dataclass(frozen=True)
class Disagreement:
    """One way in which the two differ."""

    #: "missing", "extra", "order", "not-always", "always-did-not-happen", "details", "root-missing" or "root-extra".
    way: str
    event: Event | None = None
    root: RootKey | None = None
    details: str = ""

    @property
    def signature(self) -> tuple[str, str, bool]:
        """What a smaller program must show to show the same."""
        return self.way, self.event[0] if self.event else "", self.root is not None

    def __str__(self) -> str:
        event = "{} {} at {}:{} ({})".format(*self.event) if self.event else ""
        root = "" if self.root is None else " in {} {} at {}:{}".format(*self.root)
        return f"{self.way} {event}{root}{self.details and ': ' + self.details}"


@dataclass
class Story:
    """What happens in a Space: start-up, and each root."""

    startup: list[Seen]
    roots: dict[tuple[RootKey, int], list[Seen]]
    ended: str | None = None
    roots_ended: dict[tuple[RootKey, int], str | None] | None = None
    exhausted: bool = False
    #: Whether something outside the program raised.
    failed: bool = False

    def all_events(self) -> Iterable[Seen]:
        yield from self.startup
        for events in self.roots.values():
            yield from events


def _story(events: list[dict], roots: list[dict], relative: str, sure: bool = False) -> Story:
    """With `sure`, what is surely come to but perhaps does nothing there counts as no promise."""
    prefix = f"{relative}/" if relative else ""

    def path(text: str) -> str:
        return text.removeprefix(prefix)

    def line(item: dict) -> int:
        return item["line"] if "line" in item else item["start"]["line"]

    keys: list[tuple[RootKey, int]] = []
    for root in roots:
        key = (root["role"], root["function"] or "?", path(root["path"]), line(root))
        keys.append((key, sum(1 for known, _ in keys if known == key)))
    story = Story([], {key: [] for key in keys})
    for event in events:
        if event["kind"] in _CONCLUDED:
            continue
        seen: Event = (event["kind"], event["what"], path(event["path"]), line(event), event["phase"])
        always = event.get("certainty", "always") == "always" and not (sure and event.get("sure") is False)
        target = story.startup if event["root"] is None else story.roots[keys[event["root"]]]
        target.append(Seen(seen, always, event.get("details", event)))
    return story


def happened(found: dict[str, Any]) -> Story:
    """The oracle's story."""
    story = _story(found["events"], found["roots"], "")
    story.ended = found["ended"]
    story.failed = found.get("failed", False)
    story.roots_ended = dict(zip(story.roots, (root["ended"] for root in found["roots"]), strict=True))
    return story


def told(trace: dict[str, Any], settled: bool = False) -> Story:
    """The tool's story."""
    story = _story(trace["events"], trace["roots"], trace["space"], sure=not settled)
    story.exhausted = bool(trace["exhausted"])
    return story


def traces(binary: Path, folder: Path, timeout: float = 300) -> dict[str, dict[str, Any]]:
    """What the tool tells of every Space in a folder, by the Space's path in it."""
    done = subprocess.run(
        [str(binary), "trace", "--format", "json", "."], cwd=folder, capture_output=True, timeout=timeout, check=False
    )
    try:
        found = json.loads(done.stdout)["traces"]
    except (ValueError, KeyError):
        raise RuntimeError(f"spacelint trace failed: {done.stderr.decode(errors='replace')[-2000:]}") from None
    return {trace["space"].removeprefix("./"): trace for trace in found}


def compare_settled(truth: Story, tool: Story) -> list[Disagreement]:
    """Where nothing is open, both must tell the same, in the same order, and the tool must be sure of it."""
    found = _compare_lists(truth.startup, tool.startup, None)
    for key in truth.roots:
        if key not in tool.roots:
            found.append(Disagreement("root-missing", root=key[0]))
        else:
            found += _compare_lists(truth.roots[key], tool.roots[key], key[0])
    found += [Disagreement("root-extra", root=key[0]) for key in tool.roots if key not in truth.roots]
    return found


def _compare_lists(truth: list, tool: list, root: RootKey | None) -> list[Disagreement]:
    left = [event for event, *_ in truth]
    right = [event for event, *_ in tool]
    if left == right:
        found = [Disagreement("not-always", event, root) for event, always, _ in tool if not always][:1]
        return found + [other for pair in zip(truth, tool, strict=True) for other in _compare_details(*pair, root)][:1]
    missing = list(left)
    extra = []
    for event in right:
        if event in missing:
            missing.remove(event)
        else:
            extra.append(event)
    found = [Disagreement("missing", missing[0], root)] if missing else []
    found += [Disagreement("extra", extra[0], root)] if extra else []
    if not found:
        first = next(a for a, b in zip(left, right, strict=True) if a != b)
        found = [Disagreement("order", first, root)]
    return found


def _compare_details(truth: Seen, tool: Seen, root: RootKey | None) -> list[Disagreement]:
    """What CPython knows of an event the tool must know too; it may know more."""
    return [
        Disagreement("details", truth.event, root, f"{name} is {value!r}, not {tool.details.get(name)!r}")
        for name, value in truth.details.items()
        if tool.details.get(name) != value
    ]


def _before_unknown(story: Story) -> Story:
    startup = [seen._replace(event=(*seen.event[:4], "startup")) for seen in story.startup]
    return replace(story, startup=startup)


def compare_unsettled(truth: Story, tool: Story) -> list[Disagreement]:
    """Whatever happened the tool must allow for, and whatever it is sure of must have happened.

    A start-up that ended early promises nothing of what comes after the last thing that was sure to happen.
    """
    if tool.exhausted:
        return []
    if truth.ended is not None and not any(event[0] == "import-spaces" for event, *_ in truth.startup):
        # Such a run cannot tell what comes before an import that it did not live to see.
        truth, tool = _before_unknown(truth), _before_unknown(tool)
    found = []
    told_of = {event for event, *_ in tool.all_events()}
    for event, *_ in truth.all_events():
        if event not in told_of:
            found.append(Disagreement("missing", event))
    if truth.failed:
        # What the tool is sure of it is sure of where nothing outside the program fails.
        return found
    sure = tool.startup
    seen = {event for event, *_ in truth.startup}
    if truth.ended is not None:
        # What comes after the moment at which this run ended, no run that ended there reaches.
        last = max((i for i, (event, *_) in enumerate(sure) if event in seen), default=0)
        sure = sure[:last]
    found += [Disagreement("always-did-not-happen", event) for event, always, _ in sure if always and event not in seen]
    for key, events in tool.roots.items():
        if key in truth.roots and truth.roots_ended[key] is None:
            seen = {event for event, *_ in truth.roots[key]}
            found += [
                Disagreement("always-did-not-happen", event, key[0])
                for event, always, _ in events
                if always and event not in seen
            ]
    return found
