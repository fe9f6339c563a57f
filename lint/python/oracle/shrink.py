"""Makes a program smaller for as long as it still shows what is to be shown.

It knows Python's syntax and nothing of what is being shown.
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Callable, Iterator

Files = dict[str, str]
#: What makes a smaller program, or nothing where that is none.
Attempt = Callable[[], Files | None]

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list", "items")
_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.FunctionDef)


def shrink(files: Files, shows: Callable[[Files], bool], budget: int = 400) -> Files:
    """The smallest program found that still `shows`, after at most `budget` questions."""
    left = budget
    again = True
    while again and left > 0:
        again = False
        position = 0
        while left > 0:
            # What has been tried before a success would not be tried with more luck after it; the next round does.
            attempt = next(_from(_attempts(files), position), None)
            if attempt is None:
                break
            smaller = attempt()
            if smaller is None:
                position += 1
                continue
            left -= 1
            if shows(smaller):
                files = smaller
                again = True
            else:
                position += 1
    return files


def _from(attempts: Iterator[Attempt], position: int) -> Iterator[Attempt]:
    for number, attempt in enumerate(attempts):
        if number >= position:
            yield attempt


def _attempts(files: Files) -> Iterator[Attempt]:
    """Ways to a smaller program, those that take away most first."""
    for path in [path for path in files if path.endswith(".py") and path != "app.py"]:
        yield lambda path=path: {other: text for other, text in files.items() if other != path}
    trees = {path: tree for path, text in files.items() if path.endswith(".py") and (tree := _parse(text)) is not None}
    for find in (_chunks, _statements, _unwraps, _expressions):
        for path, tree in trees.items():
            for edit in find(tree):
                yield lambda path=path, tree=tree, edit=edit: _edited(files, path, tree, edit)


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _edited(files: Files, path: str, tree: ast.Module, edit: Callable[[ast.Module], None]) -> Files | None:
    smaller = copy.deepcopy(tree)
    try:
        edit(smaller)
        text = ast.unparse(ast.fix_missing_locations(smaller)) + "\n"
        ast.parse(text)
    except (SyntaxError, ValueError, AttributeError, TypeError):
        return None
    if _unbound(smaller) - _unbound(tree):
        return None
    whole = ast.unparse(tree)
    return {**files, path: text} if len(text) <= len(whole) else None


def _unbound(tree: ast.AST) -> set[str]:
    """Names that are read and that nothing in the file can have bound: whoever reads them only shows a `NameError`."""
    read, bound = set(), set(dir(builtins)) | {"__file__"}
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Load()):
                read.add(name)
            case (
                ast.Name(name) | ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.arg(name)
            ):
                bound.add(name)
            case ast.alias(name, other):
                bound.add(other or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(str(name)):
                bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                bound.add(name)
    return set() if "*" in bound else read - bound


def _blocks(tree: ast.AST) -> list[tuple[ast.AST, str]]:
    return [
        (node, name)
        for node in ast.walk(tree)
        for name in _BLOCKS
        if isinstance(getattr(node, name, None), list) and getattr(node, name)
    ]


def _without(index: int, start: int, end: int) -> Callable[[ast.Module], None]:
    def edit(tree: ast.Module) -> None:
        node, name = _blocks(tree)[index]
        items = getattr(node, name)
        del items[start:end]
        if not items and name == "body" and not isinstance(node, ast.Module):
            items.append(ast.Pass())

    return edit


def _chunks(tree: ast.Module) -> Iterator[Callable[[ast.Module], None]]:
    for index, (node, name) in enumerate(_blocks(tree)):
        length = len(getattr(node, name))
        size = length // 2
        while size > 1:
            for start in reversed(range(0, length, size)):
                yield _without(index, start, start + size)
            size //= 2


def _statements(tree: ast.Module) -> Iterator[Callable[[ast.Module], None]]:
    for index, (node, name) in enumerate(_blocks(tree)):
        items = getattr(node, name)
        for position in reversed(range(len(items))):
            if not isinstance(items[position], ast.Pass):
                yield _without(index, position, position + 1)


def _unwraps(tree: ast.Module) -> Iterator[Callable[[ast.Module], None]]:
    """A block's body in the place of the block."""
    for index, (node, name) in enumerate(_blocks(tree)):
        for position, item in enumerate(getattr(node, name)):
            if isinstance(item, _COMPOUND):

                def edit(tree: ast.Module, index: int = index, position: int = position) -> None:
                    node, name = _blocks(tree)[index]
                    items = getattr(node, name)
                    items[position : position + 1] = items[position].body

                yield edit


def _expressions(tree: ast.Module) -> Iterator[Callable[[ast.Module], None]]:
    """One of its parts, or a constant, in the place of an expression."""
    for number, node in enumerate(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            if field == "func":
                continue
            for position, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.expr) and not isinstance(child, (ast.Constant, ast.Name)):
                    if isinstance(getattr(child, "ctx", ast.Load()), ast.Load):
                        yield from _replacements(number, field, position, child)


def _replacements(
    number: int, field: str, position: int | None, child: ast.expr
) -> Iterator[Callable[[ast.Module], None]]:
    parts = [part for part in ast.iter_child_nodes(child) if isinstance(part, ast.expr)]
    if isinstance(child, ast.Call):
        # What is called is no value that anybody would write in the call's place.
        parts.remove(child.func)
    for part in [*parts, ast.Constant(1)]:

        def edit(tree: ast.Module, part: ast.expr = part) -> None:
            holder = next(node for other, node in enumerate(ast.walk(tree)) if other == number)
            if position is None:
                setattr(holder, field, copy.deepcopy(part))
            else:
                getattr(holder, field)[position] = copy.deepcopy(part)

        yield edit
