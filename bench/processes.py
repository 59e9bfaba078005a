"""Starts the parts of a figure in processes of their own, each on the core that it is meant for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
SECONDS: Final = 600.0
"""Longest time that any part takes."""
DESCRIPTORS: Final = 20_000
"""Open files that a part may need: one for each connection at either end."""


class PartFailed(Exception):
    """A part ended without a result; the message shows the end of what it said."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs.

    Attributes:
        told: What it said once it was ready: its address, for example.
        pid: Its process.
    """

    told: Mapping[str, Any]
    pid: int


def core(number: int) -> int | None:
    """A core to keep a part on; None where the system cannot, or has too few.

    Args:
        number: Which of the cores that this process may use, from 0.
    """
    if sys.platform != "linux":
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[number % len(allowed)] if len(allowed) > 1 else None


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def part(name: str, told: Mapping[str, Any], *, on: int | None = None) -> dict[str, Any]:
    """Runs a part and returns what it measured.

    Args:
        name: A module in ``bench/parts``.
        told: What it is told, as JSON on its standard input: secrets do not stand in arguments.
        on: The core to keep it on.

    Raises:
        PartFailed: It did not end well.
    """
    command = [sys.executable, "-m", "bench.part", name]
    text = json.dumps({**told, "core": on})
    try:
        done = subprocess.run(
            command, input=text, cwd=ROOT, check=False, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise PartFailed(f"{name} took longer than {SECONDS:.0f} s.") from None
    if done.returncode != 0:
        tail = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-8:])
        raise PartFailed(f"{name} ended with status {done.returncode}:\n{tail}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


@contextmanager
def serving(name: str, told: Mapping[str, Any] | None = None, *, on: int | None = None) -> Iterator[Running]:
    """Runs a part that serves until the block ends.

    Args:
        name: A module in ``bench/parts``; it says that it is ready in one line of JSON, and ends when its
            standard input does.
        told: What it is told.
        on: The core to keep it on.

    Raises:
        PartFailed: It did not come up.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.part", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: S101 -- both are pipes
    try:
        process.stdin.write(json.dumps({**(told or {}), "core": on}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise PartFailed(f"{name} ended with status {process.wait()} before it was ready.")
        yield Running(json.loads(line), process.pid)
    finally:
        process.stdin.close()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def robot(suite: str, variables: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Runs a suite of ``bench/suites`` with Robot Framework and returns the figures that it noted.

    Args:
        suite: The file's name.
        variables: Environment variables for it.
        folder: A folder that it may write to.

    Raises:
        PartFailed: A test failed.
    """
    numbers = folder / "numbers.json"
    numbers.unlink(missing_ok=True)
    options: Sequence[str] = ("--console", "none", "--log", "NONE", "--report", "NONE")
    command = [sys.executable, "-m", "robot", *options, "--outputdir", str(folder)]
    done = subprocess.run(
        [*command, "--pythonpath", str(ROOT / "libraries"), str(ROOT / "bench" / "suites" / suite)],
        cwd=ROOT,
        env={**os.environ, **variables, "AGENT_CHAT_BENCH_NUMBERS": str(numbers)},
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode != 0 or not numbers.exists():
        raise PartFailed(
            f"{suite} ended with status {done.returncode}:\n{_failures(folder)}{done.stderr[-800:]}"
        )
    result: dict[str, Any] = json.loads(numbers.read_text("utf-8"))
    return result


def _failures(folder: Path) -> str:
    """What failed, from the suite's output."""
    from robot.api import ExecutionResult  # noqa: PLC0415 -- only where something has failed

    output = folder / "output.xml"
    if not output.exists():
        return ""
    tests = ExecutionResult(output).suite.all_tests
    return "".join(f"  {test.name}: {test.message[:600]}\n" for test in tests if test.failed)
