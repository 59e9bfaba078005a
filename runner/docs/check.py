"""``python -m runner.docs.check``: every link and every piece of code in the pages.

Suites in the pages are parsed here; ``python -m runner.examples`` executes them with the keywords' examples.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from robot.api.parsing import ModelVisitor, get_model

from ..project import ROOT
from . import markdown, pages, shell
from .markdown import Block, Page

ABROAD: Final = ("https://", "mailto:")
"""Addresses that only the network could check."""
SHELL: Final = ("bash", "sh", "shell", "console")
DRY: Final = "dry-run"
"""Behind a fence: the suite needs what only its reader has, so it is parsed and not executed."""
MISTAKES: Final = "docs/mistakes.md"
"""Its steps are wrong on purpose; a unit test makes each of the mistakes."""


def read(root: Path = ROOT) -> list[Page]:
    """The pages of the documentation.

    Args:
        root: The project's folder.
    """
    docs = sorted((root / pages.SOURCES.name).rglob("*.md"))
    return [markdown.read(file) for file in (*sorted(root.glob("*.md")), *docs)]


def links(found: list[Page] | None = None, root: Path = ROOT) -> list[str]:
    """The links that lead nowhere, a line each.

    Args:
        found: The pages; the project's when omitted.
        root: The project's folder.
    """
    by_file = {page.file.resolve(): page for page in (read(root) if found is None else found)}
    problems = []
    for page in by_file.values():
        for line, target in page.links:
            wrong = _wrong(page, target, by_file, root)
            if wrong:
                problems.append(f"{page.file.relative_to(root).as_posix()}:{line}: {wrong}")
    return problems


def _wrong(page: Page, target: str, by_file: dict[Path, Page], root: Path) -> str:
    if target.startswith(ABROAD):
        return ""
    path, _, anchor = urllib.parse.unquote(target).partition("#")
    file = (page.file.parent / path).resolve() if path else page.file.resolve()
    if not file.is_relative_to(root.resolve()):
        return f"{target} leads out of the project"
    if not file.exists():
        return f"{target} leads nowhere: there is no {path}"
    if anchor and file in by_file and anchor not in by_file[file].anchors:
        return f"{target} leads nowhere: {file.name} has no heading {anchor!r}"
    return ""


def code(found: list[Page] | None = None, root: Path = ROOT) -> list[str]:
    """What is wrong with the code in the pages, a line each.

    Args:
        found: The pages; the project's when omitted.
        root: The project's folder.
    """
    problems = []
    for page in read(root) if found is None else found:
        name = page.file.relative_to(root).as_posix()
        for block in page.blocks:
            if name == MISTAKES and block.language == "robotframework":
                continue
            problems += [f"{name}:{block.line}: {wrong}" for wrong in _block(block)]
        for line, text in page.inline:
            problems += [f"{name}:{line}: {wrong}" for wrong in shell.problems(text)]
    return problems


def _block(block: Block) -> Iterator[str]:
    language = block.language
    if language == "text":
        return
    if language is None or language in SHELL:
        yield from shell.problems(block.code)
    elif language == "":
        yield "the fence names no language; write ```text where there is none"
    elif language in PARSERS:
        try:
            PARSERS[language](block.code)
        except (ValueError, SyntaxError, yaml.YAMLError) as problem:
            yield f"this is no {language}: {' '.join(str(problem).split())}"
    else:
        known = ", ".join((*PARSERS, *SHELL, "text"))
        yield f"nobody knows how to check {language!r}; known are {known}"


class _Errors(ModelVisitor):  # type: ignore[misc]  # Robot Framework has no types
    def __init__(self) -> None:
        self.found: list[str] = []

    def visit(self, node: Any) -> None:  # noqa: ANN401 -- Robot Framework's own
        told = [*getattr(node, "errors", ()), *(token.error for token in getattr(node, "tokens", ()))]
        self.found += [f"{error} (its line {node.lineno})" for error in dict.fromkeys(told) if error]
        super().visit(node)


def _suite(text: str) -> None:
    if "***" not in text:
        raise ValueError("it has no section such as *** Test Cases ***, so nobody can execute it")
    errors = _Errors()
    errors.visit(get_model(text))
    if errors.found:
        raise ValueError("; ".join(errors.found))


PARSERS: Final[dict[str, Any]] = {
    "robotframework": _suite,
    "python": lambda text: compile(text, "block", "exec"),
    "yaml": yaml.safe_load,
    "json": json.loads,
}
"""How the code of a language is read; each raises when it cannot be."""


def suites(found: list[Page] | None = None, *, dry: bool = False) -> list[tuple[str, str]]:
    """The suites in the pages, each with where it stands.

    Args:
        found: The pages; the project's when omitted.
        dry: Whether those are wanted that cannot be executed, or the others.
    """
    return [
        (f"{page.file.relative_to(ROOT).as_posix()}:{block.line}", block.code)
        for page in (read() if found is None else found)
        for block in page.blocks
        if block.language == "robotframework" and (DRY in block.marks) is dry and page.file != ROOT / MISTAKES
    ]


def main() -> int:
    """Prints what is wrong.

    Returns:
        The exit status: 0 when nothing is.
    """
    found = read()
    wrong = [*links(found), *code(found)]
    for line in wrong:
        print(line)
    print(f"{len(found)} pages, {sum(len(page.links) for page in found)} links, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
