"""docs/howto/fault.md tells the truth: its commands work, and the test that it names notices each pattern."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from robot.api import ExecutionResult

from runner.docs import markdown

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "howto" / "fault.md"
PARTS = ("backend", "docs", "libraries", "resources", "runner", "tests", "variables")
PATTERN = re.compile(
    r"^.*?\*(?P<test>[^*\n]+)\*[^\n]*\n\n```python\n(?P<code>.*?)```", re.DOTALL | re.MULTILINE
)
NAME = re.compile(r'^@fault\("([^"]+)"', re.MULTILINE)
PROMPT = "python3 run.py "

TEXT = PAGE.read_text("utf-8").partition("## Patterns to copy")[2]
PATTERNS = {
    NAME.findall(found["code"])[0]: (found["test"], found["code"]) for found in PATTERN.finditer(TEXT)
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the project, in which every pattern of the page has been put where the page says."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, (_, code) in PATTERNS.items():
        (folder / "backend" / "faults" / f"{name.replace('-', '_')}.py").write_text(code, "utf-8")
    return folder


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AGENT_CHAT_")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**ours, **variables},
    )


def test_every_piece_of_python_on_the_page_is_a_pattern_with_a_test_that_notices_it():
    assert len(PATTERNS) == PAGE.read_text("utf-8").count("```python")


def test_the_commands_that_stand_first_work(copy):
    first = next(block for block in markdown.read(PAGE).blocks if block.language is None)
    commands = first.code.strip().splitlines()
    told = [run(copy, "runner", *shlex.split(line.removeprefix(PROMPT))) for line in commands]
    assert [one.returncode for one in told] == [0] * len(commands), told
    assert all(name in told[0].stdout for name in PATTERNS), told[0].stdout
    assert "backend/faults/answer_without_total.py" in told[1].stdout, told[1].stdout


def test_every_pattern_is_as_clean_as_the_project_asks(copy):
    files = [f"backend/faults/{name.replace('-', '_')}.py" for name in PATTERNS]
    for check in (
        ("ruff", "check", *files),
        ("ruff", "format", "--check", *files),
        ("mypy", "--cache-dir", str(copy / "types"), *files),
    ):
        told = run(copy, *check)
        assert told.returncode == 0, f"{check}: {told.stdout}{told.stderr}"


@pytest.mark.parametrize("name", PATTERNS)
def test_each_pattern_is_noticed_by_the_test_that_the_page_names(copy, tmp_path, name):
    wanted = PATTERNS[name][0]
    options = ("--outputdir", str(tmp_path), "--test", wanted, "--log", "NONE", "--report", "NONE")
    told = run(copy, "robot", *options, "tests", AGENT_CHAT_FAULT=name)
    assert (tmp_path / "output.xml").exists(), told.stdout + told.stderr
    (test,) = ExecutionResult(tmp_path / "output.xml").suite.all_tests
    assert test.failed, f"{wanted} has not noticed {name}"
    assert not test.message.startswith(("Ambient:", "Setup failed", "Test timeout")), test.message
