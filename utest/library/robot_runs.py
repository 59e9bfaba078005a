"""Runs Robot Framework for real, against a backend that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from robot.api import ExecutionResult
from robot.result import TestCase

ROOT = Path(__file__).resolve().parents[2]


def run_robot(folder: Path, suite: str, *options: str, fault: str = "", environment: str = "") -> Path:
    """Runs a suite; returns the folder of its results."""
    (folder / "suite.robot").write_text(suite)
    command = [
        sys.executable,
        "-m",
        "robot",
        "-d",
        str(folder / "out"),
        *options,
        str(folder / "suite.robot"),
    ]
    variables = {
        **os.environ,
        "AGENT_CHAT_FAULT": fault,
        "PYTHONPATH": f"{ROOT / 'libraries'}:{ROOT / 'resources'}",
        **({"AGENT_CHAT_ENV": environment} if environment else {}),
    }
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=variables)
    assert "ERROR" not in done.stdout + done.stderr, done.stdout + done.stderr
    return folder / "out"


def results_of(out: Path) -> dict[str, TestCase]:
    """The results of a run's tests, by name."""
    return {test.name: test for test in ExecutionResult(out / "output.xml").suite.all_tests}
