"""Results over many runs: ``run.py --history`` adds a run to a database and draws trends from it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from robot.api import ExecutionResult
from robot.result import Message

from .console import say
from .project import shown

FOLDER: Final = "history"
"""Below the folder of reports, and not emptied when a run begins."""
DATABASE: Final = "runs.db"
PAGE: Final = "dashboard.html"
KEPT: Final = 200
"""Runs that the page shows; the database has all."""
SECONDS: Final = 120
"""Longest time that the page may take."""
OWNER: Final = "Latency"
"""The library that measured times seem to be keywords of."""
TIME: Final = re.compile(r' data-time-([\w-]+)="([\d.]+)"')
"""A time in seconds, as the library writes it into a test's log beside the picture."""


def keep(output: Path, *, environment: str) -> Path | None:
    """Adds a run to the history and draws the page anew.

    Args:
        output: The run's output.xml.
        environment: What it ran against; the page can filter by it.

    Returns:
        The page; None when it could not be made, which is said on the console.
    """
    folder = output.parent / FOLDER
    folder.mkdir(exist_ok=True, mode=0o700)
    page = folder / PAGE
    with tempfile.TemporaryDirectory(prefix="agent-chat-history-") as private:
        slim = Path(private) / output.name
        with_latencies(output, slim)
        command = [sys.executable, "-m", "robotframework_dashboard.main", "-o", f"{slim}:{environment}"]
        command += ["--databasepath", str(folder / DATABASE), "--namedashboard", str(page), "--novacuum"]
        command += ["--dashboardtitle", "Agent chat: promises over time", "--quantity", str(KEPT)]
        command += ["--offlinedependencies"]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=SECONDS, cwd=folder
        )
    if done.returncode == 0 and page.exists():
        return page
    say(f"The history in {shown(folder)} could not be written:")
    for line in (done.stdout + done.stderr).strip().splitlines()[-5:]:
        say(f"  {line}")
    return None


def with_latencies(output: Path, slim: Path) -> None:
    """Writes a result as the history wants it: without pictures, with each measured time as a keyword.

    The page draws trends of keywords' times; so it draws those of a run's transitions too.

    Args:
        output: The run's output.xml.
        slim: Where to.
    """
    result = ExecutionResult(output)
    for test in result.suite.all_tests:
        times: dict[str, float] = {}
        for item in [item for item in test.body if isinstance(item, Message)]:
            times.update({name: float(value) for name, value in TIME.findall(item.message)})
            test.body.remove(item)
        for name, value in times.items():
            test.body.create_keyword(
                name=name.replace("-", " "),
                owner=OWNER,
                status="PASS",
                start_time=test.start_time,
                elapsed_time=value,
            )
        test.metadata.clear()
    result.save(slim)
