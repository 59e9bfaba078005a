"""A Python file as mutants see it: which function a place belongs to, and what nothing can observe there."""

from __future__ import annotations

import ast
import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Place = tuple[int, int]
"""A line, from 1, and a column in characters, from 0."""

MODULE: Final = "<module>"
"""The function of code that stands in none."""
_FLAGS: Final = {
    "dataclass": {"frozen", "slots", "repr", "kw_only"},
    "field": {"repr", "kw_only"},
    "zip": {"strict"},
    "Column": {"nullable", "index", "autoincrement"},
}
"""Arguments that guard against programmers' mistakes and change nothing else, by the function they go to."""
_LOG: Final = {"info", "warning", "failure", "debug", "exception"}
"""Methods that write a log entry."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a file that nothing can observe.

    Attributes:
        start: Where it begins.
        end: Where it ends, exclusive.
        reason: Why nothing can.
    """

    start: Place
    end: Place
    reason: str


class Source:
    """One file.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.text = path.read_text("utf-8")
        self._lines = self.text.splitlines()
        self._tree = ast.parse(self.text, str(path))
        self.regions = tuple(self._regions(self._tree))
        self._functions = sorted(self._named(self._tree, ()), key=lambda found: found[0])
        self._statements = [node for node in ast.walk(self._tree) if isinstance(node, ast.stmt)]

    def unobservable(self, place: Place) -> str | None:
        """Why nothing can observe a change at a place; None where something can."""
        return next((region.reason for region in self.regions if region.start <= place < region.end), None)

    def function(self, place: Place) -> str:
        """The function that a place belongs to, such as ``Connection.close``; decorators belong to theirs."""
        at = bisect.bisect(self._functions, place, key=lambda found: found[0])
        inside = [found for found in self._functions[:at] if place < found[1]]
        return inside[-1][2] if inside else MODULE

    def functions(self) -> set[str]:
        """The names of all functions and classes."""
        return {name for _, _, name in self._functions}

    def lines_of(self, function: str) -> list[str]:
        """The lines of a function; those of the whole file for what is none of its functions."""
        for (start, _), (end, _), name in self._functions:
            if name == function:
                return self._lines[start - 1 : end]
        return self._lines

    def lines(self, place: Place) -> range:
        """The lines of the innermost statement at a place; of a block, those of its head alone."""
        line = place[0]
        around = [node for node in self._statements if node.lineno <= line <= (node.end_lineno or 0)]
        if not around:
            return range(line, line + 1)  # a decorator stands above its statement
        inner = max(around, key=lambda node: (node.lineno, -(node.end_lineno or 0)))
        end = (inner.end_lineno or inner.lineno) + 1
        body = getattr(inner, "body", None)
        if isinstance(body, list) and body:
            end = max(inner.lineno + 1, min(end, body[0].lineno))
        return range(inner.lineno, end) if line < end else range(line, line + 1)

    def _regions(self, tree: ast.Module) -> Iterator[Region]:
        for node in ast.walk(tree):
            if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
                yield self._region(node.annotation, "a type annotation")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
                yield self._region(node.returns, "a type annotation")
            elif isinstance(node, ast.If):
                yield from self._unreachable(node)
            elif isinstance(node, ast.Call):
                yield from self._call(node)
            elif isinstance(node, ast.Assign) and _names(node.targets) == ["__all__"]:
                yield self._region(node, "__all__ serves star imports alone")

    def _unreachable(self, node: ast.If) -> Iterator[Region]:
        test = ast.unparse(node.test)
        if test in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            yield self._region(node, "read by type checkers alone")
        elif test == "__name__ == '__main__'":
            yield self._region(node, "how a script begins")
        elif test.startswith("sys.platform == 'win32'"):
            yield Region(self._start(node.body[0]), self._end(node.body[-1]), "code of another platform")

    def _call(self, node: ast.Call) -> Iterator[Region]:
        called = ast.unparse(node.func).rpartition(".")
        for keyword in node.keywords:
            if keyword.arg in _FLAGS.get(called[2], ()):
                yield self._region(
                    keyword.value, f"{keyword.arg}= guards against programmers' mistakes alone"
                )
        if called[2] in _LOG and called[0].rpartition(".")[2].lstrip("_") in {"journal", "logger", "log"}:
            yield self._region(node, "what only the log tells")

    def _named(self, node: ast.AST, outer: tuple[str, ...]) -> Iterator[tuple[Place, Place, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = (*outer, child.name)
                first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
                yield (first, 0), self._end(child), ".".join(name)
                yield from self._named(child, name)
            else:
                yield from self._named(child, outer)

    def _region(self, node: ast.expr | ast.stmt, reason: str) -> Region:
        return Region(self._start(node), self._end(node), reason)

    def _start(self, node: ast.expr | ast.stmt) -> Place:
        return self._place(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt) -> Place:
        return self._place(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _place(self, line: int, byte: int) -> Place:
        """From ast's bytes to characters."""
        return line, len(self._lines[line - 1].encode()[:byte].decode())


def _names(targets: list[ast.expr]) -> list[str]:
    return [target.id for target in targets if isinstance(target, ast.Name)]
