"""Tells the runner how far a worker is: a line of JSON for each test and suite, in one file for all workers.

Robot Framework loads this file in every worker by its path, as ``--listener progress.py;FILE;RUNNER``; it
imports nothing of the project. It also ends the worker when the runner is gone without having said so.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

LONGEST_NAME = 1000
"""Characters kept of a name, so that a line stays below what one write puts down whole (4,096 bytes)."""
KEPT = "worker.xml"
"""Name under which a worker's output is kept, beside the output itself."""
LOOK_SECONDS = 0.5
"""How often a worker looks whether the runner is still there."""


class progress:  # noqa: N801 -- Robot Framework wants the file's name
    """Writes what ended.

    Args:
        file: Where to; every worker appends to the same file.
        runner: The runner's process id.
    """

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self, file: str, runner: str) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND)
        if sys.platform != "win32":  # there, signal 0 does not ask but interrupts
            threading.Thread(target=_end_with, args=(int(runner),), daemon=True).start()

    def start_suite(self, data: Any, _: Any) -> None:  # noqa: ANN401 -- Robot Framework's models
        """The worker begins."""
        if data.parent is None:
            self._write({"worker": os.getpid()})

    def start_test(self, _: Any, result: Any) -> None:  # noqa: ANN401 -- Robot Framework's models
        """A test begins: should the worker die, this is where."""
        self._write({"worker": os.getpid(), "began": result.full_name[:LONGEST_NAME]})

    def end_test(self, _: Any, result: Any) -> None:  # noqa: ANN401 -- Robot Framework's models
        """A test is over: the worker does not hang in it."""
        self._write({"worker": os.getpid(), "ended": result.full_name[:LONGEST_NAME]})

    def end_suite(self, _: Any, result: Any) -> None:  # noqa: ANN401 -- Robot Framework's models
        """A suite with tests of its own is through."""
        if not result.tests:
            return
        status = [test.status for test in result.tests]
        self._write(
            {
                "suite": result.full_name[:LONGEST_NAME],
                "passed": status.count("PASS"),
                "failed": status.count("FAIL"),
                "skipped": status.count("SKIP"),
                "seconds": result.elapsed_time.total_seconds(),
            }
        )

    def output_file(self, path: Path | None) -> None:
        """The worker's output is complete.

        After an interruption pabot writes over it what a dry run of the same suites gives, so it is kept
        under another name, which only a first output gets.
        """
        if path is not None and not path.with_name(KEPT).exists():
            shutil.copyfile(path, path.with_name(KEPT))

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._file, (json.dumps(line) + "\n").encode())


def _end_with(runner: int) -> None:
    pause = threading.Event()
    try:
        while not pause.wait(LOOK_SECONDS):
            os.kill(runner, 0)
    except ProcessLookupError:
        os._exit(1)
