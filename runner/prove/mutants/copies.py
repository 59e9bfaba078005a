"""A copy of the project that nobody edits while mutants are tried on it, and the processes that run in it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ... import children
from ...project import ROOT

_COPIED: Final = (
    "backend",
    "libraries",
    "resources",
    "runner",
    "tests",
    "utest",
    "variables",
    "pyproject.toml",
    "robot.toml",
)
_PREFIX: Final = "agent-chat-mutants-"


@contextlib.contextmanager
def copied() -> Iterator[Path]:
    """Makes a copy of the project in a temporary folder, and removes it.

    Yields:
        Its folder.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "project"
        root.mkdir()
        for name in _COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name, root / name, symlinks=True
                )  # compiled files too: starts are quick
            elif (ROOT / name).is_file():
                shutil.copy2(ROOT / name, root / name)
        yield root


class Workplace:
    """Runs processes in a copy of the project and ends them all.

    Args:
        root: The copy.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._running: set[int] = set()
        self._stopped = threading.Event()
        self._numbers = iter(range(1, 1 << 30))
        # A fork of a process that has imported pytest is there at once; Windows has none and imports again.
        self._forking: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Makes a folder for one mutant, and removes it."""
        folder = self.root.parent / f"mutant-{next(self._numbers)}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(
        self, command: Sequence[str | Path], scratch: Path, variables: Mapping[str, str], limit: float
    ) -> int | None:
        """Runs a command in the copy.

        Args:
            command: What to run.
            scratch: A folder for its output (``output.txt``) and its temporary files.
            variables: Environment variables on top of the runner's.
            limit: Longest time in seconds; then it is killed, with its whole group.

        Returns:
            Its exit status; None when it was killed.

        Raises:
            KeyboardInterrupt: The workplace is closed.
        """
        paths = os.pathsep.join(str(self.root / name) for name in ("", "libraries", "resources"))
        temporary = scratch / "tmp"
        temporary.mkdir(exist_ok=True)
        self._open()
        process = children.start(
            command,
            output=scratch / "output.txt",
            variables={"PYTHONPATH": paths, "TMPDIR": str(temporary), "TEMP": str(temporary), **variables},
            cwd=self.root,
        )
        with self._minded(process.pid):
            try:
                return process.wait(limit)
            except subprocess.TimeoutExpired:
                return None
            finally:
                children.kill_group(process.pid)
                process.wait()

    def fork(
        self, task: Callable[[Any], None], given: object, limit: float, *, preloaded: Sequence[str]
    ) -> int | None:
        """Calls a function in a process of its own.

        Args:
            task: The function; it makes the process lead a group of its own.
            given: Its argument.
            limit: Longest time in seconds; then it is killed, with its whole group.
            preloaded: Modules that every such process finds imported.

        Returns:
            Its exit status; None when it was killed.

        Raises:
            KeyboardInterrupt: The workplace is closed.
        """
        self._open()
        self._forking.set_forkserver_preload(list(preloaded))
        process = self._forking.Process(target=task, args=(given,), daemon=True)
        process.start()
        with self._minded(process.pid or 0):
            try:
                process.join(limit)
                status: int | None = process.exitcode
                return status
            finally:
                children.kill_group(process.pid or 0)
                process.kill()
                process.join()
                process.close()

    def close(self) -> None:
        """Kills everything that still runs; nothing can be started any more."""
        self._stopped.set()
        for pid in list(self._running):
            children.kill_group(pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGTERM)  # one that leads no group yet

    def _open(self) -> None:
        if self._stopped.is_set():
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def _minded(self, pid: int) -> Iterator[None]:
        """Notes a process while it runs. Whatever one that was ended has said, it does not count."""
        self._running.add(pid)
        try:
            yield
        finally:
            self._running.discard(pid)
            self._open()
