"""Starts the backend for a judge: ``python -m runner.prove.mutants.watched``, with the backend's own options.

The backend gets its mutant before anything of it is imported. A file with its process id lies in the judge's
folder while it runs, because a mutant may keep it from ending by itself. Told to measure, it writes which
lines it has executed.
"""

from __future__ import annotations

import contextlib
import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .planting import Planting, plant

PROCESSES: Final = "AGENT_CHAT_MUTANT_PROCESSES"
"""The environment variable that names the folder for process ids."""
MEASURE: Final = "AGENT_CHAT_MUTANT_LINES"
"""The environment variable that names the folder for executed lines; not set where nothing is measured."""


@contextlib.contextmanager
def _listed() -> Iterator[None]:
    file = Path(os.environ[PROCESSES]) / str(os.getpid())
    file.touch()
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


@contextlib.contextmanager
def _measured() -> Iterator[None]:
    folder = os.environ.get(MEASURE)
    if not folder:
        yield
        return
    import coverage  # noqa: PLC0415 -- it would cost every start its time

    file = Path(folder) / str(os.getpid())
    backend = str(Path.cwd() / "backend")
    measuring = coverage.Coverage(data_file=str(file), source=[backend], config_file=False)
    measuring.start()
    try:
        yield
    finally:
        measuring.stop()
        measuring.save()


if __name__ == "__main__":
    told = Planting.told()
    if told is not None:
        plant(told)
    with _listed(), _measured():
        runpy.run_module("backend", run_name="__main__", alter_sys=True)
