"""Makes a program smaller for as long as it still shows what is to be shown.

It knows Python's syntax and nothing of what is being shown.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

Files = dict[str, str]


def shrink(files: Files, shows: Callable[[Files], bool], budget: int = 600) -> Files:
    """The smallest program found that still `shows`, after at most `budget` attempts."""
    left = budget
    changed = True
    while changed and left > 0:
        changed = False
        for smaller in _candidates(files):
            left -= 1
            if left <= 0:
                break
            if shows(smaller):
                files = smaller
                changed = True
                break
    return files


def _candidates(files: Files) -> Iterator[Files]:
    """Smaller programs, the smallest first."""
    for path in files:
        if path.endswith(".py") and path != "app.py":
            yield {other: text for other, text in files.items() if other != path}
    for path, text in files.items():
        if not path.endswith(".py"):
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        for smaller in _smaller_trees(tree):
            try:
                written = ast.unparse(ast.fix_missing_locations(smaller)) + "\n"
                ast.parse(written)
            except (SyntaxError, ValueError, AttributeError):
                continue
            if len(written) < len(text) or written.count("\n") < text.count("\n"):
                yield {**files, path: written}


def _blocks(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list", "items"):
            if isinstance(getattr(node, name, None), list) and getattr(node, name):
                yield node, name


def _smaller_trees(tree: ast.Module) -> Iterator[ast.Module]:
    blocks = list(_blocks(tree))
    for index, (node, name) in enumerate(blocks):
        items = getattr(node, name)
        sizes = [len(items) // 2, len(items) // 4] if len(items) > 3 else []
        for size in [s for s in sizes if s > 1]:
            for start in range(0, len(items), size):
                yield _without(tree, index, start, start + size)
        for position in reversed(range(len(items))):
            yield _without(tree, index, position, position + 1)
            if isinstance(items[position], (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.FunctionDef)):
                yield _unwrapped(tree, index, position)
    yield from _smaller_expressions(tree)


def _without(tree: ast.Module, index: int, start: int, end: int) -> ast.Module:
    smaller = copy.deepcopy(tree)
    node, name = list(_blocks(smaller))[index]
    items = getattr(node, name)
    del items[start:end]
    if not items and name == "body" and not isinstance(node, ast.Module):
        items.append(ast.Pass())
    return smaller


def _unwrapped(tree: ast.Module, index: int, position: int) -> ast.Module:
    smaller = copy.deepcopy(tree)
    node, name = list(_blocks(smaller))[index]
    items = getattr(node, name)
    items[position : position + 1] = items[position].body
    return smaller


def _smaller_expressions(tree: ast.Module) -> Iterator[ast.Module]:
    """Replaces an expression by one of its parts or by a constant."""
    holders = [
        (number, field, position)
        for number, node in enumerate(ast.walk(tree))
        for field, value in ast.iter_fields(node)
        for position, child in (enumerate(value) if isinstance(value, list) else [(None, value)])
        if isinstance(child, ast.expr) and not isinstance(child, (ast.Constant, ast.Name))
        and not isinstance(getattr(child, "ctx", ast.Load()), (ast.Store, ast.Del))
    ]
    for number, field, position in holders:
        original = _at(list(ast.walk(tree))[number], field, position)
        parts = [child for child in ast.iter_child_nodes(original) if isinstance(child, ast.expr)]
        if isinstance(original, ast.Call):
            # What is called is no value that anybody would write in the call's place.
            parts.remove(original.func)
        for part in [*parts, ast.Constant(1)]:
            smaller = copy.deepcopy(tree)
            holder = list(ast.walk(smaller))[number]
            if position is None:
                setattr(holder, field, copy.deepcopy(part))
            else:
                getattr(holder, field)[position] = copy.deepcopy(part)
            yield smaller


def _at(node: ast.AST, field: str, position: int | None) -> ast.AST:
    value = getattr(node, field)
    return value if position is None else value[position]
