"""Reads suites and resource files and imports their libraries once, in the process that trials fork from.

Importing it does that. Robot Framework has no way of its own to keep for the next run what it has read and
imported, and doing so again takes a third of a short trial. What is kept is as good as new: no library has
been used here, and each trial is a process of its own, which runs what it is handed out once.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from robot.libraries.BuiltIn import BuiltIn
from robot.running import ResourceFile, TestDefaults, TestLibrary, TestSuite, importer, keywordfinder
from robot.running.builder import ResourceFileBuilder, TestSuiteBuilder
from robot.running.builder.parsers import RobotParser
from robot.running.keywordimplementation import KeywordImplementation
from robot.utils import find_file

from ..project import RESOURCES, TESTS

_READ: Final = {file: ResourceFileBuilder().build(file) for file in RESOURCES.rglob("*.resource")}


class Remembering(ResourceFileBuilder):  # type: ignore[misc]  # Robot Framework's own has no types here
    """Hands out what was read; reads everything else."""

    def build(self, source: Path) -> ResourceFile:
        """Returns a resource file."""
        return _READ.get(Path(source)) or super().build(source)


def _named() -> Iterator[str]:
    """The libraries that are imported without arguments, by the names that Robot Framework gives them."""
    yield BuiltIn.__name__
    for file in _READ.values():
        for one in file.imports:
            if one.type == one.LIBRARY and not one.args and not one.alias:
                path = "/" in one.name or os.sep in one.name
                yield find_file(one.name, one.directory, "Library") if path else one.name


_IMPORTED: Final = {name: TestLibrary.from_name(name) for name in dict.fromkeys(_named())}


class Imported(TestLibrary):  # type: ignore[misc]  # as above
    """Hands out what was imported; imports everything else."""

    @classmethod
    def from_name(cls, name: str, *args: Any, **options: Any) -> TestLibrary:  # noqa: ANN401 -- as its base has them
        """Returns a library, its keywords made."""
        found = None if options.get("args") else _IMPORTED.get(name)
        if found is None:
            return TestLibrary.from_name(name, *args, **options)
        found.create_keywords = lambda: None
        return found


Reading = tuple[Path, str]
"""A file, and what the folders above it say of its tests."""
_BUILT: Final[dict[Reading, TestSuite]] = {}


def _reading(source: Path, above: TestDefaults) -> Reading:
    return source, repr((above.setup, above.teardown, above.tags, above.timeout))


class Noting(RobotParser):  # type: ignore[misc]  # as above
    """Keeps what it reads of suite files."""

    def parse_suite_file(self, source: Path, defaults: TestDefaults) -> TestSuite:
        """Returns a suite."""
        _BUILT[_reading(source, defaults)] = suite = super().parse_suite_file(source, defaults)
        return suite


class HandingOut(RobotParser):  # type: ignore[misc]  # as above
    """Hands out what was kept, each suite once; reads everything else."""

    def parse_suite_file(self, source: Path, defaults: TestDefaults) -> TestSuite:
        """Returns a suite."""
        return _BUILT.pop(_reading(source, defaults), None) or super().parse_suite_file(source, defaults)


class Building(TestSuiteBuilder):  # type: ignore[misc]  # as above
    """Builds from what was kept, unless the suites are to be read in other languages than English."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 -- as its base has them
        super().__init__(*args, **options)
        languages = options.get("lang")
        if languages is None or len([*languages]) == 1:
            self.standard_parsers["robot"] = HandingOut(languages)


K = TypeVar("K", bound=KeywordImplementation)


class Finding(keywordfinder.KeywordCache[K]):  # type: ignore[misc]  # as above
    """Looks for each name once, and asks only such keywords with embedded arguments as can mean it."""

    def __init__(self, keywords: list[K]) -> None:
        super().__init__(keywords)
        self._found: dict[str, list[K]] = {}
        self._embedded: list[K] = self.embedded

    def find(self, name: str, count: int | None = None) -> Any:  # noqa: ANN401 -- as its base has it
        """Returns the keywords that a name means; the only one when ``count`` is 1."""
        if count is not None:
            return super().find(name, count)
        if name not in self._found:
            # A variable in a name stands for anything; that takes Robot Framework's own way of matching.
            plain = "{" not in name
            self.embedded = [k for k in self._embedded if not plain or k.embedded.name.fullmatch(name)]
            self._found[name] = super().find(name)
        return [*self._found[name]]


_first = TestSuiteBuilder()
_first.standard_parsers["robot"] = Noting()
_first.build(TESTS)

importer.ResourceFileBuilder = Remembering
importer.TestLibrary = Imported
keywordfinder.KeywordCache = Finding
importlib.import_module("robot.run").TestSuiteBuilder = Building  # type: ignore[attr-defined]  # no function
