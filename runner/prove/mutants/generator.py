"""All mutants of a file, as cosmic-ray's operators make them."""

from __future__ import annotations

import ast
import difflib
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from .source import Place, Source

_IDENTITY: Final = {"Is", "IsNot"}
_LEAVES: Final = {"operator", "keyword", "number"}
_NODES: Final = {
    "comparison",
    "factor",
    "not_test",
    "if_stmt",
    "while_stmt",
    "assert_stmt",
    "test",
    "except_clause",
    "decorator",
    "for_stmt",
}
"""The kinds of nodes that any operator changes; asking every operator about every node takes long."""
_SIGNATURES: Final = {"parameters", "lambdef"}
"""Where a bare ``*`` or ``/`` divides parameters, which cosmic-ray takes for an operator of arithmetic."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """A small change of one file.

    Attributes:
        module: The file, below the project's folder, with forward slashes.
        start: Where the changed part begins.
        end: Where it ends.
        operator: cosmic-ray's name of the change, such as ``NumberReplacer``.
        occurrence: Which of the places where the operator fits, from 0.
        function: The function it stands in.
        lines: First and last line of its statement.
    """

    module: str
    start: Place
    end: Place
    operator: str
    occurrence: int
    function: str
    lines: tuple[int, int]

    @property
    def id(self) -> str:
        """A short name for its record."""
        text = f"{self.module} {self.operator} {self.occurrence}"
        return f"{Path(self.module).stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def site(self) -> tuple[str, Place, str]:
        """What mutants that change the same thing in the same way have in common.

        A ``+`` has eleven variants and a ``not`` has one: a sample draws a site first, then one variant.
        """
        return self.module, self.start, self.operator.partition("_")[0]


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant does to its file.

    Attributes:
        text: The whole file with the change.
        line: The changed lines as they were, without indentation.
        becomes: The same lines as they are now.
        diff: The change as a unified diff.
    """

    text: str
    line: str
    becomes: str
    diff: str


def mutants(root: Path, module: str) -> list[Mutant]:
    """All mutants of a file that something might observe.

    Args:
        root: The project's folder.
        module: The file below it.

    Returns:
        The mutants, in the file's order.
    """
    source = Source(root / module)
    nodes = [node for node in ast_nodes(get_ast(source.text)) if node.type in _LEAVES | _NODES]
    return sorted(
        Mutant(module, start, end, name, occurrence, source.function(start), _span(source.lines(start)))
        for name, operator in _operators().items()
        for occurrence, start, end in _places(operator, nodes)
        if source.unobservable(start) is None
    )


def change(root: Path, mutant: Mutant) -> Change | None:
    """What a mutant does; None where it cannot be made, or the result is no Python, or the same program.

    Args:
        root: The project's folder.
        mutant: One of its mutants.
    """
    before, tree = _read(root / mutant.module)
    try:
        after = mutate_code(before, _operators()[mutant.operator], mutant.occurrence)
    except AttributeError:  # cosmic-ray 8.7 cannot replace a name with a dot among several exceptions
        return None
    if after is None:
        return None
    try:
        if ast.dump(ast.parse(after)) == tree:
            return None
    except SyntaxError:
        return None
    old, new = before.splitlines(), after.splitlines()
    name = mutant.module
    diff = list(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="", n=3))
    return Change(after, _told(diff, "-"), _told(diff, "+"), "\n".join(diff))


@functools.cache
def _read(file: Path) -> tuple[str, str]:
    """A file's text and what it means; nobody edits the copy that mutants are made of."""
    text = file.read_text("utf-8")
    return text, ast.dump(ast.parse(text))


def _told(diff: list[str], sign: str) -> str:
    return "\n".join(line[1:].strip() for line in diff[2:] if line.startswith(sign)).strip()


def _places(operator: Any, nodes: list[Any]) -> Iterator[tuple[int, Place, Place]]:  # noqa: ANN401 -- cosmic-ray has no types
    places = ((node, place) for node in nodes for place in operator.mutation_positions(node))
    for occurrence, (node, (start, end)) in enumerate(places):
        if node.parent is None or node.parent.type not in _SIGNATURES:
            yield occurrence, start, end


def _span(lines: range) -> tuple[int, int]:
    return lines.start, lines.stop - 1


@functools.cache
def _operators() -> dict[str, Any]:
    """One of each operator that needs no arguments, by its name without the provider."""
    classes = {name: cosmic_ray.plugins.get_operator(name) for name in cosmic_ray.plugins.operator_names()}
    return {
        short: kind()
        for name, kind in classes.items()
        if not kind.arguments() and not _says_again(short := name.rpartition("/")[2])
    }


def _says_again(operator: str) -> bool:
    """Whether an operator puts identity for equality or order, or the other way round.

    Whether equal values are one object is the interpreter's choice, and what is known by its identity has no
    order. The variants that stay on their side are tried.
    """
    if not operator.startswith("ReplaceComparisonOperator_"):
        return False
    _, before, after = operator.split("_")
    return (before in _IDENTITY) != (after in _IDENTITY)
