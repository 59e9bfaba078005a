"""House rules that no other linter knows: no sleeps, no secrets in clear, no test that passes by giving up.

``python -m runner.house`` runs it alone.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from robot.api.parsing import ModelVisitor, Token, get_model

from . import markdown_suites, slips
from .project import LIBRARIES, RESOURCES, TESTS, shown

BANNED_KEYWORDS: Final = {
    "sleep": ("sleeps", "wait for an event, a count, a close or a fence"),
    "passexecution": (
        "passes without proving anything",
        "tag the test needs:NAME so that it is skipped with a reason",
    ),
    "passexecutionif": (
        "passes without proving anything",
        "tag the test needs:NAME so that it is skipped with a reason",
    ),
    "runkeywordandignoreerror": (
        "hides a failure",
        "state what is expected with a keyword that fails otherwise",
    ),
    "runkeywordandwarnonfailure": (
        "hides a failure",
        "state what is expected with a keyword that fails otherwise",
    ),
}
BANNED_TAGS: Final = {
    "robot:skip-on-failure": ("turns a failure into a skip", "let the test fail, or mend it")
}
SECRET_VALUE: Final = re.compile(r"\$\{[^{}]*\.value\b|\$\w+\.value\b")
"""``${token.value}`` and, in expressions, ``$token.value``."""
_KEYWORD_TOKENS: Final = {Token.KEYWORD, Token.NAME, Token.ARGUMENT}
_PREFIX: Final = re.compile(r"^(given|when|then|and|but)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a house rule.

    Attributes:
        file: The file.
        line: The line, from 1.
        problem: What is wrong.
        mend: What to do instead.
    """

    file: Path
    line: int
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{shown(self.file)}:{self.line}: {self.problem}; {self.mend}."


def findings(tests: Path = TESTS, resources: Path = RESOURCES, libraries: Path = LIBRARIES) -> list[Finding]:
    """Everything in the project that breaks a house rule.

    Args:
        tests: The suites.
        resources: The resource files.
        libraries: The keyword library.

    Returns:
        The findings, by file and line.
    """
    found: list[Finding] = []
    for folder in (tests, resources, libraries):
        for file in sorted(folder.rglob("*")):
            if file.suffix in {".robot", ".resource"}:
                found.extend(_in_suite(file))
            elif file.name.endswith(markdown_suites.ENDING):
                found.extend(_in_page(file))
            elif file.suffix == ".py":
                found.extend(_in_python(file))
    return found


class _Reader(ModelVisitor):  # type: ignore[misc]  # Robot Framework has no types
    def __init__(self, file: Path) -> None:
        self.file = file
        self.found: list[Finding] = []

    def visit_Statement(self, statement: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        for token in statement.tokens:
            if token.type in {Token.COMMENT, Token.DOCUMENTATION}:
                continue
            if SECRET_VALUE.search(token.value):
                self._add(
                    token, f"{token.value!r} takes a secret out of its wrapping", "pass the Secret itself"
                )
            if statement.type in {Token.TAGS, Token.TEST_TAGS, Token.DEFAULT_TAGS, Token.KEYWORD_TAGS}:
                self._ban(token, token.value.lower(), BANNED_TAGS)
                slip = slips.of_tag(token.value)
                if slip:
                    self._add(token, slip, "a report is sorted by what is known")
            elif token.type in _KEYWORD_TOKENS and statement.type != Token.DOCUMENTATION:
                self._ban(token, _normal(token.value), BANNED_KEYWORDS)

    def _ban(self, token: Token, name: str, banned: dict[str, tuple[str, str]]) -> None:
        if name in banned:
            does, mend = banned[name]
            self._add(token, f"{token.value!r} {does}", mend)

    def _add(self, token: Token, problem: str, mend: str) -> None:
        self.found.append(Finding(self.file, token.lineno, problem, mend))


def _normal(keyword: str) -> str:
    plain = _PREFIX.sub("", keyword.strip())
    return plain.lower().removeprefix("builtin.").replace(" ", "").replace("_", "")


def _in_suite(file: Path) -> Iterable[Finding]:
    reader = _Reader(file)
    reader.visit(get_model(file))
    return reader.found


def _in_page(file: Path) -> Iterable[Finding]:
    read = markdown_suites.extract(file)
    reader = _Reader(file)
    reader.visit(get_model(read.text))
    return [replace(finding, line=read.lines[finding.line - 1]) for finding in reader.found]


def _in_python(file: Path) -> Iterator[Finding]:
    tree = ast.parse(file.read_text("utf-8"), str(file))
    sleepers = {"time.sleep", "asyncio.sleep"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "asyncio"}:
            sleepers.update(name.asname or name.name for name in node.names if name.name == "sleep")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in sleepers and not _yields_only(node):
            problem = f"{ast.unparse(node.func)} waits for nothing but time"
            yield Finding(file, node.lineno, problem, "wait for the event, with a deadline")


def _yields_only(call: ast.Call) -> bool:
    """Whether this is ``asyncio.sleep(0)``, which lets others run and takes no time."""
    return [ast.unparse(argument) for argument in call.args] == ["0"] and "time." not in ast.unparse(
        call.func
    )


def main() -> int:
    """Prints the findings.

    Returns:
        0 when there are none, else 1.
    """
    found = findings()
    for finding in found:
        print(finding)
    print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
