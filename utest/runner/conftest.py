"""Throw-away suites and real runs of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from runner import planning, workers
from runner.planning import Plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def suites(tmp_path: Path) -> Callable[..., Path]:
    """Writes suites: ``suites(one="body of *** Test Cases ***")`` makes ``tests/one.robot``."""

    def write(**bodies: str) -> Path:
        folder = tmp_path / "tests"
        for name, body in bodies.items():
            file = folder / f"{name.replace('__', '/')}.robot"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body if body.startswith("***") else f"*** Test Cases ***\n{body}", "utf-8")
        return folder

    return write


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., Plan]:
    """Discovers suites as a command does."""

    def plan(tests: Path, *robot: str, category: str | None = None) -> Plan:
        chosen = planning.select(robot, category=category, tests=tests, results=tmp_path / "results")
        return planning.discover(chosen)

    return plan


@pytest.fixture
def run_together(tmp_path: Path) -> Callable[[Plan], list[Path]]:
    """Runs a plan's suites with pabot, for real."""

    def run(plan: Plan) -> list[Path]:
        results, news = tmp_path / "results", tmp_path / "news"
        results.mkdir(exist_ok=True)
        news.touch()
        return workers.in_parallel(
            plan, results, workers.Progress(news), workers.Given(), number=2, cwd=tmp_path
        )

    return run


@pytest.fixture
def run_robot(tmp_path: Path) -> Callable[..., Path]:
    """Runs Robot Framework by itself and gives the folder with what it wrote."""

    def run(tests: Path, *options: str, variables: Mapping[str, str] | None = None) -> Path:
        folder = tmp_path / "robot"
        command: Sequence[str] = [sys.executable, "-m", "robot", "-d", str(folder), *options, str(tests)]
        subprocess.run(
            command, check=False, capture_output=True, cwd=tmp_path, env={**os.environ, **(variables or {})}
        )
        return folder

    return run
