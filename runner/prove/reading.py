"""Reads the resource files and imports their libraries once, in the process that all trials are forked from.

Importing it does that. Robot Framework has no way of its own to keep for the next run what it has read and
imported, and doing so again takes a fourth of a short trial. What is kept is as good as new: no library has
been used here, and each trial is a process of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from robot.libraries.BuiltIn import BuiltIn
from robot.running import ResourceFile, TestLibrary, importer
from robot.running.builder import ResourceFileBuilder
from robot.utils import find_file

from ..project import RESOURCES

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


importer.ResourceFileBuilder = Remembering
importer.TestLibrary = Imported
