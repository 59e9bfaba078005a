"""The part of the judge that runs pytest, in a process that is forked for each mutant.

It plants the mutant, runs exactly the tests that it is told to, in that order, and writes how they ended.
Told to measure, it writes which lines of the rules each test executes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import coverage
import pytest
from hypothesis import HealthCheck, Phase, settings

from .planting import Planting, plant

PROFILE: Final = "mutants"
PRELOADED: Final = ("jsonschema_rs", "yaml", "websockets.asyncio.client", __name__)
"""Modules that are imported once, before the forks. None of the project's own that tests import."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What one process does.

    Attributes:
        root: The copy of the project to do it in.
        files: The test files.
        tests: The tests to run, by pytest's names, in this order; all of the files when empty.
        scratch: Takes ``result.json``, and what pytest prints.
        planting: The mutant, if there is one.
        measure: The folder whose executed lines are written to ``lines.json``; none when empty.
    """

    root: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    scratch: str
    planting: Planting | None = None
    measure: str = ""


def carry_out(orders: Orders) -> None:
    """Runs the tests and ends the process with pytest's status.

    Args:
        orders: Which tests, and where.
    """
    if sys.platform != "win32":
        os.setsid()  # to be ended with all that the tests start
    scratch = Path(orders.scratch)
    output = os.open(scratch / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(orders.root)
    sys.path[:0] = [orders.root, str(Path(orders.root, "libraries"))]
    os.environ["TMPDIR"] = orders.scratch
    if orders.planting is not None:
        plant(orders.planting)
    # The same examples for every mutant, none remembered and none shrunk: a failure need not be small.
    settings.register_profile(
        PROFILE,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile(PROFILE)
    plugins: list[object] = [_Order(orders.tests), _Ends(scratch / "result.json")]
    if orders.measure:
        plugins.append(_Lines(scratch / "lines.json", orders.measure))
    sys.exit(
        int(
            pytest.main(
                ["-x", "--tb=line", "--disable-warnings", "-p", "no:cacheprovider", *orders.files], plugins
            )
        )
    )


class _Order:
    """Keeps the ordered tests alone, in their order; all when none are ordered."""

    def __init__(self, tests: tuple[str, ...]) -> None:
        self._at = {name: at for at, name in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Selects and sorts what was collected."""
        if self._at:
            kept = [item for item in items if item.nodeid in self._at]
            items[:] = sorted(kept, key=lambda item: self._at[item.nodeid])


class _Ends:
    """Writes how each test ended and how long it took."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seconds: dict[str, float] = {}
        self._failed: list[tuple[str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes one phase of one test."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self._failed.append((report.nodeid, str(getattr(crash, "message", report.longrepr))))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notes a test file that cannot be imported."""
        if report.failed:
            self._failed.append((report.nodeid, str(report.longrepr)))

    def pytest_sessionfinish(self) -> None:
        """Writes it all."""
        value = {"seconds": self._seconds, "failed": self._failed}
        self._file.write_text(json.dumps(value, ensure_ascii=False), "utf-8")


class _Lines:
    """Writes which lines each test executes; what an import executes belongs to no test."""

    def __init__(self, file: Path, folder: str) -> None:
        self._file = file
        self._coverage = coverage.Coverage(data_file=None, source=[folder], config_file=False)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Puts what a test executes under its name."""
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")

    def pytest_sessionfinish(self) -> None:
        """Writes the lines."""
        self._coverage.stop()
        data = self._coverage.get_data()
        found = {
            file: {str(line): [name for name in names if name] for line, names in lines.items()}
            for file in data.measured_files()
            for lines in [data.contexts_by_lineno(file)]
        }
        self._file.write_text(json.dumps(found), "utf-8")
