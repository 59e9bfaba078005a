"""What the libraries and resource files document: keywords, their arguments, and their examples.

An example is a paragraph of a keyword's documentation: a line ``Example:``, and right below it steps in the
pipe-separated form of Robot Framework, such as ``| Ask | Ana | Which resources are idle? |``. Libdoc shows it
as a table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from robot.libdoc import LibraryDocumentation

from ..project import LIBRARIES, RESOURCES, shown

HEADER: Final = re.compile(r"Example(?:, (?P<world>[^:]+))?:")
"""How an example begins, and what it needs beside its people."""
PRIVATE: Final = "robot:private"
"""Robot Framework's tag of keywords that are for their own file alone."""


@dataclass(frozen=True, slots=True)
class Example:
    """Steps that a keyword's documentation shows.

    Attributes:
        world: What there must be beside the people: nothing, or a name of ``suite.WORLDS``.
        rows: The steps, each as its cells.
    """

    world: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def lines(self) -> list[str]:
        """The steps as one types them."""
        return ["    ".join(row) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a keyword.

    Attributes:
        name: Its name, with stars where it takes several.
        kind: Its type, as Robot Framework shows it; empty when it has none.
        default: Its default as it is shown; None when it must be given.
        named: Whether it is given by name alone.
        doc: What it means.
    """

    name: str
    kind: str
    default: str | None
    named: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Keyword:
    """A documented keyword.

    Attributes:
        name: Its name.
        owner: The library or resource file it belongs to.
        file: The file it stands in.
        line: The line it stands in.
        doc: Its documentation without the examples.
        arguments: Its arguments.
        returns: What it returns, and as what; empty when it returns nothing that is said.
        raises: Its errors, and when they come.
        examples: Its examples.
        private: Whether it is for its own file alone.
    """

    name: str
    owner: str
    file: Path
    line: int
    doc: str
    arguments: tuple[Argument, ...]
    returns: tuple[str, str]
    raises: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]
    private: bool

    @property
    def place(self) -> str:
        """Where it stands, as people type it."""
        return f"{shown(self.file)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Owner:
    """A library or a resource file.

    Attributes:
        name: Its name.
        file: Where it is.
        is_library: Whether it is a library.
        doc: Its introduction.
        keywords: Its keywords, in the order of their files.
    """

    name: str
    file: Path
    is_library: bool
    doc: str
    keywords: tuple[Keyword, ...]


def libraries(folder: Path = LIBRARIES) -> list[Path]:
    """The libraries: every package whose name ends with ``Library``."""
    return sorted(found.parent for found in folder.glob("*Library/__init__.py"))


def resources(folder: Path = RESOURCES) -> list[Path]:
    """The resource files."""
    return sorted(folder.glob("*.resource"))


def owners(paths: Iterable[Path] | None = None) -> list[Owner]:
    """What Libdoc knows of libraries and resource files.

    Args:
        paths: Folders of libraries, and resource files; the project's own when omitted.
    """
    if str(LIBRARIES) not in sys.path:
        sys.path.insert(0, str(LIBRARIES))
    return [_owner(path) for path in (paths if paths is not None else [*libraries(), *resources()])]


def _owner(path: Path) -> Owner:
    spec = LibraryDocumentation(f"{path}/" if path.is_dir() else str(path))
    found = sorted(spec.keywords, key=lambda k: (str(k.source), k.lineno))
    keywords = tuple(_keyword(spec.name, k) for k in found)
    return Owner(spec.name, path, spec.type == "LIBRARY", spec.doc, keywords)


def _keyword(owner: str, spec: Any) -> Keyword:  # noqa: ANN401 -- Robot Framework has no types
    doc, examples = parted(spec.doc)
    args = spec.args
    returned = str(args.return_type) if args.return_type else ""
    return Keyword(
        name=spec.name,
        owner=owner,
        file=Path(str(spec.source)),
        line=spec.lineno,
        doc=doc,
        arguments=tuple(_argument(arg) for arg in args if not arg.is_marker),
        returns=("" if returned == "None" else returned, args.return_doc or ""),
        raises=tuple((args.raises or {}).items()),
        examples=tuple(examples),
        private=PRIVATE in spec.tags,
    )


def _argument(arg: Any) -> Argument:  # noqa: ANN401 -- as above
    stars = {arg.VAR_POSITIONAL: "*", arg.VAR_NAMED: "**"}.get(arg.kind, "")
    kind = str(arg.type) if arg.type else ""
    return Argument(f"{stars}{arg.name}", kind, arg.default_repr, arg.kind == arg.NAMED_ONLY, arg.doc or "")


def parted(doc: str) -> tuple[str, list[Example]]:
    """Takes the examples out of a documentation.

    Args:
        doc: The documentation.

    Returns:
        The rest, and the examples.
    """
    rest: list[str] = []
    examples: list[Example] = []
    lines = iter([*doc.splitlines(), ""])
    for line in lines:
        header = HEADER.fullmatch(line.strip())
        if header is None:
            rest.append(line)
            continue
        rows = list(_rows(lines))
        if rows:
            examples.append(Example(header["world"] or "", tuple(rows)))
    return "\n".join(rest).strip(), examples


def _rows(lines: Iterator[str]) -> Iterator[tuple[str, ...]]:
    for line in lines:
        if not line.strip().startswith("| "):
            return
        cells = re.split(r"\s+\|(?:\s+|$)", line.strip()[1:].strip() + " ")
        yield tuple(cell.strip() for cell in cells if cell.strip())


def unexplained(keywords: Sequence[Keyword]) -> list[str]:
    """The arguments of library keywords whose meaning nobody tells, a line each."""
    return [
        f"{keyword.place}: {keyword.name} does not say what its argument {argument.name!r} means"
        for keyword in keywords
        for argument in keyword.arguments
        if not argument.doc
    ]
