"""Which mutants do not count, and why: what the tests cannot observe, and what is the same program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from ...console import Stop
from .generator import Change, Mutant
from .source import MODULE, Source

OUT_OF_SCOPE: Final = Path(__file__).with_name("out_of_scope.yaml")
EQUIVALENT: Final = Path(__file__).with_name("equivalent.yaml")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of either list.

    Attributes:
        module: The file, below the project's folder.
        reason: Why it does not count.
        function: The function, with all that stands in it; empty for the whole file.
        line: The line as it is; empty in the list of what is out of scope.
        becomes: The line as the mutant has it.
        operator: What kind of change it is.
        environment: The only environment that it holds in; empty when it holds in all.
    """

    module: str
    reason: str
    function: str = ""
    line: str = ""
    becomes: str = ""
    operator: str = ""
    environment: str = ""

    def covers(self, mutant: Mutant) -> bool:
        """Whether a mutant stands in the entry's function."""
        inside = not self.function or f"{mutant.function}.".startswith(f"{self.function}.")
        return mutant.module == self.module and inside

    def equals(self, mutant: Mutant, change: Change) -> bool:
        """Whether a mutant is the one that the entry describes; where it stands in the file plays no part."""
        return (self.module, self.function, self.operator, self.line, self.becomes) == (
            mutant.module,
            mutant.function,
            mutant.operator,
            change.line,
            change.becomes,
        )


@dataclass(slots=True)
class Scope:
    """Both lists.

    Attributes:
        out: What the tests cannot observe, by file and function.
        equivalent: Single mutants that do the same as the code.
    """

    out: list[Entry] = field(default_factory=list)
    equivalent: list[Entry] = field(default_factory=list)

    @classmethod
    def read(cls, out: Path = OUT_OF_SCOPE, equivalent: Path = EQUIVALENT) -> Scope:
        """Reads both lists.

        Raises:
            Stop: An entry lacks a value, or has one that means nothing.
        """
        wanted = {"module", "function", "operator", "line", "becomes", "reason"}
        return cls(
            list(_entries(out, {"module", "reason"}, {"function", "environment"})),
            list(_entries(equivalent, wanted, {"environment"})),
        )

    def within(self, environment: str) -> Scope:
        """Both lists without what holds in other environments only."""
        holds = {"", environment}
        return Scope(
            [entry for entry in self.out if entry.environment in holds],
            [entry for entry in self.equivalent if entry.environment in holds],
        )

    def excludes(self, mutant: Mutant) -> bool:
        """Whether the tests cannot observe what a mutant changes."""
        return any(entry.covers(mutant) for entry in self.out)

    def same(self, mutant: Mutant, change: Change) -> bool:
        """Whether a mutant is listed as equivalent."""
        return any(entry.equals(mutant, change) for entry in self.equivalent)

    def stale(self, root: Path) -> list[str]:
        """Entries about code that is no longer there, a line each.

        Args:
            root: The project's folder.
        """
        found = []
        for entry in (*self.out, *self.equivalent):
            file = root / entry.module
            if not file.is_file():
                found.append(f"{entry.module} is listed as {_what(entry)}, and is no file")
            elif not _there(Source(file), entry):
                where = f"{entry.module}, {entry.function}" + (f": {entry.line}" if entry.line else "")
                found.append(f"{where} is listed as {_what(entry)}, and is no longer there")
        return found


def _there(source: Source, entry: Entry) -> bool:
    functions = source.functions()
    if entry.function and entry.function != MODULE and entry.function not in functions:
        return False
    lines = entry.line.splitlines()
    known = {line.strip() for line in source.lines_of(entry.function)}
    return all(line in known for line in lines)


def _what(entry: Entry) -> str:
    return "equivalent" if entry.line else "out of scope"


def _entries(file: Path, needed: set[str], further: set[str]) -> Iterator[Entry]:
    listed: Iterable[Any] = yaml.safe_load(file.read_text("utf-8")) or []
    for value in listed:
        given = set(value) if isinstance(value, dict) else set()
        if not needed <= given <= needed | further or not all(isinstance(v, str) for v in value.values()):
            raise Stop(f"{file.name}: an entry has {', '.join(sorted(needed))} as texts, not {value!r}")
        yield Entry(**{name: text.strip() for name, text in value.items()})
