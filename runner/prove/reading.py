"""Reads the resource files once, in the process that all trials are forked from.

Importing it does that. Robot Framework has no way of its own to keep what it has read for the next run, and
reading them takes a fifth of a short trial.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from robot.running import ResourceFile, importer
from robot.running.builder import ResourceFileBuilder

from ..project import RESOURCES

_READ: Final = {file: ResourceFileBuilder().build(file) for file in RESOURCES.rglob("*.resource")}


class Remembering(ResourceFileBuilder):  # type: ignore[misc]  # Robot Framework's own has no types here
    """Hands out what was read; reads everything else."""

    def build(self, source: Path) -> ResourceFile:
        """Returns a resource file."""
        return _READ.get(Path(source)) or super().build(source)


importer.ResourceFileBuilder = Remembering
