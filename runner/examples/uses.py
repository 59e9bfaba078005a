"""Where the suites use a business keyword: its example is the test that needs it, which runs execute."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from robot.running import ResourceFile, TestSuite

from ..project import TESTS

PREFIX: Final = re.compile(r"^(given|when|then|and|but)\s+", re.IGNORECASE)
SETTING: Final = re.compile(r"\s+\[(Documentation|Tags|Setup|Teardown|Timeout|Template)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Use:
    """A test that uses a keyword.

    Attributes:
        test: The test's name.
        suite: The file of its suite.
        setup: What every test of its suite begins with; empty when nothing does.
        lines: Its steps.
        within: The keywords through which it uses it, the test's own step first; none when it does so itself.
    """

    test: str
    suite: Path
    setup: str
    lines: tuple[str, ...]
    within: tuple[str, ...]


Place = tuple[Path, str]
"""A keyword by its file and name."""


class _Resource:
    """A resource file: its keywords, and the files it imports."""

    def __init__(self, file: Path) -> None:
        model: Any = ResourceFile.from_file_system(file)
        self.file = file
        self.keywords = list(model.keywords)
        self.imports = list(_imports(model, file))


class Uses:
    """Finds the keywords that tests use, by the names of their steps.

    Args:
        tests: The suites.
    """

    def __init__(self, tests: Path = TESTS) -> None:
        self._files: dict[Path, _Resource] = {}
        self.found: dict[Place, Use] = {}
        for test, file in _tests(TestSuite.from_file_system(tests)):
            visible = list(self._visible(_imports(test.parent.resource, file), set()))
            setup = str(test.setup.name or "") if test.has_setup else ""
            use = Use(test.name, file, setup, tuple(_steps(test, file)), ())
            for name in _called(test):
                self._follow(name, visible, use)

    def _follow(self, name: str, visible: list[tuple[_Resource, Any]], use: Use) -> None:
        keyword = _best(name, visible)
        if keyword is None:
            return
        resource, found = keyword
        place = (resource.file, found.name)
        known = self.found.get(place)
        if known is not None and len(known.within) <= len(use.within):
            return
        self.found[place] = use
        inner = list(self._visible([resource.file], set()))
        deeper = replace(use, within=(*use.within, found.name))
        for called in _called(found):
            self._follow(called, inner, deeper)

    def _visible(self, files: Iterable[Path], seen: set[Path]) -> Iterator[tuple[_Resource, Any]]:
        for file in files:
            if file in seen or not file.exists():
                continue
            seen.add(file)
            resource = self._files.get(file) or self._read(file)
            yield from ((resource, keyword) for keyword in resource.keywords)
            yield from self._visible(resource.imports, seen)

    def _read(self, file: Path) -> _Resource:
        self._files[file] = resource = _Resource(file)
        return resource


def _tests(suite: Any) -> Iterator[tuple[Any, Path]]:  # noqa: ANN401 -- Robot Framework has no types
    for test in suite.tests:
        yield test, Path(suite.source)
    for child in suite.suites:
        yield from _tests(child)


def _imports(resource: Any, file: Path) -> Iterator[Path]:  # noqa: ANN401 -- as above
    for imported in resource.imports:
        if imported.type == "RESOURCE":
            yield (file.parent / imported.name).resolve()


def _called(item: Any) -> Iterator[str]:  # noqa: ANN401 -- as above
    """The names of all steps of a test or keyword, in whatever they are nested."""
    for step in (getattr(item, "setup", None), *item.body, getattr(item, "teardown", None)):
        if step is None:
            continue
        name = getattr(step, "name", None)
        if name and getattr(step, "type", "") in {"KEYWORD", "SETUP", "TEARDOWN"}:
            yield str(name)
        elif hasattr(step, "body"):
            yield from _called(step)


def _plain(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "")


def _best(name: str, visible: Iterable[tuple[_Resource, Any]]) -> tuple[_Resource, Any] | None:
    """The keyword that a step means: of its own name, else the one with the most words of its own."""
    names = (name, PREFIX.sub("", name))
    fitting: list[tuple[int, tuple[_Resource, Any]]] = []
    for resource, keyword in visible:
        if keyword.embedded is None:
            if _plain(keyword.name) in map(_plain, names):
                return resource, keyword
        elif any(keyword.embedded.name.fullmatch(one) for one in names):
            words = re.sub(r"\$\{[^}]*\}", "", keyword.name)
            fitting.append((len(words), (resource, keyword)))
    return max(fitting, key=lambda fit: fit[0])[1] if fitting else None


def _steps(test: Any, file: Path) -> Iterator[str]:  # noqa: ANN401 -- as above
    """The lines of a test's steps, without its settings."""
    lines = file.read_text("utf-8").splitlines()[test.lineno :]
    setting = False
    for line in lines:
        if line and not line.startswith(" "):
            break
        if not line.lstrip().startswith("..."):
            setting = bool(SETTING.match(line))
        if line.strip() and not setting:
            yield line.strip()
